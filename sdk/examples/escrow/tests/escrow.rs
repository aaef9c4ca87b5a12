//! Each test runs twice: natively, and over the committed module in the machine of a node.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bouya_contract::testing::{Deployed, World};
use bouya_contract::{Address, Hash};
use escrow::{Act, Escrow, Refunded, Released, Stage, Terms};

const HOUR: u64 = 3_600_000;

struct Parties {
    buyer: Address,
    seller: Address,
    arbiter: Address,
    stranger: Address,
}

/// An escrow of 70 coins, of a buyer who had 100.
fn with_deal(test: impl Fn(&mut World, Deployed<Escrow>, &Parties)) {
    everywhere(|world, parties| {
        let escrow = world.deploy(parties.buyer, &terms(world, parties), 70).unwrap();
        test(world, escrow, parties);
    });
}

fn everywhere(test: impl Fn(&mut World, &Parties)) {
    for mut world in [World::new(), World::of_module(include_bytes!("../../modules/escrow.wasm"))] {
        let parties = Parties {
            buyer: world.member("buyer", 100),
            seller: world.account("seller", 0),
            arbiter: world.account("arbiter", 5),
            stranger: world.account("stranger", 5),
        };
        test(&mut world, &parties);
    }
}

fn terms(world: &World, parties: &Parties) -> Terms {
    Terms {
        seller: parties.seller,
        arbiter: parties.arbiter,
        deadline: world.time() + HOUR,
        subject: Hash([7; 32]),
    }
}

fn refund() -> Act {
    Act::Refund { why: "it came broken".to_owned() }
}

fn stage(world: &World, escrow: Deployed<Escrow>) -> Stage {
    world.view(escrow, &()).unwrap().stage
}

#[test]
fn buyer_or_arbiter_release() {
    with_deal(|world, escrow, parties| {
        assert_eq!((world.coins(parties.buyer), world.coins(escrow.address)), (30, 70));
        let done = world.call(parties.buyer, escrow, &Act::Release, 0).unwrap();
        assert_eq!(done.payments, [(parties.seller, 70)]);
        assert_eq!(done.events_of::<Released>(), [Released { by: parties.buyer, amount: 70 }]);
        assert_eq!((world.coins(parties.seller), stage(world, escrow)), (70, Stage::Released));
    });
    with_deal(|world, escrow, parties| {
        world.call(parties.arbiter, escrow, &Act::Release, 0).unwrap();
        assert_eq!(world.coins(parties.seller), 70);
    });
}

#[test]
fn seller_or_arbiter_refund() {
    for seller in [true, false] {
        with_deal(|world, escrow, parties| {
            let by = if seller { parties.seller } else { parties.arbiter };
            let done = world.call(by, escrow, &refund(), 0).unwrap();
            let event = Refunded { by, amount: 70, why: "it came broken".to_owned() };
            assert_eq!(done.events_of::<Refunded>(), [event]);
            assert_eq!((world.coins(parties.buyer), stage(world, escrow)), (100, Stage::Refunded));
        });
    }
}

#[test]
fn nobody_says_what_is_for_others_to_say() {
    with_deal(|world, escrow, parties| {
        for (who, act) in [
            (parties.seller, Act::Release),
            (parties.stranger, Act::Release),
            (parties.buyer, refund()),
            (parties.stranger, refund()),
        ] {
            let failed = world.call(who, escrow, &act, 0).unwrap_err();
            assert_eq!(failed.reason, "that is not yours to say");
        }
        assert_eq!((world.coins(escrow.address), stage(world, escrow)), (70, Stage::Open));
    });
}

#[test]
fn anybody_ends_it_after_the_deadline_and_not_before() {
    with_deal(|world, escrow, parties| {
        let failed = world.call(parties.stranger, escrow, &Act::Expire, 0).unwrap_err();
        assert_eq!(failed.reason, "the deadline has not passed yet");
        world.wait(HOUR);
        // Late, but nobody has asked yet.
        world.call(parties.stranger, escrow, &Act::Expire, 0).unwrap();
        assert_eq!(world.coins(parties.buyer), 100);
    });
}

#[test]
fn it_pays_once_and_all_that_it_has() {
    with_deal(|world, escrow, parties| {
        world.give(escrow.address, 3);
        world.call(parties.buyer, escrow, &Act::Release, 0).unwrap();
        assert_eq!((world.coins(parties.seller), world.coins(escrow.address)), (73, 0));
        world.wait(2 * HOUR);
        for (who, act) in
            [(parties.buyer, Act::Release), (parties.seller, refund()), (parties.stranger, Act::Expire)]
        {
            let failed = world.call(who, escrow, &act, 0).unwrap_err();
            assert_eq!(failed.reason, "it is closed: the money was paid out");
        }
    });
}

#[test]
fn coins_that_come_with_a_call_go_back() {
    with_deal(|world, escrow, parties| {
        let failed = world.call(parties.arbiter, escrow, &Act::Release, 5).unwrap_err();
        assert_eq!(failed.reason, "it takes no more coins");
        assert_eq!((world.coins(parties.arbiter), world.coins(escrow.address)), (5, 70));
    });
}

#[test]
fn a_reason_has_an_end() {
    with_deal(|world, escrow, parties| {
        let why = "x".repeat(501);
        let failed = world.call(parties.seller, escrow, &Act::Refund { why }, 0).unwrap_err();
        assert_eq!(failed.reason, "write a shorter reason: at most 500 bytes");
        world.call(parties.seller, escrow, &Act::Refund { why: "x".repeat(500) }, 0).unwrap();
    });
}

#[test]
fn terms_that_make_no_sense_are_refused() {
    everywhere(|world, parties| {
        let terms = || terms(world, parties);
        let cases = [
            (terms(), 0, "send the price with it"),
            (Terms { deadline: world.time(), ..terms() }, 1, "the deadline has passed"),
            (Terms { seller: parties.buyer, ..terms() }, 1, "buyer, seller and arbiter must be three"),
            (Terms { arbiter: parties.seller, ..terms() }, 1, "buyer, seller and arbiter must be three"),
            (Terms { arbiter: parties.buyer, ..terms() }, 1, "buyer, seller and arbiter must be three"),
        ];
        for (terms, price, reason) in cases {
            let failed = world.deploy::<Escrow>(parties.buyer, &terms, price).unwrap_err();
            assert_eq!(failed.reason, reason);
        }
        assert_eq!(world.coins(parties.buyer), 100);
    });
}

#[test]
fn an_input_that_is_none_changes_nothing() {
    with_deal(|world, escrow, parties| {
        // An unknown act, a release with a byte too many, a text that is longer than what follows, and nothing.
        for input in [vec![9], vec![0, 0], vec![1, 200, 0, 0, 0, 1], vec![]] {
            let failed = world.call_with(parties.buyer, escrow, input, 0).unwrap_err();
            assert_eq!(failed.reason, "the input is not what this contract takes: see its ABI file");
        }
        // A text that would be larger than all memory.
        assert!(world.call_with(parties.buyer, escrow, vec![1, 255, 255, 255, 255, 1], 0).is_err());
        assert_eq!(stage(world, escrow), Stage::Open);
    });
}

#[test]
fn a_release_is_cheap() {
    everywhere(|world, parties| {
        let escrow = world.deploy::<Escrow>(parties.buyer, &terms(world, parties), 70).unwrap();
        let gas = world.call(parties.buyer, escrow, &Act::Release, 0).unwrap().gas;
        // Reading and writing one row, paying and telling, and little besides. Natively nothing counts it.
        assert!(gas < 400_000, "{gas}");
    });
}

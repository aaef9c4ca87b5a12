//! Each test runs twice: natively, and over the committed module in the machine of a node.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bouya_contract::Address;
use bouya_contract::testing::{Deployed, Done, World};
use netting::{Act, Confirmed, Netting, Round, Settled, Terms};

/// Ann, Ben and Cleo, each with 1,000, and a convener who is none of them.
struct Group {
    world: World,
    netting: Deployed<Netting>,
    convener: Address,
    ann: Address,
    ben: Address,
    cleo: Address,
}

impl Group {
    fn act(&mut self, who: Address, act: Act, value: u64) -> Done<()> {
        self.world.call(who, self.netting, &act, value).unwrap()
    }

    fn fails(&mut self, who: Address, act: Act, value: u64) -> String {
        self.world.call(who, self.netting, &act, value).unwrap_err().reason
    }

    /// Said and confirmed.
    fn owes(&mut self, from: Address, to: Address, amount: u64) {
        self.act(from, Act::Owe { to, amount }, 0);
        let done = self.act(to, Act::Confirm { from, amount }, 0);
        assert_eq!(done.events_of::<Confirmed>(), [Confirmed { from, to, amount }]);
    }

    fn round(&self) -> Round {
        self.world.view(self.netting, &()).unwrap()
    }

    fn coins(&self) -> [u64; 4] {
        [self.ann, self.ben, self.cleo, self.netting.address].map(|who| self.world.coins(who))
    }

    /// On balance Ann owes 40, Ben is owed 10, Cleo 30; 330 are owed by all to all.
    fn closed(mut self) -> Self {
        let (ann, ben, cleo) = (self.ann, self.ben, self.cleo);
        for (from, to, amount) in [(ann, ben, 100), (ben, cleo, 90), (cleo, ann, 60), (ann, cleo, 40)] {
            self.owes(from, to, amount);
        }
        self.owes(cleo, ann, 40);
        self.act(self.convener, Act::Close, 0);
        self
    }
}

fn everywhere(test: impl Fn(Group)) {
    for mut world in [World::new(), World::of_module(include_bytes!("../../modules/netting.wasm"))] {
        let convener = world.member("convener", 0);
        let [ann, ben, cleo] = ["ann", "ben", "cleo"].map(|name| world.account(name, 1_000));
        let netting = world.deploy(convener, &Terms { parties: vec![ann, ben, cleo] }, 0).unwrap();
        test(Group { world, netting, convener, ann, ben, cleo });
    }
}

#[test]
fn everybody_pays_or_gets_one_sum() {
    everywhere(|group| {
        // Ann owes 140 and is owed 100; Ben owes 90 and is owed 100; Cleo owes 100 and is owed 130.
        let mut group = group.closed();
        let done = group.act(group.ann, Act::PayIn, 40);
        let mut payments = done.payments.clone();
        payments.sort_by_key(|(_, amount)| *amount);
        assert_eq!(payments, [(group.ben, 10), (group.cleo, 30)]);
        assert_eq!(done.events_of::<Settled>(), [Settled { round: 1, owed: 330, paid: 40 }]);
        assert_eq!(group.coins(), [960, 1_010, 1_030, 0]);
        let round = group.round();
        assert_eq!((round.number, round.closed), (2, false));
        assert!(round.parties.iter().all(|party| (party.owes, party.is_owed) == (0, 0)));
    });
}

#[test]
fn nobody_is_paid_before_all_have_paid() {
    everywhere(|mut group| {
        let (ann, ben, cleo) = (group.ann, group.ben, group.cleo);
        group.owes(ann, cleo, 7);
        group.owes(ben, cleo, 5);
        group.act(group.convener, Act::Close, 0);
        assert_eq!(group.act(ann, Act::PayIn, 7).payments, []);
        assert_eq!(group.fails(ann, Act::PayIn, 7), "nothing is to be paid by you");
        assert_eq!(group.fails(cleo, Act::PayIn, 1), "nothing is to be paid by you");
        assert_eq!(group.coins(), [993, 1_000, 1_000, 7]);
        assert_eq!(group.act(ben, Act::PayIn, 5).payments, [(cleo, 12)]);
    });
}

#[test]
fn what_is_paid_in_goes_back_when_somebody_does_not_pay() {
    everywhere(|mut group| {
        let (ann, ben, cleo) = (group.ann, group.ben, group.cleo);
        group.owes(ann, cleo, 7);
        group.owes(ben, cleo, 5);
        assert_eq!(group.fails(group.convener, Act::Reopen, 0), "the round is open");
        group.act(group.convener, Act::Close, 0);
        group.act(ann, Act::PayIn, 7);
        assert_eq!(group.fails(ann, Act::Reopen, 0), "only the convener does that");
        assert_eq!(group.act(group.convener, Act::Reopen, 0).payments, [(ann, 7)]);
        assert_eq!(group.coins(), [1_000, 1_000, 1_000, 0]);
        // What was confirmed stays, and the round can be closed again.
        group.act(group.convener, Act::Close, 0);
        group.act(ann, Act::PayIn, 7);
        group.act(ben, Act::PayIn, 5);
        assert_eq!(group.coins(), [993, 995, 1_012, 0]);
    });
}

#[test]
fn only_what_both_have_said_counts() {
    everywhere(|mut group| {
        let (ann, ben) = (group.ann, group.ben);
        let confirm = |amount| Act::Confirm { from: ann, amount };
        assert_eq!(group.fails(ben, confirm(9), 0), "that is not what the other has said");
        group.act(ann, Act::Owe { to: ben, amount: 8 }, 0);
        assert_eq!(group.fails(ben, confirm(9), 0), "that is not what the other has said");
        group.act(ann, Act::Owe { to: ben, amount: 9 }, 0);
        group.act(ben, confirm(9), 0);
        assert_eq!(group.fails(ben, confirm(9), 0), "that is not what the other has said");
        group.act(ann, Act::Owe { to: ben, amount: 5 }, 0);
        group.act(ann, Act::Owe { to: ben, amount: 0 }, 0);
        assert_eq!(group.fails(ben, confirm(5), 0), "that is not what the other has said");
        let owes: Vec<u64> = group.round().parties.iter().map(|party| party.owes).collect();
        assert_eq!(owes.iter().sum::<u64>(), 9);
    });
}

#[test]
fn debts_that_cancel_out_are_settled_with_the_end_of_the_round() {
    everywhere(|mut group| {
        let (ann, ben, cleo) = (group.ann, group.ben, group.cleo);
        for (from, to) in [(ann, ben), (ben, cleo), (cleo, ann)] {
            group.owes(from, to, 50);
        }
        let done = group.act(group.convener, Act::Close, 0);
        assert_eq!(done.events_of::<Settled>(), [Settled { round: 1, owed: 150, paid: 0 }]);
        assert_eq!((done.payments, group.round().number), (vec![], 2));
    });
}

#[test]
fn a_closed_round_takes_the_sums_and_nothing_else() {
    everywhere(|group| {
        let mut group = group.closed();
        let (ann, ben) = (group.ann, group.ben);
        let wait = "the round is closed: wait for the next";
        assert_eq!(group.fails(ann, Act::Owe { to: ben, amount: 1 }, 0), wait);
        assert_eq!(group.fails(ann, Act::Confirm { from: ben, amount: 1 }, 0), wait);
        assert_eq!(group.fails(group.convener, Act::Close, 0), wait);
        for value in [0, 39, 41] {
            let reason = group.fails(ann, Act::PayIn, value);
            assert_eq!(reason, "send what you owe in this round, and no more");
        }
        assert_eq!(group.coins(), [1_000, 1_000, 1_000, 0]);
    });
}

#[test]
fn only_the_parties_take_part_and_only_the_convener_ends_a_round() {
    everywhere(|mut group| {
        let (ann, ben) = (group.ann, group.ben);
        let stranger = group.world.account("stranger", 9);
        assert_eq!(group.fails(stranger, Act::Owe { to: ben, amount: 1 }, 0), "only the parties take part");
        assert_eq!(group.fails(ann, Act::Owe { to: stranger, amount: 1 }, 0), "only the parties take part");
        assert_eq!(group.fails(ann, Act::Owe { to: ann, amount: 1 }, 0), "nobody owes to itself");
        assert_eq!(group.fails(ann, Act::Close, 0), "only the convener does that");
        assert_eq!(group.fails(ann, Act::PayIn, 1), "the round is open: nothing is to be paid yet");
        assert_eq!(group.fails(ann, Act::Owe { to: ben, amount: 1 }, 1), "coins come with PayIn only");
    });
}

#[test]
fn sums_too_large_are_refused_as_they_come() {
    everywhere(|mut group| {
        let (ann, ben, cleo) = (group.ann, group.ben, group.cleo);
        group.owes(ann, ben, u64::MAX);
        group.act(ben, Act::Owe { to: cleo, amount: 1 }, 0);
        assert_eq!(group.fails(cleo, Act::Confirm { from: ben, amount: 1 }, 0), "the sum is too large");
        assert_eq!(group.round().parties.iter().map(|party| party.is_owed).max(), Some(u64::MAX));
    });
}

/// The dearest transaction that there is: it must fit into a block.
#[test]
fn a_full_group_is_settled_in_one_transaction() {
    everywhere(|mut group| {
        let parties: Vec<Address> = (0..32).map(|n| group.world.account(&format!("p{n}"), 31)).collect();
        group.netting = group.world.deploy(group.convener, &Terms { parties: parties.clone() }, 0).unwrap();
        for to in &parties[1..] {
            group.owes(parties[0], *to, 1);
        }
        group.act(group.convener, Act::Close, 0);
        let done = group.act(parties[0], Act::PayIn, 31);
        assert_eq!(done.payments.len(), 31);
        // Of the 20,000,000 of a block every second.
        assert!(done.gas < 5_000_000, "{}", done.gas);
    });
}

#[test]
fn a_group_has_two_to_32_different_parties() {
    everywhere(|mut group| {
        let convener = group.convener;
        let some = |count: u8| (0..count).map(|n| Address([n; 33])).collect::<Vec<_>>();
        let twice = [some(3), some(1)].concat();
        for (parties, reason) in [
            (some(1), "a group has 2 to 32 parties"),
            (some(33), "a group has 2 to 32 parties"),
            (twice, "a party is named twice"),
        ] {
            let failed = group.world.deploy::<Netting>(convener, &Terms { parties }, 0).unwrap_err();
            assert_eq!(failed.reason, reason);
        }
        group.world.deploy::<Netting>(convener, &Terms { parties: some(32) }, 0).unwrap();
    });
}

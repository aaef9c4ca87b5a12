//! Peers that lie, stall, fail and leave.

use proptest::prelude::*;

use super::*;

pub(super) fn blamed(world: &World, conn: u64) -> Vec<&Fault> {
    world.blamed.iter().filter(|(who, _)| *who == conn).map(|(_, fault)| fault).collect()
}

fn huge(blocks: &[Arc<Block>]) -> Manner {
    Manner::Claims(most(blocks))
}

pub(super) fn most(blocks: &[Arc<Block>]) -> TipSummary {
    TipSummary { work: u128::MAX, height: u64::MAX, ..tip_of(blocks) }
}

/// `long`, but one block's header is wrong; what follows is sealed on top of it.
fn with_bad_header(at: usize) -> Blocks {
    let mut blocks = long()[..at + 50].to_vec();
    let mut bad = (*blocks[at]).clone();
    bad.header.flags = 2;
    blocks[at] = Arc::new(bad);
    blocks
}

#[test]
fn a_staller_is_replaced_not_waited_for() {
    let mut world = World::new(&[]);
    world.connect(1, &long()[..1_000], Manner::Withholds(20), 10);
    world.connect(2, &long()[..1_000], Manner::Honest, 10);
    let start = world.now;
    world.run(10_000);
    assert_eq!(world.submitted, ids(&long()[..1_000]));
    // Once for all that it kept back, and it is not asked again.
    assert_eq!(world.blamed, [(1, Fault::Withheld)]);
    let done = world.events.last().unwrap().0.since(start);
    assert!(done < BLOCK_TIMEOUT * 2, "{done:?}");
}

#[test]
fn the_only_peer_is_asked_again_ever_more_patiently() {
    let mut world = World::new(&[]);
    world.connect(1, &long()[..20], Manner::Withholds(5), 10);
    world.run(13_900);
    // After 2, 4, 8 s; then its branch rests.
    assert_eq!(world.submitted.len(), 5);
    assert_eq!(world.blamed, vec![(1, Fault::Withheld); 2]);
    assert!(matches!(world.sync.status(), SyncStatus::Syncing { .. }));
    world.run(200);
    assert_eq!(world.sync.status(), SyncStatus::Synced);
    world.connect(2, &long()[..20], Manner::Honest, 10);
    world.run(1_000);
    assert_eq!(world.submitted.len(), 20);
}

#[test]
fn a_branch_whose_last_body_is_kept_back_stops_this_node_ever_less() {
    let mut world = World::new(&long()[..50]);
    // Its headers are good and beat the tip, and nobody else has the block.
    world.connect(1, &long()[..51], Manner::Withholds(0), 10);
    world.connect(2, &long()[..50], Manner::Honest, 10);
    let mut syncing = 0;
    for _ in 0..3_600 {
        world.run(1_000);
        syncing += usize::from(matches!(world.sync.status(), SyncStatus::Syncing { .. }));
    }
    assert!((14..400).contains(&syncing), "{syncing} s of an hour");
    // It is no better than anybody else in getting this node to follow an honest peer.
    world.reorganise(2, &extend(&long()[..50], 7, 9, ON_TIME));
    let tip = tip_of(&extend(&long()[..50], 7, 9, ON_TIME));
    let item = Item::Block { id: tip.hash, height: tip.height, work: tip.work };
    world.deliver(2, Message::Announce(Bounded::truncated([item])));
    world.run(15_000);
    assert_eq!(world.tip.id, tip.hash);
}

#[test]
fn who_lacks_the_branch_is_passed_over_without_blame() {
    let mut world = World::new(&[]);
    world.connect(1, &long()[..300], Manner::Lacks, 1);
    world.connect(2, &long()[..300], Manner::Honest, 10);
    world.connect(3, &long()[..200], Manner::Honest, 10);
    world.run(120_000);
    assert_eq!(world.submitted.len(), 300);
    assert_eq!(world.blamed, []);
}

#[test]
fn a_wrong_copy_is_fetched_again_from_others() {
    let mut world = World::new(&[]);
    world.connect(1, &long()[..300], Manner::WrongBodies, 10);
    world.connect(2, &long()[..300], Manner::Honest, 11);
    world.run(60_000);
    assert_eq!(world.submitted, ids(&long()[..300]));
    assert!(matches!(blamed(&world, 1)[0], Fault::InvalidBlock(_)));
    assert!(blamed(&world, 2).is_empty());
}

#[test]
fn an_invalid_header_is_blamed_and_nothing_is_fetched() {
    let mut world = World::new(&[]);
    world.connect(1, &with_bad_header(700), huge(&long()[..750]), 10);
    world.run(60_000);
    assert!(matches!(world.blamed[..], [(1, Fault::InvalidHeader(_))]));
    assert!(world.submitted.is_empty());
    world.connect(2, &long()[..600], Manner::Honest, 10);
    world.run(60_000);
    assert_eq!((world.submitted.len(), world.blamed.len()), (600, 1));
}

#[test]
fn headers_must_follow_the_locator() {
    let mut world = World::new(&long()[..50]);
    world.connect(1, &long()[..60], Manner::NoHeaders, 10);
    let headers = long()[55..57].iter().map(sync_header);
    world.deliver(1, Message::Headers(Bounded::truncated(headers)));
    assert_eq!(world.blamed, [(1, Fault::Late("headers"))]);
    assert!(world.submitted.is_empty());
}

#[test]
fn a_false_claim_is_passed_over_and_not_believed_again() {
    let mut world = World::new(&long()[..50]);
    world.connect(1, &long()[..40], huge(&long()[..40]), 10);
    assert!(matches!(world.sync.status(), SyncStatus::Syncing { .. }));
    world.run(3_600_000);
    assert_eq!((&world.blamed[..], world.asked_headers), (&[][..], 1));
    assert_eq!((world.sync.status(), world.sync.next_wakeup()), (SyncStatus::Synced, None));
    // Said again and again, it is followed ever less. Then the truth is followed.
    for _ in 0..600 {
        let Manner::Claims(TipSummary { height, hash, work }) = huge(&long()[..40]) else { panic!() };
        let item = Item::Block { id: hash, height, work };
        world.deliver(1, Message::Announce(Bounded::truncated([item])));
        world.run(1_000);
    }
    assert!((4..10).contains(&world.asked_headers), "{} in ten minutes", world.asked_headers);
    world.run(600_000);
    world.moves_to(1, &long()[..60]);
    world.run(1_000);
    assert_eq!((world.submitted.len(), &world.blamed[..]), (10, &[][..]));
}

#[test]
fn a_silent_peer_does_not_keep_this_node_syncing() {
    let mut world = World::new(&[]);
    world.connect(1, long(), Manner::NoHeaders, 10);
    world.run(20_000);
    assert_eq!((world.sync.status(), &world.blamed[..]), (SyncStatus::Synced, &[(1, Fault::Withheld)][..]));
    world.run(3_600_000);
    assert!((8..25).contains(&world.asked_headers), "{}", world.asked_headers);
    // The answer that comes at last is no offence, but one too many is.
    let headers = || Message::Headers(Bounded::truncated(long()[..3].iter().map(sync_header)));
    let (before, asked) = (world.blamed.len(), world.asked_headers);
    for _ in 0..asked {
        world.deliver(1, headers());
    }
    assert_eq!(world.blamed.len(), before);
    world.connect(2, &long()[..30], Manner::Honest, 10);
    world.run(60_000);
    assert_eq!(world.submitted.len(), 30);
    world.deliver(2, headers());
    assert_eq!(blamed(&world, 2), [&Fault::Late("headers")]);
}

#[test]
fn slow_headers_give_way_to_somebody_else() {
    let (fast, slow) = slow_and_fast();
    let better = extend(fast, 4, 5, ON_TIME);
    let mut world = World::new(fast);
    world.connect(1, slow, huge(slow), 9_000);
    world.connect(2, &better, Manner::Honest, 10);
    world.run(80_000);
    assert_eq!(world.tip.id, tip_of(&better).hash);
    // It was asked for blocks too, and was as slow; no worse is said of it.
    assert!(world.blamed.iter().all(|blame| *blame == (1, Fault::Withheld)));
}

#[test]
fn an_invalid_block_ends_its_branch_and_blames_who_sent_it() {
    let mut world = World::new(&[]);
    world.invalid.insert(long()[60].id());
    world.connect(1, &long()[..200], Manner::Honest, 10);
    world.run(3_600_000);
    assert_eq!(world.submitted, ids(&long()[..60]));
    assert_eq!(world.blamed.len(), 1);
    assert!(matches!(world.blamed[..], [(1, Fault::InvalidBlock(_))]));
    assert!(world.served(1) < 200);
    assert_eq!((world.sync.status(), world.sync.next_wakeup()), (SyncStatus::Synced, None));
    // A better branch that leaves before it is fetched.
    world.connect(2, &extend(&long()[..60], 5, 10, ON_TIME), Manner::Honest, 10);
    world.run(60_000);
    assert_eq!((world.submitted.len(), world.blamed.len()), (70, 1));
}

/// Who computes wrongly, its miner or this node, is not known here.
#[test]
fn nobody_is_blamed_for_a_block_that_computes_something_else() {
    let mut world = World::new(&[]);
    world.invalid.insert(long()[60].id());
    world.invalid_by = BlockFault::Computed;
    world.connect(1, &long()[..200], Manner::Honest, 10);
    world.run(3_600_000);
    assert_eq!(world.submitted, ids(&long()[..60]));
    assert_eq!(world.blamed, []);
    assert!(world.served(1) < 200, "it is not fetched again and again");
    // A better branch that leaves before it is fetched.
    world.connect(2, &extend(&long()[..60], 5, 10, ON_TIME), Manner::Honest, 10);
    world.run(60_000);
    assert_eq!((world.submitted.len(), world.blamed.len()), (70, 0));
}

#[test]
fn what_is_early_is_tried_again() {
    let mut world = World::new(&[]);
    world.early.insert(long()[60].id());
    world.connect(1, &long()[..100], Manner::Honest, 10);
    world.run(4_000);
    assert_eq!((world.submitted.len(), world.sync.status()), (60, SyncStatus::Synced));
    world.early.clear();
    world.run(10_000);
    assert_eq!((world.submitted.len(), world.blamed.len()), (100, 0));
}

#[test]
fn a_peer_may_reorganise_meanwhile() {
    let mut world = World::new(&long()[..10]);
    world.connect(1, long(), Manner::Honest, 10);
    world.run(50);
    assert_eq!(world.asked_headers, 3);
    let other = extend(&long()[..400], 6, 1_300, ON_TIME);
    world.reorganise(1, &other);
    world.run(60_000);
    assert_eq!((world.tip.id, &world.blamed[..]), (tip_of(&other).hash, &[][..]));
}

#[test]
fn an_unasked_block_is_given_on_and_an_orphan_leads_to_a_walk() {
    let mut world = World::new(&long()[..50]);
    world.connect(1, &long()[..50], Manner::Honest, 10);
    world.reorganise(1, &long()[..60]);
    world.deliver(1, Message::Block(Arc::clone(&long()[50])));
    world.run(1_000);
    assert_eq!((world.submitted.len(), world.asked_headers), (1, 0));
    world.deliver(1, Message::Block(Arc::clone(&long()[59])));
    world.run(1_000);
    assert_eq!((world.submitted.len(), world.asked_headers), (10, 1));
    let announced = Item::Block { id: long()[79].id(), height: 80, work: tip_of(&long()[..80]).work };
    world.reorganise(1, &long()[..80]);
    world.deliver(1, Message::Announce(Bounded::truncated([announced])));
    world.run(1_000);
    assert_eq!((world.submitted.len(), &world.blamed[..]), (30, &[][..]));
}

#[test]
fn unasked_blocks_are_bounded_per_peer() {
    let mut sync = BlockSync::new(genesis(), Time::default());
    sync.peer_up(Time::default(), ConnId(1), "n1".parse().unwrap(), tip_of(&[]), 1);
    for block in long()[..100].iter().chain(&long()[..10]) {
        sync.block(Time::default(), ConnId(1), Arc::clone(block));
    }
    let submits = core::iter::from_fn(|| sync.poll())
        .filter(|act| matches!(act, Act::Ask(Request::Keeper(KeeperRequest::Take { .. }))))
        .count();
    assert_eq!(submits, 16);
}

#[test]
fn a_withholder_among_four_costs_less_than_three_seconds() {
    for silent in [Manner::NoHeaders, Manner::Withholds(0)] {
        let mut world = World::new(&long()[..50]);
        // It claims most, so it is asked first.
        world.connect(1, &long()[..61], silent.clone(), 10);
        for conn in 2..5 {
            world.connect(conn, &long()[..60], Manner::Honest, 10 * conn);
        }
        world.run(3_000);
        assert_eq!(world.tip.id, tip_of(&long()[..60]).hash, "{silent:?}");
        // What comes next waits at most until the branch that only it has is given up.
        let announced = tip_of(&long()[..90]);
        let item = Item::Block { id: announced.hash, height: 90, work: announced.work };
        world.reorganise(2, &long()[..90]);
        world.deliver(2, Message::Announce(Bounded::truncated([item])));
        world.run(if silent == Manner::NoHeaders { 500 } else { 17_000 });
        assert_eq!(world.tip.id, announced.hash, "{silent:?}");
    }
}

#[test]
fn many_who_claim_much_and_say_nothing_cost_one_turn_each() {
    let mut world = World::new(&[]);
    for conn in 1..11 {
        world.connect(conn, long(), Manner::NoHeaders, 10);
    }
    world.connect(11, &long()[..600], Manner::Honest, 10);
    world.run(21_000);
    assert!(world.submitted.len() > 100, "{}", world.submitted.len());
    // A slow but honest one that is alone in answering is given ever more time.
    let mut world = World::new(&[]);
    world.connect(1, long(), Manner::NoHeaders, 10);
    world.connect(2, &long()[..100], Manner::Honest, 3_000);
    world.run(600_000);
    assert_eq!(world.submitted.len(), 100);
    assert!(blamed(&world, 2).iter().all(|fault| **fault == Fault::Withheld));
}

#[test]
fn who_only_sends_what_it_was_asked_for_is_not_blamed_for_the_branch() {
    let mut world = World::new(&[]);
    world.invalid.insert(long()[60].id());
    // The first one calls this its best chain. The second one has the bodies, unexecuted, and is faster.
    world.connect(1, &long()[..200], Manner::Honest, 700);
    world.connect(2, &long()[..200], Manner::Claims(tip_of(&long()[..30])), 1);
    world.run(60_000);
    assert_eq!(world.submitted, ids(&long()[..60]));
    assert!(world.served(2) > world.served(1), "the block came from the second one");
    assert!(matches!(world.blamed[..], [(1, Fault::InvalidBlock(_))]), "{:?}", world.blamed);
}

#[test]
fn a_wrong_copy_does_not_shadow_the_right_one() {
    let mut world = World::new(&long()[..50]);
    world.connect(1, &long()[..50], Manner::Honest, 10);
    world.connect(2, &long()[..50], Manner::Honest, 10);
    world.reorganise(2, &long()[..51]);
    let mut wrong = (*long()[50]).clone();
    wrong.body.reward.amount += 1;
    assert_eq!(wrong.id(), long()[50].id());
    world.deliver(1, Message::Block(Arc::new(wrong)));
    // The right one comes while the chain has the wrong one.
    world.deliver(2, Message::Block(Arc::clone(&long()[50])));
    assert!(world.submitted.is_empty());
    world.run(1_000);
    assert_eq!(world.submitted, [long()[50].id()]);
    assert!(matches!(world.blamed[..], [(1, Fault::InvalidBlock(_))]), "{:?}", world.blamed);
}

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        Just(Manner::Honest),
        Just(Manner::NoHeaders),
        (0..40_usize).prop_map(Manner::Withholds),
        Just(Manner::Lacks),
        Just(Manner::WrongBodies),
        Just(huge(&long()[..3])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn one_honest_peer_suffices(
        others in prop::collection::vec((manner(), 0..400_usize, 1..900_u64), 0..6),
        leaves in prop::collection::vec((0..6_u64, 1..3_000_u64), 0..4),
        ours in 0..100_usize,
    ) {
        let mut world = World::new(&long()[..ours]);
        for (conn, (manner, height, latency)) in (0..).zip(others) {
            world.connect(conn, &long()[..height], manner, latency);
        }
        world.connect(9, &long()[..400], Manner::Honest, 100);
        for (conn, wait) in leaves {
            world.run(wait);
            world.disconnect(conn);
        }
        world.run(1_200_000);
        prop_assert_eq!(&world.submitted[..], &ids(&long()[ours..400])[..]);
        prop_assert!(blamed(&world, 9).is_empty());
        prop_assert!(world.most_held <= SYNC_WINDOW && world.most_bytes <= crate::limits::SYNC_BYTES);
    }
}

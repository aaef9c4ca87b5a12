//! Bodies that are missing below those that are here.

use super::*;
use crate::ledger::{BackfillError, TransactionError};
use crate::limits::{BACKFILL_BLOCKS, SYNC_REST, SYNC_REST_MAX};
use crate::overlay::Backfilled;

/// A node with 100 blocks, the bodies of the first 90 of which are missing.
fn lacking() -> World {
    let mut world = World::new(&long()[..100]);
    world.lacks_below(91);
    world
}

/// What was told of them.
fn told(world: &World) -> Vec<NetworkEvent> {
    let is_told =
        |event: &NetworkEvent| !matches!(event, NetworkEvent::Synced | NetworkEvent::Syncing { .. });
    world.events.iter().map(|(_, event)| event.clone()).filter(is_told).collect()
}

#[test]
fn they_come_back_from_several_peers_in_small_spans() {
    let mut world = lacking();
    world.connect(1, &long()[..100], Manner::Honest, 10);
    world.connect(2, &long()[..100], Manner::Honest, 20);
    world.run(60_000);
    assert_eq!((world.lowest, &world.blamed[..]), (1, &[][..]));
    let froms: Vec<u64> = world.spans.iter().map(|span| span.from).collect();
    assert_eq!((froms.len(), froms[0], froms[21], froms[22]), (23, 87, 3, 1));
    assert!(world.spans.iter().all(|span| span.blocks.len() as u64 <= BACKFILL_BLOCKS));
    assert_eq!(world.served(1) + world.served(2), 90);
    assert!(world.served(1) > 0 && world.served(2) > 0);
    assert_eq!(told(&world).last(), Some(&NetworkEvent::Backfill { missing: 0 }));
    assert_eq!(world.sync.next_wakeup(), None, "it is done");
}

#[test]
fn a_better_branch_goes_first() {
    let mut world = lacking();
    world.connect(1, long(), Manner::Honest, 200);
    world.run(3_000);
    assert!(world.tip.height > 100 && world.tip.height < 1_600, "{}", world.tip.height);
    assert_eq!(world.lowest, 91);
    world.run(600_000);
    assert_eq!((world.tip.height, world.lowest), (1_600, 1));
}

#[test]
fn who_does_not_deliver_rests_and_another_is_asked() {
    for manner in [Manner::Withholds(3), Manner::Lacks, Manner::Prunes { said: 1, kept: 50 }] {
        let mut world = lacking();
        world.connect(1, &long()[..100], manner.clone(), 10);
        world.run(SYNC_REST.as_millis() as u64 * 40);
        assert!(world.lowest > 1, "{manner:?}");
        let withheld = world.blamed.iter().all(|(_, fault)| *fault == Fault::Withheld);
        assert!(withheld && world.blamed.is_empty() == !matches!(manner, Manner::Withholds(_)));
        world.connect(2, &long()[..100], Manner::Honest, 10);
        world.run(60_000);
        assert_eq!(world.lowest, 1, "{manner:?}");
    }
}

#[test]
fn who_leaves_meanwhile_is_replaced() {
    let mut world = lacking();
    world.connect(1, &long()[..100], Manner::Withholds(0), 10);
    world.run(1_000);
    world.disconnect(1);
    world.connect(2, &long()[..100], Manner::Honest, 10);
    world.run(1_000);
    assert_eq!((world.lowest, &world.blamed[..]), (1, &[][..]));
}

#[test]
fn leaving_is_no_cheaper_than_failing() {
    let mut world = lacking();
    world.connect_as("honest", 1, &long()[..100], Manner::Honest, 10);
    for conn in 2..6 {
        world.connect_as("leaves", conn, &long()[..100], Manner::Withholds(0), 10);
        world.run(1_000);
        world.disconnect(conn);
        world.run(100);
    }
    assert_eq!(world.lowest, 1, "each time it was asked first, it would take a second and more");
}

#[test]
fn who_has_got_more_since_its_hello_is_asked_by_and_by() {
    let mut world = lacking();
    world.connect(1, &long()[..100], Manner::Prunes { said: 90, kept: 1 }, 10);
    world.run(SYNC_REST_MAX.as_millis() as u64 - 1_000);
    assert_eq!((world.lowest, told(&world)), (91, vec![NetworkEvent::NoKeeper { missing: 90 }]));
    world.run(60_000);
    assert_eq!(world.lowest, 1);
}

#[test]
fn a_wrong_body_is_its_senders_fault_and_is_not_held() {
    let mut world = lacking();
    world.connect(1, &long()[..100], Manner::WrongBodies, 10);
    world.run(1_000);
    assert!(matches!(world.blamed[..], [(1, Fault::InvalidBlock(_))]), "{:?}", world.blamed);
    assert!(world.spans.is_empty());
    // What only the keeper sees is told by its answer.
    let mut world = lacking();
    world.backfilled.push_back(Err(BackfillError::Wrong(80)));
    world.connect(1, &long()[..100], Manner::Honest, 10);
    world.run(1_000);
    assert!(matches!(world.blamed[..], [(1, Fault::InvalidBlock(_))]), "{:?}", world.blamed);
}

#[test]
fn where_nobody_keeps_them_that_is_told_now_and_then() {
    let mut world = lacking();
    world.connect(1, &long()[..100], Manner::Prunes { said: 91, kept: 91 }, 10);
    let rest = SYNC_REST_MAX.as_millis() as u64;
    world.run(3 * rest + 1_000);
    assert_eq!(told(&world), vec![NetworkEvent::NoKeeper { missing: 90 }; 4]);
    assert_eq!((world.served(1), world.sync.status()), (0, SyncStatus::Synced));
}

#[test]
fn a_node_that_cannot_take_them_now_asks_again_later() {
    let mut world = lacking();
    world.backfilled.push_back(Ok(Backfilled::NotNow));
    world.connect(1, &long()[..100], Manner::Honest, 10);
    world.run(1_000);
    assert_eq!((world.lowest, world.spans.len(), &world.blamed[..]), (91, 1, &[][..]));
    world.run(SYNC_REST_MAX.as_millis() as u64);
    assert_eq!(world.lowest, 1);
}

#[test]
fn a_final_block_against_the_rules_ends_it_and_is_told_once() {
    let mut world = lacking();
    let error = TransactionError::Signature;
    world.backfilled.push_back(Err(BackfillError::Invalid { height: 80, index: 3, error }));
    world.connect(1, &long()[..100], Manner::Honest, 10);
    world.run(1_000_000);
    assert_eq!((world.spans.len(), &world.blamed[..]), (1, &[][..]));
    assert!(matches!(&told(&world)[..], [NetworkEvent::BadHistory { why }] if why.contains("block 80")));
}

//! Branches that a peer leads to and keeps back: they stop nothing, and have an end.

use core::time::Duration;

use super::faults::blamed;
use super::*;

fn is_syncing(world: &World) -> bool {
    matches!(world.sync.status(), SyncStatus::Syncing { .. })
}

/// A node that is up to date with one honest peer.
fn up_to_date() -> World {
    let mut world = World::new(&long()[..50]);
    world.connect(2, &long()[..50], Manner::Honest, 10);
    world.run(1_000);
    assert_eq!(world.sync.status(), SyncStatus::Synced);
    world
}

/// The honest peer has nine better blocks.
fn honest_branch(world: &mut World) -> Hash {
    let other = extend(&long()[..50], 7, 9, ON_TIME);
    world.reorganise(2, &other);
    let tip = tip_of(&other);
    let item = Item::Block { id: tip.hash, height: tip.height, work: tip.work };
    world.deliver(2, Message::Announce(Bounded::truncated([item])));
    tip.hash
}

#[test]
fn a_withheld_branch_stops_nothing_however_often_its_peer_comes_back() {
    let mut world = up_to_date();
    let mut syncing = 0;
    for conn in 100..200 {
        // Its headers are good and beat the tip; the body never comes; before it is given up it comes again.
        world.connect_as("mad", conn, &long()[..51], Manner::Withholds(0), 10);
        for _ in 0..139 {
            world.run(100);
            syncing += usize::from(is_syncing(&world));
        }
        world.disconnect(conn);
    }
    assert_eq!(syncing, 0, "blocks that nobody sends keep this node from mining");
    // A rest outlives the connection: most of the visits led to nothing at all.
    assert!(world.asked_headers < 20, "{} header syncs", world.asked_headers);
    let better = honest_branch(&mut world);
    world.run(1_000);
    assert_eq!(world.tip.id, better);
}

#[test]
fn a_block_said_again_renews_nothing_and_keeping_a_branch_back_is_blamed() {
    let mut world = up_to_date();
    // Two blocks that beat the tip. The second one is said again and again, the first one never.
    world.connect(1, &long()[..52], Manner::Withholds(0), 10);
    world.run(100);
    let mut syncing = 0;
    for _ in 0..400 {
        world.deliver(1, Message::Block(Arc::clone(&long()[51])));
        world.run(1_500);
        syncing += usize::from(is_syncing(&world));
    }
    assert!(syncing < 20, "{syncing} of 400 looks");
    let kept = blamed(&world, 1).into_iter().filter(|fault| **fault == Fault::KeptBranch).count();
    assert!((6..10).contains(&kept), "{kept} in ten minutes");
    let better = honest_branch(&mut world);
    world.run(15_000);
    assert_eq!(world.tip.id, better);
}

#[test]
fn a_branch_that_trickles_in_has_an_end() {
    let mut world = up_to_date();
    // A block every 1.9 s, the last of each request first, so that nothing ever is late and nothing gets through.
    world.connect(1, &long()[..150], Manner::Withholds(0), 10);
    world.run(100);
    let mut syncing = 0;
    for at in (60..150).rev() {
        world.deliver(1, Message::Block(Arc::clone(&long()[at])));
        world.run(1_900);
        syncing += usize::from(is_syncing(&world));
    }
    // 100 blocks at a fourth of their interval of 1 s: 25 s.
    assert!((1..14).contains(&syncing), "{syncing} of 90 looks");
    let most = SEGMENT_GRACE + SEGMENT_PER_BLOCK * 100;
    assert!(Duration::from_millis(90 * 1_900) < most);
    world.run(u64::try_from(most.as_millis()).unwrap());
    let better = honest_branch(&mut world);
    world.run(15_000);
    assert_eq!(world.tip.id, better);
}

#[test]
fn a_branch_has_30_s_and_4_s_for_each_block() {
    let mut world = up_to_date();
    // A block every 7.9 s: each renews the last of the three waits for the others, so that nothing but the whole is ever late.
    world.connect(1, &long()[..150], Manner::Withholds(0), 10);
    world.run(100);
    let better = honest_branch(&mut world);
    let (began, most) = (world.now, SEGMENT_GRACE + SEGMENT_PER_BLOCK * 100);
    let mut blocks = long()[60..150].iter().rev();
    while world.tip.id != better {
        world.deliver(1, Message::Block(Arc::clone(blocks.next().expect("the whole has an end"))));
        world.run(7_900);
    }
    let took = world.now.since(began);
    assert!(took > most - SEGMENT_GRACE && took < most + SEGMENT_GRACE, "{took:?}");
}

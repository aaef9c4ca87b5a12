//! Whose turn it is: claims and old headers cost nothing to make, so whoever makes them waits ever longer and holds up nobody.

use core::time::Duration;

use super::faults::{blamed, most};
use super::*;
use crate::limits::SYNC_RESTS;
use crate::overlay::sync::peer::{PeerRests, Rests, SyncPeer};

#[test]
fn old_headers_said_again_are_read_ever_less() {
    let ours = &long()[..1_500];
    let mut world = World::new(ours);
    world.connect(1, &ours[..1_400], Manner::Replays(tip_of(&ours[..1_400])), 10);
    for _ in 0..600 {
        // As after a compact block that cannot be rebuilt.
        world.sync.look_into(world.now, ConnId(1));
        world.run(1_000);
    }
    assert!((5..50).contains(&world.asked_headers), "{} messages in ten minutes", world.asked_headers);
    assert_eq!(world.sync.status(), SyncStatus::Synced);
}

#[test]
fn a_claim_and_old_headers_keep_nobody_from_starting_for_long() {
    let ours = &long()[..1_500];
    let mut world = World::new(ours);
    // It answers each question just in time.
    world.connect(1, ours, Manner::Replays(most(ours)), 9_900);
    assert!(matches!(world.sync.status(), SyncStatus::Syncing { .. }));
    world.run(19_900);
    assert!(matches!(world.sync.status(), SyncStatus::Syncing { .. }));
    world.run(200);
    assert_eq!(world.sync.status(), SyncStatus::Synced);
    assert!(world.sync.header_sync.is_some());
}

#[test]
fn of_those_that_left_the_rests_that_end_last_are_remembered() {
    let mut rests = Rests::default();
    let id = |n: usize| std::format!("p{n}").parse().unwrap();
    let tip = TipSummary { height: 0, hash: Hash::ZERO, work: 0 };
    let peer = |n: usize, rests| SyncPeer::new(id(n), (tip.clone(), 1), rests);
    for n in 0..SYNC_RESTS + 3 {
        let mut one = peer(n, rests.take(&id(n)));
        one.rest_mut(Aim::Claim).failed(Time::from_millis(n as u64));
        rests.keep(one);
        rests.keep(peer(SYNC_RESTS + 9, PeerRests::default()));
    }
    let mut is_known = |n| peer(n, rests.take(&id(n))).rest(Aim::Claim).until > Time::default();
    let known: Vec<_> = (0..SYNC_RESTS + 10).filter(|n| is_known(*n)).collect();
    assert_eq!(known, (3..SYNC_RESTS + 3).collect::<Vec<_>>());
}

#[test]
fn who_failed_before_gives_way_at_once() {
    let mut world = World::new(&long()[..50]);
    world.connect(1, long(), Manner::NoHeaders, 10);
    world.connect(2, &long()[..50], Manner::Honest, 10);
    // By now it has 64 s for an answer and more for a segment, and is being asked.
    world.run(300_000);
    for _ in 0..3_000 {
        if world.sync.header_sync.is_some() {
            break;
        }
        world.run(100);
    }
    assert!(world.sync.header_sync.is_some(), "it is tried again");
    world.reorganise(2, &long()[..60]);
    let tip = tip_of(&long()[..60]);
    let item = Item::Block { id: tip.hash, height: tip.height, work: tip.work };
    world.deliver(2, Message::Announce(Bounded::truncated([item])));
    world.run(200);
    assert_eq!(world.tip.id, tip.hash);
}

#[test]
fn a_leader_that_lacks_its_own_branch_is_blamed_as_if_it_kept_it_back() {
    let mut world = World::new(&long()[..50]);
    world.connect(1, &long()[..60], Manner::Lacks, 10);
    world.connect(2, &long()[..50], Manner::Honest, 10);
    world.run(600_000);
    let kept = blamed(&world, 1);
    assert!((6..10).contains(&kept.len()), "{kept:?}");
    assert!(kept.iter().all(|fault| **fault == Fault::KeptBranch));
}

#[test]
fn the_first_peer_alone_does_not_make_a_node_up_to_date() {
    let mut world = World::new(&long()[..50]);
    world.sync = BlockSync::new(genesis(), world.now.after(Duration::from_secs(5)));
    let genesis = genesis().id();
    let tip = Tip {
        branch: world.tip.clone(),
        locator: vec![genesis],
        finalized: (0, genesis),
        lowest: 1,
        wanted_below: None,
    };
    world.sync.tip(world.now, tip);
    world.connect(1, &long()[..50], Manner::Honest, 10);
    assert_eq!(world.sync.status(), SyncStatus::Synced);
    // The second one knows of more: until this node has been up to date, that counts at once.
    world.connect(2, long(), Manner::Honest, 10);
    assert!(matches!(world.sync.status(), SyncStatus::Syncing { .. }));
    world.run(60_000);
    assert_eq!(world.tip.id, tip_of(long()).hash);
}

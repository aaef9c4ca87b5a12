use alloc::vec;
use std::sync::OnceLock;

use super::*;
use crate::ledger::{BlockRules, NetworkSpec};
use crate::limits::{
    BLOCK_TIMEOUT, HEADERS_PER_MESSAGE, SEGMENT_GRACE, SEGMENT_PER_BLOCK, SYNC_SEGMENT, SYNC_TELL_EVERY,
    SYNC_WINDOW,
};
use crate::overlay::Request;
use crate::testing::{ON_TIME, block_on, branch_with, spec, sync_header};

use self::fake::Manner;
use self::world::World;

mod backfill;
mod fake;
mod faults;
mod goals;
mod members;
mod pruned;
mod turns;
mod withheld;
mod world;

/// A network whose blocks are found within a few tries.
fn genesis() -> Arc<Genesis> {
    static GENESIS: OnceLock<Arc<Genesis>> = OnceLock::new();
    let blocks = BlockRules { half_life: 64, max_bytes: 100_000, ..BlockRules::new(1_000, 16, 50) };
    let spec = NetworkSpec { blocks, ..spec("test", 1_000) };
    Arc::clone(GENESIS.get_or_init(|| Arc::new(Genesis::new(spec).unwrap())))
}

/// Blocks from height 1.
type Blocks = Vec<Arc<Block>>;

/// `below` and another `count` blocks, sealed by miner number `miner`.
fn extend(below: &[Arc<Block>], miner: u8, count: usize, gap: u64) -> Blocks {
    let mut branch = genesis().branch();
    for block in below {
        branch = branch_with(&genesis(), &branch, block);
    }
    let mut blocks = below.to_vec();
    for _ in 0..count {
        let block = block_on(&genesis(), &branch, gap, vec![], miner);
        branch = branch_with(&genesis(), &branch, &block);
        blocks.push(block);
    }
    blocks
}

/// 1,600 blocks, made once.
fn long() -> &'static Blocks {
    static CHAIN: OnceLock<Blocks> = OnceLock::new();
    CHAIN.get_or_init(|| extend(&[], 1, 3 * HEADERS_PER_MESSAGE + 100, ON_TIME))
}

fn tip_of(blocks: &[Arc<Block>]) -> TipSummary {
    let work = blocks.iter().map(|block| u128::from(block.header.difficulty)).sum();
    let last = blocks.last().map_or(genesis().id(), |block| block.id());
    TipSummary { height: blocks.len() as u64, hash: last, work }
}

fn ids(blocks: &[Arc<Block>]) -> Vec<Hash> {
    blocks.iter().map(|block| block.id()).collect()
}

#[test]
fn initial_sync_uses_everybody_and_keeps_the_order() {
    let mut world = World::new(&[]);
    world.connect(1, long(), Manner::Honest, 10);
    world.connect(2, &long()[..1_550], Manner::Honest, 37);
    assert!(matches!(world.sync.status(), SyncStatus::Syncing { height: 0, target: 1_600 }));
    world.run(600_000);
    assert_eq!((world.submitted.len(), world.out_of_order), (long().len(), 0));
    assert_eq!(world.submitted, ids(long()));
    assert_eq!(world.blamed, []);
    assert!(world.served(1) > 300 && world.served(2) > 300);
    assert_eq!(world.most_held, SYNC_WINDOW);
    assert_eq!(world.sync.status(), SyncStatus::Synced);
    assert_eq!(world.sync.next_wakeup(), None);
    let synced = world.events.iter().filter(|(_, event)| *event == NetworkEvent::Synced).count();
    assert_eq!((synced, world.events.last().map(|(_, event)| event)), (1, Some(&NetworkEvent::Synced)));
    let progress: Vec<_> =
        world.events.iter().filter(|(_, e)| *e != NetworkEvent::Synced).map(|(at, _)| *at).collect();
    assert!(progress.windows(2).all(|pair| pair[1].since(pair[0]) >= SYNC_TELL_EVERY));
}

#[test]
fn alone_means_alone() {
    let mut world = World::new(&long()[..5]);
    assert_eq!(world.sync.status(), SyncStatus::Alone);
    world.connect(1, &long()[..5], Manner::Honest, 10);
    assert_eq!(world.sync.status(), SyncStatus::Synced);
    world.run(60_000);
    assert_eq!((world.submitted.len(), world.sync.next_wakeup()), (0, None));
    world.disconnect(1);
    assert_eq!(world.sync.status(), SyncStatus::Alone);
}

#[test]
fn a_peer_that_leaves_is_replaced() {
    let mut world = World::new(&[]);
    world.connect(1, long(), Manner::Honest, 10);
    world.connect(2, long(), Manner::Honest, 20);
    world.run(300);
    assert!(!world.submitted.is_empty() && world.submitted.len() < 1_600);
    world.disconnect(1);
    world.run(600_000);
    assert_eq!(world.tip.id, tip_of(long()).hash);
    assert_eq!(world.blamed, []);
}

#[test]
fn a_deep_fork_is_followed_once_its_headers_beat_the_tip() {
    let ours = &long()[..120];
    let better = extend(&long()[..20], 2, 101, ON_TIME);
    let mut world = World::new(ours);
    world.connect(1, &better, Manner::Honest, 10);
    world.run(60_000);
    assert_eq!(world.submitted, ids(&better[20..]));
    assert_eq!(world.tip.id, tip_of(&better).hash);
    // One that is shorter than it claims to be is not fetched, and one that claims no more is not even looked at.
    let mut world = World::new(ours);
    world.connect(1, &better[..110], Manner::Honest, 10);
    world.run(60_000);
    assert_eq!((world.submitted.len(), world.asked_headers), (0, 0));
}

#[test]
fn equal_work_is_settled_by_the_smaller_id() {
    let [a, b] = [2, 3].map(|miner| extend(&long()[..20], miner, 3, ON_TIME));
    let (small, large) = if tip_of(&a).hash < tip_of(&b).hash { (a, b) } else { (b, a) };
    assert_eq!(tip_of(&small).work, tip_of(&large).work);
    for (ours, theirs) in [(&large, &small), (&small, &large)] {
        let mut world = World::new(ours);
        world.connect(1, theirs, Manner::Honest, 10);
        world.run(60_000);
        assert_eq!(world.tip.id, tip_of(&small).hash);
        assert_eq!(world.blamed, []);
    }
}

/// Two branches of over a segment each: blocks that come slowly are easy, so it takes more of them to beat the tip.
fn slow_and_fast() -> &'static (Blocks, Blocks) {
    static CHAINS: OnceLock<(Blocks, Blocks)> = OnceLock::new();
    CHAINS.get_or_init(|| {
        let fast = extend(&long()[..10], 2, 2_400, ON_TIME - 20);
        let slow = extend(&long()[..10], 3, 2 * SYNC_SEGMENT + 700, ON_TIME + 20);
        (fast, slow)
    })
}

#[test]
fn a_branch_of_several_segments_is_walked_twice_and_fetched_once() {
    let (fast, slow) = slow_and_fast();
    let mut world = World::new(fast);
    assert!(
        tip_of(&slow[..SYNC_SEGMENT + 10]).work < tip_of(fast).work,
        "the first segment must not suffice"
    );
    assert!(tip_of(slow).work > tip_of(fast).work);
    world.connect(1, slow, Manner::Honest, 5);
    world.connect(2, slow, Manner::Honest, 7);
    world.run(600_000);
    assert_eq!(world.submitted, ids(&slow[10..]));
    assert_eq!(world.blamed, []);
    assert!(
        world.most_ids <= SYNC_SEGMENT && world.most_marks > 1,
        "{} {}",
        world.most_ids,
        world.most_marks
    );
    assert_eq!(world.sync.status(), SyncStatus::Synced);
}

#[test]
fn a_branch_that_never_beats_the_tip_is_never_fetched() {
    let (fast, slow) = slow_and_fast();
    let mut world = World::new(fast);
    let mut claim = tip_of(&slow[..SYNC_SEGMENT + 500]);
    assert!(claim.work < tip_of(fast).work);
    claim.work = u128::MAX;
    world.connect(1, &slow[..SYNC_SEGMENT + 500], Manner::Claims(claim), 5);
    world.run(600_000);
    assert_eq!(world.blamed, []);
    assert_eq!((world.submitted.len(), world.most_held), (0, 0));
    assert_eq!(world.sync.status(), SyncStatus::Synced);
}

#[test]
fn a_claim_alone_holds_up_nobody_who_was_up_to_date() {
    let mut world = World::new(&long()[..50]);
    world.connect(1, &long()[..50], Manner::Honest, 10);
    world.run(1_000);
    assert_eq!(world.sync.status(), SyncStatus::Synced);
    // One that claims most and answers nothing, and comes back under another connection before it is late.
    for conn in 2..12 {
        world.connect(conn, long(), Manner::NoHeaders, 10);
        world.run(1_500);
        assert_eq!(world.sync.status(), SyncStatus::Synced);
        world.disconnect(conn);
    }
    // Blocks that come count, up to the branch's end.
    world.connect(12, long(), Manner::Honest, 10);
    while world.submitted.is_empty() {
        world.run(1);
    }
    while world.tip.id != tip_of(long()).hash {
        assert!(matches!(world.sync.status(), SyncStatus::Syncing { .. }));
        world.run(1);
    }
}

//! What is stored off the best chain: bounded, always joined to it, and never in the way of a better branch.

use proptest::prelude::*;

use super::super::side::Room;
use super::*;
use crate::codec::encode;
use crate::limits::SIDE_REMOVED_PER_COMMIT;

/// The largest block that these tests make.
const BLOCK: u64 = 800;

fn node(blocks: usize) -> Node {
    let mut node = Node::new();
    node.now = Timestamp(u64::MAX / 2);
    node.chain.blocks.room = Room { bytes: BLOCK * 1_000, blocks };
    node
}

impl Node {
    /// What the chain remembers is what the world stores, and all of it leads back to the best chain.
    fn assert_side_is_joined(&self) {
        let side = self.world().side_blocks().unwrap();
        let mut bytes = 0;
        for id in &side {
            let header = self.world().record(id).unwrap().unwrap().header;
            assert!(self.world().record(&header.parent).unwrap().is_some(), "a block without its parent");
            bytes += encode(&Block { header, body: self.world().body(id).unwrap().unwrap() }).len() as u64;
        }
        assert_eq!(self.chain.side_blocks(), (side.len(), bytes));
        for tip in self.chain.side_tips() {
            assert!(side.contains(&tip.id), "a side tip that is not stored");
        }
        let reloaded = Chain::load(genesis(), self.world()).unwrap();
        assert_eq!(reloaded.side_blocks(), self.chain.side_blocks());
        let best = |chain: &Chain| chain.side_tips().map(|tip| tip.work).max();
        assert!(best(&reloaded) >= best(&self.chain), "the best side tip is found again");
    }
}

#[test]
fn junk_off_the_best_chain_stays_within_its_room() {
    for room in [Room { bytes: u64::MAX, blocks: 10 }, Room { bytes: 10 * BLOCK, blocks: usize::MAX }] {
        let mut node = node(0);
        node.chain.blocks.room = room;
        let fork = node.chain.tip().clone();
        for _ in 0..5 {
            node.mine(vec![]);
        }
        let tip = node.chain.tip().id;
        let mut ends = vec![fork.clone()];
        for n in 0..200 {
            // Wide and deep: on the fork, on the newest, on some other one.
            let parent = ends[[0, ends.len() - 1, n * 7 % ends.len()][n % 3]].clone();
            let junk = node.block_on(&parent, 30_000 + n as u64, vec![], 20);
            if node.give(&junk, Origin::Pushed).is_ok() {
                ends.push(node.branch_with(&parent, &junk));
            }
            let (blocks, bytes) = node.chain.side_blocks();
            assert!(blocks <= room.blocks.saturating_add(1) && bytes <= room.bytes.saturating_add(BLOCK));
        }
        assert!(ends.len() > 100, "most of it was taken");
        node.assert_side_is_joined();
        assert_eq!(node.chain.tip().id, tip);
        node.assert_sound();
    }
}

#[test]
fn a_better_branch_is_kept_while_it_is_fetched_and_the_one_left_behind_is_cleaned() {
    let mut node = node(3);
    let fork = node.chain.tip().clone();
    let mut old = vec![];
    for nonce in 0..150 {
        let pay = node.pay(1, nonce, 2, 1);
        old.push(node.mine(vec![pay]));
    }
    let (rivals, end) = node.run_on(&fork, 170, 400, 8);
    for (number, block) in rivals.iter().enumerate() {
        node.give(block, Origin::Synced).unwrap();
        // Junk comes in between, as much as there is room for.
        let junk = node.block_on(&fork, 900 + number as u64, vec![], 20);
        let _ = node.give(&junk, Origin::Synced);
        node.give(block, Origin::Synced).unwrap();
        if node.chain.wanted == Some(junk.id()) {
            // As sync does: the branch is asked for again from where it is missing.
            for block in &rivals[..=number] {
                node.give(block, Origin::Synced).unwrap();
            }
        }
    }
    let (moved, _) = node.settle();
    assert_eq!((moved.len(), node.chain.tip().id), (1, end.id));
    assert_eq!(moved[0].disconnected.len(), 150);
    for id in &moved[0].disconnected {
        assert!(node.world().body(id).unwrap().is_some(), "the flip itself forgets nothing it leaves behind");
    }
    node.assert_side_is_joined();
    let mut before = node.chain.side_blocks().0;
    while before > 3 {
        node.mine(vec![]);
        let now = node.chain.side_blocks().0;
        assert!(now < before && before - now <= SIDE_REMOVED_PER_COMMIT, "{before} {now}");
        before = now;
        node.assert_side_is_joined();
    }
    node.assert_sound();
    // The branch that was cleaned away comes back if it outgrows the other: fetched anew.
    let (more, end) = node.run_on(&node.chain_of(&old), 280, 100, 9);
    for block in old.iter().chain(&more) {
        node.give(block, Origin::Synced).unwrap();
    }
    node.settle();
    assert_eq!(node.chain.tip().id, end.id);
    node.assert_sound();
}

impl Node {
    /// The branch of these blocks, which begin on the genesis block.
    fn chain_of(&self, blocks: &[Arc<Block>]) -> Branch {
        blocks.iter().fold(genesis().branch(), |branch, block| self.branch_with(&branch, block))
    }
}

/// A node with a heavier branch that it has begun to stage, the branch's end, and blocks as heavy that stand beside it.
fn staging() -> (Node, Hash, Vec<Arc<Block>>) {
    let mut node = node(16_384);
    let fork = node.chain.tip().clone();
    for _ in 0..3 {
        node.mine(vec![]);
    }
    let (trunk, end) = node.run_on(&fork, 4, 100, 8);
    let mut siblings: Vec<_> = (0..70).map(|n| node.block_on(&end, 100 + n, vec![], 8)).collect();
    // Among equals the smallest id wins.
    siblings.sort_by_key(|block| block.id());
    let target = siblings.remove(0);
    for block in trunk.iter().chain([&target]) {
        node.give(block, Origin::Pushed).unwrap();
    }
    let mut check = check_inline(node.network());
    assert!(matches!(node.chain.step(&node.disk.world, &mut check).unwrap(), Step::Working));
    (node, target.id(), siblings)
}

#[test]
fn the_branch_that_is_staged_stays_when_heavier_ones_use_up_the_room() {
    let (mut node, target, siblings) = staging();
    node.chain.blocks.room.blocks = 20;
    let trunk = node.chain.branch_at(&node.disk.world, &siblings[0].header.parent).unwrap().unwrap();
    for sibling in &siblings {
        let child = node.block_on(&node.branch_with(&trunk, sibling), 100, vec![], 8);
        for block in [sibling, &child] {
            node.give(block, Origin::Pushed).unwrap();
        }
    }
    assert!(node.chain.side_tips().all(|tip| tip.id != target), "too many are heavier");
    assert!(node.world().record(&target).unwrap().is_some());
    node.settle();
    assert_eq!(node.chain.tip().height, 6);
    node.assert_side_is_joined();
}

#[test]
fn what_the_voter_needs_stays_with_what_it_stands_on_when_heavier_branches_use_up_the_room() {
    let mut node = node(8);
    let fork = node.chain.tip().clone();
    let (light, _) = node.run_on(&fork, 4, 5_000, 7);
    (0..8).for_each(|_| drop(node.mine(vec![])));
    light.iter().for_each(|block| drop(node.give(block, Origin::Synced).unwrap()));
    node.chain.keep(light[1].id(), light[2].id());
    let flood = |node: &mut Node, signer| {
        let (heavy, _) = node.run_on(&fork, 7, 1_000, signer);
        heavy.iter().for_each(|block| drop(node.give(block, Origin::Synced).unwrap()));
    };
    let has = |node: &Node| -> Vec<bool> {
        light.iter().map(|block| node.world().record(&block.id()).unwrap().is_some()).collect()
    };
    (8..11).for_each(|signer| flood(&mut node, signer));
    assert_eq!(has(&node), [true, true, true, false]);
    // The next ones are needed, and these no more.
    node.chain.keep(fork.id, light[0].id());
    (11..14).for_each(|signer| flood(&mut node, signer));
    assert_eq!(has(&node), [true, false, false, false]);
    node.assert_side_is_joined();
}

#[test]
fn a_staged_branch_that_is_gone_ends_the_stage_and_not_the_node() {
    for begun in [true, false] {
        let (mut node, target, _) = staging();
        if !begun {
            node.chain.reorg = None;
        }
        let before = node.chain.tip().id;
        node.disk.world.apply(&Change { removed: Vec::from([target]), ..Change::default() });
        node.settle();
        assert!(!node.chain.is_behind() && node.chain.tip().id == before);
    }
}

#[test]
fn invalid_blocks_leave_before_all_others() {
    let mut node = node(100);
    let fork = node.chain.tip().clone();
    node.mine(vec![]);
    node.mine(vec![]);
    let honest = node.block_on(&fork, 1_500, vec![], 7);
    node.give(&honest, Origin::Pushed).unwrap();
    let bad = node.block_on(&fork, 100, vec![node.pay(1, 5, 2, 1)], 8);
    let (after, _) = node.run_on(&node.branch_with(&fork, &bad), 4, 100, 8);
    for block in [&bad].into_iter().chain(&after) {
        node.give(block, Origin::Synced).unwrap();
    }
    let (_, invalid) = node.settle();
    assert_eq!(invalid, [bad.id()]);
    assert_eq!(node.chain.side_blocks().0, 6);
    node.chain.blocks.room.blocks = 1;
    node.mine(vec![]);
    assert_eq!(node.world().side_blocks().unwrap(), [honest.id()]);
    node.assert_side_is_joined();
    assert!(
        matches!(node.give(&bad, Origin::Synced), Err(PlanError::Invalid(_))),
        "it is not fetched for nothing again"
    );
}

#[test]
fn a_valid_part_that_two_branches_share_ends_no_branch_once_one_of_them_wins() {
    let mut node = node(100);
    let fork = node.chain.tip().clone();
    for _ in 0..3 {
        node.mine(vec![]);
    }
    let shared = node.block_on(&fork, 1_500, vec![], 7);
    let after = node.branch_with(&fork, &shared);
    let good = node.block_on(&after, 1_500, vec![], 7);
    let bad = node.block_on(&after, 100, vec![node.pay(1, 5, 2, 1)], 8);
    let (on_bad, _) = node.run_on(&node.branch_with(&after, &bad), 4, 100, 8);
    for block in [&shared, &good, &bad].into_iter().chain(&on_bad) {
        node.give(block, Origin::Synced).unwrap();
    }
    assert_eq!(node.settle().1, [bad.id()]);
    let (on_good, end) = node.run_on(&node.branch_with(&after, &good), 4, 100, 7);
    for block in &on_good {
        node.give(block, Origin::Synced).unwrap();
    }
    node.settle();
    assert_eq!(node.chain.tip().id, end.id);
    node.assert_side_is_joined();
    node.assert_sound();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever comes in whatever order, with next to no room: all that is stored is joined, and each branch that beats the tip wins once
    /// it is fetched as sync does it.
    #[test]
    fn a_small_room_never_hides_the_best_branch(
        parents in prop::collection::vec((any::<prop::sample::Index>(), 1_u64..2_000, any::<bool>()), 1..40),
        room in 0_usize..6,
        again in prop::collection::vec(any::<prop::sample::Index>(), 20),
    ) {
        let mut node = node(room);
        let mut tree: Vec<(Vec<Arc<Block>>, Branch)> = vec![(vec![], node.chain.tip().clone())];
        for (number, (parent, gap, pays)) in parents.iter().enumerate() {
            let (path, parent) = tree[parent.index(tree.len())].clone();
            // A payment that is invalid on most branches.
            let transactions = if *pays && number % 5 == 0 { vec![node.pay(1, 1, 2, 3)] } else { vec![] };
            let block = node.block_on(&parent, *gap, transactions, 5 + (number % 8) as u8);
            let end = node.branch_with(&parent, &block);
            tree.push(([path, vec![block]].concat(), end));
        }
        let order = (0..tree.len()).chain(again.iter().map(|pick| pick.index(tree.len()))).collect::<Vec<_>>();
        for at in order {
            let (path, end) = &tree[at];
            let valid = path.iter().all(|block| block.body.transactions.is_empty());
            if end.beats(node.chain.tip()) {
                for block in path {
                    let _ = node.give(block, Origin::Synced);
                }
                node.settle();
                prop_assert!(!valid || node.chain.tip().id == end.id);
            } else if let Some(last) = path.last() {
                let _ = node.give(last, Origin::Pushed);
                node.settle();
            }
            node.assert_side_is_joined();
        }
        node.assert_sound();
        let valid = tree.iter().filter(|(path, _)| path.iter().all(|block| block.body.transactions.is_empty()));
        let best = valid.map(|(_, end)| end).reduce(|a, b| if b.beats(a) { b } else { a }).unwrap();
        prop_assert_eq!(node.chain.tip().id, best.id);
    }
}

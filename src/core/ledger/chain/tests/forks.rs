//! Branches that compete: the best one wins, and the state is what it says.

use alloc::collections::BTreeSet;
use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::limits::REORG_STEP_BLOCKS;

#[test]
fn a_heavier_branch_wins_and_the_state_follows() {
    let mut node = Node::new();
    let fork = node.chain.tip().clone();
    node.mine(vec![node.pay(1, 0, 2, 100)]);
    node.mine(vec![node.pay(2, 0, 3, 50)]);
    let old = node.chain.tip().id;
    let (mut rivals, end) = node.run_on(&fork, 2, 100, 8);
    let last = node.block_on(&end, 100, vec![node.pay(1, 0, 4, 1)], 8);
    rivals.push(last);
    for block in &rivals {
        node.give(block, Origin::Synced).unwrap();
    }
    let (moved, invalid) = node.settle();
    assert!(invalid.is_empty());
    assert_eq!(moved.len(), 1);
    assert_eq!(moved[0].from, old);
    assert_eq!(moved[0].disconnected.len(), 2);
    assert_eq!(moved[0].connected, rivals.iter().map(|b| b.id()).collect::<Vec<_>>());
    assert_eq!((node.balance(1), node.balance(2), node.balance(4)), (998, 1_000, 1_001));
    node.assert_sound();
    // The loser stays known and wins again if it grows.
    assert!(node.chain.side_tips().any(|branch| branch.id == old));
}

#[test]
fn equal_work_prefers_the_smaller_id() {
    let mut node = Node::new();
    let fork = node.chain.tip().clone();
    let one = node.block_on(&fork, 1_000, vec![], 8);
    let two = node.block_on(&fork, 1_000, vec![], 9);
    let smaller = one.id().min(two.id());
    node.now = one.header.time;
    for order in [[&one, &two], [&two, &one]] {
        let mut node = Node::new();
        node.now = one.header.time;
        for block in order {
            node.give(block, Origin::Pushed).unwrap();
        }
        node.settle();
        assert_eq!(node.chain.tip().id, smaller);
        node.assert_sound();
    }
}

#[test]
fn a_deep_fork_is_staged_while_the_chain_goes_on() {
    let mut node = Node::new();
    let fork = node.chain.tip().clone();
    for round in 0..150 {
        let pay = node.pay(1, round, 2, 1);
        node.mine(vec![pay]);
    }
    let (rivals, _) = node.run_on(&fork, 170, 400, 8);
    node.now = Timestamp(u64::MAX / 2);
    for block in &rivals {
        node.give(block, Origin::Synced).unwrap();
    }
    assert!(node.chain.is_behind());
    // A step is bounded, and between two steps the best chain may grow.
    let mut check = check_inline(node.network());
    let mut steps = 0;
    loop {
        steps += 1;
        match node.chain.step(&node.disk.world, &mut check).unwrap() {
            Step::Working if steps % 2 == 0 && steps <= 6 => {
                let nonce = node.world().account(&address(1)).unwrap().nonce;
                let pay = node.pay(1, nonce, 3, 1);
                node.mine(vec![pay]);
            }
            Step::Working => (),
            Step::Ready(ready) => {
                node.disk.world.apply(ready.change());
                node.chain.accept(ready);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(steps >= 320 / REORG_STEP_BLOCKS, "{steps}");
    assert_eq!(node.chain.tip().height, 170);
    assert_eq!(node.balance(2), 1_000);
    node.assert_sound();
}

#[test]
fn beyond_the_undo_records_everything_is_executed_again() {
    let mut node = Node::new();
    node.mine(vec![node.pay(1, 0, 2, 10)]);
    let fork = node.chain.tip().clone();
    for round in 1..20 {
        // An account that the winning branch knows nothing of.
        let pay = node.pay(1, round, 5, 1);
        node.mine(vec![pay]);
    }
    let (rivals, _) = node.run_on(&fork, 25, 300, 8);
    node.disk.world.forget_undo();
    node.now = Timestamp(u64::MAX / 2);
    for block in &rivals {
        node.give(block, Origin::Synced).unwrap();
    }
    let (moved, _) = node.settle();
    assert_eq!(moved.len(), 1);
    assert_eq!(node.balance(2), 1_010);
    node.assert_sound();
}

#[test]
fn the_valid_part_of_a_branch_still_competes() {
    let mut node = Node::new();
    let fork = node.chain.tip().clone();
    node.mine(vec![]);
    let (mut rivals, end) = node.run_on(&fork, 3, 100, 8);
    let bad = node.block_on(&end, 100, vec![node.pay(1, 5, 2, 1)], 8);
    let (after, _) = node.run_on(&node.branch_with(&end, &bad), 2, 100, 8);
    rivals.push(bad.clone());
    rivals.extend(after.iter().cloned());
    node.now = Timestamp(u64::MAX / 2);
    for block in &rivals {
        node.give(block, Origin::Synced).unwrap();
    }
    let (moved, invalid) = node.settle();
    assert_eq!(invalid, [bad.id()]);
    assert_eq!(moved.len(), 1);
    assert_eq!(node.chain.tip().id, end.id);
    node.assert_sound();
    assert!(matches!(node.give(&bad, Origin::Synced), Err(PlanError::Invalid(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Blocks of a random tree, given in a random order that respects parents: all orders end on the same tip, with the same rows.
    #[test]
    fn order_does_not_matter(
        parents in prop::collection::vec((any::<prop::sample::Index>(), 1_u64..2_000, any::<bool>()), 1..24),
        orders in prop::collection::vec(any::<prop::sample::Index>(), 48),
    ) {
        let node = Node::new();
        let mut branches = vec![node.chain.tip().clone()];
        let mut blocks: Vec<Arc<Block>> = vec![];
        for (number, (parent, gap, pays)) in parents.iter().enumerate() {
            let parent = branches[parent.index(branches.len())].clone();
            // Paying from an address that each branch funds in the same way keeps every branch valid.
            let transactions = if *pays && parent.height == 0 { vec![node.pay(1, 0, 2, 3)] } else { vec![] };
            let block = node.block_on(&parent, *gap, transactions, 5 + (number % 8) as u8);
            branches.push(node.branch_with(&parent, &block));
            blocks.push(block);
        }
        let mut tips = BTreeSet::new();
        for half in orders.chunks(24) {
            let mut node = Node::new();
            node.now = Timestamp(u64::MAX / 2);
            let mut waiting = blocks.clone();
            let mut picks = half.iter().cycle();
            while !waiting.is_empty() {
                let ready: Vec<usize> = (0..waiting.len())
                    .filter(|at| node.world().record(&waiting[*at].header.parent).unwrap().is_some())
                    .collect();
                let block = waiting.remove(ready[picks.next().unwrap().index(ready.len())]);
                node.give(&block, Origin::Synced).unwrap();
                node.settle();
            }
            node.assert_sound();
            prop_assert!(node.world().row(&Key::Supply).unwrap().is_some());
            tips.insert(node.chain.tip().id);
        }
        prop_assert_eq!(tips.len(), 1);
        let best = branches.iter().fold(&branches[0], |a, b| if b.beats(a) { b } else { a });
        prop_assert!(tips.contains(&best.id));
    }
}

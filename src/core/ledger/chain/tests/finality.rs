//! What is final stays, whatever work others show.

use super::*;
use crate::ledger::{
    BlockFault, BlockOutcome, Certificate, Checkpoint, Contradiction, Finalized, Ledger, Link, Settled,
    Voters,
};
use crate::limits::UNDO_DROPPED_PER_COMMIT;
use crate::testing::{Memory, network_of_members};

/// A certificate that makes a block final. Whoever gives it to the chain has verified it, so nobody needs to have signed it.
fn certificate(height: u64, block: Hash) -> Certificate {
    let voters = Voters::new(genesis().id(), 0, []);
    let source = Checkpoint { epoch: 2, height, block };
    let link = Link { set: voters.id(), source, target: Checkpoint { epoch: 3, ..source } };
    Certificate::new(&voters, link, &BTreeMap::new())
}

/// Takes in what a quorum has made final. Returns what that leads to.
fn finalize(node: &mut Node, height: u64, block: Hash) -> &'static str {
    match node.chain.finalize(&node.disk.world, certificate(height, block)).unwrap() {
        Finalized::Ready(ready) => {
            crate::ledger::Disk::commit(&mut node.disk, ready.change()).unwrap();
            assert_eq!(node.chain.accept(ready), None);
            "final"
        }
        Finalized::Known => "known",
        Finalized::Behind => "behind",
        Finalized::Missing => "missing",
        Finalized::Conflict(Contradiction::OtherHistory) => "conflict",
        Finalized::Conflict(Contradiction::Overruled) => "overruled",
        Finalized::Conflict(Contradiction::Invalid) => "invalid",
    }
}

/// A node with this many blocks, whose clock makes no block early.
fn node(blocks: usize) -> Node {
    let mut node = Node::new();
    mine(&mut node, blocks);
    node.now = Timestamp(u64::MAX / 2);
    node
}

fn mine(node: &mut Node, blocks: usize) {
    (0..blocks).for_each(|_| drop(node.mine(vec![])));
}

/// Headers have led to these.
fn give(node: &mut Node, blocks: &[Arc<Block>]) {
    blocks.iter().for_each(|block| drop(node.give(block, Origin::Synced).unwrap()));
}

/// Five blocks, and a branch of eight heavier ones that leaves after the second.
fn with_heavier_branch() -> (Node, Vec<Arc<Block>>) {
    let mut node = node(2);
    let (branch, _) = node.run_on(&node.chain.tip().clone(), 8, 100, 8);
    mine(&mut node, 3);
    (node, branch)
}

fn at(node: &Node, height: u64) -> Hash {
    node.world().at_height(height).unwrap().unwrap()
}

fn reloaded(node: &Node) -> Node {
    Node::load(genesis(), node.world().clone(), node.now)
}

#[test]
fn a_final_block_stays_final_over_a_restart_and_only_goes_up() {
    let mut node = node(6);
    let [second, fourth] = [2, 4].map(|height| at(&node, height));
    assert_eq!(node.chain.finalized(), (0, genesis().id()));
    assert_eq!(finalize(&mut node, 4, fourth), "final");
    for mut node in [reloaded(&node), node] {
        assert_eq!(node.chain.finalized(), (4, fourth));
        assert_eq!(node.world().finalized().unwrap(), Some(certificate(4, fourth)));
        assert_eq!(finalize(&mut node, 2, second), "known");
        assert_eq!(finalize(&mut node, 4, fourth), "known");
        assert_eq!(finalize(&mut node, 4, Hash([7; 32])), "conflict");
        assert_eq!(finalize(&mut node, 1, Hash([7; 32])), "conflict");
        assert_eq!(node.chain.finalized(), (4, fourth));
    }
}

#[test]
fn a_heavier_branch_that_leaves_below_the_final_block_does_not_count() {
    let (mut node, branch) = with_heavier_branch();
    // Its first two blocks are stored before.
    give(&mut node, &branch[..2]);
    let tip = node.chain.tip().id;
    assert_eq!(finalize(&mut node, 5, tip), "final");
    assert_eq!(node.chain.side_tips().count(), 0);
    let mut again = reloaded(&node);
    for node in [&mut node, &mut again] {
        assert_eq!(node.chain.side_tips().count(), 0);
        for _ in 0..2 {
            // Nobody's fault, and remembered as nothing: the answer does not change.
            let error = node.give(&branch[2], Origin::Synced).unwrap_err();
            assert!(error == PlanError::Apart { height: 5 } && !error.is_committed());
        }
        assert!(!node.chain.is_behind());
        assert_eq!(node.chain.tip().id, tip);
    }
}

#[test]
fn a_branch_above_the_final_block_competes_as_ever() {
    let mut node = node(3);
    let fork = node.chain.tip().clone();
    mine(&mut node, 2);
    assert_eq!(finalize(&mut node, 3, fork.id), "final");
    let (branch, end) = node.run_on(&fork, 4, 100, 8);
    give(&mut node, &branch);
    node.settle();
    assert_eq!((node.chain.tip().id, node.chain.finalized().0), (end.id, 3));
    node.assert_sound();
}

#[test]
fn a_final_block_off_the_best_chain_is_moved_to_whatever_its_work_in_one_commit() {
    let mut node = node(0);
    let fork = node.chain.tip().clone();
    let (heavy, _) = node.run_on(&fork, 6, 100, 8);
    let (light, end) = node.run_on(&fork, 3, 2_000, 7);
    light.iter().chain(&heavy).for_each(|block| drop(node.give(block, Origin::Synced).unwrap()));
    node.settle();
    assert_eq!(node.chain.tip().height, 6);
    assert_eq!(finalize(&mut node, 2, light[1].id()), "behind");
    assert!(node.chain.is_behind());
    assert_eq!(node.chain.goal().unwrap().height, 2);
    assert_eq!(node.chain.finalized().0, 0, "not before it is durable");
    let (moved, _) = node.settle();
    assert_eq!((moved.len(), moved[0].disconnected.len(), moved[0].connected.len()), (1, 6, 3));
    for node in [reloaded(&node), node] {
        assert_eq!((node.chain.tip().id, node.chain.finalized()), (end.id, (2, light[1].id())));
        assert!(node.chain.goal().is_none() && !node.chain.is_behind());
        node.assert_sound();
    }
}

#[test]
fn a_final_block_that_is_not_stored_wins_once_it_is() {
    let mut node = node(0);
    let fork = node.chain.tip().clone();
    let (light, end) = node.run_on(&fork, 3, 2_000, 7);
    mine(&mut node, 5);
    let tip = node.chain.tip().id;
    assert_eq!(finalize(&mut node, 2, light[1].id()), "missing");
    node.give(&light[0], Origin::Synced).unwrap();
    node.settle();
    assert_eq!(node.chain.tip().id, tip);
    node.give(&light[1], Origin::Synced).unwrap();
    node.give(&light[2], Origin::Synced).unwrap();
    node.settle();
    assert_eq!((node.chain.tip().id, node.chain.finalized().0), (end.id, 2));
    node.assert_sound();
    // On the tip it needs no move at all.
    let (next, _) = node.run_on(&end, 1, 950, 7);
    assert_eq!(finalize(&mut node, 4, next[0].id()), "missing");
    node.give(&next[0], Origin::Pushed).unwrap();
    assert_eq!(node.chain.finalized(), (4, next[0].id()));
    assert_eq!(reloaded(&node).chain.finalized().0, 4);
}

#[test]
fn two_histories_are_a_conflict_and_change_nothing() {
    let mut node = node(0);
    let fork = node.chain.tip().clone();
    let (other, _) = node.run_on(&fork, 3, 2_000, 7);
    mine(&mut node, 5);
    give(&mut node, &other);
    let (tip, first) = (node.chain.tip().id, at(&node, 1));
    assert_eq!(finalize(&mut node, 1, first), "final");
    assert_eq!(finalize(&mut node, 3, other[2].id()), "conflict");
    node.settle();
    assert_eq!((node.chain.tip().id, node.chain.finalized()), (tip, (1, first)));
}

#[test]
fn the_operators_checkpoint_decides_between_two_histories() {
    let mut node = node(0);
    let fork = node.chain.tip().clone();
    let (other, _) = node.run_on(&fork, 3, 2_000, 7);
    mine(&mut node, 5);
    let [first, fourth] = [1, 4].map(|height| at(&node, height));
    let decided = |node: &Node, height, block| {
        let mut genesis = (*genesis()).clone();
        genesis.rules.checkpoint = Some((height, block));
        Node::load(Arc::new(genesis), node.world().clone(), node.now)
    };
    let mut late = decided(&node, 9, Hash([7; 32]));
    assert_eq!(finalize(&mut late, 4, fourth), "final");
    assert_eq!(finalize(&mut late, 3, other[2].id()), "conflict", "this node has not come to the checkpoint");
    let mut early = decided(&node, 4, fourth);
    assert_eq!(finalize(&mut early, 3, other[2].id()), "overruled", "whatever is final here");
    assert_eq!(finalize(&mut early, 4, fourth), "final");
    assert_eq!(finalize(&mut early, 4, other[2].id()), "overruled");
    assert_eq!(finalize(&mut early, 1, first), "known");
    // The headers of a higher one have shown that it lacks what is final, which the checkpoint is above of.
    assert_eq!(finalize(&mut early, 6, Hash([7; 32])), "missing");
    let (_, how) =
        early.chain.beside(&early.disk.world, &Hash([7; 32]), Contradiction::OtherHistory).unwrap().unwrap();
    assert_eq!(how, Contradiction::Overruled);
    // But it does not say that a block of the history which counts may be refused.
    assert_eq!(finalize(&mut early, 6, Hash([8; 32])), "missing");
    let beside = early.chain.beside(&early.disk.world, &Hash([8; 32]), Contradiction::Invalid).unwrap();
    assert_eq!(beside.unwrap().1, Contradiction::Invalid);
    // A node that is on the history that its operator has decided against does not start.
    let mut wrong = (*genesis()).clone();
    wrong.rules.checkpoint = Some((3, other[2].id()));
    let refused = Chain::load(Arc::new(wrong), node.world()).unwrap_err();
    assert!(refused.0.contains("move the data folder away"), "{refused}");
}

#[test]
fn a_goal_that_turns_out_to_be_beside_the_final_block_is_none() {
    let mut node = node(5);
    let third = at(&node, 3);
    assert_eq!(finalize(&mut node, 3, third), "final");
    let other = Hash([7; 32]);
    assert_eq!(finalize(&mut node, 6, other), "missing");
    let beside =
        |node: &mut Node, id| node.chain.beside(&node.disk.world, id, Contradiction::OtherHistory).unwrap();
    assert_eq!(beside(&mut node, &third), None);
    let expected = (certificate(6, other), Contradiction::OtherHistory);
    assert_eq!(beside(&mut node, &other), Some(expected));
    assert_eq!((node.chain.goal(), beside(&mut node, &other)), (None, None));
}

#[test]
fn a_final_block_that_is_invalid_here_is_never_followed() {
    let mut node = node(0);
    let fork = node.chain.tip().clone();
    mine(&mut node, 2);
    let tip = node.chain.tip().id;
    // Nobody has that much.
    let bad = node.block_on(&fork, 2_000, vec![node.pay(1, 0, 2, 5_000)], 7);
    node.give(&bad, Origin::Synced).unwrap();
    let on_it = node.block_on(&node.branch_with(&fork, &bad), 2_000, vec![], 7);
    node.give(&on_it, Origin::Synced).unwrap();
    assert_eq!(finalize(&mut node, 1, bad.id()), "behind");
    let (moved, invalid) = node.settle();
    assert_eq!((moved.len(), invalid), (0, vec![bad.id()]));
    assert!(node.chain.goal().is_none() && !node.chain.is_behind());
    for (height, block) in [(1, bad), (2, on_it)] {
        assert_eq!(finalize(&mut node, height, block.id()), "invalid", "{height}");
    }
    assert_eq!((node.chain.tip().id, node.chain.finalized().0), (tip, 0));
}

#[test]
fn a_branch_that_is_staged_is_given_up_once_the_final_block_is_above_its_fork() {
    let (mut node, branch) = with_heavier_branch();
    give(&mut node, &branch);
    let mut check = check_inline(node.network());
    assert!(matches!(node.chain.step(&node.disk.world, &mut check).unwrap(), Step::Working));
    let (tip, fourth) = (node.chain.tip().id, at(&node, 4));
    assert_eq!(finalize(&mut node, 4, fourth), "final");
    assert_eq!(node.settle().0, []);
    assert_eq!(node.chain.tip().id, tip);
    assert_eq!(reloaded(&node).chain.finalized(), (4, fourth));
}

#[test]
fn an_invalid_block_on_a_final_one_does_not_hold_up_the_move_to_it() {
    let mut node = node(0);
    let fork = node.chain.tip().clone();
    mine(&mut node, 4);
    let (light, end) = node.run_on(&fork, 2, 2_000, 7);
    give(&mut node, &light);
    let bad = node.block_on(&end, 2_000, vec![node.pay(1, 0, 2, 5_000)], 7);
    node.give(&bad, Origin::Synced).unwrap();
    assert_eq!(finalize(&mut node, 2, end.id), "behind");
    let (_, invalid) = node.settle();
    assert_eq!(invalid, [bad.id()]);
    assert_eq!((node.chain.tip().id, node.chain.finalized()), (end.id, (2, end.id)));
    assert!(node.chain.goal().is_none());
    assert_eq!(reloaded(&node).chain.finalized(), (2, end.id));
}

#[test]
fn a_final_branch_whose_end_was_forgotten_among_heavier_ones_is_found_again() {
    let mut node = node(0);
    let fork = node.chain.tip().clone();
    mine(&mut node, 6);
    let (light, end) = node.run_on(&fork, 2, 2_000, 7);
    give(&mut node, &light);
    let below = node.chain.branch_at(&node.disk.world, &at(&node, 5)).unwrap().unwrap();
    for n in 0..crate::limits::SIDE_TIPS as u64 {
        let sibling = node.block_on(&below, 2_000 + n, vec![], 8);
        node.give(&sibling, Origin::Pushed).unwrap();
    }
    assert!(node.chain.side_tips().all(|tip| tip.id != end.id));
    assert_eq!(finalize(&mut node, 2, end.id), "behind");
    node.settle();
    assert_eq!((node.chain.tip().id, node.chain.finalized()), (end.id, (2, end.id)));
}

#[test]
fn a_network_that_finalises_faster_than_a_node_moves_does_not_make_it_begin_again() {
    let mut node = node(0);
    let fork = node.chain.tip().clone();
    mine(&mut node, 4);
    let (light, end) = node.run_on(&fork, 3, 2_000, 7);
    give(&mut node, &light[..2]);
    assert_eq!(finalize(&mut node, 1, light[0].id()), "behind");
    // The next one is not even stored here.
    assert_eq!(finalize(&mut node, 3, end.id), "behind");
    assert_eq!(node.chain.goal().unwrap().height, 1);
    node.settle();
    assert_eq!((node.chain.tip().height, node.chain.finalized().0), (2, 1));
    assert_eq!(finalize(&mut node, 3, end.id), "missing");
    node.give(&light[2], Origin::Synced).unwrap();
    assert_eq!(node.chain.finalized(), (3, end.id));
}

#[test]
fn a_store_whose_final_block_is_not_on_the_best_chain_is_not_loaded() {
    let mut node = node(3);
    let finalized = Some(certificate(2, Hash([7; 32])));
    node.disk.world.apply(&Change { finalized, ..Change::default() });
    let error = Chain::load(genesis(), node.world()).unwrap_err();
    assert!(error.0.contains("bouya verify"), "{error}");
}

#[test]
fn undo_records_reach_back_to_the_final_block_and_leave_a_bounded_number_at_a_time() {
    const ROOM: u64 = 5;
    let network = network_of_members("t");
    let mut node = Node::of(network.clone());
    node.now = Timestamp(u64::MAX / 2);
    node.chain.undo.blocks = ROOM;
    let total = ROOM + 3 * UNDO_DROPPED_PER_COMMIT;
    mine(&mut node, total as usize);
    let has = |node: &Node, height| node.world().undo(&at(node, height)).unwrap().is_some();
    let kept = |node: &Node| (1..=node.chain.tip().height).filter(|height| has(node, *height)).count() as u64;
    assert_eq!(kept(&node), total, "nothing is final");
    let (first, last) = (at(&node, 10), at(&node, total));
    assert_eq!(finalize(&mut node, 10, first), "final");
    assert_eq!(kept(&node), total - 9, "all from the final block on");
    assert_eq!(finalize(&mut node, total, last), "final");
    let left = total - 9 - UNDO_DROPPED_PER_COMMIT;
    assert_eq!(kept(&node), left);
    let mut node = Node::load(network, node.world().clone(), node.now);
    node.chain.undo.blocks = ROOM;
    assert_eq!(node.chain.undo.floor, total - left, "found again");
    for mined in 1..=4 {
        mine(&mut node, 1);
        let due = (left + mined).saturating_sub(mined * UNDO_DROPPED_PER_COMMIT);
        assert_eq!(kept(&node), due.max(ROOM), "after {mined}");
    }
    // A move to another branch leaves those below the fork as they are.
    let fork = node.chain.branch_at(node.world(), &at(&node, total)).unwrap().unwrap();
    let (branch, end) = node.run_on(&fork, 8, 100, 3);
    give(&mut node, &branch);
    node.settle();
    assert_eq!((node.chain.tip().id, node.chain.undo.floor), (end.id, total - 1));
    assert_eq!(kept(&node), end.height - (total - 1));
}

#[test]
fn a_final_block_that_was_refused_at_the_tip_is_a_conflict() {
    let genesis = network_of_members("refused");
    let node = Node::of(genesis.clone());
    let good = node.block_on(node.chain.tip(), 1_000, vec![], 9);
    let mut bad = (*good).clone();
    bad.body.reward.amount += 1;
    bad.header.body = bad.body.root(1);
    bad.header.seal(&genesis.id(), &key(9));
    work(&mut bad);
    let mut ledger = Ledger::load(genesis.clone(), Memory::new(&genesis)).unwrap();
    let mut check = check_inline(genesis.id());
    let id = bad.id();
    let taken = ledger.take(&mut check, Timestamp(u64::MAX), [(Arc::new(bad), Origin::Synced)]).unwrap();
    assert!(matches!(taken[0].outcome, BlockOutcome::Invalid { fault: BlockFault::Block, .. }));
    let settled = ledger.finalize(certificate(1, id)).unwrap();
    assert_eq!(settled, Settled::Conflict(Contradiction::Invalid));
}

//! Proofs of concept of an audit.
use std::println;

use super::super::side::Room;
use super::*;

#[test]
fn audit_descendants_of_an_invalid_block_are_staged_again_and_again() {
    let mut node = Node::new();
    node.now = Timestamp(u64::MAX / 2);
    let fork = node.chain.tip().clone();
    node.mine(vec![]);
    let bad = node.block_on(&fork, 100, vec![node.pay(1, 5, 2, 1)], 8);
    let (after, end) = node.run_on(&node.branch_with(&fork, &bad), 4, 100, 8);
    for block in [&bad].into_iter().chain(&after) {
        node.give(block, Origin::Synced).unwrap();
    }
    assert_eq!(node.settle().1, [bad.id()]);
    let child = node.block_on(&node.branch_with(&fork, &bad), 5_000, vec![], 7);
    println!("a child: {:?}", node.give(&child, Origin::Pushed).map(|_| ()).unwrap_err());
    let mut again = 0;
    for n in 0..50 {
        let block = node.block_on(&end, 1_000 + n, vec![], 7);
        assert!(node.give(&block, Origin::Pushed).is_ok(), "a later descendant is stored");
        let (_, invalid) = node.settle();
        assert_eq!(invalid, [bad.id()], "executed up to the invalid block once more");
        again += 1;
    }
    println!("staged and executed {again} times more; nobody is at fault");
}

#[test]
fn audit_a_stages_target_may_be_cleaned_away() {
    let mut node = Node::new();
    node.now = Timestamp(u64::MAX / 2);
    node.chain.blocks.room = Room { bytes: u64::MAX, blocks: 16_384 };
    let fork = node.chain.tip().clone();
    for _ in 0..3 {
        node.mine(vec![]);
    }
    let (trunk, end) = node.run_on(&fork, 4, 100, 8);
    for block in &trunk {
        node.give(block, Origin::Pushed).unwrap();
    }
    // Not staged yet: `trunk` may beat the tip already, which changes nothing for what follows.
    let mut siblings: Vec<_> = (0..70).map(|n| node.block_on(&end, 100 + n, vec![], 8)).collect();
    siblings.sort_by_key(|block| block.id());
    let target = siblings.remove(0);
    node.give(&target, Origin::Pushed).unwrap();
    let mut check = check_inline(node.network());
    assert!(matches!(node.chain.step(&node.disk.world, &mut check).unwrap(), Step::Working));
    // The room is used up (by other branches, in reality), and siblings of the target come while it is staged.
    node.chain.blocks.room.blocks = 20;
    for sibling in &siblings {
        node.give(sibling, Origin::Pushed).unwrap();
    }
    println!("target stored: {}", node.world().record(&target.id()).unwrap().is_some());
    let result = loop {
        match node.chain.step(&node.disk.world, &mut check) {
            Ok(Step::Working) => (),
            other => break other,
        }
    };
    println!("{:?}", result.as_ref().map(|_| ()));
    assert!(result.is_err(), "the actor ends with this, and with it the node");
}

/// An answer that comes a day late, while the network rests.
#[test]
fn an_answer_cannot_be_dated_before_a_heartbeat() {
    use crate::ledger::{Action, Agreement, Proposal, Response, Standing};
    use crate::testing::text;
    let mut node = Node::new();
    let deadline = Timestamp(node.chain.tip().time.0 + 3_600_000);
    let proposal = Proposal {
        title: text("lease"),
        document: Hash([7; 32]),
        parties: Bounded::truncated([address(2)]),
        deadline,
    };
    let id = proposal.id(&key(1).public(), 0);
    let sign =
        |from, nonce, action| Transaction::sign(&node.network(), &key(from), nonce, 1, u64::MAX, action);
    let propose = sign(1, 0, Action::Propose(proposal));
    let answer =
        sign(2, 0, Action::Respond { agreement: id, document: Hash([7; 32]), response: Response::Sign });
    node.mine(vec![propose]);
    let proposed = node.chain.tip().clone();
    // A heartbeat after the deadline.
    node.now = Timestamp(deadline.0 + 1);
    let heartbeat = node.block_on(&proposed, deadline.0 + 1 - proposed.time.0, vec![], 9);
    node.give(&heartbeat, Origin::Pushed).unwrap();
    node.now = Timestamp(deadline.0 + 24 * 3_600_000);
    // Dated back, it is a branch from before the heartbeat, whose work it has to beat.
    let back = node.block_on(&proposed, deadline.0 - proposed.time.0, vec![answer.clone()], 8);
    node.give(&back, Origin::Pushed).unwrap();
    assert_eq!(node.chain.tip().id, heartbeat.id());
    let mut tip = node.chain.tip().clone();
    tip.time = deadline;
    let given = node.give(&node.block_on(&tip, 1, vec![answer], 8), Origin::Pushed);
    assert!(matches!(given, Err(PlanError::Header(HeaderError::Time { .. }))));
    let agreement = Agreement::read(node.world(), &id).unwrap().unwrap();
    assert_eq!(agreement.standing(node.chain.tip().time), Standing::Expired);
}

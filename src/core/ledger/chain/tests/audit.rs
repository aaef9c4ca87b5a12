//! Proofs of concept of an audit.
use std::println;

use super::super::side::Room;
use super::*;
use crate::ledger::{BlockRules, Schedule};

fn real_rules() -> Node {
    let mut spec = genesis().spec.clone();
    spec.blocks = BlockRules::new(5_000, 20_000_000, 50);
    Node::of(Arc::new(Genesis::new(spec).unwrap()))
}

#[test]
fn audit_confirmations_after_a_rest_cost_nothing() {
    let mut node = real_rules();
    // The evening: a regular block of 20 million hashes.
    let block = node.block_on(&node.chain.tip().clone(), 5_000, vec![], 9);
    println!("evening block difficulty {}", block.header.difficulty);
    node.now = block.header.time;
    node.give(&block, Origin::Pushed).unwrap();
    let evening = node.chain.tip().clone();
    // Twenty minutes of rest.
    node.now = Timestamp(evening.time.0 + 20 * 60_000);
    let started = std::time::Instant::now();
    let (mut branch, mut work) = (evening.clone(), 0);
    for n in 0..8 {
        let body = if n == 0 { vec![node.pay(1, 0, 2, 100)] } else { vec![] };
        let block = node.block_on(&branch, 140_000, body, 8);
        work += block.header.difficulty;
        node.give(&block, Origin::Pushed).unwrap();
        branch = node.branch_with(&branch, &block);
    }
    assert_eq!(node.chain.tip().id, branch.id);
    assert_eq!(node.balance(2), 1_100);
    println!("paid, 8 confirmations, expected hashes {work}, took {:?}", started.elapsed());
    let (mut branch, mut work) = (evening, 0);
    for n in 0..8 {
        let body = if n == 0 { vec![node.pay(1, 0, 3, 100)] } else { vec![] };
        let block = node.block_on(&branch, 135_000, body, 8);
        work += block.header.difficulty;
        // As unasked blocks: no sync needed.
        node.give(&block, Origin::Pushed).unwrap();
        branch = node.branch_with(&branch, &block);
    }
    let (moved, _) = node.settle();
    println!(
        "double spent: {} blocks disconnected, expected hashes {work}, took {:?}",
        moved.iter().map(|m| m.disconnected.len()).sum::<usize>(),
        started.elapsed()
    );
    assert_eq!(node.chain.tip().id, branch.id);
    assert_eq!((node.balance(2), node.balance(3)), (1_000, 1_100));
}

#[test]
fn audit_back_dated_blocks_bring_the_regular_difficulty_to_the_floor() {
    let schedule = Schedule::new(5_000, 32, 20_000_000);
    let (mut late, mut hashes, mut blocks, mut ms) = (0, 0_u64, 0, 0_u64);
    while schedule.difficulty(late, 1) > 305 {
        hashes += schedule.difficulty(late, 140_000);
        late = schedule.lateness(late, 140_000);
        blocks += 1;
        ms += 140_000;
    }
    println!(
        "{blocks} blocks, {hashes} hashes, {} minutes of rest: regular difficulty {}",
        ms / 60_000,
        schedule.difficulty(late, 1)
    );
    let (mut cost, mut count) = (0_u128, 0);
    while schedule.difficulty(late, 1) < 20_000_000 / 256 {
        cost += u128::from(schedule.difficulty(late, 1));
        late = schedule.lateness(late, 1);
        count += 1;
    }
    println!("then {count} blocks at 1 ms each for {cost} hashes in all");
}

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

#[test]
fn audit_an_answer_after_the_deadline_counts_if_its_block_is_dated_back() {
    use crate::ledger::{Action, Agreement, Proposal, Response, Standing, Transaction};
    use crate::testing::{address, key, text};
    let mut node = real_rules();
    let tip = node.chain.tip().clone();
    let deadline = Timestamp(tip.time.0 + 3_600_000);
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
    let block = node.block_on(&tip, 140_000, vec![propose], 9);
    node.now = block.header.time;
    node.give(&block, Origin::Pushed).unwrap();
    // The network rests. A day later the party makes up its mind, and mines.
    node.now = Timestamp(deadline.0 + 24 * 3_600_000);
    let tip = node.chain.tip().clone();
    let gap = deadline.0 - tip.time.0;
    let late = node.block_on(&tip, gap, vec![answer], 8);
    println!("a day late, dated at the deadline, difficulty {}", late.header.difficulty);
    node.give(&late, Origin::Pushed).unwrap();
    let agreement = Agreement::read(node.world(), &id).unwrap().unwrap();
    println!("{:?}", agreement.standing(node.chain.tip().time));
    let standing = agreement.standing(node.chain.tip().time);
    assert!(matches!(standing, Standing::Effective(_)), "{standing:?}");
}

#[test]
fn audit_after_a_night_of_rest_one_member_ends_every_node() {
    use crate::ledger::{Action, Content, Transaction};
    use crate::testing::{key, text};
    let mut node = real_rules();
    let block = node.block_on(&node.chain.tip().clone(), 5_000, vec![], 9);
    node.now = block.header.time;
    node.give(&block, Origin::Pushed).unwrap();
    let fork = node.chain.tip().clone();
    node.now = Timestamp(fork.time.0 + 7 * 3_600_000);
    let began = std::time::Instant::now();
    let mut hashes = 0;
    // What everybody has in the morning: 161 empty blocks, dated into the night.
    let (empty, _) = node.run_on(&fork, 161, 140_000, 9);
    for block in &empty {
        hashes += block.header.difficulty;
        node.give(block, Origin::Pushed).unwrap();
    }
    // A branch of as much work, of full blocks; fetched because its headers, with one more, beat the tip.
    let (mut branch, mut nonce) = (fork, 0);
    for _ in 0..161 {
        let body = (0..226)
            .map(|_| {
                let content = Content::Data(vec![7; 8 * 1024].try_into().unwrap());
                let action = Action::Record { topic: text("t"), content };
                nonce += 1;
                Transaction::sign(&node.network(), &key(1), nonce - 1, 0, u64::MAX, action)
            })
            .collect();
        let block = node.block_on(&branch, 140_000, body, 8);
        hashes += block.header.difficulty;
        node.give(&block, Origin::Synced).unwrap();
        branch = node.branch_with(&branch, &block);
    }
    println!("on the side: {:?}; {:?}", node.chain.side_blocks(), began.elapsed());
    let mut ends: Vec<_> = (0..70).map(|n| node.block_on(&branch, 140_000 + n, vec![], 8)).collect();
    ends.sort_by_key(|block| block.id());
    hashes += ends.iter().map(|block| block.header.difficulty).sum::<u64>();
    let (target, wanted) = (ends.remove(0), ends.pop().unwrap());
    node.give(&target, Origin::Pushed).unwrap();
    let mut check = check_inline(node.network());
    for _ in 0..3 {
        assert!(matches!(node.chain.step(&node.disk.world, &mut check).unwrap(), Step::Working));
    }
    node.give(&wanted, Origin::Synced).unwrap();
    for end in &ends {
        node.give(end, Origin::Pushed).unwrap();
    }
    println!(
        "target stored: {}; expected hashes {hashes}",
        node.world().record(&target.id()).unwrap().is_some()
    );
    let mut steps = 0;
    let result = loop {
        match node.chain.step(&node.disk.world, &mut check) {
            Ok(Step::Working) => steps += 1,
            other => break other,
        }
    };
    println!("after {steps} steps: {:?}", result.as_ref().map(|_| ()));
    assert!(result.is_err());
}

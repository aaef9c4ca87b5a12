use alloc::vec;

use super::*;
use crate::codec::Bounded;
use crate::ledger::{
    BodyError, ExecutionError, Header, HeaderError, Key, StateAt, Template, Transaction, World, check_inline,
};
use crate::testing::{Node, address, genesis, key, member, mined, network, work};

mod backfill;
mod finality;
mod forks;
mod hostile;
mod members;
mod overrides;
mod pruning;
mod side;
mod upgrades;

#[test]
fn transfers_and_rewards_move_coins() {
    let mut node = Node::new();
    node.mine(vec![node.pay(1, 0, 2, 100), node.pay(1, 1, 3, 5)]);
    assert_eq!(node.balance(1), 1_000 - 105 - 2);
    assert_eq!(node.balance(2), 1_100);
    assert_eq!(node.balance(9), 52);
    node.assert_sound();
}

#[test]
fn a_block_of_the_largest_size_is_taken_and_a_byte_more_is_not() {
    let give = |max_bytes: usize| {
        let mut spec = genesis().spec.clone();
        spec.blocks.max_bytes = u32::try_from(max_bytes).unwrap();
        let mut node = Node::of(Arc::new(Genesis::new(spec).unwrap()));
        let pays = (0..100).map(|nonce| node.pay(1, nonce, 2, 1)).collect();
        let block = node.block_on(node.chain.tip(), 1_000, pays, 9);
        node.now = block.header.time;
        (block.size(), node.give(&block, Origin::Pushed))
    };
    let (size, taken) = give(100_000);
    assert!(taken.is_ok() && give(size).1.is_ok());
    let large = PlanError::Body(BodyError::Large { found: size, allowed: size - 1 });
    assert_eq!(give(size - 1).1, Err(large));
}

#[test]
fn a_rest_is_told_from_the_shortest_one_on() {
    let node = Node::new();
    let (rules, tip) = (&node.chain.genesis().rules, node.chain.tip());
    let least = rules.schedule.shortest_rest_ms();
    for (gap, told) in
        [1, least - 1, least, least + 1].into_iter().flat_map(|gap| [(gap, false), (gap, true)])
    {
        let mut block = Block::clone(&node.block_on(tip, gap, vec![], 9));
        block.header.flags = if told { Header::TOLD } else { 0 };
        block.header.seal(&rules.network, &key(9));
        work(&mut block);
        let is_short = told && gap < least;
        let expected = if is_short { Err(HeaderError::Rest { gap, least }) } else { Ok(()) };
        assert_eq!(tip.check(rules, &block.header), expected, "{gap} {told}");
    }
}

#[test]
fn what_does_not_fit_the_state_is_refused_with_the_value() {
    let mut node = Node::new();
    let cases = [
        (node.pay(1, 1, 2, 1), ExecutionError::Nonce { expected: 0, found: 1 }),
        (node.pay(1, 0, 2, 1_000), ExecutionError::Balance { balance: 1_000, cost: 1_001 }),
        (node.pay(7, 0, 2, 1), ExecutionError::Balance { balance: 0, cost: 2 }),
    ];
    for (transaction, expected) in cases {
        let block = node.block_on(&node.chain.tip().clone(), 1_000, vec![transaction], 9);
        node.now = block.header.time;
        match node.give(&block, Origin::Pushed) {
            Err(PlanError::Body(BodyError::Execution { error, .. })) => assert_eq!(error, expected),
            other => panic!("{other:?}"),
        }
    }
    node.assert_sound();
}

#[test]
fn every_changed_field_of_a_block_is_refused() {
    let mut node = Node::new();
    node.mine(vec![]);
    let good = node.block_on(&node.chain.tip().clone(), 1_000, vec![node.pay(1, 0, 2, 7)], 9);
    node.now = good.header.time;
    let changes: [fn(&mut Block); 15] = [
        |b| b.header.version = 3,
        |b| b.header.flags = 2,
        |b| b.header.flags = Header::TOLD,
        |b| b.header.height += 1,
        |b| b.header.time.0 += 1,
        |b| b.header.difficulty -= 1,
        |b| b.header.parent.0[0] ^= 1,
        |b| b.header.body.0[0] ^= 1,
        |b| b.header.history.0[0] ^= 1,
        |b| b.header.commitments.0[0] ^= 1,
        |b| b.header.miner.0[0] ^= 1,
        |b| b.header.seal.0[0] ^= 1,
        |b| b.body.reward.amount += 1,
        |b| b.body.reward.to = address(3),
        |b| b.body.transactions = Bounded::default(),
    ];
    let before = node.world().clone();
    for (number, change) in changes.into_iter().enumerate() {
        let mut bad = (*good).clone();
        change(&mut bad);
        assert!(node.give(&Arc::new(bad), Origin::Synced).is_err(), "change {number}");
    }
    // Nor does work for the change help, nor a new seal where the change is no miner's to make.
    for (number, change) in changes.into_iter().take(12).enumerate() {
        for sealed in [false, true] {
            let mut bad = (*good).clone();
            change(&mut bad);
            let free = [4, 10, 11].contains(&number);
            if sealed && !free {
                bad.header.seal(&node.network(), &key(9));
            }
            work(&mut bad);
            assert!(node.give(&Arc::new(bad), Origin::Synced).is_err(), "change {number}, sealed: {sealed}");
        }
    }
    assert_eq!(*node.world(), before);
    // A wrong copy of the body never shadows the right one.
    node.give(&good, Origin::Pushed).unwrap();
    assert_eq!(node.balance(2), 1_007);
}

#[test]
fn the_reward_is_exact() {
    let mut node = Node::new();
    let parent = node.chain.tip().clone();
    for wrong in [0, 3_999, 8_000] {
        let (genesis, rows) = (node.chain.genesis(), node.chain.genesis().rows());
        let (state, time) = (StateAt { base: None, rows: &rows }, Timestamp(parent.time.0 + 1_000));
        let template = Template::new(genesis, &parent, state, vec![], address(9), time, &key(9)).unwrap();
        let block = mined(template.map(|body| body.reward.amount = wrong, &genesis.id(), &key(9)));
        node.now = block.header.time;
        let error = node.give(&block, Origin::Pushed).unwrap_err();
        assert!(matches!(error, PlanError::Body(BodyError::Reward { expected: 50, .. })), "{error}");
        assert!(error.is_committed());
    }
}

#[test]
fn a_future_block_is_held_and_an_orphan_is_nobodys_fault() {
    let mut node = Node::new();
    let first = node.block_on(&node.chain.tip().clone(), 1_000, vec![], 9);
    let branch = node.branch_with(&node.chain.tip().clone(), &first);
    let second = node.block_on(&branch, 60_000, vec![], 9);
    node.now = first.header.time;
    assert_eq!(node.give(&second, Origin::Pushed), Err(PlanError::UnknownParent(first.id())));
    node.give(&first, Origin::Pushed).unwrap();
    let mut check = check_inline(node.network());
    let plan = node.chain.plan(node.world(), &mut check, node.now, second.clone(), Origin::Pushed).unwrap();
    assert!(
        matches!(plan, Plan::Early { due, .. } if due.0 + genesis().rules.schedule.ahead_ms() == second.header.time.0)
    );
    node.now = Timestamp(second.header.time.0 - genesis().rules.schedule.ahead_ms());
    node.give(&second, Origin::Pushed).unwrap();
    assert_eq!(node.chain.tip().id, second.id());
}

#[test]
fn a_lone_old_block_is_not_stored() {
    let mut node = Node::new();
    let fork = node.chain.tip().clone();
    let old = node.block_on(&fork, 1_000, vec![], 8);
    for _ in 0..SIDE_BLOCKS_BEHIND + 60 {
        node.mine(vec![]);
    }
    assert_eq!(node.give(&old, Origin::Pushed), Err(PlanError::Behind));
    // Nor held, if it is dated ahead.
    let now = core::mem::replace(&mut node.now, Timestamp(0));
    assert_eq!(node.give(&old, Origin::Pushed), Err(PlanError::Behind));
    node.now = now;
    assert_eq!(node.give(&old, Origin::Synced), Ok(None));
    assert_eq!(node.chain.side_tips().count(), 1);
}

#[test]
fn only_members_seal() {
    let mut spec = genesis().spec.clone();
    spec.members = vec![member(7)];
    let listed = Arc::new(Genesis::new(spec).unwrap());
    let mut node = Node::load(listed.clone(), World::new(&listed), Timestamp(u64::MAX / 2));
    let tip = node.chain.tip().clone();
    let stranger = node.block_on(&tip, 1_000, vec![], 8);
    let error = node.give(&stranger, Origin::Synced).unwrap_err();
    assert_eq!(error, PlanError::Header(HeaderError::Member(key(8).public())));
    let member = node.block_on(&tip, 1_000, vec![], 7);
    assert!(node.give(&member, Origin::Synced).unwrap().is_some());
}

#[test]
fn a_history_without_the_checkpoint_does_not_count() {
    let mut node = Node::new();
    let fork = node.chain.tip().clone();
    let trusted = node.mine(vec![]);
    let (rivals, _) = node.run_on(&fork, 3, 100, 8);
    let mut genesis = (*genesis()).clone();
    genesis.rules.checkpoint = Some((1, trusted.id()));
    node.chain = Chain::load(Arc::new(genesis), &node.disk.world).unwrap();
    let error = node.give(&rivals[0], Origin::Synced).unwrap_err();
    assert!(matches!(error, PlanError::Header(HeaderError::Checkpoint { height: 1, .. })));
    assert!(!error.is_committed(), "others need not trust it");
    node.mine(vec![]);
    assert_eq!(node.chain.tip().height, 2);
}

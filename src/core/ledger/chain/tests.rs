use alloc::string::String;
use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::codec::{Bounded, Text};
use crate::crypto::SecretKey;
use crate::ledger::{
    Address, Allocation, BlockRules, BodyError, Coin, ExecutionError, HeaderError, Key, Member, NetworkSpec,
    Output, Template, Transaction, World, check_inline,
};
use crate::limits::REORG_STEP_BLOCKS;

fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}

fn address(n: u8) -> Address {
    Address::of(&key(n).public())
}

fn genesis() -> Arc<Genesis> {
    let text = |text: &str| String::from(text);
    let spec = NetworkSpec {
        name: text("test").try_into().unwrap(),
        created: Timestamp(1_000_000),
        salt: [0; 16],
        coin: Coin { symbol: text("T").try_into().unwrap(), decimals: 0 },
        blocks: BlockRules {
            interval_ms: 1_000,
            half_life: 32,
            initial_difficulty: 4,
            reward: 50,
            max_bytes: 1_900_000,
        },
        members: vec![],
        allocations: (1..=4).map(|n| Allocation { address: address(n), amount: 1_000 }).collect(),
    };
    Arc::new(Genesis::new(spec).unwrap())
}

/// A node of one: a chain over a world in memory.
struct Node {
    chain: Chain,
    world: World,
    now: Timestamp,
}

impl Node {
    fn new() -> Self {
        let genesis = genesis();
        let world = World::new(&genesis);
        let chain = Chain::load(genesis, &world, world.tip(), &[]).unwrap();
        Self { chain, world, now: Timestamp(1_000_000) }
    }

    fn network(&self) -> Hash {
        self.chain.genesis().id()
    }

    fn pay(&self, from: u8, nonce: u64, to: u8, amount: u64) -> Transaction {
        let output = Bounded::truncated([Output { to: address(to), amount }]);
        Transaction::transfer(&self.network(), &key(from), nonce, 1, u64::MAX, output, Text::default())
    }

    /// A block on `parent`, `gap` milliseconds after it, valid or not.
    fn block_on(&self, parent: &Branch, gap: u64, transactions: Vec<Transaction>, miner: u8) -> Arc<Block> {
        let network = self.network();
        let checked = transactions.into_iter().map(|t| t.check(&network).unwrap());
        let supply = 4_000 + 50 * parent.height;
        let time = Timestamp(parent.time.0 + gap);
        let genesis = self.chain.genesis();
        let template = Template::new(genesis, parent, supply, checked, address(miner), time, &key(miner));
        let nonce = template.try_nonces(0, u64::MAX).unwrap();
        Arc::new(template.finish(nonce))
    }

    fn branch_with(&self, parent: &Branch, block: &Block) -> Branch {
        let mut branch = parent.clone();
        branch.push_known(&self.chain.genesis().rules, &block.header);
        branch
    }

    fn give(&mut self, block: &Arc<Block>, wanted: bool) -> Result<Option<Moved>, PlanError> {
        let mut check = check_inline(self.network());
        match self.chain.plan(&self.world, &mut check, self.now, block.clone(), wanted)? {
            Plan::Ready(ready) => {
                self.world.apply(ready.change());
                Ok(self.chain.accept(ready))
            }
            Plan::Known => Ok(None),
            Plan::Early { .. } => panic!("early"),
        }
    }

    fn settle(&mut self) -> (Vec<Moved>, Vec<Hash>) {
        let (mut moved, mut invalid) = (vec![], vec![]);
        let mut check = check_inline(self.network());
        loop {
            match self.chain.step(&self.world, &mut check).unwrap() {
                Step::Idle => return (moved, invalid),
                Step::Working => (),
                Step::Invalid { id, .. } => invalid.push(id),
                Step::Ready(ready) => {
                    self.world.apply(ready.change());
                    moved.extend(self.chain.accept(ready));
                }
            }
        }
    }

    /// Mines on the tip and takes the block.
    fn mine(&mut self, transactions: Vec<Transaction>) -> Arc<Block> {
        let block = self.block_on(&self.chain.tip().clone(), 1_000, transactions, 9);
        self.now = self.now.max(block.header.time);
        self.give(&block, false).unwrap();
        block
    }

    /// A run of empty blocks on `parent`, faster than the schedule, so that each carries more work than usual.
    fn run_on(&self, parent: &Branch, count: u64, gap: u64, miner: u8) -> (Vec<Arc<Block>>, Branch) {
        let (mut blocks, mut branch) = (vec![], parent.clone());
        for _ in 0..count {
            let block = self.block_on(&branch, gap, vec![], miner);
            branch = self.branch_with(&branch, &block);
            blocks.push(block);
        }
        (blocks, branch)
    }

    fn balance(&self, n: u8) -> u64 {
        self.world.account(&address(n)).unwrap().balance
    }

    /// The state must be what executing the best chain from the beginning gives.
    fn assert_sound(&self) {
        let mut fresh = Self::new();
        fresh.now = Timestamp(u64::MAX / 2);
        for height in 1..=self.chain.tip().height {
            let id = self.world.at_height(height).unwrap().unwrap();
            let header = self.world.record(&id).unwrap().unwrap().header;
            let body = self.world.body(&id).unwrap().unwrap();
            fresh.give(&Arc::new(Block { header, body }), false).unwrap();
        }
        assert_eq!(fresh.world.rows(), self.world.rows());
        assert_eq!(fresh.chain.tip(), self.chain.tip());
        let reloaded = Chain::load(genesis(), &self.world, self.world.tip(), &[]).unwrap();
        assert_eq!(reloaded.tip(), self.chain.tip());
        let supply: u64 = (1..=20).map(|n| self.balance(n)).sum();
        assert_eq!(supply, 4_000 + 50 * self.chain.tip().height);
    }
}

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
        match node.give(&block, false) {
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
    let changes: [fn(&mut Block); 14] = [
        |b| b.header.version = 2,
        |b| b.header.flags = 1,
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
    let before = node.world.clone();
    for (number, change) in changes.into_iter().enumerate() {
        let mut bad = (*good).clone();
        change(&mut bad);
        assert!(node.give(&Arc::new(bad), true).is_err(), "change {number}");
    }
    assert_eq!(node.world, before);
    // A wrong copy of the body never shadows the right one.
    node.give(&good, false).unwrap();
    assert_eq!(node.balance(2), 1_007);
}

#[test]
fn the_reward_is_exact() {
    let mut node = Node::new();
    let parent = node.chain.tip().clone();
    for wrong in [0, 3_999, 8_000] {
        let template = Template::new(
            node.chain.genesis(),
            &parent,
            u64::MAX - wrong.min(40),
            vec![],
            address(9),
            Timestamp(parent.time.0 + 1_000),
            &key(9),
        );
        let nonce = template.try_nonces(0, u64::MAX).unwrap();
        let block = Arc::new(template.finish(nonce));
        node.now = block.header.time;
        let error = node.give(&block, false).unwrap_err();
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
    assert_eq!(node.give(&second, false), Err(PlanError::UnknownParent(first.id())));
    node.give(&first, false).unwrap();
    let mut check = check_inline(node.network());
    let plan = node.chain.plan(&node.world, &mut check, node.now, second.clone(), false).unwrap();
    assert!(matches!(plan, Plan::Early { due, .. } if due == second.header.time));
    node.now = Timestamp(second.header.time.0 - AHEAD_MS);
    node.give(&second, false).unwrap();
    assert_eq!(node.chain.tip().id, second.id());
}

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
        node.give(block, true).unwrap();
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
            node.give(block, false).unwrap();
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
        node.give(block, true).unwrap();
    }
    assert!(node.chain.is_behind());
    // A step is bounded, and between two steps the best chain may grow.
    let mut check = check_inline(node.network());
    let mut steps = 0;
    loop {
        steps += 1;
        match node.chain.step(&node.world, &mut check).unwrap() {
            Step::Working if steps % 2 == 0 && steps <= 6 => {
                let nonce = node.world.account(&address(1)).unwrap().nonce;
                let pay = node.pay(1, nonce, 3, 1);
                node.mine(vec![pay]);
            }
            Step::Working => (),
            Step::Ready(ready) => {
                node.world.apply(ready.change());
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
    node.world.forget_undo();
    node.now = Timestamp(u64::MAX / 2);
    for block in &rivals {
        node.give(block, true).unwrap();
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
        node.give(block, true).unwrap();
    }
    let (moved, invalid) = node.settle();
    assert_eq!(invalid, [bad.id()]);
    assert_eq!(moved.len(), 1);
    assert_eq!(node.chain.tip().id, end.id);
    node.assert_sound();
    assert!(matches!(node.give(&bad, true), Err(PlanError::Invalid(_))));
}

#[test]
fn a_lone_old_block_is_not_stored() {
    let mut node = Node::new();
    let fork = node.chain.tip().clone();
    let old = node.block_on(&fork, 1_000, vec![], 8);
    for _ in 0..SIDE_BLOCKS_BEHIND + 60 {
        node.mine(vec![]);
    }
    assert_eq!(node.give(&old, false), Err(PlanError::Behind));
    assert_eq!(node.give(&old, true), Ok(None));
    assert_eq!(node.chain.side_tips().count(), 1);
}

#[test]
fn where_members_are_listed_only_their_keys_seal() {
    let mut spec = genesis().spec.clone();
    spec.members = vec![Member { id: "alice".parse().unwrap(), key: key(7).public() }];
    let listed = Arc::new(Genesis::new(spec).unwrap());
    let world = World::new(&listed);
    let chain = Chain::load(listed.clone(), &world, world.tip(), &[]).unwrap();
    let mut node = Node { chain, world, now: Timestamp(u64::MAX / 2) };
    let tip = node.chain.tip().clone();
    let stranger = node.block_on(&tip, 1_000, vec![], 8);
    let error = node.give(&stranger, true).unwrap_err();
    assert_eq!(error, PlanError::Header(HeaderError::Member(key(8).public())));
    let member = node.block_on(&tip, 1_000, vec![], 7);
    assert!(node.give(&member, true).unwrap().is_some());
}

#[test]
fn a_history_without_the_checkpoint_does_not_count() {
    let mut node = Node::new();
    let fork = node.chain.tip().clone();
    let trusted = node.mine(vec![]);
    let (rivals, _) = node.run_on(&fork, 3, 100, 8);
    let mut genesis = (*genesis()).clone();
    genesis.rules.checkpoint = Some((1, trusted.id()));
    node.chain = Chain::load(Arc::new(genesis), &node.world, node.world.tip(), &[]).unwrap();
    let error = node.give(&rivals[0], true).unwrap_err();
    assert!(matches!(error, PlanError::Header(HeaderError::Checkpoint { height: 1, .. })));
    assert!(!error.is_committed(), "others need not trust it");
    node.mine(vec![]);
    assert_eq!(node.chain.tip().height, 2);
}

mod hostile;
mod side;

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
                    .filter(|at| node.world.record(&waiting[*at].header.parent).unwrap().is_some())
                    .collect();
                let block = waiting.remove(ready[picks.next().unwrap().index(ready.len())]);
                node.give(&block, true).unwrap();
                node.settle();
            }
            node.assert_sound();
            prop_assert!(node.world.row(&Key::Supply).unwrap().is_some());
            tips.insert(node.chain.tip().id);
        }
        prop_assert_eq!(tips.len(), 1);
        let best = branches.iter().fold(&branches[0], |a, b| if b.beats(a) { b } else { a });
        prop_assert!(tips.contains(&best.id));
    }
}

//! What peers can make this node keep, as the allocator counts it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use allocation_counter::measure;
use bouya_core::codec::{Bounded, Text, decode, encode};
use bouya_core::crypto::{Hash, PublicKey, SecretKey};
use bouya_core::ledger::{
    Account, Action, Address, Block, Body, CheckedTransaction, Origin, Output, Plan, Reward, Step,
    Transaction, check_inline,
};
use bouya_core::limits::{HELD_BLOCKS_BYTES, MEMO_BYTES, OUTPUTS, SIDE_BLOCKS};
use bouya_core::mempool::{Limits, Mempool};
use bouya_core::testing::{self, Node};
use bouya_core::time::{Time, Timestamp};

const NETWORK: Hash = Hash([7; 32]);

/// What `make` makes, and the bytes that it keeps.
fn kept<T>(make: impl FnOnce() -> T) -> (T, i64) {
    let mut made = None;
    let bytes = measure(|| made = Some(make())).bytes_current;
    (made.unwrap(), bytes)
}

fn key(n: u32) -> SecretKey {
    let mut seed = [3; 32];
    seed[..4].copy_from_slice(&n.to_le_bytes());
    SecretKey::from_seed(&seed)
}

fn transaction(sender: u32, nonce: u64, fee: u64, outputs: usize, memo: usize) -> Vec<u8> {
    let to = Address::of(&key(u32::MAX).public());
    let outputs = Bounded::truncated((0..outputs).map(|_| Output { to, amount: 1 }));
    let memo = Text::try_from("m".repeat(memo)).unwrap();
    encode(&Transaction::transfer(&NETWORK, &key(sender), nonce, fee, u64::MAX, outputs, memo))
}

/// As it comes from the network.
fn receive(bytes: &[u8]) -> CheckedTransaction {
    decode::<Transaction>(bytes, "transaction").unwrap().check(&NETWORK).unwrap()
}

/// Floods a mempool with ever better paid transactions; returns what it accounts for and what is really allocated.
fn flood(limits: Limits, transactions: &[Vec<u8>]) -> (usize, usize, usize) {
    let rich = Account { balance: u64::MAX, nonce: 0 };
    let (pool, real) = kept(|| {
        let mut pool = Mempool::new(limits);
        for bytes in transactions {
            pool.insert(Time::from_millis(0), 1, rich, receive(bytes)).unwrap();
            assert!(pool.bytes() <= limits.max_bytes && pool.len() <= limits.max_transactions);
        }
        pool
    });
    (pool.bytes(), usize::try_from(real).unwrap(), pool.len())
}

#[test]
fn a_mempool_takes_what_it_accounts_for_whatever_fills_it() {
    let limits = Limits { max_bytes: 1024 * 1024, ..Limits::default() };
    let each = |count: u32, outputs, memo| {
        (0..count).map(move |n| transaction(n, 0, 10_000 + u64::from(n), outputs, memo)).collect::<Vec<_>>()
    };
    let queues = (0..3_000).map(|n| transaction(n / 64, u64::from(n % 64), 10_000 + u64::from(n), 1, 0));
    let shapes = [
        ("tiny, each of another sender", each(3_000, 1, 0)),
        ("tiny, in full queues", queues.collect()),
        ("one output more than a power of two", each(600, 65, 33)),
        ("largest", each(400, OUTPUTS, MEMO_BYTES)),
    ];
    for (name, transactions) in shapes {
        let (accounted, real, count) = flood(limits, &transactions);
        eprintln!("{name}: {count} transactions, accounted {accounted}, allocated {real}");
        assert!(accounted * 10 > limits.max_bytes * 9, "{name}: not full");
        assert!(real * 10 <= accounted * 13, "{name}: {real} bytes allocated, {accounted} accounted for");
    }
}

#[test]
fn a_held_block_takes_little_more_than_its_bytes() {
    let reward = Reward { to: Address::of(&key(0).public()), amount: 0 };
    let header = testing::genesis().header.clone();
    for (name, mut one) in [("tiny", transaction(1, 0, 1, 1, 0)), ("empty", transaction(1, 0, 1, 0, 0))] {
        let one: Transaction = decode(&std::mem::take(&mut one), "transaction").unwrap();
        let transactions = Bounded::truncated(std::iter::repeat_n(one, 10_000));
        let bytes = encode(&Block {
            header: header.clone(),
            body: Body { executed: Hash::ZERO, reward: reward.clone(), certificate: None, transactions },
        });
        let (_block, real) = kept(|| decode::<Block>(&bytes, "block").unwrap());
        let real = usize::try_from(real).unwrap();
        eprintln!(
            "{name}: {} bytes, {real} allocated; all held: {}",
            bytes.len(),
            HELD_BLOCKS_BYTES * real / bytes.len()
        );
        // A transaction that carries nothing has half as many bytes as the decoded form and its id take.
        assert!(real * 2 <= bytes.len() * 5, "{name}: {real} allocated for {}", bytes.len());
    }
}

#[test]
fn a_flood_of_side_blocks_costs_the_chain_little_memory() {
    const FLOOD: u64 = 4_000;
    let mut node = Node::new();
    node.now = Timestamp(u64::MAX / 2);
    let fork = node.chain.tip().clone();
    let mut check = check_inline(node.network());
    let mut taken = 0;
    for n in 0..FLOOD {
        // Two of the best chain, then siblings of the first one without end.
        let parent = if n < 2 { node.chain.tip().clone() } else { fork.clone() };
        let block = node.block_on(&parent, 1_000 + n, vec![], 9);
        let mut plan = || node.chain.plan(node.world(), &mut check, node.now, block.clone(), Origin::Pushed);
        let (plan, planned) = kept(|| plan().unwrap());
        let Plan::Ready(ready) = plan else { panic!("{plan:?}") };
        node.disk.world.apply(ready.change());
        taken += planned + kept(|| node.chain.accept(ready)).1;
    }
    let (count, _) = node.chain.side_blocks();
    assert_eq!(count as u64, FLOOD - 2);
    let each = usize::try_from(taken).unwrap() / count;
    eprintln!("{each} bytes for each side block, {} for all that may be stored", each * SIDE_BLOCKS);
    assert!(each * SIDE_BLOCKS <= 8 * 1024 * 1024, "{each} bytes for each side block");
}

#[test]
fn a_staged_reorganisation_takes_memory_by_the_rows_it_touches() {
    const BLOCKS: u64 = 4;
    let mut node = Node::of(testing::network("memory", 1_000_000));
    node.now = Timestamp(u64::MAX / 2);
    let fork = node.chain.tip().clone();
    node.mine(vec![]);
    let (mut end, mut fresh, mut rows) = (fork, 0_u32, 0);
    for number in 0..BLOCKS {
        let pay = |nonce| {
            let outputs = (0..OUTPUTS).map(|_| {
                fresh += 1;
                Output { to: Address::of(&PublicKey(key_bytes(fresh))), amount: 1 }
            });
            let outputs = Bounded::truncated(outputs);
            node.sign(1, nonce, Action::Transfer { outputs, memo: Text::default() })
        };
        let payments: Vec<_> = (number * 8..number * 8 + 8).map(pay).collect();
        rows += payments.len() * OUTPUTS;
        let block = node.block_on(&end, 100, payments, 8);
        end = node.branch_with(&end, &block);
        node.give(&block, Origin::Synced).unwrap();
    }
    let mut check = check_inline(node.network());
    let (ready, bytes) = kept(|| {
        loop {
            match node.chain.step(&node.disk.world, &mut check).unwrap() {
                Step::Working => (),
                Step::Ready(ready) => break ready,
                other => panic!("{other:?}"),
            }
        }
    });
    let each = usize::try_from(bytes).unwrap() / rows;
    eprintln!("{rows} rows in {BLOCKS} blocks: {each} bytes for each row");
    assert_eq!(ready.change().connected.len() as u64, BLOCKS);
    assert!(each <= 400, "{each} bytes for each row of a staged block");
}

fn key_bytes(n: u32) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&n.to_le_bytes());
    bytes
}

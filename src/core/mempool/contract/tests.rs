use alloc::sync::Arc;
use alloc::vec;

use super::super::{Limits, Rank};
use super::*;
use crate::codec::Bounded;
use crate::crypto::Hash;
use crate::ledger::contract::{Call, Deploy};
use crate::ledger::{Account, Genesis, NetworkSpec, Room, Transaction};
use crate::limits::{GAS_PER_BYTE, GAS_TRANSLATE_BYTE};
use crate::testing::{Node, governor, key, spec};
use crate::time::Time;

const GAS: u64 = 1_000_000;
const RICH: Account = Account { balance: u64::MAX, nonce: 0 };

fn node(version: u32) -> Node {
    Node::of(Arc::new(Genesis::new(NetworkSpec { version, ..spec("mempool", 1_000) }).unwrap()))
}

fn call(
    node: &Node,
    (from, nonce): (u8, u64),
    code: u8,
    (size, gas): (u32, u64),
    fee: u64,
) -> CheckedTransaction {
    let contract = Deploy { code: Bounded::default(), input: Bounded::default(), value: 0, gas: 0 };
    let contract = contract.address(&crate::testing::address(1), 0);
    let call = Call { contract, code: Hash([code; 32]), size, input: Bounded::default(), value: 0, gas };
    Transaction::sign(&node.network(), &key(from), nonce, fee, 9, call.into()).check(&node.network()).unwrap()
}

fn deploy(node: &Node, by: &crate::crypto::SecretKey, code: usize, gas: u64) -> CheckedTransaction {
    let code = Bounded::truncated(vec![7; code]);
    let deploy = Deploy { code, input: Bounded::default(), value: 0, gas };
    Transaction::sign(&node.network(), by, 0, u64::MAX / 2, 9, deploy.into()).check(&node.network()).unwrap()
}

fn give(pool: &mut Mempool, node: &Node, one: &CheckedTransaction) -> Result<(), MempoolError> {
    let height = node.chain.tip().height + 1;
    assert_eq!(
        pool.would_take((node.world(), height), RICH, one).unwrap(),
        pool.clone().take(Time::default(), (node.world(), height), RICH, one.clone()).unwrap().map(drop)
    );
    pool.take(Time::default(), (node.world(), height), RICH, one.clone()).unwrap().map(drop)
}

#[test]
fn at_the_door_stand_the_version_the_gas_and_the_governors() {
    let limits = Limits { gas_per_block: 10 * GAS, ..Limits::default() };
    let (old, new) = (node(Header::VERSION), node(Header::CONTRACTS));
    let mut pool = Mempool::new(limits);
    let good = |node: &Node| call(node, (1, 0), 1, (1_000, GAS), GAS);
    assert_eq!(give(&mut pool, &old, &good(&old)), Err(MempoolError::Version { version: 2 }));
    let most = 10 * GAS - 1_000 * GAS_TRANSLATE_BYTE;
    let dear = call(&new, (1, 0), 1, (1_000, most + 1), u64::MAX / 2);
    assert_eq!(give(&mut pool, &new, &dear), Err(MempoolError::Gas { gas: 10 * GAS + 1, most: 10 * GAS }));
    assert_eq!(give(&mut pool, &new, &call(&new, (2, 0), 1, (1_000, most), u64::MAX / 2)), Ok(()));
    let stranger = deploy(&new, &key(3), 100, GAS);
    assert_eq!(give(&mut pool, &new, &stranger), Err(MempoolError::Deployer(stranger.payer())));
    assert_eq!(give(&mut pool, &new, &deploy(&new, &governor(3), 100, GAS)), Ok(()));
    assert_eq!(give(&mut pool, &new, &good(&new)), Ok(()));
}

#[test]
fn gas_is_paid_like_bytes() {
    let (node, mut pool) = (node(Header::CONTRACTS), Mempool::new(Limits::default()));
    let cheap = call(&node, (1, 0), 1, (1_000, GAS), 1);
    let gas = GAS + 1_000 * GAS_TRANSLATE_BYTE;
    let least = cheap.size() as u64 + gas / GAS_PER_BYTE;
    assert_eq!(cheap.burden(), least);
    let refused = give(&mut pool, &node, &call(&node, (1, 0), 1, (1_000, GAS), least - 1));
    assert_eq!(refused, Err(MempoolError::Fee { fee: least - 1, least, size: cheap.size(), gas }));
    assert_eq!(give(&mut pool, &node, &call(&node, (1, 0), 1, (1_000, GAS), least)), Ok(()));
    // Ten times the gas for the same fee stands far behind.
    let (one, ten) =
        (call(&node, (2, 0), 1, (0, GAS), 100_000), call(&node, (3, 0), 1, (0, 10 * GAS), 100_000));
    assert!(Rank::of(&one).rate > 7 * Rank::of(&ten).rate);
}

#[test]
fn a_block_is_chosen_within_its_gas_and_a_code_counts_once() {
    let (node, mut pool) =
        (node(Header::CONTRACTS), Mempool::new(Limits { gas_per_block: u64::MAX, ..Limits::default() }));
    // 1,000 gas and code of 10 bytes (another 1,000): three of one contract, one of another, a payment.
    for (from, code, fee) in [(1, 1, 9_000), (2, 1, 8_000), (3, 2, 7_000), (4, 1, 6_000)] {
        assert_eq!(give(&mut pool, &node, &call(&node, (from, 0), code, (10, 1_000), fee)), Ok(()));
    }
    let paid = crate::testing::pay(node.chain.genesis(), 5, 0, 2, 1, 1_000).check(&node.network()).unwrap();
    assert_eq!(give(&mut pool, &node, &paid), Ok(()));
    let chosen = |gas| {
        let chosen = pool.select(Room { bytes: usize::MAX, count: 99, gas });
        chosen.iter().map(|one| one.fee).collect::<vec::Vec<_>>()
    };
    assert_eq!(chosen(None), [1_000], "blocks that run none");
    assert_eq!(chosen(Some(1_999)), [1_000]);
    assert_eq!(chosen(Some(2_000)), [9_000, 1_000]);
    assert_eq!(chosen(Some(4_000)), [9_000, 8_000, 6_000, 1_000], "the second code does not fit");
    assert_eq!(chosen(Some(5_000)), [9_000, 8_000, 7_000, 1_000]);
    assert_eq!(chosen(Some(6_000)), [9_000, 8_000, 7_000, 6_000, 1_000]);
}

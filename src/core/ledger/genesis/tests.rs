use alloc::string::ToString;
use alloc::vec;

use super::*;
use crate::ledger::Key;
use crate::testing::text;

fn spec() -> NetworkSpec {
    NetworkSpec {
        name: text("acme"),
        created: Timestamp(1_790_000_000_000),
        salt: [7; 16],
        coin: Coin { symbol: text("ACM"), decimals: 6 },
        blocks: BlockRules {
            interval_ms: 5_000,
            half_life: 32,
            initial_difficulty: 1_000,
            reward: 50_000_000,
            max_bytes: 1_900_000,
        },
        members: vec![crate::testing::member(3)],
        allocations: vec![],
        version: Header::VERSION,
        gas_per_block: None,
    }
}

fn id(spec: NetworkSpec) -> Hash {
    Genesis::new(spec).unwrap().id()
}

#[test]
fn the_id_is_frozen() {
    assert_eq!(id(spec()).to_string(), "2152515877eb51164d8e2f3c3c6821bb26767b7a022b1e0401ab76018dbd0248");
}

#[test]
fn every_part_counts_and_order_does_not() {
    let address = |n| Address::of(&PublicKey([n; 32]));
    let member = |n: u8, id: &str| Member { id: id.parse().unwrap(), ..crate::testing::member(n) };
    let changes: [fn(&mut NetworkSpec); 12] = [
        |s| s.version = Header::CONTRACTS,
        |s| s.gas_per_block = Some(GAS_PER_BLOCK_LEAST),
        |s| s.name = text("acne"),
        |s| s.created = Timestamp(1),
        |s| s.salt[0] = 8,
        |s| s.coin.decimals = 5,
        |s| s.blocks.interval_ms = 6_000,
        |s| s.blocks.reward = 0,
        |s| s.members = vec![crate::testing::member(1)],
        |s| s.members = vec![Member { governor: crate::testing::address(1), ..crate::testing::member(2) }],
        |s| s.members = vec![Member { name: text("A"), ..crate::testing::member(1) }],
        |s| s.allocations = vec![Allocation { address: Address::of(&PublicKey([1; 32])), amount: 1 }],
    ];
    let mut seen = BTreeSet::from([id(spec())]);
    for change in changes {
        let mut other = spec();
        change(&mut other);
        assert!(seen.insert(id(other)));
    }
    let mut one = spec();
    one.members = vec![member(1, "a"), member(2, "b")];
    one.allocations =
        vec![Allocation { address: address(1), amount: 1 }, Allocation { address: address(2), amount: 2 }];
    let mut two = one.clone();
    two.members.reverse();
    two.allocations.reverse();
    assert_eq!(id(one), id(two));
}

#[test]
fn nonsense_is_refused() {
    let address = Address::of(&PublicKey([1; 32]));
    let refused = |change: fn(&mut NetworkSpec)| {
        let mut spec = spec();
        change(&mut spec);
        Genesis::new(spec).map(|_| ()).unwrap_err()
    };
    assert_eq!(refused(|s| s.name = text("")), GenesisError::Name);
    assert_eq!(refused(|s| s.coin.decimals = 10), GenesisError::Decimals(10));
    assert_eq!(refused(|s| s.blocks.interval_ms = 99), GenesisError::Interval(99));
    assert_eq!(refused(|s| s.blocks.max_bytes = 9_999), GenesisError::BlockBytes(9_999));
    assert_eq!(refused(|s| s.blocks.initial_difficulty = 0), GenesisError::Difficulty);
    assert_eq!(refused(|s| s.members.clear()), GenesisError::Members(RosterError::Empty));
    let mut overflow = spec();
    overflow.allocations = vec![
        Allocation { address, amount: u64::MAX },
        Allocation { address: Address::of(&PublicKey([2; 32])), amount: 1 },
    ];
    assert_eq!(Genesis::new(overflow).map(|_| ()).unwrap_err(), GenesisError::Supply);
}

#[test]
fn the_supply_is_in_the_rows() {
    let mut spec = spec();
    let address = Address::of(&PublicKey([1; 32]));
    spec.allocations = vec![Allocation { address, amount: 40 }];
    let genesis = Genesis::new(spec).unwrap();
    assert_eq!(genesis.supply(), 40);
    let kinds: Vec<_> = genesis.rows().into_keys().collect();
    assert_eq!(kinds, [Key::Supply, Key::Account(address), Key::Roster, Key::StateHash]);
}

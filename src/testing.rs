//! A small chain to test with: blocks that are mined in microseconds.

use std::sync::Arc;

use bouya_core::codec::{Bounded, Text};
use bouya_core::crypto::SecretKey;
use bouya_core::ledger::{
    Address, Allocation, Block, BlockRules, Branch, Coin, Genesis, NetworkSpec, Output, Template, Transaction,
};
use bouya_core::time::Timestamp;

/// The key number `n`.
pub(crate) fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}

/// The address of key number `n`.
pub(crate) fn address(n: u8) -> Address {
    Address::of(&key(n).public())
}

/// A network whose keys 1 to 4 hold 1,000,000 each.
pub(crate) fn genesis(name: &str) -> Arc<Genesis> {
    let name = Text::try_from(name.to_owned()).unwrap();
    let coin = Coin { symbol: Text::try_from("T".to_owned()).unwrap(), decimals: 2 };
    let spec = NetworkSpec {
        allocations: (1..=4).map(|n| Allocation { address: address(n), amount: 1_000_000 }).collect(),
        ..NetworkSpec::new(name, Timestamp(1_700_000_000_000), coin, BlockRules::new(1_000, 4, 50))
    };
    Arc::new(Genesis::new(spec).unwrap())
}

/// A payment of key `from` to the address of key `to`.
pub(crate) fn pay(genesis: &Genesis, from: u8, nonce: u64, to: u8, amount: u64) -> Transaction {
    let output = Bounded::truncated([Output { to: address(to), amount }]);
    Transaction::transfer(&genesis.id(), &key(from), nonce, 1_000, u64::MAX, output, Text::default())
}

/// A mined block on `parent`, one second after it.
pub(crate) fn block(
    genesis: &Genesis,
    parent: &Branch,
    transactions: Vec<Transaction>,
    miner: u8,
) -> Arc<Block> {
    let checked = transactions.into_iter().map(|t| t.check(&genesis.id()).unwrap());
    let supply = genesis.supply() + genesis.rules.reward * parent.height;
    let time = Timestamp(parent.time.0 + 1_000);
    let template = Template::new(genesis, parent, supply, checked, address(miner), time, &key(miner));
    let nonce = template.try_nonces(0, u64::MAX).unwrap();
    Arc::new(template.finish(nonce))
}

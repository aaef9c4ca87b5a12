//! A small chain in memory to test with: blocks are mined in microseconds.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use super::{
    Action, Address, Allocation, Block, BlockRules, Chain, Change, Coin, Disk, Genesis, NetworkSpec, Output,
    Plan, RawTransaction, StateError, Template, Transaction, World, check_inline,
};
use crate::codec::{Bounded, Text};
use crate::crypto::{Hash, PublicKey, SecretKey, Signature};
use crate::time::Timestamp;

/// The key number `n`.
pub(crate) fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}

/// The address of key number `n`.
pub(crate) fn address(n: u8) -> Address {
    Address::of(&key(n).public())
}

/// Bounded text.
pub(crate) fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    String::from(text).try_into().unwrap()
}

/// A network whose keys 1 to 4 hold 1,000 each.
pub(crate) fn genesis() -> Arc<Genesis> {
    let coin = Coin { symbol: text("T"), decimals: 0 };
    let spec = NetworkSpec {
        allocations: (1..=4).map(|n| Allocation { address: address(n), amount: 1_000 }).collect(),
        ..NetworkSpec::new(text("test"), Timestamp(1_000_000), coin, BlockRules::new(1_000, 4, 50))
    };
    Arc::new(Genesis::new(spec).unwrap())
}

/// A transfer of 1 to each of `outputs` addresses that nobody signed, for what never looks at signatures.
pub(crate) fn unsigned(nonce: u64, outputs: usize) -> Transaction {
    let output = Output { to: Address::of(&PublicKey([5; 32])), amount: 1 };
    let content = RawTransaction {
        version: 1,
        sender: PublicKey::ZERO,
        nonce,
        fee: 1,
        valid_until: 9,
        action: Action::Transfer {
            outputs: Bounded::truncated(vec![output; outputs]),
            memo: Text::default(),
        },
        signature: Signature::ZERO,
    };
    content.into()
}

/// A node of one that mines on its own tip.
pub(crate) struct Lab {
    pub(crate) chain: Chain,
    pub(crate) world: World,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let genesis = genesis();
        let world = World::new(&genesis);
        let chain = Chain::load(genesis, &world, world.tip(), &[]).unwrap();
        Self { chain, world }
    }

    pub(crate) fn network(&self) -> Hash {
        self.chain.genesis().id()
    }

    /// A transaction of key `from` with a fee of 1.
    pub(crate) fn sign(&self, from: u8, nonce: u64, action: Action) -> Transaction {
        Transaction::sign(&self.network(), &key(from), nonce, 1, u64::MAX, action)
    }

    /// Mines a block, one second after the tip.
    pub(crate) fn mine(&mut self, transactions: Vec<Transaction>) -> Arc<Block> {
        let network = self.network();
        let checked = transactions.into_iter().map(|t| t.check(&network).unwrap());
        let tip = self.chain.tip().clone();
        let time = Timestamp(tip.time.0 + 1_000);
        let genesis = self.chain.genesis();
        let template =
            Template::new(genesis, &tip, 4_000 + 50 * tip.height, checked, address(9), time, &key(9));
        let nonce = template.try_nonces(0, u64::MAX).unwrap();
        let block = Arc::new(template.finish(nonce));
        match self.chain.plan(&self.world, &mut check_inline(network), time, block.clone(), false).unwrap() {
            Plan::Ready(ready) => {
                self.world.apply(ready.change());
                self.chain.accept(ready);
            }
            _ => panic!("not taken"),
        }
        block
    }
}

/// A ledger's disk in memory.
pub(crate) struct Memory {
    pub(crate) world: World,
    pub(crate) commits: usize,
    pub(crate) fails: bool,
}

impl Memory {
    pub(crate) fn new(genesis: &Genesis) -> Self {
        Self { world: World::new(genesis), commits: 0, fails: false }
    }
}

impl Disk for Memory {
    type View<'a> = World;
    type Error = StateError;

    fn view(&self) -> Result<World, StateError> {
        Ok(self.world.clone())
    }

    fn commit(&mut self, change: &Change) -> Result<(), StateError> {
        if self.fails {
            return Err(StateError("the disk fails".into()));
        }
        self.commits += 1;
        self.world.apply(change);
        Ok(())
    }
}

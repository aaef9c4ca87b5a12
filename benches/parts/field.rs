//! Rich wallets, their transfers, and a chain in memory that stands at its beginning.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use bouya_core::codec::{Bounded, Text, encode};
use bouya_core::crypto::{Hash, PublicKey, SecretKey};
use bouya_core::ledger::{
    Account, Address, Allocation, Block, BlockRules, Branch, Chain, Check, CheckedTransaction, Coin, Genesis,
    Member, NetworkSpec, Origin, Output, Plan, Ready, Room, Rows, StateAt, Template, Transaction, World,
};
use bouya_core::mempool::{Limits, Mempool};
use bouya_core::time::{Time, Timestamp};

const COINS: u64 = 1 << 50;
/// Above what a mempool asks for.
const FEE: u64 = 1_000;
/// Addresses that are paid, in turn.
const PAYEES: usize = 10_000;

pub(crate) struct Field {
    genesis: Arc<Genesis>,
    keys: Vec<SecretKey>,
    world: World,
    chain: Chain,
    /// What is changed up to each block that was made here.
    changed: RefCell<BTreeMap<Hash, Rows>>,
}

fn numbered(mark: u8, n: usize) -> [u8; 32] {
    let mut bytes = [mark; 32];
    bytes[..8].copy_from_slice(&(n as u64).to_le_bytes());
    bytes
}

impl Field {
    pub(crate) fn new(wallets: usize) -> Self {
        let keys: Vec<_> = (0..wallets).map(|n| SecretKey::from_seed(&numbered(0xbe, n))).collect();
        let rich = |key: &SecretKey| Allocation { address: Address::of(&key.public()), amount: COINS };
        let name = Text::try_from("bench".to_owned()).unwrap();
        let coin = Coin { symbol: Text::try_from("T".to_owned()).unwrap(), decimals: 0 };
        let rules = BlockRules::new(5_000, 1, 50);
        // The first wallet's key is the only member's too, and seals.
        let member = Member {
            id: "maker".parse().unwrap(),
            key: keys[0].public(),
            governor: Address::of(&PublicKey([1; 32])),
            name: Text::default(),
        };
        let spec = NetworkSpec {
            members: vec![member],
            allocations: keys.iter().map(rich).collect(),
            ..NetworkSpec::new(name, Timestamp(1_000_000), coin, rules)
        };
        let genesis = Arc::new(Genesis::new(spec).unwrap());
        let world = World::new(&genesis);
        let chain = Chain::load(genesis.clone(), &world).unwrap();
        Self { genesis, keys, world, chain, changed: RefCell::default() }
    }

    pub(crate) fn genesis(&self) -> &Arc<Genesis> {
        &self.genesis
    }

    pub(crate) fn network(&self) -> Hash {
        self.genesis.id()
    }

    /// Any wallet's, at the beginning.
    pub(crate) fn account(&self) -> Account {
        Account { balance: COINS, nonce: 0 }
    }

    /// Number `n`: of wallet n modulo the wallets, to `outputs` payees.
    fn transfer(&self, n: usize, outputs: usize, payees: usize) -> Transaction {
        let to = |output| Address::of(&PublicKey(numbered(0xac, (n * outputs + output) % payees)));
        let to = Bounded::truncated((0..outputs).map(|output| Output { to: to(output), amount: 1 }));
        let (key, nonce) = (&self.keys[n % self.keys.len()], n / self.keys.len());
        Transaction::transfer(&self.network(), key, nonce as u64, FEE, u64::MAX, to, Text::default())
    }

    /// The first `count` transfers.
    pub(crate) fn transfers(&self, count: usize) -> Vec<Transaction> {
        (0..count).map(|n| self.transfer(n, 1, PAYEES)).collect()
    }

    pub(crate) fn check(&self, transactions: &[Transaction]) -> Vec<CheckedTransaction> {
        let checked = Transaction::check_batch(transactions, &self.network()).into_iter();
        checked.map(Result::unwrap).collect()
    }

    pub(crate) fn pool(&self, count: usize) -> Mempool {
        let mut pool = Mempool::new(Limits::default());
        for transfer in self.check(&self.transfers(count)) {
            pool.insert(Time::from_millis(0), 1, self.account(), transfer).unwrap();
        }
        pool
    }

    /// A block on `branch` with `count` transfers, after as many in each block before.
    pub(crate) fn block_on(&self, branch: &Branch, count: usize) -> Arc<Block> {
        let first = usize::try_from(branch.height).unwrap() * count;
        let transfers: Vec<_> = (first..first + count).map(|n| self.transfer(n, 1, PAYEES)).collect();
        self.seal(branch, self.check(&transfers))
    }

    /// The first block, with the first `count` transfers.
    pub(crate) fn block(&self, count: usize) -> Arc<Block> {
        self.block_on(self.chain.tip(), count)
    }

    /// The first block, filled with transactions of so many outputs, each to an account of its own.
    pub(crate) fn full_block(&self, outputs: usize) -> Arc<Block> {
        let mut left = Room::on(&self.genesis, self.chain.tip(), None).bytes;
        let all = (0..).map(|n| self.transfer(n, outputs, usize::MAX)).take_while(|transaction| {
            let room = left.checked_sub(encode(transaction).len());
            left = room.unwrap_or(0);
            room.is_some()
        });
        let all: Vec<_> = all.collect();
        self.seal(self.chain.tip(), self.check(&all))
    }

    fn seal(&self, branch: &Branch, transactions: Vec<CheckedTransaction>) -> Arc<Block> {
        let key = &self.keys[0];
        let time = Timestamp(branch.time.0 + 5_000);
        let reward_to = Address::of(&key.public());
        let mut changed = self.changed.borrow().get(&branch.id).cloned().unwrap_or_default();
        let state = StateAt { base: Some(&self.world), rows: &changed };
        let template =
            Template::new(&self.genesis, branch, state, transactions, reward_to, time, key).unwrap();
        changed.extend(template.writes().clone());
        let nonce = template.try_nonces(0, u64::MAX).unwrap();
        let block = Arc::new(template.finish(nonce));
        self.changed.borrow_mut().insert(block.id(), changed);
        block
    }

    /// What the chain makes of the first block.
    pub(crate) fn plan(&self, check: Check<'_>, block: &Arc<Block>) -> Ready {
        let plan = self.chain.plan(&self.world, check, block.header.time, block.clone(), Origin::Pushed);
        let Plan::Ready(ready) = plan.unwrap() else { panic!("not taken") };
        ready
    }
}

//! What tests share: keys, a small network, payments, hellos, blocks that are mined in microseconds, and a node in memory. This package's
//! tests use it, and other packages' tests do with the feature `testing`.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "for tests, which fail by panicking")]
#![cfg_attr(
    not(test),
    allow(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::expect_used,
        reason = "for tests"
    )
)]

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use crate::codec::{Bounded, Text, decode};
use crate::crypto::{Hash, PublicKey, SecretKey, Signature};
use crate::ledger::{
    Action, Address, Allocation, Block, BlockRules, Body, Branch, Certificate, Chain, Change, Checkpoint,
    Coin, Disk, Genesis, Header, Key, Link, Member, Moved, NetworkSpec, Origin, Output, Plan, PlanError,
    RawTransaction, Reward, StateError, StateHash, Step, SyncHeader, Template, Transaction, View, Voters,
    World, check_inline, meets, read_state_hash,
};
use crate::limits::HEADER_BYTES;
use crate::time::Timestamp;
use crate::wire::{Hello, TipSummary};

mod blocks;
pub mod contract;
mod disk;
pub mod members;

pub use blocks::{block_on, block_with, branch_with, state_at};
pub use disk::Memory;

/// When the small networks begin.
pub const CREATED: Timestamp = Timestamp(1_700_000_000_000);

/// So many keys are members of the small networks.
pub const MEMBERS: u8 = 20;

/// The key number `n`.
pub fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}

/// The address of key number `n`.
pub fn address(n: u8) -> Address {
    Address::of(&key(n).public())
}

/// Bounded text.
pub fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    String::from(text).try_into().unwrap()
}

/// The gap, in milliseconds, after which a block of these networks neither raises nor lowers the difficulty.
pub const ON_TIME: u64 = 950;

/// The definition of a network with a block every second. Keys 1 to 4 hold `units` each. Many keys are members, so each of them seals, and
/// nothing becomes final unless many sign.
pub fn spec(name: &str, units: u64) -> NetworkSpec {
    let coin = Coin { symbol: text("T"), decimals: 2 };
    NetworkSpec {
        members: (1..=MEMBERS).map(member).collect(),
        allocations: (1..=4).map(|n| Allocation { address: address(n), amount: units }).collect(),
        ..NetworkSpec::new(text(name), CREATED, coin, BlockRules::new(1_000, 4, 50))
    }
}

/// The network of [`spec`].
pub fn network(name: &str, units: u64) -> Arc<Genesis> {
    Arc::new(Genesis::new(spec(name, units)).unwrap())
}

/// The network of a [`Node`]: keys 1 to 4 hold 1,000 units each.
pub fn genesis() -> Arc<Genesis> {
    network("test", 1_000)
}

/// The member m`n`, with key `n`.
pub fn member(n: u8) -> Member {
    Member {
        id: alloc::format!("m{n}").parse().unwrap(),
        key: key(n).public(),
        governor: Address::of(&governor(n).public()),
        name: Text::default(),
    }
}

/// The key that speaks for the member m`n`.
pub fn governor(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32].map(|byte| byte ^ 0x80))
}

/// The network of [`spec`] with four members, of whom three are a quorum. Key 9 is one of them: it mines.
pub fn network_of_members(name: &str) -> Arc<Genesis> {
    let members = [1, 2, 3, 9].map(member).into();
    Arc::new(Genesis::new(NetworkSpec { members, ..spec(name, 1_000) }).unwrap())
}

/// What the first members with these keys sign to make a block final. Whether they are enough is not looked at.
pub fn certificate(genesis: &Genesis, height: u64, block: Hash, keys: &[u8]) -> Certificate {
    certificate_of(&Voters::first(genesis), genesis, (height, block), keys)
}

/// The same of any set.
pub fn certificate_of(
    voters: &Voters,
    genesis: &Genesis,
    (height, block): (u64, Hash),
    keys: &[u8],
) -> Certificate {
    let source = Checkpoint { epoch: 2, height, block };
    let link = Link { set: voters.id(), source, target: Checkpoint { epoch: 3, ..source } };
    let vote = |n: &u8| {
        let voter = voters.number(&key(*n).public()).unwrap();
        (voter, link.sign(&genesis.id(), voter, &key(*n)).signature)
    };
    Certificate::new(voters, link, &keys.iter().map(vote).collect::<BTreeMap<_, _>>())
}

/// A set of the first `count` members, whose base is block zero.
pub fn voters(count: u8) -> Voters {
    Voters::new(Hash::ZERO, 0, (1..=count).map(member))
}

/// A payment from key `from` to the address of key `to`.
pub fn pay(genesis: &Genesis, from: u8, nonce: u64, to: u8, amount: u64, fee: u64) -> Transaction {
    let output = Bounded::truncated([Output { to: address(to), amount }]);
    Transaction::transfer(&genesis.id(), &key(from), nonce, fee, u64::MAX, output, Text::default())
}

/// A transfer of 1 to each of `outputs` addresses, signed by nobody: for code that never looks at signatures.
pub fn unsigned(nonce: u64, outputs: usize) -> Transaction {
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

/// The hello of node `id` on a network whose genesis block is its tip. It does not listen and is not a member.
pub fn hello(genesis: &Genesis, id: &str) -> Hello {
    Hello {
        protocols: Hello::PROTOCOLS,
        features: vec![],
        network: genesis.id(),
        id: id.parse().unwrap(),
        agent: String::from("bouya/test"),
        instance: alloc::format!("first {id}"),
        listen: None,
        tip: TipSummary { height: 0, hash: genesis.id(), work: 0 },
        lowest_block: 0,
        rules: genesis.rules_digest(),
        overrides: genesis.rules.overrides.hash(),
        crls: vec![],
        member: None,
        time_ms: 0,
        finalized: None,
    }
}

/// A block of height 1 that nobody sealed. Any nonce shows the little work that its header asks for.
pub fn unsealed(nonce: u64, transactions: Vec<Transaction>) -> Arc<Block> {
    let mut header: Header = decode(&[0; HEADER_BYTES], "header").unwrap();
    (header.nonce, header.height, header.difficulty) = (nonce, 1, 1);
    let reward = Reward { to: address(1), amount: 1 };
    let body = Body {
        executed: Hash::ZERO,
        reward,
        certificate: None,
        transactions: Bounded::truncated(transactions),
    };
    header.body = body.root(1);
    Arc::new(Block { header, body })
}

/// A block's header as a sync gets it.
pub fn sync_header(block: &Arc<Block>) -> SyncHeader {
    SyncHeader { header: block.header.clone(), executed: block.body.executed }
}

/// Finds a nonce for a block whose header was changed.
pub fn work(block: &mut Block) {
    let (hasher, difficulty) = (block.header.before_nonce(), block.header.difficulty);
    let shows = |nonce: &u64| meets(&hasher.finish(&nonce.to_le_bytes()), difficulty);
    block.header.nonce = (0..=u64::MAX).find(shows).unwrap();
}

/// The block of a template, with the first nonce that shows its work.
pub fn mined(template: Template) -> Arc<Block> {
    let nonce = template.try_nonces(0, u64::MAX).unwrap();
    Arc::new(template.finish(nonce))
}

/// Gives a block to a chain on any disk.
pub fn give<D: Disk>(
    chain: &mut Chain,
    disk: &mut D,
    now: Timestamp,
    block: &Arc<Block>,
    origin: Origin,
) -> Result<Option<Moved>, PlanError>
where
    D::Error: core::fmt::Debug,
{
    let mut check = check_inline(chain.genesis().id());
    match chain.plan(&disk.view().unwrap(), &mut check, now, block.clone(), origin)? {
        Plan::Ready(ready) => {
            disk.commit(ready.change()).unwrap();
            Ok(chain.accept(ready))
        }
        Plan::Known => Ok(None),
        Plan::Early { .. } => panic!("early"),
        Plan::Disputed { first, .. } => Err(PlanError::Invalid(first)),
    }
}

/// Lets a chain on any disk step until no branch beats its tip. Returns how it moved, and which blocks turned out to be invalid.
pub fn settle<D: Disk>(chain: &mut Chain, disk: &mut D) -> (Vec<Moved>, Vec<Hash>)
where
    D::Error: core::fmt::Debug,
{
    let (mut moved, mut invalid) = (vec![], vec![]);
    let mut check = check_inline(chain.genesis().id());
    loop {
        match chain.step(&disk.view().unwrap(), &mut check).unwrap() {
            Step::Idle => return (moved, invalid),
            Step::Working => (),
            Step::Invalid { id, .. } => invalid.push(id),
            Step::Ready(ready) => {
                disk.commit(ready.change()).unwrap();
                moved.extend(chain.accept(ready));
            }
        }
    }
}

/// A network of one node: a chain on a world in memory.
pub struct Node {
    pub chain: Chain,
    pub disk: Memory,
    pub now: Timestamp,
}

impl Default for Node {
    fn default() -> Self {
        Self::new()
    }
}

impl Node {
    pub fn new() -> Self {
        Self::of(genesis())
    }

    pub fn of(genesis: Arc<Genesis>) -> Self {
        let world = World::new(&genesis);
        Self::load(genesis, world, CREATED)
    }

    pub fn load(genesis: Arc<Genesis>, world: World, now: Timestamp) -> Self {
        let chain = Chain::load(genesis, &world).unwrap();
        Self { chain, disk: Memory { world, commits: 0, fails: false }, now }
    }

    pub fn network(&self) -> Hash {
        self.chain.genesis().id()
    }

    pub fn world(&self) -> &World {
        &self.disk.world
    }

    /// A transaction from key `from` with a fee of 1.
    pub fn sign(&self, from: u8, nonce: u64, action: Action) -> Transaction {
        Transaction::sign(&self.network(), &key(from), nonce, 1, u64::MAX, action)
    }

    pub fn pay(&self, from: u8, nonce: u64, to: u8, amount: u64) -> Transaction {
        pay(self.chain.genesis(), from, nonce, to, amount, 1)
    }

    /// A block on `parent`, `gap` milliseconds after it; it need not be valid.
    pub fn block_on(
        &self,
        parent: &Branch,
        gap: u64,
        transactions: Vec<Transaction>,
        miner: u8,
    ) -> Arc<Block> {
        block_on(self.chain.genesis(), parent, gap, transactions, miner)
    }

    pub fn branch_with(&self, parent: &Branch, block: &Block) -> Branch {
        branch_with(self.chain.genesis(), parent, block)
    }

    pub fn give(&mut self, block: &Arc<Block>, origin: Origin) -> Result<Option<Moved>, PlanError> {
        give(&mut self.chain, &mut self.disk, self.now, block, origin)
    }

    pub fn settle(&mut self) -> (Vec<Moved>, Vec<Hash>) {
        settle(&mut self.chain, &mut self.disk)
    }

    /// Mines a block on the tip, on time, and takes it.
    pub fn mine(&mut self, transactions: Vec<Transaction>) -> Arc<Block> {
        let block = self.block_on(&self.chain.tip().clone(), ON_TIME, transactions, 9);
        self.now = self.now.max(block.header.time);
        self.give(&block, Origin::Own).unwrap();
        block
    }

    /// Stores that the members with these keys made the block at `height` final.
    pub fn finalize(&mut self, height: u64, keys: &[u8]) {
        let block = self.world().at_height(height).unwrap().unwrap();
        let finalized = Some(certificate(self.chain.genesis(), height, block, keys));
        self.disk.world.apply(&Change { finalized, ..Change::default() });
    }

    /// `count` empty blocks on `parent`. With a gap below the interval each of them carries more work than usual.
    pub fn run_on(&self, parent: &Branch, count: u64, gap: u64, miner: u8) -> (Vec<Arc<Block>>, Branch) {
        let (mut blocks, mut branch) = (vec![], parent.clone());
        for _ in 0..count {
            let block = self.block_on(&branch, gap, vec![], miner);
            branch = self.branch_with(&branch, &block);
            blocks.push(block);
        }
        (blocks, branch)
    }

    pub fn balance(&self, n: u8) -> u64 {
        self.world().account(&address(n)).unwrap().balance
    }

    /// Asserts that executing the best chain from the beginning gives the same state.
    pub fn assert_sound(&self) {
        let genesis = Arc::new(self.chain.genesis().clone());
        let mut fresh = Self::of(genesis.clone());
        fresh.now = Timestamp(u64::MAX / 2);
        for height in 1..=self.chain.tip().height {
            let id = self.world().at_height(height).unwrap().unwrap();
            fresh.give(&self.world().block(&id).unwrap().unwrap(), Origin::Pushed).unwrap();
        }
        assert_eq!(fresh.world().rows(), self.world().rows());
        assert_eq!(fresh.chain.tip(), self.chain.tip());
        let mut state = StateHash::default();
        self.world().rows().iter().for_each(|(key, row)| state.add(key, row));
        assert_eq!(read_state_hash(self.world().row(&Key::StateHash).unwrap()).unwrap(), state.hash());
        let reloaded = Chain::load(genesis.clone(), self.world()).unwrap();
        assert_eq!(reloaded.tip(), self.chain.tip());
        let supply: u64 = (1..=20).map(|n| self.balance(n)).sum();
        assert_eq!(supply, 4_000 + 50 * self.chain.tip().height);
    }
}

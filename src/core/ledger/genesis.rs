//! A network's definition and the genesis block that commits to it.
//!
//! The definition is encoded as numbered sections, each present only if it says something, so that a section added later encodes to nothing
//! where it is absent and leaves the id of every older network unchanged.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use super::block::root_of_definition;
use super::{
    Address, Base, Branch, Coin, Frontier, Header, HeaderRecord, Override, Overrides, Roster, RosterError,
    Rows, Schedule, executed, writes,
};
use crate::codec::{Text, encode};
use crate::crypto::{Hash, PublicKey, Signature, tagged_hash};
use crate::id::NodeId;
use crate::limits::{
    BLOCK_BYTES, COIN_DECIMALS, GAS_PER_BLOCK_LEAST, GAS_PER_BLOCK_USUAL, GAS_PER_MS, GENESIS_ALLOCATIONS,
    HEADER_BYTES, MEMBER_NAME_BYTES, NETWORK_NAME_BYTES,
};
use crate::time::Timestamp;

/// Encoding version of the definition.
const ENCODING: u16 = 1;
const SECTION_NETWORK: u8 = 0;
const SECTION_COIN: u8 = 1;
const SECTION_BLOCKS: u8 = 2;
const SECTION_MEMBERS: u8 = 3;
const SECTION_ALLOCATIONS: u8 = 4;
const SECTION_VERSION: u8 = 5;
const SECTION_GAS: u8 = 6;

/// What the members agree on before the first block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSpec {
    /// The network's name.
    pub name: Text<NETWORK_NAME_BYTES>,
    /// When it begins: the genesis block's time.
    pub created: Timestamp,
    /// Keeps two networks of the same definition apart.
    pub salt: [u8; 16],
    /// Its coin.
    pub coin: Coin,
    /// Its blocks.
    pub blocks: BlockRules,
    /// The first members: they seal blocks and vote. At least one.
    pub members: Vec<Member>,
    /// Coins that exist from the beginning.
    pub allocations: Vec<Allocation>,
    /// The version of its first blocks.
    pub version: u32,
    /// Gas of a block; none: [`GAS_PER_MS`] for each millisecond between blocks, from [`GAS_PER_BLOCK_LEAST`] to [`GAS_PER_BLOCK_USUAL`].
    pub gas_per_block: Option<u64>,
}

/// How blocks are made.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct BlockRules {
    /// Milliseconds between blocks, 100 to 600,000.
    pub interval_ms: u32,
    /// Blocks of lateness after which the difficulty halves.
    pub half_life: u16,
    /// Expected hashes of the first block.
    pub initial_difficulty: u64,
    /// New coins per block, in the smallest unit.
    pub reward: u64,
    /// Largest block in bytes.
    pub max_bytes: u32,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Member {
    /// What its node is called.
    pub id: NodeId,
    /// The key that seals its blocks and votes on finality. It lies on the node.
    pub key: PublicKey,
    /// The address that speaks for the member when members decide about members. Its key does not lie on the node: whoever steals a node
    /// cannot decide with it.
    pub governor: Address,
    /// What people call it; may be empty.
    pub name: Text<MEMBER_NAME_BYTES>,
}

/// Coins given out at the beginning.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Allocation {
    /// To whom.
    pub address: Address,
    /// How many, in the smallest unit.
    pub amount: u64,
}

/// Why a definition is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GenesisError {
    /// The name is missing.
    #[error("name may not be empty")]
    Name,
    /// Decimals out of range.
    #[error("coin.decimals is {0}, at most {COIN_DECIMALS} are allowed")]
    Decimals(u8),
    /// A coin needs a symbol.
    #[error("coin.symbol may not be empty")]
    Symbol,
    /// Interval out of range.
    #[error("blocks.interval_ms is {0}, allowed are 100 to 600000")]
    Interval(u32),
    /// Half-life out of range.
    #[error("blocks.half_life is {0}, allowed are 1 to 65535 blocks")]
    HalfLife(u16),
    /// No difficulty.
    #[error("blocks.initial_difficulty must be at least 1")]
    Difficulty,
    /// Block size out of range.
    #[error("blocks.max_bytes is {0}, allowed are 10000 to {BLOCK_BYTES}")]
    BlockBytes(u32),
    /// More entries than a person can check.
    #[error("{0} {1} entries, at most {2} are allowed")]
    TooMany(usize, &'static str, usize),
    /// The members.
    #[error("members: {0}")]
    Members(#[from] RosterError),
    /// An allocation of nothing.
    #[error("allocations: {0} gets 0; leave it out or give it an amount")]
    ZeroAllocation(Address),
    /// One address twice.
    #[error("allocations: {0} is listed twice; add the amounts up")]
    AllocationTwice(Address),
    /// A version that is not known here.
    #[error(
        "blocks.version is {0}; this program knows {oldest} to {newest}: install a newer one",
        oldest = Header::VERSION,
        newest = Header::NEWEST
    )]
    Version(u32),
    /// Gas without contracts, or less than a contract can be deployed with.
    #[error("blocks.gas_per_block is {0}, at least {GAS_PER_BLOCK_LEAST} is needed to deploy a contract")]
    Gas(u64),
    /// The sum does not fit into a u64.
    #[error("allocations: together more than this ledger can count")]
    Supply,
}

/// A network: its definition, its genesis block and the rules that follow from them. Its id is the genesis block's.
#[derive(Clone, Debug)]
pub struct Genesis {
    /// The definition.
    pub spec: NetworkSpec,
    /// The genesis header: no work, no seal.
    pub header: Header,
    /// The rules.
    pub rules: Rules,
}

/// What every block is checked against.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The network's id.
    pub network: Hash,
    /// When blocks are due and how hard they are.
    pub schedule: Schedule,
    /// New coins per block.
    pub reward: u64,
    /// Largest block in bytes.
    pub max_bytes: usize,
    /// Gas of a block.
    pub gas_per_block: u64,
    /// A block that this node's operator trusts: no history without it counts. Nodes may differ in it.
    pub checkpoint: Option<(u64, Hash)>,
    /// The latest version of blocks that this program knows.
    pub newest_version: u32,
    /// Members whom operators have put into force by hand. Nodes that differ in them part.
    pub overrides: Arc<Overrides>,
}

impl Rules {
    /// Blocks that operators trust, by height: no history without them counts.
    pub(super) fn trusted(&self) -> impl Iterator<Item = (u64, Hash)> {
        self.overrides.iter().map(Override::checkpoint).chain(self.checkpoint)
    }

    /// A trusted block at this height that is not this one.
    pub(super) fn trusts_another(&self, height: u64, id: &Hash) -> Option<Hash> {
        self.trusted().find(|(at, trusted)| *at == height && trusted != id).map(|(_, trusted)| trusted)
    }

    /// The highest of them: it decides between two histories.
    pub fn decided(&self) -> Option<(u64, Hash)> {
        self.trusted().max_by_key(|(height, _)| *height)
    }
}

impl BlockRules {
    /// Blocks of lateness after which the difficulty halves, unless the founders choose another number.
    pub const HALF_LIFE: u16 = 32;

    /// A block every `interval_ms`, with the largest size a network may allow, the first block's expected hashes, and the new coins of each block.
    pub fn new(interval_ms: u32, initial_difficulty: u64, reward: u64) -> Self {
        let max_bytes = BLOCK_BYTES as u32;
        Self { interval_ms, half_life: Self::HALF_LIFE, initial_difficulty, reward, max_bytes }
    }
}

impl NetworkSpec {
    /// A network without salt and allocations, and still without the members that it needs.
    pub fn new(name: Text<NETWORK_NAME_BYTES>, created: Timestamp, coin: Coin, blocks: BlockRules) -> Self {
        Self {
            name,
            created,
            salt: [0; 16],
            coin,
            blocks,
            members: Vec::new(),
            allocations: Vec::new(),
            version: Header::VERSION,
            gas_per_block: None,
        }
    }

    fn check(&self) -> Result<(), GenesisError> {
        let blocks = &self.blocks;
        if self.name.as_str().is_empty() {
            return Err(GenesisError::Name);
        }
        if self.coin.symbol.as_str().is_empty() {
            return Err(GenesisError::Symbol);
        }
        if self.coin.decimals > COIN_DECIMALS {
            return Err(GenesisError::Decimals(self.coin.decimals));
        }
        if !(100..=600_000).contains(&blocks.interval_ms) {
            return Err(GenesisError::Interval(blocks.interval_ms));
        }
        if blocks.half_life == 0 {
            return Err(GenesisError::HalfLife(blocks.half_life));
        }
        if blocks.initial_difficulty == 0 {
            return Err(GenesisError::Difficulty);
        }
        let max_bytes = usize::try_from(blocks.max_bytes).unwrap_or(usize::MAX);
        if !(10_000..=BLOCK_BYTES).contains(&max_bytes) {
            return Err(GenesisError::BlockBytes(blocks.max_bytes));
        }
        if !(Header::VERSION..=Header::NEWEST).contains(&self.version) {
            return Err(GenesisError::Version(self.version));
        }
        if let Some(gas) = self.gas_per_block.filter(|gas| *gas < GAS_PER_BLOCK_LEAST) {
            return Err(GenesisError::Gas(gas));
        }
        Roster::new(Base::default(), self.members.iter().cloned())?;
        self.check_allocations()
    }

    /// A tenth of the interval at 5 ns a gas: enough to deploy the largest code, and no more than a second.
    fn usual_gas(&self) -> u64 {
        let tenth = u64::from(self.blocks.interval_ms).saturating_mul(GAS_PER_MS);
        tenth.clamp(GAS_PER_BLOCK_LEAST, GAS_PER_BLOCK_USUAL)
    }

    fn check_allocations(&self) -> Result<(), GenesisError> {
        if self.allocations.len() > GENESIS_ALLOCATIONS {
            return Err(GenesisError::TooMany(self.allocations.len(), "allocations", GENESIS_ALLOCATIONS));
        }
        let (mut supply, mut seen) = (0_u64, BTreeSet::new());
        for allocation in &self.allocations {
            if allocation.amount == 0 {
                return Err(GenesisError::ZeroAllocation(allocation.address));
            }
            if !seen.insert(allocation.address) {
                return Err(GenesisError::AllocationTwice(allocation.address));
            }
            supply = supply.checked_add(allocation.amount).ok_or(GenesisError::Supply)?;
        }
        Ok(())
    }

    pub(super) fn roster(&self) -> Roster {
        // It was checked with the definition.
        let roster = Roster::new(Base::default(), self.members.iter().cloned()).unwrap_or_default();
        roster.beginning_with(self.version)
    }

    /// The canonical bytes: version, then the sections that say something. The order in which a person listed members and
    /// allocations does not count.
    fn encode(&self) -> Vec<u8> {
        let mut sections = BTreeMap::new();
        sections.insert(SECTION_NETWORK, encode(&(&self.name, self.created, self.salt)));
        sections.insert(SECTION_COIN, encode(&self.coin));
        sections.insert(SECTION_BLOCKS, encode(&self.blocks));
        let mut members = self.members.clone();
        members.sort_by(|a, b| a.id.cmp(&b.id));
        sections.insert(SECTION_MEMBERS, encode(&members));
        if !self.allocations.is_empty() {
            let mut allocations = self.allocations.clone();
            allocations.sort_by_key(|allocation| allocation.address);
            sections.insert(SECTION_ALLOCATIONS, encode(&allocations));
        }
        if self.version != Header::VERSION {
            sections.insert(SECTION_VERSION, encode(&self.version));
        }
        if let Some(gas) = self.gas_per_block {
            sections.insert(SECTION_GAS, encode(&gas));
        }
        encode(&(ENCODING, sections))
    }
}

impl NetworkSpec {
    /// What the genesis header commits to. It writes all rows that there are: so who checks the network's id needs no hash of the state.
    fn executed(&self) -> Hash {
        executed(&writes(&self.rows()), &Hash::ZERO, &Hash::ZERO)
    }
}

impl Genesis {
    /// The genesis of a valid definition.
    pub fn new(spec: NetworkSpec) -> Result<Self, GenesisError> {
        spec.check()?;
        let roster = spec.roster();
        let header = Header {
            version: spec.version,
            flags: 0,
            height: 0,
            time: spec.created,
            difficulty: spec.blocks.initial_difficulty,
            parent: Hash::ZERO,
            body: root_of_definition(&spec.encode()),
            history: Frontier::default().root(),
            commitments: Header::commit(&roster.commitment(), &spec.executed()),
            miner: PublicKey::ZERO,
            seal: Signature::ZERO,
            nonce: 0,
        };
        let blocks = &spec.blocks;
        let rules = Rules {
            network: header.id(),
            schedule: Schedule::new(blocks.interval_ms, blocks.half_life, blocks.initial_difficulty),
            reward: blocks.reward,
            max_bytes: usize::try_from(blocks.max_bytes).unwrap_or(BLOCK_BYTES),
            gas_per_block: spec.gas_per_block.unwrap_or_else(|| spec.usual_gas()),
            checkpoint: None,
            newest_version: Header::NEWEST,
            overrides: Arc::default(),
        };
        Ok(Self { spec, header, rules })
    }

    /// The network's id.
    pub fn id(&self) -> Hash {
        self.rules.network
    }

    /// The branch that consists of the genesis block.
    pub fn branch(&self) -> Branch {
        Branch::genesis(&self.header, self.roster())
    }

    /// The first members.
    pub fn roster(&self) -> Roster {
        self.spec.roster()
    }

    /// The record of the genesis block.
    pub fn record(&self) -> HeaderRecord {
        HeaderRecord::new(self.header.clone(), self.spec.executed(), &self.branch(), HEADER_BYTES)
    }

    /// The rows of the state before the first block.
    pub fn rows(&self) -> Rows {
        self.spec.rows()
    }

    /// What must be equal on all nodes in addition to the genesis block: peers compare it in hello. Room: nothing is, today.
    pub fn rules_digest(&self) -> Hash {
        tagged_hash("bouya rules", &[&self.id().0])
    }

    /// All coins that exist from the beginning; the sum is known to fit.
    pub fn supply(&self) -> u64 {
        self.spec.supply()
    }
}

#[cfg(test)]
mod tests;

//! The ledger's state as rows, and the world as seen through a [`View`].

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use super::contract::Results;
use super::governance::Ended;
use super::{Address, Block, Body, Branch, Certificate, Header, Roster, Work};
use crate::codec::{Bounded, decode, encode};
use crate::crypto::{Hash, MultisetHash, sha256, tagged_hash};
use crate::id::NodeId;
use crate::limits::CONTRACT_KEY;

/// Names a row of the state. Its Borsh bytes are the row's key in the store; new kinds are added at the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Key {
    /// A u64: all coins that exist on this branch.
    Supply,
    /// An [`Account`]; no row means an empty one.
    Account(Address),
    /// A proposal, by its id.
    Agreement(Hash),
    /// Somebody's first answer to an agreement. Whether it counts is decided when the agreement's state is read.
    Answer {
        /// The proposal's id.
        agreement: Hash,
        /// The document that was signed or refused.
        document: Hash,
        /// Who answered.
        party: Address,
    },
    /// Somebody's first withdrawal of an agreement; only its proposer's counts.
    Withdrawal {
        /// The proposal's id.
        agreement: Hash,
        /// Who took it back.
        by: Address,
    },
    /// A [`super::Roster`]: the members in force.
    Roster,
    /// Which motions are open.
    Motions,
    /// An open motion with its ballots, by its id.
    Motion(Hash),
    /// What has passed about the members and is not applied.
    Passed,
    /// When a member last changed its own keys.
    LastKeys(NodeId),
    /// Ids of former members.
    FormerMembers,
    /// The members before the last handover, and what it settled.
    Handover,
    /// Bytes: the [`MultisetHash`] of all other rows. No row means that there are none.
    StateHash,
    /// The code of contracts, by its hash.
    Code(Hash),
    /// A [`super::contract::Contract`].
    Contract(Address),
    /// A u64: bytes of code, keys and values that all contracts of a deployer hold.
    Deployer(Address),
    /// What a contract keeps.
    Slot {
        /// The contract.
        contract: Address,
        /// The contract's name for it.
        key: Bounded<u8, CONTRACT_KEY>,
    },
}

/// What an address holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Account {
    /// Coins, in the smallest unit.
    pub balance: u64,
    /// Transactions sent: the nonce that the next one must carry.
    pub nonce: u64,
}

/// Rows to write; None removes one. Values begin with a version byte.
pub type Rows = BTreeMap<Key, Option<Vec<u8>>>;

/// The rows that a block changed, as they were before it: restoring them undoes the block.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Undo(pub Vec<(Key, Option<Vec<u8>>)>);

/// A stored header with what was computed for its branch.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct HeaderRecord {
    /// The header.
    pub header: Header,
    /// [`Body::executed`].
    pub executed: Hash,
    /// Work of the branch up to it.
    pub work: Work,
    /// Lateness of the branch after it, in milliseconds.
    pub lateness: i64,
    /// Size of the whole block; 0 of one that was never here, because this node began with a snapshot above it.
    pub bytes: u32,
    /// The block that put the roster after it into force: itself, if it has one.
    pub base: Hash,
    /// The roster that it puts into force.
    pub roster: Option<Roster>,
}

impl HeaderRecord {
    /// The record of a block of this many bytes, which is the last of `branch`.
    pub fn of(block: &Block, branch: &Branch, bytes: usize) -> Self {
        Self::new(block.header.clone(), block.body.executed, branch, bytes)
    }

    /// The record of `header`, which is the last of `branch`, of a block of this many bytes that changes what is stated.
    pub fn new(header: Header, executed: Hash, branch: &Branch, bytes: usize) -> Self {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let base = branch.members.base();
        let roster = (base == branch.id).then(|| branch.members.roster().clone());
        Self { header, executed, work: branch.work, lateness: branch.lateness, bytes, base, roster }
    }
}

/// The world could not be read: the disk is at fault, and no peer. The node must not go on as if the answer were "no".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot read the store: {0}")]
pub struct StateError(pub String);

/// The durable world, read-only and consistent: all answers belong to one tip.
pub trait View {
    /// A row of the state at the tip.
    fn row(&self, key: &Key) -> Result<Option<Vec<u8>>, StateError>;
    /// Any stored header, on the best chain or off it.
    fn record(&self, id: &Hash) -> Result<Option<HeaderRecord>, StateError>;
    /// The block of the best chain at a height.
    fn at_height(&self, height: u64) -> Result<Option<Hash>, StateError>;
    /// From this height on the bodies of all blocks of the best chain are stored: 1, unless this node has pruned or begun with a snapshot.
    fn lowest(&self) -> Result<u64, StateError>;
    /// Any stored body.
    fn body(&self, id: &Hash) -> Result<Option<Body>, StateError>;
    /// What the contracts of a block of the best chain have led to. None if it ran none, was not executed here, or has been pruned.
    fn results(&self, id: &Hash) -> Result<Option<Results>, StateError>;
    /// What undoes a block of the best chain, if it is recent enough.
    fn undo(&self, id: &Hash) -> Result<Option<Undo>, StateError>;
    /// A perfect subtree (height, index) of the tree over the best chain's headers.
    fn history_node(&self, height: u8, index: u64) -> Result<Option<Hash>, StateError>;
    /// Height and id of the best chain's last block.
    fn tip(&self) -> Result<(u64, Hash), StateError>;
    /// Blocks stored off the best chain.
    fn side_blocks(&self) -> Result<Vec<Hash>, StateError>;
    /// What makes the newest final block of the best chain final; none if only the genesis block is.
    fn finalized(&self) -> Result<Option<Certificate>, StateError>;
    /// What makes this block, the base of a set, final.
    fn handover(&self, base: &Hash) -> Result<Option<Certificate>, StateError>;
    /// The base that the set with this id has made final with a certificate that is kept.
    fn handed_over(&self, set: &Hash) -> Result<Option<Hash>, StateError>;

    /// Any stored block.
    fn block(&self, id: &Hash) -> Result<Option<Arc<Block>>, StateError> {
        let Some(record) = self.record(id)? else { return Ok(None) };
        let block = |body| Arc::new(Block { header: record.header, body });
        Ok(self.body(id)?.map(block))
    }

    /// The leaves of a block's tree, which stay where its body has been pruned: they prove a transaction to whoever has it. None of a block that
    /// was never here, or was pruned before leaves were kept.
    fn leaves(&self, id: &Hash) -> Result<Option<Vec<[u8; 32]>>, StateError> {
        Ok(self.block(id)?.map(|block| block.leaves()))
    }

    /// The account of an address at the tip.
    fn account(&self, address: &Address) -> Result<Account, StateError> {
        Account::from_row(self.row(&Key::Account(*address))?)
    }
}

const ROW_VERSION: u8 = 1;

/// A row's value: version byte and Borsh bytes.
pub(super) fn to_row<T: BorshSerialize>(value: &T) -> Vec<u8> {
    let mut row = Vec::from([ROW_VERSION]);
    row.extend_from_slice(&encode(value));
    row
}

/// The value of a row, or its default where there is none.
pub(super) fn from_row<T: BorshDeserialize + Default>(row: Option<Vec<u8>>) -> Result<T, StateError> {
    let Some(row) = row else { return Ok(T::default()) };
    match row.split_first() {
        Some((&ROW_VERSION, value)) => {
            decode(value, "state row").map_err(|error| StateError(alloc::format!("{error}")))
        }
        _ => Err(StateError(
            "a state row has an unknown version; this file was written by a newer Bouya".into(),
        )),
    }
}

/// The supply that a row of the state holds.
pub fn read_supply(row: Option<Vec<u8>>) -> Result<u64, StateError> {
    from_row(row)
}

/// The hash of all rows that a row of the state holds.
pub fn read_state_hash(row: Option<Vec<u8>>) -> Result<Hash, StateError> {
    Ok(read_multiset(row)?.hash())
}

fn read_multiset(row: Option<Vec<u8>>) -> Result<MultisetHash, StateError> {
    let bytes: Vec<u8> = from_row(row)?;
    MultisetHash::from_bytes(&bytes)
        .ok_or_else(|| StateError("the hash of all rows has another length; run `bouya verify`".into()))
}

impl Account {
    /// The account that a row of the state holds.
    pub fn from_row(row: Option<Vec<u8>>) -> Result<Self, StateError> {
        from_row(row)
    }
}

/// What a header commits to of its block's execution: hashes of the rows that it changes, of what its contracts have led to (zero if it runs
/// none; see [`super::contract::root`]), and of all rows after it.
pub fn executed(writes: &Hash, results: &Hash, state: &Hash) -> Hash {
    tagged_hash("bouya executed", &[&writes.0, &results.0, &state.0])
}

/// The hash of the rows that a block changes.
pub fn writes(rows: &Rows) -> Hash {
    // The row of the state's hash is another part.
    let count = rows.len().saturating_sub(usize::from(rows.contains_key(&Key::StateHash)));
    let mut writes = encode(&u32::try_from(count).unwrap_or(u32::MAX));
    for row in rows.iter().filter(|(key, _)| **key != Key::StateHash) {
        writes.extend(encode(&row));
    }
    sha256(&writes)
}

/// Adds up the rows of a state, in any order.
#[derive(Debug, Default)]
pub struct StateHash(MultisetHash);

impl StateHash {
    /// Adds a row. The hash's own row is passed over.
    pub fn add(&mut self, key: &Key, row: &[u8]) {
        if *key != Key::StateHash {
            self.0.add(&element(key, row));
        }
    }

    /// The hash of all that were added.
    pub fn hash(&self) -> Hash {
        self.0.hash()
    }
}

fn element(key: &Key, row: &[u8]) -> Vec<u8> {
    let mut element = encode(key);
    element.extend_from_slice(row);
    element
}

/// Rows on top of a base: what a block, or a branch being executed, sees and writes.
pub(super) struct Layer<'a> {
    base: Option<&'a dyn View>,
    lower: &'a Rows,
    rows: Rows,
    undo: BTreeMap<Key, Option<Vec<u8>>>,
    ended: Vec<Ended>,
}

impl<'a> Layer<'a> {
    /// A layer over `lower`, which is over `base`; without a base everything else is empty.
    pub(super) fn new(base: Option<&'a dyn View>, lower: &'a Rows) -> Self {
        Self { base, lower, rows: Rows::new(), undo: BTreeMap::new(), ended: Vec::new() }
    }

    /// What it lies on.
    pub(super) fn below(&self) -> (Option<&'a dyn View>, &'a Rows) {
        (self.base, self.lower)
    }

    pub(super) fn row(&self, key: &Key) -> Result<Option<Vec<u8>>, StateError> {
        match (self.rows.get(key).or_else(|| self.lower.get(key)), self.base) {
            (Some(row), _) => Ok(row.clone()),
            (None, Some(base)) => base.row(key),
            (None, None) => Ok(None),
        }
    }

    pub(super) fn read<T: BorshDeserialize + Default>(&self, key: &Key) -> Result<T, StateError> {
        from_row(self.row(key)?)
    }

    /// Writes a row; the value before the layer's first write is kept for undo.
    pub(super) fn write<T: BorshSerialize + Default + PartialEq>(
        &mut self,
        key: Key,
        value: &T,
    ) -> Result<(), StateError> {
        if !self.undo.contains_key(&key) {
            let before = self.row(&key)?;
            self.undo.insert(key.clone(), before);
        }
        // A default value has no row: an emptied account costs nothing.
        let row = (*value != T::default()).then(|| to_row(value));
        self.rows.insert(key, row);
        Ok(())
    }

    /// Notes what became of a motion. The state forgets it.
    pub(super) fn tell(&mut self, ended: Ended) {
        self.ended.push(ended);
    }

    /// What became of motions, in this order.
    pub(super) fn take_ended(&mut self) -> Vec<Ended> {
        core::mem::take(&mut self.ended)
    }

    /// What it has changed, and the new hash of all rows.
    pub(super) fn finish(mut self) -> Result<Written, StateError> {
        let before = read_multiset(self.row(&Key::StateHash)?)?;
        let mut state = before.clone();
        self.undo.retain(|key, before| self.rows.get(key) != Some(before));
        self.rows.retain(|key, _| self.undo.contains_key(key));
        for (key, row) in &self.undo {
            row.iter().for_each(|row| state.remove(&element(key, row)));
        }
        for (key, row) in &self.rows {
            row.iter().for_each(|row| state.add(&element(key, row)));
        }
        if state != before {
            self.write(Key::StateHash, &state.to_bytes())?;
        }
        let Self { rows, undo, .. } = self;
        let (writes, state) = (writes(&rows), state.hash());
        Ok(Written { rows, undo: Undo(undo.into_iter().collect()), writes, state })
    }
}

/// What a layer has changed.
#[derive(Debug)]
pub(super) struct Written {
    /// The rows that differ from what they were.
    pub(super) rows: Rows,
    /// What undoes them.
    pub(super) undo: Undo,
    /// Hash of these rows.
    pub(super) writes: Hash,
    /// Hash of all rows after it.
    pub(super) state: Hash,
}

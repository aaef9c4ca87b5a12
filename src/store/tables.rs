//! The tables' names, keys and row encoding.

use borsh::{BorshDeserialize, BorshSerialize};
use bouya_core::codec::{decode, encode_behind};
use bouya_core::crypto::Hash;
use bouya_core::ledger::Address;
use redb::TableDefinition;

use super::guard::Fault;
use super::index::Entry;

type Id = [u8; 32];

/// `format`, `network`, `index` (the key of its marks), [`FINALIZED`], [`LOWEST`], [`BEGAN`], and what is kept by name.
pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// In [`META`]: the certificate of the newest final block.
pub(super) const FINALIZED: &str = "finalized";
/// In [`META`]: the lowest height with a body, as u64 little-endian. No row: all have theirs.
pub(super) const LOWEST: &str = "lowest";
/// In [`META`]: the height of the block whose snapshot the store began with, in the same form. No row: there was none.
pub(super) const BEGAN: &str = "began";
/// Block id to header record.
pub(super) const HEADERS: TableDefinition<'_, Id, &[u8]> = TableDefinition::new("headers");
/// The base of a set to the certificate that makes it final.
pub(super) const HANDOVERS: TableDefinition<'_, Id, &[u8]> = TableDefinition::new("handovers");
/// A set to the base that it made final: the next set's.
pub(super) const HANDED_OVER: TableDefinition<'_, Id, Id> = TableDefinition::new("handed_over");
/// Block id to body.
pub(super) const BODIES: TableDefinition<'_, Id, &[u8]> = TableDefinition::new("bodies");
/// Block id to the leaves of its body's tree, one after the other, where the body has been pruned. See [`super::leaves`].
pub(super) const LEAVES: TableDefinition<'_, Id, &[u8]> = TableDefinition::new("leaves");
/// Ids of the stored blocks off the best chain.
pub(super) const SIDE: TableDefinition<'_, Id, ()> = TableDefinition::new("side");
/// Height to block id, best chain only.
pub(super) const HEIGHTS: TableDefinition<'_, u64, Id> = TableDefinition::new("heights");
/// Perfect subtrees (height, index) of the tree over the best chain's headers. Beyond the tip they may be stale.
pub(super) const NODES: TableDefinition<'_, (u8, u64), Id> = TableDefinition::new("nodes");
/// The state: encoded key to row.
pub(super) const STATE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("state");
/// Block id to what undoes it, for recent blocks of the best chain.
pub(super) const UNDO: TableDefinition<'_, Id, &[u8]> = TableDefinition::new("undo");
/// Block id to what its contracts have led to, for blocks of the best chain that ran any here. See [`super::results`].
pub(super) const RESULTS: TableDefinition<'_, Id, &[u8]> = TableDefinition::new("results");
/// Number of a run to how many entries it has. See [`super::index`].
pub(super) const RUNS: TableDefinition<'_, u64, u64> = TableDefinition::new("runs");
/// (Run, first entry of the chunk) to some of the run's entries.
pub(super) const CHUNKS: TableDefinition<'_, (u64, Entry), &[u8]> = TableDefinition::new("chunks");

/// (deadline in milliseconds, agreement id): which agreements end at which time. A hint.
pub(super) const DEADLINES: TableDefinition<'_, (u64, Id), ()> = TableDefinition::new("deadlines");

/// (motion, height, place in the block) to what became of it in that block of the best chain. See [`super::motions`].
pub(super) const ENDED: TableDefinition<'_, (Id, u64, u32), &[u8]> = TableDefinition::new("ended");
/// (height, motion, place): the keys of [`ENDED`] in another order.
pub(super) const ENDED_AT: TableDefinition<'_, (u64, Id, u32), ()> = TableDefinition::new("ended at");

/// A list of transactions, in the order of the chain.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub enum List {
    /// All records.
    Records,
    /// Records under a topic.
    RecordsUnder(String),
    /// Records of a sender.
    RecordsOf(Address),
    /// Records of this data or this document.
    RecordsWith(Hash),
    /// All proposals.
    Agreements,
    /// Proposals by this address, or to it.
    AgreementsOf(Address),
    /// Proposals about this document.
    AgreementsOn(Hash),
    /// All deployments of contracts.
    Contracts,
}

const VERSION: u8 = 1;

/// A row: version byte and Borsh bytes.
pub(super) fn versioned<T: BorshSerialize>(value: &T) -> Vec<u8> {
    encode_behind(vec![VERSION], value)
}

/// A row of bytes that are already encoded.
pub(super) fn with_version(bytes: &[u8]) -> Vec<u8> {
    [&[VERSION], bytes].concat()
}

/// A row from anywhere, if it is one.
pub(crate) fn row<T: BorshDeserialize>(bytes: &[u8]) -> Option<T> {
    unversioned(bytes, "row").ok()
}

pub(super) fn unversioned<T: BorshDeserialize>(row: &[u8], what: &'static str) -> Result<T, Fault> {
    decode(bytes_of(row, what)?, what).map_err(|error| Fault::Damaged(error.to_string()))
}

/// A row's bytes after the version.
pub(super) fn bytes_of<'a>(row: &'a [u8], what: &str) -> Result<&'a [u8], Fault> {
    match row.split_first() {
        Some((&VERSION, bytes)) => Ok(bytes),
        _ => Err(Fault::Damaged(format!("a row of {what} has an unknown version"))),
    }
}

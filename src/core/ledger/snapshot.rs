//! A snapshot: the state after a final block, with what proves it, for whoever has the network's definition and no chain.
//!
//! It holds all headers up to the final block, what made the bases of the members' sets final, the certificate of the final block, and all
//! rows of the state after it. The headers are checked like a peer's, so the members at the final block are known; their certificate makes
//! the block final; and the block's header commits to the rows. So whoever begins with a snapshot trusts a quorum of the members for what
//! lies below, as everybody does for what is final. Nothing else is believed.
//!
//! Both sides are streams of [`Piece`]s: neither holds more than one, besides the rows that changed above the final block.

use alloc::boxed::Box;
use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use super::merkle::Node;
use super::{
    Block, Body, Certificate, CertificateError, HandoverError, HeaderError, HeaderRecord, NoHandover, Roster,
    StateError, SyncHeader,
};
use crate::codec::Bounded;
use crate::crypto::Hash;
use crate::limits::SNAPSHOT_HEADERS;
use crate::time::Timestamp;

mod load;
mod make;

pub use load::Loader;
pub use make::make;

/// A row of the state: encoded key, and value.
pub type Row = (Vec<u8>, Vec<u8>);

/// A part of a snapshot, in this order: one final block; headers and members, together one header for each height from 1 to the final block's;
/// rows, by ascending encoded key.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Piece {
    /// The block that it is the state after.
    Final(Box<FinalBlock>),
    /// Blocks that leave the members as they are.
    Headers(Bounded<SyncHeader, SNAPSHOT_HEADERS>),
    /// A block that puts other members into force.
    Members(Box<NewMembers>),
    /// Rows of the state.
    Rows(Vec<Row>),
}

/// What makes the last block final, and the rest of it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FinalBlock {
    /// A commit of the members in force before it.
    pub certificate: Certificate,
    /// Its body.
    pub body: Body,
    /// The hash of the rows that it changes: the header commits to it together with the hash of all rows.
    pub writes: Hash,
    /// Root over what its contracts have led to.
    pub results: Hash,
}

/// A base.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NewMembers {
    /// The base.
    pub block: Block,
    /// The roster that it puts into force.
    pub roster: Roster,
    /// A commit of the members before it. Not needed below a block that operators trust.
    pub certificate: Option<Certificate>,
}

/// What a piece says that is to be stored, all of it checked as far as it can be before the last piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Of the next blocks of the best chain.
    pub records: Vec<HeaderRecord>,
    /// Of the tree over headers.
    pub nodes: Vec<Node>,
    /// By block.
    pub bodies: Vec<(Hash, Body)>,
    /// What makes the bases of sets final, by base.
    pub handovers: Vec<(Hash, Certificate)>,
    /// Rows of the state after the final block.
    pub rows: Vec<Row>,
    /// Until when which agreements are open.
    pub deadlines: Vec<(Timestamp, Hash)>,
}

/// Why no snapshot can be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoSnapshot {
    /// There is nothing to prove it with.
    #[error(
        "nothing is final here yet, and only a final block proves a snapshot; wait until `bouya final` shows one"
    )]
    Nothing,
    /// What operators decide is in no header.
    #[error(
        "the newest final block is the checkpoint of an override, whose header does not say who its members are; wait until `bouya final` shows one above block {0}"
    )]
    Overridden(u64),
    /// It cannot be shown who the members are.
    #[error(
        "{0}; make it on another node: one that was connected when the members changed, as most were, has that"
    )]
    Members(#[from] NoHandover),
    /// The state after the final block is not known any more.
    #[error(
        "what block {0} changed is not kept here, so the state after the newest final block is not known; wait until `bouya final` shows a newer one, or make it on another node"
    )]
    Undo(u64),
    /// The world could not be read.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Why a snapshot is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// A piece that belongs elsewhere.
    #[error("its pieces are not in their order")]
    Order,
    /// It ends before it is complete.
    #[error("it ends at block {0}, before its final block or its rows")]
    Short(u64),
    /// A header does not continue the chain.
    #[error("block {height}: {error}")]
    Header {
        /// Its height.
        height: u64,
        /// What is wrong.
        error: HeaderError,
    },
    /// A block that changes the members, and what it holds is none of that.
    #[error("block {height} puts other members into force: {error}")]
    Members {
        /// Its height.
        height: u64,
        /// What is wrong.
        error: HandoverError,
    },
    /// A block that changes the members, and nothing shows that those before have agreed.
    #[error("block {0} puts other members into force, and nothing in it proves that this is final")]
    Unproven(u64),
    /// Another block's body.
    #[error("the body of block {0} is not its own")]
    Body(u64),
    /// No proof that the last block is final.
    #[error("its certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// A certificate of something else.
    #[error("its certificate is no commit of its last block")]
    Commit,
    /// A row that no state has.
    #[error("a row of its state: {0}")]
    Row(StateError),
    /// Rows that are not by ascending key.
    #[error("the rows of its state are not in their order")]
    Rows,
    /// The header says something else.
    #[error("its rows are not the state after block {0}")]
    State(u64),
}

#[cfg(test)]
mod tests;

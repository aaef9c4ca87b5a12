//! What a miner hears when its block does not join the chain.

use alloc::string::String;

use thiserror::Error;

use crate::node::state::Span;

/// Why a block of this node's own was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotTaken {
    /// Another block came first.
    #[error("the chain took another block first")]
    Overtaken,
    /// No room.
    #[error("the disk is nearly full")]
    DiskFull,
    /// It is dated too far ahead of this node's clock: others would hold it too.
    #[error("it is dated ahead of this node's clock and would be taken {} later", Span(*.in_ms))]
    Early {
        /// How long until it could be taken, in milliseconds.
        in_ms: u64,
    },
    /// A fault of this node's own.
    #[error("{0}")]
    Invalid(String),
}

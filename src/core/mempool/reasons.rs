//! Why a transaction is not taken, and why one leaves.

use alloc::format;
use alloc::string::String;

use thiserror::Error;

use crate::crypto::Hash;
use crate::ledger::{Address, ExecutionError, Header};

/// Why a transaction is not taken. Nobody is to blame: another node may decide differently.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MempoolError {
    /// It is here already.
    #[error("this transaction is in the mempool already")]
    Known,
    /// Too little for its size.
    #[error("the fee is {fee}, this node wants at least {least} for {size} bytes{}", and_gas(*gas))]
    Fee {
        /// Offered.
        fee: u64,
        /// Wanted.
        least: u64,
        /// The transaction's size.
        size: usize,
        /// The gas that it states, with making its code ready.
        gas: u64,
    },
    /// Blocks run no contracts yet.
    #[error(
        "blocks of this network are of version {version} and run no contracts; the members decide for version {} with `bouya member upgrade`",
        Header::CONTRACTS
    )]
    Version {
        /// Of the next block.
        version: u32,
    },
    /// More gas than a block has.
    #[error("it states {gas} gas with making its code ready; a block of this network has {most}")]
    Gas {
        /// Stated.
        gas: u64,
        /// The network's bound.
        most: u64,
    },
    /// Nobody's governor deploys.
    #[error("{0} is no member's governor; only those deploy contracts")]
    Deployer(Address),
    /// Does not fit the sender's account, counting what waits before it.
    #[error("{0}")]
    Execution(#[from] ExecutionError),
    /// The slot is taken and the fee is not 10 % higher.
    #[error("nonce {nonce} is taken by {by}; to replace it the fee must be at least {least}")]
    Slot {
        /// The slot.
        nonce: u64,
        /// The transaction in it.
        by: Hash,
        /// The fee that replaces it.
        least: u64,
    },
    /// The sender has too many waiting.
    #[error("this sender has {0} transactions waiting; wait until some are confirmed")]
    Sender(usize),
    /// The mempool is full, and everything in it pays more.
    #[error("the mempool is full and everything in it pays more; offer a higher fee")]
    Full,
}

fn and_gas(gas: u64) -> String {
    if gas == 0 { String::new() } else { format!(" and {gas} gas") }
}

impl MempoolError {
    /// Why a transaction that was here has to leave. `next` is its sender's next nonce on the chain.
    pub(super) fn left(&self, next: u64) -> DropReason {
        match self {
            Self::Execution(ExecutionError::Nonce { found, .. }) if *found < next => DropReason::Conflict,
            Self::Execution(error) => error.into(),
            Self::Slot { .. } => DropReason::Replaced,
            Self::Known
            | Self::Fee { .. }
            | Self::Version { .. }
            | Self::Gas { .. }
            | Self::Deployer(_)
            | Self::Sender(_)
            | Self::Full => DropReason::Evicted,
        }
    }
}

/// Why a transaction left without being confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DropReason {
    /// Another one took its slot for a higher fee.
    #[error("replaced by a higher fee")]
    Replaced,
    /// No room: the lowest fee rate leaves first.
    #[error("pushed out by higher fees")]
    Evicted,
    /// Waited too long.
    #[error("waited too long")]
    Expired,
    /// Its height has passed.
    #[error("its last valid height has passed")]
    Late,
    /// Another transaction with its nonce was confirmed.
    #[error("another transaction with its nonce was confirmed")]
    Conflict,
    /// The balance no longer covers it.
    #[error("the sender's balance no longer covers it")]
    Balance,
    /// The one before it left.
    #[error("the transaction before it left")]
    Orphaned,
}

impl From<&ExecutionError> for DropReason {
    fn from(error: &ExecutionError) -> Self {
        match error {
            ExecutionError::Balance { .. } => Self::Balance,
            ExecutionError::Expired { .. } => Self::Late,
            ExecutionError::Nonce { .. } => Self::Orphaned,
        }
    }
}

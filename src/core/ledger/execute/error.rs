//! Why a block or a transaction is not valid where it stands.

use thiserror::Error;

use super::super::{Header, TransactionError};
use super::CarriedError;
use crate::crypto::Hash;

/// Why a body is not valid on its branch.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BodyError {
    /// Larger than the network allows.
    #[error("the block has {found} bytes, this network allows {allowed}")]
    Large {
        /// Its size.
        found: usize,
        /// The network's bound.
        allowed: usize,
    },
    /// Not the body that the header commits to, or not what it states to change: this copy is wrong, but the block itself may be fine.
    #[error("the body is not the one that the header commits to")]
    Root,
    /// A transaction that is invalid everywhere.
    #[error("transaction {index} ({id}): {error}")]
    Transaction {
        /// Its place in the body.
        index: usize,
        /// Its id.
        id: Hash,
        /// What is wrong.
        error: TransactionError,
    },
    /// A transaction that is invalid here.
    #[error("transaction {index} ({id}): {error}")]
    Execution {
        /// Its place in the body.
        index: usize,
        /// Its id.
        id: Hash,
        /// What is wrong.
        error: ExecutionError,
    },
    /// Contracts in a block of a version that has none.
    #[error(
        "transaction {0} runs a contract, which blocks of version {first} and later may hold",
        first = Header::CONTRACTS
    )]
    Contract(usize),
    /// More gas than the network allows.
    #[error("its transactions state {found} gas, this network allows {allowed} in a block")]
    Gas {
        /// What they state, with making their code ready.
        found: u64,
        /// The network's bound.
        allowed: u64,
    },
    /// Not exactly what the miner may take.
    #[error("the reward is {found}, exactly {expected} is due")]
    Reward {
        /// Due.
        expected: u64,
        /// Taken.
        found: u64,
    },
    /// Its certificate puts nothing into force.
    #[error("its certificate: {0}")]
    Carried(#[from] CarriedError),
    /// Not what this node computes: its miner or this node computes wrongly.
    #[error("executing it changes {expected}, its body states {found}")]
    Executed {
        /// What this node computes.
        expected: Hash,
        /// What its miner has computed.
        found: Hash,
    },
}

impl BodyError {
    /// Whether the block's id commits to the fault, so that no other copy can be better.
    pub fn is_committed(&self) -> bool {
        match self {
            Self::Root | Self::Large { .. } => false,
            Self::Transaction { .. }
            | Self::Contract(_)
            | Self::Gas { .. }
            | Self::Execution { .. }
            | Self::Reward { .. }
            | Self::Carried(_)
            | Self::Executed { .. } => true,
        }
    }

    /// Whether the state here says so, which its miner's may not: one of the two machines computes wrongly, or keeps a wrong row. A miner that lies
    /// about it gains nothing, for the block has cost its work, and is refused.
    pub fn is_computed(&self) -> bool {
        match self {
            Self::Executed { .. } | Self::Carried(CarriedError::Nothing(_)) => true,
            Self::Execution { error, .. } => !matches!(error, ExecutionError::Expired { .. }),
            Self::Root
            | Self::Large { .. }
            | Self::Transaction { .. }
            | Self::Contract(_)
            | Self::Gas { .. }
            | Self::Reward { .. }
            | Self::Carried(_) => false,
        }
    }
}

/// Why a transaction does not fit the state.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExecutionError {
    /// Sent before, or with a gap.
    #[error("nonce {found} where the sender's next is {expected}")]
    Nonce {
        /// The sender's next.
        expected: u64,
        /// The transaction's.
        found: u64,
    },
    /// Too late.
    #[error("valid until height {valid_until}, this is height {height}")]
    Expired {
        /// Its last height.
        valid_until: u64,
        /// The block's.
        height: u64,
    },
    /// More than the sender has.
    #[error("costs {cost}, the sender has {balance}")]
    Balance {
        /// What it has.
        balance: u64,
        /// Outputs and fee.
        cost: u64,
    },
}

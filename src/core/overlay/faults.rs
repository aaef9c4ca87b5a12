//! What an offence costs: one total table.
//!
//! Points are given only for what the sender itself could have checked, so that nobody gets an honest relayer banned. A hundred points ban; they
//! halve every ten minutes.

use core::time::Duration;

use thiserror::Error;

use crate::limits::BAN;

/// What a peer did.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A frame longer than allowed, or empty.
    #[error("broken frame")]
    Frame,
    /// Bytes that are no message of this protocol.
    #[error("undecodable message")]
    Message,
    /// A message out of turn: an answer nobody asked for, a second hello.
    #[error("unasked {0}")]
    Unasked(&'static str),
    /// A block whose header is invalid, or whose body contradicts its id.
    #[error("invalid block: {0}")]
    InvalidBlock(alloc::string::String),
    /// Headers that do not follow the rules.
    #[error("invalid header: {0}")]
    InvalidHeader(alloc::string::String),
    /// A transaction that is invalid everywhere.
    #[error("invalid transaction: {0}")]
    InvalidTransaction(alloc::string::String),
    /// Claimed more work than its headers show.
    #[error("claimed work that it does not show")]
    FalseWork,
    /// Said that it has what it then did not deliver.
    #[error("withheld what it announced")]
    Withheld,
    /// Sent more, or asked for more, than its budget.
    #[error("over budget: {0}")]
    Flood(&'static str),
    /// Addresses that no honest node tells.
    #[error("bad address told")]
    BadAddress,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Ignore,
    /// So many points.
    Points(u32),
    /// The connection is closed, no ban.
    Drop,
    /// The connection is closed and the id stays out for this long.
    Ban(Duration),
}

impl Fault {
    /// What the fault costs.
    pub fn verdict(&self) -> Verdict {
        match self {
            // Lost in translation once is possible between versions; twice an hour is not.
            Self::Frame | Self::Message => Verdict::Points(50),
            // A late answer to a request that was given up looks like this.
            Self::Unasked(_) => Verdict::Points(5),
            Self::InvalidBlock(_) | Self::InvalidHeader(_) => Verdict::Ban(BAN),
            Self::InvalidTransaction(_) => Verdict::Points(20),
            Self::FalseWork => Verdict::Points(50),
            // A reorganisation at the peer looks like this too.
            Self::Withheld => Verdict::Points(2),
            Self::Flood(_) => Verdict::Points(10),
            Self::BadAddress => Verdict::Points(10),
        }
    }
}

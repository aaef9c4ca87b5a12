//! What each offence costs, in one table.
//!
//! Points are given only for what the sender itself could have checked, so that no attacker can get an honest relayer banned. A hundred
//! points ban; they halve every ten minutes.
//!
//! An honest peer that is overloaded, paused or behind a bad link is late or does not deliver, just like a peer that does so on purpose. So
//! such a lapse costs little and counts at most once a minute: lapses alone never ban.

use thiserror::Error;

use crate::limits::{LAPSE_EVERY, LAPSE_POINTS, POINTS_BAN, POINTS_HALF_LIFE};

/// What a peer did.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A frame longer than allowed, or empty.
    #[error("broken frame")]
    Frame,
    /// Bytes that are not a message of this protocol, or not in canonical form. Holds the kind of message that they claimed to be.
    #[error("undecodable {0}")]
    Message(&'static str),
    /// A message that no honest peer sends at this point: something before hello, a second hello, peers that nobody asked for.
    #[error("unasked {0}")]
    Unasked(&'static str),
    /// An answer that this node no longer waits for.
    #[error("{0} that nobody waits for")]
    Late(&'static str),
    /// A block whose header is invalid, or whose body contradicts its id.
    #[error("invalid block: {0}")]
    InvalidBlock(alloc::string::String),
    /// Headers that do not follow the rules.
    #[error("invalid header: {0}")]
    InvalidHeader(alloc::string::String),
    /// A transaction that is invalid everywhere.
    #[error("invalid transaction: {0}")]
    InvalidTransaction(alloc::string::String),
    /// A vote or a certificate with a signature that is not its voter's.
    #[error("invalid {0}")]
    InvalidVote(&'static str),
    /// Announced something and then did not deliver it.
    #[error("withheld what it announced")]
    Withheld,
    /// Its headers led to a better branch, but it withheld the blocks.
    #[error("kept back the blocks of a branch that it led to")]
    KeptBranch,
    /// Sent or requested more than its budget allows.
    #[error("over budget: {0}")]
    Flood(&'static str),
    /// Sent an address that no honest node sends.
    #[error("sent a bad address")]
    BadAddress,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This many points.
    Points(u32),
    /// This many points, at most once in [`LAPSE_EVERY`].
    Lapse(u32),
    /// A ban at once.
    Ban,
}

impl Fault {
    /// What the fault costs.
    pub fn verdict(&self) -> Verdict {
        match self {
            // One misread frame is possible between versions; two within ten minutes are not.
            Self::Frame | Self::Message(_) => Verdict::Points(50),
            Self::Unasked(_) => Verdict::Points(5),
            Self::InvalidBlock(_) | Self::InvalidHeader(_) => Verdict::Ban,
            Self::InvalidTransaction(_) | Self::InvalidVote(_) => Verdict::Points(20),
            // A pause, a slow link or a reorganisation at the peer looks like this too.
            Self::Late(_) | Self::Withheld => Verdict::Lapse(LAPSE_POINTS),
            // Its rests double, so an honest peer on a bad day comes nowhere near a ban. A peer that goes on is banned at the seventh time.
            Self::KeptBranch => Verdict::Points(20),
            Self::Flood(_) => Verdict::Points(10),
            Self::BadAddress => Verdict::Points(10),
        }
    }
}

// The most that lapses alone can sum up to: twice what comes in a half-life, plus one.
const _: () = {
    let each_half_life = POINTS_HALF_LIFE.as_secs().div_ceil(LAPSE_EVERY.as_secs());
    assert!((2 * each_half_life + 1) * (LAPSE_POINTS as u64) < POINTS_BAN as u64);
};

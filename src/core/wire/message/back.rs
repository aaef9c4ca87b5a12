//! Dialing back: the one word that a peer says about it.

use borsh::{BorshDeserialize, BorshSerialize};

/// What came of dialing a peer where its hello says that it listens. The numbers are the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum DialOutcome {
    /// Whoever answered there has proven the peer's id.
    Connected = 0,
    /// The machine is there, and nothing listens.
    Refused = 1,
    /// Nobody answers.
    NoAnswer = 2,
    /// Something answers that does not prove the peer's id.
    Stranger = 3,
    /// The sender cannot tell: it only dials or stands behind a proxy, or the peer names no address that could be dialed.
    Cannot = 4,
    /// The peer was dialed less than a minute ago, or others are just now.
    Later = 5,
}

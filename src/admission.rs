//! How somebody is admitted: a [`Request`] goes to the founder, an [`Invitation`] comes back. Both are text that survives a mail (`armour`).
//!
//! Neither is secret, and neither is trusted on the way: a request is compared by its code, an invitation by the network's code
//! ([`bouya_core::code::Code`]), by people who know each other's voices. What is not covered by the two codes is checked by whom it concerns:
//! `accept` takes a certificate only for the key that it made itself.

mod armour;
mod invitation;
mod request;

use bouya_core::id::NodeId;
use thiserror::Error;

pub use armour::ArmourError;
pub use invitation::Invitation;
pub use request::{Candidate, Request};

#[cfg(feature = "fuzzing")]
pub(crate) use self::armour::wrap;
pub use self::armour::{INVITATION, REQUEST};

/// The format that this version writes and reads.
const FORMAT: u32 = 1;

/// Why there is no request or no invitation to read.
#[derive(Debug, Error)]
pub enum AdmissionError {
    #[error(transparent)]
    Armour(#[from] ArmourError),
    #[error("it has format {0}, this version knows format {FORMAT}; use a newer bouya")]
    Format(u32),
    #[error("it is no request ({0}); have it made anew with: bouya ask")]
    NoRequest(String),
    #[error("it is no invitation ({0}); have it made anew with: bouya admit")]
    NoInvitation(String),
    #[error("its certificate request does not hold: {0}")]
    Certificate(#[from] mkca::Error),
    #[error(
        "it asks for {asked}, and its certificate request for {found}; have it made anew with: bouya ask {asked}"
    )]
    Id { asked: NodeId, found: NodeId },
    #[error("its member key has not signed for {0} and its governor; have it made anew with: bouya ask {0}")]
    Proof(NodeId),
}

impl AdmissionError {
    fn no_request(why: String) -> Self {
        Self::NoRequest(quoted(&why))
    }

    fn no_invitation(why: String) -> Self {
        Self::NoInvitation(quoted(&why))
    }
}

/// Shortens a reason, which may quote one long word of the text.
fn quoted(why: &str) -> String {
    why.chars().take(200).collect()
}

//! How somebody is admitted: a [`Request`] goes to the founder, an [`Invitation`] comes back. Both are text that survives a mail (`armour`).
//!
//! Neither is secret, and neither is trusted on the way: a request is compared by its code, an invitation by the network's code
//! ([`bouya_core::code::Code`]), by people who know each other's voices. What is not covered by the two codes is checked by whom it concerns:
//! `accept` takes a certificate only for the key that it made itself.

mod armour;
mod invitation;
mod request;

pub use armour::ArmourError;
pub use invitation::{Invitation, InvitationError};
pub use request::{Candidate, Request, RequestError};

pub use self::armour::{INVITATION, REQUEST};

//! What voters sign about finality, and what their signatures prove.
//!
//! Voters vote for *links* between checkpoints (Casper FFG, arXiv 1710.09437, with checkpoints as pairs of epoch and block). A *prepare*
//! leads from a justified checkpoint to a later one of an even epoch; a quorum of prepares justifies its target. A *commit* leads from a
//! justified checkpoint of an even epoch to the same block one epoch later; a quorum of commits makes the block final, with all its
//! ancestors.
//!
//! Two links that one honest voter never both signs:
//! - two different links with one target epoch;
//! - one link inside another: its source is later than the other's, and its target earlier.
//!
//! With q = n − ⌊(n − 1) / 3⌋ votes for a quorum, two conflicting final blocks need 2q − n voters who signed such a pair.

mod certificate;
mod link;
mod voters;

pub use certificate::{Certificate, CertificateError};
pub use link::{Checkpoint, Link, LinkKind, Offence, Vote};
pub use voters::Voters;
pub(in crate::ledger) use voters::quorum;

#[cfg(test)]
mod tests;

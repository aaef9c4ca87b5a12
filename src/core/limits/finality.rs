//! Finality: votes that are kept.

/// Epochs of which the votes of one voter are kept, the newest ones. A round takes two, and what a round builds on is in its certificates.
pub const VOTES_KEPT: usize = 64;

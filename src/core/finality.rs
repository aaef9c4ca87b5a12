//! Finality: how a voter votes, and how votes become certificates.
//!
//! Absent on purpose: the chain, which is seen through a narrow view, the disk, and the clock.

pub mod record;
pub mod votes;

pub use record::{Record, Refused};
pub use votes::{Added, Evidence, Votes};

//! The log, and what commands print: a peer that repeats itself fills no disk.

use core::time::Duration;

/// A command that counts tells how far it is this often, where no terminal shows it: a year's chain has a million steps.
pub const PROGRESS_EVERY: Duration = Duration::from_secs(10);
/// The limits count over this time.
pub const LOG_SPAN: Duration = Duration::from_secs(3600);
/// Bytes of log from one place in the code.
pub const LOG_BYTES_PER_PLACE: usize = 1024 * 1024;
/// Of these, bytes about one peer: a few hundred lines. A noisy peer hides no other.
pub const LOG_BYTES_PER_PEER: usize = LOG_BYTES_PER_PLACE / 16;
/// Peers that are counted separately at one place; all others share one count. A peer can make up ids, and these must not use memory.
pub const LOG_PEERS: usize = 1_024;

//! What a node does between its machines.

use core::time::Duration;

use super::MEMPOOL_BYTES;

/// Most blocks that share a commit, ...
pub const BATCH_BLOCKS: usize = 64;
/// ... and about how many transactions: more would wait too long for their answers, and the memory of checked signatures would not hold
/// them all.
pub const BATCH_TRANSACTIONS: usize = 8_192;
/// Transactions that are checked together, and one submission more: a small one does not wait long for those behind it.
pub const SUBMISSION_BATCH: usize = 1_024;
/// Of a move of the tip without a reorganisation so many blocks are looked at for transactions that wait. Beyond, a sync is under way,
/// and the mempool is held against accounts alone.
pub const FOLLOWED_BLOCKS: usize = 1_000;
/// Bytes of the blocks that left the chain whose transactions come back: the mempool holds no more.
pub const LOST_BYTES: usize = MEMPOOL_BYTES;
/// A node with bootstrap entries mines after this long even if nobody answers.
pub const MINE_ALONE_AFTER: Duration = Duration::from_secs(5);
/// Confirmations that the newest transaction needs before a miner on demand rests: no node looks further back for it.
pub const REST_AFTER: usize = 6;
/// A clock further off than this from the peers' median stops mining, in milliseconds.
pub const CLOCK_OFF_MS: u64 = 5_000;

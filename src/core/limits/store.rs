//! The store: disk, and what of it is kept in memory.

use core::time::Duration;

/// With less free space than this, in bytes, no block is taken: a commit needs room for the pages that it replaces.
pub const STORE_FREE_BYTES: u64 = 32 * 1024 * 1024;
/// The disk is looked at this often, and whenever there is work.
pub const STORE_FREE_LOOK_EVERY: Duration = Duration::from_secs(5);
/// Index entries of a chunk: with its key it fills a page of 4,096 bytes.
pub const INDEX_CHUNK: usize = 200;
/// Runs that would have more entries together stay apart: 10 MB are what a commit may have to write once in a while.
pub const INDEX_RUN: u64 = 524_288;
/// Places of the index looked at for one transaction. There is one, but for chance.
pub const INDEX_HINTS: usize = 16;
/// Decoded blocks kept for the next reader, ...
pub const RECENT_BLOCKS: usize = 128;
/// ... and their bytes together, as they are encoded.
pub const RECENT_BLOCKS_BYTES: usize = 16 * 1024 * 1024;

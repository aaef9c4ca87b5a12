//! Sync: headers and blocks that are fetched.

use core::time::Duration;

use super::BLOCK_BYTES;

/// A requested block: the first wait, doubled up to [`BLOCK_TIMEOUT_MAX`].
pub const BLOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// See [`BLOCK_TIMEOUT`].
pub const BLOCK_TIMEOUT_MAX: Duration = Duration::from_secs(64);
/// Requested headers.
pub const HEADERS_TIMEOUT: Duration = Duration::from_secs(20);
/// Blocks asked of one peer and not answered yet.
pub const BLOCK_REQUESTS_PER_PEER: usize = 16;
/// Blocks asked for or waiting for the chain, in all: enough that some arrive and some are checked while others become durable.
pub const SYNC_WINDOW: usize = 256;
/// Bytes of them, those asked for counted as the largest there may be: bounds the memory of a sync.
pub const SYNC_BYTES: usize = 64 * BLOCK_BYTES;
/// Headers of one sync segment: ids of so many blocks are held at once.
pub const SYNC_SEGMENT: usize = 4_096;
/// Segment marks of one walked branch: 65,536 x 4,096 blocks.
pub const SYNC_MARKS: usize = 65_536;

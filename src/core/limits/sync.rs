//! Sync: headers and blocks that are fetched. A claim costs nothing to make, so everything that it leads to ends.

use core::time::Duration;

use super::BLOCK_BYTES;

/// A requested block: the first wait, doubled up to [`BLOCK_TIMEOUT_MAX`]. Then it is asked of another.
pub const BLOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// See [`BLOCK_TIMEOUT`].
pub const BLOCK_TIMEOUT_MAX: Duration = Duration::from_secs(64);
/// A block is asked for this often, 14 s in all. Then the branch rests: the peer that leads there may never send it.
pub const SYNC_TRIES: u32 = 3;
/// Requested headers: who has not sent them by then is given up.
pub const HEADERS_TIMEOUT: Duration = Duration::from_secs(20);
/// How long one answer may take if somebody else claims a better chain too; doubles with each failure up to [`SYNC_HURRY_MAX`].
pub const SYNC_HURRY: Duration = BLOCK_TIMEOUT;
/// See [`SYNC_HURRY`].
pub const SYNC_HURRY_MAX: Duration = SYNC_HURRY.saturating_mul(1024);
/// How long headers of one segment may take if somebody else claims a better chain too; doubles with each failure up to
/// [`SYNC_PATIENCE_MAX`].
pub const SYNC_PATIENCE: Duration = Duration::from_secs(60);
/// See [`SYNC_PATIENCE`].
pub const SYNC_PATIENCE_MAX: Duration = SYNC_PATIENCE.saturating_mul(1024);
/// Rest after a header sync that came to nothing: doubles up to [`SYNC_REST_MAX`], so that claims nobody can follow cost ever less.
pub const SYNC_REST: Duration = Duration::from_secs(5);
/// See [`SYNC_REST`].
pub const SYNC_REST_MAX: Duration = Duration::from_secs(300);
/// Rest after a header sync that rightly found nothing: the block that led to it came by another way meanwhile.
pub const SYNC_REST_SHORT: Duration = Duration::from_secs(1);
/// A certified block that this node lacks is looked for this long after it was last asked for.
pub const GOAL_KEPT: Duration = Duration::from_secs(10);
/// Rest of a peer that was asked for such a block and does not have it: it may get it at any time, and all are asked in turn.
pub const GOAL_REST: Duration = SYNC_REST;
/// While such a block is looked for, a header sync that stored nothing for so long gives way to that: otherwise a claim that nothing stands
/// behind could keep this node from what is final.
pub const GOAL_WAITS: Duration = SYNC_PATIENCE;
/// Observers hear of progress this often at most: a sync of a million blocks is no million events.
pub const SYNC_TELL_EVERY: Duration = Duration::from_secs(1);
/// Blocks asked of one peer and not answered yet: one that withholds holds up few.
pub const BLOCK_REQUESTS_PER_PEER: usize = 16;
/// Bodies below the lowest that a node has, asked for at once: of one peer, beside those of a sync (see [`super::BLOCK_REQUESTS_WAITING`]). So few
/// that on a slow link a new block, which waits behind them, still comes within its time.
pub const BACKFILL_BLOCKS: u64 = 4;
/// Observers hear of these bodies this often at most.
pub const BACKFILL_TELL_EVERY: Duration = Duration::from_secs(10);
/// Blocks of one peer that came unasked and are with the chain; more are dropped.
pub const UNASKED_BLOCKS_PER_PEER: usize = 16;
/// Ids of invalid blocks that a header sync remembers; each cost its miner the work.
pub const SYNC_REFUSED: usize = 64;
/// Blocks asked for or waiting for the chain, in all: enough that some arrive and some are checked while others become durable.
pub const SYNC_WINDOW: usize = 256;
/// Bytes of them, those asked for counted as the largest there may be: bounds the memory of a sync.
pub const SYNC_BYTES: usize = 64 * BLOCK_BYTES;
/// The bodies of a segment must be stored within this, ...
pub const SEGMENT_GRACE: Duration = Duration::from_secs(30);
/// ... and this for each of them: 4 Mbit/s for the largest blocks. Then the branch rests and another peer gets its turn.
pub const SEGMENT_PER_BLOCK: Duration = Duration::from_secs(4);
/// Once this node has been up to date, blocks that come count as catching up only while they come this many times as fast as the network
/// makes them. A member with private blocks can stop the others from mining for at most a quarter of an interval with each.
pub const SYNC_SWIFT: u32 = 4;
/// Peers whose rests sync remembers after they have left, so that a new connection does not end a rest.
pub const SYNC_RESTS: usize = 1_024;
/// Headers of one sync segment: ids of this many blocks are held at once.
pub const SYNC_SEGMENT: usize = 4_096;
/// Segment marks of one walked branch: 65,536 x 4,096 blocks.
pub const SYNC_MARKS: usize = 65_536;

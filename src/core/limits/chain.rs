//! The chain: what is kept of its past, off its best branch and of the future.

/// Ids of invalid blocks remembered, and at most twice as many: each cost its miner a block's work.
pub const INVALID_BLOCKS: usize = 512;
/// Blocks remembered that this node computes differently, and that stand on such a block: each cost its miner a block's work.
pub const DISPUTED_BLOCKS: usize = 512;
/// Undo records kept, in blocks; more where the final block is deeper. Deeper forks are executed again from the genesis block.
pub const UNDO_BLOCKS: u64 = 10_000;
/// Undo records that leave with one commit. More than join, so that what is due leaves in the end.
pub const UNDO_DROPPED_PER_COMMIT: u64 = 64;
/// Bodies that leave with one commit on a node that prunes: far more than join, and still little beside the commit.
pub const BODIES_DROPPED_PER_COMMIT: u64 = 256;
/// The fewest last blocks whose bodies a node that prunes keeps: what a peer that was away for a while asks for.
pub const BODIES_KEPT_LEAST: u64 = 1_000;
/// Blocks executed in one step of a staged reorganisation, so that the chain answers in between.
pub const REORG_STEP_BLOCKS: usize = 64;
/// A reorganisation deeper than this raises an alarm.
pub const REORG_ALARM: u64 = 100;
/// Side tips remembered, each a rival to compare with; the one with the least work leaves first.
pub const SIDE_TIPS: usize = 64;
/// A single block off the best chain is stored only if its branch is at most this many blocks of work behind.
pub const SIDE_BLOCKS_BEHIND: u64 = 144;
/// Bytes of blocks stored off the best chain, not counting branches that are known to beat it. The branch that a reorganisation leaves
/// behind fits, down to [`SIDE_BLOCKS_BEHIND`] blocks of the largest size.
pub const SIDE_BYTES: u64 = 288 * 1024 * 1024;
/// Blocks stored off the best chain, counted in the same way: bounds what is remembered of each.
pub const SIDE_BLOCKS: usize = 16_384;
/// Blocks off the best chain that one commit removes at most: bounds its work.
pub const SIDE_REMOVED_PER_COMMIT: usize = 64;
/// Blocks held until they are due: those of the future are cheap to make by the thousand.
pub const HELD_BLOCKS: usize = 64;
/// Bytes of blocks held until they are due.
pub const HELD_BLOCKS_BYTES: usize = 16 * 1024 * 1024;

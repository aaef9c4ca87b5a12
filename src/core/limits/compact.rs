//! Compact blocks: new blocks that are rebuilt from what is here.

/// Blocks of fewer transactions go whole: a few hundred bytes less are not worth that one of them may have to be asked for.
pub const COMPACT_FROM: usize = 4;
/// Blocks being rebuilt from short ids: one of each sender, and this many in all. Each holds what it has found and got.
pub const COMPACT_REBUILDS: usize = 8;
/// Newest blocks whose transactions are sent to peers that cannot rebuild them. Older blocks are sent whole.
pub const COMPACT_KEPT: usize = 4;
/// Blocks remembered as stored, in each of two halves: many more than come near one tip, so that none is rebuilt twice.
pub const COMPACT_STORED: usize = 64;
/// A block is rebuilt if it is at most this many blocks below or above the tip; headers decide about what is further off.
pub const COMPACT_NEAR: (u64, u64) = (6, 2);
/// ... and if it states at least the tip's difficulty divided by this: looking its transactions up costs a millisecond, and headers of the
/// least difficulty cost nothing.
pub const COMPACT_WORK: u64 = 4;

//! Blocks whose time has not come: held until due, bounded in number and bytes.
//!
//! A miner with little hash rate can date blocks as far ahead as it likes. So the block furthest ahead leaves first, no matter who sent it,
//! and an honest block from a clock that is slightly fast stays.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use crate::crypto::Hash;
use crate::ledger::Block;
use crate::limits::{HELD_BLOCKS, HELD_BLOCKS_BYTES};
use crate::time::Timestamp;

#[derive(Debug, Default)]
pub(super) struct Early {
    blocks: BTreeMap<(Timestamp, Hash), (Arc<Block>, usize)>,
    bytes: usize,
}

impl Early {
    /// Holds a block of this many bytes.
    pub(super) fn hold(&mut self, due: Timestamp, block: Arc<Block>, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        if let Some((_, before)) = self.blocks.insert((due, block.id()), (block, bytes)) {
            self.bytes = self.bytes.saturating_sub(before);
        }
        while self.blocks.len() > HELD_BLOCKS || self.bytes > HELD_BLOCKS_BYTES {
            let Some((_, (_, bytes))) = self.blocks.pop_last() else { break };
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }

    /// When the next block may be taken.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.blocks.keys().next().map(|(due, _)| *due)
    }

    /// Takes out a block that is due.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<Arc<Block>> {
        self.next_due().filter(|due| *due <= now)?;
        let (_, (block, bytes)) = self.blocks.pop_first()?;
        self.bytes = self.bytes.saturating_sub(bytes);
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::testing::Node;

    #[test]
    fn held_blocks_are_bounded_in_bytes_and_number_and_the_furthest_ahead_leaves() {
        let mut lab = Node::new();
        let blocks: Vec<_> = (1..=HELD_BLOCKS as u64 + 9).map(|n| (n, lab.mine(Vec::new()))).collect();
        for bytes in [1, HELD_BLOCKS_BYTES / 8] {
            let mut early = Early::default();
            // The furthest ahead comes first, and again: nothing is counted twice.
            for (n, block) in blocks.iter().rev().chain(&blocks) {
                early.hold(Timestamp(1_000_000 * n), block.clone(), bytes);
                assert!(early.blocks.len() <= HELD_BLOCKS && early.bytes <= HELD_BLOCKS_BYTES);
                assert_eq!(early.bytes, early.blocks.len() * bytes);
            }
            let kept = HELD_BLOCKS.min(HELD_BLOCKS_BYTES / bytes);
            assert_eq!(early.blocks.len(), kept);
            for (n, block) in &blocks[..kept] {
                assert_eq!(early.next_due(), Some(Timestamp(1_000_000 * n)));
                assert_eq!(early.take_due(Timestamp(1_000_000 * n - 1)), None);
                assert_eq!(early.take_due(Timestamp(1_000_000 * n)).as_ref(), Some(block));
            }
            assert_eq!((early.blocks.len(), early.bytes), (0, 0));
        }
    }
}

//! Blocks whose time has not come: held until due, bounded in number and bytes.
//!
//! A block far ahead of its parent may be easier, so far-off blocks are cheap to make by the thousand; those that are nearly due cost as
//! much as any other. So what is furthest ahead leaves first, whoever sent it, and an honest block of a clock a little fast stays.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bouya_core::crypto::Hash;
use bouya_core::ledger::Block;
use bouya_core::limits::{AHEAD_MS, HELD_BLOCKS, HELD_BYTES};
use bouya_core::time::Timestamp;

#[derive(Default)]
pub(super) struct Early {
    blocks: BTreeMap<(Timestamp, Hash), (Arc<Block>, usize)>,
    bytes: usize,
}

impl Early {
    /// Holds a block of so many bytes.
    pub(super) fn hold(&mut self, due: Timestamp, block: Arc<Block>, bytes: usize) {
        self.bytes += bytes;
        if let Some((_, before)) = self.blocks.insert((due, block.id()), (block, bytes)) {
            self.bytes -= before;
        }
        while self.blocks.len() > HELD_BLOCKS || self.bytes > HELD_BYTES {
            let Some((_, (_, bytes))) = self.blocks.pop_last() else { break };
            self.bytes -= bytes;
        }
    }

    /// When to look again.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.blocks.keys().next().map(|(due, _)| *due)
    }

    /// A block that need not be held any longer.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<Arc<Block>> {
        let entry = self.blocks.first_entry()?;
        if entry.key().0 > now.after(Duration::from_millis(AHEAD_MS)) {
            return None;
        }
        let (block, bytes) = entry.remove();
        self.bytes -= bytes;
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{block, genesis};

    #[test]
    fn held_blocks_are_bounded_in_bytes_and_number_and_the_furthest_ahead_leaves() {
        let genesis = genesis("test");
        let blocks: Vec<_> = (1..=HELD_BLOCKS as u64 + 9)
            .map(|n| (n, block(&genesis, &genesis.branch(), vec![], n as u8)))
            .collect();
        for bytes in [1, HELD_BYTES / 8] {
            let mut early = Early::default();
            // The furthest ahead comes first, and again: nothing is counted twice.
            for (n, block) in blocks.iter().rev().chain(&blocks) {
                early.hold(Timestamp(1_000_000 * n), block.clone(), bytes);
                assert!(early.blocks.len() <= HELD_BLOCKS && early.bytes <= HELD_BYTES);
                assert_eq!(early.bytes, early.blocks.len() * bytes);
            }
            let kept = HELD_BLOCKS.min(HELD_BYTES / bytes);
            assert_eq!(early.blocks.len(), kept);
            for (n, block) in &blocks[..kept] {
                assert_eq!(early.next_due(), Some(Timestamp(1_000_000 * n)));
                assert_eq!(early.take_due(Timestamp(1_000_000 * n - AHEAD_MS - 1)), None);
                assert_eq!(early.take_due(Timestamp(1_000_000 * n - AHEAD_MS)).as_ref(), Some(block));
            }
            assert_eq!((early.blocks.len(), early.bytes), (0, 0));
        }
    }
}

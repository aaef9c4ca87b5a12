//! The blocks that were stored last, decoded: so that observers of a new block, and a reorganisation, do not have to read them again.
//!
//! A block is found only by its id, so this cache is right whatever has been committed since. The tables decide whether a block is still stored.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bouya_core::crypto::Hash;
use bouya_core::ledger::Block;
use bouya_core::limits::{RECENT_BLOCKS, RECENT_BLOCKS_BYTES};

/// A handle; clones share the blocks.
#[derive(Clone, Default)]
pub(super) struct Blocks(Arc<Mutex<RecentBlocks>>);

#[derive(Default)]
struct RecentBlocks {
    /// Newest last.
    blocks: VecDeque<(Hash, Arc<Block>)>,
    bytes: usize,
}

impl Blocks {
    pub(super) fn get(&self, id: &Hash) -> Option<Arc<Block>> {
        let kept = self.kept();
        let found = kept.blocks.iter().rfind(|(kept, _)| kept == id);
        found.map(|(_, block)| block.clone())
    }

    pub(super) fn keep(&self, id: Hash, block: Arc<Block>) {
        let mut kept = self.kept();
        kept.bytes += block.size();
        kept.blocks.push_back((id, block));
        while kept.blocks.len() > RECENT_BLOCKS || kept.bytes > RECENT_BLOCKS_BYTES {
            let Some((_, oldest)) = kept.blocks.pop_front() else { break };
            kept.bytes -= oldest.size();
        }
    }

    fn kept(&self) -> MutexGuard<'_, RecentBlocks> {
        // After a panic half-way, a block may be missing or counted twice, which the bounds can bear.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn forget(&self) {
        *self.kept() = RecentBlocks::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bouya_core::testing::{block_on, network, pay};

    #[test]
    fn the_last_blocks_are_kept_within_both_bounds() {
        let genesis = network("test", 1_000_000);
        let small = block_on(&genesis, &genesis.branch(), 1_000, vec![], 9);
        let blocks = Blocks::default();
        let id = |number: usize| Hash([number as u8; 32]);
        for number in 0..RECENT_BLOCKS + 3 {
            blocks.keep(id(number), small.clone());
        }
        let kept: Vec<usize> =
            (0..RECENT_BLOCKS + 3).filter(|number| blocks.get(&id(*number)).is_some()).collect();
        assert_eq!(kept, (3..RECENT_BLOCKS + 3).collect::<Vec<_>>());
        let mut large = (*small).clone();
        large.body.transactions =
            bouya_core::codec::Bounded::truncated(vec![pay(&genesis, 1, 0, 2, 1, 1_000); 9_000]);
        let (large, room) = (Arc::new(large), RECENT_BLOCKS_BYTES / (9_000 * 171));
        for number in 0..room + 2 {
            blocks.keep(id(200 + number), large.clone());
        }
        let kept = (0..room + 2).filter(|number| blocks.get(&id(200 + *number)).is_some()).count();
        assert!((room - 1..=room).contains(&kept), "{kept} of {room}");
        assert_eq!(blocks.kept().bytes, kept * large.size(), "small ones have left");
    }
}

//! The chain as a voter sees it.

use alloc::vec::Vec;

use crate::crypto::Hash;
use crate::finality::Blocks;
use crate::ledger::{Handover, View, handovers};

/// What is stored, for [`crate::finality::Finality`]. A store that cannot be read shows nothing, so nothing is voted for; whoever writes to it
/// ends the node.
pub struct StoredBlocks<'a>(pub &'a dyn View);

impl StoredBlocks<'_> {
    fn is_best(&self, block: &Hash, height: u64) -> bool {
        self.best(height) == Some(*block)
    }
}

impl Blocks for StoredBlocks<'_> {
    fn height(&self, block: &Hash) -> Option<u64> {
        self.0.record(block).ok().flatten().map(|record| record.header.height)
    }

    fn best(&self, height: u64) -> Option<Hash> {
        self.0.at_height(height).ok().flatten()
    }

    fn base(&self, block: &Hash) -> Option<Hash> {
        self.0.record(block).ok().flatten().map(|record| record.base)
    }

    fn handovers(&self, set: &Hash) -> Vec<Handover> {
        handovers(self.0, set).unwrap_or_default()
    }

    /// Walks back as far as the branch is off the best chain.
    fn ancestor(&self, block: &Hash, height: u64) -> Option<Hash> {
        let mut at = *block;
        loop {
            let header = self.0.record(&at).ok().flatten()?.header;
            match header.height.checked_sub(height)? {
                0 => return Some(at),
                _ if self.is_best(&at, header.height) => return self.best(height),
                _ => at = header.parent,
            }
        }
    }
}

#[cfg(test)]
mod tests;

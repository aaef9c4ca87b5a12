//! Which undo records are kept: those of the last [`UNDO_BLOCKS`] blocks, and all from the final block on. A branch may leave the chain no deeper
//! than there, and to undo is far cheaper than to execute everything again.
//!
//! A branch of more than [`UNDO_BLOCKS`] blocks that was staged has the records of its last ones only. When the final block leaps forward after
//! a long time without a quorum, much is due at once: a bounded number leaves with each commit.

use alloc::vec::Vec;

use super::super::{Change, StateError, View};
use super::Chain;
use crate::crypto::Hash;
use crate::limits::{UNDO_BLOCKS, UNDO_DROPPED_PER_COMMIT};

/// See the module.
#[derive(Debug)]
pub(super) struct UndoRecords {
    /// Blocks up to this height have none any more.
    pub(super) floor: u64,
    /// So many of the last blocks keep theirs.
    pub(super) blocks: u64,
}

impl Default for UndoRecords {
    fn default() -> Self {
        Self { floor: 0, blocks: UNDO_BLOCKS }
    }
}

impl Chain {
    /// The height up to which no undo records are left. Found by halving: there are none up to it, and all above it.
    pub(super) fn load_undo(&mut self, view: &dyn View) -> Result<(), StateError> {
        let (mut without, mut with) = (0_u64, self.tip.height.saturating_add(1));
        while without.saturating_add(1) < with {
            let middle = without.midpoint(with);
            let id = view.at_height(middle)?;
            match id.map(|id| view.undo(&id)).transpose()?.flatten() {
                Some(_) => with = middle,
                None => without = middle,
            }
        }
        self.undo.floor = without;
        Ok(())
    }

    /// Undo records that leave with a commit after which the best chain ends at `tip` and is final up to `finalized`, by rising height.
    pub(super) fn undo_due(
        &self,
        view: &dyn View,
        tip: u64,
        finalized: u64,
    ) -> Result<Vec<(u64, Hash)>, StateError> {
        // The final block's own stays: an override may name that block, and a snapshot needs what it changed.
        let due = tip.saturating_sub(self.undo.blocks).min(finalized.saturating_sub(1));
        let first = self.undo.floor.saturating_add(1);
        let last = due.min(self.undo.floor.saturating_add(UNDO_DROPPED_PER_COMMIT));
        let mut dropped = Vec::new();
        for height in first..=last {
            dropped.extend(view.at_height(height)?.map(|id| (height, id)));
        }
        Ok(dropped)
    }

    /// Takes in a change that is durable.
    pub(super) fn undo_changed(&mut self, change: &Change) {
        if let Some((height, _)) = change.disconnected.last() {
            self.undo.floor = self.undo.floor.min(height.saturating_sub(1));
        }
        // A long branch has no records at its beginning; what stands before it leaves later.
        let is_next = |(first, _): &&(u64, Hash)| *first <= self.undo.floor.saturating_add(1);
        if change.dropped_undo.first().filter(is_next).is_some()
            && let Some((height, _)) = change.dropped_undo.last()
        {
            self.undo.floor = self.undo.floor.max(*height);
        }
    }
}

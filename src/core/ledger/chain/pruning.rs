//! Which bodies are kept: all, or those of the last blocks, on a node whose operator wishes so.
//!
//! A body leaves only below the final block: nothing there can change, and nobody comes back to it. Headers, the history tree, the index, what
//! makes blocks final and the bodies that change the members stay: whoever joins needs those to know who votes. Of a body that leaves its leaves
//! stay, see [`View::leaves`]: so a node that prunes still proves old transactions to whoever has their text.
//!
//! A node that keeps all, but has not all, fetches the rest: see [`super::backfill`].
//!
//! Invariant: the bodies of the best chain from [`View::lowest`] on are here, and below it only those that change the members.

use alloc::vec::Vec;

use super::super::{Change, StateError, View};
use super::Chain;
use crate::limits::{BODIES_DROPPED_PER_COMMIT, UNDO_BLOCKS};

/// See the module.
#[derive(Debug)]
pub(super) struct Pruning {
    /// So many of the last blocks keep their bodies; all, if none.
    keep: Option<u64>,
    /// The lowest block with a body.
    lowest: u64,
}

impl Default for Pruning {
    fn default() -> Self {
        Self { keep: None, lowest: 1 }
    }
}

impl Chain {
    /// Keeps the bodies of so many of the last blocks from now on; all, if none: then what has left comes back by and by ([`Chain::backfill`]).
    pub fn prune(&mut self, keep: Option<u64>) {
        self.pruning.keep = keep;
        self.undo.blocks = keep.unwrap_or(UNDO_BLOCKS).min(UNDO_BLOCKS);
    }

    /// See [`View::lowest`].
    pub fn lowest(&self) -> u64 {
        self.pruning.lowest
    }

    /// Whether bodies leave as the chain grows.
    pub fn prunes(&self) -> bool {
        self.pruning.keep.is_some()
    }

    pub(super) fn load_pruning(&mut self, view: &dyn View) -> Result<(), StateError> {
        self.pruning.lowest = view.lowest()?;
        Ok(())
    }

    /// Adds to a change which bodies leave with it. After it the best chain ends at `tip` and is final up to `finalized`.
    pub(super) fn prune_by(
        &self,
        view: &dyn View,
        change: &mut Change,
        tip: u64,
        finalized: u64,
    ) -> Result<(), StateError> {
        let Some(keep) = self.pruning.keep else { return Ok(()) };
        let first = self.pruning.lowest;
        // The final block itself stays: voters and newcomers ask for it.
        let due = tip.saturating_sub(keep).min(finalized.saturating_sub(1));
        let last = due.min(first.saturating_add(BODIES_DROPPED_PER_COMMIT).saturating_sub(1));
        let mut dropped = Vec::new();
        for height in first..=last {
            let Some(id) = view.at_height(height)? else { return Ok(()) };
            if view.record(&id)?.is_some_and(|record| record.roster.is_none()) {
                dropped.push(id);
            }
        }
        if last >= first {
            change.dropped_bodies = dropped;
            change.lowest = Some(last.saturating_add(1));
        }
        Ok(())
    }

    /// Takes in a change that is durable.
    pub(super) fn pruning_changed(&mut self, change: &Change) {
        self.pruning.lowest = change.lowest.unwrap_or(self.pruning.lowest);
    }
}

//! Where the best chain ends, and up to where it is final: how sure what stands in a block is.

use bouya_core::crypto::Hash;
use bouya_core::ledger::final_block;

use super::problem::Problem;
use crate::store::Snapshot;

/// Both read from one snapshot, so that they are of the same chain: a head that is newer might call a block final that another one replaced.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    /// The height and id of the newest block.
    pub(super) tip: (u64, Hash),
    /// The height of the newest final block; 0 if there is none yet.
    pub(super) finalized: u64,
}

impl Ends {
    pub(super) fn read(snapshot: &Snapshot) -> Result<Self, Problem> {
        let finalized = final_block(snapshot)?.0;
        Ok(Self { tip: snapshot.tip()?, finalized })
    }

    /// Of the block at this height of the best chain: itself and the blocks on top of it; 0 if there is none yet.
    pub(super) fn confirmations(&self, height: u64) -> u64 {
        (self.tip.0 + 1).saturating_sub(height)
    }

    /// Whether the block at this height of the best chain is final.
    pub(super) fn is_final(&self, height: u64) -> bool {
        height <= self.finalized
    }
}

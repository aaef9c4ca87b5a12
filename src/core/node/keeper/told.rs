//! What the keeper tells of the chain's end.

use super::{Head, Keeper, Output};
use crate::ledger::{Checkpoint, Disk, Moved};
use crate::time::Timestamp;

/// What a head tells beside the chain itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The date of the first held block.
    held: Option<Timestamp>,
    goal: Option<Checkpoint>,
    behind: bool,
    awaited: Option<u64>,
}

impl<D: Disk> Keeper<D> {
    /// Where the chain ends now.
    pub fn head(&self) -> Result<Head, D::Error> {
        let head = Head::read(&self.disk().view()?, self.chain().tip())?;
        let Told { held, goal, behind, awaited } = self.now();
        let (disk_full, prunes) = (self.disk_full, self.chain().prunes());
        Ok(Head { disk_full, prunes, held, goal, behind, awaited, ..head })
    }

    /// What a head would tell now beside the chain itself.
    pub(super) fn now(&self) -> Told {
        let chain = self.chain();
        Told {
            held: self.first_held(),
            goal: chain.goal(),
            behind: chain.is_behind(),
            awaited: chain.awaited(),
        }
    }

    /// The date of the block that is held and comes first.
    fn first_held(&self) -> Option<Timestamp> {
        let ahead_ms = self.chain().genesis().rules.schedule.ahead_ms();
        self.early.next_due().map(|due| Timestamp(due.0.saturating_add(ahead_ms)))
    }

    pub(super) fn tell_head(&mut self, moved: Option<Moved>) -> Result<(), D::Error> {
        let view = self.disk().view()?;
        self.told = self.now();
        let head = self.head()?;
        let moved = moved.map(|moved| (moved, view));
        self.outputs.push_back(Output::Head { head, moved });
        Ok(())
    }
}

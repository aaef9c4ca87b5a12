//! The chain on its disk: every change is durable before anybody hears of it.
//!
//! Blocks are planned, their change committed, and only then anybody hears of them, in this order and nowhere else. Blocks whose time has
//! not come wait here. A commit that fails ends the ledger: whatever memory was ahead of goes with it, and a restart loads what the
//! disk holds.
//!
//! Left out on purpose: who is told (the shell does that) and when the next step is due.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::ahead::Ahead;
use super::early::Early;
use super::{
    Block, BodyError, Chain, Change, Check, Genesis, Moved, Plan, PlanError, Ready, StateError, Step, View,
};
use crate::crypto::Hash;
use crate::time::Timestamp;

/// Where changes become durable: a file, or the simulator's model of one.
pub trait Disk {
    /// Everything committed so far, unmoved by what is committed later.
    type View<'a>: View
    where
        Self: 'a;
    /// It cannot be read or written: this node's own fault, and its end.
    type Error: From<StateError>;

    /// A view of now.
    fn view(&self) -> Result<Self::View<'_>, Self::Error>;

    /// Makes a change durable, all of it or nothing.
    fn commit(&mut self, change: &Change) -> Result<(), Self::Error>;
}

/// What became of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockOutcome {
    /// Stored; on the best chain or off it.
    Stored,
    /// It was there already.
    Known,
    /// Its time has not come; the chain gives it to itself again then.
    Early,
    /// Its parent is not stored: fetch that first. Nobody's fault.
    UnknownParent,
    /// Nobody's fault, not taken (too far behind, or this node's store fails).
    Ignored,
    /// Invalid. `committed`: by its id, so no copy can be better and it never need be fetched again.
    Invalid {
        /// See above.
        committed: bool,
        /// Why, for people.
        why: String,
    },
}

/// What became of a block, and of the best chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Of the block.
    pub outcome: BlockOutcome,
    /// Of the best chain, if it moved.
    pub moved: Option<Moved>,
}

/// What a step towards a heavier branch has led to.
#[derive(Debug)]
pub enum Progress {
    /// Not there yet, or nowhere to go.
    Working,
    /// A block of the branch turned out invalid; what comes before it still competes.
    Invalid {
        /// Which one.
        id: Hash,
        /// Why.
        error: BodyError,
    },
    /// The best chain is another one now.
    Flipped(Moved),
}

/// The best chain, its rivals, and what waits for its time, on a disk.
#[derive(Debug)]
pub struct Ledger<D> {
    disk: D,
    chain: Chain,
    early: Early,
}

impl<D: Disk> Ledger<D> {
    /// The ledger that `disk` holds, whose tip is `tip` and which has the blocks `side` stored off the best chain.
    pub fn load(genesis: Arc<Genesis>, disk: D, tip: Hash, side: &[Hash]) -> Result<Self, D::Error> {
        let chain = Chain::load(genesis, &disk.view()?, tip, side)?;
        Ok(Self { disk, chain, early: Early::default() })
    }

    /// Best chain and rivals.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Where everything is durable.
    pub fn disk(&self) -> &D {
        &self.disk
    }

    /// When the next block that waits for its time is to be taken.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.early.next_due()
    }

    /// Takes a block; for `wanted` see [`Chain::plan`].
    pub fn take(
        &mut self,
        check: Check<'_>,
        now: Timestamp,
        block: Arc<Block>,
        wanted: bool,
    ) -> Result<Taken, D::Error> {
        let mut pending = Change::default();
        let taken = self.plan_on(&mut pending, check, now, block, wanted)?;
        self.flush(&mut pending)?;
        Ok(taken)
    }

    /// Takes blocks one after the other. Those that extend the tip share a commit: a sync is bound by commits, not by blocks. When
    /// this returns all of it is durable; if it fails, nobody has heard of anything.
    pub fn take_all(
        &mut self,
        check: Check<'_>,
        now: Timestamp,
        blocks: impl IntoIterator<Item = (Arc<Block>, bool)>,
    ) -> Result<Vec<Taken>, D::Error> {
        let mut pending = Change::default();
        let mut all = Vec::new();
        for (block, wanted) in blocks {
            all.push(self.plan_on(&mut pending, check, now, block, wanted)?);
        }
        self.flush(&mut pending)?;
        Ok(all)
    }

    /// Takes a block on top of what is pending. What cannot share a commit is durable at once.
    fn plan_on(
        &mut self,
        pending: &mut Change,
        check: Check<'_>,
        now: Timestamp,
        block: Arc<Block>,
        wanted: bool,
    ) -> Result<Taken, D::Error> {
        let view = self.disk.view()?;
        let planned = self.chain.plan(&Ahead::new(&view, pending), check, now, block.clone(), wanted);
        drop(view);
        let outcome = match planned {
            Ok(Plan::Ready(ready)) => {
                let shares = ready.extends_tip();
                if !shares {
                    self.flush(pending)?;
                }
                let (change, moved) = self.chain.accept_ahead(ready);
                pending.extend(change);
                if !shares {
                    self.flush(pending)?;
                }
                return Ok(Taken { outcome: BlockOutcome::Stored, moved });
            }
            Ok(Plan::Known) => BlockOutcome::Known,
            Ok(Plan::Early { due, bytes }) => {
                self.early.hold(due, block, bytes);
                BlockOutcome::Early
            }
            Err(PlanError::State(error)) => return Err(error.into()),
            Err(PlanError::UnknownParent(_)) => BlockOutcome::UnknownParent,
            Err(PlanError::Behind) => BlockOutcome::Ignored,
            Err(PlanError::Header(error)) if error.is_local() => BlockOutcome::Ignored,
            Err(error) => BlockOutcome::Invalid { committed: error.is_committed(), why: error.to_string() },
        };
        Ok(Taken { outcome, moved: None })
    }

    /// Takes a block whose time has come, if there is one.
    pub fn take_due(&mut self, check: Check<'_>, now: Timestamp) -> Result<Option<Taken>, D::Error> {
        match self.early.take_due(now) {
            Some(block) => self.take(check, now, block, false).map(Some),
            None => Ok(None),
        }
    }

    /// One bounded step towards the best stored branch; there is one while [`Chain::is_behind`].
    pub fn step(&mut self, check: Check<'_>) -> Result<Progress, D::Error> {
        let step = self.chain.step(&self.disk.view()?, check)?;
        Ok(match step {
            Step::Idle | Step::Working => Progress::Working,
            Step::Invalid { id, error } => Progress::Invalid { id, error },
            Step::Ready(ready) => self.commit(ready)?.map_or(Progress::Working, Progress::Flipped),
        })
    }

    /// Makes what is pending durable.
    fn flush(&mut self, pending: &mut Change) -> Result<(), D::Error> {
        if pending.is_empty() {
            return Ok(());
        }
        self.disk.commit(&core::mem::take(pending))
    }

    /// Durable first, then in memory.
    fn commit(&mut self, ready: Ready) -> Result<Option<Moved>, D::Error> {
        self.disk.commit(ready.change())?;
        Ok(self.chain.accept(ready))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::super::check_inline;
    use super::super::testing::{Lab, Memory, address, genesis};
    use super::super::{Action, Output};
    use super::*;
    use crate::codec::{Bounded, Text};
    use crate::limits::AHEAD_MS;

    #[test]
    fn a_block_that_is_early_is_taken_once_its_time_has_come_and_only_once() {
        let mut lab = Lab::new();
        let genesis = genesis();
        let (tip, memory, mut check) =
            (genesis.branch().id, Memory::new(&genesis), check_inline(lab.network()));
        let mut ledger = Ledger::load(genesis, memory, tip, &[]).unwrap();
        let block = lab.mine(vec![]);
        let due = block.header.time;
        let before = Timestamp(due.0 - AHEAD_MS - 1);

        let taken = ledger.take(&mut check, before, block.clone(), false).unwrap();
        assert_eq!(taken, Taken { outcome: BlockOutcome::Early, moved: None });
        assert_eq!(ledger.next_due(), Some(due));
        assert_eq!(ledger.take_due(&mut check, before).unwrap(), None, "not yet");

        let taken =
            ledger.take_due(&mut check, Timestamp(due.0 - AHEAD_MS)).unwrap().expect("it was forgotten");
        assert_eq!(taken.outcome, BlockOutcome::Stored);
        assert_eq!(taken.moved.unwrap().connected, [block.id()]);
        assert_eq!(ledger.chain().tip().id, block.id());
        assert_eq!((ledger.next_due(), ledger.take_due(&mut check, due).unwrap()), (None, None));
    }

    #[test]
    fn what_does_not_become_durable_is_told_to_nobody() {
        let (mut lab, mut rival, genesis) = (Lab::new(), Lab::new(), genesis());
        let (tip, memory, mut check) =
            (genesis.branch().id, Memory::new(&genesis), check_inline(lab.network()));
        let mut ledger = Ledger::load(genesis, memory, tip, &[]).unwrap();
        let now = Timestamp(u64::MAX / 2);
        let outputs = Bounded::truncated([Output { to: address(2), amount: 1 }]);
        let paid = rival.sign(1, 0, Action::Transfer { outputs, memo: Text::default() });
        let first = lab.mine(vec![]);
        let heavier = [rival.mine(vec![paid]), rival.mine(vec![])];
        for block in [&first, &heavier[0], &heavier[1]] {
            ledger.take(&mut check, now, block.clone(), true).unwrap();
        }

        ledger.disk.fails = true;
        let flip = core::iter::repeat_with(|| ledger.step(&mut check));
        let flip = flip.take(9).find(|step| !matches!(step, Ok(Progress::Working)));
        assert!(matches!(flip, Some(Err(_))), "{flip:?}");
        assert_eq!(ledger.chain().tip().id, first.id());

        ledger.take(&mut check, now, lab.mine(vec![]), true).unwrap_err();
    }
}

//! What observers are told of what members decide about members.

use bouya_core::crypto::Hash;
use bouya_core::ledger::governance::{self, Closed, Ended, Outcome};
use bouya_core::ledger::{Action, Block, InForce, in_force, in_force_at_final};
use bouya_core::time::Timestamp;

use super::{ChainActor, ChainError};
use crate::events::{Event, MotionState};
use crate::store::Snapshot;

impl ChainActor {
    /// Tells what a block that joined the chain did to motions. Those whose time was over at `since` have been told of.
    pub(super) fn tell_motions(
        &self,
        snapshot: &Snapshot,
        id: &Hash,
        block: &Block,
        since: Timestamp,
    ) -> Result<(), ChainError> {
        let height = block.header.height;
        let mut told: Vec<(u32, Hash, MotionState)> = Vec::new();
        for (index, transaction) in (0..).zip(block.body.transactions.iter()) {
            let Action::Motion(_) = &transaction.action else { continue };
            let Some(motion) = transaction.motion() else { continue };
            let is_open = governance::motion(snapshot, &motion, Timestamp(0))?.is_some();
            // One that counts for nothing is neither.
            if is_open || !snapshot.ended(&motion)?.is_empty() {
                told.push((index, motion, MotionState::Moved));
            }
        }
        for Ended { id, at, outcome } in snapshot.ended_at(height)? {
            match outcome {
                Outcome::Closed(Closed::Expired, seen) if seen.motion.until < since => (),
                Outcome::Closed(why, _) => told.push((at.index, id, why.into())),
                Outcome::Applied => told.push((at.index, id, MotionState::Applied)),
                Outcome::Dropped(_) => told.push((at.index, id, MotionState::Dropped)),
            }
        }
        // Moved before decided, if one transaction did both.
        told.sort_by_key(|(index, ..)| *index);
        for (_, id, state) in told {
            self.outlets.events.tell(Event::Motion { id, state });
        }
        if block.body.certificate.is_some()
            && let Some(members) = in_force(snapshot, id)?
        {
            self.tell_members(height, &members, false);
        }
        Ok(())
    }

    /// Tells which motions have expired since then, and stand in the state yet.
    pub(super) fn tell_expired(&self, snapshot: &Snapshot, since: Timestamp) -> Result<(), ChainError> {
        for id in governance::expired(snapshot, since, self.keeper.chain().tip().time)? {
            self.outlets.events.tell(Event::Motion { id, state: MotionState::Expired });
        }
        Ok(())
    }

    /// Other members vote from now on, if they do.
    pub(super) fn tell_voters(&mut self) -> Result<(), ChainError> {
        use bouya_core::ledger::Disk as _;
        let snapshot = self.keeper.disk().view()?;
        let members = in_force_at_final(&snapshot)?;
        if std::mem::replace(&mut self.voters, members.base()) != members.base() {
            self.tell_members(members.roster().base().height(), &members, true);
        }
        Ok(())
    }

    fn tell_members(&self, height: u64, members: &InForce, finalized: bool) {
        let ids = members.roster().members().iter().map(|member| member.id.clone()).collect();
        self.outlets.events.tell(Event::Members { height, hash: members.base(), members: ids, finalized });
    }
}

impl From<Closed> for MotionState {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Passed => Self::Passed,
            Closed::Rejected => Self::Rejected,
            Closed::Expired => Self::Expired,
            Closed::Replaced => Self::Replaced,
            Closed::Void => Self::Void,
        }
    }
}

//! What observers are told of what members decide about members.

use bouya_core::crypto::Hash;
use bouya_core::ledger::governance::{self, Decision};
use bouya_core::ledger::{Action, Block, InForce, Key, View, in_force, in_force_at_final};
use bouya_core::time::Timestamp;

use super::{ChainActor, ChainError};
use crate::events::{Event, MotionState};
use crate::store::Snapshot;

impl ChainActor {
    /// Tells what a block that joined the chain did. What a block below the tip did is told as far as the state at the tip shows it.
    pub(super) fn tell_motions(
        &self,
        snapshot: &Snapshot,
        id: &Hash,
        block: &Block,
    ) -> Result<(), ChainError> {
        let height = block.header.height;
        let passed = governance::passed(snapshot)?;
        let is_open = |id: &Hash| governance::motion(snapshot, id, Timestamp(0)).map(|open| open.is_some());
        let mut told: Vec<(Hash, MotionState)> = Vec::new();
        for transaction in block.body.transactions.iter() {
            let Some(motion) = transaction.motion() else { continue };
            let has_passed = |motion| {
                passed.iter().any(|one| matches!(&one.decision, Decision::Motion { id, .. } if *id == motion))
            };
            let is_new = matches!(transaction.action, Action::Motion(_));
            let counts = has_passed(motion) || is_open(&motion)?;
            if is_new && counts {
                told.push((motion, MotionState::Moved));
            } else if !is_new && !counts && self.had_row(snapshot, id, &Key::Motion(motion))? {
                told.push((motion, MotionState::Rejected));
            }
        }
        // Those that a handover decided too, which are in no transaction.
        for one in passed.iter().filter(|one| one.at.height == height) {
            if let Decision::Motion { id, .. } = &one.decision {
                told.push((*id, MotionState::Passed));
            }
        }
        told.dedup();
        for (id, state) in told {
            self.outlets.events.tell(Event::Motion { id, state });
        }
        if block.body.certificate.is_some()
            && let Some(members) = in_force(snapshot, id)?
        {
            self.tell_members(height, &members, false);
        }
        Ok(())
    }

    /// Whether the tip, if it is this block, took this row from the state.
    fn had_row(&self, snapshot: &Snapshot, block: &Hash, key: &Key) -> Result<bool, ChainError> {
        if snapshot.tip()?.1 != *block {
            return Ok(false);
        }
        let undo = View::undo(snapshot, block)?.unwrap_or_default();
        Ok(undo.0.iter().any(|(row, before)| row == key && before.is_some()))
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

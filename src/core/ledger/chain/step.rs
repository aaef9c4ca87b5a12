//! The way to a better branch, step by step.

use super::super::{Branch, Change, StateError, View};
use super::plan::Effect;
use super::reorg::{Advance, Reorg};
use super::{Chain, Check, Ready, Step};
use crate::crypto::Hash;

impl Chain {
    /// One bounded step towards the best stored branch.
    pub fn step(&mut self, view: &dyn View, check: Check<'_>) -> Result<Step, StateError> {
        let Some(mut reorg) = self.reorg.take() else {
            let Some(target) = self.best_side().cloned() else { return Ok(Step::Idle) };
            self.reorg = Reorg::new(view, &self.tip, target.clone())?;
            if self.reorg.is_none() {
                self.forget(&[target.id]);
            }
            return Ok(Step::Working);
        };
        let holds_final = |branch: &Branch| self.reaches(branch).is_some();
        if !self.prefers(reorg.target(), &self.tip)
            || self.best_side().is_some_and(holds_final) && !holds_final(reorg.target())
        {
            // The best chain has outgrown it meanwhile, or another branch holds what is final now.
            return Ok(Step::Working);
        }
        match reorg.advance(&self.genesis, view, check)? {
            Advance::Working => {
                self.reorg = Some(reorg);
                Ok(Step::Working)
            }
            Advance::Gone => {
                self.forget(&[reorg.target().id]);
                Ok(Step::Working)
            }
            Advance::Done(change) => {
                let (branch, lost) = reorg.into_parts();
                let finalized = self.reaches(&branch);
                let handovers = self.handover_by(view, finalized.as_ref(), &branch)?;
                let change = Change { finalized, handovers, ..change };
                Ok(Step::Ready(Ready { change, effect: Effect::Flip { branch, lost } }))
            }
            Advance::Invalid { id, valid, error } => {
                self.forbid(view, id, valid, error.is_computed())?;
                Ok(Step::Invalid { id, error })
            }
        }
    }

    /// The stored branch that is preferred to all others, if it is preferred to the best chain.
    fn best_side(&self) -> Option<&Branch> {
        let better = self.side.values().filter(|branch| self.prefers(branch, &self.tip));
        better.reduce(|a, b| if self.prefers(b, a) { b } else { a })
    }

    /// Remembers an invalid block and lets only the part before it compete.
    fn forbid(
        &mut self,
        view: &dyn View,
        id: Hash,
        valid: Option<Hash>,
        disputed: bool,
    ) -> Result<(), StateError> {
        let condemned = self.blocks.condemn(&id, disputed);
        if disputed {
            self.dispute_stored(id, &condemned);
        } else {
            self.condemn(id);
        }
        self.side.retain(|tip, _| !condemned.contains(tip));
        self.wanted.take_if(|wanted| condemned.contains(wanted));
        if let Some(valid) = valid
            && let Some(branch) = self.branch_at(view, &valid)?
        {
            self.side.insert(valid, branch);
        }
        self.forget_goal(&condemned);
        Ok(())
    }
}

//! Blocks that state other results than this node computes, and what stands on them. Who is wrong is not known here, so nobody is blamed for
//! them; and they are not executed again.
//!
//! What stands on such a block is checked like any other block off the best chain before it is remembered: so it has cost its miner a block's work.
//! Otherwise one peer could fill this memory for nothing, and what is forgotten is fetched and executed again.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::execute::check_form;
use super::super::{Block, Branch, StateError, View};
use super::{Chain, Plan, PlanError};
use crate::crypto::Hash;
use crate::limits::DISPUTED_BLOCKS;
use crate::time::Timestamp;

/// The last of them. Those that are stored off the best chain are marked there too.
#[derive(Debug, Default)]
pub(super) struct Disputed {
    /// The branch that ends in each, where it is known and the block is not stored: the headers on top of it are judged by that.
    branches: BTreeMap<Hash, Option<Branch>>,
    /// Oldest first.
    order: VecDeque<Hash>,
}

impl Disputed {
    fn insert(&mut self, id: Hash, branch: Option<Branch>) {
        if self.branches.insert(id, branch).is_some() {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > DISPUTED_BLOCKS
            && let Some(oldest) = self.order.pop_front()
        {
            self.branches.remove(&oldest);
        }
    }
}

impl Chain {
    /// Whether this node computes something else than this block or an ancestor of it states, as far as that is remembered.
    pub(super) fn is_disputed(&self, id: &Hash) -> bool {
        self.disputed.branches.contains_key(id) || self.blocks.is_disputed(id)
    }

    /// Plans for a block that is disputed, or stands on one that is; none for all others.
    pub(super) fn plan_disputed(
        &self,
        view: &dyn View,
        now: Timestamp,
        block: &Block,
    ) -> Result<Option<Plan>, PlanError> {
        let (id, parent, rules) = (block.id(), block.header.parent, &self.genesis.rules);
        if self.is_disputed(&id) {
            return Ok(Some(self.plan_again(view, block)?));
        }
        if !self.is_disputed(&parent) {
            return Ok(None);
        }
        let Some(mut branch) = self.branch_of(view, &parent)? else {
            block.header.check_alone(rules)?;
            return Err(PlanError::Behind);
        };
        branch.check(rules, &block.header)?;
        self.check_margin(&branch, block.header.difficulty)?;
        let bytes = check_form(rules, &branch, block)?;
        if let Some(due) = self.due(block, now) {
            return Ok(Some(Plan::Early { due, bytes }));
        }
        let roster = self.roster_after(view, &branch, block)?;
        branch.push(rules, &block.header, roster);
        Ok(Some(Plan::Disputed { first: parent, branch: Some(Box::new(branch)) }))
    }

    /// A disputed block comes once more. What was not known of the members after it may be known by now.
    fn plan_again(&self, view: &dyn View, block: &Block) -> Result<Plan, StateError> {
        let id = block.id();
        let branch = match self.disputed.branches.get(&id) {
            Some(None) => self.branch_after(view, block)?.map(Box::new),
            Some(Some(_)) | None => None,
        };
        Ok(Plan::Disputed { first: id, branch })
    }

    /// The branch that ends in a disputed block, or in one of the best chain.
    fn branch_of(&self, view: &dyn View, id: &Hash) -> Result<Option<Branch>, StateError> {
        match self.disputed.branches.get(id) {
            Some(Some(branch)) => Ok(Some(branch.clone())),
            Some(None) | None => self.branch_at(view, id),
        }
    }

    /// The branch that ends in this disputed block. None if its parent's is not known, if the members after it are not, or if this is a wrong copy.
    fn branch_after(&self, view: &dyn View, block: &Block) -> Result<Option<Branch>, StateError> {
        let Some(mut branch) = self.branch_of(view, &block.header.parent)? else { return Ok(None) };
        if check_form(&self.genesis.rules, &branch, block).is_err() {
            return Ok(None);
        }
        match self.roster_after(view, &branch, block) {
            Ok(roster) => {
                branch.push(&self.genesis.rules, &block.header, roster);
                Ok(Some(branch))
            }
            Err(PlanError::State(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Remembers a block on the tip that was executed and states something else.
    pub(in crate::ledger) fn dispute(&mut self, view: &dyn View, block: &Block) -> Result<(), StateError> {
        let branch = self.branch_after(view, block)?;
        self.disputed.insert(block.id(), branch);
        Ok(())
    }

    /// Remembers what stands on a disputed block; see [`Plan::Disputed`].
    pub(in crate::ledger) fn dispute_after(&mut self, branch: Branch) {
        self.disputed.insert(branch.id, Some(branch));
    }

    /// Remembers a stored block that was executed and states something else; `condemned` are that one and all that stand on it.
    pub(super) fn dispute_stored(&mut self, id: Hash, condemned: &BTreeSet<Hash>) {
        for (end, branch) in self.side.iter().filter(|(end, _)| condemned.contains(*end)) {
            self.disputed.insert(*end, Some(branch.clone()));
        }
        // Where it is stored, its branch is found there.
        if !self.disputed.branches.contains_key(&id) {
            self.disputed.insert(id, None);
        }
    }
}

//! The chain: which history counts, and how to move from one to another.
//!
//! A block is *planned* against the durable world, the plan's [`Change`] is made durable by the shell, and only then the chain
//! *accepts* the plan: memory is never ahead of the disk. A block on the tip is executed at once. A block off the tip is stored;
//! when a stored branch is preferred to the tip, it is *staged*: the best chain is undone and the branch executed in memory, in bounded steps between
//! which the chain goes on answering and even growing. Then one change switches to the branch.
//!
//! Invariants: the tip is the end of a fully executed chain; every block off it is stored with all its ancestors; what is stored off it is
//! bounded, except for branches that are known to be preferred; the rows of a reorganisation under way are the state at the block it has
//! reached, even if the tip grows meanwhile.
//!
//! Left out on purpose: fetching (the overlay does that) and reading back bodies for the mempool (the shell does that).

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::execute::{Check, Ground, check_form, execute};
use super::state::{Layer, Rows};
use super::{Block, Branch, Change, Genesis, HeaderRecord, StateError, View};
use crate::crypto::Hash;
use crate::limits::{INVALID_BLOCKS, SIDE_BLOCKS_BEHIND, SIDE_TIPS};
use crate::recent::Recent;
use crate::time::Timestamp;
use disputed::Disputed;
use finality::Finality;
use plan::Effect;
use pruning::Pruning;
use reorg::Reorg;
use side::SideBlocks;
use undo::UndoRecords;

mod backfill;
mod branches;
mod disputed;
mod finality;
mod members;
mod overriding;
mod plan;
mod pruning;
mod reorg;
mod side;
mod step;
mod undo;

pub use backfill::{BackfillError, Span};
pub use finality::{Contradiction, Finalized};
pub(super) use overriding::take_override;
pub use plan::{Moved, Origin, Plan, PlanError, Ready, Step};

/// The best chain, its rivals, and the way to a better one.
#[derive(Debug)]
pub struct Chain {
    genesis: Arc<Genesis>,
    tip: Branch,
    /// Ends of stored branches off the best chain.
    side: BTreeMap<Hash, Branch>,
    /// All stored blocks off the best chain.
    blocks: SideBlocks,
    /// The last block stored of a branch whose headers beat the tip.
    wanted: Option<Hash>,
    /// The blocks that turned out invalid last, so that blocks on top of them are refused unread.
    invalid: Recent,
    disputed: Disputed,
    reorg: Option<Reorg>,
    finality: Finality,
    undo: UndoRecords,
    pruning: Pruning,
}

impl Chain {
    /// Loads the chain that is durable.
    pub fn load(genesis: Arc<Genesis>, view: &dyn View) -> Result<Self, StateError> {
        let (_, tip) = view.tip()?;
        let mut chain = Self {
            finality: Finality::new(genesis.id()),
            tip: genesis.branch(),
            genesis,
            side: BTreeMap::new(),
            blocks: SideBlocks::default(),
            wanted: None,
            invalid: Recent::new(INVALID_BLOCKS),
            disputed: Disputed::default(),
            reorg: None,
            undo: UndoRecords::default(),
            pruning: Pruning::default(),
        };
        let missing = || StateError("the tip's block is missing; run `bouya verify`".into());
        chain.tip = chain.branch_at(view, &tip)?.ok_or_else(missing)?;
        chain.check_checkpoint(view)?;
        chain.load_finality(view)?;
        chain.load_undo(view)?;
        chain.load_pruning(view)?;
        for id in view.side_blocks()? {
            if let Some(record) = view.record(&id)? {
                chain.blocks.add(id, (&record).into());
            }
        }
        let is_above =
            |id: &Hash| chain.blocks.fork_height(id).is_none_or(|fork| fork >= chain.finalized().0);
        let ends: Vec<Hash> = chain.blocks.ends().filter(is_above).take(SIDE_TIPS).collect();
        for id in ends {
            if let Some(branch) = chain.branch_at(view, &id)? {
                chain.side.insert(id, branch);
            }
        }
        Ok(chain)
    }

    /// The end of the best chain.
    pub fn tip(&self) -> &Branch {
        &self.tip
    }

    /// The network's rules and beginning.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Ends of the stored branches off the best chain.
    pub fn side_tips(&self) -> impl Iterator<Item = &Branch> {
        self.side.values()
    }

    /// Blocks stored off the best chain: how many, and how many bytes.
    pub fn side_blocks(&self) -> (usize, u64) {
        (self.blocks.len(), self.blocks.bytes())
    }

    /// Leaves room for this many blocks off the best chain: a fuzzer makes few.
    #[cfg(feature = "fuzzing")]
    #[doc(hidden)]
    pub fn set_side_room(&mut self, blocks: usize) {
        self.blocks.room.blocks = blocks;
    }

    /// The height of a block that operators trust and that is not on the best chain yet.
    pub fn awaited(&self) -> Option<u64> {
        self.genesis.rules.decided().map(|(height, _)| height).filter(|height| *height > self.tip.height)
    }

    /// Remembers that a block with a good header, and so with its work, is invalid.
    pub(super) fn condemn(&mut self, id: Hash) {
        self.invalid.insert(id);
    }

    /// Whether this block or an ancestor of it was found invalid, as far as that is remembered.
    fn is_invalid(&self, id: &Hash) -> bool {
        self.invalid.contains(id) || self.blocks.is_condemned(id)
    }

    /// Whether a stored branch is preferred to the best chain, so that [`Chain::step`] has work to do.
    pub fn is_behind(&self) -> bool {
        self.reorg.is_some() || self.side.values().any(|branch| self.prefers(branch, &self.tip))
    }

    /// Plans for `block`, cheapest checks first.
    pub fn plan(
        &self,
        view: &dyn View,
        check: Check<'_>,
        now: Timestamp,
        block: Arc<Block>,
        origin: Origin,
    ) -> Result<Plan, PlanError> {
        // Before any look-up in the store: then everything below has cost its sender work.
        block.header.check_work()?;
        let id = block.id();
        let parent = block.header.parent;
        if let Some(plan) = self.plan_disputed(view, now, &block)? {
            return Ok(plan);
        }
        if let Some(invalid) = [id, parent].into_iter().find(|id| self.is_invalid(id)) {
            return Err(PlanError::Invalid(invalid));
        }
        if view.record(&id)?.is_some() {
            return Ok(Plan::Known);
        }
        let rules = &self.genesis.rules;
        let Some(mut branch) = self.branch_at(view, &parent)? else {
            block.header.check_alone(rules)?;
            return Err(PlanError::UnknownParent(parent));
        };
        if parent != self.tip.id && self.is_apart(&parent, branch.height) {
            return Err(PlanError::Apart { height: self.finalized().0 });
        }
        branch.check(rules, &block.header)?;
        // A block that would not be stored is not held either.
        if parent != self.tip.id && origin != Origin::Synced {
            self.check_margin(&branch, block.header.difficulty)?;
        }
        // Before it may be held: a wrong copy must not take the place of the right one.
        let bytes = check_form(rules, &branch, &block)?;
        if let Some(due) = self.due(&block, now) {
            return Ok(Plan::Early { due, bytes });
        }
        if parent == self.tip.id {
            self.plan_tip(view, check, branch, (block, bytes, origin))
        } else {
            let roster = self.roster_after(view, &branch, &block)?;
            branch.push(rules, &block.header, roster);
            Ok(self.plan_side(branch, (block, bytes, origin)))
        }
    }

    /// When a block may be taken, if that is not yet.
    fn due(&self, block: &Block, now: Timestamp) -> Option<Timestamp> {
        let ahead = self.genesis.rules.schedule.ahead_ms();
        Some(Timestamp(block.header.time.0.saturating_sub(ahead))).filter(|due| *due > now)
    }

    /// A single block is worth keeping only near the tip. The branch ends in its parent.
    fn check_margin(&self, branch: &Branch, difficulty: u64) -> Result<(), PlanError> {
        let margin = u128::from(difficulty).saturating_mul(u128::from(SIDE_BLOCKS_BEHIND).saturating_add(1));
        let is_near = branch.work.saturating_add(margin) >= self.tip.work;
        if is_near { Ok(()) } else { Err(PlanError::Behind) }
    }

    fn plan_tip(
        &self,
        view: &dyn View,
        check: Check<'_>,
        mut branch: Branch,
        (block, bytes, origin): (Arc<Block>, usize, Origin),
    ) -> Result<Plan, PlanError> {
        let (rules, lower, at) = (&self.genesis.rules, Rows::new(), |height| view.at_height(height));
        let ground = Ground { rules, branch: &branch, at: &at };
        let executed = execute(ground, Layer::new(Some(view), &lower), &block, check)?;
        let nodes = branch.push(rules, &block.header, executed.roster);
        let finalized = self.reaches(&branch).or_else(|| self.carried(&block));
        let mut change = Change {
            handovers: self.handover_by(view, finalized.as_ref(), &branch)?,
            finalized,
            connected: Vec::from([(branch.height, branch.id, executed.undo)]),
            removed: self.surplus(block.header.parent),
            dropped_undo: self.undo_due(view, branch.height, self.finalized().0)?,
            stored: Vec::from([(HeaderRecord::of(&block, &branch, bytes), block)]),
            rows: executed.rows,
            ended: executed.ended,
            results: executed.results.map(|results| (branch.id, results)).into_iter().collect(),
            nodes,
            ..Change::default()
        };
        self.prune_by(view, &mut change, branch.height, self.finalized().0)?;
        Ok(Plan::Ready(Ready { change, effect: Effect::Tip { branch, origin } }))
    }

    fn plan_side(&self, branch: Branch, (block, bytes, origin): (Arc<Block>, usize, Origin)) -> Plan {
        let parent = block.header.parent;
        let change = Change {
            removed: self.surplus(parent),
            stored: Vec::from([(HeaderRecord::of(&block, &branch, bytes), block)]),
            ..Change::default()
        };
        Plan::Ready(Ready { change, effect: Effect::Side { branch, parent, origin } })
    }

    /// Takes in a change that is now durable. Returns how the best chain moved, if it did.
    pub fn accept(&mut self, ready: Ready) -> Option<Moved> {
        self.take_in(&ready.change, ready.effect)
    }

    /// Takes in a change ahead of the disk, and gives it back to be made durable before anybody hears of it.
    pub(super) fn accept_ahead(&mut self, ready: Ready) -> (Change, Option<Moved>) {
        let moved = self.take_in(&ready.change, ready.effect);
        (ready.change, moved)
    }

    fn take_in(&mut self, change: &Change, effect: Effect) -> Option<Moved> {
        let moved = self.take_effect(change, effect);
        self.undo_changed(change);
        self.pruning_changed(change);
        self.settle_override(change);
        if let Some(certificate) = &change.finalized {
            self.settle(certificate);
        }
        moved
    }

    fn take_effect(&mut self, change: &Change, effect: Effect) -> Option<Moved> {
        let from = self.tip.id;
        self.forget(&change.removed);
        let origin = match effect {
            Effect::Final => return None,
            Effect::Side { branch, parent, origin } => {
                if origin == Origin::Synced {
                    self.wanted = Some(branch.id);
                }
                for (record, _) in &change.stored {
                    self.blocks.add(branch.id, record.into());
                }
                let was_end = self.side.remove(&parent).is_some();
                self.holder_grew(&parent, was_end, branch.id);
                self.add_side(branch);
                return None;
            }
            Effect::Tip { branch, origin } => {
                self.side.remove(&branch.id);
                self.tip = branch;
                let grown = change.stored.first().zip(change.connected.first());
                if let (Some(reorg), Some(((record, _), (_, id, undo)))) = (&mut self.reorg, grown) {
                    reorg.tip_grew(record, *id, undo);
                }
                origin
            }
            Effect::Flip { branch, lost } => {
                self.reorg = None;
                // The ends of valid parts on the way too: two branches may share one.
                for (_, id, _) in &change.connected {
                    self.blocks.remove(id);
                    self.side.remove(id);
                }
                for (id, block) in lost {
                    self.blocks.add(id, block);
                }
                let before = core::mem::replace(&mut self.tip, branch);
                if !change.disconnected.is_empty() {
                    self.add_side(before);
                }
                Origin::Flip
            }
        };
        Some(Moved {
            origin,
            from,
            disconnected: change.disconnected.iter().map(|(_, id)| *id).collect(),
            connected: change.connected.iter().map(|(_, id, _)| *id).collect(),
        })
    }

    fn add_side(&mut self, branch: Branch) {
        self.side.insert(branch.id, branch);
        if self.side.len() > SIDE_TIPS {
            // As long as its blocks are stored, walking back from a new block finds it again if it ever grows.
            let least =
                self.side.values().reduce(|a, b| if self.prefers(a, b) { b } else { a }).map(|b| b.id);
            least.and_then(|id| self.side.remove(&id));
        }
    }

    /// Blocks off the best chain that leave with the next commit. Some stay even without room: a branch that is preferred to the best chain,
    /// the branch that is staged, the one that is being fetched because its headers beat the tip, a final block, what this node's voter
    /// needs, and the ancestors of the next block.
    fn surplus(&self, parent: Hash) -> Vec<Hash> {
        let better =
            self.side.values().filter(|branch| self.prefers(branch, &self.tip)).map(|branch| branch.id);
        let staged = self.reorg.as_ref().map(|reorg| reorg.target().id);
        let settled = self.goal().map(|goal| goal.block);
        let voted = self.finality.kept();
        let kept = better.chain(staged).chain(self.wanted).chain(settled).chain(voted).chain([parent]);
        self.blocks.surplus(&kept.collect())
    }

    fn forget(&mut self, removed: &[Hash]) {
        for id in removed {
            self.blocks.remove(id);
            self.side.remove(id);
        }
    }
}

#[cfg(test)]
mod tests;

//! What is final here. The newest final block never leaves the best chain, and a branch that holds a newer one is preferred to every other.

use alloc::collections::BTreeSet;

use super::super::{Branch, Certificate, Change, Checkpoint, Override, StateError, View};
use super::plan::Effect;
use super::{Chain, Ready};
use crate::crypto::Hash;

/// The chain's part of finality.
#[derive(Debug)]
pub(super) struct Finality {
    /// The newest final block on the best chain. Durable; the genesis block at first, and the checkpoint of an override from then on.
    height: u64,
    id: Hash,
    /// A newer final block that is not on the best chain yet.
    goal: Option<Certificate>,
    /// Ends of the stored branches that hold the goal.
    holders: BTreeSet<Hash>,
    /// What this node's voter needs: the latest justified block, and the one that it is locked on.
    kept: [Hash; 2],
}

/// What a final certificate leads to. It has been verified.
#[derive(Debug)]
pub enum Finalized {
    /// Its block is final already, or below one that is.
    Known,
    /// Its block is on the best chain: make the change durable, then accept it.
    Ready(Ready),
    /// Its block is stored off the best chain. [`Chain::step`] moves to it, whatever its work.
    Behind,
    /// Its block is not stored. Once it is, its branch is preferred to every other.
    Missing,
    /// It contradicts what is here. Nothing changes.
    Conflict(Contradiction),
}

/// How a final block contradicts this node's chain; of several, the last counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contradiction {
    /// It or an ancestor was found invalid here: the members have finalised what this node cannot accept.
    Invalid,
    /// It does not fit what is final here: there are two histories.
    OtherHistory,
    /// It lacks the operator's checkpoint, which is on the best chain: the operator has decided between the two.
    Overruled,
}

impl Finality {
    /// Nothing but the genesis block is final.
    pub(super) fn new(genesis: Hash) -> Self {
        Self { height: 0, id: genesis, goal: None, holders: BTreeSet::new(), kept: [genesis; 2] }
    }

    fn holds(&self, branch: &Branch) -> bool {
        self.holders.contains(&branch.id)
    }

    fn goal(&self) -> Option<Checkpoint> {
        self.goal.as_ref().map(|certificate| certificate.link.source)
    }

    pub(super) fn kept(&self) -> [Hash; 2] {
        self.kept
    }
}

impl Chain {
    /// The newest final block on the best chain: its height and id. The genesis block if nothing was voted final, and the checkpoint
    /// of an override if nothing above it was.
    pub fn finalized(&self) -> (u64, Hash) {
        (self.finality.height, self.finality.id)
    }

    /// A final block that is not on the best chain: while there is one, this node is behind.
    pub fn goal(&self) -> Option<Checkpoint> {
        self.finality.goal()
    }

    /// Never evicts these blocks, nor what they stand on; those that were given before may go. A quorum has justified them, so one honest voter
    /// has had their branches.
    pub fn keep(&mut self, justified: Hash, lock: Hash) {
        self.finality.kept = [justified, lock];
    }

    /// The headers that lead to the goal have shown how its branch contradicts this chain. Returns its certificate; it is no goal any more.
    pub fn beside(
        &mut self,
        view: &dyn View,
        block: &Hash,
        how: Contradiction,
    ) -> Result<Option<(Certificate, Contradiction)>, StateError> {
        let Some(goal) = self.finality.goal.take_if(|goal| goal.link.source.block == *block) else {
            return Ok(None);
        };
        self.find_holders();
        // A checkpoint says which history counts, not that a block of it may be refused.
        let how = match how {
            Contradiction::OtherHistory => self.contradiction(view, self.finality.height)?,
            Contradiction::Invalid | Contradiction::Overruled => how,
        };
        Ok(Some((goal, how)))
    }

    /// How two histories that are `apart` at this height contradict each other.
    fn contradiction(&self, view: &dyn View, apart: u64) -> Result<Contradiction, StateError> {
        let is_overruled = self.is_overruled(view, apart)?;
        Ok(if is_overruled { Contradiction::Overruled } else { Contradiction::OtherHistory })
    }

    /// Whether the operator's checkpoint decides between two histories that are `apart` at this height: the best chain holds it.
    fn is_overruled(&self, view: &dyn View, apart: u64) -> Result<bool, StateError> {
        for (height, id) in self.genesis.rules.trusted().filter(|(height, _)| apart <= *height) {
            if view.at_height(height)? == Some(id) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Refuses a chain that has another block at the height of the operator's checkpoint: it would go on with the history that the operator
    /// has decided against.
    pub(super) fn check_checkpoint(&self, view: &dyn View) -> Result<(), StateError> {
        for (height, id) in self.genesis.rules.trusted() {
            if let Some(found) = view.at_height(height)?.filter(|found| *found != id) {
                return Err(StateError(alloc::format!(
                    "the chain here has block {found} at height {height}, and the checkpoint is {id}; if the checkpoint is right, move the data folder away and start again: the chain comes from the peers"
                )));
            }
        }
        Ok(())
    }

    /// The order of branches: first whether they hold the final block, then work, then the smaller id. Of those stored, all hold
    /// the one that is final on the best chain.
    pub fn prefers(&self, one: &Branch, other: &Branch) -> bool {
        let rank = |branch: &Branch| (self.finality.holds(branch), branch.work);
        (rank(one), other.id) > (rank(other), one.id)
    }

    /// A quorum has made a block final. After each move of the best chain the newest certificate is given again: a goal is not replaced while
    /// the way to it is under way. Else the last one that was given is the goal.
    pub fn finalize(&mut self, view: &dyn View, certificate: Certificate) -> Result<Finalized, StateError> {
        let Checkpoint { height, block, .. } = certificate.link.source;
        let is_on_best = view.at_height(height)? == Some(block);
        if height <= self.finality.height {
            if is_on_best {
                return self.known(view, &certificate);
            }
            return Ok(Finalized::Conflict(self.contradiction(view, height)?));
        }
        if is_on_best {
            let dropped_undo = self.undo_due(view, self.tip.height, height)?;
            let handovers = self.handover_by(view, Some(&certificate), &self.tip)?;
            let finalized = Some(certificate);
            let mut change = Change { finalized, handovers, dropped_undo, ..Change::default() };
            self.prune_by(view, &mut change, self.tip.height, height)?;
            return Ok(Finalized::Ready(Ready { change, effect: Effect::Final }));
        }
        if self.is_overruled(view, height)? {
            return Ok(Finalized::Conflict(Contradiction::Overruled));
        }
        if self.is_invalid(&block) || self.is_disputed(&block) {
            return Ok(Finalized::Conflict(Contradiction::Invalid));
        }
        if let Some(fork) = self.blocks.fork_height(&block).filter(|fork| *fork < self.finality.height) {
            return Ok(Finalized::Conflict(self.contradiction(view, fork.saturating_add(1))?));
        }
        // A goal that is stored is reached first: a network that finalises faster than this node moves must not make it begin again.
        let is_stored = |chain: &Self| {
            Ok::<_, StateError>(match chain.goal() {
                Some(goal) => view.record(&goal.block)?.is_some(),
                None => false,
            })
        };
        if !is_stored(self)? {
            self.finality.goal = Some(certificate);
        }
        self.find_holders();
        if self.finality.holders.is_empty() && is_stored(self)? {
            self.add_holder(view)?;
        }
        Ok(if is_stored(self)? { Finalized::Behind } else { Finalized::Missing })
    }

    /// The goal is stored, and no branch that is remembered leads to it: other branches were heavier.
    fn add_holder(&mut self, view: &dyn View) -> Result<(), StateError> {
        let Some(Checkpoint { block, .. }) = self.goal() else { return Ok(()) };
        let is_good = |end: &Hash| self.blocks.is_on(end, &block) && !self.blocks.is_condemned(end);
        let end = self.blocks.ends().find(is_good).unwrap_or(block);
        if let Some(branch) = self.branch_at(view, &end)? {
            self.side.insert(end, branch);
            self.finality.holders.insert(end);
        }
        Ok(())
    }

    /// The certificate that is durable together with a move of the best chain to this branch, if the branch holds the goal.
    pub(super) fn reaches(&self, branch: &Branch) -> Option<Certificate> {
        let is_it = self.goal().is_some_and(|goal| goal.block == branch.id);
        self.finality.goal.clone().filter(|_| is_it || self.finality.holds(branch))
    }

    /// Whether a block on `parent` would leave the best chain below the final block. `height` is the parent's.
    pub(super) fn is_apart(&self, parent: &Hash, height: u64) -> bool {
        // The branches whose ends are known have been looked at.
        !self.side.contains_key(parent)
            && self.blocks.fork_height(parent).unwrap_or(height) < self.finality.height
    }

    /// A certificate is durable, and its block is on the best chain. Branches beside that block do not count any more.
    pub(super) fn settle(&mut self, certificate: &Certificate) {
        let Checkpoint { height, block, .. } = certificate.link.source;
        self.settle_at(height, block);
    }

    /// The checkpoint of an override counts as final: operators have decided so.
    pub(super) fn settle_override(&mut self, change: &Change) {
        let overrides = &self.genesis.rules.overrides;
        let reached = change.connected.iter().rev().find(|(_, id, _)| overrides.at(id).is_some());
        if let Some((height, id, _)) = reached.filter(|(height, ..)| *height > self.finality.height) {
            self.settle_at(*height, *id);
        }
    }

    fn settle_at(&mut self, height: u64, block: Hash) {
        // What came with the same change may be higher: the checkpoint of an override.
        if height < self.finality.height {
            return;
        }
        (self.finality.height, self.finality.id) = (height, block);
        self.reorg.take_if(|reorg| reorg.fork_height() < height);
        let blocks = &self.blocks;
        self.side.retain(|id, _| blocks.fork_height(id).is_none_or(|fork| fork >= height));
        self.finality.goal.take_if(|goal| goal.link.source.height <= height);
        self.find_holders();
    }

    /// Takes in what was durable at the last stop.
    pub(super) fn load_finality(&mut self, view: &dyn View) -> Result<(), StateError> {
        if let Some(certificate) = view.finalized()? {
            let Checkpoint { height, block, .. } = certificate.link.source;
            if view.at_height(height)? != Some(block) {
                return Err(StateError(
                    "the final block is not on the best chain; run `bouya verify`".into(),
                ));
            }
            (self.finality.height, self.finality.id) = (height, block);
        }
        for (height, block) in self.genesis.rules.overrides.iter().map(Override::checkpoint) {
            if height > self.finality.height && view.at_height(height)? == Some(block) {
                (self.finality.height, self.finality.id) = (height, block);
            }
        }
        Ok(())
    }

    /// A branch off the best chain has grown from `parent` to this end. Where the parent was an end, what held for it holds on: the way to a
    /// goal that is far away is not walked again for each block.
    pub(super) fn holder_grew(&mut self, parent: &Hash, was_end: bool, end: Hash) {
        let Some(goal) = self.goal() else { return };
        let held = self.finality.holders.remove(parent);
        if held || goal.block == end || !was_end && self.blocks.is_on(&end, &goal.block) {
            self.finality.holders.insert(end);
        }
    }

    fn find_holders(&mut self) {
        let goal = self.goal();
        let holds = |end: &&Hash| goal.is_some_and(|goal| self.blocks.is_on(end, &goal.block));
        self.finality.holders = self.side.keys().filter(holds).copied().collect();
    }

    /// Gives up a goal that turned out to be invalid.
    pub(super) fn forget_goal(&mut self, condemned: &BTreeSet<Hash>) {
        self.finality.goal.take_if(|goal| condemned.contains(&goal.link.source.block));
        self.find_holders();
    }
}

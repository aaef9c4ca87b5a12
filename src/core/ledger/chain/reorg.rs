//! A reorganisation under way: undo the best chain down to the fork, execute the branch, then hand over one change.
//!
//! The rows on top of the durable state are kept in memory; they grow with the accounts that both branches touch, never with unproven data
//! from a peer: a branch is staged only when it is stored and preferred to the tip, by its work or because a quorum has made a block of it
//! final.

use alloc::vec::Vec;

use super::super::contract::Results;
use super::super::execute::{BodyError, Check, Ground, Stop, execute};
use super::super::governance::Ended;
use super::super::merkle::Node;
use super::super::state::{Layer, Rows, Undo};
use super::super::{Block, Branch, Change, Genesis, HeaderRecord, StateError, View};
use super::branches::on_best_chain;
use super::side::SideBlock;
use crate::crypto::Hash;
use crate::limits::{REORG_STEP_BLOCKS, UNDO_BLOCKS};

#[derive(Debug)]
pub(super) struct Reorg {
    target: Branch,
    fork: Branch,
    /// How far the branch has been executed; begins at the fork.
    reached: Branch,
    /// Ids of the branch above the fork, lowest first.
    path: Vec<Hash>,
    /// Blocks of the best chain above the fork, highest first; the first `undone` of them are undone in `rows`.
    disconnected: Vec<(u64, Hash)>,
    /// The same blocks, as side blocks: what is kept about them once they are off the best chain.
    lost: Vec<(Hash, SideBlock)>,
    undone: usize,
    /// The next height to execute.
    next: u64,
    /// Undo records did not reach back to the fork: everything is executed again on top of the genesis rows.
    from_genesis: bool,
    rows: Rows,
    connected: Vec<(u64, Hash, Undo)>,
    dropped_undo: Vec<(u64, Hash)>,
    nodes: Vec<Node>,
    ended: Vec<Ended>,
    results: Vec<(Hash, Results)>,
}

pub(super) enum Advance {
    Working,
    /// A block of the branch, or what leads to it, is no longer stored, so there is nothing to reorganise to.
    Gone,
    Done(Change),
    /// `valid` is the end of the branch's valid part, if it has one above the fork.
    Invalid {
        id: Hash,
        valid: Option<Hash>,
        error: BodyError,
    },
}

fn missing(what: &str, id: &Hash) -> StateError {
    StateError(alloc::format!("the {what} of block {id} is missing; run `bouya verify`"))
}

impl Reorg {
    /// Finds the fork between the best chain, which ends in `tip`, and the stored branch `target`. None if part of the branch is not stored.
    pub(super) fn new(view: &dyn View, tip: &Branch, target: Branch) -> Result<Option<Self>, StateError> {
        let mut path = Vec::new();
        let mut at = target.id;
        let fork = loop {
            let Some(record) = view.record(&at)? else { return Ok(None) };
            if view.at_height(record.header.height)? == Some(at) {
                break on_best_chain(view, at, &record, tip)?;
            }
            path.push(at);
            at = record.header.parent;
        };
        path.reverse();
        Self::from(view, tip, (fork, path), target).map(Some)
    }

    /// Executes the best chain's block on `fork` again; it is the end of `target`, and what stands on it leaves.
    pub(super) fn again(
        view: &dyn View,
        tip: &Branch,
        fork: Branch,
        target: Branch,
    ) -> Result<Self, StateError> {
        let path = Vec::from([target.id]);
        Self::from(view, tip, (fork, path), target)
    }

    fn from(
        view: &dyn View,
        tip: &Branch,
        (fork, path): (Branch, Vec<Hash>),
        target: Branch,
    ) -> Result<Self, StateError> {
        let (mut disconnected, mut lost) = (Vec::new(), Vec::new());
        for height in (fork.height.saturating_add(1)..=tip.height).rev() {
            let id = view.at_height(height)?.ok_or_else(|| missing("height entry", &tip.id))?;
            let record = view.record(&id)?.ok_or_else(|| missing("header", &id))?;
            disconnected.push((height, id));
            lost.push((id, SideBlock::from(&record)));
        }
        Ok(Self {
            target,
            reached: fork.clone(),
            path,
            disconnected,
            lost,
            undone: 0,
            next: fork.height.saturating_add(1),
            fork,
            from_genesis: false,
            rows: Rows::new(),
            connected: Vec::new(),
            dropped_undo: Vec::new(),
            nodes: Vec::new(),
            ended: Vec::new(),
            results: Vec::new(),
        })
    }

    /// The height of the last block that stays.
    pub(super) fn fork_height(&self) -> u64 {
        self.fork.height
    }

    pub(super) fn target(&self) -> &Branch {
        &self.target
    }

    /// The branch, and what it leaves behind.
    pub(super) fn into_parts(self) -> (Branch, Vec<(Hash, SideBlock)>) {
        (self.target, self.lost)
    }

    /// The best chain grew while this was under way: one more block to disconnect. Its undo restores rows to what the block below it left,
    /// so it only fills in rows that are not changed here yet.
    pub(super) fn tip_grew(&mut self, record: &HeaderRecord, id: Hash, undo: &Undo) {
        self.disconnected.insert(0, (record.header.height, id));
        self.lost.push((id, record.into()));
        self.undone = self.undone.saturating_add(1);
        if !self.from_genesis {
            for (key, before) in &undo.0 {
                self.rows.entry(key.clone()).or_insert_with(|| before.clone());
            }
        }
    }

    /// Undoes or executes a bounded number of blocks.
    pub(super) fn advance(
        &mut self,
        genesis: &Genesis,
        view: &dyn View,
        check: Check<'_>,
    ) -> Result<Advance, StateError> {
        for _ in 0..REORG_STEP_BLOCKS {
            if let Some((_, id)) = self.disconnected.get(self.undone).filter(|_| !self.from_genesis) {
                if !self.undo_one(genesis, view, *id)? {
                    return Ok(Advance::Gone);
                }
            } else if self.next <= self.target.height {
                if let Some(end) = self.execute_one(genesis, view, check)? {
                    return Ok(end);
                }
            } else {
                return Ok(Advance::Done(self.change()));
            }
        }
        Ok(Advance::Working)
    }

    /// Undoes a block, or begins anew. False if neither can be done.
    fn undo_one(&mut self, genesis: &Genesis, view: &dyn View, id: Hash) -> Result<bool, StateError> {
        match view.undo(&id)? {
            Some(undo) => {
                self.rows.extend(undo.0);
                self.undone = self.undone.saturating_add(1);
            }
            // What the beginning would be executed from is not here.
            None if view.lowest()? > 1 => return Ok(false),
            None => {
                self.from_genesis = true;
                self.rows = genesis.rows();
                self.next = 1;
            }
        }
        Ok(true)
    }

    fn execute_one(
        &mut self,
        genesis: &Genesis,
        view: &dyn View,
        check: Check<'_>,
    ) -> Result<Option<Advance>, StateError> {
        let id = self.id_at(view, self.next)?;
        let Some(HeaderRecord { header, .. }) = view.record(&id)? else { return Ok(Some(Advance::Gone)) };
        let Some(body) = view.body(&id)? else {
            // It may have been pruned since this began.
            return if view.lowest()? > 1 { Ok(Some(Advance::Gone)) } else { Err(missing("body", &id)) };
        };
        let block = Block { header, body };
        let base = (!self.from_genesis).then_some(view);
        let at = |height| self.id_at(view, height).map(Some);
        let below = self.below_fork(view, &block)?;
        let branch = below.as_ref().unwrap_or(&self.reached);
        let ground = Ground { rules: &genesis.rules, branch, at: &at };
        let executed = match execute(ground, Layer::new(base, &self.rows), &block, check) {
            Ok(executed) => executed,
            Err(Stop::State(error)) => return Err(error),
            Err(Stop::Body(error)) => {
                let valid = (self.reached.id != self.fork.id).then_some(self.reached.id);
                return Ok(Some(Advance::Invalid { id, valid, error }));
            }
        };
        self.rows.extend(executed.rows);
        if self.next > self.fork.height {
            // What is staged is in memory: of a longer branch only the last undo records are kept, unless nothing else could undo it.
            let kept = self.next.saturating_add(UNDO_BLOCKS) > self.target.height || view.lowest()? > 1;
            if !kept {
                self.dropped_undo.push((self.next, id));
            }
            self.connected.push((self.next, id, if kept { executed.undo } else { Undo::default() }));
            self.ended.extend(executed.ended);
            self.results.extend(executed.results.map(|results| (id, results)));
            self.nodes.extend(self.reached.push(&genesis.rules, &block.header, executed.roster));
        }
        self.next = self.next.saturating_add(1);
        Ok(None)
    }

    /// The branch that ends in the parent of a block that is executed again below the fork. Only a certificate is judged by it.
    fn below_fork(&self, view: &dyn View, block: &Block) -> Result<Option<Branch>, StateError> {
        if self.next > self.fork.height || block.body.certificate.is_none() {
            return Ok(None);
        }
        let parent = block.header.parent;
        let record = view.record(&parent)?.ok_or_else(|| missing("header", &parent))?;
        on_best_chain(view, parent, &record, &self.fork).map(Some)
    }

    fn id_at(&self, view: &dyn View, height: u64) -> Result<Hash, StateError> {
        match height.checked_sub(self.fork.height.saturating_add(1)) {
            None => view.at_height(height)?.ok_or_else(|| missing("height entry", &self.target.id)),
            Some(above) => usize::try_from(above)
                .ok()
                .and_then(|above| self.path.get(above).copied())
                .ok_or_else(|| missing("header", &self.target.id)),
        }
    }

    fn change(&mut self) -> Change {
        Change {
            disconnected: core::mem::take(&mut self.disconnected),
            connected: core::mem::take(&mut self.connected),
            dropped_undo: core::mem::take(&mut self.dropped_undo),
            replace_rows: self.from_genesis,
            rows: core::mem::take(&mut self.rows),
            nodes: core::mem::take(&mut self.nodes),
            ended: core::mem::take(&mut self.ended),
            results: core::mem::take(&mut self.results),
            ..Change::default()
        }
    }
}

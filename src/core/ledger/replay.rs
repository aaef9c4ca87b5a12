//! The whole chain executed again from the beginning, block by block: what `verify` compares the store with.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::contract::Results;
use super::execute::{Check, Executed, Ground, check_form, execute};
use super::governance::Ended;
use super::merkle::Node;
use super::state::{Layer, Rows, Undo};
use super::{Block, Branch, Genesis, PlanError};
use crate::crypto::Hash;

/// A chain that is being executed, and the state it has reached.
#[derive(Clone, Debug)]
pub struct Replay {
    genesis: Arc<Genesis>,
    branch: Branch,
    /// Ids of the blocks from the base of the members in force on.
    ids: Vec<Hash>,
    rows: Rows,
}

/// What executing a block leads to.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The tree nodes that it completes.
    pub nodes: Vec<Node>,
    /// What undoes it.
    pub undo: Undo,
    /// What becomes of motions.
    pub ended: Vec<Ended>,
    /// What its contracts lead to, if it runs any.
    pub results: Option<Results>,
}

impl Replay {
    /// Before the first block.
    pub fn new(genesis: Arc<Genesis>) -> Self {
        let ids = Vec::from([genesis.id()]);
        Self { branch: genesis.branch(), ids, rows: genesis.rows(), genesis }
    }

    /// The last block executed.
    pub fn branch(&self) -> &Branch {
        &self.branch
    }

    /// The state after it.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Checks and executes the next block.
    pub fn push(&mut self, block: &Block, check: Check<'_>) -> Result<Replayed, PlanError> {
        let rules = &self.genesis.rules;
        let mut branch = self.branch.clone();
        branch.check(rules, &block.header)?;
        check_form(rules, &branch, block)?;
        let base = branch.members.roster().base().height();
        let at = |height: u64| {
            let place = height.checked_sub(base).and_then(|place| usize::try_from(place).ok());
            Ok(place.and_then(|place| self.ids.get(place)).copied())
        };
        let layer = Layer::new(None, &self.rows);
        let ground = Ground { rules, branch: &branch, at: &at };
        let executed = execute(ground, layer, block, check)?;
        if executed.roster.is_some() {
            self.ids.clear();
        }
        let nodes = branch.push(rules, &block.header, executed.roster);
        self.ids.push(branch.id);
        for (key, row) in executed.rows {
            // Without a base, a removed row is simply absent.
            match row {
                Some(row) => self.rows.insert(key, Some(row)),
                None => self.rows.remove(&key),
            };
        }
        self.branch = branch;
        let Executed { undo, ended, results, .. } = executed;
        Ok(Replayed { nodes, undo, ended, results })
    }
}

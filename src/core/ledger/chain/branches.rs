//! The branch that ends in a block that is stored.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::super::{Branch, Frontier, HeaderRecord, InForce, StateError, View};
use super::Chain;
use crate::crypto::Hash;

impl Chain {
    /// The branch that ends in a stored block, on the best chain or off it. None if the block is not stored.
    pub fn branch_at(&self, view: &dyn View, id: &Hash) -> Result<Option<Branch>, StateError> {
        let mut above = Vec::new();
        let mut at = *id;
        let mut branch = loop {
            if at == self.tip.id {
                break self.tip.clone();
            }
            if let Some(branch) = self.side.get(&at) {
                break branch.clone();
            }
            let Some(record) = view.record(&at)? else { return Ok(None) };
            if view.at_height(record.header.height)? == Some(at) {
                break on_best_chain(view, at, &record, &self.tip)?;
            }
            at = record.header.parent;
            above.push(record);
        };
        for HeaderRecord { header, roster, .. } in above.into_iter().rev() {
            branch.push(&self.genesis.rules, &header, roster);
        }
        Ok(Some(branch))
    }
}

/// The branch that ends in a block of the best chain.
pub(super) fn on_best_chain(
    view: &dyn View,
    id: Hash,
    record: &HeaderRecord,
    tip: &Branch,
) -> Result<Branch, StateError> {
    // Nearly always the roster that is in force at the tip too.
    let members = if record.base == tip.members.base() {
        Arc::clone(&tip.members)
    } else {
        let missing = || StateError("the roster in force is missing; run `bouya verify`".into());
        let base = view.record(&record.base)?.and_then(|base| base.roster).ok_or_else(missing)?;
        Arc::new(InForce::new(record.base, base))
    };
    let height = record.header.height;
    let frontier = Frontier::read(height.saturating_add(1), |level, index| {
        let missing = || StateError("a node of the history tree is missing; run `bouya verify`".into());
        view.history_node(level, index)?.ok_or_else(missing)
    })?;
    Ok(Branch {
        id,
        height,
        time: record.header.time,
        work: record.work,
        lateness: record.lateness,
        frontier,
        members,
    })
}

//! An override is taken in by a chain that has gone on without it: what stands on its checkpoint was sealed by the members of before, so it
//! leaves, and the checkpoint is executed again.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::super::execute::check_inline;
use super::super::{Block, Branch, Change, Genesis, HeaderRecord, Override, StateError, View, in_force};
use super::branches::on_best_chain;
use super::reorg::{Advance, Reorg};
use crate::crypto::Hash;
use crate::limits::HANDOVERS_WALKED;

/// The change that takes in the first override whose checkpoint is stored and was taken in without it. None if there is none. Refuses
/// one that contradicts what is final here, and a chain with an override that is not given.
pub(in crate::ledger) fn take_override(
    genesis: &Genesis,
    view: &dyn View,
) -> Result<Option<Change>, StateError> {
    let overrides = &genesis.rules.overrides;
    for found in taken(view)? {
        if !overrides.iter().any(|one| one.hash() == found) {
            return Err(StateError(format!(
                "the chain here follows the override {found}, which the configuration does not name; give its file with `override` in [chain]"
            )));
        }
    }
    for one in overrides.iter() {
        let (height, block) = one.checkpoint();
        let Some(record) = view.record(&block)? else { continue };
        let by = record.roster.as_ref().and_then(|roster| roster.base().by_override());
        if by == Some(one.hash()) {
            continue;
        }
        if view.at_height(height)? == Some(block) {
            return take(genesis, view, one, record).map(Some);
        }
        // Stored beside the best chain without it, and perhaps what stands on it: fetched again if it is needed.
        return Ok(Some(Change { removed: view.side_blocks()?, ..Change::default() }));
    }
    Ok(None)
}

/// The overrides that the best chain was made under.
fn taken(view: &dyn View) -> Result<Vec<Hash>, StateError> {
    let (_, mut at) = view.tip()?;
    let mut found = Vec::new();
    for _ in 0..HANDOVERS_WALKED {
        let Some(members) = in_force(view, &at)? else { break };
        found.extend(members.roster().base().by_override());
        let base = record(view, &members.base())?;
        if base.header.height == 0 {
            break;
        }
        at = base.header.parent;
    }
    Ok(found)
}

fn take(
    genesis: &Genesis,
    view: &dyn View,
    one: &Override,
    checkpoint: HeaderRecord,
) -> Result<Change, StateError> {
    let (height, id) = one.checkpoint();
    let base = record(view, &checkpoint.base)?.header.height;
    let voted = view.finalized()?.map_or(0, |certificate| certificate.link.source.height);
    if voted > height || base >= height {
        return Err(StateError(format!(
            "the override {} names block {height}, but the members have voted block {voted} final, and they are in force since block {base}; an override cannot go back behind that",
            one.hash()
        )));
    }
    let bytes = usize::try_from(checkpoint.bytes).unwrap_or(usize::MAX);
    let (mut change, end) = execute_again(genesis, view, &checkpoint)?;
    let body = view.body(&id)?.ok_or_else(|| missing(&id))?;
    let block = Arc::new(Block { header: checkpoint.header, body });
    let above = change.disconnected.iter().map(|(_, id)| *id).filter(|other| *other != id);
    // All of them leave the chain below the checkpoint, or stand on it under the members of before.
    change.removed = above.chain(view.side_blocks()?).collect();
    change.stored = Vec::from([(HeaderRecord::of(&block, &end, bytes), block)]);
    Ok(change)
}

/// Takes the best chain back to the checkpoint, and executes that again. Returns the branch that ends there.
fn execute_again(
    genesis: &Genesis,
    view: &dyn View,
    checkpoint: &HeaderRecord,
) -> Result<(Change, Branch), StateError> {
    let (_, tip) = view.tip()?;
    let tip = on_best_chain(view, tip, &record(view, &tip)?, &genesis.branch())?;
    let parent = checkpoint.header.parent;
    let fork = on_best_chain(view, parent, &record(view, &parent)?, &tip)?;
    let mut end = fork.clone();
    end.push(&genesis.rules, &checkpoint.header, None);
    let mut again = Reorg::again(view, &tip, fork, end.clone())?;
    let mut check = check_inline(genesis.id());
    loop {
        match again.advance(genesis, view, &mut check)? {
            Advance::Working => (),
            Advance::Done(change) => return Ok((change, end)),
            Advance::Gone => return Err(missing(&end.id)),
            Advance::Invalid { id, error, .. } => {
                return Err(StateError(format!(
                    "block {id} does not fit the chain any more: {error}; run `bouya verify`"
                )));
            }
        }
    }
}

fn record(view: &dyn View, id: &Hash) -> Result<HeaderRecord, StateError> {
    view.record(id)?.ok_or_else(|| missing(id))
}

fn missing(id: &Hash) -> StateError {
    StateError(format!("block {id} is missing; run `bouya verify`"))
}

//! What became of a deployment or a call: the path from its outcome to what its block commits to.
//!
//! The block says it in one hash together with the members who are in force after it, so those are hashes here. The transaction and the contract are
//! not told again: the receipt has them.

use alloc::vec::Vec;

use super::super::contract::{Done, Outcome, Results};
use super::super::merkle::{self, Sibling, climb};
use super::super::state::{StateError, View, executed};
use super::super::{Header, Roster, Transaction, in_force, in_force_before};
use super::wide;
use crate::crypto::Hash;

/// Shows what a deployment or a call has led to, under its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeProof {
    /// None: it failed.
    pub done: Option<Done>,
    /// From the outcome to the root over those of its block.
    pub path: Vec<Sibling>,
    /// Hash of the rows that the block changes.
    pub writes: Hash,
    /// Hash of all rows after it.
    pub state: Hash,
    /// What the block says of the members in force after it.
    pub roster: Hash,
}

impl OutcomeProof {
    /// What became of a transaction in this block. None if it runs no contract, or if that is not stored here: a node that has pruned the block, or
    /// began with a snapshot above it, does not have it.
    pub(super) fn new(
        view: &(impl View + ?Sized),
        block: &Header,
        transaction: &Transaction,
    ) -> Result<Option<Self>, StateError> {
        if transaction.contract().is_none() {
            return Ok(None);
        }
        let Some(Results { writes, state, reports }) = view.results(&block.id())? else { return Ok(None) };
        let Some(members) = stated(view, block)? else { return Ok(None) };
        let id = transaction.id();
        let Some(place) = reports.iter().position(|report| report.outcome.transaction == id) else {
            return Ok(None);
        };
        let leaves: Vec<_> = reports.iter().map(|report| report.outcome.leaf()).collect();
        let path = merkle::path_among(&leaves, wide(place));
        let done = reports.into_iter().nth(place).and_then(|report| report.outcome.done);
        let roster = members.commitment();
        let proof = path.map(|path| Self { done, path, writes, state, roster });
        // Nobody gets one that does not hold.
        Ok(proof.filter(|proof| proof.check(transaction, block).is_some()))
    }

    /// The outcome of this transaction, if the block with this header commits to it. That the transaction is in the block is another question.
    pub fn check(&self, transaction: &Transaction, block: &Header) -> Option<Outcome> {
        let Self { done, path, writes, state, roster } = self;
        let contract = transaction.contract()?;
        let outcome = Outcome { transaction: transaction.id(), contract, done: done.clone() };
        let executed = executed(writes, &climb(&outcome.leaf(), path), state);
        (Header::commit(roster, &executed) == block.commitments).then_some(outcome)
    }
}

/// The members that a stored block states. An override that names the block puts others into force after it, of whom its miner knew nothing.
fn stated(view: &(impl View + ?Sized), block: &Header) -> Result<Option<Roster>, StateError> {
    let after = in_force(view, &block.id())?;
    let is_decreed = after
        .as_ref()
        .is_some_and(|after| after.base() == block.id() && after.roster().base().by_override().is_some());
    let members = if is_decreed { in_force_before(view, block)? } else { after };
    Ok(members.map(|members| members.roster().clone()))
}

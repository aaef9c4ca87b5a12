//! What became of a deployment or a call: the path from its outcome to what its block commits to.
//!
//! The block says it in one hash together with the members who are in force after it, so those are hashes here. The transaction and the contract are
//! not told again: the receipt has them.

use alloc::vec::Vec;

use super::super::contract::{Done, Outcome, Results};
use super::super::merkle::{self, Sibling, climb};
use super::super::state::{StateError, View, executed};
use super::super::{Header, Transaction, in_force};
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
        block: &Hash,
        transaction: &Transaction,
    ) -> Result<Option<Self>, StateError> {
        if transaction.contract().is_none() {
            return Ok(None);
        }
        let Some(Results { writes, state, reports }) = view.results(block)? else { return Ok(None) };
        let Some(members) = in_force(view, block)? else { return Ok(None) };
        let id = transaction.id();
        let Some(place) = reports.iter().position(|report| report.outcome.transaction == id) else {
            return Ok(None);
        };
        let leaves: Vec<_> = reports.iter().map(|report| report.outcome.leaf()).collect();
        let path = merkle::path_among(&leaves, wide(place));
        let done = reports.into_iter().nth(place).and_then(|report| report.outcome.done);
        let roster = members.roster().commitment();
        Ok(path.map(|path| Self { done, path, writes, state, roster }))
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

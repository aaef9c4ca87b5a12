//! What members say about members without the least fee: each thing once, and all of it in an eighth of the room.
//!
//! What pays the least fee is judged like anything else, whatever it says.

use alloc::vec::Vec;

use super::{Dropped, Limits, Mempool, MempoolError, weight};
use crate::crypto::Hash;
use crate::ledger::governance::is_free;
use crate::ledger::{Account, Action, CheckedTransaction, StateError, View};
use crate::limits::FREE_SHARE;
use crate::time::Time;

/// What waits without the least fee, all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Free {
    pub(super) bytes: usize,
    pub(super) count: usize,
}

/// What is said without a fee. A sender may say each one once.
#[derive(PartialEq, Eq)]
enum Matter {
    Motion,
    Ballot(Hash),
    Keys,
    Other,
}

impl Matter {
    fn of(transaction: &CheckedTransaction) -> Self {
        match &transaction.action {
            Action::Motion(_) => Self::Motion,
            Action::Ballot { motion, .. } => Self::Ballot(*motion),
            Action::Keys(_) => Self::Keys,
            _ => Self::Other,
        }
    }
}

impl Free {
    pub(super) fn add(&mut self, transaction: &CheckedTransaction) {
        self.bytes = self.bytes.saturating_add(weight(transaction));
        self.count = self.count.saturating_add(1);
    }

    pub(super) fn remove(&mut self, transaction: &CheckedTransaction) {
        self.bytes = self.bytes.saturating_sub(weight(transaction));
        self.count = self.count.saturating_sub(1);
    }

    pub(super) fn fits(&self, limits: &Limits) -> bool {
        self.bytes <= limits.max_bytes / FREE_SHARE && self.count <= limits.max_transactions / FREE_SHARE
    }
}

impl Mempool {
    /// Takes a transaction, see [`Mempool::insert`]; `view` is the chain. If it pays less than others must, the members' rows say whether it
    /// may.
    pub fn take(
        &mut self,
        now: Time,
        (view, height): (&(impl View + ?Sized), u64),
        account: Account,
        transaction: CheckedTransaction,
    ) -> Result<Result<Vec<Dropped>, MempoolError>, StateError> {
        if let Err(error) = self.check_contract((view, height), &transaction)? {
            return Ok(Err(error));
        }
        Ok(match self.may_be_free(view, &transaction)? {
            true => self.insert_free(now, height, account, transaction),
            false => self.insert(now, height, account, transaction),
        })
    }

    /// Whether [`Mempool::take`] would take it, with nothing changed.
    pub fn would_take(
        &self,
        (view, height): (&(impl View + ?Sized), u64),
        account: Account,
        transaction: &CheckedTransaction,
    ) -> Result<Result<(), MempoolError>, StateError> {
        if let Err(error) = self.check_contract((view, height), transaction)? {
            return Ok(Err(error));
        }
        let free = self.may_be_free(view, transaction)? && self.enters_free(transaction);
        let judged = if free { Ok(()) } else { self.check_new(transaction) };
        Ok(judged.and_then(|()| self.entrance(height, account, transaction, free).map(drop)))
    }

    /// It pays less than others must, or nobody must pay, and it says what may be said so.
    fn may_be_free(
        &self,
        view: &(impl View + ?Sized),
        transaction: &CheckedTransaction,
    ) -> Result<bool, StateError> {
        // Where no fee is asked nobody pays less than others, and all the more need members a part of the room that strangers cannot fill.
        let pays_less = self.limits.min_fee_per_byte == 0 || self.check_fee(transaction).is_err();
        Ok(pays_less && is_free(view, transaction)?)
    }

    /// Takes a transaction that may pay less than others must.
    pub fn insert_free(
        &mut self,
        now: Time,
        height: u64,
        account: Account,
        transaction: CheckedTransaction,
    ) -> Result<Vec<Dropped>, MempoolError> {
        match self.enters_free(&transaction) {
            true => self.enter(now, height, account, transaction, true),
            false => self.insert(now, height, account, transaction),
        }
    }

    /// Whether it is the first of its kind from its sender, and has room among what waits without the least fee.
    fn enters_free(&self, transaction: &CheckedTransaction) -> bool {
        let mut with = self.free;
        with.add(transaction);
        // What takes another's place pays: a fee that rises by a unit would be relayed time and again.
        let is_first = self.queues.get(&transaction.payer()).is_none_or(|queue| {
            let matter = Matter::of(transaction);
            !queue.entries.values().any(|entry| {
                entry.transaction.nonce == transaction.nonce
                    || entry.free && Matter::of(&entry.transaction) == matter
            })
        });
        is_first && with.fits(&self.limits)
    }
}

#[cfg(test)]
mod tests;

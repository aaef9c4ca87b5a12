//! Taking a transaction: what it must pay, whose place it takes, which others leave to make room.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{DropReason, Dropped, Entry, Mempool, MempoolError, Queue, rate, weight};
use crate::ledger::{Account, Address, CheckedTransaction};
use crate::time::Time;

/// How a transaction enters.
pub(super) struct Entrance {
    /// Whose place it takes.
    rival: Option<CheckedTransaction>,
    /// Who leaves to make room: senders' queues from a nonce on.
    cuts: BTreeMap<Address, u64>,
}

impl Mempool {
    /// Takes a transaction that would be mined at `height`, where its sender has `account`. Returns those that left to make room.
    pub fn insert(
        &mut self,
        now: Time,
        height: u64,
        account: Account,
        transaction: CheckedTransaction,
    ) -> Result<Vec<Dropped>, MempoolError> {
        self.check_new(&transaction)?;
        self.enter(now, height, account, transaction, false)
    }

    /// It is not here, and it pays enough.
    pub(super) fn check_new(&self, transaction: &CheckedTransaction) -> Result<(), MempoolError> {
        match self.ids.contains_key(&transaction.id()) {
            true => Err(MempoolError::Known),
            false => self.check_fee(transaction),
        }
    }

    /// Takes a transaction whose fee is enough, or need not be if it is `free`.
    pub(super) fn enter(
        &mut self,
        now: Time,
        height: u64,
        account: Account,
        transaction: CheckedTransaction,
        free: bool,
    ) -> Result<Vec<Dropped>, MempoolError> {
        let Entrance { rival, cuts } = self.entrance(height, account, &transaction, free)?;
        let sender = transaction.payer();
        let mut dropped = Vec::new();
        for (sender, nonce) in cuts {
            self.cut(&sender, nonce, DropReason::Evicted, &mut dropped);
        }
        if let Some(rival) = &rival {
            self.remove(&rival.id());
            dropped.push((rival.clone(), DropReason::Replaced));
        }
        // The queue is gone if the rival was alone.
        self.add(now, account, transaction, free);
        if rival.is_some()
            && let Some(queue) = self.queues.get(&sender)
        {
            // A replacement that costs more may leave too little for the transactions after it.
            let account = queue.account;
            self.revalidate(&sender, account, height, &mut dropped);
        }
        Ok(dropped)
    }

    /// Whether and how a transaction would enter. Decided before anything leaves: a refused transaction costs no other its place.
    pub(super) fn entrance(
        &self,
        height: u64,
        account: Account,
        transaction: &CheckedTransaction,
        free: bool,
    ) -> Result<Entrance, MempoolError> {
        let queue = self.queues.get(&transaction.payer());
        let mut before = queue.map_or(account, |queue| queue.account_at(transaction.nonce));
        before.spend(transaction, height)?;
        let rival = queue.and_then(|queue| queue.entries.get(&transaction.nonce));
        let Some(rival) = rival.map(|entry| entry.transaction.clone()) else {
            let held = queue.map_or(0, |queue| queue.entries.len());
            if held >= self.limits.max_per_sender {
                return Err(MempoolError::Sender(held));
            }
            return Ok(Entrance { cuts: self.room_for(transaction, None, free)?, rival: None });
        };
        let least = rival.fee.saturating_add(rival.fee.div_ceil(10)).max(rival.fee.saturating_add(1));
        if transaction.fee < least {
            return Err(MempoolError::Slot { nonce: transaction.nonce, by: rival.id(), least });
        }
        Ok(Entrance { cuts: self.room_for(transaction, Some(&rival), false)?, rival: Some(rival) })
    }

    pub(super) fn check_fee(&self, transaction: &CheckedTransaction) -> Result<(), MempoolError> {
        let least = transaction.burden().saturating_mul(self.limits.min_fee_per_byte);
        if transaction.fee < least {
            let gas = transaction.stated().map_or(0, |stated| stated.all());
            return Err(MempoolError::Fee { fee: transaction.fee, least, size: transaction.size(), gas });
        }
        Ok(())
    }

    /// From which nonce on whose queues must leave so that `transaction` fits in place of `rival`: lower fee rates first; what is free of fees
    /// evicts any, and fees evict nothing free.
    fn room_for(
        &self,
        transaction: &CheckedTransaction,
        rival: Option<&CheckedTransaction>,
        free: bool,
    ) -> Result<BTreeMap<Address, u64>, MempoolError> {
        let freed = rival.map_or(0, weight);
        let held = self.bytes.saturating_add(weight(transaction)).saturating_sub(freed);
        let mut bytes = held.saturating_sub(self.limits.max_bytes);
        let more = usize::from(rival.is_none());
        let mut count = self.len().saturating_add(more).saturating_sub(self.limits.max_transactions);
        let mut cuts: BTreeMap<Address, u64> = BTreeMap::new();
        let mut lowest = self.rates.iter().take_while(|(lowest, _)| free || *lowest < rate(transaction));
        while bytes > 0 || count > 0 {
            let (_, id) = lowest.next().ok_or(MempoolError::Full)?;
            let Some((sender, nonce)) = self.ids.get(id).copied() else { continue };
            if self
                .queues
                .get(&sender)
                .and_then(|queue| queue.entries.get(&nonce))
                .is_some_and(|entry| entry.free)
            {
                continue;
            }
            if sender == transaction.payer() {
                if free {
                    continue;
                }
                // It would build on a transaction that it pushes out, or push out one that builds on it.
                return Err(MempoolError::Full);
            }
            // What depends on it leaves too, unless it leaves already.
            let until = cuts.get(&sender).copied().unwrap_or(u64::MAX);
            if nonce >= until {
                continue;
            }
            let queue =
                self.queues.get(&sender).into_iter().flat_map(|queue| queue.entries.range(nonce..until));
            for (_, entry) in queue {
                bytes = bytes.saturating_sub(weight(&entry.transaction));
                count = count.saturating_sub(1);
            }
            cuts.insert(sender, nonce);
        }
        Ok(cuts)
    }

    fn add(&mut self, now: Time, account: Account, transaction: CheckedTransaction, free: bool) {
        let (id, sender, nonce) = (transaction.id(), transaction.payer(), transaction.nonce);
        self.bytes = self.bytes.saturating_add(weight(&transaction));
        if free {
            self.free.add(&transaction);
        }
        let rate = rate(&transaction);
        for output in transaction.action.outputs() {
            let sum = self.incoming.entry(output.to).or_default();
            *sum = sum.saturating_add(output.amount.into());
        }
        self.rates.insert((rate, id));
        self.ids.insert(id, (sender, nonce));
        let queue =
            self.queues.entry(sender).or_insert_with(|| Queue { account, entries: BTreeMap::new(), cost: 0 });
        queue.cost = queue.cost.saturating_add(u128::from(transaction.cost()));
        queue.entries.insert(nonce, Entry { transaction, rate, since: now, free });
    }
}

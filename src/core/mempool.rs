//! Unconfirmed transactions: bounded, ordered per sender, always executable on the tip.
//!
//! Each sender has a queue of consecutive nonces that begins at its account's next nonce, whose cumulative cost its balance covers. So
//! everything here can be mined in nonce order, whatever subset of senders is picked, and no transaction waits for one that is not here.
//! A slot is (sender, nonce): another transaction takes it only for a fee that is 10 % higher. When room runs out, the lowest fee rate
//! leaves first, with what depends on it. Sizes are counted as allocated.
//!
//! Left out on purpose: transactions with a nonce gap (their sender gives them again) and coins that are still to arrive.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::time::Duration;

use crate::crypto::Hash;
use crate::ledger::{Account, Address, CheckedTransaction, ExecutionError};
use crate::limits::{
    MEMPOOL_BYTES, MEMPOOL_ENTRY_OVERHEAD, MEMPOOL_EXPIRY, MEMPOOL_PER_SENDER, MEMPOOL_TRANSACTIONS,
};
use crate::time::Time;

mod follow;
#[cfg(any(test, feature = "fuzzing"))]
mod invariants;
mod reasons;
mod short;

pub use follow::{Followed, TipMove};
pub use reasons::{DropReason, MempoolError};

/// A node's own bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All of it, in bytes as allocated.
    pub max_bytes: usize,
    /// All of it, in transactions.
    pub max_transactions: usize,
    /// Of one sender.
    pub max_per_sender: usize,
    /// How long one may stay.
    pub expiry: Duration,
    /// Smallest fee per byte of a transaction, in the smallest unit.
    pub min_fee_per_byte: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: MEMPOOL_BYTES,
            max_transactions: MEMPOOL_TRANSACTIONS,
            max_per_sender: MEMPOOL_PER_SENDER,
            expiry: MEMPOOL_EXPIRY,
            min_fee_per_byte: 1,
        }
    }
}

/// A transaction that left, and why.
pub type Dropped = (CheckedTransaction, DropReason);

#[derive(Clone, Debug)]
struct Entry {
    transaction: CheckedTransaction,
    since: Time,
}

/// A sender's account at the tip and what waits on top of it, by nonce, without gaps.
#[derive(Clone, Debug)]
struct Queue {
    account: Account,
    entries: BTreeMap<u64, Entry>,
}

/// The unconfirmed transactions.
#[derive(Clone, Debug)]
pub struct Mempool {
    limits: Limits,
    queues: BTreeMap<Address, Queue>,
    ids: BTreeMap<Hash, (Address, u64)>,
    /// Lowest fee rate first.
    rates: BTreeSet<(Rate, Hash)>,
    bytes: usize,
}

/// Fee per byte in 2^-32 units: exact enough to order by, and total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rate(u128);

fn rate(transaction: &CheckedTransaction) -> Rate {
    let size = u128::try_from(transaction.size()).unwrap_or(u128::MAX).max(1);
    Rate((u128::from(transaction.fee) << 32).checked_div(size).unwrap_or(0))
}

fn weight(transaction: &CheckedTransaction) -> usize {
    transaction.size().saturating_add(MEMPOOL_ENTRY_OVERHEAD)
}

impl Queue {
    /// The account after everything that waits before `nonce`.
    fn account_at(&self, nonce: u64) -> Account {
        let mut account = self.account;
        for entry in self.entries.range(..nonce).map(|(_, entry)| entry) {
            account.balance = account.balance.saturating_sub(entry.transaction.cost());
            account.nonce = account.nonce.saturating_add(1);
        }
        account
    }
}

impl Mempool {
    /// An empty one.
    pub fn new(limits: Limits) -> Self {
        Self { limits, queues: BTreeMap::new(), ids: BTreeMap::new(), rates: BTreeSet::new(), bytes: 0 }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Bytes, as allocated.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The transaction with this id.
    pub fn get(&self, id: &Hash) -> Option<&CheckedTransaction> {
        let (sender, nonce) = self.ids.get(id)?;
        Some(&self.queues.get(sender)?.entries.get(nonce)?.transaction)
    }

    /// All of them, highest fee rate first.
    pub fn iter(&self) -> impl Iterator<Item = &CheckedTransaction> {
        self.rates.iter().rev().filter_map(|(_, id)| self.get(id))
    }

    /// The account of `sender` after everything that waits, or None if nothing of it waits.
    pub fn pending(&self, sender: &Address) -> Option<Account> {
        self.queues.get(sender).map(|queue| queue.account_at(u64::MAX))
    }

    /// Coins on their way to `address`.
    pub fn incoming(&self, address: &Address) -> u64 {
        self.iter()
            .flat_map(|transaction| transaction.action.outputs())
            .filter(|output| output.to == *address)
            .fold(0, |sum, output| sum.saturating_add(output.amount))
    }

    /// Takes a transaction that would be mined at `height`, where its sender has `account`. Returns what left to make room.
    pub fn insert(
        &mut self,
        now: Time,
        height: u64,
        account: Account,
        transaction: CheckedTransaction,
    ) -> Result<Vec<Dropped>, MempoolError> {
        let (id, sender, nonce) = (transaction.id(), transaction.payer(), transaction.nonce);
        if self.ids.contains_key(&id) {
            return Err(MempoolError::Known);
        }
        self.check_fee(&transaction)?;
        let queue = self.queues.get(&sender);
        let mut before = queue.map_or(account, |queue| queue.account_at(nonce));
        before.spend(&transaction, height)?;
        let held = queue.map_or(0, |queue| queue.entries.len());
        let rival = queue.and_then(|queue| queue.entries.get(&nonce)).map(|entry| entry.transaction.clone());
        let mut dropped = match rival {
            Some(rival) => self.replace(&rival, &transaction)?,
            None if held >= self.limits.max_per_sender => return Err(MempoolError::Sender(held)),
            None => self.make_room(&transaction)?,
        };
        self.add(now, account, transaction);
        if let Some(queue) = self.queues.get(&sender) {
            // A dearer replacement may leave too little for what follows it.
            let account = queue.account;
            self.revalidate(&sender, account, height, &mut dropped);
        }
        Ok(dropped)
    }

    fn check_fee(&self, transaction: &CheckedTransaction) -> Result<(), MempoolError> {
        let size = transaction.size();
        let least = u64::try_from(size).unwrap_or(u64::MAX).saturating_mul(self.limits.min_fee_per_byte);
        if transaction.fee < least {
            return Err(MempoolError::Fee { fee: transaction.fee, least, size });
        }
        Ok(())
    }

    fn replace(
        &mut self,
        rival: &CheckedTransaction,
        by: &CheckedTransaction,
    ) -> Result<Vec<Dropped>, MempoolError> {
        let least = rival.fee.saturating_add(rival.fee.div_ceil(10)).max(rival.fee.saturating_add(1));
        if by.fee < least {
            return Err(MempoolError::Slot { nonce: by.nonce, by: rival.id(), least });
        }
        self.remove(&rival.id());
        Ok(Vec::from([(rival.clone(), DropReason::Replaced)]))
    }

    /// Evicts lower fee rates until `transaction` fits. Decided before anything leaves: a transaction that is refused costs nobody
    /// its place.
    fn make_room(&mut self, transaction: &CheckedTransaction) -> Result<Vec<Dropped>, MempoolError> {
        let mut bytes = self.bytes.saturating_add(weight(transaction)).saturating_sub(self.limits.max_bytes);
        let mut count = self.len().saturating_add(1).saturating_sub(self.limits.max_transactions);
        let mut cuts: BTreeMap<Address, u64> = BTreeMap::new();
        let mut lowest = self.rates.iter().take_while(|(lowest, _)| *lowest < rate(transaction));
        while bytes > 0 || count > 0 {
            let (_, id) = lowest.next().ok_or(MempoolError::Full)?;
            let Some((sender, nonce)) = self.ids.get(id).copied() else { continue };
            if sender == transaction.payer() {
                // It would stand on what it pushes out.
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
        let mut dropped = Vec::new();
        for (sender, nonce) in cuts {
            self.cut(&sender, nonce, DropReason::Evicted, &mut dropped);
        }
        Ok(dropped)
    }

    fn add(&mut self, now: Time, account: Account, transaction: CheckedTransaction) {
        let (id, sender, nonce) = (transaction.id(), transaction.payer(), transaction.nonce);
        self.bytes = self.bytes.saturating_add(weight(&transaction));
        self.rates.insert((rate(&transaction), id));
        self.ids.insert(id, (sender, nonce));
        let queue = self.queues.entry(sender).or_insert_with(|| Queue { account, entries: BTreeMap::new() });
        queue.entries.insert(nonce, Entry { transaction, since: now });
    }

    fn remove(&mut self, id: &Hash) -> Option<CheckedTransaction> {
        let (sender, nonce) = self.ids.remove(id)?;
        let queue = self.queues.get_mut(&sender)?;
        let transaction = queue.entries.remove(&nonce)?.transaction;
        if queue.entries.is_empty() {
            self.queues.remove(&sender);
        }
        self.rates.remove(&(rate(&transaction), *id));
        self.bytes = self.bytes.saturating_sub(weight(&transaction));
        Some(transaction)
    }

    /// Drops a sender's queue from `nonce` on: the first for `reason`, the rest because it left.
    fn cut(&mut self, sender: &Address, nonce: u64, reason: DropReason, dropped: &mut Vec<Dropped>) {
        let Some(queue) = self.queues.get(sender) else { return };
        let ids: Vec<Hash> = queue.entries.range(nonce..).map(|(_, entry)| entry.transaction.id()).collect();
        for (number, id) in ids.iter().enumerate() {
            let reason = if number == 0 { reason } else { DropReason::Orphaned };
            dropped.extend(self.remove(id).map(|transaction| (transaction, reason)));
        }
    }

    /// The senders whose accounts must be read again at a new tip: all of them.
    pub fn senders(&self) -> Vec<Address> {
        self.queues.keys().copied().collect()
    }

    /// The tip has moved: `sender` has `account` now and the next block has `height`. Confirmed transactions leave silently, what
    /// no longer fits is reported.
    pub fn moved(
        &mut self,
        sender: &Address,
        account: Account,
        height: u64,
        confirmed: &BTreeSet<Hash>,
    ) -> Vec<Dropped> {
        let mut dropped = Vec::new();
        let passed: Vec<Hash> = self.queues.get(sender).map_or_else(Vec::new, |queue| {
            queue.entries.range(..account.nonce).map(|(_, entry)| entry.transaction.id()).collect()
        });
        for id in passed {
            let transaction = self.remove(&id).filter(|_| !confirmed.contains(&id));
            dropped.extend(transaction.map(|transaction| (transaction, DropReason::Conflict)));
        }
        if let Some(queue) = self.queues.get_mut(sender) {
            queue.account = account;
        }
        self.revalidate(sender, account, height, &mut dropped);
        dropped
    }

    /// Cuts a sender's queue where it no longer executes.
    fn revalidate(
        &mut self,
        sender: &Address,
        mut account: Account,
        height: u64,
        dropped: &mut Vec<Dropped>,
    ) {
        let Some(queue) = self.queues.get(sender) else { return };
        let broken = queue.entries.values().find_map(|entry| {
            let reason = match account.spend(&entry.transaction, height).err()? {
                ExecutionError::Balance { .. } => DropReason::Balance,
                ExecutionError::Expired { .. } => DropReason::Late,
                ExecutionError::Nonce { .. } => DropReason::Orphaned,
            };
            Some((entry.transaction.nonce, reason))
        });
        if let Some((nonce, reason)) = broken {
            self.cut(sender, nonce, reason, dropped);
        }
    }

    /// Drops what has waited too long.
    pub fn expire(&mut self, now: Time) -> Vec<Dropped> {
        let old: Vec<(Address, u64)> = self
            .queues
            .iter()
            .flat_map(|(sender, queue)| {
                let old = queue.entries.values().find(|entry| now.since(entry.since) >= self.limits.expiry);
                old.map(|entry| (*sender, entry.transaction.nonce))
            })
            .collect();
        let mut dropped = Vec::new();
        for (sender, nonce) in old {
            self.cut(&sender, nonce, DropReason::Expired, &mut dropped);
        }
        dropped
    }

    /// What a block with `room` bytes should hold: best fee rate first, each sender in nonce order. Executable as it stands.
    pub fn select(&self, room: usize, most: usize) -> Vec<CheckedTransaction> {
        let mut chosen = Vec::new();
        let mut left = room;
        // The head of each queue, best rate first; ties go to the smaller id, so that the choice is the same everywhere.
        let mut heads: BTreeSet<(Reverse<Rate>, Hash, Address, u64)> = self
            .queues
            .iter()
            .filter_map(|(sender, queue)| {
                let (nonce, entry) = queue.entries.first_key_value()?;
                Some((Reverse(rate(&entry.transaction)), entry.transaction.id(), *sender, *nonce))
            })
            .collect();
        while let Some((_, _, sender, nonce)) = heads.pop_first() {
            let Some(queue) = self.queues.get(&sender) else { continue };
            let Some(entry) = queue.entries.get(&nonce) else { continue };
            let Some(rest) = left.checked_sub(entry.transaction.size()) else { continue };
            if chosen.len() >= most {
                break;
            }
            left = rest;
            chosen.push(entry.transaction.clone());
            if let Some((nonce, next)) = queue.entries.range(nonce.saturating_add(1)..).next() {
                heads.insert((Reverse(rate(&next.transaction)), next.transaction.id(), sender, *nonce));
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests;

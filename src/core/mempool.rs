//! Unconfirmed transactions: bounded, ordered per sender, always executable on the tip.
//!
//! Each sender has a queue of consecutive nonces that begins at its account's next nonce. The sender's balance covers the cost of the whole
//! queue. So everything here can be mined in nonce order, whichever senders are picked, and no transaction waits for one that is not here.
//! A slot is (sender, nonce): another transaction takes it only for a fee that is 10 % higher. When room runs out, the transaction with the
//! lowest fee rate leaves first, with all that depend on it. Sizes are counted as allocated.
//!
//! What members say about members may wait without the least fee, see `free.rs`. It has an eighth of the room here and in a block, where it goes
//! first; fees do not push it out.
//!
//! Left out on purpose: transactions with a nonce gap (their sender submits them again) and coins that have not arrived yet.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::ops::Bound;
use core::time::Duration;

use crate::crypto::Hash;
use crate::ledger::{Account, Address, CheckedTransaction};
use crate::limits::{
    MEMPOOL_BYTES, MEMPOOL_ENTRY_OVERHEAD, MEMPOOL_EXPIRY, MEMPOOL_OUTPUT_OVERHEAD, MEMPOOL_PER_SENDER,
    MEMPOOL_TRANSACTIONS,
};
use crate::time::Time;

mod contract;
mod follow;
mod free;
mod insert;
#[cfg(any(test, feature = "fuzzing"))]
mod invariants;
mod reasons;
mod select;
mod short;

use free::Free;

pub use follow::{Followed, TipMove};
pub use reasons::{DropReason, MempoolError};

/// A node's own bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes in total, as allocated.
    pub max_bytes: usize,
    /// The most transactions in total.
    pub max_transactions: usize,
    /// The most transactions of one sender.
    pub max_per_sender: usize,
    /// How long a transaction may stay.
    pub expiry: Duration,
    /// Smallest fee per byte of a transaction, in the smallest unit. So many units of gas as [`crate::limits::GAS_PER_BYTE`] says cost as much.
    pub min_fee_per_byte: u64,
    /// The network's gas of a block: what states more is never confirmed.
    pub gas_per_block: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: MEMPOOL_BYTES,
            max_transactions: MEMPOOL_TRANSACTIONS,
            max_per_sender: MEMPOOL_PER_SENDER,
            expiry: MEMPOOL_EXPIRY,
            min_fee_per_byte: 1,
            gas_per_block: u64::MAX,
        }
    }
}

/// A transaction that left, and why.
pub type Dropped = (CheckedTransaction, DropReason);

#[derive(Clone, Debug)]
struct Entry {
    transaction: CheckedTransaction,
    rate: Rate,
    since: Time,
    /// It pays less than others must.
    free: bool,
}

/// A sender's account at the tip and what waits on top of it, by nonce, without gaps.
#[derive(Clone, Debug)]
struct Queue {
    account: Account,
    entries: BTreeMap<u64, Entry>,
    /// The cost of all entries together. It exceeds the balance only until the queue is cut again.
    cost: u128,
}

/// The unconfirmed transactions.
#[derive(Clone, Debug)]
pub struct Mempool {
    limits: Limits,
    queues: BTreeMap<Address, Queue>,
    ids: BTreeMap<Hash, (Address, u64)>,
    /// Lowest fee rate first.
    rates: BTreeSet<(Rate, Hash)>,
    /// Coins on their way to each address, kept so that a query does not scan the whole pool.
    incoming: BTreeMap<Address, u128>,
    bytes: usize,
    /// What waits without the least fee.
    free: Free,
}

/// Fee per byte in 2^-32 units: exact enough to order by, and a total order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rate(u128);

/// A place in the order of fee rates. A transaction keeps it for as long as it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rank {
    /// Fee per byte in 2^-32 units; gas counts as bytes.
    pub rate: u128,
    /// The transaction's id: the order of those with the same rate.
    pub id: Hash,
}

impl Rank {
    /// The place of this transaction.
    pub fn of(transaction: &CheckedTransaction) -> Self {
        Self { rate: rate(transaction).0, id: transaction.id() }
    }
}

fn rate(transaction: &CheckedTransaction) -> Rate {
    let burden = u128::from(transaction.burden()).max(1);
    Rate((u128::from(transaction.fee) << 32).checked_div(burden).unwrap_or(0))
}

fn weight(transaction: &CheckedTransaction) -> usize {
    let outputs = transaction.action.outputs().len().saturating_mul(MEMPOOL_OUTPUT_OVERHEAD);
    transaction.size().saturating_add(MEMPOOL_ENTRY_OVERHEAD).saturating_add(outputs)
}

impl Queue {
    /// The account after everything that waits.
    fn pending(&self) -> Account {
        let left = u128::from(self.account.balance).saturating_sub(self.cost);
        let waiting = u64::try_from(self.entries.len()).unwrap_or(u64::MAX);
        let nonce = self.account.nonce.saturating_add(waiting);
        Account { balance: u64::try_from(left).unwrap_or(u64::MAX), nonce }
    }

    /// The account after everything that waits before `nonce`.
    fn account_at(&self, nonce: u64) -> Account {
        let pending = self.pending();
        if nonce >= pending.nonce {
            return pending;
        }
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
        Self {
            limits,
            queues: BTreeMap::new(),
            ids: BTreeMap::new(),
            rates: BTreeSet::new(),
            incoming: BTreeMap::new(),
            bytes: 0,
            free: Free::default(),
        }
    }

    /// How many transactions wait.
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

    /// The ids from `low` up to `high`.
    pub fn between(&self, low: Hash, high: Hash) -> impl Iterator<Item = &Hash> {
        self.ids.range(low..=high).map(|(id, _)| id)
    }

    /// The transaction of `sender` with this nonce.
    pub fn at(&self, sender: &Address, nonce: u64) -> Option<&CheckedTransaction> {
        Some(&self.queues.get(sender)?.entries.get(&nonce)?.transaction)
    }

    /// All of them, highest fee rate first.
    pub fn iter(&self) -> impl Iterator<Item = &CheckedTransaction> {
        self.below(None)
    }

    /// Those below a place, highest fee rate first; without one, all of them. Nobody need wait at that place any more.
    pub fn below(&self, place: Option<Rank>) -> impl Iterator<Item = &CheckedTransaction> {
        let end = place.map_or(Bound::Unbounded, |place| Bound::Excluded((Rate(place.rate), place.id)));
        self.rates.range((Bound::Unbounded, end)).rev().filter_map(|(_, id)| self.get(id))
    }

    /// The account of `sender` after everything that waits, or None if nothing of it waits.
    pub fn pending(&self, sender: &Address) -> Option<Account> {
        self.queues.get(sender).map(Queue::pending)
    }

    /// The account that the transactions of `sender` stand on, or None if nothing of it waits.
    pub fn account(&self, sender: &Address) -> Option<Account> {
        self.queues.get(sender).map(|queue| queue.account)
    }

    /// Coins on their way to `address`.
    pub fn incoming(&self, address: &Address) -> u64 {
        self.incoming.get(address).map_or(0, |sum| u64::try_from(*sum).unwrap_or(u64::MAX))
    }

    fn remove(&mut self, id: &Hash) -> Option<CheckedTransaction> {
        let (sender, nonce) = self.ids.remove(id)?;
        let queue = self.queues.get_mut(&sender)?;
        let Entry { transaction, rate, free, .. } = queue.entries.remove(&nonce)?;
        queue.cost = queue.cost.saturating_sub(u128::from(transaction.cost()));
        if queue.entries.is_empty() {
            self.queues.remove(&sender);
        }
        self.rates.remove(&(rate, *id));
        for output in transaction.action.outputs() {
            let Some(sum) = self.incoming.get_mut(&output.to) else { continue };
            *sum = sum.saturating_sub(output.amount.into());
            if *sum == 0 {
                self.incoming.remove(&output.to);
            }
        }
        self.bytes = self.bytes.saturating_sub(weight(&transaction));
        if free {
            self.free.remove(&transaction);
        }
        Some(transaction)
    }

    /// Drops a sender's queue from `nonce` on: the first transaction for `reason`, the rest because the first has left.
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

    /// The tip has moved: `sender` has `account` now and the next block has `height`. Confirmed transactions leave silently; those that no
    /// longer fit are reported.
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
            let error = account.spend(&entry.transaction, height).err()?;
            Some((entry.transaction.nonce, DropReason::from(&error)))
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
}

#[cfg(test)]
mod tests;

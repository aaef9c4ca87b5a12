//! Checks signatures, once per transaction, on all cores.
//!
//! A transaction that was checked for the mempool is not checked again when it comes in a block: checked transactions are remembered
//! by id. The memory has two halves: when the newer half is full or old, the older one is dropped. So it stays bounded without any sweeping,
//! and a quiet network's does not creep towards its bound for days.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{CheckedTransaction, Transaction, TransactionError};
use bouya_core::limits::{CHECK_BATCH, CHECK_PER_THREAD, CHECKED_BYTES, CHECKED_FOR, MEMPOOL_ENTRY_OVERHEAD};

/// Checks the signatures of one network's transactions.
pub struct Workers {
    network: Hash,
    threads: usize,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    young: HashMap<Hash, CheckedTransaction>,
    old: HashMap<Hash, CheckedTransaction>,
    young_bytes: usize,
    /// When the newer half took its first one. None: it is empty.
    since: Option<Instant>,
}

type Checked = Result<CheckedTransaction, TransactionError>;

impl Workers {
    /// Workers on all cores.
    pub fn new(network: Hash) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { network, threads, memory: Mutex::default() }
    }

    /// Checks the transactions, and returns one result for each, in the same order.
    pub fn check_each(&self, transactions: &[Transaction]) -> Vec<Checked> {
        let known = self.memory().get_each(transactions);
        let unknown = known.iter().zip(transactions).filter(|(known, _)| known.is_none());
        let unknown: Vec<Transaction> = unknown.map(|(_, transaction)| transaction.clone()).collect();
        let mut checked = self.check_unknown(&unknown).into_iter();
        // There are as many results as gaps.
        let mut next = || checked.next().unwrap_or(Err(TransactionError::Signature));
        known.into_iter().map(|known| known.map_or_else(&mut next, Ok)).collect()
    }

    fn check_unknown(&self, transactions: &[Transaction]) -> Vec<Checked> {
        let check = |part: &[Transaction]| -> Vec<Checked> {
            part.chunks(CHECK_BATCH)
                .flat_map(|batch| Transaction::check_batch(batch, &self.network))
                .collect()
        };
        let threads = self.threads.min(transactions.len() / CHECK_PER_THREAD);
        let checked = if threads < 2 {
            check(transactions)
        } else {
            let part = transactions.len().div_ceil(threads);
            std::thread::scope(|scope| {
                let spawn = |part| scope.spawn(move || check(part));
                let parts: Vec<_> = transactions.chunks(part).map(spawn).collect();
                let join = |part: std::thread::ScopedJoinHandle<'_, _>| {
                    part.join().expect("checking a transaction never panics")
                };
                parts.into_iter().flat_map(join).collect()
            })
        };
        self.memory().put_each(Instant::now(), checked.iter().flatten());
        checked
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        // If a thread panicked while inserting, at worst a transaction is checked again.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn get(&self, id: &Hash) -> Option<CheckedTransaction> {
        self.young.get(id).or_else(|| self.old.get(id)).cloned()
    }

    fn get_each(&self, transactions: &[Transaction]) -> Vec<Option<CheckedTransaction>> {
        transactions.iter().map(|transaction| self.get(&transaction.id())).collect()
    }

    fn put_each<'a>(&mut self, now: Instant, checked: impl Iterator<Item = &'a CheckedTransaction>) {
        checked.for_each(|checked| self.put(now, checked.clone()));
    }

    fn put(&mut self, now: Instant, checked: CheckedTransaction) {
        let since = *self.since.get_or_insert(now);
        // Counted as allocated, like in the mempool.
        self.young_bytes += checked.size() + MEMPOOL_ENTRY_OVERHEAD;
        self.young.insert(checked.id(), checked);
        if self.young_bytes > CHECKED_BYTES || now.duration_since(since) > CHECKED_FOR {
            self.old = std::mem::take(&mut self.young);
            (self.young_bytes, self.since) = (0, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bouya_core::ledger::RawTransaction;

    use super::*;
    use bouya_core::testing::{network, pay};

    #[test]
    fn many_are_checked_each_in_its_place() {
        let genesis = network("test", 1_000_000);
        let workers = Workers::new(genesis.id());
        let mut transactions: Vec<_> = (0..2_050).map(|nonce| pay(&genesis, 1, nonce, 2, 1, 1_000)).collect();
        let checked: Vec<_> = workers.check_each(&transactions).into_iter().map(Result::unwrap).collect();
        assert!(checked.iter().zip(&transactions).all(|(checked, given)| **checked == *given));
        for bad in [1_040, 2_049] {
            transactions[bad] =
                RawTransaction { nonce: 10_000, ..RawTransaction::clone(&transactions[bad]) }.into();
        }
        let checked = workers.check_each(&transactions);
        let bad: Vec<_> = (0..2_050).filter(|at| checked[*at].is_err()).collect();
        assert_eq!(bad, [1_040, 2_049]);
    }

    #[test]
    fn memory_rotates() {
        let genesis = network("test", 1_000_000);
        let checked = pay(&genesis, 1, 0, 2, 1, 1_000).check(&genesis.id()).unwrap();
        let mut memory = Memory { young_bytes: CHECKED_BYTES, ..Memory::default() };
        memory.put(Instant::now(), checked.clone());
        assert!(memory.young.is_empty());
        assert_eq!(memory.get(&checked.id()), Some(checked));
    }

    #[test]
    fn what_is_old_is_forgotten_though_there_is_room() {
        let genesis = network("test", 1_000_000);
        let [first, second, third] =
            [0, 1, 2].map(|nonce| pay(&genesis, 1, nonce, 2, 1, 1_000).check(&genesis.id()).unwrap());
        let (mut memory, began) = (Memory::default(), Instant::now());
        let late = began + CHECKED_FOR + Duration::from_secs(1);
        memory.put(began, first.clone());
        memory.put(late, second.clone());
        assert!(memory.get(&first.id()).is_some() && memory.get(&second.id()).is_some());
        memory.put(late, third.clone());
        memory.put(late + CHECKED_FOR + Duration::from_secs(1), first.clone());
        assert!(memory.get(&second.id()).is_none());
        assert_eq!(memory.get(&third.id()), Some(third));
    }
}

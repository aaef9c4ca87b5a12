//! The pool: the mempool and what a node does around it. It takes submissions, remembers who gave them, and follows the tip.
//!
//! Submissions that wait together are checked together: a batch of signatures costs half as much. Transactions from this node's own clients
//! are offered separately from those of peers: nobody else has them yet.
//!
//! The account rule: a transaction that builds on others waiting here is checked against *their* account, even if the store already has a
//! newer one. The pool follows the tip a moment later, and then all of them are checked against the new account together.
//!
//! When blocks leave the chain, their transactions come back, lowest block first so that nonces come in order, unless the blocks that
//! took their place confirm them too. On a nearly full disk nothing new is taken.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::ToString;
use alloc::vec::Vec;

use super::Ticket;
use crate::crypto::Hash;
use crate::ledger::{Address, Check, CheckedTransaction, Moved, StateError, Transaction, View};
use crate::limits::{FOLLOWED_BLOCKS, LOST_BYTES, MEMPOOL_SWEEP, SUBMISSION_BATCH};
use crate::mempool::{Dropped, Followed, Limits, Mempool, MempoolError, TipMove};
use crate::overlay::{Answer, ConnId, Offer, PoolRequest, TransactionOutcome};
use crate::time::Time;

mod io;

pub use io::{Input, Output, Pending, Reason, Refusal, Waits};

/// Who gave transactions.
#[derive(Clone, Copy, Debug)]
enum Giver {
    Peer(ConnId),
    Own {
        ticket: Ticket,
        replace: bool,
    },
    /// Asks only whether they would be taken.
    Asker {
        ticket: Ticket,
        replace: bool,
    },
}

/// Something that waits for its turn.
#[derive(Debug)]
enum Waiting<V> {
    Submission { giver: Giver, transactions: Vec<Transaction> },
    Moved { moved: Moved, view: V },
}

/// See the module.
#[derive(Debug)]
pub struct Pool<V> {
    mempool: Mempool,
    waiting: VecDeque<Waiting<V>>,
    disk_full: bool,
    swept: Time,
    outputs: VecDeque<Output>,
}

impl<V: View> Pool<V> {
    /// An empty pool.
    pub fn new(now: Time, limits: Limits) -> Self {
        Self {
            mempool: Mempool::new(limits),
            waiting: VecDeque::new(),
            disk_full: false,
            swept: now,
            outputs: VecDeque::new(),
        }
    }

    /// The transactions that wait for a block.
    pub fn mempool(&self) -> &Mempool {
        &self.mempool
    }

    /// What an account will be.
    pub fn pending(&self, address: &Address) -> Pending {
        Pending { account: self.mempool.pending(address), incoming: self.mempool.incoming(address) }
    }

    /// Something to do or to know. [`Pool::work`] makes all changes to the mempool, in order.
    pub fn handle(&mut self, input: Input<V>) {
        match input {
            Input::Request(PoolRequest::Take { conn, transactions }) => {
                self.waiting.push_back(Waiting::Submission { giver: Giver::Peer(conn), transactions });
            }
            Input::Request(PoolRequest::Fetch { conn, ids }) => {
                let (mut found, mut missing) = (Vec::new(), Vec::new());
                for id in ids {
                    match self.mempool.get(&id) {
                        Some(transaction) => found.push((**transaction).clone()),
                        None => missing.push(id),
                    }
                }
                self.outputs.push_back(Output::Answer(Answer::Transactions { conn, found, missing }));
            }
            Input::Request(PoolRequest::Short { key, block }) => {
                let found = self.mempool.find_short(&key, &block.ids);
                self.outputs.push_back(Output::Answer(Answer::Short { key, found }));
            }
            Input::Give { ticket, transactions, replace } => {
                let giver = Giver::Own { ticket, replace };
                self.waiting.push_back(Waiting::Submission { giver, transactions });
            }
            Input::Check { ticket, transaction, replace } => {
                let giver = Giver::Asker { ticket, replace };
                self.waiting.push_back(Waiting::Submission { giver, transactions: [transaction].into() });
            }
            Input::Moved { moved, view } => self.waiting.push_back(Waiting::Moved { moved, view }),
            Input::DiskFull(full) => self.disk_full = full,
        }
    }

    /// The next thing to be done outside.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether [`Pool::work`] has something to do.
    pub fn has_work(&self, now: Time) -> bool {
        !self.waiting.is_empty() || self.next_wakeup() <= now
    }

    /// Whether more may be given now: those that wait do not fill a batch yet.
    pub fn has_room(&self) -> bool {
        let transactions = |waiting: &Waiting<V>| match waiting {
            Waiting::Submission { transactions, .. } => transactions.len(),
            Waiting::Moved { .. } => SUBMISSION_BATCH,
        };
        self.waiting.iter().map(transactions).fold(0, usize::saturating_add) < SUBMISSION_BATCH
    }

    /// When [`Pool::work`] will have something to do if nothing is handed in before.
    pub fn next_wakeup(&self) -> Time {
        self.swept.after(MEMPOOL_SWEEP)
    }

    /// Does a piece of work: takes a batch of submissions or follows one move of the tip, and drops what has waited too long. `view` is the
    /// chain as it is now, for submissions.
    pub fn work(&mut self, now: Time, view: &V, check: Check<'_>) -> Result<(), StateError> {
        let mut batch = Vec::new();
        let mut count = 0_usize;
        while let Some(Waiting::Submission { transactions, .. }) = self.waiting.front()
            && count < SUBMISSION_BATCH
        {
            count = count.saturating_add(transactions.len());
            batch.extend(self.waiting.pop_front());
        }
        if !batch.is_empty() {
            self.take(now, view, check, batch)?;
        } else if let Some(Waiting::Moved { moved, view }) = self.waiting.pop_front() {
            self.follow(now, &moved, &view, check)?;
        }
        if self.next_wakeup() <= now {
            self.swept = now;
            let dropped = self.mempool.expire(now);
            self.tell_dropped(dropped);
        }
        Ok(())
    }

    fn take(
        &mut self,
        now: Time,
        view: &V,
        check: Check<'_>,
        batch: Vec<Waiting<V>>,
    ) -> Result<(), StateError> {
        let height = view.tip()?.0.saturating_add(1);
        let mut all: Vec<Transaction> = Vec::new();
        let mut givers = Vec::new();
        for waiting in batch {
            let Waiting::Submission { giver, transactions } = waiting else { continue };
            givers.push((giver, transactions.len()));
            all.extend(transactions);
        }
        let mut checked = all.iter().zip(check(&all));
        let (mut own, mut relayed, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for (giver, count) in givers {
            let mut results = Vec::new();
            for (transaction, checked) in checked.by_ref().take(count) {
                let result = match checked {
                    Ok(checked) => self.insert(now, (view, height), giver, checked)?,
                    Err(error) => Err(error.into()),
                };
                match (&result, giver) {
                    (Ok(()), Giver::Own { .. }) => own.push(transaction.clone()),
                    (Ok(()), Giver::Peer(_)) => relayed.push(transaction.clone()),
                    (Ok(()), Giver::Asker { .. }) | (Err(_), _) => (),
                }
                results.push((transaction.id(), result));
            }
            answers.push(answer(giver, results));
        }
        self.offer(own, relayed);
        self.outputs.extend(answers);
        Ok(())
    }

    fn insert(
        &mut self,
        now: Time,
        (view, height): (&V, u64),
        giver: Giver,
        checked: CheckedTransaction,
    ) -> Result<Result<(), Refusal>, StateError> {
        let id = checked.id();
        if self.disk_full && self.mempool.get(&id).is_none() {
            return Ok(Err(Refusal::DiskFull));
        }
        let payer = checked.payer();
        // A peer's replacement is taken, or a transaction that was replaced elsewhere would stay here.
        if let Giver::Own { replace: false, .. } | Giver::Asker { replace: false, .. } = giver
            && let Some(rival) = self.mempool.at(&payer, checked.nonce)
            && rival.id() != id
        {
            let next = self.mempool.pending(&payer).map_or(0, |account| account.nonce);
            return Ok(Err(Refusal::Taken { nonce: checked.nonce, by: rival.id(), next }));
        }
        // The mempool goes by the account that it knows; asking it first saves a read of the store.
        let account = match self.mempool.account(&payer) {
            Some(account) => account,
            None => view.account(&payer)?,
        };
        if let Giver::Asker { .. } = giver {
            let judged = self.mempool.would_take((view, height), account, &checked)?;
            return Ok(judged.map_err(Into::into));
        }
        Ok(match self.mempool.take(now, (view, height), account, checked)? {
            Ok(dropped) => {
                self.tell_dropped(dropped);
                self.outputs.push_back(Output::Taken(id));
                Ok(())
            }
            Err(error) => Err(error.into()),
        })
    }

    /// Follows a move of the best chain.
    fn follow(&mut self, now: Time, moved: &Moved, view: &V, check: Check<'_>) -> Result<(), StateError> {
        let lost = lost(view, moved)?;
        let confirmed = self.confirmed(view, moved, &lost)?;
        let lost: Vec<_> = lost.into_iter().filter(|one| !confirmed.contains(&one.id())).collect();
        let lost = check(&lost).into_iter().flatten().collect();
        let height = view.tip()?.0.saturating_add(1);
        let tip_move = TipMove { view, height, confirmed: &confirmed, lost };
        let Followed { dropped, returned, refused } = self.mempool.follow(now, tip_move)?;
        self.tell_dropped(dropped);
        let refused = refused.into_iter().map(|(id, error)| Output::Dropped { id, reason: error.into() });
        self.outputs.extend(refused);
        self.outputs.extend(returned.iter().map(|one| Output::Taken(one.id())));
        self.offer(Vec::new(), returned.into_iter().map(CheckedTransaction::into_inner).collect());
        Ok(())
    }

    /// Which transactions, of those that wait here or lost their block, are confirmed by the blocks that joined the chain. In a long sync
    /// only the newest blocks are read: the mempool is checked against accounts anyway.
    fn confirmed(&self, view: &V, moved: &Moved, lost: &[Transaction]) -> Result<BTreeSet<Hash>, StateError> {
        let most = if moved.disconnected.is_empty() { FOLLOWED_BLOCKS } else { usize::MAX };
        let lost: BTreeSet<Hash> = lost.iter().map(Transaction::id).collect();
        let mut confirmed = BTreeSet::new();
        for id in moved.connected.iter().rev().take(most) {
            let block = view.block(id)?;
            let ids = block.iter().flat_map(|block| block.body.transactions.iter()).map(Transaction::id);
            confirmed.extend(ids.filter(|id| lost.contains(id) || self.mempool.get(id).is_some()));
        }
        Ok(confirmed)
    }

    fn offer(&mut self, own: Vec<Transaction>, relayed: Vec<Transaction>) {
        if !own.is_empty() || !relayed.is_empty() {
            self.outputs.push_back(Output::Offer(Offer::Transactions { own, relayed }));
        }
    }

    fn tell_dropped(&mut self, dropped: Vec<Dropped>) {
        let told =
            |(transaction, reason): Dropped| Output::Dropped { id: transaction.id(), reason: reason.into() };
        self.outputs.extend(dropped.into_iter().map(told));
    }
}

/// The transactions of blocks that left the chain, lowest block first. Bounded by what a mempool holds: the rest must be submitted again by
/// their senders.
fn lost(view: &dyn View, moved: &Moved) -> Result<Vec<Transaction>, StateError> {
    let (mut lost, mut bytes) = (Vec::new(), 0_usize);
    for id in moved.disconnected.iter().rev() {
        let Some(block) = view.block(id)? else { continue };
        bytes = bytes.saturating_add(block.size());
        if bytes > LOST_BYTES {
            break;
        }
        lost.extend(block.body.transactions.iter().cloned());
    }
    Ok(lost)
}

fn answer(giver: Giver, results: Vec<(Hash, Result<(), Refusal>)>) -> Output {
    match giver {
        Giver::Peer(conn) => {
            let outcome = |result| match result {
                Ok(()) => TransactionOutcome::Taken,
                Err(Refusal::Invalid(error)) => TransactionOutcome::Invalid(error.to_string()),
                Err(Refusal::Mempool(_) | Refusal::Taken { .. } | Refusal::DiskFull) => {
                    TransactionOutcome::Ignored
                }
            };
            let outcomes = results.into_iter().map(|(id, result)| (id, outcome(result))).collect();
            Output::Answer(Answer::TransactionsDone { conn, outcomes })
        }
        Giver::Own { ticket, .. } | Giver::Asker { ticket, .. } => {
            let given = |(id, result)| match result {
                Ok(()) => Ok(Waits { id, known: false }),
                Err(Refusal::Mempool(MempoolError::Known)) => Ok(Waits { id, known: true }),
                Err(refusal) => Err(refusal),
            };
            Output::Given { ticket, results: results.into_iter().map(given).collect() }
        }
    }
}

#[cfg(test)]
mod tests;

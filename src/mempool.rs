//! The mempool actor: a thread around the core's mempool. It checks signatures, reads accounts from the store's snapshots, follows the
//! tip, and offers what it takes to the network.
//!
//! What a reorganisation put out of the chain comes back here, or is reported as dropped with the reason.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{
    Account, Address, CheckedTransaction, CompactBlock, Moved, ShortKey, StateError, Transaction,
    TransactionError,
};
use bouya_core::mempool::{Dropped, Followed, Limits, Mempool, MempoolError, TipMove};
use bouya_core::overlay::{Answer, ConnId, Input, Offer};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::info;

use crate::actor::Mailbox;
use crate::chain::Head;
use crate::clock::Clock;
use crate::events::{Event, Events};
use crate::store::{Reader, Snapshot, StoreError};
use crate::workers::Workers;

mod submit;

use submit::{Giver, Submitted};

/// Messages that may wait.
pub const CAPACITY: usize = 1_024;
/// Blocks of one move whose transactions are looked at one by one.
const FOLLOWED: usize = 1_000;
/// How often old transactions are looked for.
const EXPIRE_EVERY: Duration = Duration::from_secs(30);

/// What may be asked of the mempool.
pub enum Request {
    /// From the network: a peer's transactions. Answered by [`Answer::TransactionsDone`].
    Submit { conn: ConnId, transactions: Vec<Transaction> },
    /// From the network: a peer wants these. Answered by [`Answer::Transactions`].
    Fetch { conn: ConnId, ids: Vec<Hash> },
    /// From the network: which transactions of a block in short are here. Answered by [`Answer::Short`].
    Short { key: ShortKey, block: Arc<CompactBlock> },
    /// From the chain: the tip has moved. `lost` still has the blocks that left the best chain, if any did.
    Moved { moved: Moved, lost: Option<Snapshot> },
    /// From the miner: what a block with so much room should hold.
    Select { room: usize, most: usize, reply: oneshot::Sender<Vec<CheckedTransaction>> },
    /// From the API: transactions. Each has its own answer, in the same order.
    Give { transactions: Vec<Transaction>, reply: oneshot::Sender<Vec<Result<Hash, Refusal>>> },
    /// From the API: all, best fee rate first, at most so many.
    List { most: usize, reply: oneshot::Sender<Vec<CheckedTransaction>> },
    /// From the API: one of them.
    Find { id: Hash, reply: oneshot::Sender<Option<CheckedTransaction>> },
    /// From the API: what an account will be when everything here is confirmed.
    Pending { address: Address, reply: oneshot::Sender<Pending> },
}

/// An account's future.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pending {
    /// After its own transactions; none if it has none here.
    pub account: Option<Account>,
    /// Coins on their way to it.
    pub incoming: u64,
}

/// How full it is. `revision` changes whenever the content does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Transactions.
    pub transactions: usize,
    /// Bytes, as allocated.
    pub bytes: usize,
    /// Counts changes.
    pub revision: u64,
}

/// Why a transaction from the API was not taken.
#[derive(Debug, Error)]
pub enum Refusal {
    /// Wrong in itself.
    #[error(transparent)]
    Invalid(#[from] TransactionError),
    /// Not taken now.
    #[error(transparent)]
    Mempool(#[from] MempoolError),
    /// It stands on the chain already.
    #[error("this transaction is confirmed already, at height {0}")]
    Confirmed(u64),
    /// No room on this node's disk.
    #[error("this node's disk is nearly full, so it takes nothing; make room, or send to another node")]
    DiskFull,
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Everything the actor works with.
pub struct MempoolActor {
    pub limits: Limits,
    pub reader: Reader,
    pub workers: Arc<Workers>,
    pub inbox: mpsc::Receiver<Request>,
    pub network: Mailbox<Input>,
    pub head: watch::Receiver<Arc<Head>>,
    pub level: watch::Sender<Level>,
    pub events: Events,
    pub clock: Clock,
}

impl MempoolActor {
    /// Works until the mailbox is closed or the store fails.
    pub fn run(mut self) -> Result<(), StoreError> {
        let mut pool = Mempool::new(self.limits);
        let mut expired = self.clock.now();
        loop {
            let next = async { tokio::time::timeout(EXPIRE_EVERY, self.inbox.recv()).await };
            match tokio::runtime::Handle::current().block_on(next) {
                Ok(None) => return Ok(()),
                Ok(Some(request)) => self.serve(&mut pool, request)?,
                Err(_) => (),
            }
            let now = self.clock.now();
            if now.since(expired) >= EXPIRE_EVERY {
                expired = now;
                let dropped = pool.expire(now);
                self.report(&dropped);
            }
            self.publish(&pool);
        }
    }

    fn publish(&self, pool: &Mempool) {
        let before = *self.level.borrow();
        if (before.transactions, before.bytes) != (pool.len(), pool.bytes()) {
            let (transactions, bytes, revision) = (pool.len(), pool.bytes(), before.revision + 1);
            self.level.send_replace(Level { transactions, bytes, revision });
        }
    }

    fn serve(&mut self, pool: &mut Mempool, request: Request) -> Result<(), StoreError> {
        // An asker that no longer waits is no error.
        match request {
            Request::Submit { conn, transactions } => {
                self.submit(pool, Submitted { from: Giver::Peer(conn), transactions })?;
            }
            Request::Give { transactions, reply } => {
                self.submit(pool, Submitted { from: Giver::Api(reply), transactions })?;
            }
            Request::Fetch { conn, ids } => {
                let (mut found, mut missing) = (Vec::new(), Vec::new());
                for id in ids {
                    match pool.get(&id) {
                        Some(transaction) => found.push((**transaction).clone()),
                        None => missing.push(id),
                    }
                }
                self.answer(Answer::Transactions { conn, found, missing });
            }
            Request::Short { key, block } => {
                let found = pool.find_short(&key, &block.ids);
                self.answer(Answer::Short { key, found });
            }
            Request::Moved { moved, lost } => self.moved(pool, &moved, lost.as_ref())?,
            Request::Select { room, most, reply } => drop(reply.send(pool.select(room, most))),
            Request::List { most, reply } => drop(reply.send(pool.iter().take(most).cloned().collect())),
            Request::Find { id, reply } => drop(reply.send(pool.get(&id).cloned())),
            Request::Pending { address, reply } => {
                let (account, incoming) = (pool.pending(&address), pool.incoming(&address));
                let _ = reply.send(Pending { account, incoming });
            }
        }
        Ok(())
    }

    fn answer(&self, answer: Answer) {
        // A stopped network means that the node stops.
        let _ = self.network.send_blocking(Input::Answer(answer));
    }

    fn offer(&self, transactions: Vec<Transaction>) {
        if !transactions.is_empty() {
            let _ = self.network.send_blocking(Input::Offer(Offer::Transactions(transactions)));
        }
    }

    /// Follows the tip.
    fn moved(&self, pool: &mut Mempool, moved: &Moved, lost: Option<&Snapshot>) -> Result<(), StoreError> {
        let snapshot = self.reader.snapshot()?;
        let mut confirmed = BTreeSet::new();
        // Beyond this a sync is under way and the mempool is checked against accounts alone.
        for id in moved.connected.iter().rev().take(FOLLOWED) {
            let block = snapshot.block(id)?;
            let transactions = block.iter().flat_map(|block| block.body.transactions.iter());
            confirmed.extend(transactions.map(Transaction::id));
        }
        let lost = lost.map(|lost| self.lost(&snapshot, lost, moved, &confirmed)).transpose()?;
        let height = snapshot.tip()?.0.saturating_add(1);
        let lost = lost.unwrap_or_default();
        let tip_move = TipMove { view: &snapshot, height, confirmed: &confirmed, lost };
        let followed = pool.follow(self.clock.now(), tip_move);
        let Followed { dropped, returned, refused } =
            followed.map_err(|error| StoreError::Failed(error.to_string()))?;
        self.report(&dropped);
        for (id, error) in refused {
            self.tell_dropped(&id, &error.to_string());
        }
        for transaction in &returned {
            self.events.tell(Event::Transaction { id: transaction.id() });
        }
        self.offer(returned.into_iter().map(CheckedTransaction::into_inner).collect());
        Ok(())
    }

    /// The transactions that left the chain and are not confirmed any more, lowest block first, so that nonces come in order.
    fn lost(
        &self,
        snapshot: &Snapshot,
        lost: &Snapshot,
        moved: &Moved,
        confirmed: &BTreeSet<Hash>,
    ) -> Result<Vec<CheckedTransaction>, StoreError> {
        let mut back = Vec::new();
        // What joined is known one by one, unless there was too much of it.
        let all_known = moved.connected.len() <= FOLLOWED;
        for id in moved.disconnected.iter().rev() {
            let Some(block) = lost.block(id)? else { continue };
            for transaction in block.body.transactions.iter() {
                let id = transaction.id();
                if !confirmed.contains(&id) && (all_known || snapshot.transaction(&id)?.is_none()) {
                    back.push(transaction.clone());
                }
            }
        }
        Ok(self.workers.check_each(&back).into_iter().flatten().collect())
    }

    fn report(&self, dropped: &[Dropped]) {
        for (transaction, reason) in dropped {
            self.tell_dropped(&transaction.id(), &reason.to_string());
        }
    }

    fn tell_dropped(&self, id: &Hash, reason: &str) {
        info!(transaction = %id, reason, "dropped");
        self.events.tell(Event::Dropped { id: *id, reason: reason.to_owned() });
    }
}

#[cfg(test)]
mod tests;

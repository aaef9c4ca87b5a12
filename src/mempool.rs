//! The mempool actor: the thread of the [`Pool`].
//!
//! It passes on what is in the mailbox, checks signatures on all cores, reads accounts from the store, and carries out the pool's outputs.
//! A question is answered once everything that came before it is done.

use std::collections::BTreeMap;
use std::sync::Arc;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Address, CheckedTransaction, Room, StateError, Transaction};
use bouya_core::node::Ticket;
use bouya_core::node::pool::{Input, Output, Pending, Pool, Refusal, Waits};
use bouya_core::overlay;
use thiserror::Error;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::info;

pub use bouya_core::mempool::{Limits, Rank};

use crate::actor::{Inbox, Mailbox, Wake};
use crate::clock::Clock;
use crate::events::{Event, Events};
use crate::store::{Reader, Snapshot, StoreError};
use crate::workers::Workers;

/// What the mempool may be asked.
pub enum MempoolRequest {
    /// From the network and the chain.
    Pool(Input<Snapshot>),
    /// From the API: transactions. Each has its own answer, in the same order.
    Give { transactions: Vec<Transaction>, replace: bool, reply: Reply },
    /// From the API: would this one be taken?
    Check { transaction: Transaction, replace: bool, reply: Reply },
    /// From the miner: what a block with this much room should hold.
    Select { room: Room, reply: oneshot::Sender<Vec<CheckedTransaction>> },
    /// From the API: those below a place, best fee rate first, at most this many.
    List { below: Option<Rank>, most: usize, reply: oneshot::Sender<Vec<CheckedTransaction>> },
    /// From the API: one of them.
    Find { id: Hash, reply: oneshot::Sender<Option<CheckedTransaction>> },
    /// From the API: the ids in a range.
    Between { low: Hash, high: Hash, reply: oneshot::Sender<Vec<Hash>> },
    /// From the API: what an account will be when everything here is confirmed.
    Pending { address: Address, reply: oneshot::Sender<Pending> },
}

type Reply = oneshot::Sender<Vec<Result<Waits, Refusal>>>;

/// How full it is. `revision` changes whenever the content does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Transactions.
    pub transactions: usize,
    /// Bytes, as allocated.
    pub bytes: usize,
    /// Counts the changes.
    pub revision: u64,
}

/// Why the actor ended.
#[derive(Debug, Error)]
pub enum MempoolActorError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    State(#[from] StateError),
}

/// Everything the actor works with.
pub struct MempoolActor {
    pub limits: Limits,
    pub reader: Reader,
    pub workers: Arc<Workers>,
    pub inbox: Inbox<MempoolRequest>,
    pub network: Mailbox<overlay::Input>,
    pub level: watch::Sender<Level>,
    pub events: Events,
    pub clock: Clock,
}

struct Running {
    actor: MempoolActor,
    pool: Pool<Snapshot>,
    replies: BTreeMap<Ticket, Reply>,
    asked: u64,
}

impl MempoolActor {
    /// Works until `stop`, or until the store fails.
    pub fn run(self, stop: &CancellationToken) -> Result<(), MempoolActorError> {
        let pool = Pool::new(self.clock.now(), self.limits);
        Running { actor: self, pool, replies: BTreeMap::new(), asked: 0 }.run(stop)
    }
}

impl Running {
    fn run(mut self, stop: &CancellationToken) -> Result<(), MempoolActorError> {
        loop {
            while self.pool.has_room()
                && let Some(request) = self.actor.inbox.try_next()
            {
                self.serve(request)?;
            }
            if stop.is_cancelled() {
                return Ok(());
            }
            self.work()?;
            if self.pool.has_work(self.actor.clock.now()) {
                continue;
            }
            let until = self.actor.clock.instant(self.pool.next_wakeup());
            match self.actor.inbox.wait(Some(until.into()), stop) {
                Wake::Message(request) => self.serve(request)?,
                Wake::Time => (),
                Wake::Stop => return Ok(()),
            }
        }
    }

    /// A piece of the pool's work, if there is any, and its outputs.
    fn work(&mut self) -> Result<(), MempoolActorError> {
        let now = self.actor.clock.now();
        if self.pool.has_work(now) {
            let snapshot = self.actor.reader.snapshot()?;
            let workers = &self.actor.workers;
            self.pool.work(now, &snapshot, &mut |transactions| workers.check_each(transactions))?;
        }
        self.drain();
        Ok(())
    }

    fn serve(&mut self, request: MempoolRequest) -> Result<(), MempoolActorError> {
        let question = match request {
            MempoolRequest::Pool(input) => {
                self.pool.handle(input);
                return Ok(());
            }
            MempoolRequest::Give { transactions, replace, reply } => {
                let ticket = self.ticket(reply);
                self.pool.handle(Input::Give { ticket, transactions, replace });
                return Ok(());
            }
            MempoolRequest::Check { transaction, replace, reply } => {
                let ticket = self.ticket(reply);
                self.pool.handle(Input::Check { ticket, transaction, replace });
                return Ok(());
            }
            question => question,
        };
        while self.pool.has_work(self.actor.clock.now()) {
            self.work()?;
        }
        let mempool = self.pool.mempool();
        // It is no error if the asker no longer waits.
        match question {
            MempoolRequest::Select { room, reply } => drop(reply.send(mempool.select(room))),
            MempoolRequest::List { below, most, reply } => {
                drop(reply.send(mempool.below(below).take(most).cloned().collect()))
            }
            MempoolRequest::Find { id, reply } => drop(reply.send(mempool.get(&id).cloned())),
            MempoolRequest::Between { low, high, reply } => {
                drop(reply.send(mempool.between(low, high).copied().collect()))
            }
            MempoolRequest::Pending { address, reply } => drop(reply.send(self.pool.pending(&address))),
            MempoolRequest::Pool(_) | MempoolRequest::Give { .. } | MempoolRequest::Check { .. } => (),
        }
        Ok(())
    }

    fn ticket(&mut self, reply: Reply) -> Ticket {
        self.asked += 1;
        self.replies.insert(Ticket(self.asked), reply);
        Ticket(self.asked)
    }

    fn drain(&mut self) {
        // Published first, so that a client that is told of a success finds it counted.
        self.publish();
        while let Some(output) = self.pool.poll() {
            let (network, events) = (&self.actor.network, &self.actor.events);
            match output {
                Output::Answer(answer) => network.tell(overlay::Input::Answer(answer)),
                Output::Offer(offer) => network.tell(overlay::Input::Offer(offer)),
                Output::Given { ticket, results } => {
                    self.replies.remove(&ticket).map(|reply| reply.send(results));
                }
                Output::Taken(id) => events.tell(Event::Transaction { id }),
                Output::Dropped { id, reason } => {
                    info!(transaction = %id, %reason, "dropped");
                    events.tell(Event::Dropped { id, reason: reason.to_string() });
                }
            }
        }
    }

    fn publish(&self) {
        let (before, pool) = (*self.actor.level.borrow(), self.pool.mempool());
        if (before.transactions, before.bytes) != (pool.len(), pool.bytes()) {
            let (transactions, bytes, revision) = (pool.len(), pool.bytes(), before.revision + 1);
            self.actor.level.send_replace(Level { transactions, bytes, revision });
        }
    }
}

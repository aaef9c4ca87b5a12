//! The chain actor: the thread of the [`Keeper`], which owns the only writer of the store.
//!
//! It passes on what is in the mailbox, checks signatures on all cores, and carries out the keeper's outputs. It ends the node if the store
//! fails, so that memory is never ahead of the disk. It watches the free space on the disk, so that the store does not run full.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Certificate, Change, Contradiction, Disk, Moved, StateError};
use bouya_core::limits::{STORE_FREE_BYTES, STORE_FREE_LOOK_EVERY};
use bouya_core::node::keeper::{Input, NotTaken, Output};
use bouya_core::node::{Head, Keeper, Ticket, pool};
use bouya_core::overlay::{self, Offer};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::actor::{Inbox, Mailbox, Wake};
use crate::clock;
use crate::events::Events;
use crate::mempool;
use crate::store::{Snapshot, Store, StoreError};
use crate::workers::Workers;

mod members;
mod tell;

/// What the chain may be asked.
pub enum ChainRequest {
    /// From the network.
    Keeper(Input),
    /// From the miner: this node's own block.
    Mined { block: Arc<bouya_core::ledger::Block>, reply: oneshot::Sender<Result<(), NotTaken>> },
}

/// A final block that contradicts this node's chain.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// What makes it final.
    pub certificate: Certificate,
    /// What is final here.
    pub newest: Option<Certificate>,
    /// How it contradicts this.
    pub how: Contradiction,
}

/// Why the actor ended.
#[derive(Debug, Error)]
pub enum ChainError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    State(#[from] StateError),
}

impl Disk for Store {
    type View = Snapshot;
    type Error = ChainError;

    fn view(&self) -> Result<Snapshot, ChainError> {
        Ok(self.reader().snapshot()?)
    }

    fn commit(&mut self, change: &Change) -> Result<(), ChainError> {
        Ok(Self::commit(self, change)?)
    }
}

/// Everything the actor works with.
pub struct ChainActor {
    keeper: Keeper<Store>,
    data_dir: PathBuf,
    workers: Arc<Workers>,
    inbox: Inbox<ChainRequest>,
    outlets: Outlets,
    head: watch::Sender<Arc<Head>>,
    replies: BTreeMap<Ticket, oneshot::Sender<Result<(), NotTaken>>>,
    asked: u64,
    /// The base of the members that vote, as it was told.
    voters: Hash,
}

/// Who is told what.
pub struct Outlets {
    pub network: Mailbox<overlay::Input>,
    pub mempool: Mailbox<mempool::MempoolRequest>,
    /// For the voter: what contradicts this node's history.
    pub conflict: mpsc::Sender<Conflict>,
    pub events: Events,
}

impl ChainActor {
    /// Loads the chain from the store. Of so many of the last blocks the bodies are kept; of all, if none.
    pub fn load(
        store: Store,
        data_dir: PathBuf,
        workers: Arc<Workers>,
        inbox: Inbox<ChainRequest>,
        outlets: Outlets,
        keep: Option<u64>,
    ) -> Result<(Self, watch::Receiver<Arc<Head>>), ChainError> {
        let mut keeper = Keeper::load(store.reader().genesis().clone(), store)?;
        keeper.prune(keep)?;
        let (head, watcher) = watch::channel(Arc::new(keeper.head()?));
        let voters = head.borrow().members.base();
        let (replies, asked) = (BTreeMap::new(), 0);
        Ok((Self { keeper, data_dir, workers, inbox, outlets, head, replies, asked, voters }, watcher))
    }

    /// Works until `stop`, or until the store fails.
    pub fn run(mut self, stop: &CancellationToken) -> Result<(), ChainError> {
        loop {
            self.look_at_disk()?;
            while self.keeper.has_room()
                && let Some(request) = self.inbox.try_next()
            {
                self.hand_in(request)?;
            }
            if stop.is_cancelled() {
                return Ok(());
            }
            if self.keeper.has_work(clock::wall()) {
                self.work()?;
            }
            self.drain()?;
            if self.keeper.has_work(clock::wall()) {
                continue;
            }
            match self.inbox.wait(self.wakeup(), stop) {
                Wake::Message(request) => self.hand_in(request)?,
                Wake::Time => (),
                Wake::Stop => return Ok(()),
            }
        }
    }

    fn wakeup(&self) -> Option<Instant> {
        // It wakes up to look at the disk even if nothing comes: a disk fills up without this node's doing.
        let due = self.keeper.next_wakeup();
        let span =
            due.map_or(STORE_FREE_LOOK_EVERY, |due| Duration::from_millis(due.millis_since(clock::wall())));
        Some(Instant::now() + span.min(STORE_FREE_LOOK_EVERY))
    }

    fn hand_in(&mut self, request: ChainRequest) -> Result<(), ChainError> {
        let input = match request {
            ChainRequest::Keeper(input) => input,
            ChainRequest::Mined { block, reply } => {
                self.asked += 1;
                let ticket = Ticket(self.asked);
                self.replies.insert(ticket, reply);
                Input::Mined { ticket, block }
            }
        };
        self.keeper.handle(input)
    }

    /// A piece of the keeper's work. The signatures of its batch are checked first, all together, and those of the next batch meanwhile.
    fn work(&mut self) -> Result<(), ChainError> {
        let workers = &self.workers;
        workers.check_each(&self.keeper.worked_for(0));
        let next = self.keeper.worked_for(1);
        std::thread::scope(|scope| {
            if !next.is_empty() {
                scope.spawn(|| workers.check_each(&next));
            }
            self.keeper.work(clock::wall(), &mut |transactions| workers.check_each(transactions))
        })
    }

    /// Carries out the keeper's outputs.
    fn drain(&mut self) -> Result<(), ChainError> {
        while let Some(output) = self.keeper.poll() {
            let network = &self.outlets.network;
            match output {
                Output::Head { head, moved } => self.tell_head(head, moved)?,
                Output::Offer(block) => network.tell(overlay::Input::Offer(Offer::Block(block))),
                Output::Answer(answer) => network.tell(overlay::Input::Answer(answer)),
                Output::Mined { ticket, result } => {
                    // A miner that no longer waits already has another tip.
                    self.replies.remove(&ticket).map(|reply| reply.send(result));
                }
                Output::Final(certificate) => self.tell_final(certificate)?,
                Output::Conflict { certificate, newest, how } => {
                    self.tell_conflict(Conflict { certificate, newest, how });
                }
                Output::Disputed { header, why } => {
                    error!(
                        height = header.height, block = %header.id(), miner = %header.miner, why,
                        "a block states other results than this node computes: its miner or this node computes wrongly; if other nodes take it, stop \
                         this one and run `bouya verify`"
                    );
                }
                Output::Invalid { id, error } if error.is_computed() => error!(
                    block = %id, %error,
                    "a block of a heavier branch states other results than this node computes: its miner or this node computes wrongly; if other nodes \
                     take it, stop this one and run `bouya verify`"
                ),
                Output::Invalid { id, error } => {
                    warn!(block = %id, %error, "a heavier branch holds an invalid block; only the part before it counts");
                }
            }
        }
        Ok(())
    }

    fn tell_head(&mut self, head: Head, moved: Option<(Moved, Snapshot)>) -> Result<(), ChainError> {
        let moved = moved.map(|(moved, view)| {
            let input = pool::Input::Moved { moved: moved.clone(), view };
            self.outlets.mempool.tell(mempool::MempoolRequest::Pool(input));
            moved
        });
        let tip = head.tip();
        self.head.send_replace(Arc::new(head));
        self.outlets.network.tell(overlay::Input::Tip(tip));
        moved.map_or(Ok(()), |moved| self.tell(&moved))
    }

    /// Whether the disk is too full for a commit. Tells the other machines when that changes; the head tells everybody else.
    fn look_at_disk(&mut self) -> Result<(), ChainError> {
        // If the system does not say, assume that there is room: a commit still fails cleanly.
        let full = free_bytes(&self.data_dir).is_some_and(|free| free < STORE_FREE_BYTES);
        if full == self.head.borrow().disk_full {
            return Ok(());
        }
        self.outlets.mempool.tell(mempool::MempoolRequest::Pool(pool::Input::DiskFull(full)));
        self.keeper.handle(Input::DiskFull(full))?;
        self.drain()
    }
}

/// Bytes that are free on a folder's disk; none if the system does not say.
pub(crate) fn free_bytes(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

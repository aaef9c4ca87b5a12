//! The chain actor: a thread that owns the only writer of the store.
//!
//! It gives blocks to the ledger, which makes every change durable first, and only then tells: persist, then publish. Between messages it
//! advances a staged reorganisation, one bounded step at a time, so it answers all along.
//!
//! It ends the node when the store fails: memory is never ahead of the disk. When the disk is nearly full it takes no blocks, so that
//! the store never fails half-way, and goes on when there is room again.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Block, BlockOutcome, Change, Disk, Ledger, Moved, Progress, StateError, Taken};
use bouya_core::overlay::{Answer, ConnId, Input, Offer, Tip};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, info, warn};

use crate::actor::Mailbox;
use crate::clock;
use crate::events::Events;
use crate::mempool;
use crate::store::{Snapshot, Store, StoreError};
use crate::workers::Workers;
use head::head_of;
use run::Run;

mod head;
mod run;
mod tell;

pub use head::Head;

/// Messages that may wait; the overlay's window of blocks in flight is far smaller.
pub const CAPACITY: usize = 1_024;
/// How many confirmations the newest transaction needs before a miner on demand rests.
pub const REST_AFTER: u64 = 6;
/// Below this much free space no block is taken: a commit needs room for the pages that it replaces.
const FREE_BYTES: u64 = 32 * 1024 * 1024;

/// What may be asked of the chain.
pub enum Request {
    /// From the network: a block of a peer. Answered by [`Answer::BlockDone`].
    Submit { conn: ConnId, block: Arc<Block>, wanted: bool },
    /// From the network: the stored branch that ends in this block. Answered by [`Answer::Branch`].
    Branch(Hash),
    /// From the miner: a block of this node's own.
    Mined { block: Arc<Block>, reply: oneshot::Sender<Result<(), String>> },
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
    type View<'a> = Snapshot;
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
    ledger: Ledger<Store>,
    data_dir: PathBuf,
    workers: Arc<Workers>,
    inbox: mpsc::Receiver<Request>,
    /// What came behind blocks that were gathered, and before all that is in the mailbox.
    behind: Option<Request>,
    network: Mailbox<Input>,
    mempool: Mailbox<mempool::Request>,
    head: watch::Sender<Arc<Head>>,
    events: Events,
}

/// Who is told what.
pub struct Outlets {
    pub network: Mailbox<Input>,
    pub mempool: Mailbox<mempool::Request>,
    pub events: Events,
}

impl ChainActor {
    /// Loads the chain from the store.
    pub fn load(
        store: Store,
        data_dir: PathBuf,
        workers: Arc<Workers>,
        inbox: mpsc::Receiver<Request>,
        outlets: Outlets,
    ) -> Result<(Self, watch::Receiver<Arc<Head>>), ChainError> {
        let reader = store.reader();
        let snapshot = reader.snapshot()?;
        let (_, tip) = snapshot.tip()?;
        let ledger = Ledger::load(reader.genesis().clone(), store, tip, &snapshot.side_blocks()?)?;
        let (head, watcher) = watch::channel(Arc::new(head_of(ledger.chain(), &snapshot, false)?));
        let Outlets { network, mempool, events } = outlets;
        let behind = None;
        Ok((Self { ledger, data_dir, workers, inbox, behind, network, mempool, head, events }, watcher))
    }

    /// Works until the mailbox is closed or the store fails.
    pub fn run(mut self) -> Result<(), ChainError> {
        self.announce(None)?;
        loop {
            if !self.serve_waiting()? {
                return Ok(());
            }
            self.take_due()?;
            if self.ledger.chain().is_behind() && !self.is_disk_full()? {
                self.step()?;
            } else if !self.wait()? {
                return Ok(());
            }
        }
    }

    /// Serves what is in the mailbox now, blocks that wait one behind the other in one go. False: everybody is gone.
    fn serve_waiting(&mut self) -> Result<bool, ChainError> {
        loop {
            let mut run = self.gather();
            while !run.is_empty() {
                let (next, workers) = (self.gather(), self.workers.clone());
                // What comes next is checked while this becomes durable.
                std::thread::scope(|scope| {
                    if !next.is_empty() {
                        scope.spawn(|| workers.check_each(&next.worked_for()));
                    }
                    self.take_run(run)
                })?;
                run = next;
            }
            match self.behind.take() {
                Some(request) => self.serve(request)?,
                None => return Ok(!self.inbox.is_closed() || !self.inbox.is_empty()),
            }
        }
    }

    /// Blocks of peers from the mailbox, until there are enough of them or something else comes.
    fn gather(&mut self) -> Run {
        let mut run = Run::default();
        while self.behind.is_none() && !run.is_full() {
            match self.inbox.try_recv() {
                Ok(Request::Submit { conn, block, wanted }) => run.push(conn, block, wanted),
                Ok(request) => self.behind = Some(request),
                Err(_) => break,
            }
        }
        run
    }

    /// Waits for a message, or for the time of an early block. False: everybody is gone.
    fn wait(&mut self) -> Result<bool, ChainError> {
        // A full disk is looked at again now and then, and what is due waits for it.
        let span = match self.head.borrow().disk_full {
            true => Some(Duration::from_secs(5)),
            false => self.ledger.next_due().map(|due| Duration::from_millis(due.millis_since(clock::wall()))),
        };
        let request = match span {
            None => self.inbox.blocking_recv(),
            Some(span) => match self.receive_within(span) {
                Ok(request) => request,
                Err(_) => {
                    self.is_disk_full()?;
                    return Ok(true);
                }
            },
        };
        match request {
            None => Ok(false),
            Some(request) => self.serve(request).map(|()| true),
        }
    }

    fn receive_within(&mut self, span: Duration) -> Result<Option<Request>, tokio::time::error::Elapsed> {
        tokio::runtime::Handle::current().block_on(tokio::time::timeout(span, self.inbox.recv()))
    }

    fn serve(&mut self, request: Request) -> Result<(), ChainError> {
        match request {
            Request::Submit { conn, block, wanted } => {
                let mut run = Run::default();
                run.push(conn, block, wanted);
                self.take_run(run)?;
            }
            Request::Branch(id) => {
                let branch = self.ledger.chain().branch_at(&self.snapshot()?, &id)?;
                self.answer(Answer::Branch { id, branch });
            }
            Request::Mined { block, reply } => {
                let result = match self.take(block)? {
                    BlockOutcome::Stored | BlockOutcome::Known | BlockOutcome::Early => Ok(()),
                    BlockOutcome::Invalid { why, .. } => Err(why),
                    BlockOutcome::Ignored if self.head.borrow().disk_full => {
                        Err("the disk is nearly full".to_owned())
                    }
                    BlockOutcome::Ignored | BlockOutcome::UnknownParent => {
                        Err("the chain took another block first".to_owned())
                    }
                };
                // A miner that no longer waits has another tip already.
                let _ = reply.send(result);
            }
        }
        Ok(())
    }

    fn answer(&self, answer: Answer) {
        // A stopped network means that the node stops.
        let _ = self.network.send_blocking(Input::Answer(answer));
    }

    fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.ledger.disk().reader().snapshot()
    }

    /// Takes blocks of peers, answers, and tells.
    fn take_run(&mut self, run: Run) -> Result<(), ChainError> {
        if run.is_empty() {
            return Ok(());
        }
        let asked = run.asked();
        let mut outcomes = vec![BlockOutcome::Ignored; asked.len()];
        if !self.is_disk_full()? {
            let wanted = run.is_wanted();
            let workers = self.workers.clone();
            // On all cores; what is wrong with one shows when its block is executed.
            workers.check_each(&run.worked_for());
            let mut check = |transactions: &[_]| workers.check_all(transactions);
            let taken = self.ledger.take_all(&mut check, clock::wall(), run.into_blocks())?;
            let moved = taken.iter().filter_map(|taken| taken.moved.clone()).reduce(Moved::then);
            outcomes = taken.into_iter().map(|taken| taken.outcome).collect();
            if outcomes.contains(&BlockOutcome::Stored) {
                self.announce(moved.map(|moved| (moved, wanted)))?;
            }
        }
        for ((conn, id), outcome) in asked.into_iter().zip(outcomes) {
            self.answer(Answer::BlockDone { conn, id, outcome });
        }
        Ok(())
    }

    /// Takes this node's own block.
    fn take(&mut self, block: Arc<Block>) -> Result<BlockOutcome, ChainError> {
        if self.is_disk_full()? {
            return Ok(BlockOutcome::Ignored);
        }
        let workers = self.workers.clone();
        let mut check = |transactions: &[_]| workers.check_all(transactions);
        let taken = self.ledger.take(&mut check, clock::wall(), block, false)?;
        self.taken(taken)
    }

    fn taken(&mut self, taken: Taken) -> Result<BlockOutcome, ChainError> {
        if taken.outcome == BlockOutcome::Stored {
            self.announce(taken.moved.map(|moved| (moved, false)))?;
        }
        Ok(taken.outcome)
    }

    /// Takes the blocks whose time has come; on a full disk they wait on.
    fn take_due(&mut self) -> Result<(), ChainError> {
        let workers = self.workers.clone();
        let mut check = |transactions: &[_]| workers.check_all(transactions);
        while self.ledger.next_due().is_some() && !self.is_disk_full()? {
            let Some(taken) = self.ledger.take_due(&mut check, clock::wall())? else { break };
            self.taken(taken)?;
        }
        Ok(())
    }

    /// One step of a staged reorganisation.
    fn step(&mut self) -> Result<(), ChainError> {
        let workers = self.workers.clone();
        let mut check = |transactions: &[_]| workers.check_all(transactions);
        match self.ledger.step(&mut check)? {
            Progress::Working => Ok(()),
            Progress::Invalid { id, error } => {
                warn!(block = %id, %error, "a heavier branch holds an invalid block; only the part before it counts");
                Ok(())
            }
            Progress::Flipped(moved) => self.announce(Some((moved, true))),
        }
    }

    /// Tells everybody where the chain ends now and what moved. `wanted` blocks came from a sync: only the last one is offered on.
    fn announce(&mut self, moved: Option<(Moved, bool)>) -> Result<(), ChainError> {
        let snapshot = self.snapshot()?;
        let head = Arc::new(head_of(self.ledger.chain(), &snapshot, false)?);
        let tip = Tip { branch: head.branch.clone(), locator: head.locator.clone(), now: clock::wall() };
        if let Some((moved, _)) = &moved {
            // The next commit may forget blocks that were left behind, and the mempool still wants their transactions.
            let lost = (!moved.disconnected.is_empty()).then(|| self.snapshot()).transpose()?;
            // First: who asks the mempool once this head is shown is told what holds there.
            let _ = self.mempool.send_blocking(mempool::Request::Moved { moved: moved.clone(), lost });
        }
        self.head.send_replace(head);
        let _ = self.network.send_blocking(Input::Tip(tip));
        let Some((moved, wanted)) = moved else { return Ok(()) };
        self.tell(&snapshot, &moved)?;
        if !wanted || self.inbox.is_empty() {
            self.offer(&snapshot)?;
        }
        Ok(())
    }

    fn offer(&self, snapshot: &Snapshot) -> Result<(), ChainError> {
        let tip = self.ledger.chain().tip();
        if let Some(block) = snapshot.block(&tip.id)? {
            let offer = Offer::Block { block, work: tip.work };
            let _ = self.network.send_blocking(Input::Offer(offer));
        }
        Ok(())
    }

    /// Whether the disk is too full for a commit. Tells when that changes.
    fn is_disk_full(&mut self) -> Result<bool, ChainError> {
        let free =
            rustix::fs::statvfs(&self.data_dir).map(|stat| stat.f_bavail.saturating_mul(stat.f_frsize));
        // A system that does not say is taken to have room: the commit itself still fails cleanly.
        let full = free.is_ok_and(|free| free < FREE_BYTES);
        if full != self.head.borrow().disk_full {
            if full {
                error!(path = %self.data_dir.display(), "less than {} MiB free: no block is taken, mined or relayed until there is room", FREE_BYTES >> 20);
            } else {
                info!("there is room on the disk again");
            }
            let mut head = (**self.head.borrow()).clone();
            head.disk_full = full;
            self.head.send_replace(Arc::new(head));
        }
        Ok(full)
    }
}

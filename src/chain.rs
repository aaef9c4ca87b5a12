//! The chain actor: a thread that owns the only writer of the store.
//!
//! It plans, commits, accepts, and only then tells: persist, then publish. Between messages it advances a staged reorganisation, one
//! bounded step at a time, so it answers all along. Blocks whose time has not come wait here.
//!
//! It ends the node when the store fails: memory is never ahead of the disk. When the disk is nearly full it takes no blocks, so that
//! the store never fails half-way, and goes on when there is room again.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{
    Agreement, Block, Branch, Chain, Key, Moved, Plan, PlanError, Ready, StateError, Step, Transaction, View,
};
use bouya_core::limits::{LOCATOR_HASHES, REORG_ALARM};
use bouya_core::overlay::{Answer, BlockOutcome, ConnId, Input, Offer, Tip};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, info, warn};

use crate::actor::Mailbox;
use crate::clock;
use crate::events::{Event, Events};
use crate::mempool;
use crate::store::{Snapshot, Store, StoreError};
use crate::workers::Workers;
use early::Early;

mod early;

/// Messages that may wait; the overlay's window of blocks in flight is far smaller.
pub const CAPACITY: usize = 1_024;
/// How many confirmations the newest transaction needs before a miner on demand rests.
pub const REST_AFTER: u64 = 6;
/// Below this much free space no block is taken: a commit needs room for the pages that it replaces.
const FREE_BYTES: u64 = 32 * 1024 * 1024;

/// Blocks of one change that observers are told of; those of a long sync they read themselves.
const TOLD_BLOCKS: usize = 16;
/// Agreements that one change ends and observers are told of.
const TOLD_DEADLINES: usize = 256;

/// What may be asked of the chain.
pub enum Request {
    /// From the network: a block of a peer. Answered by [`Answer::BlockDone`].
    Submit { conn: ConnId, block: Arc<Block>, wanted: bool },
    /// From the network: the stored branch that ends in this block. Answered by [`Answer::Branch`].
    Branch(Hash),
    /// From the miner: a block of this node's own.
    Mined { block: Arc<Block>, reply: oneshot::Sender<Result<(), String>> },
}

/// The best chain's end, as everybody sees it.
#[derive(Clone, Debug)]
pub struct Head {
    /// The branch.
    pub branch: Branch,
    /// Coins that exist.
    pub supply: u64,
    /// Blocks at the end that hold no transaction, at most [`REST_AFTER`].
    pub empty_blocks: u64,
    /// Blocks of the chain, newest first, ever sparser.
    pub locator: Vec<Hash>,
    /// No block is taken because the disk is nearly full.
    pub disk_full: bool,
}

/// Why the actor ended.
#[derive(Debug, Error)]
pub enum ChainError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    State(#[from] StateError),
}

/// Everything the actor works with.
pub struct ChainActor {
    chain: Chain,
    store: Store,
    data_dir: PathBuf,
    workers: Arc<Workers>,
    inbox: mpsc::Receiver<Request>,
    network: Mailbox<Input>,
    mempool: Mailbox<mempool::Request>,
    head: watch::Sender<Arc<Head>>,
    events: Events,
    early: Early,
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
        let chain = Chain::load(reader.genesis().clone(), &snapshot, tip, &snapshot.side_blocks()?)?;
        let (head, watcher) = watch::channel(Arc::new(head_of(&chain, &snapshot, false)?));
        let Outlets { network, mempool, events } = outlets;
        let early = Early::default();
        Ok((Self { chain, store, data_dir, workers, inbox, network, mempool, head, events, early }, watcher))
    }

    /// Works until the mailbox is closed or the store fails.
    pub fn run(mut self) -> Result<(), ChainError> {
        self.announce(None)?;
        loop {
            if !self.serve_waiting()? {
                return Ok(());
            }
            self.take_due()?;
            if self.chain.is_behind() && !self.is_disk_full()? {
                self.step()?;
            } else if !self.wait()? {
                return Ok(());
            }
        }
    }

    /// Serves what is in the mailbox now. False: everybody is gone.
    fn serve_waiting(&mut self) -> Result<bool, ChainError> {
        loop {
            match self.inbox.try_recv() {
                Ok(request) => self.serve(request)?,
                Err(mpsc::error::TryRecvError::Empty) => return Ok(true),
                Err(mpsc::error::TryRecvError::Disconnected) => return Ok(false),
            }
        }
    }

    /// Waits for a message, or for the time of an early block. False: everybody is gone.
    fn wait(&mut self) -> Result<bool, ChainError> {
        let due = self.early.next_due().map(|due| Duration::from_millis(due.millis_since(clock::wall())));
        // A full disk is looked at again now and then.
        let full = self.head.borrow().disk_full.then_some(Duration::from_secs(5));
        let request = match due.into_iter().chain(full).min() {
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
                let id = block.id();
                let outcome = self.take(block, wanted)?;
                self.answer(Answer::BlockDone { conn, id, outcome });
            }
            Request::Branch(id) => {
                let branch = self.chain.branch_at(&self.snapshot()?, &id)?;
                self.answer(Answer::Branch { id, branch });
            }
            Request::Mined { block, reply } => {
                let result = match self.take(block, false)? {
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
        self.store.reader().snapshot()
    }

    /// Plans, commits and accepts a block.
    fn take(&mut self, block: Arc<Block>, wanted: bool) -> Result<BlockOutcome, ChainError> {
        if self.is_disk_full()? {
            return Ok(BlockOutcome::Ignored);
        }
        let snapshot = self.snapshot()?;
        let workers = self.workers.clone();
        let mut check = |transactions: &[_]| workers.check_all(transactions);
        let now = clock::wall();
        let outcome = match self.chain.plan(&snapshot, &mut check, now, block.clone(), wanted) {
            Ok(Plan::Known) => BlockOutcome::Known,
            Ok(Plan::Early { due, bytes }) => {
                self.early.hold(due, block, bytes);
                BlockOutcome::Early
            }
            Ok(Plan::Ready(ready)) => {
                drop(snapshot);
                let moved = self.commit(ready)?;
                self.announce(moved.map(|moved| (moved, wanted)))?;
                BlockOutcome::Stored
            }
            Err(PlanError::State(error)) => return Err(error.into()),
            Err(PlanError::UnknownParent(_)) => BlockOutcome::UnknownParent,
            Err(PlanError::Behind) => BlockOutcome::Ignored,
            Err(PlanError::Header(error)) if error.is_local() => BlockOutcome::Ignored,
            Err(error) => BlockOutcome::Invalid { committed: error.is_committed(), why: error.to_string() },
        };
        Ok(outcome)
    }

    fn take_due(&mut self) -> Result<(), ChainError> {
        while let Some(block) = self.early.take_due(clock::wall()) {
            self.take(block, false)?;
        }
        Ok(())
    }

    fn commit(&mut self, ready: Ready) -> Result<Option<Moved>, ChainError> {
        self.store.commit(ready.change())?;
        Ok(self.chain.accept(ready))
    }

    /// One step of a staged reorganisation.
    fn step(&mut self) -> Result<(), ChainError> {
        let snapshot = self.snapshot()?;
        let workers = self.workers.clone();
        let mut check = |transactions: &[_]| workers.check_all(transactions);
        match self.chain.step(&snapshot, &mut check)? {
            Step::Idle | Step::Working => Ok(()),
            Step::Invalid { id, error } => {
                warn!(block = %id, %error, "a heavier branch holds an invalid block; only the part before it counts");
                Ok(())
            }
            Step::Ready(ready) => {
                drop(snapshot);
                let moved = self.commit(ready)?;
                self.announce(moved.map(|moved| (moved, true)))
            }
        }
    }

    /// Tells everybody where the chain ends now and what moved. `wanted` blocks came from a sync: only the last one is offered on.
    fn announce(&mut self, moved: Option<(Moved, bool)>) -> Result<(), ChainError> {
        let snapshot = self.snapshot()?;
        let head = Arc::new(head_of(&self.chain, &snapshot, false)?);
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
        let tip = self.chain.tip();
        if let Some(block) = snapshot.block(&tip.id)? {
            let offer = Offer::Block { block: Arc::new(block), work: tip.work };
            let _ = self.network.send_blocking(Input::Offer(offer));
        }
        Ok(())
    }

    fn tell(&self, snapshot: &Snapshot, moved: &Moved) -> Result<(), ChainError> {
        let tip = self.chain.tip();
        if let depth @ 1.. = moved.disconnected.len() {
            info!(depth, from = %moved.from, to = %tip.id, height = tip.height, "reorganised");
            if depth as u64 > REORG_ALARM {
                error!(
                    depth,
                    "a reorganisation deeper than {REORG_ALARM} blocks: two parts of the network mined apart for long, or somebody out-mined it"
                );
            }
            self.events.tell(Event::Reorg {
                depth,
                from: moved.from.to_string(),
                to: tip.id.to_string(),
                height: tip.height,
            });
        }
        // A long sync tells only its end: observers read the blocks themselves.
        for id in moved.connected.iter().rev().take(TOLD_BLOCKS).rev() {
            let Some(block) = snapshot.block(id)? else { continue };
            let miner = &block.header.miner;
            let member = self.chain.genesis().rules.members.get(miner);
            self.events.tell(Event::Block {
                height: block.header.height,
                hash: id.to_string(),
                transactions: block.body.transactions.len(),
                miner: member.map_or_else(|| miner.to_string(), ToString::to_string),
            });
        }
        self.tell_agreements(snapshot, moved)
    }

    /// How the agreements stand that these blocks speak of, or whose deadlines they have passed.
    fn tell_agreements(&self, snapshot: &Snapshot, moved: &Moved) -> Result<(), ChainError> {
        let mut ids = BTreeSet::new();
        let mut since = None;
        for id in moved.connected.iter().rev().take(TOLD_BLOCKS) {
            let Some(block) = snapshot.block(id)? else { continue };
            ids.extend(block.body.transactions.iter().filter_map(Transaction::agreement));
            since = Some(block.header.parent);
        }
        let now = self.chain.tip().time;
        let since = since.map(|parent| snapshot.record(&parent)).transpose()?.flatten();
        let since = since.map_or(now, |record| record.header.time);
        ids.extend(snapshot.deadlines(since, now, TOLD_DEADLINES)?);
        for id in ids {
            let Some(agreement) = Agreement::read(snapshot, &id)? else { continue };
            let status = agreement.standing(now).name().to_owned();
            self.events.tell(Event::Agreement { id: id.to_string(), status });
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

fn head_of(chain: &Chain, snapshot: &Snapshot, disk_full: bool) -> Result<Head, ChainError> {
    let branch = chain.tip().clone();
    let supply = bouya_core::ledger::read_supply(snapshot.row(&Key::Supply)?)?;
    let mut empty_blocks = 0;
    while empty_blocks < REST_AFTER.min(branch.height) {
        let block = snapshot.block_at(branch.height - empty_blocks)?;
        if block.is_some_and(|block| !block.body.transactions.is_empty()) {
            break;
        }
        empty_blocks += 1;
    }
    if branch.height < REST_AFTER {
        // A young chain has nothing to wait for.
        empty_blocks = if empty_blocks == branch.height { REST_AFTER } else { empty_blocks };
    }
    let locator = locator(snapshot, branch.height)?;
    Ok(Head { branch, supply, empty_blocks, locator, disk_full })
}

/// The last ten blocks, then ever sparser ones, and the genesis block.
fn locator(snapshot: &Snapshot, tip: u64) -> Result<Vec<Hash>, ChainError> {
    let mut locator = Vec::new();
    let (mut height, mut step) = (Some(tip), 1_u64);
    while let Some(at) = height {
        locator.extend(snapshot.at_height(at)?);
        if locator.len() >= 10 {
            step = step.saturating_mul(2);
        }
        height = if at == 0 { None } else { Some(at.saturating_sub(step)) };
    }
    locator.truncate(LOCATOR_HASHES);
    Ok(locator)
}

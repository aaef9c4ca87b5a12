//! The keeper of the chain: takes blocks and certificates, steps towards a preferred branch, and says what follows from each change.
//!
//! Blocks that wait in a row share signature checks and a commit: the speed of a sync depends on commits, not on blocks. A reorganisation
//! advances one bounded step for each piece of work, so the keeper can always answer. Blocks that come before their time are held here. On
//! a nearly full disk nothing is written: blocks are refused, and blocks that are due or staged wait for room.
//!
//! Invariant: an output is given only once what it reports is durable ([`Ledger`] makes sure of that). The outputs of one change come in a
//! fixed order: the head (with what moved, for the pool), the offer, the answers.
//!
//! What a peer pushed or this node mined is offered at once. What a sync fetched or a switch to another branch brought is offered once, at
//! its end: peers have most of it already.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Head, Ticket};
use crate::crypto::Hash;
use crate::ledger::{
    Block, BlockFault, BlockOutcome, Chain, Check, Disk, Genesis, Ledger, Moved, Origin, Span, Stepped,
    Taken, Transaction, View,
};
use crate::limits::{BATCH_BLOCKS, BATCH_TRANSACTIONS};
use crate::overlay::{Answer, ConnId, KeeperRequest};
use crate::time::Timestamp;
use early::Early;
use settle::Settling;
use told::Told;

mod backfill;
mod early;
mod io;
mod not_taken;
mod settle;
mod told;

pub use io::{Input, Output};
pub use not_taken::NotTaken;

/// Who waits to hear what became of a block.
#[derive(Clone, Copy, Debug)]
enum Asker {
    Peer(ConnId),
    Own(Ticket),
    /// It was held for its time; its sender has been answered.
    Nobody,
}

/// Something that waits for its turn.
#[derive(Debug)]
enum Waiting {
    Block { asker: Asker, block: Arc<Block>, origin: Origin },
    Branch(Hash),
    Span(Span),
}

/// See the module.
#[derive(Debug)]
pub struct Keeper<D: Disk> {
    ledger: Ledger<D>,
    early: Early,
    waiting: VecDeque<Waiting>,
    settling: Settling,
    disk_full: bool,
    syncing: bool,
    /// The tip has moved and was not offered yet.
    unoffered: bool,
    /// What the last head told of the way to a better branch, and of blocks that are held.
    told: Told,
    outputs: VecDeque<Output<D::View>>,
}

impl<D: Disk> Keeper<D> {
    /// Loads the chain from the disk; an output reports where it ends.
    pub fn load(genesis: Arc<Genesis>, disk: D) -> Result<Self, D::Error> {
        let ledger = Ledger::load(genesis, disk)?;
        let mut keeper = Self {
            settling: Settling::new(ledger.chain()),
            ledger,
            early: Early::default(),
            waiting: VecDeque::new(),
            disk_full: false,
            syncing: false,
            unoffered: false,
            told: Told::default(),
            outputs: VecDeque::new(),
        };
        keeper.tell_head(None)?;
        Ok(keeper)
    }

    /// Best chain and rivals.
    pub fn chain(&self) -> &Chain {
        self.ledger.chain()
    }

    /// See [`Chain::prune`]. Everybody is told: peers must not take this node for one that keeps all.
    pub fn prune(&mut self, keep: Option<u64>) -> Result<(), D::Error> {
        self.ledger.prune(keep);
        self.tell_head(None)
    }

    /// Where everything is durable.
    pub fn disk(&self) -> &D {
        self.ledger.disk()
    }

    /// Whether more may be given now. More than two batches gain nothing: the second is checked while the first becomes durable.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < BATCH_BLOCKS.saturating_mul(2)
    }

    /// Something to do or to know. It is done by [`Keeper::work`].
    pub fn handle(&mut self, input: Input) -> Result<(), D::Error> {
        match input {
            Input::Request(KeeperRequest::Take { conn, block, origin }) => {
                self.waiting.push_back(Waiting::Block { asker: Asker::Peer(conn), block, origin });
            }
            Input::Request(KeeperRequest::Branch(id)) => self.waiting.push_back(Waiting::Branch(id)),
            Input::Request(KeeperRequest::Backfill(span)) => self.waiting.push_back(Waiting::Span(span)),
            Input::Mined { ticket, block } => {
                self.waiting.push_back(Waiting::Block {
                    asker: Asker::Own(ticket),
                    block,
                    origin: Origin::Own,
                });
            }
            Input::Request(KeeperRequest::Members { branch, block, finalized }) => {
                self.members(&branch, &block, finalized)?;
            }
            Input::Request(KeeperRequest::Beside { block, how }) => self.beside(&block, how)?,
            Input::Finalize(certificate) => self.certified(certificate),
            Input::Keep { justified, lock } => self.ledger.keep(justified, lock),
            Input::Syncing(syncing) => self.syncing = syncing,
            Input::DiskFull(full) if full != self.disk_full => {
                self.disk_full = full;
                self.tell_head(None)?;
            }
            Input::DiskFull(_) => (),
        }
        Ok(())
    }

    /// The next thing to be done outside.
    pub fn poll(&mut self) -> Option<Output<D::View>> {
        self.outputs.pop_front()
    }

    /// Whether [`Keeper::work`] has something to do.
    pub fn has_work(&self, now: Timestamp) -> bool {
        let is_due = self.early.next_due().is_some_and(|due| due <= now);
        !self.waiting.is_empty()
            || self.may_offer()
            || !self.disk_full && (is_due || self.settling.is_due || self.chain().is_behind())
    }

    /// When [`Keeper::work`] will have something to do if nothing is handed in before.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.early.next_due().filter(|_| !self.disk_full)
    }

    /// Transactions of batch `number` (0: the next one to be taken) whose signatures may be checked before their blocks are looked at. Only
    /// those in bodies that their headers commit to, where a sync has seen the header's work. All others wait for the cheaper checks;
    /// otherwise a block without work would cost this node thousands of signature checks.
    pub fn worked_for(&self, number: usize) -> Vec<Transaction> {
        let mut from = 0_usize;
        for _ in 0..number {
            from = from.saturating_add(self.batch_at(from).max(1));
        }
        let batch = self.waiting.iter().skip(from).take(self.batch_at(from));
        let is_worked_for = |waiting: &&Waiting| match waiting {
            Waiting::Block { block, origin: Origin::Synced, .. } => {
                block.body.root(block.header.height) == block.header.body
            }
            _ => false,
        };
        batch.filter(is_worked_for).flat_map(|waiting| waiting.transactions().iter().cloned()).collect()
    }

    /// Does a bounded piece of work: takes a batch of blocks or answers a question, takes blocks that are due, and steps once towards a
    /// heavier branch.
    pub fn work(&mut self, now: Timestamp, check: Check<'_>) -> Result<(), D::Error> {
        match self.batch_at(0) {
            0 => match self.waiting.pop_front() {
                Some(Waiting::Branch(id)) => {
                    let branch = self.chain().branch_at(&self.disk().view()?, &id)?;
                    self.outputs.push_back(Output::Answer(Answer::Branch { id, branch }));
                }
                Some(Waiting::Span(span)) => self.backfill(check, span)?,
                Some(Waiting::Block { .. }) | None => (),
            },
            count => {
                let batch: Vec<_> = self.waiting.drain(..count).collect();
                self.take(now, check, batch)?;
            }
        }
        if !self.disk_full {
            let due: Vec<_> = core::iter::from_fn(|| self.early.take_due(now)).collect();
            let held = |block| Waiting::Block { asker: Asker::Nobody, block, origin: Origin::Pushed };
            self.take(now, check, due.into_iter().map(held).collect())?;
            self.settle()?;
            self.step(check)?;
        }
        if self.told != self.now() {
            self.tell_head(None)?;
        }
        if self.may_offer() {
            self.offer()?;
        }
        Ok(())
    }

    /// How many of those waiting from `from` on are taken together: blocks of one origin.
    fn batch_at(&self, from: usize) -> usize {
        let (mut count, mut transactions) = (0_usize, 0_usize);
        let mut origins = None;
        for waiting in self.waiting.iter().skip(from) {
            let Waiting::Block { origin, .. } = waiting else { break };
            let is_full = count >= BATCH_BLOCKS || transactions >= BATCH_TRANSACTIONS;
            if is_full || *origins.get_or_insert(*origin) != *origin {
                break;
            }
            count = count.saturating_add(1);
            transactions = transactions.saturating_add(waiting.transactions().len());
        }
        count
    }

    fn take(&mut self, now: Timestamp, check: Check<'_>, batch: Vec<Waiting>) -> Result<(), D::Error> {
        let (mut askers, mut blocks) = (Vec::new(), Vec::new());
        for waiting in batch {
            let Waiting::Block { asker, block, origin } = waiting else { continue };
            askers.push((asker, Arc::clone(&block)));
            blocks.push((block, origin));
        }
        if blocks.is_empty() {
            return Ok(());
        }
        let ignored = Taken { outcome: BlockOutcome::Ignored, moved: None };
        let taken = match self.disk_full {
            true => alloc::vec![ignored; blocks.len()],
            false => self.ledger.take(check, now, blocks)?,
        };
        let moved = taken.iter().filter_map(|taken| taken.moved.clone()).reduce(Moved::then);
        if let Some(moved) = moved {
            self.moved(moved)?;
        }
        for ((asker, block), taken) in askers.into_iter().zip(taken) {
            if let BlockOutcome::Unsettled(certificate) = &taken.outcome {
                self.certified_first((**certificate).clone());
            }
            // This node's miner hears that its block was not taken: then it must not be taken later either.
            if let BlockOutcome::Early { due, bytes } = taken.outcome
                && !matches!(asker, Asker::Own(_))
            {
                self.early.hold(due, Arc::clone(&block), bytes);
            }
            if let BlockOutcome::Invalid { fault: BlockFault::Computed, why } = &taken.outcome {
                let header = Box::new(block.header.clone());
                self.outputs.push_back(Output::Disputed { header, why: why.clone() });
            }
            self.answer(now, asker, block.id(), taken.outcome);
        }
        Ok(())
    }

    /// One step towards a heavier branch, if there is one.
    fn step(&mut self, check: Check<'_>) -> Result<(), D::Error> {
        if !self.chain().is_behind() {
            return Ok(());
        }
        match self.ledger.step(check)? {
            Stepped::Working => Ok(()),
            Stepped::Invalid { id, error } => {
                self.settling.chain_changed();
                self.outputs.push_back(Output::Invalid { id, error });
                Ok(())
            }
            Stepped::Flipped(moved) => self.moved(moved),
        }
    }

    /// The best chain has moved: everybody is told, and peers are offered its end, now or later.
    fn moved(&mut self, moved: Moved) -> Result<(), D::Error> {
        let is_new = matches!(moved.origin, Origin::Pushed | Origin::Own);
        self.unoffered = true;
        self.settling.chain_changed();
        self.tell_head(Some(moved))?;
        // A move to a final branch makes its block final in the same commit.
        self.tell_final()?;
        if is_new { self.offer() } else { Ok(()) }
    }

    /// Whether to offer now what a sync or a switch to another branch brought: no more of that is coming.
    fn may_offer(&self) -> bool {
        let is_synced = |waiting: &Waiting| matches!(waiting, Waiting::Block { origin: Origin::Synced, .. });
        self.unoffered && !self.syncing && !self.waiting.iter().any(is_synced)
    }

    fn offer(&mut self) -> Result<(), D::Error> {
        self.unoffered = false;
        if let Some(block) = self.disk().view()?.block(&self.chain().tip().id)? {
            self.outputs.push_back(Output::Offer(block));
        }
        Ok(())
    }

    fn answer(&mut self, now: Timestamp, asker: Asker, id: Hash, outcome: BlockOutcome) {
        self.outputs.extend(match asker {
            Asker::Peer(conn) => Some(Output::Answer(Answer::BlockDone { conn, id, outcome })),
            Asker::Own(ticket) => Some(Output::Mined { ticket, result: self.own_result(now, outcome) }),
            Asker::Nobody => None,
        });
    }

    fn own_result(&self, now: Timestamp, outcome: BlockOutcome) -> Result<(), NotTaken> {
        match outcome {
            BlockOutcome::Stored | BlockOutcome::Known => Ok(()),
            BlockOutcome::Early { due, .. } => Err(NotTaken::Early { in_ms: due.millis_since(now) }),
            BlockOutcome::Invalid { why, .. } => Err(NotTaken::Invalid(why)),
            BlockOutcome::Ignored if self.disk_full => Err(NotTaken::DiskFull),
            BlockOutcome::Ignored | BlockOutcome::Unsettled(_) | BlockOutcome::UnknownParent => {
                Err(NotTaken::Overtaken)
            }
        }
    }
}

impl Waiting {
    fn transactions(&self) -> &[Transaction] {
        match self {
            Self::Block { block, .. } => &block.body.transactions,
            Self::Branch(_) | Self::Span(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests;

//! The threads of keeper and pool: when they work, what they are given, and where their outputs go.

use std::collections::BTreeSet;
use std::sync::Arc;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Block, Moved, Transaction, View};
use bouya_core::node::keeper::{self, NotTaken};
use bouya_core::node::{Head, Ticket, pool};
use bouya_core::overlay::{Input, Offer};

use super::HOP;
use crate::disk::{DiskError, Snapshot};
use crate::world::{Local, World};

/// Every question is answered at once, so tickets need not differ.
const ANY: Ticket = Ticket(0);

impl World {
    /// Gives an input to a node's keeper.
    pub(crate) fn hand_to_keeper(&mut self, n: usize, input: keeper::Input) {
        let Some(running) = self.running(n) else { return };
        match running.keeper.handle(input) {
            Ok(()) => self.drain_keeper(n),
            Err(error) => self.fails(n, error),
        }
    }

    /// The keeper's thread does a piece of work.
    pub(crate) fn keep(&mut self, n: usize) {
        let (id, wall) = (self.genesis.id(), self.nodes[n].clock.wall(self.now));
        let Self { nodes, signatures, .. } = self;
        let Some(running) = nodes[n].running.as_mut() else { return };
        running.keeper_wake = None;
        let mut check = |list: &[Transaction]| signatures.check_each(&id, list);
        match running.keeper.work(wall, &mut check) {
            Ok(()) => self.drain_keeper(n),
            Err(error) => self.fails(n, error),
        }
    }

    /// Carries out the keeper's outputs, and plans its next piece of work.
    pub(crate) fn drain_keeper(&mut self, n: usize) {
        let mut has_moved = false;
        while let Some(output) = self.running(n).and_then(|running| running.keeper.poll()) {
            match output {
                keeper::Output::Head { head, moved } => {
                    has_moved |= moved.is_some();
                    self.tell_head(n, head, moved);
                }
                keeper::Output::Offer(block) => {
                    self.give_later(HOP, n, Input::Offer(Offer::Block(block)));
                }
                keeper::Output::Answer(answer) => self.give_later(HOP, n, Input::Answer(answer)),
                keeper::Output::Mined { result: Err(NotTaken::Invalid(why)), .. } => {
                    return self.check.broken(format!("n{n:02} mined a block that is invalid: {why}"));
                }
                keeper::Output::Final(certificate) => self.tell_final(n, certificate),
                keeper::Output::Conflict { certificate, .. } => {
                    let block = certificate.link.source;
                    return self.check.broken(format!("n{n:02} cannot have {block:?} final"));
                }
                // All that mine here execute what they put into blocks, but for the byzantine ones that say so.
                keeper::Output::Disputed { header, why } if !self.check.invalid.contains(&header.id()) => {
                    let height = header.height;
                    return self.check.broken(format!("n{n:02} computes block {height} otherwise: {why}"));
                }
                keeper::Output::Disputed { .. }
                | keeper::Output::Mined { .. }
                | keeper::Output::Invalid { .. } => (),
            }
        }
        if has_moved {
            self.check.world(&self.nodes[n]);
        }
        let (now, wall, slow) = (self.now, self.nodes[n].clock.wall(self.now), self.nodes[n].slow);
        let Some(running) = self.running(n) else { return };
        let at = match running.keeper.has_work(wall) {
            true => Some(now + HOP + slow),
            false => running.keeper.next_wakeup().map(|due| now + due.millis_since(wall)),
        };
        if let Some(at) = at.filter(|at| running.keeper_wake.is_none_or(|before| *at < before)) {
            running.keeper_wake = Some(at);
            self.post_local(at - now, n, Local::Keep);
        }
    }

    fn tell_head(&mut self, n: usize, head: Head, moved: Option<(Moved, Snapshot)>) {
        let Some(running) = self.running(n) else { return };
        running.head = head.clone();
        if let Some((moved, view)) = moved {
            self.check.moved(&mut self.nodes[n], &head, &moved, &view);
            self.line(format_args!(
                "n{n:02} is at {} {} ({} left)",
                head.branch.height,
                head.branch.id.short(),
                moved.disconnected.len()
            ));
            self.log.fold(u64::from_le_bytes(head.branch.id.0[..8].try_into().expect("8 bytes")));
            self.owe(n, &moved, &view);
            self.hand_to_pool(n, pool::Input::Moved { moved, view });
        }
        if head.handover.is_some() {
            self.spring();
        }
        self.tell_voter(n, &head);
        self.give_later(HOP, n, Input::Tip(head.tip()));
    }

    /// A transaction that has left the chain is owed: it must come back, or be reported as dropped.
    fn owe(&mut self, n: usize, moved: &Moved, view: &Snapshot) {
        let Some(running) = self.running(n) else { return };
        let ids = |view: &Snapshot, blocks: &[Hash]| -> BTreeSet<Hash> {
            let blocks = blocks.iter().filter_map(|id| view.block(id).ok().flatten());
            blocks
                .flat_map(|block| block.body.transactions.iter().map(Transaction::id).collect::<Vec<_>>())
                .collect()
        };
        running.owed.extend(ids(view, &moved.disconnected));
        for id in ids(view, &moved.connected) {
            running.owed.remove(&id);
        }
    }

    /// Gives an input to a node's pool.
    pub(crate) fn hand_to_pool(&mut self, n: usize, input: pool::Input<Snapshot>) {
        let Some(running) = self.running(n) else { return };
        running.pool.handle(input);
        self.drain_pool(n);
    }

    /// The pool's thread does a piece of work.
    pub(crate) fn pool(&mut self, n: usize) {
        let (id, now) = (self.genesis.id(), self.now);
        let Self { nodes, signatures, .. } = self;
        let Some(running) = nodes[n].running.as_mut() else { return };
        running.pool_wake = None;
        let (time, view) = (running.time(now), running.snapshot());
        let mut check = |list: &[Transaction]| signatures.check_each(&id, list);
        match running.pool.work(time, &view, &mut check) {
            Ok(()) => self.drain_pool(n),
            Err(error) => self.fails(n, DiskError::State(error)),
        }
    }

    /// The pool does all the work that waits, as its thread does before it answers a question.
    pub(crate) fn settle_pool(&mut self, n: usize) {
        let now = self.now;
        while self.running(n).is_some_and(|running| running.pool.has_work(running.time(now))) {
            self.pool(n);
        }
    }

    fn drain_pool(&mut self, n: usize) {
        while let Some(output) = self.running(n).and_then(|running| running.pool.poll()) {
            match output {
                pool::Output::Answer(answer) => self.give_later(HOP, n, Input::Answer(answer)),
                pool::Output::Offer(offer) => self.give_later(HOP, n, Input::Offer(offer)),
                pool::Output::Dropped { id, .. } => {
                    self.running(n).map(|running| running.owed.remove(&id));
                }
                pool::Output::Given { .. } | pool::Output::Taken(_) => (),
            }
        }
        let now = self.now;
        let Some(running) = self.running(n) else { return };
        let has_work = running.pool.has_work(running.time(now));
        if !has_work {
            let pool = running.pool.mempool();
            let gone = std::mem::take(&mut running.owed).into_iter().find(|id| pool.get(id).is_none());
            self.check.holds(gone.is_none(), || format!("n{n:02} forgot {gone:?}, which had left its chain"));
        }
        let Some(running) = self.running(n) else { return };
        let at = if has_work { now + HOP } else { running.since + running.pool.next_wakeup().as_millis() };
        if running.pool_wake.is_none_or(|before| at < before) {
            running.pool_wake = Some(at);
            self.post_local(at.saturating_sub(now), n, Local::Pool);
        }
    }

    /// A client submits a transaction. Returns whether it now waits in the mempool.
    pub(crate) fn give_transaction(&mut self, n: usize, transaction: &Transaction) -> bool {
        let transactions = vec![transaction.clone()];
        self.hand_to_pool(n, pool::Input::Give { ticket: ANY, transactions, replace: true });
        self.settle_pool(n);
        self.running(n).is_some_and(|running| running.pool.mempool().get(&transaction.id()).is_some())
    }

    /// A node has mined a block.
    pub(crate) fn mined(&mut self, n: usize, block: Arc<Block>) {
        self.hand_to_keeper(n, keeper::Input::Mined { ticket: ANY, block });
    }

    /// A node's disk is full, or has room again.
    pub(crate) fn set_full(&mut self, n: usize, full: bool) {
        self.nodes[n].full = full;
        self.hand_to_pool(n, pool::Input::DiskFull(full));
        self.hand_to_keeper(n, keeper::Input::DiskFull(full));
    }
}

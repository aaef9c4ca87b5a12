//! What the shell does between the machines: the overlay's outputs, the chain's and the mempool's answers.

use std::collections::BTreeSet;
use std::sync::Arc;

use bouya_core::codec::Bounded;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{
    BlockOutcome, Body, CheckedTransaction, Progress, Taken, Transaction, View, headers_after, locator,
};
use bouya_core::limits::HEADERS_PER_MESSAGE;
use bouya_core::mempool::TipMove;
use bouya_core::overlay::{
    Answer, CloseReason, ConnId, Event as Note, Input, Offer, Output, Query, Submit, Tip, TransactionOutcome,
};
use bouya_core::wire::{Item, Message};

use crate::check::OUTPUTS_PER_INPUT;
use crate::disk::{DiskError, Snapshot};
use crate::net::Wire;
use crate::node::{Crl, Running};
use crate::world::{Local, Move, World};

/// How long an actor takes to come to a message, in ms.
const HOP: u64 = 1;

impl World {
    fn running(&mut self, n: usize) -> Option<&mut Running> {
        self.nodes[n].running.as_mut()
    }

    /// Gives the overlay an input and does what it says.
    pub(crate) fn give(&mut self, n: usize, input: Input) {
        let now = self.now;
        let Some(running) = self.running(n) else { return };
        running.overlay.handle(running.time(now), input);
        let mut outputs = 0;
        while let Some(output) = self.running(n).and_then(|running| running.overlay.poll()) {
            outputs += 1;
            self.execute(n, output);
        }
        self.check
            .holds(outputs <= OUTPUTS_PER_INPUT, || format!("one input of n{n:02} led to {outputs} outputs"));
        let Some(running) = self.running(n) else { return };
        let wake = running.overlay.next_wakeup().map(|at| (running.since + at.as_millis()).max(now));
        if let Some(at) = wake.filter(|at| running.wake.is_none_or(|before| *at < before)) {
            running.wake = Some(at);
            self.post_local(at - now, n, Local::Wake);
        }
    }

    fn execute(&mut self, n: usize, output: Output) {
        match output {
            Output::Dial { id, endpoint, .. } => self.dial(n, id, endpoint),
            Output::Greet { conn, hello } => self.transmit(conn, Wire::Hello(Box::new(hello))),
            Output::Send { conn, message } => self.say(n, conn, message),
            Output::SendCrls { conn } => self.send_crls(n, conn),
            Output::Close { conn, goodbye } => self.close(conn, goodbye),
            Output::Ask(query) => self.ask(n, query),
            Output::Submit(Submit::Block { conn, block, wanted }) => {
                let slow = self.nodes[n].slow;
                if let Some(running) = self.running(n) {
                    running.waiting += 1;
                }
                self.post_local(HOP + slow, n, Local::Take { conn, block, wanted });
            }
            Output::Submit(Submit::Transactions { conn, transactions }) => {
                self.post_local(HOP, n, Local::Submit { conn, transactions });
            }
            Output::Revocations(lists) => {
                for crl in lists.iter().filter_map(|bytes| Crl::from_bytes(bytes)) {
                    self.learn_crl(n, crl);
                }
            }
            Output::Save(book) => self.nodes[n].disk.keep(book),
            Output::Note(note) => self.note(n, note),
        }
    }

    fn note(&mut self, n: usize, note: Note) {
        let text = format!("{}: {note:?}", self.nodes[n].name);
        self.line(format_args!("{text}"));
        if let Note::Banned { id, why, .. } = note {
            self.check.figures.bans += 1;
            let bad = self.nodes.iter().any(|node| node.name == id && !node.is_honest());
            let fine = bad || !self.nodes[n].is_honest() || self.crl.revoked.contains(&id);
            self.check.holds(fine, || format!("n{n:02} banned {id}, who is honest: {why}"));
        }
    }

    /// Sends a message, as this node is.
    fn say(&mut self, n: usize, conn: ConnId, message: Message) {
        let message = match &mut self.nodes[n].byzantine {
            Some(byzantine) => byzantine.bend(&mut self.rng, message),
            None => {
                self.check_word(n, &message);
                Some(message)
            }
        };
        if let Some(message) = message {
            self.transmit_message(conn, message);
        }
    }

    pub(crate) fn transmit_message(&mut self, conn: ConnId, message: Message) {
        let size = borsh::object_length(&message).expect("a message has a size");
        self.transmit(conn, Wire::Message(message, size));
    }

    /// Nothing invalid is relayed by who keeps to the rules.
    fn check_word(&mut self, n: usize, message: &Message) {
        let bad = |id: &Hash| self.check.invalid.contains(id);
        let found = match message {
            Message::Block(block) => {
                bad(&block.id()) || block.body.root(block.header.height) != block.header.body
            }
            Message::Transactions(list) => list.iter().any(|transaction| bad(&transaction.id())),
            Message::Announce(items) => items.iter().any(|item| match item {
                Item::Block { id, .. } | Item::Transaction(id) => bad(id),
            }),
            _ => false,
        };
        self.check.holds(!found, || format!("n{n:02} relays what is invalid: {}", message.name()));
    }

    fn send_crls(&mut self, n: usize, conn: ConnId) {
        let crl = self.nodes[n].crl.clone();
        let Some(known) = self.running(n).and_then(|running| running.links.get_mut(&conn)) else { return };
        let has: u64 = known.iter().filter_map(|crl| crl.number.parse().ok()).max().unwrap_or_default();
        if has < crl.number {
            *known = vec![crl.summary()];
            let list = Bounded::truncated(crl.to_bytes());
            self.say(n, conn, Message::Revocations(Bounded::truncated([list])));
        }
    }

    /// A list newer than the node's own counts at once: on its links, and for its peers.
    pub(crate) fn learn_crl(&mut self, n: usize, crl: Crl) {
        if crl.number <= self.nodes[n].crl.number {
            return;
        }
        self.nodes[n].crl = crl.clone();
        self.line(format_args!("n{n:02} knows list {}", crl.number));
        let is_cut = |peer: usize| crl.revoked.contains(&self.nodes[peer].name);
        let cut: Vec<ConnId> = self
            .net
            .ends
            .iter()
            .filter(|(_, end)| end.node == n && is_cut(end.peer))
            .map(|(conn, _)| *conn)
            .collect();
        for conn in cut {
            self.give_later(0, n, Input::Revoked { conn, why: "revoked".to_owned() });
        }
        self.give_later(0, n, Input::Crls(vec![crl.summary()]));
        self.give_later(0, n, Input::Reloaded);
    }

    fn ask(&mut self, n: usize, query: Query) {
        let slow = self.nodes[n].slow;
        let Some(running) = self.running(n) else { return };
        let view = running.snapshot();
        let answer = match query {
            Query::Branch(id) => {
                running.ledger.chain().branch_at(&view, &id).map(|branch| Answer::Branch { id, branch })
            }
            Query::Transactions { conn, ids } => {
                let (mut found, mut missing) = (Vec::new(), Vec::new());
                for id in ids {
                    match running.pool.get(&id) {
                        Some(transaction) => found.push(Arc::new((***transaction).clone())),
                        None => missing.push(id),
                    }
                }
                Ok(Answer::Transactions { conn, found, missing })
            }
            Query::Headers { conn, locator, stop } => {
                let headers = headers_after(&view, &locator, &stop, HEADERS_PER_MESSAGE);
                headers.map(|headers| Answer::Headers { conn, headers })
            }
            Query::Block { conn, id } => {
                block(&view, &id).map(|block| Answer::Block { conn, id, block: block.map(Arc::new) })
            }
            Query::Missing(ids) => {
                let lacks = |id: &Hash| !matches!(view.record(id), Ok(Some(_)));
                Ok(Answer::Missing(ids.into_iter().filter(lacks).collect()))
            }
        };
        match answer {
            Ok(answer) => self.give_later(2 * HOP + slow, n, Input::Answer(answer)),
            Err(error) => self.fails(n, DiskError::State(error)),
        }
    }

    /// The chain takes a block of a peer's.
    pub(crate) fn take(
        &mut self,
        n: usize,
        conn: ConnId,
        block: Arc<bouya_core::ledger::Block>,
        wanted: bool,
    ) {
        if let Some(running) = self.running(n) {
            running.waiting -= 1;
        }
        let id = block.id();
        let Some(outcome) = self.take_block(n, block, wanted) else { return };
        let answer = Answer::BlockDone { conn, id, outcome };
        self.give_later(HOP, n, Input::Answer(answer));
    }

    /// The chain takes a block. None: the node has ended over it.
    pub(crate) fn take_block(
        &mut self,
        n: usize,
        block: Arc<bouya_core::ledger::Block>,
        wanted: bool,
    ) -> Option<BlockOutcome> {
        if self.nodes[n].full {
            return Some(BlockOutcome::Ignored);
        }
        self.on_ledger(n, wanted, |running, check, now| {
            running.ledger.take(check, now, block, wanted).map(Some)
        })
    }

    /// Takes what came early and is due.
    pub(crate) fn take_due(&mut self, n: usize) {
        if let Some(running) = self.running(n) {
            running.due = None;
        }
        while !self.nodes[n].full {
            let taken = self.on_ledger(n, false, |running, check, now| running.ledger.take_due(check, now));
            if taken.is_none() {
                break;
            }
        }
        self.arm(n);
    }

    /// One step towards a heavier branch.
    pub(crate) fn step(&mut self, n: usize) {
        if let Some(running) = self.running(n) {
            running.stepping = false;
        }
        if self.nodes[n].full {
            return self.arm(n);
        }
        let id = self.genesis.id();
        let Self { nodes, signatures, .. } = self;
        let Some(running) = nodes[n].running.as_mut() else { return };
        let mut check = |list: &[Transaction]| signatures.check_all(&id, list);
        match running.ledger.step(&mut check) {
            Ok(Progress::Working | Progress::Invalid { .. }) => (),
            Ok(Progress::Flipped(moved)) => {
                let lost = self.nodes[n].disk.snapshot();
                self.announce(n, Some(Move { moved, wanted: true, lost }));
            }
            Err(error) => return self.fails(n, error),
        }
        self.arm(n);
    }

    fn on_ledger(
        &mut self,
        n: usize,
        wanted: bool,
        act: impl FnOnce(
            &mut Running,
            bouya_core::ledger::Check<'_>,
            bouya_core::time::Timestamp,
        ) -> Result<Option<Taken>, DiskError>,
    ) -> Option<BlockOutcome> {
        let (id, now) = (self.genesis.id(), self.nodes[n].clock.wall(self.now));
        let Self { nodes, signatures, .. } = self;
        let running = nodes[n].running.as_mut()?;
        let mut check = |list: &[Transaction]| signatures.check_all(&id, list);
        let taken = match act(running, &mut check, now) {
            Ok(taken) => taken?,
            Err(error) => {
                self.fails(n, error);
                return None;
            }
        };
        if taken.outcome == BlockOutcome::Stored {
            let lost = self.nodes[n].disk.snapshot();
            self.announce(n, taken.moved.map(|moved| Move { moved, wanted, lost }));
        }
        self.arm(n);
        Some(taken.outcome)
    }

    /// Sees to it that the chain goes on: with a heavier branch, or with what is due.
    fn arm(&mut self, n: usize) {
        let (now, node) = (self.now, &mut self.nodes[n]);
        let wall = node.clock.wall(now);
        let Some(running) = node.running.as_mut() else { return };
        // A full disk is looked at again now and then.
        let pause = if node.full { 5_000 } else { HOP + node.slow };
        let step = !running.stepping && running.ledger.chain().is_behind();
        running.stepping |= step;
        let due =
            running.ledger.next_due().map(|due| now + due.millis_since(wall) + u64::from(node.full) * 5_000);
        let due = due.filter(|at| running.due.is_none_or(|before| *at < before));
        running.due = due.or(running.due);
        if step {
            self.post_local(pause, n, Local::Step);
        }
        if let Some(at) = due {
            self.post_local(at - now, n, Local::Due);
        }
    }

    /// Tells everybody where the chain ends now, as the chain actor does: the mempool first.
    pub(crate) fn announce(&mut self, n: usize, moved: Option<Move>) {
        let now = self.now;
        let wall = self.nodes[n].clock.wall(now);
        let Some(running) = self.running(n) else { return };
        let view = running.snapshot();
        let branch = running.ledger.chain().tip().clone();
        let quiet = running.waiting == 0;
        let Ok(locator) = locator(&view, branch.height) else { return };
        let wanted = moved.as_ref().is_some_and(|moved| moved.wanted);
        let has_moved = moved.is_some();
        if let Some(moved) = moved {
            self.check.moved(&mut self.nodes[n], branch.work, &moved.moved);
            self.line(format_args!(
                "n{n:02} is at {} {} ({} left)",
                branch.height,
                branch.id.short(),
                moved.moved.disconnected.len()
            ));
            self.log.fold(u64::from_le_bytes(branch.id.0[..8].try_into().expect("8 bytes")));
            self.follow(n, &moved, branch.height + 1);
        }
        let offer =
            (has_moved && (!wanted || quiet)).then(|| block(&view, &branch.id).ok().flatten()).flatten();
        let (work, tip) = (branch.work, Tip { branch, locator, now: wall });
        self.give_later(HOP, n, Input::Tip(tip));
        if let Some(block) = offer {
            let offer = Offer::Block { block: Arc::new(block), work };
            self.give_later(HOP, n, Input::Offer(offer));
        }
    }

    /// The mempool follows the tip, as its actor does.
    fn follow(&mut self, n: usize, moved: &Move, height: u64) {
        let (id, now) = (self.genesis.id(), self.now);
        let Self { nodes, signatures, .. } = self;
        let Some(running) = nodes[n].running.as_mut() else { return };
        let view = running.snapshot();
        let transactions = |view: &Snapshot, id: &Hash| -> Vec<Transaction> {
            let body = view.body(id).ok().flatten();
            body.map_or_else(Vec::new, |body: Body| body.transactions.into_inner())
        };
        let confirmed: BTreeSet<Hash> =
            moved.moved.connected.iter().flat_map(|id| transactions(&view, id)).map(|t| t.id()).collect();
        let lost = moved.moved.disconnected.iter().rev().flat_map(|id| transactions(&moved.lost, id));
        let lost = lost.filter(|transaction| !confirmed.contains(&transaction.id()));
        let lost: Vec<CheckedTransaction> =
            lost.filter_map(|transaction| signatures.check(&id, &transaction).ok()).collect();
        let back: Vec<Hash> = lost.iter().map(CheckedTransaction::id).collect();
        let tip_move = TipMove { view: &view, height, confirmed: &confirmed, lost };
        let time = running.time(now);
        match running.pool.follow(time, tip_move) {
            Ok(followed) => {
                let refused: BTreeSet<Hash> = followed.refused.iter().map(|(id, _)| *id).collect();
                let is_gone = |id: &&Hash| running.pool.get(id).is_none() && !refused.contains(*id);
                let gone = back.iter().find(is_gone).copied();
                self.check
                    .holds(gone.is_none(), || format!("n{n:02} forgot {gone:?}, which had left its chain"));
                let returned: Vec<_> =
                    followed.returned.into_iter().map(|t| Arc::new(t.into_inner())).collect();
                if !returned.is_empty() {
                    self.give_later(HOP, n, Input::Offer(Offer::Transactions(returned)));
                }
            }
            Err(error) => self.fails(n, DiskError::State(error)),
        }
    }

    /// The mempool takes transactions of a peer's.
    pub(crate) fn submit(&mut self, n: usize, conn: ConnId, transactions: Vec<Transaction>) {
        let mut outcomes = Vec::new();
        let mut taken = Vec::new();
        for transaction in transactions {
            let outcome = self.insert(n, &transaction);
            outcomes.push((transaction.id(), outcome.clone()));
            if outcome == TransactionOutcome::Taken {
                taken.push(Arc::new(transaction));
            }
        }
        let answer = Answer::TransactionsDone { conn, outcomes };
        self.give_later(HOP, n, Input::Answer(answer));
        if !taken.is_empty() {
            self.give_later(HOP, n, Input::Offer(Offer::Transactions(taken)));
        }
    }

    /// The mempool takes a client's transaction, or has it.
    pub(crate) fn give_transaction(&mut self, n: usize, transaction: &Transaction) -> bool {
        if self.running(n).is_some_and(|running| running.pool.get(&transaction.id()).is_some()) {
            return true;
        }
        let taken = self.insert(n, transaction) == TransactionOutcome::Taken;
        if taken {
            let offer = Offer::Transactions(vec![Arc::new(transaction.clone())]);
            self.give_later(HOP, n, Input::Offer(offer));
        }
        taken
    }

    fn insert(&mut self, n: usize, transaction: &Transaction) -> TransactionOutcome {
        let checked = match self.signatures.check(&self.genesis.id(), transaction) {
            Ok(checked) => checked,
            Err(error) => return TransactionOutcome::Invalid(error.to_string()),
        };
        let (now, node) = (self.now, &mut self.nodes[n]);
        let Some(running) = node.running.as_mut().filter(|_| !node.full) else {
            return TransactionOutcome::Ignored;
        };
        let time = running.time(now);
        let height = running.ledger.chain().tip().height + 1;
        let Ok(account) = running.snapshot().account(&checked.from()) else {
            return TransactionOutcome::Ignored;
        };
        match running.pool.insert(time, height, account, checked) {
            Ok(_) => TransactionOutcome::Taken,
            Err(_) => TransactionOutcome::Ignored,
        }
    }

    /// The store has failed: the node ends itself, and comes back a little later.
    pub(crate) fn fails(&mut self, n: usize, error: DiskError) {
        if let DiskError::State(error) = error {
            return self.check.broken(format!("n{n:02} cannot read its world: {error}"));
        }
        self.line(format_args!("n{n:02} ends: its disk failed"));
        self.stop(n, true);
        let after = self.rng.within(1_000, 20_000);
        self.post(self.now + after, crate::world::Event::Boot(n));
    }

    /// A connection is over for the overlay's sake.
    pub(crate) fn reset(&mut self, conn: ConnId) {
        self.end(conn, CloseReason::Lost("reset".to_owned()));
    }
}

fn block(
    view: &Snapshot,
    id: &Hash,
) -> Result<Option<bouya_core::ledger::Block>, bouya_core::ledger::StateError> {
    let Some(record) = view.record(id)? else { return Ok(None) };
    let body = view.body(id)?;
    Ok(body.map(|body| bouya_core::ledger::Block { header: record.header, body }))
}

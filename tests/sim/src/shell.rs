//! The shell of a node: it carries messages between the core's machines (overlay, keeper, pool), and between nodes. The machines decide.

use bouya_core::codec::Bounded;
use bouya_core::crypto::Hash;
use bouya_core::node::{keeper, pool, read};
use bouya_core::overlay::{ConnId, Input, NetworkEvent, Output, Request};
use bouya_core::wire::{DialOutcome, Item, Message, member_proof};

use crate::check::OUTPUTS_PER_INPUT;
use crate::disk::DiskError;
use crate::net::Wire;
use crate::node::{Crl, Running};
use crate::world::{Event, Local, World};

mod chain;
mod voter;

/// How long a message to an actor waits until the actor takes it, in ms.
const HOP: u64 = 1;

impl World {
    fn running(&mut self, n: usize) -> Option<&mut Running> {
        self.nodes[n].running.as_mut()
    }

    /// Gives the overlay an input and carries out its outputs.
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
            // No doctor runs here.
            Output::DialBack { session, .. } => {
                self.give(n, Input::DialedBack { session, outcome: DialOutcome::Cannot });
            }
            Output::Greet { conn, mut hello } => {
                let node = &self.nodes[n];
                let session = node.proof().session.0;
                hello.member = Some(member_proof(&node.key, &hello.network, &session, &node.name));
                self.transmit(conn, Wire::Hello(Box::new(hello)));
            }
            Output::Send { conn, message } => self.say(n, conn, message),
            Output::SendCrls { conn } => self.send_crls(n, conn),
            Output::Close { conn, goodbye } => self.close(conn, goodbye),
            Output::Ask(request) => self.ask(n, request),
            Output::Finality(input) => self.post_local(HOP, n, Local::ToVoter(input)),
            Output::Syncing(syncing) => {
                self.post_local(HOP, n, Local::Keeper(keeper::Input::Syncing(syncing)));
            }
            Output::Revocations(lists) => {
                for crl in lists.iter().filter_map(|bytes| Crl::from_bytes(bytes)) {
                    self.learn_crl(n, crl);
                }
            }
            Output::Save(book) => self.nodes[n].disk.keep(book),
            Output::Event(event) => self.told(n, event),
        }
    }

    fn told(&mut self, n: usize, event: NetworkEvent) {
        let text = format!("{}: {event:?}", self.nodes[n].name);
        self.line(format_args!("{text}"));
        if let NetworkEvent::Banned { id, why, .. } = event {
            self.check.figures.bans += 1;
            let bad = self.nodes.iter().any(|node| node.name == id && !node.is_honest());
            // Whoever is behind keeps out those who are members again.
            let was_member = self.settled.1.contains(&id) && why.contains("the members have removed it");
            let fine = bad || !self.nodes[n].is_honest() || self.crl.revoked.contains(&id) || was_member;
            self.check.holds(fine, || format!("n{n:02} banned {id}, who is honest: {why}"));
        }
    }

    /// Sends a message. A member that breaks the rules may change it first.
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

    /// Whether this end of a connection is that of a node that the members have removed.
    fn is_formers(&self, conn: ConnId) -> bool {
        let node = self.net.ends.get(&conn).and_then(|end| self.nodes.get(end.node));
        node.is_some_and(|node| self.former.contains(&node.name))
    }

    pub(crate) fn transmit_message(&mut self, conn: ConnId, message: Message) {
        match &message {
            Message::CompactBlock(_) => self.check.figures.short += 1,
            Message::GetBlockTransactions { .. } => self.check.figures.parts += 1,
            // Whoever was away when it was removed knows it only from being refused.
            Message::Proposal(_) | Message::Votes(_) | Message::Certificate(_) if !self.is_formers(conn) => {
                self.check.voted_at = self.now
            }
            _ => (),
        }
        let size = borsh::object_length(&message).expect("a message has a size");
        self.transmit(conn, Wire::Message(message, size));
    }

    /// Members that keep to the rules relay nothing invalid.
    fn check_word(&mut self, n: usize, message: &Message) {
        let bad = |id: &Hash| self.check.invalid.contains(id);
        let found = match message {
            Message::Block(block) => {
                bad(&block.id()) || block.body.root(block.header.height) != block.header.body
            }
            Message::CompactBlock(block) => bad(&block.header.id()),
            Message::BlockTransactions { block, transactions } => {
                bad(block) || transactions.iter().any(|transaction| bad(&transaction.id()))
            }
            Message::Transactions(list) => list.iter().any(|transaction| bad(&transaction.id())),
            Message::Announce(items) => items.iter().any(|item| match item {
                Item::Block { id, .. } | Item::Transaction(id) => bad(id),
                Item::Final(checkpoint) => bad(&checkpoint.block),
            }),
            _ => false,
        };
        self.check.holds(!found, || format!("n{n:02} relays something invalid: {}", message.name()));
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

    /// A list that is newer than the node's own takes effect at once: it cuts connections and is passed on.
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

    fn ask(&mut self, n: usize, request: Request) {
        match request {
            Request::Keeper(request) => {
                self.post_local(HOP, n, Local::Keeper(keeper::Input::Request(request)));
            }
            Request::Pool(request) => {
                self.post_local(HOP, n, Local::ToPool(pool::Input::Request(request)));
            }
            Request::Store(request) => {
                let slow = self.nodes[n].slow;
                let Some(running) = self.running(n) else { return };
                match read(&running.snapshot(), request) {
                    Ok(answer) => self.give_later(2 * HOP + slow, n, Input::Answer(answer)),
                    Err(error) => self.fails(n, DiskError::State(error)),
                }
            }
        }
    }

    /// The store has failed: the node ends itself and starts again a little later.
    pub(crate) fn fails(&mut self, n: usize, error: DiskError) {
        if let DiskError::State(error) = error {
            return self.check.broken(format!("n{n:02} cannot read its world: {error}"));
        }
        self.line(format_args!("n{n:02} ends: its disk failed"));
        self.stop(n, true);
        let after = self.rng.within(1_000, 20_000);
        self.post(self.now + after, Event::Boot(n));
    }
}

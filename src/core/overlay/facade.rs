//! The façade: one match that routes every input to the children that it concerns, and their wishes out.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::gossip::Gossip;
use super::peers::{Blacklisted, Change, PeerView, Peers};
use super::sync::{Sync, SyncStatus};
use super::{Act, Answer, ConnId, Input, Offer, Output, Settings, Tip, TransactionOutcome};
use crate::codec::Bounded;
use crate::crypto::Hash;
use crate::ledger::Block;
use crate::time::{Time, Timestamp};
use crate::wire::{Item, Message, TipSummary};

/// The overlay network as one machine; see [`super`]. `handle`, then `poll` until there is nothing, then wait for the next input or
/// for `next_wakeup`.
#[derive(Debug)]
pub struct Overlay {
    peers: Peers,
    gossip: Gossip,
    sync: Sync,
    /// The newest block of a sync under way. Peers are offered the last one only: they have most of the others.
    late_offer: Option<Offer>,
    outputs: VecDeque<Output>,
}

impl Overlay {
    /// A machine at rest; `wall` is the wall clock at `now`.
    pub fn new(settings: Settings, now: Time, wall: Timestamp) -> Self {
        Self {
            peers: Peers::new(&settings, now, wall),
            gossip: Gossip::new(now),
            sync: Sync::new(settings.genesis),
            late_offer: None,
            outputs: VecDeque::new(),
        }
    }

    /// Something happened.
    pub fn handle(&mut self, now: Time, input: Input) {
        match input {
            Input::Accepted { conn, peer, address } => self.peers.accepted(now, conn, peer, address),
            Input::Dialed { conn, peer, endpoint } => self.peers.dialed(now, conn, peer, endpoint),
            Input::DialFailed { id, endpoint, why } => self.peers.dial_failed(now, &id, &endpoint, &why),
            Input::Hello { conn, hello } => self.peers.hello(now, conn, hello),
            Input::Received { conn, message, size } => {
                if let Some((session, message)) = self.peers.received(now, conn, message, size) {
                    self.route(now, session, message);
                }
            }
            Input::Broken { conn, fault } => self.peers.broken(now, conn, &fault),
            Input::Closed { conn, why } => self.peers.closed(now, conn, &why),
            Input::Tip(tip) => self.tip(now, tip),
            Input::Offer(offer) => self.offer(now, offer),
            Input::Answer(answer) => self.answer(now, answer),
            Input::Command(command) => self.peers.command(now, command),
            Input::Clock(wall) => self.peers.set_wall(now, wall),
            Input::Crls(crls) => self.peers.set_crls(crls),
            Input::Reloaded => self.peers.clear_refusals(now),
            Input::Revoked { conn, why } => self.peers.revoked(now, conn, &why),
            Input::Wake => {
                self.peers.wake(now);
                self.gossip.wake(now);
                self.sync.wake(now);
            }
        }
        self.drain(now);
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Wake`] is due.
    pub fn next_wakeup(&self) -> Option<Time> {
        [self.peers.next_wakeup(), self.gossip.next_wakeup(), self.sync.next_wakeup()]
            .into_iter()
            .flatten()
            .min()
    }

    /// All known peers, by id: one for each, never this node itself.
    pub fn peers(&self, now: Time) -> Vec<PeerView> {
        self.peers.views(now)
    }

    /// The operator's blacklist; bans of this node's own are not in it.
    pub fn blacklist(&self) -> Vec<Blacklisted> {
        self.peers.blacklist()
    }

    /// Connected peers.
    pub fn connected(&self) -> usize {
        self.peers.connected()
    }

    /// The connection over which a session's messages go. Queries, submissions and answers name sessions.
    pub fn connection_of(&self, session: ConnId) -> Option<ConnId> {
        self.peers.wire(session)
    }

    /// Known peers that are not banned.
    pub fn known(&self) -> usize {
        self.peers.known()
    }

    /// How far this node has come.
    pub fn sync_status(&self) -> SyncStatus {
        self.sync.status()
    }

    /// How far the peers' clocks are ahead of this node's, in the middle, in milliseconds; none without peers.
    pub fn clock_offset_ms(&self) -> Option<i64> {
        self.peers.clock_offset_ms()
    }

    fn offer(&mut self, now: Time, offer: Offer) {
        match offer {
            Offer::Block { .. } if self.is_syncing() => self.late_offer = Some(offer),
            offer => self.gossip.offer(now, offer),
        }
    }

    fn is_syncing(&self) -> bool {
        matches!(self.sync.status(), SyncStatus::Syncing { .. })
    }

    fn tip(&mut self, now: Time, tip: Tip) {
        let summary = TipSummary { height: tip.branch.height, hash: tip.branch.id, work: tip.branch.work };
        self.peers.set_tip(now, summary, tip.now);
        self.sync.tip(now, tip);
    }

    /// A message of a connected peer.
    fn route(&mut self, now: Time, session: ConnId, message: Message) {
        match message {
            Message::Announce(items) => {
                let heights = items.iter().filter_map(|item| match item {
                    Item::Block { height, .. } => Some(*height),
                    Item::Transaction(_) => None,
                });
                self.peers.set_height(session, heights.max().unwrap_or_default());
                self.gossip.announced(now, session, &items);
                self.sync.announced(now, session, &items);
            }
            Message::Transactions(list) => self.gossip.transactions(now, session, list.into_inner()),
            Message::Request(_) | Message::GetHeaders { .. } | Message::GetBlocks(_) => {
                self.peers.asked(now, session, message);
            }
            Message::Headers(headers) => {
                let height = headers.last().map_or(0, |header| header.height);
                self.peers.set_height(session, height);
                self.sync.headers(now, session, headers.into_inner());
            }
            Message::Block(block) => {
                self.peers.set_height(session, block.header.height);
                self.gossip.block_seen(now, session, block.header.id());
                self.sync.block(now, session, block);
            }
            Message::NotFound(items) => {
                self.gossip.not_found(now, session, &items);
                self.sync.not_found(now, session, &items);
            }
            Message::Revocations(lists) => {
                let lists: Vec<_> = lists.into_iter().map(Bounded::into_inner).collect();
                self.peers.has_crls(session, &lists);
                self.outputs.push_back(Output::Revocations(lists));
            }
            // The connection's own; peers have dealt with them.
            Message::Ping(_)
            | Message::Pong(_)
            | Message::GetPeers
            | Message::Peers(_)
            | Message::Goodbye(_) => (),
        }
    }

    fn answer(&mut self, now: Time, answer: Answer) {
        match answer {
            Answer::Headers { conn, headers } => {
                let message = Message::Headers(Bounded::truncated(headers));
                self.peers.answered(now, conn, Vec::from([message]));
            }
            Answer::Block { conn, id, block } => {
                self.peers.answered(now, conn, Vec::from([block_or_not(id, block)]));
            }
            Answer::Transactions { conn, found, missing } => {
                let messages = self.gossip.answer_transactions(conn, found, missing);
                self.peers.answered(now, conn, messages);
            }
            Answer::Branch { id, branch } => self.sync.branch(now, id, branch),
            Answer::Missing(ids) => self.sync.missing(now, ids),
            Answer::BlockDone { conn, id, outcome } => self.sync.block_done(now, conn, id, outcome),
            Answer::TransactionsDone { conn, outcomes } => {
                let is_useless = |outcome: &_| matches!(outcome, TransactionOutcome::Ignored);
                let useless = outcomes.iter().filter(|(_, outcome)| is_useless(outcome)).count();
                self.peers.useless(now, conn, useless);
                self.gossip.transactions_done(now, conn, outcomes);
            }
        }
    }

    /// Passes on what the children want, until they want nothing more.
    fn drain(&mut self, now: Time) {
        loop {
            if let Some(change) = self.peers.poll_change() {
                self.change(now, change);
            } else if let Some(act) = self.gossip.poll().or_else(|| self.sync.poll()) {
                self.act(now, act);
            } else if let Some(output) = self.peers.poll() {
                self.outputs.push_back(output);
            } else if let Some(offer) =
                self.late_offer.take_if(|_| !matches!(self.sync.status(), SyncStatus::Syncing { .. }))
            {
                self.gossip.offer(now, offer);
            } else {
                return;
            }
        }
    }

    fn change(&mut self, now: Time, change: Change) {
        match change {
            Change::Up { session, tip, held } => {
                self.gossip.peer_up(now, session);
                self.sync.peer_up(now, session, tip);
                for message in held {
                    self.route(now, session, message);
                }
            }
            Change::Down(session) => {
                self.gossip.peer_down(session);
                self.sync.peer_down(now, session);
            }
        }
    }

    fn act(&mut self, now: Time, act: Act) {
        match act {
            Act::Send(session, message) => self.peers.send(session, message),
            Act::Ask(query) => self.outputs.push_back(Output::Ask(query)),
            Act::Submit(submit) => self.outputs.push_back(Output::Submit(submit)),
            Act::Blame(session, fault) => self.peers.blame(now, session, &fault),
            Act::Note(event) => self.outputs.push_back(Output::Note(event)),
        }
    }
}

fn block_or_not(id: Hash, block: Option<Arc<Block>>) -> Message {
    match block {
        Some(block) => Message::Block(block),
        None => Message::NotFound(Bounded::truncated([Item::Block { id, height: 0, work: 0 }])),
    }
}

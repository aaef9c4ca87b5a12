//! The façade: one `match` routes every input to the children that need it, and their wishes are passed on.

use alloc::collections::VecDeque;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::compact::{Compact, Wish};
use super::gossip::Gossip;
use super::peers::{Blacklisted, Change, PeerReach, PeerView, Peers};
use super::sync::{BlockSync, SyncStatus};
use super::voting::Voting;
use super::{
    Act, Answer, ConnId, Fault, Input, Offer, Outlook, Output, OverlaySettings, Tip, TransactionOutcome,
};
use crate::codec::Bounded;
use crate::crypto::Hash;
use crate::finality;
use crate::id::NodeId;
use crate::ledger::{Block, BlockOutcome, Certificate, CompactBlock, Link, Voters};
use crate::limits::MINE_ALONE_AFTER;
use crate::time::{Time, Timestamp};
use crate::wire::{COMPACT_FEATURE, FINAL_FEATURE, FinalSummary, Item, Message, TipSummary};

/// The overlay network as one machine; see [`super`]. Call `handle`, then `poll` until it returns nothing, then wait for the next input or
/// for `next_wakeup`.
#[derive(Debug)]
pub struct Overlay {
    peers: Peers,
    gossip: Gossip,
    compact: Compact,
    sync: BlockSync,
    voting: Voting,
    /// Whether the rest of the node knows that a sync is under way.
    syncing: bool,
    /// How long to wait for the first peer.
    starts_until: Option<Time>,
    outputs: VecDeque<Output>,
}

impl Overlay {
    /// A machine at rest; `wall` is the wall clock at `now`.
    pub fn new(settings: OverlaySettings, now: Time, wall: Timestamp) -> Self {
        let starts_until = (!settings.bootstrap.is_empty()).then(|| now.after(MINE_ALONE_AFTER));
        let settled = starts_until.unwrap_or(now);
        Self {
            starts_until,
            peers: Peers::new(&settings, now, wall),
            gossip: Gossip::new(now, settings.seed),
            compact: Compact::new(settings.genesis.clone(), settings.seed),
            voting: Voting::new(&Voters::first(&settings.genesis)),
            sync: BlockSync::new(settings.genesis, settled),
            syncing: false,
            outputs: VecDeque::new(),
        }
    }

    /// Something happened.
    pub fn handle(&mut self, now: Time, input: Input) {
        match input {
            Input::Accepted { conn, peer, address } => self.peers.accepted(now, conn, peer, address),
            Input::Dialed { conn, peer, endpoint } => self.peers.dialed(now, conn, peer, endpoint),
            Input::DialFailed { id, endpoint, why } => self.peers.dial_failed(now, &id, &endpoint, &why),
            Input::DialedBack { session, outcome } => self.peers.dialed_back(now, session, outcome),
            Input::AskBack => self.peers.ask_back(now),
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
            Input::Finality(finality::Output::Want(goal)) => self.sync.want(now, goal),
            Input::Finality(output) => self.voting.wants(now, output),
            Input::Members { voters, former } => {
                self.voting.hand_over(&voters);
                self.peers.set_former(now, &former);
            }
            Input::Finalized(certificate) => {
                let Certificate { link: Link { set, source, .. }, .. } = &certificate;
                let (epoch, height, hash) = (source.epoch, source.height, source.block);
                self.peers.set_finalized(FinalSummary { set: *set, epoch, height, hash });
                self.voting.finalized(&certificate);
            }
            Input::Command(command) => self.peers.command(now, command),
            Input::Clock(wall) => self.peers.set_wall(now, wall),
            Input::Crls(crls) => self.peers.set_crls(crls),
            Input::Reloaded => self.peers.clear_refusals(now),
            Input::Revoked { conn, why } => self.peers.revoked(now, conn, &why),
            Input::Wake => {
                self.peers.wake(now);
                self.gossip.wake(now);
                self.compact.wake(now);
                self.sync.wake(now);
                self.voting.wake(now);
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
        let (compact, sync) = (self.compact.next_wakeup(), self.sync.next_wakeup());
        let (gossip, voting) = (self.gossip.next_wakeup(), self.voting.next_wakeup());
        [self.peers.next_wakeup(), gossip, compact, sync, voting].into_iter().flatten().min()
    }

    /// All known peers, by id: one for each, never this node itself.
    pub fn peers(&self, now: Time) -> Vec<PeerView> {
        self.peers.views(now)
    }

    /// Whether each connected peer reaches this node, as far as it has told since it was asked ([`Input::AskBack`]).
    pub fn reach(&self) -> Vec<(NodeId, PeerReach)> {
        self.peers.reach()
    }

    /// The operator's blacklist; this node's own bans are not in it.
    pub fn blacklist(&self) -> Vec<Blacklisted> {
        self.peers.blacklist()
    }

    /// Connected peers.
    pub fn connected(&self) -> usize {
        self.peers.connected()
    }

    /// The connection that carries a session's messages. Queries, submissions and answers name sessions.
    pub fn connection_of(&self, session: ConnId) -> Option<ConnId> {
        self.peers.carrier(session)
    }

    /// Known peers that are not banned.
    pub fn known(&self) -> usize {
        self.peers.known()
    }

    /// Whether [`Command::AddPeer`](super::Command::AddPeer) of this id would be taken.
    pub fn has_room_for(&self, id: &NodeId) -> bool {
        self.peers.has_room_for(id)
    }

    /// By how many milliseconds the clocks of connected peers are ahead.
    pub fn clock_offsets(&self) -> Vec<(ConnId, i64)> {
        self.peers.clock_offsets()
    }

    /// How this node stands in the network.
    pub fn outlook(&self, now: Time) -> Outlook {
        Outlook {
            sync: self.sync.status(),
            clock_offset_ms: self.peers.clock_offset_ms(),
            connected: self.peers.connected(),
            starting: self.starts_until.is_some_and(|until| now < until),
            known: self.peers.known(),
            refused: self.peers.refused(),
        }
    }

    fn offer(&mut self, now: Time, offer: Offer) {
        match offer {
            Offer::Block(block) => {
                let compact = self.compact.offered(&block);
                self.gossip.offer_block(&block, compact.as_ref());
            }
            Offer::Transactions { own, relayed } => self.gossip.offer_transactions(now, own, relayed),
        }
    }

    fn is_syncing(&self) -> bool {
        matches!(self.sync.status(), SyncStatus::Syncing { .. })
    }

    fn tip(&mut self, now: Time, tip: Tip) {
        let summary = TipSummary { height: tip.branch.height, hash: tip.branch.id, work: tip.branch.work };
        self.peers.set_tip(summary, tip.lowest);
        self.compact.tip(&tip);
        self.sync.tip(now, tip);
    }

    /// A message of a connected peer.
    fn route(&mut self, now: Time, session: ConnId, message: Message) {
        match message {
            Message::Announce(items) => {
                let heights = items.iter().filter_map(|item| match item {
                    Item::Block { height, .. } => Some(*height),
                    Item::Transaction(_) | Item::Final(_) => None,
                });
                self.peers.set_height(session, heights.max().unwrap_or_default());
                self.gossip.announced(now, session, &items);
                self.sync.announced(now, session, &items);
                self.voting.announced(now, session, &items);
            }
            Message::Transactions(list) => self.gossip.transactions(now, session, list.into_inner()),
            Message::Request(_) | Message::GetHeaders { .. } | Message::GetBlocks(_) => {
                self.peers.asked(now, session, message);
            }
            Message::Headers(headers) => {
                let height = headers.last().map_or(0, |last| last.header.height);
                self.peers.set_height(session, height);
                self.sync.headers(now, session, headers.into_inner());
            }
            Message::Block(block) => {
                self.peers.set_height(session, block.header.height);
                self.gossip.block_seen(now, session, block.header.id());
                self.sync.block(now, session, block);
            }
            Message::CompactBlock(block) => self.compact_block(now, session, block),
            Message::GetBlockTransactions { block, places } => {
                match self.compact.serve(session, block, &places) {
                    Ok(message) => self.peers.serve(now, session, message),
                    Err(fault) => self.peers.blame(now, session, &fault),
                }
            }
            Message::BlockTransactions { block, transactions } => {
                self.compact.transactions(session, &block, transactions.into_inner());
            }
            Message::NotFound(items) => {
                self.gossip.not_found(now, session, &items);
                self.compact.not_found(session, &items);
                self.sync.not_found(now, session, &items);
            }
            Message::Revocations(lists) => {
                let lists: Vec<_> = lists.into_iter().map(Bounded::into_inner).collect();
                self.peers.has_crls(session, &lists);
                self.outputs.push_back(Output::Revocations(lists));
            }
            Message::Proposal(_)
            | Message::Votes(_)
            | Message::Certificate(_)
            | Message::GetFinality { .. }
            | Message::Finality(_) => self.voting.received(now, session, message),
            Message::DialBack => self.peers.asked_back(now, session),
            Message::DialedBack(outcome) => self.peers.told_back(now, session, outcome),
            // These concern the connection only, and `peers` has handled them.
            Message::Ping(_)
            | Message::Pong(_)
            | Message::GetPeers
            | Message::Peers(_)
            | Message::Goodbye(_) => (),
        }
    }

    /// A compact block. Its work is checked first: everything else costs this node more than it has cost the sender.
    fn compact_block(&mut self, now: Time, session: ConnId, block: Arc<CompactBlock>) {
        if let Err(error) = block.header.check_work() {
            return self.peers.blame(now, session, &Fault::InvalidBlock(error.to_string()));
        }
        let id = block.header.id();
        self.peers.set_height(session, block.header.height);
        self.gossip.block_seen(now, session, id);
        if self.sync.lacks(session, &id) {
            self.compact.received(session, block);
        }
    }

    fn grant(&mut self, now: Time, wish: Wish) {
        match wish {
            Wish::Act(act) => self.act(now, act),
            Wish::Block(senders, block) => {
                for session in senders {
                    self.sync.block(now, session, Arc::clone(&block));
                }
            }
            Wish::Lead(session) => self.sync.look_into(now, session),
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
            Answer::Members { id, found } => self.sync.members(now, id, found),
            Answer::Noted => (),
            Answer::Missing(ids) => self.sync.missing(now, ids),
            Answer::MissingBodies(found) => self.sync.missing_bodies(now, found),
            Answer::Backfilled(result) => self.sync.backfilled(now, result),
            Answer::Short { key, found } => self.compact.found(now, key, found),
            Answer::BlockDone { conn, id, outcome } => {
                if matches!(outcome, BlockOutcome::Stored | BlockOutcome::Known) {
                    self.compact.stored(&id);
                }
                self.sync.block_done(now, conn, id, outcome);
            }
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
            if let Some(change) = self.peers.poll_change(now) {
                self.change(now, change);
            } else if let Some(act) =
                self.gossip.poll().or_else(|| self.sync.poll()).or_else(|| self.voting.poll())
            {
                self.act(now, act);
            } else if let Some(input) = self.voting.poll_input() {
                self.outputs.push_back(Output::Finality(input));
            } else if let Some(output) = self.peers.poll() {
                self.outputs.push_back(output);
            } else if let Some(wish) = self.compact.poll() {
                self.grant(now, wish);
            } else {
                break;
            }
        }
        let syncing = self.is_syncing();
        if core::mem::replace(&mut self.syncing, syncing) != syncing {
            self.outputs.push_back(Output::Syncing(syncing));
        }
    }

    fn change(&mut self, now: Time, change: Change) {
        match change {
            Change::Up { session, hello, held } => {
                self.starts_until = None;
                self.gossip.peer_up(session, hello.has(COMPACT_FEATURE));
                if hello.has(FINAL_FEATURE) {
                    let newest = hello.finalized.map_or((0, 0), |newest| (newest.epoch, newest.height));
                    self.voting.peer_up(now, session, hello.member.map(|member| member.key), newest);
                }
                self.sync.peer_up(now, session, hello.id, hello.tip, hello.lowest_block);
                for message in held {
                    self.route(now, session, message);
                }
            }
            Change::Down(session) => {
                self.gossip.peer_down(session);
                self.compact.peer_down(session);
                self.voting.peer_down(session);
                self.sync.peer_down(now, session);
            }
        }
    }

    fn act(&mut self, now: Time, act: Act) {
        match act {
            Act::Send(session, message) => self.peers.send(session, message),
            Act::Ask(request) => self.outputs.push_back(Output::Ask(request)),
            Act::Blame(session, fault) => self.peers.blame(now, session, &fault),
            Act::Event(event) => self.outputs.push_back(Output::Event(event)),
        }
    }
}

fn block_or_not(id: Hash, block: Option<Arc<Block>>) -> Message {
    match block {
        Some(block) => Message::Block(block),
        None => Message::NotFound(Bounded::truncated([Item::Block { id, height: 0, work: 0 }])),
    }
}

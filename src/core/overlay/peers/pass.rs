//! What concerns only one of the two machines, and is passed to it as it is.

use alloc::vec::Vec;

use super::{Blacklisted, PeerReach, Peers};
use crate::id::NodeId;
use crate::overlay::{CloseReason, ConnId};
use crate::time::{Time, Timestamp};
use crate::wire::{CrlSummary, DialOutcome, FinalSummary, Hello, Message, TipSummary};

impl Peers {
    /// See [`crate::overlay::Input::Hello`].
    pub fn hello(&mut self, now: Time, conn: ConnId, hello: Hello) {
        self.links.hello(now, conn, hello);
    }

    /// See [`crate::overlay::Input::Closed`].
    pub fn closed(&mut self, now: Time, conn: ConnId, why: &CloseReason) {
        self.links.closed(now, conn, why);
    }

    /// See [`crate::overlay::Input::Revoked`].
    pub fn revoked(&mut self, now: Time, conn: ConnId, why: &str) {
        self.links.revoked(now, conn, why);
    }

    /// See [`crate::overlay::Input::AskBack`].
    pub fn ask_back(&mut self, now: Time) {
        self.links.ask_back(now);
    }

    /// A session's peer says whether it reaches this node.
    pub fn told_back(&mut self, now: Time, session: ConnId, outcome: DialOutcome) {
        self.links.told_back(now, session, outcome);
    }

    /// Whether the connected peers reach this node.
    pub fn reach(&self) -> Vec<(NodeId, PeerReach)> {
        self.links.reach()
    }

    /// Sends to a session's peer.
    pub fn send(&mut self, session: ConnId, message: Message) {
        self.links.send(session, message);
    }

    /// A session's peer asks for headers, blocks or transactions.
    pub fn asked(&mut self, now: Time, session: ConnId, message: Message) {
        self.links.asked(now, session, message);
    }

    /// The chain or the mempool has answered: sends the answer if the peer is still there, and serves the next request.
    pub fn answered(&mut self, now: Time, session: ConnId, messages: Vec<Message>) {
        self.links.answered(now, session, messages);
    }

    /// Answers a session's peer at once with what is at hand.
    pub fn serve(&mut self, now: Time, session: ConnId, message: Message) {
        self.links.serve(now, session, message);
    }

    /// This many of the peer's transactions were not taken.
    pub fn useless(&mut self, now: Time, session: ConnId, transactions: usize) {
        self.links.useless(now, session, transactions);
    }

    /// The peer's best block has at least this height, as it says.
    pub fn set_height(&mut self, session: ConnId, height: u64) {
        self.links.set_height(session, height);
    }

    /// The peer has sent these revocation lists, so it does not need them.
    pub fn has_crls(&mut self, session: ConnId, lists: &[impl AsRef<[u8]>]) {
        self.links.has_crls(session, lists);
    }

    /// Sets this node's best block.
    pub fn set_tip(&mut self, tip: TipSummary, lowest: u64) {
        self.links.set_tip(tip, lowest);
    }

    /// Sets this node's newest final block.
    pub fn set_finalized(&mut self, finalized: FinalSummary) {
        self.links.set_finalized(finalized);
    }

    /// What this node's wall clock shows: it may have been set since the last call.
    pub fn set_wall(&mut self, now: Time, wall: Timestamp) {
        self.links.set_wall(now, wall);
    }

    /// Sets this node's revocation lists; peers that lack one get it.
    pub fn set_crls(&mut self, crls: Vec<CrlSummary>) {
        self.links.set_crls(crls);
    }

    /// Connected peers.
    pub fn connected(&self) -> usize {
        self.links.connected()
    }

    /// The connection that carries a session.
    pub fn carrier(&self, session: ConnId) -> Option<ConnId> {
        self.links.carrier(session)
    }

    /// The median by which the connected peers' clocks are ahead, in milliseconds; none without peers.
    pub fn clock_offset_ms(&self) -> Option<i64> {
        self.links.clock_offset_ms()
    }

    /// By how many milliseconds the clocks of connected peers are ahead.
    pub fn clock_offsets(&self) -> Vec<(ConnId, i64)> {
        self.links.clock_offsets()
    }

    /// See [`crate::overlay::Input::Reloaded`]: peers that were refused are tried again soon.
    pub fn clear_refusals(&mut self, now: Time) {
        self.book.clear_refusals(now);
    }

    /// The operator's blacklist, from the configuration and from the API.
    pub fn blacklist(&self) -> Vec<Blacklisted> {
        self.book.blacklist()
    }

    /// Whether an operator's peer of this id would be taken.
    pub fn has_room_for(&self, id: &NodeId) -> bool {
        self.book.has_room_for(id)
    }

    /// Known peers that are not banned.
    pub fn known(&self) -> usize {
        self.book.known()
    }

    /// Known peers that last refused this node, or that it refused.
    pub fn refused(&self) -> usize {
        self.book.refused()
    }
}

//! Chores: asking peers whom they know, keeping their revocation lists up to date, comparing clocks.

use alloc::vec::Vec;
use core::time::Duration;

use super::connections::ConnectionState;
use super::{Fault, Links, Output, Timer, Told};
use crate::crypto::{Hash, sha256};
use crate::limits::{CRLS_PER_MESSAGE, GET_PEERS_AT, GET_PEERS_EVERY};
use crate::overlay::ConnId;
use crate::time::{Time, Timestamp};
use crate::wire::{CrlSummary, Hello, Message, PeerEntry};

/// Where a session is in its schedule of GetPeers questions.
#[derive(Debug, Default)]
pub(super) struct GetPeersRound {
    asked: usize,
    unanswered: u32,
}

impl GetPeersRound {
    /// A question is sent. Returns how long to wait before the next one.
    fn ask(&mut self) -> Duration {
        let this = GET_PEERS_AT.get(self.asked);
        self.asked = self.asked.saturating_add(1);
        self.unanswered = self.unanswered.saturating_add(1);
        match (this, GET_PEERS_AT.get(self.asked)) {
            (Some(this), Some(next)) => next.saturating_sub(*this),
            _ => GET_PEERS_EVERY,
        }
    }

    /// An answer has come. Returns whether a question was open.
    fn answer(&mut self) -> bool {
        let was_asked = self.unanswered > 0;
        self.unanswered = self.unanswered.saturating_sub(1);
        was_asked
    }
}

/// Hashes of the revocation lists that a peer has: those that it last named or was last sent.
#[derive(Debug)]
pub(super) struct Crls(Vec<Hash>);

impl Crls {
    pub(super) fn of(hello: &Hello) -> Self {
        Self(hello.crls.iter().map(|crl| crl.hash).take(CRLS_PER_MESSAGE).collect())
    }

    fn add(&mut self, hashes: impl Iterator<Item = Hash>) {
        for hash in hashes {
            self.0.retain(|known| *known != hash);
            self.0.push(hash);
        }
        let surplus = self.0.len().saturating_sub(2 * CRLS_PER_MESSAGE);
        self.0.drain(..surplus);
    }
}

impl Links {
    /// Asks a session's peer whom it knows, and plans the next question. The ping sent with it keeps the round-trip time fresh.
    pub(super) fn ask_peers(&mut self, now: Time, session: ConnId) {
        let Some(known) = self.sessions.get_mut(&session) else { return };
        let (carrier, is_first) = (known.carrier, known.round.asked == 0);
        let wait = known.round.ask();
        self.timers.set(Timer::GetPeers(session), now.after(wait));
        if !is_first {
            self.ping(now, carrier);
        }
        self.send(session, Message::GetPeers);
    }

    /// The answer to a question, if there was one.
    pub(super) fn peers_told(&mut self, conn: ConnId, told: Vec<PeerEntry>) {
        let Some(connection) = self.connections.get(&conn).filter(|c| c.stage == ConnectionState::Up) else {
            return;
        };
        let id = connection.id.clone();
        if self.session_of(&id).is_some_and(|session| session.round.answer()) {
            self.out.push_back(Told::Peers(id, told));
        } else {
            self.blame(conn, Fault::Unasked("peers"));
        }
    }

    /// A ping's number is its sender's wall clock, if the sender's hello says so. Clocks may be corrected, or set wrong, during a connection.
    pub(super) fn clock_told(&mut self, now: Time, conn: ConnId, number: u64) {
        let wall = self.wall(now);
        let Some(id) = self.id_of(conn) else { return };
        if let Some(session) = self.session_of(&id).filter(|session| session.tells_clock) {
            session.clock_offset_ms = Timestamp(number).ahead_of(wall);
        }
    }

    pub(crate) fn set_crls(&mut self, crls: Vec<CrlSummary>) {
        self.hello.crls = crls;
        let sessions: Vec<_> = self.sessions.keys().copied().collect();
        for session in sessions {
            self.offer_crls(session);
        }
    }

    /// Has the shell send revocation lists if the peer lacks one.
    pub(super) fn offer_crls(&mut self, session: ConnId) {
        let Some(known) = self.sessions.get_mut(&session) else { return };
        if self.hello.crls.iter().all(|crl| known.crls.0.contains(&crl.hash)) {
            return;
        }
        known.crls.add(self.hello.crls.iter().map(|crl| crl.hash));
        let conn = known.carrier;
        self.output(Output::SendCrls { conn });
    }

    pub(crate) fn has_crls(&mut self, session: ConnId, lists: &[impl AsRef<[u8]>]) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.crls.add(lists.iter().map(|list| sha256(list.as_ref())));
        }
    }
}

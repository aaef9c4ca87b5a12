//! Discovery: whom to tell of, and what to make of what is told.
//!
//! A node tells ids that TLS has proven to it lately, where they themselves say that they listen, and its configured peers. What it is told
//! are hints: bounded for each teller until proven, taken only as an answer to a question.

use alloc::vec::Vec;

use super::candidates::{Reach, reach};
use super::connections::Stage;
use super::{Configured, Peer, Peers, Source, Status, Timer};
use crate::codec::Bounded;
use crate::id::NodeId;
use crate::limits::{
    FIRST_DIAL, GET_PEERS_AT, GET_PEERS_EVERY, KNOWN_PER_TELLER, PEERS_PER_MESSAGE, TOLD_FOR,
};
use crate::overlay::{ConnId, Fault};
use crate::time::Time;
use crate::wire::{Endpoint, Message, PeerEntry};

/// Where a session is in its schedule of questions.
#[derive(Debug, Default)]
pub(super) struct GetPeersRound {
    asked: usize,
    unanswered: u32,
}

impl Peers {
    /// Asks a session's peer whom it knows, and plans the next question. The ping that comes along keeps the round-trip time fresh.
    pub(super) fn ask_peers(&mut self, now: Time, session: ConnId) {
        let Some(known) = self.sessions.get_mut(&session) else { return };
        let wire = known.wire;
        let round = &mut known.round;
        let this = GET_PEERS_AT.get(round.asked).copied();
        round.asked = round.asked.saturating_add(1);
        round.unanswered = round.unanswered.saturating_add(1);
        let wait = match (this, GET_PEERS_AT.get(round.asked)) {
            (Some(this), Some(next)) => next.saturating_sub(this),
            _ => GET_PEERS_EVERY,
        };
        let first = round.asked == 1;
        self.timers.set(Timer::GetPeers(session), now.after(wait));
        if !first {
            self.ping(now, wire);
        }
        self.send(session, Message::GetPeers);
    }

    /// Answers a GetPeers.
    pub(super) fn tell_peers(&mut self, now: Time, conn: ConnId) {
        let Some(asker) = self.connections.get(&conn).map(|connection| connection.id.clone()) else { return };
        let mut entries: Vec<_> = self
            .peers
            .iter()
            .filter(|(id, _)| **id != asker)
            .filter_map(|(id, peer)| Some(PeerEntry { id: id.clone(), endpoint: told(peer, now)?.clone() }))
            // What the operator has configured may mean something on this machine only: others would take it for an offence.
            .filter(|entry| self.is_dialable(&entry.endpoint))
            .collect();
        // Another part each time, if there are more than a message carries.
        if entries.len() > PEERS_PER_MESSAGE {
            let start = self.random.below(u64::try_from(entries.len()).unwrap_or(1));
            entries.rotate_left(usize::try_from(start).unwrap_or(0));
        }
        let message = Message::Peers(Bounded::truncated(entries));
        self.reply(now, conn, message);
    }

    /// Takes in the answer to a GetPeers.
    pub(super) fn learn(&mut self, now: Time, conn: ConnId, entries: &[PeerEntry]) {
        let Some(connection) = self.connections.get(&conn) else { return };
        if connection.stage != Stage::Up {
            return;
        }
        let teller = connection.id.clone();
        let round = match self.peers.get(&teller).map(|peer| &peer.status) {
            Some(Status::Connected(session)) => {
                self.sessions.get_mut(session).map(|session| &mut session.round)
            }
            _ => None,
        };
        match round {
            Some(round) if round.unanswered > 0 => round.unanswered = round.unanswered.saturating_sub(1),
            _ => return self.blame(now, conn, &Fault::Unasked("peers")),
        }
        let mut share = self.peers.values().filter(|peer| peer.teller.as_ref() == Some(&teller)).count();
        for entry in entries {
            if entry.id != self.own.hello.id && self.is_dialable(&entry.endpoint) {
                self.learn_one(now, &teller, entry, &mut share);
            }
        }
        if entries.iter().any(|entry| reach(&entry.endpoint) == Reach::Nowhere) {
            self.blame(now, conn, &Fault::BadAddress);
        }
    }

    fn learn_one(&mut self, now: Time, teller: &NodeId, entry: &PeerEntry, share: &mut usize) {
        let endpoint = entry.endpoint.clone();
        if let Some(peer) = self.peers.get_mut(&entry.id) {
            // Of itself a peer tells in hello. To a banned one nothing is added.
            let had_none = peer.candidates.len() == 0;
            if entry.id == *teller || peer.is_banned() || !peer.candidates.add(Source::Hint, endpoint) {
                return;
            }
            self.changed(now);
            if had_none && !self.is_busy(&entry.id) {
                self.plan_dial(now, &entry.id, FIRST_DIAL);
            }
            return;
        }
        if *share >= KNOWN_PER_TELLER || !self.make_room(|peer| !peer.proven && peer.failures > 0) {
            return;
        }
        *share = share.saturating_add(1);
        let mut peer = Peer::new(now);
        peer.teller = Some(teller.clone());
        peer.candidates.add(Source::Hint, endpoint);
        self.peers.insert(entry.id.clone(), peer);
        self.plan_dial(now, &entry.id, FIRST_DIAL);
        self.changed(now);
    }

    /// Whether an address that somebody tells may be dialed.
    pub(super) fn is_dialable(&self, endpoint: &Endpoint) -> bool {
        if self.own.hello.listen.as_ref() == Some(endpoint) {
            return false;
        }
        match reach(endpoint) {
            Reach::Network => true,
            Reach::Loopback => self.own.loopback,
            Reach::Nowhere => false,
        }
    }
}

/// Where others are told that the peer listens, if it is told at all.
fn told(peer: &Peer, now: Time) -> Option<&Endpoint> {
    if peer.is_banned() || peer.refusals > 0 {
        return None;
    }
    let is_fresh = |at: Time| now.since(at) <= TOLD_FOR;
    let proven = peer.is_connected() || peer.proven_at.is_some_and(is_fresh);
    let itself = peer.listens.as_ref().filter(|_| proven);
    itself.or_else(|| match peer.configured {
        Configured::No => None,
        Configured::File | Configured::Operator => peer.candidates.configured(),
    })
}

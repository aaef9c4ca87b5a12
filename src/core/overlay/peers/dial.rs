//! Dialing: who is due when, the global pace, backoff.
//!
//! The smaller id dials. The rule binds once both know of each other: configured peers are dialed at once whichever id is smaller, and
//! the larger id dials a learned peer too when the smaller one has not managed to for a while. A node that nobody can dial always dials.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::connections::End;
use super::{Output, Peers, Source, Status, Timer};
use crate::id::NodeId;
use crate::limits::{
    BACKOFF, BACKOFF_CERTIFICATE, BACKOFF_HEARSAY, CONNECTED_RESERVED, DIALS_IN_FLIGHT, DIALS_PER_SECOND,
    FIRST_DIAL, LARGER_DIALS_AFTER, LARGER_DIALS_JITTER,
};
use crate::overlay::DialError;
use crate::time::{Time, doubled};
use crate::wire::Endpoint;

/// The pace counts dials within this span.
const PACE: Duration = Duration::from_secs(1);
/// A hint that nobody has ever proven is forgotten after so many failed rounds: liars cannot keep this node dialing.
const HINT_FAILURES: u32 = 10;

impl Peers {
    /// Arms the next dial of a peer that is known, has no connection and owes no backoff, within `spread`.
    pub(super) fn plan_dial(&mut self, now: Time, id: &NodeId, spread: Duration) {
        let delay = self.random.up_to(spread);
        self.plan_dial_after(now, id, delay);
    }

    fn plan_dial_after(&mut self, now: Time, id: &NodeId, delay: Duration) {
        let grace = LARGER_DIALS_AFTER.saturating_add(self.random.up_to(LARGER_DIALS_JITTER));
        let dial_only = self.own.hello.listen.is_none();
        let Some(peer) = self.peers.get_mut(id) else { return };
        if peer.candidates.len() == 0 || peer.is_banned() || peer.is_connected() {
            return;
        }
        let at_once = peer.is_configured() || dial_only || self.own.hello.id < *id;
        let earliest = if at_once { now } else { peer.apart.after(grace) };
        let at = now.after(delay).max(earliest);
        if matches!(peer.status, Status::Backoff(_)) {
            peer.status = Status::Backoff(at);
        }
        self.timers.set(Timer::Dial(id.clone()), at);
    }

    pub(super) fn dial_due(&mut self, now: Time, id: NodeId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if matches!(peer.status, Status::Backoff(_)) {
            peer.set(now, Status::Known);
        }
        if self.queue.contains(&id) {
            return;
        }
        // Configured peers first: whatever others have told, they do not wait behind it.
        if peer.is_configured() {
            self.queue.push_front(id);
        } else {
            self.queue.push_back(id);
        }
    }

    /// Starts the dials that are due, as far as the pace allows.
    pub(super) fn pump(&mut self, now: Time) {
        while !self.queue.is_empty() && self.dials.len() < DIALS_IN_FLIGHT {
            while self.started.front().is_some_and(|at| now.since(*at) >= PACE) {
                self.started.pop_front();
            }
            if self.started.len() >= usize::try_from(DIALS_PER_SECOND).unwrap_or(usize::MAX) {
                let free = self.started.front().map_or(now, |at| at.after(PACE));
                self.timers.set(Timer::Pace, free);
                return;
            }
            let Some(id) = self.queue.pop_front() else { return };
            if let Some((source, endpoint)) = self.dialable(now, &id) {
                self.started.push_back(now);
                self.dials.insert(id.clone(), endpoint.clone());
                let local = self.own.loopback || source == Source::Configured;
                self.outputs.push_back(Output::Dial { id, endpoint, local });
            }
        }
    }

    /// Where to dial the peer, if that still makes sense.
    fn dialable(&mut self, now: Time, id: &NodeId) -> Option<(Source, Endpoint)> {
        if self.stopping {
            return None;
        }
        if let Some(endpoint) = self.renewable(id) {
            return Some((self.source(id, &endpoint), endpoint));
        }
        if self.is_busy(id) {
            return None;
        }
        if self.peers.get(id).is_some_and(|peer| !peer.is_banned()) && !self.has_room(id) {
            self.plan_dial(now, id, BACKOFF.1);
            return None;
        }
        let peer = self.peers.get_mut(id).filter(|peer| !peer.is_banned())?;
        let candidate =
            peer.candidates.iter().nth(peer.next).or_else(|| peer.candidates.iter().next())?.clone();
        peer.set(now, Status::Dialing);
        Some(candidate)
    }

    /// How this node knows that the peer is there.
    fn source(&self, id: &NodeId, endpoint: &Endpoint) -> Source {
        let known = self.peers.get(id).and_then(|peer| peer.candidates.iter().find(|(_, at)| at == endpoint));
        known.map_or(Source::Hint, |(source, _)| *source)
    }

    /// Whether a dial is under way or a connection exists, in whatever state: when it ends, the next dial is planned.
    pub(super) fn is_busy(&self, id: &NodeId) -> bool {
        self.dials.contains_key(id) || self.connections.values().any(|connection| connection.id == *id)
    }

    /// Whether the peer may become connected. Strangers leave places to configured peers that are not connected now.
    pub(super) fn has_room(&self, id: &NodeId) -> bool {
        let connected = self.connected();
        if self.peers.get(id).is_some_and(|peer| peer.is_configured()) {
            return connected < self.own.max_connected;
        }
        let awaited = self
            .peers
            .values()
            .filter(|peer| peer.is_configured() && !peer.is_connected() && !peer.is_banned())
            .count();
        connected.saturating_add(awaited.min(CONNECTED_RESERVED)) < self.own.max_connected
    }

    /// See [`super::super::Input::DialFailed`].
    pub fn dial_failed(&mut self, now: Time, id: &NodeId, endpoint: &Endpoint, why: &DialError) {
        if self.dials.remove(id).is_none() {
            return;
        }
        let (refused, text) = match why {
            DialError::Unreachable(text) => (false, text),
            DialError::Handshake(text) => (false, text),
            DialError::Certificate(text) => (true, text),
        };
        let busy = self.is_busy(id);
        let Some(peer) = self.peers.get_mut(id) else { return self.pump(now) };
        if peer.is_banned() || peer.is_connected() || busy {
            return self.pump(now);
        }
        peer.round_refused |= refused;
        peer.next = peer.next.saturating_add(1);
        if peer.next < peer.candidates.len() {
            peer.set(now, Status::Known);
            self.queue.push_back(id.clone());
        } else {
            let end = if peer.round_refused { End::Refused } else { End::Lost };
            self.settle(now, id, end);
        }
        let text: String = text.chars().filter(|c| !c.is_control()).take(256).collect();
        self.note_refused(now, id, &format!("dialing {endpoint} failed: {text}"));
        self.pump(now);
    }

    /// A dial led to this node itself: the address is forgotten.
    pub(super) fn dialed_self(&mut self, now: Time, endpoint: &Endpoint) {
        let dialed: Vec<_> =
            self.dials.iter().filter(|(_, to)| *to == endpoint).map(|(id, _)| id.clone()).collect();
        for id in dialed {
            self.dials.remove(&id);
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.candidates.remove(endpoint);
                peer.why = Some("its address led to this node itself".to_string());
            }
            self.settle(now, &id, End::Lost);
        }
        self.pump(now);
    }

    /// The last connection or dial of a peer has come to its end: when is the next one?
    pub(super) fn settle(&mut self, now: Time, id: &NodeId, end: End) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if peer.is_banned() || peer.is_connected() {
            return;
        }
        (peer.next, peer.round_refused) = (0, false);
        let delay = match end {
            End::Free => self.random.up_to(BACKOFF.0),
            End::Lost => {
                peer.failures = peer.failures.saturating_add(1);
                let spans = if peer.is_hearsay() { BACKOFF_HEARSAY } else { BACKOFF };
                self.random.up_to(doubled(spans.0, peer.failures.saturating_sub(1), spans.1))
            }
            End::Refused => {
                peer.refusals = peer.refusals.saturating_add(1);
                // Never at once: what was refused just now is refused again.
                let (first, most) = BACKOFF_CERTIFICATE;
                let half =
                    doubled(first, peer.refusals.saturating_sub(1), most).checked_div(2).unwrap_or_default();
                half.saturating_add(self.random.up_to(half))
            }
        };
        if peer.is_hearsay() && peer.failures >= HINT_FAILURES {
            self.forget(id);
            return self.changed(now);
        }
        let waits = end != End::Free && peer.candidates.len() > 0;
        peer.set(now, if waits { Status::Backoff(now) } else { Status::Known });
        if !self.stopping {
            self.plan_dial_after(now, id, delay);
        }
    }

    /// A connection has held long enough: past failures are forgotten.
    pub(super) fn stable(&mut self, session: crate::overlay::ConnId) {
        let Some(session) = self.sessions.get(&session) else { return };
        if let Some(peer) = self.peers.get_mut(&session.id) {
            (peer.failures, peer.refusals) = (0, 0);
        }
    }

    /// Certificates were read anew: those who were refused are tried again soon.
    pub fn clear_refusals(&mut self, now: Time) {
        let refused: Vec<_> =
            self.peers.iter().filter(|(_, peer)| peer.refusals > 0).map(|(id, _)| id.clone()).collect();
        for id in refused {
            let Some(peer) = self.peers.get_mut(&id) else { continue };
            peer.refusals = 0;
            if matches!(peer.status, Status::Backoff(_)) {
                peer.set(now, Status::Known);
                self.plan_dial(now, &id, FIRST_DIAL);
            }
        }
    }
}

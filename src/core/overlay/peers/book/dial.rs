//! Dialing: who is dialed when.
//!
//! The smaller id dials. The rule applies once both know each other. Configured peers are dialed at once, whichever id is smaller. The
//! larger id dials a learned peer too if the smaller one has failed to for a while. A node that nobody can dial always dials.
//!
//! A round of dials goes through a peer's candidates, best first. When the round has failed or the last connection has ended, the peer goes
//! into backoff. Peers that are due wait in a queue until the pace allows a dial and a place is free.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::candidates::Rank;
use super::{AddressBook, Ending, Entry, Status, Timer, Told};
use crate::id::NodeId;
use crate::limits::{
    BACKOFF, BACKOFF_CERTIFICATE, BACKOFF_HEARSAY, CONNECTED_RESERVED, DIAL_ERROR_CHARS, DIAL_PACE,
    DIALS_IN_FLIGHT, DIALS_PER_SECOND, FIRST_DIAL, HINT_FAILURES, LARGER_DIALS_AFTER, LARGER_DIALS_JITTER,
};
use crate::overlay::{DialError, Output};
use crate::random::Random;
use crate::time::{Time, doubled};
use crate::wire::{Endpoint, Goodbye, GoodbyeReason};

/// Dials under way and planned.
#[derive(Debug, Default)]
pub(super) struct Dials {
    /// Those that the shell has not answered yet.
    under_way: BTreeMap<NodeId, Endpoint>,
    /// Peers that are due; configured ones first.
    queue: VecDeque<NodeId>,
    /// When the dials of the last second began.
    started: VecDeque<Time>,
}

impl Dials {
    pub(super) fn is_under_way(&self, id: &NodeId) -> bool {
        self.under_way.contains_key(id)
    }

    pub(super) fn enqueue(&mut self, id: &NodeId, is_first: bool) {
        if self.queue.contains(id) {
            return;
        }
        if is_first {
            self.queue.push_front(id.clone());
        } else {
            self.queue.push_back(id.clone());
        }
    }

    fn start(&mut self, now: Time, id: NodeId, endpoint: Endpoint) {
        self.started.push_back(now);
        self.under_way.insert(id, endpoint);
    }

    /// Until when the pace allows no more dials.
    fn paced_until(&mut self, now: Time) -> Option<Time> {
        while self.started.front().is_some_and(|at| now.since(*at) >= DIAL_PACE) {
            self.started.pop_front();
        }
        let most = usize::try_from(DIALS_PER_SECOND).unwrap_or(usize::MAX);
        self.started.front().filter(|_| self.started.len() >= most).map(|at| at.after(DIAL_PACE))
    }
}

/// What came of dialing a peer.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    /// Failed rounds of dials since a connection last lasted long enough.
    pub(super) failures: u32,
    /// Refusals (certificate, network, ban) since then or since a reload.
    pub(super) refusals: u32,
    /// The candidate to dial next, and whether one of this round was refused.
    pub(super) next: usize,
    is_refused: bool,
}

impl Attempts {
    /// Past failures no longer count.
    pub(super) fn forgive(&mut self) {
        (self.failures, self.refusals) = (0, 0);
    }

    /// The next dial is the first of a round.
    pub(super) fn start_over(&mut self) {
        (self.next, self.is_refused) = (0, false);
    }

    /// Counts an end, and says how long to wait after it.
    fn back_off(&mut self, end: Ending, is_hearsay: bool, random: &mut Random) -> Duration {
        self.start_over();
        match end {
            Ending::Free => random.up_to(BACKOFF.0),
            Ending::Lost => {
                let (first, most) = if is_hearsay { BACKOFF_HEARSAY } else { BACKOFF };
                let span = doubled(first, self.failures, most);
                self.failures = self.failures.saturating_add(1);
                random.up_to(span)
            }
            Ending::Refused => {
                let (first, most) = BACKOFF_CERTIFICATE;
                // Never at once: a peer that has just refused will refuse again.
                let half = doubled(first, self.refusals, most).checked_div(2).unwrap_or_default();
                self.refusals = self.refusals.saturating_add(1);
                half.saturating_add(random.up_to(half))
            }
        }
    }
}

impl AddressBook {
    /// Arms the next dial of a peer that is known, has no connection and owes no backoff, within `spread`.
    pub(super) fn plan_dial(&mut self, now: Time, id: &NodeId, spread: Duration) {
        let delay = self.random.up_to(spread);
        self.plan_dial_after(now, id, delay);
    }

    fn plan_dial_after(&mut self, now: Time, id: &NodeId, delay: Duration) {
        let grace = LARGER_DIALS_AFTER.saturating_add(self.random.up_to(LARGER_DIALS_JITTER));
        let Some(entry) = self.entries.get_mut(id) else { return };
        if entry.candidates.is_empty() || entry.is_banned() || entry.is_connected() {
            return;
        }
        let at_once = entry.is_configured() || self.listens.is_none() || self.id < *id;
        let earliest = if at_once { now } else { entry.apart.after(grace) };
        let at = now.after(delay).max(earliest);
        if matches!(entry.status, Status::Backoff(_)) {
            entry.status = Status::Backoff(at);
        }
        self.timers.set(Timer::Dial(id.clone()), at);
    }

    pub(super) fn dial_due(&mut self, now: Time, id: NodeId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        if matches!(entry.status, Status::Backoff(_)) {
            entry.set(now, Status::Known);
        }
        // Configured peers first: they do not wait behind what others have told.
        let is_first = entry.is_configured();
        self.dials.enqueue(&id, is_first);
    }

    /// Starts the dials that are due, as far as the pace allows. `renewable` says where to dial a connected peer again, if it needs a new connection.
    pub(crate) fn pump(&mut self, now: Time, renewable: impl Fn(&NodeId) -> Option<Endpoint>) {
        while !self.stopping && !self.dials.queue.is_empty() && self.dials.under_way.len() < DIALS_IN_FLIGHT {
            if let Some(free) = self.dials.paced_until(now) {
                return self.timers.set(Timer::Pace, free);
            }
            let Some(id) = self.dials.queue.pop_front() else { return };
            let again = renewable(&id).filter(|_| !self.dials.is_under_way(&id));
            let dialed = match again {
                Some(endpoint) => Some((self.rank(&id, &endpoint), endpoint)),
                None => self.dialable(now, &id),
            };
            if let Some((rank, endpoint)) = dialed {
                self.dials.start(now, id.clone(), endpoint.clone());
                let local = self.loopback || rank == Rank::Configured;
                self.out.push_back(Told::Output(Output::Dial { id, endpoint, local }));
            }
        }
    }

    /// Where to dial a peer that is not connected, if that still makes sense.
    fn dialable(&mut self, now: Time, id: &NodeId) -> Option<(Rank, Endpoint)> {
        if self.is_busy(id) || self.entries.get(id)?.is_banned() {
            return None;
        }
        if !self.has_room(id) {
            self.plan_dial(now, id, BACKOFF.1);
            return None;
        }
        let entry = self.entries.get_mut(id)?;
        let candidates = &entry.candidates;
        let candidate = candidates.get(entry.attempts.next).or_else(|| candidates.get(0))?.clone();
        entry.set(now, Status::Dialing);
        Some(candidate)
    }

    pub(super) fn rank(&self, id: &NodeId, endpoint: &Endpoint) -> Rank {
        let known =
            self.entries.get(id).and_then(|entry| entry.candidates.iter().find(|(_, at)| at == endpoint));
        known.map_or(Rank::Hint, |(rank, _)| *rank)
    }

    /// Whether the peer may become connected. Strangers must leave places for configured peers that are not connected now.
    pub(crate) fn has_room(&self, id: &NodeId) -> bool {
        let count = |is: fn(&&Entry) -> bool| self.entries.values().filter(is).count();
        let connected = count(|entry| entry.is_connected());
        if self.entries.get(id).is_some_and(Entry::is_configured) {
            return connected < self.max_connected;
        }
        let awaited = count(|entry| entry.is_configured() && !entry.is_connected() && !entry.is_banned());
        connected.saturating_add(awaited.min(CONNECTED_RESERVED)) < self.max_connected
    }

    /// A dial has completed TLS. An error says why its connection is not let in.
    pub(crate) fn dialed(&mut self, now: Time, id: &NodeId) -> Result<(), Goodbye> {
        self.dials.under_way.remove(id);
        if !self.entries.contains_key(id) {
            return Err(Goodbye::new(GoodbyeReason::Removed, ""));
        }
        self.admit(now, id)
    }

    /// A dial has failed.
    pub(crate) fn dial_failed(&mut self, now: Time, id: &NodeId, endpoint: &Endpoint, why: &DialError) {
        if self.dials.under_way.remove(id).is_none() || self.is_busy(id) {
            return;
        }
        let (is_refused, text) = match why {
            DialError::Closed(text) | DialError::Unreachable(text) | DialError::Handshake(text) => {
                (false, text)
            }
            DialError::Certificate(text) => (true, text),
        };
        let Some(entry) = self.entries.get_mut(id) else { return };
        if entry.is_banned() || entry.is_connected() {
            return;
        }
        entry.attempts.is_refused |= is_refused;
        entry.attempts.next = entry.attempts.next.saturating_add(1);
        if entry.candidates.get(entry.attempts.next).is_some() {
            entry.set(now, Status::Known);
            self.dials.queue.push_back(id.clone());
        } else {
            let end = if entry.attempts.is_refused { Ending::Refused } else { Ending::Lost };
            self.settle(now, id, end);
        }
        let text: String = text.chars().filter(|c| !c.is_control()).take(DIAL_ERROR_CHARS).collect();
        self.note_refused(now, id, &format!("dialing {endpoint} failed: {text}"));
    }

    /// A dial led to this node itself: the address is forgotten.
    pub(crate) fn dialed_self(&mut self, now: Time, endpoint: &Endpoint) {
        let to_self = self.dials.under_way.iter().filter(|(_, to)| *to == endpoint);
        let ids: Vec<_> = to_self.map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.dials.under_way.remove(&id);
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.candidates.remove(endpoint);
                entry.why = Some("its address led to this node itself".to_string());
            }
            self.settle(now, &id, Ending::Lost);
        }
    }

    /// The last connection or dial of a peer has ended: plans the next dial.
    pub(super) fn settle(&mut self, now: Time, id: &NodeId, end: Ending) {
        let is_linked = self.linked.contains(id);
        let Some(entry) = self.entries.get_mut(id) else { return };
        if entry.is_banned() || entry.is_connected() {
            return;
        }
        let is_hearsay = entry.is_hearsay();
        let delay = entry.attempts.back_off(end, is_hearsay, &mut self.random);
        if is_hearsay && entry.attempts.failures >= HINT_FAILURES && !is_linked {
            self.forget(id);
            return self.changed(now);
        }
        let waits = end != Ending::Free && !entry.candidates.is_empty();
        entry.set(now, if waits { Status::Backoff(now) } else { Status::Known });
        if !self.stopping {
            self.plan_dial_after(now, id, delay);
        }
    }

    /// Certificates were reloaded: peers that were refused are tried again soon.
    pub(crate) fn clear_refusals(&mut self, now: Time) {
        let is_refused = |(_, entry): &(_, &Entry)| entry.attempts.refusals > 0;
        let refused: Vec<_> = self.entries.iter().filter(is_refused).map(|(id, _)| id.clone()).collect();
        for id in refused {
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            entry.attempts.refusals = 0;
            if matches!(entry.status, Status::Backoff(_)) {
                entry.set(now, Status::Known);
                self.plan_dial(now, &id, FIRST_DIAL);
            }
        }
    }

    /// Nobody is dialed any more.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
        self.dials.queue.clear();
        for id in self.entries.keys() {
            self.timers.clear(&Timer::Dial(id.clone()));
        }
    }
}

//! Requests for announced transactions: from one announcer at a time, in the order of the announcements.
//!
//! Invariants: an id is requested from at most one peer at a time. At most [`TRANSACTION_REQUESTS_PER_PEER`] ids are requested from a peer
//! at a time, and at most [`ANNOUNCED_PER_PEER`] of its announcements are remembered. Every requested id has exactly one deadline. An id
//! that is not requested waits because every peer that has it is at its limit, and it is in the queue of each. The work is a few steps for
//! each id that comes in, however much waits: a peer that announces without end and has nothing costs no more than its bytes.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use crate::crypto::Hash;
use crate::limits::{ANNOUNCED_PER_PEER, TRANSACTION_REQUESTS_PER_PEER, TRANSACTION_TIMEOUT};
use crate::overlay::ConnId;
use crate::time::Time;

#[derive(Debug, Default)]
pub(super) struct RequestTracker {
    wants: BTreeMap<Hash, Want>,
    peers: BTreeMap<ConnId, Announcer>,
    deadlines: BTreeSet<(Time, Hash)>,
    /// The peer that was asked is gone; to be requested from others at once.
    open: Vec<Hash>,
    requests: BTreeMap<ConnId, Vec<Hash>>,
    /// Ids looked at, for the test that counts the work.
    #[cfg(test)]
    pub(super) steps: usize,
}

#[derive(Debug, Default)]
struct Want {
    /// Peers that have it and were not asked yet, in the order of their announcements.
    announcers: Vec<ConnId>,
    asked: Option<(ConnId, Time)>,
}

#[derive(Debug, Default)]
struct Announcer {
    /// How many wants name it as a peer to ask.
    announced: usize,
    /// To be requested when there is room. Ids that are settled or requested from another peer by then leave when they come to the front.
    queue: VecDeque<Hash>,
    in_flight: usize,
    /// It failed to deliver lately: asked only for what nobody else has.
    withheld: bool,
}

impl RequestTracker {
    pub(super) fn peer_up(&mut self, conn: ConnId) {
        self.peers.insert(conn, Announcer::default());
    }

    /// What it was asked for is requested from others at the next [`RequestTracker::wake`].
    pub(super) fn peer_down(&mut self, conn: ConnId) {
        self.peers.remove(&conn);
        self.requests.remove(&conn);
        self.wants.retain(|id, want| {
            want.announcers.retain(|announcer| *announcer != conn);
            if let Some((_, deadline)) = want.asked.take_if(|(asked, _)| *asked == conn) {
                self.deadlines.remove(&(deadline, *id));
                if !want.announcers.is_empty() {
                    self.open.push(*id);
                }
            }
            want.asked.is_some() || !want.announcers.is_empty()
        });
    }

    /// A peer says that it has these.
    pub(super) fn announced(&mut self, now: Time, conn: ConnId, ids: &[Hash]) {
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        let mut new = Vec::new();
        for id in ids {
            if peer.announced >= ANNOUNCED_PER_PEER {
                break;
            }
            let want = self.wants.entry(*id).or_default();
            let told = want.announcers.contains(&conn) || want.asked.is_some_and(|(asked, _)| asked == conn);
            if !told {
                want.announcers.push(conn);
                peer.announced = peer.announced.saturating_add(1);
                new.push(*id);
            }
        }
        for id in new {
            if !self.ask(now, id) {
                self.queue(conn, id);
            }
        }
    }

    /// The transaction is here, from wherever it came.
    pub(super) fn got(&mut self, now: Time, from: Option<ConnId>, id: &Hash) {
        let asked = self.release(id);
        for conn in self.wants.remove(id).map(|want| want.announcers).unwrap_or_default() {
            self.forget(conn);
        }
        let Some(asked) = asked else { return };
        if let Some(peer) = self.peers.get_mut(&asked)
            && from == Some(asked)
        {
            peer.withheld = false;
        }
        self.fill(now, asked);
    }

    /// The peer does not have it any more, which is no offence.
    pub(super) fn not_found(&mut self, now: Time, conn: ConnId, id: &Hash) {
        let asked = self.wants.get(id).and_then(|want| want.asked);
        if asked.is_some_and(|(asked, _)| asked == conn) {
            self.release(id);
            self.ask_or_queue(now, *id);
            self.fill(now, conn);
        }
    }

    /// Asks others for what did not come in time. Returns the peers that did not deliver, each once.
    pub(super) fn wake(&mut self, now: Time) -> BTreeSet<ConnId> {
        let mut late = BTreeSet::new();
        let mut open = core::mem::take(&mut self.open);
        while let Some((_, id)) = self.deadlines.first().copied().filter(|(deadline, _)| *deadline <= now) {
            late.extend(self.release(&id));
            open.push(id);
        }
        for conn in &late {
            if let Some(peer) = self.peers.get_mut(conn) {
                peer.withheld = true;
            }
        }
        for id in open {
            self.ask_or_queue(now, id);
        }
        for conn in &late {
            self.fill(now, *conn);
        }
        late
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        let at_once = (!self.open.is_empty()).then(Time::default);
        at_once.or_else(|| self.deadlines.first().map(|(deadline, _)| *deadline))
    }

    /// What must now be requested from which peer.
    pub(super) fn take_requests(&mut self) -> BTreeMap<ConnId, Vec<Hash>> {
        core::mem::take(&mut self.requests)
    }

    /// Asks the first announcer that has room, preferring those that deliver. False if some peer has it but none can be asked now.
    fn ask(&mut self, now: Time, id: Hash) -> bool {
        self.step();
        let Some(want) = self.wants.get_mut(&id).filter(|want| want.asked.is_none()) else { return true };
        if want.announcers.is_empty() {
            self.wants.remove(&id);
            return true;
        }
        let free = |conn: &ConnId, withheld: bool| {
            self.peers
                .get(conn)
                .is_some_and(|p| p.in_flight < TRANSACTION_REQUESTS_PER_PEER && p.withheld == withheld)
        };
        let mut announcers = want.announcers.iter();
        let found = announcers.position(|conn| free(conn, false));
        let Some(at) = found.or_else(|| want.announcers.iter().position(|conn| free(conn, true))) else {
            return false;
        };
        let conn = want.announcers.remove(at);
        let deadline = now.after(TRANSACTION_TIMEOUT);
        want.asked = Some((conn, deadline));
        self.deadlines.insert((deadline, id));
        self.requests.entry(conn).or_default().push(id);
        self.forget(conn);
        if let Some(peer) = self.peers.get_mut(&conn) {
            peer.in_flight = peer.in_flight.saturating_add(1);
        }
        true
    }

    fn ask_or_queue(&mut self, now: Time, id: Hash) {
        if !self.ask(now, id) {
            let announcers = self.wants.get(&id).map(|want| want.announcers.clone()).unwrap_or_default();
            for conn in announcers {
                self.queue(conn, id);
            }
        }
    }

    /// Requests from `conn` what it announced and nobody else is asked for, as far as there is room.
    fn fill(&mut self, now: Time, conn: ConnId) {
        while let Some(peer) = self.peers.get_mut(&conn)
            && peer.in_flight < TRANSACTION_REQUESTS_PER_PEER
            && let Some(id) = peer.queue.pop_front()
        {
            self.step();
            if self.wants.get(&id).is_some_and(|want| want.announcers.contains(&conn)) {
                self.ask(now, id);
            }
        }
    }

    fn queue(&mut self, conn: ConnId, id: Hash) {
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        if peer.queue.len() >= 2 * ANNOUNCED_PER_PEER {
            // At least half of the queue is settled or queued twice.
            let mut seen = BTreeSet::new();
            let waits = |id: &Hash| self.wants.get(id).is_some_and(|want| want.announcers.contains(&conn));
            peer.queue.retain(|id| waits(id) && seen.insert(*id));
        }
        peer.queue.push_back(id);
    }

    /// One want fewer names `conn` as a peer to ask.
    fn forget(&mut self, conn: ConnId) {
        if let Some(peer) = self.peers.get_mut(&conn) {
            peer.announced = peer.announced.saturating_sub(1);
        }
    }

    #[cfg(not(test))]
    fn step(&self) {}

    #[cfg(test)]
    fn step(&mut self) {
        self.steps += 1;
    }

    /// Ends the request for `id`; returns which peer it was sent to.
    fn release(&mut self, id: &Hash) -> Option<ConnId> {
        let (conn, deadline) = self.wants.get_mut(id)?.asked.take()?;
        self.deadlines.remove(&(deadline, *id));
        if let Some(requests) = self.requests.get_mut(&conn) {
            requests.retain(|request| request != id);
        }
        if let Some(peer) = self.peers.get_mut(&conn) {
            peer.in_flight = peer.in_flight.saturating_sub(1);
        }
        Some(conn)
    }

    #[cfg(test)]
    pub(super) fn check(&self) {
        let asked = |conn: &ConnId| {
            self.wants.values().filter(|w| w.asked.is_some_and(|(asked, _)| asked == *conn)).count()
        };
        for (conn, peer) in &self.peers {
            assert_eq!(peer.in_flight, asked(conn));
            assert_eq!(peer.announced, self.wants.values().filter(|w| w.announcers.contains(conn)).count());
            assert!(peer.in_flight <= TRANSACTION_REQUESTS_PER_PEER && peer.announced <= ANNOUNCED_PER_PEER);
            assert!(peer.queue.len() <= 2 * ANNOUNCED_PER_PEER);
        }
        for (id, want) in &self.wants {
            assert!(want.asked.is_some() || !want.announcers.is_empty());
            assert!(want.asked.is_none_or(|(_, deadline)| self.deadlines.contains(&(deadline, *id))));
            if want.asked.is_none() && !self.open.contains(id) {
                let full = |peer: &Announcer| peer.in_flight == TRANSACTION_REQUESTS_PER_PEER;
                let waits = |peer: &Announcer| full(peer) && peer.queue.contains(id);
                assert!(want.announcers.iter().all(|conn| waits(&self.peers[conn])), "nobody will ask");
            }
        }
        assert_eq!(self.deadlines.len(), self.wants.values().filter(|w| w.asked.is_some()).count());
    }
}

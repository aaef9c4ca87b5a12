//! Which of two connections of one id stays.
//!
//! Both sides dialed at once (same instance, opposite directions): the connection that the smaller id opened stays. Both sides know this,
//! but only the smaller id closes the other one, and only after a frame beyond hello has come on the one that stays. Until then it cannot
//! know that the larger id has that connection too. The larger id's ping, sent after hello, is such a frame.
//!
//! Both in one direction, from the same process, and the older one due for renewal: a renewal, see [`super::age`].
//!
//! Otherwise one of the two is dead or the peer is two machines. A new instance is a restart: the newer connection stays, at most once a
//! minute. An instance that was seen before, or a second new one within the minute, is a reconnect if the older connection is dead, and a
//! twin with the same certificate if the older connection answers a ping.

use alloc::collections::VecDeque;

use super::connections::{Connection, ConnectionState};
use super::{Ending, Links, NetworkEvent, Throttle, Timer};
use crate::crypto::{Hash, sha256};
use crate::limits::{DUPLICATE_PING, INSTANCE_SWAP_EVERY, INSTANCES_PER_PEER};
use crate::overlay::{ConnId, Direction};
use crate::time::Time;
use crate::wire::{Goodbye, GoodbyeReason, Hello};

/// The last few `instance`s in an id's hellos, and when a new one was taken for a restart.
#[derive(Debug)]
pub(super) struct Instances {
    seen: VecDeque<Hash>,
    restart: Throttle,
}

impl Instances {
    pub(super) fn none() -> Self {
        Self { seen: VecDeque::new(), restart: Throttle::once_in(INSTANCE_SWAP_EVERY) }
    }

    pub(super) fn add(&mut self, instance: Hash) {
        if !self.seen.contains(&instance) {
            self.seen.push_back(instance);
            self.seen.drain(..self.seen.len().saturating_sub(INSTANCES_PER_PEER));
        }
    }

    /// Whether the instance counts as a restart of the one that is connected.
    fn is_restart(&mut self, now: Time, instance: &Hash) -> bool {
        !self.seen.contains(instance) && self.restart.passes(now)
    }
}

pub(super) fn instance_of(hello: &Hello) -> Hash {
    sha256(hello.instance.as_bytes())
}

impl Links {
    /// A second connection of a connected peer has sent a hello that fits; `old` carries the session.
    pub(super) fn second(&mut self, now: Time, conn: ConnId, old: ConnId) {
        let (Some(new), Some(older)) = (self.connections.get(&conn), self.connections.get(&old)) else {
            return;
        };
        let (Some(instance), Some(peer)) = (new.hello.as_ref().map(instance_of), self.peers.get_mut(&new.id))
        else {
            return;
        };
        let is_same = older.hello.as_ref().map(instance_of) == Some(instance);
        let is_crossed = is_same && new.direction() != older.direction();
        let is_renewal = is_same && Self::renews(now, new, older);
        if peer.instances.is_restart(now, &instance) {
            // It becomes the session's carrier once no older one is left; until then it waits.
            self.set_stage(conn, ConnectionState::Waiting);
            return self.newer_stays(now, conn);
        }
        // A third one would only let a peer hold many connections.
        let is_greeted = |c: &Connection| matches!(c.stage, ConnectionState::Up | ConnectionState::Waiting);
        if self.connections_of(&new.id).any(|(at, c)| at != conn && at != old && is_greeted(c)) {
            return self.close_duplicate(now, conn);
        }
        if is_renewal {
            return self.renew(now, conn, old);
        }
        if is_crossed {
            self.set_stage(conn, ConnectionState::Up);
            self.ping(now, conn);
            return self.settle_crossed(now, conn, old);
        }
        self.set_stage(conn, ConnectionState::Waiting);
        self.ping(now, old);
        self.timers.set(Timer::Probation(conn), now.after(DUPLICATE_PING));
    }

    /// Of two crossed connections, both up, the winner carries the session; the smaller id closes the loser as soon as it may.
    fn settle_crossed(&mut self, now: Time, one: ConnId, other: ConnId) {
        let Some(connection) = self.connections.get(&one) else { return };
        let (id, i_am_smaller) = (connection.id.clone(), self.hello.id < connection.id);
        let opened_by_me = connection.direction() == Direction::Out;
        let (winner, loser) = if opened_by_me == i_am_smaller { (one, other) } else { (other, one) };
        if !i_am_smaller {
            return self.carry(&id, winner);
        }
        if self.connections.get(&winner).is_some_and(|winner| winner.beyond) {
            self.carry(&id, winner);
            self.close_duplicate(now, loser);
        }
    }

    /// The first frame beyond hello has come on this connection.
    pub(super) fn beyond(&mut self, now: Time, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(&conn).filter(|c| c.stage == ConnectionState::Up)
        else {
            return;
        };
        if let Some(old) = connection.renewed.take() {
            return self.hand_over(now, conn, old);
        }
        let direction = connection.direction();
        if let Some(other) =
            self.other(conn, |c| c.stage == ConnectionState::Up && c.direction() != direction)
        {
            self.settle_crossed(now, conn, other);
        }
    }

    /// The connection has answered a ping: if a newer one waits to replace it, the newer one is closed.
    pub(super) fn lives(&mut self, now: Time, conn: ConnId) {
        let Some(waiting) = self.other(conn, |c| c.stage == ConnectionState::Waiting) else { return };
        self.close_duplicate(now, waiting);
        if let Some(id) = self.id_of(conn) {
            self.note(NetworkEvent::DuplicateIdentity(id));
        }
    }

    /// The older connection counts as dead: it has not answered in time, or its process has restarted.
    pub(super) fn newer_stays(&mut self, now: Time, conn: ConnId) {
        let Some(id) = self.id_of(conn) else { return };
        let carrier = self.carrier_of(&id);
        let mut older = self.open_of(&id);
        older.retain(|other| *other != conn && self.stage(*other) != Some(ConnectionState::Greeting));
        // The carrier last: its session ends with it, and the waiting connection takes its place.
        older.sort_by_key(|other| Some(*other) == carrier);
        for other in older {
            self.close_duplicate(now, other);
        }
    }

    fn close_duplicate(&mut self, now: Time, conn: ConnId) {
        let goodbye = Goodbye::new(GoodbyeReason::Duplicate, "another connection of this id stays");
        self.close(now, conn, Some(goodbye), Ending::Free);
    }

    fn stage(&self, conn: ConnId) -> Option<ConnectionState> {
        self.connections.get(&conn).map(|connection| connection.stage)
    }

    fn set_stage(&mut self, conn: ConnId, stage: ConnectionState) {
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.stage = stage;
        }
    }
}

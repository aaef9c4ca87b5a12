//! Two connections of one id.
//!
//! Both sides dialed at once (same instance, opposite directions): the connection that the smaller id opened stays. Both sides know that,
//! but only the smaller id closes the other one, and only after a frame beyond hello has come on the one that stays: until then it cannot
//! know that the larger id has it too. The larger id's ping, sent after hello, is such a frame.
//!
//! Both in one direction, from the same process, and the older one of age: a renewal, see [`super::age`].
//!
//! Otherwise one of the two is dead or the peer is two machines. A new instance is a restart: the newer connection stays, once a minute. An
//! instance that was seen before, or a second new one within the minute, is a reconnect if the older connection is dead, and a twin with the same certificate if it answers a ping.

use super::connections::{End, Stage};
use super::sessions::instance_of;
use super::{Event, Peers, Timer, is_recent};
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::limits::DUPLICATE_PING;
use crate::overlay::{ConnId, Direction};
use crate::time::Time;
use crate::wire::{Goodbye, GoodbyeReason};

impl Peers {
    /// A second connection of a connected peer has said a hello that fits; `old` carries the session.
    pub(super) fn second(&mut self, now: Time, conn: ConnId, old: ConnId) {
        let (Some(new), Some(older)) = (self.connections.get(&conn), self.connections.get(&old)) else {
            return;
        };
        let instance = new.hello.as_ref().map(instance_of);
        let same = instance == older.hello.as_ref().map(instance_of);
        let crossed = same && new.direction != older.direction;
        let id = new.id.clone();
        let renews = same && self.renews(now, new, older);
        let is_known = self
            .peers
            .get(&id)
            .is_some_and(|peer| peer.instances.iter().any(|known| Some(*known) == instance));
        // A restart is not looked at twice, but once a minute only: who claims a new one each time swaps no faster.
        let swapped = self.peers.get(&id).and_then(|peer| peer.swapped);
        if !is_known && !is_recent(swapped, now) {
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.swapped = Some(now);
            }
            // Attached by itself once nothing older is left; until then it waits.
            self.set_stage(conn, Stage::Waiting);
            return self.newer_stays(now, conn);
        }
        // A third one would only be a way to hold many.
        let third = self.connections.iter().any(|(other, c)| {
            *other != conn && *other != old && c.id == id && matches!(c.stage, Stage::Up | Stage::Waiting)
        });
        if third {
            return self.close_duplicate(now, conn);
        }
        if renews {
            return self.renew(now, conn, old);
        }
        if crossed {
            self.set_stage(conn, Stage::Up);
            self.ping(now, conn);
            return self.settle_crossed(now, conn, old);
        }
        self.set_stage(conn, Stage::Waiting);
        self.ping(now, old);
        self.timers.set(Timer::Probation(conn), now.after(DUPLICATE_PING));
    }

    /// Of two crossed connections, both up, the winner carries the session; the smaller id closes the loser as soon as it may.
    fn settle_crossed(&mut self, now: Time, one: ConnId, other: ConnId) {
        let Some(connection) = self.connections.get(&one) else { return };
        let (id, i_am_smaller) = (connection.id.clone(), self.own.hello.id < connection.id);
        let opened_by_me = connection.direction == Direction::Out;
        let (winner, loser) = if opened_by_me == i_am_smaller { (one, other) } else { (other, one) };
        if !i_am_smaller {
            return self.rewire(&id, winner);
        }
        if self.connections.get(&winner).is_some_and(|winner| winner.beyond) {
            self.rewire(&id, winner);
            self.close_duplicate(now, loser);
        }
    }

    /// An id has proven this public key. Another one than before may be a thief's.
    pub(super) fn meet_key(&mut self, now: Time, id: &NodeId, key: Hash) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        let old = peer.key.replace(key);
        if old == Some(key) {
            return;
        }
        if let Some(old) = old
            && !is_recent(peer.key_noted, now)
        {
            peer.key_noted = Some(now);
            self.note(Event::KeyChanged { id: id.clone(), old, new: key });
        }
        self.changed(now);
    }

    /// The first frame beyond hello has come on this connection.
    pub(super) fn beyond(&mut self, now: Time, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        if connection.stage != Stage::Up {
            return;
        }
        if let Some(old) = connection.renewed.take() {
            return self.hand_over(now, conn, old);
        }
        let (id, direction) = (connection.id.clone(), connection.direction);
        let other = self
            .connections
            .iter()
            .find(|(other, c)| {
                **other != conn && c.id == id && c.stage == Stage::Up && c.direction != direction
            })
            .map(|(other, _)| *other);
        if let Some(other) = other {
            self.settle_crossed(now, conn, other);
        }
    }

    /// The connection has answered a ping: if a newer one waits for its death, that one goes.
    pub(super) fn lives(&mut self, now: Time, conn: ConnId) {
        let Some(id) = self.connections.get(&conn).map(|connection| connection.id.clone()) else { return };
        let waiting = self
            .connections
            .iter()
            .find(|(other, c)| **other != conn && c.id == id && c.stage == Stage::Waiting)
            .map(|(other, _)| *other);
        if let Some(waiting) = waiting {
            self.close_duplicate(now, waiting);
            self.note(Event::DuplicateIdentity(id));
        }
    }

    /// The older connection has not answered in time.
    pub(super) fn probation_over(&mut self, now: Time, conn: ConnId) {
        self.newer_stays(now, conn);
    }

    fn newer_stays(&mut self, now: Time, conn: ConnId) {
        let Some(id) = self.connections.get(&conn).map(|connection| connection.id.clone()) else { return };
        let carries = self.wire_of(&id);
        let mut older = self.wires(&id);
        older.retain(|other| *other != conn && self.stage(*other) != Some(Stage::Greeting));
        // The session's wire last: the session ends with it, and the waiting connection takes its place.
        older.sort_by_key(|other| Some(*other) == carries);
        for other in older {
            self.close_duplicate(now, other);
        }
    }

    fn close_duplicate(&mut self, now: Time, conn: ConnId) {
        let goodbye = Goodbye::new(GoodbyeReason::Duplicate, "another connection of this id stays");
        self.close(now, conn, Some(goodbye), End::Free);
    }

    fn stage(&self, conn: ConnId) -> Option<Stage> {
        self.connections.get(&conn).map(|connection| connection.stage)
    }

    fn set_stage(&mut self, conn: ConnId, stage: Stage) {
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.stage = stage;
        }
    }
}

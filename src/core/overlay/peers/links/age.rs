//! Old age: the side that dialed a connection dials it again after about a day, so that certificates and keys are proven afresh.
//!
//! The new connection is up before the old one is closed, and nothing is lost:
//!
//! ```text
//! dialer                                    acceptor
//! dials, hello              ------------->  its messages go over the new connection from now on
//! first frame beyond hello  <-- (new) ----  ping
//! its messages go over the new one, too
//! ping, its last word       -- (old) ---->  has read all that came before it
//! has read all before it    <-- (old) ----  pong, its last word
//! Goodbye Age               -- (old) ---->
//! ```
//!
//! If that fails (nothing answers there any more, or the dialer does not try), either side closes the old connection at
//! [`CONNECTION_AGE_LIMIT`]; the dialer then comes back as after any loss.

use core::time::Duration;

use super::connections::{Connection, ConnectionState};
use super::{Ending, LinkEvent, Links, NetworkEvent, Timer};
use crate::id::NodeId;
use crate::limits::{
    CONNECTION_AGE, CONNECTION_AGE_JITTER, CONNECTION_AGE_LIMIT, CONNECTION_RENEWABLE, RENEW_AGAIN,
    SILENT_CLOSE,
};
use crate::overlay::{ConnId, Direction};
use crate::time::Time;
use crate::wire::{Endpoint, Goodbye, GoodbyeReason};

/// How far the renewal of a connection has come, as seen by the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    /// Young.
    No,
    /// This node is to dial it again.
    Due,
    /// The new one carries the session; what is under way here still counts.
    Leaving,
}

impl Links {
    /// A connection's hello was accepted: plans its old age. The dialer renews the connection; the other side only bounds its age.
    pub(super) fn plan_age(&mut self, now: Time, conn: ConnId) {
        let Some(connection) = self.connections.get(&conn) else { return };
        let age = match connection.direction() {
            Direction::Out => CONNECTION_AGE
                .saturating_sub(CONNECTION_AGE_JITTER)
                .saturating_add(self.random.up_to(CONNECTION_AGE_JITTER.saturating_mul(2))),
            Direction::In => CONNECTION_AGE_LIMIT,
        };
        self.timers.set(Timer::Age(conn), now.after(age));
    }

    /// A connection has reached its age.
    pub(super) fn aged(&mut self, now: Time, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let limit = connection.opened.after(CONNECTION_AGE_LIMIT);
        let was = core::mem::replace(&mut connection.renewal, Renewal::Due);
        let (id, direction) = (connection.id.clone(), connection.direction());
        let left = was == Renewal::Leaving && self.carrier_of(&id) != Some(conn);
        if left && direction == Direction::In {
            // The side that dialed the new one does not know of the old one: it is not the same machine.
            self.note(NetworkEvent::DuplicateIdentity(id));
            return self.close_aged(now, conn);
        }
        if left || now >= limit {
            return self.close_aged(now, conn);
        }
        if direction == Direction::In {
            return self.timers.set(Timer::Age(conn), limit);
        }
        self.timers.set(Timer::Age(conn), now.after(RENEW_AGAIN).min(limit));
        self.tell(conn, LinkEvent::Aged);
    }

    /// Where to dial a connected peer again, if its connection is due for renewal.
    pub(crate) fn renewable(&self, id: &NodeId) -> Option<Endpoint> {
        let carrier = self.connections.get(&self.carrier_of(id)?)?;
        let is_due = carrier.renewal == Renewal::Due && self.connections_of(id).count() == 1;
        carrier.dialed.clone().filter(|_| is_due)
    }

    /// A second connection in the direction of the old one, from the same process: a renewal only if the old one is old enough. This bounds
    /// how often one connection may replace another in this way.
    pub(super) fn renews(now: Time, new: &Connection, old: &Connection) -> bool {
        new.direction() == old.direction() && now.since(old.opened) >= CONNECTION_RENEWABLE
    }

    /// The new connection `conn` takes over from `old`.
    pub(super) fn renew(&mut self, now: Time, conn: ConnId, old: ConnId) {
        let wall = self.wall(now);
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.stage = ConnectionState::Up;
        let (id, direction) = (connection.id.clone(), connection.direction());
        let offset = connection.hello.as_ref().map(|hello| hello.clock_offset_ms(wall));
        if direction == Direction::Out {
            connection.renewed = Some(old);
        }
        self.prove(conn);
        if let Some((session, offset)) = self.session_of(&id).zip(offset) {
            session.clock_offset_ms = offset;
        }
        if direction == Direction::In {
            self.carry(&id, conn);
            self.leave(now, old, SILENT_CLOSE.saturating_mul(2));
        }
        self.ping(now, conn);
    }

    /// A frame beyond hello on the new connection: the other side sends only its last word on the old one now.
    pub(super) fn hand_over(&mut self, now: Time, conn: ConnId, old: ConnId) {
        let Some(id) = self.id_of(conn) else { return };
        self.carry(&id, conn);
        // The wait for the last word is bounded.
        if self.leave(now, old, SILENT_CLOSE) {
            self.ping(now, old);
        }
    }

    /// The dialer is to close the old connection within `span`.
    fn leave(&mut self, now: Time, old: ConnId, span: Duration) -> bool {
        let Some(left) = self.connections.get_mut(&old).filter(|left| left.stage == ConnectionState::Up)
        else {
            return false;
        };
        left.renewal = Renewal::Leaving;
        self.timers.set(Timer::Age(old), now.after(span));
        true
    }

    /// The connection has answered a ping. If it was leaving, that was its last word, unless the connection that took over is already gone.
    pub(super) fn parted(&mut self, now: Time, conn: ConnId) {
        let Some(connection) = self.connections.get(&conn) else { return };
        let leaving = connection.direction() == Direction::Out && connection.renewal == Renewal::Leaving;
        if leaving && self.carrier_of(&connection.id) != Some(conn) {
            self.close_aged(now, conn);
        }
    }

    fn close_aged(&mut self, now: Time, conn: ConnId) {
        self.close(now, conn, Some(Goodbye::new(GoodbyeReason::Age, "")), Ending::Free);
    }
}

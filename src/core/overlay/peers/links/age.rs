//! Old age: whoever dialed a connection dials it again after about a day, so that certificates and keys are proven afresh.
//!
//! The new connection stands before the old one goes, and nothing is lost on the way:
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
//! Where that cannot be (nothing answers there any more, or the dialer does not care to), either side closes the old connection at
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

/// How far the renewal of a connection has come, seen from the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    /// Young.
    No,
    /// To be dialed again by this node.
    Due,
    /// The other one carries the session; what is under way here still counts.
    Leaving,
}

impl Links {
    /// A connection's hello fits: it has so long. The dialer renews it; the other side only bounds it.
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

    /// A connection has come to its age.
    pub(super) fn aged(&mut self, now: Time, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let limit = connection.opened.after(CONNECTION_AGE_LIMIT);
        let was = core::mem::replace(&mut connection.renewal, Renewal::Due);
        let (id, direction) = (connection.id.clone(), connection.direction());
        let left = was == Renewal::Leaving && self.carrier_of(&id) != Some(conn);
        if left && direction == Direction::In {
            // Whoever dialed the new one does not know of the old one: it is not the same machine.
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

    /// Where a connected peer is to be dialed again, if it is.
    pub(crate) fn renewable(&self, id: &NodeId) -> Option<Endpoint> {
        let carrier = self.connections.get(&self.carrier_of(id)?)?;
        let is_due = carrier.renewal == Renewal::Due && self.connections_of(id).count() == 1;
        carrier.dialed.clone().filter(|_| is_due)
    }

    /// A second connection in the direction of the old one, from the same process: the old one is of age, or else something else is
    /// meant. Bounds how often this way one connection may replace another.
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

    /// A frame beyond hello on the new connection: the other side sends nothing more on the old one but its last word.
    pub(super) fn hand_over(&mut self, now: Time, conn: ConnId, old: ConnId) {
        let Some(id) = self.id_of(conn) else { return };
        self.carry(&id, conn);
        // A last word that does not come is not waited for without end.
        if self.leave(now, old, SILENT_CLOSE) {
            self.ping(now, old);
        }
    }

    /// The old connection is to be closed by the dialer, within `span`.
    fn leave(&mut self, now: Time, old: ConnId, span: Duration) -> bool {
        let Some(left) = self.connections.get_mut(&old).filter(|left| left.stage == ConnectionState::Up)
        else {
            return false;
        };
        left.renewal = Renewal::Leaving;
        self.timers.set(Timer::Age(old), now.after(span));
        true
    }

    /// The connection has answered a ping; if it was leaving, that was the last word. Unless the one that took over is gone already.
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

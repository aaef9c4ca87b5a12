//! Connections: from the moment that TLS has proven an id until the shell says that it is gone.
//!
//! ```text
//! Greeting -> Up        hello read, fits; one of the wires of its peer's session
//!     |   '-> Waiting   hello read, fits; the older connection is asked whether it lives
//!     '----------'----> Closing   asked to close; whatever still comes is ignored
//! ```

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::age::Renewal;
use super::{Event, Output, Peers, Timer, is_recent};
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::limits::{HELLO_TIMEOUT, PING_AFTER};
use crate::overlay::{CloseReason, ConnId, Direction, SessionSecret, Verified};
use crate::time::{Time, Timestamp};
use crate::wire::{Endpoint, Goodbye, GoodbyeReason, Hello, HelloError, Message};

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: NodeId,
    pub(super) direction: Direction,
    pub(super) stage: Stage,
    pub(super) opened: Time,
    /// Something came last.
    pub(super) heard: Time,
    /// The ping that is not answered yet.
    pub(super) ping: Option<(u64, Time)>,
    pub(super) rtt: Option<Duration>,
    /// A frame beyond hello has come.
    pub(super) beyond: bool,
    /// Whether it is of age.
    pub(super) renewal: Renewal,
    /// This node dialed it to take the place of that one, which still carries the session.
    pub(super) renewed: Option<ConnId>,
    pub(super) hello: Option<Hello>,
    /// What came while waiting.
    pub(super) held: Vec<Message>,
    /// GetPeers and Revocations that the peer sent.
    pub(super) chores: (u64, u64),
    secret: SessionSecret,
    /// SHA-256 of the certificate's public key info.
    key: Hash,
    /// When its certificate ends.
    pub(super) not_after: Timestamp,
    /// Where it was dialed.
    pub(super) endpoint: Option<Endpoint>,
    pub(super) shown: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Greeting,
    Waiting,
    Up,
    Closing(End),
}

/// What the end of a connection or of a round of dials means for the next dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nobody's fault: no penalty.
    Free,
    /// Not reached, or lost.
    Lost,
    /// One side does not want the other: nothing will change soon.
    Refused,
}

impl Peers {
    /// See [`super::super::Input::Accepted`].
    pub fn accepted(&mut self, now: Time, conn: ConnId, peer: Verified, address: IpAddr) {
        if peer.id == self.own.hello.id {
            // This node dials no address of its own id, so this is another machine that holds the same certificate.
            if !is_recent(self.own.twin_noted, now) {
                self.own.twin_noted = Some(now);
                self.note(Event::DuplicateIdentity(peer.id));
            }
            return self.turn_away(
                conn,
                GoodbyeReason::Identity,
                "this is the same id; issue one of its own",
            );
        }
        self.open(now, conn, peer, Direction::In, None, address.to_string());
    }

    /// See [`super::super::Input::Dialed`].
    pub fn dialed(&mut self, now: Time, conn: ConnId, peer: Verified, endpoint: Endpoint) {
        if peer.id == self.own.hello.id {
            self.turn_away(conn, GoodbyeReason::Identity, "this is the same id");
            return self.dialed_self(now, &endpoint);
        }
        self.dials.remove(&peer.id);
        if self.peers.contains_key(&peer.id) {
            let shown = endpoint.to_string();
            self.open(now, conn, peer, Direction::Out, Some(endpoint), shown);
        } else {
            self.turn_away(conn, GoodbyeReason::Removed, "");
        }
        self.pump(now);
    }

    fn open(
        &mut self,
        now: Time,
        conn: ConnId,
        peer: Verified,
        direction: Direction,
        endpoint: Option<Endpoint>,
        shown: String,
    ) {
        if self.stopping {
            return self.turn_away(conn, GoodbyeReason::Shutdown, "");
        }
        if let Some(why) = self.banned_because(now, &peer.id) {
            self.turn_away(conn, GoodbyeReason::Banned, &why);
            return self.note_turned_away(now, &peer.id, &why);
        }
        if self.ensure(now, &peer.id).is_none() {
            return self.turn_away(conn, GoodbyeReason::Full, "the address book is full of proven peers");
        }
        let connection = Connection {
            id: peer.id,
            direction,
            stage: Stage::Greeting,
            opened: now,
            heard: now,
            ping: None,
            rtt: None,
            beyond: false,
            renewal: Renewal::No,
            renewed: None,
            hello: None,
            held: Vec::new(),
            chores: (0, 0),
            secret: peer.session,
            key: peer.key,
            not_after: peer.not_after,
            endpoint,
            shown,
        };
        self.connections.insert(conn, connection);
        self.timers.set(Timer::Quiet(conn), now.after(HELLO_TIMEOUT));
        let mut hello = self.own.hello.clone();
        hello.time_ms = self.wall(now).0;
        self.outputs.push_back(Output::Greet { conn, hello });
    }

    /// Closes a connection that never gets into the tables.
    fn turn_away(&mut self, conn: ConnId, reason: GoodbyeReason, detail: &str) {
        self.outputs.push_back(Output::Close { conn, goodbye: Some(Goodbye::new(reason, detail)) });
    }

    /// See [`super::super::Input::Hello`].
    pub fn hello(&mut self, now: Time, conn: ConnId, hello: Hello) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        match connection.stage {
            Stage::Greeting => (),
            Stage::Closing(_) => return,
            Stage::Up | Stage::Waiting => {
                return self.blame(now, conn, &crate::overlay::Fault::Unasked("hello"));
            }
        }
        connection.heard = now;
        self.timers.set(Timer::Quiet(conn), now.after(PING_AFTER));
        if let Err(error) = hello.check(&self.own.hello, &connection.id, &connection.secret.0) {
            return self.misfit(now, conn, &error);
        }
        connection.hello = Some(hello);
        let id = connection.id.clone();
        let key = connection.key;
        self.plan_age(now, conn);
        self.meet_key(now, &id, key);
        match self.wire_of(&id) {
            Some(old) => self.second(now, conn, old),
            None if self.has_room(&id) => self.attach(now, conn),
            None => {
                let most = format!("{} peers are connected", self.connected());
                self.close(now, conn, Some(Goodbye::new(GoodbyeReason::Full, &most)), End::Lost);
                self.note_refused(now, &id, "no room for another peer");
            }
        }
    }

    fn misfit(&mut self, now: Time, conn: ConnId, error: &HelloError) {
        let Some(id) = self.connections.get(&conn).map(|connection| connection.id.clone()) else { return };
        let reason = match error {
            HelloError::Network { .. } => GoodbyeReason::Network,
            HelloError::Protocol { .. } => GoodbyeReason::Protocol,
            HelloError::Rules { .. } => GoodbyeReason::Rules,
            HelloError::Id { .. } | HelloError::Proof(_) => GoodbyeReason::Identity,
            HelloError::Form(_) => GoodbyeReason::Fault,
        };
        let text = error.to_string();
        self.close(now, conn, Some(Goodbye::new(reason, &text)), End::Refused);
        self.note_refused(now, &id, &format!("its hello does not fit: told it \"{text}\""));
    }

    /// Says goodbye and closes. Nothing that still comes counts.
    pub(super) fn close(&mut self, now: Time, conn: ConnId, goodbye: Option<Goodbye>, end: End) {
        let why = goodbye.as_ref().map_or_else(|| "closed".to_string(), tell);
        self.close_because(now, conn, goodbye, end, &why);
    }

    fn close_because(&mut self, now: Time, conn: ConnId, goodbye: Option<Goodbye>, end: End, why: &str) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        if matches!(connection.stage, Stage::Closing(_)) {
            return;
        }
        connection.stage = Stage::Closing(end);
        connection.held = Vec::new();
        let id = connection.id.clone();
        self.disarm(conn);
        self.outputs.push_back(Output::Close { conn, goodbye });
        self.detach(now, &id, conn, why);
    }

    /// A connection's certificate is no longer good. Said once, whatever the peer had here.
    pub fn revoked(&mut self, now: Time, conn: ConnId, why: &str) {
        let Some(connection) = self.connections.get(&conn) else { return };
        if matches!(connection.stage, Stage::Closing(_)) {
            return;
        }
        let id = connection.id.clone();
        let was_up = self.wire_of(&id).is_some();
        let words = "your certificate has been revoked, has expired or is of a root no longer trusted";
        let goodbye = Goodbye::new(GoodbyeReason::Certificate, words);
        let why = format!("cut: {why}");
        self.close_because(now, conn, Some(goodbye), End::Refused, &why);
        if let Some(peer) = self.peers.get_mut(&id) {
            // Not told to others any more.
            (peer.listens, peer.proven_at) = (None, None);
        }
        if !was_up {
            self.note_refused(now, &id, &why);
        }
    }

    fn disarm(&mut self, conn: ConnId) {
        for timer in [Timer::Quiet(conn), Timer::Probation(conn), Timer::Age(conn)] {
            self.timers.clear(&timer);
        }
    }

    /// Closes all connections of an id; its session ends.
    pub(super) fn close_all(&mut self, now: Time, id: &NodeId, goodbye: &Goodbye, end: End) {
        let mut all = self.wires(id);
        // The session's wire last: nothing is left then that could take its place.
        all.sort_by_key(|conn| self.wire_of(id) == Some(*conn));
        for conn in all {
            self.close(now, conn, Some(goodbye.clone()), end);
        }
    }

    /// See [`super::super::Input::Closed`].
    pub fn closed(&mut self, now: Time, conn: ConnId, why: &CloseReason) {
        let Some(connection) = self.connections.remove(&conn) else { return };
        self.disarm(conn);
        let id = connection.id;
        let (end, text) = match connection.stage {
            Stage::Closing(end) => (end, None),
            _ => (end_of(why), Some(describe(why))),
        };
        if let Some(text) = text {
            self.detach(now, &id, conn, &text);
            if end == End::Refused || connection.stage == Stage::Greeting {
                self.note_refused(now, &id, &text);
            }
        }
        if !self.is_busy(&id) {
            self.settle(now, &id, end);
        }
    }

    /// The peer says goodbye; it closes, so does this node.
    pub(super) fn goodbye(&mut self, now: Time, conn: ConnId, goodbye: Goodbye) {
        let Some(id) = self.connections.get(&conn).map(|connection| connection.id.clone()) else { return };
        let why = CloseReason::Goodbye(goodbye);
        let (end, text) = (end_of(&why), describe(&why));
        self.close(now, conn, None, end);
        if end == End::Refused {
            self.note_refused(now, &id, &text);
        } else if let Some(peer) = self.peers.get_mut(&id) {
            peer.why = Some(text);
        }
    }

    /// All connections of the id that are not closing.
    pub(super) fn wires(&self, id: &NodeId) -> Vec<ConnId> {
        self.connections
            .iter()
            .filter(|(_, c)| c.id == *id && !matches!(c.stage, Stage::Closing(_)))
            .map(|(conn, _)| *conn)
            .collect()
    }
}

fn tell(goodbye: &Goodbye) -> String {
    match goodbye.detail.as_str() {
        "" => goodbye.reason.to_string(),
        detail => format!("{}: {detail}", goodbye.reason),
    }
}

fn describe(why: &CloseReason) -> String {
    match why {
        CloseReason::Asked => "closed".to_string(),
        CloseReason::Goodbye(goodbye) => format!("it said goodbye: {}", tell(goodbye)),
        CloseReason::Lost(text) => format!("connection lost: {text}"),
        CloseReason::Certificate(text) => format!("it refused this node's certificate: {text}"),
        CloseReason::Slow => "it does not read what is sent to it".to_string(),
        CloseReason::NoHello => "it sent no hello in time".to_string(),
    }
}

fn end_of(why: &CloseReason) -> End {
    match why {
        CloseReason::Certificate(_) => End::Refused,
        CloseReason::Asked | CloseReason::Lost(_) | CloseReason::Slow | CloseReason::NoHello => End::Lost,
        CloseReason::Goodbye(goodbye) => match goodbye.reason {
            GoodbyeReason::Shutdown | GoodbyeReason::Age => End::Free,
            // Without penalty where the other connection stays: nothing is settled then. A peer that closes the only connection as
            // a duplicate has this node's twin: that must not become a race.
            GoodbyeReason::Duplicate
            | GoodbyeReason::Full
            | GoodbyeReason::Slow
            | GoodbyeReason::Unknown(_) => End::Lost,
            GoodbyeReason::Network
            | GoodbyeReason::Protocol
            | GoodbyeReason::Rules
            | GoodbyeReason::Identity
            | GoodbyeReason::Banned
            | GoodbyeReason::Certificate
            | GoodbyeReason::Fault
            | GoodbyeReason::Removed => End::Refused,
        },
    }
}

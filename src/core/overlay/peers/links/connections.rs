//! Connections: from the moment TLS has proven an id until the shell says that the connection is gone.
//!
//! ```text
//! Greeting -> Up        hello read, fits; one of those that may carry its peer's session
//!     |   '-> Waiting   hello read, fits; the older connection is asked whether it lives
//!     '----------'----> Closing   asked to close; whatever still comes is ignored
//! ```

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::age::Renewal;
use super::{Ending, Fault, Instances, LinkEvent, Links, NetworkEvent, Output, Peer, Timer, Told};
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::limits::{HELLO_TIMEOUT, PING_AFTER};
use crate::overlay::budget::Budget;
use crate::overlay::{CloseReason, ConnId, Direction, SessionSecret, Verified};
use crate::time::{Time, Timestamp};
use crate::wire::{Endpoint, Goodbye, GoodbyeReason, Hello, HelloError, Message};

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: NodeId,
    /// Where this node dialed it; none if the peer did.
    pub(super) dialed: Option<Endpoint>,
    /// The address of the other end, for people.
    pub(super) shown: String,
    pub(super) stage: ConnectionState,
    pub(super) opened: Time,
    /// When something last came.
    pub(super) heard: Time,
    /// The ping that is not answered yet.
    pub(super) ping: Option<(u64, Time)>,
    pub(super) rtt: Option<Duration>,
    /// A frame beyond hello has come.
    pub(super) beyond: bool,
    /// Whether it is old, and how far its renewal has come.
    pub(super) renewal: Renewal,
    /// The connection that this one was dialed to replace, and which still carries the session.
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionState {
    Greeting,
    Waiting,
    Up,
    Closing(Ending),
}

impl Connection {
    pub(super) fn direction(&self) -> Direction {
        if self.dialed.is_some() { Direction::Out } else { Direction::In }
    }

    fn is_closing(&self) -> bool {
        matches!(self.stage, ConnectionState::Closing(_))
    }
}

impl Links {
    /// Opens a connection of an id that the book admits.
    pub(crate) fn open(
        &mut self,
        now: Time,
        conn: ConnId,
        peer: Verified,
        dialed: Option<Endpoint>,
        shown: String,
    ) {
        let fresh = || Peer { session: None, budget: Budget::new(now), instances: Instances::none() };
        self.peers.entry(peer.id.clone()).or_insert_with(fresh);
        let connection = Connection {
            id: peer.id,
            dialed,
            shown,
            stage: ConnectionState::Greeting,
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
        };
        self.connections.insert(conn, connection);
        self.timers.set(Timer::Quiet(conn), now.after(HELLO_TIMEOUT));
        let hello = Hello { time_ms: self.wall(now).0, ..self.hello.clone() };
        self.output(Output::Greet { conn, hello });
    }

    /// Closes a connection that never gets into the tables.
    pub(crate) fn turn_away(&mut self, conn: ConnId, goodbye: Goodbye) {
        self.output(Output::Close { conn, goodbye: Some(goodbye) });
    }

    /// A peer has dialed this node and proven this node's own id. A node never dials its own id, so this is another machine with the same
    /// certificate.
    pub(crate) fn turn_away_twin(&mut self, now: Time, conn: ConnId, id: NodeId) {
        if self.twin_noted.passes(now) {
            self.note(NetworkEvent::DuplicateIdentity(id));
        }
        let words = "this is the same id; issue one of its own";
        self.turn_away(conn, Goodbye::new(GoodbyeReason::Identity, words));
    }

    /// The peer's hello. If no connection of its id carries a session yet, the parent decides whether there is room for one.
    pub(crate) fn hello(&mut self, now: Time, conn: ConnId, hello: Hello) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        match connection.stage {
            ConnectionState::Greeting => (),
            ConnectionState::Closing(_) => return,
            ConnectionState::Up | ConnectionState::Waiting => {
                return self.blame(conn, Fault::Unasked("hello"));
            }
        }
        connection.heard = now;
        self.timers.set(Timer::Quiet(conn), now.after(PING_AFTER));
        if let Err(error) = hello.check(&self.hello, &connection.id, &connection.secret.0) {
            return self.misfit(now, conn, &error);
        }
        connection.hello = Some(hello);
        let (id, key) = (connection.id.clone(), connection.key);
        self.plan_age(now, conn);
        self.tell(conn, LinkEvent::Key(key));
        match self.carrier_of(&id) {
            Some(old) => self.second(now, conn, old),
            None => self.out.push_back(Told::Greeted(id, conn)),
        }
    }

    fn misfit(&mut self, now: Time, conn: ConnId, error: &HelloError) {
        let reason = match error {
            HelloError::Network { .. } => GoodbyeReason::Network,
            HelloError::Protocol { .. } => GoodbyeReason::Protocol,
            HelloError::Rules { .. } | HelloError::Override { .. } => GoodbyeReason::Rules,
            HelloError::Id { .. } | HelloError::Proof(_) => GoodbyeReason::Identity,
            HelloError::Form(_) => GoodbyeReason::Fault,
        };
        let text = error.to_string();
        self.close(now, conn, Some(Goodbye::new(reason, &text)), Ending::Refused);
        self.tell(conn, LinkEvent::Refused(format!("its hello does not fit; the answer was \"{text}\"")));
    }

    /// There is no room for another connected peer.
    pub(crate) fn close_full(&mut self, now: Time, conn: ConnId) {
        let most = format!("{} peers are connected", self.connected());
        self.close(now, conn, Some(Goodbye::new(GoodbyeReason::Full, &most)), Ending::Lost);
        self.tell(conn, LinkEvent::Refused("no room for another peer".to_string()));
    }

    /// Says goodbye and closes. Whatever still comes is ignored.
    pub(crate) fn close(&mut self, now: Time, conn: ConnId, goodbye: Option<Goodbye>, end: Ending) {
        let why = goodbye.as_ref().map_or_else(|| "closed".to_string(), words);
        self.close_because(now, conn, goodbye, end, &why);
    }

    fn close_because(&mut self, now: Time, conn: ConnId, goodbye: Option<Goodbye>, end: Ending, why: &str) {
        let Some(connection) = self.connections.get_mut(&conn).filter(|c| !c.is_closing()) else { return };
        connection.stage = ConnectionState::Closing(end);
        connection.held = Vec::new();
        let id = connection.id.clone();
        self.disarm(conn);
        self.output(Output::Close { conn, goodbye });
        self.detach(now, &id, conn, why);
    }

    /// A connection's certificate is no longer valid. This is reported once, however many connections the peer has.
    pub(crate) fn revoked(&mut self, now: Time, conn: ConnId, why: &str) {
        let Some(connection) = self.connections.get(&conn).filter(|c| !c.is_closing()) else { return };
        let was_connected = self.carrier_of(&connection.id).is_some();
        let words = "your certificate has been revoked, has expired or is of a root no longer trusted";
        let goodbye = Goodbye::new(GoodbyeReason::Certificate, words);
        let why = format!("cut: {why}");
        self.close_because(now, conn, Some(goodbye), Ending::Refused, &why);
        self.tell(conn, LinkEvent::Revoked);
        if !was_connected {
            self.tell(conn, LinkEvent::Refused(why));
        }
    }

    fn disarm(&mut self, conn: ConnId) {
        for timer in [Timer::Quiet(conn), Timer::Probation(conn), Timer::Age(conn)] {
            self.timers.clear(&timer);
        }
    }

    pub(crate) fn shut_down(&mut self, now: Time) {
        let ids: Vec<_> = self.peers.keys().cloned().collect();
        for id in ids {
            self.close_all(now, &id, &Goodbye::new(GoodbyeReason::Shutdown, ""), Ending::Free);
        }
    }

    /// Closes all connections of an id; its session ends.
    pub(crate) fn close_all(&mut self, now: Time, id: &NodeId, goodbye: &Goodbye, end: Ending) {
        let mut all = self.open_of(id);
        // The carrier last: then no connection is left that could take its place.
        all.sort_by_key(|conn| self.carrier_of(id) == Some(*conn));
        for conn in all {
            self.close(now, conn, Some(goodbye.clone()), end);
        }
    }

    pub(crate) fn closed(&mut self, now: Time, conn: ConnId, why: &CloseReason) {
        let Some(connection) = self.connections.get(&conn) else { return };
        let (id, stage) = (connection.id.clone(), connection.stage);
        let end = if let ConnectionState::Closing(end) = stage { end } else { end_of(why) };
        self.disarm(conn);
        if !matches!(stage, ConnectionState::Closing(_)) {
            let text = describe(why);
            self.detach(now, &id, conn, &text);
            let is_early = stage == ConnectionState::Greeting && !is_dial_back(why);
            if end == Ending::Refused || is_early {
                self.tell(conn, LinkEvent::Refused(text));
            }
        }
        if self.other(conn, |_| true).is_none() {
            self.tell(conn, LinkEvent::Gone(end));
        }
        self.connections.remove(&conn);
    }

    /// The peer says goodbye: it closes the connection, and so does this node.
    pub(super) fn goodbye(&mut self, now: Time, conn: ConnId, goodbye: Goodbye) {
        let why = CloseReason::Goodbye(goodbye);
        let (end, text) = (end_of(&why), describe(&why));
        self.close(now, conn, None, end);
        let is_refusal = end == Ending::Refused;
        self.tell(conn, if is_refusal { LinkEvent::Refused(text) } else { LinkEvent::Left(text) });
    }

    /// All connections of an id that are not closing.
    pub(super) fn open_of(&self, id: &NodeId) -> Vec<ConnId> {
        self.connections_of(id).filter(|(_, c)| !c.is_closing()).map(|(conn, _)| conn).collect()
    }
}

fn words(goodbye: &Goodbye) -> String {
    match goodbye.detail.as_str() {
        "" => goodbye.reason.to_string(),
        detail => format!("{}: {detail}", goodbye.reason),
    }
}

fn describe(why: &CloseReason) -> String {
    match why {
        CloseReason::Asked => "closed".to_string(),
        CloseReason::Goodbye(goodbye) => format!("it said goodbye: {}", words(goodbye)),
        CloseReason::Lost(text) => format!("connection lost: {text}"),
        CloseReason::Certificate(text) => format!("it refused this node's certificate: {text}"),
        CloseReason::Slow => "it does not read what is sent to it".to_string(),
        CloseReason::NoHello => "it sent no hello in time".to_string(),
    }
}

/// Whether a peer has only looked whether it reaches this node. It is connected by another connection, and nothing has failed.
fn is_dial_back(why: &CloseReason) -> bool {
    matches!(why, CloseReason::Goodbye(goodbye) if goodbye.reason == GoodbyeReason::Duplicate)
}

fn end_of(why: &CloseReason) -> Ending {
    match why {
        CloseReason::Certificate(_) => Ending::Refused,
        CloseReason::Asked | CloseReason::Lost(_) | CloseReason::Slow | CloseReason::NoHello => Ending::Lost,
        CloseReason::Goodbye(goodbye) => match goodbye.reason {
            GoodbyeReason::Shutdown | GoodbyeReason::Age => Ending::Free,
            // No penalty where the other connection stays: nothing has failed then. A peer that closes the only connection as a duplicate
            // is connected to a twin of this node: the two must not race to reconnect.
            GoodbyeReason::Duplicate
            | GoodbyeReason::Full
            // It may have got its lists with this very goodbye.
            | GoodbyeReason::Overdue
            | GoodbyeReason::Slow
            | GoodbyeReason::Unknown(_) => Ending::Lost,
            GoodbyeReason::Network
            | GoodbyeReason::Protocol
            | GoodbyeReason::Rules
            | GoodbyeReason::Identity
            | GoodbyeReason::Banned
            | GoodbyeReason::Certificate
            | GoodbyeReason::Fault
            | GoodbyeReason::Removed => Ending::Refused,
        },
    }
}

//! Sessions: a connected peer as gossip and sync see it, from the first hello that fits to the end of the last connection.

use alloc::boxed::Box;
use alloc::string::{String, ToString};

use super::back::Back;
use super::chores::{Crls, GetPeersRound};
use super::connections::ConnectionState;
use super::duplicates::instance_of;
use super::serving::Serving;
use super::{LinkEvent, Links, NetworkEvent, Timer, Told};
use crate::id::NodeId;
use crate::limits::{AGENT_CHARS, STABLE_AFTER};
use crate::overlay::ConnId;
use crate::overlay::peers::Change;
use crate::time::Time;
use crate::wire::{BACK_FEATURE, CLOCK_FEATURE};

/// A connected peer as gossip and sync see it. Its carrier may change; requests and answers go on.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: NodeId,
    /// The connection that its messages go over.
    pub(super) carrier: ConnId,
    pub(super) height: u64,
    pub(super) agent: String,
    pub(super) clock_offset_ms: i64,
    /// Whether its pings carry its wall clock.
    pub(super) tells_clock: bool,
    pub(super) round: GetPeersRound,
    pub(super) crls: Crls,
    pub(super) serving: Serving,
    /// Whether it reaches this node.
    pub(super) back: Back,
}

impl Links {
    /// The connection becomes its peer's session.
    pub(crate) fn attach(&mut self, now: Time, conn: ConnId) {
        let wall = self.wall(now);
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let Some(hello) = connection.hello.clone() else { return };
        connection.stage = ConnectionState::Up;
        let held = core::mem::take(&mut connection.held);
        let (id, direction, shown) =
            (connection.id.clone(), connection.direction(), connection.shown.clone());
        self.prove(conn);
        self.tell(conn, LinkEvent::Up);
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.session = Some(conn);
        }
        let agent: String =
            hello.agent.chars().filter(|c| matches!(c, ' '..='~')).take(AGENT_CHARS).collect();
        let clock_offset_ms = hello.clock_offset_ms(wall);
        let session = Session {
            id: id.clone(),
            carrier: conn,
            height: hello.tip.height,
            agent: agent.clone(),
            clock_offset_ms,
            tells_clock: hello.has(CLOCK_FEATURE),
            round: GetPeersRound::default(),
            crls: Crls::of(&hello),
            serving: Serving::default(),
            back: if hello.has(BACK_FEATURE) { Back::Unasked } else { Back::Unable },
        };
        self.sessions.insert(conn, session);
        self.timers.clear(&Timer::Probation(conn));
        self.timers.set(Timer::Stable(conn), now.after(STABLE_AFTER));
        let member = hello.member.as_ref().map(|member| member.key);
        self.out.push_back(Told::Change(Change::Up { session: conn, hello: Box::new(hello), held }));
        self.note(NetworkEvent::PeerUp { id, direction, endpoint: shown, agent, member, clock_offset_ms });
        self.ping(now, conn);
        self.ask_peers(now, conn);
        self.offer_crls(conn);
    }

    /// TLS and hello have proven the peer: what it says about itself counts.
    pub(super) fn prove(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get(&conn) else { return };
        let Some(hello) = &connection.hello else { return };
        if let Some(peer) = self.peers.get_mut(&connection.id) {
            peer.instances.add(instance_of(hello));
        }
        let (dialed, listens) = (connection.dialed.clone(), hello.listen.clone());
        self.tell(conn, LinkEvent::Proven { dialed, listens });
    }

    /// A connection no longer carries anything: another one of the session takes over, or the session ends.
    pub(super) fn detach(&mut self, now: Time, id: &NodeId, conn: ConnId, why: &str) {
        if self.carrier_of(id) != Some(conn) {
            return;
        }
        if let Some(up) = self.other(conn, |c| c.stage == ConnectionState::Up) {
            return self.carry(id, up);
        }
        let waiting = self.other(conn, |c| c.stage == ConnectionState::Waiting);
        self.end_session(id, why);
        if let Some(waiting) = waiting {
            self.attach(now, waiting);
        }
    }

    fn end_session(&mut self, id: &NodeId, why: &str) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        let Some(session) = peer.session.take() else { return };
        peer.budget.forget_asked();
        self.tell(session, LinkEvent::Down(why.to_string()));
        self.sessions.remove(&session);
        for timer in [Timer::Stable(session), Timer::GetPeers(session), Timer::Serve(session)] {
            self.timers.clear(&timer);
        }
        self.out.push_back(Told::Change(Change::Down(session)));
        self.note(NetworkEvent::PeerDown { id: id.clone(), why: why.to_string() });
    }

    /// The session's messages go over this connection from now on.
    pub(super) fn carry(&mut self, id: &NodeId, conn: ConnId) {
        if let Some(session) = self.session_of(id) {
            session.carrier = conn;
        }
    }

    pub(crate) fn set_height(&mut self, session: ConnId, height: u64) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.height = session.height.max(height);
        }
    }
}

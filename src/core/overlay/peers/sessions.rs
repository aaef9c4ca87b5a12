//! Sessions: a connected peer as gossip and sync see it, from the first hello that fits to the end of the last connection.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::connections::Stage;
use super::discovery::GetPeersRound;
use super::serving::Serving;
use super::{Change, Event, Peers, Source, Status, Timer};
use crate::crypto::{Hash, sha256};
use crate::id::NodeId;
use crate::limits::{CRLS_PER_MESSAGE, FORGET_AFTER, STABLE_AFTER};
use crate::overlay::ConnId;
use crate::time::Time;
use crate::wire::{CLOCK_FEATURE, COMPACT_FEATURE, Endpoint, Hello};

/// Instances of one id remembered: a twin that comes back is told from a restart.
const INSTANCES: usize = 4;

/// A connected peer as gossip and sync see it. Its wire may change; requests and answers go on.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: NodeId,
    pub(super) wire: ConnId,
    pub(super) height: u64,
    pub(super) agent: String,
    pub(super) clock_offset_ms: i64,
    /// Its pings say what its wall clock shows.
    pub(super) tells_clock: bool,
    pub(super) round: GetPeersRound,
    /// Hashes of revocation lists that the peer has.
    pub(super) crls: Vec<Hash>,
    /// What it asked for and has not got.
    pub(super) serving: Serving,
}

impl Peers {
    /// The connection becomes its peer's session.
    pub(super) fn attach(&mut self, now: Time, conn: ConnId) {
        let wall = self.wall(now);
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let Some(hello) = connection.hello.clone() else { return };
        connection.stage = Stage::Up;
        let held = core::mem::take(&mut connection.held);
        let (id, direction) = (connection.id.clone(), connection.direction);
        let (endpoint, shown) = (connection.endpoint.clone(), connection.shown.clone());
        let agent: String = hello.agent.chars().filter(|c| matches!(c, ' '..='~')).take(64).collect();
        let clock_offset_ms = hello.clock_offset_ms(wall);
        self.prove(now, &id, endpoint, &hello);
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.why = None;
            peer.set(now, Status::Connected(conn));
        }
        let has = |wanted: &str| hello.features.iter().any(|feature| feature == wanted);
        let compact = has(COMPACT_FEATURE);
        let session = Session {
            id: id.clone(),
            wire: conn,
            height: hello.tip.height,
            agent: agent.clone(),
            clock_offset_ms,
            tells_clock: has(CLOCK_FEATURE),
            round: GetPeersRound::default(),
            crls: hello.crls.iter().map(|crl| crl.hash).take(CRLS_PER_MESSAGE).collect(),
            serving: Serving::default(),
        };
        self.sessions.insert(conn, session);
        self.timers.clear(&Timer::Dial(id.clone()));
        self.timers.clear(&Timer::Probation(conn));
        self.timers.set(Timer::Stable(conn), now.after(STABLE_AFTER));
        self.changes.push_back(Change::Up { session: conn, tip: hello.tip, compact, held });
        let member = hello.member.map(|member| member.key);
        self.note(Event::PeerUp { id, direction, endpoint: shown, agent, member, clock_offset_ms });
        self.ping(now, conn);
        self.ask_peers(now, conn);
        self.offer_crls(conn);
    }

    /// TLS and hello have proven the peer: what it says of itself counts.
    pub(super) fn prove(&mut self, now: Time, id: &NodeId, endpoint: Option<Endpoint>, hello: &Hello) {
        let listens = hello.listen.clone().filter(|endpoint| self.is_dialable(endpoint));
        let Some(peer) = self.peers.get_mut(id) else { return };
        (peer.next, peer.round_refused) = (0, false);
        (peer.proven, peer.proven_at, peer.teller) = (true, Some(now), None);
        peer.forget_at = now.after(FORGET_AFTER);
        peer.listens.clone_from(&listens);
        let mut changed = false;
        if let Some(endpoint) = endpoint {
            changed |= peer.candidates.add(Source::Worked, endpoint);
        }
        if let Some(endpoint) = listens {
            changed |= peer.candidates.add(Source::Told, endpoint);
        }
        let instance = instance_of(hello);
        if !peer.instances.contains(&instance) {
            peer.instances.push_back(instance);
            if peer.instances.len() > INSTANCES {
                peer.instances.pop_front();
            }
        }
        if changed {
            self.changed(now);
        }
    }

    /// A connection no longer carries anything: another one of the session takes over, or the session ends.
    pub(super) fn detach(&mut self, now: Time, id: &NodeId, conn: ConnId, why: &str) {
        if self.wire_of(id) != Some(conn) {
            return;
        }
        let find = |wanted| {
            self.connections
                .iter()
                .find(|(other, c)| **other != conn && c.id == *id && c.stage == wanted)
                .map(|(other, _)| *other)
        };
        let (up, waiting) = (find(Stage::Up), find(Stage::Waiting));
        if let Some(up) = up {
            return self.rewire(id, up);
        }
        self.end_session(now, id, why);
        if let Some(waiting) = waiting {
            self.attach(now, waiting);
        }
    }

    pub(super) fn end_session(&mut self, now: Time, id: &NodeId, why: &str) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        let Status::Connected(session) = peer.status else { return };
        peer.set(now, Status::Known);
        peer.apart = now;
        (peer.proven_at, peer.forget_at) = (Some(now), now.after(FORGET_AFTER));
        peer.why = Some(why.to_string());
        peer.budget.forget_asked();
        self.sessions.remove(&session);
        self.timers.clear(&Timer::Stable(session));
        self.timers.clear(&Timer::GetPeers(session));
        self.timers.clear(&Timer::Serve(session));
        self.changes.push_back(Change::Down(session));
        self.note(Event::PeerDown { id: id.clone(), why: why.to_string() });
    }

    /// The session's messages go over this connection from now on.
    pub(super) fn rewire(&mut self, id: &NodeId, wire: ConnId) {
        if let Some(session) = self.session_mut(id) {
            session.wire = wire;
        }
    }

    /// The session of an id.
    pub(super) fn session_mut(&mut self, id: &NodeId) -> Option<&mut Session> {
        match self.peers.get(id)?.status {
            Status::Connected(session) => self.sessions.get_mut(&session),
            _ => None,
        }
    }

    /// The connection that carries a session.
    pub(in crate::overlay) fn wire(&self, session: ConnId) -> Option<ConnId> {
        self.sessions.get(&session).map(|session| session.wire)
    }

    /// The connection that carries the id's session.
    pub(super) fn wire_of(&self, id: &NodeId) -> Option<ConnId> {
        match self.peers.get(id)?.status {
            Status::Connected(session) => self.wire(session),
            _ => None,
        }
    }
}

pub(super) fn instance_of(hello: &Hello) -> Hash {
    sha256(hello.instance.as_bytes())
}

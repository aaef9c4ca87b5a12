//! Links: everything that exists while a TLS connection exists. Whom to dial and whom to let in is decided elsewhere.
//!
//! | file | decides |
//! |---|---|
//! | `connections` | how a connection opens, greets and closes, and what its end means |
//! | `duplicates` | which of two connections of one id stays |
//! | `age` | when a connection is renewed, and how the new one takes over |
//! | `sessions` | what gossip and sync see of a connected peer |
//! | `traffic` | which frames count, and who handles them; who has been silent for too long |
//! | `chores` | GetPeers, revocation lists, clocks |
//! | `back` | which peers are asked whether they reach this node, and what they say |
//! | `serving` | which request of a peer is answered next |
//!
//! Each connection belongs to one id. The connected peer itself is a *session*: it is named by the [`ConnId`] of its first connection and
//! may outlive that connection. The connection that carries its messages is its *carrier*.
//!
//! Invariants: an id has at most one session, and a session has a carrier that is up. Every connection that is not closing has its id in `peers`;
//! an entry there is removed only by [`Links::forget`]. In the files above, `pub(crate)` is what the parent calls.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::ToString;
use alloc::vec::Vec;

use super::{Ending, LinkEvent, PeerStatus, PeerView, Told};
use crate::id::NodeId;
use crate::ledger::Rules;
use crate::limits::PEER_NOTE_EVERY;
use crate::overlay::budget::Budget;
use crate::overlay::timers::{Throttle, Timers};
use crate::overlay::{ConnId, Fault, NetworkEvent, Output, OverlaySettings};
use crate::random::Random;
use crate::time::{Time, Timestamp};
use crate::wire::{
    BACK_FEATURE, CLOCK_FEATURE, COMPACT_FEATURE, FINAL_FEATURE, FinalSummary, Hello, TipSummary,
};

mod age;
mod back;
mod chores;
mod connections;
mod duplicates;
mod serving;
mod sessions;
mod traffic;

use connections::Connection;
use duplicates::Instances;
use sessions::Session;

/// See the module.
#[derive(Debug)]
pub(super) struct Links {
    /// What this node says of itself.
    hello: Hello,
    /// Bytes of blocks that the network may make in a second.
    block_bytes: u64,
    /// What the wall clock showed, and when.
    wall: (Time, Timestamp),
    /// Limits reports of another machine with this node's certificate.
    twin_noted: Throttle,
    peers: BTreeMap<NodeId, Peer>,
    connections: BTreeMap<ConnId, Connection>,
    sessions: BTreeMap<ConnId, Session>,
    timers: Timers<Timer>,
    random: Random,
    out: VecDeque<Told>,
}

/// What is remembered about an id between two connections.
#[derive(Debug)]
struct Peer {
    session: Option<ConnId>,
    budget: Budget,
    instances: Instances,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// A connection may have been silent for too long.
    Quiet(ConnId),
    /// The older connection of the same id has not answered.
    Probation(ConnId),
    /// A connection is old enough to be renewed or closed.
    Age(ConnId),
    /// A session has lasted long enough.
    Stable(ConnId),
    /// Ask a session's peer whom it knows.
    GetPeers(ConnId),
    /// A session's peer has paid off what it was sent.
    Serve(ConnId),
}

impl Links {
    /// Nobody is connected. `wall` is the wall clock at `now`.
    pub(super) fn new(settings: &OverlaySettings, now: Time, wall: Timestamp, random: Random) -> Self {
        let genesis = &settings.genesis;
        let features =
            [CLOCK_FEATURE, COMPACT_FEATURE, FINAL_FEATURE, BACK_FEATURE].map(ToString::to_string).into();
        let hello = Hello {
            protocols: Hello::PROTOCOLS,
            features,
            network: genesis.id(),
            id: settings.id.clone(),
            agent: settings.agent.clone(),
            instance: settings.instance.clone(),
            listen: settings.advertise.clone(),
            tip: TipSummary { height: 0, hash: genesis.id(), work: 0 },
            lowest_block: 0,
            rules: genesis.rules_digest(),
            overrides: genesis.rules.overrides.hash(),
            crls: Vec::new(),
            member: None,
            time_ms: wall.0,
            finalized: None,
        };
        Self {
            hello,
            block_bytes: block_bytes(&genesis.rules),
            wall: (now, wall),
            twin_noted: Throttle::once_in(PEER_NOTE_EVERY),
            peers: BTreeMap::new(),
            connections: BTreeMap::new(),
            sessions: BTreeMap::new(),
            timers: Timers::default(),
            random,
            out: VecDeque::new(),
        }
    }

    pub(super) fn wake(&mut self, now: Time) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Quiet(conn) => self.quiet(now, conn),
                Timer::Probation(conn) => self.newer_stays(now, conn),
                Timer::Age(conn) => self.aged(now, conn),
                Timer::Stable(session) => self.tell(session, LinkEvent::Stable),
                Timer::GetPeers(session) => self.ask_peers(now, session),
                Timer::Serve(session) => self.serve_next(now, session),
            }
        }
    }

    pub(super) fn next_wakeup(&self) -> Option<Time> {
        self.timers.next()
    }

    pub(super) fn poll(&mut self) -> Option<Told> {
        self.out.pop_front()
    }

    /// The book no longer has this id.
    pub(super) fn forget(&mut self, id: &NodeId) {
        self.peers.remove(id);
    }

    pub(super) fn set_tip(&mut self, tip: TipSummary, lowest: u64) {
        self.hello.tip = tip;
        self.hello.lowest_block = lowest;
    }

    pub(super) fn set_finalized(&mut self, finalized: FinalSummary) {
        self.hello.finalized = Some(finalized);
    }

    pub(super) fn clock_offsets(&self) -> Vec<(ConnId, i64)> {
        self.sessions.iter().map(|(session, peer)| (*session, peer.clock_offset_ms)).collect()
    }

    pub(super) fn set_wall(&mut self, now: Time, wall: Timestamp) {
        self.wall = (now, wall);
    }

    fn wall(&self, now: Time) -> Timestamp {
        let (then, wall) = self.wall;
        wall.after(now.since(then))
    }

    /// Whose session or connection this is.
    pub(super) fn id_of(&self, conn: ConnId) -> Option<NodeId> {
        let session = self.sessions.get(&conn).map(|session| &session.id);
        session.or_else(|| self.connections.get(&conn).map(|connection| &connection.id)).cloned()
    }

    /// All connections of an id, closing ones too.
    fn connections_of(&self, id: &NodeId) -> impl Iterator<Item = (ConnId, &Connection)> {
        self.connections
            .iter()
            .filter(move |(_, connection)| connection.id == *id)
            .map(|(conn, c)| (*conn, c))
    }

    /// Another connection of the same id.
    fn other(&self, conn: ConnId, is_meant: impl Fn(&Connection) -> bool) -> Option<ConnId> {
        let id = &self.connections.get(&conn)?.id;
        self.connections_of(id).find(|(other, c)| *other != conn && is_meant(c)).map(|(other, _)| other)
    }

    pub(super) fn carrier(&self, session: ConnId) -> Option<ConnId> {
        self.sessions.get(&session).map(|session| session.carrier)
    }

    /// The connection that carries the id's session.
    fn carrier_of(&self, id: &NodeId) -> Option<ConnId> {
        self.carrier(self.peers.get(id)?.session?)
    }

    /// The session of an id.
    fn session_of(&mut self, id: &NodeId) -> Option<&mut Session> {
        self.sessions.get_mut(&self.peers.get(id)?.session?)
    }

    /// The budget of a session's peer.
    fn budget(&mut self, session: ConnId) -> Option<&mut Budget> {
        let id = &self.sessions.get(&session)?.id;
        self.peers.get_mut(id).map(|peer| &mut peer.budget)
    }

    pub(super) fn connected(&self) -> usize {
        self.sessions.len()
    }

    /// Adds what links know of a connected peer.
    pub(super) fn show(&self, view: &mut PeerView) {
        let session = self.peers.get(&view.id).and_then(|peer| self.sessions.get(&peer.session?));
        let Some(session) = session.filter(|_| view.status == PeerStatus::Connected) else { return };
        view.height = Some(session.height);
        view.agent = Some(session.agent.clone());
        if let Some(carrier) = self.connections.get(&session.carrier) {
            view.direction = Some(carrier.direction());
            view.rtt = carrier.rtt;
            view.not_after = Some(carrier.not_after);
        }
    }

    pub(super) fn clock_offset_ms(&self) -> Option<i64> {
        let mut offsets: Vec<_> = self.sessions.values().map(|session| session.clock_offset_ms).collect();
        offsets.sort_unstable();
        // Of the two in the middle, the smaller one: with two peers, one liar cannot stop this node from mining.
        let middle = [offsets.len().saturating_sub(1) / 2, offsets.len() / 2];
        let middle = middle.into_iter().filter_map(|at| offsets.get(at).copied());
        middle.min_by_key(|offset| offset.unsigned_abs())
    }

    fn output(&mut self, output: Output) {
        self.out.push_back(Told::Output(output));
    }

    fn note(&mut self, event: NetworkEvent) {
        self.output(Output::Event(event));
    }

    /// Reports to the book what became of a session's or connection's id.
    fn tell(&mut self, conn: ConnId, event: LinkEvent) {
        if let Some(id) = self.id_of(conn) {
            self.out.push_back(Told::Link(id, event));
        }
    }

    fn blame(&mut self, conn: ConnId, fault: Fault) {
        if let Some(id) = self.id_of(conn) {
            self.out.push_back(Told::Fault(id, fault));
        }
    }
}

fn block_bytes(rules: &Rules) -> u64 {
    let largest = u64::try_from(rules.max_bytes).unwrap_or(u64::MAX);
    let interval = u64::try_from(rules.schedule.interval().as_millis()).unwrap_or(u64::MAX);
    largest.saturating_mul(1_000).checked_div(interval).unwrap_or(u64::MAX)
}

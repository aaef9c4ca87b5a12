//! The PeerManager: who is known, dialed, connected, backed off from, banned.
//!
//! One map from id to `Peer`, whose `Status` is the state machine:
//!
//! ```text
//! Known -> Dialing -> Connected -> Known | Backoff        a peer is connected once its hello has been read and fits
//!   ^         '-> Backoff -> Known                        backoff ends: known again, and in the queue for a dial
//!   '-- Banned (until lifted or over)
//! ```
//!
//! Invariants: every connection's id is in the map. A peer is `Connected(s)` exactly while session `s` exists; a session is what the
//! rest of the overlay sees of a peer, it is called by the [`ConnId`] of its first connection and may outlive that one: of two
//! connections of one id either may be its wire. At most [`KNOWN_PEERS`] are not banned, at most [`DIALS_IN_FLIGHT`](crate::limits::DIALS_IN_FLIGHT) dials are
//! under way.
//!
//! Left out on purpose: addresses as identities (only certificates prove anything), NAT traversal, inbound eviction by behaviour (the
//! members are known by name; the operator has a blacklist).

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::timers::Timers;
use super::{ConnId, Event, Output, Settings};
use crate::id::NodeId;
use crate::ledger::Rules;
use crate::limits::{FIRST_DIAL, KNOWN_PEERS};
use crate::random::Random;
use crate::time::{Time, Timestamp};
use crate::wire::{CLOCK_FEATURE, COMPACT_FEATURE, CrlSummary, Endpoint, Hello, Message, TipSummary};

mod age;
mod bans;
mod book;
mod candidates;
mod connections;
mod dial;
mod discovery;
mod duplicates;
mod peer;
mod serving;
mod sessions;
mod traffic;
mod view;

pub use book::Book;
use candidates::Source;
use connections::Connection;
use peer::{Configured, Peer, Status};
use sessions::Session;
pub use view::{Blacklisted, PeerStatus, PeerView};

/// Forgotten peers are looked for so often.
const SWEEP_EVERY: core::time::Duration = core::time::Duration::from_secs(3600);

/// See the module.
#[derive(Debug)]
pub struct Peers {
    own: Own,
    peers: BTreeMap<NodeId, Peer>,
    connections: BTreeMap<ConnId, Connection>,
    sessions: BTreeMap<ConnId, Session>,
    /// Dials that the shell has not answered yet.
    dials: BTreeMap<NodeId, Endpoint>,
    /// When the dials of the last second began.
    started: VecDeque<Time>,
    /// Who is due to be dialed; configured peers first.
    queue: VecDeque<NodeId>,
    timers: Timers<Timer>,
    random: Random,
    stopping: bool,
    outputs: VecDeque<Output>,
    changes: VecDeque<Change>,
}

/// What the façade tells gossip and sync.
#[derive(Debug)]
pub enum Change {
    /// A peer is connected. `held`: what it has sent already.
    Up {
        /// Its session.
        session: ConnId,
        /// Its best block.
        tip: TipSummary,
        /// It takes blocks in short.
        compact: bool,
        /// In order.
        held: Vec<Message>,
    },
    /// It no longer is.
    Down(ConnId),
}

/// This node itself.
#[derive(Debug)]
struct Own {
    hello: Hello,
    /// Loopback addresses mean something here.
    loopback: bool,
    max_connected: usize,
    /// Bytes of blocks that the network may make in a second.
    block_bytes: u64,
    /// The wall clock, and when it was told.
    wall: (Time, Timestamp),
    /// A twin with this node's certificate was noted last.
    twin_noted: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// A peer is due to be dialed.
    Dial(NodeId),
    /// The dial pace allows another one.
    Pace,
    /// A connection may have been silent for too long.
    Quiet(ConnId),
    /// The older connection of the same id has not answered.
    Probation(ConnId),
    /// A connection has come to its age.
    Age(ConnId),
    /// A session has held long enough.
    Stable(ConnId),
    /// Ask a session's peer whom it knows.
    GetPeers(ConnId),
    /// A session's peer has paid for what it was sent.
    Serve(ConnId),
    /// A ban is over.
    Unban(NodeId),
    /// Peers that nobody has proven for long are forgotten.
    Sweep,
    /// The book has changed.
    Save,
}

impl Peers {
    /// A manager that knows what the settings say. `wall` is the wall clock at `now`.
    pub fn new(settings: &Settings, now: Time, wall: Timestamp) -> Self {
        let genesis = &settings.genesis;
        let hello = Hello {
            protocols: Hello::PROTOCOLS,
            features: [CLOCK_FEATURE, COMPACT_FEATURE].map(ToString::to_string).into(),
            network: genesis.id(),
            id: settings.id.clone(),
            agent: settings.agent.clone(),
            instance: settings.instance.clone(),
            listen: settings.advertise.clone(),
            tip: TipSummary { height: 0, hash: genesis.id(), work: 0 },
            lowest_block: 0,
            rules: genesis.rules_digest(),
            crls: Vec::new(),
            member: None,
            time_ms: wall.0,
        };
        // A dial-only node has no address of its own to tell by; configured loopback peers say as much.
        let loopback = match &settings.advertise {
            Some(endpoint) => candidates::is_loopback(endpoint),
            None => settings.bootstrap.iter().any(|(_, endpoint)| candidates::is_loopback(endpoint)),
        };
        let mut peers = Self {
            own: Own {
                hello,
                loopback,
                max_connected: settings.max_connected,
                block_bytes: block_bytes(&genesis.rules),
                wall: (now, wall),
                twin_noted: None,
            },
            peers: BTreeMap::new(),
            connections: BTreeMap::new(),
            sessions: BTreeMap::new(),
            dials: BTreeMap::new(),
            started: VecDeque::new(),
            queue: VecDeque::new(),
            timers: Timers::default(),
            random: Random::new(settings.seed),
            stopping: false,
            outputs: VecDeque::new(),
            changes: VecDeque::new(),
        };
        peers.load(settings, now);
        peers.timers.set(Timer::Sweep, now.after(SWEEP_EVERY));
        let ids: Vec<_> = peers.peers.keys().cloned().collect();
        for id in ids {
            peers.plan_dial(now, &id, FIRST_DIAL);
        }
        peers
    }

    /// Does what is due.
    pub fn wake(&mut self, now: Time) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Dial(id) => self.dial_due(now, id),
                Timer::Pace => (),
                Timer::Quiet(conn) => self.quiet(now, conn),
                Timer::Probation(conn) => self.probation_over(now, conn),
                Timer::Age(conn) => self.aged(now, conn),
                Timer::Stable(session) => self.stable(session),
                Timer::GetPeers(session) => self.ask_peers(now, session),
                Timer::Serve(session) => self.serve_next(now, session),
                Timer::Unban(id) => self.unban(now, &id),
                Timer::Sweep => self.sweep(now),
                Timer::Save => self.save(now),
            }
        }
        self.pump(now);
    }

    /// When [`Self::wake`] has something to do.
    pub fn next_wakeup(&self) -> Option<Time> {
        self.timers.next()
    }

    /// The next thing to be done by the shell.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The next thing to be told to gossip and sync.
    pub fn poll_change(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }

    /// This node's best block is this now.
    pub fn set_tip(&mut self, tip: TipSummary) {
        self.own.hello.tip = tip;
    }

    /// This node's wall clock shows this: it may have been set since it was told last.
    pub fn set_wall(&mut self, now: Time, wall: Timestamp) {
        self.own.wall = (now, wall);
    }

    /// This node's revocation lists are these now: peers that lack one get it.
    pub fn set_crls(&mut self, crls: Vec<CrlSummary>) {
        self.own.hello.crls = crls;
        let sessions: Vec<_> = self.sessions.keys().copied().collect();
        for session in sessions {
            self.offer_crls(session);
        }
    }

    fn wall(&self, now: Time) -> Timestamp {
        let (then, wall) = self.own.wall;
        wall.after(now.since(then))
    }

    /// The entry of an id that TLS has proven; none if the book is full of better ones.
    fn ensure(&mut self, now: Time, id: &NodeId) -> Option<&mut Peer> {
        if !self.peers.contains_key(id) && !self.make_room(|_| true) {
            return None;
        }
        Some(self.peers.entry(id.clone()).or_insert_with(|| Peer::new(now)))
    }

    /// Room for one more entry, if need be by forgetting the least useful one that `may` go.
    fn make_room(&mut self, may: impl Fn(&Peer) -> bool) -> bool {
        if self.known() < KNOWN_PEERS {
            return true;
        }
        let worst = self
            .peers
            .iter()
            .filter(|(id, peer)| self.is_idle(id, peer) && may(peer))
            .min_by_key(|(_, peer)| (peer.proven, u32::MAX.saturating_sub(peer.failures), peer.forget_at))
            .map(|(id, _)| id.clone());
        let Some(id) = worst else { return false };
        self.forget(&id);
        true
    }

    /// Whether nothing but the memory of it would go with the entry.
    fn is_idle(&self, id: &NodeId, peer: &Peer) -> bool {
        !peer.is_configured()
            && matches!(peer.status, Status::Known | Status::Backoff(_))
            && !self.dials.contains_key(id)
            && !self.connections.values().any(|connection| connection.id == *id)
    }

    fn forget(&mut self, id: &NodeId) {
        self.peers.remove(id);
        self.timers.clear(&Timer::Dial(id.clone()));
        self.timers.clear(&Timer::Unban(id.clone()));
    }

    fn sweep(&mut self, now: Time) {
        self.timers.set(Timer::Sweep, now.after(SWEEP_EVERY));
        let old: Vec<_> = self
            .peers
            .iter()
            .filter(|(id, peer)| peer.forget_at <= now && self.is_idle(id, peer))
            .map(|(id, _)| id.clone())
            .collect();
        for id in old {
            self.forget(&id);
            self.changed(now);
        }
    }

    fn note(&mut self, event: Event) {
        self.outputs.push_back(Output::Note(event));
    }

    /// A banned id has tried; counted, and told once a minute.
    fn note_turned_away(&mut self, now: Time, id: &NodeId, why: &str) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        peer.turned_away = peer.turned_away.saturating_add(1);
        if is_recent(peer.noted, now) {
            return;
        }
        let times = core::mem::take(&mut peer.turned_away);
        self.note_refused(now, id, &alloc::format!("turned away {times} times: {why}"));
    }

    /// Tells that a peer refused or was refused, at most once a minute.
    fn note_refused(&mut self, now: Time, id: &NodeId, why: &str) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        peer.why = Some(String::from(why));
        if is_recent(peer.noted, now) {
            return;
        }
        peer.noted = Some(now);
        self.note(Event::PeerRefused { id: id.clone(), why: String::from(why) });
    }
}

fn block_bytes(rules: &Rules) -> u64 {
    let largest = u64::try_from(rules.max_bytes).unwrap_or(u64::MAX);
    let interval = u64::try_from(rules.schedule.interval().as_millis()).unwrap_or(u64::MAX);
    largest.saturating_mul(1_000).checked_div(interval).unwrap_or(u64::MAX)
}

/// Whether something was noted less than a minute ago.
fn is_recent(noted: Option<Time>, now: Time) -> bool {
    noted.is_some_and(|at| now.since(at) < core::time::Duration::from_secs(60))
}

//! A few overlays on simulated links: what the shell does, in virtual time and without bytes.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use crate::crypto::{Hash, sha256};
use crate::id::NodeId;
use crate::overlay::{
    Book, CloseReason, Command, ConnId, DialError, Input, NetworkEvent, Output, Overlay, OverlaySettings,
    PeerStatus, PeerView, PoolRequest, Request, SessionSecret, Verified,
};
use crate::testing::{self, genesis};
use crate::time::{Time, Timestamp};
use crate::wire::{DialOutcome, Endpoint, Goodbye, GoodbyeReason, Hello, Message};

pub(super) fn at(ms: u64) -> Time {
    Time::from_millis(ms)
}

pub(super) fn id(text: &str) -> NodeId {
    text.parse().unwrap()
}

/// Every node listens on the address that its name makes.
pub(super) fn endpoint(text: &str) -> Endpoint {
    std::format!("{text}.example:7000").parse().unwrap()
}

pub(super) fn settings(name: &str, bootstrap: &[&str]) -> OverlaySettings {
    OverlaySettings {
        id: id(name),
        genesis: genesis(),
        agent: "bouya/test".to_string(),
        instance: std::format!("first {name}"),
        advertise: Some(endpoint(name)),
        bootstrap: bootstrap.iter().map(|name| (id(name), endpoint(name))).collect(),
        blacklist: Vec::new(),
        max_connected: 128,
        book: Book::default(),
        seed: name.bytes().map(u64::from).sum(),
    }
}

/// A hello as `name` would say it.
pub(super) fn hello(name: &str) -> Hello {
    Hello { listen: Some(endpoint(name)), ..testing::hello(&genesis(), name) }
}

pub(super) fn verified(name: &str) -> Verified {
    let key = sha256(name.as_bytes());
    Verified { id: id(name), session: SessionSecret([0; 32]), key, not_after: Timestamp(u64::MAX) }
}

struct Node {
    settings: OverlaySettings,
    overlay: Overlay,
}

/// One end of a connection.
#[derive(Clone, Copy)]
struct SocketEnd {
    node: usize,
    other: ConnId,
    /// Nothing arrives before this: streams keep their order.
    busy_until: u64,
}

/// Overlays, links, and what was seen of them.
pub(super) struct World {
    pub(super) now: u64,
    nodes: Vec<Node>,
    ends: BTreeMap<ConnId, SocketEnd>,
    inbox: BTreeMap<(u64, u64), (usize, Input)>,
    count: u64,
    /// Delays in milliseconds, used in turn.
    pub(super) delays: Vec<u64>,
    /// Dials that come to nothing, and why.
    pub(super) unreachable: Vec<(NodeId, NodeId)>,
    /// Dialers whose certificate the other side refuses after the handshake, as TLS 1.3 does.
    pub(super) refused: Vec<(NodeId, NodeId)>,
    /// Connections between these two stay up and carry nothing.
    pub(super) muted: Vec<(NodeId, NodeId)>,
    pub(super) dials: Vec<(u64, NodeId, NodeId)>,
    pub(super) notes: Vec<(NodeId, NetworkEvent)>,
    pub(super) books: BTreeMap<NodeId, Book>,
    /// Keys other than those that the names make.
    pub(super) keys: BTreeMap<NodeId, Hash>,
    /// Transactions that came to a node.
    pub(super) submitted: Vec<(NodeId, Hash)>,
}

impl World {
    pub(super) fn new(all: Vec<OverlaySettings>) -> Self {
        let mut world = Self {
            now: 0,
            nodes: Vec::new(),
            ends: BTreeMap::new(),
            inbox: BTreeMap::new(),
            count: 0,
            delays: Vec::from([10]),
            unreachable: Vec::new(),
            refused: Vec::new(),
            muted: Vec::new(),
            dials: Vec::new(),
            notes: Vec::new(),
            books: BTreeMap::new(),
            keys: BTreeMap::new(),
            submitted: Vec::new(),
        };
        all.into_iter().for_each(|settings| world.add(settings));
        world
    }

    pub(super) fn add(&mut self, settings: OverlaySettings) {
        let overlay = Overlay::new(settings.clone(), at(self.now), Timestamp(self.now));
        self.nodes.push(Node { settings, overlay });
    }

    pub(super) fn overlay(&self, name: &str) -> &Overlay {
        &self.nodes[self.find(name)].overlay
    }

    fn find(&self, name: &str) -> usize {
        self.nodes.iter().position(|node| node.settings.id == id(name)).unwrap()
    }

    fn name(&self, node: usize) -> NodeId {
        self.nodes[node].settings.id.clone()
    }

    /// Stops a node without a word: its connections never say anything again, and nobody reaches it.
    pub(super) fn kill(&mut self, name: &str) {
        let node = self.find(name);
        self.nodes[node].settings.id = id("dead-node");
        self.ends.retain(|_, end| end.node != node);
        self.inbox.retain(|_, (to, _)| *to != node);
        self.nodes[node].overlay = Overlay::new(settings("dead-node", &[]), at(self.now), Timestamp(0));
        self.nodes[node].settings.advertise = None;
    }

    /// Kills a node's process: its connections end, and nobody reaches it.
    pub(super) fn crash(&mut self, name: &str) {
        let node = self.find(name);
        let ends: Vec<_> =
            self.ends.iter().filter(|(_, end)| end.node == node).map(|(_, end)| end.other).collect();
        for conn in ends {
            let Some(end) = self.ends.get(&conn) else { continue };
            let (to, why) = (end.node, CloseReason::Lost("reset".to_string()));
            self.post(self.now, to, Input::Closed { conn, why });
        }
        self.kill(name);
    }

    pub(super) fn command(&mut self, name: &str, command: Command) {
        self.input(name, Input::Command(command));
    }

    pub(super) fn input(&mut self, name: &str, input: Input) {
        let node = self.find(name);
        self.hand(node, input);
    }

    pub(super) fn run_for(&mut self, span: Duration) {
        let end = self.now + u64::try_from(span.as_millis()).unwrap();
        loop {
            let wake = (0..self.nodes.len())
                .filter_map(|node| Some((self.nodes[node].overlay.next_wakeup()?.as_millis(), node)))
                .min();
            let arrives = self.inbox.keys().next().copied();
            match (wake, arrives) {
                (_, Some(key)) if key.0 <= end && wake.is_none_or(|(at, _)| key.0 <= at) => {
                    let (node, input) = self.inbox.remove(&key).unwrap();
                    self.now = self.now.max(key.0);
                    self.arrive(node, input);
                }
                (Some((at, node)), _) if at <= end => {
                    self.now = self.now.max(at);
                    self.hand(node, Input::Wake);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    fn arrive(&mut self, node: usize, input: Input) {
        // A connection ends once, whoever was first.
        if matches!(&input, Input::Closed { conn, .. } if self.ends.remove(conn).is_none()) {
            return;
        }
        let stays = |conn: &ConnId| self.ends.contains_key(conn);
        match &input {
            Input::Hello { conn, .. } | Input::Received { conn, .. } if !stays(conn) => (),
            _ => self.hand(node, input),
        }
    }

    fn hand(&mut self, node: usize, input: Input) {
        let now = at(self.now);
        self.nodes[node].overlay.handle(now, input);
        while let Some(output) = self.nodes[node].overlay.poll() {
            self.take(node, output);
        }
    }

    fn take(&mut self, node: usize, output: Output) {
        match output {
            Output::Dial { id, endpoint, .. } => self.dial(node, id, endpoint),
            Output::DialBack { session, id, endpoint, .. } => self.dial_back(node, session, &id, &endpoint),
            Output::Greet { conn, hello } => self.transmit(conn, |conn| Input::Hello { conn, hello }),
            Output::Send { conn, message } => {
                let size = message.to_bytes().len();
                self.transmit(conn, |conn| Input::Received { conn, message, size });
            }
            Output::Close { conn, goodbye } => {
                let why = goodbye.map_or(CloseReason::Lost("eof".to_string()), CloseReason::Goodbye);
                self.transmit(conn, |conn| Input::Closed { conn, why });
                self.post(self.now, node, Input::Closed { conn, why: CloseReason::Asked });
            }
            Output::Event(event) => self.notes.push((self.name(node), event)),
            Output::Save(book) => {
                self.books.insert(self.name(node), book);
            }
            Output::Ask(Request::Pool(PoolRequest::Take { transactions, .. })) => {
                let me = self.name(node);
                self.submitted.extend(transactions.iter().map(|transaction| (me.clone(), transaction.id())));
            }
            Output::Ask(_)
            | Output::Finality(_)
            | Output::Syncing(_)
            | Output::Revocations(_)
            | Output::SendCrls { .. } => (),
        }
    }

    fn dial(&mut self, node: usize, whom: NodeId, endpoint: Endpoint) {
        let me = self.name(node);
        self.dials.push((self.now, me.clone(), whom.clone()));
        let there = self.nodes.iter().position(|other| other.settings.advertise.as_ref() == Some(&endpoint));
        let failed = |why| Input::DialFailed { id: whom.clone(), endpoint: endpoint.clone(), why };
        let pair = (me.clone(), whom.clone());
        let (delay, back) = (self.delay(), self.delay());
        let Some(other) = there.filter(|_| !self.unreachable.contains(&pair)) else {
            let input = failed(DialError::Unreachable("refused".to_string()));
            return self.post(self.now + delay, node, input);
        };
        let proven = self.name(other);
        if proven != whom {
            let input = failed(DialError::Certificate("wrong name".to_string()));
            return self.post(self.now + delay, node, input);
        }
        let [mine, theirs] = [self.number(), self.number()].map(ConnId);
        let (up, accepted) = (self.now + delay + back, self.now + delay + back + delay);
        self.ends.insert(mine, SocketEnd { node, other: theirs, busy_until: up });
        let peer = self.proven(&whom);
        self.post(up, node, Input::Dialed { conn: mine, peer, endpoint });
        if self.refused.contains(&pair) {
            let why = CloseReason::Certificate("revoked".to_string());
            return self.post(up + back, node, Input::Closed { conn: mine, why });
        }
        self.ends.insert(theirs, SocketEnd { node: other, other: mine, busy_until: accepted });
        let peer = self.proven(&me);
        self.post(accepted, other, Input::Accepted { conn: theirs, peer, address: [10, 0, 0, 1].into() });
    }

    /// What the shell does: a connection that says goodbye at once.
    fn dial_back(&mut self, node: usize, session: ConnId, whom: &NodeId, endpoint: &Endpoint) {
        let me = self.name(node);
        let there = self.nodes.iter().position(|other| other.settings.advertise.as_ref() == Some(endpoint));
        let there = there.filter(|_| !self.unreachable.contains(&(me.clone(), whom.clone())));
        let outcome = match there {
            None => DialOutcome::NoAnswer,
            Some(other) if self.name(other) != *whom => DialOutcome::Stranger,
            Some(other) => {
                let ([conn, gone], peer) = ([self.number(), self.number()].map(ConnId), self.proven(&me));
                self.ends.insert(conn, SocketEnd { node: other, other: gone, busy_until: 0 });
                let goodbye = Goodbye::new(GoodbyeReason::Duplicate, "dialed back");
                let when = self.now + self.delay();
                self.post(when, other, Input::Accepted { conn, peer, address: [10, 0, 0, 1].into() });
                self.post(when + 1, other, Input::Closed { conn, why: CloseReason::Goodbye(goodbye) });
                DialOutcome::Connected
            }
        };
        let when = self.now + self.delay();
        self.post(when, node, Input::DialedBack { session, outcome });
    }

    /// What TLS proves of a node: its key is its own until the test changes it.
    fn proven(&self, id: &NodeId) -> Verified {
        let mut verified = verified(id.as_str());
        verified.key = self.keys.get(id).copied().unwrap_or(verified.key);
        verified
    }

    /// To the other end of a connection, in order.
    fn transmit(&mut self, conn: ConnId, input: impl FnOnce(ConnId) -> Input) {
        let delay = self.delay();
        let Some(end) = self.ends.get(&conn).copied() else { return };
        let Some(other) = self.ends.get_mut(&end.other) else { return };
        other.busy_until = other.busy_until.max(self.now + delay);
        let (when, node) = (other.busy_until, other.node);
        let (from, to) = (self.name(end.node), self.name(node));
        if !self.muted.contains(&(from, to)) {
            self.post(when, node, input(end.other));
        }
    }

    fn post(&mut self, when: u64, node: usize, input: Input) {
        let number = self.number();
        self.inbox.insert((when, number), (node, input));
    }

    fn number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    fn delay(&mut self) -> u64 {
        let next = usize::try_from(self.count).unwrap() % self.delays.len();
        self.count += 1;
        self.delays[next]
    }

    // --- What a test asks ---

    pub(super) fn view(&self, name: &str, of: &str) -> Option<PeerView> {
        self.overlay(name).peers(at(self.now)).into_iter().find(|view| view.id == id(of))
    }

    pub(super) fn status(&self, name: &str, of: &str) -> Option<PeerStatus> {
        self.view(name, of).map(|view| view.status)
    }

    /// Open connections between two nodes, counted at the first one.
    pub(super) fn links(&self, one: &str, other: &str) -> Vec<ConnId> {
        let (one, other) = (self.find(one), self.find(other));
        let is_other = |end: &SocketEnd| self.ends.get(&end.other).is_some_and(|end| end.node == other);
        self.ends.iter().filter(|(_, end)| end.node == one && is_other(end)).map(|(conn, _)| *conn).collect()
    }

    /// Cuts a connection for both ends.
    pub(super) fn cut(&mut self, conn: ConnId) {
        let Some(end) = self.ends.get(&conn).copied() else { return };
        for (conn, other) in [(conn, end.node), (end.other, self.ends[&end.other].node)] {
            self.post(self.now, other, Input::Closed { conn, why: CloseReason::Lost("cut".to_string()) });
        }
    }

    /// Says `message` on the only connection between two nodes.
    pub(super) fn say(&mut self, from: &str, to: &str, message: Message) {
        let conn = self.links(to, from)[0];
        let size = message.to_bytes().len();
        self.input(to, Input::Received { conn, message, size });
    }

    pub(super) fn dials_of(&self, who: &str, whom: &str) -> Vec<u64> {
        self.dials.iter().filter(|(_, a, b)| *a == id(who) && *b == id(whom)).map(|(at, ..)| *at).collect()
    }

    pub(super) fn noted(&self, name: &str) -> Vec<&NetworkEvent> {
        self.notes.iter().filter(|(who, _)| *who == id(name)).map(|(_, event)| event).collect()
    }

    pub(super) fn whys(&self, name: &str) -> Vec<String> {
        let why = |event: &NetworkEvent| match event {
            NetworkEvent::PeerRefused { why, .. } | NetworkEvent::PeerDown { why, .. } => Some(why.clone()),
            _ => None,
        };
        self.noted(name).into_iter().filter_map(why).collect()
    }
}

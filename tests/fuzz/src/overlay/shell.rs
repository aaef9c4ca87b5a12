//! What the overlay sees of a shell: sockets, dials, and open questions. It asserts what must hold.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bouya_core::id::NodeId;
use bouya_core::ledger::Origin;
use bouya_core::limits::{
    BLOCK_REQUESTS_PER_PEER, DIALS_BACK, DIALS_IN_FLIGHT, DIALS_PER_SECOND, FRAME_BYTES, KNOWN_PEERS,
    SYNC_WINDOW,
};
use bouya_core::overlay::{
    CloseReason, ConnId, DialError, Input, KeeperRequest, NetworkEvent, Output, Overlay, OverlaySettings,
    PeerStatus, PoolRequest, Request, StoreRequest,
};
use bouya_core::time::{Time, Timestamp};
use bouya_core::wire::{Endpoint, Hello, Message};

use super::{OWN, settings};
use crate::choices::Choices;

const MOST_CONNECTED: usize = 12;
/// The most outputs that one input may lead to: each peer's share of the longest list, and some more.
const OUTPUTS_PER_INPUT: usize = 4_096;

/// The overlay, its sockets, and what the shell owes it.
pub(super) struct Shell {
    pub(super) node: Overlay,
    pub(super) now: u64,
    conns: u64,
    pub(super) open: BTreeMap<ConnId, String>,
    closing: BTreeSet<ConnId>,
    /// Pings that wait for an answer: connection and token.
    pings: Vec<(ConnId, u64)>,
    pub(super) dials: VecDeque<(NodeId, Endpoint)>,
    dialed: VecDeque<u64>,
    /// Sessions whose peers are being dialed back, and when each peer last was.
    pub(super) backs: VecDeque<ConnId>,
    pub(super) dialed_back: BTreeMap<NodeId, u64>,
    pub(super) asked: VecDeque<Request>,
    up: BTreeSet<NodeId>,
    /// Peers that the operator has named.
    pub(super) named: BTreeSet<NodeId>,
    pub(super) stopping: bool,
}

impl Shell {
    pub(super) fn new(seed: u64) -> Self {
        let settings = OverlaySettings { max_connected: MOST_CONNECTED, seed, ..settings(OWN) };
        let named = settings.bootstrap.iter().map(|(id, _)| id.clone()).collect();
        Self {
            node: Overlay::new(settings, Time::from_millis(0), Timestamp(1_700_000_000_000)),
            now: 0,
            conns: 0,
            open: BTreeMap::new(),
            closing: BTreeSet::new(),
            pings: Vec::new(),
            dials: VecDeque::new(),
            dialed: VecDeque::new(),
            backs: VecDeque::new(),
            dialed_back: BTreeMap::new(),
            asked: VecDeque::new(),
            up: BTreeSet::new(),
            named,
            stopping: false,
        }
    }

    fn time(&self) -> Time {
        Time::from_millis(self.now)
    }

    pub(super) fn give(&mut self, input: Input) {
        if let Input::Closed { conn, .. } = &input {
            self.open.remove(conn);
            self.closing.remove(conn);
        }
        self.node.handle(self.time(), input);
        let mut count = 0;
        while let Some(output) = self.node.poll() {
            count += 1;
            assert!(count <= OUTPUTS_PER_INPUT, "one input led to {count} outputs and more");
            self.take(output);
        }
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Dial { id, endpoint, local } => {
                assert!(!self.stopping, "dials while stopping");
                let is_named = self.named.contains(&id);
                assert!(
                    is_named || !local,
                    "an address of {id} that another peer gave may lead to this machine"
                );
                let loopback =
                    endpoint.to_string().starts_with("127.") || endpoint.to_string().starts_with("0.");
                assert!(is_named || !loopback, "dials {endpoint}, which another peer gave");
                assert!(
                    id.as_str() != OWN && self.dials.iter().all(|(other, _)| *other != id),
                    "{id} dialed twice"
                );
                self.dials.push_back((id, endpoint));
                assert!(self.dials.len() <= DIALS_IN_FLIGHT);
                self.dialed.push_back(self.now);
                self.dialed.retain(|at| self.now < at + 1_000);
                assert!(self.dialed.len() <= DIALS_PER_SECOND as usize, "dials are not paced");
            }
            Output::DialBack { session, id, endpoint, local } => {
                assert!(!self.stopping && id.as_str() != OWN);
                let told = endpoint.to_string();
                assert!(!told.starts_with("127.") && !told.starts_with("0."), "dials back at {endpoint}");
                assert!(!local || self.named.contains(&id));
                let now = self.now;
                let again = self.dialed_back.insert(id.clone(), now);
                assert!(again.is_none_or(|at| now >= at + 60_000), "dials {id} back more than once a minute");
                self.backs.push_back(session);
                assert!(self.backs.len() <= DIALS_BACK);
            }
            Output::Close { conn, .. } => {
                assert!(self.open.contains_key(&conn), "closes a connection that is gone");
                assert!(self.closing.insert(conn), "closed twice");
            }
            Output::Greet { conn, hello } => {
                self.may_send(conn);
                assert!(Hello::from_json(&hello.to_json()).as_ref() == Ok(&hello));
            }
            // No voter runs here.
            Output::Finality(_) => (),
            Output::SendCrls { conn } => self.may_send(conn),
            Output::Send { conn, message } => {
                self.may_send(conn);
                match &message {
                    Message::Ping(token) => self.pings.push((conn, *token)),
                    Message::GetBlocks(ids) => assert!(ids.len() <= BLOCK_REQUESTS_PER_PEER),
                    _ => (),
                }
                let bytes = message.to_bytes();
                assert!(bytes.len() <= FRAME_BYTES, "a {} of {} bytes", message.name(), bytes.len());
                assert_eq!(Message::from_bytes(&bytes), Ok(message), "sends a message that cannot be read");
            }
            Output::Ask(request) => self.asked.push_back(request),
            Output::Event(NetworkEvent::PeerUp { id, .. }) => {
                assert!(self.up.insert(id.clone()), "{id} is up twice")
            }
            Output::Event(NetworkEvent::PeerDown { id, .. }) => {
                assert!(self.up.remove(&id), "{id} is down twice")
            }
            Output::Event(_) | Output::Save(_) | Output::Revocations(_) | Output::Syncing(_) => (),
        }
    }

    fn may_send(&self, conn: ConnId) {
        assert!(self.open.contains_key(&conn), "sends on a connection that is gone");
        assert!(!self.closing.contains(&conn), "sends after it closed");
    }

    pub(super) fn pick(&self, choices: &mut Choices<'_>) -> Option<(ConnId, String)> {
        if self.open.is_empty() {
            return None;
        }
        let at = choices.within(0..self.open.len());
        self.open.iter().nth(at).map(|(conn, name)| (*conn, name.clone()))
    }

    /// Lets time pass, with every wake-up when it is due. With `live`, peers answer pings; without, silent ones are cut off.
    pub(super) fn pass(&mut self, ms: u64, live: bool) {
        let end = self.now + ms;
        self.pings.clear();
        // More wake-ups than this would be a busy loop.
        for _ in 0..20_000 {
            match self.node.next_wakeup().map(Time::as_millis).filter(|due| *due <= end) {
                None => break,
                Some(due) => {
                    self.now = self.now.max(due);
                    self.give(Input::Wake);
                    self.answer_pings(live);
                    let next = self.node.next_wakeup().map(Time::as_millis);
                    assert!(next.is_none_or(|next| next > self.now), "a wake-up that does nothing");
                }
            }
        }
        let due = self.node.next_wakeup().map(Time::as_millis);
        assert!(due.is_none_or(|due| due > end), "20,000 wake-ups in {ms} ms");
        self.now = end;
    }

    fn answer_pings(&mut self, live: bool) {
        for (conn, token) in std::mem::take(&mut self.pings) {
            if live && self.open.contains_key(&conn) {
                let message = Message::Pong(token);
                let size = message.to_bytes().len();
                self.give(Input::Received { conn, message, size });
            }
        }
    }

    pub(super) fn connection(&mut self, name: &str) -> ConnId {
        self.conns += 1;
        self.open.insert(ConnId(self.conns), name.to_owned());
        ConnId(self.conns)
    }

    pub(super) fn check(&self) {
        let views = self.node.peers(self.time());
        assert!(views.windows(2).all(|pair| pair[0].id < pair[1].id), "a peer is listed twice");
        assert!(views.iter().all(|view| view.id.as_str() != OWN), "knows itself");
        let up: BTreeSet<_> = views
            .iter()
            .filter(|view| view.status == PeerStatus::Connected)
            .map(|view| view.id.clone())
            .collect();
        assert_eq!(up, self.up, "the peers that are up are not those that were reported up");
        assert_eq!(up.len(), self.node.connected());
        assert!(up.len() <= MOST_CONNECTED && self.node.known() <= KNOWN_PEERS);
        for view in views.iter().filter(|view| view.status == PeerStatus::Dialing) {
            let is_dialed = self.dials.iter().any(|(id, _)| *id == view.id);
            let is_greeting = self.open.values().any(|name| *name == view.id.as_str());
            // While this node stops, a dial that ends has no effect any more.
            assert!(
                is_dialed || is_greeting || self.stopping,
                "{} is being dialed, but no dial is under way",
                view.id
            );
        }
        let mut askers = BTreeSet::new();
        for request in &self.asked {
            if let Request::Store(StoreRequest::Headers { conn, .. } | StoreRequest::Block { conn, .. })
            | Request::Pool(PoolRequest::Fetch { conn, .. }) = request
            {
                assert!(askers.insert(*conn), "two questions for one peer at a time");
            }
        }
        let is_synced = |request: &&Request| {
            matches!(request, Request::Keeper(KeeperRequest::Take { origin: Origin::Synced, .. }))
        };
        let fetching = self.asked.iter().filter(is_synced);
        assert!(fetching.count() <= SYNC_WINDOW, "the chain has more blocks than the window holds");
    }

    /// All peers leave. Nothing of theirs may be left, and the configured ones must be dialed again.
    pub(super) fn settle(&mut self) {
        for conn in self.open.keys().copied().collect::<Vec<_>>() {
            self.give(Input::Closed { conn, why: CloseReason::Asked });
        }
        assert_eq!((self.node.connected(), self.up.len()), (0, 0));
        let views = self.node.peers(self.time());
        let wanted = views.iter().any(|view| {
            view.id.as_str() == "node8" && view.endpoint.is_some() && view.status != PeerStatus::Banned
        });
        let mut dialed = false;
        for _ in 0..500 {
            while let Some((id, endpoint)) = self.dials.pop_front() {
                dialed |= id.as_str() == "node8";
                self.give(Input::DialFailed { id, endpoint, why: DialError::Unreachable(String::new()) });
            }
            if dialed {
                break;
            }
            self.pass(1_000, false);
        }
        assert!(dialed || !wanted || self.stopping, "a configured peer is not dialed again");
        self.check();
    }
}

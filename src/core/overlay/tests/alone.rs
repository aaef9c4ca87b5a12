//! One node, and a test that plays everybody else.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::world::{at, endpoint, hello, id, settings, verified};
use crate::codec::Bounded;
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::limits::{BANS, DIALS_IN_FLIGHT, KNOWN_PEERS, KNOWN_PER_SOURCE};
use crate::overlay::{
    Book, CloseReason, Command, ConnId, DialError, Fault, Input, NetworkEvent, Output, Overlay,
    OverlaySettings, PeerStatus,
};
use crate::testing::genesis;
use crate::time::{Time, Timestamp};
use crate::wire::{Endpoint, Goodbye, GoodbyeReason, Hello, Message, PeerEntry, TipSummary};

/// The node, its clock, and the numbers of its connections.
pub(super) struct Alone {
    pub(super) overlay: Overlay,
    pub(super) now: u64,
    pub(super) conns: u64,
}

impl Alone {
    pub(super) fn new(settings: OverlaySettings) -> Self {
        Self { overlay: Overlay::new(settings, at(0), Timestamp(1_000)), now: 0, conns: 0 }
    }

    pub(super) fn time(&self) -> Time {
        at(self.now)
    }

    pub(super) fn give(&mut self, input: Input) -> Vec<Output> {
        self.overlay.handle(self.time(), input);
        core::iter::from_fn(|| self.overlay.poll()).collect()
    }

    pub(super) fn accept(&mut self, name: &str) -> (ConnId, Vec<Output>) {
        self.conns += 1;
        let conn = ConnId(self.conns);
        (conn, self.give(Input::Accepted { conn, peer: verified(name), address: [10, 0, 0, 1].into() }))
    }

    pub(super) fn connect_as(&mut self, name: &str, hello: Hello) -> (ConnId, Vec<Output>) {
        let (conn, _) = self.accept(name);
        (conn, self.give(Input::Hello { conn, hello }))
    }

    pub(super) fn connect(&mut self, name: &str) -> (ConnId, Vec<Output>) {
        self.connect_as(name, hello(name))
    }

    pub(super) fn say(&mut self, conn: ConnId, message: Message) -> Vec<Output> {
        let size = message.to_bytes().len();
        self.give(Input::Received { conn, message, size })
    }

    pub(super) fn pass(&mut self, span: Duration) -> Vec<Output> {
        let end = self.now + u64::try_from(span.as_millis()).unwrap();
        let mut all = Vec::new();
        while let Some(next) = self.overlay.next_wakeup().filter(|at| at.as_millis() <= end) {
            self.now = self.now.max(next.as_millis());
            all.extend(self.give(Input::Wake));
        }
        self.now = end;
        all
    }

    /// A dial ends without an answer.
    pub(super) fn fail(&mut self, (id, endpoint): (NodeId, Endpoint)) -> Vec<Output> {
        self.give(Input::DialFailed { id, endpoint, why: DialError::Unreachable(String::new()) })
    }

    pub(super) fn status(&self, name: &str) -> Option<PeerStatus> {
        self.overlay.peers(self.time()).into_iter().find(|view| view.id == id(name)).map(|view| view.status)
    }
}

pub(super) fn goodbye(outputs: &[Output]) -> Option<&Goodbye> {
    outputs.iter().find_map(|output| match output {
        Output::Close { goodbye, .. } => goodbye.as_ref(),
        _ => None,
    })
}

pub(super) fn reason(outputs: &[Output]) -> Option<GoodbyeReason> {
    goodbye(outputs).map(|goodbye| goodbye.reason)
}

pub(super) fn told<N: AsRef<str>>(peers: impl IntoIterator<Item = (N, Endpoint)>) -> Message {
    let entry = |(name, endpoint): (N, _)| PeerEntry { id: id(name.as_ref()), endpoint };
    Message::Peers(Bounded::truncated(peers.into_iter().map(entry)))
}

pub(super) fn saved(outputs: Vec<Output>) -> Option<Book> {
    outputs.into_iter().find_map(|output| if let Output::Save(book) = output { Some(book) } else { None })
}

pub(super) fn dials(outputs: &[Output]) -> Vec<(NodeId, Endpoint)> {
    let dial = |output: &Output| match output {
        Output::Dial { id, endpoint, .. } => Some((id.clone(), endpoint.clone())),
        _ => None,
    };
    outputs.iter().filter_map(dial).collect()
}

fn entries(outputs: &[Output]) -> Vec<String> {
    let peers = outputs.iter().find_map(|output| match output {
        Output::Send { message: Message::Peers(entries), .. } => Some(entries),
        _ => None,
    });
    peers.into_iter().flat_map(|list| list.iter()).map(|entry| entry.id.to_string()).collect()
}

#[test]
fn a_hello_that_does_not_fit_gets_both_values() {
    let mut node = Alone::new(settings("a", &[]));
    let (_, out) = node.connect_as("b", Hello { network: Hash([9; 32]), ..hello("b") });
    let last = goodbye(&out).unwrap();
    assert_eq!(last.reason, GoodbyeReason::Network);
    assert!(last.detail.as_str().contains(&genesis().id().to_string()));
    assert!(last.detail.as_str().contains(&Hash([9; 32]).to_string()));
    assert_eq!(node.overlay.connected(), 0);
    let refused = |out: &[Output]| {
        out.iter().filter(|o| matches!(o, Output::Event(NetworkEvent::PeerRefused { .. }))).count()
    };
    assert_eq!(refused(&out), 1);
    let (_, again) = node.connect_as("b", Hello { id: id("c"), ..hello("b") });
    assert_eq!((reason(&again), refused(&again)), (Some(GoodbyeReason::Identity), 0));
    node.pass(Duration::from_secs(60));
    let (_, later) = node.connect_as("b", Hello { protocols: (7, 9), ..hello("b") });
    assert_eq!((reason(&later), refused(&later)), (Some(GoodbyeReason::Protocol), 1));
}

#[test]
fn hello_comes_first_and_once() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, out) = node.accept("b");
    assert!(matches!(out.as_slice(), [Output::Greet { .. }]), "{out:?}");
    assert_eq!(reason(&node.say(conn, Message::GetPeers)), Some(GoodbyeReason::Fault));
    let (conn, out) = node.connect("c");
    assert_eq!(reason(&out), None);
    assert!(node.give(Input::Hello { conn, hello: hello("c") }).is_empty(), "points, no more");
    let (_, _) = node.accept("d");
    let out = node.pass(Duration::from_secs(10));
    assert_eq!(reason(&out), Some(GoodbyeReason::Slow), "no hello in time");
}

#[test]
fn this_node_itself_is_nobodys_peer() {
    let mut node = Alone::new(settings("a", &["a"]));
    let (_, out) = node.accept("a");
    assert_eq!(reason(&out), Some(GoodbyeReason::Identity));
    node.give(Input::Command(Command::AddPeer(id("a"), endpoint("a"))));
    node.give(Input::Command(Command::Blacklist(id("a"))));
    assert!(node.overlay.peers(node.time()).is_empty());
    assert!(dials(&node.pass(Duration::from_secs(60))).is_empty());
}

#[test]
fn an_address_that_leads_back_is_forgotten() {
    let mut node = Alone::new(settings("a", &["b"]));
    let out = node.pass(Duration::from_secs(1));
    let (_, endpoint) = dials(&out)[0].clone();
    let out = node.give(Input::Dialed { conn: ConnId(9), peer: verified("a"), endpoint });
    assert_eq!(reason(&out), Some(GoodbyeReason::Identity));
    assert!(dials(&node.pass(Duration::from_secs(600))).is_empty());
}

#[test]
fn strangers_leave_room_for_configured_peers() {
    let mut node = Alone::new(OverlaySettings { max_connected: 4, ..settings("a", &["friend"]) });
    for name in ["b", "c", "d"] {
        assert_eq!(reason(&node.connect(name).1), None);
    }
    assert_eq!(reason(&node.connect("e").1), Some(GoodbyeReason::Full));
    assert_eq!(reason(&node.connect("friend").1), None);
    assert_eq!(reason(&node.connect("f").1), Some(GoodbyeReason::Full));
    assert_eq!(node.overlay.connected(), 4);
    let (second, out) = node.connect("b");
    assert_eq!(reason(&out), None, "a second connection of a connected peer needs no place");
    let _ = node.give(Input::Closed { conn: second, why: CloseReason::Lost(String::new()) });
    assert_eq!(node.overlay.connected(), 4);
}

#[test]
fn banned_ids_are_closed_before_any_hello() {
    let mut node = Alone::new(OverlaySettings { blacklist: vec![id("eve")], ..settings("a", &["eve"]) });
    let (_, out) = node.accept("eve");
    assert!(matches!(out.as_slice(), [Output::Close { .. }, Output::Event(_)]), "{out:?}");
    assert_eq!(reason(&out), Some(GoodbyeReason::Banned));
    node.give(Input::Command(Command::Unblacklist(id("eve"))));
    assert_eq!(node.status("eve"), Some(PeerStatus::Banned), "the configuration's stays");
    assert!(node.overlay.blacklist()[0].configured);
    assert!(dials(&node.pass(Duration::from_secs(60))).is_empty());
}

#[test]
fn what_is_told_is_judged() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, _) = node.connect("b");
    let named = |name, endpoint: &str| (name, endpoint.parse().unwrap());
    let out = node.say(
        conn,
        told([
            named("good", "10.0.0.9:7000"),
            named("looped", "127.0.0.1:7000"),
            named("nowhere", "224.0.0.1:7000"),
            named("a", "10.0.0.7:7000"),
            named("mirror", "a.example:7000"),
        ]),
    );
    assert!(out.iter().all(|output| !matches!(output, Output::Close { .. })));
    let known: Vec<_> = node.overlay.peers(node.time()).into_iter().map(|view| view.id.to_string()).collect();
    assert_eq!(known, ["b", "good"]);

    let local = "127.0.0.1:7000".parse().ok();
    let mut node = Alone::new(OverlaySettings { advertise: local, ..settings("a", &[]) });
    let (conn, _) = node.connect("b");
    node.say(conn, told([named("looped", "127.0.0.1:7001")]));
    assert_eq!(node.status("looped"), Some(PeerStatus::Known));
}

#[test]
fn only_proven_and_configured_peers_are_told() {
    let mut node = Alone::new(settings("a", &["boot"]));
    let (b, _) = node.connect("b");
    node.say(b, told([("hearsay", endpoint("hearsay"))]));
    node.connect_as("z", Hello { listen: None, ..hello("z") });
    node.connect("c");
    let (d, _) = node.connect("d");
    assert_eq!(entries(&node.say(d, Message::GetPeers)), ["b", "boot", "c"]);
    node.give(Input::Command(Command::Blacklist(id("c"))));
    node.give(Input::Closed { conn: b, why: CloseReason::Lost(String::new()) });
    assert_eq!(entries(&node.say(d, Message::GetPeers)), ["b", "boot"]);
    for _ in 0..3 * 3600 / 30 + 1 {
        node.pass(Duration::from_secs(30));
        node.say(d, Message::Pong(0));
    }
    assert_eq!(entries(&node.say(d, Message::GetPeers)), ["boot"], "b was proven too long ago");
}

#[test]
fn the_pace_of_dials_is_bounded() {
    let names: Vec<_> = (0..100).map(|n| std::format!("peer{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut node = Alone::new(settings("a", &names));
    let mut open = dials(&node.pass(Duration::from_secs(60)));
    assert_eq!(open.len(), DIALS_IN_FLIGHT, "none is answered");
    let mut starts = Vec::new();
    for _ in 0..500 {
        for dial in core::mem::take(&mut open) {
            let more = dials(&node.fail(dial));
            starts.extend(more.iter().map(|_| node.now));
            open.extend(more);
        }
        let more = dials(&node.pass(Duration::from_millis(10)));
        starts.extend(more.iter().map(|_| node.now));
        open.extend(more);
    }
    for window in starts.windows(11) {
        assert!(window[10] - window[0] >= 980, "{window:?}");
    }
    assert!(starts.len() >= 40, "{}", starts.len());
}

#[test]
fn bans_are_bounded_and_the_book_holds_them() {
    let mut node = Alone::new(settings("a", &[]));
    for n in 0..BANS + 20 {
        let (conn, _) = node.connect(&std::format!("evil{n}"));
        node.now += 1;
        let out = node.give(Input::Broken { conn, fault: Fault::InvalidHeader("bad".to_string()) });
        assert_eq!(reason(&out), Some(GoodbyeReason::Fault));
        node.give(Input::Closed { conn, why: CloseReason::Asked });
    }
    let banned = |node: &Alone| {
        let views = node.overlay.peers(node.time());
        views.iter().filter(|view| view.status == PeerStatus::Banned).count()
    };
    assert_eq!(banned(&node), BANS);
    assert_eq!(node.status("evil0"), None, "the first to end left first");
    let out = node.give(Input::Command(Command::Shutdown));
    let node = Alone::new(OverlaySettings { book: saved(out).unwrap(), ..settings("a", &[]) });
    assert_eq!(banned(&node), BANS);
}

#[test]
fn the_book_is_bounded() {
    let mut node = Alone::new(settings("a", &["boot"]));
    assert!(node.overlay.has_room_for(&id("newcomer")), "nobody has to make room");
    for n in 0..KNOWN_PEERS + 50 {
        let (conn, out) =
            node.connect_as(&std::format!("p{n}"), Hello { listen: None, ..hello(&std::format!("p{n}")) });
        assert_eq!(reason(&out), None);
        node.give(Input::Closed { conn, why: CloseReason::Lost(String::new()) });
    }
    assert_eq!(node.overlay.known(), KNOWN_PEERS);
    assert!(node.status("boot").is_some());
    assert!(node.overlay.has_room_for(&id("newcomer")), "one of them makes room");
}

#[test]
fn proven_peers_displace_hearsay_and_hearsay_displaces_no_proven_peer() {
    const SOURCES: usize = 40;
    let mut node = Alone::new(settings("a", &["boot"]));
    let count = |node: &Alone, kind: &str| {
        let views = node.overlay.peers(node.time());
        views.iter().filter(|view| view.id.as_str().starts_with(kind)).count()
    };
    // By their names those that are only told of would leave last.
    let hearsay = |source: usize| {
        told((0..KNOWN_PER_SOURCE).map(|n| (std::format!("told{source}x{n}"), endpoint("told"))))
    };
    for source in 0..SOURCES {
        let (conn, _) = node.connect(&std::format!("source{source}"));
        node.say(conn, hearsay(source));
    }
    assert_eq!(count(&node, "told"), SOURCES * KNOWN_PER_SOURCE);
    let rest = KNOWN_PEERS - SOURCES - 1;
    for n in 0..rest {
        let (conn, out) = node.connect(&std::format!("proven{n}"));
        assert_eq!(reason(&out), None);
        node.give(Input::Closed { conn, why: CloseReason::Lost(String::new()) });
    }
    assert_eq!((count(&node, "told"), count(&node, "proven")), (0, rest));
    // The next source is proven itself, so it gets a place; those that it tells of do not.
    let (conn, _) = node.connect("source");
    assert_eq!(count(&node, "proven"), rest - 1);
    node.say(conn, hearsay(SOURCES));
    assert_eq!((count(&node, "told"), count(&node, "proven")), (0, rest - 1));
}

#[test]
fn clocks_are_compared_and_never_set() {
    let mut node = Alone::new(settings("a", &[]));
    assert_eq!(node.overlay.outlook(Time::default()).clock_offset_ms, None);
    for (name, time_ms) in [("b", 1_010), ("c", u64::MAX), ("d", 1_030)] {
        node.connect_as(name, Hello { time_ms, ..hello(name) });
    }
    assert_eq!(node.overlay.outlook(Time::default()).clock_offset_ms, Some(30));
    // Nor does anything overflow, or follow one liar of two.
    let mut node = Alone::new(settings("a", &[]));
    node.connect_as("b", Hello { time_ms: 1_000, ..hello("b") });
    for extreme in [0, u64::MAX] {
        let tip = TipSummary { height: u64::MAX, hash: Hash([9; 32]), work: u128::MAX };
        let (conn, out) =
            node.connect_as("c", Hello { time_ms: extreme, tip, lowest_block: u64::MAX, ..hello("c") });
        assert_eq!(reason(&out), None);
        assert_eq!(node.overlay.outlook(Time::default()).clock_offset_ms, Some(0));
        node.pass(Duration::from_secs(30));
        node.give(Input::Closed { conn, why: CloseReason::Lost(String::new()) });
        node.pass(Duration::from_secs(1));
    }
}

#[test]
fn a_ping_tells_the_time_only_if_hello_said_so() {
    let mut node = Alone::new(settings("a", &[]));
    let (mute, _) = node.connect_as("b", Hello { time_ms: 1_000, ..hello("b") });
    node.say(mute, Message::Ping(5_000));
    assert_eq!(node.overlay.outlook(Time::default()).clock_offset_ms, Some(0));
    let mut node = Alone::new(settings("a", &[]));
    let features = Vec::from([crate::wire::CLOCK_FEATURE.to_string()]);
    let (telling, _) = node.connect_as("c", Hello { time_ms: 1_000, features, ..hello("c") });
    for (number, offset) in [(5_000, 4_000), (u64::MAX, i64::MAX), (0, -1_000)] {
        node.say(telling, Message::Ping(number));
        assert_eq!(node.overlay.outlook(Time::default()).clock_offset_ms, Some(offset));
    }
}

/// How long the next backoff is after a connection that held so long, with many failures before it.
fn backoff_after(seed: u64, held: Duration) -> Duration {
    let mut node = Alone::new(OverlaySettings { seed, ..settings("a", &["b"]) });
    for _ in 0..10 {
        let dial = dials(&node.pass(Duration::from_secs(61)))[0].clone();
        node.fail(dial);
    }
    let (conn, _) = node.connect("b");
    for _ in 0..held.as_secs() / 10 {
        node.pass(Duration::from_secs(10));
        node.say(conn, Message::Pong(0));
    }
    node.give(Input::Closed { conn, why: CloseReason::Lost(String::new()) });
    let views = node.overlay.peers(node.time());
    assert_eq!(views[0].status, PeerStatus::Backoff);
    views[0].until.unwrap()
}

#[test]
fn only_a_connection_that_holds_forgets_the_backoff() {
    let longest = |held| (0..20).map(|seed| backoff_after(seed, held)).max().unwrap();
    assert!(longest(Duration::from_secs(50)) > Duration::from_secs(30));
    assert!(longest(Duration::from_secs(60)) <= Duration::from_secs(1));
}

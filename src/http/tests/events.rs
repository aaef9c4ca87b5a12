//! The event stream, and the server's end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use bouya_core::crypto::{Hash, PublicKey};
use bouya_core::ledger::Standing;
use bouya_core::limits::EVENTS_KEPT;
use bouya_core::overlay::PeerStatus;
use serde_json::{Value, json};

use super::client::Answer;
use super::harness::Node;
use crate::events::{Event, MotionState};

fn listen(node: &Node) -> BufReader<TcpStream> {
    open(node, "/v1/events", "")
}

/// The stream at `path`, asked for with such headers.
pub(super) fn open(node: &Node, path: &str, headers: &str) -> BufReader<TcpStream> {
    let mut stream = node.connect();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").unwrap();
    let mut stream = BufReader::new(stream);
    let answer = Answer::read_head(&mut stream);
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream"));
    assert_eq!(answer.header("x-accel-buffering"), "no", "a proxy must not keep events back");
    stream
}

/// The next event's name and data; none at the stream's end.
fn next(stream: &mut impl BufRead) -> Option<(String, Value)> {
    next_with_id(stream).map(|(name, _, data)| (name, data))
}

/// The same with its id.
pub(super) fn next_with_id(stream: &mut impl BufRead) -> Option<(String, String, Value)> {
    let (mut name, mut id, mut data) = (None, None, None);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        let line = line.trim_end();
        // It comes after seconds without an event, and would keep a read from ever being too late.
        assert!(!line.starts_with(':'), "only a sign of life");
        if let Some(given) = line.strip_prefix("event: ") {
            name = Some(given.to_owned());
        } else if let Some(given) = line.strip_prefix("id: ") {
            id = Some(given.to_owned());
        } else if let Some(given) = line.strip_prefix("data: ") {
            data = Some(serde_json::from_str(given).unwrap());
        } else if line.is_empty() && data.is_some() {
            return Some((name.expect("a name"), id.expect("an id"), data?));
        }
    }
}

#[test]
fn blocks_and_transactions_are_told_until_the_node_stops() {
    let node = Node::start();
    let (mut one, mut two) = (listen(&node), listen(&node));
    let id = node.pay(1, 0, 2, 5).id().to_string();
    let mined = node.mine();
    for stream in [&mut one, &mut two] {
        let (name, data) = next(stream).unwrap();
        assert_eq!((name.as_str(), data), ("transaction", json!({ "type": "transaction", "id": id })));
        let (name, data) = next(stream).unwrap();
        assert_eq!((name.as_str(), &data["type"]), ("block", &json!("block")));
        assert_eq!(
            (&data["height"], &data["hash"], &data["transactions"]),
            (&json!(1), &mined["hash"], &json!(1))
        );
    }
    // A stream that is open does not hold up the stop.
    node.api.stop.cancel();
    for mut stream in [one, two] {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        // Ended, and not cut when the node's patience with its connections is over.
        assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
    }
    node.wait("nobody listens any more", || TcpStream::connect(node.address).is_err());
}

#[test]
fn every_kind_of_event_has_its_promised_shape() {
    let node = Node::start();
    let mut stream = listen(&node);
    let (id, key) = (Hash([7; 32]), PublicKey([9; 32]));
    let (seven, peer) = ("07".repeat(32), |text: &str| text.parse().unwrap());
    let block = |member| Event::Block { height: 3, hash: id, transactions: 2, miner: key, member };
    for (event, told) in [
        (
            block(None),
            json!({ "type": "block", "height": 3, "hash": seven, "transactions": 2, "miner": key.to_string() }),
        ),
        (
            block(Some(peer("bob"))),
            json!({ "type": "block", "height": 3, "hash": seven, "transactions": 2, "miner": "bob" }),
        ),
        (
            Event::Reorg { depth: 1, from: id, to: Hash::ZERO, height: 4 },
            json!({ "type": "reorg", "depth": 1, "from": seven, "to": "00".repeat(32), "height": 4 }),
        ),
        (Event::Transaction { id }, json!({ "type": "transaction", "id": seven })),
        (
            Event::Dropped { id, reason: "expired".to_owned() },
            json!({ "type": "dropped", "id": seven, "reason": "expired" }),
        ),
        (
            Event::Agreement { id, standing: Standing::Expired },
            json!({ "type": "agreement", "id": seven, "status": "expired" }),
        ),
        (
            Event::Final { height: 3, hash: id, after_ms: 700 },
            json!({ "type": "final", "height": 3, "hash": seven, "after_ms": 700 }),
        ),
        (
            Event::Motion { id, state: MotionState::Rejected },
            json!({ "type": "motion", "id": seven, "state": "rejected" }),
        ),
        (
            Event::Members { height: 3, hash: id, members: vec![peer("bob")], finalized: true },
            json!({ "type": "members", "height": 3, "hash": seven, "members": ["bob"], "final": true }),
        ),
        (
            Event::MemberFault { id: peer("bob"), offence: "double".to_owned() },
            json!({ "type": "member_fault", "id": "bob", "offence": "double" }),
        ),
        (
            Event::FinalityConflict { height: 3, hash: id },
            json!({ "type": "finality_conflict", "height": 3, "hash": seven }),
        ),
        (
            Event::Peer { id: peer("bob"), status: PeerStatus::Connected, why: None },
            json!({ "type": "peer", "id": "bob", "status": "connected", "why": null }),
        ),
    ] {
        node.api.events.tell(event);
        let name = told["type"].as_str().unwrap().to_owned();
        assert_eq!(next(&mut stream), Some((name, told)));
    }
}

#[test]
fn a_listener_that_is_too_slow_is_told_what_it_missed() {
    let node = Node::start();
    let mut stream = listen(&node);
    // More than the queue holds and the sockets' buffers take, before anything is read.
    let reason = "x".repeat(8_192);
    for _ in 0..5_000 {
        node.api.events.tell(Event::Dropped { id: Hash::ZERO, reason: reason.clone() });
    }
    let missed = loop {
        let (name, data) = next(&mut stream).unwrap();
        if name == "lagged" {
            break data["missed"].as_u64().unwrap();
        }
    };
    assert!(missed > 0);
}

#[test]
fn a_listener_that_comes_back_gets_what_it_missed() {
    let node = Node::start();
    let mut stream = listen(&node);
    node.mine();
    let (name, first, _) = next_with_id(&mut stream).unwrap();
    assert_eq!(name, "block");
    drop(stream);
    let missed = [node.mine(), node.mine()];
    // As a browser says it by itself, and as a page says it; the browser's is the later one.
    let header = format!("Last-Event-ID: {first}\r\n");
    for (path, headers) in [
        ("/v1/events".to_owned(), header.as_str()),
        (format!("/v1/events?after={first}"), ""),
        (format!("/v1/events?after={}", first.replace("-1", "-0")), header.as_str()),
    ] {
        let mut stream = open(&node, &path, headers);
        for block in &missed {
            let (name, id, data) = next_with_id(&mut stream).unwrap();
            assert_eq!((name.as_str(), &data["height"]), ("block", &block["height"]), "{path} {headers}");
            assert_eq!(id, first.replace("-1", &format!("-{}", block["height"])), "{path} {headers}");
        }
    }
}

#[test]
fn a_listener_of_before_a_restart_is_told_that_nobody_knows_what_it_missed() {
    let node = Node::start();
    let mut stream = listen(&node);
    node.mine();
    let (_, id, _) = next_with_id(&mut stream).unwrap();
    for last in ["0000000000000000-1", "anything", "7", "\u{fc}"] {
        let mut stream = open(&node, "/v1/events", &format!("Last-Event-ID: {last}\r\n"));
        let told = next_with_id(&mut stream).unwrap();
        assert_eq!(told, ("lagged".to_owned(), id.clone(), json!({ "missed": null })), "{last}");
    }
}

#[test]
fn a_listener_that_was_away_too_long_is_told_how_many_are_lost() {
    let node = Node::start();
    let mut stream = listen(&node);
    node.mine();
    let (_, id, _) = next_with_id(&mut stream).unwrap();
    let event = Event::Dropped { id: Hash::ZERO, reason: String::new() };
    for _ in 0..EVENTS_KEPT + 5 {
        node.api.events.tell(event.clone());
    }
    let mut stream = open(&node, "/v1/events", &format!("Last-Event-ID: {id}\r\n"));
    let (name, lagged, data) = next_with_id(&mut stream).unwrap();
    assert_eq!((name.as_str(), data), ("lagged", json!({ "missed": 5 })));
    assert_eq!(lagged, id.replace("-1", "-6"), "who leaves here misses nothing more");
    assert_eq!(next_with_id(&mut stream).unwrap().1, id.replace("-1", "-7"));
}

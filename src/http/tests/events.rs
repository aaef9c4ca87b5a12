//! The event stream, and the server's end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::client::Answer;
use super::harness::Node;

fn listen(node: &Node) -> BufReader<TcpStream> {
    let mut stream = node.connect();
    stream.write_all(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut stream = BufReader::new(stream);
    let answer = Answer::read_head(&mut stream);
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream"));
    stream
}

/// The next event's name and data; none at the stream's end.
fn next(stream: &mut impl BufRead) -> Option<(String, Value)> {
    let mut name = None;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        let line = line.trim_end();
        if let Some(given) = line.strip_prefix("event: ") {
            name = Some(given.to_owned());
        } else if let Some(data) = line.strip_prefix("data: ") {
            return Some((name.expect("a name comes first"), serde_json::from_str(data).unwrap()));
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
fn a_listener_that_is_too_slow_is_told_what_it_missed() {
    let node = Node::start();
    let mut stream = listen(&node);
    // More than the queue holds and the sockets' buffers take, before anything is read.
    let reason = "x".repeat(8_192);
    for _ in 0..5_000 {
        node.api.events.tell(crate::events::Event::Dropped { id: String::new(), reason: reason.clone() });
    }
    let missed = loop {
        let (name, data) = next(&mut stream).unwrap();
        if name == "lagged" {
            break data["missed"].as_u64().unwrap();
        }
    };
    assert!(missed > 0);
}

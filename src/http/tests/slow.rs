//! Clients that are slow, rude or many.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use bouya_core::crypto::Hash;
use bouya_core::limits::{API_CONNECTIONS, API_QUESTIONS, API_READS};

use super::super::connections::Connections;
use super::super::server::{DEADLINES, Deadlines};
use super::client::Answer;
use super::harness::{Node, connect};

const GET: &[u8] = b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n";
const SHORT: Duration = Duration::from_millis(100);

/// Whether the server closes: an end or a reset, not the client's own patience.
fn is_closed(stream: &mut impl Read) -> bool {
    match stream.read_to_end(&mut Vec::new()) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn slow_headers_end_the_connection() {
    let node = Node::start();
    let address = node.serve_also(|server| server.deadlines.head = SHORT);
    for sent in ["", "GET /v1/st", "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
        let mut stream = connect(address);
        stream.write_all(sent.as_bytes()).unwrap();
        let mut rest = Vec::new();
        // Closed by the server, not by the client's patience.
        stream.read_to_end(&mut rest).unwrap();
        assert!(!rest.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&rest));
    }
    // After an answer a connection may not idle for longer either.
    let mut stream = connect(address);
    stream.write_all(GET).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    assert!(all.starts_with(b"HTTP/1.1 200"));
}

#[test]
fn a_header_now_and_then_does_not_hold_a_connection() {
    let node = Node::start();
    let address = node.serve_also(|server| server.deadlines.head = SHORT);
    let mut stream = connect(address);
    stream.write_all(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n").unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let dribbler = std::thread::spawn(move || {
        // It ends only when the server closes.
        while stream.write_all(b"X-A: b\r\n").is_ok() {
            std::thread::sleep(SHORT / 10); // pace
        }
    });
    assert!(is_closed(&mut reader));
    dribbler.join().unwrap();
}

#[test]
fn who_does_not_read_an_answer_is_cut() {
    let node = Node::start();
    let address = node.serve_also(|server| server.deadlines.stall = SHORT);
    let mut stream = connect(address);
    stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
    // Answers pile up in the kernel until the server can write no more; then the server cuts. Without that both wait for ever.
    let ask = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let error = loop {
        if let Err(error) = stream.write_all(ask) {
            break error;
        }
    };
    let cut = [std::io::ErrorKind::ConnectionReset, std::io::ErrorKind::BrokenPipe];
    assert!(cut.contains(&error.kind()), "{error}");
}

#[test]
fn who_does_not_read_the_event_stream_is_cut() {
    let node = Node::start();
    let address = node.serve_also(|server| server.deadlines.stall = SHORT);
    let places = node.api.limits.streams.clone();
    let all = places.available_permits();
    let mut stream = connect(address);
    stream.write_all(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    node.wait("it listens", || places.available_permits() == all - 1);
    let reason = "x".repeat(8_192);
    node.wait("its place is free", || {
        for _ in 0..100 {
            let event = crate::events::Event::Dropped { id: Hash::ZERO, reason: reason.clone() };
            node.api.events.tell(event);
        }
        places.available_permits() == all
    });
}

#[test]
fn idle_connections_lock_nobody_out() {
    let node = Node::start();
    let never = Duration::from_secs(3_600);
    // No deadline helps here: only the idle making room does.
    let address = node.serve_also(|server| {
        server.connections = Connections::new(16);
        server.deadlines = Deadlines { head: never, stall: never };
    });
    let mut listener = connect(address);
    listener.write_all(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut listener = BufReader::new(listener);
    assert_eq!(Answer::read_head(&mut listener).status, 200);
    let mut idle: Vec<TcpStream> = (0..64).map(|_| connect(address)).collect();
    let mut operator = connect(address);
    operator.write_all(GET).unwrap();
    assert_eq!(Answer::read(&mut BufReader::new(operator)).status, 200);
    assert!(is_closed(&mut idle[0]), "the oldest went");
    // Who is at work stays: the stream goes on.
    node.pay(1, 0, 2, 5);
    let mut lines = listener.lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "event: transaction"));
}

#[test]
fn connections_are_bounded() {
    const { assert!(API_CONNECTIONS == 256 && DEADLINES.head.as_secs() == 10 && DEADLINES.stall.as_secs() == 10) }
    let node = Node::start();
    let address = node.serve_also(|server| server.connections = Connections::new(4));
    let listen = b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut held: Vec<TcpStream> = Vec::new();
    for _ in 0..4 {
        let mut stream = connect(address);
        stream.write_all(listen).unwrap();
        assert_eq!(Answer::read_head(&mut BufReader::new(stream.try_clone().unwrap())).status, 200);
        held.push(stream);
    }
    // All are busy: the newest is closed.
    let mut newest = connect(address);
    let _ = newest.write_all(GET);
    let mut answer = Vec::new();
    // An end or a reset, before any answer.
    let _ = newest.read_to_end(&mut answer);
    assert_eq!(String::from_utf8_lossy(&answer), "");
    drop(held);
    node.wait("there is room again", || {
        let mut stream = connect(address);
        let mut first = [0; 12];
        stream.write_all(GET).is_ok() && stream.read_exact(&mut first).is_ok() && first == *b"HTTP/1.1 200"
    });
}

#[test]
fn many_that_come_and_go_leave_nothing() {
    let node = Node::start();
    for round in 0..1_000 {
        let mut stream = connect(node.address);
        match round % 3 {
            0 => {}
            1 => stream.write_all(b"GET /v1/sta").unwrap(),
            _ => {
                stream.write_all(GET).unwrap();
                stream.shutdown(Shutdown::Both).unwrap();
            }
        }
    }
    assert_eq!(node.get("/v1/status").status, 200);
    let limits = &node.api.limits;
    let free = || (limits.reads.available_permits(), limits.network.available_permits());
    node.wait("all turns are free", || free() == (API_READS, API_QUESTIONS));
}

#[test]
fn requests_in_a_row_are_answered_in_order() {
    let node = Node::start();
    let mut stream = connect(node.address);
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let requests: String =
        (0..100).map(|n| ask(if n % 2 == 0 { "/v1/status" } else { "/v1/blocks/1" })).collect();
    stream.write_all(requests.as_bytes()).unwrap();
    let mut stream = BufReader::new(stream);
    for n in 0..100 {
        assert_eq!(Answer::read(&mut stream).status, if n % 2 == 0 { 200 } else { 404 });
    }
}

#[test]
fn a_head_is_bounded_and_only_http_1_is_spoken() {
    let node = Node::start();
    let status = |request: &[u8]| {
        let mut stream = connect(node.address);
        let _ = stream.write_all(request);
        let mut first = [0; 12];
        let _ = stream.read_exact(&mut first);
        String::from_utf8_lossy(&first).into_owned()
    };
    let fields = |count: usize| "X-A: b\r\n".repeat(count);
    let head = |more: &str| format!("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n{more}\r\n");
    assert_eq!(status(head(&fields(63)).as_bytes()), "HTTP/1.1 200");
    assert_eq!(status(head(&fields(64)).as_bytes()), "HTTP/1.1 431");
    assert_eq!(status(head(&format!("X-A: {}\r\n", "b".repeat(30 * 1_024))).as_bytes()), "HTTP/1.1 200");
    assert_eq!(status(head(&format!("X-A: {}\r\n", "b".repeat(80 * 1_024))).as_bytes()), "HTTP/1.1 431");
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(80 * 1_024));
    assert_eq!(status(long.as_bytes()), "HTTP/1.1 431");
    assert_ne!(status(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "HTTP/1.1 200");
    assert_ne!(status(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), "HTTP/1.1 200", "TLS");
    assert_eq!(node.get("/v1/status").status, 200);
}

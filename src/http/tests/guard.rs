//! Who may ask.

use std::io::{Read, Write};
use std::time::Duration;

use tokio::net::TcpListener;

use super::super::{router, server};
use super::harness::{Node, TOKEN};

/// Every route that changes the node.
const CHANGES: [(&str, &str); 5] = [
    ("POST", "/v1/peers"),
    ("DELETE", "/v1/peers/bob"),
    ("PUT", "/v1/blacklist/bob"),
    ("DELETE", "/v1/blacklist/bob"),
    ("POST", "/v1/mine"),
];

#[test]
fn changes_take_the_token() {
    let node = Node::start();
    let lower = TOKEN.to_ascii_uppercase();
    for (method, path) in CHANGES {
        for header in [
            String::new(),
            format!("Authorization: {TOKEN}\r\n"),
            format!("Authorization: Basic {TOKEN}\r\n"),
            "Authorization: Bearer\r\n".to_owned(),
            "Authorization: Bearer \r\n".to_owned(),
            format!("Authorization: Bearer {lower}\r\n"),
            format!("Authorization: Bearer {}\r\n", &TOKEN[..63]),
            format!("Cookie: token={TOKEN}\r\n"),
        ] {
            let answer = node.send(method, path, &header, b"");
            let detail = answer.problem(401, "token");
            assert!(detail.contains("api.token"), "{method} {path}: {detail}");
            assert!(!detail.contains(TOKEN) && !detail.contains(&lower));
            assert_eq!(answer.header("www-authenticate"), "Bearer", "{method} {path}");
        }
    }
    assert!(node.network.commands.lock().unwrap().is_empty(), "nothing was done");
    assert_eq!(node.json("/v1/status")["tip"]["height"], 0);
    for (method, path) in CHANGES {
        // The scheme's case does not count.
        let header = format!("Authorization: bearer {TOKEN}\r\n");
        let answer = node.send(method, path, &header, b"");
        assert_ne!(answer.status, 401, "{method} {path}");
    }
}

#[test]
fn a_foreign_host_is_refused() {
    let node = Node::start();
    let port = node.address.port();
    for host in [
        "localhost",
        "LocalHost",
        "localhost:1",
        "127.0.0.1",
        "[::1]",
        "192.168.1.9",
        "ledger.example",
        "Ledger.Example:8080",
    ] {
        let answer = node.send("GET", "/v1/status", &format!("Host: {host}\r\n"), b"");
        assert_eq!(answer.status, 200, "{host}: {}", answer.text());
    }
    for host in [format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
        assert_eq!(node.send("GET", "/v1/status", &format!("Host: {host}\r\n"), b"").status, 200, "{host}");
    }
    for host in
        ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "xledger.example", "", "a b"]
    {
        for path in ["/v1/status", "/", "/openapi.json", "/nowhere", "/metrics"] {
            let answer = node.send("GET", path, &format!("Host: {host}\r\n"), b"");
            answer.problem(403, "wrong-host");
        }
    }
}

#[test]
fn a_foreign_host_is_refused_even_with_the_token() {
    let node = Node::start();
    let headers = format!("Host: evil.example\r\nAuthorization: Bearer {TOKEN}\r\n");
    node.send("POST", "/v1/mine", &headers, b"").problem(403, "wrong-host");
    assert_eq!(node.json("/v1/status")["tip"]["height"], 0);
}

#[test]
fn slow_headers_end_the_connection() {
    let node = Node::start();
    let limit = Duration::from_millis(100);
    let (listener, router) =
        (node.runtime().block_on(TcpListener::bind("127.0.0.1:0")).unwrap(), router(node.api.clone()));
    let address = listener.local_addr().unwrap();
    let stop = node.api.stop.clone();
    node.runtime().spawn(async move {
        for _ in 0..4 {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(server::connection(stream, router.clone(), stop.clone(), limit));
        }
    });
    for sent in ["", "GET /v1/st", "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
        let mut rest = Vec::new();
        // Closed by the server, not by the client's patience.
        stream.read_to_end(&mut rest).unwrap();
        assert!(!rest.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&rest));
    }
    // After an answer a connection may not idle for longer either.
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    assert!(all.starts_with(b"HTTP/1.1 200"));
}

#[test]
fn more_than_64_at_once_are_told_to_wait() {
    let node = Node::start();
    // Bodies that do not come keep their requests in flight. One more with each look, for a look takes a place too.
    let head = b"POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n";
    let mut held = Vec::new();
    node.wait("the node is busy", || {
        let mut stream = node.connect();
        stream.write_all(head).unwrap();
        held.push(stream);
        node.get("/v1/blocks").status == 503
    });
    assert!(held.len() >= 64, "{} are not too many", held.len());
    drop(held);
    node.wait("the node has time again", || node.get("/v1/blocks").status == 200);
}

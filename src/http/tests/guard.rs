//! Who may ask.

use std::io::{BufReader, Write};

use super::client::Answer;
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
fn one_host_is_named_and_the_target_names_no_other() {
    let node = Node::start();
    let refused = |request: String| {
        let mut stream = node.connect();
        stream.write_all(request.as_bytes()).unwrap();
        Answer::read(&mut BufReader::new(stream)).problem(403, "wrong-host");
    };
    let end = "Connection: close\r\n\r\n";
    refused(format!("GET /v1/status HTTP/1.1\r\n{end}"));
    refused(format!("GET http://evil.example/v1/status HTTP/1.0\r\n{end}"));
    refused(format!("GET /v1/status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n{end}"));
    refused(format!("GET /v1/status HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n{end}"));
    refused(format!("GET http://evil.example/v1/status HTTP/1.1\r\nHost: localhost\r\n{end}"));
    for host in ["evil.example@localhost", "localhost.", "[::1", "localhost/", "1.2.3.4.5", "0x7f.1"] {
        refused(format!("GET /v1/status HTTP/1.1\r\nHost: {host}\r\n{end}"));
    }
    // The health check of a proxy.
    let mut stream = node.connect();
    stream.write_all(b"GET /readyz HTTP/1.0\r\n\r\n").unwrap();
    assert_eq!(Answer::read(&mut BufReader::new(stream)).status, 200);
    let mut stream = node.connect();
    let good = format!("GET http://ledger.example/v1/status HTTP/1.1\r\nHost: ledger.example\r\n{end}");
    stream.write_all(good.as_bytes()).unwrap();
    assert_eq!(Answer::read(&mut BufReader::new(stream)).status, 200);
}

#[test]
fn a_page_of_another_site_is_refused() {
    let node = Node::start();
    let port = node.address.port();
    let ask = |host: &str, origin: &str, body: &[u8]| {
        let headers = format!("Host: {host}\r\nOrigin: {origin}\r\nContent-Type: text/plain\r\n");
        let method = if body.is_empty() { "GET" } else { "POST" };
        node.send(method, if body.is_empty() { "/v1/status" } else { "/v1/transactions" }, &headers, body)
    };
    let here = format!("127.0.0.1:{port}");
    for origin in [
        "http://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://192.168.1.9",
        "http://localhost",
        "http://evil.example@ledger.example",
        "file://",
    ] {
        for body in [&b""[..], b"anything"] {
            let answer = ask(&here, origin, body);
            answer.problem(403, "wrong-origin");
            assert_eq!(answer.find("access-control-allow-origin"), None);
        }
    }
    // A rebound name is foreign, and its own page is no better.
    ask("evil.example", "http://evil.example", b"").problem(403, "wrong-host");
    // No preflight is answered either.
    let preflight =
        format!("Host: {here}\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n");
    node.send("OPTIONS", "/v1/mine", &preflight, b"").problem(403, "wrong-origin");
    for (host, origin) in [
        (here.as_str(), format!("http://{here}")),
        ("LocalHost:8080", "http://localhost:8080".to_owned()),
        ("[::1]:5000", "http://[::1]:5000".to_owned()),
        ("127.0.0.1:5000", "https://Ledger.Example".to_owned()),
    ] {
        assert_eq!(ask(host, &origin, b"").status, 200, "{host} {origin}");
    }
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
        let answer = node.get("/v1/blocks");
        let busy = answer.status == 503;
        if busy {
            answer.problem(503, "busy");
            assert_eq!(answer.header("retry-after"), "1");
        }
        busy
    });
    assert!(held.len() >= 64, "{} are not too many", held.len());
    drop(held);
    node.wait("the node has time again", || node.get("/v1/blocks").status == 200);
}

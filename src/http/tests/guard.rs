//! Who may ask.

use std::io::{BufReader, Write};

use bouya_core::limits::{API_BODIES, API_BODY_TIMEOUT, API_IN_FLIGHT};

use super::super::Api;
use super::client::Answer;
use super::harness::{Node, TOKEN};

/// Every route that changes the node.
const CHANGES: [(&str, &str); 6] = [
    ("POST", "/v1/peers"),
    ("DELETE", "/v1/peers/bob"),
    ("PUT", "/v1/blacklist/bob"),
    ("DELETE", "/v1/blacklist/bob"),
    ("POST", "/v1/mine"),
    ("POST", "/v1/reach"),
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
    let places = node.api.limits.in_flight.clone();
    let held = places.try_acquire_many(API_IN_FLIGHT as u32 - 1).unwrap();
    assert_eq!(node.get("/v1/blocks").status, 200, "there is one place");
    let last = places.try_acquire().unwrap();
    let answer = node.get("/v1/blocks");
    answer.problem(503, "busy");
    assert_eq!(answer.header("retry-after"), "1");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(node.get(path).status, 200, "{path} needs no place");
    }
    drop((held, last));
    assert_eq!(node.get("/v1/blocks").status, 200);
}

#[test]
fn slow_bodies_hold_up_only_each_other_and_not_for_long() {
    const { assert!(API_BODIES == 16 && API_BODY_TIMEOUT.as_secs() == 5, "the texts name them") }
    let node = Node::start();
    let bodies = node.api.limits.bodies.clone();
    let head = b"POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n";
    let mut slow: Vec<_> = (0..64).map(|_| node.connect()).collect();
    for stream in &mut slow {
        stream.write_all(head).unwrap();
    }
    node.wait("bodies are awaited", || bodies.available_permits() == 0);
    assert_eq!(node.api.limits.in_flight.available_permits(), API_IN_FLIGHT, "they take no place of others");
    for path in ["/healthz", "/readyz", "/v1/status"] {
        assert_eq!(node.get(path).status, 200, "{path}");
    }
    let mut busy = 0;
    for stream in slow {
        let answer = Answer::read(&mut BufReader::new(stream));
        match answer.status {
            503 => busy += 1,
            _ => drop(answer.problem(408, "slow-body")),
        }
    }
    assert_eq!(busy, 64 - API_BODIES);
    assert_eq!(bodies.available_permits(), API_BODIES);
    node.pay(1, 0, 2, 5);
}

#[test]
fn what_a_page_of_another_site_loads_is_refused_even_without_an_origin() {
    let node = Node::start();
    let ask = |path: &str, site: &str, mode: &str, dest: &str| {
        let fetched =
            format!("Sec-Fetch-Site: {site}\r\nSec-Fetch-Mode: {mode}\r\nSec-Fetch-Dest: {dest}\r\n");
        node.send("GET", path, &fetched, b"")
    };
    for site in ["cross-site", "same-site", "something"] {
        for (path, mode, dest) in [
            ("/v1/status", "no-cors", "image"),
            ("/v1/status", "no-cors", "empty"),
            ("/v1/blocks", "navigate", "iframe"),
            ("/v1/blocks", "navigate", "document"),
            ("/metrics", "navigate", "document"),
            ("/", "navigate", "iframe"),
            ("/assets/app.js", "no-cors", "script"),
        ] {
            ask(path, site, mode, dest).problem(403, "wrong-origin");
        }
        assert_eq!(ask("/block/1", site, "navigate", "document").status, 200, "a link leads here");
    }
    for site in ["same-origin", "none"] {
        assert_eq!(ask("/v1/status", site, "cors", "empty").status, 200, "{site}");
    }
    // Behind a proxy: the listed origin counts, whatever the browser calls the site.
    let proxied = "Origin: https://ledger.example\r\nSec-Fetch-Site: cross-site\r\n";
    assert_eq!(node.send("GET", "/v1/status", proxied, b"").status, 200);
    assert_eq!(node.get("/v1/status").status, 200, "old clients and those that are no browsers");
}

#[test]
fn a_site_that_the_operator_lets_in_reads_and_submits_and_does_not_operate() {
    let mut node = Node::start();
    let api = Api { origins: vec!["https://erp.example".to_owned()], ..node.api.clone() };
    node.address = node.serve_as(api, |_| ());
    let site = "Origin: https://erp.example\r\n";
    let ask = |method: &str, path: &str, headers: &str| node.send(method, path, headers, b"");
    let read = ask("GET", "/v1/status", site);
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, "https://erp.example"));
    let preflight = |origin: &str, method: &str, header: &str| {
        ask(
            "OPTIONS",
            "/v1/transactions",
            &format!(
                "Origin: {origin}\r\nAccess-Control-Request-Method: {method}\r\nAccess-Control-Request-Headers: {header}\r\n"
            ),
        )
    };
    let answer = preflight("https://erp.example", "POST", "content-type");
    assert_eq!(answer.header("access-control-allow-origin"), "https://erp.example");
    let (methods, headers) =
        (answer.header("access-control-allow-methods"), answer.header("access-control-allow-headers"));
    assert!(!methods.contains("DELETE") && !methods.contains("PUT"), "{methods}");
    assert!(headers.contains("content-type") && !headers.contains("authorization"), "{headers}");
    assert_eq!(answer.find("access-control-allow-credentials"), None);
    for other in ["https://evil.example", "http://erp.example", "https://erp.example:444", "null"] {
        assert_eq!(
            preflight(other, "POST", "content-type").find("access-control-allow-origin"),
            None,
            "{other}"
        );
        ask("GET", "/v1/status", &format!("Origin: {other}\r\n")).problem(403, "wrong-origin");
    }
}

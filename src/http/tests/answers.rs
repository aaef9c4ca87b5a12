//! What every answer has in common.

use std::io::{BufReader, Write};
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use axum::{Router, routing};
use tokio::net::TcpListener;

use super::super::connections::Connections;
use super::super::server::DEADLINES;
use super::super::{in_time, server};
use super::client::Answer;
use super::harness::{Node, connect};

#[test]
fn no_route_and_no_method_are_problems() {
    let node = Node::start();
    for path in ["/nowhere", "/v1", "/v1/", "/v1/blocks/1/2", "/v2/status", "/v1/accounts"] {
        node.get(path).problem(404, "not-found");
    }
    for (method, path, allowed) in [
        ("DELETE", "/v1/status", "GET,HEAD"),
        ("POST", "/v1/blocks", "GET,HEAD"),
        ("GET", "/v1/mine", "POST"),
        ("PUT", "/v1/peers", "GET,HEAD,POST"),
        ("POST", "/v1/blacklist/bob", "PUT,DELETE"),
        ("POST", "/v1/events", "GET,HEAD"),
        ("POST", "/openapi.json", "GET,HEAD"),
        ("POST", "/", "GET,HEAD"),
    ] {
        let answer = node.send(method, path, "", b"");
        answer.problem(405, "method-not-allowed");
        let sorted = |list: &str| {
            let mut list: Vec<_> = list.split(',').map(|name| name.trim().to_owned()).collect();
            list.sort();
            list
        };
        assert_eq!(sorted(answer.header("allow")), sorted(allowed), "{method} {path}");
    }
}

#[test]
fn options_tell_what_a_path_allows_and_permit_nothing() {
    let node = Node::start();
    for (path, allowed) in [("/", "GET,HEAD"), ("/healthz", "GET,HEAD"), ("/v1/mine", "POST")] {
        let answer = node.send("OPTIONS", path, "", b"");
        assert_eq!((answer.status, answer.header("allow")), (204, allowed), "{path}");
        assert_eq!(answer.find("access-control-allow-methods"), None, "{path}");
    }
    node.send("OPTIONS", "/nowhere", "", b"").problem(404, "not-found");
    // HAProxy's health check where nothing is set.
    let mut stream = node.connect();
    stream.write_all(b"OPTIONS / HTTP/1.0\r\n\r\n").unwrap();
    assert_eq!(Answer::read(&mut BufReader::new(stream)).status, 204);
    assert_eq!(node.json("/v1/status")["tip"]["height"], 0, "nothing was done");
}

#[test]
fn every_answer_has_the_security_headers() {
    let node = Node::start();
    for (method, path, headers, status) in [
        ("GET", "/", "", 200),
        ("GET", "/assets/style.css", "", 200),
        ("GET", "/assets/app.js", "", 200),
        ("GET", "/block/1", "", 200),
        ("GET", "/openapi.json", "", 200),
        ("GET", "/v1/status", "", 200),
        ("GET", "/metrics", "", 200),
        ("HEAD", "/healthz", "", 200),
        ("GET", "/v1/blocks/zzz", "", 400),
        ("POST", "/v1/mine", "", 401),
        ("GET", "/", "Host: evil.example\r\n", 403),
        ("GET", "/nowhere", "", 404),
        ("POST", "/", "", 405),
    ] {
        let answer = node.send(method, path, headers, b"");
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{method} {path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{method} {path}");
        // The explorer's files are the same for everybody, and are asked for again each time; answers are kept by nobody.
        let kept = matches!(path, "/" | "/block/1") || path.starts_with("/assets/");
        let caching = if kept && status == 200 { "no-cache" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), caching, "{method} {path}");
        let policy = answer.header("content-security-policy");
        for part in ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]
        {
            assert!(policy.contains(part), "{method} {path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.find("access-control-allow-origin"), None, "no other site may read");
    }
}

#[test]
fn every_path_and_query_that_makes_no_sense_is_named() {
    let node = Node::start();
    let address = bouya_core::testing::address(1);
    for path in [
        "/v1/blocks?limit=0".to_owned(),
        "/v1/blocks?limit=101".to_owned(),
        "/v1/blocks?limit=-1".to_owned(),
        "/v1/blocks?limit=x".to_owned(),
        "/v1/blocks?from=x".to_owned(),
        "/v1/blocks?from=-1".to_owned(),
        "/v1/blocks?from=99999999999999999999".to_owned(),
        "/v1/peers?from=X".to_owned(),
        "/v1/blacklist?limit=0".to_owned(),
        "/v1/transactions?from=x".to_owned(),
        "/v1/transactions?limit=1000".to_owned(),
        "/v1/transactions/abc".to_owned(),
        format!("/v1/transactions/{}", "A".repeat(64)),
        "/v1/blocks/abc".to_owned(),
        "/v1/blocks/abc/raw".to_owned(),
        "/v1/blocks/-1".to_owned(),
        "/v1/blocks/%ff".to_owned(),
        "/v1/accounts/bouya1xyz".to_owned(),
        format!("/v1/accounts/{}", &address.to_string()[1..]),
        format!("/v1/accounts/{address}?confirmations=-1"),
        format!("/v1/accounts/{address}?confirmations=x"),
        format!("/v1/accounts/{address}/transactions?from=7"),
        format!("/v1/accounts/{address}/transactions?from=7-x"),
        format!("/v1/accounts/{address}/transactions?limit=0"),
    ] {
        node.get(&path).problem(400, "bad-request");
    }
}

#[test]
fn what_takes_too_long_is_a_problem_too() {
    let node = Node::start();
    let waiting = Router::new()
        .route("/", routing::get(std::future::pending::<()>))
        .layer(from_fn_with_state(Duration::from_millis(20), in_time));
    let listener = node.runtime().block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let stop = node.api.stop.clone();
    node.runtime().spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        server::connection(stream, waiting, Connections::new(1).admit().unwrap(), stop, DEADLINES).await;
    });
    let mut stream = connect(address);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    Answer::read(&mut BufReader::new(stream)).problem(503, "timeout");
}

//! What every answer has in common.

use std::io::{BufReader, Write as _};

use axum::body::Body;
use axum::http::Request;
use bouya_core::limits::API_READS;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tokio::time::Instant;

use super::super::router;
use super::client::Answer;
use super::harness::Node;

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
        // The explorer's files are the same for everybody, and are asked for again each time, like data; what else is said is kept by nobody.
        let caching = match path {
            _ if status != 200 => "no-store",
            "/metrics" | "/healthz" => "no-store",
            "/openapi.json" | "/v1/status" => "private, no-cache",
            _ => "no-cache",
        };
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

/// The clock is turned: a request that waits would wait for ever.
#[test]
fn what_takes_longer_than_15_s_is_a_problem_too() {
    let node = Node::start();
    // All turns to read are taken.
    let _taken = node.api.limits.reads.try_acquire_many(API_READS as u32).unwrap();
    let clock =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    clock.block_on(async {
        let began = Instant::now();
        let request = Request::get("/v1/blocks").header("Host", "localhost").body(Body::empty()).unwrap();
        let answer = TowerToHyperService::new(router(node.api.clone())).call(request).await.unwrap();
        assert_eq!(answer.status(), 503);
        let body = axum::body::to_bytes(answer.into_body(), 1_024).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains("took too long"), "{body:?}");
        assert_eq!(began.elapsed().as_secs(), 15);
    });
}

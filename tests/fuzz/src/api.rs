//! The HTTP API without its sockets. Every request gets an answer: what it asked for, or a problem that names what is wrong.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use bouya::actor::Mailbox;
use bouya::events::Events;
use bouya::health::Health;
use bouya::http::token::Token;
use bouya::http::{Api, Limits};
use bouya::mempool::Level;
use bouya::store::Store;
use bouya_core::codec::encode;
use bouya_core::ledger::{Chain, Disk, Origin};
use bouya_core::node::{Certificate, Gate, Head, VoterStatus};
use bouya_core::overlay::Outlook;
use bouya_core::testing::give;
use bouya_core::time::Timestamp;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::small;

const TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The API of a node whose actors have stopped. What needs an actor is refused with 503; the store still answers.
struct Node {
    runtime: Runtime,
    router: Router,
    _dir: TempDir,
}

fn node() -> &'static Node {
    static NODE: OnceLock<Node> = OnceLock::new();
    NODE.get_or_init(start)
}

fn start() -> Node {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let dir = tempfile::tempdir().expect("a scratch folder");
    let genesis = small::genesis();
    let mut store = Store::open(dir.path(), genesis.clone()).expect("a store");
    let mut chain = Chain::load(genesis.clone(), &store.view().expect("a view")).expect("a chain");
    // Besides payments, the blocks hold a record, a proposal and an answer to it.
    for (height, kind) in (0..).zip([16, 17, 19]) {
        let pays = (0..2).map(|n| small::pay(0, height * 2 + n, 1, 5, 300, 9));
        let all = pays.chain([small::act(3, height, small::said(kind, 7), 300)]).collect();
        let block = small::block(chain.tip(), all, 2, 1_000);
        give(&mut chain, &mut store, Timestamp(u64::MAX), &block, Origin::Pushed).expect("a good block");
    }
    let head = Head::read(&store.view().expect("a view"), chain.tip()).expect("a head");
    let head = watch::channel(Arc::new(head)).1;
    let certificate =
        Certificate { not_before: Timestamp(0), not_after: Timestamp(1_800_000_000_000), revoked: false };
    let health = Health {
        gate: Gate::new(&genesis, &small::key(2).public(), false),
        head: head.clone(),
        outlook: watch::channel(Outlook::fine()).1,
        certificate: watch::channel(certificate).1,
        voter: watch::channel(VoterStatus::default()).1,
    };
    let api = Api {
        id: "node0".parse().expect("an id"),
        code: None,
        started: Timestamp(0),
        open_files: 1_000,
        genesis,
        data_dir: dir.path().to_owned(),
        reader: store.reader(),
        head,
        mempool: Mailbox::new("mempool", 1).0,
        level: watch::channel(Level::default()).1,
        miner: Mailbox::new("miner", 1).0,
        voter: Mailbox::new("voter", 1).0,
        hash_rate: watch::channel(0).1,
        miner_enabled: false,
        health,
        network: Mailbox::new("network", 1).0,
        strangers: Arc::default(),
        traffic: Arc::default(),
        events: Events::default(),
        reward_to: small::address(2),
        token: Token::new(TOKEN),
        hosts: vec!["node0.example".to_owned()],
        origins: Vec::new(),
        min_fee_per_byte: 1,
        limits: Limits::default(),
        stop: CancellationToken::new(),
    };
    Node { router: bouya::fuzzing::router(api), runtime, _dir: dir }
}

/// The input: method and path on the first line, a header on each following line, an empty line, and the body.
pub fn api(data: &[u8]) {
    let Some((request, named, method)) = read(data) else { return };
    let node = node();
    let (status, headers, body) = node.runtime.block_on(async {
        let answer = node.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        let (head, body) = answer.into_parts();
        // The stream of events has no end.
        let lasts = head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body =
            if lasts { Vec::new() } else { to_bytes(body, usize::MAX).await.expect("a body").to_vec() };
        (head.status, head.headers, body)
    });
    assert_eq!(headers.get(header::X_CONTENT_TYPE_OPTIONS).expect("a header of every response"), "nosniff");
    assert!(
        headers.contains_key(header::CONTENT_SECURITY_POLICY) && headers.contains_key(header::CACHE_CONTROL)
    );
    assert!(named || status == StatusCode::FORBIDDEN, "{status} without a host");
    let fine = status.as_u16() < 500 || status == StatusCode::SERVICE_UNAVAILABLE;
    assert!(fine, "{status}: {}", String::from_utf8_lossy(&body));
    if status.is_client_error() || status.is_server_error() {
        assert_eq!(headers.get(header::CONTENT_TYPE).expect("a type"), "application/problem+json");
        if method != Method::HEAD {
            let problem: serde_json::Value = serde_json::from_slice(&body).expect("a problem");
            assert_eq!(problem["status"], status.as_u16());
            let detail = problem["detail"].as_str().expect("what is wrong");
            assert!(detail.len() <= 4_000, "{} bytes of detail", detail.len());
        }
    }
}

fn read(data: &[u8]) -> Option<(Request<Body>, bool, Method)> {
    let (head, body) = match data.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&data[..at], &data[at + 2..]),
        None => (data, &[][..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut first = lines.next()?.splitn(2, |byte| *byte == b' ');
    let method = Method::from_bytes(first.next()?).ok()?;
    let uri = Uri::try_from(first.next()?).ok()?;
    // Hyper's server passes on only paths, not whole addresses.
    uri.path_and_query().filter(|_| uri.authority().is_none())?;
    let mut request =
        Request::builder().method(method.clone()).uri(uri).body(Body::from(body.to_vec())).ok()?;
    for line in lines {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&line[..at], &line[at + 1..]);
        let name = HeaderName::from_bytes(name).ok()?;
        request.headers_mut().append(name, HeaderValue::from_bytes(value.trim_ascii()).ok()?);
    }
    let named = request.headers().contains_key(header::HOST);
    Some((request, named, method))
}

pub(crate) fn api_seeds() -> Vec<Vec<u8>> {
    let ask = |line: &str| format!("{line}\nhost: localhost\n\n").into_bytes();
    let tell = |line: &str, kind: &str, body: &[u8]| {
        let head =
            format!("{line}\nhost: 127.0.0.1:5000\ncontent-type: {kind}\nauthorization: Bearer {TOKEN}\n\n");
        [head.as_bytes(), body].concat()
    };
    let address = small::address(0);
    let pay = encode(&small::pay(0, 9, 1, 5, 300, 9));
    let hex: String = pay.iter().map(|byte| format!("{byte:02x}")).collect();
    let json = "application/json";
    let deadline = Timestamp(1_700_000_009_000);
    vec![
        ask("GET /v1/status"),
        ask("GET /v1/blocks?limit=2&from=3"),
        ask("GET /v1/blocks/latest"),
        ask("GET /v1/blocks/2/raw"),
        ask(&format!("GET /v1/blocks/{}", small::genesis().id())),
        ask("GET /v1/transactions?limit=5"),
        ask(&format!("GET /v1/transactions/{}", small::pay(0, 0, 1, 5, 300, 9).id())),
        ask(&format!("GET /v1/accounts/{address}?confirmations=2")),
        ask(&format!("GET /v1/accounts/{address}/transactions?limit=1&from=2-1")),
        ask("GET /v1/peers?limit=3"),
        ask("GET /v1/blacklist"),
        ask("GET /metrics"),
        ask("GET /openapi.json"),
        ask("GET /healthz"),
        ask("HEAD /"),
        ask("PATCH /v1/blocks"),
        b"GET /v1/status\nhost: evil.example\n\n".to_vec(),
        tell("POST /v1/transactions", "application/octet-stream", &pay),
        tell("POST /v1/transactions", json, format!("{{\"raw\": \"{hex}\"}}").as_bytes()),
        tell("POST /v1/peers", json, b"{\"id\": \"bob\", \"host\": \"10.0.0.6\", \"port\": 7000}"),
        tell("DELETE /v1/peers/bob", json, b""),
        tell("PUT /v1/blacklist/bob", json, b""),
        tell("DELETE /v1/blacklist/bob", json, b""),
        tell("POST /v1/mine", json, b""),
        ask("GET /v1/events"),
        ask("GET /v1/records?topic=log&since=2023-11-14T22:13:20Z&until=2030-01-01T00:00:00Z&limit=3"),
        ask(&format!("GET /v1/records?sender={}&hash={}", small::address(1), small::genesis().id())),
        ask(&format!("GET /v1/agreements?party={}&status=open&confirmations=1", small::address(3))),
        ask(&format!(
            "GET /v1/agreements/{}",
            small::proposal(1, 2, deadline).id(&small::key(3).public(), 1)
        )),
        ask(&format!("GET /v1/transactions/{}/receipt?under=3", small::pay(0, 0, 1, 5, 300, 9).id())),
    ]
}

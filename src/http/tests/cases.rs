use bouya_core::crypto::PublicKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[test]
fn the_node_describes_itself() {
    let node = Served::start();
    let status = node.get("/v1/status");
    assert_eq!(status["id"], "alice");
    assert_eq!(status["network"]["id"], node.genesis.id().to_string());
    assert_eq!(status["certificate"]["days_left"], 10);
    assert_eq!(status["clock"]["offset_ms"], -7);
    assert_eq!(node.get("/v1/peers")["items"][0]["id"], "bob");
    assert_eq!(node.ask("GET", "/healthz", &[], b"").0, 200);
    assert_eq!(node.ask("GET", "/readyz", &[], b"").0, 200);
    let (_, head, metrics) = node.ask("GET", "/metrics", &[], b"");
    assert!(head.contains("openmetrics-text"));
    assert!(String::from_utf8(metrics).unwrap().contains("bouya_peers_connected 1"));
    for (path, kind) in [("/", "text/html"), ("/page.js", "text/javascript"), ("/page.css", "text/css")] {
        let (status, head, _) = node.ask("GET", path, &[], b"");
        assert!(status == 200 && head.contains(kind), "{path}: {head}");
    }
}

#[test]
fn every_error_is_a_problem_and_every_answer_is_guarded() {
    let node = Served::start();
    let long = "x".repeat(300);
    let cases = [
        ("GET", "/v1/nothing", 404),
        ("DELETE", "/v1/status", 405),
        ("GET", "/v1/blocks/abc", 400),
        ("GET", "/v1/blocks/0", 404),
        ("GET", "/v1/blocks/77", 404),
        ("GET", "/v1/blocks?limit=0", 400),
        ("GET", "/v1/blocks?limit=101", 400),
        ("GET", "/v1/blocks?limit=many", 400),
        ("GET", "/v1/blocks?from=x", 400),
        ("GET", "/v1/transactions/12", 400),
        ("GET", "/v1/accounts/bouya1x", 400),
        ("GET", &format!("/v1/accounts/{long}"), 400),
        ("PUT", "/v1/blacklist/Bob", 401),
    ];
    for (method, path, expected) in cases {
        let (status, head, body) = node.ask(method, path, &[], b"");
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, problem["status"].as_u64()), (expected, Some(expected.into())), "{path}");
        assert!(problem["type"].as_str().unwrap().starts_with("urn:bouya:"), "{problem}");
        for guard in ["x-content-type-options: nosniff", "content-security-policy: default-src 'self'"] {
            assert!(head.contains(guard), "{path}: {head}");
        }
        assert!(!head.contains("access-control-allow-origin"), "{head}");
    }
    let unknown = format!("/v1/transactions/{}", "0".repeat(64));
    assert_eq!(node.json("GET", &unknown, &[], b"").0, 404);
}

#[test]
fn changing_the_node_takes_its_token() {
    let node = Served::start();
    let peer = br#"{"id":"carol","host":"10.0.0.7","port":7000}"#;
    let json = ("content-type", "application/json");
    let routes: [(&str, &str, &[u8], u16); 6] = [
        ("POST", "/v1/peers", peer, 204),
        ("DELETE", "/v1/peers/bob", b"", 204),
        ("DELETE", "/v1/peers/nobody", b"", 404),
        ("PUT", "/v1/blacklist/mallory", b"", 204),
        ("DELETE", "/v1/blacklist/eve", b"", 409),
        ("POST", "/v1/mine", b"", 200),
    ];
    for (method, path, body, expected) in routes {
        for wrong in [
            vec![json],
            vec![json, ("authorization", "Bearer wrong")],
            vec![json, ("authorization", "right")],
        ] {
            assert_eq!(node.json(method, path, &wrong, body).0, 401, "{method} {path}");
        }
        let right = [json, ("authorization", "Bearer right")];
        assert_eq!(node.json(method, path, &right, body).0, expected, "{method} {path}");
    }
    let right = [json, ("authorization", "Bearer right")];
    for wrong in [
        &br#"{"id":"carol"}"#[..],
        br#"{"id":"Carol","host":"x","port":1}"#,
        br#"{"id":"c","host":"x","port":0}"#,
        b"[",
    ] {
        assert_eq!(node.json("POST", "/v1/peers", &right, wrong).0, 400);
    }
}

#[test]
fn a_foreign_host_name_is_refused() {
    let node = Served::start();
    for (host, expected) in [
        ("localhost", 200),
        ("127.0.0.1:5000", 200),
        ("[::1]:5000", 200),
        ("ledger.example", 200),
        ("Ledger.Example:80", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("", 403),
    ] {
        assert_eq!(node.ask("GET", "/v1/status", &[("host", host)], b"").0, expected, "{host}");
    }
}

#[test]
fn a_transaction_goes_its_way() {
    let node = Served::start();
    let transfer = node.pay(1, 0, 2, 500);
    let id = transfer.id().to_string();
    let (status, body) = node.submit(&transfer);
    assert_eq!((status, body["id"].as_str()), (202, Some(id.as_str())));
    assert_eq!(node.submit(&transfer).0, 202, "again: the same");
    let hex = format!("{{\"raw\":\"{}\"}}", data_encoding::HEXLOWER.encode(&encode(&transfer)));
    let json = [("content-type", "application/json")];
    assert_eq!(node.json("POST", "/v1/transactions", &json, hex.as_bytes()).0, 202);
    let found = node.get(&format!("/v1/transactions/{id}"));
    assert_eq!((&found["status"], &found["confirmations"]), (&"pending".into(), &0.into()));
    assert_eq!(found["action"]["outputs"][0]["amount"], "5");
    assert_eq!(node.get("/v1/transactions")["items"].as_array().unwrap().len(), 1);
    // What waits counts with 0 confirmations only.
    assert_eq!(node.get(&format!("/v1/accounts/{}?confirmations=0", at(2)))["balance"], "10005");
    assert_eq!(node.get(&format!("/v1/accounts/{}", at(2)))["balance"], "10000");
    assert_eq!(node.get(&format!("/v1/accounts/{}", at(1)))["nonce"], 1);

    assert_eq!(node.mine()["height"], 1);
    let found = node.get(&format!("/v1/transactions/{id}"));
    assert_eq!((&found["status"], &found["confirmations"]), (&"confirmed".into(), &1.into()));
    assert_eq!(node.get(&format!("/v1/accounts/{}", at(2)))["balance"], "10005");
    assert_eq!(node.get(&format!("/v1/accounts/{}?confirmations=2", at(2)))["balance"], "10000");
    assert_eq!(node.submit(&transfer).0, 409, "it is confirmed");

    let block = node.get("/v1/blocks/latest");
    assert_eq!((&block["miner"]["id"], &block["confirmations"]), (&"alice".into(), &1.into()));
    assert_eq!(block["transactions"][0]["id"], id);
    let hash = block["hash"].as_str().unwrap();
    assert_eq!(node.get(&format!("/v1/blocks/{hash}")), block);
    let (_, _, raw) = node.ask("GET", "/v1/blocks/1/raw", &[], b"");
    let raw: bouya_core::ledger::Block = bouya_core::codec::decode(&raw, "block").unwrap();
    assert_eq!(raw.id().to_string(), hash);
}

#[test]
fn what_does_not_fit_is_refused_in_coins() {
    let node = Served::start();
    let mut cheap = node.pay(1, 0, 2, 5);
    cheap = Transaction::transfer(
        &node.genesis.id(),
        &key(1),
        0,
        1,
        99,
        cheap_outputs(&cheap),
        Default::default(),
    );
    let foreign = pay(&genesis("other"), 1, 0, 2, 5);
    for (transaction, expected, detail) in [
        (node.pay(1, 3, 2, 5), 409, "nonce 3 where the sender's next is 0"),
        (node.pay(1, 0, 2, 1_000_000), 422, "costs 10010, the sender has 10000"),
        (cheap, 422, "the fee is 0.01"),
        (foreign, 400, "another network"),
    ] {
        let (status, problem) = node.submit(&transaction);
        assert_eq!(status, expected, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem}");
    }
    let octets = [("content-type", "application/octet-stream")];
    assert_eq!(node.json("POST", "/v1/transactions", &octets, b"junk").0, 400);
    assert_eq!(node.ask("POST", "/v1/transactions", &octets, &[0; 300 * 1024]).0, 413);
}

fn cheap_outputs(
    transaction: &Transaction,
) -> bouya_core::codec::Bounded<bouya_core::ledger::Output, { bouya_core::limits::OUTPUTS }> {
    let bouya_core::ledger::Action::Transfer { outputs, .. } = &transaction.action;
    outputs.clone()
}

#[test]
fn lists_have_pages() {
    let node = Served::start();
    for nonce in 0..3 {
        assert_eq!(node.submit(&node.pay(1, nonce, 2, 100)).0, 202);
    }
    let first = node.get("/v1/transactions?limit=2");
    assert_eq!((first["items"].as_array().unwrap().len(), &first["next"]), (2, &"2".into()));
    let rest = node.get("/v1/transactions?limit=2&from=2");
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    for _ in 0..4 {
        node.mine();
    }
    let heights = |page: &Value| -> Vec<u64> {
        page["items"].as_array().unwrap().iter().map(|item| item["height"].as_u64().unwrap()).collect()
    };
    let page = node.get("/v1/blocks?limit=3");
    assert_eq!((heights(&page), &page["next"]), (vec![4, 3, 2], &"1".into()));
    let page = node.get("/v1/blocks?limit=3&from=1");
    assert_eq!((heights(&page), &page["next"]), (vec![1], &Value::Null));
    let history = format!("/v1/accounts/{}/transactions", at(2));
    let page = node.get(&format!("{history}?limit=2"));
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let next = page["next"].as_str().unwrap();
    let page = node.get(&format!("{history}?limit=2&from={next}"));
    assert_eq!((page["items"].as_array().unwrap().len(), &page["next"]), (1, &Value::Null));
    assert_eq!(page["items"][0]["direction"], "in");
    let sent = node.get(&format!("/v1/accounts/{}/transactions", at(1)));
    assert_eq!((&sent["items"][0]["direction"], &sent["items"][0]["amount"]), (&"out".into(), &"1".into()));
    let mined = node.get(&format!("/v1/accounts/{}/transactions", at(9)));
    assert_eq!(mined["items"][0]["direction"], "reward");
    let nobody = Address::of(&PublicKey([200; 32]));
    assert_eq!(node.get(&format!("/v1/accounts/{nobody}/transactions"))["items"], Value::Array(vec![]));
}

#[test]
fn events_are_told_as_they_happen_and_end_with_the_node() {
    let node = Served::start();
    let mut stream = std::net::TcpStream::connect(node.at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut heard = String::new();
    let mut buffer = [0; 4_096];
    while !heard.contains("\r\n\r\n") {
        let count = stream.read(&mut buffer).unwrap();
        heard += str::from_utf8(&buffer[..count]).unwrap();
    }
    assert_eq!(node.submit(&node.pay(1, 0, 2, 5)).0, 202);
    node.mine();
    while !(heard.contains("event: transaction") && heard.contains("event: block")) {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{heard}");
        heard += str::from_utf8(&buffer[..count]).unwrap();
    }
    node.stop.cancel();
    while stream.read(&mut buffer).unwrap() > 0 {}
}

#[test]
fn headers_that_never_end_are_cut_off() {
    let node = Served::start();
    node.runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let short = Duration::from_millis(100);
        let served = tokio::spawn(server::connection(stream, Router::new(), node.stop.clone(), short));
        client.write_all(b"GET / HTTP/1.1\r\nhost: loc").await.unwrap();
        let mut rest = Vec::new();
        // Whatever it says, it closes.
        let _ = client.read_to_end(&mut rest).await;
        served.await.unwrap();
    });
}

#[test]
fn the_description_is_in_the_repository() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let described = openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("BOUYA_WRITE_OPENAPI").is_some() {
        std::fs::write(&path, &described).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == described,
        "write docs/openapi.json anew: BOUYA_WRITE_OPENAPI=1 cargo test --lib description"
    );
}

#[test]
fn the_description_is_whole() {
    let document: Value = serde_json::from_str(&openapi().to_json().unwrap()).unwrap();
    let mut changing = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path}");
            for (status, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
                let problem = &response["content"]["application/problem+json"];
                assert!(problem.is_object(), "{method} {path} {status} is no problem document");
            }
            let open = operation["security"].is_null();
            let submits = path == "/v1/transactions";
            assert_eq!(open, method == "get" || submits, "{method} {path}");
            assert!(open || responses.contains_key("401"), "{method} {path}");
            changing += usize::from(!open);
        }
    }
    assert_eq!(changing, 5);
}

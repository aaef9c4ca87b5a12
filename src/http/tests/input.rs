//! What is not understood is refused, and named.

use bouya_core::limits::DEPLOY_BYTES;

use super::harness::{Node, TOKEN};

#[test]
fn an_unknown_query_key_is_named() {
    let node = Node::start();
    let address = bouya_core::testing::address(1);
    for path in [
        "/v1/status",
        "/v1/peers",
        "/v1/blacklist",
        "/v1/blocks",
        "/v1/blocks/latest",
        "/v1/blocks/latest/raw",
        "/v1/transactions",
        &format!("/v1/transactions/{}", "ab".repeat(32)),
        &format!("/v1/accounts/{address}"),
        &format!("/v1/accounts/{address}/transactions"),
        "/v1/events",
    ] {
        for query in ["colour=red", "colour", "limits=5&colour=red"] {
            let detail = node.get(&format!("{path}?{query}")).problem(400, "bad-request");
            let key = query.split(['=', '&']).next().unwrap();
            assert!(
                detail.starts_with("in the query, ") && detail.contains(&format!("`{key}`")),
                "{path}: {detail}"
            );
        }
    }
    for (method, path) in [
        ("POST", "/v1/peers"),
        ("DELETE", "/v1/peers/bob"),
        ("PUT", "/v1/blacklist/bob"),
        ("DELETE", "/v1/blacklist/bob"),
        ("POST", "/v1/transactions"),
        ("POST", "/v1/mine"),
        ("POST", "/v1/reach"),
    ] {
        let detail = node.operate(method, &format!("{path}?force=1")).problem(400, "bad-request");
        assert!(detail.contains("`force`"), "{method} {path}: {detail}");
    }
    assert!(node.network.commands.lock().unwrap().is_empty(), "nothing was done");
    node.get("/v1/blocks?limit=1&limit=2").problem(400, "bad-request");
    let many = node.get("/v1/blocks?limit=many").problem(400, "bad-request");
    assert!(many.starts_with("in the query, limit: ") && !many.contains("deserialize"), "{many}");
    let long = "k".repeat(20_000);
    assert!(node.get(&format!("/v1/blocks?{long}=1")).problem(400, "bad-request").len() < 500);
    assert_eq!(node.get("/v1/status?").status, 200, "an empty query says nothing");
    // Probes may carry what they like.
    assert_eq!(node.get("/healthz?probe=7").status, 200);
}

#[test]
fn json_that_is_deep_double_or_unknown_is_refused() {
    let node = Node::start();
    let headers = format!("Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n");
    let deep = |text: &str| text.repeat(100_000).into_bytes();
    for body in [
        deep("["),
        deep("{\"id\":"),
        [b"{\"id\":".to_vec(), deep("[")].concat(),
        br#"{"id":"bob","id":"eve","host":"10.0.0.1","port":1}"#.to_vec(),
        br#"{"id":"bob","host":"10.0.0.1","port":1,"colour":"red"}"#.to_vec(),
        br#"{"id":"bob","host":"10.0.0.1","port":65536}"#.to_vec(),
        br#"{"id":"bob","host":"10.0.0.1","port":1.5}"#.to_vec(),
        br#"{"id":"bob","host":"10.0.0.1","port":-1.0}"#.to_vec(),
        br#"{"id":"bob","host":"10.0.0.1","port":1} x"#.to_vec(),
        br#"{"id":"bob","host":"10.0.0.1"}"#.to_vec(),
        b"".to_vec(),
    ] {
        let answer = node.send("POST", "/v1/peers", &headers, &body);
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        assert!(answer.status == 400 || answer.status == 413, "{shown}: {}", answer.text());
    }
    assert!(node.network.commands.lock().unwrap().is_empty());
    // To JSON this is a whole number.
    let whole = br#"{"id":"bob","host":"10.0.0.1","port":5000.0}"#;
    assert_eq!(node.send("POST", "/v1/peers", &headers, whole).status, 204);
    for body in [r#"{"raw":"00","raw":"00"}"#, r#"{"raw":"00","colour":1}"#, r#"{"raw":7}"#, "[]", "\"00\""] {
        node.send("POST", "/v1/transactions", &headers, body.as_bytes()).problem(400, "bad-request");
    }
}

#[test]
fn bytes_are_counted_before_they_are_read() {
    let node = Node::start();
    let json = "Content-Type: application/json\r\n";
    let raw = format!("{{\"raw\":\"{}\"}}", "0".repeat(2 * DEPLOY_BYTES + 2));
    let detail = node.send("POST", "/v1/transactions", json, raw.as_bytes()).problem(400, "bad-request");
    assert!(detail.contains("81920"), "{detail}");
    let bytes = "Content-Type: application/octet-stream\r\n";
    let detail =
        node.send("POST", "/v1/transactions", bytes, &[0; DEPLOY_BYTES + 1]).problem(400, "bad-request");
    assert!(detail.contains("40960"), "{detail}");
    for size in [256 * 1_024 + 1, 1 << 20] {
        node.send("POST", "/v1/transactions", bytes, &vec![0; size]).problem(413, "too-large");
    }
    // The length alone is enough: nothing of the body need come.
    let lie = "Content-Type: application/octet-stream\r\nContent-Length: 99999999999\r\n";
    let mut stream = node.connect();
    std::io::Write::write_all(
        &mut stream,
        format!("POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\n{lie}\r\n").as_bytes(),
    )
    .unwrap();
    super::client::Answer::read(&mut std::io::BufReader::new(stream)).problem(413, "too-large");
}

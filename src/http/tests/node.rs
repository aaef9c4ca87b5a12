//! Status, health, metrics, mining.

use serde_json::json;

use super::harness::{MINER, Node};
use crate::net::tls::expiry::{Expiry, What};
use bouya_core::node::Certificate;
use bouya_core::overlay::{Outlook, SyncStatus};
use bouya_core::testing::address;
use bouya_core::time::Timestamp;

#[test]
fn the_status_has_its_promised_shape() {
    let node = Node::start();
    node.pay(1, 0, 2, 5);
    node.wait("the level is told", || node.json("/v1/status")["mempool"]["transactions"] == 1);
    let mut status = node.json("/v1/status");
    let time = status["tip"]["time"].take();
    let not_after = status["certificate"]["not_after"].take();
    let bytes = status["mempool"]["bytes"].take();
    let allowed = status["open_files"]["allowed"].take();
    assert!(allowed.as_str().unwrap().parse::<u64>().unwrap() > 0);
    assert!(time.as_str().unwrap().ends_with('Z') && not_after.as_str().unwrap().ends_with('Z'));
    assert!(bytes.as_u64().unwrap() > 0);
    let genesis = &node.api.genesis;
    let expected = json!({
        "id": "alice",
        "version": env!("CARGO_PKG_VERSION"),
        "started": "2023-11-14T22:13:20Z",
        "network": {
            "name": "http", "id": genesis.id().to_string(), "symbol": "T", "decimals": 2,
            "interval_ms": 1000, "version": 2, "gas_per_block": "20000000", "min_fee_per_byte": "1", "override": null, "upgrade": null, "code": null,
        },
        "tip": {
            "height": 0, "hash": genesis.id().to_string(), "time": null,
            "lowest_block": 1,
            "work": genesis.branch().work.to_string(),
        },
        "final": {
            "height": 0, "hash": genesis.id().to_string(), "behind": 0, "since": null, "after_ms": null,
            "turnout": { "heard": 0, "members": 0, "needed": 0, "missing": [] },
        },
        "state": { "name": "ready", "ready": true, "reason": "up to date with its peers", "next": null },
        "peers": { "connected": 2, "known": 3, "dialed_in": "2023-11-14T22:14:20Z" },
        "mempool": { "transactions": 1, "bytes": null },
        "miner": { "enabled": false, "hashes_per_second": 0, "obstacle": null },
        "certificate": { "not_after": null, "days_left": 10 },
        "lists": [{ "ca": "acme", "made": "2023-11-14T22:13:20Z", "due": "2027-01-15T08:00:00Z" }],
        "clock": { "offset_ms": -7 },
        "open_files": { "allowed": null, "needed": "1000" },
        "reward_to": address(MINER).to_string(),
    });
    assert_eq!(status, expected);
}

#[test]
fn health_and_readiness() {
    let node = Node::start();
    for path in ["/healthz", "/readyz"] {
        let answer = node.get(path);
        assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"), "{path}");
        assert!(answer.header("content-type").starts_with("text/plain"), "{path}");
    }
    let fine = Outlook::fine();
    for (outlook, name, reason) in [
        (Outlook { sync: SyncStatus::Alone, ..fine }, "alone", "none of the 3 known peers"),
        (Outlook { sync: SyncStatus::Alone, known: 0, ..fine }, "alone", ""),
        (Outlook { sync: SyncStatus::Syncing { height: 2, target: 8 }, ..fine }, "syncing", "block 2 of 8"),
        (Outlook { clock_offset_ms: Some(3_600_000), ..fine }, "clock-off", "60 min behind"),
        (Outlook { starting: true, ..fine }, "starting", "first peer"),
        (fine, "ready", ""),
    ] {
        node.outlook.send_replace(outlook);
        says(&node, name, reason);
    }
}

/// Status, readiness and metrics say the same. Without a reason, the node is ready.
fn says(node: &Node, name: &str, reason: &str) {
    let state = &node.json("/v1/status")["state"];
    assert_eq!((&state["name"], &state["ready"]), (&json!(name), &json!(reason.is_empty())));
    let answer = node.get("/readyz");
    if reason.is_empty() {
        assert_eq!(answer.status, 200, "{name}");
    } else {
        let detail = answer.problem(503, "not-ready");
        assert!(detail.contains(reason) && state["reason"].as_str().unwrap().contains(reason), "{detail}");
        assert!(detail.contains(state["next"].as_str().unwrap_or_default()), "{detail}");
    }
    let metrics = node.get("/metrics").text();
    let ones: Vec<_> =
        metrics.lines().filter(|line| line.starts_with("bouya_state{") && line.ends_with(" 1")).collect();
    assert_eq!(ones, [format!("bouya_state{{state=\"{name}\"}} 1")]);
    assert_eq!(node.get("/healthz").status, 200, "{name} is healthy");
}

#[test]
fn a_certificate_that_is_not_good_is_the_state_of_the_node() {
    let node = Node::start();
    let good = *node.certificate.borrow();
    for (certificate, name, reason) in [
        (Certificate { revoked: true, ..good }, "certificate-revoked", "CA has revoked"),
        (Certificate { not_after: good.not_before, ..good }, "certificate-expired", "expired 24 h ago"),
        (Certificate { not_before: good.not_after, ..good }, "certificate-not-yet-valid", "not valid yet"),
        (good, "ready", ""),
    ] {
        node.certificate.send_replace(certificate);
        says(&node, name, reason);
        let mined = node.operate("POST", "/v1/mine");
        if reason.is_empty() {
            assert_eq!(mined.status, 200);
        } else {
            assert!(mined.problem(409, "not-mined").contains(reason));
        }
    }
}

#[test]
fn metrics_can_be_read() {
    let node = Node::start();
    let end = |what, days: u64| {
        let time = |days: u64| Timestamp(days * 24 * 3_600_000);
        Expiry { what, name: String::new(), begins: time(0), ends: time(days) }
    };
    node.network.summary.lock().unwrap().ends =
        vec![end(What::Certificate, 365), end(What::List, 8), end(What::List, 400)];
    node.mine();
    let answer = node.get("/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let mut values = std::collections::BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.split_once(' ').unwrap();
        assert!(name.starts_with("bouya_"), "{line}");
        let bare = name.split('{').next().unwrap();
        let kinds = [
            ("_total", "counter"),
            ("_info", "info"),
            ("_bucket", "histogram"),
            ("_sum", "histogram"),
            ("_count", "histogram"),
        ];
        let found = kinds.into_iter().find_map(|(end, kind)| Some((bare.strip_suffix(end)?, kind)));
        let (family, kind) = found.unwrap_or((bare, "gauge"));
        assert!(text.contains(&format!("# HELP {family} ")), "{line}");
        assert!(text.contains(&format!("# TYPE {family} {kind}\n")), "{line}");
        values.insert(name, value.parse::<f64>().unwrap());
    }
    assert_eq!(values["bouya_height"], 1.0);
    assert_eq!((values["bouya_peers_connected"], values["bouya_peers_known"]), (2.0, 3.0));
    assert_eq!((values["bouya_final_height"], values["bouya_final_behind"]), (0.0, 1.0));
    assert_eq!(values["bouya_clock_offset_seconds"], -0.007);
    let days = |name| values[name] / 24.0 / 3_600.0;
    assert_eq!(days(r#"bouya_expiry_timestamp_seconds{of="certificate"}"#), 365.0);
    assert_eq!(days(r#"bouya_renewal_timestamp_seconds{of="certificate"}"#), 335.0);
    assert_eq!(days(r#"bouya_expiry_timestamp_seconds{of="list"}"#), 8.0, "the first of them");
    assert_eq!(days(r#"bouya_renewal_timestamp_seconds{of="list"}"#), 4.0);
    assert!(values["bouya_disk_free_bytes"] > 0.0 && values["bouya_start_time_seconds"] > 1e9);
    assert_eq!((values["bouya_commit_seconds_count"], values["bouya_handshake_seconds_count"]), (1.0, 0.0));
    let states = [r#"bouya_state{state="ready"}"#, r#"bouya_state{state="disk-full"}"#];
    assert_eq!(states.map(|name| values[name]), [1.0, 0.0]);
    assert_eq!(values["bouya_http_requests_total{route=\"/v1/mine\",status=\"200\"}"], 1.0);
    assert_eq!((values["bouya_reorgs_total"], values["bouya_events_missed_total"]), (0.0, 0.0));
    // Events are counted beside the answers.
    node.wait("the block is counted", || node.get("/metrics").text().contains("\nbouya_blocks_total 1\n"));
}

#[test]
fn mining_on_request_mines_one() {
    let node = Node::start();
    node.pay(1, 0, 2, 5);
    let mined = node.mine();
    assert_eq!(mined, json!({ "height": 1, "hash": node.json("/v1/blocks/latest")["hash"] }));
    let status = node.json("/v1/status");
    assert_eq!(status["tip"]["height"], 1, "no more than one, and at once");
    assert_eq!(status["tip"]["hash"], mined["hash"]);
    node.outlook.send_modify(|outlook| outlook.sync = SyncStatus::Syncing { height: 1, target: 2 });
    let detail = node.operate("POST", "/v1/mine").problem(409, "not-mined");
    assert!(detail.contains("catching up"), "{detail}");
}

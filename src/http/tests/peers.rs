//! Peers and the blacklist.

use std::time::Duration;

use bouya_core::overlay::{Command, Direction, PeerReach, PeerStatus, PeerView};
use bouya_core::time::Timestamp;
use bouya_core::wire::DialOutcome;
use serde_json::{Value, json};

use super::client::Answer;
use super::harness::{Node, TOKEN};
use crate::clock::{parse_rfc3339, wall};
use crate::net::request::{CommandError, KeptOut, KeptOutBy};

pub(super) fn peer(id: &str) -> PeerView {
    PeerView {
        hearsay: false,
        id: id.parse().unwrap(),
        endpoint: Some(format!("{id}.example:7600").parse().unwrap()),
        status: PeerStatus::Connected,
        direction: Some(Direction::Out),
        since: Duration::from_secs(60),
        rtt: Some(Duration::from_millis(3)),
        height: Some(8),
        why: None,
        until: None,
        agent: None,
        not_after: None,
    }
}

/// Takes a time of an answer: it must be so many seconds from now.
fn take_time(value: &mut Value, seconds: i64) {
    let time = parse_rfc3339(value.take().as_str().unwrap()).unwrap();
    let off = time.ahead_of(wall()) - 1_000 * seconds;
    assert!(off.abs() < 10_000, "{off} ms");
}

fn kept_out(id: &str, by: KeptOutBy) -> KeptOut {
    KeptOut { id: id.parse().unwrap(), by, why: None, until: None }
}

fn add(node: &Node, body: &str) -> Answer {
    let headers = format!("Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n");
    node.send("POST", "/v1/peers", &headers, body.as_bytes())
}

#[test]
fn both_lists_are_pages() {
    let node = Node::start();
    *node.network.peers.lock().unwrap() = ["bob", "carol", "dave"].map(peer).to_vec();
    let mut page = node.json("/v1/peers?limit=2");
    take_time(&mut page["items"][0]["since"], -60);
    assert_eq!(
        page["items"][0],
        json!({
            "id": "bob", "host": "bob.example", "port": 7600, "status": "connected", "direction": "out",
            "since": null, "rtt_ms": 3, "height": "8", "why": null, "until": null, "agent": null, "certificate": null,
        })
    );
    // One that goes before the second page costs that page nothing.
    node.network.peers.lock().unwrap().remove(0);
    let page = node.json(&format!("/v1/peers?limit=2&from={}", page["next"].as_str().unwrap()));
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&json!("dave"), &Value::Null));
    *node.network.kept_out.lock().unwrap() =
        ["mallory", "oscar"].map(|id| kept_out(id, KeptOutBy::Operator)).to_vec();
    let entry = json!({ "id": "mallory", "source": "operator", "why": null, "until": null });
    assert_eq!(node.json("/v1/blacklist?limit=1"), json!({ "items": [entry], "next": "mallory" }));
}

#[test]
fn who_reaches_this_node_is_told_to_its_operator_only() {
    let node = Node::start();
    let told = |id: &str, reach| (id.parse().unwrap(), reach);
    *node.network.reach.lock().unwrap() = vec![
        told("bob", PeerReach::Told(DialOutcome::NoAnswer)),
        told("carol", PeerReach::Waiting),
        told("dave", PeerReach::Unable),
    ];
    assert_eq!(node.send("POST", "/v1/reach", "", b"").status, 401);
    let answer = node.send("POST", "/v1/reach", &format!("Authorization: Bearer {TOKEN}\r\n"), b"");
    let by = |id: &str, reach: &str| json!({ "id": id, "reach": reach });
    let expected = json!({ "peers": [by("bob", "no-answer"), by("carol", "waiting"), by("dave", "unable")] });
    assert_eq!((answer.status, answer.json()), (200, expected));
}

#[test]
fn a_peer_is_shown_as_it_stands() {
    let node = Node::start();
    for (status, word) in [
        (PeerStatus::Known, "known"),
        (PeerStatus::Dialing, "dialing"),
        (PeerStatus::Connected, "connected"),
        (PeerStatus::Backoff, "backoff"),
        (PeerStatus::Banned, "banned"),
    ] {
        *node.network.peers.lock().unwrap() = vec![PeerView { status, ..peer("bob") }];
        assert_eq!(node.json("/v1/peers")["items"][0]["status"], word);
    }
    *node.network.peers.lock().unwrap() = vec![PeerView {
        endpoint: None,
        direction: Some(Direction::In),
        until: Some(Duration::from_secs(600)),
        not_after: Some(Timestamp(wall().0 + 10 * 24 * 3_600_000 + 60_000)),
        ..peer("bob")
    }];
    let mut shown = node.json("/v1/peers")["items"][0].take();
    take_time(&mut shown["until"], 600);
    assert_eq!((&shown["host"], &shown["port"], &shown["direction"]), (&json!(""), &json!(0), &json!("in")));
    assert_eq!(shown["certificate"]["days_left"], 10);
}

#[test]
fn who_is_kept_out_is_shown_with_whose_doing_it_is() {
    let node = Node::start();
    for (by, word) in
        [(KeptOutBy::Config, "config"), (KeptOutBy::Operator, "operator"), (KeptOutBy::Ban, "ban")]
    {
        let entry = KeptOut {
            why: Some("spam".to_owned()),
            until: Some(Duration::from_secs(600)),
            ..kept_out("mallory", by)
        };
        *node.network.kept_out.lock().unwrap() = vec![entry];
        let mut shown = node.json("/v1/blacklist")["items"][0].take();
        take_time(&mut shown["until"], 600);
        assert_eq!(shown, json!({ "id": "mallory", "source": word, "why": "spam", "until": null }));
    }
}

#[test]
fn an_operators_wishes_reach_the_network() {
    let node = Node::start();
    for host in ["bob.example", "10.1.2.3", "fd00::7"] {
        let answer = add(&node, &json!({ "id": "bob", "host": host, "port": 7600 }).to_string());
        assert_eq!((answer.status, answer.text().as_str()), (204, ""), "{host}");
        let told = node.network.commands.lock().unwrap().pop().unwrap();
        let Command::AddPeer(id, endpoint) = told else { panic!("{told:?}") };
        assert_eq!((id.to_string().as_str(), endpoint.host.as_str(), endpoint.port), ("bob", host, 7600));
    }
    for (method, path) in
        [("DELETE", "/v1/peers/bob"), ("PUT", "/v1/blacklist/bob"), ("DELETE", "/v1/blacklist/bob")]
    {
        assert_eq!(node.operate(method, path).status, 204, "{method} {path}");
    }
    let told = std::mem::take(&mut *node.network.commands.lock().unwrap());
    assert!(
        matches!(&told[..], [Command::RemovePeer(a), Command::Blacklist(b), Command::Unblacklist(c)]
            if [a, b, c].iter().all(|id| id.to_string() == "bob")),
        "{told:?}"
    );
}

#[test]
fn a_wish_that_is_not_granted_says_why() {
    let node = Node::start();
    let bob = || "bob".parse().unwrap();
    for (error, status, name) in [
        (CommandError::Unknown(bob()), 404, "unknown-peer"),
        (CommandError::NotListed(bob()), 404, "unknown-peer"),
        (CommandError::Own(bob()), 409, "own-id"),
        (CommandError::Configured(bob()), 409, "configured"),
        (CommandError::Full(bob()), 409, "full"),
    ] {
        *node.network.refuse.lock().unwrap() = Some(error);
        node.operate("DELETE", "/v1/blacklist/bob").problem(status, name);
    }
}

#[test]
fn a_peer_that_there_is_no_room_for_is_a_problem() {
    let node = Node::start();
    *node.network.refuse.lock().unwrap() = Some(CommandError::Full("bob".parse().unwrap()));
    let answer = add(&node, r#"{"id":"bob","host":"b","port":1}"#);
    let detail = answer.problem(409, "full");
    assert!(detail.contains("1024 peers are known") && detail.contains("bouya peer remove"), "{detail}");
}

#[test]
fn a_peer_that_makes_no_sense_is_named() {
    let node = Node::start();
    for body in [
        "",
        "{}",
        "[]",
        r#"{"id":"bob","host":"b"}"#,
        r#"{"id":"Bob","host":"b","port":1}"#,
        r#"{"id":"bob","host":"b","port":0}"#,
        r#"{"id":"bob","host":"b","port":65536}"#,
        r#"{"id":"bob","host":"","port":1}"#,
        r#"{"id":"bob","host":"b:80","port":1}"#,
        r#"{"id":"bob","host":"b/c","port":1}"#,
        r#"{"id":"bob","host":"b","port":1,"more":1}"#,
    ] {
        add(&node, body).problem(400, "bad-request");
    }
    // What a page of another site can send without asking first is not taken either.
    let headers = format!("Authorization: Bearer {TOKEN}\r\nContent-Type: text/plain\r\n");
    let body = br#"{"id":"bob","host":"b","port":1}"#;
    node.send("POST", "/v1/peers", &headers, body).problem(415, "media-type");
    for (method, path) in
        [("DELETE", "/v1/peers/Bob_"), ("PUT", "/v1/blacklist/Bob_"), ("DELETE", "/v1/blacklist/-")]
    {
        node.operate(method, path).problem(400, "bad-request");
    }
    assert!(node.network.commands.lock().unwrap().is_empty());
}

#[test]
fn the_metrics_show_who_was_proven_or_configured_and_is_not_kept_out() {
    let node = Node::start();
    let apart = PeerView { status: PeerStatus::Backoff, height: None, rtt: None, ..peer("carol") };
    *node.network.peers.lock().unwrap() = vec![
        peer("bob"),
        apart.clone(),
        PeerView { id: "made-up".parse().unwrap(), hearsay: true, ..apart.clone() },
        PeerView { id: "kept-out".parse().unwrap(), status: PeerStatus::Banned, ..apart },
    ];
    let text = node.get("/metrics").text();
    let mut shown: Vec<_> = text.lines().filter(|line| line.starts_with("bouya_peer_")).collect();
    shown.sort_unstable();
    assert_eq!(
        shown,
        [
            r#"bouya_peer_connected{peer="bob"} 1"#,
            r#"bouya_peer_connected{peer="carol"} 0"#,
            r#"bouya_peer_height{peer="bob"} 8"#,
            r#"bouya_peer_round_trip_seconds{peer="bob"} 0.003"#,
        ]
    );
}

//! Peers and the blacklist.

use bouya_core::overlay::Command;
use serde_json::{Value, json};

use super::super::views::Peer;
use super::client::Answer;
use super::harness::{Node, TOKEN};
use crate::net::request::CommandError;

fn peer(id: &str) -> Peer {
    Peer {
        id: id.to_owned(),
        host: format!("{id}.example"),
        port: 7600,
        status: "connected".to_owned(),
        direction: Some("out".to_owned()),
        since: None,
        rtt_ms: Some(3),
        height: Some(8),
        why: None,
        until: None,
        agent: None,
        certificate: None,
    }
}

fn add(node: &Node, body: &str) -> Answer {
    let headers = format!("Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n");
    node.send("POST", "/v1/peers", &headers, body.as_bytes())
}

#[test]
fn both_lists_are_pages() {
    let node = Node::start();
    *node.network.peers.lock().unwrap() = ["bob", "carol", "dave"].map(peer).to_vec();
    let page = node.json("/v1/peers?limit=2");
    assert_eq!(
        page["items"][0],
        json!({
            "id": "bob", "host": "bob.example", "port": 7600, "status": "connected", "direction": "out",
            "since": null, "rtt_ms": 3, "height": 8, "why": null, "until": null, "agent": null, "certificate": null,
        })
    );
    let page = node.json(&format!("/v1/peers?limit=2&from={}", page["next"].as_str().unwrap()));
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&json!("dave"), &Value::Null));
    let entry = json!({ "id": "mallory", "source": "operator", "why": null, "until": null });
    assert_eq!(node.json("/v1/blacklist"), json!({ "items": [entry], "next": null }));
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
        (CommandError::Full, 409, "full"),
    ] {
        *node.network.refuse.lock().unwrap() = Some(error);
        node.operate("DELETE", "/v1/blacklist/bob").problem(status, name);
    }
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

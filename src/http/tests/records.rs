//! Records, by everything that they are found by.

use bouya_core::codec::Text;
use bouya_core::crypto::sha256;
use bouya_core::ledger::{Action, Content, Transaction};
use serde_json::Value;

use super::harness::Node;
use crate::clock::rfc3339;
use bouya_core::testing::{address, key};
use bouya_core::time::Timestamp;

pub(super) fn signed(node: &Node, from: u8, nonce: u64, action: Action) -> Transaction {
    Transaction::sign(&node.api.genesis.id(), &key(from), nonce, 20_000, u64::MAX, action)
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    text.to_owned().try_into().unwrap()
}

pub(super) fn data(node: &Node, from: u8, nonce: u64, topic: &str, data: &[u8]) -> Transaction {
    let content = Content::Data(data.to_vec().try_into().unwrap());
    signed(node, from, nonce, Action::Record { topic: text(topic), content })
}

/// The data of a page's items.
fn found(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["data"].as_str().unwrap_or("-")).collect()
}

#[test]
fn they_are_found_by_topic_sender_content_and_time() {
    let node = Node::start();
    let hash = sha256(b"contract");
    let document = Content::Document { hash, name: text("lease.pdf") };
    let document = signed(&node, 2, 0, Action::Record { topic: text("prices"), content: document });
    for block in [
        vec![data(&node, 1, 0, "prices", b"\x01")],
        vec![data(&node, 1, 1, "prices", b"\x02"), data(&node, 1, 2, "weather", b"\x03")],
        vec![document.clone()],
    ] {
        for transaction in &block {
            assert_eq!(node.submit(transaction).status, 202);
        }
        node.mine();
    }
    let get = |query: &str| node.json(&format!("/v1/records?{query}"));
    assert_eq!(found(&get("")), ["-", "03", "02", "01"]);
    assert_eq!(found(&get("topic=prices")), ["-", "02", "01"]);
    assert_eq!(found(&get(&format!("sender={}", address(1)))), ["03", "02", "01"]);
    assert_eq!(found(&get(&format!("sender={}&topic=weather", address(1)))), ["03"]);
    assert_eq!(found(&get(&format!("hash={hash}"))), ["-"]);
    assert_eq!(found(&get(&format!("hash={}", sha256(b"\x02")))), ["02"]);
    assert!(found(&get("topic=nothing")).is_empty());

    let item = &get(&format!("hash={hash}"))["items"][0];
    assert_eq!(item["transaction"], document.id().to_string());
    assert_eq!(
        (&item["name"], &item["text"], &item["height"]),
        (&"lease.pdf".into(), &Value::Null, &3.into())
    );

    let time = |height: u64| node.json(&format!("/v1/blocks/{height}"))["time"].as_str().unwrap().to_owned();
    assert_eq!(found(&get(&format!("since={}&until={}", time(2), time(2)))), ["03", "02"]);
    assert!(found(&get(&format!("until={}", rfc3339(Timestamp(1_000))))).is_empty());
}

#[test]
fn a_list_goes_on_where_the_page_before_ended() {
    let node = Node::start();
    for nonce in 0..3 {
        assert_eq!(node.submit(&data(&node, 1, nonce, "t", &[nonce as u8])).status, 202);
    }
    node.mine();
    let (mut seen, mut next) = (vec![], String::new());
    loop {
        let page = node.json(&format!("/v1/records?limit=1{next}"));
        seen.extend(found(&page).into_iter().map(ToOwned::to_owned));
        match page["next"].as_str() {
            Some(cursor) => next = format!("&from={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, ["02", "01", "00"]);
}

#[test]
fn what_makes_no_sense_is_named() {
    let node = Node::start();
    for query in ["sender=me", "hash=12", "since=yesterday", "from=9", "limit=0", "tpoic=a"] {
        node.get(&format!("/v1/records?{query}")).problem(400, "bad-request");
    }
}

#[test]
fn a_transaction_shows_its_record() {
    let node = Node::start();
    let transaction = data(&node, 1, 0, "prices", b"wheat 212.50");
    assert_eq!(node.submit(&transaction).status, 202);
    let action = &node.json(&format!("/v1/transactions/{}", transaction.id()))["action"];
    assert_eq!((&action["type"], &action["topic"]), (&"record".into(), &"prices".into()));
    assert_eq!(action["text"], "wheat 212.50");
    assert_eq!(action["hash"], sha256(b"wheat 212.50").to_string());
    node.mine();
    let line = &node.json(&format!("/v1/accounts/{}/transactions", address(1)))["items"][0];
    assert_eq!(
        (&line["action"], &line["memo"], &line["amount"]),
        (&"record".into(), &"prices".into(), &"0".into())
    );
}

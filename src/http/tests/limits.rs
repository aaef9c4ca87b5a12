//! What the rules admit, at its limits, through every page and every field of JSON.

use bouya_core::codec::{Bounded, Text};
use bouya_core::crypto::{Hash, sha256};
use bouya_core::ledger::{Action, Content, Output, Proposal, Transaction};
use bouya_core::overlay::PeerView;
use bouya_core::testing::{address, key};
use bouya_core::time::Timestamp;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::views::{self, Agreement, BlockSummary, CertificateStatus, Page, Record};
use super::harness::Node;
use crate::clock::rfc3339;

/// The largest whole number up to which every JSON reader keeps each one.
const EXACT: u64 = (1 << 53) - 1;

/// Numbers around those where something ends: JSON's, the calendar's, a signed number's, the type's.
fn numbers() -> impl Strategy<Value = u64> {
    let edges = [0, 1, EXACT, EXACT + 1, 253_402_300_799_999, 253_402_300_800_000, 1 << 63, u64::MAX];
    prop_oneof![proptest::sample::select(edges.to_vec()), any::<u64>()]
}

/// No number in it is one that a reader may round.
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_i64().is_some_and(|number| number.unsigned_abs() <= EXACT),
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(fields) => fields.values().all(is_exact),
        _ => true,
    }
}

/// The view as JSON. It is exact, and read as it was written.
fn shown<T: Serialize + DeserializeOwned>(view: &T) -> Value {
    let json = serde_json::to_value(view).unwrap();
    assert!(is_exact(&json), "{json}");
    let again: T = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), json);
    json
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn numbers_keep_all_digits(number in numbers(), other in numbers()) {
        let miner = views::MinerOf { key: String::new(), id: None, name: None };
        let reward = views::Reward { to: String::new(), name: None, amount: String::new() };
        let time = rfc3339(Timestamp(number));
        let block = views::Block {
            height: 1, hash: String::new(), parent: String::new(), time: time.clone(), difficulty: number,
            work: u128::MAX.to_string(), miner: miner.clone(), reward, body_root: String::new(),
            history: String::new(), nonce: other, size: 1, confirmations: 1, finalized: false, transactions: vec![],
        };
        let json = shown(&block);
        prop_assert_eq!((&json["difficulty"], &json["nonce"]), (&number.to_string().into(), &other.to_string().into()));
        let summary =
            BlockSummary { height: 1, hash: String::new(), time, difficulty: number, miner, transactions: 0, size: 1, finalized: false };
        prop_assert_eq!(&shown(&summary)["difficulty"], &json["difficulty"]);
        shown(&CertificateStatus::new(Timestamp(number), Timestamp(other)));
    }
}

#[test]
fn only_digits_as_text_are_such_a_number() {
    let json = r#"{"name":"n","id":"i","symbol":"S","decimals":2,"interval_ms":1,"version":2,"gas_per_block":"1","min_fee_per_byte":FEE}"#;
    let read = |fee: &str| serde_json::from_str::<views::NetworkStatus>(&json.replace("FEE", fee)).is_ok();
    assert!(read("\"18446744073709551615\""));
    for wrong in ["1", "null", "\"\"", "\"-1\"", "\"1e3\"", "\"18446744073709551616\""] {
        assert!(!read(wrong), "{wrong}");
    }
}

/// As long as it may be, in characters that turn the writing's direction.
fn longest<const MAX: usize>() -> Text<MAX> {
    "\u{202e}".repeat(MAX / 3).try_into().unwrap()
}

/// Transactions at their limits, from two senders.
fn extreme(node: &Node) -> Vec<Transaction> {
    let sign = |from, nonce, action| {
        Transaction::sign(&node.api.genesis.id(), &key(from), nonce, 100_000, u64::MAX, action)
    };
    let propose = |nonce, deadline| {
        let parties = Bounded::truncated([address(2)]);
        let proposal =
            Proposal { title: longest(), document: sha256(b"x"), parties, deadline: Timestamp(deadline) };
        sign(1, nonce, Action::Propose(proposal))
    };
    let outputs = Bounded::truncated([Output { to: address(3), amount: 1 }]);
    let document = Content::Document { hash: Hash([255; 32]), name: longest() };
    vec![
        propose(0, 0),
        propose(1, 253_402_300_800_000),
        propose(2, u64::MAX),
        sign(2, 0, Action::Record { topic: longest(), content: document }),
        sign(
            2,
            1,
            Action::Record {
                topic: "t".to_owned().try_into().unwrap(),
                content: Content::Data(Bounded::default()),
            },
        ),
        sign(2, 2, Action::Transfer { outputs, memo: longest() }),
    ]
}

#[test]
fn one_extreme_item_takes_no_page() {
    let node = Node::start();
    let transactions = extreme(&node);
    for transaction in &transactions {
        let answer = node.submit(transaction);
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
    let all = |path: &str| {
        let page = node.json(path);
        assert!(is_exact(&page), "{path}: {page}");
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(all("/v1/transactions"), transactions.len());
    node.mine();
    let agreements: Page<Agreement> = serde_json::from_value(node.json("/v1/agreements")).unwrap();
    let mut deadlines: Vec<_> = agreements.items.iter().map(|item| item.deadline.as_str()).collect();
    deadlines.sort_unstable();
    assert_eq!(deadlines, ["18446744073709551615 ms", "1970-01-01T00:00:00Z", "253402300800000 ms"]);
    let records: Page<Record> = serde_json::from_value(node.json("/v1/records")).unwrap();
    assert_eq!(records.items.len(), 2);
    for item in &agreements.items {
        let path = format!("/v1/agreements/{}?confirmations={EXACT}", item.id);
        assert!(is_exact(&node.json(&path)));
    }
    for transaction in &transactions {
        assert!(is_exact(&node.json(&format!("/v1/transactions/{}", transaction.id()))));
        assert_eq!(node.get(&format!("/v1/transactions/{}/receipt", transaction.id())).status, 200);
    }
    assert!(is_exact(&node.json("/v1/blocks/latest")));
    assert_eq!(all("/v1/blocks"), 1);
    assert_eq!(all(&format!("/v1/agreements?confirmations={EXACT}")), 3);
    for path in [format!("/v1/accounts/{}", address(1)), "/v1/agreements".to_owned()] {
        node.get(&format!("{path}?confirmations={}", EXACT + 1)).problem(400, "bad-request");
    }
    assert!(is_exact(&node.json(&format!("/v1/accounts/{}?confirmations=0", address(1)))));
    for (from, count) in [(1, 3), (2, 3), (3, 1)] {
        assert_eq!(all(&format!("/v1/accounts/{}/transactions", address(from))), count);
    }
}

#[test]
fn the_last_cursors_and_times_are_pages_too() {
    let node = Node::start();
    node.mine();
    let last = format!("{}-{}", u64::MAX, u32::MAX);
    for path in [
        format!("/v1/blocks?from={}", u64::MAX),
        format!("/v1/records?from={last}"),
        format!("/v1/agreements?from={last}"),
        format!("/v1/accounts/{}/transactions?from={last}", address(1)),
        "/v1/records?since=1970-01-01T00:00:00Z&until=9999-12-31T23:59:59.999Z".to_owned(),
    ] {
        node.json(&path);
    }
    node.json("/v1/records?until=0000-01-01T00:00:00Z&since=1969-12-31T23:59:59.999Z");
    node.get("/v1/records?since=-0001-01-01T00:00:00Z").problem(400, "bad-request");
    let beyond = format!("/v1/blocks/{}", u64::MAX);
    node.get(&beyond).problem(404, "not-found");
    let deep = node.get(&format!("/v1/accounts/{}?confirmations={}", address(1), u64::MAX));
    assert!(deep.status < 500, "{}", deep.text());
}

#[test]
fn a_peer_that_claims_a_clock_or_a_height_beyond_all_is_shown() {
    let node = Node::start();
    node.outlook.send_modify(|outlook| outlook.clock_offset_ms = Some(i64::MIN));
    let status = node.json("/v1/status");
    assert!(is_exact(&status), "{status}");
    let peer = PeerView { height: Some(u64::MAX), ..super::peers::peer("bob") };
    node.network.peers.lock().unwrap().push(peer);
    assert_eq!(node.json("/v1/peers")["items"][0]["height"], u64::MAX.to_string());
}

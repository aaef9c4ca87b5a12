//! Contracts: what they led to, keep, say and answer.

use bouya_core::codec::{Bounded, encode};
use bouya_core::crypto::sha256;
use bouya_core::ledger::contract::{Call, Deploy};
use bouya_core::ledger::{Address, Transaction};
use bouya_core::testing::{address, governor, key, pay};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::harness::Node;

/// Keeps its input under its first byte, says it under "kept", pays the caller a third of what it has and gives the input back. `x` fails after all
/// that. A view gives the value of the slot with the input as key.
const KEEPS: &str = r#"(module
    (import "bouya" "input_size" (func $input_size (result i32))) (import "bouya" "input" (func $input (param i32)))
    (import "bouya" "output" (func $output (param i32 i32))) (import "bouya" "get" (func $get (param i32 i32 i32 i32) (result i32)))
    (import "bouya" "set" (func $set (param i32 i32 i32 i32))) (import "bouya" "pay" (func $pay (param i32 i64) (result i32)))
    (import "bouya" "event" (func $event (param i32 i32 i32 i32))) (import "bouya" "balance" (func $balance (result i64)))
    (import "bouya" "caller" (func $caller (param i32))) (import "bouya" "fail" (func $fail (param i32 i32)))
    (memory (export "memory") 1 1) (data (i32.const 0) "kept") (data (i32.const 8) "no x, please")
    (func (export "init"))
    (func (export "call") (call $input (i32.const 100))
        (call $set (i32.const 100) (i32.const 1) (i32.const 100) (call $input_size))
        (call $event (i32.const 0) (i32.const 4) (i32.const 100) (call $input_size)) (call $caller (i32.const 50))
        (drop (call $pay (i32.const 50) (i64.div_u (call $balance) (i64.const 3))))
        (call $output (i32.const 100) (call $input_size))
        (if (i32.eq (i32.load8_u (i32.const 100)) (i32.const 120)) (then (call $fail (i32.const 8) (i32.const 12)))))
    (func (export "view") (call $input (i32.const 100))
        (call $output (i32.const 200) (call $get (i32.const 100) (call $input_size) (i32.const 200) (i32.const 1000)))))"#;

const GAS: u64 = 2_000_000;
const FEE: u64 = 5_000;

fn boss() -> Address {
    Address::of(&governor(1).public())
}

fn deployment(node: &Node, nonce: u64, code: &[u8], value: u64) -> Transaction {
    let code = code.to_vec().try_into().unwrap();
    let deploy = Deploy { code, input: Bounded::default(), value, gas: GAS };
    Transaction::sign(&node.api.genesis.id(), &governor(1), nonce, FEE, u64::MAX, deploy.into())
}

pub(super) fn called(node: &Node, nonce: u64, contract: Address, input: &[u8], value: u64) -> Transaction {
    let code = wat::parse_str(KEEPS).unwrap();
    let (size, code) = (code.len() as u32, sha256(&code));
    let call = Call { contract, code, size, input: Bounded::truncated(input.to_vec()), value, gas: GAS };
    Transaction::sign(&node.api.genesis.id(), &key(1), nonce, FEE, u64::MAX, call.into())
}

pub(super) fn send(node: &Node, transaction: &Transaction) {
    let answer = node.submit(transaction);
    assert_eq!(answer.status, 202, "{}", answer.text());
}

/// A contract with 9 coins' units.
pub(super) fn deployed(node: &Node) -> Address {
    let deploy = deployment(node, 0, &wat::parse_str(KEEPS).unwrap(), 9);
    send(node, &deploy);
    node.mine();
    deploy.contract().unwrap()
}

fn outcome(node: &Node, transaction: &Transaction) -> Value {
    node.json(&format!("/v1/transactions/{}", transaction.id()))["outcome"].clone()
}

#[test]
fn a_call_tells_what_it_has_led_to() {
    let node = Node::with_contracts();
    let contract = deployed(&node);
    let (good, bad) = (called(&node, 0, contract, b"apple", 3), called(&node, 1, contract, b"xylem", 3));
    for transaction in [&good, &bad] {
        send(&node, transaction);
    }
    assert_eq!(outcome(&node, &good), Value::Null, "it waits");
    node.mine();
    let led = outcome(&node, &good);
    let gas = led["gas"].as_u64().unwrap();
    assert!((100_000..GAS).contains(&gas), "{gas}");
    let expected = json!({
        "done": true, "gas": gas, "why": null, "output": HEXLOWER.encode(b"apple"),
        "payments": [{ "to": address(1).to_string(), "name": { "member": "m1", "name": "", "role": "key" }, "amount": "0.04" }],
        "events": [{ "topic": "kept", "data": HEXLOWER.encode(b"apple") }],
    });
    assert_eq!(led, expected);
    let failed = outcome(&node, &bad);
    assert_eq!(
        (&failed["done"], &failed["output"], &failed["events"]),
        (&json!(false), &json!(""), &json!([]))
    );
    assert!(failed["why"].as_str().unwrap().contains("no x, please"), "{failed}");
    assert_eq!(outcome(&node, &deployment(&node, 0, &wat::parse_str(KEEPS).unwrap(), 9))["done"], true);
    let (block, feed) = (node.json("/v1/blocks/latest"), node.json("/v1/feed?until=confirmed&after=1"));
    assert_eq!(block["transactions"][0]["outcome"], expected);
    assert_eq!(feed["items"][0]["transaction"]["outcome"], expected);
    let paid = pay(&node.api.genesis, 2, 0, 3, 1, 1_000);
    send(&node, &paid);
    node.mine();
    assert_eq!(outcome(&node, &paid), Value::Null, "it runs nothing");
}

#[test]
fn histories_count_what_came_with_calls_and_what_contracts_paid() {
    let node = Node::with_contracts();
    let contract = deployed(&node);
    for (nonce, input) in [(0, &b"apple"[..]), (1, b"xylem")] {
        send(&node, &called(&node, nonce, contract, input, 30));
    }
    node.mine();
    let lines = |address: Address| -> Vec<String> {
        let page = node.json(&format!("/v1/accounts/{address}/transactions"));
        let line = |item: &Value| {
            let texts = ["action", "direction", "amount", "fee"].map(|name| item[name].as_str().unwrap());
            format!("{} with {}", texts.join(" "), item["counterparties"].as_array().unwrap().len())
        };
        page["items"].as_array().unwrap().iter().map(line).collect()
    };
    // It had 9 and got 30, and gave 13 back; the other call failed.
    assert_eq!(lines(address(1)), ["call self 0 50 with 0", "call out 0.17 50 with 1"]);
    assert_eq!(lines(contract), ["call in 0 0 with 1", "call in 0.17 0 with 1", "deploy in 0.09 0 with 1"]);
    assert_eq!(lines(boss()), ["deploy out 0.09 50 with 1"]);
    assert_eq!(node.json(&format!("/v1/accounts/{contract}"))["balance"], "0.26");
    let told = |address: Address| {
        let feed = node.json(&format!("/v1/feed?until=confirmed&address={address}"));
        feed["items"].as_array().unwrap().len()
    };
    assert_eq!((told(contract), told(address(1)), told(address(2))), (3, 2, 0));
}

#[test]
fn contracts_are_listed_and_shown_with_their_code() {
    let node = Node::with_contracts();
    assert_eq!(node.json("/v1/contracts"), json!({ "items": [], "next": null }));
    let contract = deployed(&node);
    let code = wat::parse_str(KEEPS).unwrap();
    let first = deployment(&node, 1, &code, 0);
    let broken = deployment(&node, 2, b"no module", 0);
    for transaction in [&first, &broken] {
        send(&node, transaction);
    }
    node.mine();
    let list = node.json("/v1/contracts");
    let shown: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|item| item["address"].as_str().unwrap()).collect();
    let second = first.contract().unwrap().to_string();
    assert_eq!(shown, [second.as_str(), &contract.to_string()], "newest first, and none that failed");
    let page = node.json("/v1/contracts?limit=1");
    let next = page["next"].as_str().unwrap();
    assert_eq!(node.json(&format!("/v1/contracts?limit=1&from={next}"))["items"][0], list["items"][1]);
    let one = node.json(&format!("/v1/contracts/{contract}"));
    let deploy = deployment(&node, 0, &code, 9);
    let expected = json!({
        "address": contract.to_string(), "code": sha256(&code).to_string(), "size": code.len(),
        "deployer": boss().to_string(), "deployer_name": { "member": "m1", "name": "", "role": "governor" }, "transaction": deploy.id().to_string(),
        "height": 1, "held": 0, "balance": "0.09",
    });
    assert_eq!(one, expected);
    assert_eq!(list["items"][1], one);
    let answer = node.get(&format!("/v1/contracts/{contract}/code"));
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/octet-stream"));
    assert_eq!(answer.body, code);
    let abi = format!("/v1/contracts/{contract}/abi");
    assert!(node.get(&abi).problem(404, "not-found").contains("put the *.abi.json"));
    let folder = node.api.data_dir.join("abis");
    std::fs::create_dir(&folder).unwrap();
    let text = format!(
        r#"{{"name":"keeps","code":"{}","init":"()","call":"bytes","view":"()","output":"()","answer":"()","events":{{}},"types":{{}}}}"#,
        sha256(&code)
    );
    std::fs::write(folder.join("keeps.abi.json"), &text).unwrap();
    assert_eq!(node.json(&abi)["name"], "keeps");
    assert_eq!(node.get(&abi).body, text.as_bytes(), "as it is");
    for path in ["", "/code", "/abi", "/slots", "/events"] {
        let none = node.get(&format!("/v1/contracts/{}{path}", broken.contract().unwrap()));
        assert!(none.problem(404, "not-found").contains("bouya contract list"));
    }
}

#[test]
fn slots_come_in_order_by_prefix_and_page() {
    let node = Node::with_contracts();
    let contract = deployed(&node);
    for (nonce, input) in [(0, &b"pear"[..]), (1, b"apple"), (2, b"plum")] {
        send(&node, &called(&node, nonce, contract, input, 0));
    }
    node.mine();
    let slots = |query: &str| node.json(&format!("/v1/contracts/{contract}/slots{query}"));
    let slot = |value: &[u8]| json!({ "key": HEXLOWER.encode(&value[..1]), "data": HEXLOWER.encode(value) });
    assert_eq!(
        slots(""),
        json!({ "items": [slot(b"apple"), slot(b"plum")], "next": null }),
        "the last one wins"
    );
    assert_eq!(slots("?limit=1"), json!({ "items": [slot(b"apple")], "next": "61" }));
    assert_eq!(slots("?limit=1&from=61"), json!({ "items": [slot(b"plum")], "next": null }));
    assert_eq!(slots("?prefix=70")["items"], json!([slot(b"plum")]));
    assert_eq!(slots("?prefix=7070")["items"], json!([]));
    assert_eq!(slots("?from=7070&prefix=70")["items"], json!([]), "longer keys come later");
    for wrong in ["?prefix=7", "?from=zz", &format!("?prefix={}", "00".repeat(65))] {
        node.get(&format!("/v1/contracts/{contract}/slots{wrong}")).problem(400, "bad-request");
    }
    assert_eq!(node.json(&format!("/v1/contracts/{contract}"))["held"], 1 + 5 + 1 + 4);
}

#[test]
fn events_come_newest_first_by_topic_and_page() {
    let node = Node::with_contracts();
    let contract = deployed(&node);
    let calls: Vec<_> = [(0, b"one", 3), (1, b"two", 3), (2, b"xxx", 3)].into();
    for (nonce, input, value) in &calls {
        send(&node, &called(&node, *nonce, contract, *input, *value));
    }
    node.mine();
    let last = called(&node, 3, contract, b"six", 0);
    send(&node, &last);
    let block = node.mine();
    let events = |query: &str| node.json(&format!("/v1/contracts/{contract}/events{query}"));
    let data = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        let bytes = items.map(|item| HEXLOWER.decode(item["data"].as_str().unwrap().as_bytes()).unwrap());
        bytes.map(|bytes| String::from_utf8(bytes).unwrap()).collect()
    };
    let whole = events("");
    assert_eq!(data(&whole), ["six", "two", "one"], "one that failed says nothing");
    let newest = &whole["items"][0];
    assert_eq!(
        (&newest["transaction"], &newest["height"]),
        (&json!(last.id().to_string()), &block["height"])
    );
    assert_eq!(
        (&newest["topic"], &newest["confirmations"], &newest["final"]),
        (&json!("kept"), &json!(1), &json!(false))
    );
    assert_eq!((data(&events("?topic=kept")), data(&events("?topic=kep"))), (data(&whole), vec![]));
    let (mut seen, mut query) = (Vec::new(), "?limit=1".to_owned());
    loop {
        let page = events(&query);
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=1&from={next}");
    }
    assert_eq!(json!(seen), whole["items"]);
}

#[test]
fn a_view_is_answered_and_changes_nothing() {
    let node = Node::with_contracts();
    let contract = deployed(&node);
    send(&node, &called(&node, 0, contract, b"apple", 0));
    node.mine();
    let ask = |body: &str| {
        let kind = "Content-Type: application/json\r\n";
        node.send("POST", &format!("/v1/contracts/{contract}/view"), kind, body.as_bytes())
    };
    let answer = ask(r#"{"input":"61"}"#).json();
    assert_eq!(
        (&answer["done"], &answer["output"], &answer["height"]),
        (&json!(true), &json!(HEXLOWER.encode(b"apple")), &json!(2))
    );
    // There is no such slot: it asks for -1 bytes of output.
    let failed = ask(r#"{"input":"62"}"#).json();
    assert!(failed["done"] == false && failed["why"].is_string() && failed["output"] == "", "{failed}");
    ask(r#"{"input":"6"}"#).problem(400, "bad-request");
    ask(&format!(r#"{{"input":"{}"}}"#, "00".repeat(8_193))).problem(400, "bad-request");
    // Two run already.
    let turns = node.api.limits.contracts.clone();
    let held = turns.try_acquire_many(2).unwrap();
    assert!(ask("{}").problem(503, "busy").contains("try again"));
    drop(held);
    assert_eq!(ask("{}").status, 200);
}

#[test]
fn a_check_tries_out_what_it_is_asked_about_and_what_no_block_will_hold() {
    let node = Node::with_contracts();
    let contract = deployed(&node);
    let check = |transaction: &Transaction| {
        let answer = node.send("POST", "/v1/transactions/check", "", &encode(transaction));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let good = called(&node, 0, contract, b"apple", 3);
    let checked = check(&good);
    assert_eq!((&checked["passes"], &checked["outcome"]["done"]), (&json!(true), &json!(true)));
    assert_eq!(checked["least_fee"], node.api.amount(good.burden()));
    assert!(good.burden() > good.size() as u64 + GAS / 1_000);
    let late = Transaction::sign(&node.api.genesis.id(), &key(1), 7, 0, 0, good.action.clone());
    let tried = check(&late);
    assert_eq!((&tried["passes"], &tried["outcome"]), (&json!(false), &checked["outcome"]));
    assert_eq!(check(&called(&node, 0, contract, b"xylem", 3))["outcome"]["done"], false);
    assert!(
        check(&called(&node, 0, contract, b"apple", 2_000_000)).get("outcome").is_none(),
        "it cannot pay"
    );
    assert!(check(&pay(&node.api.genesis, 1, 0, 2, 5, 1_000)).get("outcome").is_none());
    let old = Node::start();
    let refused =
        old.send("POST", "/v1/transactions/check", "", &encode(&called(&old, 0, contract, b"apple", 0)));
    assert_eq!(
        (&refused.json()["problem"]["type"], refused.json().get("outcome")),
        (&json!("urn:bouya:no-contracts"), None)
    );
    let network = node.json("/v1/status")["network"].clone();
    assert_eq!((&network["version"], &old.json("/v1/status")["network"]["version"]), (&json!(3), &json!(2)));
    assert_eq!(network["gas_per_block"], node.api.genesis.rules.gas_per_block.to_string());
}

//! Submitting and finding transactions.

use bouya_core::codec::{Bounded, Text, encode};
use bouya_core::ledger::{Output, Transaction};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::client::Answer;
use super::harness::Node;
use bouya_core::testing::{self, address, key, pay};

fn transfer(node: &Node, nonce: u64, fee: u64, valid_until: u64, amount: u64) -> Transaction {
    let output = Bounded::truncated([Output { to: address(2), amount }]);
    Transaction::transfer(&node.api.genesis.id(), &key(1), nonce, fee, valid_until, output, Text::default())
}

fn submit_json(node: &Node, body: &str) -> Answer {
    node.send("POST", "/v1/transactions", "Content-Type: application/json\r\n", body.as_bytes())
}

#[test]
fn both_forms_are_taken_and_again_as_the_first_time() {
    let node = Node::start();
    let transaction = pay(&node.api.genesis, 1, 0, 2, 500, 1_000);
    let id = transaction.id().to_string();
    let raw = json!({ "raw": HEXLOWER.encode(&encode(&transaction)) }).to_string();
    let answer = node.submit(&transaction);
    assert_eq!((answer.status, answer.header("content-type")), (202, "application/json"));
    assert_eq!(answer.json(), json!({ "id": id }));
    for answer in [submit_json(&node, &raw), node.submit(&transaction)] {
        assert_eq!((answer.status, answer.json()), (202, json!({ "id": id, "known": true })));
    }
    let page = node.json("/v1/transactions");
    assert_eq!((page["items"].as_array().unwrap().len(), &page["next"]), (1, &Value::Null));
    assert_eq!(node.json("/v1/status")["mempool"]["transactions"], 1);
    node.mine();
    assert!(node.submit(&transaction).problem(409, "confirmed").contains("height 1"));
}

#[test]
fn a_transaction_waits_and_is_confirmed() {
    let node = Node::start();
    let transaction = node.pay(1, 0, 2, 1_234);
    let path = format!("/v1/transactions/{}", transaction.id());
    let named = |member: &str| json!({ "role": "key", "member": member, "name": "" });
    let mut expected = json!({
        "id": transaction.id().to_string(),
        "status": "pending",
        "height": null,
        "time": null,
        "block": null,
        "confirmations": 0,
        "final": false,
        "sender": address(1).to_string(),
        "sender_name": named("m1"),
        "nonce": 0,
        "fee": "10",
        "valid_until": u64::MAX.to_string(),
        "size": encode(&transaction).len(),
        "action": {
            "type": "transfer",
            "outputs": [{ "to": address(2).to_string(), "name": named("m2"), "amount": "12.34" }],
            "memo": "",
        },
        "outcome": null,
    });
    assert_eq!(node.json(&path), expected);
    node.mine();
    expected["status"] = json!("confirmed");
    expected["height"] = json!(1);
    expected["confirmations"] = json!(1);
    let block = node.json("/v1/blocks/1");
    (expected["time"], expected["block"]) = (block["time"].clone(), block["hash"].clone());
    assert_eq!(node.json(&path), expected);
    assert_eq!(block["transactions"], json!([expected]));
    let unknown = format!("/v1/transactions/{}", "0".repeat(64));
    assert!(node.get(&unknown).problem(404, "not-found").contains("dropped"));
}

#[test]
fn what_does_not_fit_says_why_in_coins() {
    let node = Node::start();
    let gap = node.submit(&transfer(&node, 1, 1_000, 99, 5)).problem(409, "wrong-nonce");
    assert!(gap.contains("nonce 1") && gap.contains("next is 0"), "{gap}");
    let over = node.submit(&transfer(&node, 0, 1_000, 99, 1_000_000)).problem(422, "insufficient-balance");
    assert!(over.contains("costs 10010") && over.contains("has 10000 "), "{over}");
    let low = transfer(&node, 0, 1, 99, 5);
    let size = encode(&low).len() as u64;
    let detail = node.submit(&low).problem(422, "low-fee");
    let least = node.api.amount(size);
    assert!(detail.contains("fee is 0.01") && detail.contains(&format!("at least {least} ")), "{detail}");
    assert!(detail.ends_with("; sign it anew with a higher fee"), "{detail}");
    let late = node.submit(&transfer(&node, 0, 1_000, 0, 5)).problem(422, "expired");
    assert!(late.ends_with("; sign it anew with a later height"), "{late}");

    // The slot's price, in coins like every amount.
    let first = node.pay(1, 0, 2, 500);
    let replace = |fee| {
        let transaction = encode(&transfer(&node, 0, fee, 99, 5));
        node.send("POST", "/v1/transactions?replace=true", "", &transaction)
    };
    let slot = replace(1_001).problem(409, "slot-taken");
    assert!(slot.contains("at least 11 ") || slot.ends_with("at least 11"), "{slot}");
    let taken = node.submit(&transfer(&node, 0, 1_100, 99, 5)).problem(409, "nonce-taken");
    for part in [&format!("taken by transaction {}", first.id()), "sign it with nonce 1", "--replace"] {
        assert!(taken.contains(part), "{taken}");
    }
    assert_eq!(replace(1_100).status, 202, "paid for");
    for nonce in 1..3 {
        node.pay(1, nonce, 2, 5);
    }
    node.submit(&transfer(&node, 3, 1_000, 99, 5)).problem(429, "too-many-waiting");
    assert_eq!(node.json("/v1/status")["mempool"]["transactions"], 3);
}

#[test]
fn a_list_is_answered_one_by_one_in_both_forms() {
    let node = Node::start();
    let pay = |nonce| pay(&node.api.genesis, 1, nonce, 2, 5, 1_000);
    // In nonce order, but for a gap; and one that is taken already.
    let list: Vec<Transaction> = [0, 7, 1, 2, 0].map(pay).into();
    let ids: Vec<String> = list.iter().map(|transaction| transaction.id().to_string()).collect();
    let hex = |transaction: &Transaction| json!({ "raw": HEXLOWER.encode(&encode(transaction)) });
    let raw = Value::Array(list.iter().map(hex).collect()).to_string();
    for answer in
        [node.send("POST", "/v1/transactions", "", &encode(&list)), submit_json(&node, &format!("\n {raw}"))]
    {
        assert_eq!(answer.status, 202, "{}", answer.text());
        let answer = answer.json();
        let given: Vec<&str> =
            answer.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(given, ids);
        let refused: Vec<usize> = (0..5).filter(|at| answer[at].get("problem").is_some()).collect();
        assert_eq!(refused, [1]);
        assert_eq!(answer[1]["problem"]["type"], "urn:bouya:wrong-nonce");
        assert_eq!(answer[1]["problem"]["status"], 409);
    }
    assert_eq!(node.json("/v1/status")["mempool"]["transactions"], 3);
}

#[test]
fn a_list_is_bounded_and_good_in_its_form_as_a_whole() {
    let node = Node::start();
    let good = encode(&pay(&node.api.genesis, 1, 0, 2, 5, 1_000));
    let list = |count: u32| [count.to_le_bytes().to_vec(), good.repeat(count as usize)].concat();
    for count in [0, 1_001] {
        node.send("POST", "/v1/transactions", "", &list(count)).problem(400, "bad-request");
    }
    let detail = node.send("POST", "/v1/transactions", "", &list(1_001)).problem(400, "bad-request");
    assert!(detail.contains("1 to 1000"), "{detail}");
    let raw = json!({ "raw": HEXLOWER.encode(&good) });
    submit_json(&node, &json!([raw, { "raw": "00" }]).to_string()).problem(400, "bad-request");
    assert_eq!(node.json("/v1/status")["mempool"]["transactions"], 0);
    let answer = node.send("POST", "/v1/transactions", "", &list(1_000));
    assert_eq!((answer.status, answer.json().as_array().unwrap().len()), (202, 1_000));
    assert_eq!(node.json("/v1/status")["mempool"]["transactions"], 1);
    let answer = node.send("POST", "/v1/transactions", "", &list(1));
    assert_eq!(answer.json().as_array().unwrap().len(), 1, "a list of one is a list");
}

#[test]
fn what_is_wrong_everywhere_is_refused() {
    let node = Node::start();
    let foreign = pay(&testing::network("another", 1_000_000), 1, 0, 2, 5, 1_000);
    assert!(node.submit(&foreign).problem(400, "invalid-transaction").contains("network"));
    node.submit(&transfer(&node, 0, 1_000, 99, 0)).problem(400, "invalid-transaction");
    let good = encode(&pay(&node.api.genesis, 1, 0, 2, 5, 1_000));
    let mut longer = good.clone();
    longer.push(0);
    for junk in [&b""[..], b"junk", &good[..good.len() - 1], &longer, &[0xff; 4_096]] {
        let answer = node.send("POST", "/v1/transactions", "", junk);
        assert!(answer.problem(400, "bad-request").contains("Borsh"));
    }
    for junk in [
        String::new(),
        "{}".to_owned(),
        "[]".to_owned(),
        "{\"raw\":1}".to_owned(),
        "{\"raw\":\"xyz\"}".to_owned(),
        "{\"raw\":\"abc\"}".to_owned(),
        "{\"raw\":\"\"}".to_owned(),
        "{\"raw\":\"00\",\"more\":1}".to_owned(),
        "[".repeat(100_000),
    ] {
        submit_json(&node, &junk).problem(400, "bad-request");
    }
    assert_eq!(node.json("/v1/status")["mempool"]["transactions"], 0);
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let node = Node::start();
    let body = vec![0; 300 * 1024];
    node.send("POST", "/v1/transactions", "", &body).problem(413, "too-large");
    submit_json(&node, &" ".repeat(300 * 1024)).problem(413, "too-large");
    let headers =
        format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", super::harness::TOKEN);
    node.send("POST", "/v1/peers", &headers, &body).problem(413, "too-large");
}

#[test]
fn those_that_wait_are_paged_best_rate_first() {
    let node = Node::start();
    for (from, fee) in [(1, 1_000), (2, 3_000), (3, 2_000)] {
        let output = Bounded::truncated([Output { to: address(4), amount: 1 }]);
        let network = node.api.genesis.id();
        let transaction = Transaction::transfer(&network, &key(from), 0, fee, 99, output, Text::default());
        assert_eq!(node.submit(&transaction).status, 202);
    }
    let fees = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item["fee"].as_str().unwrap().to_owned()).collect()
    };
    let page = node.json("/v1/transactions?limit=2");
    assert_eq!(fees(&page), ["30", "20"]);
    // One that comes above the cursor, and one that goes there, move nothing: those below are the same.
    let output = Bounded::truncated([Output { to: address(4), amount: 1 }]);
    let network = node.api.genesis.id();
    let better = Transaction::transfer(&network, &key(2), 0, 9_000, 99, output, Text::default());
    let kind = "Content-Type: application/octet-stream\r\n";
    let replaced = node.send("POST", "/v1/transactions?replace=true", kind, &encode(&better));
    assert_eq!(replaced.status, 202);
    let last = format!("/v1/transactions?limit=2&from={}", page["next"].as_str().unwrap());
    let page = node.json(&last);
    assert_eq!((fees(&page), &page["next"]), (vec!["10".to_owned()], &Value::Null));
    node.mine();
    assert_eq!(fees(&node.json(&last)), [""; 0], "its place is still known once all have gone");
    for wrong in ["9", "1-2", "-", &format!("x-{}", better.id())] {
        node.get(&format!("/v1/transactions?from={wrong}")).problem(400, "bad-request");
    }
}

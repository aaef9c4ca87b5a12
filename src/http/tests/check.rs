//! The dry run of a transaction.

use bouya_core::codec::encode;
use bouya_core::ledger::Transaction;
use bouya_core::testing::{address, network, pay};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::harness::Node;

fn check(node: &Node, query: &str, transaction: &Transaction) -> Value {
    let answer = node.send("POST", &format!("/v1/transactions/check{query}"), "", &encode(transaction));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let raw = json!({ "raw": HEXLOWER.encode(&encode(transaction)) }).to_string();
    let kind = "Content-Type: application/json\r\n";
    let other = node.send("POST", &format!("/v1/transactions/check{query}"), kind, raw.as_bytes());
    assert_eq!(other.json(), answer.json(), "in either form");
    answer.json()
}

#[test]
fn it_says_what_would_become_of_it_and_sends_nothing() {
    let node = Node::start();
    let of = |nonce, amount, fee| pay(&node.api.genesis, 1, nonce, 2, amount, fee);
    let good = of(0, 5, 1_000);
    let size = encode(&good).len();
    let expected = json!({
        "id": good.id().to_string(), "passes": true, "size": size, "fee": "10",
        "least_fee": node.api.amount(size as u64), "nonce": "0", "next_nonce": 0,
    });
    assert_eq!(check(&node, "", &good), expected);
    assert_eq!(node.json("/v1/transactions")["items"], json!([]));
    let problem = |checked: &Value| {
        assert_eq!(checked["passes"], false, "{checked}");
        checked["problem"]["type"].as_str().unwrap().to_owned()
    };
    assert_eq!(problem(&check(&node, "", &of(3, 5, 1_000))), "urn:bouya:wrong-nonce");
    assert_eq!(problem(&check(&node, "", &of(0, 5, 1))), "urn:bouya:low-fee");
    assert_eq!(problem(&check(&node, "", &of(0, 2_000_000, 1_000))), "urn:bouya:insufficient-balance");
    let alien = pay(&network("another", 1_000_000), 1, 0, 2, 5, 1_000);
    assert_eq!(problem(&check(&node, "", &alien)), "urn:bouya:invalid-transaction");

    node.pay(1, 0, 2, 5);
    let known = check(&node, "", &good);
    assert_eq!(
        (&known["passes"], &known["known"], &known["next_nonce"]),
        (&true.into(), &true.into(), &1.into())
    );
    let dearer = of(0, 6, 1_100);
    assert_eq!(problem(&check(&node, "", &dearer)), "urn:bouya:nonce-taken");
    assert_eq!(check(&node, "?replace=true", &dearer)["passes"], true);
    node.mine();
    assert_eq!(problem(&check(&node, "", &good)), "urn:bouya:confirmed");
    assert_eq!(node.json(&format!("/v1/accounts/{}", address(1)))["nonce"], 1);
}

#[test]
fn one_is_asked_about_at_a_time() {
    let node = Node::start();
    let list: Vec<Transaction> = [0, 1].map(|nonce| pay(&node.api.genesis, 1, nonce, 2, 5, 1_000)).into();
    let answer = node.send("POST", "/v1/transactions/check", "", &encode(&list));
    assert!(answer.problem(400, "bad-request").contains("one transaction"));
    node.send("POST", "/v1/transactions/check", "", b"nothing").problem(400, "bad-request");
}

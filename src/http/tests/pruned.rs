//! What a node that prunes answers about what it no longer has.

use bouya_core::codec::encode;
use bouya_core::crypto::Hash;
use bouya_core::ledger::Proof;
use data_encoding::HEXLOWER;
use serde_json::Value;

use super::client::Answer;
use super::contracts;
use super::harness::Node;
use super::records::data;
use bouya_client::receipt;

#[test]
fn what_was_pruned_is_gone_and_everything_else_is_there() {
    let node = Node::that_prunes();
    let old = data(&node, 1, 0, "prices", b"wheat 212.50");
    assert_eq!(node.submit(&old).status, 202);
    (0..3).for_each(|_| drop(node.mine()));
    let new = data(&node, 1, 1, "prices", b"rye 180");
    assert_eq!(node.submit(&new).status, 202);
    node.mine();
    assert_eq!(node.json("/v1/status")["tip"]["lowest_block"], 1);
    let of = |id| format!("/v1/transactions/{id}");
    assert_eq!(node.json(&of(old.id()))["id"], old.id().to_string());
    node.finalize(3);
    node.wait("the first two blocks are pruned", || node.json("/v1/status")["tip"]["lowest_block"] == 3);
    node.get(&of(old.id())).problem(410, "pruned");
    node.get(&format!("{}/receipt", of(old.id()))).problem(410, "pruned");
    node.get("/v1/blocks/2").problem(410, "pruned");
    node.get(&of(Hash::ZERO)).problem(404, "not-found");
    node.get("/v1/blocks/0").problem(404, "not-found");
    assert_eq!(node.json(&of(new.id()))["id"], new.id().to_string());
    assert_eq!(node.get(&format!("{}/receipt", of(new.id()))).status, 200);
    let page = node.json("/v1/blocks?limit=50");
    let heights: Vec<u64> =
        page["items"].as_array().unwrap().iter().filter_map(|block| block["height"].as_u64()).collect();
    assert_eq!((heights, page["next"].is_null()), (vec![4, 3], true));
    let records = node.json("/v1/records?topic=prices");
    assert_eq!(records["items"].as_array().unwrap().len(), 1, "{records}");
}

const BYTES: &str = "Content-Type: application/octet-stream\r\n";
const JSON: &str = "Content-Type: application/json\r\n";

/// What a node answers to whoever brings this to be proven.
fn bring(node: &Node, kind: &str, query: &str, body: &[u8]) -> Answer {
    node.send("POST", &format!("/v1/receipts{query}"), kind, body)
}

/// What a receipt proves, which leads to the block at this height and needs only the definition.
#[track_caller]
fn final_at(node: &Node, answer: &Answer, height: u64) -> Proof {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/json"),
        "{}",
        answer.text()
    );
    let proof = receipt::read(&answer.text()).unwrap().check().unwrap();
    assert_eq!(proof.anchor.height, height);
    assert!(proof.check_final(&node.api.genesis).is_ok());
    proof
}

#[test]
fn whoever_has_the_text_of_a_pruned_transaction_gets_its_newest_receipt() {
    let node = Node::that_prunes();
    let old: Vec<_> = (0..3).map(|nonce| data(&node, 1, nonce, "prices", b"wheat 212.50")).collect();
    old.iter().for_each(|transaction| assert_eq!(node.submit(transaction).status, 202));
    (0..4).for_each(|_| drop(node.mine()));
    node.finalize(1);
    let path = format!("/v1/transactions/{}/receipt", old[1].id());
    let first = node.get(&path);
    final_at(&node, &first, 1);
    node.finalize(3);
    node.wait("the first two blocks are pruned", || node.json("/v1/status")["tip"]["lowest_block"] == 3);
    let next = node.get(&path).problem(410, "pruned");
    assert!(next.contains("bouya receipt renew FILE") && next.contains("POST /v1/receipts"), "{next}");
    for transaction in &old {
        let proof = final_at(&node, &bring(&node, BYTES, "", &encode(transaction)), 3);
        assert_eq!((proof.transaction.id(), proof.block.height), (transaction.id(), 1));
        let raw = format!(r#"{{"raw":"{}"}}"#, HEXLOWER.encode(&encode(transaction)));
        final_at(&node, &bring(&node, JSON, "", raw.as_bytes()), 3);
    }
    let proof = final_at(&node, &bring(&node, JSON, "", first.text().as_bytes()), 3);
    assert_eq!(proof.transaction.id(), old[1].id());
    let under = bring(&node, BYTES, "?under=2", &encode(&old[0]));
    assert_eq!(receipt::read(&under.text()).unwrap().check().unwrap().anchor.height, 2);
    bring(&node, BYTES, "?under=0", &encode(&old[0])).problem(404, "not-found");
    bring(&node, BYTES, "?above=0", &encode(&old[0])).problem(400, "bad-request");
}

#[test]
fn what_became_of_a_call_is_pruned_and_stays_proven_by_an_older_receipt() {
    let node = Node::with_contracts_that_prunes();
    let contract = contracts::deployed(&node);
    let calls = [(0, b"apple"), (1, b"xylem")]
        .map(|(nonce, input)| contracts::called(&node, nonce, contract, input, 3));
    calls.iter().for_each(|call| contracts::send(&node, call));
    (0..3).for_each(|_| drop(node.mine()));
    node.finalize(2);
    let [good, bad] =
        calls.each_ref().map(|call| node.get(&format!("/v1/transactions/{}/receipt", call.id())));
    let became = |answer: &Answer, at| final_at(&node, answer, at).outcome;
    assert_eq!(&*became(&good, 2).unwrap().done.unwrap().output, b"apple");
    assert_eq!(became(&bad, 2).unwrap().done, None, "it failed");
    node.mine();
    node.finalize(4);
    node.wait("the first blocks are pruned", || node.json("/v1/status")["tip"]["lowest_block"] == 4);
    let renewed = bring(&node, BYTES, "", &encode(&calls[0]));
    assert_eq!(became(&renewed, 4), None, "the transaction alone does not have it");
    let renewed = bring(&node, JSON, "", good.text().as_bytes());
    assert_eq!(&*became(&renewed, 4).unwrap().done.unwrap().output, b"apple");
    let mut forged = receipt::read(&good.text()).unwrap();
    forged.outcome = receipt::read(&bad.text()).unwrap().outcome;
    let renewed = bring(&node, JSON, "", receipt::write(&forged).as_bytes());
    assert_eq!(became(&renewed, 4), None, "another call's");
    let good: Value = serde_json::from_str(&good.text()).unwrap();
    for part in ["done", "writes", "state", "roster"] {
        let mut unreadable = good.clone();
        unreadable["outcome"][part] = "zz".into();
        let renewed = bring(&node, JSON, "", unreadable.to_string().as_bytes());
        assert_eq!(became(&renewed, 4), None, "nothing that can be read");
    }
}

#[test]
fn what_is_brought_proves_nothing_by_itself() {
    let node = Node::that_prunes();
    let old = data(&node, 1, 0, "prices", b"wheat 212.50");
    assert_eq!(node.submit(&old).status, 202);
    bring(&node, BYTES, "", &encode(&old)).problem(404, "not-found");
    (0..4).for_each(|_| drop(node.mine()));
    // Where nothing is pruned it is answered alike.
    let receipt = bring(&node, BYTES, "", &encode(&old));
    assert_eq!(receipt.text(), node.get(&format!("/v1/transactions/{}/receipt", old.id())).text());
    node.finalize(3);
    node.wait("the first two blocks are pruned", || node.json("/v1/status")["tip"]["lowest_block"] == 3);
    let never = data(&node, 1, 0, "prices", b"wheat 999.99");
    bring(&node, BYTES, "", &encode(&never)).problem(404, "not-found");
    let mut forged = receipt::read(&receipt.text()).unwrap();
    forged.transaction = never;
    bring(&node, JSON, "", receipt::write(&forged).as_bytes()).problem(404, "not-found");
    forged.network = Hash([7; 32]);
    let other = bring(&node, JSON, "", receipt::write(&forged).as_bytes()).problem(400, "bad-request");
    assert!(other.contains("of the network 0707"), "{other}");
    for (kind, body) in [
        (BYTES, &b"PK\x03\x04"[..]),
        (BYTES, &[encode(&old), vec![0]].concat()),
        (BYTES, &[]),
        (JSON, &encode(&old)),
        (JSON, b"[]"),
        (JSON, br#"{"raw":"00"}"#),
        (JSON, br#"{"format":"bouya receipt 2"}"#),
        (JSON, br#"{"format":"bouya final 1"}"#),
    ] {
        let detail = bring(&node, kind, "", body).problem(400, "bad-request");
        assert!(detail.len() < 1_000, "{detail}");
    }
    bring(&node, JSON, "", &vec![b' '; 256 * 1_024 + 1]).problem(413, "too-large");
}

#[test]
fn blocks_that_were_pruned_before_leaves_were_kept_prove_nothing_and_it_is_said() {
    let node = Node::that_prunes();
    let old = data(&node, 1, 0, "prices", b"wheat 212.50");
    assert_eq!(node.submit(&old).status, 202);
    (0..4).for_each(|_| drop(node.mine()));
    node.finalize(3);
    node.wait("the first two blocks are pruned", || node.json("/v1/status")["tip"]["lowest_block"] == 3);
    assert_eq!(bring(&node, BYTES, "", &encode(&old)).status, 200);
    node.api.reader.forget_leaves();
    for answer in
        [bring(&node, BYTES, "", &encode(&old)), node.get(&format!("/v1/transactions/{}/receipt", old.id()))]
    {
        let detail = answer.problem(410, "pruned");
        assert!(
            detail.contains("a member that keeps all")
                && detail.contains("no receipt can be had here either"),
            "{detail}"
        );
    }
}

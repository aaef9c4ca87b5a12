//! Ids as tables shorten them.

use bouya_core::crypto::sha256;
use bouya_core::limits::SHORT_DIGITS;

use super::harness::Node;
use super::records::{data, signed};
use bouya_core::codec::{Bounded, Text};
use bouya_core::ledger::{Action, Proposal};
use bouya_core::testing::address;
use bouya_core::time::Timestamp;

/// What a table makes of an id, and two other beginnings of it.
fn shortened(id: &str) -> [String; 3] {
    let (head, tail) = (&id[..SHORT_DIGITS], &id[60..]);
    [format!("{head}%E2%80%A6{tail}"), head.to_owned(), id[..31].to_owned()]
}

#[test]
fn a_transaction_is_found_while_it_waits_and_on_the_chain() {
    let node = Node::start();
    let id = node.pay(1, 0, 2, 500).id().to_string();
    for status in ["pending", "confirmed"] {
        for short in shortened(&id) {
            let found = node.json(&format!("/v1/transactions/{short}"));
            assert_eq!((&found["id"], &found["status"]), (&id.as_str().into(), &status.into()), "{short}");
        }
        node.mine();
    }
    let short = &id[..SHORT_DIGITS];
    let receipt = node.json(&format!("/v1/transactions/{short}/receipt"));
    assert_eq!(receipt, node.json(&format!("/v1/transactions/{id}/receipt")));
    // What tells apart may be at the end.
    let other = node.get(&format!("/v1/transactions/{short}%E2%80%A6{}x", &id[60..]));
    assert!(other.problem(400, "bad-request").contains("first 8 or more"));
    let tail = if id.ends_with('0') { '1' } else { '0' };
    let missing = node.get(&format!("/v1/transactions/{short}%E2%80%A6{tail}")).problem(404, "not-found");
    assert!(missing.contains("from 1 on") && missing.contains("all digits"), "{missing}");
    node.get(&format!("/v1/transactions/{}", &id[..SHORT_DIGITS - 1])).problem(400, "bad-request");
}

#[test]
fn blocks_agreements_and_documents_are_found_too() {
    let node = Node::start();
    let title: Text<256> = "Lease".to_owned().try_into().unwrap();
    let (document, deadline) = (sha256(b"lease"), Timestamp(crate::clock::wall().0 + 3_600_000));
    let parties = Bounded::truncated([address(2)]);
    let proposal = Action::Propose(Proposal { title, document, parties, deadline });
    let proposal = signed(&node, 1, 0, proposal);
    for transaction in [&proposal, &data(&node, 2, 0, "prices", b"wheat 212.50")] {
        assert_eq!(node.submit(transaction).status, 202);
    }
    node.mine();
    node.mine();
    let agreement = proposal.agreement().unwrap().to_string();
    let block = node.json("/v1/blocks/1")["hash"].as_str().unwrap().to_owned();
    let receipt = format!("/v1/transactions/{}/receipt?under=", proposal.id());
    for (id, path) in [
        (&agreement, "/v1/agreements/"),
        (&block, "/v1/blocks/"),
        (&block, &receipt),
        (&sha256(b"wheat 212.50").to_string(), "/v1/records?hash="),
        (&document.to_string(), "/v1/agreements?document="),
    ] {
        let whole = node.json(&format!("{path}{id}"));
        assert_ne!(whole["items"], serde_json::json!([]), "{path}{id}");
        for short in shortened(id) {
            assert_eq!(node.json(&format!("{path}{short}")), whole, "{path}{short}");
        }
        let other = format!("{}%E2%80%A6{}", &id[..SHORT_DIGITS], if id.ends_with('0') { '1' } else { '0' });
        node.get(&format!("{path}{other}")).problem(404, "not-found");
    }
}

#[test]
fn a_hash_without_a_letter_is_no_height_unless_there_is_one() {
    let node = Node::start();
    // One of some 43 hashes begins so. A difficulty as low as here asks for no zero.
    let hash = loop {
        let hash = node.mine()["hash"].as_str().unwrap().to_owned();
        if hash.bytes().take(SHORT_DIGITS).all(|digit| digit.is_ascii_digit()) {
            break hash;
        }
    };
    assert_eq!(node.json(&format!("/v1/blocks/{}", &hash[..SHORT_DIGITS]))["hash"], hash.as_str());
    assert_eq!(node.json("/v1/blocks/0000001")["height"], 1, "too short for a hash");
    node.get("/v1/blocks/00000001").problem(404, "not-found");
    let missing = node.get("/v1/blocks/99999999").problem(404, "not-found");
    assert!(missing.contains("no block at height 99999999"), "{missing}");
}

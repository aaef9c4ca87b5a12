//! Receipts from a node, checked without it.

use super::harness::Node;
use super::records::data;
use bouya_client::receipt;

fn node() -> (Node, String) {
    let node = Node::start();
    let transaction = data(&node, 1, 0, "prices", b"wheat 212.50");
    assert_eq!(node.submit(&transaction).status, 202);
    let path = format!("/v1/transactions/{}/receipt", transaction.id());
    node.get(&path).problem(404, "not-found");
    for _ in 0..5 {
        node.mine();
    }
    (node, path)
}

#[test]
fn one_leads_to_the_block_that_is_named() {
    let (node, path) = node();
    for (under, height) in [("latest", 5), ("1", 1), ("2", 2), ("3", 3)] {
        let answer = node.get(&format!("{path}?under={under}"));
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
        let proof = receipt::read(&answer.text()).unwrap().check().unwrap();
        assert_eq!(proof.anchor_id.to_string(), node.json(&format!("/v1/blocks/{height}"))["hash"]);
    }
    let hash = node.json("/v1/blocks/4")["hash"].as_str().unwrap().to_owned();
    let answer = node.get(&format!("{path}?under={hash}"));
    assert_eq!(receipt::read(&answer.text()).unwrap().check().unwrap().anchor_id.to_string(), hash);
    for under in ["0", "6", &"0".repeat(64)] {
        node.get(&format!("{path}?under={under}")).problem(404, "not-found");
    }
    node.get(&format!("{path}?under=first")).problem(400, "bad-request");
}

#[test]
fn no_byte_can_be_changed() {
    let (node, path) = node();
    let text = node.get(&path).text();
    assert!(text.len() < 8_192, "{} bytes", text.len());
    let proof = receipt::read(&text).unwrap().check().unwrap();
    let good = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).ok()?;
        let changed = receipt::read(&text).ok()?.check().ok()?;
        // A changed anchor would be another block, which nobody trusts.
        (changed.anchor_id == proof.anchor_id).then_some(())
    };
    assert!(good(text.clone().into_bytes()).is_some());
    let mut tried = 0;
    for at in 0..text.len() {
        for change in [1, 0x10, 0x20] {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= change;
            assert!(good(changed).is_none(), "byte {at} changed by {change:#x} in {text}");
            tried += 1;
        }
    }
    assert!(tried > 1_000);
    assert!(receipt::read(&format!("  {text}\r\n")).is_ok());
}

#[test]
fn a_receipt_that_a_program_wrote_anew_names_its_transaction_all_the_same() {
    let (node, path) = node();
    let given: serde_json::Value = serde_json::from_str(&node.get(&path).text()).unwrap();
    let json = "Content-Type: application/json\r\n";
    // Other white space, and keys in another order.
    let anew = serde_json::to_string_pretty(&given).unwrap();
    assert!(receipt::read(&anew).is_err());
    let answer = node.send("POST", "/v1/receipts", json, anew.as_bytes());
    assert_eq!((answer.status, receipt::read(&answer.text()).is_ok()), (200, true), "{}", answer.text());
    let other = anew.replace(given["network"].as_str().unwrap(), &"0".repeat(64));
    let detail = node.send("POST", "/v1/receipts", json, other.as_bytes()).problem(400, "bad-request");
    assert!(detail.contains("of the network"), "{detail}");
}

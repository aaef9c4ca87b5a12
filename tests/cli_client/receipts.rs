//! Receipts that are renewed.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bouya_client::receipt;
use bouya_core::codec::encode;
use bouya_core::ledger::Receipt;
use bouya_core::testing;

use super::*;

/// Six blocks, a payment in each of the first two, and a node that has pruned both. It answers with the receipt that it is given.
struct Pruned {
    network: testing::Node,
    node: Node,
    given: Arc<Mutex<String>>,
}

impl Pruned {
    fn new() -> Self {
        let mut network = testing::Node::new();
        let pays = [network.pay(1, 0, 2, 500), network.pay(1, 1, 2, 7)];
        pays.into_iter().for_each(|pay| drop(network.mine(vec![pay])));
        (0..4).for_each(|_| drop(network.mine(vec![])));
        let given: Arc<Mutex<String>> = Arc::default();
        let answer = given.clone();
        let node = Node::new(move |line, _| match line.starts_with("POST /v1/receipts") {
            true => (200, answer.lock().unwrap().clone()),
            false => problem(410, "pruned"),
        });
        Self { network, node, given }
    }

    /// The receipt of the payment in the block at this height, where the one at `last` is the newest final one.
    fn receipt(&mut self, height: u64, last: u64) -> Receipt {
        self.network.finalize(last, &[1, 2, 3]);
        self.network.receipt(height, 0, last).unwrap()
    }

    fn give(&self, receipt: &Receipt) {
        *self.given.lock().unwrap() = receipt::write(receipt);
    }

    fn file(&self, name: &str) -> PathBuf {
        self.node.home.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }
}

#[test]
fn a_receipt_is_renewed_in_its_place_by_bringing_its_transaction() {
    let mut pruned = Pruned::new();
    let (old, new) = (pruned.receipt(1, 3), pruned.receipt(1, 5));
    assert!(old.finality.is_some() && new.finality.is_some());
    pruned.give(&new);
    fs::write(pruned.file("lease.receipt"), receipt::write(&old)).unwrap();
    let renewed = pruned.node.run("receipt renew lease.receipt");
    ended(&renewed, 0);
    assert!(err(&renewed).contains("lease.receipt ends at block 5"), "{}", err(&renewed));
    assert_eq!(pruned.text("lease.receipt"), receipt::write(&new));
    let asked = pruned.node.asked().remove(0);
    assert_eq!((asked.line.as_str(), asked.body), ("POST /v1/receipts", encode(&old.transaction)));

    // Beside it, and under a block that its verifier knows.
    fs::write(pruned.file("lease.receipt"), receipt::write(&old)).unwrap();
    ended(&pruned.node.run("receipt renew lease.receipt --out newer.receipt --under latest"), 0);
    assert_eq!(pruned.node.asked().last().unwrap().line, "POST /v1/receipts?under=latest");
    assert_eq!(pruned.text("newer.receipt"), receipt::write(&new));
    assert_eq!(pruned.text("lease.receipt"), receipt::write(&old));
    ended(&pruned.node.run("receipt renew lease.receipt --out newer.receipt"), 1);
}

#[test]
fn what_is_not_newer_or_anothers_takes_no_receipts_place() {
    let mut pruned = Pruned::new();
    let (old, earlier, other) = (pruned.receipt(1, 4), pruned.receipt(1, 3), pruned.receipt(2, 5));
    let text = receipt::write(&old);
    let bare = Receipt { finality: None, ..old.clone() };
    let forged = Receipt { path: vec![], ..old.clone() };
    for (given, why) in [
        (earlier, "has block 3 as the newest final one"),
        (bare, "nothing that makes the transaction final"),
        (other, "which was not asked for"),
        (forged, "a wrong receipt"),
    ] {
        pruned.give(&given);
        fs::write(pruned.file("lease.receipt"), &text).unwrap();
        let refused = pruned.node.run("receipt renew lease.receipt");
        ended(&refused, 1);
        assert!(err(&refused).contains(why), "{why} in {}", err(&refused));
        assert_eq!(pruned.text("lease.receipt"), text);
    }
    fs::write(pruned.file("note.txt"), "no receipt").unwrap();
    let refused = pruned.node.run("receipt renew note.txt");
    ended(&refused, 1);
    assert!(err(&refused).contains("note.txt is no receipt"), "{}", err(&refused));
}

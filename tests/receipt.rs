//! Receipts against a checker of another language, written from docs/PROTOCOL.md alone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::process::{Command, Stdio};

use bouya::receipt;
use bouya_core::codec::Bounded;
use bouya_core::crypto::{Hash, sha256};
use bouya_core::ledger::{Action, Content, Output, Proposal, Receipt, Response};
use bouya_core::testing::{Node, address, key, network, text};
use bouya_core::time::Timestamp;

/// A chain with one transaction of each kind, each in a block of its own.
struct Made {
    node: Node,
    height: u64,
}

fn make(name: &str) -> Made {
    let mut node = Node::of(network(name, 1_000));
    let proposal = Proposal {
        title: text("Lease \u{201e}2027\u{201c}"),
        document: sha256(b"lease"),
        parties: Bounded::truncated([address(2), address(3)]),
        deadline: Timestamp(1_800_000_000_000),
    };
    let agreement = proposal.id(&key(1).public(), 3);
    let document = Content::Document { hash: sha256(b"lease"), name: text("lease.pdf") };
    let data = Content::Data(b"wheat 212.50".to_vec().try_into().unwrap());
    let paid =
        Bounded::truncated([Output { to: address(2), amount: 5 }, Output { to: address(3), amount: 6 }]);
    let actions = [
        (1, 0, Action::Transfer { outputs: paid, memo: text("rent") }),
        (1, 1, Action::Record { topic: text("contracts"), content: document }),
        (1, 2, Action::Record { topic: text("prices"), content: data }),
        (1, 3, Action::Propose(proposal)),
        (2, 0, Action::Respond { agreement, document: sha256(b"lease"), response: Response::Sign }),
        (3, 0, Action::Respond { agreement, document: sha256(b"lease"), response: Response::Refuse }),
        (1, 4, Action::Withdraw { agreement }),
    ];
    for (from, nonce, action) in actions {
        node.mine(vec![node.sign(from, nonce, action)]);
    }
    let height = node.chain.tip().height;
    Made { node, height }
}

impl Made {
    fn receipt(&self, height: u64, anchor: u64) -> (String, Hash) {
        let made = Receipt::new(self.node.world(), self.node.network(), height, 0, anchor).unwrap().unwrap();
        let text = receipt::write(&made);
        (text, made.check().unwrap().anchor_id)
    }
}

/// What the other checker says of each (trusted hash, receipt).
fn others(lines: &[(Hash, Vec<u8>)]) -> Vec<bool> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/receipt/check.py");
    let mut child = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    let mut input = child.stdin.take().unwrap();
    let mut bytes = Vec::new();
    for (trust, receipt) in lines {
        bytes.extend(trust.to_string().as_bytes());
        bytes.push(b' ');
        bytes.extend(receipt);
        bytes.push(b'\n');
    }
    let writing = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(|line| line == "proven").collect()
}

fn ours(trust: &Hash, bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).ok();
    let receipt = text.and_then(|text| receipt::read(text).ok());
    receipt.and_then(|receipt| receipt.check().ok()).is_some_and(|proof| proof.anchor_id == *trust)
}

#[test]
fn another_implementation_proves_the_same() {
    let made = make("one");
    let lines: Vec<_> = (1..=made.height)
        .flat_map(|height| [height, height + 1, height + 2, made.height].map(|anchor| (height, anchor)))
        .filter(|(_, anchor)| *anchor <= made.height)
        .map(|(height, anchor)| made.receipt(height, anchor))
        .map(|(text, anchor)| (anchor, text.into_bytes()))
        .collect();
    assert!(lines.len() > 15 && others(&lines).iter().all(|proven| *proven));
    assert!(lines.iter().all(|(trust, bytes)| ours(trust, bytes)));
}

#[test]
fn a_chain_made_in_private_proves_nothing() {
    let (public, private) = (make("public"), make("private"));
    let (_, trust) = public.receipt(2, public.height);
    let (forged, _) = private.receipt(2, private.height);
    assert!(!ours(&trust, forged.as_bytes()));
    assert_eq!(others(&[(trust, forged.into_bytes())]), [false]);
}

#[test]
fn a_thousand_changed_bytes_are_refused_by_both() {
    let made = make("one");
    let (text, trust) = made.receipt(2, made.height);
    let mut lines = vec![(trust, text.clone().into_bytes())];
    // Every byte once, to another that may stand there. A line break would end the line.
    for at in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        let digit = changed[at].is_ascii_hexdigit();
        changed[at] = match changed[at] {
            b'9' => b'a',
            b'f' => b'0',
            byte if digit => byte + 1,
            byte => byte ^ 1,
        };
        lines.push((trust, changed));
    }
    assert!(lines.len() > 1_000);
    let verdicts = others(&lines);
    assert_eq!(verdicts.len(), lines.len());
    for (number, (said, (trust, bytes))) in verdicts.into_iter().zip(&lines).enumerate() {
        assert_eq!(said, number == 0, "{number}: {}", String::from_utf8_lossy(bytes));
        assert_eq!(ours(trust, bytes), number == 0, "{number}: {}", String::from_utf8_lossy(bytes));
    }
}

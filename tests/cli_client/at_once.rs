//! Several terminals at once, with one wallet or one folder.

use std::collections::BTreeSet;
use std::process::Stdio;

use super::*;

const AT_ONCE: usize = 8;

/// The transactions that the node took, of all that were posted: each nonce goes to the first that has it.
fn taken(asked: &[node::Asked]) -> Vec<ledger::Transaction> {
    let mut taken: Vec<ledger::Transaction> = Vec::new();
    for post in asked.iter().filter(|one| one.line == "POST /v1/transactions") {
        let sent: ledger::Transaction = decode(&post.body, "transaction").unwrap();
        if sent.nonce == 7 + taken.len() as u64 {
            taken.push(sent);
        }
    }
    taken
}

/// A node that gives each nonce once, as the real one does.
fn strict() -> Node {
    let node = Node::new(|line, asked| {
        let (before, now) = (taken(&asked[..asked.len() - 1]), taken(asked));
        match line {
            "GET /v1/status" => (200, json(&status())),
            "POST /v1/transactions" => {
                let sent: ledger::Transaction = decode(&asked.last().unwrap().body, "transaction").unwrap();
                let known = before.iter().any(|one| one.id() == sent.id());
                if known || now.len() > before.len() {
                    return (202, json(&Submitted { id: sent.id().to_string(), known }));
                }
                let (status, body) = problem(409, "taken");
                (status, body.replace("about:blank", "urn:bouya:nonce-taken"))
            }
            _ => {
                let nonce = 7 + now.len() as u64;
                let account = Account {
                    address: "x".into(),
                    name: None,
                    balance: "100".into(),
                    nonce,
                    confirmations: 0,
                };
                (200, json(&account))
            }
        }
    });
    ended(&node.run("wallet new alice --no-passphrase"), 0);
    node
}

/// Runs these commands at once; what they printed.
fn at_once(node: &Node, lines: impl Iterator<Item = String>) -> Vec<Output> {
    let start =
        |line: String| node.command(&line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let children: Vec<_> = lines.map(start).collect();
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

#[test]
fn eight_sends_at_once_are_eight_payments_even_if_they_are_the_same() {
    let node = strict();
    // Half of them pay the same, byte for byte, if they ask for the nonce at the same time.
    let line = |at: usize| format!("send --from alice --to {}:{} --yes", bob(), 1 + at / 2);
    let mut printed = BTreeSet::new();
    for output in at_once(&node, (0..AT_ONCE).map(line)) {
        ended(&output, 0);
        printed.insert(out(&output).trim().to_owned());
    }
    let taken = taken(&node.asked());
    let ids: BTreeSet<String> = taken.iter().map(|one| one.id().to_string()).collect();
    assert_eq!((printed.len(), printed), (AT_ONCE, ids));
    let nonces: Vec<u64> = taken.iter().map(|one| one.nonce).collect();
    assert_eq!(nonces, (7..15).collect::<Vec<u64>>());
}

#[test]
fn what_is_replaced_is_named_and_its_fee_is_beaten() {
    let id = "ab".repeat(32);
    let sender = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let of = sender.clone();
    let node = Node::new(move |line, asked| match line {
        "GET /v1/status" => (200, json(&status())),
        "POST /v1/transactions?replace=true" => {
            let sent: ledger::Transaction = decode(&asked.last().unwrap().body, "transaction").unwrap();
            (202, json(&Submitted { id: sent.id().to_string(), known: false }))
        }
        line if line.starts_with("GET /v1/accounts/") => {
            let account = Account {
                address: "x".into(),
                name: None,
                balance: "100".into(),
                nonce: 9,
                confirmations: 0,
            };
            (200, json(&account))
        }
        _ => {
            let mut found: Transaction = serde_json::from_str(&transaction("x", None, 0)).unwrap();
            found.sender = of.lock().unwrap().clone();
            found.fee = "5.01".into();
            (200, json(&found))
        }
    });
    let address = out(&node.run("wallet new alice --no-passphrase"));
    let line = format!("send --from alice --to {}:1 --yes --replace {id}", bob());
    let others = node.run(&line);
    ended(&others, 2);
    assert!(err(&others).contains("not from wallet alice"), "{}", err(&others));
    address.trim().clone_into(&mut sender.lock().unwrap());
    ended(&node.run(&line), 0);
    let sent: ledger::Transaction = decode(&node.asked().pop().unwrap().body, "transaction").unwrap();
    assert_eq!(
        (sent.nonce, sent.fee),
        (7, 552),
        "the nonce of the one that waits, and 10 % more than its fee"
    );
}

#[test]
fn a_proposal_prints_the_agreements_id_and_json_has_both() {
    let node = strict();
    std::fs::write(node.home.path().join("lease"), "a lease").unwrap();
    let line = format!(
        "agree propose --from alice --title Lease --document lease --party {} --deadline 14d --yes",
        bob()
    );
    let people = node.run(&line);
    ended(&people, 0);
    let programs = node.run(&format!("{line} --json"));
    ended(&programs, 0);
    let taken = taken(&node.asked());
    let agreement = |at: usize| taken[at].agreement().unwrap().to_string();
    assert_eq!(out(&people).trim(), agreement(0));
    let answer: serde_json::Value = serde_json::from_str(&out(&programs)).unwrap();
    assert_eq!(answer, serde_json::json!({ "id": taken[1].id().to_string(), "agreement": agreement(1) }));
}

#[test]
fn mistakes_are_told_before_the_passphrase_and_an_unknown_wallet_is_one() {
    let node = strict();
    std::fs::write(node.home.path().join("pass"), "correct horse\n").unwrap();
    ended(&node.run("wallet new sealed --passphrase-file pass"), 0);
    std::fs::write(node.home.path().join("pass"), "not this one\n").unwrap();
    let sign = "--from sealed --passphrase-file pass --yes";
    let propose = format!("agree propose {sign} --document pass --deadline 14d");
    for (line, why) in [
        (format!("record add {sign} --data x --topic="), "topic"),
        (format!("{propose} --title= --party {}", bob()), "title"),
        (format!("{propose} --title T --party sealed"), "party already"),
        (format!("{propose} --title T --party nobody"), "\"nobody\" is neither an address"),
        (format!("send {sign} --to nobody:1"), "\"nobody\" is neither an address"),
        (format!("send --from nobody --to {}:1 --yes", bob()), "--from: there is no wallet \"nobody\""),
    ] {
        let output = node.run(&line);
        ended(&output, 2);
        assert!(err(&output).contains(why), "{why} in {}", err(&output));
    }
}

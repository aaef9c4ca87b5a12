//! Ids as tables shorten them.

use super::*;

const ID: &str = "5f0c21aa00000000000000000000000000000000000000000000000000009e31";

fn agreement(id: &str, party: &str) -> String {
    let at = || Moment { height: 1, time: "2026-11-20T00:00:00Z".into(), transaction: "ab".repeat(32) };
    json(&Agreement {
        id: id.into(),
        title: "Lease".into(),
        document: "cd".repeat(32),
        proposer: party.into(),
        proposer_name: None,
        deadline: "2990-11-20T00:00:00Z".into(),
        status: AgreementStatus::Open,
        settled: false,
        confirmations: 0,
        finalized: false,
        proposed: at(),
        decided: None,
        parties: vec![Party { address: party.into(), name: None, answer: None, at: None, late: false }],
        withdrawal: None,
    })
}

/// A node with one agreement, which it tells to have this id.
fn with_agreement(id: &'static str) -> Node {
    let party = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let of = party.clone();
    let node = Node::new(move |line, asked| match line {
        "GET /v1/status" => (200, json(&status())),
        "POST /v1/transactions" => {
            let sent: ledger::Transaction = decode(&asked.last().unwrap().body, "transaction").unwrap();
            (202, json(&Submitted { id: sent.id().to_string(), known: false }))
        }
        line if line.starts_with("GET /v1/agreements/") => (200, agreement(id, &of.lock().unwrap())),
        _ => {
            let account = Account {
                address: "x".into(),
                name: None,
                balance: "100".into(),
                nonce: 7,
                confirmations: 0,
            };
            (200, json(&account))
        }
    });
    let address = out(&node.run("wallet new alice --no-passphrase"));
    address.trim().clone_into(&mut party.lock().unwrap());
    node
}

#[test]
fn every_command_that_takes_an_id_takes_it_as_tables_show_it() {
    let node = Node::fixed(404, problem(404, "asked").1);
    for (line, asked) in [
        ("tx 5F0C21AA", "/v1/transactions/5f0c21aa%E2%80%A6"),
        ("tx 5f0c21aa…9e31", "/v1/transactions/5f0c21aa%E2%80%A69e31"),
        ("receipt get 5f0c21aa...9e31", "/v1/transactions/5f0c21aa%E2%80%A69e31/receipt"),
        ("receipt get 5f0c21aa --under latest", "/v1/transactions/5f0c21aa%E2%80%A6/receipt?under=latest"),
        ("block show 5f0c21aa…9e31", "/v1/blocks/5f0c21aa%E2%80%A69e31"),
        ("block show 01234567", "/v1/blocks/01234567"),
        ("agree show 5f0c21aa", "/v1/agreements/5f0c21aa%E2%80%A6?confirmations=6"),
        ("agree list --document-hash 5f0c21aa", "/v1/agreements?document=5f0c21aa%E2%80%A6"),
        ("record find --hash 5f0c21aa…9e31", "/v1/records?hash=5f0c21aa%E2%80%A69e31"),
    ] {
        ended(&node.run(line), 1);
        assert_eq!(node.asked().pop().unwrap().line, format!("GET {asked}"), "{line}");
    }
    for line in ["tx 5f0c21a", "tx 5f0c21aa…x", "agree show ../status", "block show 5f0c21a"] {
        let output = node.run(line);
        ended(&output, 2);
        assert!(err(&output).contains("first 8 or more"), "{}", err(&output));
    }
}

#[test]
fn what_is_signed_is_the_whole_id_that_was_meant() {
    let signed = |node: &Node| {
        let posted = node.asked().into_iter().find(|asked| asked.line == "POST /v1/transactions")?;
        let sent: ledger::Transaction = decode(&posted.body, "transaction").unwrap();
        sent.agreement().map(|id| id.to_string())
    };
    let node = with_agreement(ID);
    ended(&node.run("agree sign 5f0c21aa…9e31 --from alice --yes"), 0);
    assert_eq!(signed(&node).as_deref(), Some(ID));
    for lying in [
        "agree sign 5f0c21ab --from alice --yes",
        "agree withdraw 5f0c21aa…9e32 --from alice --yes",
        &format!("agree refuse {} --from alice --yes", "5f".repeat(32)),
    ] {
        let node = with_agreement(ID);
        let output = node.run(lying);
        ended(&output, 1);
        assert!(err(&output).contains("the node answers with agreement"), "{}", err(&output));
        assert_eq!(signed(&node), None, "{lying}");
    }
}

//! The command line against a node that is played by this test: real processes, real HTTP, canned answers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "cli_client/at_once.rs"]
mod at_once;
#[path = "cli_client/backup.rs"]
mod backup;
#[path = "cli_client/finality.rs"]
mod finality;
#[path = "cli_client/limits.rs"]
mod limits;
#[path = "cli_client/members.rs"]
mod members;
#[path = "cli_client/node.rs"]
mod node;
#[path = "cli_client/offline.rs"]
mod offline;
#[path = "cli_client/receipts.rs"]
mod receipts;
#[path = "cli_client/short.rs"]
mod short;
#[path = "cli_client/wait.rs"]
mod wait;

use std::net::Ipv4Addr;
use std::process::{Output, Stdio};

use bouya::http::views::*;
use bouya_core::codec::decode;
use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::ledger::{self, Address};
use bouya_harness::Port;
use serde::Serialize;

use self::node::{Node, bouya};

const NETWORK: [u8; 32] = [7; 32];

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

fn problem(status: u16, detail: &str) -> (u16, String) {
    let problem = Problem {
        r#type: "about:blank".into(),
        title: "No".into(),
        status,
        detail: detail.into(),
        values: Default::default(),
    };
    (status, json(&problem))
}

fn status() -> Status {
    Status {
        id: "alice".into(),
        version: "0.1.0".into(),
        started: "2026-11-20T00:00:00Z".into(),
        network: NetworkStatus {
            code: Some("0123 4567 8901 2345 6789".into()),
            name: "acme".into(),
            id: Hash(NETWORK).to_string(),
            symbol: "ACM".into(),
            decimals: 2,
            overrides: None,
            upgrade: None,
            interval_ms: 5000,
            version: 3,
            gas_per_block: 100_000_000,
            min_fee_per_byte: 1,
        },
        finalized: finality::final_status(),
        tip: TipStatus {
            height: 41,
            hash: "ab".repeat(32),
            time: "2026-11-20T00:00:00Z".into(),
            work: "99".into(),
            lowest_block: 1,
        },
        state: NodeStatus {
            name: NodeState::Ready,
            ready: true,
            reason: "up to date with its peers".into(),
            next: None,
        },
        peers: PeerCounts { connected: 2, known: 3, dialed_in: None },
        mempool: MempoolStatus { transactions: 0, bytes: 0 },
        miner: MinerStatus { enabled: false, hashes_per_second: 0, obstacle: None },
        certificate: CertificateStatus { not_after: "2027-11-20T00:00:00Z".into(), days_left: 364 },
        lists: Vec::new(),
        clock: ClockStatus { offset_ms: Some(3) },
        open_files: OpenFilesStatus { allowed: 4096, needed: 700 },
        reward_to: "bouya1x".into(),
    }
}

fn transaction(id: &str, height: Option<u64>, confirmations: u64) -> String {
    json(&Transaction {
        id: id.into(),
        status: if height.is_some() { TransactionStatus::Confirmed } else { TransactionStatus::Pending },
        height,
        time: height.map(|_| "2026-11-20T00:00:00Z".into()),
        block: height.map(|_| "ab".repeat(32)),
        confirmations,
        finalized: false,
        sender: "bouya1x".into(),
        sender_name: None,
        nonce: 7,
        fee: "1".into(),
        valid_until: 1041,
        size: 200,
        action: Action::Transfer { outputs: vec![], memo: "\u{1b}[31mred".into() },
        outcome: None,
    })
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn ended(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "stdout: {}\nstderr: {}", out(output), err(output));
}

#[test]
fn status_for_people_and_for_programs() {
    // Spaces that no serializer writes: unchanged means unchanged.
    let body = json(&status()).replacen(':', " : ", 1);
    let node = Node::fixed(200, body.clone());
    let people = node.run("status");
    ended(&people, 0);
    for part in ["alice", "acme", "41", "2 connected of 3 known", "364 days left"] {
        assert!(out(&people).contains(part), "{part} in {}", out(&people));
    }
    assert!(!out(&people).contains('\x1b'));
    let programs = node.run("status --json");
    ended(&programs, 0);
    assert_eq!(out(&programs), format!("{body}\n"));
}

/// The same, of a node in another state.
fn in_state(name: NodeState, ready: bool) -> Status {
    let state = NodeStatus { name, ready, reason: "the reason".into(), next: Some("the next step".into()) };
    Status { state, ..status() }
}

#[test]
fn the_status_of_a_node_that_cannot_do_its_work_ends_with_1_the_reason_and_the_next_step() {
    let node = Node::fixed(200, json(&in_state(NodeState::DiskFull, false)));
    for line in ["status", "status --json"] {
        let output = node.run(line);
        ended(&output, 1);
        assert!(err(&output).contains("not ready: the reason; the next step"), "{}", err(&output));
        assert!(out(&output).contains("disk-full"), "{}", out(&output));
    }
    let alone = Node::fixed(200, json(&in_state(NodeState::Alone, true))).run("status");
    ended(&alone, 0);
    assert!(out(&alone).contains("alone: the reason"), "{}", out(&alone));
}

#[test]
fn no_node_is_exit_code_3_and_says_how_to_get_one() {
    let home = tempfile::tempdir().unwrap();
    let nobody = Port::reserve(Ipv4Addr::LOCALHOST).unwrap();
    let at = nobody.address();
    let output = bouya(home.path()).args(["status", "--api", &format!("http://{at}")]).output().unwrap();
    ended(&output, 3);
    assert_eq!(out(&output), "");
    assert_eq!(
        err(&output),
        format!(
            "error: no node answers at http://{at} (connection refused). \
             Start one: bouya run --config node.toml; or name another: --api URL\n"
        )
    );
}

#[test]
fn what_the_node_refuses_is_told_in_its_words() {
    let (status, body) = problem(404, "no transaction \u{1b}[31mhere; look: bouya mempool");
    let node = Node::fixed(status, body);
    let output = node.run(&format!("tx {}", "ab".repeat(32)));
    ended(&output, 1);
    assert_eq!(err(&output), "error: no transaction \u{fffd}[31mhere; look: bouya mempool\n");
    ended(&node.run("tx abc"), 2);
    ended(&node.run("block show ../peers"), 2);
    let done = node.run("agree list --status done");
    ended(&done, 2);
    assert!(err(&done).contains("open, effective, refused, withdrawn, expired"), "{}", err(&done));
    assert_eq!(node.asked().len(), 1);
    let stranger = Node::fixed(502, "<html>".into());
    assert!(err(&stranger.run("status")).contains("answered 502"));
}

#[test]
fn what_strangers_write_does_not_reach_the_terminal() {
    let node = Node::new(|line, _| match line {
        "GET /v1/status" => (200, json(&status())),
        _ => (200, transaction("ab", None, 0)),
    });
    let output = node.run(&format!("tx {}", "ab".repeat(32)));
    ended(&output, 0);
    assert!(out(&output).contains("red") && !out(&output).contains('\x1b'), "{}", out(&output));
}

#[test]
fn changes_need_the_token_and_carry_it() {
    let node = Node::fixed(201, "{}".into());
    let without = node.run("peer add bob@10.0.0.6:7000");
    ended(&without, 2);
    assert!(err(&without).contains("--token-file") && node.asked().is_empty());

    let token = "0f".repeat(32);
    let home = node.home.path();
    std::fs::create_dir(home.join("data")).unwrap();
    std::fs::write(home.join("data/api.token"), format!("{token}\n")).unwrap();
    let listen = node.url.strip_prefix("http://").unwrap();
    let config = format!("data_dir = \"data\"\nnetwork = \"n.toml\"\n[api]\nlisten = \"{listen}\"\n");
    std::fs::write(home.join("node.toml"), config).unwrap();
    for (line, asked) in [
        ("peer add bob@10.0.0.6:7000", "POST /v1/peers"),
        ("peer remove bob", "DELETE /v1/peers/bob"),
        ("blacklist add bob", "PUT /v1/blacklist/bob"),
        ("blacklist remove bob", "DELETE /v1/blacklist/bob"),
    ] {
        let mut command = node.command(line);
        // The configuration says where, so that a wrong environment does not matter.
        let output = command.env("BOUYA_API", "http://127.0.0.1:1").args(["--config", "node.toml"]).output();
        ended(&output.unwrap(), 0);
        let last = node.asked().pop().unwrap();
        assert_eq!(last.line, asked);
        assert!(
            last.head.to_lowercase().contains(&format!("authorization: bearer {token}")),
            "{}",
            last.head
        );
    }
    let added: NewPeer = serde_json::from_slice(&node.asked()[0].body).unwrap();
    assert_eq!((added.id.as_str(), added.host.as_str(), added.port), ("bob", "10.0.0.6", 7000));
}

/// A node that takes a transaction and tells its state by `state`, from how often it was asked for it.
fn taking(state: impl Fn(usize) -> (u16, String) + Send + 'static) -> Node {
    taking_in(status(), move |_, count| state(count))
}

/// The same, in this state; it is also told what it was asked.
fn taking_in(status: Status, state: impl Fn(&str, usize) -> (u16, String) + Send + 'static) -> Node {
    let node = Node::new(move |line, asked| match line {
        "GET /v1/status" => (200, json(&status)),
        "POST /v1/transactions" => {
            let sent: ledger::Transaction = decode(&asked.last().unwrap().body, "transaction").unwrap();
            (202, json(&Submitted { id: sent.id().to_string(), known: false }))
        }
        line if line.starts_with("GET /v1/accounts/") => {
            let account = Account {
                address: "x".into(),
                name: None,
                balance: "100".into(),
                nonce: 7,
                confirmations: 0,
            };
            (200, json(&account))
        }
        line => state(line, asked.iter().filter(|other| other.line == line).count()),
    });
    std::fs::write(node.home.path().join("pass"), "correct horse\nsecond line\n").unwrap();
    ended(&node.run("wallet new alice --passphrase-file pass"), 0);
    node
}

fn bob() -> Address {
    Address::of(&SecretKey::from_seed(&[5; 32]).public())
}

#[test]
fn send_signs_what_it_showed_and_waits() {
    let node = taking(|count| match count {
        1 => (200, transaction("x", None, 0)),
        2 => problem(404, "unknown"),
        3 => (200, transaction("x", Some(42), 1)),
        _ => (200, transaction("x", Some(42), 2)),
    });
    let line = format!("send --from alice --to {}:12.5 --to alice:1 --memo October --yes --wait 2", bob());
    let output = node.run(&format!("{line} --passphrase-file pass"));
    ended(&output, 0);
    let posted = node.asked().into_iter().find(|asked| asked.line == "POST /v1/transactions").unwrap();
    assert!(
        posted.head.contains("application/octet-stream") && !posted.head.to_lowercase().contains("bearer")
    );
    let sent: ledger::Transaction = decode(&posted.body, "transaction").unwrap();
    let sent = sent.check(&Hash(NETWORK)).unwrap();
    assert_eq!((sent.nonce, sent.valid_until, sent.fee), (7, 41 + 1000, posted.body.len() as u64));
    let ledger::Action::Transfer { outputs, memo } = &sent.action else { panic!("no transfer") };
    assert_eq!(
        (outputs[0].to, outputs[0].amount, outputs[1].to, outputs[1].amount),
        (bob(), 1250, sent.payer(), 100)
    );
    assert_eq!(memo.as_str(), "October");
    assert_eq!(out(&output), format!("{}\n", sent.id()));
    for part in ["12.5 ACM", "total", "waiting for a block", "in block 42, 2 of 2 confirmations"] {
        assert!(err(&output).contains(part), "{part} in {}", err(&output));
    }
}

#[test]
fn send_refuses_before_it_signs() {
    let node = taking(|_| problem(404, "unknown"));
    let send = format!("send --from alice --passphrase-file pass --to {}", bob());
    let unasked = node.run(&format!("{send}:1"));
    ended(&unasked, 2);
    assert!(err(&unasked).contains("--yes"), "{}", err(&unasked));
    for (line, why) in [
        (format!("{send}:1.005 --yes"), "1.005\" has 3 decimals"),
        (format!("{send}:0 --yes"), "above 0"),
        (format!("{send} --yes"), "ADDRESS:AMOUNT"),
        (format!("send --from alice --to {}:1 --yes", bob()), "--passphrase-file"),
        ("send --from alice --passphrase-file pass --to nobody:1 --yes".into(), "neither an address"),
    ] {
        let output = node.run(&line);
        ended(&output, 2);
        assert!(err(&output).contains(why), "{why} in {}", err(&output));
    }
    std::fs::write(node.home.path().join("pass"), "wrong horse\n").unwrap();
    let wrong = node.run(&format!("{send}:1 --yes"));
    ended(&wrong, 1);
    assert!(err(&wrong).contains("wrong passphrase"), "{}", err(&wrong));
    assert!(node.asked().iter().all(|asked| asked.line.starts_with("GET ")));
}

#[test]
fn waiting_ends_with_the_next_step() {
    let node = taking(|_| (200, transaction("x", None, 0)));
    let line =
        format!("send --from alice --passphrase-file pass --to {}:1 --yes --wait 1 --timeout 1s", bob());
    let output = node.run(&line);
    ended(&output, 1);
    let id = out(&output);
    assert!(err(&output).ends_with(&format!("see: bouya tx {id}")), "{}", err(&output));
}

#[test]
fn confirmations_of_a_node_that_is_cut_off_are_not_settled() {
    let line = |timeout: &str| {
        let to = bob();
        format!("send --from alice --passphrase-file pass --to {to}:1 --yes --wait 1 --timeout {timeout}")
    };
    let confirmed = |_: &str, _| (200, transaction("x", Some(42), 9));
    // One that knows peers and sees none: it is not waited for less than for the network.
    let cut_off = taking_in(in_state(NodeState::Alone, false), confirmed).run(&line("1s"));
    ended(&cut_off, 1);
    for part in ["Note: the node", "not settled", "alone: the reason"] {
        assert!(err(&cut_off).contains(part), "{part} in {}", err(&cut_off));
    }
    assert!(!err(&cut_off).contains("9 of 1"), "{}", err(&cut_off));
    // One that knows nobody is a network of its own.
    let own = taking_in(in_state(NodeState::Alone, true), confirmed).run(&line("60s"));
    ended(&own, 0);
    assert!(err(&own).contains("not settled") && !err(&own).contains("9 of 1"), "{}", err(&own));
}

#[test]
fn a_reader_may_leave() {
    let block = BlockSummary {
        height: 1,
        hash: "ab".repeat(32),
        time: "2026-11-20T00:00:00Z".into(),
        difficulty: 64,
        miner: MinerOf { key: "cd".repeat(32), id: None, name: None },
        transactions: 1,
        size: 400,
        finalized: false,
    };
    // More than a pipe holds, so that the writer notices.
    let node = Node::fixed(200, json(&Page { items: vec![block; 2_000], next: None }));
    let mut child = node.command("blocks").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    ended(&output, 0);
    assert_eq!(err(&output), "");
}

#[test]
fn lists_page_and_empty_ones_say_so() {
    let node = Node::new(|line, _| match line {
        "GET /v1/peers?from=a%26b&limit=1" => {
            let peer =
                serde_json::json!({ "id": "bob", "host": "fd00::6", "port": 7000, "status": "connected" });
            (200, serde_json::json!({ "items": [peer], "next": "bob" }).to_string())
        }
        _ => (200, r#"{"items":[],"next":null}"#.into()),
    });
    let peers = node.run("peers --from a&b --limit 1");
    ended(&peers, 0);
    assert!(out(&peers).contains("[fd00::6]:7000"), "{}", out(&peers));
    assert_eq!(err(&peers), "More: bouya peers --limit 1 --from bob\n");
    for line in ["peer list", "mempool", "blacklist list", "wallet list"] {
        let output = node.run(line);
        ended(&output, 0);
        assert!(out(&output).is_empty() && err(&output).contains("bouya "), "{line}: {}", err(&output));
    }
}

#[test]
fn events_come_line_by_line_until_the_node_stops() {
    let node =
        Node::fixed(200, "event: block\ndata: {\"height\":3}\n\n: alive\n\nevent: peer\ndata: {}\n\n".into());
    let output = node.run("events --json");
    ended(&output, 1);
    assert_eq!(
        out(&output),
        "{\"data\":{\"height\":3},\"event\":\"block\"}\n{\"data\":{},\"event\":\"peer\"}\n"
    );
    assert!(err(&output).contains("ended the stream"));
}

#[test]
fn a_wallet_goes_out_and_comes_back() {
    let node = Node::new(|line, _| match line {
        "GET /v1/status" => (200, json(&status())),
        _ => {
            let account = Account {
                address: "x".into(),
                name: None,
                balance: "3.5".into(),
                nonce: 0,
                confirmations: 1,
            };
            (200, json(&account))
        }
    });
    let made = node.run("wallet new alice --no-passphrase");
    ended(&made, 0);
    let address = out(&made);
    ended(&node.run("wallet new alice --no-passphrase"), 1);
    ended(&node.run("wallet new bob"), 2);
    let pass = |text: &str| std::fs::write(node.home.path().join("pass"), text).unwrap();
    pass("1234567");
    let weak = node.run("wallet new bob --passphrase-file pass");
    ended(&weak, 2);
    assert!(err(&weak).contains("at least 8 characters"), "{}", err(&weak));
    pass("aaaaaaaaaaaa");
    let weak = node.run("wallet new bob --passphrase-file pass");
    ended(&weak, 2);
    assert!(err(&weak).contains("over and over"), "{}", err(&weak));
    pass("correct horse");
    ended(&node.run("wallet passphrase alice --new-passphrase-file pass"), 0);
    ended(&node.run("wallet export alice --yes"), 2);
    ended(&node.run("wallet passphrase alice --passphrase-file pass --no-passphrase"), 0);
    ended(&node.run("wallet export alice"), 2);
    ended(&node.run("wallet export alice --out seed"), 0);
    ended(&node.run("wallet export alice --out seed"), 1);
    let printed = out(&node.run("wallet export alice --yes"));
    assert_eq!(std::fs::read_to_string(node.home.path().join("seed")).unwrap(), printed);
    let again = node.run("wallet import copy --seed-file seed --no-passphrase");
    assert_eq!(out(&again), address);
    let member = node.run("wallet import member --member-key seed --no-passphrase");
    assert_eq!(out(&member), address);
    ended(&node.run("wallet import none --no-passphrase"), 2);
    let balance = node.run("balance alice --confirmations 6");
    assert_eq!(out(&balance), "3.5 ACM\n");
    assert_eq!(node.asked()[0].line, format!("GET /v1/accounts/{}?confirmations=6", address.trim()));
}

//! What is final, wherever it is shown.

use bouya_core::codec::{Bounded, Text, decode};
use bouya_core::crypto::{Hash, sha256};
use bouya_core::finality::{Alarm, Turnout};
use bouya_core::ledger::{Action, Certificate, Header, Proposal, Response, Transaction, Voters};
use bouya_core::node::{Settled, VoterStatus};
use bouya_core::testing::address;
use bouya_core::time::Timestamp;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::harness::Node;
use super::records::{data, signed};
use crate::clock::wall;

/// A proposal to key 2, and the agreement's id.
fn propose(node: &Node) -> (Transaction, Hash) {
    let title: Text<256> = "Lease".to_owned().try_into().unwrap();
    let parties = Bounded::truncated([address(2)]);
    let deadline = Timestamp(wall().0 + 3_600_000);
    let transaction = signed(
        node,
        1,
        0,
        Action::Propose(Proposal { title, document: sha256(b"lease"), parties, deadline }),
    );
    let id = transaction.agreement().unwrap();
    (transaction, id)
}

/// One after the other, each in a block of its own.
fn confirm(node: &Node, transactions: &[&Transaction]) {
    for transaction in transactions {
        assert_eq!(node.submit(transaction).status, 202);
        node.mine();
    }
}

/// What of a list is final, newest first.
fn finals(page: &Value) -> Vec<bool> {
    page["items"].as_array().unwrap().iter().map(|item| item["final"].as_bool().unwrap()).collect()
}

#[test]
fn everything_in_a_final_block_and_below_it_is_final_and_nothing_above() {
    let node = Node::with_members();
    let (proposal, agreement) = propose(&node);
    let record = data(&node, 3, 0, "prices", b"\x01");
    let sign = Action::Respond { agreement, document: sha256(b"lease"), response: Response::Sign };
    let sign = signed(&node, 2, 0, sign);
    confirm(&node, &[&proposal, &record, &sign]);
    let waiting = data(&node, 3, 1, "prices", b"\x02");
    assert_eq!(node.submit(&waiting).status, 202);
    let is_final = |path: String| node.json(&path)["final"].as_bool().unwrap();
    for (height, blocks) in [(0, [false, false, false]), (2, [false, true, true]), (3, [true, true, true])] {
        if height > 0 {
            node.finalize(height);
        }
        assert_eq!(finals(&node.json("/v1/blocks")), blocks);
        for (index, expected) in blocks.iter().rev().enumerate() {
            let block = node.json(&format!("/v1/blocks/{}", index + 1));
            assert_eq!(
                (&block["final"], &block["transactions"][0]["final"]),
                (&(*expected).into(), &(*expected).into())
            );
        }
        assert_eq!(is_final(format!("/v1/transactions/{}", proposal.id())), height > 0);
        assert_eq!(is_final(format!("/v1/transactions/{}", sign.id())), height == 3);
        assert!(!is_final(format!("/v1/transactions/{}", waiting.id())));
        assert_eq!(finals(&node.json("/v1/transactions")), [false]);
        assert_eq!(finals(&node.json("/v1/records")), [height > 0]);
        // Its signature decided it, which stands above the proposal.
        assert_eq!(is_final(format!("/v1/agreements/{agreement}")), height == 3);
        assert_eq!(finals(&node.json("/v1/agreements")), [height == 3]);
    }
}

#[test]
fn an_open_agreement_is_as_final_as_its_proposal() {
    let node = Node::with_members();
    let (proposal, agreement) = propose(&node);
    confirm(&node, &[&proposal]);
    let shown = || node.json(&format!("/v1/agreements/{agreement}"));
    assert_eq!((&shown()["status"], &shown()["final"]), (&"open".into(), &false.into()));
    node.finalize(1);
    assert_eq!((&shown()["status"], &shown()["final"]), (&"open".into(), &true.into()));
}

#[test]
fn the_status_says_what_waits_to_be_final_and_whose_votes_are_missing() {
    let node = Node::with_members();
    node.mine();
    node.mine();
    node.finalize(1);
    let status = |name: &str| node.json("/v1/status")["final"][name].clone();
    let time = node.json("/v1/blocks/2")["time"].clone();
    let none = json!({ "heard": 0, "members": 0, "needed": 0, "missing": [] });
    assert_eq!([status("height"), status("behind")], [json!(1), json!(1)]);
    assert_eq!([status("since"), status("after_ms"), status("turnout")], [time, Value::Null, none]);
    let turnout = Turnout { heard: 2, count: 4, quorum: 3, missing: vec!["bob".into(), "dave".into()] };
    let settled = Settled { height: 1, at: Timestamp(5), after_ms: 600 };
    node.voter.send_replace(VoterStatus { turnout, settled: Some(settled), ..VoterStatus::default() });
    let two = json!({ "heard": 2, "members": 4, "needed": 3, "missing": ["bob", "dave"] });
    assert_eq!([status("after_ms"), status("turnout")], [json!(600), two]);
    let metrics = node.get("/metrics").text();
    for line in
        ["bouya_final_behind 1", "bouya_voters_heard 2", "bouya_voters_needed 3", "bouya_unfinal_seconds "]
    {
        assert!(metrics.contains(&format!("\n{line}")), "{line}: {metrics}");
    }
    // What was said of block 1 is not said of block 2.
    node.finalize(2);
    assert_eq!([status("since"), status("after_ms")], [Value::Null, Value::Null]);
}

#[test]
fn the_newest_certificate_is_one_that_the_definition_confirms() {
    let node = Node::with_members();
    node.mine();
    node.get("/v1/finality/certificate").problem(404, "not-found");
    node.finalize(1);
    let shown = node.json("/v1/finality/certificate");
    let bytes = HEXLOWER.decode(shown["certificate"].as_str().unwrap().as_bytes()).unwrap();
    let certificate: Certificate = decode(&bytes, "certificate").unwrap();
    let genesis = &node.api.genesis;
    let voters = Voters::first(genesis);
    assert_eq!(certificate.check(&genesis.id(), &voters), Ok(()));
    let link = certificate.link;
    for (name, checkpoint) in [("source", link.source), ("target", link.target)] {
        let hash = node.json("/v1/blocks/1")["hash"].clone();
        let expected = json!({ "epoch": checkpoint.epoch.to_string(), "height": 1, "hash": hash });
        assert_eq!(shown[name], expected, "{name}");
    }
    assert_eq!(shown["set"], link.set.to_string());
    let header = HEXLOWER.decode(shown["header"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(decode::<Header>(&header, "header").unwrap().id(), link.source.block);
    let signers: Vec<_> = certificate.voters().map(|voter| voters.name(voter).unwrap().to_string()).collect();
    assert_eq!((shown["signers"].clone(), signers.len()), (json!(signers), 3));
}

#[test]
fn a_final_balance_leaves_out_what_is_above_the_final_block() {
    let node = Node::with_members();
    let held = |query: &str| {
        let account = node.json(&format!("/v1/accounts/{}{query}", address(2)));
        (account["balance"].as_str().unwrap().to_owned(), account["confirmations"].as_u64().unwrap())
    };
    let at = |height: u64| (node.finalize(height), held("?final=true")).1;
    let first = held("?final=true");
    for nonce in 0..3 {
        node.pay(1, nonce, 2, 100);
        node.mine();
    }
    assert_eq!(held("?final=true"), (first.0.clone(), 4), "nothing is final but the definition");
    let tip = held("");
    assert_ne!(tip.0, first.0);
    let second = at(1);
    assert_eq!((second.1, second.0 == first.0, second.0 == tip.0), (3, false, false));
    assert_eq!(at(3), tip);
    assert_eq!(held("?final=false"), tip);
    assert_eq!(held("?final=true&confirmations=3"), second, "both hold");
    assert_eq!(held("?final=true&confirmations=0"), tip, "what waits is not final");
}

#[test]
fn the_metrics_say_whose_votes_are_missing_and_how_the_record_is() {
    let node = Node::with_members();
    let turnout = Turnout { heard: 3, count: 4, quorum: 3, missing: vec!["m2".into()] };
    for (alarm, unwritten, record) in [
        (None, false, "kept"),
        (None, true, "unwritten"),
        (Some(Alarm::NoRecord), false, "missing"),
        (Some(Alarm::Twin), true, "twin"),
        (Some(Alarm::OtherHistory), false, "kept"),
    ] {
        let turnout = turnout.clone();
        node.voter.send_replace(VoterStatus { alarm, turnout, unwritten, ..VoterStatus::default() });
        let text = node.get("/metrics").text();
        let mut heard: Vec<_> = text.lines().filter(|line| line.starts_with("bouya_member_heard{")).collect();
        heard.sort_unstable();
        let all = [("m1", 1), ("m2", 0), ("m3", 1), ("m9", 1)];
        assert_eq!(heard, all.map(|(id, heard)| format!("bouya_member_heard{{member=\"{id}\"}} {heard}")));
        let of = |line: &&str| line.starts_with("bouya_votes_record{") && line.ends_with(" 1");
        let ones: Vec<_> = text.lines().filter(of).collect();
        assert_eq!(ones, [format!("bouya_votes_record{{state=\"{record}\"}} 1")]);
    }
}

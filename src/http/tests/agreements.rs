//! Agreements: proposed, answered, decided, and decided otherwise by a reorganisation.

use bouya_core::codec::{Bounded, Text};
use bouya_core::crypto::{Hash, sha256};
use bouya_core::ledger::{Action, Branch, Proposal, Response, Standing, Transaction};
use bouya_core::limits::{TOLD_BLOCKS, TOLD_DEADLINES};
use bouya_core::time::Timestamp;
use serde_json::Value;

use super::super::views::AgreementStatus;
use super::harness::Node;
use super::records::signed;
use crate::clock::wall;
use crate::events::{Event, Heard, Listener};
use bouya_core::testing::{address, block_on, key};

const PROPOSER: u8 = 1;
const PARTIES: [u8; 2] = [2, 3];

pub(super) fn propose(node: &Node, deadline: Timestamp) -> (Transaction, Hash) {
    let title: Text<256> = "Lease".to_owned().try_into().unwrap();
    let parties = Bounded::truncated(PARTIES.map(address));
    let proposal = Proposal { title, document: sha256(b"lease"), parties, deadline };
    let transaction = signed(node, PROPOSER, 0, Action::Propose(proposal));
    let id = transaction.agreement().unwrap();
    (transaction, id)
}

pub(super) fn answer(node: &Node, by: u8, agreement: Hash, response: Response) -> Transaction {
    signed(node, by, 0, Action::Respond { agreement, document: sha256(b"lease"), response })
}

pub(super) fn later() -> Timestamp {
    Timestamp(wall().0 + 3_600_000)
}

fn confirm(node: &Node, transactions: &[&Transaction]) {
    for transaction in transactions {
        assert_eq!(node.submit(transaction).status, 202);
    }
    node.mine();
}

fn show(node: &Node, id: &Hash) -> Value {
    node.json(&format!("/v1/agreements/{id}?confirmations=2"))
}

#[test]
fn it_is_open_then_effective_then_settled() {
    let node = Node::start();
    let (proposal, id) = propose(&node, later());
    node.get(&format!("/v1/agreements/{id}")).problem(404, "not-found");
    confirm(&node, &[&proposal]);
    let open = show(&node, &id);
    assert_eq!(
        (&open["status"], &open["settled"], &open["decided"]),
        (&"open".into(), &false.into(), &Value::Null)
    );
    assert_eq!(open["proposed"]["transaction"], proposal.id().to_string());

    let (first, second) = (answer(&node, 2, id, Response::Sign), answer(&node, 3, id, Response::Sign));
    confirm(&node, &[&first]);
    assert_eq!(show(&node, &id)["parties"][0]["answer"], "signed");
    assert_eq!(show(&node, &id)["status"], "open");
    confirm(&node, &[&second]);
    let effective = show(&node, &id);
    assert_eq!((&effective["status"], &effective["settled"]), (&"effective".into(), &false.into()));
    assert_eq!(effective["decided"]["transaction"], second.id().to_string());
    node.mine();
    assert_eq!(show(&node, &id)["settled"], true);

    let listed =
        |query: &str| node.json(&format!("/v1/agreements?{query}"))["items"].as_array().unwrap().len();
    for query in ["", "status=effective", &format!("party={}", address(3)), &format!("party={}", address(1))]
    {
        assert_eq!(listed(query), 1, "{query}");
    }
    assert_eq!(listed(&format!("document={}", sha256(b"lease"))), 1);
    for query in ["status=open", &format!("party={}", address(4)), &format!("document={}", sha256(b"x"))] {
        assert_eq!(listed(query), 0, "{query}");
    }
    node.get("/v1/agreements?status=done").problem(400, "bad-request");
}

#[test]
fn a_refusal_ends_it_and_what_comes_later_is_late() {
    let node = Node::start();
    let (proposal, id) = propose(&node, later());
    confirm(&node, &[&proposal, &answer(&node, 2, id, Response::Refuse)]);
    confirm(&node, &[&answer(&node, 3, id, Response::Sign)]);
    let refused = show(&node, &id);
    assert_eq!((&refused["status"], &refused["confirmations"]), (&"refused".into(), &2.into()));
    assert_eq!(refused["parties"][0]["late"], false);
    assert_eq!(
        (&refused["parties"][1]["answer"], &refused["parties"][1]["late"]),
        (&"signed".into(), &true.into())
    );
}

#[test]
fn it_expires_by_the_tips_time() {
    let node = Node::start();
    let (proposal, id) = propose(&node, Timestamp(1));
    confirm(&node, &[&proposal, &answer(&node, 2, id, Response::Sign)]);
    let expired = show(&node, &id);
    assert_eq!((&expired["status"], &expired["settled"]), (&"expired".into(), &false.into()));
    assert_eq!(expired["parties"][0]["late"], true);
    node.mine();
    assert_eq!(show(&node, &id)["settled"], true);
}

#[test]
fn it_expires_by_the_clock_and_is_settled_by_blocks() {
    let node = Node::start();
    let (proposal, id) = propose(&node, Timestamp(wall().0 + 1_500));
    confirm(&node, &[&proposal]);
    assert_eq!(show(&node, &id)["status"], "open");
    node.wait("the deadline passes, and nobody mines", || show(&node, &id)["status"] == "expired");
    let expired = show(&node, &id);
    assert_eq!((&expired["confirmations"], &expired["settled"]), (&0.into(), &false.into()));
    assert_eq!(node.json("/v1/status")["tip"]["height"], 1);
    node.mine();
    node.mine();
    assert_eq!(show(&node, &id)["settled"], true);
}

#[test]
fn only_the_proposer_withdraws_and_only_in_time() {
    let node = Node::start();
    let (proposal, id) = propose(&node, later());
    confirm(&node, &[&proposal, &signed(&node, 2, 0, Action::Withdraw { agreement: id })]);
    assert_eq!(show(&node, &id)["status"], "open");
    confirm(&node, &[&signed(&node, PROPOSER, 1, Action::Withdraw { agreement: id })]);
    let withdrawn = show(&node, &id);
    assert_eq!(
        (&withdrawn["status"], &withdrawn["withdrawal"]),
        (&"withdrawn".into(), &withdrawn["decided"])
    );
}

/// A block on `parent`, and the branch that it ends.
pub(super) fn on(
    node: &Node,
    parent: &Branch,
    transactions: Vec<Transaction>,
    miner: u8,
) -> (std::sync::Arc<bouya_core::ledger::Block>, Branch) {
    let made = block_on(&node.api.genesis, parent, 1_000, transactions, miner);
    let mut branch = parent.clone();
    branch.push(&node.api.genesis.rules, &made.header, None);
    (made, branch)
}

#[test]
fn a_reorganisation_decides_it_anew_and_loses_no_answer() {
    let node = Node::start();
    let start = node.api.head.borrow().branch.clone();
    let (proposal, id) = propose(&node, later());
    let (sign, refuse) = (answer(&node, 2, id, Response::Sign), answer(&node, 3, id, Response::Refuse));
    // One half: proposed, and refused.
    let (first, branch) = on(&node, &start, vec![proposal.clone()], 7);
    let (second, _) = on(&node, &branch, vec![refuse.clone()], 7);
    node.give(first);
    node.give(second);
    assert_eq!(show(&node, &id)["status"], "refused");
    // The other half, which is longer: the answer even stands before what it answers, and the refusal is not in it.
    let (a, branch) = on(&node, &start, vec![sign], 8);
    let (b, branch) = on(&node, &branch, vec![proposal], 8);
    let (c, _) = on(&node, &branch, vec![], 8);
    for block in [a, b, c] {
        node.give(block);
    }
    node.wait_for_height(3);
    let open = show(&node, &id);
    assert_eq!((&open["status"], &open["parties"][0]["answer"]), (&"open".into(), &"signed".into()));
    // The refusal came back into the mempool, and ends it again.
    node.wait("the refusal waits again", || node.json("/v1/status")["mempool"]["transactions"] == 1);
    node.mine();
    assert_eq!(show(&node, &id)["status"], "refused");
    assert_eq!(show(&node, &id)["decided"]["transaction"], refuse.id().to_string());
}

#[test]
fn observers_are_told_of_every_change_and_of_the_deadline() {
    let node = Node::start();
    let mut heard = node.api.events.listen();
    let mut told = || {
        let events = std::iter::from_fn(|| heard.now());
        let stands = events.filter_map(|event| match event {
            Heard::Event(_, Event::Agreement { id, standing }) => Some((id, standing.into())),
            _ => None,
        });
        stands.collect::<Vec<_>>()
    };
    let (proposal, id) = propose(&node, Timestamp(wall().0 + 2_000));
    confirm(&node, &[&proposal]);
    let status = |status: AgreementStatus| vec![(id, status)];
    assert_eq!(told(), status(AgreementStatus::Open));
    confirm(&node, &[&answer(&node, 2, id, Response::Sign)]);
    assert_eq!(told(), status(AgreementStatus::Open));
    node.wait("the deadline passes", || {
        node.mine();
        told() == status(AgreementStatus::Expired)
    });
}

/// What a listener was told: how many agreements ended, and how often that others were passed over.
fn ended(heard: &mut Listener) -> (usize, usize) {
    std::iter::from_fn(|| heard.now()).fold((0, 0), |(ended, passed), event| match event {
        Heard::Event(_, Event::Agreement { standing: Standing::Expired, .. }) => (ended + 1, passed),
        Heard::Lagged(_, None) => (ended, passed + 1),
        _ => (ended, passed),
    })
}

#[test]
fn observers_learn_that_more_ended_at_once_than_they_are_told_of() {
    for (count, told) in [(TOLD_DEADLINES, (TOLD_DEADLINES, 0)), (TOLD_DEADLINES + 1, (TOLD_DEADLINES, 1))] {
        let node = Node::start();
        let start = node.api.head.borrow().branch.clone();
        let network = node.api.genesis.id();
        let propose = |nonce| {
            let parties = Bounded::truncated([address(2)]);
            let title = "Lease".to_owned().try_into().unwrap();
            let deadline = Timestamp(start.time.0 + 1_500);
            let proposal = Proposal { title, document: sha256(b"lease"), parties, deadline };
            Transaction::sign(&network, &key(PROPOSER), nonce, 1_000, u64::MAX, Action::Propose(proposal))
        };
        let (first, branch) = on(&node, &start, (0..count as u64).map(propose).collect(), 7);
        let (second, _) = on(&node, &branch, vec![], 7);
        let mut heard = node.api.events.listen();
        node.give(first);
        assert_eq!(ended(&mut heard), (0, 0));
        node.give(second);
        assert_eq!(ended(&mut heard), told, "{count} deadlines");
    }
}

#[test]
fn observers_learn_that_a_long_sync_had_more_blocks_than_they_are_told_of() {
    let node = Node::start();
    let start = node.api.head.borrow().branch.clone();
    let chain = |miner: u8, length: usize| {
        let mut branch = start.clone();
        for _ in 0..length {
            let (block, next) = on(&node, &branch, vec![], miner);
            node.give(block);
            branch = next;
        }
    };
    // Of two branches of one length the one with the smaller id wins: whichever that is, more blocks join at once than are told.
    chain(7, TOLD_BLOCKS + 1);
    let mut heard = node.api.events.listen();
    assert!(heard.now().is_none());
    chain(8, TOLD_BLOCKS + 2);
    let mut passed = 0;
    node.wait("they are told", || {
        passed += ended(&mut heard).1;
        passed == 1
    });
}

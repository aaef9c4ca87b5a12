//! Members and motions, from the motion to the handover and the first vote of those after it.

use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::ledger::{Action, Address, MemberChange, Motion, Transaction, Upgrade};
use bouya_core::node::{Removal, VoterStatus};
use bouya_core::overlay::PeerView;
use bouya_core::testing::{self, governor, key, member};
use bouya_core::time::Timestamp;
use serde_json::{Value, json};

use super::harness::{Node, PATIENCE};
use super::peers::peer;
use crate::clock::wall;
use crate::events::{Event, Heard, Listener, MotionState};

const DAY: u64 = 24 * 3_600_000;

/// Governors have no coins: they pay nothing.
pub(super) fn signed(node: &Node, by: &SecretKey, nonce: u64, action: Action) -> Transaction {
    Transaction::sign(&node.api.genesis.id(), by, nonce, 0, u64::MAX, action)
}

/// The genesis block is old, and a motion is judged by the time of the tip.
fn started() -> Node {
    let node = Node::with_members();
    node.mine();
    node
}

pub(super) fn moved(node: &Node, by: u8, nonce: u64, change: MemberChange) -> (Transaction, Hash) {
    let until = Timestamp(wall().0 + 30 * DAY);
    let motion = Motion { change, reason: testing::text("why not"), until };
    let transaction = signed(node, &governor(by), nonce, Action::from(motion));
    let id = transaction.motion().unwrap();
    (transaction, id)
}

fn add(n: u8) -> MemberChange {
    MemberChange::prove(member(n), &key(n))
}

pub(super) fn ballot(node: &Node, by: u8, nonce: u64, motion: Hash, yes: bool) -> Transaction {
    signed(node, &governor(by), nonce, Action::Ballot { motion, yes })
}

fn confirm(node: &Node, transactions: &[&Transaction]) {
    for transaction in transactions {
        let answer = node.submit(transaction);
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
    node.mine();
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn base_time(node: &Node) -> Value {
    node.json("/v1/members")["since"]["time"].clone()
}

fn ids(members: &Value) -> Vec<&str> {
    let mut ids: Vec<_> =
        members["members"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

/// What is told of motions and members, up to this.
pub(super) fn told(node: &Node, events: &mut Listener, last: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut told = Vec::new();
    let heard = async {
        while !told.last().is_some_and(&last) {
            let heard = events.next().await.unwrap();
            if let Heard::Event(_, event @ (Event::Motion { .. } | Event::Members { .. })) = heard {
                told.push(event);
            }
        }
    };
    node.runtime().block_on(async { tokio::time::timeout(PATIENCE, heard).await }).expect("it is told");
    told
}

#[test]
fn a_motion_is_moved_passes_and_is_in_force_once_a_block_says_that_it_is_final() {
    let node = started();
    let mut events = node.api.events.listen();
    let before = node.json("/v1/members");
    assert_eq!(ids(&before), ["m1", "m2", "m3", "m9"]);
    assert_eq!(
        (&before["final"], &before["needed"], &before["since"]["height"]),
        (&json!(true), &json!(3), &json!(0))
    );
    let (motion, id) = moved(&node, 1, 0, add(7));
    let path = format!("/v1/motions/{id}");
    node.get(&path).problem(404, "not-found");
    confirm(&node, &[&motion]);
    let open = node.json(&path);
    assert_eq!((&open["state"], &open["final"]), (&json!("open"), &json!(false)));
    assert_eq!(
        (&open["change"]["type"], &open["change"]["id"], &open["at"]["transaction"]),
        (&json!("add"), &json!("m7"), &json!(motion.id().to_string()))
    );
    let vote = &open["vote"];
    assert_eq!(
        (&vote["mover"], &vote["needed"], &vote["yes"], &vote["no"], &vote["reason"]),
        (&json!("m1"), &json!(3), &json!(1), &json!(0), &json!("why not"))
    );
    assert_eq!(vote["candidate"]["yes"], Value::Null);
    assert_eq!(vote["candidate"]["member"], "m7");
    let silent = vote["voices"].as_array().unwrap().iter().filter(|voice| voice["yes"].is_null());
    assert_eq!(silent.count(), 3);
    assert_eq!(node.json(&path[..path.len() - 50])["id"], id.to_string(), "a shortened id");
    assert_eq!(node.json("/v1/motions")["items"], json!([open]));

    let said = [2, 3, 7].map(|n| ballot(&node, n, 0, id, true));
    confirm(&node, &said.each_ref());
    let passed = node.json(&path);
    assert_eq!((&passed["state"], &passed["decided"]["height"]), (&json!("passed"), &json!(3)));
    assert_eq!((&passed["vote"]["yes"], &passed["vote"]["candidate"]["yes"]), (&json!(3), &json!(true)));
    assert_eq!(node.json("/v1/motions")["items"], json!([passed]));
    assert_eq!(node.json("/v1/motions?state=decided")["items"], json!([]));
    let waiting = node.json("/v1/members");
    assert_eq!(ids(&waiting), ["m1", "m2", "m3", "m9"], "passing changes nothing yet");
    assert_eq!(waiting["waiting"][0]["motion"], id.to_string());

    node.finalize(3);
    let base = node.mine();
    let after = node.json("/v1/members");
    assert_eq!(ids(&after), ["m1", "m2", "m3", "m7", "m9"]);
    assert_eq!(
        (&after["final"], &after["since"]["hash"], &after["waiting"]),
        (&json!(false), &base["hash"], &json!([]))
    );
    let since = |id: &str| {
        let members = after["members"].as_array().unwrap();
        members.iter().find(|one| one["id"] == id).unwrap()["since"]["height"].clone()
    };
    assert_eq!((since("m7"), since("m1")), (json!(4), json!(0)));
    let applied = node.json(&path);
    assert_eq!((&applied["state"], &applied["final"]), (&json!("applied"), &json!(false)));
    assert_eq!(applied["decided"], passed["decided"]);
    assert_eq!(applied["applied"], json!({ "height": 4, "time": base_time(&node), "transaction": null }));
    assert_eq!(node.json("/v1/motions")["items"], json!([]));
    assert_eq!(node.json("/v1/motions?state=all")["items"], json!([applied]));
    assert_eq!(node.json(&path[..path.len() - 50])["id"], id.to_string(), "a shortened id");
    node.finalize(4);
    assert_eq!(node.json(&path)["final"], true);
    assert_eq!(node.json("/v1/members")["final"], true);
    assert!(node.get("/metrics").text().contains("bouya_members 5"));

    let all = told(&node, &mut events, |event| matches!(event, Event::Members { finalized: true, .. }));
    let names: Vec<_> = all
        .iter()
        .map(|event| match event {
            Event::Motion { state, .. } => format!("{state:?}"),
            Event::Members { height, members, finalized, .. } => {
                format!("{height} {} {finalized}", members.len())
            }
            _ => String::new(),
        })
        .collect();
    assert_eq!(names, ["Moved", "Passed", "Applied", "4 5 false", "4 5 true"]);
}

#[test]
fn who_leaves_is_named_and_a_rejected_motion_is_told() {
    let node = started();
    let mut events = node.api.events.listen();
    let (away, id) = moved(&node, 1, 0, MemberChange::Remove { id: member(9).id });
    let (upgrade, rejected) =
        moved(&node, 2, 0, MemberChange::Upgrade(Upgrade { version: 3, height: 9_000 }));
    confirm(&node, &[&away, &upgrade]);
    let first = node.json("/v1/motions?limit=1");
    let second = node.json(&format!("/v1/motions?limit=1&from={}", first["next"].as_str().unwrap()));
    let mut pages = [&first, &second].map(|page| page["items"][0]["id"].as_str().unwrap().to_owned());
    pages.sort_unstable();
    let mut both = [id, rejected].map(|id| id.to_string());
    both.sort_unstable();
    assert_eq!((pages, &second["next"]), (both, &Value::Null));
    assert!(node.get("/metrics").text().contains("bouya_motions_open 2"));
    let noes = [1, 3].map(|n| ballot(&node, n, u64::from(n == 1), rejected, false));
    let yeses = [(2, 1), (3, 1)].map(|(n, nonce)| ballot(&node, n, nonce, id, true));
    confirm(&node, &[&noes[0], &noes[1], &yeses[0], &yeses[1]]);
    let over = node.json(&format!("/v1/motions/{rejected}"));
    assert_eq!(
        (&over["state"], &over["vote"]["yes"], &over["vote"]["no"], &over["decided"]["height"]),
        (&json!("rejected"), &json!(1), &json!(2), &json!(3))
    );
    assert!(over["decided"]["transaction"].is_string());
    node.finalize(3);
    node.mine();
    let after = node.json("/v1/members");
    assert_eq!(ids(&after), ["m1", "m2", "m3"]);
    assert_eq!(after["former"], json!(["m9"]));
    let first = node.json("/v1/motions?state=all&limit=1");
    let second = node.json(&format!("/v1/motions?state=decided&limit=1&from={}", text(&first["next"])));
    assert_eq!(
        [&first, &second].map(|page| (text(&page["items"][0]["id"]), text(&page["items"][0]["state"]))),
        [(id.to_string(), "applied".to_owned()), (rejected.to_string(), "rejected".to_owned())]
    );
    // That the first one passed is passed over, here or on a page of nothing: they were decided in one block, and stand there by their ids.
    if let Some(next) = second["next"].as_str() {
        let third = node.json(&format!("/v1/motions?state=all&from={next}"));
        assert_eq!((&third["items"], &third["next"]), (&json!([]), &Value::Null));
    }
    for wrong in ["state=over", "from=x", "from=3-x"] {
        node.get(&format!("/v1/motions?{wrong}")).problem(400, "bad-request");
    }
    let told = told(&node, &mut events, |event| matches!(event, Event::Members { .. }));
    let is_rejected = |event: &Event| matches!(event, Event::Motion { id, state: MotionState::Rejected } if *id == rejected);
    assert!(told.iter().any(is_rejected), "{told:?}");
}

/// Lets m1, m2, m3 and m7, with these nonces, decide a change, and puts it into force. Returns the height of the base.
fn decide(node: &Node, change: MemberChange, nonce: u64, nonce_of_7: u64) -> u64 {
    let (motion, id) = moved(node, 1, nonce, change);
    confirm(node, &[&motion]);
    let said = [(2, nonce), (3, nonce), (7, nonce_of_7)].map(|(n, nonce)| ballot(node, n, nonce, id, true));
    confirm(node, &said.each_ref());
    let decided = node.api.head.borrow().branch.height;
    node.finalize(decided);
    node.mine();
    decided + 1
}

#[test]
fn each_set_of_members_is_told_with_what_brought_it_and_a_proof_that_anybody_can_check() {
    let node = started();
    let begun = node.json("/v1/members/history");
    assert_eq!((&begun["items"][0]["since"]["height"], &begun["next"]), (&json!(0), &Value::Null));
    assert_eq!((&begun["items"][0]["by"], &begun["items"][0]["proven"]), (&Value::Null, &Value::Null));
    assert_eq!(begun["items"][0]["came"].as_array().unwrap().len(), 4);
    node.get("/v1/members/history/0/proof").problem(404, "not-found");

    let first = decide(&node, add(7), 0, 0);
    node.finalize(first);
    let second = decide(&node, MemberChange::Remove { id: member(9).id }, 1, 1);
    let all = node.json("/v1/members/history");
    let items = all["items"].as_array().unwrap();
    let heights: Vec<_> = items.iter().map(|item| item["since"]["height"].as_u64().unwrap()).collect();
    assert_eq!(heights, [second, first, 0]);
    let ids = |item: &Value, field: &str| -> Vec<String> {
        item[field].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((ids(&items[0], "went"), ids(&items[0], "came")), (vec!["m9".to_owned()], vec![]));
    assert_eq!((ids(&items[1], "came"), &items[1]["count"]), (vec!["m7".to_owned()], &json!(5)));
    assert_eq!((&items[1]["by"]["height"], &items[1]["final"]), (&json!(first - 1), &json!(true)));
    assert_eq!(items[2]["motions"], json!([]));
    let applied = node.json(&format!("/v1/motions/{}", text(&items[1]["motions"][0])));
    assert_eq!((&applied["change"]["id"], &applied["applied"]["height"]), (&json!("m7"), &json!(first)));
    assert_eq!(items[1]["by"]["signers"], json!(["m1", "m2", "m3"]));
    assert_eq!(
        [0, 1, 2].map(|n| items[n]["proven"].clone()),
        [Value::Null, json!(second - 1), json!(first)],
        "what each has made final: the newest set nothing yet, the first one the base of the next"
    );

    let page = node.json("/v1/members/history?limit=2");
    assert_eq!(page["next"], first.to_string());
    let rest = node.json(&format!("/v1/members/history?limit=2&from={first}"));
    assert_eq!((&rest["items"][0], &rest["next"]), (&items[2], &Value::Null));
    let last = node.json(&format!("/v1/members/history?limit=1&from={second}"));
    assert_eq!(last["items"][0], items[1], "a page knows what came after it");

    for (height, proven) in [(0, first), (first, second - 1)] {
        let answer = node.get(&format!("/v1/members/history/{height}/proof"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let proof = bouya_client::receipt::final_proof::read(&answer.text()).unwrap();
        proof.check().unwrap();
        let sets = proof.check_final(&node.api.genesis).unwrap();
        assert_eq!((proof.header.height, sets.voters().root().height), (proven, height));
    }
    for height in [second, 1] {
        node.get(&format!("/v1/members/history/{height}/proof")).problem(404, "not-found");
    }
    node.get("/v1/members/history?from=x").problem(400, "bad-request");
}

#[test]
fn what_a_connected_member_runs_and_how_long_its_certificate_lasts_is_told() {
    let node = Node::with_members();
    let day = 24 * 3_600_000;
    *node.network.peers.lock().unwrap() = vec![PeerView {
        agent: Some("bouya/9.9.9".into()),
        not_after: Some(Timestamp(wall().0 + 10 * day + 60_000)),
        ..peer("m2")
    }];
    let members = node.json("/v1/members");
    let of = |id: &str| members["members"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap();
    assert_eq!(
        (&of("m2")["agent"], &of("m2")["certificate"]["days_left"]),
        (&json!("bouya/9.9.9"), &json!(10))
    );
    assert_eq!((&of("m1")["agent"], &of("m1")["certificate"]), (&Value::Null, &Value::Null));
}

#[test]
fn an_address_that_is_a_members_says_so_wherever_it_is_shown() {
    let node = Node::with_members();
    let block = node.mine();
    let height = block["height"].as_u64().unwrap();
    let key = json!({ "role": "key", "member": "m9", "name": member(9).name.as_str() });
    let governs = json!({ "role": "governor", "member": "m1", "name": member(1).name.as_str() });
    let block = node.json(&format!("/v1/blocks/{height}"));
    assert_eq!((&block["reward"]["name"], &block["miner"]["id"]), (&key, &json!("m9")));
    assert_eq!(block["miner"]["name"], member(9).name.as_str());
    let (motion, _) = moved(&node, 1, 0, add(7));
    assert_eq!(node.submit(&motion).status, 202);
    let path = format!("/v1/transactions/{}", motion.id());
    assert_eq!(node.json(&path)["sender_name"], governs);
    assert_eq!(node.json("/v1/transactions")["items"][0]["sender_name"], governs);
    node.mine();
    assert_eq!(node.json(&path)["sender_name"], governs);
    let account = |address: &Address| node.json(&format!("/v1/accounts/{address}"))["name"].clone();
    assert_eq!(account(&Address::of(&governor(1).public())), governs);
    assert_eq!(account(&testing::address(9)), key);
    assert_eq!(account(&testing::address(8)), Value::Null, "nobody's");
}

#[test]
fn a_removed_node_says_so_and_what_to_do() {
    let node = Node::with_members();
    node.voter.send_replace(VoterStatus {
        removed: Some(Removal { height: 41, by_override: false }),
        ..VoterStatus::default()
    });
    let state = node.json("/v1/status")["state"].take();
    assert_eq!((&state["name"], &state["ready"]), (&json!("removed"), &json!(false)));
    assert!(text(&state["reason"]).contains("removed from the members by vote at height 41"), "{state}");
    let why = node.get("/readyz").problem(503, "not-ready");
    assert!(why.contains("height 41") && why.contains("bouya admit"), "{why}");
}

//! Motions over branches and over time.

use bouya_core::ledger::{Action, Branch, MemberChange, Motion, Transaction, Upgrade};
use bouya_core::testing::{self, block_on, governor, member};
use bouya_core::time::Timestamp;
use serde_json::{Value, json};

use super::harness::Node;
use super::members::{ballot, moved, signed, text, told};
use crate::clock::wall;
use crate::events::{Event, MotionState};

const DAY: u64 = 24 * 3_600_000;

/// Gives the node the next block of this branch, so long after the last one. Returns the branch with it.
fn given(node: &Node, branch: &Branch, after: u64, transactions: &[&Transaction]) -> Branch {
    let transactions = transactions.iter().map(|one| (*one).clone()).collect();
    let block = block_on(&node.api.genesis, branch, after, transactions, 3);
    let mut branch = branch.clone();
    branch.push(&node.api.genesis.rules, &block.header, None);
    node.give(block);
    branch
}

/// A branch with one block, this long ago.
fn begun(node: &Node, ago: u64) -> Branch {
    let genesis = node.api.genesis.branch();
    given(node, &genesis, wall().0 - ago - genesis.time.0, &[])
}

#[test]
fn what_became_of_a_motion_goes_with_its_block() {
    let node = Node::with_members();
    let (motion, id) = moved(&node, 1, 0, MemberChange::Remove { id: member(9).id });
    let fork = given(&node, &begun(&node, 3_600_000), 1_000, &[&motion]);
    let noes = [2, 3].map(|n| ballot(&node, n, 0, id, false));
    given(&node, &fork, 1_000, &noes.each_ref());
    let path = format!("/v1/motions/{id}");
    assert_eq!(node.json(&path)["state"], "rejected");
    // The other branch has heard one of them only.
    let other = given(&node, &fork, 2_000, &[&noes[0]]);
    let other = given(&node, &other, 1_000, &[]);
    node.wait("the other branch has won", || node.api.head.borrow().branch.id == other.id);
    let open = node.json(&path);
    assert_eq!(
        (&open["state"], &open["vote"]["no"], &open["decided"]),
        (&json!("open"), &json!(1), &Value::Null)
    );
    assert_eq!(node.json("/v1/motions?state=decided")["items"], json!([]));
}

#[test]
fn a_motion_expires_with_a_block_and_is_told_once() {
    let node = Node::with_members();
    let branch = begun(&node, 3 * DAY);
    let mut events = node.api.events.listen();
    let until = Timestamp(branch.time.0 + DAY + 3_600_000);
    let motion = |n: u8| {
        let change = MemberChange::Upgrade(Upgrade { version: 3, height: 9_000 });
        let motion = Motion { change, reason: testing::text(""), until };
        signed(&node, &governor(n), 0, Action::from(motion))
    };
    let (stays, leaves) = (motion(1), motion(2));
    let ids = [&stays, &leaves].map(|one| one.motion().unwrap());
    let branch = given(&node, &branch, 1_000, &[&stays, &leaves]);
    // This block is later than both, and the next one takes notice of one of them.
    let branch = given(&node, &branch, DAY + 7_200_000, &[]);
    let branch = given(&node, &branch, 1_000, &[&ballot(&node, 3, 0, ids[1], true)]);
    let until_told = given(&node, &branch, 1_000, &[&motion_after(&node)]);
    let told = told(
        &node,
        &mut events,
        |event| matches!(event, Event::Motion { id, state: MotionState::Moved } if !ids.contains(id)),
    );
    let expired = told.iter().filter(|one| matches!(one, Event::Motion { state: MotionState::Expired, .. }));
    assert_eq!(expired.count(), 2, "{told:?}");

    let all = node.json("/v1/motions?state=decided");
    let states: Vec<_> = all["items"].as_array().unwrap().iter().map(|one| text(&one["state"])).collect();
    assert_eq!(states, ["expired", "expired"]);
    let decided = ids.map(|id| node.json(&format!("/v1/motions/{id}"))["decided"]["height"].clone());
    assert_eq!(decided, [json!(until_told.height), json!(branch.height)], "who took notice of it");
}

/// A motion of m3's, which is told last.
fn motion_after(node: &Node) -> Transaction {
    let until = Timestamp(wall().0 + 10 * DAY);
    let change = MemberChange::Remove { id: member(9).id };
    let motion = Motion { change, reason: testing::text(""), until };
    signed(node, &governor(3), 1, Action::from(motion))
}

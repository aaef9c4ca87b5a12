//! `--wait final`, against a node that tells what the members have voted.

use super::*;

/// Four voters, of whom three are needed; their newest votes are for blocks at these heights.
fn finality(votes: [Option<u64>; 4]) -> (u16, String) {
    let voter = |(id, height): (&str, Option<u64>)| Voter {
        id: id.into(),
        number: 0,
        vote: height.map(|height| VoterVote { height, hash: "ab".repeat(32), epoch: 9, heard: None }),
        fault: None,
    };
    let voters = ["ann", "bob", "carol", "dave"].into_iter().zip(votes).map(voter).collect();
    let set = "cd".repeat(32);
    let finality =
        Finality { set, quorum: 3, guilty: 2, finalized: None, rival: None, voting: Voting::Votes, voters };
    (200, json(&finality))
}

/// A transaction in block 42.
fn confirmed(finalized: bool) -> (u16, String) {
    let mut found: Transaction = serde_json::from_str(&transaction("x", Some(42), 3)).unwrap();
    found.finalized = finalized;
    (200, json(&found))
}

/// A node in this state. Its transaction waits when it is asked for it first, and is final when it is asked for it for the third time,
/// unless never.
fn node(status: Status, never: bool, votes: [Option<u64>; 4]) -> Node {
    taking_in(status, move |line, count| match (line, count) {
        ("GET /v1/finality", _) => finality(votes),
        (_, 1) => (200, transaction("x", None, 0)),
        (_, 2) => confirmed(false),
        _ => confirmed(!never),
    })
}

fn send(node: &Node, wait: &str) -> Output {
    node.run(&format!("send --from alice --passphrase-file pass --to {}:1 --yes {wait}", bob()))
}

#[test]
fn waiting_alone_is_for_final() {
    for wait in ["--wait final", "--wait"] {
        let node = node(status(), false, [Some(42), Some(41), None, Some(43)]);
        let output = send(&node, wait);
        ended(&output, 0);
        let told = err(&output);
        let (_, told) = told.split_once("waiting for a block\n").unwrap();
        let heard = "in block 42, not final yet: 2 of the 3 votes that it needs were heard";
        assert_eq!(told, format!("{heard}\nin block 42, final\n"));
    }
    // Its votes were heard; the ones after them decide.
    let heard = send(&node(status(), false, [Some(42); 4]), "--wait final");
    assert!(err(&heard).contains("in block 42, waiting for it to be final\n"), "{}", err(&heard));
    let counted = send(&node(status(), true, [None; 4]), "--wait 3");
    ended(&counted, 0);
    assert!(err(&counted).contains("in block 42, 3 of 3 confirmations"), "{}", err(&counted));
}

#[test]
fn a_time_that_was_too_short_says_who_is_missing() {
    let node = node(status(), true, [Some(42), Some(41), None, Some(43)]);
    let output = send(&node, "--wait --timeout 1s");
    ended(&output, 1);
    let id = out(&output).trim().to_owned();
    let expected = format!(
        "error: {id} is not final after 1 s (in block 42, not final yet: 2 of the 3 votes that it needs were heard). \
         No vote for block 42 or a later one was heard from bob, carol; 3 of 4 voters are needed. \
         It may still become final; see: bouya final, bouya tx {id}\n"
    );
    assert!(err(&output).ends_with(&expected), "{}", err(&output));
}

#[test]
fn final_is_final_on_a_node_that_is_cut_off_but_not_where_there_are_two_histories() {
    let cut_off = in_state(NodeState::Alone, false);
    let output = send(&node(cut_off, false, [None; 4]), "--wait final");
    ended(&output, 0);
    assert!(err(&output).ends_with("in block 42, final\n"), "{}", err(&output));
    for name in [NodeState::TwoHistories, NodeState::RefusesFinal] {
        let output = send(&node(in_state(name, false), false, [None; 4]), "--wait final --timeout 2s");
        ended(&output, 1);
        assert!(
            err(&output).contains("not settled") && !err(&output).contains("42, final"),
            "{}",
            err(&output)
        );
    }
}

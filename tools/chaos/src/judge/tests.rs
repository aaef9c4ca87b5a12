//! Each invariant holds for the facts of a good run. With a fact that breaks it, it fails, and no other does.

use super::*;

/// The facts of a good run with three nodes. Node 2 was removed.
fn good() -> Facts {
    let state = |node| State { node, tip: "aa".into(), accounts: vec![(600, 2), (450, 0)] };
    let deep = Deep { node: 0, height: 4, confirmations: 6, at: 1_000 };
    let places = vec![(0, Some(4)), (1, Some(4))];
    let fate = Fate { id: "f00".into(), places, deep: Some(deep), forgotten: None };
    let finals = || vec![(4, "04".to_owned()), (9, "09".to_owned())];
    let node =
        |node| NodeFacts { node, finals: finals(), verified: Some(Ok("ok".into())), ..NodeFacts::default() };
    Facts {
        survivors: vec![0, 1],
        agreed: Some(1_000),
        meshed: Some(2_000),
        pairs: Vec::new(),
        doubles: Vec::new(),
        bound: 120_000,
        healed: 7,
        grown: 3,
        states: vec![state(0), state(1)],
        supply: 1_050,
        fates: vec![fate],
        nodes: (0..3).map(node).collect(),
        removed: Some(Removed { node: 2, cut_after: Some(800), connected: Vec::new(), returned: Vec::new() }),
        deaths: Vec::new(),
        bad_stops: Vec::new(),
    }
}

/// The invariants that fail after `harm` has changed the facts.
fn failed(harm: impl FnOnce(&mut Facts)) -> Vec<&'static str> {
    let mut facts = good();
    harm(&mut facts);
    judge(&facts).into_iter().filter(|verdict| !verdict.held).map(|verdict| verdict.name).collect()
}

#[test]
fn a_good_run_holds_everything() {
    assert_eq!(failed(|_| ()), Vec::<&str>::new());
    assert_eq!(judge(&good()).len(), 16);
}

#[test]
fn each_harm_fails_its_own_invariant_and_no_other() {
    type Harm = fn(&mut Facts);
    let harms: [(&str, Harm); 22] = [
        ("all nodes reach one tip", |facts| facts.agreed = None),
        ("each pair has exactly one connection", |facts| facts.meshed = None),
        ("each pair has exactly one connection", |facts| facts.pairs.push((0, 1, 2))),
        ("each pair has exactly one connection", |facts| facts.doubles.push("node0 and node1".into())),
        ("the chain grows", |facts| facts.grown = 0),
        ("what is final stays", |facts| facts.nodes[1].finals[0].1 = "44".into()),
        ("what is final stays", |facts| facts.nodes[2].finals.push((8, "08".into()))),
        ("blocks become final after healing", |facts| drop(facts.nodes[0].finals.pop())),
        ("balances agree", |facts| facts.states[1].accounts = vec![(650, 2), (400, 0)]),
        ("balances agree", |facts| facts.states[1].accounts[1].1 = 1),
        ("balances agree", |facts| facts.states[1].tip = "bb".into()),
        ("balances agree", |facts| drop(facts.states.pop())),
        ("the supply is what was issued", |facts| facts.supply += 1),
        ("no running node forgot a transaction", |facts| {
            facts.fates[0].forgotten = Some("node1 did".into());
        }),
        ("no honest node was banned", |facts| facts.nodes[0].bans.push("node1: spam".into())),
        ("the removed member stays out", |facts| facts.removed.as_mut().unwrap().connected.push(1)),
        ("the removed member stays out", |facts| facts.removed.as_mut().unwrap().cut_after = None),
        ("the removed member stays out", |facts| {
            facts.removed.as_mut().unwrap().returned.push("node0 was connected".into());
        }),
        ("no node ended by itself", |facts| facts.deaths.push("node0: signal 6".into())),
        ("each node stopped when told to", |facts| facts.bad_stops.push("node0 did not".into())),
        ("no node panicked", |facts| facts.nodes[1].panics.push("panicked at".into())),
        ("every store verifies", |facts| facts.nodes[1].verified = Some(Err("block 3 is wrong".into()))),
    ];
    for (name, harm) in harms {
        assert_eq!(failed(harm), [name]);
    }
}

#[test]
fn an_acknowledged_transaction_must_be_on_every_survivor() {
    let name = "each acknowledged transaction is confirmed on all nodes";
    assert!(failed(|facts| facts.fates[0].places[1].1 = None).contains(&name));
    assert!(failed(|facts| facts.fates[0].places.truncate(1)).contains(&name));
}

#[test]
fn what_was_deep_moves_only_if_a_reorganisation_that_deep_was_reported_since() {
    let moved = |reorg: Reorg, node: usize| {
        failed(|facts| {
            facts.fates[0].places = vec![(0, Some(9)), (1, Some(9))];
            facts.nodes[node].reorgs.push(reorg);
        })
    };
    let name = "deep transactions stay, or a reorganisation is reported";
    let reorg = Reorg { at: 2_000, depth: 6, height: 12 };
    assert_eq!(moved(reorg, 0), Vec::<&str>::new());
    assert_eq!(moved(Reorg { depth: 5, ..reorg }, 0), [name]);
    assert_eq!(moved(Reorg { at: 999, ..reorg }, 0), [name]);
    assert_eq!(moved(reorg, 1), [name], "another node's word does not count");
}

#[test]
fn a_ban_by_who_was_removed_counts_for_nothing() {
    assert_eq!(failed(|facts| facts.nodes[2].bans.push("node0: whatever".into())), Vec::<&str>::new());
}

#[test]
fn a_verdict_shows_some_of_the_evidence_and_says_how_much_there_is() {
    let mut facts = good();
    facts.deaths = (0..9).map(|n| format!("node{n}")).collect();
    let verdicts = judge(&facts);
    let verdict = verdicts.iter().find(|verdict| !verdict.held).unwrap();
    assert!(verdict.detail.starts_with("node0\n") && verdict.detail.ends_with("and 4 more"), "{verdict:?}");
}

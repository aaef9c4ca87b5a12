//! What is final, for people and for programs.

use super::*;

const HASH: &str = "0000c1aa00000000000000000000000000000000000000000000000000009e31";

pub(crate) fn final_status() -> FinalStatus {
    let turnout = Turnout { heard: 4, members: 4, needed: 3, missing: vec![] };
    FinalStatus { height: 41, hash: "ab".repeat(32), behind: 0, since: None, after_ms: None, turnout }
}

/// Four voters. Block 40 is the newest final one.
fn finality(since: Option<&str>) -> Finality {
    let vote =
        VoterVote { height: 41, hash: HASH.into(), epoch: 9, heard: Some("2026-11-20T00:00:00.123Z".into()) };
    let voter = |(number, id): (usize, &str)| Voter {
        id: id.into(),
        number: u16::try_from(number).unwrap(),
        vote: Some(vote.clone()),
        fault: (id == "bob").then(|| "surround".into()),
    };
    let finalized = FinalBlock {
        height: 40,
        hash: HASH.into(),
        epoch: 8,
        signers: ["ann", "carol", "dave"].map(Into::into).into(),
        certificate: "00".into(),
        since: since.map(Into::into),
    };
    Finality {
        set: "cd".repeat(32),
        quorum: 3,
        guilty: 2,
        finalized: Some(finalized),
        rival: None,
        voting: Voting::Votes,
        voters: ["dave", "carol", "bob", "ann"].into_iter().enumerate().map(voter).collect(),
    }
}

fn block(height: u64, finalized: bool) -> Block {
    Block {
        height,
        hash: HASH.into(),
        parent: HASH.into(),
        time: "2026-11-20T00:00:00.123Z".into(),
        difficulty: 9,
        work: "99".into(),
        miner: MinerOf { key: "ef".repeat(32), id: None, name: None },
        reward: Reward { to: "bouya1x".into(), name: None, amount: "1".into() },
        body_root: HASH.into(),
        history: HASH.into(),
        nonce: 0,
        size: 300,
        confirmations: 1,
        finalized,
        transactions: vec![],
    }
}

fn node(since: Option<&'static str>) -> Node {
    Node::new(move |line, _| match line {
        "GET /v1/finality" => (200, json(&finality(since))),
        "GET /v1/blocks/39" => (200, json(&block(39, true))),
        "GET /v1/blocks/40" => (200, json(&block(40, true))),
        "GET /v1/blocks/41" => (200, json(&block(41, false))),
        _ => {
            let found = block(123_456, true);
            let Block { height, hash, time, difficulty, mut miner, size, .. } = found;
            let blocks = [None, Some("member-9".to_owned())].map(|id| {
                miner.id = id;
                let (hash, time, miner) = (hash.clone(), time.clone(), miner.clone());
                BlockSummary {
                    height,
                    hash,
                    time,
                    difficulty,
                    miner,
                    transactions: 12,
                    size,
                    finalized: true,
                }
            });
            (200, json(&Page { items: blocks.into(), next: None }))
        }
    })
}

#[test]
fn a_block_is_shown_with_who_made_it_final_and_what_must_have_happened_if_it_is_not() {
    let node = node(Some("2026-11-20T00:00:01Z"));
    let own = node.run("final show 40");
    ended(&own, 0);
    let sure = "true unless at least 2 of ann, bob, carol, dave signed two histories";
    for part in [HASH, "yes", "by ann, carol, dave\n", "2026-11-20T00:00:01Z\n", sure] {
        assert!(out(&own).contains(part), "{part} in {}", out(&own));
    }
    // The certificate that a node has may be a later block's.
    let below = node.run("final show 39");
    ended(&below, 0);
    for part in
        ["by ann, carol, dave, for block 40", "which stands on it", "2026-11-20T00:00:01Z, or earlier", sure]
    {
        assert!(out(&below).contains(part), "{part} in {}", out(&below));
    }
    let above = node.run("final show 41");
    ended(&above, 0);
    assert!(
        out(&above).contains("no: the newest final block is 40; 3 of 4 votes make one final"),
        "{}",
        out(&above)
    );
    assert!(!out(&above).contains("signed two"), "{}", out(&above));
    let old = self::node(None).run("final show 40");
    assert!(out(&old).contains("before this node's start"), "{}", out(&old));
}

#[test]
fn a_program_gets_the_certificate_only_of_what_is_final() {
    let node = node(None);
    for (height, is_final) in [(39, true), (41, false)] {
        let output = node.run(&format!("final show {height} --json"));
        ended(&output, 0);
        let shown: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
        assert_eq!((shown["height"].as_u64(), shown["final"].as_bool()), (Some(height), Some(is_final)));
        assert_eq!(shown["certificate"]["height"].as_u64(), is_final.then_some(40));
        assert_eq!((shown["quorum"].as_u64(), shown["guilty"].as_u64()), (Some(3), Some(2)));
        assert_eq!(shown["members"], serde_json::json!(["ann", "bob", "carol", "dave"]));
    }
}

#[test]
fn the_tables_of_blocks_and_voters_fit_a_line_wherever_they_are_printed() {
    let node = node(None);
    for (line, parts) in [
        ("final", ["block 41 (0000c1aa0000…9e31)", "2026-11-20T00:00:00Z"]),
        ("blocks", ["0000c1aa0000…9e31", "2026-11-20T00:00:00Z"]),
    ] {
        let output = node.run(line);
        ended(&output, 0);
        for row in out(&output).lines() {
            assert!(row.chars().count() <= 80, "{}: {row}", row.chars().count());
        }
        for part in parts {
            assert!(out(&output).contains(part), "{part} in {}", out(&output));
        }
        let whole = out(&node.run(&format!("{line} --json")));
        assert!(whole.contains(HASH) && whole.contains("00.123Z"), "{whole}");
    }
}

#[test]
fn the_status_tells_how_soon_blocks_become_final_or_who_is_missing() {
    let shown = |status: FinalStatus| {
        let status = Status { finalized: status, ..super::status() };
        out(&Node::fixed(200, json(&status)).run("status"))
    };
    let soon = FinalStatus { behind: 1, after_ms: Some(640), ..final_status() };
    let said = shown(FinalStatus { since: Some("2990-11-20T00:00:00Z".into()), ..soon.clone() });
    assert!(said.contains("41 (1 behind), 0.6 s after it was made, 4 of 4 members"), "{said}");
    let all = shown(final_status());
    assert!(all.contains("41, all of the chain, 4 of 4 members"), "{all}");
    let turnout = Turnout { heard: 2, members: 3, needed: 3, missing: vec!["bob".into()] };
    let late = shown(FinalStatus { since: Some("2026-01-20T14:02:00.5Z".into()), turnout, ..soon });
    let why = "not final since 2026-01-20T14:02:00Z: 2 of 3 members heard, 3 needed: bob is missing";
    assert!(late.contains(&format!("41 (1 behind); {why}")), "{late}");
}

#[test]
fn a_final_balance_says_what_is_above_it() {
    let account = |balance: &str, confirmations| {
        let (address, balance) = ("x".into(), balance.into());
        (200, json(&Account { address, name: None, balance, nonce: 7, confirmations }))
    };
    let node = Node::new(move |line, _| match line {
        "GET /v1/status" => (200, json(&status())),
        line if line.ends_with("?final=true") => account("12.5", 4),
        _ => account("20", 1),
    });
    let output = node.run(&format!("balance {} --final", bob()));
    ended(&output, 0);
    assert_eq!(out(&output), "12.5 ACM\n");
    assert_eq!(err(&output), "At the tip, 3 blocks above the final one: 20 ACM, not final yet\n");
    ended(&node.run(&format!("balance {} --final --confirmations 2", bob())), 2);
}

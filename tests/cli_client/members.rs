//! Members and motions, against a node that tells who they are.

use bouya::admission::{Candidate, Request};
use bouya::wallet::Wallets;
use bouya_core::ledger::Action;
use bouya_core::testing::{governor, key, member};

use super::*;

const MOTION: &str = "5f0c21aa000000000000000000000000000000000000000000000000000000ff";

fn governor_of(n: u8) -> String {
    Address::of(&governor(n).public()).to_string()
}

/// Puts a request of `id` in the folder; m4's key asks as this member.
fn asks(node: &Node, id: &str, member: Option<ledger::Member>) {
    let proven = member.map(|member| ledger::MemberChange::prove(member, &key(4)));
    let candidate = proven.map(|change| match change {
        ledger::MemberChange::Add { member, proof } => Candidate { member, proof },
        _ => panic!("an add"),
    });
    let tls = mkca::KeyPair::generate().unwrap();
    let (text, _) = Request::write(&id.parse().unwrap(), &tls, None, candidate.as_ref()).unwrap();
    std::fs::write(node.home.path().join(format!("{id}.request")), text).unwrap();
}

/// m1, m2 and m3; all three are needed.
fn three() -> Members {
    let since = InForceSince { height: 0, hash: "ab".repeat(32), time: "2026-11-20T00:00:00Z".into() };
    let one = |n: u8| Member {
        id: format!("m{n}"),
        name: if n == 1 { "Notaires".into() } else { String::new() },
        key: key(n).public().to_string(),
        key_address: Address::of(&key(n).public()).to_string(),
        governor: governor_of(n),
        since: Some(since.clone()),
        sealed: None,
        vote: None,
        agent: (n < 3).then(|| format!("bouya/0.{n}.0\u{1b}")),
        certificate: (n < 3).then(|| CertificateStatus {
            not_after: "2027-11-20T00:00:00Z".into(),
            days_left: 20 - 20 * i64::from(n),
        }),
    };
    Members {
        since: since.clone(),
        finalized: true,
        needed: 3,
        members: (1..=3).map(one).collect(),
        former: vec!["old".into()],
        waiting: vec![],
        dropped: vec![],
        upgrades: vec![],
    }
}

/// m1 wants m3 to go; m2 says nothing yet.
fn motion(state: MotionState) -> Motion {
    let voice =
        |(n, yes): (u8, Option<bool>)| Voice { member: format!("m{n}"), address: Some(governor_of(n)), yes };
    let vote = MotionVote {
        mover: "m1".into(),
        reason: "\u{1b}[31mit left".into(),
        until: "2027-11-20T00:00:00Z".into(),
        needed: 3,
        yes: 1,
        no: 1,
        voices: [(1, Some(true)), (2, None), (3, Some(false))].map(voice).into(),
        candidate: None,
    };
    Motion {
        id: MOTION.into(),
        state,
        change: MemberChange::Remove { id: "m3".into() },
        at: Moment { height: 7, time: "2026-11-20T00:00:00Z".into(), transaction: "cd".repeat(32) },
        decided: (state != MotionState::Open).then(|| at(9)),
        applied: matches!(state, MotionState::Applied | MotionState::Dropped).then(|| at(11)),
        why: (state == MotionState::Dropped).then(|| "there is no member \"m3\"".into()),
        finalized: true,
        vote,
    }
}

fn at(height: u64) -> DecidedAt {
    DecidedAt { height, time: "2026-11-20T00:00:00.5Z".into(), transaction: None }
}

/// A node with these members and one motion. m`n`'s governor is the wallet m`n`, and has so many coins.
fn node(members: Members, found: Option<Motion>, balance: &'static str) -> Node {
    let node = Node::new(move |line, asked| match line {
        "GET /v1/status" => (200, json(&status())),
        "GET /v1/members" => (200, json(&members)),
        "POST /v1/transactions" => {
            let sent: ledger::Transaction = decode(&asked.last().unwrap().body, "transaction").unwrap();
            (202, json(&Submitted { id: sent.id().to_string(), known: false }))
        }
        line if line.starts_with("GET /v1/accounts/") => {
            let account = Account {
                address: "x".into(),
                name: None,
                balance: balance.into(),
                nonce: 7,
                confirmations: 0,
            };
            (200, json(&account))
        }
        "GET /v1/motions" | "GET /v1/motions?limit=100" | "GET /v1/motions?state=all" => {
            (200, json(&Page { items: found.iter().collect(), next: None }))
        }
        line if line.starts_with("GET /v1/motions/") => match &found {
            Some(found) => (200, json(found)),
            None => problem(404, "no motion"),
        },
        _ => (200, transaction("x", Some(42), 3)),
    });
    let wallets = Wallets::new(node.home.path().join("bouya/wallets"));
    for n in [1, 2, 9] {
        wallets.create(&format!("m{n}").parse().unwrap(), &governor(n), None).unwrap();
    }
    node
}

fn sent(node: &Node) -> ledger::Transaction {
    let posted = node.asked().into_iter().rfind(|asked| asked.line == "POST /v1/transactions");
    decode(&posted.expect("something was sent").body, "transaction").unwrap()
}

#[test]
fn what_waits_for_a_wallet_here_is_shown_and_all_is_listed() {
    let node = node(three(), Some(motion(MotionState::Open)), "0");
    let waits = node.run("vote");
    ended(&waits, 0);
    assert!(out(&waits).contains("remove m3") && out(&waits).contains("1 of 3"), "{}", out(&waits));
    assert!(
        err(&waits).contains("m2 has not said anything yet") && err(&waits).contains("5f0c21aa"),
        "{}",
        err(&waits)
    );
    std::fs::remove_file(node.home.path().join("bouya/wallets/m2.wallet")).unwrap();
    let nothing = node.run("vote");
    ended(&nothing, 0);
    assert!(out(&nothing).is_empty() && err(&nothing).contains("bouya vote list"), "{}", err(&nothing));
    assert!(out(&node.run("vote list")).contains("remove m3"));
    let shown = node.run("vote show 5f0c21aa");
    ended(&shown, 0);
    for part in ["1 yes of the 3", "m2", &governor_of(2), "it left"] {
        assert!(out(&shown).contains(part), "{part} in {}", out(&shown));
    }
    assert!(!out(&shown).contains('\x1b'));
    let listed = node.run("member list");
    ended(&listed, 0);
    assert!(out(&listed).contains("m3") && err(&listed).contains("3 of 3 must say yes"), "{}", err(&listed));
    assert!(err(&listed).contains("Former members: old"), "{}", err(&listed));
    for part in ["2026-11-20", "0.1.0", "0 days", "expired", "Notaires"] {
        assert!(out(&listed).contains(part), "{part} in {}", out(&listed));
    }
    assert!(!out(&listed).contains('\x1b'));
    assert!(out(&listed).lines().all(|line| line.chars().count() <= 80), "{}", out(&listed));
    let one = node.run("member show m3");
    ended(&one, 0);
    assert!(out(&one).contains("runs         -"), "{}", out(&one));
}

#[test]
fn what_was_decided_stays_known() {
    use MotionState::*;
    for (state, word, sentence) in [
        (Passed, "passed", "passed in block 9, which is final: in force once a block carries the proof"),
        (Applied, "in force", "in force: applied in block 11, which is final"),
        (Dropped, "fell away", "fell away in block 11, which is final: there is no member \"m3\""),
        (Rejected, "rejected", "rejected in block 9, which is final: 1 yes of the 3 it needs, 1 no"),
        (Expired, "expired", "expired: 1 yes of the 3 it needs, 1 no"),
        (Replaced, "gave way", "gave way to a newer motion in block 9, which is final: 1 yes"),
    ] {
        let node = node(three(), Some(motion(state)), "0");
        let listed = node.run("vote list --all");
        ended(&listed, 0);
        assert!(out(&listed).contains(word), "{word} in {}", out(&listed));
        let shown = node.run("vote show 5f0c21aa --wallets w");
        ended(&shown, 0);
        for part in [sentence, "SAID", "m3", "no"] {
            assert!(out(&shown).contains(part), "{part} in {}", out(&shown));
        }
        // Nothing waits for anybody then.
        assert_eq!(out(&node.run("vote")), "");
    }
}

#[test]
fn a_ballot_is_signed_once_by_who_has_a_voice_and_needs_no_coins() {
    let open = node(three(), Some(motion(MotionState::Open)), "0");
    let output = open.run("vote yes 5f0c21aa --from m2 --yes");
    ended(&output, 0);
    assert_eq!(out(&output).trim(), MOTION);
    let ballot = sent(&open);
    assert_eq!((ballot.fee, ballot.nonce), (0, 7));
    assert_eq!(ballot.action, Action::Ballot { motion: MOTION.parse().unwrap(), yes: true });
    // Who has coins pays like everybody.
    let rich = node(three(), Some(motion(MotionState::Open)), "100");
    ended(&rich.run("vote no 5f0c21aa --from m2 --yes"), 0);
    assert!(sent(&rich).fee > 0);

    for (line, code, why) in [
        ("vote yes 5f0c21aa --from m1 --yes", 1, "m1 has said yes already"),
        ("vote yes 5f0c21aa --from m9 --yes", 1, "has no voice"),
        ("vote no 5f0c21aa --from m2 --yes --wait", 2, "goes with a yes"),
        ("vote yes 5f0c21ab --from m2 --yes", 1, "not with 5f0c21ab"),
    ] {
        let output = open.run(line);
        ended(&output, code);
        assert!(err(&output).contains(why), "{why} in {}", err(&output));
    }
    let passed =
        node(three(), Some(motion(MotionState::Passed)), "0").run("vote yes 5f0c21aa --from m2 --yes");
    ended(&passed, 1);
    assert!(err(&passed).contains("not open: passed in block 9, which is final"), "{}", err(&passed));
}

#[test]
fn a_motion_says_who_has_to_say_yes_and_mistakes_come_before_it() {
    let node = node(three(), None, "0");
    let network = Hash(NETWORK);
    asks(&node, "m4", Some(member(4)));
    let output = node.run("member add m4.request --from m1 --yes");
    ended(&output, 0);
    let moved = sent(&node).check(&network).unwrap();
    assert_eq!(out(&output).trim(), moved.motion().unwrap().to_string());
    for part in
        ["3 of 3 members must say yes; m1 has", "m2 (bouya1", "m3 (bouya1", "m4 itself", "bouya vote yes"]
    {
        assert!(err(&output).contains(part), "{part} in {}", err(&output));
    }
    let remove = node.run("member governor m3 m9 --from m1 --yes");
    ended(&remove, 0);
    assert!(
        err(&remove).contains(&format!("m3 (through its member key: {}", Address::of(&key(3).public()))),
        "{}",
        err(&remove)
    );
    let own = node.run("member governor m1 m9 --from m1 --yes");
    ended(&own, 0);
    assert!(matches!(sent(&node).action.clone(), Action::Keys(keys) if keys.key.is_none()));
    asks(&node, "m3", Some(ledger::Member { id: "m3".parse().unwrap(), ..member(4) }));
    asks(&node, "dave", None);
    for (line, code, why) in [
        ("member add dave.request --from m1 --yes", 2, "dave asks to observe"),
        ("member add m3.request --from m1 --yes", 1, "m3 is a member with the same id"),
        ("member add m4 --from m1 --yes", 2, "cannot read m4"),
        ("member remove m8 --from m1 --yes", 1, "the members are: m1, m2, m3"),
        ("member remove m3 --from m9 --yes", 1, "no member's governor"),
    ] {
        let output = node.run(line);
        ended(&output, code);
        assert!(err(&output).contains(why), "{why} in {}", err(&output));
    }
}

#[test]
fn waiting_ends_when_it_is_in_force_or_says_who_is_missing() {
    let line = "vote yes 5f0c21aa --from m2 --yes --wait --timeout 1s";
    let silent = node(three(), Some(motion(MotionState::Open)), "0").run(line);
    ended(&silent, 1);
    assert!(
        err(&silent).contains(&format!("Nothing was heard from m2 ({})", governor_of(2))),
        "{}",
        err(&silent)
    );
    let mut two = three();
    two.members.truncate(2);
    let there = node(two.clone(), Some(motion(MotionState::Open)), "0").run(line);
    ended(&there, 0);
    // Not before it is final.
    two.finalized = false;
    let early = node(two, Some(motion(MotionState::Open)), "0").run(line);
    ended(&early, 1);
    assert!(err(&early).contains("not final yet"), "{}", err(&early));
    let mut fell = three();
    fell.dropped = vec![Dropped { motion: Some("x".into()), why: "x".into() }];
    let moved = node(fell, None, "0").run("member remove m3 --from m1 --yes --wait --timeout 60s");
    ended(&moved, 1);
    assert!(err(&moved).contains("it counts for nothing"), "{}", err(&moved));
    let rejected = node(three(), Some(motion(MotionState::Rejected)), "0")
        .run("member remove m3 --from m1 --yes --wait --timeout 60s");
    ended(&rejected, 1);
    assert!(err(&rejected).contains("rejected in block 9, which is final: 1 yes"), "{}", err(&rejected));
}

#[test]
fn a_new_key_is_made_beside_the_old_one_and_proven() {
    let node = node(three(), None, "0");
    let output = node.run("member rotate --from m1 --dir certs --yes");
    ended(&output, 0);
    let certs = node.home.path().join("certs");
    assert!(certs.join("m1.next.member").exists() && certs.join("m1.next.votes").exists());
    let keys = sent(&node).check(&Hash(NETWORK)).unwrap();
    assert!(matches!(&keys.action, Action::Keys(keys) if keys.key.is_some() && keys.governor.is_none()));
    for part in [
        "Leave the node running",
        "mv certs/m1.next.member certs/m1.member",
        "mv certs/m1.next.votes certs/m1.votes",
    ] {
        assert!(err(&output).contains(part), "{part} in {}", err(&output));
    }
}

#[test]
fn keys_that_changed_today_do_not_change_again_and_the_command_says_so() {
    let unpaid = Node::new(|line, _| match line {
        "GET /v1/status" => (200, json(&status())),
        "GET /v1/members" => (200, json(&three())),
        "POST /v1/transactions" => {
            let low = Problem {
                r#type: "urn:bouya:low-fee".into(),
                title: "Low".into(),
                status: 422,
                detail: "the fee is 0".into(),
                values: Default::default(),
            };
            (422, json(&low))
        }
        _ => (
            200,
            json(&Account {
                address: "x".into(),
                name: None,
                balance: "0".into(),
                nonce: 7,
                confirmations: 0,
            }),
        ),
    });
    let wallets = Wallets::new(unpaid.home.path().join("bouya/wallets"));
    wallets.create(&"m1".parse().unwrap(), &governor(1), None).unwrap();
    let paid = node(three(), None, "100");
    for (node, line) in [
        (&unpaid, "member rotate --from m1 --yes"),
        (&paid, "member rotate --from m1 --yes --wait --timeout 60s"),
    ] {
        let output = node.run(line);
        ended(&output, 1);
        assert!(err(&output).contains("once in 24 hours at most"), "{}", err(&output));
    }
}

#[test]
fn the_sets_of_members_are_listed_with_what_changed() {
    let since =
        |height: u64| InForceSince { height, hash: "ab".repeat(32), time: "2026-11-20T00:00:00.123Z".into() };
    let name = |id: &str, name: &str| MemberName { id: id.into(), name: name.into() };
    let newest = MemberSet {
        since: since(1_200_000),
        finalized: false,
        count: 3,
        needed: 3,
        by: Some(BroughtBy { height: 1_199_990, hash: "cd".repeat(32), signers: vec!["m1".into()] }),
        overrides: None,
        motions: vec![MOTION.into()],
        came: vec![name("m4", "\u{1b}[31mLyon\u{202e}")],
        went: vec![name("m3", "")],
        changed: vec![MemberChanged {
            id: "m2".into(),
            name: String::new(),
            key: Some("k".into()),
            governor: None,
        }],
        proven: None,
    };
    let first = MemberSet {
        since: since(0),
        finalized: true,
        by: None,
        overrides: None,
        motions: vec![],
        came: vec![name("m1", "")],
        went: vec![],
        changed: vec![],
        proven: Some(1_200_000),
        ..newest.clone()
    };
    let page = Page { items: vec![newest, first], next: Some("7".into()) };
    let node = Node::fixed(200, json(&page));
    let listed = node.run("member history --limit 2");
    ended(&listed, 0);
    for part in ["1199990", "+ m4", "Lyon", "- m3", "m2: new key", "not final yet", "+ m1", "motion 5f0c21aa"]
    {
        assert!(out(&listed).contains(part), "{part} in {}", out(&listed));
    }
    assert!(!out(&listed).contains(['\x1b', '\u{202e}']));
    assert!(out(&listed).lines().all(|line| line.chars().count() <= 80), "{}", out(&listed));
    assert!(err(&listed).contains("bouya member history --limit 2 --from 7"), "{}", err(&listed));
    assert_eq!(node.asked().last().unwrap().line, "GET /v1/members/history?limit=2");
}

#[test]
fn the_proof_of_a_set_is_looked_at_before_it_is_kept() {
    let node = Node::fixed(200, "{}".into());
    let bad = node.run("member proof 12 --out set.final");
    ended(&bad, 1);
    assert!(err(&bad).contains("the node gave a wrong proof"), "{}", err(&bad));
    assert!(!node.home.path().join("set.final").exists());
    let none = Node::fixed(404, problem(404, "nothing is final above it").1).run("member proof 12");
    ended(&none, 1);
    assert!(err(&none).contains("nothing is final above it"), "{}", err(&none));
}

/// Where this node's API is to be, another network's may answer: a governor signs nothing for it.
#[test]
fn who_accepts_says_nothing_to_another_networks_node() {
    let node = node(three(), Some(motion(MotionState::Open)), "100");
    let at = node.url.trim_start_matches("http://");
    for line in [
        "found acme --id alice --advertise 10.0.0.5:7000 --no-passphrase --dir a".to_owned(),
        "ask bob --no-passphrase --dir b".to_owned(),
        "admit b/bob.request --sign-only --bootstrap alice@10.0.0.5:7000 --yes --dir a".to_owned(),
    ] {
        ended(&node.run(&line), 0);
    }
    let accepted = node.run(&format!("accept a/bob.invite --yes --timeout 1s --dir b --api {at}"));
    ended(&accepted, 0);
    assert!(err(&accepted).contains("Next: bouya run, and beside it"), "{}", err(&accepted));
    let asked: Vec<_> = node.asked().into_iter().map(|one| one.line).collect();
    assert_eq!(asked, ["GET /v1/status"], "it was only asked who it is");
}

//! Values at their limits in every table.

use super::*;

/// Turns the writing's direction and hides what follows; a node passes it on as the ledger holds it.
const TURNED: &str = "\u{202e}fdp.\u{2066}x\u{200f}\u{200b}\u{1b}[31m";
const BEYOND: &str = "18446744073709551615 ms";

fn hash() -> String {
    "ff".repeat(32)
}

fn page<T: Serialize>(item: T) -> String {
    json(&Page { items: vec![item], next: None })
}

fn sent(action: Action) -> Transaction {
    Transaction {
        id: hash(),
        status: TransactionStatus::Confirmed,
        height: Some(u64::MAX),
        time: Some(format!("{} ms", u64::MAX)),
        block: Some(hash()),
        confirmations: u64::MAX,
        finalized: true,
        sender: "bouya1x".into(),
        sender_name: None,
        nonce: u64::MAX,
        fee: u64::MAX.to_string(),
        valid_until: u64::MAX,
        size: usize::MAX,
        action,
        outcome: None,
    }
}

fn proposal() -> Action {
    Action::Propose {
        agreement: hash(),
        title: TURNED.repeat(10),
        document: hash(),
        parties: vec!["bouya1x".into(); 16],
        deadline: BEYOND.into(),
    }
}

fn moment() -> Moment {
    Moment { height: u64::MAX, time: BEYOND.into(), transaction: hash() }
}

fn agreement() -> Agreement {
    Agreement {
        id: hash(),
        title: TURNED.into(),
        document: hash(),
        proposer: "bouya1x".into(),
        proposer_name: None,
        deadline: BEYOND.into(),
        status: AgreementStatus::Withdrawn,
        settled: false,
        confirmations: u64::MAX,
        finalized: true,
        proposed: moment(),
        decided: Some(moment()),
        parties: vec![Party {
            address: TURNED.into(),
            name: name(),
            answer: None,
            at: Some(moment()),
            late: true,
        }],
        withdrawal: Some(moment()),
    }
}

fn block() -> Block {
    Block {
        height: u64::MAX,
        hash: hash(),
        parent: hash(),
        time: BEYOND.into(),
        difficulty: u64::MAX,
        work: u128::MAX.to_string(),
        miner: MinerOf { key: hash(), id: Some(TURNED.into()), name: Some(TURNED.into()) },
        reward: Reward { to: "bouya1x".into(), name: None, amount: u64::MAX.to_string() },
        body_root: hash(),
        history: hash(),
        nonce: u64::MAX,
        size: usize::MAX,
        confirmations: u64::MAX,
        finalized: true,
        transactions: vec![sent(proposal())],
    }
}

fn name() -> Option<AddressName> {
    Some(AddressName { role: AddressRole::Governor, member: TURNED.into(), name: TURNED.into() })
}

fn content() -> Content {
    Content { hash: hash(), data: None, text: Some(TURNED.into()), name: Some(TURNED.into()) }
}

fn answers(line: &str) -> String {
    let path = line.strip_prefix("GET /v1/").unwrap();
    let path = path.split('?').next().unwrap();
    match path.split('/').collect::<Vec<_>>()[..] {
        ["status"] => {
            let mut status = status();
            status.network.min_fee_per_byte = u64::MAX;
            status.tip.height = u64::MAX;
            status.tip.time = BEYOND.into();
            status.certificate = CertificateStatus { not_after: BEYOND.into(), days_left: i64::MAX };
            status.clock.offset_ms = Some(i64::MIN);
            json(&status)
        }
        ["transactions"] => page(sent(Action::Record { topic: TURNED.into(), content: content() })),
        ["transactions", _] => json(&sent(proposal())),
        ["blocks"] => {
            let Block { height, hash, time, difficulty, miner, size, finalized, .. } = block();
            let transactions = usize::MAX;
            page(BlockSummary { height, hash, time, difficulty, miner, transactions, size, finalized })
        }
        ["blocks", _] => json(&block()),
        ["agreements"] => page(agreement()),
        ["agreements", _] => json(&agreement()),
        ["records"] => page(Record {
            transaction: hash(),
            height: u64::MAX,
            time: BEYOND.into(),
            confirmations: u64::MAX,
            finalized: true,
            sender: TURNED.into(),
            sender_name: name(),
            topic: TURNED.into(),
            content: content(),
        }),
        ["accounts", _, "transactions"] => page(Movement {
            height: u64::MAX,
            time: BEYOND.into(),
            direction: MovementDirection::Own,
            amount: u64::MAX.to_string(),
            fee: u64::MAX.to_string(),
            transaction: None,
            counterparties: vec![TURNED.into(); 256],
            memo: TURNED.into(),
            action: MovementAction::Withdraw,
        }),
        ["accounts", _] => json(&Account {
            address: "bouya1x".into(),
            name: None,
            balance: u64::MAX.to_string(),
            nonce: u64::MAX,
            confirmations: u64::MAX,
        }),
        ["peers"] => page(Peer {
            id: TURNED.into(),
            host: TURNED.into(),
            port: u16::MAX,
            status: PeerStatus::Banned,
            direction: None,
            since: Some(BEYOND.into()),
            rtt_ms: Some(u64::MAX),
            height: Some(u64::MAX),
            why: Some(TURNED.into()),
            until: Some(BEYOND.into()),
            agent: Some(TURNED.into()),
            certificate: Some(CertificateStatus { not_after: BEYOND.into(), days_left: i64::MIN }),
        }),
        ["blacklist"] => page(BlacklistEntry {
            id: TURNED.into(),
            source: BlacklistSource::Ban,
            why: Some(TURNED.into()),
            until: Some(BEYOND.into()),
        }),
        _ => panic!("{line}"),
    }
}

#[test]
fn every_table_shows_values_at_their_limits_and_nothing_that_turns_the_writing() {
    let node = Node::new(|line, _| (200, answers(line)));
    let (hash, bob) = (hash(), bob());
    for (line, part) in [
        ("status", u64::MAX.to_string()),
        (&format!("tx {hash}"), BEYOND.to_owned()),
        ("mempool", "record: ".to_owned()),
        ("blocks", BEYOND.to_owned()),
        ("block show latest", u128::MAX.to_string()),
        ("agree list", BEYOND.to_owned()),
        (&format!("agree show {hash}"), BEYOND.to_owned()),
        ("record list", BEYOND.to_owned()),
        (&format!("record find --hash {hash}"), BEYOND.to_owned()),
        (&format!("history {bob}"), u64::MAX.to_string()),
        (&format!("balance {bob}"), u64::MAX.to_string()),
        ("peers", u64::MAX.to_string()),
        ("blacklist list", BEYOND.to_owned()),
    ] {
        let output = node.run(line);
        ended(&output, 0);
        let shown = out(&output);
        assert!(shown.contains(&part), "{line}: {shown}");
        let all = shown + &err(&output);
        let bad = |c: char| TURNED.contains(c) && !c.is_ascii_graphic();
        assert!(!all.contains(bad), "{line}: {all:?}");
        let programs = node.run(&format!("{line} --json"));
        ended(&programs, 0);
    }
}

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::iter::once;

use super::*;
use crate::crypto::Hash;
use crate::ledger::{Branch, Checkpoint, InForce, World};
use crate::testing::{genesis, key};

/// What a gate is asked about.
#[derive(Clone)]
struct Case {
    head: Head,
    outlook: Outlook,
    certificate: Certificate,
    voter: VoterStatus,
    now: Timestamp,
}

impl Case {
    /// Everything is fine.
    fn fine() -> Self {
        let branch = Branch { height: 7, ..genesis().branch() };
        let (time, day) = (branch.time.0, 86_400_000);
        let certificate = Certificate {
            not_before: Timestamp(time - day),
            not_after: Timestamp(time + 10 * day),
            revoked: false,
        };
        let head = Head { branch, ..Head::read(&World::new(&genesis()), &genesis().branch()).unwrap() };
        Self {
            head,
            outlook: Outlook::fine(),
            certificate,
            voter: VoterStatus::default(),
            now: Timestamp(time),
        }
    }

    fn but(change: impl FnOnce(&mut Self)) -> Self {
        let mut case = Self::fine();
        change(&mut case);
        case
    }

    fn seen(&self) -> Seen<'_> {
        let Self { head, outlook, certificate, voter, now } = self;
        Seen { head, outlook, certificate, voter, now: *now }
    }
}

fn removal(height: u64) -> Removal {
    Removal { height, by_override: false }
}

/// Bob of three is missing.
fn two_of_three() -> Turnout {
    Turnout { heard: 2, count: 3, quorum: 3, missing: vec!["bob".to_owned()] }
}

/// The first block that is not final is that old.
fn stall(case: &mut Case, for_ms: u64) {
    case.head.unfinal_since = Some(Timestamp(case.now.0 - for_ms));
    case.voter.turnout = two_of_three();
}

/// The gates of a member that mines, of a key that is not listed, and of the same one on a node that is not to mine.
fn gates() -> [Gate; 3] {
    // Key 1 is a member's, and key 99 is nobody's.
    [(1, true), (99, true), (99, false)].map(|(n, mines)| Gate::new(&genesis(), &key(n).public(), mines))
}

/// How it comes about, the state, whether it stops mining, whether the node is ready.
type Condition = (fn(&mut Case), State, bool, bool);

/// Each condition alone, the gravest first.
fn conditions() -> Vec<Condition> {
    let syncing = State::Syncing { height: 1, target: 9 };
    let tip_ahead = State::TipAhead { height: 7, ahead_ms: 86_400_000 };
    vec![
        (|case| case.voter.removed = Some(removal(7)), State::Removed(removal(7)), true, false),
        (|case| case.certificate.revoked = true, State::CertificateRevoked, true, false),
        (
            |case| case.certificate.not_after.0 = case.now.0 - 1,
            State::CertificateExpired { ago_ms: 1 },
            true,
            false,
        ),
        (
            |case| case.certificate.not_before.0 = case.now.0 + 5,
            State::CertificateNotYetValid { in_ms: 5 },
            true,
            false,
        ),
        (|case| case.voter.alarm = Some(Alarm::OtherHistory), State::TwoHistories, true, false),
        (
            |case| (case.voter.alarm, case.voter.refuses) = (Some(Alarm::OtherHistory), Some(8)),
            State::RefusesFinal { height: 8 },
            true,
            false,
        ),
        (|case| case.head.disk_full = true, State::DiskFull, true, false),
        (
            |case| {
                let roster = case.head.branch.members.roster().clone();
                let members = Arc::new(InForce::new(Hash::ZERO, roster.with_version(4, 1)));
                case.head.branch.members = members;
            },
            State::Outdated { version: 4, known: 3 },
            true,
            false,
        ),
        (
            |case| case.outlook.clock_offset_ms = Some(-5_001),
            State::ClockOff { behind_ms: -5_001, peers: 3 },
            true,
            false,
        ),
        (|case| case.head.branch.time.0 = case.now.0 + 86_400_000, tip_ahead, true, false),
        // One peer's clock alone does not stop it.
        (
            |case| (case.outlook.clock_offset_ms, case.outlook.connected) = (Some(5_001), 1),
            State::ClockOff { behind_ms: 5_001, peers: 1 },
            false,
            false,
        ),
        (|case| case.outlook.starting = true, State::Starting, true, false),
        (|case| case.outlook.sync = SyncStatus::Syncing { height: 1, target: 9 }, syncing, true, false),
        (
            |case| (case.outlook.sync, case.outlook.refused) = (SyncStatus::Alone, 1),
            State::Alone { known: 3, refused: 1 },
            false,
            false,
        ),
        (|case| case.voter.alarm = Some(Alarm::Twin), State::Silent(Alarm::Twin), false, false),
        (|case| case.voter.unwritten = true, State::Unwritten, false, false),
        (
            |case| stall(case, STALLED_MS),
            State::Stalled { for_ms: STALLED_MS, turnout: two_of_three() },
            false,
            true,
        ),
        (
            |case| case.head.held = Some(Timestamp(case.now.0 + 60_000)),
            State::Held { ahead_ms: 60_000 },
            false,
            true,
        ),
    ]
}

#[test]
fn each_condition_is_named_and_says_whether_the_node_mines_and_is_ready() {
    let [member, ..] = gates();
    let fine = Case::fine();
    assert_eq!((member.state(fine.seen()), member.obstacle(fine.seen())), (State::Ready, None));
    for (make, state, stops, ready) in conditions() {
        let case = Case::but(make);
        assert_eq!(member.state(case.seen()), state.clone());
        assert_eq!((state.is_ready(), state.stops_mining()), (ready, stops), "{state}");
        assert_eq!(member.obstacle(case.seen()), stops.then_some(state));
    }
}

#[test]
fn of_two_conditions_the_graver_one_is_named() {
    let [member, ..] = gates();
    let all = conditions();
    for (at, (worse, state, ..)) in all.iter().enumerate() {
        for (lighter, other, ..) in &all[at + 1..] {
            let mut case = Case::but(lighter);
            worse(&mut case);
            // The same field cannot be in two states.
            if matches!(
                (state, other),
                (State::Syncing { .. }, State::Alone { .. })
                    | (State::TwoHistories | State::RefusesFinal { .. }, State::Silent(_))
                    | (State::TwoHistories, State::RefusesFinal { .. })
                    | (State::ClockOff { .. }, State::ClockOff { .. })
            ) {
                continue;
            }
            assert_eq!(member.state(case.seen()), *state, "rather than: {other}");
        }
    }
}

#[test]
fn a_key_that_is_not_listed_never_mines_and_is_a_fault_only_of_a_node_that_is_to_mine() {
    let [_, miner, verifier] = gates();
    let fine = Case::fine();
    assert_eq!(miner.state(fine.seen()), State::NotListed);
    assert!(!State::NotListed.is_ready());
    assert_eq!(verifier.state(fine.seen()), State::Ready);
    for gate in [miner, verifier] {
        assert_eq!(gate.obstacle(fine.seen()), Some(State::NotListed));
    }
    // Where the node stands in the network is the graver news.
    let alone = Case::but(|case| case.outlook.sync = SyncStatus::Alone);
    assert_eq!(miner.state(alone.seen()), State::Alone { known: 3, refused: 0 });
    assert_eq!(miner.obstacle(alone.seen()), Some(State::NotListed));
    // But that it knows nobody hides no fault.
    let first = Case::but(|case| (case.outlook.sync, case.outlook.known) = (SyncStatus::Alone, 0));
    assert_eq!(miner.state(first.seen()), State::NotListed);
}

#[test]
fn a_node_that_knows_nobody_is_alone_by_intention() {
    let [member, ..] = gates();
    let case = Case::but(|case| (case.outlook.sync, case.outlook.known) = (SyncStatus::Alone, 0));
    let state = member.state(case.seen());
    assert_eq!((state.is_ready(), state), (true, State::Alone { known: 0, refused: 0 }));
    assert_eq!(member.obstacle(case.seen()), None);
}

#[test]
fn a_tip_ahead_of_the_clock_stops_mining_exactly_while_a_block_on_it_would_be_held() {
    let [member, ..] = gates();
    let ahead = genesis().rules.schedule.ahead_ms();
    for (by, stops) in [(0, false), (ahead - 1, false), (ahead, true)] {
        let mut case = Case::fine();
        case.head.branch.time.0 += by;
        // A block is at least one millisecond later than its parent, and is held if it is more than `ahead` ahead.
        assert_eq!(case.head.branch.time.0 + 1 > case.now.0 + ahead, stops, "{by}");
        assert_eq!(member.obstacle(case.seen()).is_some(), stops, "{by}");
    }
}

#[test]
fn every_reason_holds_its_value_and_every_fault_has_a_next_step() {
    let alone = |known, refused| State::Alone { known, refused };
    let words = |state: State| [state.to_string(), state.next_step().unwrap_or_default().into()].join("; ");
    for (state, parts) in [
        (State::ClockOff { behind_ms: 9_000, peers: 1 }, ["9 s behind its only connected peer's", "NTP"]),
        (State::ClockOff { behind_ms: -7_300_000, peers: 2 }, ["2 h ahead of its peers'", "NTP"]),
        (State::TipAhead { height: 0, ahead_ms: 900_000 }, ["genesis block is dated 15 min", "network.toml"]),
        (State::TipAhead { height: 2, ahead_ms: 172_800_000 }, ["newest block, 2, is dated 2 days", "miner"]),
        (State::Held { ahead_ms: 61_000 }, ["dated 61 s ahead", "clock"]),
        (alone(3, 0), ["none of the 3 known peers", "bouya peers"]),
        (alone(3, 2), ["with 2 of them one side refuses the other", "override"]),
        (alone(0, 0), ["knows no peers", "p2p.bootstrap"]),
        (State::Syncing { height: 2, target: 8 }, ["block 2 of 8", ""]),
        (State::CertificateExpired { ago_ms: 86_400_000 }, ["expired 24 h ago", "mkca renew"]),
        (State::CertificateNotYetValid { in_ms: 7_200_000 }, ["another 2 h", "NTP"]),
        (State::DiskFull, ["disk is nearly full", "make room"]),
        (
            State::Outdated { version: 4, known: 2 },
            ["has version 4, and this program knows 2", "newer bouya"],
        ),
        (State::Removed(removal(40)), ["by vote at height 40", "bouya admit"]),
        (
            State::Removed(Removal { by_override: true, ..removal(40) }),
            ["by an override at height 40", "bouya admit"],
        ),
        (State::NotListed, ["no member's", "miner.enabled"]),
        (
            State::Stalled { for_ms: 720_000, turnout: two_of_three() },
            ["last 12 min are not final", "missing members"],
        ),
        (
            State::Stalled { for_ms: 720_000, turnout: two_of_three() },
            ["2 of 3 members heard, 3 needed: bob is missing", "bouya final"],
        ),
    ] {
        let words: String = words(state);
        assert!(parts.iter().all(|part| words.contains(part)), "{parts:?}: {words}");
    }
    let all = conditions().into_iter().map(|(_, state, ..)| state).chain(once(State::NotListed));
    for state in all.filter(|state| !state.is_ready() && !state.passes()) {
        assert!(state.next_step().is_some(), "{state}");
    }
}

#[test]
fn blocks_that_are_not_final_for_ten_minutes_are_an_alarm_and_hinder_nobody() {
    let [member, ..] = gates();
    for (for_ms, stalled) in [(0, false), (STALLED_MS - 1, false), (STALLED_MS, true), (86_400_000, true)] {
        let case = Case::but(|case| stall(case, for_ms));
        let state = member.state(case.seen());
        assert_eq!(state == State::Stalled { for_ms, turnout: two_of_three() }, stalled, "{for_ms}");
        assert!(state.is_ready() && member.obstacle(case.seen()).is_none());
    }
    // All of the chain is final, however old it is.
    let all = Case::but(|case| (stall(case, STALLED_MS), case.head.unfinal_since = None).0);
    assert_eq!(member.state(all.seen()), State::Ready);
    // Of a node that only knows of nobody, it is the news.
    let first = Case::but(|case| {
        stall(case, STALLED_MS);
        (case.outlook.sync, case.outlook.known) = (SyncStatus::Alone, 0);
    });
    assert!(matches!(member.state(first.seen()), State::Stalled { .. }));
}

#[test]
fn a_final_block_that_is_not_on_the_chain_keeps_it_from_mining_and_voting() {
    let [member, ..] = gates();
    let goal = Checkpoint { epoch: 2, height: 9, block: crate::crypto::Hash([9; 32]) };
    let case = Case::but(|case| case.head.goal = Some(goal));
    let state = State::Syncing { height: 7, target: 9 };
    assert_eq!((member.state(case.seen()), member.obstacle(case.seen())), (state.clone(), Some(state)));
    assert!(Gate::standing(&case.head, &case.outlook).syncing);
    let fine = Case::fine();
    assert_eq!(Gate::standing(&fine.head, &fine.outlook), Standing::default());
    let behind = Case::but(|case| case.head.behind = true);
    assert_eq!(
        Gate::standing(&behind.head, &behind.outlook),
        Standing { behind: true, ..Standing::default() }
    );
    for syncing in [
        Case::but(|case| case.head.disk_full = true),
        Case::but(|case| case.outlook.sync = SyncStatus::Syncing { height: 1, target: 9 }),
    ] {
        assert!(Gate::standing(&syncing.head, &syncing.outlook).syncing);
    }
}

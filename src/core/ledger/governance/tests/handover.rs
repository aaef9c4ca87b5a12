//! What passed comes into force, in order, or falls away.

use super::town::{add, give_governor, governor_of, id, remove};
use super::*;
use crate::id::NodeId;
use crate::ledger::RosterError;
use crate::limits::{UPGRADE_NOTICE, UPGRADES};

fn upgrade(version: u32, height: u64) -> MemberChange {
    MemberChange::Upgrade(Upgrade { version, height })
}

/// Why the changes of the last handover fell away, if they did.
fn outcomes(town: &Town) -> Vec<Option<Dropped>> {
    let handed = last_handover(&town.world).unwrap().unwrap();
    assert_eq!(handed.after, town.roster());
    handed.outcomes.into_iter().map(|(_, outcome)| outcome.err()).collect()
}

fn former(town: &Town) -> Vec<NodeId> {
    former_members(&town.world).unwrap()
}

fn upgrades(town: &Town) -> Vec<Upgrade> {
    super::upgrades(&town.world).unwrap()
}

#[test]
fn members_come_change_and_go() {
    let mut town = Town::of(3);
    town.decide(&[1, 2, 3, 4], add(4));
    assert_eq!(town.apply_all(), [1, 2, 3, 4].map(id));
    town.decide(&[1, 2, 4], remove(3));
    town.keys_by(&governor(1), 1, Some(&key(7)), Some(governor_of(8)));
    assert_eq!(town.apply_all(), [1, 2, 4].map(id));
    assert_eq!(former(&town), [id(3)]);
    let first = town.member(1);
    assert_eq!((first.key, first.governor), (key(7).public(), governor_of(8)));
    assert_eq!(outcomes(&town), [None, None]);
    // Whoever is no member any more has no say, and whoever comes back is no former member.
    let by_old = town.moves(3, remove(1));
    assert!(!town.is_open(&by_old));
    town.decide(&[8, 2, 4, 3], add(3));
    assert_eq!(town.apply_all(), [1, 2, 3, 4].map(id));
    assert_eq!(former(&town), []);
}

#[test]
fn a_handover_covers_what_had_passed_at_its_target_and_nothing_else() {
    let mut town = Town::of(4);
    assert_eq!(town.hand_over(town.height), None, "there is nothing");
    town.decide(&[1, 2, 3], remove(4));
    let first = town.height;
    town.keys_by(&governor(2), 2, None, Some(governor_of(8)));
    assert_eq!(town.hand_over(first - 1), None, "nothing had passed there");
    let rows = town.world.rows().clone();
    town.hand_over(first - 1);
    assert_eq!(town.world.rows(), &rows);
    let after = town.hand_over(first).unwrap();
    assert_eq!(after.members().len(), 3);
    assert_eq!(town.member(2).governor, governor_of(2));
    assert_eq!(town.passed().len(), 1, "it waits for the next one");
    town.apply_all();
    assert_eq!(town.member(2).governor, governor_of(8));
    assert_eq!(town.passed(), []);
}

#[test]
fn what_fell_away_above_the_target_is_applied() {
    for late in [false, true] {
        let mut town = Town::of(4);
        town.keys_by(&governor(4), 4, Some(&key(9)), Some(governor_of(9)));
        let keys = town.height;
        town.decide(&[1, 2, 3], give_governor(4, governor_of(8)));
        let target = if late { town.height } else { keys };
        town.hand_over(target).unwrap();
        let now = town.member(4);
        let own = if late { (key(4).public(), governor_of(8)) } else { (key(9).public(), governor_of(9)) };
        assert_eq!((now.key, now.governor), own);
        // The thief's new governor is as mute as the old one, until the owner's is in force.
        let moved = town.moves(9, remove(1));
        assert!(!town.is_open(&moved));
        town.apply_all();
        assert_eq!(town.member(4).governor, governor_of(8));
        assert_eq!(town.passed(), []);
        let moved = town.moves(8, remove(1));
        assert!(town.is_open(&moved));
    }
}

#[test]
fn the_order_is_that_in_which_they_passed() {
    // The governor is free only once its owner has left: one order applies both.
    for leaves_first in [true, false] {
        let mut town = Town::of(4);
        let changes = [remove(4), give_governor(3, governor_of(4))];
        let open = changes.map(|change| town.moves(1, change));
        town.say(4, open[0], true);
        town.cast_by(&key(3), open[1], true);
        town.say(2, open[usize::from(!leaves_first)], true);
        town.say(2, open[usize::from(leaves_first)], true);
        assert_eq!(town.changes().len(), 2);
        town.apply_all();
        let dropped = outcomes(&town).into_iter().flatten().count();
        assert_eq!(dropped, usize::from(!leaves_first));
        assert_eq!(town.ids(), [1, 2, 3].map(id));
    }
}

#[test]
fn each_reason_for_which_a_change_falls_away() {
    let twice = |n| Some(Dropped::Roster(RosterError::Twice(id(n))));
    let taken = |member: Member, n| MemberChange::prove(member, &key(n));
    let cases: [(MemberChange, &[u8], Option<Dropped>); 9] = [
        (remove(9), &[1, 2, 3], Some(Dropped::NoMember(id(9)))),
        (give_governor(9, governor_of(8)), &[1, 2, 3], Some(Dropped::NoMember(id(9)))),
        (give_governor(2, governor_of(1)), &[1, 3, 4], twice(2)),
        (give_governor(2, address(1)), &[1, 3, 4], twice(2)),
        (give_governor(2, address(2)), &[1, 3, 4], twice(2)),
        // A candidate under another's id, with another's key, or with another's governor, who says yes to it.
        (taken(Member { id: id(1), ..member(5) }, 5), &[1, 2, 3, 5], twice(1)),
        (taken(Member { key: key(1).public(), ..member(5) }, 1), &[1, 2, 3, 5], twice(5)),
        (taken(Member { governor: governor_of(1), ..member(5) }, 5), &[1, 2, 3], twice(5)),
        (upgrade(3, 1_003), &[1, 2, 3], Some(Dropped::Soon(1_003))),
    ];
    for (change, by, expected) in cases {
        let mut town = Town::of(4);
        town.decide(by, change.clone());
        assert_eq!(town.changes(), core::slice::from_ref(&change));
        let before = town.roster();
        town.apply_all();
        assert_eq!(outcomes(&town).len(), 1);
        match &expected {
            // Which of the two is named depends on the order of keys.
            Some(Dropped::Roster(RosterError::Twice(_))) => {
                assert!(
                    matches!(outcomes(&town)[0], Some(Dropped::Roster(RosterError::Twice(_)))),
                    "{change:?}"
                );
            }
            _ => assert_eq!(outcomes(&town), [expected], "{change:?}"),
        }
        assert_eq!(town.roster().members(), before.members(), "only the base is new");
        assert_ne!(town.roster().base(), before.base());
        assert_eq!((town.passed(), upgrades(&town)), (Vec::new(), Vec::new()));
    }
}

#[test]
fn the_set_is_never_empty_and_never_too_large() {
    let mut town = Town::of(1);
    town.decide(&[1], remove(1));
    assert_eq!(town.apply_all(), [id(1)]);
    assert_eq!(outcomes(&town), [Some(Dropped::Roster(RosterError::Empty))]);
    // It is not mute any more.
    town.decide(&[1, 2], add(2));
    assert_eq!(town.apply_all(), [1, 2].map(id));
    // Two who remove each other in one handover: the second stays.
    town.decide(&[1, 2], remove(1));
    town.decide(&[2, 1], remove(2));
    assert_eq!(town.passed().len(), 1, "the first is mute, so the second waits for the new count");
    assert_eq!(town.apply_all(), [id(2)]);
    let mut town = Town::with((1..=127).map(member));
    for new in [1, 2] {
        let seed = |last| SecretKey::from_seed(&core::array::from_fn(|at| if at == 0 { last } else { new }));
        let (own, speaks) = (seed(201), seed(202));
        let named = alloc::format!("new{new}").parse().unwrap();
        let member =
            Member { id: named, key: own.public(), governor: Address::of(&speaks.public()), ..member(1) };
        let motion = town.moves(1, MemberChange::prove(member, &own));
        town.cast_by(&speaks, motion, true);
        for n in 2..=85 {
            town.say(n, motion, true);
        }
        assert_eq!(town.motion(&motion), None);
    }
    assert_eq!(town.apply_all().len(), 128);
    assert_eq!(outcomes(&town), [None, Some(Dropped::Roster(RosterError::TooMany(129)))]);
}

#[test]
fn upgrades_are_kept_with_notice() {
    let mut town = Town::of(1);
    // It is moved one block before the handover.
    let soonest = town.height + 2 + UPGRADE_NOTICE;
    town.decide(&[1], upgrade(3, soonest));
    town.apply_all();
    assert_eq!(upgrades(&town), [Upgrade { version: 3, height: soonest }]);
    for version in 4..40 {
        town.decide(&[1], upgrade(version, 9_999));
        town.apply_all();
    }
    assert_eq!(upgrades(&town).len(), UPGRADES);
    assert_eq!(upgrades(&town)[UPGRADES - 1].version, 2 + UPGRADES as u32, "what has no place falls away");
    let last = outcomes(&town);
    assert!(matches!(last[..], [Some(Dropped::Version { version: 39, .. })]), "{last:?}");
}

#[test]
fn a_new_set_counts_what_was_said() {
    // Three of four say yes to one motion, and the candidate of another has said yes to it before it is a member.
    let mut town = Town::of(4);
    let waits = town.moves(1, remove(2));
    town.say(5, waits, true);
    town.say(3, waits, true);
    town.decide(&[1, 2, 3, 5], add(5));
    assert!(town.is_open(&waits));
    town.apply_all();
    // Four of five decide.
    assert!(town.is_open(&waits));
    town.decide(&[1, 3, 5, 4], remove(4));
    let before = town.passed().len();
    town.apply_all();
    // Now three of four do, and they have said yes: it passes with the handover, and waits for the next.
    assert!(!town.is_open(&waits));
    assert_eq!((before, town.changes()), (1, alloc::vec![remove(2)]));
    assert_eq!(town.passed()[0].at.height, town.height);
    assert_eq!(town.apply_all(), [1, 3, 5].map(id));
}

#[test]
fn a_new_set_rejects_and_lets_expire() {
    let mut town = Town::of(7);
    let no = town.moves(1, add(9));
    town.say(2, no, false);
    town.say(3, no, false);
    assert!(town.is_open(&no));
    for gone in [7, 6, 5] {
        town.decide(&[1, 2, 3, 4, 5], remove(gone));
    }
    town.apply_all();
    assert_eq!(town.ids().len(), 4);
    assert!(!town.is_open(&no), "two of four said no");
    let late = town.moves(1, add(9));
    town.keys_by(&governor(4), 4, None, Some(governor_of(44)));
    town.pass_time(31 * DAY);
    town.apply_all();
    assert!(!town.is_open(&late));
}

#[test]
fn a_former_members_motions_give_way() {
    let mut town = Town::of(4);
    let old = town.moves(4, remove(1));
    town.decide(&[1, 2, 3], remove(4));
    town.apply_all();
    assert!(town.is_open(&old), "a new set voids no motion");
    // And one who has another governor may use its places at once.
    let mut town = Town::of(4);
    let old: Vec<_> = (0..4).map(|_| town.moves(4, remove(1))).collect();
    town.decide(&[1, 2, 3], give_governor(4, governor_of(8)));
    // Its member key had no say, and needed none.
    town.apply_all();
    let new = town.moves(8, remove(1));
    assert!(town.is_open(&new) && !town.is_open(&old[0]) && town.is_open(&old[1]));
}

#[test]
fn a_governor_that_two_name_goes_to_the_first() {
    let mut town = Town::of(4);
    town.keys_by(&governor(1), 1, None, Some(governor_of(9)));
    town.keys_by(&governor(2), 2, None, Some(governor_of(9)));
    let id = town.moves(3, remove(4));
    town.say(9, id, true);
    town.apply_all();
    assert_eq!(outcomes(&town).iter().flatten().count(), 1);
    assert_eq!((town.member(1).governor, town.member(2).governor), (governor_of(9), governor_of(2)));
    town.say(9, id, true);
    assert!(town.is_open(&id), "it counts once");
    town.say(2, id, true);
    assert!(!town.is_open(&id));
}

#[test]
fn what_a_lost_governor_said_counts_for_nothing_even_if_it_stays() {
    let mut town = Town::of(7);
    town.decide(&[1, 2, 3, 4, 5], give_governor(6, governor_of(9)));
    town.decide(&[1, 2, 3, 4, 5], give_governor(7, governor_of(9)));
    let id = town.moves(1, remove(2));
    town.say(7, id, true);
    town.apply_all();
    assert_eq!((town.member(6).governor, town.member(7).governor), (governor_of(9), governor_of(7)));
    for n in 3..=5 {
        town.say(n, id, true);
    }
    assert!(town.is_open(&id), "four of five have said yes");
    town.say(7, id, true);
    assert_eq!(town.changes(), [remove(2)], "it speaks again");
}

#[test]
fn while_too_much_waits_motions_stay_open() {
    let mut town = Town::of(1);
    let all: Vec<_> = (0..200).map(|n| town.moves(1, upgrade(n, 100_000))).collect();
    let passed = |town: &Town| town.changes().len();
    assert_eq!(passed(&town), crate::limits::PASSED_MOTIONS);
    // Its own places bound what is open.
    assert_eq!(town.open().len(), 4);
    town.apply_all();
    assert_eq!(passed(&town), 4);
    assert_eq!(town.open().len(), 0);
    assert!(all.iter().all(|id| !town.is_open(id)));
}

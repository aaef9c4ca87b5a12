//! Who may say what, when it counts, and what leaves.

use super::town::{add, give_governor, governor_of, remove};
use super::*;
use crate::ledger::governance::meeting::Verdict;
use crate::limits::BALLOTS_PER_MOTION;

#[test]
fn only_a_current_members_governor_moves() {
    let mut town = Town::of(4);
    for stranger in [governor(5), key(1)] {
        let id = town.move_by(&stranger, remove(2));
        assert!(!town.is_open(&id));
    }
    let id = town.moves(1, remove(2));
    assert_eq!(town.verdict(&id), Some(Verdict::Open));
}

#[test]
fn a_motion_is_its_movers_yes_and_a_quorum_of_all_passes_it() {
    for (members, quorum) in [(1_u8, 1_u8), (2, 2), (3, 3), (4, 3), (5, 4), (6, 5), (7, 5)] {
        let mut town = Town::of(members);
        let id = town.moves(1, MemberChange::Upgrade(Upgrade { version: 3, height: 5_000 }));
        for n in 2..=quorum {
            assert!(town.is_open(&id), "{n} of {members}");
            assert_eq!(town.changes(), []);
            town.say(n, id, true);
        }
        assert!(!town.is_open(&id), "{members}");
        assert_eq!(town.changes().len(), 1);
        assert_eq!(town.roster(), Town::of(members).roster(), "passing changes nothing");
        town.say(quorum, id, false);
        assert_eq!(town.changes().len(), 1, "too late");
    }
}

#[test]
fn the_last_word_before_the_decision_counts() {
    let mut town = Town::of(4);
    let id = town.moves(1, remove(4));
    town.say(1, id, false);
    town.say(2, id, true);
    town.say(3, id, true);
    assert!(town.is_open(&id), "its mover has changed its mind");
    town.say(1, id, true);
    assert_eq!(town.changes(), [remove(4)]);
}

#[test]
fn what_cannot_pass_any_more_is_rejected() {
    for (members, nos) in [(1_u8, 1_u8), (2, 1), (3, 1), (4, 2), (7, 3)] {
        let mut town = Town::of(members);
        // Of one member only the candidate's yes is awaited.
        let id = town.moves(1, add(8));
        for n in (1..=members).rev().take(nos.into()) {
            assert!(town.is_open(&id));
            town.say(n, id, false);
        }
        assert!(!town.is_open(&id), "{members}");
        assert_eq!(town.changes(), []);
    }
}

#[test]
fn nobody_is_added_unasked() {
    let mut town = Town::of(4);
    let id = town.moves(1, add(5));
    for n in 2..=4 {
        town.say(n, id, true);
    }
    // Neither the candidate's node nor somebody else says yes for it.
    town.cast_by(&key(5), id, true);
    town.say(6, id, true);
    assert!(town.is_open(&id));
    town.say(5, id, true);
    assert_eq!(town.changes(), [add(5)]);
    // The candidate is outside the quorum.
    let id = town.moves(1, add(6));
    town.say(6, id, true);
    town.say(2, id, true);
    assert!(town.is_open(&id));
    town.say(6, id, false);
    assert!(!town.is_open(&id), "it does not want to");
}

#[test]
fn two_cannot_expel_one_another() {
    let mut town = Town::of(2);
    let id = town.moves(1, remove(2));
    town.say(1, id, true);
    town.cast_by(&key(2), id, true);
    assert!(town.is_open(&id));
    // And not take the other's governor away.
    let id = town.moves(1, give_governor(2, governor_of(7)));
    town.say(1, id, true);
    town.say(7, id, true);
    town.say(2, id, true);
    assert!(town.is_open(&id), "it speaks with its member key here");
    town.cast_by(&key(2), id, true);
    assert_eq!(town.changes(), [give_governor(2, governor_of(7))]);
}

#[test]
fn a_member_whose_governor_is_lost_speaks_with_its_member_key_and_only_there() {
    let mut town = Town::of(4);
    let lost = town.moves(1, give_governor(4, governor_of(7)));
    let other = town.moves(1, give_governor(3, governor_of(8)));
    for id in [lost, other] {
        town.say(2, id, true);
        town.cast_by(&key(4), id, true);
    }
    assert_eq!(town.changes(), [give_governor(4, governor_of(7))]);
    // Its own motion about itself is not its yes.
    let mut town = Town::of(3);
    let id = town.moves(3, give_governor(3, governor_of(7)));
    town.say(1, id, true);
    town.say(2, id, true);
    assert!(town.is_open(&id));
    town.cast_by(&key(3), id, true);
    assert!(!town.is_open(&id));
    // Alone it speaks with its governor.
    let mut town = Town::of(1);
    town.moves(1, give_governor(1, governor_of(7)));
    assert_eq!(town.changes(), [give_governor(1, governor_of(7))]);
}

#[test]
fn a_motion_is_open_for_a_day_at_least_and_ninety_at_most() {
    let mut town = Town::of(3);
    let mut moved = |ahead: u64| {
        // The block is a second later.
        let until = Timestamp(town.now.0 + 1_000 + ahead);
        let motion = Motion { change: add(5), reason: Text::default(), until };
        let id = town.act(&governor(1), Action::from(motion)).motion().unwrap();
        town.is_open(&id)
    };
    assert_eq!([DAY - 1, DAY, 90 * DAY, 90 * DAY + 1].map(&mut moved), [false, true, true, false]);
}

#[test]
fn an_expired_motion_counts_for_nothing_and_leaves() {
    for on_time in [true, false] {
        let mut town = Town::of(3);
        let id = town.moves(1, remove(3));
        town.say(2, id, true);
        let until = town.motion(&id).unwrap().motion.until;
        // The next block is a second later.
        town.now = Timestamp(until.0 - 1_000 + u64::from(!on_time));
        town.say(3, id, true);
        assert!(!town.is_open(&id));
        assert_eq!(town.changes().len(), usize::from(on_time));
    }
    let mut town = Town::of(3);
    let old = town.moves(1, remove(3));
    town.pass_time(31 * DAY);
    let new = town.moves(2, remove(3));
    assert_eq!(town.open(), [new]);
    assert!(!town.is_open(&old));
}

#[test]
fn a_fifth_motion_waits_for_a_place() {
    let mut town = Town::of(4);
    let first: Vec<_> = (0..4).map(|_| town.moves(1, remove(2))).collect();
    let fifth = town.moves(1, remove(3));
    assert!(!town.is_open(&fifth));
    assert_eq!(town.open(), first);
    let others = town.moves(2, remove(3));
    assert!(town.is_open(&others), "others have their own places");
    town.pass_time(DAY - 7_000);
    let sixth = town.moves(1, remove(3));
    assert!(!town.is_open(&sixth));
    let seventh = town.moves(1, remove(3));
    assert!(town.is_open(&seventh), "the first has been open for a day");
    assert!(!town.is_open(&first[0]));
    let eighth = town.moves(1, remove(3));
    assert!(town.is_open(&eighth) && !town.is_open(&first[1]));
    assert_eq!(town.open().len(), 5);
    // A decided one frees its place.
    for n in 2..=3 {
        town.say(n, eighth, true);
    }
    let ninth = town.moves(1, remove(3));
    assert!(town.is_open(&ninth) && town.is_open(&first[2]));
}

#[test]
fn ballots_for_nothing_and_of_nobody_change_nothing() {
    let mut town = Town::of(4);
    let before = town.world.rows().clone();
    town.say(1, Hash([1; 32]), true);
    assert_eq!(town.world.rows(), &before);
    let id = town.moves(1, remove(4));
    for stranger in 5..60 {
        town.say(stranger, id, true);
        town.cast_by(&key(stranger), id, true);
    }
    town.say(2, id, true);
    assert_eq!(town.verdict(&id), Some(Verdict::Open));
}

#[test]
fn strangers_ballots_cost_nobody_a_voice() {
    let mut town = Town::of(4);
    let id = town.moves(1, remove(4));
    let stranger = |n: u32| {
        let mut seed = [99; 32];
        seed[..4].copy_from_slice(&n.to_le_bytes());
        SecretKey::from_seed(&seed)
    };
    for n in 0..300 {
        town.cast_by(&stranger(n), id, true);
        assert!(town.motion(&id).unwrap().ballots.len() <= BALLOTS_PER_MOTION);
    }
    let ballots = town.motion(&id).unwrap().ballots;
    assert_eq!(ballots[0], (governor_of(1), true));
    let last = Address::of(&stranger(299).public());
    assert_eq!(ballots.last(), Some(&(last, true)), "the oldest of them leaves");
    town.say(2, id, true);
    town.say(3, id, true);
    assert_eq!(town.changes(), [remove(4)]);
}

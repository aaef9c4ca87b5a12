//! What is told of motions that leave the state.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use super::town::{add, governor_of, id, remove};
use super::*;

/// The ids of motions and what became of them, in words, since this was asked last.
fn told(town: &mut Town) -> Vec<(Hash, String)> {
    let told = |ended: Ended| {
        let what = match ended.outcome {
            Outcome::Closed(why, seen) => {
                assert_eq!(seen.id, ended.id);
                format!("{why:?} {}:{}", seen.tally.count(true), seen.tally.count(false))
            }
            Outcome::Applied => "Applied".to_owned(),
            Outcome::Dropped(why) => why.as_str().to_owned(),
        };
        (ended.id, what)
    };
    core::mem::take(&mut town.ended).into_iter().map(told).collect()
}

#[test]
fn what_passed_is_told_with_its_last_ballot_and_again_when_it_is_in_force() {
    let mut town = Town::of(4);
    let motion = town.moves(1, add(5));
    for n in [2, 5] {
        town.say(n, motion, true);
    }
    town.say(4, motion, false);
    assert_eq!(told(&mut town), []);
    town.say(3, motion, true);
    let ended = town.ended[0].clone();
    assert_eq!((ended.at.height, ended.at.time), (town.height, town.now));
    let Outcome::Closed(Closed::Passed, seen) = ended.outcome else { panic!("it passed") };
    assert_eq!((seen.mover, seen.by, seen.tally.needed()), (id(1), governor_of(1), 3));
    assert_eq!(seen.tally.candidate, Some((governor_of(5), Some(true))));
    assert_eq!(told(&mut town), [(motion, "Passed 3:1".to_owned())]);
    town.apply_all();
    assert_eq!(told(&mut town), [(motion, "Applied".to_owned())]);
}

#[test]
fn one_that_passes_at_once_is_told_too() {
    let mut town = Town::of(1);
    let id = town.moves(1, MemberChange::Upgrade(Upgrade { version: 3, height: 3 }));
    assert_eq!(told(&mut town), [(id, "Passed 1:0".to_owned())]);
    town.apply_all();
    let why = "the upgrade at height 3 is less than 1000 blocks ahead".to_owned();
    assert_eq!(told(&mut town), [(id, why)]);
}

#[test]
fn what_is_rejected_expires_or_gives_way_is_told_where_it_leaves() {
    let mut town = Town::of(4);
    let rejected = town.moves(1, remove(4));
    town.say(2, rejected, false);
    town.say(3, rejected, false);
    assert_eq!(told(&mut town), [(rejected, "Rejected 1:2".to_owned())]);

    let first = town.moves(1, remove(4));
    for _ in 0..3 {
        town.moves(1, remove(4));
    }
    town.pass_time(DAY);
    let fifth = town.moves(1, remove(3));
    assert_eq!(told(&mut town), [(first, "Replaced 1:0".to_owned())]);

    town.pass_time(31 * DAY);
    let open = town.open();
    assert_eq!((open.len(), open.last()), (4, Some(&fifth)));
    assert_eq!(expired(&town.world, Timestamp(0), town.now).unwrap(), open);
    assert_eq!(expired(&town.world, town.now, Timestamp(u64::MAX)).unwrap(), []);
    // A ballot takes one out, and the next motion all.
    town.say(2, fifth, true);
    assert_eq!(told(&mut town), [(fifth, "Expired 1:0".to_owned())]);
    town.moves(2, remove(3));
    let left = told(&mut town);
    assert_eq!(left.len(), 3);
    assert!(left.iter().all(|(id, what)| open.contains(id) && what == "Expired 1:0"));
}

#[test]
fn a_handover_tells_what_it_decides_among_those_after_it() {
    let mut town = Town::of(4);
    let waits = town.moves(1, remove(2));
    town.say(2, waits, true);
    town.decide(&[1, 3, 4], remove(4));
    let gone = told(&mut town)[0].0;
    town.say(3, waits, true);
    told(&mut town);
    let other = town.moves(1, remove(3));
    town.say(3, other, false);
    town.hand_over(town.height - 3);
    // Of three members all must say yes, so one no is enough.
    assert_eq!(told(&mut town), [(gone, "Applied".to_owned()), (other, "Rejected 1:1".to_owned())]);
}

//! A member's own keys, and what a thief of a governor can do.

use super::town::{give_governor, governor_of, id, remove};
use super::*;

#[test]
fn a_member_changes_its_own_keys_once_a_day_and_one_change_waits() {
    let mut town = Town::of(4);
    town.keys_by(&governor(1), 2, Some(&key(7)), None);
    town.keys_by(&key(2), 2, Some(&key(7)), None);
    assert_eq!(town.passed(), [], "only its governor");
    town.keys_by(&governor(2), 2, Some(&key(7)), Some(governor_of(8)));
    let changed = town.passed();
    let key = Some(key(7).public());
    assert_eq!(changed[0].decision, Decision::Keys { id: id(2), key, governor: Some(governor_of(8)) });
    town.pass_time(2 * DAY);
    town.keys_by(&governor(2), 2, None, Some(governor_of(9)));
    assert_eq!(town.passed(), changed, "one waits");
    town.keys_by(&governor(3), 3, None, Some(governor_of(9)));
    assert_eq!(town.passed().len(), 2, "others have their own");
    assert_eq!(town.roster(), Town::of(4).roster());
}

#[test]
fn a_thief_of_a_governor_is_mute_once_its_loss_is_decided() {
    for change in [give_governor(4, governor_of(8)), remove(4)] {
        let mut town = Town::of(4);
        // The thief has said yes to a bad motion, and taken the keys.
        let bad = town.moves(4, remove(1));
        town.keys_by(&governor(4), 4, None, Some(governor_of(9)));
        assert_eq!(town.passed()[0].fell, None);
        let id = town.moves(1, change.clone());
        town.say(2, id, true);
        town.say(3, id, true);
        assert_eq!(town.changes(), core::slice::from_ref(&change));
        assert_eq!(town.passed()[0].fell, Some(town.height), "its keys fall away");
        // What it says, has said, moves and takes now is nothing.
        for n in 2..=3 {
            town.say(n, bad, true);
        }
        town.say(4, bad, true);
        assert!(town.is_open(&bad));
        let moved = town.moves(4, remove(2));
        assert!(!town.is_open(&moved));
        town.pass_time(2 * DAY);
        town.keys_by(&governor(4), 4, None, Some(governor_of(9)));
        assert_eq!(town.passed().len(), 2);
        // Its no is as mute as its yes.
        town.say(4, bad, false);
        town.say(3, bad, false);
        assert!(town.is_open(&bad));
    }
}

#[test]
fn a_governor_of_two_counts_once() {
    // Two changes name one governor. Until one of them is applied it speaks for nobody, and the other one falls away there.
    let mut town = Town::of(4);
    town.keys_by(&governor(1), 1, None, Some(governor_of(2)));
    let id = town.moves(2, remove(4));
    assert!(town.is_open(&id));
    town.say(2, id, true);
    town.say(3, id, true);
    assert!(town.is_open(&id), "two governors said yes");
}

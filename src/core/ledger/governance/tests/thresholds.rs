//! No sequence of acts by fewer than a quorum changes the set.

use proptest::prelude::*;

use super::town::{add, give_governor, governor_of, remove};
use super::*;
use crate::ledger::finality::quorum;

/// Something that somebody does. Members and strangers are numbered; whoever may not act is left out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    Add(u8, u8),
    Remove(u8, u8),
    Governor(u8, u8, u8),
    Ballot {
        by: u8,
        with_key: bool,
        motion: usize,
        yes: bool,
    },
    Keys(u8, Option<u8>, Option<u8>),
    /// All who may say yes to the newest motion.
    Yes,
    Wait(u8),
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    let n = || prop_oneof![4 => 1_u8..6, 1 => 6_u8..12];
    prop_oneof![
        2 => (n(), n()).prop_map(|(by, who)| Act::Add(by, who)),
        2 => (n(), n()).prop_map(|(by, who)| Act::Remove(by, who)),
        2 => (n(), n(), n()).prop_map(|(by, who, whose)| Act::Governor(by, who, whose)),
        12 => (n(), any::<bool>(), 0_usize..8, prop::bool::weighted(0.8))
            .prop_map(|(by, with_key, motion, yes)| Act::Ballot { by, with_key, motion, yes }),
        2 => (n(), prop::option::of(n()), prop::option::of(n())).prop_map(|(by, key, governor)| Act::Keys(by, key, governor)),
        4 => Just(Act::Yes),
        1 => (0_u8..30).prop_map(Act::Wait),
    ]
}

/// Does it, if `may` allows whoever does it.
pub(super) fn perform(town: &mut Town, act: Act, may: impl Fn(u8) -> bool) {
    match act {
        Act::Add(by, who) if may(by) => {
            town.moves(by, add(who));
        }
        Act::Remove(by, who) if may(by) => {
            town.moves(by, remove(who));
        }
        Act::Governor(by, who, whose) if may(by) => {
            town.moves(by, give_governor(who, governor_of(whose)));
        }
        Act::Ballot { by, with_key, motion, yes } if may(by) => {
            let open = town.open();
            if let Some(id) = open.get(motion % open.len().max(1)).copied() {
                let voter = if with_key { key(by) } else { governor(by) };
                town.cast_by(&voter, id, yes);
            }
        }
        Act::Keys(by, new, whose) if may(by) && (new.is_some() || whose.is_some()) => {
            town.keys_by(&governor(by), by, new.map(key).as_ref(), whose.map(governor_of));
        }
        Act::Yes => {
            let Some(id) = town.open().last().copied() else { return };
            for by in (1..12).filter(|by| may(*by)) {
                town.say(by, id, true);
                town.cast_by(&key(by), id, true);
            }
        }
        Act::Wait(hours) => town.pass_time(u64::from(hours) * 3_600_000),
        _ => (),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn fewer_than_a_quorum_decide_nothing(
        members in 1_u8..8,
        first in 0_u8..8,
        acts in prop::collection::vec((act(), prop::bool::weighted(0.15)), 1..60),
    ) {
        let mut town = Town::of(members);
        let honest_from = u8::try_from(quorum(members.into())).unwrap() - 1;
        // So many members act, and whoever is none.
        let may = |n: u8| n > members || (n + first) % members < honest_from;
        for (act, applies) in acts {
            perform(&mut town, act, may);
            if applies {
                town.apply_all();
            }
            prop_assert_eq!(town.changes(), []);
        }
        // Whoever acts may have changed its own keys.
        prop_assert_eq!(town.ids(), Town::of(members).ids());
        for n in (1..=members).filter(|n| !may(*n)) {
            prop_assert_eq!(town.member(n), member(n));
        }
    }
}

#[test]
fn two_of_four_do_not_take_the_rest_one_by_one() {
    let mut town = Town::of(4);
    for day in 0..20 {
        let victim = 3 + day % 2;
        for change in
            [remove(victim), give_governor(victim, governor_of(9)), add(7), give_governor(1, governor_of(8))]
        {
            let id = town.moves(1, change);
            for voter in [2, 7, 8, 9] {
                town.say(voter, id, true);
                town.cast_by(&key(voter), id, true);
            }
            town.cast_by(&key(1), id, true);
        }
        town.keys_by(&governor(2), 2, None, Some(governor_of(20 + day)));
        town.pass_time(DAY);
        assert_eq!(town.apply_all(), Town::of(4).ids());
    }
    assert_eq!([3, 4].map(|n| town.member(n)), [3, 4].map(member));
}

#[test]
fn rotating_is_no_veto() {
    let mut town = Town::of(4);
    let id = town.moves(1, remove(4));
    let mut own = governor(4);
    for (day, voter) in [(0, 2), (1, 3)] {
        // It says no, and changes its governor before each of the others' ballots.
        town.cast_by(&own, id, false);
        town.keys_by(&own, 4, Some(&key(60 + day)), Some(governor_of(20 + day)));
        own = governor(20 + day);
        town.apply_all();
        town.pass_time(DAY);
        assert!(town.is_open(&id), "a new set voids no motion");
        town.say(voter, id, true);
    }
    assert_eq!(town.changes(), [remove(4)]);
    town.keys_by(&own, 4, None, Some(governor_of(40)));
    assert_eq!(town.apply_all(), Town::of(3).ids());
    // What waits for a member key goes by the key of now.
    let mut town = Town::of(3);
    let id = town.moves(1, give_governor(3, governor_of(8)));
    town.say(2, id, true);
    town.keys_by(&governor(3), 3, Some(&key(60)), None);
    town.apply_all();
    town.cast_by(&key(3), id, true);
    assert!(town.is_open(&id));
    town.cast_by(&key(60), id, true);
    assert!(!town.is_open(&id));
}

//! One fault each: what a record, a clock, a second machine or a lost middle does to voters that all keep the rules.

use alloc::collections::BTreeSet;
use alloc::vec;

use super::world::World;
use super::*;
use crate::limits::{ASK_EVERY, SILENCE, SLOT_MS};

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}

#[test]
fn a_lost_record_is_made_good_by_what_the_others_have_seen_and_never_without_its_operator() {
    let mut world = World::new(4);
    world.grow(0, 3);
    world.run(3 * SLOT_MS);
    let (voted, votes) = (world.nodes[3].machine.record.target, world.votes_of(3));
    assert!(votes > 0);
    world.lose_record(3);
    world.grow(0, 1);
    world.run(ms(SILENCE) + 4 * SLOT_MS);
    assert_eq!((world.votes_of(3), world.finals()), (votes, vec![4; 4]), "the other three are enough");
    // The operator's word in place of the file: not in place of the answers.
    assert!(world.nodes[3].machine.record.target >= voted);
    world.give(3, Input::Resume);
    world.grow(0, 1);
    world.run(6 * SLOT_MS);
    assert!(world.votes_of(3) > votes);
    world.restored.clear();
    world.nodes[3].alarms.clear();
    world.check();
}

#[test]
fn the_operators_word_does_not_stand_for_the_others_answers() {
    let mut world = World::new(4);
    world.grow(0, 1);
    world.run(3 * SLOT_MS);
    let votes = world.votes_of(3);
    world.part("012|3");
    world.lose_record(3);
    world.give(3, Input::Resume);
    world.grow(3, 2);
    world.run(ms(SILENCE) + 8 * SLOT_MS);
    assert_eq!((world.nodes[3].machine.alarm(), world.votes_of(3)), (None, votes));
    assert!(world.nodes[3].machine.is_silent());
    world.meet_all();
    world.run(ms(ASK_EVERY) + 8 * SLOT_MS);
    assert_eq!(world.finals(), [3; 4]);
    world.check();
}

#[test]
fn an_answer_about_another_set_says_nothing_about_this_one() {
    let mut world = World::new(4);
    world.run(SLOT_MS);
    world.crash(3);
    world.lose_all();
    let set = world.nodes[3].machine.voters().id();
    for (set, is_silent) in [(Hash([9; 32]), true), (set, false)] {
        for peer in [Peer(0), Peer(1)] {
            let said = Said::Finality { set, handovers: vec![], newest: None, lock: None, seen: None };
            world.give(3, Input::Heard { peer, said });
        }
        assert_eq!(world.nodes[3].machine.is_silent(), is_silent);
    }
}

#[test]
fn a_record_and_data_from_a_backup_are_brought_up_to_date_before_the_first_vote() {
    let mut world = World::new(4);
    world.grow(0, 1);
    world.run(3 * SLOT_MS);
    let backup = world.nodes[3].backup();
    for _ in 0..5 {
        world.grow(0, 1);
        world.run(SLOT_MS);
    }
    let (voted, old) = (world.nodes[3].machine.record.target, backup.record.clone().unwrap().target);
    assert!(old < voted, "{old} {voted}");
    world.restore(3, backup);
    world.grow(0, 1);
    world.run(ms(ASK_EVERY) + 8 * SLOT_MS);
    assert_eq!(world.finals(), [7; 4]);
    // As if nothing had been forgotten: no vote of before proves an offence with one of after.
    world.restored.clear();
    world.check();
}

#[test]
fn a_twin_is_shown_by_its_votes_and_makes_no_second_history() {
    let mut world = World::new(4);
    world.grow(0, 2);
    world.run(3 * SLOT_MS);
    // Two of four on each side; voter 3 is on both.
    let twin = world.add_twin(3);
    world.lying = BTreeSet::from([3, twin]);
    world.part("013|24");
    world.grow(0, 2);
    world.grow(2, 4);
    world.run(ms(SILENCE) + 8 * SLOT_MS);
    assert_eq!(
        world.finals(),
        [4, 4, 2, 4, 2],
        "two voters and a twin are a quorum; one and a twin are none"
    );
    world.meet_all();
    world.grow(0, 1);
    world.run(ms(ASK_EVERY) + 12 * SLOT_MS);
    world.check();
    assert!(world.finals()[..3].iter().all(|height| *height >= 5), "{:?}", world.finals());
}

#[test]
fn a_clock_that_is_off_costs_time_and_the_others_correct_it() {
    for (skew, count) in [(3_000, 4), (-3_000, 4), (600_000, 4), (-60_000, 4), (9_000, 3)] {
        let mut world = World::new(count);
        world.nodes[1].skew = skew;
        for _ in 0..4 {
            world.grow(0, 1);
            world.run(2 * SLOT_MS);
        }
        world.run(2 * u64::from(count) * SLOT_MS);
        // By ten seconds at most: three of four are enough without one that is further off.
        let needed =
            if skew.unsigned_abs() <= 10_000 { 0..usize::from(count) } else { 2..usize::from(count) };
        assert!(needed.clone().all(|n| world.finals()[n] == 4), "{skew} ms: {:?}", world.finals());
        world.check();
    }
}

#[test]
fn all_clocks_off_by_themselves_meet_in_their_middle() {
    let mut world = World::new(4);
    for (n, skew) in [-4_000, 4_000, -1_500, 2_500].into_iter().enumerate() {
        world.nodes[n].skew = skew;
    }
    world.grow(0, 3);
    world.run(10 * SLOT_MS);
    assert_eq!(world.finals(), [3; 4]);
    world.check();
}

#[test]
fn the_leaves_of_a_star_finalise_through_its_middle_and_after_a_restart_of_all() {
    for count in [3, 4, 7] {
        let mut world = World::star(count);
        // They have just started, and hear one voter: a minute passes.
        world.grow(1, 2);
        world.run(ms(SILENCE) + 2 * u64::from(count) * SLOT_MS);
        assert_eq!(world.finals(), vec![2; count.into()]);
        (0..count.into()).for_each(|n| world.crash(n));
        world.grow(2, 1);
        world.run(ms(SILENCE) + 2 * u64::from(count) * SLOT_MS);
        assert_eq!(world.finals(), vec![3; count.into()]);
        world.said = 0;
        world.run(60_000);
        assert_eq!(world.said, 0, "a network whose tip is final is silent");
        world.check();
    }
}

/// So many voters have a machine on each side of a partition that a quorum is on both, and the sides get so many blocks each. Then all meet.
fn two_histories(count: u8, blocks: [usize; 2]) -> World {
    let mut world = World::new(count);
    world.grow(0, 1);
    world.run(4 * SLOT_MS);
    let (voters, count) = (world.nodes[0].machine.voters(), usize::from(count));
    let (liars, alone) = (voters.guilty(), count - voters.quorum());
    for n in count - liars..count {
        let twin = world.add_twin(n);
        world.lying.extend([n, twin]);
    }
    world.group_by(|n| usize::from((alone..count - liars).contains(&n) || n >= count));
    world.run(ms(ASK_EVERY) + ms(SILENCE));
    for (n, blocks) in [0, alone].into_iter().zip(blocks) {
        for _ in 0..blocks {
            world.mine(n);
            world.run(1_500);
        }
    }
    world.run(2 * count as u64 * SLOT_MS);
    assert!(world.conflict().is_some(), "{:?}", world.finals());
    world.meet_all();
    world.run(4 * SLOT_MS);
    world
}

#[test]
fn two_histories_show_as_many_liars_as_it_takes_and_nobody_honest() {
    for (count, blocks) in [(4, [1, 1]), (5, [3, 1]), (7, [1, 5]), (4, [20, 2]), (4, [2, 20])] {
        let mut world = two_histories(count, blocks);
        for n in world.honest() {
            assert_eq!(world.nodes[n].alarms, [Alarm::OtherHistory], "{n} votes no more");
        }
        // Each has the votes of its own side only, and hears of the other's newest ones: not everybody can tell.
        let shown = |n: usize| world.nodes[n].guilty.iter().copied();
        let guilty: BTreeSet<_> = world.honest().into_iter().flat_map(shown).collect();
        assert_eq!(guilty, world.keys(&world.lying), "{count} voters, {blocks:?} blocks");
        let (votes, finals) = (world.votes_of(0), world.finals());
        world.grow(0, 1);
        world.run(2 * u64::from(count) * SLOT_MS);
        assert_eq!((world.votes_of(0), world.finals()[0]), (votes, finals[0]));
    }
}

#[test]
fn a_second_history_is_noticed_however_long_ago_it_parted() {
    let world = two_histories(4, [40, 1]);
    for n in world.honest() {
        assert_eq!(world.nodes[n].alarms, [Alarm::OtherHistory], "{n}");
    }
}

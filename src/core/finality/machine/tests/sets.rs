//! Sets of voters that follow one another.

use alloc::vec;

use proptest::prelude::*;

use super::node::{Node, settings};
use super::world::{BASE, World};
use super::*;
use crate::codec::decode;
use crate::ledger::{Base, Header, Roster};
use crate::limits::{HEADER_BYTES, SLOT_MS};
use crate::testing::{key, member, voters};

/// The members with these keys are the set that begins with this block.
fn set(base: (u64, Hash), keys: &[u8]) -> Voters {
    Voters::new(base.1, base.0, keys.iter().map(|n| member(*n)))
}

/// A world of the members 1 to `count`, and nodes with further keys that are not members yet.
pub(super) fn world(count: u8, further: &[u8]) -> World {
    let mut world = World::new(count);
    for n in further {
        let mut node = Node::new(count, key(*n), world.now);
        node.chain = world.nodes[0].chain.clone();
        world.nodes.push(node);
    }
    world.meet_all();
    world
}

/// This node mines a block that puts these members into force.
pub(super) fn hand_over(world: &mut World, n: usize, keys: &[u8]) -> (u64, Hash) {
    let (height, parent) = world.tip(n);
    let base = Base::Block { parent, height: height + 1 };
    let roster = Roster::new(base, keys.iter().map(|n| member(*n))).unwrap();
    let mut header: Header = decode(&[0; HEADER_BYTES], "header").unwrap();
    (header.parent, header.height) = (parent, base.height());
    header.commitments = Header::commit(&roster.commitment(), &Hash::ZERO);
    let id = header.id();
    world.sets.insert(roster.voters(id).id(), roster.voters(id));
    world.bases.insert(id, (header, roster));
    world.nodes[n].chain.push_id(id);
    world.nodes[n].chain.bases.insert(id);
    world.tell_tip(n);
    world.sync();
    (base.height(), id)
}

/// No set has voted for anything above the next one's base, and none below its own.
fn each_set_kept_to_its_blocks(world: &World, bases: &[(u64, Hash)]) {
    let mut sets = vec![(set((0, BASE), &[1, 2, 3, 4]).root().height, Hash::ZERO)];
    sets.extend(bases.iter().map(|(height, id)| (*height, world.bases[id].1.voters(*id).id())));
    for link in &world.links {
        let at = sets.iter().rposition(|(_, set)| *set == link.set).unwrap_or(0);
        let (low, next) = (sets[at].0, sets.get(at + 1));
        assert!(link.source.height >= low, "{link:?}");
        assert!(next.is_none_or(|(high, _)| link.target.height <= *high), "{link:?}");
    }
}

#[test]
fn the_next_set_votes_from_its_base_on_and_the_last_one_no_further() {
    let mut world = world(4, &[5]);
    world.grow(0, 2);
    world.run(4 * SLOT_MS);
    assert_eq!(world.finals(), [2; 5]);
    let base = hand_over(&mut world, 0, &[2, 3, 4, 5]);
    // Many blocks stand on the base before the set that makes it final has voted.
    world.grow(0, 70);
    world.run(12 * SLOT_MS);
    assert_eq!(world.finals(), [73; 5]);
    each_set_kept_to_its_blocks(&world, &[base]);
    assert!(world.nodes[0].machine.number().is_none() && world.nodes[4].machine.number().is_some());
    // The new one is needed now: with two of four nothing is final.
    world.part("0123|4");
    world.grow(1, 1);
    world.run(6 * SLOT_MS);
    assert_eq!(world.finals()[..4], [74; 4]);
    world.part("012|3|4");
    world.grow(1, 1);
    world.run(6 * SLOT_MS);
    assert_eq!(world.finals()[..3], [74; 3]);
    assert!(world.nodes.iter().all(|node| node.guilty.is_empty() && node.blamed.is_empty()));
}

#[test]
fn all_may_be_replaced_and_one_alone_may_change_its_key() {
    for (count, further, next) in [
        (4, &[5, 6, 7, 8][..], &[5, 6, 7, 8][..]),
        (1, &[2], &[2]),
        (2, &[3], &[1, 3]),
        (3, &[4, 5], &[1, 2, 3, 4, 5]),
    ] {
        let mut world = world(count, further);
        world.grow(0, 1);
        let base = hand_over(&mut world, 0, next);
        world.grow(0, 3);
        world.run(14 * SLOT_MS);
        assert!(world.finals().iter().all(|height| *height == 5), "{next:?}: {:?}", world.finals());
        each_set_kept_to_its_blocks(&world, &[base]);
    }
}

#[test]
fn a_handover_waits_for_the_set_before_and_two_may_follow_each_other() {
    let mut world = world(4, &[5, 6]);
    world.grow(0, 1);
    world.run(4 * SLOT_MS);
    world.part("01|2345");
    let first = hand_over(&mut world, 0, &[1, 2, 3, 4, 5]);
    world.grow(0, 2);
    world.run(6 * SLOT_MS);
    assert_eq!(world.finals(), [1; 6], "neither side has a quorum");
    world.meet_all();
    world.run(12 * SLOT_MS);
    assert_eq!(world.finals(), [4; 6]);
    let second = hand_over(&mut world, 1, &[2, 3, 4, 5, 6]);
    world.grow(2, 1);
    world.run(14 * SLOT_MS);
    assert_eq!(world.finals(), [6; 6]);
    each_set_kept_to_its_blocks(&world, &[first, second]);
    // A crash in the middle of it: the record belongs to the newest set, and no vote goes back to an earlier one.
    world.crash(2);
    world.grow(2, 1);
    assert!(matches!(
        world.nodes[2].durable.as_ref().unwrap().in_set(&set((0, BASE), &[1, 2, 3, 4])),
        Err(Refused::EarlierSet { .. })
    ));
}

#[test]
fn a_key_that_another_machine_votes_with_is_silent_once_it_is_a_members_again() {
    let start = |seed: u8, alarm| {
        let record = Some(Record::new(&voters(3)));
        Finality::new(Time::default(), FinalitySettings { alarm, ..settings(3, key(seed), record, None) })
    };
    let next = Voters::new(Hash([7; 32]), 5, (1..=4).map(member));
    let enter = |mut machine: Finality| {
        machine.hand_over(Time::default(), next.clone(), None);
        assert!(machine.number().is_some());
        machine.alarm()
    };
    assert_eq!(enter(start(4, Some(Alarm::Twin))), Some(Alarm::Twin));
    assert_eq!(enter(start(4, None)), None);
    assert_eq!(start(4, Some(Alarm::Twin)).alarm(), None, "whoever has no vote needs no word");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 12 } else { 64 }))]

    /// Two sets with members in common, parts that come and go, and a base that may lose to a rival without one.
    #[test]
    fn no_two_blocks_that_conflict_become_final_over_a_handover(
        replaced in 0_u8..=4,
        steps in prop::collection::vec((0..4_usize, 0..6_u8, any::<bool>()), 4..14),
    ) {
        let further: Vec<_> = (5..5 + replaced).collect();
        let next: Vec<_> = (1 + replaced..=4).chain(further.clone()).collect();
        let mut world = world(4, &further);
        world.grow(0, 1);
        let mut based = false;
        for (n, act, heals) in steps {
            match act {
                0 if !based => {
                    hand_over(&mut world, n, &next);
                    based = true;
                }
                1 => world.group_by(|node| usize::from(node % 4 >= n)),
                2 => world.group_by(|node| usize::from(node % 2 == 0)),
                _ => world.grow(n, 1 + usize::from(act)),
            }
            if heals {
                world.meet_all();
            }
            world.run(3 * SLOT_MS);
        }
        world.meet_all();
        world.run(6 * SLOT_MS);
        world.mine(0);
        world.run(16 * SLOT_MS);
        let path = |n: usize| world.nodes[n].chain.best.clone();
        for certificate in &world.finals {
            let (height, block) = (certificate.link.source.height, certificate.link.source.block);
            for n in 0..world.nodes.len() {
                prop_assert_eq!(path(n).get(usize::try_from(height).unwrap()).copied(), Some(block));
            }
        }
        let tip = world.tip(0);
        let finals = world.finals();
        prop_assert!(finals.iter().all(|height| *height == tip.0), "{:?} of {}", finals, tip.0);
        prop_assert!(world.nodes.iter().all(|node| node.guilty.is_empty()));
    }
}

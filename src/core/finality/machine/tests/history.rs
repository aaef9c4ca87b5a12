//! Two histories: noticed whatever comes first, told once, and no matter of a word; the operator's checkpoint decides between them.

use super::*;
use crate::codec::Bounded;
use crate::crypto::Signature;
use crate::ledger::{Certificate, Contradiction};
use crate::limits::JUSTIFIED_KEPT;

/// A block that all but node 0 have made final in another history.
fn rival(world: &World, epoch: u64, height: u64) -> Certificate {
    let voters = world.nodes[0].machine.voters().clone();
    let source = Checkpoint { epoch, height, block: Hash([7; 32]) };
    let link = Link { set: voters.id(), source, target: Checkpoint { epoch: epoch + 1, ..source } };
    let sign = |voter| (voter, link.sign(&NETWORK, voter, &world.key_of(voter)).signature);
    let own = world.nodes[0].machine.number();
    Certificate::new(&voters, link, &(0..4).filter(|voter| Some(*voter) != own).map(sign).collect())
}

fn hear(world: &mut World, n: usize, certificate: &Certificate) {
    world.give(n, Input::Heard { peer: Peer(1), said: Said::Certificate(certificate.clone()) });
}

/// Four voters that have made so many blocks final.
fn settled(blocks: usize) -> World {
    let mut world = World::new(4);
    world.grow(0, blocks);
    world.run(3 * SLOT_MS);
    assert_eq!(world.finals(), [blocks as u64; 4]);
    world
}

#[test]
fn an_old_certificate_is_no_second_history_though_the_newest_block_is_not_stored() {
    let mut world = World::new(4);
    world.grow(0, 1);
    world.run(3 * SLOT_MS);
    let old = world.nodes[0].machine.newest().unwrap().clone();
    world.grow(0, 3);
    world.run(3 * SLOT_MS);
    let newest = world.nodes[0].machine.newest().unwrap().clone();
    // One that has only the first block, and has just started.
    world.part("012|3");
    world.nodes[3] = node::Node::new(4, key(4), world.now);
    world.store_first(3, 0, 1);
    for certificate in [&newest, &old, &newest] {
        world.give(3, Input::Heard { peer: Peer(0), said: Said::Certificate(certificate.clone()) });
    }
    assert_eq!((&world.nodes[3].alarms[..], world.nodes[3].machine.newest()), (&[][..], Some(&newest)));
}

#[test]
fn an_old_certificate_is_checked_only_if_it_may_show_a_second_history() {
    let mut world = settled(1);
    let mut old = world.nodes[0].machine.newest().unwrap().clone();
    let mut other = rival(&world, old.link.source.epoch, 1);
    while world.nodes[0].machine.justified.len() < JUSTIFIED_KEPT
        || world.nodes[0].machine.justified.keys().next().unwrap().height <= 1
    {
        world.grow(0, 1);
        world.run(SLOT_MS);
    }
    for certificate in [&mut old, &mut other] {
        certificate.signatures = Bounded::truncated(certificate.signatures.iter().map(|_| Signature::ZERO));
        hear(&mut world, 0, certificate);
    }
    assert_eq!(world.nodes[0].blamed, [(Peer(1), "certificate")], "for the other one");
}

#[test]
fn two_histories_are_told_once_and_are_no_matter_of_a_word() {
    for twin in [false, true] {
        let mut world = settled(2);
        let newest = world.nodes[0].machine.newest().cloned();
        if twin {
            // What the operator could resume from hides nothing that is graver.
            world.nodes[0].machine.raise(Alarm::Twin);
        }
        let certificate = rival(&world, 1 << 30, 9);
        let how = Contradiction::OtherHistory;
        for _ in 0..2 {
            world.give(0, Input::Conflict { certificate: certificate.clone(), newest: newest.clone(), how });
        }
        world.give(0, Input::Resume);
        assert_eq!(world.nodes[0].machine.alarm(), Some(Alarm::OtherHistory));
        assert_eq!(world.nodes[0].machine.newest(), newest.as_ref());
        assert_eq!(world.nodes[0].rivals, [certificate]);
        let votes = world.votes_of(0);
        world.grow(0, 1);
        world.run(4 * SLOT_MS);
        assert_eq!(world.votes_of(0), votes);
    }
}

#[test]
fn what_is_invalid_here_stops_the_votes_and_is_no_history() {
    let mut world = settled(2);
    let (certificate, newest) = (rival(&world, 1 << 30, 9), world.nodes[0].machine.newest().cloned());
    world.give(0, Input::Conflict { certificate, newest, how: Contradiction::Invalid });
    assert_eq!(world.nodes[0].machine.alarm(), Some(Alarm::OtherHistory));
    assert_eq!(world.nodes[0].rivals, [], "another version may find it valid after a restart");
}

#[test]
fn a_rival_is_told_whether_it_is_higher_or_lower_and_though_it_came_before_the_blocks() {
    let mut world = settled(2);
    let low = rival(&world, 1 << 30, 1);
    hear(&mut world, 0, &low);
    assert_eq!(world.nodes[0].rivals, [low]);
    // One that has just started hears of what is final before it has the blocks.
    let mut world = settled(4);
    let newest = world.nodes[0].machine.newest().unwrap().clone();
    let low = rival(&world, 1 << 30, 2);
    world.part("012|3");
    world.nodes[3] = World::new(4).nodes.swap_remove(3);
    for certificate in [&newest, &low] {
        hear(&mut world, 3, certificate);
    }
    assert_eq!((&world.nodes[3].rivals[..], world.nodes[3].machine.alarm()), (&[][..], None));
    world.store_first(3, 0, 4);
    let (height, block) = (4, newest.link.source.block);
    world.give(3, Input::Tip { height, block });
    assert_eq!(world.nodes[3].rivals, [low]);
}

#[test]
fn what_lacks_the_operators_checkpoint_counts_for_nothing() {
    let mut world = settled(3);
    let newest = world.nodes[0].machine.newest().cloned();
    let block = newest.as_ref().unwrap().link.source.block;
    world.nodes[0].machine.decided = Some((3, block));
    let [low, equal, high] = [2, 3, 9].map(|height| rival(&world, 100 + height * 2, height));
    for certificate in [&low, &equal] {
        hear(&mut world, 0, certificate);
    }
    assert_eq!((world.nodes[0].machine.alarm(), world.nodes[0].machine.newest()), (None, newest.as_ref()));
    // Whether the higher one has it, only its headers show.
    hear(&mut world, 0, &high);
    assert_eq!(world.nodes[0].machine.newest(), Some(&high));
    let how = Contradiction::Overruled;
    world.give(0, Input::Conflict { certificate: high.clone(), newest: newest.clone(), how });
    hear(&mut world, 0, &high);
    assert_eq!(world.nodes[0].machine.newest(), newest.as_ref());
    // It leads on, with what is justified here as source. The others signed both, and are silent.
    let votes = world.votes_of(0);
    world.grow(0, 2);
    world.run(8 * SLOT_MS);
    assert!(world.votes_of(0) > votes);
    assert_eq!((&world.nodes[0].rivals[..], world.nodes[0].machine.alarm()), (&[][..], None));
}

#[test]
fn a_lock_of_the_other_history_goes_once_the_best_chain_holds_the_checkpoint() {
    let mut world = settled(3);
    let high = rival(&world, 100, 2);
    let block = world.nodes[1].machine.newest().unwrap().link.source.block;
    // Its data folder was moved away, its record was not.
    let mut record = Record::new(world.nodes[0].machine.voters());
    (record.lock, record.source) = (Some(high.clone()), 101);
    let mut moved = World::new(4).nodes.swap_remove(0);
    moved.machine = Finality::new(
        world.now,
        FinalitySettings { decided: Some((3, block)), ..node::settings(4, key(1), Some(record), None) },
    );
    world.part("0|123");
    world.nodes[0] = moved;
    assert_eq!(world.nodes[0].machine.newest(), Some(&high));
    world.store_first(0, 1, 3);
    world.give(0, Input::Tip { height: 3, block });
    assert_eq!((world.nodes[0].machine.newest(), world.nodes[0].machine.alarm()), (None, None));
    assert_eq!(world.nodes[0].rivals, []);
}

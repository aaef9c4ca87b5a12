//! What a voter does with proposals that it cannot take.

use super::*;
use crate::limits::{PROPOSE_AGAIN, PROPOSE_EVERY};

/// Voter 0 of four has blocks 1 to 3, and knows that block 2 of another branch is justified in epoch 2. Returns that checkpoint.
pub(super) fn locked_on_a_rival() -> (World, Checkpoint, Certificate) {
    let mut world = World::new(4);
    world.grow(0, 1);
    world.run(3 * SLOT_MS);
    world.part("0|123");
    world.grow(1, 1);
    let target = Checkpoint { epoch: 2 * EPOCHS_PER_SLOT, height: 2, block: world.best(1) };
    world.grow(0, 2);
    let voters = world.nodes[0].machine.voters().clone();
    let link = Link { set: voters.id(), source: voters.root(), target };
    let sign = |voter| (voter, link.sign(&NETWORK, voter, &world.key_of(voter)).signature);
    let others = (0..4).filter(|voter| *voter != world.nodes[0].number());
    let certificate = Certificate::new(&voters, link, &others.map(sign).collect());
    world.give(0, Input::Heard { peer: Peer(1), said: Said::Certificate(certificate.clone()) });
    (world, target, certificate)
}

/// The leader of the slot that it is for voter 0.
fn leader(world: &World) -> u16 {
    let machine = &world.nodes[0].machine;
    machine.slots.leader(machine.slots.at(machine.time(world.now)))
}

/// Lets time pass until a node other than 0 leads, in the middle of its slot.
fn wait_for_another_leader(world: &mut World) -> (u16, u64) {
    while leader(world) == world.nodes[0].number() {
        world.run(500);
    }
    world.run(1_600);
    let machine = &world.nodes[0].machine;
    (leader(world), machine.slots.at(machine.time(world.now)))
}

#[test]
fn a_target_beside_its_source_is_not_voted_for() {
    let (mut world, source, _) = locked_on_a_rival();
    let (leader, slot) = wait_for_another_leader(&mut world);
    let (set, before) = (world.nodes[0].machine.voters().id(), world.votes_of(0));
    let propose = |world: &mut World, target: Checkpoint| {
        let link = Link { set, source, target };
        let vote = link.sign(&NETWORK, leader, &world.key_of(leader));
        world.give(0, Input::Heard { peer: Peer(1), said: Said::Proposal { vote, proof: None } });
        world.run(20);
    };
    // It is on this node's best chain, and not above the justified block.
    let best = world.best(0);
    propose(&mut world, Checkpoint { epoch: slot * EPOCHS_PER_SLOT - 2, height: 3, block: best });
    assert_eq!(world.votes_of(0), before);
    // The justified block itself, once it is stored: whatever the best chain is.
    world.store(0, 1);
    propose(&mut world, Checkpoint { epoch: slot * EPOCHS_PER_SLOT, ..source });
    assert_eq!(world.votes_of(0), before + 1);
    assert_ne!(world.best(0), source.block);
}

#[test]
fn a_proposal_that_lacks_something_is_told_what() {
    let (mut world, source, certificate) = locked_on_a_rival();
    world.store(0, 1);
    let (leader, slot) = wait_for_another_leader(&mut world);
    world.meet_all();
    let (set, root) = (world.nodes[0].machine.voters().id(), world.nodes[0].machine.voters().root());
    let propose = |world: &mut World, source: Checkpoint, target: Checkpoint| {
        let link = Link { set, source, target };
        let vote = link.sign(&NETWORK, leader, &world.key_of(leader));
        world.give(0, Input::Heard { peer: Peer(1), said: Said::Proposal { vote, proof: None } });
        world.last[&0].clone()
    };
    // A source that nobody has shown.
    let unknown = Checkpoint { epoch: 3 * EPOCHS_PER_SLOT, ..source };
    let said = propose(&mut world, unknown, Checkpoint { epoch: slot * EPOCHS_PER_SLOT - 8, ..source });
    assert!(matches!(said, Said::GetFinality { .. }), "{said:?}");
    // The justified block is voted for; then an older source is answered with the certificate, an older target with that vote.
    propose(&mut world, source, Checkpoint { epoch: slot * EPOCHS_PER_SLOT - 6, ..source });
    world.run(20);
    let said = propose(&mut world, root, Checkpoint { epoch: slot * EPOCHS_PER_SLOT - 4, ..source });
    assert_eq!(said, Said::Certificate(certificate));
    // It has voted later than this, as other leaders asked it to.
    world.nodes[0].machine.record.target = slot * EPOCHS_PER_SLOT;
    let said = propose(&mut world, source, Checkpoint { epoch: slot * EPOCHS_PER_SLOT - 2, ..source });
    assert!(matches!(said, Said::Votes { link, .. } if link.source == source), "{said:?}");
}

#[test]
fn a_leaders_prepare_that_was_passed_on_is_told_what_it_lacks_too() {
    let (mut world, source, _) = locked_on_a_rival();
    let (leader, slot) = wait_for_another_leader(&mut world);
    world.meet_all();
    let set = world.nodes[0].machine.voters().id();
    let unknown = Checkpoint { epoch: 3 * EPOCHS_PER_SLOT, ..source };
    let target = Checkpoint { epoch: slot * EPOCHS_PER_SLOT - 8, ..source };
    let link = Link { set, source: unknown, target };
    let vote = link.sign(&NETWORK, leader, &world.key_of(leader));
    let said = Said::Votes { link, votes: vec![(vote.voter, vote.signature)] };
    let hear = |world: &mut World| {
        world.last.remove(&0);
        world.give(0, Input::Heard { peer: Peer(1), said: said.clone() });
        matches!(world.last.get(&0), Some(Said::GetFinality { .. }))
    };
    assert!(hear(&mut world), "who passed it on is asked for its source");
    assert!(!hear(&mut world), "once");
}

#[test]
fn what_is_final_is_not_voted_for_again() {
    let mut world = World::new(4);
    world.grow(0, 2);
    world.run(4 * SLOT_MS);
    let (leader, slot) = wait_for_another_leader(&mut world);
    let (machine, before) = (&world.nodes[0].machine, world.votes_of(0));
    let newest = machine.newest().unwrap().link;
    assert_eq!(newest.source.block, world.best(0));
    let target = Checkpoint { epoch: slot * EPOCHS_PER_SLOT, ..newest.source };
    let link = Link { set: newest.set, source: newest.target, target };
    let newest = machine.newest().cloned();
    let vote = link.sign(&NETWORK, leader, &world.key_of(leader));
    world.last.remove(&0);
    world.give(0, Input::Heard { peer: Peer(1), said: Said::Proposal { vote, proof: None } });
    assert_eq!(
        world.last.get(&0).cloned(),
        newest.map(Said::Certificate),
        "its leader is told what is final"
    );
    world.run(20);
    assert_eq!(world.votes_of(0), before);
}

#[test]
fn a_vote_of_who_does_not_lead_is_no_proposal() {
    let (mut world, source, _) = locked_on_a_rival();
    let (leader, slot) = wait_for_another_leader(&mut world);
    world.meet_all();
    let voter = (0..4).find(|voter| *voter != leader && *voter != world.nodes[0].number()).unwrap();
    let set = world.nodes[0].machine.voters().id();
    let unknown = Checkpoint { epoch: 3 * EPOCHS_PER_SLOT, ..source };
    let target = Checkpoint { epoch: slot * EPOCHS_PER_SLOT - 8, ..source };
    let vote = Link { set, source: unknown, target }.sign(&NETWORK, voter, &world.key_of(voter));
    world.last.remove(&0);
    world.give(0, Input::Heard { peer: Peer(1), said: Said::Proposal { vote, proof: None } });
    assert_eq!(world.last.get(&0), None, "nobody is told what it lacks");
}

#[test]
fn a_leader_that_hears_of_a_later_link_proposes_again_sooner() {
    let mut world = World::new(4);
    world.grow(0, 1);
    world.run(3 * SLOT_MS);
    world.part("0|1|2|3");
    world.grow(0, 1);
    let before = world.votes_of(0);
    while world.votes_of(0) == before {
        world.run(100);
    }
    let next = |world: &World| world.nodes[0].machine.leads_next(world.now).last().unwrap();
    let (own, at) = (world.nodes[0].machine.record.last.unwrap().link, next(&world));
    let to = |epoch| Link { target: Checkpoint { epoch, ..own.target }, ..own };
    for link in [own, own.commit().unwrap(), to(own.target.epoch - 2)] {
        world.nodes[0].machine.look_for_refusal(&link);
        assert_eq!(next(&world), at, "{link:?}");
    }
    world.nodes[0].machine.look_for_refusal(&to(own.target.epoch + 2));
    assert_eq!(at.since(next(&world)), PROPOSE_EVERY - PROPOSE_AGAIN);
}

#[test]
fn who_has_not_prepared_a_link_does_not_commit_it() {
    let mut world = World::new(4);
    let (set, root) = (world.nodes[0].machine.voters().id(), world.nodes[0].machine.voters().root());
    world.part("0|123");
    world.grow(1, 1);
    let target = Checkpoint { epoch: 2, height: 1, block: world.best(1) };
    let link = Link { set, source: root, target };
    let others = (0..4).filter(|voter| *voter != world.nodes[0].number());
    let votes = others.map(|voter| (voter, link.sign(&NETWORK, voter, &world.key_of(voter)).signature));
    let said = Said::Votes { link, votes: votes.collect() };
    // It could write and sign, and a quorum is there without it.
    world.nodes[0].machine.silence = None;
    world.give(0, Input::Heard { peer: Peer(1), said });
    assert_eq!(world.nodes[0].justified(), 1);
    world.run(20);
    assert_eq!(world.votes_of(0), 0);
}

#[test]
fn an_epoch_beyond_its_slots_is_not_voted_for() {
    let (mut world, source, _) = locked_on_a_rival();
    world.store(0, 1);
    let (leader, slot) = wait_for_another_leader(&mut world);
    let (set, before) = (world.nodes[0].machine.voters().id(), world.votes_of(0));
    for (epoch, votes) in [(slot * EPOCHS_PER_SLOT + 2, 0), (slot * EPOCHS_PER_SLOT, 1)] {
        let link = Link { set, source, target: Checkpoint { epoch, ..source } };
        let vote = link.sign(&NETWORK, leader, &world.key_of(leader));
        // Only the newest of each leader is judged.
        world.nodes[0].machine.proposals.clear();
        world.give(0, Input::Heard { peer: Peer(1), said: Said::Proposal { vote, proof: None } });
        world.run(20);
        assert_eq!(world.votes_of(0), before + votes, "{epoch}");
    }
}

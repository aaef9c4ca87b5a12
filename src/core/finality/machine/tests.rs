use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;

use super::*;
use crate::limits::{EPOCHS_PER_SLOT, SILENCE, SLOT_MS};
use crate::testing::key;

use self::world::{NETWORK, World};

mod chain;
mod check;
mod faults;
mod history;
mod liar;
mod node;
mod proposals;
mod sets;
mod talk;
mod world;

#[test]
fn four_voters_finalise_the_newest_block_and_then_say_nothing() {
    let mut world = World::new(4);
    world.grow(0, 1);
    world.run(2 * SLOT_MS);
    assert_eq!(world.finals(), [1; 4]);
    world.said = 0;
    world.run(60_000);
    assert_eq!(world.said, 0, "a network whose tip is final is silent");
    // A block each 700 ms: finality follows.
    for _ in 0..30 {
        world.grow(0, 1);
        world.run(700);
    }
    let low = *world.finals().iter().min().unwrap();
    assert!(low > 20, "{:?}", world.finals());
    world.run(2 * SLOT_MS);
    assert_eq!(world.finals(), [31; 4]);
    world.check();
}

/// A round is a prepare and a commit of each voter, sent to each other.
#[test]
fn many_voters_are_no_slower_and_each_says_two_things_to_each_other() {
    for count in [16, 64] {
        let mut world = World::new(count);
        world.grow(0, 1);
        world.run(3 * SLOT_MS);
        world.said = 0;
        world.grow(0, 1);
        let began = world.now;
        world.run_until(3 * SLOT_MS, |world| world.finals().iter().all(|height| *height == 2));
        let took = world.now.since(began).as_millis();
        assert!(took <= 2_000, "{took} ms with {count} voters");
        let (said, others) = (world.said, usize::from(count) - 1);
        assert!(said <= (2 * others + 4) * usize::from(count), "{said} with {count} voters");
        world.check();
    }
}

#[test]
fn one_alone_needs_no_slot() {
    let mut world = World::new(1);
    for height in 1..5 {
        world.grow(0, 1);
        world.run(100);
        assert_eq!(world.finals(), [height]);
    }
    world.check();
}

#[test]
fn without_a_quorum_nothing_is_final_and_with_it_all_is() {
    let mut world = World::new(4);
    world.part("01|2|3");
    world.grow(0, 20);
    world.run(120_000);
    assert_eq!(world.finals(), [0; 4]);
    world.part("012|3");
    world.run(4 * SLOT_MS);
    assert_eq!(world.finals(), [20, 20, 20, 0]);
    world.meet_all();
    world.grow(0, 1);
    world.run(4 * SLOT_MS);
    assert_eq!(world.finals(), [21; 4]);
    world.check();
}

#[test]
fn three_of_three_are_needed_and_three_of_four_are_enough() {
    for (count, expected) in [(3, 0), (4, 5), (5, 5)] {
        let mut world = World::new(count);
        let here: String = (1..count).map(|n| alloc::format!("{n}")).collect();
        world.part(&alloc::format!("{here}|0"));
        world.grow(1, 5);
        world.run(8 * SLOT_MS);
        assert!(world.finals()[1..].iter().all(|height| *height == expected), "{count} voters");
        world.check();
    }
}

#[test]
fn two_halves_on_two_branches_agree_once_they_meet() {
    let mut world = World::new(4);
    world.grow(0, 3);
    world.run(3 * SLOT_MS);
    assert_eq!(world.finals(), [3; 4]);
    world.part("01|23");
    world.grow(0, 4);
    world.grow(2, 6);
    world.run(10 * SLOT_MS);
    assert_eq!(world.finals(), [3; 4]);
    world.meet_all();
    world.run(5 * SLOT_MS);
    assert_eq!(world.finals(), [9; 4], "the heavier branch wins, as ever");
    world.check();
}

#[test]
fn what_is_justified_is_proposed_itself_though_a_rival_is_heavier() {
    let mut world = World::new(4);
    world.grow(0, 2);
    world.run(3 * SLOT_MS);
    // Voter 0 gets a quorum of prepares for a branch of its side, and then everybody is cut off before a commit leaves.
    world.part("012|3");
    world.grow(0, 2);
    world.run_until(60_000, |world| world.nodes[..3].iter().any(|node| node.justified() == 4));
    world.part("0|1|2|3");
    world.run(1_000);
    world.check();
    let (justified, finals) = (world.nodes[0].justified(), world.finals());
    // All but voter 0 find a heavier branch.
    world.reorganise(1, 2, 5);
    world.run(3 * SLOT_MS);
    world.meet_all();
    world.run(8 * SLOT_MS);
    let after = world.finals();
    assert!(after.iter().all(|height| *height >= 4), "{justified} {finals:?} {after:?}");
    world.check();
}

#[test]
fn no_vote_leaves_before_its_record_is_durable() {
    let mut world = World::new(4);
    world.nodes[0].disk_works = false;
    world.grow(0, 3);
    world.run(8 * SLOT_MS);
    assert_eq!(world.votes_of(0), 0);
    assert_eq!(world.finals(), [3; 4], "three of four are enough, and it hears of that");
    world.check();
}

#[test]
fn a_start_is_silent_until_enough_others_have_answered_whatever_its_record_says() {
    let mut world = World::new(4);
    let old = world.nodes[3].durable.clone();
    world.grow(0, 3);
    world.run(3 * SLOT_MS);
    let votes = world.votes_of(3);
    assert!(votes > 0);
    // Its folder comes back from a backup, and nobody is there to say what it has signed.
    world.part("01|2|3");
    world.restart(3, old);
    world.grow(0, 1);
    world.run(30_000);
    assert!(world.nodes[3].machine.is_silent());
    assert_eq!(world.votes_of(3), votes);
    // Two have answered: that is a quorum less itself.
    world.part("013|2");
    world.run(6 * SLOT_MS);
    assert!(!world.nodes[3].machine.is_silent());
    assert_eq!(world.finals()[3], 4);
    assert!(world.votes_of(3) > votes);
    world.check();
}

#[test]
fn without_a_record_only_the_operator_ends_the_silence() {
    let mut world = World::new(4);
    world.lose_record(3);
    assert_eq!(world.nodes[3].alarms, [Alarm::NoRecord]);
    world.grow(0, 1);
    world.run(100_000);
    assert_eq!((world.votes_of(3), world.finals()), (0, vec![1; 4]));
    world.give(3, Input::Resume);
    world.grow(0, 1);
    world.run(6 * SLOT_MS);
    assert!(world.votes_of(3) > 0);
    world.check();
}

#[test]
fn a_twin_is_noticed_and_its_owner_falls_silent() {
    let mut world = World::new(4);
    world.grow(0, 1);
    world.run(3 * SLOT_MS);
    // Another machine signs with the key of voter 2.
    let machine = &world.nodes[2].machine;
    let (me, key) = (machine.me.unwrap(), machine.key.clone());
    let target = Checkpoint { epoch: EPOCHS_PER_SLOT, height: 1, block: world.best(2) };
    let link = Link { set: machine.voters().id(), source: machine.voters().root(), target };
    let vote = link.sign(&NETWORK, me, &key);
    let said = Said::Votes { link, votes: vec![(me, vote.signature)] };
    world.give(2, Input::Heard { peer: Peer(0), said });
    assert_eq!(world.nodes[2].alarms, [Alarm::Twin]);
    let before = world.votes_of(2);
    world.grow(0, 1);
    world.run(6 * SLOT_MS);
    assert_eq!(world.votes_of(2), before);
    assert_eq!(world.finals(), [2; 4]);
}

#[test]
fn a_twin_is_remembered_over_a_restart_until_the_operator_says_so() {
    let record = Some(Record::new(&crate::testing::voters(1)));
    let settings = FinalitySettings { alarm: Some(Alarm::Twin), ..node::settings(1, key(1), record, None) };
    let mut machine = Finality::new(Time::default(), settings);
    assert_eq!((machine.alarm(), machine.is_silent()), (Some(Alarm::Twin), true));
    let world = World::new(1);
    machine.handle(Time::default(), &world.nodes[0].chain, Input::Wake);
    assert!(machine.is_silent());
    machine.handle(Time::default(), &world.nodes[0].chain, Input::Resume);
    assert_eq!((machine.alarm(), machine.is_silent()), (None, false));
}

#[test]
fn two_votes_in_one_epoch_are_shown_and_stop_nobody() {
    let mut world = World::new(4);
    world.grow(0, 2);
    world.run(3 * SLOT_MS);
    let machine = &world.nodes[1].machine;
    let liar = machine.voters().number(&key(4).public()).unwrap();
    let set = machine.voters().id();
    let root = machine.voters().root();
    for block in [7, 8] {
        let target = Checkpoint { epoch: 4 * EPOCHS_PER_SLOT, height: 9, block: Hash([block; 32]) };
        let link = Link { set, source: root, target };
        let signature = link.sign(&NETWORK, liar, &key(4)).signature;
        for node in 0..4 {
            let said = Said::Votes { link, votes: vec![(liar, signature)] };
            world.give(node, Input::Heard { peer: Peer(3), said });
        }
    }
    let honest: Vec<usize> = (0..4).filter(|n| world.nodes[*n].number() != liar).collect();
    for node in &honest {
        assert_eq!(world.nodes[*node].guilty, [key(4).public()]);
    }
    world.grow(0, 1);
    world.run(10 * SLOT_MS);
    assert!(honest.iter().all(|node| world.finals()[*node] == 3), "{:?}", world.finals());
}

#[test]
fn an_epoch_far_ahead_uses_up_nobodys_slots() {
    let mut world = World::new(4);
    let machine = &world.nodes[0].machine;
    let (set, source) = (machine.voters().id(), machine.voters().root());
    let liar = machine.voters().number(&key(4).public()).unwrap();
    // Voted far ahead of all slots, and shown to the others.
    let target = Checkpoint { epoch: u64::MAX - 1, height: 9, block: Hash([7; 32]) };
    let link = Link { set, source, target };
    let signature = link.sign(&NETWORK, liar, &key(4)).signature;
    let honest: Vec<usize> = (0..4).filter(|n| world.nodes[*n].number() != liar).collect();
    for node in &honest {
        world.give(
            *node,
            Input::Heard { peer: Peer(9), said: Said::Votes { link, votes: vec![(liar, signature)] } },
        );
    }
    let here: String = honest.iter().map(|n| alloc::format!("{n}")).collect();
    world.part(&alloc::format!("{here}|{}", (0..4).find(|n| !honest.contains(n)).unwrap()));
    world.grow(0, 1);
    world.run(6 * SLOT_MS);
    assert!(honest.iter().all(|node| world.finals()[*node] == 1), "{:?}", world.finals());
    world.check();
}

#[test]
fn forged_votes_and_certificates_are_blamed_and_count_for_nothing() {
    let mut world = World::new(4);
    let machine = &world.nodes[0].machine;
    let voters = machine.voters().clone();
    let target = Checkpoint { epoch: 2, height: 1, block: Hash([7; 32]) };
    let link = Link { set: voters.id(), source: voters.root(), target };
    let forged = link.sign(&NETWORK, 0, &key(77)).signature;
    let all = (0..4).map(|voter| (voter, forged)).collect();
    let certificate = Certificate::new(&voters, link, &all);
    world.give(0, Input::Heard { peer: Peer(1), said: Said::Votes { link, votes: vec![(1, forged)] } });
    world.give(0, Input::Heard { peer: Peer(1), said: Said::Certificate(certificate) });
    assert_eq!(world.nodes[0].blamed, [(Peer(1), "vote"), (Peer(1), "certificate")]);
    assert_eq!(world.nodes[0].justified(), 0);
    // Of another set: no fault, and it counts for nothing.
    let other = crate::testing::voters(5);
    let foreign = Link { set: other.id(), ..link };
    world.give(
        0,
        Input::Heard { peer: Peer(1), said: Said::Votes { link: foreign, votes: vec![(1, forged)] } },
    );
    assert_eq!(world.nodes[0].blamed.len(), 2);
}

#[test]
fn a_justified_block_that_is_not_stored_is_wanted() {
    let mut world = World::new(4);
    let voters = world.nodes[0].machine.voters().clone();
    let target = Checkpoint { epoch: 2, height: 1, block: Hash([7; 32]) };
    let link = Link { set: voters.id(), source: voters.root(), target };
    let sign = |voter| (voter, link.sign(&NETWORK, voter, &world.key_of(voter)).signature);
    let votes = (0..3).map(sign).collect();
    world.give(0, Input::Heard { peer: Peer(1), said: Said::Votes { link, votes } });
    assert_eq!(world.nodes[0].wanted, [target]);
}

#[test]
fn the_blocks_of_the_latest_justified_checkpoint_and_of_the_lock_are_kept() {
    let mut world = World::new(4);
    let root = world.nodes[0].machine.voters().root().block;
    assert_eq!(world.nodes[0].keeps, [root; 2]);
    world.grow(0, 2);
    world.run(3 * SLOT_MS);
    let tip = world.nodes[0].machine.finalized().block;
    assert_eq!(world.nodes[0].keeps, [tip; 2], "whoever has committed is locked on it");
    // Cut off, it neither prepares nor commits, but hears of a newer one.
    world.nodes[0].disk_works = false;
    world.grow(1, 2);
    world.run(3 * SLOT_MS);
    let newest = world.nodes[1].machine.finalized().block;
    assert_eq!(world.nodes[0].keeps, [newest, tip]);
}

#[test]
fn who_has_not_answered_is_asked_again() {
    let mut world = World::new(4);
    // Everything that is said now is lost.
    world.restart(3, world.nodes[3].durable.clone());
    world.lose_all();
    world.run(9_000);
    assert!(world.nodes[3].machine.is_silent());
    world.run(2_000);
    assert!(!world.nodes[3].machine.is_silent());
}

#[test]
fn a_record_from_a_backup_learns_from_the_certificates_that_this_node_kept() {
    let mut world = World::new(4);
    let old = world.nodes[3].durable.clone();
    world.grow(0, 3);
    world.run(3 * SLOT_MS);
    let newest = world.nodes[3].machine.newest().unwrap().clone();
    // Nobody is there who could say what it has signed.
    world.part("0|1|2|3");
    world.restart(3, old);
    let (record, signed) =
        (&world.nodes[3].machine.record, newest.voters().any(|voter| voter == world.nodes[3].number()));
    assert!(!signed || record.target >= newest.link.target.epoch);
    assert!(signed, "its signature is in it; else choose another seed");
}

#[test]
fn a_locked_block_that_is_lost_is_wanted_again() {
    let (mut world, source, _) = proposals::locked_on_a_rival();
    assert_eq!(world.nodes[0].wanted, [source]);
    world.run(60_000);
    assert!(world.nodes[0].wanted.len() > 1, "{:?}", world.nodes[0].wanted);
    assert!(world.nodes[0].wanted.iter().all(|wanted| *wanted == source));
}

#[test]
fn clocks_that_are_wrong_together_agree_on_their_middle() {
    let at = Time::from_millis(9);
    let corrected = |offsets: &[i64]| Clock::corrected(at, Timestamp(100_000), offsets.to_vec()).wall.0;
    assert_eq!(corrected(&[]), 100_000);
    assert_eq!(corrected(&[10, 20]), 100_010);
    // Of an even number, the mean of the middle two: two nodes meet halfway rather than swap their errors.
    assert_eq!((corrected(&[1_000]), corrected(&[-1_000])), (100_500, 99_500));
    assert_eq!(corrected(&[i64::MAX, i64::MIN]), 100_000);
    // One peer alone, or all of them, move it by ten seconds at most: an epoch that is far ahead would use up all the others.
    assert_eq!((corrected(&[i64::MIN; 3]), corrected(&[i64::MAX])), (90_000, 110_000));
}

#[test]
fn a_network_that_is_restarted_at_once_goes_on() {
    let mut world = World::new(4);
    world.grow(0, 2);
    world.run(3 * SLOT_MS);
    for node in 0..4 {
        let durable = world.nodes[node].durable.clone();
        world.restart(node, durable);
    }
    world.grow(0, 1);
    world.run(u64::try_from(SILENCE.as_millis()).unwrap() + 4 * SLOT_MS);
    assert_eq!(world.finals(), [3; 4]);
    world.check();
}

#[test]
fn chaos_breaks_no_promise() {
    for seed in 0..40 {
        let mut world = World::new(4);
        let mut random = crate::random::Random::new(seed);
        for _ in 0..30 {
            let pick = |random: &mut crate::random::Random, most: u64| random.below(most);
            match pick(&mut random, 6) {
                0 => world.meet_all(),
                1 => {
                    let lone = u8::try_from(pick(&mut random, 4)).unwrap();
                    world.part(&alloc::format!("{}|{lone}", "0123".replace(char::from(b'0' + lone), "")));
                }
                2 => world.part("01|23"),
                3 => {
                    let node = usize::try_from(pick(&mut random, 4)).unwrap();
                    let durable = world.nodes[node].durable.clone();
                    world.restart(node, durable);
                }
                _ => {
                    let node = usize::try_from(pick(&mut random, 4)).unwrap();
                    world.mine(node);
                }
            }
            world.run(pick(&mut random, 5_000));
        }
        world.meet_all();
        world.mine(0);
        world.run(60_000 + 20 * SLOT_MS);
        world.check();
        let finals: BTreeSet<_> = world.finals().into_iter().collect();
        assert_eq!(finals.len(), 1, "seed {seed}: {:?}", world.finals());
        assert!(finals.iter().all(|height| *height > 0), "seed {seed}");
    }
}

//! Liars in sets that follow each other: fewer in each set than it takes for two histories. A liar votes in every set that it is in, whether
//! that is in force, not yet, or no longer, and the bases have rivals.

use alloc::collections::BTreeSet;

use super::super::sets::world;
use super::runs::{Run, seeds};
use super::*;

/// Sets of so many voters of which each has so many in common with the one before, and of whom some lie or forget.
fn run(seed: u64, manner: Manner) -> Run {
    let mut random = Random::new(seed | (manner as u64) << 32 | 1 << 48);
    let count = *random.pick(&[3_u8, 4, 4, 4, 5, 6]).unwrap();
    let mut sets: Vec<Vec<u8>> = vec![(1..=count).collect()];
    for _ in 0..2 {
        let (before, new) = (sets.last().unwrap().clone(), 1 + *sets.iter().flatten().max().unwrap());
        let size = (before.len() + random.index(3)).saturating_sub(1).max(3);
        let overlap = *random.pick(&[0, 1, before.len() / 2, before.len() - 1, before.len()]).unwrap();
        let stay = before.into_iter().rev().take(overlap.min(size));
        let mut set: Vec<u8> = stay.collect();
        set.extend((new..).take(size - set.len()));
        sets.push(set);
    }
    let most = *sets.iter().flatten().max().unwrap();
    let mut world = world(count, &(count + 1..=most).collect::<Vec<_>>());
    let mut nodes: Vec<usize> = (0..most.into()).collect();
    random.shuffle(&mut nodes);
    // Mostly, those who keep the rules are enough for finality to go on.
    let goes_on = random.chance(0.8);
    let (mut bad, mut forgetful) = (BTreeSet::new(), BTreeSet::new());
    for n in nodes {
        let is_bad = |key: &&u8| bad.contains(*key) || usize::from(**key) == n + 1;
        let fits = |set: &Vec<u8>| {
            let (many, quorum) = (set.iter().filter(is_bad).count(), set.len() - (set.len() - 1) / 3);
            many < 2 * quorum - set.len() && (!goes_on || many <= set.len() - quorum)
        };
        if !sets.iter().all(fits) {
            continue;
        }
        bad.insert(u8::try_from(n + 1).unwrap());
        if world.lying.is_empty() || random.chance(0.7) {
            let manner = if random.chance(0.7) { manner } else { Manner::All };
            world.corrupt(n, manner, random.fork());
        } else {
            forgetful.insert(n);
        }
    }
    Run { world, random, forgetful, backups: BTreeMap::new(), next: sets.split_off(1) }
}

/// Returns how many sets have made a block final.
fn hold(manner: Manner, seeds: u64) -> usize {
    let of_seed = |seed| {
        // Shown if the test fails: the last one is it.
        std::println!("{manner:?}, seed {seed}");
        let mut run = run(seed, manner);
        run.trouble();
        run.heal();
        run.world.finals.iter().map(|certificate| certificate.link.set).collect::<BTreeSet<_>>().len()
    };
    (0..seeds).map(of_seed).sum()
}

#[test]
fn liars_in_sets_that_follow_each_other_make_no_two_histories() {
    let seeds = seeds().div_ceil(3);
    let sets: usize = Manner::EACH.iter().map(|manner| hold(*manner, seeds)).sum();
    let runs = Manner::EACH.len() as u64 * seeds;
    assert!(sets as u64 > runs, "{sets} sets in {runs} runs: too few have changed");
}

#[test]
fn all_manners_together_make_no_two_histories_over_sets() {
    let (sets, runs) = (hold(Manner::All, seeds()), seeds());
    assert!(sets as u64 > runs, "{sets} sets in {runs} runs: too few have changed");
}

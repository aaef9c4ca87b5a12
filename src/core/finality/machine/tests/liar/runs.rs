//! Runs from a seed: some voters, liars and restored voters among them as far as the quorums allow, faults, an end to the faults, and what must
//! hold then.

use alloc::collections::BTreeSet;

use super::super::node::{Backup, Node};
use super::super::sets;
use super::*;
use crate::limits::{ASK_EVERY, SILENCE, SLOT_MS};

/// Runs of each manner. On demand more: 10,000 in all with
/// `BOUYA_FINALITY_SEEDS=670 cargo test --release -p bouya-core --lib finality::machine::tests::liar`.
const SEEDS: u64 = 6;
/// Slots after which everything must be final once the faults have ended, beside two turns of all voters: a restored voter is asked again
/// for what was lost on the way.
const SLOTS_MORE: u64 = 4;

pub(super) fn seeds() -> u64 {
    let text = std::env::var("BOUYA_FINALITY_SEEDS").ok();
    text.map_or(SEEDS, |text| text.parse().expect("BOUYA_FINALITY_SEEDS must be a number"))
}

/// What a seed decides.
pub(super) struct Run {
    pub(super) world: World,
    pub(super) random: Random,
    /// Who may lose its record or get an old one.
    pub(super) forgetful: BTreeSet<usize>,
    pub(super) backups: BTreeMap<usize, Backup>,
    /// The keys of the sets that follow the first one.
    pub(super) next: Vec<Vec<u8>>,
}

impl Run {
    fn new(seed: u64, manner: Option<Manner>) -> Self {
        let mut random = Random::new(seed | manner.map_or(99, |manner| manner as u64) << 32);
        let count = *random.pick(&[3, 4, 4, 4, 5, 7]).unwrap();
        let mut world = if random.chance(0.2) { World::star(count) } else { World::new(count) };
        let voters = world.nodes[0].machine.voters();
        let (guilty, quorum) = (voters.guilty(), voters.quorum());
        // The hub of a star keeps the rules: without it nobody hears anybody.
        let mut nodes: Vec<usize> = (usize::from(world.hub.is_some())..count.into()).collect();
        random.shuffle(&mut nodes);
        let mut suspects = nodes.into_iter().take(guilty - 1);
        if let Some(manner) = manner {
            // No more than leave a quorum if that can be, for finality must go on in the end.
            let most = (usize::from(count) - quorum).clamp(1, guilty - 1);
            for n in suspects.by_ref().take(1 + random.index(most)) {
                let manner = if world.lying.is_empty() { manner } else { Manner::All };
                world.corrupt(n, manner, random.fork());
            }
        }
        let forgetful = suspects.collect();
        let mut run = Self { world, random, forgetful, backups: BTreeMap::new(), next: vec![] };
        if run.random.chance(0.2) {
            run.twin();
        }
        run
    }

    /// A second machine with a liar's key, which keeps the rules as the first one does.
    fn twin(&mut self) {
        let liars: Vec<_> = self.world.lying.iter().copied().collect();
        let Some(n) = self.random.pick(&liars).copied() else { return };
        let twin = self.world.add_twin(n);
        self.world.lying.insert(twin);
    }

    pub(super) fn trouble(&mut self) {
        for _ in 0..40 {
            self.happen();
            for _ in 0..self.random.below(6) {
                self.world.run(self.random.below(1_000));
                self.world.lie();
            }
        }
    }

    fn happen(&mut self) {
        let (world, random) = (&mut self.world, &mut self.random);
        let n = random.index(world.nodes.len());
        match random.below(16) {
            0 | 1 => world.meet_all(),
            2..=4 => {
                let groups = 2 + random.index(2);
                world.group_by(|_| random.index(groups));
            }
            5 => world.crash(n),
            6 => (0..world.nodes.len()).for_each(|n| world.crash(n)),
            7 => world.nodes[n].disk_works = false,
            8 => world.mend_disk(n),
            9 => world.nodes[n].skew = random.below(20_000) as i64 - 10_000,
            10 => self.forget(),
            11 => world.lose_all(),
            12 => self.hand_over(n),
            _ => world.mine(n),
        }
    }

    /// A node mines the next set's base, if another one is to follow the set that its chain ends in.
    fn hand_over(&mut self, n: usize) {
        let Node { chain, machine, .. } = &self.world.nodes[n];
        let bases = chain.best.iter().filter(|block| chain.bases.contains(*block)).count();
        // A block hands over only if it proves that the set that it ends has made a block final.
        let is_proven =
            machine.newest().is_some() && chain.base(&chain.tip().1) == Some(machine.voters().root().block);
        match self.next.get(bases).filter(|_| is_proven) {
            Some(keys) => drop(sets::hand_over(&mut self.world, n, keys)),
            None => self.world.mine(n),
        }
    }

    /// A record is lost, or comes back from a backup with the data, or a backup is made.
    fn forget(&mut self) {
        let (world, random) = (&mut self.world, &mut self.random);
        let nodes: Vec<_> = self.forgetful.iter().copied().collect();
        let Some(n) = random.pick(&nodes).copied() else { return };
        match self.backups.remove(&n) {
            Some(backup) => world.restore(n, backup),
            None if random.chance(0.3) => world.lose_record(n),
            None => drop(self.backups.insert(n, world.nodes[n].backup())),
        }
        if random.chance(0.5) {
            world.give(n, Input::Resume);
        }
    }

    /// The faults end. The liars go on. Everything becomes final, and then nobody has anything to say.
    pub(super) fn heal(&mut self) {
        let world = &mut self.world;
        for n in 0..world.nodes.len() {
            world.nodes[n].skew = 0;
            world.mend_disk(n);
        }
        world.meet_all();
        world.mine(0);
        let largest = world.sets.values().map(Voters::count).max().unwrap() as u64;
        let slots = 2 * largest + SLOTS_MORE;
        let waits = if world.hub.is_some() { SILENCE } else { ASK_EVERY };
        let sets = 1 + u32::try_from(self.next.len()).unwrap();
        let end = world.now.after((waits + Duration::from_millis(slots * SLOT_MS)) * sets);
        while world.now < end && !is_final(world) {
            // Operators look after those that have forgotten.
            for n in world.honest() {
                if world.nodes[n].machine.alarm().is_some() {
                    world.give(n, Input::Resume);
                }
            }
            world.run(500);
            world.lie();
        }
        let (finals, liars) = (world.finals(), world.keys(&world.lying));
        let lies = |set: &Voters| liars.iter().filter(|key| set.number(key).is_some()).count();
        if world.sets.values().all(|set| set.count() - lies(set) >= set.quorum()) {
            assert!(is_final(world), "{finals:?}, liars {:?}: {}", world.lying, world.state());
        }
        // Who has just started asks once more if nobody has heard it.
        world.reform();
        world.run(u64::try_from(waits.as_millis()).unwrap() + 2 * SLOT_MS);
        world.check();
        if is_final(world) {
            world.last.clear();
            world.run(30_000);
            assert!(world.last.is_empty(), "a network whose tip is final is silent: {:?}", world.last);
        }
    }
}

fn is_final(world: &World) -> bool {
    world.honest().iter().all(|n| world.nodes[*n].machine.finalized().block == world.best(*n))
}

fn hold(manner: Option<Manner>) {
    for seed in 0..seeds() {
        // Shown if the test fails: the last one is it.
        std::println!("seed {seed}");
        let mut run = Run::new(seed, manner);
        run.trouble();
        run.heal();
    }
}

#[test]
fn votes_for_anything_make_no_two_histories() {
    hold(Some(Manner::Anything));
}

#[test]
fn double_votes_make_no_two_histories() {
    hold(Some(Manner::DoubleVote));
}

#[test]
fn votes_around_others_make_no_two_histories() {
    hold(Some(Manner::Surround));
}

#[test]
fn what_is_withheld_makes_no_two_histories() {
    hold(Some(Manner::Withhold));
}

#[test]
fn stale_sources_make_no_two_histories() {
    hold(Some(Manner::StaleSource));
}

#[test]
fn two_proposals_make_no_two_histories() {
    hold(Some(Manner::TwoProposals));
}

#[test]
fn targets_beside_their_sources_make_no_two_histories() {
    hold(Some(Manner::TargetBesideSource));
}

#[test]
fn far_epochs_make_no_two_histories_and_stop_nobody() {
    hold(Some(Manner::FarEpoch));
}

#[test]
fn forgeries_make_no_two_histories() {
    hold(Some(Manner::Forge));
}

#[test]
fn silent_leaders_stop_nobody() {
    hold(Some(Manner::SilentLeader));
}

#[test]
fn unknown_proofs_stop_nobody() {
    hold(Some(Manner::UnknownProof));
}

#[test]
fn replays_make_no_two_histories() {
    hold(Some(Manner::Replay));
}

#[test]
fn hidden_answers_make_no_two_histories() {
    hold(Some(Manner::HiddenAnswers));
}

#[test]
fn all_manners_together_make_no_two_histories() {
    hold(Some(Manner::All));
}

#[test]
fn lost_and_restored_records_make_no_two_histories() {
    hold(None);
}

//! What people do about members: governors move and vote by what a node shows them, and operators put new keys in place.

use std::time::Duration;

use bouya_core::codec::Text;
use bouya_core::finality::Record;
use bouya_core::ledger::governance::{self, Decision, MotionView, Passed};
use bouya_core::ledger::{
    Action, Address, Header, MemberChange, Motion, Roster, StateError, Transaction, View, in_force_at_final,
};
use bouya_core::limits::SLOT_MS;
use bouya_core::time::Timestamp;

use crate::disk::{DiskError, Snapshot};
use crate::members::{GENERATIONS, id, member_key, number};
use crate::scenario::{ENDS, HEALED};
use crate::world::{Event, World};

/// Governors sign nothing new in the last part of a run (ms), so that everything can come into force.
const LAST_WORDS: u64 = 4 * 60_000;
/// How long a governor waits for what was moved to show before it moves the same itself (ms).
const MOVES_AGAIN: u64 = 120_000;
/// What no motion is free without.
const FEE: u64 = 4_000;
/// The contract is deployed in the first part of a run (ms), while those who govern are those who began: a deployment of somebody who governs no
/// more would stand in the way of what he says later.
const DEPLOYED: u64 = 90_000;
/// How long a motion is open.
const OPEN: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Something that a governor could say now.
type Word = (Address, Action);

impl World {
    /// A governor looks at a node and says what it has to say.
    pub(crate) fn govern(&mut self) {
        let asked: Vec<usize> = self.honest().filter(|n| self.nodes[*n].works()).collect();
        if asked.is_empty() {
            return;
        }
        let n = asked[self.rng.index(asked.len())];
        if let Err(error) = self.govern_at(n) {
            self.fails(n, DiskError::State(error));
        }
    }

    fn govern_at(&mut self, n: usize) -> Result<(), StateError> {
        let Some(running) = &self.nodes[n].running else { return Ok(()) };
        let view = running.snapshot();
        self.say_again(n, &view)?;
        if self.now > ENDS - LAST_WORDS {
            return Ok(());
        }
        let gone: Vec<usize> =
            self.agenda.wanted.iter().copied().filter(|n| self.is_away(&self.nodes[*n])).collect();
        let settled = in_force_at_final(&view)?;
        // Whoever has gone and is no member yet cannot say yes.
        for gone in gone.into_iter().filter(|n| settled.roster().by_id(&id(*n)).is_none()) {
            self.agenda.give_up(gone);
        }
        if self.agenda.is_reached(settled.roster()) && governance::passed(&view)?.is_empty() {
            self.next_step(n, settled.roster());
        }
        let mut words = self.words(n, &view)?;
        while !words.is_empty() {
            let (who, action) = words.swap_remove(self.rng.index(words.len()));
            self.pronounce(n, who, action);
            // What is open when the faults end has to pass before the run does: from then on everybody speaks who has something to say.
            words.retain(|(by, _)| self.now >= HEALED && *by != who);
        }
        Ok(())
    }

    /// The next step begins if its time has come. Steps begin one after the other, so that no set can be one that nobody has thought of.
    fn next_step(&mut self, n: usize, roster: &Roster) {
        let due = self.agenda.steps.first().is_some_and(|(at, _)| *at <= self.now && self.now < HEALED);
        // A member whose new key waits for a final block seals nothing: where none becomes final, that could be all of them.
        if !due || !self.has_quorum() {
            return;
        }
        let (_, step) = self.agenda.steps.remove(0);
        let slot = self.nodes[n].clock.wall(self.now).millis_since(self.genesis.spec.created) / SLOT_MS;
        let leader = &roster.members()[slot as usize % roster.members().len()];
        let there = (0..self.nodes.len()).filter(|n| !self.is_away(&self.nodes[*n])).collect();
        let Self { agenda, rng, scenario, .. } = self;
        agenda.begin(rng, step, number(&leader.id), (&there, &scenario.stays));
        self.check.figures.steps += 1;
        let text = format!("{step:?}: members are to be {:?}", self.agenda.wanted);
        self.line(format_args!("{text}"));
    }

    /// Whatever was signed and is not confirmed there is given to this node: without a fee if it takes it so.
    fn say_again(&mut self, n: usize, view: &Snapshot) -> Result<(), StateError> {
        let mut waiting: Vec<[Transaction; 2]> = Vec::new();
        for (address, actor) in self.agenda.actors.iter().filter(|(_, actor)| !actor.signed.is_empty()) {
            let nonce = view.account(address)?.nonce as usize;
            waiting.extend(actor.signed.iter().skip(nonce).cloned());
        }
        for [free, paid] in waiting {
            let _ = self.give_transaction(n, &free) || self.give_transaction(n, &paid);
        }
        Ok(())
    }

    /// All that is to be said at a node, by those who have nothing on its way there.
    fn words(&self, n: usize, view: &Snapshot) -> Result<Vec<Word>, StateError> {
        let (roster, now) = (governance::roster(view)?, self.tip_time(n));
        let passed = governance::passed(view)?;
        let open = governance::motions(view, now)?;
        let mut words = Vec::new();
        for motion in &open {
            words.extend(self.ballots(n, motion, &roster));
        }
        let is_moved = |change: &MemberChange| {
            let waits = |passed: &Passed| matches!(&passed.decision, Decision::Motion { change: waits, .. } if waits == change);
            let lately = self.moved.iter().any(|(moved, at)| moved == change && self.now < at + MOVES_AGAIN);
            lately || open.iter().any(|open| open.motion.change == *change) || passed.iter().any(waits)
        };
        let governors: Vec<Address> = roster.members().iter().map(|member| member.governor).collect();
        for change in self.agenda.motions(&roster).into_iter().filter(|change| !is_moved(change)) {
            let motion = Motion { change, reason: Text::default(), until: now.after(OPEN) };
            let wishes = |governor: &&Address| self.agenda.wishes(governor, &motion.change, &roster);
            words.extend(governors.iter().filter(wishes).map(|by| (*by, Action::from(motion.clone()))));
        }
        for (by, keys) in self.agenda.own_keys(&roster) {
            let waits =
                |passed: &Passed| matches!(&passed.decision, Decision::Keys { id, .. } if *id == keys.id);
            if !passed.iter().any(waits) {
                words.push((by, Action::from(keys)));
            }
        }
        if self.now < DEPLOYED && self.genesis.spec.version >= Header::CONTRACTS {
            words.extend(governors.first().copied().zip(self.clients.deployment()));
        }
        let mut idle = Vec::new();
        for (by, word) in words {
            let Some(actor) = self.agenda.actors.get(&by) else { continue };
            if view.account(&by)?.nonce == actor.signed.len() as u64 {
                idle.push((by, word));
            }
        }
        Ok(idle)
    }

    /// The ballots that are missing, or that say something else than is wished. A candidate says yes at its own node only, unless that breaks
    /// the rules, or is kept out until it is a member again.
    fn ballots(&self, n: usize, motion: &MotionView, roster: &Roster) -> Vec<Word> {
        let tally = &motion.tally;
        let voices = tally.voices.iter().filter_map(|voice| Some((voice.address?, voice.said)));
        let candidate = match &motion.motion.change {
            MemberChange::Add { member, .. } => {
                let own = number(&member.id).is_some_and(|own| {
                    own == n || !self.nodes[own].is_honest() || self.former.contains(&member.id)
                });
                tally.candidate.filter(|_| own)
            }
            _ => None,
        };
        let wished = |(address, said): (Address, Option<bool>)| {
            let yes = self.agenda.wishes(&address, &motion.motion.change, roster);
            (said != Some(yes)).then_some((address, Action::Ballot { motion: motion.id, yes }))
        };
        voices.chain(candidate).filter_map(wished).collect()
    }

    fn pronounce(&mut self, n: usize, by: Address, action: Action) {
        let network = self.genesis.id();
        let Some(actor) = self.agenda.actors.get_mut(&by) else { return };
        let nonce = actor.signed.len() as u64;
        let both =
            [0, FEE].map(|fee| Transaction::sign(&network, &actor.key, nonce, fee, u64::MAX, action.clone()));
        actor.signed.push(both.clone());
        if let Action::Deploy(_) = &action {
            self.clients.deployed(&both[1]);
        }
        if let Action::Motion(motion) = &action {
            self.agenda.moved(&motion.change);
            self.moved.retain(|(change, _)| *change != motion.change);
            self.moved.push((motion.change.clone(), self.now));
        }
        let text = match &action {
            Action::Deploy(_) => format!("{by} deploys a contract at n{n:02}"),
            action => format!("{by} says {action:?} at n{n:02}"),
        };
        self.line(format_args!("{text}"));
        self.check.figures.words += 1;
        let [free, paid] = &both;
        let _ = self.give_transaction(n, free) || self.give_transaction(n, paid);
    }

    fn tip_time(&self, n: usize) -> Timestamp {
        self.nodes[n].running.as_ref().map_or(Timestamp(0), |running| running.head.branch.time)
    }

    /// Operators of members whose new key is in force stop their nodes and put it in the old one's place. Until a block that says so is final,
    /// and that is durable there, the old one may be needed.
    pub(crate) fn put_keys_in_place(&mut self) {
        for n in 0..self.nodes.len() {
            let node = &self.nodes[n];
            if !node.works() {
                continue;
            }
            let Ok(settled) = in_force_at_final(&*node.disk.world()) else { continue };
            let Some(member) = settled.roster().by_id(&node.name) else { continue };
            if member.key == node.key.public() {
                continue;
            }
            let newer =
                (node.generation + 1..GENERATIONS).find(|next| member_key(n, *next).public() == member.key);
            let Some(generation) = newer else { continue };
            let record = Record::new(settled.voters());
            self.stop(n, true);
            let node = &mut self.nodes[n];
            (node.generation, node.key) = (generation, member_key(n, generation));
            // A backup has the old key's record.
            (node.record, node.backup) = (Some(record), None);
            self.check.figures.rotations += 1;
            self.line(format_args!("n{n:02} has its new key"));
            let after = self.rng.within(1_000, 30_000);
            self.post(self.now + after, Event::Boot(n));
        }
    }
}

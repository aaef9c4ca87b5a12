//! Voters that break the rules. Each has a real machine, which goes on whatever it hears. Besides, it signs what it likes, shows that to whom
//! it likes and when it likes, and knows every vote that anybody has made.

use alloc::vec;

use super::world::{NETWORK, World};
use super::*;
use crate::random::Random;

mod manners;
mod runs;
mod sets;

/// How a voter breaks the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// It votes for what others have voted for, old or new, and for links of its own, at random.
    Anything,
    /// It votes for two blocks in one epoch, and shows one vote to each half.
    DoubleVote,
    /// It votes around its own commits.
    Surround,
    /// It keeps votes and certificates back, and shows them later, or to one voter only.
    Withhold,
    /// It proposes from sources that are long past.
    StaleSource,
    /// It proposes two blocks in one epoch.
    TwoProposals,
    /// It proposes blocks beside their sources.
    TargetBesideSource,
    /// It votes far ahead of all slots, and shows that to one half.
    FarEpoch,
    /// It makes up certificates and votes in others' names.
    Forge,
    /// It says nothing while it leads.
    SilentLeader,
    /// It proposes from sources that nobody can certify or fetch.
    UnknownProof,
    /// It says again what others have said.
    Replay,
    /// It answers, and tells nobody what it has seen.
    HiddenAnswers,
    /// All of these, one after the other.
    All,
}

impl Manner {
    const EACH: [Self; 13] = [
        Self::Anything,
        Self::DoubleVote,
        Self::Surround,
        Self::Withhold,
        Self::StaleSource,
        Self::TwoProposals,
        Self::TargetBesideSource,
        Self::FarEpoch,
        Self::Forge,
        Self::SilentLeader,
        Self::UnknownProof,
        Self::Replay,
        Self::HiddenAnswers,
    ];
}

/// One of them.
pub(super) struct Liar {
    manner: Manner,
    random: Random,
    /// What it has kept back, and for whom that was meant.
    kept: Vec<(usize, Said)>,
}

impl Liar {
    fn new(manner: Manner, random: Random) -> Self {
        Self { manner, random, kept: vec![] }
    }

    /// What it does just now.
    fn manner(&mut self) -> Manner {
        match self.manner {
            Manner::All => *self.random.pick(&Manner::EACH).unwrap(),
            manner => manner,
        }
    }

    /// Changes what its machine says. None: it says nothing.
    fn bend(&mut self, leads: bool, to: usize, said: Said) -> Option<Said> {
        let is_answer = matches!(said, Said::Finality { .. } | Said::GetFinality { .. });
        match (self.manner(), said) {
            (Manner::Withhold, said) if !is_answer && self.random.chance(0.7) => {
                self.kept.push((to, said));
                None
            }
            (Manner::SilentLeader, Said::Proposal { .. } | Said::Votes { .. }) if leads => None,
            (Manner::HiddenAnswers, Said::Finality { set, .. }) => {
                Some(Said::Finality { set, handovers: vec![], newest: None, lock: None, seen: None })
            }
            (Manner::HiddenAnswers, Said::Certificate(_)) => None,
            (_, said) => Some(said),
        }
    }
}

impl World {
    /// From now on this node breaks the rules.
    pub(super) fn corrupt(&mut self, n: usize, manner: Manner, random: Random) {
        self.lying.insert(n);
        self.liars.insert(n, Liar::new(manner, random));
    }

    /// They stop; what they have signed remains.
    pub(super) fn reform(&mut self) {
        self.liars.clear();
    }

    /// Each liar does something.
    pub(super) fn lie(&mut self) {
        for n in self.lying.clone() {
            let Some(mut liar) = self.liars.remove(&n) else { continue };
            liar.lie(self, n);
            self.liars.insert(n, liar);
        }
    }

    /// What a node says, as its manner changes it.
    pub(super) fn bend(&mut self, from: usize, to: usize, said: Said) -> Option<Said> {
        let leads = Some(self.slot_of(from).1) == self.nodes[from].machine.number();
        match self.liars.get_mut(&from) {
            Some(liar) => liar.bend(leads, to, said),
            None => Some(said),
        }
    }

    /// The slot that it is for a node, and who leads in it.
    pub(super) fn slot_of(&self, n: usize) -> (u64, u16) {
        let machine = &self.nodes[n].machine;
        let slot = machine.slots.at(machine.time(self.now));
        (slot, machine.slots.leader(slot))
    }

    /// The certificate of a link that liars can make: of all votes that were ever made, and their own.
    fn prove(&self, link: &Link) -> Option<Certificate> {
        let voters = self.sets.get(&link.set)?;
        let signed = self.signed.get(link)?;
        let keys = self.lying.iter().map(|n| &self.nodes[*n].key);
        let numbered = keys.filter_map(|key| Some((voters.number(&key.public())?, key)));
        let more: BTreeMap<u16, &SecretKey> =
            numbered.filter(|(number, _)| !signed.contains_key(number)).collect();
        if signed.len() + more.len() < voters.quorum() {
            return None;
        }
        let mut votes = signed.clone();
        votes.extend(
            more.into_iter().map(|(number, key)| (number, link.sign(&NETWORK, number, key).signature)),
        );
        Some(Certificate::new(voters, *link, &votes))
    }
}

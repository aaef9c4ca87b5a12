//! The members of now, and what they have decided: who has a voice, and how a motion stands.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

use super::rows::{OpenMotion, read_motions, write_motion, write_motions};
use super::{Closed, Decision, Ended, MemberChange, MotionView, Outcome, Passed};
use crate::codec::Bounded;
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::ledger::finality::quorum;
use crate::ledger::state::{Key, Layer, StateError};
use crate::ledger::{Address, Member, Moment, Roster};
use crate::limits::{BALLOTS_PER_MOTION, PASSED, PASSED_MOTIONS};

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Meeting {
    pub(super) roster: Roster,
    pub(super) passed: Vec<Passed>,
}

/// How a motion stands.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Tally {
    /// The members, in the roster's order.
    pub voices: Vec<Voice>,
    /// Whoever is to be added, and what it said: it must say yes too.
    pub candidate: Option<(Address, Option<bool>)>,
}

/// A member's voice in a motion.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Voice {
    /// Who.
    pub member: NodeId,
    /// The address that speaks for it; none while it has no say.
    pub address: Option<Address>,
    /// What it said, if it did.
    pub said: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Open,
    Passed,
    Rejected,
}

impl Meeting {
    pub(super) fn read(layer: &Layer<'_>) -> Result<Self, StateError> {
        let passed: Bounded<Passed, PASSED> = layer.read(&Key::Passed)?;
        Ok(Self { roster: layer.read(&Key::Roster)?, passed: passed.into_inner() })
    }

    /// The member that this address speaks for.
    pub(super) fn speaker(&self, address: &Address) -> Option<&Member> {
        self.roster.by_governor(address).filter(|member| !self.is_mute(&member.id))
    }

    /// Whether a change of the member's own keys waits.
    pub(super) fn changes_keys(&self, member: &NodeId) -> bool {
        let own = |passed: &Passed| matches!(&passed.decision, Decision::Keys { id, .. } if id == member);
        self.passed.iter().any(|passed| passed.fell.is_none() && own(passed))
    }

    /// Whether what the member's governor says counts for nothing until the next handover.
    fn is_mute(&self, member: &NodeId) -> bool {
        self.passed.iter().any(|passed| match &passed.decision {
            Decision::Motion { change, .. } => change.mutes(member),
            Decision::Keys { .. } => false,
        })
    }

    /// The address through which a member speaks about a change; none if it has no voice for now.
    fn voice(&self, change: &MemberChange, member: &Member) -> Option<Address> {
        // Its governor is lost, or a thief's.
        let by_key = matches!(change, MemberChange::Governor { id, .. } if *id == member.id)
            && self.roster.members().len() > 1;
        match by_key {
            true => Some(Address::of(&member.key)),
            false => (!self.is_mute(&member.id)).then_some(member.governor),
        }
    }

    /// Whether a ballot of this address on this change counts now.
    fn hears(&self, change: &MemberChange, address: &Address) -> bool {
        change.candidate() == Some(*address)
            || self.roster.members().iter().any(|member| self.voice(change, member) == Some(*address))
    }

    /// Keeps a ballot, in the place of the address's earlier one. False if that changes nothing.
    pub(super) fn say(&self, open: &mut OpenMotion, from: Address, yes: bool) -> bool {
        let change = &open.motion.change;
        let is_voice = self.hears(change, &from);
        // The governor of a member that is mute.
        if !is_voice && self.roster.by_governor(&from).is_some_and(|member| self.is_mute(&member.id)) {
            return false;
        }
        let mut ballots = core::mem::take(&mut open.ballots).into_inner();
        let before = ballots.iter_mut().find(|(address, _)| *address == from);
        let is_new = match before {
            Some((_, said)) => core::mem::replace(said, yes) != yes,
            None => {
                if ballots.len() >= BALLOTS_PER_MOTION
                    && let Some(strange) =
                        ballots.iter().position(|(address, _)| !self.hears(change, address))
                {
                    ballots.remove(strange);
                }
                ballots.push((from, yes));
                true
            }
        };
        open.ballots = Bounded::truncated(ballots);
        is_new
    }

    /// Counts what the members of now have said.
    pub(super) fn tally(&self, open: &OpenMotion) -> Tally {
        let ballots: BTreeMap<Address, bool> = open.ballots.iter().copied().collect();
        let change = &open.motion.change;
        let said = |address: Address| ballots.get(&address).copied();
        let voice = |member: &Member| {
            let address = self.voice(change, member);
            Voice { member: member.id.clone(), address, said: address.and_then(said) }
        };
        let members = self.roster.members();
        Tally {
            voices: members.iter().map(voice).collect(),
            candidate: change.candidate().map(|address| (address, said(address))),
        }
    }

    /// Decides a motion by what was said, or keeps it open.
    pub(super) fn settle(
        &mut self,
        layer: &mut Layer<'_>,
        id: Hash,
        open: OpenMotion,
        at: Moment,
    ) -> Result<(), StateError> {
        match self.tally(&open).verdict() {
            Verdict::Passed if self.has_room() => {
                let change = open.motion.change.clone();
                self.close(layer, id, Some(open), Closed::Passed, at)?;
                self.pass(layer, Decision::Motion { id, change }, at)
            }
            Verdict::Rejected => self.close(layer, id, Some(open), Closed::Rejected, at),
            Verdict::Passed | Verdict::Open => write_motion(layer, id, Some(open)),
        }
    }

    /// Lets a motion leave the state, and tells why. `open` is as it stands now.
    pub(super) fn close(
        &self,
        layer: &mut Layer<'_>,
        id: Hash,
        open: Option<OpenMotion>,
        why: Closed,
        at: Moment,
    ) -> Result<(), StateError> {
        let mut all = read_motions(layer)?.into_inner();
        all.retain(|open| open.id != id);
        write_motions(layer, all)?;
        write_motion(layer, id, None)?;
        if let Some(open) = open {
            let outcome = Outcome::Closed(why, Box::new(self.show(id, open)));
            layer.tell(Ended { id, at, outcome });
        }
        Ok(())
    }

    /// What people see of an open motion.
    pub(super) fn show(&self, id: Hash, open: OpenMotion) -> MotionView {
        let tally = self.tally(&open);
        let OpenMotion { motion, mover, by, at, .. } = open;
        MotionView { id, motion, mover, by, at, tally }
    }

    fn has_room(&self) -> bool {
        let motions = self.passed.iter().filter(|passed| matches!(passed.decision, Decision::Motion { .. }));
        motions.count() < PASSED_MOTIONS
    }

    /// Notes what has passed, and what falls away by it.
    pub(super) fn pass(
        &mut self,
        layer: &mut Layer<'_>,
        decision: Decision,
        at: Moment,
    ) -> Result<(), StateError> {
        for earlier in &mut self.passed {
            if let (Decision::Motion { change, .. }, Decision::Keys { id, .. }) =
                (&decision, &earlier.decision)
                && change.mutes(id)
            {
                earlier.fell = earlier.fell.or(Some(at.height));
            }
        }
        self.passed.push(Passed { decision, at, fell: None });
        layer.write(Key::Passed, &Bounded::<Passed, PASSED>::truncated(self.passed.iter().cloned()))
    }
}

impl Tally {
    /// So many members must say yes.
    pub fn needed(&self) -> usize {
        quorum(self.voices.len())
    }

    /// How many members say so.
    pub fn count(&self, yes: bool) -> usize {
        self.voices.iter().filter(|voice| voice.said == Some(yes)).count()
    }

    /// Who can still say something and has not, the candidate last.
    pub fn missing(&self) -> impl Iterator<Item = Address> {
        let silent = self.voices.iter().filter(|voice| voice.said.is_none());
        let candidate = self.candidate.filter(|(_, said)| said.is_none()).map(|(address, _)| address);
        silent.filter_map(|voice| voice.address).chain(candidate)
    }

    pub(super) fn verdict(&self) -> Verdict {
        let spare = self.voices.len().saturating_sub(self.needed());
        let candidate = self.candidate.map(|(_, said)| said);
        if self.count(false) > spare || candidate == Some(Some(false)) {
            Verdict::Rejected
        } else if self.count(true) >= self.needed() && candidate.is_none_or(|said| said == Some(true)) {
            Verdict::Passed
        } else {
            Verdict::Open
        }
    }
}

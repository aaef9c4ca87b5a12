//! What has passed comes into force.

use alloc::string::ToString;
use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

use super::meeting::{Meeting, Verdict};
use super::rows::{read_motion, read_motions};
use super::{Closed, Decision, Ended, MemberChange, Outcome, Passed};
use crate::codec::{Bounded, Text};
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::ledger::state::{Key, Layer, StateError, View, from_row};
use crate::ledger::{Base, Member, Moment, Override, Roster, RosterError};
use crate::limits::{FORMER_MEMBERS, PASSED, UPGRADE_NOTICE, UPGRADES};
use crate::time::Timestamp;

/// The members in force after a block, and what had passed there and was not applied: all that the next handover depends on.
///
/// A handover block carries a proof that a block, its *target*, is final. It applies what had passed and not fallen away in the state after the
/// target, in the order in which it passed, and nothing else. So the members after it follow from the state after the target alone, and a
/// node needs not execute the blocks between to know them.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Pending {
    roster: Roster,
    passed: Bounded<Passed, PASSED>,
}

/// Why a change that had passed was not applied. The handover is valid all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// The members would be none.
    #[error("members: {0}")]
    Roster(#[from] RosterError),
    /// It is about somebody who is not a member.
    #[error("there is no member \"{0}\"")]
    NoMember(NodeId),
    /// Operators would have too little time to install it.
    #[error("the upgrade at height {0} is less than {UPGRADE_NOTICE} blocks ahead")]
    Soon(u64),
    /// People put other members in.
    #[error("other members were put into force by hand")]
    Overridden,
    /// Blocks go forward.
    #[error("block version {version} is not later than {latest}, or {UPGRADES} later ones wait")]
    Version {
        /// The version that was decided.
        version: u32,
        /// The latest one that was decided before.
        latest: u32,
    },
}

/// What a handover does.
pub(super) struct Applied {
    pub(super) roster: Roster,
    /// What was covered, and why it fell away if it did.
    pub(super) outcomes: Vec<(Passed, Result<(), Dropped>)>,
}

/// The row of [`Key::Handover`]. A node whose final block lies below the handover on the same chain needs what left the state with it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Handover {
    /// The members before it.
    pub(super) before: Roster,
    /// The block that was proven final.
    pub(super) target: u64,
    /// What had passed up to the target.
    pub(super) settled: Bounded<Passed, PASSED>,
}

impl Pending {
    pub(super) fn new(roster: Roster, passed: impl IntoIterator<Item = Passed>) -> Self {
        Self { roster, passed: Bounded::truncated(passed) }
    }

    /// The members in force.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Whether a handover could follow from the block at `target`: a change had passed there that is not applied.
    pub fn covers(&self, target: u64) -> bool {
        self.passed.iter().any(|passed| passed.stands_at(target))
    }

    /// The members after a handover at the block `base` that proves the block at `target` final, which is not above the block that this was
    /// taken at. None if that covers nothing: such a block is no handover.
    pub fn after(&self, target: u64, base: Base) -> Option<Roster> {
        self.apply(target, base).map(|applied| applied.roster)
    }

    pub(super) fn apply(&self, target: u64, base: Base) -> Option<Applied> {
        let covered = self.passed.iter().filter(|passed| passed.stands_at(target));
        let roster = self.roster.next(base, self.roster.members().iter().cloned()).ok()?;
        let mut applied = Applied { roster, outcomes: Vec::new() };
        for passed in covered {
            let outcome = applied.take(&passed.decision);
            applied.outcomes.push((passed.clone(), outcome));
        }
        (!applied.outcomes.is_empty()).then_some(applied)
    }
}

impl Applied {
    fn take(&mut self, decision: &Decision) -> Result<(), Dropped> {
        match decision {
            Decision::Motion { change: MemberChange::Add { member, .. }, .. } => {
                let members = self.roster.members().iter().cloned().chain([member.clone()]);
                self.roster = self.roster.next(self.roster.base(), members)?;
                Ok(())
            }
            Decision::Motion { change: MemberChange::Remove { id }, .. } => {
                self.known(id)?;
                let others = self.roster.members().iter().filter(|member| member.id != *id).cloned();
                self.roster = self.roster.next(self.roster.base(), others)?;
                Ok(())
            }
            Decision::Motion { change: MemberChange::Governor { id, governor }, .. } => {
                self.change(id, |member| Member { governor: *governor, ..member })
            }
            Decision::Motion { change: MemberChange::Upgrade(upgrade), .. } => {
                if upgrade.height < self.roster.base().height().saturating_add(UPGRADE_NOTICE) {
                    return Err(Dropped::Soon(upgrade.height));
                }
                self.roster
                    .upgrade(*upgrade)
                    .map_err(|latest| Dropped::Version { version: upgrade.version, latest })
            }
            Decision::Keys { id, key, governor } => self.change(id, |member| Member {
                key: key.unwrap_or(member.key),
                governor: governor.unwrap_or(member.governor),
                ..member
            }),
        }
    }

    fn known(&self, id: &NodeId) -> Result<(), Dropped> {
        self.roster.by_id(id).map(|_| ()).ok_or_else(|| Dropped::NoMember(id.clone()))
    }

    fn change(&mut self, id: &NodeId, change: impl Fn(Member) -> Member) -> Result<(), Dropped> {
        self.known(id)?;
        let members = self.roster.members().iter().cloned();
        let members = members.map(|member| if member.id == *id { change(member) } else { member });
        self.roster = self.roster.next(self.roster.base(), members)?;
        Ok(())
    }
}

/// Applies what a handover covers: the block `base` proves the block at `target` final. Run it behind the block's transactions and reward.
/// None, and nothing is written, if it covers nothing. `time` is the block's.
pub(in crate::ledger) fn hand_over(
    layer: &mut Layer<'_>,
    target: u64,
    base: Base,
    time: Timestamp,
) -> Result<Option<Roster>, StateError> {
    let Meeting { roster: before, passed } = Meeting::read(layer)?;
    let pending = Pending::new(before, passed);
    let Some(applied) = pending.apply(target, base) else { return Ok(None) };
    let Pending { roster: before, passed } = pending;
    let (settled, waiting): (Vec<_>, Vec<_>) =
        passed.into_iter().partition(|passed| passed.at.height <= target);
    layer.write(Key::Roster, &applied.roster)?;
    layer.write(Key::Passed, &Bounded::<Passed, PASSED>::truncated(waiting))?;
    remember_former(layer, &before, &applied.roster)?;
    let handover = Handover { before, target, settled: Bounded::truncated(settled) };
    layer.write(Key::Handover, &Some(handover))?;
    let at = behind_all(base.height(), time);
    tell(layer, applied.outcomes, at);
    count_again(layer, at)?;
    Ok(Some(applied.roster))
}

/// Puts members into force that were decided outside the chain, behind a block with this time: what those before had decided, or were about to,
/// is void. The new ones begin anew.
pub(in crate::ledger) fn override_members(
    layer: &mut Layer<'_>,
    by: &Override,
    time: Timestamp,
) -> Result<Roster, StateError> {
    let mut meeting = Meeting::read(layer)?;
    let roster = by.roster_after(&meeting.roster);
    let at = behind_all(by.checkpoint().0, time);
    for entry in read_motions(layer)? {
        let open = read_motion(layer, &entry.id)?;
        meeting.close(layer, entry.id, open, Closed::Void, at)?;
    }
    let passed = core::mem::take(&mut meeting.passed);
    tell(layer, passed.into_iter().map(|passed| (passed, Err(Dropped::Overridden))), at);
    layer.write(Key::Roster, &roster)?;
    layer.write(Key::Passed, &Bounded::<Passed, PASSED>::default())?;
    layer.write(Key::Handover, &None::<Handover>)?;
    remember_former(layer, &meeting.roster, &roster)?;
    Ok(roster)
}

/// Behind all transactions of a block, by none.
fn behind_all(height: u64, time: Timestamp) -> Moment {
    Moment { height, index: u32::MAX, time, transaction: Hash::ZERO }
}

fn remember_former(layer: &mut Layer<'_>, before: &Roster, after: &Roster) -> Result<(), StateError> {
    let former: Bounded<NodeId, FORMER_MEMBERS> = layer.read(&Key::FormerMembers)?;
    let mut former = former.into_inner();
    for member in before.members().iter().filter(|member| after.by_id(&member.id).is_none()) {
        former.push(member.id.clone());
        layer.write(Key::LastKeys(member.id.clone()), &None::<Timestamp>)?;
    }
    former.retain(|id| after.by_id(id).is_none());
    let too_many = former.len().saturating_sub(FORMER_MEMBERS);
    former.drain(..too_many);
    layer.write(Key::FormerMembers, &Bounded::<NodeId, FORMER_MEMBERS>::truncated(former))
}

fn tell(
    layer: &mut Layer<'_>,
    outcomes: impl IntoIterator<Item = (Passed, Result<(), Dropped>)>,
    at: Moment,
) {
    for (passed, outcome) in outcomes {
        let Decision::Motion { id, .. } = passed.decision else { continue };
        let outcome = match outcome {
            Ok(()) => Outcome::Applied,
            // All of them are shorter than a reason may be.
            Err(why) => Outcome::Dropped(Text::try_from(why.to_string()).unwrap_or_default()),
        };
        layer.tell(Ended { id, at, outcome });
    }
}

/// Counts what was said to the open motions over the members of now, in the order in which they were moved. What passes here waits for the next
/// handover.
fn count_again(layer: &mut Layer<'_>, at: Moment) -> Result<(), StateError> {
    let mut meeting = Meeting::read(layer)?;
    for entry in read_motions(layer)? {
        let Some(open) = read_motion(layer, &entry.id)? else { continue };
        if entry.until < at.time {
            meeting.close(layer, entry.id, Some(open), Closed::Expired, at)?;
        } else if meeting.tally(&open).verdict() != Verdict::Open {
            meeting.settle(layer, entry.id, open, at)?;
        }
    }
    Ok(())
}

/// What the next handover depends on, as of the block of the best chain at `height`, from the state at its tip. It reaches back to the base
/// before the one in force: a second handover proves final a block at or above the first.
pub fn pending_at<V: View + ?Sized>(view: &V, height: u64) -> Result<Pending, StateError> {
    let roster: Roster = from_row(view.row(&Key::Roster)?)?;
    let passed: Bounded<Passed, PASSED> = from_row(view.row(&Key::Passed)?)?;
    if roster.base().height() <= height {
        return Ok(Pending::known_at(height, roster, passed));
    }
    let handover: Option<Handover> = from_row(view.row(&Key::Handover)?)?;
    match handover.filter(|handover| handover.before.base().height() <= height) {
        Some(Handover { before, settled, .. }) => {
            Ok(Pending::known_at(height, before, settled.into_iter().chain(passed)))
        }
        None => Err(StateError(alloc::format!(
            "the members at height {height} are not kept any more; run `bouya verify`"
        ))),
    }
}

impl Pending {
    fn known_at(height: u64, roster: Roster, passed: impl IntoIterator<Item = Passed>) -> Self {
        let passed = passed.into_iter().filter(|passed| passed.at.height <= height);
        // What falls away later is not known there.
        let passed =
            passed.map(|passed| Passed { fell: passed.fell.filter(|fell| *fell <= height), ..passed });
        Self { roster, passed: Bounded::truncated(passed) }
    }
}

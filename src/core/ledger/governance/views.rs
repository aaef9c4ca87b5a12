//! What people see of governance at a tip.

use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

use super::handover::Handover;
use super::meeting::{Meeting, Tally};
use super::rows::{Open, OpenMotion};
use super::{Dropped, Motion, Passed, Pending, Upgrade};
use crate::codec::Bounded;
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::ledger::state::{Key, StateError, View, from_row};
use crate::ledger::{Address, Moment, Roster};
use crate::limits::{FORMER_MEMBERS, MOTIONS, PASSED};
use crate::time::Timestamp;

/// An open motion, or one as it was when it was decided.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MotionView {
    /// [`Motion::id`].
    pub id: Hash,
    /// What was moved, why, and until when it may pass.
    pub motion: Motion,
    /// Who moved it.
    pub mover: NodeId,
    /// The mover's governor of then.
    pub by: Address,
    /// Where it was moved.
    pub at: Moment,
    /// Who said what, and who has to.
    pub tally: Tally,
}

/// What the last handover did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// The members before it.
    pub before: Roster,
    /// The members after it.
    pub after: Roster,
    /// The height of the block that was proven final.
    pub target: u64,
    /// What it applied, in this order, and what fell away and why.
    pub outcomes: Vec<(Passed, Result<(), Dropped>)>,
}

/// The members in force.
pub fn roster<V: View + ?Sized>(view: &V) -> Result<Roster, StateError> {
    from_row(view.row(&Key::Roster)?)
}

/// The ids of the motions that are open when the tip's time is `now`, in the order in which they were moved.
pub fn motion_ids<V: View + ?Sized>(view: &V, now: Timestamp) -> Result<Vec<Hash>, StateError> {
    let open: Bounded<Open, MOTIONS> = from_row(view.row(&Key::Motions)?)?;
    Ok(open.into_iter().filter(|open| open.until >= now).map(|open| open.id).collect())
}

/// Those whose time was over at `from` or later, and before `now`, and that nothing has closed since.
pub fn expired<V: View + ?Sized>(view: &V, from: Timestamp, now: Timestamp) -> Result<Vec<Hash>, StateError> {
    let open: Bounded<Open, MOTIONS> = from_row(view.row(&Key::Motions)?)?;
    Ok(open.into_iter().filter(|open| (from..now).contains(&open.until)).map(|open| open.id).collect())
}

/// The motions that are open when the tip's time is `now`, in the order in which they were moved.
pub fn motions<V: View + ?Sized>(view: &V, now: Timestamp) -> Result<Vec<MotionView>, StateError> {
    let meeting = meeting(view)?;
    let mut motions = Vec::new();
    for id in motion_ids(view, now)? {
        let row: Option<OpenMotion> = from_row(view.row(&Key::Motion(id))?)?;
        motions.extend(row.map(|open| meeting.show(id, open)));
    }
    Ok(motions)
}

/// An open motion. None if there is none with this id, or if it has expired when the tip's time is `now`.
pub fn motion<V: View + ?Sized>(
    view: &V,
    id: &Hash,
    now: Timestamp,
) -> Result<Option<MotionView>, StateError> {
    let open: Option<OpenMotion> = from_row(view.row(&Key::Motion(*id))?)?;
    let Some(open) = open.filter(|open| open.motion.until >= now) else { return Ok(None) };
    Ok(Some(meeting(view)?.show(*id, open)))
}

pub(super) fn meeting<V: View + ?Sized>(view: &V) -> Result<Meeting, StateError> {
    Ok(Meeting { roster: roster(view)?, passed: passed(view)? })
}

/// What has passed and waits for a handover, in the order in which it passed, with what fell away since.
pub fn passed<V: View + ?Sized>(view: &V) -> Result<Vec<Passed>, StateError> {
    let passed: Bounded<Passed, PASSED> = from_row(view.row(&Key::Passed)?)?;
    Ok(passed.into_inner())
}

/// Ids of former members, the newest last. They are refused until they are added again.
pub fn former_members<V: View + ?Sized>(view: &V) -> Result<Vec<NodeId>, StateError> {
    let former: Bounded<NodeId, FORMER_MEMBERS> = from_row(view.row(&Key::FormerMembers)?)?;
    Ok(former.into_inner())
}

/// The version of blocks that is in force, if one was decided, and those that will be.
pub fn upgrades<V: View + ?Sized>(view: &V) -> Result<Vec<Upgrade>, StateError> {
    Ok(roster(view)?.upgrades().to_vec())
}

/// The last handover; none if there was none.
pub fn last_handover<V: View + ?Sized>(view: &V) -> Result<Option<Handed>, StateError> {
    let row: Option<Handover> = from_row(view.row(&Key::Handover)?)?;
    let Some(Handover { before, target, settled }) = row else { return Ok(None) };
    let after = roster(view)?;
    let outcomes = Pending::new(before.clone(), settled).apply(target, after.base());
    let outcomes = outcomes.map(|applied| applied.outcomes).unwrap_or_default();
    Ok(Some(Handed { before, after, target, outcomes }))
}

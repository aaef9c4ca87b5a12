//! Governance: the members decide who the members are.
//!
//! A member speaks through its *governor*, an address whose key does not lie on the node. A governor moves a [`MemberChange`]; the others
//! cast ballots. A motion passes once a quorum of **all** members says yes, the one that it concerns included; to add somebody, the
//! candidate's governor must say yes too. It is rejected once so many say no, or the candidate does, that it cannot pass. In a motion that
//! gives a member another governor, because the old one is lost, that member speaks through the address of its member key, unless it is
//! alone. A member may change its own keys without a vote.
//!
//! What passes changes nothing yet: it waits for a *handover*, a block that carries a proof that a block at or above it is final. See
//! [`Pending`] for what that changes.
//!
//! Invariants:
//! - Nothing that is said here makes a block invalid: what the wrong person says, or too late, counts for nothing.
//! - Ballots belong to addresses. They are counted anew at each ballot, and after each handover, over the members of then: an address that
//!   has become a governor has said what it said before.
//! - Once a motion has passed that removes a member or gives it another governor, what its old governor says, or has said, counts for
//!   nothing, and its own change of keys falls away.
//! - Where it passed and where it fell away is kept, because a handover goes by the state after the block that is proven final.
//! - Every row is bounded (`limits/governance.rs`). Decided motions leave the state. Expired ones count for nothing; they leave with the next
//!   ballot on them, motion, or handover.
//! - A member has a few open motions at most. One more takes the place of its oldest, if that has been open for a day or was moved by an
//!   address that no longer speaks for the member; otherwise it counts for nothing.

mod ended;
mod free;
mod handover;
mod meeting;
mod rows;
mod values;
mod views;

pub use ended::{Closed, Ended, Outcome};
pub use free::is_free;
pub use handover::{Dropped, Pending, pending_at};
pub use meeting::{Tally, Voice};
pub use rows::{Decision, Passed};
pub use values::{Keys, MemberChange, Motion, Upgrade};
pub use views::{
    Handed, MotionView, expired, former_members, last_handover, motion, motion_ids, motions, passed, roster,
    upgrades,
};

pub(super) use handover::{hand_over, override_members};
pub(super) use values::{check, proof};

use alloc::vec::Vec;

use meeting::Meeting;
use rows::{Open, OpenMotion, read_motion, read_motions, write_motions};

use super::state::{Key, Layer, StateError};
use super::{Action, Address, CheckedTransaction, Moment};
use crate::codec::Bounded;
use crate::crypto::Hash;
use crate::limits::{KEYS_EVERY, MOTION_OPEN, MOTION_PLACE, MOTIONS, MOTIONS_PER_MEMBER};
use crate::time::Timestamp;

/// Takes in what a transaction says about members.
pub(super) fn apply(
    layer: &mut Layer<'_>,
    transaction: &CheckedTransaction,
    at: Moment,
) -> Result<(), StateError> {
    let from = transaction.payer();
    match &transaction.action {
        Action::Motion(motion) => {
            let id = motion.id(&transaction.sender, transaction.nonce);
            open(layer, id, from, motion, at)
        }
        Action::Ballot { motion, yes } => cast(layer, motion, from, *yes, at),
        Action::Keys(keys) => change_keys(layer, from, keys, at),
        _ => Ok(()),
    }
}

fn open(
    layer: &mut Layer<'_>,
    id: Hash,
    from: Address,
    motion: &Motion,
    at: Moment,
) -> Result<(), StateError> {
    let (soonest, latest) = (at.time.after(MOTION_OPEN.0), at.time.after(MOTION_OPEN.1));
    if motion.until < soonest || motion.until > latest {
        return Ok(());
    }
    let mut meeting = Meeting::read(layer)?;
    let Some(mover) = meeting.speaker(&from).map(|member| member.id.clone()) else { return Ok(()) };
    let new = Open { id, mover: mover.clone(), by: from, moved: at.time, until: motion.until };
    if !make_room(layer, &meeting, &new, at)? {
        return Ok(());
    }
    let mut open = OpenMotion { motion: motion.clone(), mover, by: from, at, ballots: Bounded::default() };
    meeting.say(&mut open, from, true);
    meeting.settle(layer, id, open, at)
}

/// Enters a motion in the list of open ones. False if its mover has no place for it.
fn make_room(layer: &mut Layer<'_>, meeting: &Meeting, new: &Open, at: Moment) -> Result<bool, StateError> {
    let all = read_motions(layer)?;
    let (expired, open): (Vec<&Open>, Vec<&Open>) = all.iter().partition(|open| open.until < new.moved);
    let has_place =
        |open: &Open| open.by == new.by && new.moved.millis_since(open.moved) < millis(MOTION_PLACE);
    let own: Vec<_> = open.iter().filter(|open| open.mover == new.mover).collect();
    let gives_way = if own.len() >= MOTIONS_PER_MEMBER {
        let Some(gives_way) = own.into_iter().find(|open| !has_place(open)) else { return Ok(false) };
        Some(gives_way)
    } else if open.len() >= MOTIONS {
        // Each member has fewer than its share, so some are those of former members.
        let Some(gives_way) = open.iter().find(|open| meeting.roster.by_id(&open.mover).is_none()) else {
            return Ok(false);
        };
        Some(gives_way)
    } else {
        None
    };
    let expired = expired.into_iter().map(|open| (open.id, Closed::Expired));
    for (id, why) in expired.chain(gives_way.map(|open| (open.id, Closed::Replaced))) {
        let row = read_motion(layer, &id)?;
        meeting.close(layer, id, row, why, at)?;
    }
    let mut all = read_motions(layer)?.into_inner();
    all.push(new.clone());
    write_motions(layer, all)?;
    Ok(true)
}

fn cast(layer: &mut Layer<'_>, id: &Hash, from: Address, yes: bool, at: Moment) -> Result<(), StateError> {
    let Some(mut open) = read_motion(layer, id)? else { return Ok(()) };
    let mut meeting = Meeting::read(layer)?;
    if open.motion.until < at.time {
        return meeting.close(layer, *id, Some(open), Closed::Expired, at);
    }
    match meeting.say(&mut open, from, yes) {
        true => meeting.settle(layer, *id, open, at),
        false => Ok(()),
    }
}

fn change_keys(layer: &mut Layer<'_>, from: Address, keys: &Keys, at: Moment) -> Result<(), StateError> {
    let mut meeting = Meeting::read(layer)?;
    if meeting.speaker(&from).is_none_or(|member| member.id != keys.id) || meeting.changes_keys(&keys.id) {
        return Ok(());
    }
    let row = Key::LastKeys(keys.id.clone());
    let last: Option<Timestamp> = layer.read(&row)?;
    if last.is_some_and(|last| at.time.millis_since(last) < millis(KEYS_EVERY)) {
        return Ok(());
    }
    layer.write(row, &Some(at.time))?;
    let decision =
        Decision::Keys { id: keys.id.clone(), key: keys.key.map(|(key, _)| key), governor: keys.governor };
    meeting.pass(layer, decision, at)
}

fn millis(span: core::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

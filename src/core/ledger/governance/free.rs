//! What nodes take without the least fee, so that nobody is voted out, or locked out, by having no coins. A policy of nodes, never a rule for
//! blocks.

use super::views::meeting;
use super::{Keys, Motion, motion};
use crate::codec::Bounded;
use crate::ledger::governance::rows::Open;
use crate::ledger::state::{Key, StateError, View, from_row};
use crate::ledger::{Action, Address, CheckedTransaction};
use crate::limits::{FREE_MOTION_EVERY, FREE_MOTION_MARGIN, KEYS_EVERY, MOTION_OPEN, MOTIONS};
use crate::time::Timestamp;

/// Whether a transaction is one that members must be able to make without coins: at the tip of `view` it would count, and it is the first
/// that its sender says to a motion, its motion of the day, or its member's own keys.
pub fn is_free<V: View + ?Sized>(view: &V, transaction: &CheckedTransaction) -> Result<bool, StateError> {
    let from = transaction.payer();
    match &transaction.action {
        Action::Motion(motion) => is_free_motion(view, from, motion),
        Action::Ballot { motion: id, .. } => {
            let open = motion(view, id, now(view)?)?;
            Ok(open.is_some_and(|open| open.tally.missing().any(|address| address == from)))
        }
        Action::Keys(keys) => are_free_keys(view, from, keys),
        _ => Ok(false),
    }
}

/// What counts for nothing is not free: nothing would remember that it was said.
fn is_free_motion<V: View + ?Sized>(view: &V, from: Address, motion: &Motion) -> Result<bool, StateError> {
    let now = now(view)?;
    let (soonest, latest) =
        (now.after(MOTION_OPEN.0.saturating_add(FREE_MOTION_MARGIN)), now.after(MOTION_OPEN.1));
    if motion.until < soonest || motion.until > latest || meeting(view)?.speaker(&from).is_none() {
        return Ok(false);
    }
    let open: Bounded<Open, MOTIONS> = from_row(view.row(&Key::Motions)?)?;
    let lately = |open: &Open| open.by == from && now < open.moved.after(FREE_MOTION_EVERY);
    Ok(!open.iter().any(lately))
}

fn are_free_keys<V: View + ?Sized>(view: &V, from: Address, keys: &Keys) -> Result<bool, StateError> {
    let meeting = meeting(view)?;
    if meeting.speaker(&from).is_none_or(|member| member.id != keys.id) || meeting.changes_keys(&keys.id) {
        return Ok(false);
    }
    let last: Option<Timestamp> = from_row(view.row(&Key::LastKeys(keys.id.clone()))?)?;
    let now = now(view)?;
    Ok(last.is_none_or(|last| now >= last.after(KEYS_EVERY)))
}

/// The tip's time.
fn now<V: View + ?Sized>(view: &V) -> Result<Timestamp, StateError> {
    let record = view.record(&view.tip()?.1)?;
    Ok(record.map_or(Timestamp(0), |record| record.header.time))
}

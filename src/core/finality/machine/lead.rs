//! What a leader does in its slot.

use super::super::slots::{latest_counted, latest_epoch};
use super::*;
use crate::limits::{PROPOSALS_PER_SLOT, PROPOSE_AFTER, PROPOSE_AGAIN, PROPOSE_EVERY};

/// What this node proposed last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proposed {
    slot: u64,
    /// How many in this slot.
    count: u32,
    at: Time,
    link: Link,
    /// Somebody has said what it lacks.
    refused: bool,
}

impl Proposed {
    /// When the next one may leave, if it is in the same slot.
    fn next(&self) -> Time {
        self.at.after(if self.refused { PROPOSE_AGAIN } else { PROPOSE_EVERY })
    }
}

impl Finality {
    /// Proposes, if this node leads and there is something to propose. Returns whether that is being written.
    pub(super) fn lead(&mut self, now: Time, blocks: &dyn Blocks) -> bool {
        let Some(slot) = self.leads_in(now) else { return false };
        let before = self.proposed.filter(|proposed| proposed.slot == slot);
        let count = before.map_or(0, |proposed| proposed.count);
        // Alone, nobody is in the way, and no slot matters.
        let waits = before.is_some_and(|proposed| now < proposed.next()) || count >= PROPOSALS_PER_SLOT;
        if waits && self.voters().count() > 1 {
            return false;
        }
        if let Some(source) = self.justified.last_key_value().map(|(source, _)| *source) {
            self.want(now, blocks, source);
        }
        let Some((link, proof)) = self.next_link(now, slot, blocks) else { return false };
        let written = self.sign(&link, proof.clone(), Leaves::Proposal { proof });
        if written {
            let count = count.saturating_add(1);
            self.proposed = Some(Proposed { slot, count, at: now, link, refused: false });
        }
        written
    }

    /// A later vote or certificate tells this node what its proposal lacks.
    pub(super) fn look_for_refusal(&mut self, link: &Link) {
        if let Some(proposed) = &mut self.proposed {
            let is_own = *link == proposed.link || Some(*link) == proposed.link.commit();
            proposed.refused |= !is_own && link.target.epoch >= proposed.link.target.epoch;
        }
    }

    /// When this node may propose next.
    pub(super) fn leads_next(&self, now: Time) -> impl Iterator<Item = Time> + use<> {
        let me = self.me;
        let slot = self.slots.at(self.time(now));
        let begin = |slot: u64| {
            let begin = self.slots.begin(slot).after(PROPOSE_AFTER);
            now.after(Duration::from_millis(begin.millis_since(self.time(now))))
        };
        let slots =
            me.map(|me| [slot, slot.saturating_add(1)].map(|from| begin(self.slots.next_of(from, me))));
        let held = self.arrivals.back().map(|(at, ..)| at.after(self.hold));
        let again = self.proposed.as_ref().map(Proposed::next);
        slots.into_iter().flatten().chain(held.filter(|_| me.is_some())).chain(again)
    }

    /// The slot that this node leads now.
    fn leads_in(&self, now: Time) -> Option<u64> {
        let me = self.me?;
        let time = self.time(now);
        let slot = self.slots.at(time);
        let has_begun = self.voters().count() == 1 || time >= self.slots.begin(slot).after(PROPOSE_AFTER);
        (self.slots.leader(slot) == me && has_begun).then_some(slot)
    }

    /// What to propose: a link from the latest justified checkpoint, with its certificate.
    fn next_link(&self, now: Time, slot: u64, blocks: &dyn Blocks) -> Option<(Link, Option<Certificate>)> {
        let (source, proof) = self.justified.last_key_value()?;
        let (height, block) = self.next_block(now, source, blocks)?;
        if height <= self.finalized().height {
            return None;
        }
        let (counted, most) = match self.voters().count() {
            1 => (u64::MAX, u64::MAX),
            _ => (latest_counted(slot), latest_epoch(slot)),
        };
        let above = self.votes.latest_epoch(counted).max(self.record.target).max(source.epoch);
        let epoch = above.checked_add(2)? & !1;
        let target = Checkpoint { epoch, height, block };
        let link = Link { set: self.voters().id(), source: *source, target };
        (epoch <= most).then(|| (link, proof.clone()))
    }

    /// The justified block itself while it is not on the best chain. Else the newest block that has been on it for a while.
    fn next_block(&self, now: Time, source: &Checkpoint, blocks: &dyn Blocks) -> Option<(u64, Hash)> {
        let justified = (source.height, source.block);
        if blocks.best(source.height) != Some(source.block) {
            let is_here = blocks.height(&source.block).is_some();
            return is_here.then_some(justified);
        }
        let hold = if self.voters().count() == 1 { Duration::ZERO } else { self.hold };
        let is_held = |(at, height, block): &&(Time, u64, Hash)| {
            now.since(*at) >= hold
                && *height >= source.height
                && blocks.best(*height) == Some(*block)
                && self.votes_for(blocks, *height, block)
        };
        let newest = self.arrivals.iter().rev().find(is_held).map(|(_, height, block)| (*height, *block));
        // Many blocks may stand on the next base already.
        Some(newest.into_iter().chain(self.next_base(blocks)).max().unwrap_or(justified))
    }
}

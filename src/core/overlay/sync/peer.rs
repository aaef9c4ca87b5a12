//! What sync knows of a connected peer.

use core::time::Duration;

use crate::ledger::Branch;
use crate::limits::{
    SYNC_HURRY, SYNC_HURRY_MAX, SYNC_PATIENCE, SYNC_PATIENCE_MAX, SYNC_REST, SYNC_REST_MAX, SYNC_REST_SHORT,
};
use crate::time::{Time, doubled};
use crate::wire::TipSummary;

#[derive(Debug)]
pub(super) struct SyncPeer {
    /// Its best block, as it claims.
    pub(super) tip: TipSummary,
    /// The claim has not been followed yet.
    pub(super) claims: bool,
    /// It sent a block whose parent is not known here.
    pub(super) orphan: bool,
    /// Answers to GetHeaders that are still to come, those to requests that were given up included: they come in order.
    pub(super) owed: u32,
    /// Kept blocks back: asked only if nobody else is left.
    pub(super) stalled: bool,
    rests_until: Time,
    /// Walks in a row that came to nothing.
    pub(super) failures: u32,
}

impl SyncPeer {
    pub(super) fn new(tip: TipSummary) -> Self {
        let rests_until = Time::default();
        Self { tip, claims: true, orphan: false, owed: 0, stalled: false, rests_until, failures: 0 }
    }

    /// When it may be followed, if there is anything to follow.
    pub(super) fn ready_at(&self, ours: &Branch) -> Option<Time> {
        (self.orphan || self.claims && beats(&self.tip, ours)).then_some(self.rests_until)
    }

    /// Says that it has a better block than before.
    pub(super) fn claim(&mut self, tip: TipSummary) {
        if tip.work > self.tip.work {
            self.tip = tip;
            self.claims = true;
        }
    }

    pub(super) fn failed(&mut self, now: Time) {
        self.rests_until = now.after(doubled(SYNC_REST, self.failures, SYNC_REST_MAX));
        self.failures = self.failures.saturating_add(1);
    }

    pub(super) fn found_nothing(&mut self, now: Time) {
        self.rests_until = now.after(SYNC_REST_SHORT);
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }

    pub(super) fn patience(&self) -> Duration {
        doubled(SYNC_PATIENCE, self.failures, SYNC_PATIENCE_MAX)
    }

    pub(super) fn hurry(&self) -> Duration {
        doubled(SYNC_HURRY, self.failures, SYNC_HURRY_MAX)
    }
}

/// Whether a branch that ends as claimed would be preferred to ours.
pub(super) fn beats(claim: &TipSummary, ours: &Branch) -> bool {
    (claim.work, ours.id) > (ours.work, claim.hash)
}

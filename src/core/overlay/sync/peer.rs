//! What sync knows of a connected peer.

use core::time::Duration;

use crate::ledger::Branch;
use crate::limits::BLOCK_TIMEOUT;
use crate::time::{Time, doubled};
use crate::wire::TipSummary;

/// Rest after a header sync that came to nothing: doubles up to [`REST_MAX`], so that claims which lead nowhere cost less and less.
const REST: Duration = Duration::from_secs(5);
const REST_MAX: Duration = Duration::from_secs(300);
/// Rest after a header sync that found nothing through nobody's fault: the block that started it has come another way.
const REST_SHORT: Duration = Duration::from_secs(1);
/// How long the headers of one segment may take if another peer claims a better chain too; doubles with each failure.
const PATIENCE: Duration = Duration::from_secs(60);
const PATIENCE_MAX: Duration = PATIENCE.saturating_mul(1024);
/// How long one answer may take if another peer claims a better chain too; doubles with each failure.
const HURRY: Duration = BLOCK_TIMEOUT;
const HURRY_MAX: Duration = HURRY.saturating_mul(1024);

#[derive(Debug)]
pub(super) struct SyncPeer {
    /// Its best block, as it claims.
    pub(super) tip: TipSummary,
    /// The claim has not been followed yet.
    pub(super) claims: bool,
    /// It sent a block whose parent is not known here.
    pub(super) orphan: bool,
    /// Answers to GetHeaders that are still due, including those to requests that were given up: they come in order.
    pub(super) owed: u32,
    /// It withheld blocks: asked only if nobody else is left.
    pub(super) stalled: bool,
    rests_until: Time,
    /// Header syncs in a row that came to nothing.
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

    /// The peer says that it has a better block than before.
    pub(super) fn claim(&mut self, tip: TipSummary) {
        if tip.work > self.tip.work {
            self.tip = tip;
            self.claims = true;
        }
    }

    pub(super) fn failed(&mut self, now: Time) {
        self.rests_until = now.after(doubled(REST, self.failures, REST_MAX));
        self.failures = self.failures.saturating_add(1);
    }

    pub(super) fn found_nothing(&mut self, now: Time) {
        self.rests_until = now.after(REST_SHORT);
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }

    pub(super) fn patience(&self) -> Duration {
        doubled(PATIENCE, self.failures, PATIENCE_MAX)
    }

    pub(super) fn hurry(&self) -> Duration {
        doubled(HURRY, self.failures, HURRY_MAX)
    }
}

/// Whether a branch that ends as claimed would be preferred to ours.
pub(super) fn beats(claim: &TipSummary, ours: &Branch) -> bool {
    (claim.work, ours.id) > (ours.work, claim.hash)
}

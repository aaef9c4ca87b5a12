//! What sync knows about a connected peer.

use alloc::collections::BTreeMap;
use core::time::Duration;

use crate::id::NodeId;
use crate::ledger::Branch;
use crate::limits::{
    SYNC_HURRY, SYNC_HURRY_MAX, SYNC_PATIENCE, SYNC_PATIENCE_MAX, SYNC_REST, SYNC_REST_MAX, SYNC_REST_SHORT,
    SYNC_RESTS,
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
    /// Answers to GetHeaders that are still due, including those to requests that were given up: they come in order.
    pub(super) owed: u32,
    /// It withheld blocks: asked only if nobody else is left.
    pub(super) stalled: bool,
    id: NodeId,
    rest: Rest,
}

/// What is remembered about failed header syncs. It outlives the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rest {
    until: Time,
    /// How many in a row.
    failures: u32,
}

/// The rests of peers that have left. Bounded: those that end first are forgotten first.
#[derive(Debug, Default)]
pub(super) struct Rests(BTreeMap<NodeId, Rest>);

impl Rests {
    pub(super) fn take(&mut self, id: &NodeId) -> Rest {
        self.0.remove(id).unwrap_or_default()
    }

    pub(super) fn keep(&mut self, peer: SyncPeer) {
        if peer.rest.failures == 0 {
            return;
        }
        self.0.insert(peer.id, peer.rest);
        if self.0.len() > SYNC_RESTS {
            let first = self.0.iter().min_by_key(|(_, rest)| rest.until).map(|(id, _)| id.clone());
            first.and_then(|id| self.0.remove(&id));
        }
    }
}

impl SyncPeer {
    pub(super) fn new(id: NodeId, tip: TipSummary, rest: Rest) -> Self {
        Self { tip, claims: true, orphan: false, owed: 0, stalled: false, id, rest }
    }

    /// When it may be followed, if there is anything to follow.
    pub(super) fn ready_at(&self, ours: &Branch) -> Option<Time> {
        (self.orphan || self.claims && beats(&self.tip, ours)).then_some(self.rest.until)
    }

    /// The peer says that it has a better block than before.
    pub(super) fn claim(&mut self, tip: TipSummary) {
        if tip.work > self.tip.work {
            self.tip = tip;
            self.claims = true;
        }
    }

    pub(super) fn failed(&mut self, now: Time) {
        self.rest.until = now.after(doubled(SYNC_REST, self.rest.failures, SYNC_REST_MAX));
        self.rest.failures = self.rest.failures.saturating_add(1);
    }

    pub(super) fn found_nothing(&mut self, now: Time) {
        self.rest.until = now.after(SYNC_REST_SHORT);
    }

    pub(super) fn succeeded(&mut self) {
        self.rest.failures = 0;
    }

    pub(super) fn failures(&self) -> u32 {
        self.rest.failures
    }

    pub(super) fn patience(&self) -> Duration {
        doubled(SYNC_PATIENCE, self.rest.failures, SYNC_PATIENCE_MAX)
    }

    pub(super) fn hurry(&self) -> Duration {
        doubled(SYNC_HURRY, self.rest.failures, SYNC_HURRY_MAX)
    }
}

/// Whether a branch that ends as claimed would be preferred to ours.
pub(super) fn beats(claim: &TipSummary, ours: &Branch) -> bool {
    (claim.work, ours.id) > (ours.work, claim.hash)
}

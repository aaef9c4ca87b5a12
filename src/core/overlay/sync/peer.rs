//! What sync knows about a connected peer.

use alloc::collections::BTreeMap;
use core::time::Duration;

use crate::id::NodeId;
use crate::ledger::{Branch, Checkpoint};
use crate::limits::{
    GOAL_REST, SYNC_HURRY, SYNC_HURRY_MAX, SYNC_PATIENCE, SYNC_PATIENCE_MAX, SYNC_REST, SYNC_REST_MAX,
    SYNC_REST_SHORT, SYNC_RESTS,
};
use crate::time::{Time, doubled};
use crate::wire::TipSummary;

#[derive(Debug)]
pub(super) struct SyncPeer {
    /// Its best block, as it claims.
    pub(super) tip: TipSummary,
    /// The lowest block that it serves, as far as is known: it prunes, and may have gone further by now. 0 if it keeps all.
    pub(super) lowest: u64,
    /// The same for bodies that come back. It may have got more since its hello.
    pub(super) bodies_from: u64,
    /// The claim has not been followed yet.
    pub(super) claims: bool,
    /// It sent a block whose parent is not known here.
    pub(super) orphan: bool,
    /// Answers to GetHeaders that are still due, including those to requests that were given up: they come in order.
    pub(super) owed: u32,
    /// It withheld blocks: asked only if nobody else is left.
    pub(super) stalled: bool,
    id: NodeId,
    /// For its claims, and for blocks that this node looks for.
    rests: PeerRests,
}

/// What is remembered about failed header syncs of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rest {
    pub(super) until: Time,
    /// How many in a row.
    pub(super) failures: u32,
}

/// What is remembered about a peer's failed header syncs. It outlives the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PeerRests {
    claims: Rest,
    goals: Rest,
    /// For bodies that are missing below those that are here.
    bodies: Rest,
}

/// What a header sync is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// The best block that a peer claims.
    Claim,
    /// This block, which a quorum has certified, whatever its work. See [`super::goal`].
    Goal(Checkpoint),
}

/// The rests of peers that have left. Bounded: those that end first are forgotten first.
#[derive(Debug, Default)]
pub(super) struct Rests(BTreeMap<NodeId, PeerRests>);

impl Rests {
    pub(super) fn take(&mut self, id: &NodeId) -> PeerRests {
        self.0.remove(id).unwrap_or_default()
    }

    pub(super) fn keep(&mut self, peer: SyncPeer) {
        let PeerRests { claims, goals, bodies } = peer.rests;
        if [claims, goals, bodies].iter().all(|rest| rest.failures == 0) {
            return;
        }
        self.0.insert(peer.id, peer.rests);
        if self.0.len() > SYNC_RESTS {
            let until = |rests: &PeerRests| rests.claims.until.max(rests.goals.until).max(rests.bodies.until);
            let first = self.0.iter().min_by_key(|(_, rests)| until(rests)).map(|(id, _)| id.clone());
            first.and_then(|id| self.0.remove(&id));
        }
    }
}

impl SyncPeer {
    pub(super) fn new(id: NodeId, (tip, lowest): (TipSummary, u64), rests: PeerRests) -> Self {
        // It has its best block at least.
        let lowest = lowest.min(tip.height);
        Self {
            tip,
            lowest,
            bodies_from: lowest,
            claims: true,
            orphan: false,
            owed: 0,
            stalled: false,
            id,
            rests,
        }
    }

    /// When its claim may be followed, if there is anything to follow.
    pub(super) fn ready_at(&self, ours: &Branch) -> Option<Time> {
        (self.orphan || self.claims && beats(&self.tip, ours)).then_some(self.rests.claims.until)
    }

    /// The peer says what its best block is now. It may have less work than the last one: what is final goes before work.
    pub(super) fn claim(&mut self, tip: TipSummary) {
        if tip.hash != self.tip.hash || tip.work > self.tip.work {
            self.tip = tip;
            self.claims = true;
        }
    }

    /// It lacks a block from this height on. If it prunes, it has pruned more since its hello.
    pub(super) fn lacks(&mut self, height: u64) {
        if self.lowest > 0 {
            self.lowest = self.lowest.max(height.saturating_add(1));
        }
    }

    pub(super) fn rest(&self, aim: Aim) -> &Rest {
        match aim {
            Aim::Claim => &self.rests.claims,
            Aim::Goal(_) => &self.rests.goals,
        }
    }

    /// Of what it was asked for in the background.
    pub(super) fn bodies(&self) -> &Rest {
        &self.rests.bodies
    }

    pub(super) fn bodies_mut(&mut self) -> &mut Rest {
        &mut self.rests.bodies
    }

    pub(super) fn rest_mut(&mut self, aim: Aim) -> &mut Rest {
        match aim {
            Aim::Claim => &mut self.rests.claims,
            Aim::Goal(_) => &mut self.rests.goals,
        }
    }
}

impl Rest {
    pub(super) fn failed(&mut self, now: Time) {
        self.until = now.after(doubled(SYNC_REST, self.failures, SYNC_REST_MAX));
        self.failures = self.failures.saturating_add(1);
    }

    pub(super) fn found_nothing(&mut self, now: Time) {
        self.until = now.after(SYNC_REST_SHORT);
    }

    /// It does not have what this node looks for.
    pub(super) fn lacked(&mut self, now: Time) {
        self.until = now.after(GOAL_REST);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_double_with_each_failure_and_begin_anew_after_a_success() {
        let (now, mut rest) = (Time::from_millis(1_000), Rest::default());
        let failed = |rest: &mut Rest| {
            rest.failed(now);
            rest.until.since(now)
        };
        assert_eq!([failed(&mut rest), failed(&mut rest)], [SYNC_REST, SYNC_REST * 2]);
        assert!(rest.patience() > SYNC_PATIENCE);
        rest.succeeded();
        assert_eq!((rest.patience(), failed(&mut rest)), (SYNC_PATIENCE, SYNC_REST));
    }
}

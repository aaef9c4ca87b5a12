//! When a miner works: on demand, and no later than the heartbeat.
//!
//! A network with nothing to confirm rests. It mines while a transaction waits and until the newest one is final or has [`REST_AFTER`]
//! confirmations, and an empty block comes with each heartbeat, so nobody can date a block further back than that. The header states that
//! the time before it was a rest, so that it does not count as lateness.
//!
//! Miners answer late blocks with work. A block that comes late, or is dated into a rest, and does not state the rest makes the next block
//! easier. So it calls for [`REST_AFTER`] more blocks, which undo that. The network also does not rest while its last blocks came too fast,
//! so that difficulty settles after the hash rate has risen. Each part is needed; a table in `docs/RELIABILITY.md` shows what happens
//! without it.

use crate::crypto::Hash;
use crate::ledger::Schedule;
use crate::limits::{OWED_BLOCKS, REST_AFTER};
use crate::node::Head;
use crate::node::head::Recent;
use crate::time::Timestamp;

/// The last [`REST_AFTER`] blocks took less than this many intervals: the network is too fast to rest.
const FAST_INTERVALS: u64 = 3;
/// A rest is stated only if the search for the block took less than this many intervals: a long search is lateness.
const SEARCH_INTERVALS: u64 = 8;

/// When to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// On demand.
    Pending,
    /// Always.
    Always,
}

/// What a miner should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Rest,
    /// Search for a block.
    Search {
        /// Whether the block states a rest.
        told: bool,
    },
}

/// Whether there is something to mine, as one node sees it.
#[derive(Clone, Debug)]
pub struct Demand {
    schedule: Schedule,
    when: When,
    tip: Option<Hash>,
    /// Blocks that are owed in answer to late ones.
    owed: u32,
    /// Since when there has been something to mine.
    called: Option<Timestamp>,
    /// When this node was first called, or the heartbeat fell due, on this tip.
    since: Option<Timestamp>,
}

impl Demand {
    /// The demand of a node that has just started.
    pub fn new(schedule: Schedule, when: When) -> Self {
        Self { schedule, when, tip: None, owed: 0, called: None, since: None }
    }

    /// Looks again. `waits`: there is a transaction to confirm, or somebody asks for a block.
    pub fn look(&mut self, now: Timestamp, head: &Head, waits: bool) -> Wish {
        self.follow(head);
        let is_fast = self.is_fast(head);
        // What the members decided waits like a transaction.
        let waits = waits || head.handover.is_some() || lacks_block_above_base(head);
        let called = waits || !is_settled(head) || self.owed > 0 || is_fast;
        self.called = called.then(|| self.called.unwrap_or(now));
        let (interval, gap) = (self.schedule.interval_ms(), now.millis_since(head.branch.time));
        let is_due = gap >= self.schedule.heartbeat_ms();
        if !called && !is_due && self.when == When::Pending {
            return Wish::Rest;
        }
        let is_rest = gap >= self.schedule.shortest_rest_ms();
        if !called && self.when == When::Always {
            return Wish::Search { told: is_rest };
        }
        let since = *self.since.get_or_insert(now);
        let rested = since.millis_since(head.branch.time) >= interval;
        let searched = now.millis_since(since);
        let told = is_rest && rested && searched < interval.saturating_mul(SEARCH_INTERVALS);
        Wish::Search { told }
    }

    /// Passes over blocks without owing an answer to them: this node has just started, or does not mine.
    pub fn pass(&mut self, head: &Head) {
        (self.tip, self.since) = (Some(head.branch.id), None);
    }

    /// Takes in the blocks that are new since the last look.
    fn follow(&mut self, head: &Head) {
        let Some(tip) = self.tip else { return self.pass(head) };
        if tip == head.branch.id {
            return;
        }
        let known = head.recent.iter().position(|block| block.id == tip);
        for block in head.recent.iter().skip(known.map_or(0, |at| at.saturating_add(1))) {
            let in_rest = self.called.is_none_or(|since| block.time < since);
            self.owed = if in_rest && block.late && !block.told {
                self.owed.saturating_add(u32::try_from(REST_AFTER).unwrap_or(u32::MAX)).min(OWED_BLOCKS)
            } else {
                self.owed.saturating_sub(1)
            };
        }
        self.pass(head);
    }

    /// Whether the last blocks came too fast to rest. Gaps stated as rests, and those before the first block, count as on time.
    fn is_fast(&self, head: &Head) -> bool {
        let interval = self.schedule.interval_ms();
        let missing = REST_AFTER.saturating_sub(head.recent.len());
        let before = interval.saturating_mul(u64::try_from(missing).unwrap_or(u64::MAX));
        let gap = |block: &Recent| if block.told { interval } else { block.gap_ms };
        let took = head.recent.iter().map(gap).fold(before, u64::saturating_add);
        took < interval.saturating_mul(FAST_INTERVALS)
    }
}

/// Whether the members in force have decided something that no handover can cover before a block above their base is final. As with a transaction,
/// [`REST_AFTER`] blocks are enough: without a quorum, more of them change nothing.
fn lacks_block_above_base(head: &Head) -> bool {
    let base = head.branch.members.roster().base().height();
    let above = head.branch.height.saturating_sub(base);
    head.left_over && usize::try_from(above).is_ok_and(|above| above < REST_AFTER)
}

/// Whether the newest transaction needs no more blocks: it is final, or has [`REST_AFTER`] blocks above it.
fn is_settled(head: &Head) -> bool {
    let tail = tail(head);
    let height = head.branch.height.saturating_sub(u64::try_from(tail).unwrap_or(u64::MAX));
    tail >= REST_AFTER || height <= head.finalized.0
}

/// Blocks since the newest one with a transaction, at most [`REST_AFTER`]; a young chain without transactions has nothing to wait for.
fn tail(head: &Head) -> usize {
    let tail = head.recent.iter().rev().take_while(|block| block.empty).count();
    let is_all = tail == head.recent.len() && tail < REST_AFTER;
    if is_all { REST_AFTER } else { tail }
}

#[cfg(test)]
mod tests;

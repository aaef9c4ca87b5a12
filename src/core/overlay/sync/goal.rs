//! The goal: a block that a quorum has certified and that is not stored here. It is fetched whatever the work of its branch.
//!
//! A header sync walks towards it, with one peer after the other. A peer that does not lead there rests for goals alone: what it claims
//! still counts. It ends when the block is stored, when its headers show that its branch lacks the final block (the chain says what that
//! means), or when nobody asks for it any more.
//!
//! What bounds it: no header above the goal is taken, and the quorum has certified that height. Headers that come slowly give way as those of
//! any header sync do, bodies have the deadlines of any segment, and it is no reason to call this node *syncing*.

use core::cmp::Reverse;

use super::{Aim, BlockSync, ConnId, Hash, SyncPeer, Time};
use crate::ledger::Checkpoint;
use crate::limits::GOAL_KEPT;

#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    block: Checkpoint,
    /// Nobody looks for it any more.
    until: Time,
}

impl BlockSync {
    /// A quorum has certified this block, and it is not stored here. A goal that is looked for already is looked for on; only the last one is
    /// looked for next.
    pub fn want(&mut self, now: Time, goal: Checkpoint) {
        self.goal = Some(Goal { block: goal, until: now.after(GOAL_KEPT) });
        self.go_on(now);
    }

    /// A block is stored, or its branch lacks what is final here.
    pub(super) fn goal_done(&mut self, id: &Hash) {
        self.goal.take_if(|goal| goal.block.block == *id);
    }

    /// The peer to ask for the goal: first those that failed least, then those that claim to be high enough, then who has rested longest.
    pub(super) fn next_for_goal(&self, now: Time) -> Option<(ConnId, Aim)> {
        let goal = self.goal?.block;
        let aim = Aim::Goal(goal);
        let rank = |peer: &SyncPeer| {
            let rest = peer.rest(aim);
            (Reverse(rest.failures), peer.tip.height >= goal.height, Reverse(rest.until))
        };
        self.who_may_have_goal(now).max_by_key(|(_, peer)| rank(peer)).map(|(conn, _)| (*conn, aim))
    }

    /// Those that can be asked for the goal now; nobody if there is no goal, or none above the final block.
    pub(super) fn who_may_have_goal(&self, now: Time) -> impl Iterator<Item = (&ConnId, &SyncPeer)> {
        let is_open = |goal: &Goal| now < goal.until && self.tip.finalized.0 < goal.block.height;
        let goal = self.goal.filter(is_open).map(|goal| Aim::Goal(goal.block));
        self.peers.iter().filter(move |(_, peer)| goal.is_some_and(|aim| peer.rest(aim).until <= now))
    }
}

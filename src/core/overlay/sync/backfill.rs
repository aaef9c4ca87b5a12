//! Backfill: bodies that are missing below those that are here come back, the highest first, on a node that began with a snapshot or that
//! keeps all again.
//!
//! It goes on in the background, while no better branch is fetched. One span of [`BACKFILL_BLOCKS`] is worked
//! on at a time, and one peer is asked for what is missing of it: what is held is bounded, and no peer has more to serve than in a sync. A
//! peer that does not deliver rests, longer each time, and the next span is asked of another.
//!
//! States of a span: the store *looks* which bodies are missing → a peer *owes* them → the keeper *checks* and stores them.

use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::fetch::time_for;
use super::{
    Act, BlockSync, ConnId, Fault, Hash, KeeperRequest, Message, NetworkEvent, StoreRequest, SyncPeer,
};
use crate::codec::Bounded;
use crate::ledger::{BackfillError, Block, Span};
use crate::limits::{BACKFILL_BLOCKS, BACKFILL_TELL_EVERY, SYNC_REST_MAX};
use crate::overlay::Backfilled;
use crate::time::Time;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Backfill {
    step: Step,
    /// Nothing is begun before: this node could not take bodies, nobody had them, or the last ones took so long.
    rests_until: Time,
    /// When the last ones were asked for.
    asked: Time,
    /// When observers heard of it last.
    told: Option<Time>,
    /// The members have made final what the rules do not allow: there is no use in going on.
    refused: bool,
}

#[derive(Debug, Default)]
enum Step {
    #[default]
    Idle,
    Looks,
    Owes {
        conn: ConnId,
        deadline: Time,
        /// The height of the span's first block.
        from: u64,
        /// Those that are missing, and those of them that have come.
        bodies: BTreeMap<Hash, Option<Arc<Block>>>,
    },
    /// None: no peer was asked for anything.
    Checks(Option<ConnId>),
}

impl Backfill {
    /// Somebody new may have what nobody had.
    pub(super) fn peer_up(&mut self) {
        self.rests_until = Time::default();
    }

    /// A peer is gone. Whether it owed bodies.
    pub(super) fn lost(&mut self, conn: ConnId) -> bool {
        let owed = self.owed_by(conn).is_some();
        if owed {
            self.step = Step::Idle;
        }
        owed
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        match self.step {
            Step::Owes { deadline, .. } => Some(deadline),
            _ => None,
        }
    }

    /// Whom this peer's bodies are to come from, if it is the one that owes them.
    fn owed_by(&mut self, conn: ConnId) -> Option<&mut BTreeMap<Hash, Option<Arc<Block>>>> {
        match &mut self.step {
            Step::Owes { conn: owes, bodies, .. } if *owes == conn => Some(bodies),
            _ => None,
        }
    }
}

impl BlockSync {
    /// The store's answer: the height of the span's first block, and the ids of those that are missing.
    pub fn missing_bodies(&mut self, now: Time, found: Option<(u64, Vec<Hash>)>) {
        if !matches!(self.backfill.step, Step::Looks) {
            return;
        }
        self.backfill.step = Step::Idle;
        match found {
            None => self.backfill.rests_until = now.after(SYNC_REST_MAX),
            Some((from, ids)) if ids.is_empty() => self.check_span(None, from, BTreeMap::new()),
            Some((from, ids)) => self.ask_bodies(now, from, ids),
        }
        self.go_on(now);
    }

    /// The keeper's answer.
    pub fn backfilled(&mut self, now: Time, result: Result<Backfilled, BackfillError>) {
        let Step::Checks(conn) = core::mem::take(&mut self.backfill.step) else { return };
        match result {
            Ok(Backfilled::All) => {
                if let Some(peer) = conn.and_then(|conn| self.peers.get_mut(&conn)) {
                    peer.bodies_mut().succeeded();
                    // Half of the time at most: on a slow link the other half is for what is new.
                    self.backfill.rests_until = now.after(now.since(self.backfill.asked));
                }
                self.tell_backfill(now);
            }
            Ok(Backfilled::NotNow) => self.backfill.rests_until = now.after(SYNC_REST_MAX),
            Err(error @ BackfillError::Wrong(_)) => {
                if let Some(conn) = conn {
                    self.sent_wrong_body(now, conn, &error);
                }
            }
            Err(error) => {
                self.backfill.refused = true;
                self.out.push_back(Act::Event(NetworkEvent::BadHistory { why: error.to_string() }));
            }
        }
        self.go_on(now);
    }

    /// Takes a block that this peer owes. False if it does not.
    pub(super) fn takes_body(&mut self, now: Time, conn: ConnId, id: Hash, block: &Arc<Block>) -> bool {
        let Some(bodies) = self.backfill.owed_by(conn) else { return false };
        let Some(place) = bodies.get_mut(&id) else { return false };
        // Checked here as well, so that a wrong copy is not held.
        if block.body.root(block.header.height) != block.header.body {
            self.sent_wrong_body(now, conn, &BackfillError::Wrong(block.header.height));
            return true;
        }
        // One that is sent again gives no more time.
        let is_new = place.replace(Arc::clone(block)).is_none();
        let left = bodies.values().filter(|body| body.is_none()).count();
        match &mut self.backfill.step {
            Step::Owes { conn, from, bodies, .. } if left == 0 => {
                let (conn, from, bodies) = (*conn, *from, core::mem::take(bodies));
                let blocks = bodies.into_iter().filter_map(|(id, block)| Some((id, block?)));
                self.check_span(Some(conn), from, blocks.collect());
            }
            Step::Owes { deadline, .. } if is_new => *deadline = time_for(now, left),
            _ => (),
        }
        true
    }

    /// A peer does not have what it was asked for. It may have pruned since it said what it keeps.
    pub(super) fn lacks_bodies(&mut self, conn: ConnId, ids: &[Hash]) {
        let owed = self.backfill.owed_by(conn);
        if owed.is_some_and(|bodies| ids.iter().any(|id| bodies.contains_key(id))) {
            self.backfill.step = Step::Idle;
            if let Some(peer) = self.peers.get_mut(&conn) {
                peer.bodies_from = u64::MAX;
            }
        }
    }

    pub(super) fn wake_backfill(&mut self, now: Time) {
        if let Step::Owes { conn, deadline, .. } = self.backfill.step
            && deadline <= now
        {
            self.out.push_back(Act::Blame(conn, Fault::Withheld));
            self.fails_to_send(now, conn);
        }
    }

    /// Begins the next span, if one is missing and somebody may have it.
    pub(super) fn backfill_on(&mut self, now: Time) {
        let Some(below) = self.may_backfill() else { return };
        if self.next_backfill().is_some_and(|at| at <= now) {
            if self.keepers(below).next().is_some() {
                self.backfill.step = Step::Looks;
                self.out.push_back(Act::Ask(StoreRequest::MissingBodies(below).into()));
            } else {
                // By then they may have got more.
                self.peers.values_mut().for_each(|peer| peer.bodies_from = 0);
                self.backfill.rests_until = now.after(SYNC_REST_MAX);
                self.out.push_back(Act::Event(NetworkEvent::NoKeeper { missing: below.saturating_sub(1) }));
            }
        }
    }

    /// When the next span may begin, or a peer owes one no longer.
    pub(super) fn next_backfill(&self) -> Option<Time> {
        let Some(below) = self.may_backfill() else { return self.backfill.deadline() };
        let ready = self.keepers(below).map(|peer| peer.bodies().until).min().unwrap_or_default();
        Some(ready.max(self.backfill.rests_until))
    }

    /// The peers that keep the whole span below this height.
    fn keepers(&self, below: u64) -> impl Iterator<Item = &SyncPeer> {
        let from = below.saturating_sub(BACKFILL_BLOCKS).max(1);
        self.peers.values().filter(move |peer| peer.bodies_from <= from)
    }

    /// Below which height bodies are missing, if nothing else is going on.
    fn may_backfill(&self) -> Option<u64> {
        let idle = matches!(self.backfill.step, Step::Idle) && !self.backfill.refused;
        let may = idle && self.was_synced && self.header_sync.is_none() && !self.peers.is_empty();
        self.tip.wanted_below.filter(|_| may)
    }

    /// Asks the peer that failed least often; of several, another one for each span.
    fn ask_bodies(&mut self, now: Time, from: u64, ids: Vec<Hash>) {
        let ready = |peer: &SyncPeer| peer.bodies_from <= from && peer.bodies().until <= now;
        let ready: Vec<_> = self.peers.iter().filter(|(_, peer)| ready(peer)).collect();
        let Some(least) = ready.iter().map(|(_, peer)| peer.bodies().failures).min() else { return };
        let best: Vec<_> = ready.iter().filter(|(_, peer)| peer.bodies().failures == least).collect();
        let spans = usize::try_from(from.div_euclid(BACKFILL_BLOCKS)).unwrap_or_default();
        let turn = spans.checked_rem(best.len()).unwrap_or_default();
        let Some(conn) = best.get(turn).map(|(conn, _)| **conn) else { return };
        let deadline = time_for(now, ids.len());
        let bodies = ids.iter().map(|id| (*id, None)).collect();
        self.backfill.asked = now;
        self.backfill.step = Step::Owes { conn, deadline, from, bodies };
        self.out.push_back(Act::Send(conn, Message::GetBlocks(Bounded::truncated(ids))));
    }

    fn check_span(&mut self, conn: Option<ConnId>, from: u64, blocks: BTreeMap<Hash, Arc<Block>>) {
        self.backfill.step = Step::Checks(conn);
        self.out.push_back(Act::Ask(KeeperRequest::Backfill(Span { from, blocks }).into()));
    }

    fn sent_wrong_body(&mut self, now: Time, conn: ConnId, error: &BackfillError) {
        self.out.push_back(Act::Blame(conn, Fault::InvalidBlock(error.to_string())));
        self.fails_to_send(now, conn);
    }

    fn fails_to_send(&mut self, now: Time, conn: ConnId) {
        self.backfill.step = Step::Idle;
        if let Some(peer) = self.peers.get_mut(&conn) {
            peer.bodies_mut().failed(now);
        }
    }

    fn tell_backfill(&mut self, now: Time) {
        let missing = self.tip.wanted_below.map_or(0, |below| below.saturating_sub(1));
        let is_due = self.backfill.told.is_none_or(|told| now.since(told) >= BACKFILL_TELL_EVERY);
        if is_due || missing == 0 {
            self.backfill.told = Some(now);
            self.out.push_back(Act::Event(NetworkEvent::Backfill { missing }));
        }
    }
}

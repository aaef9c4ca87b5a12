//! The bodies of one segment: requested from several peers at once, given to the chain in order of height.
//!
//! Only a window of [`SYNC_WINDOW`] blocks and [`SYNC_BYTES`] is worked on. A block leaves it when the chain has said what became of it. So
//! the window bounds what is requested, what has arrived out of order and what waits for the chain. A requested block counts with the
//! largest size a block may have, because its real size is unknown until it is here.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::crypto::Hash;
use crate::ledger::Block;
use crate::limits::{
    BLOCK_BYTES, BLOCK_REQUESTS_PER_PEER, BLOCK_TIMEOUT, BLOCK_TIMEOUT_MAX, SEGMENT_GRACE, SEGMENT_PER_BLOCK,
    SYNC_BYTES, SYNC_SWIFT, SYNC_TRIES, SYNC_WINDOW,
};
use crate::overlay::ConnId;
use crate::time::{Time, doubled};

#[derive(Debug, Default)]
pub(super) struct Fetch {
    waiting: VecDeque<Hash>,
    window: VecDeque<Slot>,
    /// The height of the first of them, as far as is known: all that are missing follow each other.
    pub(super) first: u64,
    /// The place from which on a peer lacks this branch: it may still have what is below.
    lacking: BTreeMap<ConnId, usize>,
    /// The place of the next block that enters the window.
    next: usize,
    /// At least one of its blocks has come.
    flows: bool,
    /// Until then blocks that come mean that this node is catching up. Later they come no faster than the network makes them.
    swift_until: Time,
    /// `swift_until` has passed.
    slow: bool,
    /// The deadline for storing all of it.
    deadline: Time,
}

#[derive(Debug)]
struct Slot {
    id: Hash,
    place: usize,
    /// The block's size in bytes, once it is here.
    size: usize,
    /// The last peer that did not deliver, and how many requests have failed.
    avoid: Option<ConnId>,
    tries: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    Wanted,
    Asked {
        conn: ConnId,
        deadline: Time,
    },
    Here {
        conn: ConnId,
        block: Arc<Block>,
    },
    /// Given to the chain. Kept in case it must be given again, because a block before it turned out to be a wrong copy.
    Submitted {
        conn: ConnId,
        block: Arc<Block>,
    },
    Done,
}

/// How a block stands in relation to the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrived {
    /// Not in the window.
    Unasked,
    /// It is here already.
    Again,
    /// It was being waited for.
    First,
}

/// A peer that can be asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Helper {
    pub(super) conn: ConnId,
    pub(super) stalled: bool,
}

impl Fetch {
    /// Begins with these, in order of height, the last of which is at `end`. `interval` is the network's.
    pub(super) fn begin(&mut self, now: Time, interval: Duration, ids: Vec<Hash>, end: u64) {
        let blocks = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let deadline = time_for(now, ids.len());
        let swift = interval.saturating_mul(blocks).checked_div(SYNC_SWIFT).unwrap_or_default();
        let first = end.saturating_add(1).saturating_sub(u64::from(blocks));
        *self =
            Self { waiting: ids.into(), first, deadline, swift_until: now.after(swift), ..Self::default() };
    }

    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.window.is_empty()
    }

    /// Takes in a block if it is in the window. A peer that delivers gets more time for the rest. A peer that repeats a block does not:
    /// otherwise one block, sent again and again, could hold this node up without end.
    pub(super) fn arrived(&mut self, now: Time, conn: ConnId, id: &Hash, block: &Arc<Block>) -> Arrived {
        let Some(slot) = self.slot(id) else { return Arrived::Unasked };
        if !matches!(slot.state, State::Wanted | State::Asked { .. }) {
            return Arrived::Again;
        }
        slot.state = State::Here { conn, block: Arc::clone(block) };
        slot.size = block.size();
        self.flows = true;
        for slot in &mut self.window {
            match &mut slot.state {
                State::Asked { conn: asked, deadline } if *asked == conn => *deadline = due(now, slot.tries),
                _ => {}
            }
        }
        Arrived::First
    }

    /// What can be given to the chain now.
    pub(super) fn submit(&mut self) -> Vec<(ConnId, Arc<Block>)> {
        let mut ready = Vec::new();
        for slot in &mut self.window {
            match &slot.state {
                State::Done | State::Submitted { .. } => {}
                State::Wanted | State::Asked { .. } => break,
                State::Here { conn, block } => {
                    let (conn, block) = (*conn, Arc::clone(block));
                    ready.push((conn, Arc::clone(&block)));
                    slot.state = State::Submitted { conn, block };
                }
            }
        }
        ready
    }

    /// The chain has stored it.
    pub(super) fn stored(&mut self, id: &Hash) {
        if let Some(slot) = self.slot(id) {
            slot.state = State::Done;
        }
        while self.window.front().is_some_and(|slot| matches!(slot.state, State::Done)) {
            self.window.pop_front();
        }
    }

    /// Whether it was given to the chain.
    pub(super) fn is_submitted(&mut self, id: &Hash) -> bool {
        self.slot(id).is_some_and(|slot| matches!(slot.state, State::Submitted { .. }))
    }

    /// Its parent was a wrong copy: this block is given again after the right copy. False if there is no such parent.
    pub(super) fn submit_again(&mut self, id: &Hash) -> bool {
        if self.window.front().is_none_or(|first| first.id == *id) {
            return false;
        }
        if let Some(slot) = self.slot(id)
            && let State::Submitted { conn, block } = &slot.state
        {
            slot.state = State::Here { conn: *conn, block: Arc::clone(block) };
        }
        true
    }

    /// This copy was wrong; another may be right.
    pub(super) fn wrong(&mut self, id: &Hash, from: ConnId) {
        if self.is_submitted(id) {
            self.lacking.insert(from, 0);
            self.want(|slot| slot.id == *id);
        }
    }

    /// The peer does not have these. False if it was not asked for any of them.
    pub(super) fn not_found(&mut self, conn: ConnId, ids: &[Hash]) -> bool {
        let asked = |slot: &Slot| slot.asked() == Some(conn);
        let found = self.window.iter().filter(|slot| asked(slot) && ids.contains(&slot.id));
        let Some(place) = found.map(|slot| slot.place).min() else { return false };
        let lacks = self.lacking.entry(conn).or_insert(place);
        *lacks = place.min(*lacks);
        self.want(|slot| asked(slot) && ids.contains(&slot.id));
        true
    }

    /// The peer is gone.
    pub(super) fn lost(&mut self, conn: ConnId) {
        self.want(|slot| slot.asked() == Some(conn));
    }

    /// Withdraws requests that were not answered in time. Returns the peers that did not deliver, each once.
    pub(super) fn expire(&mut self, now: Time) -> BTreeSet<ConnId> {
        self.slow |= self.swift_until <= now;
        let late = |slot: &Slot| matches!(slot.state, State::Asked { deadline, .. } if deadline <= now);
        let who = self.window.iter().filter(|slot| late(slot)).filter_map(Slot::asked).collect();
        for slot in self.window.iter_mut().filter(|slot| late(slot)) {
            slot.tries = slot.tries.saturating_add(1);
        }
        self.want(late);
        who
    }

    /// Whether the branch should rest: a block was requested [`SYNC_TRIES`] times, or the whole takes too long. A node that waited without
    /// end would follow no other peer.
    pub(super) fn is_hopeless(&self, now: Time) -> bool {
        !self.is_done() && self.deadline <= now || self.window.iter().any(|slot| slot.tries >= SYNC_TRIES)
    }

    /// Whether blocks are arriving [`SYNC_SWIFT`] times as fast as the network makes them, and none is late.
    pub(super) fn flows(&self) -> bool {
        self.flows && !self.slow && self.window.iter().all(|slot| slot.tries == 0 || slot.size > 0)
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        let deadline = |slot: &Slot| match slot.state {
            State::Asked { deadline, .. } => Some(deadline),
            _ => None,
        };
        let all = Some(self.deadline).filter(|_| !self.is_done());
        self.window.iter().filter_map(deadline).chain(all).chain(self.slows_at()).min()
    }

    /// When this fetch stops counting as catching up, if that is still to come.
    pub(super) fn slows_at(&self) -> Option<Time> {
        (self.flows && !self.slow).then_some(self.swift_until)
    }

    /// Spreads the wanted blocks over the helpers, the least busy first. None if a block is wanted and nobody is left to ask.
    pub(super) fn assign(&mut self, now: Time, helpers: &[Helper]) -> Option<BTreeMap<ConnId, Vec<Hash>>> {
        while self.window.len() < SYNC_WINDOW
            && let Some(id) = self.waiting.pop_front()
        {
            let place = self.next;
            self.next = place.saturating_add(1);
            self.window.push_back(Slot { id, place, size: 0, avoid: None, tries: 0, state: State::Wanted });
        }
        let mut bytes = self.bytes();
        let mut load: BTreeMap<ConnId, usize> = BTreeMap::new();
        for conn in self.window.iter().filter_map(Slot::asked) {
            let count = load.entry(conn).or_default();
            *count = count.saturating_add(1);
        }
        let mut requests: BTreeMap<ConnId, Vec<Hash>> = BTreeMap::new();
        for slot in self.window.iter_mut().filter(|slot| matches!(slot.state, State::Wanted)) {
            // One may always be requested: everything in the window may be waiting for it.
            if bytes.saturating_add(BLOCK_BYTES) > SYNC_BYTES && !load.is_empty() {
                break;
            }
            let has = |helper: &&Helper| self.lacking.get(&helper.conn).is_none_or(|from| slot.place < *from);
            let mut helpers = helpers.iter().filter(has).peekable();
            helpers.peek()?;
            let helpers: Vec<_> = helpers.collect();
            let good = |helper: &Helper| !helper.stalled && slot.avoid != Some(helper.conn);
            let any_good = helpers.iter().any(|helper| good(helper));
            let busy = |helper: &Helper| load.get(&helper.conn).copied().unwrap_or(0);
            let chosen = helpers
                .iter()
                .filter(|helper| !any_good || good(helper))
                .filter(|helper| busy(helper) < BLOCK_REQUESTS_PER_PEER)
                .min_by_key(|helper| busy(helper));
            let Some(Helper { conn, .. }) = chosen.copied() else { continue };
            slot.state = State::Asked { conn: *conn, deadline: due(now, slot.tries) };
            requests.entry(*conn).or_default().push(slot.id);
            let count = load.entry(*conn).or_default();
            *count = count.saturating_add(1);
            bytes = bytes.saturating_add(BLOCK_BYTES);
        }
        Some(requests)
    }

    /// Bytes in the window, including those that may still arrive.
    pub(super) fn bytes(&self) -> usize {
        self.window.iter().map(Slot::bytes).fold(0, usize::saturating_add)
    }

    fn slot(&mut self, id: &Hash) -> Option<&mut Slot> {
        self.window.iter_mut().find(|slot| slot.id == *id)
    }

    fn want(&mut self, which: impl Fn(&Slot) -> bool) {
        for slot in self.window.iter_mut().filter(|slot| which(slot)) {
            slot.avoid = slot.asked();
            slot.state = State::Wanted;
        }
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.window.len()
    }
}

impl Slot {
    fn asked(&self) -> Option<ConnId> {
        match self.state {
            State::Asked { conn, .. } => Some(conn),
            _ => None,
        }
    }

    fn bytes(&self) -> usize {
        match &self.state {
            State::Wanted | State::Done => 0,
            State::Asked { .. } => BLOCK_BYTES,
            State::Here { .. } | State::Submitted { .. } => self.size,
        }
    }
}

/// When so many blocks must be here that are asked for now.
pub(super) fn time_for(now: Time, blocks: usize) -> Time {
    let blocks = u32::try_from(blocks).unwrap_or(u32::MAX);
    now.after(SEGMENT_GRACE.saturating_add(SEGMENT_PER_BLOCK.saturating_mul(blocks)))
}

fn due(now: Time, tries: u32) -> Time {
    now.after(doubled(BLOCK_TIMEOUT, tries, BLOCK_TIMEOUT_MAX))
}

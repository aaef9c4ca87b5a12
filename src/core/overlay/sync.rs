//! Sync: which headers and blocks are fetched from whom.
//!
//! Headers first. When a peer claims a better block than this node's best, or sends one whose parent is unknown here, its headers are read
//! and checked from the point where its chain leaves ours (`header_sync`), one peer at a time. No body is fetched until checked headers
//! beat the tip. Then the bodies are fetched segment by segment from every peer that is ahead (`fetch`), and are given to the chain in
//! order of height.
//!
//! A block that a quorum has certified is fetched too, whatever the work of its branch (`goal`). While there is nothing else to do, bodies that
//! are missing below those that are here come back (`backfill`).
//!
//! States of a header sync: waiting for *headers* → perhaps for the stored *base* that they follow → to learn which blocks of a segment are
//! *missing* → for their *bodies* → for headers again, until the peer has no more.
//!
//! Invariants: there is at most one header sync. Everything that a peer is to send has a deadline. A peer whose claim came to nothing
//! rests, longer each time, so that no claim can keep this node syncing without end. A peer is blamed only for what it could have known
//! itself.
//!
//! Left out on purpose: whether a body is valid and which branch wins (the chain knows), serving others, and the wall clock: a block whose
//! time is still in the future ends the header sync, which is tried again later.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Reverse;

use self::backfill::Backfill;
use self::fetch::{Fetch, Helper};
use self::goal::Goal;
use self::header_sync::{HeaderSync, WaitsFor};
use self::peer::{Aim, Rests, SyncPeer, beats};
use crate::codec::Bounded;
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::ledger::{Block, BlockFault, BlockOutcome, Branch, Genesis, Origin, Roster, SyncHeader};
use crate::limits::{GOAL_WAITS, HEADERS_TIMEOUT, SYNC_TELL_EVERY};
use crate::overlay::{Act, ConnId, Fault, KeeperRequest, MembersFound, NetworkEvent, StoreRequest, Tip};
use crate::time::Time;
use crate::wire::{Item, Message, TipSummary};

mod backfill;
mod blocks;
mod fetch;
mod goal;
mod header_sync;
mod headers;
mod peer;

/// See the module's header.
#[derive(Debug)]
pub struct BlockSync {
    genesis: Arc<Genesis>,
    tip: Tip,
    peers: BTreeMap<ConnId, SyncPeer>,
    rests: Rests,
    header_sync: Option<HeaderSync>,
    goal: Option<Goal>,
    fetch: Fetch,
    backfill: Backfill,
    /// Unrequested blocks that the chain is working on: who sent that copy, and who else has sent one since.
    unasked: BTreeMap<Hash, (ConnId, BTreeSet<ConnId>)>,
    /// Blocks that are invalid in every copy: the id commits to the fault.
    refused: VecDeque<Hash>,
    told: Told,
    /// See [`BlockSync::new`].
    settled: Time,
    /// At least once since the start, no peer had a better branch.
    was_synced: bool,
    /// The last header sync has met members that follow from something final that is not final here yet.
    unsettled: bool,
    /// The claim that started the header sync still counts by itself.
    believes: bool,
    out: VecDeque<Act>,
}

/// What observers heard last.
#[derive(Debug, Default)]
struct Told {
    synced: bool,
    progress: Option<Time>,
}

/// How far this node is, as far as it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncStatus {
    /// Nobody is connected.
    Alone,
    /// A better branch is being fetched. Until this node has been up to date once, checking a claimed branch counts too.
    Syncing {
        /// This node's height.
        height: u64,
        /// The height it is going to.
        target: u64,
    },
    /// No peer is known to have a better branch.
    Synced,
}

/// Why a header sync stops early.
enum GiveUp {
    /// The peer is at fault; its claim no longer counts.
    Fault(Fault),
    /// Nobody is at fault, or the peer was slow: try again after a rest.
    Rest,
    /// This node has to take in something final first.
    NotYet,
    /// Nobody is at fault, but the peer's chain ends too early, or lacks this node's checkpoint or final block: what it claims beyond the
    /// last good header does not count.
    PassOver,
}

impl BlockSync {
    /// Nobody is connected, and the best chain is the genesis block until the first [`BlockSync::tip`].
    ///
    /// Before `settled` a peer without a better branch says little: one with a better branch may not be connected yet.
    pub fn new(genesis: Arc<Genesis>, settled: Time) -> Self {
        let branch = genesis.branch();
        Self {
            tip: Tip {
                locator: Vec::from([branch.id]),
                finalized: (0, branch.id),
                lowest: 0,
                wanted_below: None,
                branch,
            },
            genesis,
            peers: BTreeMap::new(),
            rests: Rests::default(),
            header_sync: None,
            goal: None,
            fetch: Fetch::default(),
            backfill: Backfill::default(),
            unasked: BTreeMap::new(),
            refused: VecDeque::new(),
            told: Told::default(),
            settled,
            was_synced: false,
            unsettled: false,
            believes: false,
            out: VecDeque::new(),
        }
    }

    /// A peer's hello was accepted: its best block, and the lowest one that it serves.
    pub fn peer_up(&mut self, now: Time, conn: ConnId, id: NodeId, tip: TipSummary, lowest: u64) {
        let rest = self.rests.take(&id);
        self.peers.insert(conn, SyncPeer::new(id, (tip, lowest), rest));
        self.backfill.peer_up();
        self.go_on(now);
    }

    /// A peer is gone. Other peers still deliver bodies, but a header sync needs its own peer. If it leaves before the end, it rests as if
    /// it had failed: leaving must not be cheaper than failing. So does one that owes bodies.
    pub fn peer_down(&mut self, now: Time, conn: ConnId) {
        let Some(mut peer) = self.peers.remove(&conn) else { return };
        if let Some(header_sync) = self.header_sync.as_ref().filter(|header_sync| header_sync.conn == conn) {
            peer.rest_mut(header_sync.aim).failed(now);
        }
        if self.backfill.lost(conn) {
            peer.bodies_mut().failed(now);
        }
        self.rests.keep(peer);
        self.fetch.lost(conn);
        let fetches_headers = |header_sync: &HeaderSync| {
            matches!(
                header_sync.waits_for,
                WaitsFor::Headers { .. } | WaitsFor::Base { .. } | WaitsFor::Members { .. }
            )
        };
        self.header_sync.take_if(|header_sync| header_sync.conn == conn && fetches_headers(header_sync));
        self.go_on(now);
    }

    /// The best chain now ends here.
    pub fn tip(&mut self, now: Time, tip: Tip) {
        self.tip = tip;
        self.go_on(now);
    }

    /// A peer says what it has.
    pub fn announced(&mut self, now: Time, conn: ConnId, items: &[Item]) {
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        for item in items {
            if let Item::Block { id, height, work } = *item {
                peer.claim(TipSummary { height, hash: id, work });
            }
        }
        self.go_on(now);
    }

    /// [`BlockSync::next_wakeup`] has come.
    pub fn wake(&mut self, now: Time) {
        self.wake_header_sync(now);
        self.wake_backfill(now);
        for conn in self.fetch.expire(now) {
            self.out.push_back(Act::Blame(conn, Fault::Withheld));
            if let Some(peer) = self.peers.get_mut(&conn) {
                peer.stalled = true;
            }
        }
        if let Some(header_sync) = &self.header_sync
            && self.fetch.is_hopeless(now)
        {
            let leader = header_sync.conn;
            if self.peers.get(&leader).is_some_and(|peer| peer.stalled) {
                self.out.push_back(Act::Blame(leader, Fault::KeptBranch));
            }
            self.give_up(now, GiveUp::Rest);
        }
        self.go_on(now);
    }

    /// How far this node has come.
    pub fn status(&self) -> SyncStatus {
        if self.peers.is_empty() {
            return SyncStatus::Alone;
        }
        let ours = &self.tip.branch;
        // Claims and headers alone count only after the start. Later, a member that claims much and shows nothing, or shows headers and
        // withholds the blocks, would keep every node from mining and relaying. So blocks must be arriving.
        let leads = |header_sync: &HeaderSync| match header_sync.waits_for {
            _ if header_sync.aim != Aim::Claim => false,
            _ if self.was_synced => self.fetch.flows(),
            WaitsFor::Bodies | WaitsFor::Missing => true,
            _ => header_sync.end.beats(ours) || self.believes && beats(&header_sync.claim, ours),
        };
        match &self.header_sync {
            Some(header_sync) if leads(header_sync) => SyncStatus::Syncing {
                height: self.tip.branch.height,
                target: header_sync.end.height.max(header_sync.claim.height),
            },
            _ => SyncStatus::Synced,
        }
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Act> {
        self.out.pop_front()
    }

    /// When to call [`BlockSync::wake`].
    pub fn next_wakeup(&self) -> Option<Time> {
        let Some(header_sync) = &self.header_sync else {
            let ready = self.peers.values().filter_map(|peer| peer.ready_at(&self.tip.branch));
            return ready.chain(self.next_backfill()).min();
        };
        let believed = self.believes.then_some(header_sync.believed_until);
        let due = match &header_sync.waits_for {
            WaitsFor::Headers { hurry, deadline } => Some(*hurry.min(deadline).min(&header_sync.patience)),
            WaitsFor::Members { deadline, .. } => *deadline,
            WaitsFor::Base { .. } | WaitsFor::Missing => None,
            WaitsFor::Bodies => self.fetch.next_deadline(),
        };
        [due, believed, self.fetch.slows_at(), self.backfill.deadline()].into_iter().flatten().min()
    }

    /// Does what can be done now. Every input ends here.
    fn go_on(&mut self, now: Time) {
        self.fetch_on(now);
        self.give_way(now);
        if self.header_sync.is_none() {
            self.start(now);
        }
        self.backfill_on(now);
        let believes = |sync: &HeaderSync| sync.aim == Aim::Claim && now < sync.believed_until;
        self.believes = self.header_sync.as_ref().is_some_and(believes);
        match self.status() {
            SyncStatus::Alone => self.told.synced = false,
            SyncStatus::Synced => {
                self.was_synced |= self.settled <= now && !self.believes;
                if !core::mem::replace(&mut self.told.synced, true) {
                    self.out.push_back(Act::Event(NetworkEvent::Synced));
                }
            }
            SyncStatus::Syncing { height, target } => {
                self.told.synced = false;
                if self.told.progress.is_none_or(|told| now.since(told) >= SYNC_TELL_EVERY) {
                    self.told.progress = Some(now);
                    self.out.push_back(Act::Event(NetworkEvent::Syncing { height, target }));
                }
            }
        }
    }

    /// Begins a header sync, if there is anything to follow. Until this node has been up to date once, claims lead to the goal too, and body
    /// by body; but not where something final has to be taken in first.
    fn start(&mut self, now: Time) {
        let (first, second) = if self.was_synced || self.unsettled {
            (self.next_for_goal(now), self.next_claim(now))
        } else {
            (self.next_claim(now), self.next_for_goal(now))
        };
        let Some((conn, aim)) = first.or(second) else { return };
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        self.header_sync = Some(HeaderSync::new(now, conn, aim, peer, &self.tip.branch));
        self.fetch = Fetch::default();
        if aim == Aim::Claim {
            peer.claims = false;
            peer.orphan = false;
        }
        self.ask_headers(now);
    }

    /// The peer that claims the most, of those that may be followed.
    fn next_claim(&self, now: Time) -> Option<(ConnId, Aim)> {
        let ours = &self.tip.branch;
        let ready = |peer: &SyncPeer| peer.ready_at(ours).is_some_and(|at| at <= now);
        let ready = self.peers.iter().filter(|(_, peer)| ready(peer));
        // Peers that failed before wait for those that did not: each peer that claims much and answers nothing costs only one turn.
        let rank =
            |peer: &SyncPeer| (Reverse(peer.rest(Aim::Claim).failures), peer.claims.then_some(peer.tip.work));
        ready.max_by_key(|(_, peer)| rank(peer)).map(|(conn, _)| (*conn, Aim::Claim))
    }

    /// A peer that failed before gives way to one that failed less often. Otherwise a longer patience, which lets a slow peer through, would
    /// let a false one hold up everybody for longer each time. And whatever comes to nothing for long gives way to the goal.
    fn give_way(&mut self, now: Time) {
        let waits = |header_sync: &&HeaderSync| matches!(header_sync.waits_for, WaitsFor::Headers { .. });
        let Some(header_sync) = self.header_sync.as_ref().filter(waits) else { return };
        if header_sync.aim != Aim::Claim {
            return;
        }
        let goal_waits =
            header_sync.since.after(GOAL_WAITS) <= now && self.who_may_have_goal(now).next().is_some();
        let Some(leader) = self.peers.get(&header_sync.conn) else { return };
        let ours = &self.tip.branch;
        let goes_first = |peer: &SyncPeer| {
            peer.rest(Aim::Claim).failures < leader.rest(Aim::Claim).failures
                && peer.ready_at(ours).is_some_and(|at| at <= now)
        };
        if (goal_waits || self.peers.values().any(goes_first))
            && let Some(header_sync) = self.header_sync.take()
            && let Some(leader) = self.peers.get_mut(&header_sync.conn)
        {
            leader.claims = true;
            leader.orphan |= header_sync.orphan;
        }
    }

    /// The header sync has reached the end of the branch.
    fn finish(&mut self, now: Time) {
        let Some(header_sync) = self.header_sync.take() else { return };
        self.unsettled = false;
        for peer in self.peers.values_mut() {
            peer.stalled = false;
            peer.claims &= peer.tip.hash != header_sync.end.id;
        }
        if header_sync.is_at_goal() {
            self.goal_done(&header_sync.end.id);
        }
        let Some(peer) = self.peers.get_mut(&header_sync.conn) else { return };
        let rest = peer.rest_mut(header_sync.aim);
        if header_sync.fetched {
            rest.succeeded();
        } else if header_sync.was_in_vain() {
            rest.failed(now);
        } else {
            rest.found_nothing(now);
        }
    }

    fn give_up(&mut self, now: Time, why: GiveUp) {
        let Some(header_sync) = self.header_sync.take() else { return };
        self.unsettled = matches!(why, GiveUp::NotYet);
        self.fetch = Fetch::default();
        let Some(peer) = self.peers.get_mut(&header_sync.conn) else { return };
        let is_claim = header_sync.aim == Aim::Claim;
        let rest = peer.rest_mut(header_sync.aim);
        match why {
            GiveUp::PassOver if !is_claim && !header_sync.was_in_vain() => rest.lacked(now),
            GiveUp::NotYet => rest.found_nothing(now),
            _ => rest.failed(now),
        }
        match why {
            GiveUp::Rest | GiveUp::NotYet if is_claim => {
                peer.claims = true;
                peer.orphan |= header_sync.orphan;
            }
            GiveUp::PassOver if is_claim => peer.tip = header_sync.shown(),
            GiveUp::Rest | GiveUp::NotYet | GiveUp::PassOver => {}
            GiveUp::Fault(fault) => self.out.push_back(Act::Blame(header_sync.conn, fault)),
        }
    }
}

#[cfg(test)]
mod tests;

//! The part of sync that handles bodies: those that it asked for and those that come unrequested.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use super::fetch::Arrived;
use super::{
    Act, Aim, Block, BlockFault, BlockOutcome, BlockSync, Bounded, ConnId, Fault, GiveUp, Hash, HeaderSync,
    Helper, Item, KeeperRequest, Message, NetworkEvent, Origin, SyncPeer, Time, WaitsFor,
};
use crate::limits::{SYNC_REFUSED, UNASKED_BLOCKS_PER_PEER};

impl BlockSync {
    /// The answer to `StoreRequest::Missing`. A header sync that waits for this is never given up, so at most one such request is under way.
    pub fn missing(&mut self, now: Time, ids: Vec<Hash>) {
        if let Some(header_sync) =
            self.header_sync.as_mut().filter(|header_sync| matches!(header_sync.waits_for, WaitsFor::Missing))
        {
            header_sync.waits_for = WaitsFor::Bodies;
            let interval = Duration::from_millis(self.genesis.rules.schedule.interval_ms());
            let end = header_sync.end.height;
            self.fetch.begin(now, interval, ids, end);
        }
        self.go_on(now);
    }

    /// A peer sent a block, asked for or not.
    pub fn block(&mut self, now: Time, conn: ConnId, block: Arc<Block>) {
        if !self.peers.contains_key(&conn) {
            return;
        }
        let id = block.id();
        if self.takes_members(now, conn, &block) || self.takes_body(now, conn, id, &block) {
            return self.go_on(now);
        }
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        peer.tip.height = peer.tip.height.max(block.header.height);
        let arrived = self.fetch.arrived(now, conn, &id, &block);
        if arrived != Arrived::Unasked {
            peer.stalled &= arrived == Arrived::Again;
        } else if let Some((from, others)) = self.unasked.get_mut(&id) {
            if *from != conn {
                others.insert(conn);
            }
        } else if !self.refused.contains(&id) {
            let outstanding = self.unasked.values().filter(|(from, _)| *from == conn).count();
            if outstanding < UNASKED_BLOCKS_PER_PEER {
                self.unasked.insert(id, (conn, BTreeSet::new()));
                let origin = Origin::Pushed;
                self.out.push_back(Act::Ask(KeeperRequest::Take { conn, block, origin }.into()));
            }
        }
        self.go_on(now);
    }

    /// Whether a block that a peer has is worth fetching. It is not if the chain is already working on it or it has turned out invalid.
    pub fn lacks(&mut self, conn: ConnId, id: &Hash) -> bool {
        if let Some((from, others)) = self.unasked.get_mut(id) {
            if *from != conn {
                others.insert(conn);
            }
            return false;
        }
        !self.refused.contains(id)
    }

    /// A peer has a block that this node lacks: its headers lead to that block.
    pub fn look_into(&mut self, now: Time, conn: ConnId) {
        self.look_at(core::iter::once(conn));
        self.go_on(now);
    }

    /// A peer does not have what it was asked for. That is not its fault: its best chain may have changed, or it has pruned its blocks.
    pub fn not_found(&mut self, now: Time, conn: ConnId, items: &[Item]) {
        let id = |item: &Item| match item {
            Item::Block { id, .. } => Some(*id),
            Item::Transaction(_) | Item::Final(_) => None,
        };
        let ids = items.iter().filter_map(id).collect::<Vec<_>>();
        self.lacks_members(now, conn, &ids);
        self.lacks_bodies(conn, &ids);
        // Only who leads has said that this is its chain. Others may never have had it: that tells nothing of what they have pruned.
        let leads = |header_sync: &HeaderSync| header_sync.conn == conn && header_sync.aim == Aim::Claim;
        if self.fetch.not_found(conn, &ids)
            && self.header_sync.as_ref().is_some_and(leads)
            && let Some(peer) = self.peers.get_mut(&conn)
        {
            peer.lacks(self.fetch.first);
        }
        self.go_on(now);
    }

    /// The chain's answer.
    pub fn block_done(&mut self, now: Time, conn: ConnId, id: Hash, outcome: BlockOutcome) {
        let copies = self.unasked.remove(&id);
        let submitted = self.fetch.is_submitted(&id);
        match outcome {
            BlockOutcome::Stored | BlockOutcome::Known => {
                self.fetch.stored(&id);
                self.goal_done(&id);
            }
            BlockOutcome::UnknownParent if submitted => {
                if !self.fetch.submit_again(&id) {
                    self.give_up(now, GiveUp::Rest);
                }
            }
            BlockOutcome::UnknownParent => {
                let senders = copies.into_iter().flat_map(|(from, others)| others.into_iter().chain([from]));
                self.look_at(senders);
            }
            // A block after one from the future is even further in the future, and a block after one that was not taken has no parent here.
            BlockOutcome::Early { .. } | BlockOutcome::Ignored | BlockOutcome::Unsettled(_) => {
                if submitted {
                    self.give_up(now, GiveUp::Rest);
                }
            }
            BlockOutcome::Invalid { fault, why } => {
                let committed = fault != BlockFault::Copy;
                // A peer that serves a body need not have executed it. The peer that leads the sync calls it its best chain, so it is to blame.
                // But nobody need have executed what leads to a goal.
                let leader = self.header_sync.as_ref().filter(|_| committed && submitted);
                let is_claim = leader.is_none_or(|header_sync| header_sync.aim == Aim::Claim);
                if is_claim && fault.is_blamed() {
                    let who = leader.map_or(conn, |header_sync| header_sync.conn);
                    self.out.push_back(Act::Blame(who, Fault::InvalidBlock(why)));
                }
                if committed {
                    self.refuse(id);
                    if submitted {
                        self.give_up(now, GiveUp::Rest);
                    }
                } else {
                    self.fetch.wrong(&id, conn);
                    // The right copy may have come while the chain was working on the wrong one.
                    self.look_at(copies.into_iter().flat_map(|(_, others)| others));
                }
            }
        }
        self.go_on(now);
    }

    /// These peers have sent a block that this node lacks: their headers lead to it.
    fn look_at(&mut self, senders: impl Iterator<Item = ConnId>) {
        for conn in senders {
            if let Some(peer) = self.peers.get_mut(&conn) {
                peer.orphan = true;
            }
        }
    }

    /// Gives the next blocks to the chain, requests what is missing, and asks for more headers once the segment is stored.
    pub(super) fn fetch_on(&mut self, now: Time) {
        let Some(header_sync) =
            self.header_sync.as_mut().filter(|header_sync| matches!(header_sync.waits_for, WaitsFor::Bodies))
        else {
            return;
        };
        if self.fetch.is_done() {
            let Some(peer) = self.peers.get(&header_sync.conn) else {
                // Another peer leads on from here.
                self.header_sync = None;
                return;
            };
            header_sync.segment_stored(now, now.after(peer.rest(header_sync.aim).patience()));
            if header_sync.ended {
                self.finish(now);
            } else {
                self.ask_headers(now);
            }
            return;
        }
        for (conn, block) in self.fetch.submit() {
            let origin = Origin::Synced;
            self.out.push_back(Act::Ask(KeeperRequest::Take { conn, block, origin }.into()));
        }
        let (leader, ours) = (header_sync.conn, &self.tip.branch);
        let may_have = |peer: &SyncPeer| match header_sync.aim {
            Aim::Claim => peer.tip.work > ours.work || peer.tip.height > ours.height,
            Aim::Goal(goal) => peer.tip.height >= goal.height,
        };
        let first = self.fetch.first;
        let keeps = |peer: &SyncPeer| peer.lowest <= first;
        let ahead =
            self.peers.iter().filter(|(conn, peer)| keeps(peer) && (**conn == leader || may_have(peer)));
        let helpers: Vec<_> =
            ahead.map(|(conn, peer)| Helper { conn: *conn, stalled: peer.stalled }).collect();
        let Some(requests) = self.fetch.assign(now, &helpers) else {
            // Whoever led here says that it lacks the blocks: that must not be cheaper than silence. But a branch that is not its best one may
            // be forgotten at any time, and what is old may be pruned.
            match self.peers.get(&leader) {
                Some(peer) if !keeps(peer) => {
                    self.out.push_back(Act::Event(NetworkEvent::Pruned { needed: first }));
                }
                Some(_) if header_sync.aim == Aim::Claim => {
                    self.out.push_back(Act::Blame(leader, Fault::KeptBranch));
                }
                _ => (),
            }
            self.give_up(now, GiveUp::Rest);
            return;
        };
        for (conn, ids) in requests {
            self.out.push_back(Act::Send(conn, Message::GetBlocks(Bounded::truncated(ids))));
        }
    }

    fn refuse(&mut self, id: Hash) {
        if self.refused.len() >= SYNC_REFUSED {
            self.refused.pop_front();
        }
        self.refused.push_back(id);
    }
}

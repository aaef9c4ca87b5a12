//! The part of sync that handles headers: it requests them, takes them in and decides how the header sync goes on.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::header_sync::Taken;
use super::{
    Act, Aim, Block, BlockSync, Bounded, Branch, ConnId, Fault, GiveUp, HEADERS_TIMEOUT, Hash, HeaderSync,
    KeeperRequest, MembersFound, Message, Roster, StoreRequest, SyncHeader, Time, WaitsFor,
};
use crate::limits::HEADERS_PER_MESSAGE;

impl BlockSync {
    /// A peer sent headers.
    pub fn headers(&mut self, now: Time, conn: ConnId, headers: Vec<SyncHeader>) {
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        let Some(owed) = peer.owed.checked_sub(1) else {
            self.out.push_back(Act::Blame(conn, Fault::Late("headers")));
            return;
        };
        peer.owed = owed;
        // If more answers are due, this one may belong to a request that was given up.
        let stale = owed > 0;
        let Some(header_sync) = self.header_sync.as_mut().filter(|header_sync| header_sync.conn == conn)
        else {
            return;
        };
        if !matches!(header_sync.waits_for, WaitsFor::Headers { .. }) {
            return;
        }
        match headers.first().map(|first| first.header.parent) {
            None if stale => {}
            Some(parent) if !header_sync.asked.contains(&parent) => {
                // No more than that: with two connections to one peer, the later answer may come first.
                if !stale {
                    self.give_up(now, GiveUp::Fault(Fault::Late("headers")));
                }
            }
            Some(parent) if parent != header_sync.end.id => {
                header_sync.waits_for = WaitsFor::Base { headers };
                self.out.push_back(Act::Ask(KeeperRequest::Branch(parent).into()));
            }
            _ => self.take_message(now, &headers),
        }
        self.go_on(now);
    }

    /// The answer to [`KeeperRequest::Branch`].
    pub fn branch(&mut self, now: Time, id: Hash, branch: Option<Branch>) {
        let Some(header_sync) = &mut self.header_sync else { return };
        let holds_final = header_sync.holds_final(&self.tip);
        match (&mut header_sync.waits_for, branch) {
            (WaitsFor::Base { headers }, branch) if is_next(headers, |first| first.header.parent == id) => {
                let headers = core::mem::take(headers);
                match branch {
                    Some(branch) => {
                        header_sync.rebase(branch);
                        self.take_message(now, &headers);
                    }
                    // It was in this node's own locator, so the store must have failed.
                    None => self.give_up(now, GiveUp::Rest),
                }
            }
            (WaitsFor::Members { headers, deadline, .. }, branch)
                if is_next(headers, |first| first.header.id() == id) =>
            {
                match branch {
                    Some(branch) => self.handed(now, id, branch.members.roster().clone()),
                    // It leaves this node's chain below the final block, so it is not followed.
                    None if !holds_final => self.give_up(now, GiveUp::PassOver),
                    None => {
                        *deadline = Some(now.after(HEADERS_TIMEOUT));
                        let message = Message::GetBlocks(Bounded::truncated([id]));
                        self.out.push_back(Act::Send(header_sync.conn, message));
                    }
                }
            }
            _ => return,
        }
        self.go_on(now);
    }

    /// A block that was asked for because its header commits to another roster. False if it is another.
    pub(super) fn takes_members(&mut self, now: Time, conn: ConnId, block: &Arc<Block>) -> bool {
        let Some(header_sync) = self.header_sync.as_mut().filter(|header_sync| header_sync.conn == conn)
        else {
            return false;
        };
        let WaitsFor::Members { headers, deadline, .. } = &mut header_sync.waits_for else { return false };
        let is_it = deadline.is_some() && is_next(headers, |first| first.header.id() == block.id());
        if is_it && block.body.root(block.header.height) != block.header.body {
            // Another peer may have the right copy.
            self.give_up(now, GiveUp::Rest);
        } else if is_it {
            *deadline = None;
            let (branch, block, finalized) = (header_sync.end.clone(), Arc::clone(block), self.tip.finalized);
            self.out.push_back(Act::Ask(KeeperRequest::Members { branch, block, finalized }.into()));
        }
        is_it
    }

    /// The answer to [`KeeperRequest::Members`].
    pub fn members(&mut self, now: Time, id: Hash, found: MembersFound) {
        let Some(HeaderSync { waits_for: WaitsFor::Members { headers, .. }, .. }) = &self.header_sync else {
            return;
        };
        if !is_next(headers, |first| first.header.id() == id) {
            return;
        }
        match found {
            MembersFound::Roster(roster) => self.handed(now, id, roster),
            MembersFound::NotYet => self.give_up(now, GiveUp::NotYet),
            MembersFound::Invalid(why) => self.give_up(now, GiveUp::Fault(Fault::InvalidHeader(why))),
        }
        self.go_on(now);
    }

    /// The roster is known: goes on where the walk stopped.
    fn handed(&mut self, now: Time, id: Hash, roster: Roster) {
        let Some(header_sync) = &mut self.header_sync else { return };
        let WaitsFor::Members { headers, full, .. } = &mut header_sync.waits_for else { return };
        let (headers, full) = (core::mem::take(headers), *full);
        header_sync.handed = Some((id, roster));
        self.take(now, &headers, full);
    }

    pub(super) fn ask_headers(&mut self, now: Time) {
        let Some(header_sync) = &mut self.header_sync else { return };
        let peer = self.peers.get(&header_sync.conn);
        let hurry = peer.map(|peer| peer.rest(header_sync.aim).hurry()).unwrap_or_default();
        header_sync.waits_for =
            WaitsFor::Headers { hurry: now.after(hurry), deadline: now.after(HEADERS_TIMEOUT) };
        let locator = Bounded::truncated(header_sync.locator(&self.tip));
        let message = Message::GetHeaders { locator, stop: header_sync.stop() };
        self.out.push_back(Act::Send(header_sync.conn, message));
        if let Some(peer) = self.peers.get_mut(&header_sync.conn) {
            peer.owed = peer.owed.saturating_add(1);
        }
    }

    fn take_message(&mut self, now: Time, headers: &[SyncHeader]) {
        self.take(now, headers, headers.len() >= HEADERS_PER_MESSAGE);
    }

    fn take(&mut self, now: Time, headers: &[SyncHeader], full: bool) {
        let Some(header_sync) = &mut self.header_sync else { return };
        match header_sync.take(&self.genesis.rules, &self.tip, &self.refused, (headers, full)) {
            Ok(Taken::More) => self.ask_headers(now),
            Ok(Taken::Members(place)) => {
                let headers: Vec<_> = headers.iter().skip(place).cloned().collect();
                let id = headers.first().map_or(Hash::ZERO, |first| first.header.id());
                header_sync.waits_for = WaitsFor::Members { headers, full, deadline: None };
                self.out.push_back(Act::Ask(KeeperRequest::Branch(id).into()));
            }
            Ok(Taken::Segment(ids)) => {
                header_sync.waits_for = WaitsFor::Missing;
                self.out.push_back(Act::Ask(StoreRequest::Missing(ids).into()));
            }
            Ok(Taken::Beside { block, how }) => {
                self.goal_done(&block);
                self.out.push_back(Act::Ask(KeeperRequest::Beside { block, how }.into()));
                self.give_up(now, GiveUp::PassOver);
            }
            Ok(Taken::Ended) if header_sync.is_short() => self.give_up(now, GiveUp::PassOver),
            Ok(Taken::Ended) => self.finish(now),
            Ok(Taken::Lost) => self.give_up(now, GiveUp::Rest),
            Err(error) if error.is_local() => self.give_up(now, GiveUp::PassOver),
            Err(error) => {
                self.give_up(now, GiveUp::Fault(Fault::InvalidHeader(error.to_string())));
            }
        }
    }

    /// Gives up on a peer that is silent, or so slow that others should get a turn.
    pub(super) fn wake_header_sync(&mut self, now: Time) {
        let Some(header_sync) = &self.header_sync else { return };
        if let WaitsFor::Members { deadline: Some(deadline), .. } = &header_sync.waits_for
            && *deadline <= now
        {
            return self.give_up(now, GiveUp::Rest);
        }
        let WaitsFor::Headers { hurry, deadline } = &header_sync.waits_for else { return };
        let (late, slow) = (*deadline <= now, header_sync.patience.min(*hurry) <= now);
        let (conn, aim) = (header_sync.conn, header_sync.aim);
        if late {
            self.out.push_back(Act::Blame(conn, Fault::Withheld));
            self.give_up(now, GiveUp::Rest);
        } else if slow && self.others_wait(now, conn, aim) {
            self.give_up(now, GiveUp::Rest);
        } else if slow
            && let Some(rest) = self.peers.get(&conn).map(|peer| peer.rest(aim))
            && let Some(header_sync) = &mut self.header_sync
            && let WaitsFor::Headers { hurry, .. } = &mut header_sync.waits_for
        {
            // There is no other peer: this one gets the same time again.
            header_sync.patience = header_sync.patience.max(now.after(rest.patience()));
            *hurry = now.after(rest.hurry());
        }
    }

    /// A peer does not have the body that it was asked for.
    pub(super) fn lacks_members(&mut self, now: Time, conn: ConnId, ids: &[Hash]) {
        let waits = |header_sync: &HeaderSync| match &header_sync.waits_for {
            WaitsFor::Members { headers, deadline: Some(_), .. } => {
                header_sync.conn == conn && is_next(headers, |first| ids.contains(&first.header.id()))
            }
            _ => false,
        };
        if self.header_sync.as_ref().is_some_and(waits) {
            self.give_up(now, GiveUp::Rest);
        }
    }

    /// Whether another header sync is worth beginning: with another peer, or towards the goal.
    fn others_wait(&self, now: Time, conn: ConnId, aim: Aim) -> bool {
        let ours = &self.tip.branch;
        let mut others = self.peers.iter().filter(|(other, _)| **other != conn);
        others.any(|(_, peer)| peer.ready_at(ours).is_some_and(|at| at <= now))
            || self.who_may_have_goal(now).any(|(other, _)| aim == Aim::Claim || *other != conn)
    }
}

fn is_next(headers: &[SyncHeader], is_it: impl FnOnce(&SyncHeader) -> bool) -> bool {
    headers.first().is_some_and(is_it)
}

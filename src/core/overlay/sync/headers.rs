//! The part of sync that deals in headers: asking for them, taking them in, and what becomes of the walk.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::walk::Taken;
use super::{
    Act, Bounded, Branch, ConnId, End, Fault, HEADERS_TIMEOUT, Hash, Header, KeeperRequest, Message, Peer,
    Stage, StoreRequest, Sync, Time,
};

impl Sync {
    /// A peer sent headers.
    pub fn headers(&mut self, now: Time, conn: ConnId, headers: Vec<Header>) {
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        let Some(owed) = peer.owed.checked_sub(1) else {
            self.out.push_back(Act::Blame(conn, Fault::Late("headers")));
            return;
        };
        peer.owed = owed;
        // If more is to come, this may answer a request that was given up.
        let stale = owed > 0;
        let Some(walk) = self.walk.as_mut().filter(|walk| walk.conn == conn) else { return };
        if !matches!(walk.stage, Stage::Headers { .. }) {
            return;
        }
        match headers.first().map(|header| header.parent) {
            None if stale => {}
            Some(parent) if !walk.asked.contains(&parent) => {
                // No worse than that: of two connections of one peer, the later answer may come first.
                if !stale {
                    self.give_up(now, End::Fault(Fault::Late("headers")));
                }
            }
            Some(parent) if parent != walk.end.id => {
                walk.stage = Stage::Base { headers };
                self.out.push_back(Act::Ask(KeeperRequest::Branch(parent).into()));
            }
            _ => self.take(now, &headers),
        }
        self.go_on(now);
    }

    /// The answer to [`KeeperRequest::Branch`].
    pub fn branch(&mut self, now: Time, id: Hash, branch: Option<Branch>) {
        let Some(walk) = &mut self.walk else { return };
        let Stage::Base { headers } = &mut walk.stage else { return };
        if headers.first().is_none_or(|first| first.parent != id) {
            return;
        }
        let headers = core::mem::take(headers);
        match branch {
            Some(branch) => {
                walk.rebase(branch);
                self.take(now, &headers);
            }
            // It was in this node's own locator: the store fails.
            None => self.give_up(now, End::Rest),
        }
        self.go_on(now);
    }

    pub(super) fn ask_headers(&mut self, now: Time) {
        let Some(walk) = &mut self.walk else { return };
        let hurry = self.peers.get(&walk.conn).map(Peer::hurry).unwrap_or_default();
        walk.stage = Stage::Headers { hurry: now.after(hurry), deadline: now.after(HEADERS_TIMEOUT) };
        let locator = Bounded::truncated(walk.locator(&self.tip));
        let message = Message::GetHeaders { locator, stop: Hash::ZERO };
        self.out.push_back(Act::Send(walk.conn, message));
        if let Some(peer) = self.peers.get_mut(&walk.conn) {
            peer.owed = peer.owed.saturating_add(1);
        }
    }

    fn take(&mut self, now: Time, headers: &[Header]) {
        let Some(walk) = &mut self.walk else { return };
        match walk.take(&self.genesis.rules, &self.tip.branch, &self.refused, headers) {
            Ok(Taken::More) => self.ask_headers(now),
            Ok(Taken::Segment(ids)) => {
                walk.stage = Stage::Missing;
                self.out.push_back(Act::Ask(StoreRequest::Missing(ids).into()));
            }
            Ok(Taken::Ended) if !walk.fetched && !walk.cut && walk.end.work < walk.claim.work => {
                self.give_up(now, End::Fault(Fault::FalseWork));
            }
            Ok(Taken::Ended) => self.finish(now),
            Ok(Taken::Lost) => self.give_up(now, End::Rest),
            Err(error) if error.is_local() => self.give_up(now, End::Apart),
            Err(error) => {
                self.give_up(now, End::Fault(Fault::InvalidHeader(error.to_string())));
            }
        }
    }

    /// Gives up a peer that is silent, or so slow that others deserve a turn.
    pub(super) fn wake_walk(&mut self, now: Time) {
        let Some(walk) = &mut self.walk else { return };
        let Stage::Headers { hurry, deadline } = &mut walk.stage else { return };
        let (late, slow) = (*deadline <= now, walk.patience.min(*hurry) <= now);
        let conn = walk.conn;
        if late {
            self.out.push_back(Act::Blame(conn, Fault::Withheld));
            self.give_up(now, End::Rest);
        } else if slow {
            let ours = &self.tip.branch;
            let others = self.peers.iter().filter(|(other, _)| **other != conn);
            if others.filter_map(|(_, peer)| peer.ready_at(ours)).any(|at| at <= now) {
                self.give_up(now, End::Rest);
            } else if let Some(peer) = self.peers.get(&conn) {
                // Nobody else is there: it gets as long again.
                walk.patience = walk.patience.max(now.after(peer.patience()));
                *hurry = now.after(peer.hurry());
            }
        }
    }
}

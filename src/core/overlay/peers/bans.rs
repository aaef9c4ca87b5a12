//! Offences, bans and the blacklist. All by proven id: whoever moves or renews its certificate stays out.

use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

use super::connections::End;
use super::{Configured, Event, Peer, Peers, Source, Status, Timer};
use crate::id::NodeId;
use crate::limits::{BAN, BAN_MAX, BANS, FIRST_DIAL, KNOWN_PEERS, LAPSE_EVERY, POINTS_BAN, POINTS_HALF_LIFE};
use crate::overlay::{Command, ConnId, Fault, Verdict};
use crate::time::{Time, doubled};
use crate::wire::{Endpoint, Goodbye, GoodbyeReason};

/// An id that is kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ban {
    pub(super) by: By,
    /// None: without end.
    pub(super) until: Option<Time>,
    pub(super) why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The configuration's blacklist: not to be lifted at run time.
    Config,
    /// The operator's blacklist, kept in the book.
    Operator,
    /// This node's own verdict.
    Verdict,
}

/// A sum of offences that halves with time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Points {
    sum: u32,
    at: Time,
}

impl Points {
    /// Adds `points` and says what the sum is now.
    pub(super) fn add(&mut self, now: Time, points: u32) -> u32 {
        while self.sum > 0 && now.since(self.at) >= POINTS_HALF_LIFE {
            self.sum /= 2;
            self.at = self.at.after(POINTS_HALF_LIFE);
        }
        if self.sum == 0 {
            self.at = now;
        }
        self.sum = self.sum.saturating_add(points);
        self.sum
    }
}

impl Peers {
    /// A session's or a connection's peer is at fault.
    pub fn blame(&mut self, now: Time, conn: ConnId, fault: &Fault) {
        let id = self
            .sessions
            .get(&conn)
            .map(|session| &session.id)
            .or_else(|| self.connections.get(&conn).map(|connection| &connection.id));
        if let Some(id) = id.cloned() {
            self.blame_id(now, &id, fault);
        }
    }

    /// A connection's stream cannot be read on: its peer is at fault, and it is closed in any case.
    pub fn broken(&mut self, now: Time, conn: ConnId, fault: &Fault) {
        self.blame(now, conn, fault);
        self.close(now, conn, Some(Goodbye::new(GoodbyeReason::Fault, &fault.to_string())), End::Lost);
    }

    pub(super) fn blame_id(&mut self, now: Time, id: &NodeId, fault: &Fault) {
        match fault.verdict() {
            Verdict::Points(points) => self.add_points(now, id, points, fault),
            Verdict::Lapse(points) => {
                let Some(peer) = self.peers.get_mut(id) else { return };
                if peer.lapsed.is_none_or(|at| now.since(at) >= LAPSE_EVERY) {
                    peer.lapsed = Some(now);
                    self.add_points(now, id, points, fault);
                }
            }
            Verdict::Ban => self.ban(now, id, fault),
        }
    }

    fn add_points(&mut self, now: Time, id: &NodeId, points: u32, fault: &Fault) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if peer.points.add(now, points) >= POINTS_BAN {
            self.ban(now, id, fault);
        }
    }

    fn ban(&mut self, now: Time, id: &NodeId, fault: &Fault) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if peer.is_banned() {
            return;
        }
        peer.points = Points::default();
        let span = doubled(BAN, peer.bans, BAN_MAX);
        peer.bans = peer.bans.saturating_add(1);
        let why = fault.to_string();
        self.close_all(now, id, &Goodbye::new(GoodbyeReason::Fault, &why), End::Lost);
        self.keep_out(now, id, Ban { by: By::Verdict, until: Some(now.after(span)), why: why.clone() });
        self.note(Event::Banned { id: id.clone(), why, seconds: span.as_secs() });
    }

    /// Enters a ban; all connections are closed already.
    pub(super) fn keep_out(&mut self, now: Time, id: &NodeId, ban: Ban) {
        self.timers.clear(&Timer::Dial(id.clone()));
        match ban.until {
            Some(until) => {
                self.drop_soonest_ban(now);
                self.timers.set(Timer::Unban(id.clone()), until);
            }
            None => self.timers.clear(&Timer::Unban(id.clone())),
        }
        self.peers.entry(id.clone()).or_insert_with(|| Peer::new(now)).set(now, Status::Banned(ban));
        self.changed(now);
    }

    /// Bans of this node's own making are bounded: the one that would end first makes room.
    fn drop_soonest_ban(&mut self, now: Time) {
        // The operator's have no end, so they neither count nor leave.
        let ends = |(id, peer): (_, &Peer)| match &peer.status {
            Status::Banned(ban) => ban.until.map(|until| (until, id)),
            _ => None,
        };
        let bans = || self.peers.iter().filter_map(ends);
        if bans().count() < BANS {
            return;
        }
        let Some(id) = bans().min().map(|(_, id)| NodeId::clone(id)) else { return };
        if self.peers.get(&id).is_some_and(Peer::is_configured) {
            self.unban(now, &id);
        } else {
            self.forget(&id);
        }
    }

    /// A ban is over, or lifted.
    pub(super) fn unban(&mut self, now: Time, id: &NodeId) {
        self.timers.clear(&Timer::Unban(id.clone()));
        let full = self.known() >= KNOWN_PEERS;
        let Some(peer) = self.peers.get_mut(id) else { return };
        if !peer.is_banned() {
            return;
        }
        peer.set(now, Status::Known);
        peer.apart = now;
        let useless = peer.candidates.len() == 0 && !peer.proven;
        if !peer.is_configured() && (full || useless) {
            self.forget(id);
        } else if !self.is_busy(id) {
            self.plan_dial(now, id, FIRST_DIAL);
        }
        self.changed(now);
    }

    /// Why the id is kept out, for the one who is.
    pub(super) fn banned_because(&self, now: Time, id: &NodeId) -> Option<String> {
        let Status::Banned(ban) = &self.peers.get(id)?.status else { return None };
        Some(match ban.until {
            Some(until) => format!("{}; for {} s more", ban.why, until.since(now).as_secs()),
            None => ban.why.clone(),
        })
    }

    /// See [`Command`].
    pub fn command(&mut self, now: Time, command: Command) {
        match command {
            Command::AddPeer(id, endpoint) => self.add_peer(now, &id, endpoint),
            Command::RemovePeer(id) => self.remove_peer(now, &id),
            Command::Blacklist(id) => self.blacklist_id(now, &id),
            Command::Unblacklist(id) => {
                let listed = |status: &Status| matches!(status, Status::Banned(ban) if ban.by == By::Config);
                if let Some(peer) = self.peers.get_mut(&id).filter(|peer| !listed(&peer.status)) {
                    peer.bans = 0;
                    self.unban(now, &id);
                }
            }
            Command::Shutdown => return self.shut_down(now),
        }
        // Not gathered like what peers change: the operator waits for it, and it must hold after a crash.
        self.save(now);
    }

    fn add_peer(&mut self, now: Time, id: &NodeId, endpoint: Endpoint) {
        if *id == self.own.hello.id || !self.peers.contains_key(id) && !self.make_room(|_| true) {
            return;
        }
        let peer = self.peers.entry(id.clone()).or_insert_with(|| Peer::new(now));
        if peer.configured == Configured::No {
            (peer.configured, peer.teller) = (Configured::Operator, None);
        }
        peer.candidates.add(Source::Configured, endpoint);
        // The operator says try, so it is tried now.
        (peer.failures, peer.refusals, peer.next) = (0, 0, 0);
        if matches!(peer.status, Status::Backoff(_)) {
            peer.set(now, Status::Known);
        }
        if !self.is_busy(id) {
            self.plan_dial(now, id, Duration::ZERO);
        }
        self.changed(now);
    }

    fn remove_peer(&mut self, now: Time, id: &NodeId) {
        let goodbye = Goodbye::new(GoodbyeReason::Removed, "");
        self.close_all(now, id, &goodbye, End::Free);
        // Who is kept out stays so: that is another list.
        match self.peers.get_mut(id) {
            Some(peer) if peer.is_banned() => peer.configured = Configured::No,
            _ => self.forget(id),
        }
        self.changed(now);
    }

    fn blacklist_id(&mut self, now: Time, id: &NodeId) {
        let config = matches!(
            self.peers.get(id).map(|peer| &peer.status),
            Some(Status::Banned(ban)) if ban.by == By::Config
        );
        if *id == self.own.hello.id || config {
            return;
        }
        let why = "blacklisted by the operator";
        self.close_all(now, id, &Goodbye::new(GoodbyeReason::Banned, why), End::Free);
        self.keep_out(now, id, Ban { by: By::Operator, until: None, why: why.to_string() });
    }

    fn shut_down(&mut self, now: Time) {
        self.stopping = true;
        self.queue.clear();
        let ids: alloc::vec::Vec<_> = self.peers.keys().cloned().collect();
        for id in ids {
            self.timers.clear(&Timer::Dial(id.clone()));
            self.close_all(now, &id, &Goodbye::new(GoodbyeReason::Shutdown, ""), End::Free);
        }
        self.save(now);
    }
}

//! One entry of the book: a peer's states, and what counts as proven about it.
//!
//! ```text
//! Known -> Dialing -> Connected -> Known | Backoff        a peer is connected once its hello has been read and fits
//!   ^         '-> Backoff -> Known                        backoff ends: known again, and in the queue for a dial
//!   '-- Banned (until lifted or over)
//! ```

use alloc::string::String;

use super::bans::{Ban, Offences};
use super::candidates::{Candidates, Rank};
use super::dial::Attempts;
use super::{PeerStatus, PeerView};
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::limits::{DIAL_BACK_EVERY, FORGET_AFTER, PEER_NOTE_EVERY, TOLD_FOR};
use crate::overlay::timers::Throttle;
use crate::time::Time;
use crate::wire::Endpoint;

/// Another node as this one knows it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) status: Status,
    /// When the status began.
    since: Time,
    /// What went wrong last.
    pub(super) why: Option<String>,
    pub(super) candidates: Candidates,
    pub(super) configured: Configured,
    /// The peer that told of it, until TLS has proven it to this node.
    pub(super) source: Option<NodeId>,
    /// Whether TLS has ever proven it, and when it last did in this run.
    pub(super) proven: bool,
    proven_at: Option<Time>,
    /// Where it says it can be dialed: others are told this.
    listens: Option<Endpoint>,
    /// The public key that it proved last, and a limit on reports of a change.
    pub(super) key: Option<Hash>,
    key_noted: Throttle,
    /// When it last lost its connection.
    pub(super) apart: Time,
    pub(super) attempts: Attempts,
    pub(super) offences: Offences,
    /// Limits reports that it refused or was refused.
    pub(super) noted: Throttle,
    /// Limits how often it is dialed back.
    pub(super) dialed_back: Throttle,
    pub(super) forget_at: Time,
}

#[derive(Debug)]
pub(super) enum Status {
    Known,
    Dialing,
    Connected,
    Backoff(Time),
    Banned(Ban),
}

/// Whether the operator wants this peer; such a peer is not evicted and is dialed whichever id is smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Configured {
    No,
    /// In the configuration's bootstrap list.
    File,
    /// Added at run time, kept in the book.
    Operator,
}

impl Entry {
    pub(super) fn new(now: Time) -> Self {
        Self {
            status: Status::Known,
            since: now,
            why: None,
            candidates: Candidates::default(),
            configured: Configured::No,
            source: None,
            proven: false,
            proven_at: None,
            listens: None,
            key: None,
            key_noted: Throttle::once_in(PEER_NOTE_EVERY),
            apart: now,
            attempts: Attempts::default(),
            offences: Offences::none(),
            noted: Throttle::once_in(PEER_NOTE_EVERY),
            dialed_back: Throttle::once_in(DIAL_BACK_EVERY),
            forget_at: now.after(FORGET_AFTER),
        }
    }

    pub(super) fn set(&mut self, now: Time, status: Status) {
        self.status = status;
        self.since = now;
    }

    /// TLS and hello have proven it, so what it says about itself counts. Returns whether its addresses have changed.
    pub(super) fn meet(&mut self, now: Time, dialed: Option<Endpoint>, listens: Option<Endpoint>) -> bool {
        self.attempts.start_over();
        (self.proven, self.source) = (true, None);
        (self.proven_at, self.forget_at) = (Some(now), now.after(FORGET_AFTER));
        self.listens.clone_from(&listens);
        let worked = dialed.is_some_and(|endpoint| self.candidates.add(Rank::Worked, endpoint));
        let told = listens.is_some_and(|endpoint| self.candidates.add(Rank::Told, endpoint));
        worked || told
    }

    /// It has proven this public key. Returns the previous key if the change is to be reported: the new one may be a thief's.
    pub(super) fn meet_key(&mut self, now: Time, key: Hash) -> Option<Hash> {
        let old = self.key.replace(key).filter(|old| *old != key)?;
        self.key_noted.passes(now).then_some(old)
    }

    /// It is no longer connected.
    pub(super) fn part(&mut self, now: Time, why: String) {
        (self.proven_at, self.forget_at) = (Some(now), now.after(FORGET_AFTER));
        (self.apart, self.why) = (now, Some(why));
        if self.is_connected() {
            self.set(now, Status::Known);
        }
    }

    /// Its certificate is no longer valid: others are not told of it any more.
    pub(super) fn disprove(&mut self) {
        (self.listens, self.proven_at) = (None, None);
    }

    /// Where it says it listens, if it was proven recently enough to tell others.
    pub(super) fn listens(&self, now: Time) -> Option<&Endpoint> {
        let is_fresh = self.proven_at.is_some_and(|at| now.since(at) <= TOLD_FOR);
        self.listens.as_ref().filter(|_| is_fresh || self.is_connected())
    }

    /// From now on the operator wants it, no matter who told of it.
    pub(super) fn configure(&mut self, by: Configured) {
        (self.configured, self.source) = (by, None);
    }

    pub(super) fn is_banned(&self) -> bool {
        matches!(self.status, Status::Banned(_))
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.status, Status::Connected)
    }

    pub(super) fn is_configured(&self) -> bool {
        self.configured != Configured::No
    }

    /// Only known from others.
    pub(super) fn is_hearsay(&self) -> bool {
        !self.proven && !self.is_configured()
    }

    pub(super) fn ban(&self) -> Option<&Ban> {
        if let Status::Banned(ban) = &self.status { Some(ban) } else { None }
    }

    /// How useful it is: the least useful one is forgotten first.
    pub(super) fn usefulness(&self) -> (bool, u32, Time) {
        (self.proven, u32::MAX.saturating_sub(self.attempts.failures), self.forget_at)
    }

    pub(super) fn view(&self, id: &NodeId, now: Time) -> PeerView {
        let (status, until) = match &self.status {
            Status::Known => (PeerStatus::Known, None),
            Status::Dialing => (PeerStatus::Dialing, None),
            Status::Connected => (PeerStatus::Connected, None),
            Status::Backoff(until) => (PeerStatus::Backoff, Some(*until)),
            Status::Banned(ban) => (PeerStatus::Banned, ban.until),
        };
        PeerView {
            id: id.clone(),
            endpoint: self.listens.clone().or_else(|| self.candidates.get(0).map(|(_, at)| at.clone())),
            hearsay: self.is_hearsay(),
            status,
            direction: None,
            since: now.since(self.since),
            rtt: None,
            height: None,
            why: self.ban().map(|ban| ban.why.clone()).or_else(|| self.why.clone()),
            until: until.map(|until| until.since(now)),
            agent: None,
            not_after: None,
        }
    }
}

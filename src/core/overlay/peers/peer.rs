//! One entry of the book.

use alloc::collections::VecDeque;
use alloc::string::String;

use super::bans::{Ban, Points};
use super::candidates::Candidates;
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::limits::FORGET_AFTER;
use crate::overlay::ConnId;
use crate::overlay::budget::Budget;
use crate::time::Time;
use crate::wire::Endpoint;

/// Another node as this one knows it.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) status: Status,
    /// Of the status.
    pub(super) since: Time,
    /// What went wrong last.
    pub(super) why: Option<String>,
    pub(super) candidates: Candidates,
    pub(super) configured: Configured,
    /// Who told of it, while nobody has proven it to this node.
    pub(super) teller: Option<NodeId>,
    /// Whether TLS has ever proven it, and when it last did in this run.
    pub(super) proven: bool,
    pub(super) proven_at: Option<Time>,
    /// Where it says that it can be dialed: what others are told.
    pub(super) listens: Option<Endpoint>,
    /// Without a connection since.
    pub(super) apart: Time,
    /// Failed rounds of dials since a connection last held.
    pub(super) failures: u32,
    /// Refusals (certificate, network, ban) since then or since a reload.
    pub(super) refusals: u32,
    /// The candidate to dial next, and whether one of this round was refused.
    pub(super) next: usize,
    pub(super) round_refused: bool,
    /// The public key that it proved last, and when a change of it was noted.
    pub(super) key: Option<Hash>,
    pub(super) key_noted: Option<Time>,
    /// A new instance took the place of a connection that stood.
    pub(super) swapped: Option<Time>,
    /// Connections refused since that was noted, for it is banned.
    pub(super) turned_away: u32,
    /// Hashes of the last few `instance`s in its hellos.
    pub(super) instances: VecDeque<Hash>,
    pub(super) points: Points,
    /// A lapse counted last.
    pub(super) lapsed: Option<Time>,
    /// Bans so far: the next one is longer.
    pub(super) bans: u32,
    pub(super) noted: Option<Time>,
    pub(super) forget_at: Time,
    pub(super) budget: Budget,
}

#[derive(Debug)]
pub(super) enum Status {
    Known,
    Dialing,
    Connected(ConnId),
    Backoff(Time),
    Banned(Ban),
}

/// Whether a peer is there by the operator's wish; such a peer is not evicted and is dialed whichever id is smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Configured {
    No,
    /// In the configuration's bootstrap list.
    File,
    /// Added at run time, kept in the book.
    Operator,
}

impl Peer {
    pub(super) fn new(now: Time) -> Self {
        Self {
            status: Status::Known,
            since: now,
            why: None,
            candidates: Candidates::default(),
            configured: Configured::No,
            teller: None,
            proven: false,
            proven_at: None,
            listens: None,
            apart: now,
            failures: 0,
            refusals: 0,
            next: 0,
            round_refused: false,
            key: None,
            key_noted: None,
            swapped: None,
            turned_away: 0,
            instances: VecDeque::new(),
            points: Points::default(),
            lapsed: None,
            bans: 0,
            noted: None,
            forget_at: now.after(FORGET_AFTER),
            budget: Budget::new(now),
        }
    }

    pub(super) fn set(&mut self, now: Time, status: Status) {
        self.status = status;
        self.since = now;
    }

    pub(super) fn is_banned(&self) -> bool {
        matches!(self.status, Status::Banned(_))
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.status, Status::Connected(_))
    }

    pub(super) fn is_configured(&self) -> bool {
        self.configured != Configured::No
    }

    /// Others have told of it, and that is all.
    pub(super) fn is_hearsay(&self) -> bool {
        !self.proven && !self.is_configured()
    }
}

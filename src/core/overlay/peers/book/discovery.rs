//! Discovery: whom to tell of, and what to make of what is told.
//!
//! A node tells ids that TLS has proven to it lately, where they themselves say that they listen, and its configured peers. What it is told
//! are hints: bounded for each source until proven.

use alloc::vec::Vec;

use super::candidates::{Rank, Reach, reach};
use super::{AddressBook, Entry, Fault, Told};
use crate::codec::Bounded;
use crate::id::NodeId;
use crate::limits::{FIRST_DIAL, KNOWN_PER_SOURCE, PEERS_PER_MESSAGE};
use crate::time::Time;
use crate::wire::{Endpoint, PeerEntry};

impl AddressBook {
    /// The answer to a GetPeers.
    pub(crate) fn tell(&mut self, now: Time, asker: &NodeId) -> Bounded<PeerEntry, PEERS_PER_MESSAGE> {
        let others = self.entries.iter().filter(|(id, _)| *id != asker);
        let mut told: Vec<_> = others
            .filter_map(|(id, entry)| Some(PeerEntry { id: id.clone(), endpoint: told(entry, now)?.clone() }))
            // What the operator has configured may mean something on this machine only: others would take it for an offence.
            .filter(|told| self.is_dialable(&told.endpoint))
            .collect();
        // Another part each time, if there are more than a message carries.
        if told.len() > PEERS_PER_MESSAGE {
            let start = self.random.index(told.len());
            told.rotate_left(start);
        }
        Bounded::truncated(told)
    }

    /// Takes in the answer to a GetPeers.
    pub(crate) fn learn(&mut self, now: Time, source: NodeId, told: &[PeerEntry]) {
        let is_share = |entry: &&Entry| entry.source.as_ref() == Some(&source);
        let mut share = self.entries.values().filter(is_share).count();
        for entry in told {
            if entry.id != self.id && self.is_dialable(&entry.endpoint) {
                self.learn_one(now, &source, entry, &mut share);
            }
        }
        if told.iter().any(|entry| reach(&entry.endpoint) == Reach::Nowhere) {
            self.out.push_back(Told::Fault(source, Fault::BadAddress));
        }
    }

    fn learn_one(&mut self, now: Time, source: &NodeId, told: &PeerEntry, share: &mut usize) {
        let (id, endpoint) = (&told.id, told.endpoint.clone());
        if let Some(entry) = self.entries.get_mut(id) {
            // Of itself a peer tells in hello. To a banned one nothing is added.
            let had_none = entry.candidates.is_empty();
            if id == source || entry.is_banned() || !entry.candidates.add(Rank::Hint, endpoint) {
                return;
            }
            if had_none && !self.is_busy(id) {
                self.plan_dial(now, id, FIRST_DIAL);
            }
            return self.changed(now);
        }
        let may_go = |entry: &Entry| !entry.proven && entry.attempts.failures > 0;
        if *share >= KNOWN_PER_SOURCE || !self.make_room(may_go) {
            return;
        }
        *share = share.saturating_add(1);
        let entry = self.entry(now, id);
        entry.source = Some(source.clone());
        entry.candidates.add(Rank::Hint, endpoint);
        self.plan_dial(now, id, FIRST_DIAL);
        self.changed(now);
    }

    /// Whether an address that somebody tells may be dialed.
    pub(super) fn is_dialable(&self, endpoint: &Endpoint) -> bool {
        if self.listens.as_ref() == Some(endpoint) {
            return false;
        }
        match reach(endpoint) {
            Reach::Network => true,
            Reach::Loopback => self.loopback,
            Reach::Nowhere => false,
        }
    }
}

/// Where others are told that the peer listens, if it is told at all.
fn told(entry: &Entry, now: Time) -> Option<&Endpoint> {
    if entry.is_banned() || entry.attempts.refusals > 0 {
        return None;
    }
    let configured = || entry.candidates.configured().filter(|_| entry.is_configured());
    entry.listens(now).or_else(configured)
}

//! Discovery: which peers to tell others, and what to make of what others tell.
//!
//! A node tells others its configured peers, and the ids that TLS has proven to it lately with the address where they say they listen. What
//! it is told are hints, which are bounded for each source until proven.

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
            // A configured address may mean something only on this machine: others would take it for an offence.
            .filter(|told| self.is_dialable(&told.endpoint))
            .collect();
        // A different part each time, if there are more than a message carries.
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
            // A peer gives its own address in hello. Nothing is added to a banned peer.
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

    /// Whether an address from a peer may be dialed.
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

/// The address that others are told for the peer; none if they are not told of it.
fn told(entry: &Entry, now: Time) -> Option<&Endpoint> {
    if entry.is_banned() || entry.attempts.refusals > 0 {
        return None;
    }
    let configured = || entry.candidates.configured().filter(|_| entry.is_configured());
    entry.listens(now).or_else(configured)
}

//! The address book: who is known and where, who is dialed when, who is kept out. It sees no connections, only what became of them.
//!
//! | file | decides |
//! |---|---|
//! | `entry` | a peer's states, and what counts as proven about it |
//! | `candidates` | where a peer may be dialed, best first |
//! | `back` | which peer is dialed only to tell it whether that works |
//! | `dial` | who is dialed when: dial rule, pace, backoff |
//! | `discovery` | which peers to tell others, and what to make of what others tell |
//! | `bans` | what an offence leads to, how long a ban lasts, the blacklist |
//! | `saved` | what is kept across restarts |
//!
//! Invariants: at most [`KNOWN_PEERS`](crate::limits::KNOWN_PEERS) entries are not banned, at most [`BANS`](crate::limits::BANS) are
//! temporarily banned, at most [`DIALS_IN_FLIGHT`](crate::limits::DIALS_IN_FLIGHT) dials are under way. This node itself has no entry. No
//! entry is removed while its id has a connection that is not closing. In the files above, `pub(crate)` is what the parent calls.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Ending, LinkEvent, PeerStatus, PeerView, Told};
use crate::id::NodeId;
use crate::limits::{BOOK_SWEEP_EVERY, FIRST_DIAL, KNOWN_PEERS};
use crate::overlay::timers::Timers;
use crate::overlay::{Fault, NetworkEvent, Output, OverlaySettings};
use crate::random::Random;
use crate::time::Time;
use crate::wire::{Endpoint, Goodbye, GoodbyeReason};

mod back;
mod bans;
mod candidates;
mod dial;
mod discovery;
mod entry;
mod saved;

pub use bans::Blacklisted;
use candidates::Rank;
pub use candidates::is_dialable;
use dial::Dials;
use entry::{Configured, Entry, Status};
pub use saved::Book;

/// See the module.
#[derive(Debug)]
pub(super) struct AddressBook {
    /// This node itself, and where others may dial it; none for a dial-only node.
    id: NodeId,
    listens: Option<Endpoint>,
    /// Whether loopback addresses are accepted: all peers run on this machine.
    loopback: bool,
    max_connected: usize,
    entries: BTreeMap<NodeId, Entry>,
    /// Ids that have a connection, in any state.
    linked: BTreeSet<NodeId>,
    dials: Dials,
    /// Peers that are being dialed back.
    dials_back: usize,
    timers: Timers<Timer>,
    random: Random,
    stopping: bool,
    out: VecDeque<Told>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// A peer is due to be dialed.
    Dial(NodeId),
    /// The dial pace allows another one.
    Pace,
    /// A ban is over.
    Unban(NodeId),
    /// Peers that were not proven for a long time are forgotten.
    Sweep,
    /// The book has changed.
    Save,
}

impl AddressBook {
    /// Starts from the saved book; the configuration takes precedence.
    pub(super) fn new(settings: &OverlaySettings, now: Time, random: Random) -> Self {
        // A dial-only node has no address of its own to judge by, so its configured peers decide.
        let loopback = match &settings.advertise {
            Some(endpoint) => candidates::is_loopback(endpoint),
            None => settings.bootstrap.iter().any(|(_, endpoint)| candidates::is_loopback(endpoint)),
        };
        let mut book = Self {
            id: settings.id.clone(),
            listens: settings.advertise.clone(),
            loopback,
            max_connected: settings.max_connected,
            entries: BTreeMap::new(),
            linked: BTreeSet::new(),
            dials: Dials::default(),
            dials_back: 0,
            timers: Timers::default(),
            random,
            stopping: false,
            out: VecDeque::new(),
        };
        book.load(settings, now);
        book.timers.set(Timer::Sweep, now.after(BOOK_SWEEP_EVERY));
        let ids: Vec<_> = book.entries.keys().cloned().collect();
        for id in ids {
            book.plan_dial(now, &id, FIRST_DIAL);
        }
        book
    }

    pub(super) fn wake(&mut self, now: Time) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Dial(id) => self.dial_due(now, id),
                Timer::Pace => (),
                Timer::Unban(id) => self.unban(now, &id),
                Timer::Sweep => self.sweep(now),
                Timer::Save => self.save(now),
            }
        }
    }

    pub(super) fn next_wakeup(&self) -> Option<Time> {
        self.timers.next()
    }

    pub(super) fn poll(&mut self) -> Option<Told> {
        self.out.pop_front()
    }

    /// Something became of an id's connections.
    pub(super) fn link(&mut self, now: Time, id: &NodeId, event: LinkEvent) {
        if let LinkEvent::Gone(end) = event {
            self.linked.remove(id);
            if !self.dials.is_under_way(id) {
                self.settle(now, id, end);
            }
            return;
        }
        let Some(entry) = self.entries.get_mut(id) else { return };
        match event {
            LinkEvent::Key(key) if entry.key == Some(key) => (),
            LinkEvent::Key(key) => {
                if let Some(old) = entry.meet_key(now, key) {
                    self.note(NetworkEvent::KeyChanged { id: id.clone(), old, new: key });
                }
                self.changed(now);
            }
            LinkEvent::Proven { dialed, listens } => {
                let listens = listens.filter(|endpoint| self.is_dialable(endpoint));
                if self.entries.get_mut(id).is_some_and(|entry| entry.meet(now, dialed, listens)) {
                    self.changed(now);
                }
            }
            LinkEvent::Up => {
                entry.why = None;
                entry.set(now, Status::Connected);
                self.timers.clear(&Timer::Dial(id.clone()));
            }
            LinkEvent::Stable => entry.attempts.forgive(),
            LinkEvent::Aged => self.dials.enqueue(id, false),
            LinkEvent::Down(why) => entry.part(now, why),
            LinkEvent::Revoked => entry.disprove(),
            LinkEvent::Refused(why) => self.note_refused(now, id, &why),
            LinkEvent::Left(why) => entry.why = Some(why),
            LinkEvent::Gone(_) => (),
        }
    }

    /// Whether a connection of an id that TLS has proven is let in. An error says why not.
    pub(super) fn admit(&mut self, now: Time, id: &NodeId) -> Result<(), Goodbye> {
        if self.stopping {
            return Err(Goodbye::new(GoodbyeReason::Shutdown, ""));
        }
        if let Some(why) = self.turn_away(now, id) {
            return Err(Goodbye::new(GoodbyeReason::Banned, &why));
        }
        if !self.entries.contains_key(id) && !self.make_room(|_| true) {
            return Err(Goodbye::new(GoodbyeReason::Full, "the address book is full of proven peers"));
        }
        self.entry(now, id);
        self.linked.insert(id.clone());
        Ok(())
    }

    /// See [`Command::AddPeer`](crate::overlay::Command::AddPeer).
    pub(super) fn add(&mut self, now: Time, id: &NodeId, endpoint: Endpoint) {
        if *id == self.id || !self.entries.contains_key(id) && !self.make_room(|_| true) {
            return;
        }
        let entry = self.entry(now, id);
        if !entry.is_configured() {
            entry.configure(Configured::Operator);
        }
        entry.candidates.add(Rank::Configured, endpoint);
        // The operator wants it tried, so it is tried now.
        entry.attempts.forgive();
        entry.attempts.next = 0;
        if matches!(entry.status, Status::Backoff(_)) {
            entry.set(now, Status::Known);
        }
        if !self.is_busy(id) {
            self.plan_dial(now, id, Duration::ZERO);
        }
        self.changed(now);
    }

    /// See [`Command::RemovePeer`](crate::overlay::Command::RemovePeer). A banned peer stays banned: that is another list.
    pub(super) fn remove(&mut self, now: Time, id: &NodeId) {
        match self.entries.get_mut(id) {
            Some(entry) if entry.is_banned() => entry.configured = Configured::No,
            _ => self.forget(id),
        }
        self.changed(now);
    }

    pub(super) fn known(&self) -> usize {
        self.entries.values().filter(|entry| !entry.is_banned()).count()
    }

    pub(super) fn refused(&self) -> usize {
        let is_refused = |entry: &&Entry| !entry.is_banned() && entry.attempts.refusals > 0;
        self.entries.values().filter(is_refused).count()
    }

    pub(super) fn views(&self, now: Time) -> Vec<PeerView> {
        self.entries.iter().map(|(id, entry)| entry.view(id, now)).collect()
    }

    /// The id's entry, new if there is none.
    fn entry(&mut self, now: Time, id: &NodeId) -> &mut Entry {
        self.entries.entry(id.clone()).or_insert_with(|| Entry::new(now))
    }

    /// Makes room for one more entry, if necessary by forgetting the least useful one that `may` go.
    fn make_room(&mut self, may: impl Fn(&Entry) -> bool) -> bool {
        if self.known() < KNOWN_PEERS {
            return true;
        }
        let idle = self.entries.iter().filter(|(id, entry)| self.is_idle(id, entry) && may(entry));
        let worst = idle.min_by_key(|(_, entry)| entry.usefulness()).map(|(id, _)| id.clone());
        let Some(id) = worst else { return false };
        self.forget(&id);
        true
    }

    /// Whether an operator's peer of this id would be taken: it is known already, or a peer that is not in use can make room.
    pub(super) fn has_room_for(&self, id: &NodeId) -> bool {
        self.entries.contains_key(id)
            || self.known() < KNOWN_PEERS
            || self.entries.iter().any(|(id, entry)| self.is_idle(id, entry))
    }

    /// Whether a dial is under way or a connection exists, in any state. When that ends, the next dial is planned.
    fn is_busy(&self, id: &NodeId) -> bool {
        self.dials.is_under_way(id) || self.linked.contains(id)
    }

    /// Whether removing the entry would lose nothing but the memory of the peer.
    fn is_idle(&self, id: &NodeId, entry: &Entry) -> bool {
        let is_at_rest = matches!(entry.status, Status::Known | Status::Backoff(_));
        !entry.is_configured() && is_at_rest && !self.is_busy(id)
    }

    fn sweep(&mut self, now: Time) {
        self.timers.set(Timer::Sweep, now.after(BOOK_SWEEP_EVERY));
        let is_old = |(id, entry): &(&NodeId, &Entry)| entry.forget_at <= now && self.is_idle(id, entry);
        let old: Vec<_> = self.entries.iter().filter(is_old).map(|(id, _)| id.clone()).collect();
        for id in old {
            self.forget(&id);
            self.changed(now);
        }
    }

    fn forget(&mut self, id: &NodeId) {
        self.entries.remove(id);
        self.timers.clear(&Timer::Dial(id.clone()));
        self.timers.clear(&Timer::Unban(id.clone()));
        self.out.push_back(Told::Forgotten(id.clone()));
    }

    fn note(&mut self, event: NetworkEvent) {
        self.out.push_back(Told::Output(Output::Event(event)));
    }

    /// Tells that a peer refused or was refused.
    fn note_refused(&mut self, now: Time, id: &NodeId, why: &str) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        entry.why = Some(String::from(why));
        if entry.noted.passes(now) {
            self.note(NetworkEvent::PeerRefused { id: id.clone(), why: String::from(why) });
        }
    }
}

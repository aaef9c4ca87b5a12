//! What is kept about peers across restarts: whom this node knows and where, whom the operator added or keeps out, its own bans.
//!
//! The core has no calendar: a span that has an end is saved as the time that remains, and goes on at the next start. A ban lasts longer by
//! the time that the node was down, which errs on the safe side.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use borsh::io::{Error, ErrorKind, Read, Result, Write};
use borsh::{BorshDeserialize, BorshSerialize};

use super::bans::{Ban, By};
use super::candidates::Rank;
use super::{AddressBook, Configured, Entry, Timer, Told};
use crate::codec::{Bounded, Text};
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::limits::{BAN_MAX, BANS, BOOK_SAVE_AFTER, CANDIDATES, FORGET_AFTER, GOODBYE_BYTES, KNOWN_PEERS};
use crate::overlay::{Output, OverlaySettings};
use crate::time::Time;
use crate::wire::Endpoint;

/// Format of the book. Version 1 had no keys.
const VERSION: u8 = 2;

/// What is kept about peers across restarts. It begins with a version byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    peers: Bounded<SavedPeer, KNOWN_PEERS>,
    blacklist: Vec<NodeId>,
    bans: Bounded<SavedBan, BANS>,
    /// SHA-256 of the public key info that each peer proved last.
    keys: Bounded<(NodeId, Hash), KNOWN_PEERS>,
}

#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct SavedPeer {
    id: NodeId,
    candidates: Bounded<(u8, Endpoint), CANDIDATES>,
    added: bool,
    source: Option<NodeId>,
    proven: bool,
    forget_ms: u64,
    bans: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct SavedBan {
    id: NodeId,
    remaining_ms: u64,
    bans: u32,
    why: Text<GOODBYE_BYTES>,
}

impl BorshSerialize for Book {
    fn serialize<W: Write>(&self, writer: &mut W) -> Result<()> {
        (VERSION, &self.peers, &self.blacklist, &self.bans, &self.keys).serialize(writer)
    }
}

impl BorshDeserialize for Book {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        let version = u8::deserialize_reader(reader)?;
        if !(1..=VERSION).contains(&version) {
            return Err(Error::new(ErrorKind::InvalidData, "an address book of another version"));
        }
        let (peers, blacklist, bans) = BorshDeserialize::deserialize_reader(reader)?;
        let keys =
            if version == 1 { Bounded::default() } else { BorshDeserialize::deserialize_reader(reader)? };
        Ok(Self { peers, blacklist, bans, keys })
    }
}

/// Ranks are saved as their place in this list.
const RANKS: [Rank; 4] = [Rank::Configured, Rank::Told, Rank::Worked, Rank::Hint];

impl AddressBook {
    /// Loads the saved book; the configuration takes precedence.
    pub(super) fn load(&mut self, settings: &OverlaySettings, now: Time) {
        for saved in settings.book.peers.iter().filter(|saved| saved.id != settings.id) {
            self.entries.insert(saved.id.clone(), restore(saved, now));
        }
        for ban in settings.book.bans.iter() {
            let remaining = Duration::from_millis(ban.remaining_ms).min(BAN_MAX);
            let why = String::from(ban.why.as_str());
            self.keep_out(now, &ban.id, Ban { by: By::Verdict, until: Some(now.after(remaining)), why });
            self.entry(now, &ban.id).offences.bans = ban.bans;
        }
        for (ids, by) in [(&settings.book.blacklist, By::Operator), (&settings.blacklist, By::Config)] {
            let why = match by {
                By::Config => "blacklisted in the configuration",
                By::Operator | By::Members | By::Verdict => "blacklisted by the operator",
            };
            for id in ids.iter().filter(|id| **id != settings.id) {
                self.keep_out(now, id, Ban { by, until: None, why: String::from(why) });
            }
        }
        for (id, key) in settings.book.keys.iter() {
            if let Some(entry) = self.entries.get_mut(id) {
                entry.key = Some(*key);
            }
        }
        for (id, endpoint) in settings.bootstrap.iter().filter(|(id, _)| *id != settings.id) {
            let entry = self.entry(now, id);
            entry.configure(Configured::File);
            entry.candidates.add(Rank::Configured, endpoint.clone());
        }
        // Loading is no change that must be saved.
        self.timers.clear(&Timer::Save);
    }

    /// The book is to be saved soon.
    pub(super) fn changed(&mut self, now: Time) {
        if !self.timers.has(&Timer::Save) {
            self.timers.set(Timer::Save, now.after(BOOK_SAVE_AFTER));
        }
    }

    pub(crate) fn save(&mut self, now: Time) {
        self.timers.clear(&Timer::Save);
        self.out.push_back(Told::Output(Output::Save(self.saved(now))));
    }

    fn saved(&self, now: Time) -> Book {
        let mut book = Book::default();
        let (mut peers, mut bans) = (Vec::new(), Vec::new());
        let keys = self.entries.iter().filter_map(|(id, entry)| Some((id.clone(), entry.key?)));
        book.keys = Bounded::truncated(keys);
        for (id, entry) in &self.entries {
            if let Some(ban) = entry.ban() {
                match ban.by {
                    By::Config | By::Members => (),
                    By::Operator => book.blacklist.push(id.clone()),
                    By::Verdict => bans.push(save_ban(id, entry, ban, now)),
                }
            }
            // Banned peers too: their addresses are useful once the ban is over. If there are too many, peers that the operator added come
            // first and banned ones last.
            let saved = save_peer(id, entry, now);
            peers.push(((!saved.added, entry.is_banned()), saved));
        }
        peers.sort_by_key(|(order, _)| *order);
        book.peers = Bounded::truncated(peers.into_iter().map(|(_, saved)| saved));
        book.bans = Bounded::truncated(bans);
        book
    }
}

fn save_peer(id: &NodeId, entry: &Entry, now: Time) -> SavedPeer {
    let is_added = entry.configured == Configured::Operator;
    let number = |rank| RANKS.iter().position(|known| *known == rank).unwrap_or_default();
    let kept = entry.candidates.iter().filter(|(rank, _)| is_added || *rank != Rank::Configured);
    let numbered =
        kept.map(|(rank, endpoint)| (u8::try_from(number(*rank)).unwrap_or_default(), endpoint.clone()));
    SavedPeer {
        id: id.clone(),
        candidates: Bounded::truncated(numbered),
        added: is_added,
        source: entry.source.clone(),
        proven: entry.proven,
        forget_ms: millis(entry.forget_at.since(now)),
        bans: entry.offences.bans,
    }
}

fn save_ban(id: &NodeId, entry: &Entry, ban: &Ban, now: Time) -> SavedBan {
    let (goodbye, _) = ban.farewell();
    SavedBan {
        id: id.clone(),
        remaining_ms: ban.until.map_or(0, |until| millis(until.since(now))),
        bans: entry.offences.bans,
        why: goodbye.detail,
    }
}

fn restore(saved: &SavedPeer, now: Time) -> Entry {
    let mut entry = Entry::new(now);
    entry.configured = if saved.added { Configured::Operator } else { Configured::No };
    (entry.source, entry.proven) = (saved.source.clone(), saved.proven);
    entry.offences.bans = saved.bans;
    entry.forget_at = now.after(Duration::from_millis(saved.forget_ms).min(FORGET_AFTER));
    // In reverse: within a rank, the newest comes first.
    for (rank, endpoint) in saved.candidates.iter().rev() {
        let rank = RANKS.get(usize::from(*rank)).copied().unwrap_or(Rank::Hint);
        entry.candidates.add(rank, endpoint.clone());
    }
    entry
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

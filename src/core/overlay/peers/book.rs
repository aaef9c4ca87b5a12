//! What is kept of peers over restarts: whom this node knows and where, whom the operator added or keeps out, its own bans.
//!
//! The core has no calendar: what has an end is kept as what remains of it, counted on from the next start. A ban lasts longer by the
//! time that the node was down, which errs on the safe side.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use borsh::io::{Error, ErrorKind, Read, Result, Write};
use borsh::{BorshDeserialize, BorshSerialize};

use super::bans::{Ban, By};
use super::{Configured, Peer, Peers, Source, Status, Timer};
use crate::codec::{Bounded, Text};
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::limits::{BAN_MAX, BANS, CANDIDATES, FORGET_AFTER, KNOWN_PEERS};
use crate::overlay::{Output, Settings};
use crate::time::Time;
use crate::wire::Endpoint;

/// Format of the book. Version 1 had no keys.
const VERSION: u8 = 2;
/// Changes are gathered this long before they are saved.
const SAVE_AFTER: Duration = Duration::from_secs(5);

/// What is kept of peers over restarts. Begins with a version byte.
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
    teller: Option<NodeId>,
    proven: bool,
    forget_ms: u64,
    bans: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct SavedBan {
    id: NodeId,
    remaining_ms: u64,
    bans: u32,
    why: Text<256>,
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

const SOURCES: [Source; 4] = [Source::Configured, Source::Told, Source::Worked, Source::Hint];

impl Peers {
    /// What the book says, under what the configuration says.
    pub(super) fn load(&mut self, settings: &Settings, now: Time) {
        for saved in settings.book.peers.iter().filter(|saved| saved.id != settings.id) {
            self.peers.insert(saved.id.clone(), restore(saved, now));
        }
        for ban in settings.book.bans.iter() {
            let remaining = Duration::from_millis(ban.remaining_ms).min(BAN_MAX);
            let why = String::from(ban.why.as_str());
            self.keep_out(now, &ban.id, Ban { by: By::Verdict, until: Some(now.after(remaining)), why });
            if let Some(peer) = self.peers.get_mut(&ban.id) {
                peer.bans = ban.bans;
            }
        }
        for (ids, by) in [(&settings.book.blacklist, By::Operator), (&settings.blacklist, By::Config)] {
            let why = match by {
                By::Config => "blacklisted in the configuration",
                By::Operator | By::Verdict => "blacklisted by the operator",
            };
            for id in ids.iter().filter(|id| **id != settings.id) {
                self.keep_out(now, id, Ban { by, until: None, why: String::from(why) });
            }
        }
        for (id, key) in settings.book.keys.iter() {
            if let Some(peer) = self.peers.get_mut(id) {
                peer.key = Some(*key);
            }
        }
        for (id, endpoint) in settings.bootstrap.iter().filter(|(id, _)| *id != settings.id) {
            let peer = self.peers.entry(id.clone()).or_insert_with(|| Peer::new(now));
            (peer.configured, peer.teller) = (Configured::File, None);
            peer.candidates.add(Source::Configured, endpoint.clone());
        }
        // Nothing has changed by having been read.
        self.timers.clear(&Timer::Save);
    }

    /// The book is to be saved soon.
    pub(super) fn changed(&mut self, now: Time) {
        if !self.timers.has(&Timer::Save) {
            self.timers.set(Timer::Save, now.after(SAVE_AFTER));
        }
    }

    pub(super) fn save(&mut self, now: Time) {
        self.timers.clear(&Timer::Save);
        let book = self.book(now);
        self.outputs.push_back(Output::Save(book));
    }

    fn book(&self, now: Time) -> Book {
        let mut book = Book::default();
        let (mut peers, mut bans) = (Vec::new(), Vec::new());
        let keys = self.peers.iter().filter_map(|(id, peer)| Some((id.clone(), peer.key?)));
        book.keys = Bounded::truncated(keys);
        for (id, peer) in &self.peers {
            if let Status::Banned(ban) = &peer.status {
                match ban.by {
                    By::Config => (),
                    By::Operator => book.blacklist.push(id.clone()),
                    By::Verdict => bans.push(save_ban(id, peer, ban, now)),
                }
            }
            // Those who are kept out, too: their addresses are of use once that is over.
            peers.push(save_peer(id, peer, now));
        }
        // Should there be more than that: first what the operator has added, last who is kept out.
        peers.sort_by_key(|saved: &SavedPeer| {
            let is_kept_out = self.peers.get(&saved.id).is_some_and(Peer::is_banned);
            (!saved.added, is_kept_out)
        });
        book.peers = Bounded::truncated(peers);
        book.bans = Bounded::truncated(bans);
        book
    }
}

fn save_peer(id: &NodeId, peer: &Peer, now: Time) -> SavedPeer {
    let is_kept = |source: Source| source != Source::Configured || peer.configured == Configured::Operator;
    let number = |source| SOURCES.iter().position(|known| *known == source).unwrap_or_default();
    SavedPeer {
        id: id.clone(),
        candidates: Bounded::truncated(
            peer.candidates.iter().filter(|(source, _)| is_kept(*source)).map(|(source, endpoint)| {
                (u8::try_from(number(*source)).unwrap_or_default(), endpoint.clone())
            }),
        ),
        added: peer.configured == Configured::Operator,
        teller: peer.teller.clone(),
        proven: peer.proven,
        forget_ms: millis(peer.forget_at.since(now)),
        bans: peer.bans,
    }
}

fn save_ban(id: &NodeId, peer: &Peer, ban: &Ban, now: Time) -> SavedBan {
    let goodbye = crate::wire::Goodbye::new(crate::wire::GoodbyeReason::Banned, &ban.why);
    SavedBan {
        id: id.clone(),
        remaining_ms: ban.until.map_or(0, |until| millis(until.since(now))),
        bans: peer.bans,
        why: goodbye.detail,
    }
}

fn restore(saved: &SavedPeer, now: Time) -> Peer {
    let mut peer = Peer::new(now);
    peer.configured = if saved.added { Configured::Operator } else { Configured::No };
    (peer.teller, peer.proven, peer.bans) = (saved.teller.clone(), saved.proven, saved.bans);
    peer.forget_at = now.after(Duration::from_millis(saved.forget_ms).min(FORGET_AFTER));
    // Backwards: of the same source, the first is the newest.
    for (source, endpoint) in saved.candidates.iter().rev() {
        let source = SOURCES.get(usize::from(*source)).copied().unwrap_or(Source::Hint);
        peer.candidates.add(source, endpoint.clone());
    }
    peer
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

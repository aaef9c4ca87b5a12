//! Links and connections between nodes: what TCP makes of latency, loss, reordering, duplication, and narrow or broken links.
//!
//! A connection has two ends. To the application, loss, reordering and duplication of packets are only delay: a lost packet is sent again
//! after a timeout, and everything behind it waits. What is sent into a broken link waits until the link is mended or TCP gives up. If TCP
//! gives up, the other end hears of it only when it sends something itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bouya_core::limits::{SEND_QUEUE_BYTES, SEND_QUEUE_MESSAGES};
use bouya_core::overlay::ConnId;
use bouya_core::random::Random;
use bouya_core::wire::{Goodbye, Hello, Message};

/// TCP gives up on data that nobody has acknowledged for this long (ms).
pub(crate) const STALL_MS: u64 = 30_000;
/// A lost packet is first sent again after this long (ms).
const RETRANSMIT_MS: u64 = 200;
/// How often in a row one packet may be lost.
const LOSSES: u32 = 6;

/// The quality of one direction between two nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quality {
    /// One way, in ms.
    pub(crate) latency: u64,
    /// Random additional latency, at most this, in ms.
    pub(crate) jitter: u64,
    /// Probability that a packet is lost.
    pub(crate) loss: f64,
    /// Probability that later packets overtake a packet; they then wait for it.
    pub(crate) reorder: f64,
    /// Probability that a packet is sent twice and takes the link's width twice.
    pub(crate) duplicate: f64,
    /// Bytes per ms.
    pub(crate) width: u64,
}

/// Something that goes over a connection.
#[derive(Clone, Debug)]
pub(crate) enum Wire {
    Hello(Box<Hello>),
    Message(Message, usize),
    End(Option<Goodbye>),
}

impl Wire {
    /// Its bytes, as they are counted here.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Hello(_) => 600,
            Self::Message(_, size) => *size,
            Self::End(_) => 64,
        }
    }
}

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct SocketEnd {
    pub(crate) node: usize,
    pub(crate) peer: usize,
    pub(crate) other: ConnId,
    pub(crate) opened: u64,
    /// The peer's hello has come.
    pub(crate) greeted: bool,
    /// What this end sends arrives in order: nothing before this time.
    arrives: u64,
    /// Messages sent that have not arrived, and their bytes.
    flying: usize,
    flying_bytes: usize,
    blocked: VecDeque<Wire>,
    /// When the first byte that nobody has acknowledged was sent.
    pub(crate) unanswered: Option<u64>,
}

/// What happens to something that is sent.
pub(crate) enum Sent {
    /// It arrives at this time.
    Arrives(u64, Wire),
    /// It waits until the link is mended. True: TCP gives up in [`STALL_MS`].
    Blocked(bool),
    /// It arrives, but no acknowledgement comes back: TCP gives up in [`STALL_MS`].
    Unanswered(u64, Wire),
    /// The other end is gone, and its machine says so.
    Reset,
    /// The send queue is full.
    Slow,
    /// This end is gone.
    Nothing,
}

/// All links and connections.
pub(crate) struct Net {
    pub(crate) ends: BTreeMap<ConnId, SocketEnd>,
    count: u64,
    base: Quality,
    worse: BTreeMap<(usize, usize), Quality>,
    /// Directions that are cut, and how many faults cut each of them.
    cuts: BTreeMap<(usize, usize), u32>,
    /// Machines without power.
    pub(crate) dark: BTreeSet<usize>,
    rng: Random,
}

impl Net {
    pub(crate) fn new(base: Quality, rng: Random) -> Self {
        let (worse, cuts, dark) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Self { ends: BTreeMap::new(), count: 0, base, worse, cuts, dark, rng }
    }

    pub(crate) fn base(&self) -> Quality {
        self.base
    }

    /// Sets the quality of a direction; none: the usual one.
    pub(crate) fn set(&mut self, from: usize, to: usize, quality: Option<Quality>) {
        match quality {
            Some(quality) => self.worse.insert((from, to), quality),
            None => self.worse.remove(&(from, to)),
        };
    }

    pub(crate) fn cut(&mut self, from: usize, to: usize) {
        *self.cuts.entry((from, to)).or_default() += 1;
    }

    pub(crate) fn mend(&mut self, from: usize, to: usize) {
        if let Some(count) = self.cuts.get_mut(&(from, to)) {
            *count -= 1;
            if *count == 0 {
                self.cuts.remove(&(from, to));
            }
        }
    }

    pub(crate) fn is_open(&self, from: usize, to: usize) -> bool {
        !self.cuts.contains_key(&(from, to)) && !self.dark.contains(&from) && !self.dark.contains(&to)
    }

    fn quality(&self, from: usize, to: usize) -> Quality {
        self.worse.get(&(from, to)).copied().unwrap_or(self.base)
    }

    /// How long `size` bytes are on their way, in ms.
    pub(crate) fn delay(&mut self, from: usize, to: usize, size: usize) -> u64 {
        let quality = self.quality(from, to);
        let mut delay = quality.latency + self.rng.below(quality.jitter + 1);
        let copies = 1 + u64::from(self.rng.chance(quality.duplicate));
        delay += size as u64 * copies / quality.width.max(1);
        if self.rng.chance(quality.reorder) {
            delay += quality.latency + self.rng.below(50);
        }
        let mut losses = 0;
        while losses < LOSSES && self.rng.chance(quality.loss) {
            delay += RETRANSMIT_MS << losses;
            losses += 1;
        }
        delay
    }

    /// Opens a connection from `from` to `to` and returns its two ends.
    pub(crate) fn connect(&mut self, now: u64, from: usize, to: usize) -> (ConnId, ConnId) {
        let (one, two) = (ConnId(self.count + 1), ConnId(self.count + 2));
        self.count += 2;
        for (conn, other, node, peer) in [(one, two, from, to), (two, one, to, from)] {
            let end = SocketEnd {
                node,
                peer,
                other,
                opened: now,
                greeted: false,
                arrives: now,
                flying: 0,
                flying_bytes: 0,
                blocked: VecDeque::new(),
                unanswered: None,
            };
            self.ends.insert(conn, end);
        }
        (one, two)
    }

    /// Sends over a connection.
    pub(crate) fn send(&mut self, now: u64, conn: ConnId, wire: Wire) -> Sent {
        let Some(end) = self.ends.get(&conn) else { return Sent::Nothing };
        let (from, to, other) = (end.node, end.peer, end.other);
        let there = self.is_open(from, to);
        let back = self.is_open(to, from);
        if there && back && !self.ends.contains_key(&other) {
            return Sent::Reset;
        }
        let size = wire.size();
        let delay = self.delay(from, to, size);
        let Some(end) = self.ends.get_mut(&conn) else { return Sent::Nothing };
        let waits = end.flying + end.blocked.len();
        if waits > SEND_QUEUE_MESSAGES || end.flying_bytes + size > SEND_QUEUE_BYTES {
            return Sent::Slow;
        }
        end.flying_bytes += size;
        if !there || !end.blocked.is_empty() {
            end.blocked.push_back(wire);
            return Sent::Blocked(end.begin_waiting(now));
        }
        end.flying += 1;
        end.arrives = end.arrives.max(now + delay);
        if !back && end.begin_waiting(now) {
            return Sent::Unanswered(end.arrives, wire);
        }
        Sent::Arrives(end.arrives, wire)
    }

    /// Something that the other end sent has arrived at `conn`.
    pub(crate) fn arrived(&mut self, conn: ConnId, size: usize) {
        let other = self.ends.get(&conn).map(|end| end.other);
        if let Some(end) = other.and_then(|other| self.ends.get_mut(&other)) {
            end.flying = end.flying.saturating_sub(1);
            end.flying_bytes = end.flying_bytes.saturating_sub(size);
        }
    }

    /// After links were mended: what was blocked and leaves now. For each: when it arrives, from which end, and at which end.
    pub(crate) fn flush(&mut self, now: u64) -> Vec<(u64, ConnId, ConnId, Wire)> {
        let mut out = Vec::new();
        let conns: Vec<ConnId> = self.ends.keys().copied().collect();
        for conn in conns {
            let Some(end) = self.ends.get(&conn) else { continue };
            let (from, to, other) = (end.node, end.peer, end.other);
            if (end.blocked.is_empty() && end.unanswered.is_none()) || !self.is_open(from, to) {
                continue;
            }
            let back = self.is_open(to, from);
            // TCP tries again at growing intervals.
            let mut at = now + self.rng.within(RETRANSMIT_MS, 16 * RETRANSMIT_MS);
            let Some(end) = self.ends.get_mut(&conn) else { continue };
            if back {
                end.unanswered = None;
            }
            let blocked = std::mem::take(&mut end.blocked);
            at = at.max(end.arrives);
            end.arrives = at;
            end.flying += blocked.len();
            out.extend(blocked.into_iter().map(|wire| (at, conn, other, wire)));
        }
        out
    }
}

impl SocketEnd {
    /// Data waits for an acknowledgement from now on. True if none did before.
    fn begin_waiting(&mut self, now: u64) -> bool {
        let first = self.unanswered.is_none();
        self.unanswered.get_or_insert(now);
        first
    }
}

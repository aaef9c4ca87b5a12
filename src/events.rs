//! Events for observers: the API's event stream and the metrics. Observers may lag; actors never wait for them.
//!
//! Events are numbered from 1, and the newest are kept. A slow or returning observer continues where it was, and learns how many
//! events it missed. The numbers start again with each process, so an event's id also names the process instance.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bouya_core::crypto::{Hash, PublicKey};
use bouya_core::finality::Turnout;
use bouya_core::id::NodeId;
use bouya_core::ledger::Standing;
use bouya_core::limits::EVENTS_KEPT;
use bouya_core::overlay::PeerStatus;
use bouya_core::time::Timestamp;
use tokio::sync::watch;

/// What observers are told.
#[derive(Clone, Debug)]
pub enum Event {
    /// A block joined the best chain. `member`: the member with the miner's key, if the network's definition lists it.
    Block { height: u64, hash: Hash, transactions: usize, miner: PublicKey, member: Option<NodeId> },
    /// The best chain was reorganised.
    Reorg { depth: usize, from: Hash, to: Hash, height: u64 },
    /// A transaction entered the mempool.
    Transaction { id: Hash },
    /// A transaction left the mempool unconfirmed.
    Dropped { id: Hash, reason: String },
    /// An agreement was proposed, answered, decided or ended. Holds its status at the tip.
    Agreement { id: Hash, standing: Standing },
    /// A motion was moved or decided, has expired, or came into force or could not.
    Motion { id: Hash, state: MotionState },
    /// A block of the best chain changed who the members are, or such a block is final.
    Members { height: u64, hash: Hash, members: Vec<NodeId>, finalized: bool },
    /// A block is final, and with it all below. `after_ms`: since its date, by this node's clock.
    Final { height: u64, hash: Hash, after_ms: u64 },
    /// Blocks above the final one, the first of this date, do not become final. The next [`Event::Final`] ends that.
    FinalityStalled { height: u64, since: Timestamp, turnout: Turnout },
    /// A member has signed two votes that no honest machine signs both.
    MemberFault { id: NodeId, offence: String },
    /// The members have voted two blocks final that contradict each other, or one that this node finds invalid.
    FinalityConflict { height: u64, hash: Hash },
    /// A peer connected or disconnected.
    Peer { id: NodeId, status: PeerStatus, why: Option<String> },
}

/// What became of a motion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MotionState {
    /// It is open.
    Moved,
    /// It waits for its handover.
    Passed,
    /// It cannot pass any more.
    Rejected,
    /// Its time is over.
    Expired,
    /// A newer one took its place.
    Replaced,
    /// Other members were put into force by hand.
    Void,
    /// It is in force.
    Applied,
    /// It had passed, and could not come into force.
    Dropped,
}

/// An event's id: the process instance and the event's number. As text, `INSTANCE-NUMBER`, in hex and decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId {
    pub instance: u64,
    pub number: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.instance, self.number)
    }
}

/// The text is not an event's id.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event's id is 16 hex digits, a hyphen and a number")]
pub struct NoEventId;

impl FromStr for EventId {
    type Err = NoEventId;

    fn from_str(text: &str) -> Result<Self, NoEventId> {
        let (instance, number) = text.split_once('-').ok_or(NoEventId)?;
        let instance = u64::from_str_radix(instance, 16).map_err(|_| NoEventId)?;
        let id = Self { instance, number: number.parse().map_err(|_| NoEventId)? };
        if id.to_string() == text { Ok(id) } else { Err(NoEventId) }
    }
}

/// What a listener gets next.
#[derive(Clone, Debug)]
pub enum Heard {
    /// An event.
    Event(EventId, Event),
    /// The listener lost this many events, up to and including this one. None if nobody counted them: the process restarted, or it passed
    /// some over itself.
    Lagged(EventId, Option<u64>),
}

/// The stream of events.
#[derive(Clone)]
pub struct Events {
    kept: Arc<Ring>,
    /// The newest event's number.
    newest: watch::Sender<u64>,
}

struct Ring {
    instance: u64,
    ring: Mutex<Kept>,
}

/// The newest events. None stands for events that were passed over.
#[derive(Default)]
struct Kept {
    newest: VecDeque<Option<Event>>,
    /// Number of the last entry of passed-over events that is no longer kept; 0 if there was none.
    passed: u64,
}

impl Ring {
    fn ring(&self) -> MutexGuard<'_, Kept> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Events {
    fn default() -> Self {
        let mut instance = [0; 8];
        // Without randomness all instances are 0. Then clients may mistake a restart for a lag.
        let _ = getrandom::fill(&mut instance);
        let instance = u64::from_le_bytes(instance);
        Self { kept: Arc::new(Ring { instance, ring: Mutex::default() }), newest: watch::Sender::new(0) }
    }
}

impl Events {
    /// Sends an event to all listeners.
    pub fn tell(&self, event: Event) {
        self.push(Some(event));
    }

    /// Tells all listeners that events were passed over here: there were too many to tell each, or even to count them.
    pub fn pass_over(&self) {
        self.push(None);
    }

    fn push(&self, entry: Option<Event>) {
        let mut ring = self.kept.ring();
        if ring.newest.len() == EVENTS_KEPT
            && let Some(None) = ring.newest.pop_front()
        {
            ring.passed = *self.newest.borrow() + 1 - EVENTS_KEPT as u64;
        }
        ring.newest.push_back(entry);
        // Still under the lock, so that the number and the ring always agree for a holder of the lock.
        self.newest.send_modify(|newest| *newest += 1);
    }

    /// A listener for all events from now on.
    pub fn listen(&self) -> Listener {
        let _ring = self.kept.ring();
        let newest = self.newest.subscribe();
        let last = *newest.borrow();
        Listener { kept: self.kept.clone(), newest, last, unknown: false }
    }

    /// A listener that continues after the event it got last. If that came from another process, it starts from now on.
    pub fn resume(&self, heard: Option<EventId>) -> Listener {
        let listener = self.listen();
        match heard {
            Some(id) if id.instance == self.kept.instance && id.number <= listener.last => {
                Listener { last: id.number, ..listener }
            }
            _ => Listener { unknown: true, ..listener },
        }
    }
}

/// A listener, at its own pace.
pub struct Listener {
    kept: Arc<Ring>,
    newest: watch::Receiver<u64>,
    /// Number of the last event that was returned or skipped.
    last: u64,
    /// It must still be told that it lost an unknown number of events.
    unknown: bool,
}

impl Listener {
    /// Waits for the next event. None when no more events can come.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some(heard) = self.now() {
                return Some(heard);
            }
            self.newest.changed().await.ok()?;
        }
    }

    /// The next event, if there is one already.
    pub fn now(&mut self) -> Option<Heard> {
        let kept = self.kept.clone();
        let ring = kept.ring();
        let newest = *self.newest.borrow_and_update();
        let id = |number| EventId { instance: kept.instance, number };
        if std::mem::take(&mut self.unknown) {
            return Some(Heard::Lagged(id(self.last), None));
        }
        let lost = newest - ring.newest.len() as u64;
        if self.last < lost {
            let missed = (self.last >= ring.passed).then_some(lost - self.last);
            self.last = lost;
            return Some(Heard::Lagged(id(lost), missed));
        }
        let entry = ring.newest.get(usize::try_from(self.last - lost).ok()?)?.clone();
        self.last += 1;
        Some(match entry {
            Some(event) => Heard::Event(id(self.last), event),
            None => Heard::Lagged(id(self.last), None),
        })
    }
}

#[cfg(test)]
mod tests;

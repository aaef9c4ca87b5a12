//! What happened, for observers: the event stream of the API and the metrics. Observers may lag; actors never wait for them.
//!
//! Events are numbered from 1 on, and the newest are kept: an observer reads on from where it is, be it slow or back after a while, and is
//! told how many it missed. Numbers begin anew with the process, so each process has a name of its own beside them.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bouya_core::crypto::{Hash, PublicKey};
use bouya_core::id::NodeId;
use bouya_core::ledger::Standing;
use bouya_core::overlay::PeerStatus;
use tokio::sync::watch;

/// Events that are kept, for those who are slow or come back; an observer further behind is told that it lost some.
pub const KEPT: usize = 1_024;

/// Something worth telling.
#[derive(Clone, Debug)]
pub enum Event {
    /// A block joined the best chain. `member`: whose key the network's definition says the miner's is.
    Block { height: u64, hash: Hash, transactions: usize, miner: PublicKey, member: Option<NodeId> },
    /// The best chain changed its past.
    Reorg { depth: usize, from: Hash, to: Hash, height: u64 },
    /// A transaction waits to be confirmed.
    Transaction { id: Hash },
    /// A transaction left unconfirmed.
    Dropped { id: Hash, reason: String },
    /// An agreement was proposed, answered, decided or ended: how it stands at the tip.
    Agreement { id: Hash, standing: Standing },
    /// A peer came or went.
    Peer { id: NodeId, status: PeerStatus, why: Option<String> },
}

/// A place in the stream: which process told it, and the number of the event. As text, `INSTANCE-NUMBER` in hex and decimal.
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

/// No place of any stream.
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

/// What a listener hears next.
#[derive(Clone, Debug)]
pub enum Heard {
    /// This happened.
    Event(EventId, Event),
    /// So many events before this place are lost to it; none where nobody can know, after the process began anew.
    Lagged(EventId, Option<u64>),
}

/// Where events are told and heard.
#[derive(Clone)]
pub struct Events {
    kept: Arc<Ring>,
    /// The newest event's number.
    newest: watch::Sender<u64>,
}

struct Ring {
    instance: u64,
    ring: Mutex<VecDeque<Event>>,
}

impl Ring {
    fn ring(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Events {
    fn default() -> Self {
        let mut instance = [0; 8];
        // Without randomness, an instance like any other: clients may then take a restart for a lag.
        let _ = getrandom::fill(&mut instance);
        let instance = u64::from_le_bytes(instance);
        Self { kept: Arc::new(Ring { instance, ring: Mutex::default() }), newest: watch::Sender::new(0) }
    }
}

impl Events {
    /// Tells everybody who listens.
    pub fn tell(&self, event: Event) {
        let mut ring = self.kept.ring();
        if ring.len() == KEPT {
            ring.pop_front();
        }
        ring.push_back(event);
        // Under the lock, so that number and ring agree for whoever holds it.
        self.newest.send_modify(|newest| *newest += 1);
    }

    /// Listens from now on.
    pub fn listen(&self) -> Listener {
        let _ring = self.kept.ring();
        let newest = self.newest.subscribe();
        let last = *newest.borrow();
        Listener { kept: self.kept.clone(), newest, last, unknown: false }
    }

    /// Listens from after the event that was heard last. Where that was another process's, from now on.
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

/// One who listens, at its own pace.
pub struct Listener {
    kept: Arc<Ring>,
    newest: watch::Receiver<u64>,
    /// Number of the last event that was heard or given up.
    last: u64,
    /// It is still to be told that it missed nobody knows how much.
    unknown: bool,
}

impl Listener {
    /// What comes next, as soon as there is something; none once nobody can tell anything any more.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some(heard) = self.now() {
                return Some(heard);
            }
            self.newest.changed().await.ok()?;
        }
    }

    /// What comes next, if it is there already.
    pub fn now(&mut self) -> Option<Heard> {
        let kept = self.kept.clone();
        let ring = kept.ring();
        let newest = *self.newest.borrow_and_update();
        let id = |number| EventId { instance: kept.instance, number };
        if std::mem::take(&mut self.unknown) {
            return Some(Heard::Lagged(id(self.last), None));
        }
        let lost = newest - ring.len() as u64;
        if self.last < lost {
            let missed = lost - self.last;
            self.last = lost;
            return Some(Heard::Lagged(id(lost), Some(missed)));
        }
        let event = ring.get(usize::try_from(self.last - lost).ok()?)?.clone();
        self.last += 1;
        Some(Heard::Event(id(self.last), event))
    }
}

#[cfg(test)]
mod tests;

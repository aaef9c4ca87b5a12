//! What happened, for observers: the event stream of the API and the metrics. Observers may lag; actors never wait for them.

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

/// Events that a slow observer may be behind before it is told that it lost some.
const CAPACITY: usize = 1_024;

/// Something worth telling.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Event {
    /// A block joined the best chain.
    Block { height: u64, hash: String, transactions: usize, miner: String },
    /// The best chain changed its past.
    Reorg { depth: usize, from: String, to: String, height: u64 },
    /// A transaction waits to be confirmed.
    Transaction { id: String },
    /// A transaction left unconfirmed.
    Dropped { id: String, reason: String },
    /// An agreement was proposed, answered, decided or ended: how it stands at the tip.
    Agreement { id: String, status: String },
    /// A peer came or went.
    Peer { id: String, status: String, why: Option<String> },
}

impl Event {
    /// The event's name in the stream.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Block { .. } => "block",
            Self::Reorg { .. } => "reorg",
            Self::Transaction { .. } => "transaction",
            Self::Dropped { .. } => "dropped",
            Self::Agreement { .. } => "agreement",
            Self::Peer { .. } => "peer",
        }
    }
}

/// Where events are told and heard.
#[derive(Clone)]
pub struct Events(broadcast::Sender<Event>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }
}

impl Events {
    /// Tells everybody who listens.
    pub fn tell(&self, event: Event) {
        // Nobody listening is no error.
        let _ = self.0.send(event);
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }
}

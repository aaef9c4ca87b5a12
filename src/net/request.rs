//! What the API may ask the network. Answers are the core's own values: the API decides how to show them.

use std::time::Duration;

use bouya_core::id::NodeId;
use bouya_core::limits::KNOWN_PEERS;
use bouya_core::overlay::{Command, PeerReach, PeerView};
use bouya_core::time::Timestamp;
use tokio::sync::oneshot;

use super::tls::expiry::Expiry;

/// A question or a command.
pub enum NetworkRequest {
    /// All peers, one per id.
    Peers { reply: oneshot::Sender<Vec<PeerView>> },
    /// All ids that are kept out.
    Blacklist { reply: oneshot::Sender<Vec<KeptOut>> },
    /// A summary.
    Summary { reply: oneshot::Sender<Summary> },
    /// Whether the connected peers reach this node; asks those that have not told lately.
    Reach { reply: oneshot::Sender<Vec<(NodeId, PeerReach)>> },
    /// An operator's command.
    Command { command: Command, reply: oneshot::Sender<Result<(), CommandError>> },
}

/// An id that is kept out.
#[derive(Clone, Debug)]
pub struct KeptOut {
    pub id: NodeId,
    pub by: KeptOutBy,
    pub why: Option<String>,
    /// How much longer; none if without end.
    pub until: Option<Duration>,
}

/// Who keeps an id out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptOutBy {
    /// node.toml lists it.
    Config,
    /// The operator listed it at run time.
    Operator,
    /// This node banned it.
    Ban,
}

/// A summary of the network.
#[derive(Clone, Debug)]
pub struct Summary {
    pub connected: usize,
    pub known: usize,
    /// When a peer last dialed this node and proved its id; none if none has since the start.
    pub dialed_in: Option<Timestamp>,
    pub alarms: super::network::Alarms,
    /// Certificate, roots and lists.
    pub(crate) ends: Vec<Expiry>,
}

/// Why an operator's command is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No peer has that name.
    #[error("no peer {0} is known here; `bouya peers` lists them")]
    Unknown(NodeId),
    /// Not on the list.
    #[error("{0} is neither blacklisted nor banned; `bouya blacklist list` lists who is")]
    NotListed(NodeId),
    /// It is this very node.
    #[error("{0} is this node itself")]
    Own(NodeId),
    /// An entry of the configuration.
    #[error("{0} is on the blacklist in node.toml; take it out there and restart")]
    Configured(NodeId),
    /// The book of known peers is full of peers that none may push out.
    #[error(
        "there is no room for {0}: {KNOWN_PEERS} peers are known, and each is connected or configured; remove one with \
         `bouya peer remove ID`"
    )]
    Full(NodeId),
}

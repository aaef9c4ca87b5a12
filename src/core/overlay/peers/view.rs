//! What the API shows about peers.

use alloc::string::String;
use core::time::Duration;

use crate::id::NodeId;
use crate::overlay::Direction;
use crate::time::Timestamp;
use crate::wire::{DialOutcome, Endpoint};

/// A peer as the API shows it: one for each id, never this node itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerView {
    /// Who.
    pub id: NodeId,
    /// Where it listens, as far as this node knows; none for a dial-only peer.
    pub endpoint: Option<Endpoint>,
    /// Whether it is only known from others: anybody may have made it up.
    pub hearsay: bool,
    /// See [`PeerStatus`].
    pub status: PeerStatus,
    /// Who dialed, if connected.
    pub direction: Option<Direction>,
    /// How long it has had this status.
    pub since: Duration,
    /// The last ping's round trip.
    pub rtt: Option<Duration>,
    /// Its best block's height, as it says, if connected.
    pub height: Option<u64>,
    /// What went wrong last, or why it is banned.
    pub why: Option<String>,
    /// How much longer the backoff or ban lasts; none for a ban without end.
    pub until: Option<Duration>,
    /// What it runs, if connected.
    pub agent: Option<String>,
    /// When the certificate that proved its id ends, if connected.
    pub not_after: Option<Timestamp>,
}

/// Whether a connected peer reaches this node where it says that it listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerReach {
    /// Its software does not know the question.
    Unable,
    /// It has not answered yet, or was not asked.
    Waiting,
    /// What it said.
    Told(DialOutcome),
}

/// A peer's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeerStatus {
    /// Known, and nothing is under way.
    Known,
    /// A dial is under way, or the peer's hello has not come yet.
    Dialing,
    /// Its hello has been read and fits.
    Connected,
    /// It waits for the next attempt.
    Backoff,
    /// Blacklisted or banned.
    Banned,
}

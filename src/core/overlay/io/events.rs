//! What observers hear of the overlay.

use alloc::string::String;

use super::Direction;
use crate::crypto::{Hash, PublicKey};
use crate::id::NodeId;

/// For observers: logs, metrics, the API's event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkEvent {
    /// A peer's hello was read and fits.
    PeerUp {
        /// Who.
        id: NodeId,
        /// Who dialed.
        direction: Direction,
        /// Where from or to.
        endpoint: String,
        /// What it runs.
        agent: String,
        /// The member key that it proved.
        member: Option<PublicKey>,
        /// Its clock ahead of this node's, in milliseconds.
        clock_offset_ms: i64,
    },
    /// A connected peer is gone.
    PeerDown {
        /// Who.
        id: NodeId,
        /// Why, for people.
        why: String,
    },
    /// A peer could not be reached, or refused this node, or was refused. Reported at most once a minute for each peer.
    PeerRefused {
        /// Whom.
        id: NodeId,
        /// Why, for people.
        why: String,
    },
    /// Two machines use one certificate.
    DuplicateIdentity(NodeId),
    /// An id has proven a different public key than last time: its operator has made a new one, or somebody else has a certificate for the
    /// id. Reported at most once a minute for each peer.
    KeyChanged {
        /// Who.
        id: NodeId,
        /// SHA-256 of its previous public key info.
        old: Hash,
        /// SHA-256 of its current public key info.
        new: Hash,
    },
    /// The blocks from this height on are not to be had: all connected peers have pruned them.
    Pruned {
        /// The lowest block that is missing.
        needed: u64,
    },
    /// Bodies that this node lacks come back; told now and then, and at the end.
    Backfill {
        /// So many blocks, from the first one on, still have no body here.
        missing: u64,
    },
    /// No connected peer keeps the bodies that are missing here.
    NoKeeper {
        /// As in [`NetworkEvent::Backfill`].
        missing: u64,
    },
    /// What came back is what the members have made final, but the rules do not allow it.
    BadHistory {
        /// Which block, and what is wrong with it.
        why: String,
    },
    /// A peer broke the rules.
    Banned {
        /// Who.
        id: NodeId,
        /// Why, for people.
        why: String,
        /// For how long, in seconds.
        seconds: u64,
    },
    /// Progress of a sync.
    Syncing {
        /// This node's height.
        height: u64,
        /// The height that it is syncing to.
        target: u64,
    },
    /// As far as any peer knows, this node is up to date.
    Synced,
}

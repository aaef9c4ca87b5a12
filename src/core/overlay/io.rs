//! What goes into and out of the overlay: an input has happened, an output must be done, an event is for observers.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use crate::crypto::Hash;
use crate::finality;
use crate::id::NodeId;
use crate::ledger::{Block, Branch, Certificate, Genesis, Transaction, Voters};
use crate::time::Timestamp;
use crate::wire::{CrlSummary, DialOutcome, Endpoint, Goodbye, Hello, Message};

use super::{Book, Fault, SyncStatus};

mod asks;
mod events;

pub use asks::{
    Answer, Backfilled, KeeperRequest, MembersFound, PoolRequest, Request, StoreRequest, TransactionOutcome,
};
pub use events::NetworkEvent;

/// A connection, numbered by the shell; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// An id that TLS has proven. Built only where the certificate was checked (`net/tls.rs`; the architecture test enforces it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The certificate's one DNS name.
    pub id: NodeId,
    /// Of this TLS session.
    pub session: SessionSecret,
    /// SHA-256 of the certificate's public key info: it stays the same when a member renews the certificate, and differs if a thief has one issued.
    pub key: Hash,
    /// When the certificate ends.
    pub not_after: Timestamp,
}

/// The secret of a TLS session, known only to its two ends. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionSecret(pub [u8; 32]);

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret")
    }
}

/// Who opened a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// The peer did.
    In,
    /// This node did.
    Out,
}

/// Why a dial failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialError {
    /// The machine answers that nothing listens there.
    Closed(String),
    /// No answer, no such host.
    Unreachable(String),
    /// One side refused the other's certificate. The backoff is longer, and a reload clears it.
    Certificate(String),
    /// TCP connected, but the TLS handshake failed.
    Handshake(String),
}

/// Why a connection ended, as the shell saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The overlay asked for it.
    Asked,
    /// The peer said goodbye.
    Goodbye(Goodbye),
    /// The stream ended or failed.
    Lost(String),
    /// The peer refused this node's certificate. With TLS 1.3 a dialer learns this only after the handshake.
    Certificate(String),
    /// The peer's send queue is full or stalled.
    Slow,
    /// No hello in time.
    NoHello,
}

/// Something happened.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "only hello is large, and there is one for each connection")]
pub enum Input {
    /// A peer has dialed this node and TLS has proven its id.
    Accepted {
        /// The connection.
        conn: ConnId,
        /// Who.
        peer: Verified,
        /// From where.
        address: IpAddr,
    },
    /// A dial has completed TLS. The peer may still refuse this node, so nothing counts before its hello.
    Dialed {
        /// The connection.
        conn: ConnId,
        /// Who.
        peer: Verified,
        /// Where.
        endpoint: Endpoint,
    },
    /// A dial that [`Output::Dial`] asked for has failed.
    DialFailed {
        /// Whom.
        id: NodeId,
        /// Where.
        endpoint: Endpoint,
        /// Why.
        why: DialError,
    },
    /// What came of an [`Output::DialBack`].
    DialedBack {
        /// Whose session.
        session: ConnId,
        /// What.
        outcome: DialOutcome,
    },
    /// The operator wants to know whether peers reach this node. See [`super::Overlay::reach`].
    AskBack,
    /// The peer's first frame.
    Hello {
        /// The connection.
        conn: ConnId,
        /// What it says.
        hello: Hello,
    },
    /// A later frame.
    Received {
        /// The connection.
        conn: ConnId,
        /// What it says.
        message: Message,
        /// The frame's size in bytes.
        size: usize,
    },
    /// The peer broke the protocol, and the shell noticed (a frame too long, undecodable bytes).
    Broken {
        /// The connection.
        conn: ConnId,
        /// How.
        fault: Fault,
    },
    /// A connection is gone. Sent exactly once for each connection.
    Closed {
        /// The connection.
        conn: ConnId,
        /// Why.
        why: CloseReason,
    },
    /// This node's best chain now ends here.
    Tip(Tip),
    /// Something new that this node has accepted, for every peer that lacks it.
    Offer(Offer),
    /// The machine of finality wants this; what is not for peers is ignored.
    Finality(finality::Output),
    /// A block is final here, and that is durable.
    Finalized(Certificate),
    /// Other members are in force: their set votes, and the former members are kept out.
    Members {
        /// The set.
        voters: Voters,
        /// Ids of former members.
        former: Vec<NodeId>,
    },
    /// The answer to an [`Output::Ask`].
    Answer(Answer),
    /// The operator's wish.
    Command(Command),
    /// What this node's wall clock shows. Sent about once a second, because clocks can be set while a node runs.
    Clock(Timestamp),
    /// This node's current revocation lists.
    Crls(Vec<CrlSummary>),
    /// Certificates, keys, roots or revocation lists were reloaded: certificate backoffs are cleared.
    Reloaded,
    /// A connection's certificate is no longer valid: the connection is closed.
    Revoked {
        /// The connection.
        conn: ConnId,
        /// Why, for people.
        why: String,
    },
    /// [`super::Overlay::next_wakeup`] has come.
    Wake,
}

/// What an operator may ask of the overlay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Treat this peer as configured until it is removed.
    AddPeer(NodeId, Endpoint),
    /// Close its connections and forget it; it may be learned again.
    RemovePeer(NodeId),
    /// Keep it out until that is lifted.
    Blacklist(NodeId),
    /// Lift a blacklisting or a ban.
    Unblacklist(NodeId),
    /// Say goodbye to all peers and dial nobody any more.
    Shutdown,
}

/// The best chain's end, and how to find a fork with it.
#[derive(Clone, Debug)]
pub struct Tip {
    /// The branch.
    pub branch: Branch,
    /// Ids of its blocks, newest first, increasingly sparse, ending with the genesis block.
    pub locator: Vec<Hash>,
    /// Its newest final block, height and id: no branch without it matters. The genesis block if nothing was voted final.
    pub finalized: (u64, Hash),
    /// The lowest block whose body is here, with all above it, if old ones leave or were never here; 0 if all are kept.
    pub lowest: u64,
    /// The bodies below this height are missing and wanted.
    pub wanted_below: Option<u64>,
}

/// How this node stands in the network, as far as the overlay knows: what decides whether it may mine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// How far it has come.
    pub sync: SyncStatus,
    /// The median by which the peers' clocks are ahead of this node's, in milliseconds; none without peers.
    pub clock_offset_ms: Option<i64>,
    /// Connected peers.
    pub connected: usize,
    /// It has just started and has peers to dial, but none has answered yet.
    pub starting: bool,
    /// Peers that it knows and has not banned.
    pub known: usize,
    /// Those of them that last refused this node, or that this node refused.
    pub refused: usize,
}

#[cfg(any(test, feature = "testing"))]
impl Outlook {
    /// Of a node that is up to date with three peers.
    #[doc(hidden)]
    pub fn fine() -> Self {
        let (sync, clock_offset_ms) = (SyncStatus::Synced, Some(0));
        Self { sync, clock_offset_ms, connected: 3, starting: false, known: 3, refused: 0 }
    }
}

/// Something to tell everybody.
#[derive(Clone, Debug)]
pub enum Offer {
    /// The mempool took these.
    Transactions {
        /// From this node's own clients: nobody else has them yet.
        own: Vec<Transaction>,
        /// From peers, or from blocks that left the chain: others probably have them already.
        relayed: Vec<Transaction>,
    },
    /// A new block on the best chain.
    Block(Arc<Block>),
}

/// Must be done.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "only hello is large, and there is one for each connection")]
pub enum Output {
    /// Open a connection; answered by [`Input::Dialed`] or [`Input::DialFailed`].
    Dial {
        /// Whom; the certificate must prove it.
        id: NodeId,
        /// Where.
        endpoint: Endpoint,
        /// Whether a name may resolve to this very machine. If not, the shell does not connect to such an address: otherwise members could
        /// make this node connect to its own local services.
        local: bool,
    },
    /// Dial a connected peer once, say no hello, and close; answered by [`Input::DialedBack`].
    DialBack {
        /// Whose session.
        session: ConnId,
        /// Whom; the certificate must prove it.
        id: NodeId,
        /// Where.
        endpoint: Endpoint,
        /// See [`Output::Dial`].
        local: bool,
    },
    /// Send this node's hello; the shell adds the member's proof.
    Greet {
        /// To whom.
        conn: ConnId,
        /// All but the proof.
        hello: Hello,
    },
    /// Send a message. Never waits: a full queue closes the peer.
    Send {
        /// To whom.
        conn: ConnId,
        /// What.
        message: Message,
    },
    /// Send what is queued, then this goodbye if there is one, and close; answered by [`Input::Closed`].
    Close {
        /// Which.
        conn: ConnId,
        /// The last word.
        goodbye: Option<Goodbye>,
    },
    /// Ask another machine of the node; answered by [`Input::Answer`].
    Ask(Request),
    /// Give this to the machine of finality.
    Finality(finality::Input),
    /// A better branch is being fetched from now on, or no longer.
    Syncing(bool),
    /// Verify these revocation lists (DER) and install those that are new.
    Revocations(Vec<Vec<u8>>),
    /// Send this node's revocation lists: the peer's hello lacks one of them. The shell holds the bytes.
    SendCrls {
        /// To whom.
        conn: ConnId,
    },
    /// Keep this across restarts.
    Save(Book),
    /// Tell observers.
    Event(NetworkEvent),
}

/// What a child wants done. The façade turns `Blame` into points, bans and closings; the rest goes out as it is.
#[derive(Clone, Debug)]
pub enum Act {
    /// See [`Output::Send`].
    Send(ConnId, Message),
    /// See [`Output::Ask`].
    Ask(Request),
    /// A peer is at fault.
    Blame(ConnId, Fault),
    /// See [`Output::Event`].
    Event(NetworkEvent),
}

/// What an overlay must know from the start.
#[derive(Clone, Debug)]
pub struct OverlaySettings {
    /// This node.
    pub id: NodeId,
    /// The network.
    pub genesis: Arc<Genesis>,
    /// Software and version, sent in hello.
    pub agent: String,
    /// Random at each start, sent in hello.
    pub instance: String,
    /// Where others may dial this node; none for a dial-only node.
    pub advertise: Option<Endpoint>,
    /// Peers to begin with; they never leave the book.
    pub bootstrap: Vec<(NodeId, Endpoint)>,
    /// Ids that the configuration keeps out.
    pub blacklist: Vec<NodeId>,
    /// The most peers that may be connected.
    pub max_connected: usize,
    /// What was saved before the last stop.
    pub book: Book,
    /// Seeds jitter and random picks.
    pub seed: u64,
}

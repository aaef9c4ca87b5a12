//! What goes into the machine and comes out of it.

use alloc::vec::Vec;

use super::{Evidence, Record};
use crate::crypto::{Hash, PublicKey, Signature};
use crate::ledger::{Certificate, Checkpoint, Contradiction, Handover, Link, Vote, Voters};
use crate::time::Timestamp;

/// A connected peer, as whoever drives the machine numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Peer(pub u64);

/// The chain, as far as voting needs it.
pub trait Blocks {
    /// The height of a block, if it is stored.
    fn height(&self, block: &Hash) -> Option<u64>;
    /// The best chain's block at a height.
    fn best(&self, height: u64) -> Option<Hash>;
    /// The ancestor of a stored block at a height no larger than its own.
    fn ancestor(&self, block: &Hash, height: u64) -> Option<Hash>;
    /// The block that put the members after a stored block into force: itself, if it has changed them.
    fn base(&self, block: &Hash) -> Option<Hash>;
    /// How this set handed over to the next one, and that to the one after it, and so on: at most [`crate::limits::HANDOVERS`].
    fn handovers(&self, set: &Hash) -> Vec<Handover>;
}

/// Whether a node may vote, as the rest of it sees that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// It is fetching a better branch.
    pub syncing: bool,
    /// A stored branch is preferred to its best chain.
    pub behind: bool,
    /// What is final and not on its best chain yet.
    pub goal: Option<Checkpoint>,
}

/// What peers say to each other about finality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A leader's vote, with what justifies its source; none if that is the root.
    Proposal {
        /// A prepare.
        vote: Vote,
        /// The certificate of its source.
        proof: Option<Certificate>,
    },
    /// Votes for one link.
    Votes {
        /// The link.
        link: Link,
        /// Voters and their signatures, each voter once.
        votes: Vec<(u16, Signature)>,
    },
    /// A quorum's votes.
    Certificate(Certificate),
    /// What do you know of this set, and of this key's votes in it?
    GetFinality {
        /// The set.
        set: Hash,
        /// The key of a voter that has just started.
        voter: Option<PublicKey>,
    },
    /// The answer to that.
    Finality {
        /// The set that was asked about.
        set: Hash,
        /// How that set handed over to the next one, and so on.
        handovers: Vec<Handover>,
        /// The newest final certificate.
        newest: Option<Certificate>,
        /// The certificate of the latest justified checkpoint.
        lock: Option<Certificate>,
        /// The newest vote of the key that was asked about.
        seen: Option<Vote>,
    },
}

/// Something happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// A peer is connected; the key that it has proven, if it has.
    Up {
        /// Which.
        peer: Peer,
        /// Its member key.
        key: Option<PublicKey>,
    },
    /// A peer is gone.
    Down(Peer),
    /// A peer says something.
    Heard {
        /// Which.
        peer: Peer,
        /// What.
        said: Said,
    },
    /// A peer announces something final that is news here: ask it.
    Ask(Peer),
    /// The record of the last [`Output::Write`] is durable.
    Written,
    /// The best chain ends here now.
    Tip {
        /// Its height.
        height: u64,
        /// Its last block.
        block: Hash,
    },
    /// Another set is in force: its base is final here.
    Voters {
        /// The set.
        voters: Voters,
        /// The newest final certificate, if it is of this set.
        newest: Option<Certificate>,
    },
    /// Whether this node may vote.
    Standing(Standing),
    /// The wall clock now, and by how many milliseconds the connected peers' clocks are ahead of it.
    Clock {
        /// This node's own.
        wall: Timestamp,
        /// By peer. Those of voters count.
        offsets: Vec<(Peer, i64)>,
    },
    /// The chain says that what the last [`Output::Finalize`] names contradicts what is final there, or is invalid there.
    Conflict {
        /// The certificate that contradicts it.
        certificate: Certificate,
        /// The certificate of what is final there.
        newest: Option<Certificate>,
        /// How.
        how: Contradiction,
    },
    /// The operator's word: in place of a record that is lost, or after a twin.
    Resume,
    /// [`super::Finality::next_wakeup`] has come.
    Wake,
}

/// Must be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Make the record durable, then give [`Input::Written`]. No vote leaves before, and nothing else is signed: if it fails, try again.
    Write(Record),
    /// Say this to one peer.
    Say {
        /// To whom.
        peer: Peer,
        /// What.
        said: Said,
    },
    /// Say this to every connected peer.
    SayAll(Said),
    /// Another voter's vote that is new here: pass it on to peers that lack it.
    Relay(Vote),
    /// A quorum has made this block final.
    Finalize(Certificate),
    /// This block is justified and not stored here: fetch it, whatever its work.
    Want(Checkpoint),
    /// Never evict these blocks, nor what they stand on, whatever their work; those of the last one may go. A voter whose lock nobody has
    /// any more would stop finality for good.
    Keep {
        /// That of the latest justified checkpoint.
        justified: Hash,
        /// That of the source that this node voted from last.
        lock: Hash,
    },
    /// The peer said something that no honest peer says.
    Blame {
        /// Which.
        peer: Peer,
        /// What it said.
        what: &'static str,
    },
    /// A voter has signed two links that no honest machine signs both.
    Guilty {
        /// The voter's number.
        voter: u16,
        /// The proof.
        evidence: Evidence,
    },
    /// This is final in another history than this node's: remember it, and tell people.
    Rival(Certificate),
    /// Somebody votes with this node's key, or has voted with it in another history: it is silent until [`Input::Resume`].
    Alarm(Alarm),
}

/// Why this node does not vote until its operator says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// No record was found beside the key.
    NoRecord,
    /// Another machine votes with this key.
    Twin,
    /// This key has voted in another history.
    OtherHistory,
}

//! What goes into and out of the keeper.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;

use super::NotTaken;
use crate::crypto::Hash;
#[cfg(doc)]
use crate::ledger::Chain;
use crate::ledger::{Block, BodyError, Certificate, Contradiction, Header, Moved};
use crate::node::{Head, Ticket};
use crate::overlay::{Answer, KeeperRequest};

/// Something for the keeper to do or to know.
#[derive(Clone, Debug)]
pub enum Input {
    /// The overlay asks; answered by [`Output::Answer`].
    Request(KeeperRequest),
    /// This node has mined a block; answered by [`Output::Mined`].
    Mined {
        /// Comes back with the answer.
        ticket: Ticket,
        /// The block.
        block: Arc<Block>,
    },
    /// A quorum has made a block final; the certificate has been verified.
    Finalize(Certificate),
    /// The voter needs these blocks: see [`Chain::keep`].
    Keep {
        /// That of the latest justified checkpoint.
        justified: Hash,
        /// That of the voter's lock.
        lock: Hash,
    },
    /// The overlay fetches a better branch from now on, or no longer.
    Syncing(bool),
    /// The disk is nearly full, or has room again.
    DiskFull(bool),
}

/// Must be done; `V` is the disk's view.
#[derive(Debug)]
pub enum Output<V> {
    /// The chain now ends here. If it moved, the pool must be told first: then a question to the pool after this head was seen is answered
    /// for this head.
    Head {
        /// For everybody.
        head: Head,
        /// How the best chain moved, and the world right after. Blocks that left the chain can still be read in it; a later commit may
        /// remove them.
        moved: Option<(Moved, V)>,
    },
    /// Offer this block to peers.
    Offer(Arc<Block>),
    /// Answer the overlay.
    Answer(Answer),
    /// Report what became of this node's own block.
    Mined {
        /// From the question.
        ticket: Ticket,
        /// Whether the chain has it now.
        result: Result<(), NotTaken>,
    },
    /// This block is final, and that is durable.
    Final(Certificate),
    /// A final block contradicts this chain: this node must not vote, unless its operator has decided.
    Conflict {
        /// The certificate of the other block.
        certificate: Certificate,
        /// What is final here.
        newest: Option<Certificate>,
        /// How it contradicts this.
        how: Contradiction,
    },
    /// A block with good work states other results than this node computes. It is refused, and nobody is blamed.
    Disputed {
        /// Its header, which names its miner.
        header: Box<Header>,
        /// What is computed and what is stated.
        why: String,
    },
    /// A heavier branch holds an invalid block; only the part before it counts.
    Invalid {
        /// Which one.
        id: Hash,
        /// Why.
        error: BodyError,
    },
}

//! What the overlay asks the node's other machines, and what they answer. Each request gets exactly one answer.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::crypto::Hash;
use crate::ledger::{
    BackfillError, Block, BlockOutcome, Branch, CompactBlock, Contradiction, Origin, Roster, ShortKey, Span,
    SyncHeader, Transaction,
};
use crate::overlay::ConnId;
#[cfg(doc)]
use crate::{limits::BACKFILL_BLOCKS, wire::Message};

/// A request to another machine of the node.
#[derive(Clone, Debug)]
pub enum Request {
    /// To the keeper of the chain.
    Keeper(KeeperRequest),
    /// To the pool of transactions.
    Pool(PoolRequest),
    /// To the store, which can be read without the keeper.
    Store(StoreRequest),
}

/// A request to the keeper of the chain.
#[derive(Clone, Debug)]
pub enum KeeperRequest {
    /// Take a peer's block; answered by [`Answer::BlockDone`].
    Take {
        /// From whom.
        conn: ConnId,
        /// The block.
        block: Arc<Block>,
        /// Asked for by header sync, or pushed.
        origin: Origin,
    },
    /// Header sync: the stored branch that ends in this block; answered by [`Answer::Branch`].
    Branch(Hash),
    /// Header sync: the roster that this block puts into force on this branch, which ends in its parent; answered by [`Answer::Members`].
    Members {
        /// Where it stands.
        branch: Branch,
        /// The block.
        block: Arc<Block>,
        /// The final block that the branch holds.
        finalized: (u64, Hash),
    },
    /// Header sync has followed the headers to a block that a quorum has certified, and its branch contradicts this chain. Answered by
    /// [`Answer::Noted`].
    Beside {
        /// The certified block.
        block: Hash,
        /// What the headers have shown.
        how: Contradiction,
    },
    /// Take bodies in that are missing below those that are here; answered by [`Answer::Backfilled`].
    Backfill(Span),
}

/// A request to the pool of transactions.
#[derive(Clone, Debug)]
pub enum PoolRequest {
    /// Take a peer's transactions; answered by [`Answer::TransactionsDone`].
    Take {
        /// From whom.
        conn: ConnId,
        /// The transactions.
        transactions: Vec<Transaction>,
    },
    /// A peer wants these; answered by [`Answer::Transactions`].
    Fetch {
        /// Who asks.
        conn: ConnId,
        /// Which.
        ids: Vec<Hash>,
    },
    /// A compact block came: find those of its transactions that are here; answered by [`Answer::Short`].
    Short {
        /// What made the short ids.
        key: ShortKey,
        /// The block.
        block: Arc<CompactBlock>,
    },
}

/// A request to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreRequest {
    /// A peer wants headers, see [`Message::GetHeaders`]; answered by [`Answer::Headers`].
    Headers {
        /// Who asks.
        conn: ConnId,
        /// Its locator.
        locator: Vec<Hash>,
        /// The last one wanted, or zero.
        stop: Hash,
    },
    /// A peer wants a block; answered by [`Answer::Block`].
    Block {
        /// Who asks.
        conn: ConnId,
        /// Which.
        id: Hash,
    },
    /// Header sync: which of these blocks are not stored; answered by [`Answer::Missing`].
    Missing(Vec<Hash>),
    /// Backfill: which blocks of the best chain have no body here, of the [`BACKFILL_BLOCKS`] below this height; answered by
    /// [`Answer::MissingBodies`].
    MissingBodies(u64),
}

/// An answer to a [`Request`].
#[derive(Clone, Debug)]
pub enum Answer {
    /// To [`StoreRequest::Headers`].
    Headers {
        /// Who asked.
        conn: ConnId,
        /// The headers.
        headers: Vec<SyncHeader>,
    },
    /// To [`StoreRequest::Block`].
    Block {
        /// Who asked.
        conn: ConnId,
        /// Which.
        id: Hash,
        /// The block, if it is stored.
        block: Option<Arc<Block>>,
    },
    /// To [`StoreRequest::Missing`]: in the order of the question.
    Missing(Vec<Hash>),
    /// To [`StoreRequest::MissingBodies`]: the height of the first block that was looked at, and the ids. None: it cannot be read now.
    MissingBodies(Option<(u64, Vec<Hash>)>),
    /// To [`KeeperRequest::Backfill`].
    Backfilled(Result<Backfilled, BackfillError>),
    /// To [`PoolRequest::Fetch`].
    Transactions {
        /// Who asked.
        conn: ConnId,
        /// Those found.
        found: Vec<Transaction>,
        /// Those not found.
        missing: Vec<Hash>,
    },
    /// To [`PoolRequest::Short`].
    Short {
        /// What made the short ids.
        key: ShortKey,
        /// In the order of the short ids; none where nothing matches or more than one matches.
        found: Vec<Option<Transaction>>,
    },
    /// To [`PoolRequest::Take`].
    TransactionsDone {
        /// From whom they came.
        conn: ConnId,
        /// What became of each.
        outcomes: Vec<(Hash, TransactionOutcome)>,
    },
    /// To [`KeeperRequest::Branch`].
    Branch {
        /// Its last block.
        id: Hash,
        /// The branch, if the block is stored.
        branch: Option<Branch>,
    },
    /// To [`KeeperRequest::Members`].
    Members {
        /// The block.
        id: Hash,
        /// What is known of it.
        found: MembersFound,
    },
    /// To [`KeeperRequest::Beside`]. If nobody has taken note, the block is wanted again.
    Noted,
    /// To [`KeeperRequest::Take`].
    BlockDone {
        /// From whom it came.
        conn: ConnId,
        /// The block.
        id: Hash,
        /// What became of it.
        outcome: BlockOutcome,
    },
}

/// What is known of a block that may put other members into force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MembersFound {
    /// Its roster.
    Roster(Roster),
    /// It follows from something final that this node has yet to take in; or the copy is wrong, or the store fails. Nobody is at fault.
    NotYet,
    /// It puts nothing into force, so its header is wrong.
    Invalid(String),
}

/// What became of a span of bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backfilled {
    /// All are here.
    All,
    /// This node cannot take them now, or they are not the ones that it lacks. Nobody is at fault.
    NotNow,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionOutcome {
    /// In the mempool now.
    Taken,
    /// Not taken, and nobody is at fault: known, low fee, full, nonce gap, balance.
    Ignored,
    /// Invalid everywhere: its sender could have known.
    Invalid(String),
}

impl Request {
    /// The answer that stands in if the machine cannot take the request now, or cannot read the store: nothing was found.
    pub fn unanswered(self) -> Answer {
        match self {
            Self::Keeper(KeeperRequest::Take { conn, block, .. }) => {
                Answer::BlockDone { conn, id: block.id(), outcome: BlockOutcome::Ignored }
            }
            Self::Keeper(KeeperRequest::Branch(id)) => Answer::Branch { id, branch: None },
            Self::Keeper(KeeperRequest::Members { block, .. }) => {
                Answer::Members { id: block.id(), found: MembersFound::NotYet }
            }
            Self::Keeper(KeeperRequest::Beside { .. }) => Answer::Noted,
            Self::Keeper(KeeperRequest::Backfill(_)) => Answer::Backfilled(Ok(Backfilled::NotNow)),
            Self::Pool(PoolRequest::Take { conn, transactions }) => {
                let ignored = |one: &Transaction| (one.id(), TransactionOutcome::Ignored);
                Answer::TransactionsDone { conn, outcomes: transactions.iter().map(ignored).collect() }
            }
            Self::Pool(PoolRequest::Fetch { conn, ids }) => {
                Answer::Transactions { conn, found: Vec::new(), missing: ids }
            }
            Self::Pool(PoolRequest::Short { key, .. }) => Answer::Short { key, found: Vec::new() },
            Self::Store(StoreRequest::Headers { conn, .. }) => Answer::Headers { conn, headers: Vec::new() },
            Self::Store(StoreRequest::Block { conn, id }) => Answer::Block { conn, id, block: None },
            Self::Store(StoreRequest::Missing(ids)) => Answer::Missing(ids),
            Self::Store(StoreRequest::MissingBodies(_)) => Answer::MissingBodies(None),
        }
    }
}

impl From<KeeperRequest> for Request {
    fn from(request: KeeperRequest) -> Self {
        Self::Keeper(request)
    }
}

impl From<PoolRequest> for Request {
    fn from(request: PoolRequest) -> Self {
        Self::Pool(request)
    }
}

impl From<StoreRequest> for Request {
    fn from(request: StoreRequest) -> Self {
        Self::Store(request)
    }
}

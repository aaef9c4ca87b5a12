//! What the overlay asks of chain and mempool, what it gives to them, and what they say. Each question and each gift gets exactly one
//! answer.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::crypto::Hash;
use crate::ledger::{Block, BlockOutcome, Branch, CompactBlock, Header, ShortKey, Transaction};
use crate::overlay::ConnId;
#[cfg(doc)]
use crate::wire::Message;

/// A question to chain or mempool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// A peer wants headers; see [`Message::GetHeaders`].
    Headers {
        /// Who asks.
        conn: ConnId,
        /// Its locator.
        locator: Vec<Hash>,
        /// The last one wanted, or zero.
        stop: Hash,
    },
    /// A peer wants a block.
    Block {
        /// Who asks.
        conn: ConnId,
        /// Which.
        id: Hash,
    },
    /// A peer wants transactions.
    Transactions {
        /// Who asks.
        conn: ConnId,
        /// Which.
        ids: Vec<Hash>,
    },
    /// A block came in short: which of its transactions the mempool has.
    Short {
        /// What made the short ids.
        key: ShortKey,
        /// The block.
        block: Arc<CompactBlock>,
    },
    /// Sync: the stored branch that ends in this block.
    Branch(Hash),
    /// Sync: which of these blocks are not stored.
    Missing(Vec<Hash>),
}

/// Something from a peer for chain or mempool.
#[derive(Clone, Debug)]
pub enum Submit {
    /// A block. `wanted`: headers have shown that its branch beats the tip.
    Block {
        /// From whom.
        conn: ConnId,
        /// The block.
        block: Arc<Block>,
        /// See above.
        wanted: bool,
    },
    /// Transactions.
    Transactions {
        /// From whom.
        conn: ConnId,
        /// The transactions.
        transactions: Vec<Transaction>,
    },
}

/// What chain or mempool say.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To [`Query::Headers`].
    Headers {
        /// Who asked.
        conn: ConnId,
        /// The headers.
        headers: Vec<Header>,
    },
    /// To [`Query::Block`].
    Block {
        /// Who asked.
        conn: ConnId,
        /// Which.
        id: Hash,
        /// The block, if it is stored.
        block: Option<Arc<Block>>,
    },
    /// To [`Query::Transactions`].
    Transactions {
        /// Who asked.
        conn: ConnId,
        /// What there is.
        found: Vec<Transaction>,
        /// What there is not.
        missing: Vec<Hash>,
    },
    /// To [`Query::Short`].
    Short {
        /// What made the short ids.
        key: ShortKey,
        /// In the order of the short ids; what there is not, or twice, is none.
        found: Vec<Option<Transaction>>,
    },
    /// To [`Query::Branch`].
    Branch {
        /// Its last block.
        id: Hash,
        /// The branch, if the block is stored.
        branch: Option<Branch>,
    },
    /// To [`Query::Missing`]: in the order of the question.
    Missing(Vec<Hash>),
    /// To [`Submit::Block`].
    BlockDone {
        /// From whom it came.
        conn: ConnId,
        /// The block.
        id: Hash,
        /// What became of it.
        outcome: BlockOutcome,
    },
    /// To [`Submit::Transactions`].
    TransactionsDone {
        /// From whom they came.
        conn: ConnId,
        /// What became of each.
        outcomes: Vec<(Hash, TransactionOutcome)>,
    },
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionOutcome {
    /// In the mempool now.
    Taken,
    /// Not taken, nobody's fault: known, low fee, full, nonce gap, balance.
    Ignored,
    /// Invalid everywhere: its sender could have known.
    Invalid(String),
}

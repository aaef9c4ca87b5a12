//! What goes into the pool and comes out of it, and why a transaction is not taken or has left.

use alloc::vec::Vec;

use thiserror::Error;

use crate::crypto::Hash;
use crate::ledger::{Account, Moved, Transaction, TransactionError};
use crate::mempool::{DropReason, MempoolError};
use crate::node::Ticket;
use crate::overlay::{Answer, Offer, PoolRequest};

/// Something for the pool to do or to know; `V` is a view of the chain.
#[derive(Debug)]
pub enum Input<V> {
    /// The overlay asks; answered by [`Output::Answer`].
    Request(PoolRequest),
    /// A client of this node gives transactions; answered by [`Output::Given`].
    Give {
        /// Comes back with the answer.
        ticket: Ticket,
        /// The transactions.
        transactions: Vec<Transaction>,
        /// Whether they may take the place of others of their sender that wait with the same nonce. A client has to say so: two that
        /// both ask for the next nonce and then sign would otherwise replace each other's payments.
        replace: bool,
    },
    /// A client asks whether this one would be taken now; answered by [`Output::Given`], and nothing changes.
    Check {
        /// Comes back with the answer.
        ticket: Ticket,
        /// The transaction.
        transaction: Transaction,
        /// As in [`Input::Give`].
        replace: bool,
    },
    /// The best chain has moved.
    Moved {
        /// How.
        moved: Moved,
        /// The world right after the move. A later one would not do: what the next move confirms would seem to have lost its place.
        view: V,
    },
    /// The disk is nearly full, or has room again.
    DiskFull(bool),
}

/// Must be done.
#[derive(Debug)]
pub enum Output {
    /// Answer the overlay.
    Answer(Answer),
    /// Offer these to peers.
    Offer(Offer),
    /// Tell a client what became of each of its transactions, in order.
    Given {
        /// From the question.
        ticket: Ticket,
        /// What became of them.
        results: Vec<Result<Waits, Refusal>>,
    },
    /// Tell observers: this one waits for a block now.
    Taken(Hash),
    /// Tell observers: this one has left without being confirmed.
    Dropped {
        /// Which.
        id: Hash,
        /// Why.
        reason: Reason,
    },
}

/// A client's transaction that waits here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// Its id.
    pub id: Hash,
    /// Whether it waited here before the client gave it.
    pub known: bool,
}

/// Why a transaction left the pool, or did not come back to it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Reason {
    /// It was here.
    #[error(transparent)]
    Dropped(#[from] DropReason),
    /// Its block left the chain, and it no longer fits.
    #[error(transparent)]
    NotBack(#[from] MempoolError),
}

/// Why a transaction is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Invalid everywhere.
    #[error(transparent)]
    Invalid(#[from] TransactionError),
    /// Not taken now.
    #[error(transparent)]
    Mempool(#[from] MempoolError),
    /// Another one waits with its nonce, and its client did not say that it may be replaced.
    #[error("nonce {nonce} is taken by {by}, which waits; the next free one is {next}")]
    Taken {
        /// Its nonce.
        nonce: u64,
        /// The transaction that has the nonce.
        by: Hash,
        /// The sender's next nonce after all that waits.
        next: u64,
    },
    /// No room on this node's disk.
    #[error("this node's disk is nearly full, so it takes nothing; make room, or send to another node")]
    DiskFull,
}

/// What an account will be when everything that waits is confirmed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pending {
    /// The account after its own transactions; none if it has none here.
    pub account: Option<Account>,
    /// Coins on their way to it.
    pub incoming: u64,
}

//! What a block leads to, and what became of it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use thiserror::Error;

use super::super::execute::{BodyError, Stop};
use super::super::{Branch, Certificate, Change, HeaderError, StateError};
use super::side::SideBlock;
use crate::crypto::Hash;
use crate::time::Timestamp;

/// Where a block comes from, or what moved the best chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Header sync asked for it: headers have shown that its branch beats the tip, so it is stored even if the branch begins far behind.
    Synced,
    /// A peer sent it without being asked.
    Pushed,
    /// This node mined it.
    Own,
    /// A stored branch has become the best chain, without a new block.
    Flip,
}

/// What a block leads to.
#[derive(Debug)]
pub enum Plan {
    /// It is stored already.
    Known,
    /// Its time has not come yet: give it again when it is due. Its header, size and body root are valid.
    Early {
        /// When it may be taken: a little before its time.
        due: Timestamp,
        /// Its size.
        bytes: usize,
    },
    /// It states other results than this node computes, or stands on a block that does: that was found before. Nobody is at fault.
    Disputed {
        /// It, or its parent.
        first: Hash,
        /// The branch that ends in it, if it is not remembered yet.
        branch: Option<Box<Branch>>,
    },
    /// Make the change durable, then accept it.
    Ready(Ready),
}

/// A change that fits the world as it was read. Only the chain makes one.
#[derive(Debug)]
pub struct Ready {
    pub(super) change: Change,
    pub(super) effect: Effect,
}

#[derive(Debug)]
pub(super) enum Effect {
    /// A branch off the best chain has grown to this.
    Side { branch: Branch, parent: Hash, origin: Origin },
    /// The best chain now ends here.
    Tip { branch: Branch, origin: Origin },
    /// Nothing moves, but a block of the best chain is final now.
    Final,
    /// The staged branch is now the best chain; these blocks have left it.
    Flip { branch: Branch, lost: Vec<(Hash, SideBlock)> },
}

/// What an accepted change has done to the best chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Why.
    pub origin: Origin,
    /// The tip before the move.
    pub from: Hash,
    /// Blocks that left the best chain, highest first.
    pub disconnected: Vec<Hash>,
    /// Blocks that joined it, lowest first.
    pub connected: Vec<Hash>,
}

impl Moved {
    /// This move and the next one, which only extended the tip.
    pub fn then(mut self, next: Self) -> Self {
        debug_assert!(next.disconnected.is_empty());
        self.connected.extend(next.connected);
        self
    }
}

/// Progress of a staged reorganisation.
#[derive(Debug)]
pub enum Step {
    /// Nothing to do: no branch beats the tip.
    Idle,
    /// Call again.
    Working,
    /// A block of the branch turned out invalid; the part before it still competes.
    Invalid {
        /// Which one.
        id: Hash,
        /// Why.
        error: BodyError,
    },
    /// Make the change durable, then accept it.
    Ready(Ready),
}

/// Why a block is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Its parent is unknown. Nobody is at fault; its ancestors must be fetched.
    #[error("parent {0} is not known here")]
    UnknownParent(Hash),
    /// Its header is wrong.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Its body is wrong.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// It or an ancestor was found invalid before.
    #[error("it is, or descends from, the invalid block {0}")]
    Invalid(Hash),
    /// A single block of a branch that is too far behind to matter. Nobody is at fault.
    #[error("its branch is too far behind")]
    Behind,
    /// Its branch leaves the best chain below the final block. Nobody is at fault: its miner may not have heard of that yet.
    #[error("its branch leaves the chain below the final block at height {height}")]
    Apart {
        /// The final block's height.
        height: u64,
    },
    /// It changes the members by what is final above this node's final block. The certificate is a good one: take it in first. Nobody is at
    /// fault.
    #[error("it changes the members by what is final at height {}, which is not final here yet", .0.link.source.height)]
    Unsettled(Box<Certificate>),
    /// The store cannot be read: this node's fault.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<Stop> for PlanError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Body(error) => Self::Body(error),
            Stop::State(error) => Self::State(error),
        }
    }
}

impl PlanError {
    /// Whether the block's id commits to the fault, so that no other copy of it can be better.
    pub fn is_committed(&self) -> bool {
        match self {
            Self::Header(error) => !error.is_local(),
            Self::Invalid(_) => true,
            Self::Body(error) => error.is_committed(),
            Self::UnknownParent(_)
            | Self::Behind
            | Self::Apart { .. }
            | Self::Unsettled(_)
            | Self::State(_) => false,
        }
    }
}

impl Ready {
    /// What must be made durable before the plan is accepted.
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// Whether it only adds a block to the tip, so that the next ones may share its commit.
    pub(in crate::ledger) fn extends_tip(&self) -> bool {
        matches!(self.effect, Effect::Tip { .. }) && self.change.removed.is_empty()
    }
}

//! Overrides: what the members have decided outside the chain, where too many of their keys are lost for the chain to let them decide.
//!
//! An override names a block, its *checkpoint*, and who the members are after it. Each operator loads it by hand, so nodes with and without it
//! part. Nothing proves it but its hash, which people compare: it is in what nodes say at the beginning, in every header after the checkpoint,
//! and in the name of the set that votes. It changes no balance.
//!
//! Invariants: checkpoints rise; each override's hash covers those before it.

use alloc::vec::Vec;

use borsh::BorshSerialize;
use thiserror::Error;

use super::{Base, Member, Roster, RosterError};
use crate::codec::{Text, encode};
use crate::crypto::{Hash, tagged_hash};
use crate::limits::{OVERRIDE_REASON_BYTES, OVERRIDES};

/// Who the members are after a block.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Decree {
    /// The checkpoint's height.
    pub height: u64,
    /// The checkpoint.
    pub block: Hash,
    /// The members after it.
    pub members: Vec<Member>,
    /// Why, for people.
    pub reason: Text<OVERRIDE_REASON_BYTES>,
}

/// An override that was checked, with what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    decree: Decree,
    hash: Hash,
}

/// A network's overrides, oldest first. Nearly every network has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides(Vec<Override>);

/// Why a list of overrides is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OverrideError {
    /// More than anybody follows.
    #[error("there are {0} overrides, at most {OVERRIDES} are allowed")]
    TooMany(usize),
    /// Its checkpoint does not descend from the one before.
    #[error(
        "the override at height {found} follows one at height {before}; each one's checkpoint is above the one's before"
    )]
    Order {
        /// The height before.
        before: u64,
        /// Its height.
        found: u64,
    },
    /// Its members are none.
    #[error("the members from height {height} on: {error}")]
    Members {
        /// The checkpoint's height.
        height: u64,
        /// What is wrong with them.
        error: RosterError,
    },
}

impl Overrides {
    /// The overrides of a network. Oldest first.
    pub fn new(network: &Hash, decrees: Vec<Decree>) -> Result<Self, OverrideError> {
        if decrees.len() > OVERRIDES {
            return Err(OverrideError::TooMany(decrees.len()));
        }
        // The genesis block is nobody's to decide about: its members are in the definition.
        let (mut before, mut below) = (Hash::ZERO, 0);
        let mut all = Vec::new();
        for decree in decrees {
            let height = decree.height;
            if height <= below {
                return Err(OverrideError::Order { before: below, found: height });
            }
            let one = Override::new(network, before, decree)
                .map_err(|error| OverrideError::Members { height, error })?;
            (before, below) = (one.hash, height);
            all.push(one);
        }
        Ok(Self(all))
    }

    /// Names them all: the last one's hash. None if there are none.
    pub fn hash(&self) -> Option<Hash> {
        self.0.last().map(|last| last.hash)
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Override> {
        self.0.iter()
    }

    /// The one whose checkpoint is this block.
    pub fn at(&self, block: &Hash) -> Option<&Override> {
        self.0.iter().find(|one| one.decree.block == *block)
    }
}

impl Override {
    fn new(network: &Hash, before: Hash, decree: Decree) -> Result<Self, RosterError> {
        let height = decree.height;
        let members = Roster::new(Base::default(), decree.members.iter().cloned())?;
        let parts = (height, decree.block, members.members(), &decree.reason);
        let hash = tagged_hash("bouya override", &[&network.0, &before.0, &encode(&parts)]);
        Ok(Self { decree, hash })
    }

    /// What was decided.
    pub fn decree(&self) -> &Decree {
        &self.decree
    }

    /// The checkpoint: its height and id.
    pub fn checkpoint(&self) -> (u64, Hash) {
        (self.decree.height, self.decree.block)
    }

    /// Names it and those before it.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The roster after the checkpoint: other members than before, and the versions that were decided.
    pub fn roster_after(&self, before: &Roster) -> Roster {
        // Its members were checked.
        before.next(self.base(), self.decree.members.iter().cloned()).unwrap_or_default()
    }

    fn base(&self) -> Base {
        Base::Override { hash: self.hash, height: self.decree.height }
    }
}

//! The rows of the state that governance keeps.

use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

use super::{MemberChange, Motion};
use crate::codec::Bounded;
use crate::crypto::{Hash, PublicKey};
use crate::id::NodeId;
use crate::ledger::state::{Key, Layer, StateError};
use crate::ledger::{Address, Moment};
use crate::limits::{BALLOTS_PER_MOTION, MOTIONS};
use crate::time::Timestamp;

/// An entry of [`Key::Motions`], which lists the open motions in the order in which they were moved.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Open {
    pub(super) id: Hash,
    pub(super) mover: NodeId,
    /// The mover's governor of then.
    pub(super) by: Address,
    pub(super) moved: Timestamp,
    pub(super) until: Timestamp,
}

/// The row of [`Key::Motion`].
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct OpenMotion {
    pub(super) motion: Motion,
    pub(super) mover: NodeId,
    pub(super) by: Address,
    pub(super) at: Moment,
    /// What each address said last, in the order in which they first said something.
    pub(super) ballots: Bounded<(Address, bool), BALLOTS_PER_MOTION>,
}

/// What was decided. New kinds are added at the end.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Decision {
    /// A motion passed.
    Motion {
        /// [`Motion::id`].
        id: Hash,
        /// What it changes.
        change: MemberChange,
    },
    /// A member changed its own keys.
    Keys {
        /// Who.
        id: NodeId,
        /// Its new member key, if that changes.
        key: Option<PublicKey>,
        /// Its new governor, if that changes.
        governor: Option<Address>,
    },
}

/// What has passed and waits for a handover: an entry of [`Key::Passed`], which is in the order in which they passed.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Passed {
    /// What was decided.
    pub decision: Decision,
    /// Where it passed. What passed because a handover changed the members did so behind all transactions, by none.
    pub at: Moment,
    /// The height at which it fell away, if it did. It counts for a handover that goes by the state before that.
    pub fell: Option<u64>,
}

impl Passed {
    /// Whether it has passed and not fallen away in the state after `height`.
    pub fn stands_at(&self, height: u64) -> bool {
        self.at.height <= height && self.fell.is_none_or(|fell| fell > height)
    }
}

pub(super) fn read_motions(layer: &Layer<'_>) -> Result<Bounded<Open, MOTIONS>, StateError> {
    layer.read(&Key::Motions)
}

pub(super) fn write_motions(layer: &mut Layer<'_>, motions: Vec<Open>) -> Result<(), StateError> {
    layer.write(Key::Motions, &Bounded::<Open, MOTIONS>::truncated(motions))
}

pub(super) fn read_motion(layer: &Layer<'_>, id: &Hash) -> Result<Option<OpenMotion>, StateError> {
    layer.read(&Key::Motion(*id))
}

pub(super) fn write_motion(
    layer: &mut Layer<'_>,
    id: Hash,
    motion: Option<OpenMotion>,
) -> Result<(), StateError> {
    layer.write(Key::Motion(id), &motion)
}

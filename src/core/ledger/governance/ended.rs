//! What becomes of motions. Decided ones leave the state; whoever executes a block is told, and may keep it.

use alloc::boxed::Box;

use borsh::{BorshDeserialize, BorshSerialize};

use super::MotionView;
use crate::codec::Text;
use crate::crypto::Hash;
use crate::ledger::Moment;
use crate::limits::REASON_BYTES;

/// What became of a motion in a block.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Ended {
    /// The motion's id.
    pub id: Hash,
    /// Where. What a handover did stands behind all transactions, by none.
    pub at: Moment,
    /// What.
    pub outcome: Outcome,
}

/// See [`Ended`].
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Outcome {
    /// It is decided, or will not be.
    Closed(Closed, Box<MotionView>),
    /// It had passed, and a handover has put it into force.
    Applied,
    /// It had passed, and a handover could not put it into force: why, for people.
    Dropped(Text<REASON_BYTES>),
}

/// Why a motion is not open any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Closed {
    /// It waits for a handover.
    Passed,
    /// It cannot pass any more.
    Rejected,
    /// Its time was over before.
    Expired,
    /// A newer motion took its place.
    Replaced,
    /// Other members were put into force by hand.
    Void,
}

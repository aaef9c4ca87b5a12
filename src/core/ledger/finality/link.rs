//! Checkpoints, links between them, and votes for links.

use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::codec::encode_behind;
use crate::crypto::{Hash, SecretKey, Signature};

const TAG: &[u8] = b"bouya vote\0";

/// A block in an epoch. Epochs only order votes; they have nothing to do with heights. 48 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Checkpoint {
    /// The epoch; 0 is the set's root.
    pub epoch: u64,
    /// The block's height.
    pub height: u64,
    /// The block.
    pub block: Hash,
}

/// A step from one checkpoint to a later one, within one set of voters. 128 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Link {
    /// The set; see [`super::Voters::id`].
    pub set: Hash,
    /// Where it begins: a justified checkpoint.
    pub source: Checkpoint,
    /// Where it leads.
    pub target: Checkpoint,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// Its quorum justifies the target.
    Prepare,
    /// Its quorum makes the block final.
    Commit,
}

/// One voter's signature on a link. 194 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Vote {
    /// The link.
    pub link: Link,
    /// The voter's number in the set.
    pub voter: u16,
    /// Over the link and the network's id.
    pub signature: Signature,
}

/// Why one voter may not sign both of two links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offence {
    /// Two links with one target epoch.
    Double,
    /// One link inside the other.
    Surround,
}

impl Checkpoint {
    /// The same block in the next epoch.
    fn next(self) -> Option<Self> {
        Some(Self { epoch: self.epoch.checked_add(1)?, ..self })
    }

    /// Whether `other` may be a later checkpoint of the same chain, as far as heights tell.
    fn may_lead_to(&self, other: &Self) -> bool {
        let is_same = self.block == other.block;
        self.epoch < other.epoch && is_same == (self.height == other.height) && self.height <= other.height
    }
}

impl Link {
    /// What it is for; none if no voter signs such a link.
    pub fn kind(&self) -> Option<LinkKind> {
        let Self { source, target, .. } = self;
        if target.epoch % 2 == 0 {
            return source.may_lead_to(target).then_some(LinkKind::Prepare);
        }
        (source.next() == Some(*target)).then_some(LinkKind::Commit)
    }

    /// The commit for its target.
    pub fn commit(&self) -> Option<Self> {
        let target = self.target.next()?;
        Some(Self { source: self.target, target, ..*self })
            .filter(|link| link.kind() == Some(LinkKind::Commit))
    }

    /// What one voter may not do who has signed both, if the two belong to one set.
    pub fn offence(&self, other: &Self) -> Option<Offence> {
        if self.set != other.set || self == other {
            return None;
        }
        if self.target.epoch == other.target.epoch {
            return Some(Offence::Double);
        }
        let (earlier, later) =
            if self.target.epoch < other.target.epoch { (self, other) } else { (other, self) };
        (later.source.epoch < earlier.source.epoch).then_some(Offence::Surround)
    }

    /// Signs it for one network. Only the record's guard may allow that.
    pub fn sign(&self, network: &Hash, voter: u16, key: &SecretKey) -> Vote {
        Vote { link: *self, voter, signature: key.sign(&self.signed_bytes(network)) }
    }

    /// What voters sign: a vote for another network, or under another tag, is no vote here.
    pub(super) fn signed_bytes(&self, network: &Hash) -> Vec<u8> {
        encode_behind([TAG, &network.0].concat(), self)
    }
}

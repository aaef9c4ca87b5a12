//! What members say about members: the formats, and what can be checked without the state.

use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::codec::{Text, encode};
use crate::crypto::{Hash, PublicKey, SecretKey, Signature, Signed, tagged_hash, verify};
use crate::id::NodeId;
use crate::ledger::{Action, ActionError, Address, Member};
use crate::limits::REASON_BYTES;
use crate::time::Timestamp;

const ADD_TAG: &[u8] = b"bouya new member\0";
const KEYS_TAG: &[u8] = b"bouya own keys\0";

/// What is moved, why, and until when it may be decided. It is its mover's yes.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Motion {
    /// What changes if it passes.
    pub change: MemberChange,
    /// Why; may be empty.
    pub reason: Text<REASON_BYTES>,
    /// The last block time, in milliseconds since 1970, at which it may pass.
    pub until: Timestamp,
}

/// What the members decide. The Borsh discriminant is part of the format: new kinds are added at the end.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum MemberChange {
    /// Somebody becomes a member.
    Add {
        /// Who.
        member: Member,
        /// The member key's signature, see [`MemberChange::prove`]: nobody is added with another's key.
        proof: Signature,
    },
    /// A member is one no longer.
    Remove {
        /// Who.
        id: NodeId,
    },
    /// A member whose governor is lost gets another.
    Governor {
        /// Who.
        id: NodeId,
        /// Its new governor.
        governor: Address,
    },
    /// Blocks follow other rules.
    Upgrade(Upgrade),
}

/// A block version and the first height at which blocks have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Upgrade {
    /// The block version.
    pub version: u32,
    /// The first height.
    pub height: u64,
}

/// A member changes its own keys, by its governor: at least one of the two. Nobody votes on it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Keys {
    /// Whose. It is named, so that the proof can be checked without the state; the sender must be its governor.
    pub id: NodeId,
    /// The new member key, and that key's signature, see [`Keys::prove`].
    pub key: Option<(PublicKey, Signature)>,
    /// The new governor.
    pub governor: Option<Address>,
}

impl Motion {
    /// The motion's id: a hash of the content, sender and nonce.
    pub fn id(&self, sender: &PublicKey, nonce: u64) -> Hash {
        tagged_hash("bouya motion", &[&sender.0, &nonce.to_le_bytes(), &encode(self)])
    }
}

impl MemberChange {
    /// Adds `member` with the proof that its key takes part: a signature over tag, id, key and governor. The name is not in it, and neither is
    /// the network: who asks to be admitted does not know it yet. The governor's yes is for one network, and without it nobody is added.
    pub fn prove(member: Member, key: &SecretKey) -> Self {
        let proof = key.sign(&added(&member));
        Self::Add { member, proof }
    }

    /// Whether the new member's key takes part in what it is added as; true of what adds nobody.
    pub fn is_proven(&self) -> bool {
        match self {
            Self::Add { member, proof } => verify(&member.key, &added(member), proof),
            Self::Remove { .. } | Self::Governor { .. } | Self::Upgrade(_) => true,
        }
    }

    /// The member that it is about.
    pub fn concerns(&self) -> Option<&NodeId> {
        match self {
            Self::Add { member, .. } => Some(&member.id),
            Self::Remove { id } | Self::Governor { id, .. } => Some(id),
            Self::Upgrade(_) => None,
        }
    }

    /// Whether it takes the say from who governs the member now.
    pub(super) fn mutes(&self, member: &NodeId) -> bool {
        match self {
            Self::Remove { id } | Self::Governor { id, .. } => id == member,
            Self::Add { .. } | Self::Upgrade(_) => false,
        }
    }

    /// Who must say yes too, besides the members.
    pub(super) fn candidate(&self) -> Option<Address> {
        match self {
            Self::Add { member, .. } => Some(member.governor),
            Self::Remove { .. } | Self::Governor { .. } | Self::Upgrade(_) => None,
        }
    }

    fn check(&self) -> Result<(), ActionError> {
        match self {
            Self::Add { member, .. } => check_governor(&member.id, member.governor, Some(&member.key)),
            Self::Governor { id, governor } => check_governor(id, *governor, None),
            Self::Remove { .. } | Self::Upgrade(_) => Ok(()),
        }
    }
}

impl Keys {
    /// New keys of the member `id`, with the proof that the new key takes part: a signature over tag, network, id, key, governor after the
    /// change, and the nonce of the transaction, which `sender` signs.
    pub fn prove(
        network: &Hash,
        sender: &PublicKey,
        nonce: u64,
        id: NodeId,
        key: Option<&SecretKey>,
        governor: Option<Address>,
    ) -> Self {
        let keys = Self { id, key: None, governor };
        let proven = |key: &SecretKey| {
            let message = keys.proven(network, &Address::of(sender), nonce, &key.public());
            (key.public(), key.sign(&message))
        };
        Self { key: key.map(proven), ..keys.clone() }
    }

    fn check(&self, sender: &Address) -> Result<(), ActionError> {
        if self.key.is_none() && self.governor.is_none() {
            return Err(ActionError::NoKeys);
        }
        check_governor(&self.id, self.governor.unwrap_or(*sender), self.key.as_ref().map(|(key, _)| key))
    }

    /// What the new key signs. The governor is the sender, unless the same change names another.
    fn proven(&self, network: &Hash, sender: &Address, nonce: u64, key: &PublicKey) -> Vec<u8> {
        let governor = self.governor.unwrap_or(*sender);
        [KEYS_TAG, &network.0, &encode(&(&self.id, key, governor, nonce))].concat()
    }
}

fn added(member: &Member) -> Vec<u8> {
    [ADD_TAG, &encode(&(&member.id, &member.key, &member.governor))].concat()
}

/// A governor is somebody who can sign, and not the key that lies on the node.
fn check_governor(id: &NodeId, governor: Address, key: Option<&PublicKey>) -> Result<(), ActionError> {
    match governor.is_signed_for() && key.is_none_or(|key| Address::of(key) != governor) {
        true => Ok(()),
        false => Err(ActionError::Governor(id.clone())),
    }
}

/// Checks what needs neither state nor signature; other actions are fine.
pub(in crate::ledger) fn check(action: &Action, sender: &Address) -> Result<(), ActionError> {
    match action {
        Action::Motion(motion) => motion.change.check(),
        Action::Keys(keys) => keys.check(sender),
        _ => Ok(()),
    }
}

/// What a new member key has to have signed. A wrong one is a fault of the transaction's author, like a wrong signature.
pub(in crate::ledger) fn proof(
    action: &Action,
    network: &Hash,
    sender: &Address,
    nonce: u64,
) -> Option<Signed> {
    match action {
        Action::Motion(motion) => match &motion.change {
            MemberChange::Add { member, proof } => {
                Some(Signed { key: member.key, message: added(member), signature: *proof })
            }
            _ => None,
        },
        Action::Keys(keys) => keys.key.map(|(key, signature)| Signed {
            key,
            message: keys.proven(network, sender, nonce, &key),
            signature,
        }),
        _ => None,
    }
}

//! Blocks: a header that carries the work, and a body that the header commits to.

use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Address, Certificate, RawTransaction, Transaction, merkle};
use crate::codec::{Bounded, DecodeError, encode};
use crate::crypto::{
    DoubleSha256, Hash, PublicKey, SecretKey, Signature, Signed, sha256, tagged_hash, verify,
};
use crate::limits::{EMPTY_BLOCK_BYTES, HEADER_BYTES, TRANSACTIONS_PER_BLOCK};
use crate::time::Timestamp;

const SEAL_TAG: &[u8] = b"bouya seal\0";
/// Bytes before the seal: what the seal signs.
const UNSEALED_BYTES: usize = 192;
/// Bytes before the nonce: what a miner hashes once.
const PREFIX_BYTES: usize = 256;

/// 264 bytes, little-endian, in this order. The nonce is alone in the last SHA-256 block, so a try costs two compressions.
/// The id is the double SHA-256 of all of them.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Header {
    /// Version of the rules that the block follows.
    pub version: u32,
    /// Room; 0.
    pub flags: u32,
    /// The number of blocks before this one.
    pub height: u64,
    /// When it was made, as its miner claims; later than its parent.
    pub time: Timestamp,
    /// Expected number of hashes, prescribed by the schedule.
    pub difficulty: u64,
    /// Id of the block before.
    pub parent: Hash,
    /// Merkle root over the body's leaves (see [`Body::leaves`]).
    pub body: Hash,
    /// Root over all earlier headers (see [`super::Branch`]), so that any of them can be proven under this one.
    pub history: Hash,
    /// What it commits to besides: the roster in force after it, and what it changes (see [`Header::commit`]).
    pub commitments: Hash,
    /// The member key of its miner.
    pub miner: PublicKey,
    /// The miner's signature, made before mining: one proof of work fixes one id and one byte string.
    pub seal: Signature,
    /// What the miner searched for.
    pub nonce: u64,
}

/// The miner's pay, first in the body: exactly the block reward that is still due, plus the fees.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Reward {
    /// Who gets it.
    pub to: Address,
    /// How much, in the smallest unit.
    pub amount: u64,
}

/// What a block does.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Body {
    /// What executing the block changes (see [`super::executed`]). The header commits to it together with the roster.
    pub executed: Hash,
    /// Credited after the last transaction.
    pub reward: Reward,
    /// A quorum's commit: what the members decided up to its block is in force from the next block on.
    pub certificate: Option<Certificate>,
    /// In the order in which they take effect.
    pub transactions: Bounded<Transaction, TRANSACTIONS_PER_BLOCK>,
}

/// A header as a sync needs it: the roster that is known and `executed` show, without the body, that the roster stays.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SyncHeader {
    /// The header.
    pub header: Header,
    /// [`Body::executed`].
    pub executed: Hash,
}

/// A header with its body.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Block {
    /// The header.
    pub header: Header,
    /// The body; [`Body::root`] shows whether it belongs to the header.
    pub body: Body,
}

impl Header {
    /// The oldest version of blocks.
    pub const VERSION: u32 = 2;
    /// From this version on blocks may deploy and call contracts.
    pub const CONTRACTS: u32 = 3;
    /// The newest version that this program knows.
    pub const NEWEST: u32 = Self::CONTRACTS;
    /// The flag that says that the time since the parent was a rest: nobody had anything to confirm.
    pub const TOLD: u32 = 1;

    /// What a header says in `commitments`, of the roster in force after it and of what executing it changes.
    pub fn commit(roster: &Hash, executed: &Hash) -> Hash {
        tagged_hash("bouya commitments", &[&roster.0, &executed.0])
    }

    /// Whether it says that the time since its parent was a rest.
    pub fn is_told(&self) -> bool {
        self.flags & Self::TOLD != 0
    }

    /// The block's id.
    pub fn id(&self) -> Hash {
        DoubleSha256::new(&encode(self)).finish(&[])
    }

    /// A hasher that waits for the nonce's eight little-endian bytes.
    pub fn before_nonce(&self) -> DoubleSha256 {
        let bytes = encode(self);
        DoubleSha256::new(bytes.get(..PREFIX_BYTES).unwrap_or(&bytes))
    }

    /// Signs everything but seal and nonce. Any change afterwards breaks the seal.
    pub fn seal(&mut self, network: &Hash, key: &SecretKey) {
        self.miner = key.public();
        self.seal = key.sign(&self.sealed_bytes(network));
    }

    /// Whether the miner made the seal.
    pub fn is_sealed(&self, network: &Hash) -> bool {
        verify(&self.miner, &self.sealed_bytes(network), &self.seal)
    }

    /// What is to be verified of the seal: many together cost less.
    pub(super) fn signed(&self, network: &Hash) -> Signed {
        Signed { key: self.miner, message: self.sealed_bytes(network), signature: self.seal }
    }

    fn sealed_bytes(&self, network: &Hash) -> Vec<u8> {
        let bytes = encode(self);
        debug_assert_eq!(bytes.len(), HEADER_BYTES);
        let unsealed = bytes.get(..UNSEALED_BYTES).unwrap_or(&bytes);
        [SEAL_TAG, &network.0, unsealed].concat()
    }
}

impl Reward {
    /// The reward's id: its leaf in the body's tree. The height keeps equal rewards of different blocks apart.
    pub fn id(&self, height: u64) -> Hash {
        tagged_hash("bouya reward", &[&height.to_le_bytes(), &encode(self)])
    }
}

impl Body {
    /// The leaves of its tree in a block at `height`: the reward's id, the certificate's if there is one, then the transactions'.
    pub fn leaves(&self, height: u64) -> Vec<[u8; 32]> {
        let mut leaves = Vec::from([self.reward.id(height).0]);
        let certificate = |certificate| tagged_hash("bouya certificate", &[&encode(certificate)]).0;
        leaves.extend(self.certificate.as_ref().map(certificate));
        leaves.extend(self.transactions.iter().map(|transaction| transaction.id().0));
        leaves
    }

    /// One transaction of an encoded body, without hashing those before it. None if it has fewer.
    pub fn transaction_in(mut bytes: &[u8], index: u32) -> Result<Option<Transaction>, DecodeError> {
        let mut read = || {
            Hash::deserialize(&mut bytes)?;
            Reward::deserialize(&mut bytes)?;
            Option::<Certificate>::deserialize(&mut bytes)?;
            if index >= u32::deserialize(&mut bytes)? {
                return Ok(None);
            }
            for _ in 0..index {
                RawTransaction::deserialize(&mut bytes)?;
            }
            Transaction::deserialize(&mut bytes).map(Some)
        };
        read().map_err(|_: borsh::io::Error| DecodeError { what: "bodies" })
    }

    /// The Merkle root that a header at `height` must state.
    pub fn root(&self, height: u64) -> Hash {
        merkle::root(&self.leaves(height))
    }
}

impl Block {
    /// The block's id.
    pub fn id(&self) -> Hash {
        self.header.id()
    }

    /// The leaves of its body's tree.
    pub fn leaves(&self) -> Vec<[u8; 32]> {
        self.body.leaves(self.header.height)
    }

    /// Encoded size in bytes.
    pub fn size(&self) -> usize {
        let certificate = self.body.certificate.as_ref().map(Certificate::size);
        let parts = certificate.into_iter().chain(self.body.transactions.iter().map(Transaction::size));
        parts.fold(EMPTY_BLOCK_BYTES, usize::saturating_add)
    }
}

/// A body root over the network's definition instead of transactions: the genesis block commits to it.
pub(super) fn root_of_definition(definition: &[u8]) -> Hash {
    tagged_hash("bouya network", &[&sha256(definition).0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::decode;

    fn header() -> Header {
        Header {
            version: 2,
            flags: 0,
            height: 5,
            time: Timestamp(1_000),
            difficulty: 9,
            parent: Hash([1; 32]),
            body: Hash([2; 32]),
            history: Hash([3; 32]),
            commitments: Hash::ZERO,
            miner: PublicKey::ZERO,
            seal: Signature::ZERO,
            nonce: 77,
        }
    }

    #[test]
    fn the_layout_is_as_documented() {
        let bytes = encode(&header());
        assert_eq!(bytes.len(), HEADER_BYTES);
        assert_eq!(bytes[PREFIX_BYTES..], 77_u64.to_le_bytes());
        assert_eq!(header().before_nonce().finish(&77_u64.to_le_bytes()), header().id());
        assert_eq!(header().id(), sha256(&sha256(&bytes).0));
    }

    #[test]
    fn the_seal_covers_all_but_itself_and_the_nonce() {
        let network = Hash([9; 32]);
        let mut sealed = header();
        sealed.seal(&network, &crate::testing::key(4));
        assert!(sealed.is_sealed(&network));
        assert!(!sealed.is_sealed(&Hash([8; 32])));
        let bytes = encode(&sealed);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed: Header = decode(&changed, "header").unwrap();
            assert_eq!(changed.is_sealed(&network), at >= PREFIX_BYTES, "byte {at}");
        }
    }
}

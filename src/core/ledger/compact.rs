//! A compact block: eight bytes for each transaction, for peers that already have them.
//!
//! A short id is keyed by the block's id and the sender's salt, so that nobody can prepare two transactions with the same short id: the key
//! is unknown before the proof of work is found, and every sender has a different one. Among 20,000 transactions two short ids are equal by
//! chance once in 10^11 blocks. A rebuilt block is right only if the root of its body is the one in the header.

use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Block, Body, Certificate, Header, Reward, Transaction};
use crate::codec::Bounded;
use crate::crypto::{Hash, sha256, tagged_hash};
use crate::limits::TRANSACTIONS_PER_BLOCK;

/// The beginning of a keyed hash of a transaction's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct ShortId(pub u64);

/// Makes the short ids of one block as one sender sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortKey([u8; 16]);

/// A block whose transactions are given by their short ids.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CompactBlock {
    /// The block's header.
    pub header: Header,
    /// What its body states to change.
    pub executed: Hash,
    /// The reward in its body.
    pub reward: Reward,
    /// The certificate in its body.
    pub certificate: Option<Certificate>,
    /// Chosen by the sender, anew for each block.
    pub salt: u64,
    /// In the body's order, no two equal.
    pub ids: Bounded<ShortId, TRANSACTIONS_PER_BLOCK>,
}

impl ShortKey {
    /// The key of this block for a sender with this salt.
    pub fn new(block: &Hash, salt: u64) -> Self {
        let hash = tagged_hash("bouya short id", &[&block.0, &salt.to_le_bytes()]);
        Self(hash.0.first_chunk().copied().unwrap_or_default())
    }

    /// The short id of the transaction with this id. Key and id fit into one block of SHA-256.
    pub fn short(&self, id: &Hash) -> ShortId {
        let mut bytes = [0; 48];
        let (first, last) = bytes.split_at_mut(self.0.len());
        first.copy_from_slice(&self.0);
        last.copy_from_slice(&id.0);
        ShortId(u64::from_le_bytes(sha256(&bytes).0.first_chunk().copied().unwrap_or_default()))
    }
}

impl CompactBlock {
    /// The compact form of a block. None if two short ids are equal: then it must be sent whole.
    pub fn new(block: &Block, salt: u64) -> Option<Self> {
        let key = ShortKey::new(&block.id(), salt);
        let short = |transaction: &Transaction| key.short(&transaction.id());
        let ids: Vec<ShortId> = block.body.transactions.iter().map(short).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair.first() == pair.last()) {
            return None;
        }
        let Body { executed, reward, certificate, .. } = &block.body;
        Some(Self {
            header: block.header.clone(),
            executed: *executed,
            reward: reward.clone(),
            certificate: certificate.clone(),
            salt,
            ids: ids.try_into().ok()?,
        })
    }

    /// The key that made the short ids.
    pub fn key(&self) -> ShortKey {
        ShortKey::new(&self.header.id(), self.salt)
    }

    /// The block with these transactions. None if its header does not commit to them.
    pub fn with(&self, transactions: Vec<Transaction>) -> Option<Block> {
        let body = Body {
            executed: self.executed,
            reward: self.reward.clone(),
            certificate: self.certificate.clone(),
            transactions: transactions.try_into().ok()?,
        };
        let is_its_own = body.root(self.header.height) == self.header.body;
        is_its_own.then(|| Block { header: self.header.clone(), body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{decode, encode};
    use crate::limits::HEADER_BYTES;
    use crate::testing::{address, unsigned};

    fn block(transactions: impl IntoIterator<Item = u64>) -> Block {
        let header: Header = decode(&[0; HEADER_BYTES], "header").unwrap();
        let reward = Reward { to: address(1), amount: 7 };
        let transactions = Bounded::truncated(transactions.into_iter().map(|n| unsigned(n, 1)));
        let mut block =
            Block { header, body: Body { executed: Hash::ZERO, reward, certificate: None, transactions } };
        block.header.body = block.body.root(0);
        block
    }

    #[test]
    fn the_right_transactions_make_the_block_and_no_others_do() {
        let block = block(0..20);
        let all = || block.body.transactions.to_vec();
        let compact = CompactBlock::new(&block, 5).unwrap();
        assert_eq!(compact.with(all()), Some(block.clone()));
        let mut swapped = all();
        swapped.swap(3, 4);
        assert_eq!(compact.with(swapped), None);
        let mut fewer = all();
        fewer.pop();
        assert_eq!(compact.with(fewer), None);
        let mut other = all();
        other[7] = unsigned(99, 1);
        assert_eq!(compact.with(other), None);
        let paid_more = CompactBlock { reward: Reward { amount: 8, ..compact.reward.clone() }, ..compact };
        assert_eq!(paid_more.with(all()), None);
    }

    #[test]
    fn short_ids_are_of_one_block_and_one_sender() {
        let (first, second, id) = (block([0]), block([0, 1]), unsigned(0, 1).id());
        let of = |block: &Block, salt| ShortKey::new(&block.id(), salt).short(&id);
        assert_eq!(of(&first, 1), CompactBlock::new(&first, 1).unwrap().ids[0]);
        assert_ne!(of(&first, 1), of(&first, 2));
        assert_ne!(of(&first, 1), of(&second, 1));
    }

    #[test]
    fn eight_bytes_stand_for_a_transaction() {
        let block = block(0..5_000);
        let short = encode(&CompactBlock::new(&block, 1).unwrap()).len();
        assert_eq!((short, encode(&block).len()), (350 + 8 * 5_000, 342 + 171 * 5_000));
        assert_eq!(block.size(), encode(&block).len());
    }

    #[test]
    fn a_block_of_equal_short_ids_has_no_short_form() {
        assert!(CompactBlock::new(&block([0, 1, 2]), 1).is_some());
        assert!(CompactBlock::new(&block([0, 1, 0]), 1).is_none());
    }
}

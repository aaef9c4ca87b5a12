//! Proof of work: when a hash is low enough, and how much work a branch holds.

use ruint::aliases::U256;

use crate::crypto::Hash;

/// Expected hashes behind a branch: the sum of its blocks' difficulties. A u128 cannot overflow: heights and difficulties are u64.
pub type Work = u128;

/// Whether a block id is at most 2^256 / difficulty, read big-endian.
pub fn meets(id: &Hash, difficulty: u64) -> bool {
    highest(difficulty).is_some_and(|highest| *id <= highest)
}

/// The highest id that meets this difficulty, for a caller that tries many ids.
pub(super) fn highest(difficulty: u64) -> Option<Hash> {
    // floor(2^256 / d) = floor((2^256 - 1) / d), except for powers of two, where it is one more: there `id <= 2^256 / d` and
    // `id <= (2^256 - 1) / d` differ for a single id. The second is the rule.
    U256::MAX.checked_div(U256::from(difficulty)).map(|target| Hash(target.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        assert!(meets(&Hash([255; 32]), 1));
        assert!(!meets(&Hash([255; 32]), 2));
        let mut half = [255; 32];
        half[0] = 0x7f;
        assert!(meets(&Hash(half), 2));
        half[0] = 0x80;
        assert!(!meets(&Hash(half), 2));
        assert!(!meets(&Hash::ZERO, 0));
        assert!(meets(&Hash::ZERO, u64::MAX));
    }
}

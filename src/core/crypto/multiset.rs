//! A hash of a multiset, kept up to date element by element, whatever their order.
//!
//! The sum, in the ristretto255 group, of one point for each element: the one-way map of RFC 9496 of the element's SHA-512. To find two multisets
//! of one sum is as hard as the discrete logarithm (Bellare and Micciancio, "A new paradigm for collision-free hashing", 1997), on which the
//! signatures here rest too. LtHash would be some times faster, and 2 KiB long; a hash tree would prove single elements, and would write a path
//! for each change.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::traits::Identity;
use sha2::{Digest, Sha512};

use super::Hash;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MultisetHash(RistrettoPoint);

#[expect(clippy::arithmetic_side_effects, reason = "a group has no overflow")]
impl MultisetHash {
    /// The multiset with this hash; [`Hash::ZERO`] is that of the empty one. None if no multiset has it.
    pub fn from_hash(hash: &Hash) -> Option<Self> {
        CompressedRistretto(hash.0).decompress().map(Self)
    }

    /// Its hash.
    pub fn hash(&self) -> Hash {
        Hash(self.0.compress().to_bytes())
    }

    /// Adds an element once.
    pub fn add(&mut self, element: &[u8]) {
        self.0 += point(element);
    }

    /// Takes an element away once.
    pub fn remove(&mut self, element: &[u8]) {
        self.0 -= point(element);
    }
}

impl Default for MultisetHash {
    /// That of the empty multiset.
    fn default() -> Self {
        Self(RistrettoPoint::identity())
    }
}

const TAG: &[u8] = b"bouya multiset";

fn point(element: &[u8]) -> RistrettoPoint {
    let mut hasher = Sha512::new();
    hasher.update(Sha512::digest(TAG));
    hasher.update(element);
    RistrettoPoint::from_uniform_bytes(&hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    use super::*;

    fn of(elements: &[Vec<u8>]) -> MultisetHash {
        let mut hash = MultisetHash::default();
        elements.iter().for_each(|element| hash.add(element));
        hash
    }

    #[test]
    fn the_map_is_that_of_rfc_9496() {
        // Appendix A.3, the first vector: what libsodium's crypto_core_ristretto255_from_hash gives.
        let uniform = "5d1be09e3d0c82fc538112490e35701979d99e06ca3e2b5b54bffe8b4dc772c14d98b696a1bbfb5ca32c436cc61c16563790306c79eaca7705668b47dffe5bb6";
        let uniform: [u8; 64] =
            data_encoding::HEXLOWER.decode(uniform.as_bytes()).unwrap().try_into().unwrap();
        let point = MultisetHash(RistrettoPoint::from_uniform_bytes(&uniform));
        assert_eq!(
            point.hash().to_string(),
            "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46"
        );
    }

    #[test]
    fn none_is_all_zero_and_what_is_no_point_is_refused() {
        assert_eq!(MultisetHash::default().hash(), Hash::ZERO);
        assert_eq!(MultisetHash::from_hash(&Hash::ZERO), Some(MultisetHash::default()));
        assert_eq!(MultisetHash::from_hash(&Hash([255; 32])), None);
    }

    proptest! {
        #[test]
        fn neither_order_nor_detours_matter_but_how_often_does(
            mut elements in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 1..9),
            detour in prop::collection::vec(any::<u8>(), 0..9),
        ) {
            let mut hash = of(&elements);
            let twice = of(&[elements.clone(), Vec::from([elements[0].clone()])].concat());
            elements.reverse();
            prop_assert_eq!(of(&elements), hash);
            prop_assert_ne!(twice, hash);
            prop_assert_eq!(MultisetHash::from_hash(&hash.hash()), Some(hash));
            let before = hash;
            hash.add(&detour);
            prop_assert_ne!(hash, before);
            hash.remove(&detour);
            prop_assert_eq!(hash, before);
        }
    }
}

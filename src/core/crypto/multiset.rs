//! A hash of a multiset, kept up to date element by element, whatever their order: LtHash (Lewi, Kim, Maykov and Weis, "Securing update
//! propagation with homomorphic hashing", 2019) with 1,024 lanes of 16 bits.
//!
//! Each element becomes 2,048 bytes, the key stream of ChaCha20 under its SHA-256, and the lanes are added up. To find two multisets of one sum
//! means to solve a short integer solution problem; the paper puts this size above 200 bits. A sum of elliptic points is 32 bytes long and was
//! tried first: it took ten times as long, and made a sync of payments twice to three times as slow. A hash tree would prove single elements, and would
//! write a path for each change.

use alloc::vec::Vec;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};

use super::{Hash, tagged_hash};

const LANES: usize = 1_024;
const BYTES: usize = 2 * LANES;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultisetHash([u16; LANES]);

impl MultisetHash {
    /// The one with these bytes; without any, that of the empty multiset. None if there are not 2,048 of them.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        let mut lanes = [0; LANES];
        let (pairs, rest) = bytes.as_chunks();
        if pairs.len() != LANES || !rest.is_empty() {
            return None;
        }
        lanes.iter_mut().zip(pairs).for_each(|(lane, pair)| *lane = u16::from_le_bytes(*pair));
        Some(Self(lanes))
    }

    /// Its lanes, little-endian; none for that of the empty multiset.
    pub fn to_bytes(&self) -> Vec<u8> {
        if *self == Self::default() {
            return Vec::new();
        }
        self.0.iter().flat_map(|lane| lane.to_le_bytes()).collect()
    }

    /// A hash of it all.
    pub fn hash(&self) -> Hash {
        tagged_hash("bouya multiset", &[&self.to_bytes()])
    }

    /// Adds an element once.
    pub fn add(&mut self, element: &[u8]) {
        self.each(element, u16::wrapping_add);
    }

    /// Takes an element away once.
    pub fn remove(&mut self, element: &[u8]) {
        self.each(element, u16::wrapping_sub);
    }

    fn each(&mut self, element: &[u8], change: impl Fn(u16, u16) -> u16) {
        let mut stream = [0; BYTES];
        let key = tagged_hash("bouya element", &[element]);
        ChaCha20::new(&key.0.into(), &[0; 12].into()).apply_keystream(&mut stream);
        let (pairs, _) = stream.as_chunks();
        self.0
            .iter_mut()
            .zip(pairs)
            .for_each(|(lane, pair)| *lane = change(*lane, u16::from_le_bytes(*pair)));
    }
}

impl Default for MultisetHash {
    /// That of the empty multiset.
    fn default() -> Self {
        Self([0; LANES])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(elements: &[Vec<u8>]) -> MultisetHash {
        let mut hash = MultisetHash::default();
        elements.iter().for_each(|element| hash.add(element));
        hash
    }

    #[test]
    fn the_stream_is_that_of_rfc_8439() {
        // Appendix A.1, test vector 1: the key stream under a key and a nonce of zeros.
        let mut stream = [0; 64];
        ChaCha20::new(&[0; 32].into(), &[0; 12].into()).apply_keystream(&mut stream);
        assert_eq!(
            data_encoding::HEXLOWER.encode(&stream),
            "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
        );
    }

    #[test]
    fn none_has_no_bytes_and_other_lengths_are_refused() {
        assert!(MultisetHash::default().to_bytes().is_empty());
        assert_eq!(MultisetHash::from_bytes(&[]), Some(MultisetHash::default()));
        for length in [1, BYTES - 1, BYTES + 1] {
            assert_eq!(MultisetHash::from_bytes(&[7; 2 * BYTES][..length]), None, "{length}");
        }
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
            prop_assert_eq!(&of(&elements), &hash);
            prop_assert_ne!(twice, hash.clone());
            prop_assert_eq!(MultisetHash::from_bytes(&hash.to_bytes()), Some(hash.clone()));
            let before = hash.clone();
            hash.add(&detour);
            prop_assert_ne!(&hash, &before);
            hash.remove(&detour);
            prop_assert_eq!(hash, before);
        }
    }
}

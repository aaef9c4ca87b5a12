//! Codes: twenty digits that people read to each other by phone, so that both know that they have the same thing before them.
//!
//! Twenty digits are 66 bits, and finding another thing with the same code takes 65,536 hashes for each try: about 2^82 hashes. Digits,
//! because they are read alike in every language, without a list of words that both sides need. Full ids have 64 digits, which nobody reads out.

use alloc::{format, vec::Vec};
use core::fmt;

use crate::crypto::{Hash, sha256, tagged_hash};

/// Hashes for one code. It makes each try of an attacker 2^16 times as dear; people wait for a few milliseconds.
const ROUNDS: u32 = 1 << 16;
/// Codes are below this: twenty decimal digits. The bias of the remainder of 128 bits is below 2^-61.
const BELOW: u128 = 100_000_000_000_000_000_000;

/// What people compare. Made once and kept: it is slow on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(u128);

impl Code {
    /// Of a network: its id, the SHA-256 of the public key info of the CA that admits its members, and the hash of the override that it follows,
    /// if it follows one: that decides who the members are. None of them can be another's.
    pub fn of_network(ca: &Hash, network: &Hash, overrides: Option<Hash>) -> Self {
        let overrides = overrides.as_ref().map_or(&[][..], |hash| &hash.0[..]);
        Self::of("bouya network code", &[&ca.0, &network.0, overrides])
    }

    /// Of a request to be admitted, with all that it holds.
    pub fn of_request(bytes: &[u8]) -> Self {
        Self::of("bouya request code", &[&sha256(bytes).0])
    }

    fn of(tag: &'static str, parts: &[&[u8]]) -> Self {
        let mut hash = tagged_hash(tag, parts);
        for _ in 0..ROUNDS {
            hash = sha256(&hash.0);
        }
        let (first, _) = hash.0.split_first_chunk().unwrap_or((&[0; 16], &[]));
        Self(u128::from_be_bytes(*first) % BELOW)
    }
}

/// Five groups of four digits.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:020}", self.0);
        let groups: Vec<&str> =
            digits.as_bytes().chunks(4).filter_map(|group| core::str::from_utf8(group).ok()).collect();
        f.write_str(&groups.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// The digits are from a program of another language, written from docs/PROTOCOL.md.
    #[test]
    fn codes_are_those_of_the_protocol() {
        let (ca, network) = (Hash([1; 32]), Hash([2; 32]));
        assert_eq!(Code::of_network(&ca, &network, None).to_string(), "8151 2623 5903 0067 8598");
        assert_eq!(Code::of_request(b"request").to_string(), "1625 2894 1741 7842 6126");
    }

    #[test]
    fn each_part_counts() {
        let code = |ca, network| Code::of_network(&Hash([ca; 32]), &Hash([network; 32]), None);
        let follows = |n| Code::of_network(&Hash([1; 32]), &Hash([2; 32]), Some(Hash([n; 32])));
        assert_ne!(code(1, 2), follows(3));
        assert_ne!(follows(3), follows(4));
        assert_ne!(code(1, 2), code(2, 1));
        assert_ne!(code(1, 2), code(1, 3));
        assert_ne!(Code::of_request(b"a"), Code::of_request(b"b"));
    }

    #[test]
    fn leading_zeros_are_read_out_too() {
        assert_eq!(Code(7).to_string(), "0000 0000 0000 0000 0007");
        assert_eq!(Code(BELOW - 1).to_string(), "9999 9999 9999 9999 9999");
    }
}

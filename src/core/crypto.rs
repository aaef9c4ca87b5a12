//! Hashes and signatures: no other module calls the libraries for them.
//!
//! Signatures are ed25519, made with ed25519-dalek and verified by the ZIP-215 rule (ed25519-zebra): the rule under which single and batch
//! verification agree by definition, so that batches are safe for consensus. Keys of small order are refused: under them one signature fits
//! many messages.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::convert::Infallible;
use core::fmt;
use core::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use data_encoding::HEXLOWER;
use ed25519_dalek::Signer;
use rand_core::{TryCryptoRng, TryRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

mod multiset;

pub use multiset::MultisetHash;

/// Text that is not lower-case hex of the expected length.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{text}\" is not {expected} lower-case hex digits")]
pub struct HexError {
    text: String,
    expected: usize,
}

macro_rules! bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// All zero: stands for "none" where a field must be there.
            pub const ZERO: Self = Self([0; $len]);
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                // The same order as that of the bytes. If two values differ, the first word nearly always differs, and comparing it needs no call.
                let word = |bytes: &[u8; $len]| bytes.first_chunk().map(|word| u64::from_be_bytes(*word));
                word(&self.0).cmp(&word(&other.0)).then_with(|| self.0.cmp(&other.0))
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = HexError;

            fn from_str(text: &str) -> Result<Self, HexError> {
                HEXLOWER
                    .decode(text.as_bytes())
                    .ok()
                    .and_then(|bytes| bytes.try_into().ok())
                    .map(Self)
                    .ok_or_else(|| HexError {
                        text: text.chars().take(2 * $len + 1).flat_map(char::escape_default).collect(),
                        expected: 2 * $len,
                    })
            }
        }

        impl TryFrom<String> for $name {
            type Error = HexError;

            fn try_from(text: String) -> Result<Self, HexError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                HEXLOWER.encode(&value.0)
            }
        }
    };
}

bytes!(
    /// 32 bytes that name something: a block, a transaction, a document. Printed in byte order.
    Hash,
    32
);
bytes!(
    /// An ed25519 public key, as received; whether it is valid shows only when it verifies something.
    PublicKey,
    32
);
bytes!(
    /// An ed25519 signature.
    Signature,
    64
);

impl Hash {
    /// The first eight hex digits, for logs and tables.
    pub fn short(&self) -> String {
        HEXLOWER.encode(self.0.get(..4).unwrap_or_default())
    }
}

/// SHA-256 of `data`.
pub fn sha256(data: &[u8]) -> Hash {
    Hash(Sha256::digest(data).into())
}

/// SHA-256 under a tag, so that a hash made for one purpose never works for another: SHA-256(SHA-256(tag) || parts), where the caller makes
/// sure that the parts cannot be split differently (fixed sizes, or one variable part at the end).
pub fn tagged_hash(tag: &str, parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(Sha256::digest(tag.as_bytes()));
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

/// A hasher that has taken in the first bytes of a message, for many messages with the same beginning. So a miner's try costs only two compressions.
#[derive(Clone)]
pub struct DoubleSha256(Sha256);

impl DoubleSha256 {
    /// Takes in the common beginning.
    pub fn new(beginning: &[u8]) -> Self {
        Self(Sha256::new_with_prefix(beginning))
    }

    /// SHA-256(SHA-256(beginning || rest)).
    pub fn finish(&self, rest: &[u8]) -> Hash {
        let first = self.0.clone().chain_update(rest).finalize();
        Hash(Sha256::digest(first).into())
    }
}

/// An ed25519 secret key. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct SecretKey(ed25519_dalek::SigningKey);

impl SecretKey {
    /// The key with this seed, which must come from the OS's randomness or a key file.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The seed, for key files only.
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `message`. What is signed must begin with a tag of its own (see [`tagged_hash`]).
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey of {}", self.public())
    }
}

/// Whether `key` made `signature` over `message`, by ZIP-215, small-order keys refused.
pub fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    !is_small_order(key)
        && ed25519_zebra::VerificationKey::try_from(key.0)
            .is_ok_and(|key| key.verify(&ed25519_zebra::Signature::from_bytes(&signature.0), message).is_ok())
}

/// A message with a signature that is not verified yet.
pub struct Signed {
    /// The claimed signer.
    pub key: PublicKey,
    /// What was signed.
    pub message: Vec<u8>,
    /// The signature to verify.
    pub signature: Signature,
}

impl Signed {
    /// See [`verify`].
    pub fn verify(&self) -> bool {
        verify(&self.key, &self.message, &self.signature)
    }
}

/// Whether [`verify`] would accept all of them, with less than half the work for a few dozen or more. False means that at least one is bad.
///
/// Each signature's equation is multiplied by a coefficient that nobody can choose, and all are added up. The coefficients come from a hash
/// over everything that is verified. So the verdict is the same everywhere, and an author who tries to fit signatures to the coefficients
/// changes them.
pub fn verify_batch<'a>(list: impl IntoIterator<Item = &'a Signed>) -> bool {
    let mut batch = ed25519_zebra::batch::Verifier::new();
    let mut all = Sha256::new();
    for Signed { key, message, signature } in list {
        if is_small_order(key) {
            return false;
        }
        // Message lengths too: the hashed bytes must not be split differently.
        all.update(u64::try_from(message.len()).unwrap_or(u64::MAX).to_le_bytes());
        all.update(message);
        all.update(key.0);
        all.update(signature.0);
        batch.queue((key.0.into(), ed25519_zebra::Signature::from_bytes(&signature.0), message));
    }
    batch.verify(Coefficients { seed: Hash(all.finalize().into()), count: 0 }).is_ok()
}

/// The y coordinates of the points of small order, reduced and not. The sign, the highest bit, does not matter.
const SMALL_ORDER: [[u8; 32]; 7] = [
    // The identity, of order 1, and the same plus p.
    low(1),
    below_two_to_255(18),
    // Order 2.
    below_two_to_255(20),
    // Order 4, and the same plus p.
    low(0),
    below_two_to_255(19),
    // Order 8.
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

const fn low(value: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = value;
    bytes
}

/// 2^255 - `less`, little-endian; p is 2^255 - 19.
const fn below_two_to_255(less: u8) -> [u8; 32] {
    let mut bytes = [255; 32];
    bytes[0] = less.wrapping_neg();
    bytes[31] = 127;
    bytes
}

/// Whether one signature under this key can fit many messages.
fn is_small_order(key: &PublicKey) -> bool {
    let mut y = key.0;
    y[31] &= 127;
    SMALL_ORDER.contains(&y)
}

/// The coefficients of a batch: SHA-256 of its hash and a counter.
struct Coefficients {
    seed: Hash,
    count: u64,
}

impl TryRng for Coefficients {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for part in bytes.chunks_mut(32) {
            let block = sha256(&[self.seed.0.as_slice(), &self.count.to_le_bytes()].concat());
            self.count = self.count.wrapping_add(1);
            part.copy_from_slice(block.0.get(..part.len()).unwrap_or_default());
        }
        Ok(())
    }
}

impl TryCryptoRng for Coefficients {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn rfc_8032_test_2() {
        let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
        let key = SecretKey::from_seed(&seed.parse::<Hash>().unwrap().0);
        assert_eq!(
            key.public().to_string(),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        );
        let signature = key.sign(&[0x72]);
        assert_eq!(
            signature.to_string(),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
        assert!(verify(&key.public(), &[0x72], &signature));
        assert!(!verify(&key.public(), &[0x73], &signature));
    }

    #[test]
    fn small_order_keys_sign_nothing() {
        // The identity point: under ZIP-215 alone, R = identity and S = 0 would verify for every message.
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!verify(&PublicKey(identity), b"anything", &Signature(signature)));
    }

    #[test]
    fn midstate_equals_the_whole() {
        let data = [7; 264];
        let whole = sha256(&sha256(&data).0);
        assert_eq!(DoubleSha256::new(&data[..256]).finish(&data[256..]), whole);
    }

    #[test]
    fn hex_is_strict() {
        assert!("AB".repeat(32).parse::<Hash>().is_err());
        assert!("ab".repeat(31).parse::<Hash>().is_err());
        let hash: Hash = "ab".repeat(32).parse().unwrap();
        assert_eq!(hash.to_string().parse::<Hash>().unwrap(), hash);
        assert_eq!(hash.short(), "abababab");
    }

    #[test]
    fn hashes_are_ordered_by_their_bytes() {
        let first = Hash([7; 32]);
        for at in 0..32 {
            for byte in [0, 6, 7, 8, 255] {
                let mut other = first;
                other.0[at] = byte;
                // What follows says the opposite.
                other.0[at + 1..].fill(if byte < 7 { 255 } else { 0 });
                assert_eq!(first.cmp(&other), first.0.cmp(&other.0), "byte {at}");
                assert_eq!(first.partial_cmp(&other), first.0.partial_cmp(&other.0), "byte {at}");
            }
        }
        assert_eq!(first.cmp(&first), Ordering::Equal);
    }

    #[test]
    fn secrets_do_not_print() {
        let key = SecretKey::from_seed(&[9; 32]);
        let printed = alloc::format!("{key:?}");
        assert!(!printed.contains(&HEXLOWER.encode(&[9; 32])));
    }
}

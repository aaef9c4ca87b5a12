//! Hashes and signatures: the only door to both.
//!
//! Signatures are ed25519, made with ed25519-dalek and verified by the ZIP-215 rule (ed25519-zebra): the one rule under
//! which single and batch verification agree by definition, so that a later batch check may decide consensus.
//! Keys of small order are refused: under them one signature fits many messages.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use data_encoding::HEXLOWER;
use ed25519_dalek::Signer;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Text that is not the lower-case hex of so many bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{text}\" is not {expected} lower-case hex digits")]
pub struct HexError {
    text: String,
    expected: usize,
}

macro_rules! bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// All zero: stands for "none" where a field must be there.
            pub const ZERO: Self = Self([0; $len]);
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
    /// An ed25519 public key, as received; whether it is a good one shows when it verifies something.
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

/// SHA-256 under a tag, so that a hash made for one purpose never serves another: SHA-256(SHA-256(tag) || parts), where the
/// caller sees to it that the parts cannot be cut differently (fixed sizes, or one variable part at the end).
pub fn tagged_hash(tag: &str, parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(Sha256::digest(tag.as_bytes()));
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

/// A hasher that has taken in the first bytes of a message, for many messages with the same beginning: a miner's try costs
/// two compressions.
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
    /// The key with this seed, which must come from the OS' randomness or a key file.
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
    let weak = ed25519_dalek::VerifyingKey::from_bytes(&key.0).map_or(true, |key| key.is_weak());
    !weak
        && ed25519_zebra::VerificationKey::try_from(key.0)
            .is_ok_and(|key| key.verify(&ed25519_zebra::Signature::from_bytes(&signature.0), message).is_ok())
}

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
    fn secrets_do_not_print() {
        let key = SecretKey::from_seed(&[9; 32]);
        let printed = alloc::format!("{key:?}");
        assert!(!printed.contains(&HEXLOWER.encode(&[9; 32])));
    }
}

//! Addresses: who can hold coins.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32m, Hrp};
use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use crate::crypto::{Hash, PublicKey, tagged_hash};

const PREFIX: &str = "bouya";
const KIND_ED25519: u8 = 0;
const KIND_CONTRACT: u8 = 1;

/// Kind byte and 32-byte hash. Kind 0 is the hash of an ed25519 key, kind 1 that of a contract's deployment; others are for later versions and
/// can already be paid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Address {
    kind: u8,
    hash: Hash,
}

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Wrong alphabet, length or checksum.
    #[error("\"{0}\" is not an address: a character is wrong or missing; copy the whole bouya1… text again")]
    Checksum(String),
    /// A valid bech32m text of something else.
    #[error("\"{0}\" is not a Bouya address: those begin with bouya1")]
    Prefix(String),
}

impl Address {
    /// The address of an ed25519 key.
    pub fn of(key: &PublicKey) -> Self {
        Self { kind: KIND_ED25519, hash: tagged_hash("bouya address", &[&[KIND_ED25519], &key.0]) }
    }

    /// The address of a contract that is deployed with this nonce, code and input.
    pub(super) fn of_contract(deployer: &Self, nonce: u64, code: &Hash, input: &Hash) -> Self {
        let parts: [&[u8]; 5] =
            [&[KIND_CONTRACT], &deployer.to_bytes(), &nonce.to_le_bytes(), &code.0, &input.0];
        Self { kind: KIND_CONTRACT, hash: tagged_hash("bouya address", &parts) }
    }

    /// Whether it is that of a contract, deployed or not.
    pub fn is_contract(&self) -> bool {
        self.kind == KIND_CONTRACT
    }

    /// Whether it is the address of an ed25519 key, so that somebody can sign for it.
    pub fn is_signed_for(&self) -> bool {
        self.kind == KIND_ED25519
    }

    /// The 33 bytes that the address encodes.
    pub fn to_bytes(self) -> [u8; 33] {
        let mut bytes = [self.kind; 33];
        if let Some(tail) = bytes.last_chunk_mut::<32>() {
            *tail = self.hash.0;
        }
        bytes
    }

    /// The address that these bytes encode.
    pub fn from_bytes([kind, hash @ ..]: [u8; 33]) -> Self {
        Self { kind, hash: Hash(hash) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = bech32::encode::<Bech32m>(Hrp::parse_unchecked(PREFIX), &self.to_bytes())
            .map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let shown = || text.chars().take(100).flat_map(char::escape_default).collect();
        // The old bech32 checksum is refused: it lets an inserted character pass.
        let checked = CheckedHrpstring::new::<Bech32m>(text).map_err(|_| AddressError::Checksum(shown()))?;
        if !checked.hrp().as_bytes().eq_ignore_ascii_case(PREFIX.as_bytes()) {
            return Err(AddressError::Prefix(shown()));
        }
        let mut bytes = [0; 33];
        let mut given = checked.byte_iter();
        for byte in &mut bytes {
            *byte = given.next().ok_or_else(|| AddressError::Checksum(shown()))?;
        }
        if given.next().is_some() {
            return Err(AddressError::Checksum(shown()));
        }
        Ok(Self::from_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn text_and_back() {
        let address = Address::of(&PublicKey([3; 32]));
        let text = address.to_string();
        assert!(text.starts_with("bouya1"), "{text}");
        assert_eq!(text.parse::<Address>().unwrap(), address);
        assert_eq!(text.to_uppercase().parse::<Address>().unwrap(), address);
    }

    #[test]
    fn every_changed_or_dropped_character_is_noticed() {
        let text = Address::of(&PublicKey([3; 32])).to_string();
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'q' { b'p' } else { b'q' };
            assert!(String::from_utf8(changed).unwrap().parse::<Address>().is_err());
            let mut dropped = text.clone();
            dropped.remove(at);
            assert!(dropped.parse::<Address>().is_err());
        }
        assert!("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4".parse::<Address>().is_err());
    }
}

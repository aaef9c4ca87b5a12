//! What a passphrase seals: the key is derived from it with argon2id, and XChaCha20-Poly1305 encrypts.

use argon2::{Algorithm, Argon2, Params, Version};
use borsh::{BorshDeserialize, BorshSerialize};
use bouya_core::limits::{KEYSTORE_LANES, KEYSTORE_MEMORY_KIB, KEYSTORE_PASSES};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use zeroize::Zeroizing;

use super::Passphrase;

/// The cost of one guess of the passphrase. It is written beside what is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Cost {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

/// 64 MiB and three passes take an eighth of a second here. On a graphics card, thousands of guesses at a time need far too much memory.
pub(crate) const COST: Cost = Cost { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

impl Cost {
    /// Whether a file may ask for it.
    pub(crate) fn is_sane(self) -> bool {
        self.memory_kib <= KEYSTORE_MEMORY_KIB
            && self.passes <= KEYSTORE_PASSES
            && self.lanes <= KEYSTORE_LANES
            && Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).is_ok()
    }
}

/// What encrypts and decrypts under `passphrase`. None if argon2 does not take the cost.
pub(crate) fn cipher(passphrase: &Passphrase, salt: &[u8; 16], cost: Cost) -> Option<XChaCha20Poly1305> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
        .ok()?;
    XChaCha20Poly1305::new_from_slice(key.as_ref()).ok()
}

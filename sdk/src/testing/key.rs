use bouya_core::crypto::SecretKey;
use bouya_core::ledger;

use crate::Address;
use crate::testing::frame::sha256;

/// A key that can sign. Each name has its own, always the same.
pub struct Key(SecretKey);

impl Key {
    /// The key of this name.
    pub fn of(name: &str) -> Self {
        Self(SecretKey::from_seed(&sha256(name.as_bytes()).0))
    }

    /// Its address: what [`World::account`](crate::testing::World::account) gives coins to.
    pub fn address(&self) -> Address {
        Address(ledger::Address::of(&self.0.public()).to_bytes())
    }

    /// What others verify with.
    pub fn public(&self) -> [u8; 32] {
        self.0.public().0
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).0
    }
}

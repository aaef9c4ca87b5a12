//! What a node offers a contract: in a module through its imports, in tests through a world.

use alloc::vec::Vec;

use crate::{Address, Hash, Message, Standing};

#[cfg(target_arch = "wasm32")]
mod imports;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod native;

#[cfg(target_arch = "wasm32")]
use imports as node;
#[cfg(not(target_arch = "wasm32"))]
use native as node;

pub(crate) use node::{event, get, has, input, output, remove, set};

/// Who calls; in `init`, who deploys. A view has no caller.
pub fn caller() -> Address {
    node::caller()
}

/// The contract's own address. What is paid to it is its own.
pub fn me() -> Address {
    node::me()
}

/// The coins that came with this call. They are in the balance already.
pub fn value() -> u64 {
    node::value()
}

/// The contract's coins.
pub fn balance() -> u64 {
    node::balance()
}

/// Pays from the contract's coins. `false`, and nothing paid, where it has less.
#[must_use = "nothing was paid where it is false"]
pub fn pay(to: &Address, amount: u64) -> bool {
    node::pay(to, amount)
}

/// The block's height. A view has the highest block's.
pub fn height() -> u64 {
    node::height()
}

/// The block's time, in milliseconds since 1970. Who makes a block can place it within a heartbeat, so nothing may hang on less.
pub fn time() -> u64 {
    node::time()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Hash {
    node::sha256(bytes)
}

/// Whether this ed25519 key has signed the message.
#[must_use]
pub fn verify(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    node::verify(key, message, signature)
}

/// Whether the address is a member's governor, by the roster in force.
#[must_use]
pub fn is_member(address: &Address) -> bool {
    node::is_member(address)
}

/// How an agreement on the ledger stands.
pub fn agreement(id: &Hash) -> Standing {
    match node::agreement(id) {
        1 => Standing::Open,
        2 => Standing::Effective,
        3 => Standing::Refused,
        4 => Standing::Withdrawn,
        5 => Standing::Expired,
        _ => Standing::Unknown,
    }
}

/// Ends the call as failed, with a reason that people see, cut after 256 bytes.
pub fn fail(reason: &str) -> ! {
    node::fail(reason)
}

/// A message's bytes.
pub(crate) fn encoded<M: Message>(message: &M) -> Vec<u8> {
    match borsh::to_vec(message) {
        Ok(bytes) => bytes,
        // A list of what has no bytes.
        Err(_) => fail("a message cannot be encoded"),
    }
}

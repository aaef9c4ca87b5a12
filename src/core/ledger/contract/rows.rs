//! The rows of contracts.

use alloc::format;
use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

use super::super::state::from_row;
use super::super::{Address, Key, StateError, View};
use crate::codec::Bounded;
use crate::crypto::Hash;
use crate::limits::{CONTRACT_CODE_BYTES, CONTRACT_KEY, CONTRACT_VALUE};

/// A contract on the ledger.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Contract {
    /// SHA-256 of its code.
    pub code: Hash,
    /// Bytes of its code.
    pub size: u32,
    /// Who put it there.
    pub deployer: Address,
    /// The transaction that did.
    pub transaction: Hash,
    /// The block that did.
    pub height: u64,
    /// Bytes of its keys and values.
    pub held: u64,
}

/// A slot's key.
pub(in super::super) type SlotKey = Bounded<u8, CONTRACT_KEY>;
/// A slot's value. An empty one is there all the same, so it is no row's default.
pub(in super::super) type SlotValue = Option<Bounded<u8, CONTRACT_VALUE>>;
/// The code of a contract, by its hash.
pub(in super::super) type CodeRow = Option<Bounded<u8, CONTRACT_CODE_BYTES>>;

/// A slot with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its key.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

impl Contract {
    /// The contract at an address, if there is one.
    pub fn read(view: &dyn View, address: &Address) -> Result<Option<Self>, StateError> {
        from_row(view.row(&Key::Contract(*address))?)
    }
}

/// Code that somebody has deployed.
pub fn code(view: &dyn View, hash: &Hash) -> Result<Option<Vec<u8>>, StateError> {
    let code: CodeRow = from_row(view.row(&Key::Code(*hash))?)?;
    Ok(code.map(Bounded::into_inner))
}

/// A contract's code is not where it should be: this node's store is at fault.
pub(super) fn no_code(contract: &Address) -> StateError {
    StateError(format!("the code of the contract {contract} is missing; run `bouya verify`"))
}

/// The slot that a row of the state is.
pub fn slots(key: &Key, row: Vec<u8>) -> Result<Option<Slot>, StateError> {
    let Key::Slot { key, .. } = key else { return Ok(None) };
    let value: SlotValue = from_row(Some(row))?;
    Ok(value.map(|value| Slot { key: key.to_vec(), value: value.into_inner() }))
}

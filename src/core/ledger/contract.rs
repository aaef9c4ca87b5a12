//! Contracts: rules that members write and deploy, and that everybody calls, executed by every node to the same result.
//!
//! A contract is an address with code, slots and coins. A transaction deploys it or calls it; what that leads to is an [`Outcome`]. A call that
//! fails makes no block invalid: it has cost its fee, its value goes back, and it changes nothing else. How much gas a transaction states is
//! known without executing it, so which blocks are too dear is known as well (see [`gas`]).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Action, Address, Output, Transaction, merkle};
use crate::codec::{Bounded, Text, encode};
use crate::crypto::{Hash, sha256, tagged_hash};
use crate::limits::{
    CONTRACT_CODE_BYTES, CONTRACT_EVENT, CONTRACT_EVENTS, CONTRACT_INIT_INPUT, CONTRACT_INPUT,
    CONTRACT_OUTPUT, CONTRACT_PAYMENTS, CONTRACT_REASON, CONTRACT_TOPIC, GAS_TRANSLATE_BYTE,
};

mod ask;
pub mod gate;
pub mod host;
pub mod machine;
mod rows;
mod run;
mod session;

pub use ask::{Answer, ask, try_out};
pub use rows::{Contract, Slot, code, slots};
pub(super) use run::{Modules, apply};

/// Puts a contract on the ledger. Only governors of members may.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Deploy {
    /// A WebAssembly module that the [`gate`] lets through.
    pub code: Bounded<u8, CONTRACT_CODE_BYTES>,
    /// What its `init` reads.
    pub input: Bounded<u8, CONTRACT_INIT_INPUT>,
    /// Coins that it begins with, in the smallest unit.
    pub value: u64,
    /// Gas that `init` may take.
    pub gas: u64,
}

/// Calls a contract.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Call {
    /// Which one.
    pub contract: Address,
    /// SHA-256 of its code.
    pub code: Hash,
    /// Bytes of its code. With the hash it says, without looking, how much work it is to make the code ready.
    pub size: u32,
    /// What its `call` reads.
    pub input: Bounded<u8, CONTRACT_INPUT>,
    /// Coins that come with the call, in the smallest unit.
    pub value: u64,
    /// Gas that it may take.
    pub gas: u64,
}

/// Something that a contract says to whoever listens.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Event {
    /// What it is about. Not empty.
    pub topic: Text<CONTRACT_TOPIC>,
    /// What there is to say.
    pub data: Bounded<u8, CONTRACT_EVENT>,
}

/// What a deployment or a call has led to. A block commits to it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Outcome {
    /// The transaction.
    pub transaction: Hash,
    /// The contract.
    pub contract: Address,
    /// None: it failed.
    pub done: Option<Done>,
}

/// What a transaction that did not fail has given.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Done {
    /// What the contract gave back.
    pub output: Bounded<u8, CONTRACT_OUTPUT>,
    /// What it paid, in its order.
    pub payments: Bounded<Output, CONTRACT_PAYMENTS>,
    /// What it said, in its order.
    pub events: Bounded<Event, CONTRACT_EVENTS>,
}

/// An outcome with what is for people.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Report {
    /// What the block commits to.
    pub outcome: Outcome,
    /// Gas that it took. What it states is paid all the same.
    pub gas: u64,
    /// Why it failed; empty if it did not.
    pub why: Text<CONTRACT_REASON>,
}

/// What the contracts of a block have led to, with what else its [`super::executed`] is made of: so an outcome can be proven under its header.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Results {
    /// Hash of the rows that the block changes.
    pub writes: Hash,
    /// Hash of all rows after it.
    pub state: Hash,
    /// One for each deployment and call, in the order of the body.
    pub reports: Vec<Report>,
}

impl Deploy {
    /// SHA-256 of its code.
    pub fn hash(&self) -> Hash {
        sha256(&self.code)
    }

    /// The address of the contract that it makes. Whoever else deploys, deploys anew or deploys something else gets another one.
    pub fn address(&self, deployer: &Address, nonce: u64) -> Address {
        Address::of_contract(deployer, nonce, &self.hash(), &sha256(&self.input))
    }
}

impl Outcome {
    /// Its leaf in the tree of its block's results.
    pub fn leaf(&self) -> [u8; 32] {
        tagged_hash("bouya outcome", &[&encode(self)]).0
    }
}

/// The root over the outcomes of a block; zero if there are none.
pub fn root(reports: &[Report]) -> Hash {
    if reports.is_empty() {
        return Hash::ZERO;
    }
    merkle::root(&reports.iter().map(|report| report.outcome.leaf()).collect::<Vec<_>>())
}

/// The gas of a list of transactions: what they state, and making each code ready once. It bounds the work of executing them, and needs none of it.
pub fn gas<'a>(transactions: impl IntoIterator<Item = &'a Transaction>) -> u64 {
    let (mut stated, mut codes) = (0_u64, BTreeMap::new());
    for transaction in transactions {
        let Some(one) = transaction.stated() else { continue };
        stated = stated.saturating_add(one.gas);
        let size = codes.entry(one.code).or_insert(0);
        *size = one.size.max(*size);
    }
    let size = codes.values().fold(0_u64, |sum, size| sum.saturating_add(u64::from(*size)));
    stated.saturating_add(size.saturating_mul(GAS_TRANSLATE_BYTE))
}

/// What a transaction states of the work that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Gas that it may take.
    pub gas: u64,
    /// Whose code is made ready.
    pub code: Hash,
    /// How many bytes that has.
    pub size: u32,
}

impl Stated {
    /// Of an action that runs a contract.
    pub(super) fn of(action: &Action) -> Option<Self> {
        match action {
            Action::Deploy(deploy) => {
                let size = u32::try_from(deploy.code.len()).unwrap_or(u32::MAX);
                Some(Self { gas: deploy.gas, code: deploy.hash(), size })
            }
            Action::Call(call) => Some(Self { gas: call.gas, code: call.code, size: call.size }),
            _ => None,
        }
    }

    /// All gas of it alone.
    pub fn all(&self) -> u64 {
        self.gas.saturating_add(u64::from(self.size).saturating_mul(GAS_TRANSLATE_BYTE))
    }
}

#[cfg(test)]
mod tests;

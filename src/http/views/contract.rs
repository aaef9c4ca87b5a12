//! Contracts, and what they lead to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AddressName, Output};

/// What a deployment or a call has led to, or would lead to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContractOutcome {
    /// False: it failed. Then it has cost its fee, its value went back, and it changed nothing else.
    pub done: bool,
    /// Gas that it took. The gas that it stated is paid all the same.
    pub gas: u64,
    /// Why it failed; null if it did not.
    pub why: Option<String>,
    /// What the contract gave back, in hex.
    pub output: String,
    /// What the contract paid, in its order.
    pub payments: Vec<Output>,
    /// What the contract said, in its order.
    pub events: Vec<ContractEvent>,
}

/// Something that a contract said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContractEvent {
    pub topic: String,
    /// In hex.
    pub data: String,
}

/// A contract on the ledger.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Contract {
    pub address: String,
    /// SHA-256 of its code.
    pub code: String,
    /// Bytes of its code.
    pub size: u32,
    /// Address of who deployed it.
    pub deployer: String,
    /// Whose that address is; null if no member's.
    pub deployer_name: Option<AddressName>,
    /// The transaction that deployed it.
    pub transaction: String,
    /// The block that did.
    pub height: u64,
    /// Bytes of its keys and values.
    pub held: u64,
    /// What it has.
    pub balance: String,
}

/// Something that a contract keeps.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ContractSlot {
    /// In hex.
    pub key: String,
    /// In hex.
    pub data: String,
}

/// Something that a contract said, and when.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ContractTold {
    pub topic: String,
    /// In hex.
    pub data: String,
    /// The transaction that called or deployed it.
    pub transaction: String,
    pub height: u64,
    pub time: String,
    pub confirmations: u64,
    /// The members have voted its block final: it never changes.
    #[serde(rename = "final")]
    pub finalized: bool,
}

/// What a contract is asked.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractQuestion {
    /// What its `view` reads, in hex.
    #[serde(default)]
    #[schema(pattern = "^([0-9a-fA-F]{2})*$", max_length = 16384)]
    pub input: String,
}

/// What a contract says when it is asked. Nothing of that is on the ledger.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ContractAnswer {
    /// False: it failed.
    pub done: bool,
    /// Gas that it took.
    pub gas: u64,
    /// Why it failed; null if it did not.
    pub why: Option<String>,
    /// What it gave back, in hex.
    pub output: String,
    /// The newest block's height, with which it was asked.
    pub height: u64,
}

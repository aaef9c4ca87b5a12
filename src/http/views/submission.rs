//! Transactions as they are submitted to a node, one or many, and what became of each.

use std::ops::Not;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ContractOutcome, Problem, text};

/// A transaction to submit as JSON.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RawTransaction {
    /// Its Borsh bytes in hex.
    #[schema(pattern = "^([0-9a-fA-F]{2})+$", format = "bouya-transaction", max_length = 81920)]
    pub raw: String,
}

/// A transaction whose receipt is asked for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Brought {
    /// Itself.
    Transaction(RawTransaction),
    /// An older receipt of it.
    #[schema(value_type = bouya_client::receipt::File)]
    Receipt(serde_json::Map<String, serde_json::Value>),
}

/// One transaction to submit, or several.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Submission {
    One(RawTransaction),
    /// 1 to 1000 of them.
    Many(Vec<RawTransaction>),
}

/// A transaction that was taken.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Submitted {
    pub id: String,
    /// It waited here already, before this request; left out if not.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub known: bool,
}

/// What became of one of several transactions: taken, unless there is a problem.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Outcome {
    pub id: String,
    /// It waited here already, before this request; left out if not.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub known: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// The answer for one transaction, or for each of several in the order in which they came.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum SubmissionAnswer {
    One(Submitted),
    Many(Vec<Outcome>),
}

/// What would become of a transaction.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TransactionCheck {
    pub id: String,
    /// It would be taken now.
    pub passes: bool,
    /// It waits here already; left out if not.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub known: bool,
    /// Its size in bytes, for which it pays.
    pub size: usize,
    /// What it offers.
    pub fee: String,
    /// What this node wants at least for that size, and for the gas that it states.
    pub least_fee: String,
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub nonce: u64,
    /// The sender's next free nonce, with all that waits here counted.
    pub next_nonce: u64,
    /// Why it would not be taken; left out if it would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// What a deployment or a call would lead to if its turn came now, whatever its nonce and the height that it is valid to. Left out for any
    /// other, if its sender cannot pay it, if blocks run no contracts, and if it states more than 200,000,000 gas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ContractOutcome>,
}

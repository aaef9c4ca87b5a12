//! Transactions as they are submitted to a node, one or many, and what became of each.

use std::ops::Not;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Problem;

/// A transaction to submit as JSON.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RawTransaction {
    /// Its Borsh bytes in hex.
    #[schema(pattern = "^([0-9a-fA-F]{2})+$", max_length = 32768)]
    pub raw: String,
}

/// A transaction whose receipt is asked for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Brought {
    /// Itself.
    Transaction(RawTransaction),
    /// An older receipt of it, exactly as a node gave it.
    #[schema(value_type = Object)]
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

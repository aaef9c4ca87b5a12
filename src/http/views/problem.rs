//! Errors as JSON.

use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::http::problem::Name;

/// RFC 9457 problem details: every error of the API. docs/API.md lists them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What programs compare.
    #[schema(value_type = ProblemType)]
    pub r#type: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status. Of one transaction in a list: the status that it would have had alone.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// For people: what is wrong, and what to do.
    pub detail: String,
    #[serde(flatten)]
    pub values: ProblemValues,
}

/// What a program needs to mend it. Each is there with the problems that it names, and left out with all others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemValues {
    /// `wrong-nonce`: the nonce that the sender's next transaction needs, what waits here counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expected_nonce: Option<u64>,
    /// `nonce-taken`: the sender's next free nonce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_nonce: Option<u64>,
    /// `nonce-taken`, `slot-taken`: the transaction that waits with the nonce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub by: Option<String>,
    /// `low-fee`, `slot-taken`: the smallest fee that would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub least_fee: Option<String>,
    /// `confirmed`: the height of the block that has the transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub height: Option<u64>,
    /// `pruned`: the height of the lowest block whose content this node has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lowest: Option<u64>,
    /// `insufficient-balance`: what the sender has, what waits here counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub balance: Option<String>,
    /// `insufficient-balance`: what the transaction takes, outputs and fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cost: Option<String>,
}

/// The types of problems, as the description lists them. Whoever reads a problem keeps the text: a node may be newer.
pub struct ProblemType;

impl PartialSchema for ProblemType {
    fn schema() -> RefOr<Schema> {
        let names = Name::ALL.iter().map(|name| name.urn());
        let about = "The name of a problem; docs/API.md says of each what it means and what to do.";
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(about))
            .enum_values(Some(names))
            .into()
    }
}

impl ToSchema for ProblemType {}

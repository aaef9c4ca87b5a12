//! Who the members were.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::InForceSince;

/// The members of a time, and how they came to be who they were.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MemberSet {
    /// The block that put them into force, the set's base: block 0 for those that the definition lists.
    pub since: InForceSince,
    /// That block is final, so they voted, or vote.
    #[serde(rename = "final")]
    pub finalized: bool,
    /// How many they are.
    pub count: usize,
    /// So many of them must say yes to a motion, or sign what is final.
    pub needed: usize,
    /// What let the change come into force; null for block 0, and where people put the members in by hand.
    pub by: Option<BroughtBy>,
    /// The hash of the override with which people did that; null where the members decided.
    #[serde(rename = "override")]
    pub overrides: Option<String>,
    /// Ids of the motions that came into force with it. Who has other keys by its own word did so without one.
    pub motions: Vec<String>,
    /// Those who were none before.
    pub came: Vec<MemberName>,
    /// Those who are none any more.
    pub went: Vec<MemberName>,
    /// Those who have other keys than before.
    pub changed: Vec<MemberChanged>,
    /// The height of the block that `/v1/members/history/{height}/proof` proves with the votes of this set; null if none can be proven here.
    pub proven: Option<u64>,
}

/// The certificate in a set's base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BroughtBy {
    /// The block that it makes final: what was decided up to it came into force.
    pub height: u64,
    pub hash: String,
    /// Ids of the members before who signed it.
    pub signers: Vec<String>,
}

/// A member, and what people call it, which may be empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberName {
    pub id: String,
    pub name: String,
}

/// What is new about a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberChanged {
    pub id: String,
    pub name: String,
    /// Its new member key; null if it kept its own.
    pub key: Option<String>,
    /// Its new governor; null if it kept its own.
    pub governor: Option<String>,
}

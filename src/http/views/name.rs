//! Whose an address is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whose an address is, by the members after the newest block. The id is proven by a certificate. The name is what the members' vote gave it:
/// at most 64 bytes without control characters, and perhaps another member's too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AddressName {
    pub role: AddressRole,
    /// The member's id.
    pub member: String,
    /// What people call it; may be empty.
    pub name: String,
}

/// What an address is to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AddressRole {
    /// It speaks for it.
    Governor,
    /// It is that of its member key: rewards often go there.
    Key,
}

//! What members decide about members.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What changes if a motion passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum MemberChange {
    Add {
        id: String,
        /// Its member key.
        key: String,
        /// The address that speaks for it.
        governor: String,
        /// What people call it; may be empty.
        name: String,
    },
    Remove {
        id: String,
    },
    /// Its governor is lost: it gets another.
    Governor {
        id: String,
        governor: String,
    },
    /// Blocks from this height on have this version.
    Upgrade {
        version: u32,
        height: u64,
    },
}

//! What transactions do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{MemberChange, Output, Response};

/// What a transaction does.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Action {
    Transfer {
        outputs: Vec<Output>,
        memo: String,
    },
    Record {
        topic: String,
        #[serde(flatten)]
        content: Content,
    },
    Propose {
        /// The agreement's id.
        agreement: String,
        title: String,
        /// SHA-256 of the document.
        document: String,
        parties: Vec<String>,
        deadline: String,
    },
    Respond {
        agreement: String,
        document: String,
        response: Response,
    },
    Withdraw {
        agreement: String,
    },
    Motion {
        /// The motion's id.
        motion: String,
        change: MemberChange,
        reason: String,
        until: String,
    },
    Ballot {
        motion: String,
        yes: bool,
    },
    /// A member changes its own keys.
    Keys {
        member: String,
        /// Its new member key; none if that stays.
        key: Option<String>,
        /// Its new governor; none if that stays.
        governor: Option<String>,
    },
    /// A member's governor puts a contract on the ledger.
    Deploy {
        /// The contract's address.
        contract: String,
        /// SHA-256 of its code.
        code: String,
        /// Bytes of its code.
        size: u32,
        /// What its `init` reads, in hex.
        input: String,
        /// Coins that it begins with.
        value: String,
        /// Gas that `init` may take.
        gas: u64,
    },
    /// Calls a contract.
    Call {
        /// The contract's address.
        contract: String,
        /// SHA-256 of its code.
        code: String,
        /// Bytes of its code.
        size: u32,
        /// What its `call` reads, in hex.
        input: String,
        /// Coins that come with the call.
        value: String,
        /// Gas that it may take.
        gas: u64,
    },
}

/// What a record holds: data, or the hash of a document that is elsewhere.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Content {
    /// SHA-256 of the data or the document; it is found by this.
    pub hash: String,
    /// The data in hex; none for a document.
    pub data: Option<String>,
    /// The data as text, if that is what it is.
    pub text: Option<String>,
    /// What the document is called; none for data.
    pub name: Option<String>,
}

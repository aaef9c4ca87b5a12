//! The JSON that people and programs see: shared by the API, which writes it, and the command line, which reads it.
//!
//! Amounts are decimal strings in coins, hashes lower-case hex, times RFC 3339 in UTC (`N ms`, since 1970, after the year 9999). A number
//! that may exceed 2^53 is a decimal string: many JSON readers round larger ones.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod action;
mod contract;
mod event;
mod feed;
mod finality;
mod history;
mod member;
mod name;
mod problem;
mod states;
mod status;
mod submission;
mod text;

pub use action::{Action, Content};
pub use contract::{
    Contract, ContractAnswer, ContractEvent, ContractOutcome, ContractQuestion, ContractSlot, ContractTold,
};
pub use event::{Event, Lagged};
pub use feed::{Feed, FeedAt, FeedItem, FeedUndone};
pub use finality::{
    Checkpoint, FinalBlock, FinalCertificate, FinalStatus, Finality, Turnout, Voter, VoterVote, Voting,
};
pub use history::{BroughtBy, MemberChanged, MemberName, MemberSet};
pub use member::{
    Decided, DecidedAt, Dropped, InForceSince, Member, MemberChange, Members, Motion, MotionState,
    MotionVote, Upgrade, Voice,
};
pub use name::{AddressName, AddressRole};
pub use problem::{Problem, ProblemType, ProblemValues};
pub use states::{
    AgreementStatus, BlacklistSource, MovementAction, MovementDirection, NodeState, PartyAnswer,
    PeerDirection, PeerStatus, Reach, Response, TransactionStatus,
};
pub use status::{
    CertificateStatus, ClockStatus, ListStatus, MempoolStatus, MinerStatus, NetworkStatus, NodeStatus,
    OpenFilesStatus, PeerCounts, Status, TipStatus, UpgradeStatus,
};
pub use submission::{
    Brought, Outcome, RawTransaction, Submission, SubmissionAnswer, Submitted, TransactionCheck,
};

/// A page of a list. `next` is the cursor of the next page: give it as `from`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// A peer as this node knows it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Peer {
    pub id: String,
    pub host: String,
    pub port: u16,
    pub status: PeerStatus,
    /// None unless it is connected.
    pub direction: Option<PeerDirection>,
    /// When the status began.
    pub since: Option<String>,
    pub rtt_ms: Option<u64>,
    /// The height that the peer claims.
    #[serde(default, with = "text::optional")]
    #[schema(value_type = Option<String>, pattern = "^[0-9]{1,20}$")]
    pub height: Option<u64>,
    /// Why it is banned or was last disconnected.
    pub why: Option<String>,
    /// Until when it is banned or in backoff; none if without end.
    pub until: Option<String>,
    /// What it runs.
    pub agent: Option<String>,
    /// The certificate that proved its id; none unless it is connected.
    pub certificate: Option<CertificateStatus>,
}

/// What a connected peer says of dialing this node back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReachedBy {
    pub id: String,
    pub reach: Reach,
}

/// What all connected peers say of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reached {
    pub peers: Vec<ReachedBy>,
}

/// A peer to add.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPeer {
    #[schema(pattern = "^[a-z0-9-]{1,63}$")]
    pub id: String,
    #[schema(format = "bouya-host", min_length = 1, max_length = 253)]
    pub host: String,
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1)]
    pub port: u16,
}

/// JSON knows one kind of number: to it, and to who follows the description, 5000.0 is whole.
fn whole<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    let number = serde_json::Number::deserialize(from)?;
    let text = number.to_string();
    let digits = text.strip_suffix(".0").unwrap_or(&text);
    let wrong = || serde::de::Error::custom(format!("port {text}: 1 to {} are possible", u16::MAX));
    digits.parse().map_err(|_| wrong())
}

/// An id that is kept out.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BlacklistEntry {
    pub id: String,
    pub source: BlacklistSource,
    pub why: Option<String>,
    pub until: Option<String>,
}

/// A block without its transactions.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BlockSummary {
    pub height: u64,
    pub hash: String,
    pub time: String,
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub difficulty: u64,
    pub miner: MinerOf,
    pub transactions: usize,
    pub size: usize,
    /// The members have voted it final: it never changes.
    #[serde(rename = "final")]
    pub finalized: bool,
}

/// A block.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Block {
    pub height: u64,
    pub hash: String,
    pub parent: String,
    pub time: String,
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub difficulty: u64,
    pub work: String,
    pub miner: MinerOf,
    pub reward: Reward,
    pub body_root: String,
    pub history: String,
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub nonce: u64,
    pub size: usize,
    /// The block itself and the blocks on top of it; 0 if it is not on the best chain.
    pub confirmations: u64,
    /// The members have voted it final: it never changes.
    #[serde(rename = "final")]
    pub finalized: bool,
    pub transactions: Vec<Transaction>,
}

/// Who sealed a block: a key, and the member that it belongs to if that is known.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MinerOf {
    pub key: String,
    pub id: Option<String>,
    /// What people call it; null if no member is known, perhaps empty.
    pub name: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reward {
    pub to: String,
    /// Whose that address is; null if no member's.
    pub name: Option<AddressName>,
    pub amount: String,
}

/// A transaction, confirmed or not.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Transaction {
    pub id: String,
    pub status: TransactionStatus,
    /// The height of its block; null while it waits.
    pub height: Option<u64>,
    /// The time of its block; null while it waits.
    pub time: Option<String>,
    /// The hash of its block; null while it waits.
    pub block: Option<String>,
    pub confirmations: u64,
    /// The members have voted its block final: it never changes.
    #[serde(rename = "final")]
    pub finalized: bool,
    /// Address of the sender.
    pub sender: String,
    /// Whose that address is; null if no member's.
    pub sender_name: Option<AddressName>,
    pub nonce: u64,
    pub fee: String,
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub valid_until: u64,
    pub size: usize,
    pub action: Action,
    /// What a deployment or a call has led to. Null for any other, while it waits, and where this node did not execute its block itself.
    pub outcome: Option<ContractOutcome>,
}

/// A record on the best chain.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Record {
    pub transaction: String,
    pub height: u64,
    pub time: String,
    pub confirmations: u64,
    /// The members have voted its block final: it never changes.
    #[serde(rename = "final")]
    pub finalized: bool,
    /// Address of the sender.
    pub sender: String,
    /// Whose that address is; null if no member's.
    pub sender_name: Option<AddressName>,
    pub topic: String,
    #[serde(flatten)]
    pub content: Content,
}

/// An agreement and its state at the tip.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Agreement {
    pub id: String,
    pub title: String,
    /// SHA-256 of the document.
    pub document: String,
    /// Address of the proposer, who signed it by proposing.
    pub proposer: String,
    /// Whose that address is; null if no member's.
    pub proposer_name: Option<AddressName>,
    pub deadline: String,
    pub status: AgreementStatus,
    /// Whether the status is as deep under the tip as was asked; if not, it may still change.
    pub settled: bool,
    /// Confirmations of the block that decided it; 0 while it is open.
    pub confirmations: u64,
    /// The block that decided it is final; while it is open, the proposal's.
    #[serde(rename = "final")]
    pub finalized: bool,
    pub proposed: Moment,
    /// What decided it; none while it is open, and none if it expired.
    pub decided: Option<Moment>,
    pub parties: Vec<Party>,
    /// When the proposer took it back, even if that did not count.
    pub withdrawal: Option<Moment>,
}

/// A party of an agreement.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Party {
    pub address: String,
    /// Whose that address is; null if no member's.
    pub name: Option<AddressName>,
    /// What it has answered; none if it has not yet.
    pub answer: Option<PartyAnswer>,
    pub at: Option<Moment>,
    /// Whether the answer came after the decision or the deadline, so that it does not count.
    pub late: bool,
}

/// When something was put on the chain.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Moment {
    pub height: u64,
    pub time: String,
    pub transaction: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Output {
    pub to: String,
    /// Whose that address is; null if no member's.
    pub name: Option<AddressName>,
    pub amount: String,
}

/// What an address holds.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Account {
    pub address: String,
    /// Whose that address is; null if no member's.
    pub name: Option<AddressName>,
    pub balance: String,
    /// The next nonce to use, this node's mempool counted.
    pub nonce: u64,
    /// How many confirmations the balance has.
    pub confirmations: u64,
}

/// A line of an address's history.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Movement {
    pub height: u64,
    pub time: String,
    pub direction: MovementDirection,
    /// What went to or came from others, without a sign and without the fee; a reward includes its block's fees. Of a contract's call it is the
    /// difference between what went and what came, the contract's payments counted.
    pub amount: String,
    /// The fee that the address paid on top.
    pub fee: String,
    /// None for a reward.
    pub transaction: Option<String>,
    pub counterparties: Vec<String>,
    pub memo: String,
    pub action: MovementAction,
}

/// A block that was mined on request.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Mined {
    pub height: u64,
    pub hash: String,
}

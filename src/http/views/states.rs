//! Values from closed sets. Their words on the wire are also what people see.
//!
//! A word that a later version adds is an error to this version, as it is to any client generated from the description.

use std::fmt;

use bouya_core::ledger::Standing;
use bouya_core::node::State;
use bouya_core::overlay::{self, PeerReach};
use bouya_core::wire::DialOutcome;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum NodeState {
    /// Connected and up to date.
    Ready,
    /// Others' blocks are held because they are dated ahead of this clock.
    Held,
    /// Blocks go on, and the members do not vote them final.
    Stalled,
    /// Its record of votes cannot be written.
    Unwritten,
    /// Its voter waits for its operator.
    Silent,
    /// It is to mine, but its key is no member's.
    NotListed,
    /// Nobody is connected.
    Alone,
    /// A better branch is being fetched.
    Syncing,
    /// It waits for its first peer.
    Starting,
    /// Its clock differs from its peers'.
    ClockOff,
    /// The newest block is dated ahead of its clock.
    TipAhead,
    /// Its disk is nearly full.
    DiskFull,
    /// Its program is too old for the blocks that come.
    Outdated,
    /// The members have voted a block final that it finds invalid.
    RefusesFinal,
    /// The members have voted for two histories.
    TwoHistories,
    CertificateNotYetValid,
    CertificateExpired,
    CertificateRevoked,
    /// It was removed from the members.
    Removed,
}

impl NodeState {
    /// Whether the node sees the network's newest blocks, so that confirmations are the network's.
    pub(crate) fn sees_network(self) -> bool {
        matches!(
            self,
            Self::Ready | Self::Held | Self::Stalled | Self::Unwritten | Self::Silent | Self::NotListed
        )
    }
}

impl From<State> for NodeState {
    fn from(state: State) -> Self {
        match state {
            State::Ready => Self::Ready,
            State::Held { .. } => Self::Held,
            State::Stalled { .. } => Self::Stalled,
            State::Unwritten => Self::Unwritten,
            State::Silent(_) => Self::Silent,
            State::NotListed => Self::NotListed,
            State::Alone { .. } => Self::Alone,
            State::Syncing { .. } => Self::Syncing,
            State::Starting => Self::Starting,
            State::ClockOff { .. } => Self::ClockOff,
            State::TipAhead { .. } => Self::TipAhead,
            State::DiskFull => Self::DiskFull,
            State::Outdated { .. } => Self::Outdated,
            State::RefusesFinal { .. } => Self::RefusesFinal,
            State::TwoHistories => Self::TwoHistories,
            State::CertificateNotYetValid { .. } => Self::CertificateNotYetValid,
            State::CertificateExpired { .. } => Self::CertificateExpired,
            State::CertificateRevoked => Self::CertificateRevoked,
            State::Removed(_) => Self::Removed,
        }
    }
}

/// The status of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PeerStatus {
    /// Nothing is under way.
    Known,
    /// A dial is under way.
    Dialing,
    Connected,
    /// It waits for the next attempt.
    Backoff,
    /// Blacklisted or banned.
    Banned,
}

impl From<overlay::PeerStatus> for PeerStatus {
    fn from(status: overlay::PeerStatus) -> Self {
        match status {
            overlay::PeerStatus::Known => Self::Known,
            overlay::PeerStatus::Dialing => Self::Dialing,
            overlay::PeerStatus::Connected => Self::Connected,
            overlay::PeerStatus::Backoff => Self::Backoff,
            overlay::PeerStatus::Banned => Self::Banned,
        }
    }
}

/// Who dialed: the peer (`in`) or this node (`out`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PeerDirection {
    In,
    Out,
}

/// Whether a connected peer reaches this node where it says that it listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// It has connected, and this node's certificate was there.
    Connected,
    /// The machine is there, and nothing listens.
    Refused,
    /// Nobody answers.
    NoAnswer,
    /// Something answers that is not this node.
    Stranger,
    /// It cannot tell: it only dials or stands behind a proxy, or it takes the address for none that could be dialed.
    Cannot,
    /// It has dialed this node less than a minute ago, or dials others just now.
    Later,
    /// It has not answered yet.
    Waiting,
    /// Its software does not know the question.
    Unable,
}

impl From<PeerReach> for Reach {
    fn from(reach: PeerReach) -> Self {
        match reach {
            PeerReach::Unable => Self::Unable,
            PeerReach::Waiting => Self::Waiting,
            PeerReach::Told(DialOutcome::Connected) => Self::Connected,
            PeerReach::Told(DialOutcome::Refused) => Self::Refused,
            PeerReach::Told(DialOutcome::NoAnswer) => Self::NoAnswer,
            PeerReach::Told(DialOutcome::Stranger) => Self::Stranger,
            PeerReach::Told(DialOutcome::Cannot) => Self::Cannot,
            PeerReach::Told(DialOutcome::Later) => Self::Later,
        }
    }
}

/// Who keeps an id out: node.toml, the operator at run time, or the node itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BlacklistSource {
    Config,
    Operator,
    Ban,
}

/// Whether a transaction is in a block of the best chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TransactionStatus {
    Pending,
    Confirmed,
}

/// The state of an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum AgreementStatus {
    /// Answers are awaited
    Open,
    /// All have signed
    Effective,
    /// Somebody has refused
    Refused,
    /// Taken back before anybody else had signed
    Withdrawn,
    /// The deadline has passed
    Expired,
}

impl From<Standing> for AgreementStatus {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Open => Self::Open,
            Standing::Effective(_) => Self::Effective,
            Standing::Refused(_) => Self::Refused,
            Standing::Withdrawn(_) => Self::Withdrawn,
            Standing::Expired => Self::Expired,
        }
    }
}

/// What a party has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PartyAnswer {
    Signed,
    Refused,
}

/// What a transaction says about an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Response {
    Sign,
    Refuse,
}

/// Which way coins went, as seen from the address: `self` if to nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MovementDirection {
    In,
    Out,
    #[serde(rename = "self")]
    Own,
    Reward,
}

/// What changed an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MovementAction {
    Transfer,
    Record,
    Propose,
    Respond,
    Withdraw,
    Motion,
    Ballot,
    Keys,
    Deploy,
    Call,
    Reward,
}

/// Shown as they are written.
macro_rules! shown {
    ($($state:ident),+) => {
        $(impl fmt::Display for $state {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.serialize(f)
            }
        })+
    };
}

shown!(
    NodeState,
    PeerStatus,
    PeerDirection,
    Reach,
    BlacklistSource,
    TransactionStatus,
    AgreementStatus,
    PartyAnswer,
    Response,
    MovementDirection,
    MovementAction
);

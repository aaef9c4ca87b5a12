//! The events of the stream.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AgreementStatus, PeerStatus, Turnout};
use crate::clock::rfc3339;
use crate::events;

/// The data of an event, whose name in the stream is its `type`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A block joined the best chain.
    Block {
        height: u64,
        hash: String,
        transactions: usize,
        /// The member if the network's definition names it, else its key.
        miner: String,
    },
    /// The best chain changed its past.
    Reorg { depth: usize, from: String, to: String, height: u64 },
    /// A transaction waits to be confirmed.
    Transaction { id: String },
    /// A transaction left unconfirmed.
    Dropped { id: String, reason: String },
    /// An agreement was proposed, answered, decided or ended: its state at the tip.
    Agreement { id: String, status: AgreementStatus },
    /// A motion was moved or decided, has expired, or came into force or could not.
    Motion {
        id: String,
        #[schema(pattern = "^(moved|passed|rejected|expired|replaced|applied|dropped|void)$")]
        state: String,
    },
    /// A block of the best chain changed who the members are, or such a block is final: then these members vote.
    Members {
        height: u64,
        hash: String,
        /// Their ids.
        members: Vec<String>,
        #[serde(rename = "final")]
        finalized: bool,
    },
    /// A block is final, and with it all below.
    Final {
        height: u64,
        hash: String,
        /// Milliseconds since its date, by this node's clock.
        after_ms: u64,
    },
    /// The blocks above the final one do not become final. The next `final` ends that.
    FinalityStalled {
        /// The height of the newest final block.
        height: u64,
        /// The date of the first block above it.
        since: String,
        #[serde(flatten)]
        turnout: Turnout,
    },
    /// A member has signed two votes that no honest machine signs both.
    MemberFault {
        id: String,
        #[schema(pattern = "^(double|surround)$")]
        offence: String,
    },
    /// The members have voted a block final that contradicts this node's history, or that it finds invalid.
    FinalityConflict { height: u64, hash: String },
    /// A peer came or went.
    Peer { id: String, status: PeerStatus, why: Option<String> },
}

/// The data of an event named `lagged`: how many this client has lost; null if unknown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Lagged {
    pub missed: Option<u64>,
}

impl Event {
    /// The event's name in the stream.
    pub(in crate::http) fn name(&self) -> &'static str {
        match self {
            Self::Block { .. } => "block",
            Self::Reorg { .. } => "reorg",
            Self::Transaction { .. } => "transaction",
            Self::Dropped { .. } => "dropped",
            Self::Agreement { .. } => "agreement",
            Self::Motion { .. } => "motion",
            Self::Members { .. } => "members",
            Self::Final { .. } => "final",
            Self::FinalityStalled { .. } => "finality_stalled",
            Self::MemberFault { .. } => "member_fault",
            Self::FinalityConflict { .. } => "finality_conflict",
            Self::Peer { .. } => "peer",
        }
    }
}

impl From<events::Event> for Event {
    fn from(event: events::Event) -> Self {
        match event {
            events::Event::Block { height, hash, transactions, miner, member } => {
                let miner = member.map_or_else(|| miner.to_string(), |member| member.to_string());
                Self::Block { height, hash: hash.to_string(), transactions, miner }
            }
            events::Event::Reorg { depth, from, to, height } => {
                Self::Reorg { depth, from: from.to_string(), to: to.to_string(), height }
            }
            events::Event::Transaction { id } => Self::Transaction { id: id.to_string() },
            events::Event::Dropped { id, reason } => Self::Dropped { id: id.to_string(), reason },
            events::Event::Agreement { id, standing } => {
                Self::Agreement { id: id.to_string(), status: standing.into() }
            }
            events::Event::Motion { id, state } => {
                Self::Motion { id: id.to_string(), state: format!("{state:?}").to_lowercase() }
            }
            events::Event::Members { height, hash, members, finalized } => {
                let members = members.iter().map(ToString::to_string).collect();
                Self::Members { height, hash: hash.to_string(), members, finalized }
            }
            events::Event::Final { height, hash, after_ms } => {
                Self::Final { height, hash: hash.to_string(), after_ms }
            }
            events::Event::FinalityStalled { height, since, turnout } => {
                Self::FinalityStalled { height, since: rfc3339(since), turnout: turnout.into() }
            }
            events::Event::MemberFault { id, offence } => Self::MemberFault { id: id.to_string(), offence },
            events::Event::FinalityConflict { height, hash } => {
                Self::FinalityConflict { height, hash: hash.to_string() }
            }
            events::Event::Peer { id, status, why } => {
                Self::Peer { id: id.to_string(), status: status.into(), why }
            }
        }
    }
}

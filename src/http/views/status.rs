//! How a node is, at a glance.

use bouya_core::node::State;
use bouya_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FinalStatus, NodeState, text};
use crate::clock::rfc3339;

/// The node at a glance.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Status {
    pub id: String,
    pub version: String,
    /// When it was started.
    pub started: String,
    pub network: NetworkStatus,
    pub tip: TipStatus,
    /// The newest final block: the genesis block if none was voted final yet.
    #[serde(rename = "final")]
    pub finalized: FinalStatus,
    pub state: NodeStatus,
    pub peers: PeerCounts,
    pub mempool: MempoolStatus,
    pub miner: MinerStatus,
    pub certificate: CertificateStatus,
    /// The revocation lists in use.
    pub lists: Vec<ListStatus>,
    pub clock: ClockStatus,
    pub open_files: OpenFilesStatus,
    /// The address that this node's mining rewards go to.
    pub reward_to: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NetworkStatus {
    pub name: String,
    /// The genesis block's hash.
    pub id: String,
    /// Twenty digits that people compare by phone: they stand for the CA and the id. Null if none of the node's roots has signed its
    /// certificate.
    pub code: Option<String>,
    pub symbol: String,
    pub decimals: u8,
    pub interval_ms: u64,
    /// The version of the next block: from 3 on, blocks run contracts.
    pub version: u32,
    /// What the contracts of a block may compute.
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub gas_per_block: u64,
    /// The hash of the override that the node follows, with those before it.
    #[serde(rename = "override")]
    pub overrides: Option<String>,
    /// The first version of blocks that the members have decided for and this node's program does not know.
    pub upgrade: Option<UpgradeStatus>,
    /// Smallest fee per byte that this node takes, in the smallest unit.
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub min_fee_per_byte: u64,
}

/// A version of blocks.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UpgradeStatus {
    pub version: u32,
    /// The height of the first block that has it.
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub height: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TipStatus {
    pub height: u64,
    pub hash: String,
    pub time: String,
    /// Expected hashes behind the chain, as a decimal string.
    pub work: String,
    /// From this block on the node has all transactions: 1, unless it prunes old blocks or began with a snapshot.
    pub lowest_block: u64,
}

/// How the node stands: the gravest thing that is true of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NodeStatus {
    pub name: NodeState,
    /// Whether it can do its work: the same as `/readyz` says.
    pub ready: bool,
    pub reason: String,
    /// What the operator can do about it; none if there is nothing to do.
    pub next: Option<String>,
}

impl From<State> for NodeStatus {
    fn from(state: State) -> Self {
        Self {
            ready: state.is_ready(),
            reason: state.to_string(),
            next: state.next_step().map(str::to_owned),
            name: state.into(),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PeerCounts {
    pub connected: usize,
    pub known: usize,
    /// When a peer last dialed this node and proved its id; null if none has since the start.
    pub dialed_in: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MempoolStatus {
    pub transactions: usize,
    pub bytes: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MinerStatus {
    pub enabled: bool,
    pub hashes_per_second: u64,
    /// What keeps this node from mining now; none if nothing does.
    pub obstacle: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CertificateStatus {
    pub not_after: String,
    pub days_left: i64,
}

impl CertificateStatus {
    /// Of a certificate that ends then.
    pub(crate) fn new(now: Timestamp, not_after: Timestamp) -> Self {
        let ms = i128::from(not_after.0) - i128::from(now.0);
        let days_left = i64::try_from(ms.div_euclid(24 * 3600 * 1000)).unwrap_or(i64::MAX);
        Self { not_after: rfc3339(not_after), days_left }
    }
}

/// A list of revoked certificates.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ListStatus {
    /// The name of the CA that made it.
    pub ca: String,
    pub made: String,
    /// When its successor is due.
    pub due: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClockStatus {
    /// The peers' median clock minus this node's; none without peers.
    pub offset_ms: Option<i64>,
}

/// How many files the node's process may have open.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OpenFilesStatus {
    /// What the system allows.
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub allowed: u64,
    /// What all the peers, strangers and clients that may connect need at once.
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub needed: u64,
}

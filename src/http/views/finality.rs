//! What the members have voted final, and how the voters stand.

use bouya_core::finality;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::text;

/// The newest final block, in the status.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FinalStatus {
    pub height: u64,
    pub hash: String,
    /// Blocks above it on the best chain.
    pub behind: u64,
    /// The date of the first of them; null if there are none.
    pub since: Option<String>,
    /// Milliseconds from its date until it was final here; null if that was before this node's start.
    pub after_ms: Option<u64>,
    pub turnout: Turnout,
}

/// The voters that take part. "Lately" counts from the last vote of anybody: where all is final nobody votes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Turnout {
    /// Voters that were heard lately.
    pub heard: usize,
    pub members: usize,
    /// Votes that make a block final.
    pub needed: usize,
    /// Voters that were not heard.
    pub missing: Vec<String>,
}

impl From<finality::Turnout> for Turnout {
    fn from(turnout: finality::Turnout) -> Self {
        let finality::Turnout { heard, count: members, quorum: needed, missing } = turnout;
        Self { heard, members, needed, missing }
    }
}

impl From<Turnout> for finality::Turnout {
    fn from(turnout: Turnout) -> Self {
        let Turnout { heard, members: count, needed: quorum, missing } = turnout;
        Self { heard, count, quorum, missing }
    }
}

/// How finality stands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Finality {
    /// The set of voters.
    pub set: String,
    /// Voters that make a block final.
    pub quorum: usize,
    /// If there are two histories, at least this many voters have signed both.
    pub guilty: usize,
    /// The newest final block; none if none was voted final yet.
    #[serde(rename = "final")]
    pub finalized: Option<FinalBlock>,
    /// A final block that contradicts this node's history, if it has met one.
    pub rival: Option<FinalBlock>,
    /// Whether this node votes, and if not, why.
    pub voting: Voting,
    pub voters: Vec<Voter>,
}

/// A final block.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FinalBlock {
    pub height: u64,
    pub hash: String,
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub epoch: u64,
    /// The voters whose votes made it final.
    pub signers: Vec<String>,
    /// The certificate: Borsh, as hex.
    pub certificate: String,
    /// Since when it is final here; null if that was before this node's start.
    pub since: Option<String>,
}

/// The certificate of the newest final block, and what leads to those who signed it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FinalCertificate {
    /// The set of voters.
    pub set: String,
    pub source: Checkpoint,
    pub target: Checkpoint,
    /// The voters whose signatures on this link are in it.
    pub signers: Vec<String>,
    /// Borsh, as hex.
    pub certificate: String,
    /// The header of the block that it makes final: Borsh, as hex.
    pub header: String,
    /// What leads from the members that the definition lists to those who signed, one for each change: Borsh, as hex. Null if it is not all
    /// stored here.
    pub handovers: Option<Vec<String>>,
    /// What is missing, if `handovers` is null.
    pub missing: Option<String>,
}

/// A block in an epoch of votes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Checkpoint {
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub epoch: u64,
    pub height: u64,
    pub hash: String,
}

/// Whether a node votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Voting {
    /// It does.
    Votes,
    /// Its key is not among the voters.
    Observes,
    /// It has just started and asks the others what they have seen of its votes.
    Asking,
    /// It waits for its operator: there is no record of its votes.
    NoRecord,
    /// It waits for its operator: another machine votes with its key.
    Twin,
    /// The members have voted a block final that it finds invalid.
    RefusesFinal,
    /// The members have voted for two histories.
    TwoHistories,
}

/// A voter.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Voter {
    pub id: String,
    /// Its place among the voters.
    pub number: u16,
    /// Its newest vote that was heard here.
    pub vote: Option<VoterVote>,
    /// Two votes that no honest machine signs both: `double` or `surround`. Most often its operator's mistake.
    #[schema(pattern = "^(double|surround)$")]
    pub fault: Option<String>,
}

/// A vote.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VoterVote {
    /// The block's height.
    pub height: u64,
    pub hash: String,
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub epoch: u64,
    /// When it was heard here; none if it came with a certificate.
    pub heard: Option<String>,
}

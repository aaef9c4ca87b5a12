//! The members, and what they decide about members.

use bouya_core::ledger;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CertificateStatus, Moment, VoterVote, text};

/// What changes if a motion passes, or by a member's own word.
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
        /// As its mover has written it: any number.
        #[serde(with = "text")]
        #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
        height: u64,
    },
    /// A member's own keys: the new member key and the new governor, null for the one that stays.
    Keys {
        id: String,
        key: Option<String>,
        governor: Option<String>,
    },
}

impl From<&ledger::MemberChange> for MemberChange {
    fn from(change: &ledger::MemberChange) -> Self {
        match change {
            ledger::MemberChange::Add { member, .. } => Self::Add {
                id: member.id.to_string(),
                key: member.key.to_string(),
                governor: member.governor.to_string(),
                name: member.name.as_str().to_owned(),
            },
            ledger::MemberChange::Remove { id } => Self::Remove { id: id.to_string() },
            ledger::MemberChange::Governor { id, governor } => {
                Self::Governor { id: id.to_string(), governor: governor.to_string() }
            }
            ledger::MemberChange::Upgrade(ledger::Upgrade { version, height }) => {
                Self::Upgrade { version: *version, height: *height }
            }
        }
    }
}

/// The members after the newest block, and what waits to change them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Members {
    /// The block that put them into force: block 0 if nobody has come or gone since the beginning.
    pub since: InForceSince,
    /// That block is final, so they vote; until then those before them do.
    #[serde(rename = "final")]
    pub finalized: bool,
    /// Members that must say yes to a motion.
    pub needed: usize,
    pub members: Vec<Member>,
    /// Ids of former members, the newest last: their nodes are kept out until they are added again.
    pub former: Vec<String>,
    /// What was decided and waits for its handover, in the order in which it was.
    pub waiting: Vec<Decided>,
    /// What the last handover could not apply.
    pub dropped: Vec<Dropped>,
    /// Block versions that were decided, and the heights from which they count.
    pub upgrades: Vec<Upgrade>,
}

/// A block that changed who the members are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InForceSince {
    pub height: u64,
    pub hash: String,
    pub time: String,
}

/// A member.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Member {
    pub id: String,
    /// What people call it; may be empty.
    pub name: String,
    /// Its member key.
    pub key: String,
    /// That key's address.
    pub key_address: String,
    /// The address that speaks for it.
    pub governor: String,
    /// Since when it is a member; null if that is very many handovers ago.
    pub since: Option<InForceSince>,
    /// The last block that it sealed with this key, of the newest 1,000.
    pub sealed: Option<InForceSince>,
    /// Its newest vote on what is final that was heard here.
    pub vote: Option<VoterVote>,
    /// What its node runs, as that says; null unless it is connected here, or is this node.
    pub agent: Option<String>,
    /// Its node's certificate; null unless it is connected here, or is this node.
    pub certificate: Option<CertificateStatus>,
}

/// What was decided: by a motion, or by a member about its own keys.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Decided {
    /// The motion; null for a member's own keys.
    pub motion: Option<String>,
    pub change: MemberChange,
    pub at: DecidedAt,
}

/// Where something was decided, or a decision came into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecidedAt {
    pub height: u64,
    pub time: String,
    /// The transaction that did it; null if the block did, because it changed the members.
    pub transaction: Option<String>,
}

/// What was decided and fell away.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Dropped {
    /// The motion; null for a member's own keys.
    pub motion: Option<String>,
    pub why: String,
}

/// A block version, and the first height that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upgrade {
    pub version: u32,
    #[serde(with = "text")]
    #[schema(value_type = String, pattern = "^[0-9]{1,20}$")]
    pub height: u64,
}

/// How a motion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MotionState {
    /// It waits for what members say.
    Open,
    /// It has passed, and comes into force with a block that proves that final.
    Passed,
    /// It is in force.
    Applied,
    /// It had passed, and could not come into force.
    Dropped,
    /// Too many said no, or whoever was to be added did.
    Rejected,
    /// Its time was over.
    Expired,
    /// It gave way to a newer one: a member has a few open motions at most.
    Replaced,
    /// Other members were put into force by hand.
    Void,
}

/// A motion.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Motion {
    pub id: String,
    pub state: MotionState,
    pub change: MemberChange,
    /// Where it was moved.
    pub at: Moment,
    /// Where it passed, was rejected or gave way, or where it was noticed that it had expired; null as long as it is open, or if nothing has
    /// noticed yet.
    pub decided: Option<DecidedAt>,
    /// Where it came into force, or could not.
    pub applied: Option<DecidedAt>,
    /// Why it could not come into force; else null.
    pub why: Option<String>,
    /// The last of these blocks is final.
    #[serde(rename = "final")]
    pub finalized: bool,
    /// What is said of it, or was when it was decided.
    pub vote: MotionVote,
}

/// Who said what about a motion.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MotionVote {
    /// The member that moved it.
    pub mover: String,
    /// Why; may be empty.
    pub reason: String,
    /// The last block time at which it may pass.
    pub until: String,
    /// So many members must say yes.
    pub needed: usize,
    /// So many do.
    pub yes: usize,
    /// So many say no.
    pub no: usize,
    /// The members, by ascending key.
    pub voices: Vec<Voice>,
    /// Whoever is to be added: its governor must say yes too.
    pub candidate: Option<Voice>,
}

/// What somebody said about a motion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Voice {
    /// The member, or whoever is to be one.
    pub member: String,
    /// The address that speaks for it in this motion; null if none does for now.
    pub address: Option<String>,
    /// Null if it has said nothing yet.
    pub yes: Option<bool>,
}

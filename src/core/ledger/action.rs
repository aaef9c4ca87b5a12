//! What a transaction does: moves coins, writes something down, takes part in an agreement, decides about members, or runs a contract.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use super::Address;
use super::agreement::{Proposal, Response};
use super::contract::{Call, Deploy};
use super::governance::{self, Keys, Motion};
use crate::codec::{Bounded, Text};
use crate::crypto::{Hash, sha256};
use crate::id::NodeId;
use crate::limits::{
    CONTRACT_CODE_BYTES, DEPLOY_BYTES, MEMO_BYTES, OUTPUTS, RECORD_BYTES, TITLE_BYTES, TOPIC_BYTES,
    TRANSACTION_BYTES,
};

/// What a transaction does. The Borsh discriminant is part of the format: new actions are added at the end, and the block's
/// version says which ones a block may hold.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Action {
    /// Moves coins to one or more addresses.
    Transfer {
        /// Who gets how much; at least one output, each above 0.
        outputs: Bounded<Output, OUTPUTS>,
        /// A note for people.
        memo: Text<MEMO_BYTES>,
    },
    /// Writes something down permanently.
    Record {
        /// What it belongs to; people and programs agree on it. Not empty.
        topic: Text<TOPIC_BYTES>,
        /// What is written down.
        content: Content,
    },
    /// Asks parties to agree on a document; proposing counts as the proposer's signature.
    Propose(Proposal),
    /// A party signs or refuses.
    Respond {
        /// [`Proposal::id`].
        agreement: Hash,
        /// The document that is signed or refused: an answer to any other document does not count.
        document: Hash,
        /// Signs or refuses.
        response: Response,
    },
    /// The proposer takes the proposal back. This counts only while nobody else has signed.
    Withdraw {
        /// [`Proposal::id`].
        agreement: Hash,
    },
    /// A member's governor asks the members to change who they are, or what rules blocks follow.
    Motion(Box<Motion>),
    /// What its sender says to a motion. The last one before the decision counts.
    Ballot {
        /// [`Motion::id`].
        motion: Hash,
        /// Yes or no.
        yes: bool,
    },
    /// A member's governor changes the member's own keys.
    Keys(Box<Keys>),
    /// A member's governor puts a contract on the ledger.
    Deploy(Box<Deploy>),
    /// Calls a contract.
    Call(Box<Call>),
}

/// One payment of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Output {
    /// Who is paid.
    pub to: Address,
    /// How much, in the smallest unit.
    pub amount: u64,
}

/// What a record holds.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Content {
    /// The data itself, for every member to read.
    Data(Bounded<u8, RECORD_BYTES>),
    /// SHA-256 of a document that stays with its owner.
    Document {
        /// SHA-256 of the document's bytes.
        hash: Hash,
        /// What people call it; may be empty.
        name: Text<TITLE_BYTES>,
    },
}

impl Content {
    /// The content is found by this: SHA-256 of the data or the document.
    pub fn hash(&self) -> Hash {
        match self {
            Self::Data(data) => sha256(data),
            Self::Document { hash, .. } => *hash,
        }
    }
}

/// Why an action is invalid everywhere and forever.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ActionError {
    /// A transfer to nobody.
    #[error("the transfer pays nobody: give at least one output")]
    NoOutput,
    /// An output of nothing.
    #[error("output {0} of the transfer pays 0: give an amount above 0")]
    ZeroOutput(usize),
    /// A record without a topic.
    #[error("the record has no topic: give one")]
    NoTopic,
    /// An agreement without a title.
    #[error("the proposal has no title: give one")]
    NoTitle,
    /// An agreement without parties.
    #[error("the proposal names no party: give at least one besides the proposer")]
    NoParty,
    /// A party is named twice, or is the proposer, who signs by proposing.
    #[error("{0} is a party already: name every party once, and not the proposer, who signs by proposing")]
    PartyTwice(Address),
    /// A call of something else.
    #[error("{0} is no contract's address")]
    NoContract(Address),
    /// A call of code that cannot be.
    #[error("the call states code of {0} bytes; at most {CONTRACT_CODE_BYTES} are allowed")]
    CodeSize(u32),
    /// New keys without any.
    #[error("it names neither a new member key nor a new governor: give at least one")]
    NoKeys,
    /// Nobody can sign for it, or whoever steals the node can.
    #[error("the governor of \"{0}\" must be the address of an ed25519 key, and not that of its member key")]
    Governor(NodeId),
    /// The new key did not sign.
    #[error(
        "the new member key has not signed for this network, id, governor and nonce: make the proof anew"
    )]
    Proof,
}

/// In a box: most transactions are payments, and each has room for the largest action.
impl From<Motion> for Action {
    fn from(motion: Motion) -> Self {
        Self::Motion(Box::new(motion))
    }
}

impl From<Deploy> for Action {
    fn from(deploy: Deploy) -> Self {
        Self::Deploy(Box::new(deploy))
    }
}

impl From<Call> for Action {
    fn from(call: Call) -> Self {
        Self::Call(Box::new(call))
    }
}

impl From<Keys> for Action {
    fn from(keys: Keys) -> Self {
        Self::Keys(Box::new(keys))
    }
}

impl Action {
    /// The payments; empty for any action but a transfer.
    pub fn outputs(&self) -> &[Output] {
        match self {
            Self::Transfer { outputs, .. } => outputs,
            _ => &[],
        }
    }

    /// Coins that come with a contract's call, in the smallest unit; 0 for any other action.
    pub fn value(&self) -> u64 {
        match self {
            Self::Deploy(deploy) => deploy.value,
            Self::Call(call) => call.value,
            _ => 0,
        }
    }

    /// The largest transaction that may hold it, in bytes.
    pub(super) fn room(&self) -> usize {
        if matches!(self, Self::Deploy(_)) { DEPLOY_BYTES } else { TRANSACTION_BYTES }
    }

    /// Checks what needs neither state nor signature. `sender` is the one who acts.
    pub(super) fn check(&self, sender: &Address) -> Result<(), ActionError> {
        match self {
            Self::Transfer { outputs, .. } => {
                if outputs.is_empty() {
                    return Err(ActionError::NoOutput);
                }
                match outputs.iter().position(|output| output.amount == 0) {
                    Some(at) => Err(ActionError::ZeroOutput(at)),
                    None => Ok(()),
                }
            }
            Self::Record { topic, .. } if topic.as_str().is_empty() => Err(ActionError::NoTopic),
            Self::Propose(proposal) => check_proposal(proposal, sender),
            Self::Call(call) if !call.contract.is_contract() => Err(ActionError::NoContract(call.contract)),
            Self::Call(call) if call.size > CONTRACT_CODE_BYTES as u32 => {
                Err(ActionError::CodeSize(call.size))
            }
            Self::Record { .. }
            | Self::Respond { .. }
            | Self::Withdraw { .. }
            | Self::Call(_)
            | Self::Deploy(_) => Ok(()),
            Self::Motion(_) | Self::Ballot { .. } | Self::Keys(_) => governance::check(self, sender),
        }
    }
}

fn check_proposal(proposal: &Proposal, sender: &Address) -> Result<(), ActionError> {
    if proposal.title.as_str().is_empty() {
        return Err(ActionError::NoTitle);
    }
    if proposal.parties.is_empty() {
        return Err(ActionError::NoParty);
    }
    let mut named = BTreeSet::from([*sender]);
    match proposal.parties.iter().find(|party| !named.insert(**party)) {
        Some(twice) => Err(ActionError::PartyTwice(*twice)),
        None => Ok(()),
    }
}

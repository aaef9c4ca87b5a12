//! Agreements: a document that named parties sign or refuse, one by one, whenever they like.
//!
//! States: open, then one of effective (all have signed), refused (one has refused), withdrawn (by the proposer, before anybody else had
//! signed), expired (the deadline passed first). The state is stored nowhere: it is a pure function of what is on the chain and of the
//! tip's time. So it is the same on every node, and a reorganisation leaves nothing behind.
//!
//! Invariants: an id commits to the whole proposal, so nobody can swap the document under an answer. A party's first answer counts; later
//! ones change nothing. No answer makes a block invalid: one that came too late, or from somebody who is not a party, simply does not
//! count. So an answer that a reorganisation puts before its proposal still counts.

use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

use super::contract::host::Stands;
use super::state::{Key, Layer, StateError, View, from_row};
use super::{Action, Address, CheckedTransaction};
use crate::codec::{Bounded, Text, encode};
use crate::crypto::{Hash, PublicKey, tagged_hash};
use crate::limits::{PARTIES, TITLE_BYTES};
use crate::time::Timestamp;

/// What is proposed, to whom, and until when.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Proposal {
    /// What people call it. Not empty.
    pub title: Text<TITLE_BYTES>,
    /// SHA-256 of the document.
    pub document: Hash,
    /// Who must sign besides the proposer: at least one, each named once.
    pub parties: Bounded<Address, PARTIES>,
    /// The last block time at which an answer counts.
    pub deadline: Timestamp,
}

impl Proposal {
    /// The agreement's id: a hash of the content, sender and nonce. It is not the transaction's id, because a copy with a higher fee
    /// proposes the same agreement.
    pub fn id(&self, sender: &PublicKey, nonce: u64) -> Hash {
        tagged_hash("bouya agreement", &[&sender.0, &nonce.to_le_bytes(), &encode(self)])
    }
}

/// What a party says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Response {
    /// Yes.
    Sign,
    /// No, which ends it.
    Refuse,
}

/// Where and when something was put on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Moment {
    /// The block.
    pub height: u64,
    /// The place in its body.
    pub index: u32,
    /// The block's time.
    pub time: Timestamp,
    /// The transaction that did it.
    pub transaction: Hash,
}

/// A row of the state: a proposal on the chain.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Proposed {
    pub(super) proposal: Proposal,
    pub(super) proposer: Address,
    pub(super) at: Moment,
}

/// A row of the state: somebody's first answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Answered {
    pub(super) response: Response,
    pub(super) at: Moment,
}

/// How many parties an agreement has; 0 if there is none.
pub(super) fn parties(layer: &Layer<'_>, id: &Hash) -> Result<usize, StateError> {
    let proposed: Option<Proposed> = layer.read(&Key::Agreement(*id))?;
    Ok(proposed.map_or(0, |proposed| proposed.proposal.parties.len()))
}

/// What a contract is told of an agreement.
pub(super) fn stands(layer: &Layer<'_>, id: &Hash, now: Timestamp) -> Result<Stands, StateError> {
    let agreement = Agreement::from_rows(|key| layer.row(key), id)?;
    Ok(match agreement.map(|agreement| agreement.standing(now)) {
        None => Stands::Unknown,
        Some(Standing::Open) => Stands::Open,
        Some(Standing::Effective(_)) => Stands::Effective,
        Some(Standing::Refused(_)) => Stands::Refused,
        Some(Standing::Withdrawn(_)) => Stands::Withdrawn,
        Some(Standing::Expired) => Stands::Expired,
    })
}

/// Until when a row of the state says that an agreement is open.
pub(super) fn deadline(row: Vec<u8>) -> Result<Option<Timestamp>, StateError> {
    let proposed: Option<Proposed> = from_row(Some(row))?;
    Ok(proposed.map(|proposed| proposed.proposal.deadline))
}

/// Stores what a transaction says about an agreement. Earlier entries stay.
pub(super) fn apply(
    layer: &mut Layer<'_>,
    transaction: &CheckedTransaction,
    at: Moment,
) -> Result<(), StateError> {
    let from = transaction.payer();
    match &transaction.action {
        Action::Propose(proposal) => {
            let id = proposal.id(&transaction.sender, transaction.nonce);
            let proposed = Proposed { proposal: proposal.clone(), proposer: from, at };
            write_first(layer, Key::Agreement(id), proposed)
        }
        Action::Respond { agreement, document, response } => {
            let key = Key::Answer { agreement: *agreement, document: *document, party: from };
            write_first(layer, key, Answered { response: *response, at })
        }
        Action::Withdraw { agreement } => {
            write_first(layer, Key::Withdrawal { agreement: *agreement, by: from }, at)
        }
        _ => Ok(()),
    }
}

fn write_first<T>(layer: &mut Layer<'_>, key: Key, value: T) -> Result<(), StateError>
where
    T: BorshSerialize + BorshDeserialize + PartialEq,
{
    match layer.read::<Option<T>>(&key)? {
        Some(_) => Ok(()),
        None => layer.write(key, &Some(value)),
    }
}

/// An agreement with all answers to it, as it stands at one tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// [`Proposal::id`].
    pub id: Hash,
    /// What was proposed.
    pub proposal: Proposal,
    /// By whom.
    pub proposer: Address,
    /// When.
    pub proposed: Moment,
    /// The parties' first answers, in the proposal's order.
    pub answers: Vec<Option<(Response, Moment)>>,
    /// When the proposer first took it back, even if that did not count.
    pub withdrawal: Option<Moment>,
}

/// The state of an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Answers are awaited.
    Open,
    /// All have signed.
    Effective(Moment),
    /// Somebody has refused.
    Refused(Moment),
    /// Taken back before anybody else had signed.
    Withdrawn(Moment),
    /// The deadline has passed.
    Expired,
}

impl Standing {
    /// What decided it.
    pub fn decided(&self) -> Option<&Moment> {
        match self {
            Self::Effective(at) | Self::Refused(at) | Self::Withdrawn(at) => Some(at),
            Self::Open | Self::Expired => None,
        }
    }
}

impl Agreement {
    /// The agreement with this id, if it was proposed on the chain of `view`.
    pub fn read(view: &(impl View + ?Sized), id: &Hash) -> Result<Option<Self>, StateError> {
        Self::from_rows(|key| view.row(key), id)
    }

    fn from_rows(
        row: impl Fn(&Key) -> Result<Option<Vec<u8>>, StateError>,
        id: &Hash,
    ) -> Result<Option<Self>, StateError> {
        let proposed: Option<Proposed> = from_row(row(&Key::Agreement(*id))?)?;
        let Some(Proposed { proposal, proposer, at }) = proposed else { return Ok(None) };
        let mut answers = Vec::with_capacity(proposal.parties.len());
        for party in proposal.parties.iter() {
            let key = Key::Answer { agreement: *id, document: proposal.document, party: *party };
            let answered: Option<Answered> = from_row(row(&key)?)?;
            answers.push(answered.map(|answered| (answered.response, answered.at)));
        }
        let key = Key::Withdrawal { agreement: *id, by: proposer };
        let withdrawal = from_row(row(&key)?)?;
        Ok(Some(Self { id: *id, proposal, proposer, proposed: at, answers, withdrawal }))
    }

    /// Its state when the tip's time is `now`.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let deadline = self.proposal.deadline;
        let answers = self.answers.iter().flatten().map(|(response, at)| (*at, Some(*response)));
        let mut said: Vec<_> = answers.chain(self.withdrawal.map(|at| (at, None))).collect();
        said.sort_by_key(|(at, _)| (at.height, at.index));
        let mut signed = 0_usize;
        for (at, response) in said.into_iter().filter(|(at, _)| at.time <= deadline) {
            match response {
                Some(Response::Refuse) => return Standing::Refused(self.not_before(at)),
                Some(Response::Sign) => signed = signed.saturating_add(1),
                None if signed == 0 => return Standing::Withdrawn(at),
                None => (),
            }
            if signed == self.answers.len() {
                return Standing::Effective(self.not_before(at));
            }
        }
        if now > deadline { Standing::Expired } else { Standing::Open }
    }

    /// Nothing is decided before it is proposed, in whatever order a reorganisation has left the transactions.
    fn not_before(&self, at: Moment) -> Moment {
        if (at.height, at.index) < (self.proposed.height, self.proposed.index) { self.proposed } else { at }
    }
}

#[cfg(test)]
mod tests;

//! How one set of voters hands over to the next: the proof that leads from the first set, which the definition lists, to any later one.
//!
//! The set before makes the next set's base final, and the base commits to the roster that it puts into force. So who knows one set and has no
//! chain can check the next one.

use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use super::{
    Base, Certificate, CertificateError, Checkpoint, Header, InForce, Roster, RosterError, StateError, View,
    Voters,
};
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::limits::{HANDOVERS, HANDOVERS_WALKED};

/// The base of a set, final by the set before it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Handover {
    /// The base.
    pub header: Header,
    /// [`super::Body::executed`] of the base.
    pub executed: Hash,
    /// The roster that it puts into force.
    pub roster: Roster,
    /// A commit of the set before: it makes the base final.
    pub certificate: Certificate,
}

/// Why a handover does not lead from one set to the next.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HandoverError {
    /// Not signed by the set before.
    #[error("its certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// A prepare makes nothing final.
    #[error("its certificate is no commit")]
    Commit,
    /// Another block is final by it.
    #[error("its certificate is of another block than the base")]
    Block,
    /// The header commits to another roster. An ordinary block's certificate would lead newcomers astray.
    #[error("its header does not put its roster into force")]
    Commitments,
    /// The list is none.
    #[error("its roster: {0}")]
    Roster(#[from] RosterError),
}

impl Handover {
    /// Checks that the set before has handed over. Returns the next one.
    pub fn check(&self, network: &Hash, before: &Voters) -> Result<InForce, HandoverError> {
        let Self { header, executed, roster, certificate } = self;
        let (id, Checkpoint { height, block, .. }) = (header.id(), certificate.link.source);
        if !certificate.is_final() {
            return Err(HandoverError::Commit);
        }
        if (height, block) != (header.height, id) {
            return Err(HandoverError::Block);
        }
        let base = Base { parent: header.parent, height };
        let sound = Roster::new(base, roster.members().iter().cloned())?;
        let is_new = before.root().block != id;
        if sound != *roster || !is_new || header.commitments != Header::commit(&roster.commitment(), executed)
        {
            return Err(HandoverError::Commitments);
        }
        certificate.check(network, before)?;
        Ok(InForce::new(id, sound))
    }
}

/// How the set with this id handed over to the next one, that to the one after it, and so on: at most [`HANDOVERS`], as far as they are final and
/// stored here. Empty if the set is in force, or was never known here.
pub fn handovers(view: &(impl View + ?Sized), set: &Hash) -> Result<Vec<Handover>, StateError> {
    let mut bases = Vec::new();
    let mut at = in_force_at_final(view)?;
    while at.voters().id() != *set {
        let base = at.base();
        let Some(record) = view.record(&base)?.filter(|record| record.header.height > 0) else {
            return Ok(Vec::new());
        };
        let Some(before) = in_force(view, &record.header.parent)? else { return Ok(Vec::new()) };
        if bases.len() >= HANDOVERS_WALKED {
            return Ok(Vec::new());
        }
        bases.push(record);
        at = before;
    }
    let mut found = Vec::new();
    for record in bases.into_iter().rev().take(HANDOVERS) {
        let (Some(roster), Some(certificate)) = (record.roster, view.handover(&record.header.id())?) else {
            break;
        };
        found.push(Handover { header: record.header, executed: record.executed, roster, certificate });
    }
    Ok(found)
}

/// The members after a stored block. None if it is not stored.
pub fn in_force(view: &(impl View + ?Sized), block: &Hash) -> Result<Option<InForce>, StateError> {
    let Some(record) = view.record(block)? else { return Ok(None) };
    let missing = || StateError("the members in force are missing; run `bouya verify`".into());
    let roster = match record.roster {
        Some(roster) => roster,
        None => view.record(&record.base)?.and_then(|base| base.roster).ok_or_else(missing)?,
    };
    Ok(Some(InForce::new(record.base, roster)))
}

/// The members that seal a stored block and vote on it: those after its parent.
pub fn in_force_before(view: &(impl View + ?Sized), header: &Header) -> Result<Option<InForce>, StateError> {
    let before = if header.height == 0 { header.id() } else { header.parent };
    in_force(view, &before)
}

/// The member that sealed a stored block.
pub fn sealer(view: &(impl View + ?Sized), header: &Header) -> Result<Option<NodeId>, StateError> {
    let members = in_force_before(view, header)?;
    Ok(members.and_then(|members| Some(members.roster().by_key(&header.miner)?.id.clone())))
}

/// The members after the newest final block: they vote.
pub fn in_force_at_final(view: &(impl View + ?Sized)) -> Result<InForce, StateError> {
    let block = match view.finalized()? {
        Some(certificate) => certificate.link.source.block,
        None => view.at_height(0)?.unwrap_or(Hash::ZERO),
    };
    in_force(view, &block)?.ok_or_else(|| StateError("the final block is missing; run `bouya verify`".into()))
}

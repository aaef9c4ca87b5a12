//! How one set of voters hands over to the next: the proof that leads from the first set, which the definition lists, to any later one.
//!
//! The set before makes the next set's base final, and the base commits to the roster that it puts into force. So who knows one set and has no
//! chain can check the next one.

use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use super::{
    Base, Certificate, CertificateError, Checkpoint, Header, HeaderRecord, InForce, Roster, RosterError,
    StateError, View, Voters, governance,
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
        let next = put_into_force(header, executed, roster, before)?;
        certificate.check(network, before)?;
        Ok(next)
    }
}

/// The members after a base, if its header commits to them. Whether the members before have made it final is another question.
pub(super) fn put_into_force(
    header: &Header,
    executed: &Hash,
    roster: &Roster,
    before: &Voters,
) -> Result<InForce, HandoverError> {
    let (id, base) = (header.id(), Base::Block { parent: header.parent, height: header.height });
    let sound = roster.next(base, roster.members().iter().cloned())?;
    let is_new = before.root().block != id;
    if sound != *roster || !is_new || header.commitments != Header::commit(&roster.commitment(), executed) {
        return Err(HandoverError::Commitments);
    }
    Ok(InForce::new(id, sound))
}

/// Why it cannot be shown how the members came to be who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoHandover {
    /// A node that got its blocks when a later one was final already has not needed it.
    #[error(
        "the members changed at block {height} ({block}), and what made that block final is not stored here"
    )]
    Missing {
        /// The base's height.
        height: u64,
        /// The base.
        block: Hash,
    },
    /// More than anybody follows.
    #[error("the members changed more than {HANDOVERS_WALKED} times")]
    TooMany,
}

/// How the set with this id handed over to the next one, that to the one after it, and so on: at most [`HANDOVERS`], as far as they are final and
/// stored here. Empty if the set is in force, or was never known here.
pub fn handovers(view: &(impl View + ?Sized), set: &Hash) -> Result<Vec<Handover>, StateError> {
    let (mut found, mut set) = (Vec::new(), *set);
    while found.len() < HANDOVERS
        && let Some(block) = view.handed_over(&set)?
        && let Some(base) = view.record(&block)?
        && let Ok(handover) = handover(view, base)?
    {
        set = handover.roster.voters(block).id();
        found.push(handover);
    }
    Ok(found)
}

/// The bases of the best chain, oldest first and at most the newest [`HANDOVERS_WALKED`], each with the members before it and, if it is stored, with what makes it final.
pub fn bases_of(
    view: &(impl View + ?Sized),
) -> Result<Vec<(HeaderRecord, InForce, Option<Certificate>)>, StateError> {
    let (_, tip) = view.tip()?;
    let mut at = in_force(view, &tip)?.ok_or_else(missing)?;
    let mut found = Vec::new();
    while found.len() < HANDOVERS_WALKED
        && let Some(base) = view.record(&at.base())?.filter(|base| base.header.height > 0)
    {
        at = in_force(view, &base.header.parent)?.ok_or_else(missing)?;
        if is_voted(&base) {
            let certificate = view.handover(&base.header.id())?;
            found.push((base, at.clone(), certificate));
        }
    }
    found.reverse();
    Ok(found)
}

/// How the first set handed over to the next one, and so on, up to the set that votes on this stored block. Where an override came between two
/// sets, whoever checks this needs it.
pub fn handovers_before(
    view: &(impl View + ?Sized),
    header: &Header,
) -> Result<Result<Vec<Handover>, NoHandover>, StateError> {
    let members = in_force_before(view, header)?.ok_or_else(missing)?;
    let first = in_force(view, &view.at_height(0)?.unwrap_or(Hash::ZERO))?.ok_or_else(missing)?;
    let Some(bases) = bases(view, members, &first.voters().id())? else {
        return Ok(Err(NoHandover::TooMany));
    };
    let mut found = Vec::new();
    let mut bases = bases.into_iter();
    while let Some(base) = bases.next() {
        if !is_voted(&base) {
            continue;
        }
        match handover(view, base)? {
            Ok(handover) => found.push(handover),
            // It may never have become final. Whoever has the override behind it needs no proof of it.
            Err(_) if !bases.as_slice().iter().all(is_voted) => (),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(found))
}

/// The bases between the set with this id and a later one, in their order. None if that set is not found below.
fn bases(
    view: &(impl View + ?Sized),
    mut at: InForce,
    set: &Hash,
) -> Result<Option<Vec<HeaderRecord>>, StateError> {
    let mut bases = Vec::new();
    while at.voters().id() != *set {
        let base = view.record(&at.base())?.filter(|record| record.header.height > 0);
        let Some(base) = base.filter(|_| bases.len() < HANDOVERS_WALKED) else { return Ok(None) };
        let Some(before) = in_force(view, &base.header.parent)? else { return Ok(None) };
        bases.push(base);
        at = before;
    }
    bases.reverse();
    Ok(Some(bases))
}

/// Whether the members put the roster of a base into force.
fn is_voted(base: &HeaderRecord) -> bool {
    base.roster.as_ref().is_none_or(|roster| roster.base().by_override().is_none())
}

fn handover(
    view: &(impl View + ?Sized),
    base: HeaderRecord,
) -> Result<Result<Handover, NoHandover>, StateError> {
    let HeaderRecord { header, executed, roster, .. } = base;
    let block = header.id();
    Ok(match (roster, view.handover(&block)?) {
        (Some(roster), Some(certificate)) => Ok(Handover { header, executed, roster, certificate }),
        _ => Err(NoHandover::Missing { height: header.height, block }),
    })
}

/// The members after a stored block. None if it is not stored.
pub fn in_force(view: &(impl View + ?Sized), block: &Hash) -> Result<Option<InForce>, StateError> {
    let Some(record) = view.record(block)? else { return Ok(None) };
    let roster = match record.roster {
        Some(roster) => roster,
        None => view.record(&record.base)?.and_then(|base| base.roster).ok_or_else(missing)?,
    };
    Ok(Some(InForce::new(record.base, roster)))
}

fn missing() -> StateError {
    StateError("the members in force are missing; run `bouya verify`".into())
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

/// The newest final block: its height and id. It is the one that the members have voted final last, or the checkpoint of an override that came
/// later; at first the genesis block.
pub fn final_block(view: &(impl View + ?Sized)) -> Result<(u64, Hash), StateError> {
    let voted = view.finalized()?.map(|certificate| certificate.link.source);
    let (height, block) = voted.map_or((0, None), |source| (source.height, Some(source.block)));
    // Once its members have voted something final, that is higher.
    let decided = governance::roster(view)?.base();
    let (height, block) = match decided.by_override() {
        Some(_) if decided.height() > height => (decided.height(), None),
        _ => (height, block),
    };
    let block = block.map_or_else(|| view.at_height(height), |block| Ok(Some(block)))?;
    Ok((height, block.unwrap_or(Hash::ZERO)))
}

/// The members after the newest final block: they vote.
pub fn in_force_at_final(view: &(impl View + ?Sized)) -> Result<InForce, StateError> {
    let (_, block) = final_block(view)?;
    in_force(view, &block)?.ok_or_else(|| StateError("the final block is missing; run `bouya verify`".into()))
}

//! The certificate that a body carries: it lets what the members decided come into force with its block, the *base* of the next set.
//!
//! Only a certificate of the set in force counts, for an ancestor at or above that set's own base, and only if something had passed there that
//! is not applied. So the roster after a block is a function of the chain alone, nothing acts before it is final, and a body cannot be padded
//! with certificates.

use thiserror::Error;

use super::super::governance::{self, Pending};
use super::super::state::Layer;
use super::super::{Base, Branch, Certificate, CertificateError, Checkpoint, Header, Roster, StateError};
use super::{BodyError, Stop};
use crate::crypto::Hash;

/// Why a body's certificate puts nothing into force.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CarriedError {
    /// A prepare makes nothing final.
    #[error("it is no commit")]
    Commit,
    /// Not an ancestor that the set in force voted for.
    #[error("its block, at height {0}, is no ancestor at or above the base of the members in force")]
    Target(u64),
    /// Not signed by the members in force.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Nothing had passed.
    #[error("the members had decided nothing up to its block, at height {0}, that is not in force")]
    Nothing(u64),
}

/// Finds a branch's block at a height.
pub(in super::super) type At<'a> = &'a dyn Fn(u64) -> Result<Option<Hash>, StateError>;

/// Checks that a commit of the members in force has made an ancestor final. `branch` ends in the parent.
pub(in super::super) fn check(
    network: &Hash,
    branch: &Branch,
    at: At<'_>,
    certificate: &Certificate,
) -> Result<(), Stop> {
    let Checkpoint { height, block, .. } = certificate.link.source;
    if !certificate.is_final() {
        return Err(carried(CarriedError::Commit));
    }
    let is_within = (branch.members.roster().base().height()..=branch.height).contains(&height);
    if !is_within || at(height)? != Some(block) {
        return Err(carried(CarriedError::Target(height)));
    }
    let signed = certificate.check(network, branch.members.voters());
    signed.map_err(|error| carried(error.into()))
}

/// Applies what the members had decided up to the certificate's block. Returns the roster from the next block on.
pub(super) fn apply(
    layer: &mut Layer<'_>,
    header: &Header,
    certificate: &Certificate,
) -> Result<Option<Roster>, StateError> {
    let target = certificate.link.source.height;
    governance::hand_over(layer, target, base(header), header.time)
}

/// The roster after a block whose certificate was checked, without executing the blocks below it.
pub(in super::super) fn roster(
    pending: &Pending,
    header: &Header,
    certificate: &Certificate,
) -> Result<Roster, BodyError> {
    let target = certificate.link.source.height;
    pending.after(target, base(header)).ok_or(BodyError::Carried(CarriedError::Nothing(target)))
}

fn base(header: &Header) -> Base {
    Base::Block { parent: header.parent, height: header.height }
}

pub(super) fn carried(error: CarriedError) -> Stop {
    Stop::Body(BodyError::Carried(error))
}

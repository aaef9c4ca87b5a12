//! Blocks that change the members, on the best chain and off it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::execute::{BodyError, carried};
use super::super::governance::pending_at;
use super::super::{Block, Branch, Certificate, Change, Header, Roster, StateError, View};
use super::plan::Effect;
use super::{Chain, Finalized, PlanError, Ready};
use crate::crypto::Hash;

impl Chain {
    /// The roster that a block off the best chain puts into force, if it does. `branch` ends in its parent; it holds the final block. The block
    /// is not executed: what the members had decided is known from the state after the final block.
    pub fn roster_after(
        &self,
        view: &dyn View,
        branch: &Branch,
        block: &Block,
    ) -> Result<Option<Roster>, PlanError> {
        let Some(certificate) = &block.body.certificate else { return Ok(None) };
        let target = certificate.link.source;
        let (finalized, network) = (self.finalized().0, &self.genesis.rules.network);
        // Above the final block the branch may be another: the voters have not made two blocks of one height final.
        let at = |height| if height > finalized { Ok(Some(target.block)) } else { view.at_height(height) };
        carried::check(network, branch, &at, certificate)?;
        if target.height > finalized {
            return Err(PlanError::Unsettled(Box::new(certificate.clone())));
        }
        let pending = pending_at(view, finalized)?;
        let roster = carried::roster(&pending, &block.header, certificate)?;
        let commitments = Header::commit(&roster.commitment(), &block.body.executed);
        if commitments != block.header.commitments {
            return Err(BodyError::Root.into());
        }
        Ok(Some(roster))
    }

    /// The certificate in a block's body, if it makes something final that was not.
    pub(super) fn carried(&self, block: &Block) -> Option<Certificate> {
        let newer = |certificate: &&Certificate| certificate.link.source.height > self.finalized().0;
        block.body.certificate.as_ref().filter(newer).cloned()
    }

    /// What is kept of a certificate for ever: it makes the base of a set final, and so proves that the set before has handed over. `branch`
    /// is the best chain after the change.
    pub(super) fn handover_by(
        &self,
        view: &dyn View,
        certificate: Option<&Certificate>,
        branch: &Branch,
    ) -> Result<Vec<(Hash, Certificate)>, StateError> {
        let Some(certificate) = certificate else { return Ok(Vec::new()) };
        let block = certificate.link.source.block;
        let is_base = match view.record(&block)? {
            Some(record) => record.roster.is_some_and(|roster| roster.base().by_override().is_none()),
            None => branch.members.base() == block,
        };
        Ok(if is_base { Vec::from([(block, certificate.clone())]) } else { Vec::new() })
    }

    /// What is final already is news only if it makes a base final and that was not kept: something above it was final first.
    pub(super) fn known(&self, view: &dyn View, certificate: &Certificate) -> Result<Finalized, StateError> {
        let block = certificate.link.source.block;
        let handovers = match view.handover(&block)? {
            Some(_) => Vec::new(),
            None => self.handover_by(view, Some(certificate), &self.tip)?,
        };
        if handovers.is_empty() {
            return Ok(Finalized::Known);
        }
        let change = Change { handovers, ..Change::default() };
        Ok(Finalized::Ready(Ready { change, effect: Effect::Final }))
    }
}

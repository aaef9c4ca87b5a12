//! What the members have voted final: made durable, remembered as the chain's goal until its block is on the best chain, and told once.

use alloc::string::ToString;

use super::{Keeper, Output};
use crate::crypto::Hash;
use crate::ledger::{
    Block, Branch, Certificate, Chain, Contradiction, Disk, HeaderError, PlanError, Settled, View,
};
use crate::overlay::{Answer, MembersFound};

/// How far the newest certificate has come.
#[derive(Debug)]
pub(super) struct Settling {
    /// The newest one that was given and is not durable yet.
    certificate: Option<Certificate>,
    /// An older one that must be durable first: the members change by it on the way to the newest.
    first: Option<Certificate>,
    /// It has not been looked at since it came, or since the chain changed.
    pub(super) is_due: bool,
    /// The newest final block that was told.
    told: (u64, Hash),
}

impl Settling {
    pub(super) fn new(chain: &Chain) -> Self {
        Self { certificate: None, first: None, is_due: false, told: chain.finalized() }
    }

    pub(super) fn chain_changed(&mut self) {
        self.is_due = self.certificate.is_some() || self.first.is_some();
    }
}

impl<D: Disk> Keeper<D> {
    /// Takes in a certificate. It has been verified.
    pub(super) fn certified(&mut self, certificate: Certificate) {
        let height = |certificate: &Certificate| certificate.link.source.height;
        if self.settling.certificate.as_ref().is_none_or(|known| height(known) < height(&certificate)) {
            self.settling.certificate = Some(certificate);
            self.settling.is_due = true;
        }
    }

    /// Makes the newest certificate durable if its block is on the best chain. Else the chain remembers it as its goal; it is looked at again
    /// after each change, since a goal that is under way is not replaced.
    pub(super) fn settle(&mut self) -> Result<(), D::Error> {
        if !core::mem::take(&mut self.settling.is_due) {
            return Ok(());
        }
        if self.settles(self.settling.first.clone())? {
            self.settling.first = None;
            if self.settles(self.settling.certificate.clone())? {
                self.settling.certificate = None;
            }
        }
        if self.settling.told != self.chain().finalized() {
            self.tell_head(None)?;
        }
        self.tell_final()
    }

    /// Whether there is no more to do about a certificate.
    fn settles(&mut self, certificate: Option<Certificate>) -> Result<bool, D::Error> {
        let Some(certificate) = certificate else { return Ok(true) };
        match self.ledger.finalize(certificate.clone())? {
            Settled::Behind | Settled::Missing => return Ok(false),
            Settled::Final => (),
            Settled::Conflict(how) => self.conflict(certificate, how)?,
        }
        Ok(true)
    }

    /// Takes in what must be final before the members that follow from it are known. It has been verified.
    pub(super) fn certified_first(&mut self, certificate: Certificate) {
        self.settling.first = Some(certificate);
        self.settling.is_due = true;
    }

    /// The headers of the goal's branch have shown how it contradicts this chain.
    pub(super) fn beside(&mut self, block: &Hash, how: Contradiction) -> Result<(), D::Error> {
        self.outputs.push_back(Output::Answer(Answer::Noted));
        let Some((certificate, how)) = self.ledger.beside(block, how)? else { return Ok(()) };
        self.settling.certificate.take_if(|known| *known == certificate);
        self.settling.first.take_if(|known| *known == certificate);
        self.conflict(certificate, how)?;
        self.tell_head(None)
    }

    /// Header sync asks which roster a block puts into force. If that follows from something final that is not final here, that is taken in first.
    pub(super) fn members(
        &mut self,
        branch: &Branch,
        block: &Block,
        finalized: (u64, Hash),
    ) -> Result<(), D::Error> {
        let view = self.disk().view()?;
        let is_its_own = block.body.root(block.header.height) == block.header.body;
        // Another copy of the body may be the right one, or another block is final by now, and perhaps not on that branch.
        let is_apart = finalized != self.chain().finalized() || branch.height < finalized.0;
        let found = match self.chain().roster_after(&view, branch, block) {
            _ if !is_its_own || is_apart => MembersFound::NotYet,
            Ok(Some(roster)) => MembersFound::Roster(roster),
            Ok(None) => MembersFound::Invalid(HeaderError::Roster.to_string()),
            Err(PlanError::State(error)) => return Err(error.into()),
            Err(PlanError::Unsettled(certificate)) => {
                self.certified_first(*certificate);
                MembersFound::NotYet
            }
            Err(error) if error.is_committed() => MembersFound::Invalid(error.to_string()),
            Err(_) => MembersFound::NotYet,
        };
        self.outputs.push_back(Output::Answer(Answer::Members { id: block.id(), found }));
        Ok(())
    }

    fn conflict(&mut self, certificate: Certificate, how: Contradiction) -> Result<(), D::Error> {
        let newest = self.disk().view()?.finalized()?;
        self.outputs.push_back(Output::Conflict { certificate, newest, how });
        Ok(())
    }

    /// Tells what has become final since the last time, after a head that says so.
    pub(super) fn tell_final(&mut self) -> Result<(), D::Error> {
        let finalized = self.chain().finalized();
        if core::mem::replace(&mut self.settling.told, finalized) != finalized {
            // No vote made the checkpoint of an override final.
            let voted = self.disk().view()?.finalized()?;
            let voted = voted.filter(|certificate| certificate.link.source.block == finalized.1);
            self.outputs.extend(voted.map(Output::Final));
        }
        Ok(())
    }
}

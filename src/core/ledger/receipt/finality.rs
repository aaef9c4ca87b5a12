//! What a receipt, or a block alone, proves to whoever has nothing but the network's definition.
//!
//! The definition lists the first voters. Each set of voters has made the next one's base final, and that commits to the next one's members. A
//! quorum of the last set has signed the last block, and that block commits to all that it stands on.

use alloc::vec::Vec;

use thiserror::Error;

use super::super::{
    Certificate, CertificateError, Genesis, Handover, HandoverError, Header, InForce, Link, NoHandover,
    Override, StateError, View, Voters, handovers_before,
};
use super::{Proof, ReceiptError, check_header};
use crate::crypto::Hash;

/// What makes a block final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finality {
    /// What leads from the members that the definition lists to those who voted on the block; empty if they are the same set.
    pub handovers: Vec<Handover>,
    /// A commit for the block.
    pub certificate: Certificate,
}

/// The sets of voters from the first one, which the definition lists, to the one that made a block final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sets {
    earlier: Vec<InForce>,
    last: InForce,
}

/// Why a receipt's last block is not final, as far as the receipt and the network's definition tell.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FinalError {
    /// Of another network.
    #[error("it is of the network {found}, not of {expected}")]
    Network {
        /// The definition's.
        expected: Hash,
        /// The receipt's.
        found: Hash,
    },
    /// It has no certificate: its last block was not the newest final one where it was made.
    #[error("it has no certificate that makes its last block final")]
    Absent,
    /// The members before have not handed over to those after.
    #[error("change {number} of {count} of the members, at block {height}: {error}")]
    Handover {
        /// Which one, from 1.
        number: usize,
        /// How many it tells of.
        count: usize,
        /// The height of the block that it names.
        height: u64,
        /// What is wrong with it.
        error: HandoverError,
    },
    /// Not signed by a quorum of the network's voters.
    #[error("its certificate: {0}")]
    Certificate(#[from] CertificateError),
}

impl Finality {
    /// What makes this block of the best chain final. None if it is not the newest final one.
    pub fn of(
        view: &(impl View + ?Sized),
        header: &Header,
    ) -> Result<Result<Option<Self>, NoHandover>, StateError> {
        let newest = view.finalized()?.filter(|newest| newest.link.source.block == header.id());
        let Some(certificate) = newest else { return Ok(Ok(None)) };
        let handovers = handovers_before(view, header)?;
        Ok(handovers.map(|handovers| Some(Self { handovers, certificate })))
    }

    /// What can be checked of a certificate without its voters: it makes this block final, and no other.
    pub(super) fn check_link(&self, anchor: &Header) -> Result<(), ReceiptError> {
        if !self.certificate.is_final() {
            return Err(ReceiptError::Commit);
        }
        let (source, last) = (self.certificate.link.source, anchor.id());
        if (source.height, source.block) != (anchor.height, last) {
            let (height, block) = (source.height, source.block);
            return Err(ReceiptError::Other { height, block, last_height: anchor.height, last });
        }
        Ok(())
    }

    /// Goes from the members that the definition lists over all handovers, and the overrides that the verifier knows of, to those who signed.
    fn check(&self, network: &Hash, genesis: &Genesis) -> Result<Sets, FinalError> {
        check_network(network, genesis)?;
        let (mut last, mut earlier) = (InForce::new(genesis.id(), genesis.roster()), Vec::new());
        let count = self.handovers.len();
        let mut overrides = genesis.rules.overrides.iter().peekable();
        let after = |one: &Override, last: &InForce| {
            InForce::new(one.checkpoint().1, one.roster_after(last.roster()))
        };
        for (number, handover) in (1..).zip(&self.handovers) {
            let height = handover.header.height;
            while let Some(one) = overrides.next_if(|one| one.checkpoint().0 < height) {
                let next = after(one, &last);
                earlier.push(core::mem::replace(&mut last, next));
            }
            let wrong = |error| FinalError::Handover { number, count, height, error };
            let next = handover.check(network, last.voters()).map_err(wrong)?;
            earlier.push(core::mem::replace(&mut last, next));
        }
        let Link { set, source, .. } = self.certificate.link;
        // Those before may have made the checkpoint itself final, and no other block at its height.
        let is_theirs =
            |one: &Override, last: &InForce| one.checkpoint().1 == source.block && set == last.voters().id();
        let before = |one: &Override, last: &InForce| {
            let height = one.checkpoint().0;
            height < source.height || height == source.height && !is_theirs(one, last)
        };
        while let Some(one) = overrides.next_if(|one| before(one, &last)) {
            let next = after(one, &last);
            earlier.push(core::mem::replace(&mut last, next));
        }
        self.certificate.check(network, last.voters())?;
        Ok(Sets { earlier, last })
    }
}

impl Sets {
    /// Those who made the block final.
    pub fn voters(&self) -> &Voters {
        self.last.voters()
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &InForce> {
        self.earlier.iter().chain([&self.last])
    }

    /// The members who sealed the block at this height, which is not above the final one.
    pub fn before(&self, height: u64) -> &InForce {
        let is_in_force = |set: &&InForce| set.roster().base().height() < height;
        self.iter().rev().find(is_in_force).unwrap_or_else(|| self.earlier.first().unwrap_or(&self.last))
    }
}

impl Proof {
    /// Checks that the anchor is final. Returns the sets of voters up to the one that signed; [`Certificate::voters`] tells which of them did.
    /// It is final unless [`Voters::guilty`] of them, or of those of a set before, signed two histories.
    pub fn check_final(&self, genesis: &Genesis) -> Result<Sets, FinalError> {
        check_network(&self.network, genesis)?;
        self.finality.as_ref().ok_or(FinalError::Absent)?.check(&self.network, genesis)
    }
}

/// A block, and what makes it final: a receipt without a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalProof {
    /// The network: the genesis block's id.
    pub network: Hash,
    /// The block.
    pub header: Header,
    /// What makes it final.
    pub finality: Finality,
}

impl FinalProof {
    /// Checks everything that needs no definition.
    pub fn check(&self) -> Result<(), ReceiptError> {
        check_header(&self.network, &self.header, "the block")?;
        self.finality.check_link(&self.header)
    }

    /// Checks that the block is final, as [`Proof::check_final`] does. It must have been checked without the definition.
    pub fn check_final(&self, genesis: &Genesis) -> Result<Sets, FinalError> {
        self.finality.check(&self.network, genesis)
    }
}

fn check_network(network: &Hash, genesis: &Genesis) -> Result<(), FinalError> {
    match *network == genesis.id() {
        true => Ok(()),
        false => Err(FinalError::Network { expected: genesis.id(), found: *network }),
    }
}

//! What a receipt, or a block alone, proves to whoever has nothing but the network's definition.
//!
//! The definition lists the voters, a quorum of them has signed the last block, and that block commits to all that it stands on.

use thiserror::Error;

use super::super::{Certificate, CertificateError, Genesis, Header, Voters};
use super::{Proof, ReceiptError, check_header};
use crate::crypto::Hash;

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
    /// Not signed by a quorum of the network's voters.
    #[error("its certificate: {0}")]
    Certificate(#[from] CertificateError),
}

impl Proof {
    /// Checks that the anchor is final. Returns the voters; [`Certificate::voters`] tells which of them signed. It is final unless
    /// [`Voters::guilty`] of them signed two histories.
    pub fn check_final(&self, genesis: &Genesis) -> Result<Voters, FinalError> {
        check_signed(&self.network, self.certificate.as_ref(), genesis)
    }
}

/// A block, and what makes it final: a receipt without a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalProof {
    /// The network: the genesis block's id.
    pub network: Hash,
    /// The block.
    pub header: Header,
    /// A commit for it.
    pub certificate: Certificate,
}

impl FinalProof {
    /// Checks everything that needs no definition.
    pub fn check(&self) -> Result<(), ReceiptError> {
        check_header(&self.network, &self.header, "the block")?;
        check_link(&self.certificate, &self.header)
    }

    /// Checks that the block is final, as [`Proof::check_final`] does. It must have been checked without the definition.
    pub fn check_final(&self, genesis: &Genesis) -> Result<Voters, FinalError> {
        check_signed(&self.network, Some(&self.certificate), genesis)
    }
}

/// A quorum of the voters that the definition lists has signed the certificate.
fn check_signed(
    network: &Hash,
    certificate: Option<&Certificate>,
    genesis: &Genesis,
) -> Result<Voters, FinalError> {
    if *network != genesis.id() {
        return Err(FinalError::Network { expected: genesis.id(), found: *network });
    }
    let voters = Voters::first(genesis);
    certificate.ok_or(FinalError::Absent)?.check(network, &voters)?;
    Ok(voters)
}

/// What can be checked of a certificate without its voters: it makes this block final, and no other.
pub(super) fn check_link(certificate: &Certificate, anchor: &Header) -> Result<(), ReceiptError> {
    if !certificate.is_final() {
        return Err(ReceiptError::Commit);
    }
    let (source, last) = (certificate.link.source, anchor.id());
    if (source.height, source.block) != (anchor.height, last) {
        let (height, block) = (source.height, source.block);
        return Err(ReceiptError::Other { height, block, last_height: anchor.height, last });
    }
    Ok(())
}

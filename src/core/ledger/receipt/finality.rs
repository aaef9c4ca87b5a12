//! What a receipt proves to whoever has nothing but the network's definition.
//!
//! The definition lists the voters, a quorum of them has signed the receipt's last block, and that block commits to all that it stands on.

use thiserror::Error;

use super::super::{Certificate, CertificateError, Genesis, Header, Voters};
use super::{Proof, ReceiptError};
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
    /// Nobody votes on this network.
    #[error("the network's definition lists no members, so no block of it is ever final")]
    NoVoters,
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
        if self.network != genesis.id() {
            return Err(FinalError::Network { expected: genesis.id(), found: self.network });
        }
        let voters = Voters::first(genesis).ok_or(FinalError::NoVoters)?;
        self.certificate.as_ref().ok_or(FinalError::Absent)?.check(&self.network, &voters)?;
        Ok(voters)
    }
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

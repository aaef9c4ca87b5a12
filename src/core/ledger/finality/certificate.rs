//! A quorum's votes for one link, in one value that anybody can check who knows the voters.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use super::{Link, LinkKind, Vote, Voters};
use crate::codec::Bounded;
use crate::crypto::{Hash, Signature, verify_batch};
use crate::limits::{VOTER_BYTES, VOTERS};

/// A quorum's signatures on one link. Any valid one of a link is as good as another.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Certificate {
    /// What they signed.
    pub link: Link,
    /// A bit for each voter, ⌈n / 8⌉ bytes: voter i is bit i of them, the least significant of each byte first.
    pub signers: Bounded<u8, VOTER_BYTES>,
    /// The signatures, by rising voter.
    pub signatures: Bounded<Signature, VOTERS>,
}

/// Why a certificate proves nothing. Whoever passed it on could have seen it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// Of voters that are not in force here.
    #[error("it is of the set {found}, not of {expected}")]
    Set {
        /// The set in force.
        expected: Hash,
        /// The link's.
        found: Hash,
    },
    /// No voter signs such a link.
    #[error("its link leads nowhere that voters vote for")]
    Link,
    /// The bits do not name the voters that the signatures are of.
    #[error(
        "its list of signers has {bytes} bytes and names {named} of {voters} voters for {signatures} signatures"
    )]
    Signers {
        /// Bytes of bits.
        bytes: usize,
        /// Bits set, those of nobody included.
        named: usize,
        /// Voters in the set.
        voters: usize,
        /// Signatures.
        signatures: usize,
    },
    /// Fewer than a quorum.
    #[error("{found} of {needed} signatures that are needed")]
    Few {
        /// How many there are.
        found: usize,
        /// The quorum.
        needed: usize,
    },
    /// A signature is wrong.
    #[error("a signature is not its voter's")]
    Signature,
}

impl Certificate {
    /// Puts votes for `link` together, each voter once. They must have been verified.
    pub fn new(voters: &Voters, link: Link, votes: &BTreeMap<u16, Signature>) -> Self {
        let mut signers = vec![0_u8; voters.count().div_ceil(8)];
        let mut signatures = Vec::new();
        for (voter, signature) in votes {
            if let Some(byte) = signers.get_mut(usize::from(*voter) / 8) {
                *byte |= bit(usize::from(*voter));
                signatures.push(*signature);
            }
        }
        Self { link, signers: Bounded::truncated(signers), signatures: Bounded::truncated(signatures) }
    }

    /// The voters that it names, rising.
    pub fn voters(&self) -> impl Iterator<Item = u16> + '_ {
        let has = |at: &usize| self.signers.get(at / 8).is_some_and(|byte| byte & bit(*at) != 0);
        (0..self.signers.len().saturating_mul(8)).filter(has).filter_map(|at| u16::try_from(at).ok())
    }

    /// The votes in it.
    pub fn votes(&self) -> impl Iterator<Item = Vote> + '_ {
        let pairs = self.voters().zip(self.signatures.iter());
        pairs.map(|(voter, signature)| Vote { link: self.link, voter, signature: *signature })
    }

    /// Bytes of its encoding.
    pub fn size(&self) -> usize {
        let signatures = self.signatures.len().saturating_mul(64);
        // The link, and the two lists' lengths.
        136_usize.saturating_add(self.signers.len()).saturating_add(signatures)
    }

    /// Whether it makes its block final, if it is valid.
    pub fn is_final(&self) -> bool {
        self.link.kind() == Some(LinkKind::Commit)
    }

    /// Checks everything that does not need the chain, the signatures last.
    pub fn check(&self, network: &Hash, voters: &Voters) -> Result<(), CertificateError> {
        if self.link.set != voters.id() {
            return Err(CertificateError::Set { expected: voters.id(), found: self.link.set });
        }
        let (bytes, signatures) = (self.signers.len(), self.signatures.len());
        let named = self.voters().count();
        let is_known = self.voters().all(|voter| usize::from(voter) < voters.count());
        if bytes != voters.count().div_ceil(8) || named != signatures || !is_known {
            return Err(CertificateError::Signers { bytes, named, voters: voters.count(), signatures });
        }
        if signatures < voters.quorum() {
            return Err(CertificateError::Few { found: signatures, needed: voters.quorum() });
        }
        let signed = self.votes().map(|vote| voters.signed(network, &vote.link, vote.voter, vote.signature));
        let signed = signed.collect::<Option<Vec<_>>>().ok_or(CertificateError::Link)?;
        if verify_batch(&signed) { Ok(()) } else { Err(CertificateError::Signature) }
    }
}

fn bit(voter: usize) -> u8 {
    1 << (voter % 8)
}

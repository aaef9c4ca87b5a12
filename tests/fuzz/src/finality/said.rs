//! What peers say to a voter: true and forged, of this set and of others.

use std::collections::BTreeMap;

use bouya_core::crypto::{Hash, SecretKey, Signature};
use bouya_core::finality::Said;
use bouya_core::ledger::{Certificate, Checkpoint, Link, Vote, Voters};
use bouya_core::limits::EPOCHS_PER_SLOT;

use super::chain::place;
use super::voter::{NETWORK, Voter};
use crate::choices::Choices;
use crate::small;

/// The key of a voter.
pub(super) fn key_of(voters: &Voters, voter: u16) -> Option<SecretKey> {
    let key = voters.member(voter)?.key;
    (0..8).map(small::key).find(|one| one.public() == key)
}

/// All votes in it.
pub(super) fn votes(said: &Said) -> Vec<Vote> {
    let of = |certificate: &Option<Certificate>| -> Vec<Vote> {
        certificate.iter().flat_map(Certificate::votes).collect()
    };
    match said {
        Said::Proposal { vote, proof } => [vec![*vote], of(proof)].concat(),
        Said::Votes { link, votes } => votes
            .iter()
            .map(|(voter, signature)| Vote { link: *link, voter: *voter, signature: *signature })
            .collect(),
        Said::Certificate(certificate) => certificate.votes().collect(),
        Said::GetFinality { .. } => vec![],
        Said::Finality { newest, lock, seen, .. } => {
            [of(newest), of(lock), seen.iter().copied().collect()].concat()
        }
    }
}

/// Whether an honest peer may say that. Nobody here can judge what is of another set.
pub(super) fn is_valid(said: &Said, voters: &Voters) -> bool {
    let vote = |vote: &Vote| vote.link.set != voters.id() || voters.verify(&NETWORK, vote);
    let proof = |proof: &Option<Certificate>| {
        proof
            .as_ref()
            .is_none_or(|proof| proof.link.set != voters.id() || proof.check(&NETWORK, voters).is_ok())
    };
    match said {
        Said::Proposal { vote: one, proof: of } => vote(one) && proof(of),
        Said::Votes { .. } => votes(said).iter().all(vote),
        Said::Certificate(certificate) => proof(&Some(certificate.clone())),
        Said::GetFinality { .. } => true,
        Said::Finality { newest, lock, seen, .. } => proof(newest) && proof(lock) && seen.iter().all(vote),
    }
}

impl Voter {
    /// A link that somebody has voted for, a commit of one, or another.
    pub(super) fn link(&self, choices: &mut Choices<'_>) -> Link {
        let own = self.signed.last().copied();
        let known = match choices.u8() % 8 {
            0 | 1 => own,
            2 => choices.pick(&self.links).copied(),
            3 => choices.pick(&self.links).and_then(Link::commit),
            4 => own.map(|own| self.rival(own, choices)),
            _ => None,
        };
        known.unwrap_or_else(|| self.new_link(choices))
    }

    /// One that this node must not sign after its own: in the same epoch, or around it.
    fn rival(&self, own: Link, choices: &mut Choices<'_>) -> Link {
        let source = if choices.one_in(2) { own.source } else { self.machine.voters().root() };
        let epoch = own.target.epoch.saturating_add(u64::from(choices.u8() % 4)) & !1;
        let (height, block) = self.place(choices);
        Link { source, target: Checkpoint { epoch, height, block }, ..own }
    }

    /// The place of a block, often of the best chain's last one.
    fn place(&self, choices: &mut Choices<'_>) -> (u64, Hash) {
        if choices.one_in(2) { self.chain.tip() } else { place(choices.u8()) }
    }

    fn new_link(&self, choices: &mut Choices<'_>) -> Link {
        let source = match choices.u8() % 8 {
            0 => self.checkpoint(choices),
            1 => self.machine.voters().root(),
            _ => choices.pick(&self.links).map_or(self.machine.voters().root(), |link| link.target),
        };
        let mut target = self.checkpoint(choices);
        match choices.u8() % 8 {
            0 => (),
            1 => (target.height, target.block) = (source.height, source.block),
            _ => target.epoch = target.epoch.max(source.epoch.saturating_add(2)) & !1,
        }
        let set = if choices.one_in(32) { Hash([9; 32]) } else { self.machine.voters().id() };
        Link { set, source, target }
    }

    fn checkpoint(&self, choices: &mut Choices<'_>) -> Checkpoint {
        let epoch = match choices.u8() % 8 {
            0 => choices.number(),
            1 => self.slot().saturating_mul(EPOCHS_PER_SLOT).saturating_sub(u64::from(choices.u8())),
            _ => choices.u8().into(),
        };
        let (mut height, block) = self.place(choices);
        if choices.one_in(32) {
            height = choices.number();
        }
        Checkpoint { epoch, height, block }
    }

    /// A voter's signature, mostly. Its own key signs only what has left this node, unless another machine has it too.
    pub(super) fn sign(&mut self, link: &Link, voter: u16, choices: &mut Choices<'_>) -> Option<Signature> {
        let is_own = Some(voter) == self.machine.number();
        if is_own && !self.told.contains(link) {
            if !self.twin {
                return None;
            }
            self.told.insert(*link);
        }
        let key = if choices.one_in(32) { Some(small::key(0)) } else { key_of(self.machine.voters(), voter) };
        Some(link.sign(&NETWORK, voter, &key?).signature)
    }

    /// Signatures of the voters that a byte names, this one's too if there are such.
    pub(super) fn signatures(&mut self, link: &Link, choices: &mut Choices<'_>) -> BTreeMap<u16, Signature> {
        let spared = choices.u8();
        let voters = (0..8_u16).filter(|voter| spared >> voter & 1 == 0);
        let signed = voters.filter_map(|voter| Some((voter, self.sign(link, voter, choices)?)));
        signed.collect()
    }

    pub(super) fn certificate(&mut self, choices: &mut Choices<'_>) -> Certificate {
        let link = self.link(choices);
        let signatures = self.signatures(&link, choices);
        self.note(link);
        let mut certificate = Certificate::new(self.machine.voters(), link, &signatures);
        if choices.one_in(16) {
            let mut bytes = certificate.signers.to_vec();
            bytes[0] ^= 1 << (choices.u8() % 8);
            certificate.signers = bouya_core::codec::Bounded::truncated(bytes);
        }
        certificate
    }

    pub(super) fn said(&mut self, kind: u8, choices: &mut Choices<'_>) -> Said {
        let set = if choices.one_in(32) { Hash([9; 32]) } else { self.machine.voters().id() };
        match kind {
            0 => {
                let link = self.link(choices);
                self.note(link);
                let votes = self.signatures(&link, choices).into_iter().collect();
                Said::Votes { link, votes }
            }
            1 => Said::Certificate(self.certificate(choices)),
            2 => {
                let proof = (!choices.one_in(2)).then(|| self.certificate(choices));
                let mut link = self.link(choices);
                if let Some(proof) = proof.as_ref().filter(|_| !choices.one_in(4)) {
                    link.source = proof.link.target;
                }
                self.note(link);
                let voter = if choices.one_in(4) { (choices.u8() % 8).into() } else { self.leader() };
                let signature = self.sign(&link, voter, choices).unwrap_or(Signature::ZERO);
                Said::Proposal { vote: Vote { link, voter, signature }, proof }
            }
            3 => {
                let asked = small::key(choices.u8()).public();
                Said::GetFinality { set, voter: (!choices.one_in(4)).then_some(asked) }
            }
            _ => {
                let newest = choices.one_in(2).then(|| self.certificate(choices));
                let lock = choices.one_in(2).then(|| self.certificate(choices));
                let seen = choices.one_in(2).then(|| self.seen(choices)).flatten();
                Said::Finality { set, handovers: vec![], newest, lock, seen }
            }
        }
    }

    /// A vote of this node's key that somebody has seen.
    fn seen(&mut self, choices: &mut Choices<'_>) -> Option<Vote> {
        let (link, voter) = (self.link(choices), self.machine.number()?);
        let signature = self.sign(&link, voter, choices)?;
        Some(Vote { link, voter, signature })
    }
}

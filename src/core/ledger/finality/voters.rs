//! The voters in force.

use alloc::vec::Vec;

use super::{Checkpoint, Link, Vote};
use crate::codec::encode;
use crate::crypto::{Hash, PublicKey, Signed, tagged_hash};
use crate::id::NodeId;
use crate::ledger::{Genesis, Member};

/// The voters of one set, with equal weight, numbered from 0 by ascending key. It is in force from its *base* block on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voters {
    id: Hash,
    root: Checkpoint,
    members: Vec<Member>,
}

/// How many of `count` decide.
pub(in crate::ledger) fn quorum(count: usize) -> usize {
    count.saturating_sub(count.saturating_sub(1) / 3)
}

impl Voters {
    /// The voters whose set begins with this block. Their number is bounded by whoever made the list.
    pub fn new(base: Hash, height: u64, members: impl IntoIterator<Item = Member>) -> Self {
        Self::named(base, (height, base), members)
    }

    /// The same, where the set is named by something else than its base: what put it into force is no block.
    pub fn named(
        named: Hash,
        (height, base): (u64, Hash),
        members: impl IntoIterator<Item = Member>,
    ) -> Self {
        let mut members: Vec<_> = members.into_iter().collect();
        members.sort_by_key(|member| member.key);
        let keys: Vec<_> = members.iter().map(|member| (&member.id, member.key)).collect();
        let id = tagged_hash("bouya set", &[&named.0, &encode(&keys)]);
        Self { id, root: Checkpoint { epoch: 0, height, block: base }, members }
    }

    /// The members that a network's definition lists.
    pub fn first(genesis: &Genesis) -> Self {
        Self::new(genesis.id(), 0, genesis.spec.members.iter().cloned())
    }

    /// Names the set: a hash over its base, or the override that put it into force, and its members.
    pub fn id(&self) -> Hash {
        self.id
    }

    /// The set's first justified checkpoint: its base, in epoch 0.
    pub fn root(&self) -> Checkpoint {
        self.root
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// How many votes decide: n − ⌊(n − 1) / 3⌋.
    pub fn quorum(&self) -> usize {
        quorum(self.count())
    }

    /// How many must have signed two histories if two conflicting blocks are final: 2q − n.
    pub fn guilty(&self) -> usize {
        self.quorum().saturating_mul(2).saturating_sub(self.count())
    }

    /// A voter's number.
    pub fn number(&self, key: &PublicKey) -> Option<u16> {
        let at = self.members.binary_search_by_key(key, |member| member.key).ok()?;
        u16::try_from(at).ok()
    }

    /// The voter with this number.
    pub fn member(&self, number: u16) -> Option<&Member> {
        self.members.get(usize::from(number))
    }

    /// A voter's name.
    pub fn name(&self, number: u16) -> Option<&NodeId> {
        self.member(number).map(|member| &member.id)
    }

    /// Whether the vote is one of this set's: a well-formed link, signed by the voter that it names.
    pub fn verify(&self, network: &Hash, vote: &Vote) -> bool {
        let signed = self.signed(network, &vote.link, vote.voter, vote.signature);
        signed.is_some_and(|signed| signed.verify())
    }

    /// What is to be verified of a vote; none if no voter of this set signs such a link.
    pub(super) fn signed(
        &self,
        network: &Hash,
        link: &Link,
        voter: u16,
        signature: crate::crypto::Signature,
    ) -> Option<Signed> {
        if link.set != self.id || link.kind().is_none() || !self.is_within(link) {
            return None;
        }
        let key = self.member(voter)?.key;
        Some(Signed { key, message: link.signed_bytes(network), signature })
    }

    /// Epoch 0 has one checkpoint, and nothing below it is voted on.
    fn is_within(&self, link: &Link) -> bool {
        let Link { source, .. } = link;
        (source.epoch > 0 || *source == self.root) && source.height >= self.root.height
    }
}

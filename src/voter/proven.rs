//! What has been proven against members and against this node's history, kept in the store over restarts.
//!
//! It is about this history, so it goes where the store goes: a member key's own record (`record`) lies beside the key instead.

use borsh::{BorshDeserialize, BorshSerialize};
use bouya_core::codec::{decode, encode};
use bouya_core::crypto::{Hash, PublicKey};
use bouya_core::finality::Evidence;
use bouya_core::ledger::{Certificate, Vote};
use bouya_core::limits::PROVEN_KEPT;
use tracing::error;

use crate::store::{Reader, StoreError};

const NAME: &str = "proven";

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Proven {
    /// For each guilty key the first two votes that no honest machine signs both.
    votes: Vec<(PublicKey, [Vote; 2])>,
    /// What is final in another history, and the operator's checkpoint when this node met it.
    rival: Option<(Certificate, Option<(u64, Hash)>)>,
}

impl Proven {
    /// What the store has. It is told again by peers if it cannot be read.
    pub fn load(reader: &Reader) -> Result<Self, StoreError> {
        let Some(bytes) = reader.kept(NAME)? else { return Ok(Self::default()) };
        Ok(decode(&bytes, "what was proven").unwrap_or_else(|error| {
            error!(%error, "what was proven against members is forgotten");
            Self::default()
        }))
    }

    /// Makes it durable.
    pub fn keep(&self, reader: &Reader) -> Result<(), StoreError> {
        reader.keep(NAME, &encode(self))
    }

    /// The evidence, as it was.
    pub fn evidence(&self) -> Vec<Evidence> {
        self.votes.iter().filter_map(|(_, votes)| proves(votes)).collect()
    }

    /// What was proven against a key, in whatever set it voted.
    pub fn against(&self, key: &PublicKey) -> Option<Evidence> {
        let (_, votes) = self.votes.iter().find(|(guilty, _)| guilty == key)?;
        proves(votes)
    }

    /// What is final in another history, if this node has met one.
    pub fn rival(&self) -> Option<&Certificate> {
        self.rival.as_ref().map(|(rival, _)| rival)
    }

    /// This node has met another history.
    pub fn meets(&mut self, rival: Certificate, checkpoint: Option<(u64, Hash)>) {
        self.rival = Some((rival, checkpoint));
    }

    /// Forgets the other history if the operator has set this checkpoint since; says whether it did. If that does not settle it, the other history
    /// is met again.
    pub fn forget_rival(&mut self, checkpoint: Option<(u64, Hash)>) -> bool {
        self.rival.take_if(|(_, before)| *before != checkpoint).is_some()
    }

    /// Takes in a proof against a key that has none. The oldest leave.
    pub fn add(&mut self, key: PublicKey, evidence: &Evidence) {
        if self.against(&key).is_some() {
            return;
        }
        self.votes.push((key, evidence.votes));
        let surplus = self.votes.len().saturating_sub(PROVEN_KEPT);
        self.votes.drain(..surplus);
    }
}

fn proves(votes: &[Vote; 2]) -> Option<Evidence> {
    let offence = votes[0].link.offence(&votes[1].link)?;
    Some(Evidence { offence, votes: *votes })
}

#[cfg(test)]
mod tests {
    use bouya_core::ledger::{Checkpoint, Link};
    use bouya_core::testing::{genesis, key, voters};

    use super::*;
    use crate::store::Store;

    #[test]
    fn what_was_proven_is_there_after_a_restart_and_stays_within_its_bound() {
        let dir = tempfile::tempdir().unwrap();
        let voters = voters(1);
        let vote = |epoch, block| {
            let target = Checkpoint { epoch, height: 1, block: Hash([block; 32]) };
            Link { set: voters.id(), source: voters.root(), target }.sign(&Hash::ZERO, 0, &key(1))
        };
        let evidence = |epoch| {
            let votes = [vote(epoch, 1), vote(epoch, 2)];
            Evidence { offence: votes[0].link.offence(&votes[1].link).unwrap(), votes }
        };
        let guilty = |number: u64| {
            PublicKey(core::array::from_fn(|at| number.to_le_bytes().get(at).copied().unwrap_or(0)))
        };
        {
            let reader = Store::open(dir.path(), genesis()).unwrap().reader();
            let mut proven = Proven::load(&reader).unwrap();
            assert_eq!(proven, Proven::default());
            for epoch in 1..=PROVEN_KEPT as u64 + 1 {
                proven.add(guilty(epoch), &evidence(2 * epoch));
                proven.add(guilty(epoch), &evidence(2 * epoch + 4_000));
            }
            proven.keep(&reader).unwrap();
        }
        let reader = Store::open(dir.path(), genesis()).unwrap().reader();
        let found = Proven::load(&reader).unwrap();
        assert_eq!(found.against(&guilty(1)), None, "the oldest has left");
        assert_eq!(found.against(&guilty(2)), Some(evidence(4)), "the first one counts");
        let found = found.evidence();
        assert_eq!((found.len(), found[0]), (PROVEN_KEPT, evidence(4)));
        reader.keep(NAME, b"nonsense").unwrap();
        assert_eq!(Proven::load(&reader).unwrap(), Proven::default());
    }
}

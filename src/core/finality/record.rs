//! What a voter must never forget: the record of what its key has signed.
//!
//! The rule is EIP-3076's minimal one: a source no earlier than any source signed before, and a target later than any target signed before.
//! Then no two links that this key signs prove an offence. The record must be durable before a vote leaves, and it belongs to the key, not
//! to the chain's data: a key that is used with an old record signs two histories without knowing it.

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use crate::crypto::{Hash, SecretKey};
use crate::ledger::{Certificate, Link, Vote, Voters};

/// The record of one key in one network.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Record {
    /// The set of the newest vote.
    pub set: Hash,
    /// The height of that set's base.
    pub base: u64,
    /// The largest source epoch signed in that set.
    pub source: u64,
    /// The largest target epoch signed in that set.
    pub target: u64,
    /// The newest vote.
    pub last: Option<Vote>,
    /// What justified the newest vote's source: the *lock*. None if that was the root.
    pub lock: Option<Certificate>,
}

/// Why a key does not sign a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// No voter signs such a link.
    #[error("the link leads nowhere that voters vote for")]
    Link,
    /// The key has voted in a set that begins later.
    #[error("this key has voted in a set that begins at height {base}, and this one begins at {found}")]
    EarlierSet {
        /// Where the record's set begins.
        base: u64,
        /// Where the link's set begins.
        found: u64,
    },
    /// Two sets begin at one height: two histories.
    #[error("this key has voted in another set that begins at height {0}: there are two histories")]
    OtherSet(u64),
    /// The source is older than the lock.
    #[error("its source is of epoch {found}, and this key is locked on epoch {locked}")]
    Locked {
        /// The record's.
        locked: u64,
        /// The link's.
        found: u64,
    },
    /// The target is not new.
    #[error("its target is of epoch {found}, and this key has voted in epoch {voted}")]
    Voted {
        /// The record's.
        voted: u64,
        /// The link's.
        found: u64,
    },
}

impl Record {
    /// The record of a key that has signed nothing in this set.
    pub fn new(voters: &Voters) -> Self {
        let (set, base) = (voters.id(), voters.root().height);
        Self { set, base, source: 0, target: 0, last: None, lock: None }
    }

    /// The record as it counts in this set: that of a later set begins anew.
    pub fn in_set(&self, voters: &Voters) -> Result<Self, Refused> {
        let found = voters.root().height;
        if voters.id() == self.set {
            return Ok(self.clone());
        }
        match found.cmp(&self.base) {
            core::cmp::Ordering::Less => Err(Refused::EarlierSet { base: self.base, found }),
            core::cmp::Ordering::Equal => Err(Refused::OtherSet(found)),
            core::cmp::Ordering::Greater => Ok(Self::new(voters)),
        }
    }

    /// Whether the key may sign this link.
    pub fn allows(&self, voters: &Voters, link: &Link) -> Result<(), Refused> {
        let record = self.in_set(voters)?;
        if link.set != voters.id() || link.kind().is_none() {
            return Err(Refused::Link);
        }
        let (source, target) = (link.source.epoch, link.target.epoch);
        if source < record.source {
            return Err(Refused::Locked { locked: record.source, found: source });
        }
        if target <= record.target {
            return Err(Refused::Voted { voted: record.target, found: target });
        }
        Ok(())
    }

    /// Signs a link. The vote is in the returned record, which must be durable before the vote leaves. `lock` is what justified the link's
    /// source; none if that is the root.
    pub fn sign(
        &self,
        network: &Hash,
        (voters, voter): (&Voters, u16),
        (link, lock): (&Link, Option<Certificate>),
        key: &SecretKey,
    ) -> Result<Self, Refused> {
        self.allows(voters, link)?;
        let last = Some(link.sign(network, voter, key));
        let (source, target) = (link.source.epoch, link.target.epoch);
        Ok(Self { source, target, last, lock, ..Self::new(voters) })
    }

    /// Takes in a vote of this key that the record may not know: after it, nothing is signed that would prove an offence together with it.
    /// Returns whether the record did not cover it.
    pub fn heard(&mut self, voters: &Voters, link: &Link) -> bool {
        if link.set != voters.id() {
            return false;
        }
        if self.in_set(voters).is_ok_and(|record| record != *self) {
            *self = Self::new(voters);
        }
        let is_news =
            self.set == link.set && (link.source.epoch > self.source || link.target.epoch > self.target);
        if is_news {
            self.source = self.source.max(link.source.epoch);
            self.target = self.target.max(link.target.epoch);
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::ledger::Checkpoint;
    use crate::testing::{key, member};

    const NETWORK: Hash = Hash([1; 32]);

    fn voters(base: u8, height: u64) -> Voters {
        Voters::new(Hash([base; 32]), height, (1..=4).map(member))
    }

    fn checkpoint(epoch: u64, block: u8) -> Checkpoint {
        Checkpoint { epoch, height: u64::from(block), block: Hash([block; 32]) }
    }

    fn sign(record: &Record, voters: &Voters, link: &Link) -> Result<Record, Refused> {
        let voter = voters.number(&key(1).public()).unwrap();
        record.sign(&NETWORK, (voters, voter), (link, None), &key(1))
    }

    #[test]
    fn what_is_signed_is_in_the_record_first() {
        let voters = voters(0, 0);
        let link = Link { set: voters.id(), source: voters.root(), target: checkpoint(2, 3) };
        let record = sign(&Record::new(&voters), &voters, &link).unwrap();
        assert_eq!((record.source, record.target), (0, 2));
        let vote = record.last.unwrap();
        assert!(vote.link == link && voters.verify(&NETWORK, &vote));
        assert_eq!(sign(&record, &voters, &link), Err(Refused::Voted { voted: 2, found: 2 }));
    }

    #[test]
    fn a_later_set_begins_anew_and_no_other_set_is_voted_for() {
        let [first, later, rival] = [voters(1, 10), voters(2, 20), voters(3, 10)];
        let of = |voters: &Voters| {
            let target = Checkpoint { epoch: 2, height: 30, block: Hash([30; 32]) };
            Link { set: voters.id(), source: voters.root(), target }
        };
        let record = sign(&Record::new(&first), &first, &of(&first)).unwrap();
        assert_eq!(sign(&record, &rival, &of(&rival)), Err(Refused::OtherSet(10)));
        assert_eq!(sign(&record, &first, &of(&later)), Err(Refused::Link), "a link of another set");
        let later_record = sign(&record, &later, &of(&later)).unwrap();
        assert_eq!((later_record.base, later_record.target), (20, 2));
        let back = sign(&later_record, &first, &of(&first));
        assert_eq!(back, Err(Refused::EarlierSet { base: 20, found: 10 }));
    }

    #[test]
    fn own_votes_that_are_heard_count_as_signed() {
        let voters = voters(0, 0);
        let link = |source, target| Link {
            set: voters.id(),
            source: checkpoint(source, 1),
            target: checkpoint(target, 2),
        };
        let mut record = Record::new(&voters);
        assert!(record.heard(&voters, &link(4, 8)) && !record.heard(&voters, &link(4, 8)));
        assert!(!record.heard(&voters, &link(2, 6)), "older ones are covered");
        assert_eq!(sign(&record, &voters, &link(3, 10)), Err(Refused::Locked { locked: 4, found: 3 }));
        assert_eq!(sign(&record, &voters, &link(5, 8)), Err(Refused::Voted { voted: 8, found: 8 }));
        assert!(sign(&record, &voters, &link(4, 10)).is_ok());
    }

    proptest! {
        #[test]
        fn whatever_is_asked_no_two_signed_links_prove_an_offence(
            asked in prop::collection::vec((0_u64..12, 0_u64..14, 0_u8..4, 0_u8..4), 1..60),
            forgets in prop::collection::vec(any::<bool>(), 60),
        ) {
            let voters = voters(0, 0);
            let (mut record, mut signed) = (Record::new(&voters), Vec::<Link>::new());
            for ((source, target, from, to), forgets) in asked.into_iter().zip(forgets) {
                let link = Link {
                    set: voters.id(),
                    source: checkpoint(source, from),
                    target: checkpoint(target, to),
                };
                if let Ok(next) = sign(&record, &voters, &link) {
                    signed.push(link);
                    record = next;
                }
                // A record from a backup that hears all its votes again is as good as the lost one.
                if forgets {
                    record = Record::new(&voters);
                    for link in &signed {
                        record.heard(&voters, link);
                    }
                }
            }
            for (at, link) in signed.iter().enumerate() {
                prop_assert!(signed[..at].iter().all(|earlier| earlier.offence(link).is_none()));
            }
        }
    }
}

//! The votes of one set that have been verified, and what they prove.
//!
//! Bounds: of one voter, votes in [`VOTES_KEPT`] epochs are kept, the newest ones, and two in an epoch, which prove an offence. So a voter
//! that signs without end uses up only its own room.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::crypto::Signature;
use crate::ledger::{Certificate, Link, Offence, Vote, Voters};
use crate::limits::VOTES_KEPT;

/// See the module's header.
#[derive(Clone, Debug)]
pub struct Votes {
    voters: Voters,
    /// By voter, then by target epoch.
    votes: BTreeMap<u16, BTreeMap<u64, Vec<Vote>>>,
    /// The first offence of each voter. It is shown for ever, and changes no counting.
    evidence: BTreeMap<u16, Evidence>,
}

/// Two votes of one voter that no honest machine signs both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What they prove.
    pub offence: Offence,
    /// The votes.
    pub votes: [Vote; 2],
}

/// What became of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It counts.
    New,
    /// It counts, and it is the first proof that its voter breaks the rules.
    Proves(Evidence),
    /// It was here.
    Known,
    /// It is older than all that is kept of its voter, or the third in its epoch.
    Spare,
}

impl Votes {
    /// No votes yet, but what was proven before.
    pub fn new(voters: Voters, proven: Vec<Evidence>) -> Self {
        let is_here = |evidence: &Evidence| evidence.votes[0].link.set == voters.id();
        let proven = proven.into_iter().filter(is_here);
        let evidence = proven.map(|evidence| (evidence.votes[0].voter, evidence)).collect();
        Self { voters, votes: BTreeMap::new(), evidence }
    }

    /// The set.
    pub fn voters(&self) -> &Voters {
        &self.voters
    }

    /// Whether a vote would be [`Added::Known`] or [`Added::Spare`]: then it need not be verified.
    pub fn needs(&self, link: &Link, voter: u16) -> bool {
        let Some(kept) = self.votes.get(&voter) else { return true };
        let is_old =
            kept.len() >= VOTES_KEPT && kept.keys().next().is_some_and(|first| link.target.epoch < *first);
        let known = kept.get(&link.target.epoch).map_or(&[][..], Vec::as_slice);
        !is_old && known.len() < 2 && known.iter().all(|vote| vote.link != *link)
    }

    /// Takes in a vote of this set, which must have been verified.
    pub fn add(&mut self, vote: Vote) -> Added {
        let known = self.of(vote.voter).any(|known| known.link == vote.link);
        if !self.needs(&vote.link, vote.voter) {
            return if known { Added::Known } else { Added::Spare };
        }
        let proof = self.of(vote.voter).find_map(|known| {
            Some(Evidence { offence: known.link.offence(&vote.link)?, votes: [*known, vote] })
        });
        let kept = self.votes.entry(vote.voter).or_default();
        kept.entry(vote.link.target.epoch).or_default().push(vote);
        if kept.len() > VOTES_KEPT {
            kept.pop_first();
        }
        match proof {
            Some(evidence) if !self.evidence.contains_key(&vote.voter) => {
                self.evidence.insert(vote.voter, evidence);
                Added::Proves(evidence)
            }
            _ => Added::New,
        }
    }

    /// The voters' signatures on a link, each voter once.
    pub fn on(&self, link: &Link) -> BTreeMap<u16, Signature> {
        let vote = |(voter, kept): (&u16, &BTreeMap<u64, Vec<Vote>>)| {
            let votes = kept.get(&link.target.epoch)?;
            let vote = votes.iter().find(|vote| vote.link == *link)?;
            Some((*voter, vote.signature))
        };
        self.votes.iter().filter_map(vote).collect()
    }

    /// The certificate of a link, once a quorum has voted for it.
    pub fn certificate(&self, link: &Link) -> Option<Certificate> {
        let signatures = self.on(link);
        let is_enough = signatures.len() >= self.voters.quorum();
        is_enough.then(|| Certificate::new(&self.voters, *link, &signatures))
    }

    /// A voter's vote with the latest target.
    pub fn newest(&self, voter: u16) -> Option<&Vote> {
        self.of(voter).last()
    }

    /// The latest epoch up to `most` that anybody has voted in.
    pub fn latest_epoch(&self, most: u64) -> u64 {
        let latest =
            |kept: &BTreeMap<u64, Vec<Vote>>| kept.range(..=most).next_back().map(|(epoch, _)| *epoch);
        self.votes.values().filter_map(latest).max().unwrap_or(0)
    }

    /// Who has been proven to break the rules.
    pub fn evidence(&self) -> impl Iterator<Item = (u16, &Evidence)> {
        self.evidence.iter().map(|(voter, evidence)| (*voter, evidence))
    }

    /// Panics if more is kept of a voter than it has room for.
    #[cfg(feature = "fuzzing")]
    pub(super) fn check_invariants(&self) {
        let fits = |kept: &BTreeMap<u64, Vec<Vote>>| {
            kept.len() <= VOTES_KEPT && kept.values().all(|votes| votes.len() <= 2)
        };
        assert!(self.votes.values().all(fits) && self.evidence.len() <= self.voters.count());
    }

    /// All that is kept of a voter, by rising target.
    fn of(&self, voter: u16) -> impl Iterator<Item = &Vote> {
        self.votes.get(&voter).into_iter().flat_map(BTreeMap::values).flatten()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::crypto::Hash;
    use crate::ledger::Checkpoint;
    use crate::testing::{key, voters};

    const NETWORK: Hash = Hash([1; 32]);

    fn votes(n: u8) -> Votes {
        Votes::new(voters(n), Vec::new())
    }

    fn checkpoint(epoch: u64, block: u8) -> Checkpoint {
        Checkpoint { epoch, height: u64::from(block), block: Hash([block; 32]) }
    }

    fn vote(votes: &Votes, voter: u16, source: u64, target: (u64, u8)) -> Vote {
        let voters = votes.voters();
        let link = Link {
            set: voters.id(),
            source: if source == 0 { voters.root() } else { checkpoint(source, 1) },
            target: checkpoint(target.0, target.1),
        };
        let key = (1..=9).map(key).find(|key| voters.number(&key.public()) == Some(voter)).unwrap();
        link.sign(&NETWORK, voter, &key)
    }

    #[test]
    fn a_quorum_on_one_link_is_a_certificate() {
        let mut votes = votes(4);
        let all: Vec<_> = (0..4).map(|voter| vote(&votes, voter, 0, (2, 3))).collect();
        let link = all[0].link;
        for (count, vote) in all.iter().enumerate() {
            assert_eq!(votes.certificate(&link).is_some(), count >= 3, "{count} votes");
            assert_eq!(votes.add(*vote), Added::New);
            assert_eq!(votes.add(*vote), Added::Known, "each voter counts once");
        }
        let certificate = votes.certificate(&link).unwrap();
        assert_eq!(certificate.check(&NETWORK, votes.voters()), Ok(()));
        assert_eq!(certificate.voters().collect::<Vec<_>>(), [0, 1, 2, 3]);
    }

    #[test]
    fn votes_of_different_links_do_not_add_up() {
        let mut votes = votes(4);
        let [one, other] = [vote(&votes, 0, 0, (2, 3)), vote(&votes, 1, 0, (2, 4))];
        let later = [vote(&votes, 2, 1, (2, 3)), vote(&votes, 3, 0, (4, 3))];
        for vote in [one, other].into_iter().chain(later) {
            votes.add(vote);
            assert_eq!(votes.on(&vote.link).len(), 1);
        }
    }

    #[test]
    fn the_first_offence_of_a_voter_is_kept_and_changes_no_counting() {
        let mut votes = votes(4);
        let honest = vote(&votes, 1, 2, (4, 3));
        let (first, double) = (vote(&votes, 0, 2, (4, 3)), vote(&votes, 0, 2, (4, 5)));
        let around = vote(&votes, 0, 0, (6, 3));
        assert_eq!([votes.add(honest), votes.add(first)], [Added::New; 2]);
        let Added::Proves(evidence) = votes.add(double) else { panic!() };
        assert_eq!((evidence.offence, evidence.votes), (Offence::Double, [first, double]));
        // Both count: a liar's votes are votes.
        assert_eq!((votes.on(&first.link).len(), votes.on(&double.link).len()), (2, 1));
        // A third in that epoch proves nothing new.
        let third = vote(&votes, 0, 2, (4, 6));
        assert_eq!((votes.add(third), votes.add(around)), (Added::Spare, Added::New));
        assert_eq!(votes.evidence().collect::<Vec<_>>(), [(0, &evidence)]);
        let mut votes = self::votes(4);
        assert_eq!(votes.add(around), Added::New);
        let Added::Proves(evidence) = votes.add(first) else { panic!() };
        assert_eq!((evidence.offence, evidence.votes), (Offence::Surround, [around, first]));
    }

    #[test]
    fn a_voter_that_signs_without_end_uses_up_its_own_room() {
        let mut votes = votes(4);
        let honest = vote(&votes, 1, 0, (2, 3));
        votes.add(honest);
        let most = 2 * VOTES_KEPT as u64;
        for epoch in (2..=2 * most).step_by(2) {
            assert_eq!(votes.add(vote(&votes, 0, 0, (epoch, 3))), Added::New);
        }
        assert_eq!(votes.of(0).count(), VOTES_KEPT);
        let old = vote(&votes, 0, 0, (2, 4));
        assert!(!votes.needs(&old.link, 0));
        assert_eq!(votes.add(old), Added::Spare);
        assert_eq!((votes.newest(1), votes.newest(2)), (Some(&honest), None));
        assert_eq!(votes.newest(0).unwrap().link.target.epoch, 2 * most);
        // What is far ahead does not count where epochs are bounded.
        assert_eq!((votes.latest_epoch(u64::MAX), votes.latest_epoch(1)), (2 * most, 0));
        assert_eq!(votes.latest_epoch(3), 2);
    }
}

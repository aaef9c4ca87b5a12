//! What must hold, whatever has happened.

use alloc::format;
use alloc::string::String;

use super::chain::Chain;
use super::node::Node;
use super::world::{NETWORK, World};
use super::*;

impl World {
    /// As long as no more voters lie than the quorums allow: no two final blocks conflict, each is proven by its certificate alone, every
    /// best chain holds its node's, no honest key has signed an offence, nobody honest is blamed or shown as guilty, and all go on voting.
    pub(super) fn check(&self) {
        self.check_votes();
        self.check_finals();
        let liars = self.keys(&self.lying);
        for n in self.honest() {
            let node = &self.nodes[n];
            let is_suspect = |key: &PublicKey| liars.contains(key) || self.restored.contains(key);
            assert!(node.guilty.iter().all(is_suspect), "{n} accuses somebody honest: {:?}", node.guilty);
            let is_fine = |(peer, _): &(Peer, &str)| self.lying.iter().any(|liar| *liar as u64 == peer.0);
            assert!(node.blamed.iter().all(is_fine), "{n} blames somebody honest: {:?}", node.blamed);
            // Who has lost its record may hear of its own votes later, and a key with a twin hears of the twin's.
            let has_forgotten = is_suspect(&node.key.public());
            let is_fine = |alarm: &Alarm| has_forgotten && *alarm != Alarm::OtherHistory;
            assert!(node.alarms.iter().all(is_fine), "{n}: {:?}", node.alarms);
            let settled = node.machine.finalized();
            assert_eq!(node.chain.best(settled.height), Some(settled.block), "{n} is not on what is final");
        }
    }

    /// Over crashes too. Who was restored by hand may have signed two histories.
    fn check_votes(&self) {
        let liars = self.keys(&self.lying);
        let is_honest = |key: &PublicKey| !liars.contains(key) && !self.restored.contains(key);
        for (voter, links) in self.votes.iter().filter(|(voter, _)| is_honest(voter)) {
            let links: Vec<_> = links.iter().collect();
            for (at, link) in links.iter().enumerate() {
                let offence = links[..at].iter().find_map(|other| link.offence(other));
                assert_eq!(offence, None, "voter {voter}: {link:?}");
            }
        }
    }

    fn check_finals(&self) {
        for certificate in self.distinct_finals() {
            let voters = &self.sets[&certificate.link.set];
            assert_eq!(certificate.check(&NETWORK, voters), Ok(()));
        }
        assert!(self.conflict().is_none(), "conflicting final blocks: {:?}", self.conflict());
    }

    /// Two final blocks of which neither descends from the other.
    pub(super) fn conflict(&self) -> Option<[Checkpoint; 2]> {
        let mut all = Chain::default();
        self.nodes.iter().for_each(|node| all.parents.extend(&node.chain.parents));
        let mut finals: Vec<_> =
            self.distinct_finals().iter().map(|certificate| certificate.link.source).collect();
        finals.sort_by_key(|checkpoint| checkpoint.height);
        let pair = finals.windows(2).find(|pair| {
            let [low, high] = [pair[0], pair[1]];
            all.ancestor(&high.block, low.height) != Some(low.block)
        });
        pair.map(|pair| [pair[0], pair[1]])
    }

    /// What may explain why nothing becomes final.
    pub(super) fn state(&self) -> String {
        let of = |node: &Node| {
            let (Record { source, target, .. }, machine) = (&node.machine.record, &node.machine);
            let justified = machine.justified.last_key_value().map(|(checkpoint, _)| checkpoint);
            let silent = (machine.is_silent(), machine.alarm(), machine.writing.is_some());
            format!(
                "tip {:?}, voted {source} to {target}, silent {silent:?}, {justified:?}\n",
                node.chain.tip()
            )
        };
        self.nodes.iter().map(of).collect()
    }

    /// One certificate for each link.
    fn distinct_finals(&self) -> Vec<Certificate> {
        let by_link = self.finals.iter().map(|certificate| (certificate.link, certificate.clone()));
        by_link.collect::<BTreeMap<_, _>>().into_values().collect()
    }

    /// The keys that these nodes vote with.
    pub(super) fn keys(&self, nodes: &BTreeSet<usize>) -> BTreeSet<PublicKey> {
        nodes.iter().map(|n| self.nodes[*n].key.public()).collect()
    }
}

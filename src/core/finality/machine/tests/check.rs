//! What must hold, and what has been said.

use super::chain::Chain;
use super::world::{NETWORK, World};
use super::*;

impl World {
    /// Every link that somebody has voted for.
    pub(super) fn links_voted(&self) -> Vec<Link> {
        self.votes.values().flatten().copied().collect()
    }

    /// Every certificate that some node has.
    pub(super) fn certificates(&self) -> Vec<Certificate> {
        self.nodes.iter().flat_map(|node| node.machine.justified.values().flatten().cloned()).collect()
    }

    pub(super) fn check(&self) {
        self.check_but(None);
    }

    /// What must hold whatever has happened, as long as nobody else lied: no key has signed an offence, nobody is shown as guilty or blamed,
    /// no two final blocks conflict, each is proven by its certificate alone, and every best chain holds its node's.
    pub(super) fn check_but(&self, liar: Option<usize>) {
        let liar_number = liar.map(|n| self.nodes[n].number());
        let honest = self.votes.iter().filter(|(voter, _)| Some(**voter) != liar_number);
        for (voter, links) in honest {
            let links: Vec<_> = links.iter().collect();
            for (at, link) in links.iter().enumerate() {
                assert!(
                    links[..at].iter().all(|other| link.offence(other).is_none()),
                    "voter {voter}: {link:?}"
                );
            }
        }
        let voters = self.nodes[0].machine.voters();
        let mut all = Chain::default();
        self.nodes.iter().for_each(|node| all.parents.extend(&node.chain.parents));
        for one in &self.finals {
            assert_eq!(one.check(&NETWORK, voters), Ok(()));
            for other in &self.finals {
                let (low, high) = (one.link.source, other.link.source);
                if low.height <= high.height {
                    assert_eq!(
                        all.ancestor(&high.block, low.height),
                        Some(low.block),
                        "conflicting final blocks"
                    );
                }
            }
        }
        for (n, node) in self.nodes.iter().enumerate().filter(|(n, _)| Some(*n) != liar) {
            assert!(
                node.guilty.iter().all(|guilty| Some(*guilty) == liar_number),
                "{n} accuses somebody honest"
            );
            let is_lost = |alarm: &Alarm| *alarm == Alarm::NoRecord;
            assert!(node.blamed.is_empty() && node.alarms.iter().all(is_lost), "{n}: {:?}", node.alarms);
            let settled = node.machine.finalized();
            assert_eq!(node.chain.best(settled.height), Some(settled.block));
        }
    }
}

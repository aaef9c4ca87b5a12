//! A chain as voters see it.

use alloc::collections::BTreeSet;
use alloc::vec;

use super::*;
use crate::crypto::tagged_hash;
use crate::ledger::Handover;

/// Every block weighs the same; of equal branches the one that was there first stays, unless the other holds the final block.
#[derive(Clone, Default)]
pub(super) struct Chain {
    /// Height and parent of each block.
    pub(super) parents: BTreeMap<Hash, (u64, Hash)>,
    pub(super) best: Vec<Hash>,
    /// Blocks that put other members into force.
    pub(super) bases: BTreeSet<Hash>,
    /// How sets have handed over here, by the set before.
    pub(super) handed: BTreeMap<Hash, Handover>,
}

impl Blocks for Chain {
    fn height(&self, block: &Hash) -> Option<u64> {
        self.parents.get(block).map(|(height, _)| *height)
    }

    fn best(&self, height: u64) -> Option<Hash> {
        self.best.get(usize::try_from(height).unwrap()).copied()
    }

    fn ancestor(&self, block: &Hash, height: u64) -> Option<Hash> {
        let mut at = *block;
        while self.height(&at)? > height {
            at = self.parents[&at].1;
        }
        (self.height(&at)? == height).then_some(at)
    }

    fn base(&self, block: &Hash) -> Option<Hash> {
        let mut at = *block;
        while self.height(&at)? > 0 && !self.bases.contains(&at) {
            at = self.parents[&at].1;
        }
        Some(at)
    }

    fn handovers(&self, set: &Hash) -> Vec<Handover> {
        let (mut set, mut found) = (*set, vec![]);
        while let Some(handover) = self.handed.get(&set) {
            set = handover.roster.voters(handover.header.id()).id();
            found.push(handover.clone());
        }
        found
    }
}

impl Chain {
    fn path(&self, block: Hash) -> Vec<Hash> {
        let mut path = vec![block];
        while self.parents[path.last().unwrap()].0 > 0 {
            path.push(self.parents[path.last().unwrap()].1);
        }
        path.reverse();
        path
    }

    pub(super) fn tip(&self) -> (u64, Hash) {
        (self.best.len() as u64 - 1, *self.best.last().unwrap())
    }

    pub(super) fn push(&mut self, number: u64) {
        let (_, parent) = self.tip();
        self.push_id(tagged_hash("block", &[&parent.0, &number.to_le_bytes()]));
    }

    pub(super) fn push_id(&mut self, id: Hash) {
        let (height, parent) = self.tip();
        self.parents.insert(id, (height + 1, parent));
        self.best.push(id);
    }

    /// Takes all blocks of another chain, and follows the best one that holds `settled`.
    pub(super) fn merge(&mut self, other: &Self, settled: &Checkpoint) {
        self.parents.extend(other.parents.iter().map(|(id, of)| (*id, *of)));
        self.bases.extend(&other.bases);
        let holds =
            |chain: &[Hash]| chain.get(usize::try_from(settled.height).unwrap()) == Some(&settled.block);
        let is_better = |one: &[Hash], other: &[Hash]| (holds(one), one.len()) > (holds(other), other.len());
        let heights: Vec<_> = self.parents.iter().map(|(id, (height, _))| (*id, *height)).collect();
        for (id, height) in heights {
            // Cheap first: most blocks are on the best chain, or no higher than its end.
            if height > self.tip().0 || !holds(&self.best) {
                let path = self.path(id);
                if is_better(&path, &self.best) {
                    self.best = path;
                }
            }
        }
    }
}

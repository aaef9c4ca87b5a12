//! What a voter stands on: a few blocks on three branches, some of them stored.

use std::collections::BTreeSet;

use bouya_core::crypto::Hash;
use bouya_core::finality::Blocks;
use bouya_core::ledger::{Certificate, Checkpoint, Handover, Voters};

/// Blocks are numbered from 0, the base.
pub(super) const BLOCKS: u8 = 26;

fn parent(block: u8) -> u8 {
    match block {
        13 => 4,
        21 => 9,
        _ => block.saturating_sub(1),
    }
}

fn path(block: u8) -> impl Iterator<Item = u8> {
    std::iter::successors(Some(block), |at| (*at > 0).then(|| parent(*at)))
}

/// The place of a block: its height is true.
pub(super) fn place(block: u8) -> (u64, Hash) {
    let block = block % BLOCKS;
    (path(block).count() as u64 - 1, Hash([block; 32]))
}

fn number(id: &Hash) -> Option<u8> {
    let [number, ..] = id.0;
    (number < BLOCKS && *id == Hash([number; 32])).then_some(number)
}

/// The best chain always holds the newest final block.
pub(super) struct Chain {
    stored: BTreeSet<u8>,
    tip: u8,
    pub(super) newest: Option<Certificate>,
}

/// What becomes of a final certificate.
pub(super) enum Settled {
    /// Nothing is new, or the block is not what the certificate says.
    Known,
    Final,
    Missing,
    Conflict,
}

impl Blocks for Chain {
    fn height(&self, block: &Hash) -> Option<u64> {
        let number = number(block).filter(|number| self.stored.contains(number))?;
        Some(place(number).0)
    }

    fn best(&self, height: u64) -> Option<Hash> {
        self.ancestor(&place(self.tip).1, height)
    }

    fn ancestor(&self, block: &Hash, height: u64) -> Option<Hash> {
        let number = number(block).filter(|number| self.stored.contains(number))?;
        path(number).map(place).find(|(at, _)| *at == height).map(|(_, id)| id)
    }

    fn base(&self, block: &Hash) -> Option<Hash> {
        self.ancestor(block, 0)
    }

    fn handovers(&self, _: &Hash) -> Vec<Handover> {
        vec![]
    }
}

impl Chain {
    pub(super) fn new() -> Self {
        Self { stored: BTreeSet::from([0]), tip: 0, newest: None }
    }

    pub(super) fn tip(&self) -> (u64, Hash) {
        place(self.tip)
    }

    /// The newest final block.
    pub(super) fn finalized(&self, voters: &Voters) -> Checkpoint {
        self.newest.as_ref().map_or(voters.root(), |newest| newest.link.source)
    }

    pub(super) fn store(&mut self, block: u8) {
        self.stored.extend(path(block % BLOCKS));
    }

    /// Stores a block and follows it, if it holds what is final.
    pub(super) fn follow(&mut self, block: u8, voters: &Voters) -> bool {
        let (block, last) = (block % BLOCKS, self.finalized(voters));
        let holds = path(block).any(|at| place(at) == (last.height, last.block));
        if holds {
            self.store(block);
            self.tip = block;
        }
        holds
    }

    /// Forgets all but the best chain and what these blocks stand on.
    pub(super) fn evict(&mut self, kept: [Hash; 2]) {
        let kept = kept.iter().filter_map(number).chain([self.tip]).flat_map(path);
        let kept: BTreeSet<u8> = kept.collect();
        self.stored.retain(|block| kept.contains(block));
    }

    pub(super) fn settle(&mut self, certificate: &Certificate, voters: &Voters) -> Settled {
        let (found, last) = (certificate.link.source, self.finalized(voters));
        match self.height(&found.block) {
            None => return Settled::Missing,
            Some(height) if height != found.height => return Settled::Known,
            Some(_) => (),
        }
        let (low, high) = if found.height <= last.height { (found, last) } else { (last, found) };
        if self.ancestor(&high.block, low.height) != Some(low.block) {
            return Settled::Conflict;
        }
        if found.height <= last.height {
            return Settled::Known;
        }
        self.newest = Some(certificate.clone());
        if self.best(found.height) != Some(found.block) {
            self.tip = number(&found.block).unwrap();
        }
        Settled::Final
    }
}

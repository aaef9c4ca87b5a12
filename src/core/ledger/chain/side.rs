//! Blocks stored off the best chain: how many there may be, and which of them leave first.
//!
//! Otherwise a miner with little hash rate could fill every disk with branches that lead nowhere. Blocks leave one by one from the ends of
//! branches, least work first and invalid ones before all others, so that the rest always leads back to the best chain. A block that is
//! needed again later is fetched again, so reorganisations of any depth still work.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::super::{HeaderRecord, Work};
use crate::crypto::Hash;
use crate::limits::{SIDE_BLOCKS, SIDE_BYTES, SIDE_REMOVED_PER_COMMIT};

/// What is kept in memory about a block off the best chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SideBlock {
    parent: Hash,
    height: u64,
    /// Work of the branch up to it; 0 if it is known to be invalid.
    work: Work,
    bytes: u64,
    /// It is only invalid because this node computes something else than it or an ancestor of it states.
    disputed: bool,
}

/// How much may be stored off the best chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) bytes: u64,
    pub(super) blocks: usize,
}

/// Invariant: `ends` are the blocks that have no child here.
#[derive(Debug)]
pub(super) struct SideBlocks {
    pub(super) room: Room,
    blocks: BTreeMap<Hash, SideBlock>,
    /// (parent, child): finds the blocks on top of a block.
    children: BTreeSet<(Hash, Hash)>,
    ends: BTreeSet<(Work, Hash)>,
    bytes: u64,
}

impl From<&HeaderRecord> for SideBlock {
    fn from(record: &HeaderRecord) -> Self {
        let header = &record.header;
        Self {
            parent: header.parent,
            height: header.height,
            work: record.work,
            bytes: record.bytes.into(),
            disputed: false,
        }
    }
}

impl Default for SideBlocks {
    fn default() -> Self {
        Self {
            room: Room { bytes: SIDE_BYTES, blocks: SIDE_BLOCKS },
            blocks: BTreeMap::new(),
            children: BTreeSet::new(),
            ends: BTreeSet::new(),
            bytes: 0,
        }
    }
}

impl SideBlocks {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Ends of branches, most work first.
    pub(super) fn ends(&self) -> impl Iterator<Item = Hash> {
        self.ends.iter().rev().map(|(_, id)| *id)
    }

    pub(super) fn add(&mut self, id: Hash, block: SideBlock) {
        if self.blocks.insert(id, block).is_some() {
            return;
        }
        self.bytes = self.bytes.saturating_add(block.bytes);
        self.children.insert((block.parent, id));
        if let Some(parent) = self.blocks.get(&block.parent) {
            self.ends.remove(&(parent.work, block.parent));
        }
        if self.above(&id).next().is_none() {
            self.ends.insert((block.work, id));
        }
    }

    pub(super) fn remove(&mut self, id: &Hash) {
        let Some(block) = self.blocks.remove(id) else { return };
        self.bytes = self.bytes.saturating_sub(block.bytes);
        self.children.remove(&(block.parent, *id));
        self.ends.remove(&(block.work, *id));
        if let Some(parent) = self.blocks.get(&block.parent)
            && self.above(&block.parent).next().is_none()
        {
            self.ends.insert((parent.work, block.parent));
        }
    }

    /// The height at which the branch of a block leaves the best chain; none if the block is not here.
    pub(super) fn fork_height(&self, id: &Hash) -> Option<u64> {
        let lowest = self.branch(id).last()?;
        Some(lowest.1.height.saturating_sub(1))
    }

    /// Whether `id` is `block` or stands on it, as far as both are here.
    pub(super) fn is_on(&self, id: &Hash, block: &Hash) -> bool {
        self.branch(id).any(|(at, _)| at == *block)
    }

    /// A block and its ancestors down to the best chain.
    fn branch(&self, id: &Hash) -> impl Iterator<Item = (Hash, &SideBlock)> {
        let entry = |id: Hash| Some((id, self.blocks.get(&id)?));
        core::iter::successors(entry(*id), move |(_, block)| entry(block.parent))
    }

    /// Whether this block or an ancestor of it was found invalid.
    pub(super) fn is_condemned(&self, id: &Hash) -> bool {
        self.blocks.get(id).is_some_and(|block| block.work == 0)
    }

    /// Whether that is only because this node computes something else.
    pub(super) fn is_disputed(&self, id: &Hash) -> bool {
        self.blocks.get(id).is_some_and(|block| block.disputed)
    }

    /// Marks a block and all its descendants as invalid; returns them.
    pub(super) fn condemn(&mut self, id: &Hash, disputed: bool) -> BTreeSet<Hash> {
        let mut found = BTreeSet::from([*id]);
        let mut open = Vec::from([*id]);
        while let Some(id) = open.pop() {
            open.extend(self.above(&id).filter(|child| found.insert(*child)).collect::<Vec<_>>());
        }
        for id in &found {
            let Some(block) = self.blocks.get_mut(id) else { continue };
            if self.ends.remove(&(block.work, *id)) {
                self.ends.insert((0, *id));
            }
            block.work = 0;
            block.disputed = disputed;
        }
        found
    }

    /// What must leave so that the rest fits: a bounded number at a time, never one of `kept` or its ancestors.
    pub(super) fn surplus(&self, kept: &BTreeSet<Hash>) -> Vec<Hash> {
        let (mut bytes, mut count) = (self.bytes, self.blocks.len());
        let mut gone = BTreeSet::new();
        let mut order = Vec::new();
        let mut ends = self.ends.iter().copied().filter(|(_, id)| !kept.contains(id)).peekable();
        // Blocks that become ends once their children have left.
        let mut bared = BTreeSet::new();
        while (bytes > self.room.bytes || count > self.room.blocks) && order.len() < SIDE_REMOVED_PER_COMMIT {
            let next = match (ends.peek(), bared.first()) {
                (Some(end), Some(first)) if first < end => bared.pop_first(),
                (Some(_), _) => ends.next(),
                (None, _) => bared.pop_first(),
            };
            let Some((id, block)) = next.and_then(|(_, id)| Some((id, self.blocks.get(&id)?))) else { break };
            bytes = bytes.saturating_sub(block.bytes);
            count = count.saturating_sub(1);
            gone.insert(id);
            order.push(id);
            if let Some(parent) = self.blocks.get(&block.parent).filter(|_| !kept.contains(&block.parent))
                && self.above(&block.parent).all(|child| gone.contains(&child))
            {
                bared.insert((parent.work, block.parent));
            }
        }
        order
    }

    fn above(&self, id: &Hash) -> impl Iterator<Item = Hash> {
        self.children.range((*id, Hash::ZERO)..=(*id, Hash([255; 32]))).map(|(_, child)| *child)
    }
}

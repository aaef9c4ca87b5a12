//! The world as it will be once pending blocks that extend the tip are durable: many blocks share one commit.

use alloc::vec::Vec;

use super::contract::Results;
use super::merkle::Node;
use super::{Body, Certificate, Change, HeaderRecord, Key, StateError, Undo, View};
use crate::crypto::Hash;

/// A change over the durable world that it was planned on. The change holds only blocks that extend the tip one after another: each is in
/// both lists, `stored` and `connected`, at the same place.
pub(super) struct Ahead<'a> {
    base: &'a dyn View,
    change: &'a Change,
}

impl<'a> Ahead<'a> {
    pub(super) fn new(base: &'a dyn View, change: &'a Change) -> Self {
        Self { base, change }
    }

    fn place(&self, id: &Hash) -> Option<usize> {
        // Newest first: the next block asks for its parent.
        self.change.connected.iter().rposition(|(_, connected, _)| connected == id)
    }
}

impl View for Ahead<'_> {
    fn row(&self, key: &Key) -> Result<Option<Vec<u8>>, StateError> {
        match self.change.rows.get(key) {
            Some(row) => Ok(row.clone()),
            None => self.base.row(key),
        }
    }

    fn record(&self, id: &Hash) -> Result<Option<HeaderRecord>, StateError> {
        match self.place(id).and_then(|place| self.change.stored.get(place)) {
            Some((record, _)) => Ok(Some(record.clone())),
            None => self.base.record(id),
        }
    }

    fn at_height(&self, height: u64) -> Result<Option<Hash>, StateError> {
        match self.change.connected.iter().rfind(|(connected, ..)| *connected == height) {
            Some((_, id, _)) => Ok(Some(*id)),
            None => self.base.at_height(height),
        }
    }

    fn lowest(&self) -> Result<u64, StateError> {
        self.change.lowest.map_or_else(|| self.base.lowest(), Ok)
    }

    fn body(&self, id: &Hash) -> Result<Option<Body>, StateError> {
        match self.place(id).and_then(|place| self.change.stored.get(place)) {
            Some((_, block)) => Ok(Some(block.body.clone())),
            None => self.base.body(id),
        }
    }

    fn results(&self, id: &Hash) -> Result<Option<Results>, StateError> {
        match self.change.results.iter().find(|(block, _)| block == id) {
            Some((_, results)) => Ok(Some(results.clone())),
            None => self.base.results(id),
        }
    }

    fn undo(&self, id: &Hash) -> Result<Option<Undo>, StateError> {
        match self.place(id).and_then(|place| self.change.connected.get(place)) {
            Some((_, _, undo)) => Ok(Some(undo.clone())),
            None => self.base.undo(id),
        }
    }

    fn tip(&self) -> Result<(u64, Hash), StateError> {
        match self.change.connected.last() {
            Some((height, id, _)) => Ok((*height, *id)),
            None => self.base.tip(),
        }
    }

    fn side_blocks(&self) -> Result<Vec<Hash>, StateError> {
        self.base.side_blocks()
    }

    fn finalized(&self) -> Result<Option<Certificate>, StateError> {
        match &self.change.finalized {
            Some(certificate) => Ok(Some(certificate.clone())),
            None => self.base.finalized(),
        }
    }

    fn handover(&self, base: &Hash) -> Result<Option<Certificate>, StateError> {
        match self.change.handovers.iter().find(|(known, _)| known == base) {
            Some((_, certificate)) => Ok(Some(certificate.clone())),
            None => self.base.handover(base),
        }
    }

    fn handed_over(&self, set: &Hash) -> Result<Option<Hash>, StateError> {
        match self.change.handovers.iter().find(|(_, certificate)| certificate.link.set == *set) {
            Some((base, _)) => Ok(Some(*base)),
            None => self.base.handed_over(set),
        }
    }

    fn history_node(&self, height: u8, index: u64) -> Result<Option<Hash>, StateError> {
        let is_it = |node: &&Node| (node.0, node.1) == (height, index);
        match self.change.nodes.iter().rfind(is_it) {
            Some((_, _, hash)) => Ok(Some(*hash)),
            None => self.base.history_node(height, index),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;
    use alloc::vec;

    use proptest::prelude::*;

    use super::super::{Action, Block, Ledger, Origin, Output, Stepped, World, check_inline};
    use super::*;
    use crate::codec::{Bounded, Text};
    use crate::testing::{Memory, Node, address, genesis};
    use crate::time::Timestamp;

    /// A chain in each of whose blocks key 1 pays `to`.
    fn chain(to: u8, blocks: u64) -> Vec<Arc<Block>> {
        let mut lab = Node::new();
        let pay = |nonce| {
            let outputs = Bounded::truncated([Output { to: address(to), amount: 1 + nonce }]);
            vec![lab.sign(1, nonce, Action::Transfer { outputs, memo: Text::default() })]
        };
        let transactions: Vec<_> = (0..blocks).map(pay).collect();
        transactions.into_iter().map(|transactions| lab.mine(transactions)).collect()
    }

    /// Gives the blocks in groups of these sizes, then works until there is nothing to do.
    fn take(blocks: &[Arc<Block>], sizes: &[usize]) -> (World, Hash, Vec<Hash>, usize) {
        let genesis = genesis();
        let (network, memory) = (genesis.id(), Memory::new(&genesis));
        let mut ledger = Ledger::load(genesis, memory).unwrap();
        let (mut check, now) = (check_inline(network), Timestamp(u64::MAX / 2));
        let (mut rest, mut told) = (blocks, vec![]);
        for size in sizes.iter().cycle() {
            let (group, later) = rest.split_at((*size).min(rest.len()));
            rest = later;
            let group = group.iter().map(|block| (block.clone(), Origin::Synced));
            let taken = ledger.take(&mut check, now, group).unwrap();
            told.extend(taken.into_iter().filter_map(|taken| taken.moved).flat_map(|moved| moved.connected));
            if rest.is_empty() {
                break;
            }
        }
        let commits = ledger.disk().commits;
        while ledger.chain().is_behind() {
            if let Stepped::Flipped(moved) = ledger.step(&mut check).unwrap() {
                told.extend(moved.connected);
            }
        }
        (ledger.disk().world.clone(), ledger.chain().tip().id, told, commits)
    }

    #[test]
    fn a_run_of_blocks_costs_one_commit() {
        let blocks = chain(2, 9);
        let (world, tip, told, commits) = take(&blocks, &[9]);
        assert_eq!((commits, world.tip().unwrap(), tip), (1, (9, tip), blocks[8].id()));
        assert_eq!(told, blocks.iter().map(|block| block.id()).collect::<Vec<_>>());
        assert_eq!(take(&blocks, &[1]).3, 9);
    }

    proptest! {
        #[test]
        fn blocks_lead_to_the_same_world_however_they_are_grouped(
            picks in prop::collection::vec(any::<bool>(), 0..24),
            sizes in prop::collection::vec(1_usize..9, 1..6),
        ) {
            let (mut one, mut other) = (chain(2, 9).into_iter(), chain(3, 11).into_iter());
            let mut blocks: Vec<_> =
                picks.iter().filter_map(|first| if *first { one.next() } else { other.next() }).collect();
            blocks.extend(one.chain(other));
            let (world, tip, ..) = take(&blocks, &sizes);
            let (expected, expected_tip, ..) = take(&blocks, &[1]);
            prop_assert_eq!(tip, expected_tip);
            prop_assert_eq!(world, expected);
        }
    }
}

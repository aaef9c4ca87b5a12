//! A world in memory: what the store does on disk, for tests and the simulator.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::contract::Results;
#[cfg(test)]
use super::snapshot::Part;
use super::{Body, Certificate, Change, Genesis, HeaderRecord, Key, StateError, Undo, View};
#[cfg(test)]
use crate::codec::decode;
use crate::crypto::Hash;

/// Everything that is durable, in maps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    rows: BTreeMap<Key, Vec<u8>>,
    records: BTreeMap<Hash, HeaderRecord>,
    bodies: BTreeMap<Hash, Body>,
    /// Of the bodies that were pruned.
    leaves: BTreeMap<Hash, Vec<[u8; 32]>>,
    heights: BTreeMap<u64, Hash>,
    undo: BTreeMap<Hash, Undo>,
    results: BTreeMap<Hash, Results>,
    nodes: BTreeMap<(u8, u64), Hash>,
    finalized: Option<Certificate>,
    handovers: BTreeMap<Hash, Certificate>,
    lowest: u64,
}

impl World {
    /// The world before the first block.
    pub fn new(genesis: &Genesis) -> Self {
        let branch = genesis.branch();
        let rows = genesis.rows().into_iter().filter_map(|(key, row)| Some((key, row?))).collect();
        let mut nodes = BTreeMap::new();
        nodes.insert((0, 0), branch.frontier.root());
        Self {
            rows,
            records: BTreeMap::from([(branch.id, genesis.record())]),
            bodies: BTreeMap::new(),
            leaves: BTreeMap::new(),
            heights: BTreeMap::from([(0, branch.id)]),
            undo: BTreeMap::new(),
            results: BTreeMap::new(),
            nodes,
            finalized: None,
            handovers: BTreeMap::new(),
            lowest: 1,
        }
    }

    /// All rows of the state.
    pub fn rows(&self) -> &BTreeMap<Key, Vec<u8>> {
        &self.rows
    }

    /// Forgets undo records, as if the chain had grown far beyond them.
    pub fn forget_undo(&mut self) {
        self.undo.clear();
    }

    /// Makes a change durable.
    pub fn apply(&mut self, change: &Change) {
        for (record, block) in &change.stored {
            let id = block.id();
            self.records.insert(id, record.clone());
            self.bodies.insert(id, block.body.clone());
        }
        for (height, id) in &change.disconnected {
            self.heights.remove(height);
            self.undo.remove(id);
            self.results.remove(id);
        }
        for (height, id, undo) in &change.connected {
            self.heights.insert(*height, *id);
            self.undo.insert(*id, undo.clone());
        }
        for (_, id) in &change.dropped_undo {
            self.undo.remove(id);
        }
        for id in &change.dropped_bodies {
            if let (Some(body), Some(record)) = (self.bodies.remove(id), self.records.get(id)) {
                self.leaves.insert(*id, body.leaves(record.header.height));
            }
            self.results.remove(id);
        }
        for (record, block) in &change.backfilled {
            let id = block.id();
            self.records.insert(id, record.clone());
            self.bodies.insert(id, block.body.clone());
            self.leaves.remove(&id);
        }
        self.lowest = change.lowest.unwrap_or(self.lowest);
        for id in &change.removed {
            self.records.remove(id);
            self.bodies.remove(id);
            self.leaves.remove(id);
        }
        if change.replace_rows {
            self.rows.clear();
        }
        for (key, row) in &change.rows {
            match row {
                Some(row) => self.rows.insert(key.clone(), row.clone()),
                None => self.rows.remove(key),
            };
        }
        self.nodes.extend(change.nodes.iter().map(|(height, index, hash)| ((*height, *index), *hash)));
        if change.finalized.is_some() {
            self.finalized.clone_from(&change.finalized);
        }
        self.handovers.extend(change.handovers.iter().cloned());
        self.results.extend(change.results.iter().cloned());
    }
}

#[cfg(test)]
impl World {
    /// As on a node that never got what makes this base final.
    pub(super) fn forget_handover(&mut self, base: &Hash) {
        self.handovers.remove(base);
    }

    /// Takes in a part of a snapshot. Before the first one it is as new.
    pub(super) fn fill(&mut self, part: &Part) {
        for record in &part.records {
            let id = record.header.id();
            self.heights.insert(record.header.height, id);
            self.records.insert(id, record.clone());
        }
        self.nodes.extend(part.nodes.iter().map(|(height, index, hash)| ((*height, *index), *hash)));
        self.bodies.extend(part.bodies.iter().cloned());
        self.handovers.extend(part.handovers.iter().cloned());
        // Headers come before rows, and those before the first block are no part of it.
        if !part.records.is_empty() {
            self.rows.clear();
        }
        let row = |(key, row): &(Vec<u8>, Vec<u8>)| (decode(key, "key").unwrap(), row.clone());
        self.rows.extend(part.rows.iter().map(row));
    }

    /// All of a snapshot has come.
    pub(super) fn filled(&mut self, (lowest, certificate): (u64, Certificate)) {
        (self.lowest, self.finalized) = (lowest, Some(certificate));
    }
}

impl View for World {
    fn row(&self, key: &Key) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.rows.get(key).cloned())
    }

    fn record(&self, id: &Hash) -> Result<Option<HeaderRecord>, StateError> {
        Ok(self.records.get(id).cloned())
    }

    fn at_height(&self, height: u64) -> Result<Option<Hash>, StateError> {
        Ok(self.heights.get(&height).copied())
    }

    fn lowest(&self) -> Result<u64, StateError> {
        Ok(self.lowest)
    }

    fn body(&self, id: &Hash) -> Result<Option<Body>, StateError> {
        Ok(self.bodies.get(id).cloned())
    }

    fn leaves(&self, id: &Hash) -> Result<Option<Vec<[u8; 32]>>, StateError> {
        match self.leaves.get(id) {
            Some(leaves) => Ok(Some(leaves.clone())),
            None => Ok(self.block(id)?.map(|block| block.leaves())),
        }
    }

    fn results(&self, id: &Hash) -> Result<Option<Results>, StateError> {
        Ok(self.results.get(id).cloned())
    }

    fn undo(&self, id: &Hash) -> Result<Option<Undo>, StateError> {
        Ok(self.undo.get(id).cloned())
    }

    fn history_node(&self, height: u8, index: u64) -> Result<Option<Hash>, StateError> {
        Ok(self.nodes.get(&(height, index)).copied())
    }

    fn tip(&self) -> Result<(u64, Hash), StateError> {
        Ok(self.heights.last_key_value().map_or((0, Hash::ZERO), |(height, id)| (*height, *id)))
    }

    fn side_blocks(&self) -> Result<Vec<Hash>, StateError> {
        let off = |id: &&Hash, record: &HeaderRecord| self.heights.get(&record.header.height) != Some(id);
        Ok(self.records.iter().filter(|(id, record)| off(id, record)).map(|(id, _)| *id).collect())
    }

    fn finalized(&self) -> Result<Option<Certificate>, StateError> {
        Ok(self.finalized.clone())
    }

    fn handover(&self, base: &Hash) -> Result<Option<Certificate>, StateError> {
        Ok(self.handovers.get(base).cloned())
    }

    fn handed_over(&self, set: &Hash) -> Result<Option<Hash>, StateError> {
        let found = self.handovers.iter().find(|(_, certificate)| certificate.link.set == *set);
        Ok(found.map(|(base, _)| *base))
    }
}

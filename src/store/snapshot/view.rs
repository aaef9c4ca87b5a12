//! A snapshot as the world that the chain is planned on.

use std::sync::Arc;

use bouya_core::codec::encode;
use bouya_core::crypto::Hash;
use bouya_core::ledger::contract::Results;
use bouya_core::ledger::{Block, Body, Certificate, HeaderRecord, Key, StateError, Undo, View};

use super::super::tables::{FINALIZED, unversioned};
use super::super::{StoreError, leaves, results};
use super::{Snapshot, read_record};

impl From<StoreError> for StateError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

impl View for Snapshot {
    fn row(&self, key: &Key) -> Result<Option<Vec<u8>>, StateError> {
        let row = self.guard.run(|| {
            let row = self.state.get(encode(key).as_slice())?;
            Ok(row.map(|row| row.value().to_vec()))
        });
        Ok(row?)
    }

    fn record(&self, id: &Hash) -> Result<Option<HeaderRecord>, StateError> {
        Ok(self.guard.run(|| read_record(&self.headers, id))?)
    }

    fn at_height(&self, height: u64) -> Result<Option<Hash>, StateError> {
        Ok(self.guard.run(|| Ok(self.heights.get(height)?.map(|row| Hash(row.value()))))?)
    }

    fn lowest(&self) -> Result<u64, StateError> {
        Ok(self.lowest()?)
    }

    fn body(&self, id: &Hash) -> Result<Option<Body>, StateError> {
        Ok(self.block(id)?.map(|block| block.body.clone()))
    }

    fn leaves(&self, id: &Hash) -> Result<Option<Vec<[u8; 32]>>, StateError> {
        let kept = self.guard.run(|| {
            let Some(record) = read_record(&self.headers, id)? else { return Ok(None) };
            leaves::read(&self.leaves, &record.header, id)
        });
        match kept? {
            Some(leaves) => Ok(Some(leaves)),
            None => Ok(self.block(id)?.map(|block| block.leaves())),
        }
    }

    fn results(&self, id: &Hash) -> Result<Option<Results>, StateError> {
        Ok(self.guard.run(|| results::read(&self.results, id))?)
    }

    fn undo(&self, id: &Hash) -> Result<Option<Undo>, StateError> {
        let undo = self.guard.run(|| {
            let row = self.undo.get(id.0)?;
            row.map(|row| unversioned(row.value(), "undo")).transpose()
        });
        Ok(undo?)
    }

    fn history_node(&self, height: u8, index: u64) -> Result<Option<Hash>, StateError> {
        Ok(self.guard.run(|| Ok(self.nodes.get((height, index))?.map(|row| Hash(row.value()))))?)
    }

    fn tip(&self) -> Result<(u64, Hash), StateError> {
        Ok(self.tip()?)
    }

    fn side_blocks(&self) -> Result<Vec<Hash>, StateError> {
        Ok(self.side_blocks()?)
    }

    fn finalized(&self) -> Result<Option<Certificate>, StateError> {
        let certificate = self.guard.run(|| {
            let row = self.meta.get(FINALIZED)?;
            row.map(|row| unversioned(row.value(), "final certificate")).transpose()
        });
        Ok(certificate?)
    }

    fn handover(&self, base: &Hash) -> Result<Option<Certificate>, StateError> {
        let certificate = self.guard.run(|| {
            let row = self.handovers.get(base.0)?;
            row.map(|row| unversioned(row.value(), "handover")).transpose()
        });
        Ok(certificate?)
    }

    fn handed_over(&self, set: &Hash) -> Result<Option<Hash>, StateError> {
        let base = self.guard.run(|| Ok(self.handed_over.get(set.0)?.map(|row| Hash(row.value()))));
        Ok(base?)
    }

    fn block(&self, id: &Hash) -> Result<Option<Arc<Block>>, StateError> {
        Ok(self.block(id)?)
    }
}

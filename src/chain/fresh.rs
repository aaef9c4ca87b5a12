//! Blocks that have just been taken: whoever is told of them need not read and decode them again.

use std::sync::Arc;

use bouya_core::crypto::Hash;
use bouya_core::ledger::Block;

use crate::store::{Snapshot, StoreError};

/// Blocks by id; few, newest last.
#[derive(Clone, Debug, Default)]
pub struct Fresh(Vec<(Hash, Arc<Block>)>);

impl Fresh {
    /// A block, from here or from the store.
    pub fn block(&self, snapshot: &Snapshot, id: &Hash) -> Result<Option<Arc<Block>>, StoreError> {
        match self.0.iter().rfind(|(fresh, _)| fresh == id) {
            Some((_, block)) => Ok(Some(block.clone())),
            None => Ok(snapshot.block(id)?.map(Arc::new)),
        }
    }
}

impl FromIterator<(Hash, Arc<Block>)> for Fresh {
    fn from_iter<I: IntoIterator<Item = (Hash, Arc<Block>)>>(blocks: I) -> Self {
        Self(blocks.into_iter().collect())
    }
}

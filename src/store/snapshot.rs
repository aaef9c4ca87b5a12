//! Reading: a consistent view of the store, and the questions that the API asks of it.

use std::sync::Arc;

use bouya_core::codec::encode;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{
    Account, Address, Block, Body, Header, HeaderRecord, Key, StateError, Transaction, Undo, View,
};
use bouya_core::limits::INDEX_HINTS;
use bouya_core::time::Timestamp;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};

use super::StoreError;
use super::blocks::Blocks;
use super::index::{Index, Marker};
use super::tables::{
    BODIES, DEADLINES, HEADERS, HEIGHTS, List, NODES, SIDE, STATE, UNDO, bytes_of, unversioned,
};

type Id = [u8; 32];

/// Everything committed at one moment.
pub struct Snapshot {
    headers: ReadOnlyTable<Id, &'static [u8]>,
    bodies: ReadOnlyTable<Id, &'static [u8]>,
    heights: ReadOnlyTable<u64, Id>,
    side: ReadOnlyTable<Id, ()>,
    nodes: ReadOnlyTable<(u8, u64), Id>,
    state: ReadOnlyTable<&'static [u8], &'static [u8]>,
    undo: ReadOnlyTable<Id, &'static [u8]>,
    index: Index,
    recent: Blocks,
    deadlines: ReadOnlyTable<(u64, Id), ()>,
}

/// A row of the state: encoded key and value.
pub(super) type Row = (Vec<u8>, Vec<u8>);

/// A transaction on the best chain.
#[derive(Clone, Debug)]
pub struct Confirmed {
    /// The transaction.
    pub transaction: Transaction,
    /// Its block's header.
    pub header: Header,
    /// Its place in the body.
    pub index: u32,
}

impl Snapshot {
    pub(super) fn new(tx: ReadTransaction, recent: Blocks, marker: Marker) -> Result<Self, StoreError> {
        Ok(Self {
            headers: tx.open_table(HEADERS)?,
            bodies: tx.open_table(BODIES)?,
            heights: tx.open_table(HEIGHTS)?,
            side: tx.open_table(SIDE)?,
            nodes: tx.open_table(NODES)?,
            state: tx.open_table(STATE)?,
            undo: tx.open_table(UNDO)?,
            index: Index::new(&tx, marker)?,
            recent,
            deadlines: tx.open_table(DEADLINES)?,
        })
    }

    /// Height and id of the best chain's end.
    pub fn tip(&self) -> Result<(u64, Hash), StoreError> {
        let last = self.heights.last()?;
        last.map(|(height, id)| (height.value(), Hash(id.value())))
            .ok_or_else(|| StoreError::Failed("damaged: no tip".into()))
    }

    /// The stored blocks off the best chain.
    pub fn side_blocks(&self) -> Result<Vec<Hash>, StoreError> {
        self.side.iter()?.map(|row| row.map(|(id, _)| Hash(id.value())).map_err(Into::into)).collect()
    }

    /// Whether a stored block is listed as off the best chain.
    pub fn is_side(&self, id: &Hash) -> Result<bool, StoreError> {
        Ok(self.side.get(id.0)?.is_some())
    }

    /// A block on the best chain by height.
    pub fn block_at(&self, height: u64) -> Result<Option<Arc<Block>>, StoreError> {
        let Some(id) = self.heights.get(height)? else { return Ok(None) };
        self.block(&Hash(id.value()))
    }

    /// Any stored block.
    pub fn block(&self, id: &Hash) -> Result<Option<Arc<Block>>, StoreError> {
        read_block(&self.headers, &self.bodies, &self.recent, id)
    }

    /// Whether a block is stored.
    pub fn has_block(&self, id: &Hash) -> Result<bool, StoreError> {
        Ok(self.headers.get(id.0)?.is_some())
    }

    /// A transaction of the best chain. The index only gives a hint, which is checked against the block.
    pub fn transaction(&self, id: &Hash) -> Result<Option<Confirmed>, StoreError> {
        for (height, index) in
            self.index.below(self.index.marker.transaction(id), (u64::MAX, 0), INDEX_HINTS)?
        {
            let found = self.transaction_at(height, index)?.filter(|(_, found)| found.id() == *id);
            if let Some((header, transaction)) = found {
                return Ok(Some(Confirmed { transaction, header, index }));
            }
        }
        Ok(None)
    }

    /// Heights and places that concern an address, newest first, from `before` downwards (exclusive). A place of 0 is the reward. Entries
    /// of others with the same mark may be among them, by chance: the caller checks against the block.
    pub fn movements(
        &self,
        address: &Address,
        before: (u64, u32),
        limit: usize,
    ) -> Result<Vec<(u64, u32)>, StoreError> {
        self.index.below(self.index.marker.address(address), before, limit)
    }

    /// Heights and indices of what is on a list, newest first, from `before` downwards (exclusive). Entries of others with the same mark
    /// may be among them, by chance: the caller checks against the block.
    pub fn list(&self, list: &List, before: (u64, u32), limit: usize) -> Result<Vec<(u64, u32)>, StoreError> {
        self.index.below(self.index.marker.list(list), before, limit)
    }

    /// Agreements whose deadline is at or after `from` and before `to`, at most `limit`. Some may no longer be on the best chain.
    pub fn deadlines(&self, from: Timestamp, to: Timestamp, limit: usize) -> Result<Vec<Hash>, StoreError> {
        let rows = self.deadlines.range((from.0, [0; 32])..(to.0, [0; 32]))?.take(limit);
        rows.map(|row| row.map(|(key, _)| Hash(key.value().1)).map_err(Into::into)).collect()
    }

    /// The transaction at a place of the best chain, with its block's header.
    pub fn transaction_at(
        &self,
        height: u64,
        index: u32,
    ) -> Result<Option<(Header, Transaction)>, StoreError> {
        let Some(id) = self.heights.get(height)? else { return Ok(None) };
        let id = id.value();
        let (Some(record), Some(body)) = (self.headers.get(id)?, self.bodies.get(id)?) else {
            return Ok(None);
        };
        let record: HeaderRecord = unversioned(record.value(), "headers")?;
        let body = body.value();
        let found = Body::transaction_in(bytes_of(body, "bodies")?, index);
        let found = found.map_err(|error| StoreError::Failed(format!("damaged: {error}")))?;
        Ok(found.map(|transaction| (record.header, transaction)))
    }

    /// The account of an address as it was at a height, by undoing what came after. None if that is too long ago, or if the caller no
    /// longer wants to know.
    pub fn account_at(
        &self,
        address: &Address,
        height: u64,
        wanted: impl Fn() -> bool,
    ) -> Result<Option<Account>, StateError> {
        let key = Key::Account(*address);
        let mut row = self.row(&key)?;
        let (tip, _) = self.tip().map_err(state_error)?;
        for above in (height.saturating_add(1)..=tip).rev() {
            if !wanted() {
                return Ok(None);
            }
            let Some(id) = self.at_height(above)? else { return Ok(None) };
            let Some(undo) = self.undo(&id)? else { return Ok(None) };
            if let Some((_, before)) = undo.0.into_iter().find(|(changed, _)| *changed == key) {
                row = before;
            }
        }
        Account::from_row(row).map(Some)
    }

    /// All rows of the state, in order of their encoded keys.
    pub fn rows(&self) -> Result<impl Iterator<Item = Result<Row, StoreError>>, StoreError> {
        let rows = self.state.iter()?;
        Ok(rows.map(|row| row.map(|(k, v)| (k.value().to_vec(), v.value().to_vec())).map_err(Into::into)))
    }

    /// The ids of all stored headers.
    pub fn ids(&self) -> Result<impl Iterator<Item = Result<Hash, StoreError>>, StoreError> {
        Ok(self.headers.iter()?.map(|row| row.map(|(id, _)| Hash(id.value())).map_err(Into::into)))
    }

    /// Whether the index says that a transaction is at a place.
    pub fn stands(&self, id: &Hash, height: u64, index: u32) -> Result<bool, StoreError> {
        self.index.contains(self.index.marker.transaction(id), height, index)
    }

    /// Whether the index says that a place is on a list.
    pub fn is_listed(&self, list: &List, height: u64, index: u32) -> Result<bool, StoreError> {
        self.index.contains(self.index.marker.list(list), height, index)
    }

    /// Whether the index says that a place in a block concerns an address.
    pub fn concerns(&self, address: &Address, height: u64, place: u32) -> Result<bool, StoreError> {
        self.index.contains(self.index.marker.address(address), height, place)
    }
}

pub(super) fn read_block(
    headers: &impl ReadableTable<Id, &'static [u8]>,
    bodies: &impl ReadableTable<Id, &'static [u8]>,
    recent: &Blocks,
    id: &Hash,
) -> Result<Option<Arc<Block>>, StoreError> {
    let Some(record) = headers.get(id.0)? else { return Ok(None) };
    if let Some(block) = recent.get(id) {
        return Ok(Some(block));
    }
    let Some(body) = bodies.get(id.0)? else { return Ok(None) };
    let record: HeaderRecord = unversioned(record.value(), "headers")?;
    Ok(Some(Arc::new(Block { header: record.header, body: unversioned(body.value(), "bodies")? })))
}

fn state_error(error: impl Into<StoreError>) -> StateError {
    StateError(error.into().to_string())
}

impl View for Snapshot {
    fn row(&self, key: &Key) -> Result<Option<Vec<u8>>, StateError> {
        let row = self.state.get(encode(key).as_slice()).map_err(state_error)?;
        Ok(row.map(|row| row.value().to_vec()))
    }

    fn record(&self, id: &Hash) -> Result<Option<HeaderRecord>, StateError> {
        let row = self.headers.get(id.0).map_err(state_error)?;
        row.map(|row| unversioned(row.value(), "headers")).transpose().map_err(state_error)
    }

    fn at_height(&self, height: u64) -> Result<Option<Hash>, StateError> {
        let row = self.heights.get(height).map_err(state_error)?;
        Ok(row.map(|row| Hash(row.value())))
    }

    fn body(&self, id: &Hash) -> Result<Option<Body>, StateError> {
        Ok(self.block(id).map_err(state_error)?.map(|block| block.body.clone()))
    }

    fn undo(&self, id: &Hash) -> Result<Option<Undo>, StateError> {
        let row = self.undo.get(id.0).map_err(state_error)?;
        row.map(|row| unversioned(row.value(), "undo")).transpose().map_err(state_error)
    }

    fn history_node(&self, height: u8, index: u64) -> Result<Option<Hash>, StateError> {
        let row = self.nodes.get((height, index)).map_err(state_error)?;
        Ok(row.map(|row| Hash(row.value())))
    }

    fn tip(&self) -> Result<(u64, Hash), StateError> {
        self.tip().map_err(state_error)
    }

    fn side_blocks(&self) -> Result<Vec<Hash>, StateError> {
        self.side_blocks().map_err(state_error)
    }

    fn block(&self, id: &Hash) -> Result<Option<Arc<Block>>, StateError> {
        self.block(id).map_err(state_error)
    }
}

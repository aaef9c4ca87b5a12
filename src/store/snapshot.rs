//! Reading: a consistent view of the store, and the questions that the API asks of it.
//!
//! redb does not look at its checksums when it reads. So headers and bodies are compared with the id under which they are stored, and a lone
//! transaction with its signature: what a bad disk changed is never shown or sent as a block.

use std::sync::Arc;

use bouya_core::codec::{decode, encode};
use bouya_core::crypto::Hash;
use bouya_core::ledger::{
    Account, Address, Block, Body, Header, HeaderRecord, Key, StateError, Transaction, View,
};
use bouya_core::limits::INDEX_HINTS;
use bouya_core::time::Timestamp;
use redb::{ReadOnlyTable, ReadableDatabase, ReadableTable};

use super::blocks::Blocks;
use super::guard::{Db, Fault, Guard};
use super::index::{Index, Marker};
use super::motions::Motions;
use super::tables::{
    BEGAN, BODIES, DEADLINES, HANDED_OVER, HANDOVERS, HEADERS, HEIGHTS, LEAVES, LOWEST, List, META, NODES,
    RESULTS, SIDE, STATE, UNDO, bytes_of, unversioned,
};
use super::{StoreError, leaves};

mod slots;
mod view;

type Id = [u8; 32];

/// Everything committed at one moment.
pub struct Snapshot {
    meta: ReadOnlyTable<&'static str, &'static [u8]>,
    headers: ReadOnlyTable<Id, &'static [u8]>,
    handovers: ReadOnlyTable<Id, &'static [u8]>,
    handed_over: ReadOnlyTable<Id, Id>,
    bodies: ReadOnlyTable<Id, &'static [u8]>,
    leaves: ReadOnlyTable<Id, &'static [u8]>,
    heights: ReadOnlyTable<u64, Id>,
    side: ReadOnlyTable<Id, ()>,
    nodes: ReadOnlyTable<(u8, u64), Id>,
    state: ReadOnlyTable<&'static [u8], &'static [u8]>,
    undo: ReadOnlyTable<Id, &'static [u8]>,
    results: ReadOnlyTable<Id, &'static [u8]>,
    index: Index,
    recent: Blocks,
    deadlines: ReadOnlyTable<(u64, Id), ()>,
    pub(super) motions: Motions,
    network: Hash,
    pub(super) guard: Guard,
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

/// A transaction in a pruned block of the best chain, at this height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pruned {
    /// The block's leaves are here, and it is one of them.
    Proven(u64),
    /// Nothing of the block's body is here; that it stands there is only the index's hint.
    Unproven(u64),
}

impl Snapshot {
    pub(super) fn new(db: &Db, recent: Blocks, marker: Marker, network: Hash) -> Result<Self, StoreError> {
        db.guard.run(|| {
            let tx = db.get()?.begin_read()?;
            Ok(Self {
                meta: tx.open_table(META)?,
                headers: tx.open_table(HEADERS)?,
                handovers: tx.open_table(HANDOVERS)?,
                handed_over: tx.open_table(HANDED_OVER)?,
                bodies: tx.open_table(BODIES)?,
                leaves: tx.open_table(LEAVES)?,
                heights: tx.open_table(HEIGHTS)?,
                side: tx.open_table(SIDE)?,
                nodes: tx.open_table(NODES)?,
                state: tx.open_table(STATE)?,
                undo: tx.open_table(UNDO)?,
                results: tx.open_table(RESULTS)?,
                index: Index::new(&tx, marker)?,
                recent,
                deadlines: tx.open_table(DEADLINES)?,
                motions: Motions::new(&tx)?,
                network,
                guard: db.guard.clone(),
            })
        })
    }

    /// Height and id of the best chain's end.
    pub fn tip(&self) -> Result<(u64, Hash), StoreError> {
        self.guard.run(|| {
            let last = self.heights.last()?;
            last.map(|(height, id)| (height.value(), Hash(id.value())))
                .ok_or_else(|| Fault::Damaged("no tip".to_owned()))
        })
    }

    /// From this height on the bodies of all blocks of the best chain are here.
    pub fn lowest(&self) -> Result<u64, StoreError> {
        Ok(self.height(LOWEST)?.unwrap_or(1))
    }

    /// The height of the block whose snapshot the store began with; 0 without one. What became of motions up to it is not known.
    pub fn began(&self) -> Result<u64, StoreError> {
        Ok(self.height(BEGAN)?.unwrap_or(0))
    }

    fn height(&self, name: &str) -> Result<Option<u64>, StoreError> {
        self.guard.run(|| {
            let Some(row) = self.meta.get(name)? else { return Ok(None) };
            let number = row.value().try_into().map(u64::from_le_bytes);
            number.map(Some).map_err(|_| Fault::Damaged(format!("the height under {name} is no number")))
        })
    }

    /// The stored blocks off the best chain.
    pub fn side_blocks(&self) -> Result<Vec<Hash>, StoreError> {
        self.guard.run(|| {
            self.side.iter()?.map(|row| row.map(|(id, _)| Hash(id.value())).map_err(Into::into)).collect()
        })
    }

    /// Whether a stored block is listed as off the best chain.
    pub fn is_side(&self, id: &Hash) -> Result<bool, StoreError> {
        self.guard.run(|| Ok(self.side.get(id.0)?.is_some()))
    }

    /// A block on the best chain by height.
    pub fn block_at(&self, height: u64) -> Result<Option<Arc<Block>>, StoreError> {
        self.guard.run(|| {
            let Some(id) = self.heights.get(height)? else { return Ok(None) };
            let block = read_block(&self.headers, &self.bodies, &self.recent, &Hash(id.value()))?;
            block.map(|block| at_its_height(&block.header, height).map(|()| block.clone())).transpose()
        })
    }

    /// Any stored block.
    pub fn block(&self, id: &Hash) -> Result<Option<Arc<Block>>, StoreError> {
        self.guard.run(|| read_block(&self.headers, &self.bodies, &self.recent, id))
    }

    /// Whether a block is stored.
    pub fn has_block(&self, id: &Hash) -> Result<bool, StoreError> {
        self.guard.run(|| Ok(self.headers.get(id.0)?.is_some()))
    }

    /// Ids of stored blocks from `low` up to `high`, at most `limit`.
    pub fn ids_between(&self, (low, high): (Hash, Hash), limit: usize) -> Result<Vec<Hash>, StoreError> {
        self.guard.run(|| {
            let rows = self.headers.range(low.0..=high.0)?.take(limit);
            rows.map(|row| row.map(|(id, _)| Hash(id.value())).map_err(Into::into)).collect()
        })
    }

    /// Ids of agreements on the best chain from `low` up to `high`, at most `limit`.
    pub fn agreements_between(
        &self,
        (low, high): (Hash, Hash),
        limit: usize,
    ) -> Result<Vec<Hash>, StoreError> {
        let (low, high) = (encode(&Key::Agreement(low)), encode(&Key::Agreement(high)));
        self.guard.run(|| {
            let rows = self.state.range(low.as_slice()..=high.as_slice())?.take(limit);
            let id = |key: &[u8]| match decode(key, "a row's key") {
                Ok(Key::Agreement(id)) => Ok(id),
                _ => Err(Fault::Damaged("a row among the agreements is none".to_owned())),
            };
            rows.map(|row| id(row?.0.value())).collect()
        })
    }

    /// A transaction of the best chain. The index only gives a hint, which is checked against the block.
    pub fn transaction(&self, id: &Hash) -> Result<Option<Confirmed>, StoreError> {
        let mark = self.index.marker.transaction(id);
        for (height, index) in self.guard.run(|| self.index.below(mark, (u64::MAX, 0), INDEX_HINTS))? {
            // Compared first: a signature costs more.
            let found = self.guard.run(|| self.unchecked_at(height, index))?;
            if let Some((header, transaction)) = found.filter(|(_, found)| found.id() == *id) {
                let transaction = self.guard.run(|| self.as_signed(&header, transaction))?;
                return Ok(Some(Confirmed { transaction, header, index }));
            }
        }
        Ok(None)
    }

    /// Where a transaction stands whose block has been pruned.
    pub fn pruned(&self, id: &Hash) -> Result<Option<Pruned>, StoreError> {
        let mark = self.index.marker.transaction(id);
        let lowest = self.lowest()?;
        self.guard.run(|| {
            let mut pruned = None;
            for (height, _) in self.index.below(mark, (lowest, 0), INDEX_HINTS)? {
                let Some(block) = self.heights.get(height)?.map(|row| Hash(row.value())) else { continue };
                let Some(record) = read_record(&self.headers, &block)? else { continue };
                match leaves::read(&self.leaves, &record.header, &block)? {
                    Some(leaves) if leaves.contains(&id.0) => return Ok(Some(Pruned::Proven(height))),
                    Some(_) => (),
                    // Bodies that change the members stay.
                    None if self.bodies.get(block.0)?.is_some() => (),
                    None => pruned = pruned.or(Some(Pruned::Unproven(height))),
                }
            }
            Ok(pruned)
        })
    }

    /// Heights and places that concern an address, newest first, from `before` downwards (exclusive). A place of 0 is the reward. Entries
    /// of others with the same mark may be among them, by chance: the caller checks against the block.
    pub fn movements(
        &self,
        address: &Address,
        before: (u64, u32),
        limit: usize,
    ) -> Result<Vec<(u64, u32)>, StoreError> {
        self.guard.run(|| self.index.below(self.index.marker.address(address), before, limit))
    }

    /// Heights and indices of what is on a list, newest first, from `before` downwards (exclusive). Entries of others with the same mark
    /// may be among them, by chance: the caller checks against the block.
    pub fn list(&self, list: &List, before: (u64, u32), limit: usize) -> Result<Vec<(u64, u32)>, StoreError> {
        self.guard.run(|| self.index.below(self.index.marker.list(list), before, limit))
    }

    /// Agreements whose deadline is at or after `from` and before `to`, at most `limit`. Some may no longer be on the best chain.
    pub fn deadlines(&self, from: Timestamp, to: Timestamp, limit: usize) -> Result<Vec<Hash>, StoreError> {
        self.guard.run(|| {
            let rows = self.deadlines.range((from.0, [0; 32])..(to.0, [0; 32]))?.take(limit);
            rows.map(|row| row.map(|(key, _)| Hash(key.value().1)).map_err(Into::into)).collect()
        })
    }

    /// The transaction at a place of the best chain, with its block's header.
    pub fn transaction_at(
        &self,
        height: u64,
        index: u32,
    ) -> Result<Option<(Header, Transaction)>, StoreError> {
        self.guard.run(|| {
            let Some((header, transaction)) = self.unchecked_at(height, index)? else { return Ok(None) };
            let transaction = self.as_signed(&header, transaction)?;
            Ok(Some((header, transaction)))
        })
    }

    fn unchecked_at(&self, height: u64, index: u32) -> Result<Option<(Header, Transaction)>, Fault> {
        let Some(id) = self.heights.get(height)? else { return Ok(None) };
        let id = Hash(id.value());
        let Some(record) = read_record(&self.headers, &id)? else { return Ok(None) };
        at_its_height(&record.header, height)?;
        let Some(body) = self.bodies.get(id.0)? else { return Ok(None) };
        let found = Body::transaction_in(bytes_of(body.value(), "bodies")?, index);
        let found = found.map_err(|error| Fault::Damaged(error.to_string()))?;
        Ok(found.map(|transaction| (record.header, transaction)))
    }

    /// Its signature is as telling as the root over the whole body, and cheaper.
    fn as_signed(&self, header: &Header, transaction: Transaction) -> Result<Transaction, Fault> {
        let checked = transaction.check(&self.network);
        let damaged =
            |_| Fault::Damaged(format!("a transaction of block {} is not as it was signed", header.height));
        Ok(checked.map_err(damaged)?.into_inner())
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
        let (tip, _) = self.tip()?;
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
        let mut rows = self.guard.run(|| Ok(self.state.iter()?))?;
        Ok(std::iter::from_fn(move || {
            let next = self.guard.run(|| {
                let next = rows.next().transpose()?;
                Ok(next.map(|(k, v)| (k.value().to_vec(), v.value().to_vec())))
            });
            next.transpose()
        }))
    }

    /// The ids of all stored headers.
    pub fn ids(&self) -> Result<impl Iterator<Item = Result<Hash, StoreError>>, StoreError> {
        let mut rows = self.guard.run(|| Ok(self.headers.iter()?))?;
        Ok(std::iter::from_fn(move || {
            let next = self.guard.run(|| Ok(rows.next().transpose()?.map(|(id, _)| Hash(id.value()))));
            next.transpose()
        }))
    }

    /// Whether the index says that a transaction is at a place.
    pub fn stands(&self, id: &Hash, height: u64, index: u32) -> Result<bool, StoreError> {
        self.guard.run(|| self.index.contains(self.index.marker.transaction(id), height, index))
    }

    /// Whether the index says that a place is on a list.
    pub fn is_listed(&self, list: &List, height: u64, index: u32) -> Result<bool, StoreError> {
        self.guard.run(|| self.index.contains(self.index.marker.list(list), height, index))
    }

    /// Whether the index says that a place in a block concerns an address.
    pub fn concerns(&self, address: &Address, height: u64, place: u32) -> Result<bool, StoreError> {
        self.guard.run(|| self.index.contains(self.index.marker.address(address), height, place))
    }
}

pub(super) fn read_block(
    headers: &impl ReadableTable<Id, &'static [u8]>,
    bodies: &impl ReadableTable<Id, &'static [u8]>,
    recent: &Blocks,
    id: &Hash,
) -> Result<Option<Arc<Block>>, Fault> {
    // It may be among the recent ones and have left since.
    let Some(body) = bodies.get(id.0)? else { return Ok(None) };
    if let Some(block) = recent.get(id) {
        return Ok(Some(block));
    }
    let Some(record) = read_record(headers, id)? else { return Ok(None) };
    let body: Body = unversioned(body.value(), "bodies")?;
    // The root does not cover what the body states to change; the record has that too.
    if body.root(record.header.height) != record.header.body || body.executed != record.executed {
        let height = record.header.height;
        return Err(Fault::Damaged(format!("the body of block {height} ({id}) is not its own")));
    }
    Ok(Some(Arc::new(Block { header: record.header, body })))
}

fn read_record(
    headers: &impl ReadableTable<Id, &'static [u8]>,
    id: &Hash,
) -> Result<Option<HeaderRecord>, Fault> {
    let Some(row) = headers.get(id.0)? else { return Ok(None) };
    let record: HeaderRecord = unversioned(row.value(), "headers")?;
    match record.header.id() == *id {
        true => Ok(Some(record)),
        false => Err(Fault::Damaged(format!("the header of block {id} hashes to {}", record.header.id()))),
    }
}

fn at_its_height(header: &Header, height: u64) -> Result<(), Fault> {
    match header.height == height {
        true => Ok(()),
        false => Err(Fault::Damaged(format!("at height {height} stands block {}", header.height))),
    }
}

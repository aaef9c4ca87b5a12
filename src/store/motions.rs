//! What became of motions, whose rows leave the state once they are decided. Each row goes with its block, like those of the index; unlike
//! those it is no hint: only executing the chain again tells the same.

use bouya_core::crypto::Hash;
use bouya_core::ledger::Change;
use bouya_core::ledger::governance::Ended;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, WriteTransaction};

use super::guard::Fault;
use super::tables::{ENDED, ENDED_AT, unversioned, versioned};
use super::{Snapshot, StoreError};

type Id = [u8; 32];

const LOWEST: Id = [0; 32];
const HIGHEST: Id = [255; 32];

/// Removes what became of motions in blocks that leave the best chain, and writes what did in those that join it.
pub(super) fn write(tx: &WriteTransaction, change: &Change) -> Result<(), Fault> {
    if change.disconnected.is_empty() && change.ended.is_empty() {
        return Ok(());
    }
    let (mut ended, mut at) = (tx.open_table(ENDED)?, tx.open_table(ENDED_AT)?);
    for (height, _) in &change.disconnected {
        let here: Vec<_> = at
            .range((*height, LOWEST, 0)..=(*height, HIGHEST, u32::MAX))?
            .map(|row| row.map(|(key, _)| key.value()))
            .collect::<Result<_, _>>()?;
        for (height, id, index) in here {
            at.remove((height, id, index))?;
            ended.remove((id, height, index))?;
        }
    }
    for one in &change.ended {
        let (id, height, index) = (one.id.0, one.at.height, one.at.index);
        ended.insert((id, height, index), versioned(one).as_slice())?;
        at.insert((height, id, index), ())?;
    }
    Ok(())
}

/// Looks it up.
pub(super) struct Motions {
    ended: ReadOnlyTable<(Id, u64, u32), &'static [u8]>,
    at: ReadOnlyTable<(u64, Id, u32), ()>,
}

impl Motions {
    pub(super) fn new(tx: &ReadTransaction) -> Result<Self, Fault> {
        Ok(Self { ended: tx.open_table(ENDED)?, at: tx.open_table(ENDED_AT)? })
    }
}

impl Snapshot {
    /// What became of a motion, in the order of the chain: that it was decided, and later that it was applied or fell away.
    pub fn ended(&self, id: &Hash) -> Result<Vec<Ended>, StoreError> {
        self.guard.run(|| {
            let rows = self.motions.ended.range((id.0, 0, 0)..=(id.0, u64::MAX, u32::MAX))?;
            rows.map(|row| unversioned(row?.1.value(), "motions")).collect()
        })
    }

    /// The same of all motions, in the block of the best chain at a height.
    pub fn ended_at(&self, height: u64) -> Result<Vec<Ended>, StoreError> {
        self.guard.run(|| {
            let mut here = Vec::new();
            for row in self.motions.at.range((height, LOWEST, 0)..=(height, HIGHEST, u32::MAX))? {
                let (height, id, index) = row?.0.value();
                let row = self.motions.ended.get((id, height, index))?;
                here.extend(row.map(|row| unversioned(row.value(), "motions")).transpose()?);
            }
            Ok(here)
        })
    }

    /// Where something became of which motion, newest first, from `before` downwards (exclusive); perhaps twice in a row.
    pub fn ended_below(&self, before: (u64, Hash), limit: usize) -> Result<Vec<(u64, Hash)>, StoreError> {
        self.guard.run(|| {
            let rows = self.motions.at.range((0, LOWEST, 0)..(before.0, before.1.0, 0))?.rev().take(limit);
            let place = |(height, id, _): (u64, Id, u32)| (height, Hash(id));
            rows.map(|row| Ok(place(row?.0.value()))).collect()
        })
    }

    /// Ids from `low` up to `high` of motions of which something has become, at most `limit`; perhaps twice.
    pub fn ended_between(&self, (low, high): (Hash, Hash), limit: usize) -> Result<Vec<Hash>, StoreError> {
        self.guard.run(|| {
            let rows = self.motions.ended.range((low.0, 0, 0)..=(high.0, u64::MAX, u32::MAX))?.take(limit);
            rows.map(|row| Ok(Hash(row?.0.value().0))).collect()
        })
    }
}

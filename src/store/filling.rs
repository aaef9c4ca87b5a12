//! A new store that is filled with a snapshot. It has another name, and all of it is one transaction, until it is complete: a crash or a bad
//! snapshot leaves the folder without a chain, as it was.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bouya_core::ledger::snapshot::Part;
use bouya_core::ledger::{Certificate, Genesis};
use redb::WriteTransaction;

use super::guard::Fault;
use super::index::Marker;
use super::tables::{
    BEGAN, BODIES, DEADLINES, FINALIZED, HANDED_OVER, HANDOVERS, HEADERS, HEIGHTS, LOWEST, META, NODES,
    STATE, versioned,
};
use super::{FILE, Store, StoreError, indexed, lock, new_path};

/// See the module. Dropped unfinished, it is gone.
pub(crate) struct Filling {
    tx: Option<WriteTransaction>,
    store: Option<Store>,
    dir: PathBuf,
    _lock: File,
}

impl Filling {
    /// Begins a store in `dir`, where none may be.
    pub(crate) fn begin(dir: &Path, genesis: Arc<Genesis>) -> Result<Self, StoreError> {
        let lock = lock(dir)?;
        let path = dir.join(FILE);
        if path.try_exists().map_err(|error| StoreError::Folder { path: dir.to_owned(), error })? {
            return Err(StoreError::Exists { path });
        }
        let store = Store::make_new(dir, genesis)?;
        let mut new = Self { tx: None, store: Some(store), dir: dir.to_owned(), _lock: lock };
        new.tx = new.run(|store, _| {
            let tx = store.write()?;
            // The rows before the first block.
            tx.delete_table(STATE)?;
            Ok(Some(tx))
        })?;
        Ok(new)
    }

    /// Writes what was checked.
    pub(crate) fn write(&self, part: &Part) -> Result<(), StoreError> {
        self.run(|store, tx| tx.map_or(Ok(()), |tx| write(tx, store.marker, part)))
    }

    /// All of the snapshot was checked: from now on this is the store. It begins at the final block, whose certificate this is.
    pub(crate) fn finish(mut self, (height, certificate): (u64, Certificate)) -> Result<(), StoreError> {
        let tx = self.tx.take();
        self.run(|_, _| {
            let Some(tx) = tx else { return Ok(()) };
            let mut meta = tx.open_table(META)?;
            meta.insert(FINALIZED, versioned(&certificate).as_slice())?;
            for name in [LOWEST, BEGAN] {
                meta.insert(name, height.to_le_bytes().as_slice())?;
            }
            drop(meta);
            Ok(tx.commit()?)
        })?;
        drop(self.store.take());
        let folder = |error| StoreError::Folder { path: self.dir.clone(), error };
        std::fs::rename(new_path(&self.dir), self.dir.join(FILE)).map_err(folder)?;
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(folder)
    }

    fn run<T>(
        &self,
        work: impl FnOnce(&Store, Option<&WriteTransaction>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        match &self.store {
            Some(store) => store.db.guard.run(|| work(store, self.tx.as_ref())),
            None => Err(StoreError::Failed { path: new_path(&self.dir), what: "closed".to_owned() }),
        }
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        // After a finish it has another name.
        let _ = std::fs::remove_file(new_path(&self.dir));
    }
}

fn write(tx: &WriteTransaction, marker: Marker, part: &Part) -> Result<(), Fault> {
    let (mut headers, mut heights) = (tx.open_table(HEADERS)?, tx.open_table(HEIGHTS)?);
    for record in &part.records {
        let id = record.header.id();
        headers.insert(id.0, versioned(record).as_slice())?;
        heights.insert(record.header.height, id.0)?;
    }
    let mut nodes = tx.open_table(NODES)?;
    for (height, index, hash) in &part.nodes {
        nodes.insert((*height, *index), hash.0)?;
    }
    let mut bodies = tx.open_table(BODIES)?;
    for (id, body) in &part.bodies {
        bodies.insert(id.0, versioned(body).as_slice())?;
        let record = part.records.iter().find(|record| record.header.id() == *id);
        record.map_or(Ok(()), |record| indexed::write_one(tx, marker, record.header.height, body))?;
    }
    let (mut handovers, mut handed_over) = (tx.open_table(HANDOVERS)?, tx.open_table(HANDED_OVER)?);
    for (base, certificate) in &part.handovers {
        handovers.insert(base.0, versioned(certificate).as_slice())?;
        handed_over.insert(certificate.link.set.0, base.0)?;
    }
    let mut state = tx.open_table(STATE)?;
    for (key, row) in &part.rows {
        state.insert(key.as_slice(), row.as_slice())?;
    }
    let mut deadlines = tx.open_table(DEADLINES)?;
    for (deadline, agreement) in &part.deadlines {
        deadlines.insert((deadline.0, agreement.0), ())?;
    }
    Ok(())
}

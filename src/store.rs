//! The store: one redb file with everything that could be fetched again from peers, and the index that queries need.
//!
//! A change is one durable write transaction, and is announced only afterwards. Readers use snapshots and never wait for the
//! writer. Rows begin with a version byte. The index only gives hints, which are checked against the block when read.
//!
//! States: absent, open. The format version, the network's id and a lock keep out a wrong file or a second daemon. Left out on purpose: keys (they
//! live elsewhere) and which blocks off the best chain leave (the chain names them in its change).

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bouya_core::codec::encode;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Change, Genesis, HeaderRecord};
use bouya_core::limits::{HEADER_BYTES, UNDO_BLOCKS};
use redb::{Database, ReadableDatabase, ReadableTable, WriteTransaction};
use thiserror::Error;

mod blocks;
mod index;
mod indexed;
pub(crate) mod owner;
mod snapshot;
mod tables;

use blocks::Blocks;
use index::Marker;
pub(crate) use indexed::{concerned, deadline, lists};
pub use snapshot::{Confirmed, Snapshot};
pub use tables::List;
use tables::{BODIES, CHUNKS, DEADLINES, HEADERS, HEIGHTS, META, NODES, RUNS, SIDE, STATE, UNDO, versioned};

/// Version of the file's layout; a file with another one is refused.
const FORMAT: u32 = 5;
/// The file's name in its folder.
pub(crate) const FILE: &str = "chain.redb";
/// Its name until it holds the state before the first block.
const NEW: &str = "chain.redb.new";
const LOCK: &str = "lock";

/// Why a store cannot be opened or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The folder cannot be made or read.
    #[error("cannot use data_dir {path}: {error}. Make it a folder that this user may write")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Another daemon has it.
    #[error(
        "{path} is in use by another bouya; stop that one first, or give this node a data_dir of its own"
    )]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// Written by another version.
    #[error(
        "{path} has store format {found}, this bouya knows {FORMAT}; use the version that wrote it, or move the file away to fetch the chain again"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// Another network's chain.
    #[error(
        "{path} holds the chain of network {found}, network.toml is {expected}; give each network a data_dir of its own"
    )]
    Network {
        /// The file.
        path: PathBuf,
        /// The network in the file.
        found: Hash,
        /// The network of the configuration.
        expected: Hash,
    },
    /// The disk or the file failed.
    #[error("the store failed: {0}. Check the disk's space and health; nothing that was announced is lost")]
    Failed(String),
}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self::Failed(error.into().to_string())
    }
}

/// The open store: the only writer.
pub struct Store {
    db: Arc<Database>,
    recent: Blocks,
    marker: Marker,
    genesis: Arc<Genesis>,
    /// Held while the store is open; none where nothing else can reach the database.
    _lock: Option<File>,
}

/// Gives out snapshots; cheap to clone.
#[derive(Clone)]
pub struct Reader {
    db: Arc<Database>,
    recent: Blocks,
    marker: Marker,
    genesis: Arc<Genesis>,
}

impl Store {
    /// Opens the store in `dir`; makes the folder and the store if they are missing.
    pub fn open(dir: &Path, genesis: Arc<Genesis>) -> Result<Self, StoreError> {
        let folder = |error| StoreError::Folder { path: dir.to_owned(), error };
        std::fs::create_dir_all(dir).map_err(folder)?;
        let lock = File::create(dir.join(LOCK)).map_err(folder)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => StoreError::Locked { path: dir.to_owned() },
            TryLockError::Error(error) => folder(error),
        })?;
        let path = dir.join(FILE);
        if !path.try_exists().map_err(folder)? {
            Self::make(dir, genesis.clone())?;
        }
        // redb does not sync the folder, so a power cut could lose the whole new file.
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(folder)?;
        Self::over(Database::open(&path)?, genesis, Some(lock), &path)
    }

    /// Makes the file under another name first: a file that a crash left unfinished could never be opened.
    fn make(dir: &Path, genesis: Arc<Genesis>) -> Result<(), StoreError> {
        let folder = |error| StoreError::Folder { path: dir.to_owned(), error };
        let new = dir.join(NEW);
        if new.try_exists().map_err(folder)? {
            std::fs::remove_file(&new).map_err(folder)?;
        }
        drop(Self::over(Database::create(&new)?, genesis, None, &new)?);
        std::fs::rename(&new, dir.join(FILE)).map_err(folder)
    }

    /// The store in a database that is already open. Tests pass one whose disk fails.
    fn over(
        db: Database,
        genesis: Arc<Genesis>,
        lock: Option<File>,
        path: &Path,
    ) -> Result<Self, StoreError> {
        let marker = Marker::new(Default::default());
        let mut store = Self { db: Arc::new(db), recent: Blocks::default(), marker, genesis, _lock: lock };
        store.marker = store.check_or_begin(path)?;
        Ok(store)
    }

    /// Checks the file's own checksums, which reads do not check. False means that something in it is damaged.
    pub fn check_file(dir: &Path) -> Result<bool, StoreError> {
        let mut db = Database::open(dir.join(FILE))?;
        Ok(db.check_integrity()?)
    }

    /// Gives out snapshots.
    pub fn reader(&self) -> Reader {
        Reader {
            db: self.db.clone(),
            recent: self.recent.clone(),
            marker: self.marker,
            genesis: self.genesis.clone(),
        }
    }

    /// Checks that the file belongs to this network, or writes its first contents. Returns what makes the index's marks.
    fn check_or_begin(&self, path: &Path) -> Result<Marker, StoreError> {
        let tx = self.write()?;
        let mut secret = [0; 32];
        {
            let mut meta = tx.open_table(META)?;
            let read = |key| Ok::<_, StoreError>(meta.get(key)?.map(|row| row.value().to_vec()));
            let expected = self.genesis.id();
            match (read("format")?, read("network")?) {
                (None, None) => {
                    meta.insert("format", FORMAT.to_le_bytes().as_slice())?;
                    meta.insert("network", expected.0.as_slice())?;
                    getrandom::fill(&mut secret).map_err(|error| StoreError::Failed(error.to_string()))?;
                    meta.insert("index", secret.as_slice())?;
                    self.begin(&tx)?;
                }
                (format, network) => {
                    let found = format.and_then(|f| f.try_into().ok()).map_or(0, u32::from_le_bytes);
                    if found != FORMAT {
                        return Err(StoreError::Format { path: path.to_owned(), found });
                    }
                    let found = network.and_then(|n| n.try_into().ok()).map_or(Hash::ZERO, Hash);
                    if found != expected {
                        return Err(StoreError::Network { path: path.to_owned(), found, expected });
                    }
                    let missing = || StoreError::Failed("damaged: the index has no key".into());
                    secret = read("index")?.and_then(|key| key.try_into().ok()).ok_or_else(missing)?;
                }
            }
        }
        tx.commit()?;
        Ok(Marker::new(secret))
    }

    /// Writes the state before the first block.
    fn begin(&self, tx: &WriteTransaction) -> Result<(), StoreError> {
        let branch = self.genesis.branch();
        let record = HeaderRecord::new(self.genesis.header.clone(), &branch, HEADER_BYTES);
        tx.open_table(HEADERS)?.insert(branch.id.0, versioned(&record).as_slice())?;
        tx.open_table(HEIGHTS)?.insert(0, branch.id.0)?;
        tx.open_table(NODES)?.insert((0, 0), branch.frontier.root().0)?;
        let mut state = tx.open_table(STATE)?;
        for (key, row) in self.genesis.rows() {
            if let Some(row) = row {
                state.insert(encode(&key).as_slice(), row.as_slice())?;
            }
        }
        for table in [BODIES, UNDO] {
            tx.open_table(table)?;
        }
        tx.open_table(SIDE)?;
        tx.open_table(RUNS)?;
        tx.open_table(CHUNKS)?;
        tx.open_table(DEADLINES)?;
        Ok(())
    }

    fn write(&self) -> Result<WriteTransaction, StoreError> {
        let mut tx = self.db.begin_write()?;
        // The store then opens at once after a kill, at a small cost per commit.
        tx.set_quick_repair(true);
        Ok(tx)
    }

    /// Makes a change durable, all of it or nothing.
    pub fn commit(&self, change: &Change) -> Result<(), StoreError> {
        for (_, block) in &change.stored {
            self.recent.keep(block.id(), block.clone());
        }
        let tx = self.write()?;
        write_blocks(&tx, change)?;
        write_best_chain(&tx, change)?;
        write_state(&tx, change)?;
        indexed::write(&tx, self.marker, change, &self.recent)?;
        tx.commit()?;
        Ok(())
    }
}

impl Reader {
    /// A consistent view of everything committed so far.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Snapshot::new(self.db.begin_read()?, self.recent.clone(), self.marker)
    }

    /// The network that the store belongs to.
    pub fn genesis(&self) -> &Arc<Genesis> {
        &self.genesis
    }

    /// Keeps small things across restarts (address book, revocations), each under its own name.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let mut tx = self.db.begin_write()?;
        tx.set_quick_repair(true);
        tx.open_table(META)?.insert(format!("kept:{name}").as_str(), bytes)?;
        tx.commit()?;
        Ok(())
    }

    /// Copies everything that is kept by name to another store.
    pub fn copy_kept(&self, to: &Self) -> Result<(), StoreError> {
        let table = self.db.begin_read()?.open_table(META)?;
        for row in table.range("kept:".."kept;")? {
            let (name, bytes) = row?;
            to.keep(name.value().trim_start_matches("kept:"), bytes.value())?;
        }
        Ok(())
    }

    /// What was kept under a name.
    pub fn kept(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let table = self.db.begin_read()?.open_table(META)?;
        let row = table.get(format!("kept:{name}").as_str())?;
        Ok(row.map(|row| row.value().to_vec()))
    }
}

fn write_blocks(tx: &WriteTransaction, change: &Change) -> Result<(), StoreError> {
    let mut headers = tx.open_table(HEADERS)?;
    let mut bodies = tx.open_table(BODIES)?;
    let mut side = tx.open_table(SIDE)?;
    for (record, block) in &change.stored {
        let id = block.id();
        headers.insert(id.0, versioned(record).as_slice())?;
        bodies.insert(id.0, versioned(&block.body).as_slice())?;
        side.insert(id.0, ())?;
    }
    for (_, id) in &change.disconnected {
        side.insert(id.0, ())?;
    }
    for (_, id, _) in &change.connected {
        side.remove(id.0)?;
    }
    for id in &change.removed {
        headers.remove(id.0)?;
        bodies.remove(id.0)?;
        side.remove(id.0)?;
    }
    Ok(())
}

fn write_best_chain(tx: &WriteTransaction, change: &Change) -> Result<(), StoreError> {
    let mut heights = tx.open_table(HEIGHTS)?;
    let mut undo_rows = tx.open_table(UNDO)?;
    for (height, id) in &change.disconnected {
        heights.remove(height)?;
        undo_rows.remove(id.0)?;
    }
    for (height, id, undo) in &change.connected {
        heights.insert(height, id.0)?;
        undo_rows.insert(id.0, versioned(undo).as_slice())?;
        let old = height.checked_sub(UNDO_BLOCKS).map(|old| heights.get(old)).transpose()?.flatten();
        if let Some(old) = old {
            undo_rows.remove(old.value())?;
        }
    }
    let mut nodes = tx.open_table(NODES)?;
    for (height, index, hash) in &change.nodes {
        nodes.insert((*height, *index), hash.0)?;
    }
    Ok(())
}

fn write_state(tx: &WriteTransaction, change: &Change) -> Result<(), StoreError> {
    if change.replace_rows {
        tx.delete_table(STATE)?;
    }
    let mut state = tx.open_table(STATE)?;
    for (key, row) in &change.rows {
        let key = encode(key);
        match row {
            Some(row) => state.insert(key.as_slice(), row.as_slice())?,
            None => state.remove(key.as_slice())?,
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests;

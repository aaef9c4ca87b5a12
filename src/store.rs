//! The store: one redb file with everything that could be fetched again from peers, and the index that queries need.
//!
//! A change is one durable write transaction, and is announced only afterwards. Readers use snapshots and never wait for the
//! writer. Rows begin with a version byte. The index only gives hints, which are checked against the block when read.
//!
//! States: absent, open. The format version, the network's id and a lock keep out a wrong file or a second daemon. Left out on purpose: keys (they
//! live elsewhere) and which blocks off the best chain leave (the chain names them in its change).

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bouya_core::codec::encode;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Change, Genesis};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use redb::{Database, ReadableDatabase, ReadableTable, WriteTransaction};

use crate::files;

mod blocks;
mod error;
mod filling;
mod guard;
mod index;
mod indexed;
mod leaves;
mod motions;
pub(crate) mod owner;
pub(crate) mod results;
mod snapshot;
mod tables;
mod writing;

use blocks::Blocks;
pub use error::StoreError;
pub(crate) use filling::Filling;
pub use guard::silence_caught_panics;
use guard::{Db, Fault, Guard};
use index::Marker;
pub(crate) use indexed::{concerned, deadline, lists};
pub use snapshot::{Confirmed, Pruned, Snapshot};
pub use tables::List;
pub(crate) use tables::row;
use tables::{
    BODIES, CHUNKS, DEADLINES, ENDED, ENDED_AT, HANDED_OVER, HANDOVERS, HEADERS, HEIGHTS, LEAVES, META,
    NODES, RESULTS, RUNS, SIDE, STATE, UNDO, versioned,
};

/// Version of the file's layout; a file with another one is refused.
const FORMAT: u32 = 8;
/// No version ever wrote a higher one: such a number is damage.
const HIGHEST_FORMAT: u32 = 255;
/// The file's name in its folder.
pub(crate) const FILE: &str = "chain.redb";
/// Its name until it holds the state before the first block.
const NEW: &str = "chain.redb.new";
const LOCK: &str = "lock";
/// Memory that the database may take for its cache, unless the configuration says otherwise.
pub const CACHE_BYTES: usize = 32 * 1024 * 1024;

/// The open store: the only writer.
pub struct Store {
    db: Db,
    recent: Blocks,
    marker: Marker,
    genesis: Arc<Genesis>,
    commits: Histogram,
    /// Held while the store is open; none where nothing else can reach the database.
    _lock: Option<File>,
}

/// Gives out snapshots; cheap to clone.
#[derive(Clone)]
pub struct Reader {
    db: Db,
    recent: Blocks,
    marker: Marker,
    genesis: Arc<Genesis>,
    commits: Histogram,
}

impl Store {
    /// Opens the store in `dir`; makes the folder and the store if they are missing.
    pub fn open(dir: &Path, genesis: Arc<Genesis>) -> Result<Self, StoreError> {
        Self::open_with_cache(dir, genesis, CACHE_BYTES)
    }

    /// Opens the store in `dir`, where one must be.
    pub fn existing(dir: &Path, genesis: Arc<Genesis>) -> Result<Self, StoreError> {
        match dir.join(FILE).try_exists() {
            Ok(true) => Self::open(dir, genesis),
            Ok(false) => Err(StoreError::Absent { path: dir.to_owned() }),
            Err(error) => Err(StoreError::Folder { path: dir.to_owned(), error }),
        }
    }

    /// The same with a cache of so many bytes.
    pub fn open_with_cache(
        dir: &Path,
        genesis: Arc<Genesis>,
        cache_bytes: usize,
    ) -> Result<Self, StoreError> {
        let folder = |error| StoreError::Folder { path: dir.to_owned(), error };
        let lock = lock(dir)?;
        let path = dir.join(FILE);
        if !path.try_exists().map_err(folder)? {
            Self::make(dir, genesis.clone())?;
        }
        // redb does not sync the folder, so a power cut could lose the whole new file.
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(folder)?;
        let guard = Guard::new(&path);
        let db = guard.run(|| Ok(Database::builder().set_cache_size(cache_bytes).open(&path)?))?;
        Self::over(Db::new(db, guard), genesis, Some(lock))
    }

    fn make(dir: &Path, genesis: Arc<Genesis>) -> Result<(), StoreError> {
        drop(Self::make_new(dir, genesis)?);
        let folder = |error| StoreError::Folder { path: dir.to_owned(), error };
        std::fs::rename(new_path(dir), dir.join(FILE)).map_err(folder)
    }

    /// Makes the file under another name first: a file that a crash left unfinished could never be opened.
    fn make_new(dir: &Path, genesis: Arc<Genesis>) -> Result<Self, StoreError> {
        let folder = |error| StoreError::Folder { path: dir.to_owned(), error };
        let new = new_path(dir);
        if new.try_exists().map_err(folder)? {
            std::fs::remove_file(&new).map_err(folder)?;
        }
        let guard = Guard::new(&new);
        let db = guard.run(|| Ok(Database::builder().set_cache_size(CACHE_BYTES).create(&new)?))?;
        Self::over(Db::new(db, guard), genesis, None)
    }

    /// The store in a database that is already open. Tests pass one whose disk fails.
    fn over(db: Db, genesis: Arc<Genesis>, lock: Option<File>) -> Result<Self, StoreError> {
        let marker = Marker::new(Default::default());
        // From a fast disk to one that is about to fail.
        let commits = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let mut store = Self { db, recent: Blocks::default(), marker, genesis, commits, _lock: lock };
        store.marker = store.check_or_begin()?;
        Ok(store)
    }

    /// Checks the file's own checksums, which reads do not check. False means that something in it is damaged.
    pub fn check_file(dir: &Path) -> Result<bool, StoreError> {
        let path = dir.join(FILE);
        Guard::new(&path).run(|| {
            let mut db = Database::builder().set_cache_size(CACHE_BYTES).open(&path)?;
            Ok(db.check_integrity()?)
        })
    }

    /// Closes the file. Others are kept out until the result is dropped.
    pub(crate) fn close(self) -> Option<File> {
        self._lock
    }

    /// Gives out snapshots.
    pub fn reader(&self) -> Reader {
        Reader {
            db: self.db.clone(),
            recent: self.recent.clone(),
            marker: self.marker,
            genesis: self.genesis.clone(),
            commits: self.commits.clone(),
        }
    }

    /// Checks that the file belongs to this network, or writes its first contents. Returns what makes the index's marks.
    fn check_or_begin(&self) -> Result<Marker, StoreError> {
        let found = self.db.guard.run(|| {
            let tx = self.write()?;
            let mut found = self.belonging(&tx)?;
            if found.is_none() {
                let mut secret = [0; 32];
                getrandom::fill(&mut secret).map_err(|error| Fault::Failed(error.to_string()))?;
                let mut meta = tx.open_table(META)?;
                meta.insert("format", FORMAT.to_le_bytes().as_slice())?;
                meta.insert("network", self.genesis.id().0.as_slice())?;
                meta.insert("index", secret.as_slice())?;
                self.begin(&tx)?;
                found = Some((FORMAT, self.genesis.id(), secret));
            }
            // A store of this format from before these were kept has no such tables.
            if found.is_some_and(|(format, ..)| format == FORMAT) {
                tx.open_table(LEAVES)?;
                tx.open_table(RESULTS)?;
            }
            tx.commit()?;
            found.ok_or_else(|| Fault::Damaged("it is empty".to_owned()))
        });
        let (path, expected) = (self.db.guard.path().to_owned(), self.genesis.id());
        match found? {
            (FORMAT, network, secret) if network == expected => Ok(Marker::new(secret)),
            (FORMAT, found, _) => Err(StoreError::Network { path, found, expected }),
            (found, ..) => Err(StoreError::Format { path, found }),
        }
    }

    /// The format, the network and the index's key that the file says are its own. None: it is new.
    fn belonging(&self, tx: &WriteTransaction) -> Result<Option<(u32, Hash, [u8; 32])>, Fault> {
        let meta = tx.open_table(META)?;
        let read = |key| Ok::<_, Fault>(meta.get(key)?.map(|row| row.value().to_vec()));
        let (format, network) = match (read("format")?, read("network")?) {
            (None, None) => return Ok(None),
            (format, network) => (format.unwrap_or_default(), network.unwrap_or_default()),
        };
        let (Ok(format), Ok(network)) = (format.try_into(), network.try_into()) else {
            return Err(Fault::Damaged("its format or network is missing".to_owned()));
        };
        let (format, network) = (u32::from_le_bytes(format), Hash(network));
        if format > HIGHEST_FORMAT {
            return Err(Fault::Damaged(format!("its format is said to be {format}")));
        }
        if format != FORMAT {
            return Ok(Some((format, network, Default::default())));
        }
        // A chain of this network under another one's name.
        if network != self.genesis.id() {
            let first = tx.open_table(HEIGHTS)?.get(0)?.map(|id| Hash(id.value()));
            if first == Some(self.genesis.branch().id) {
                return Err(Fault::Damaged(format!("its network is said to be {network}")));
            }
        }
        let missing = || Fault::Damaged("the index has no key".to_owned());
        let secret = read("index")?.and_then(|key| key.try_into().ok()).ok_or_else(missing)?;
        Ok(Some((format, network, secret)))
    }

    /// Writes the state before the first block.
    fn begin(&self, tx: &WriteTransaction) -> Result<(), Fault> {
        let branch = self.genesis.branch();
        let record = self.genesis.record();
        tx.open_table(HEADERS)?.insert(branch.id.0, versioned(&record).as_slice())?;
        tx.open_table(HEIGHTS)?.insert(0, branch.id.0)?;
        tx.open_table(NODES)?.insert((0, 0), branch.frontier.root().0)?;
        let mut state = tx.open_table(STATE)?;
        for (key, row) in self.genesis.rows() {
            if let Some(row) = row {
                state.insert(encode(&key).as_slice(), row.as_slice())?;
            }
        }
        for table in [BODIES, HANDOVERS, UNDO] {
            tx.open_table(table)?;
        }
        tx.open_table(HANDED_OVER)?;
        tx.open_table(SIDE)?;
        tx.open_table(RUNS)?;
        tx.open_table(CHUNKS)?;
        tx.open_table(DEADLINES)?;
        tx.open_table(ENDED)?;
        tx.open_table(ENDED_AT)?;
        Ok(())
    }

    fn write(&self) -> Result<WriteTransaction, Fault> {
        begin_write(&self.db)
    }

    /// Makes a change durable, all of it or nothing.
    pub fn commit(&self, change: &Change) -> Result<(), StoreError> {
        for (_, block) in &change.stored {
            self.recent.keep(block.id(), block.clone());
        }
        let began = Instant::now();
        self.db.guard.run(|| {
            let tx = self.write()?;
            writing::blocks(&tx, change)?;
            writing::best_chain(&tx, change)?;
            writing::state(&tx, change)?;
            // Before the results: it takes back what those say.
            indexed::write(&tx, self.marker, change, &self.recent)?;
            results::write(&tx, change)?;
            motions::write(&tx, change)?;
            // Last: what leaves the chain and is forgotten had rows in the index.
            writing::remove(&tx, change)?;
            Ok(tx.commit()?)
        })?;
        self.commits.observe(began.elapsed().as_secs_f64());
        Ok(())
    }
}

impl Reader {
    /// A consistent view of everything committed so far.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Snapshot::new(&self.db, self.recent.clone(), self.marker, self.genesis.id())
    }

    /// The same, if the chain ends in this block.
    pub fn snapshot_at(&self, tip: &Hash) -> Result<Option<Snapshot>, StoreError> {
        let snapshot = self.snapshot()?;
        Ok((snapshot.tip()?.1 == *tip).then_some(snapshot))
    }

    /// The network that the store belongs to.
    pub fn genesis(&self) -> &Arc<Genesis> {
        &self.genesis
    }

    /// Seconds that each change took to become durable, for metrics.
    pub fn commits(&self) -> Histogram {
        self.commits.clone()
    }

    /// Waits until anybody meets damage in the file, and says what.
    pub async fn damaged(&self) -> StoreError {
        self.db.guard.met().await
    }

    /// Keeps small things across restarts (address book, revocations), each under its own name.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.db.guard.run(|| {
            let tx = begin_write(&self.db)?;
            tx.open_table(META)?.insert(format!("kept:{name}").as_str(), bytes)?;
            Ok(tx.commit()?)
        })
    }

    /// Copies everything that is kept by name to another store.
    pub fn copy_kept(&self, to: &Self) -> Result<(), StoreError> {
        let rows: Vec<(String, Vec<u8>)> = self.db.guard.run(|| {
            let table = self.db.get()?.begin_read()?.open_table(META)?;
            let rows = table.range("kept:".."kept;")?;
            rows.map(|row| Ok(row.map(|(name, bytes)| (name.value().to_owned(), bytes.value().to_vec()))?))
                .collect()
        })?;
        rows.iter().try_for_each(|(name, bytes)| to.keep(name.trim_start_matches("kept:"), bytes))
    }

    /// What was kept under a name.
    pub fn kept(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.db.guard.run(|| {
            let table = self.db.get()?.begin_read()?.open_table(META)?;
            let row = table.get(format!("kept:{name}").as_str())?;
            Ok(row.map(|row| row.value().to_vec()))
        })
    }
}

fn new_path(dir: &Path) -> PathBuf {
    dir.join(NEW)
}

fn begin_write(db: &Db) -> Result<WriteTransaction, Fault> {
    let mut tx = db.get()?.begin_write()?;
    // Opens at once after a kill, at a small cost per commit.
    tx.set_quick_repair(true);
    Ok(tx)
}

/// Whether some process has the store in `dir` open now.
pub(crate) fn is_held(dir: &Path) -> bool {
    files::is_held(&dir.join(LOCK))
}

/// Keeps every other process out of `dir`, which is made if it is missing, until the result is dropped.
pub(crate) fn lock(dir: &Path) -> Result<File, StoreError> {
    let folder = |error| StoreError::Folder { path: dir.to_owned(), error };
    std::fs::create_dir_all(dir).map_err(folder)?;
    let lock = File::create(dir.join(LOCK)).map_err(folder)?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => StoreError::Locked { path: dir.to_owned() },
        TryLockError::Error(error) => folder(error),
    })?;
    Ok(lock)
}

#[cfg(test)]
mod tests;

//! What an auditor takes away: the final transactions of a range of blocks as tables, and a manifest that says what they are.
//!
//! The same range gives the same rows on every node of the network and in every format. A table's digest is chained over its rows
//! (`digest = SHA-256(digest before, row as a line of JSON)`, beginning with zeros), so two bundles are compared by their manifests, and a
//! bundle with a node by reading the range once more. Chained also because work that was interrupted goes on with it.
//!
//! In the folder of an unfinished bundle, `state.json` says how far it has come. It is replaced after the rows are on the disk; what they have
//! beyond it is cut off, or in SQLite written over, when the work goes on.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bouya_core::crypto::{Hash, sha256};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::files;

mod again;
mod manifest;
mod receipts;
mod sink;
mod table;

pub use again::Again;
pub use manifest::{Manifest, Signed, check};
pub use sink::Format;
pub use table::{Row, Table, is_untold, rows};

use sink::Sink;

const STATE: &str = "state.json";

/// A block at an end of the range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub height: u64,
    pub block: String,
    pub time: String,
}

/// What is exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The network's id.
    pub network: String,
    pub from: End,
    pub to: End,
    /// Whether a final block after the range was known: if not, more may belong to the time that was meant.
    pub closed: bool,
    /// Each transaction's receipt under the last block is in the bundle too.
    pub receipts: bool,
}

/// How many rows a table has, and their digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub rows: u64,
    pub digest: String,
}

impl Default for Count {
    fn default() -> Self {
        Self { rows: 0, digest: Hash::ZERO.to_string() }
    }
}

impl Count {
    fn add(&mut self, line: &[u8]) {
        let before = self.digest.parse().unwrap_or(Hash::ZERO);
        self.digest = sha256(&[&before.0[..], line].concat()).to_string();
        self.rows += 1;
    }
}

/// Counts and digests by table.
pub type Counts = BTreeMap<Table, Count>;

/// Those of tables without rows.
pub fn no_rows() -> Counts {
    Table::ALL.map(|table| (table, Count::default())).into()
}

/// How far an unfinished bundle has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    range: Range,
    format: Format,
    /// The feed's cursor; none before the first page.
    next: Option<String>,
    counts: Counts,
    /// The length of each file.
    lengths: BTreeMap<String, u64>,
}

/// Why a bundle cannot be made or does not hold.
#[derive(Debug, Error)]
pub enum ExportError {
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: io::Error },
    #[error("{0} holds other files; name a new folder")]
    Occupied(PathBuf),
    #[error("{0} holds a complete bundle; look at it with --check, or name a new folder")]
    Complete(PathBuf),
    #[error(
        "{dir} holds an unfinished bundle of other options: {options}. Go on with these, or name a new folder"
    )]
    Other { dir: PathBuf, options: String },
    #[error("{0} holds an unfinished bundle: run the export again with its options, then look at it")]
    Unfinished(PathBuf),
    #[error("{0} holds no bundle")]
    Nothing(PathBuf),
    #[error("{0} belongs to somebody else, who may change it meanwhile; name a folder of your own")]
    Owner(PathBuf),
    #[error("another export works in {0}; wait for it, or name another folder")]
    Busy(PathBuf),
    #[error("{path} cannot be read: {why}")]
    Form { path: PathBuf, why: String },
    #[error("{path}: SQLite says: {error}")]
    Sqlite { path: PathBuf, error: rusqlite::Error },
    #[error("{name} is not what the manifest says: {why}")]
    Changed { name: String, why: String },
    #[error("the manifest's signature does not hold: the manifest was changed, or somebody else signed it")]
    Signature,
}

fn at(path: &Path) -> impl Fn(io::Error) -> ExportError + '_ {
    |error| ExportError::Io { path: path.to_owned(), error }
}

/// A bundle that is being made.
pub struct Export {
    /// Holds the folder's lock.
    _lock: File,
    dir: PathBuf,
    state: State,
    sink: Sink,
}

impl Export {
    /// Begins a bundle, or goes on with one of the same range and format. `range` tells what to do; it is asked only for a new bundle.
    pub fn open(
        dir: &Path,
        format: Format,
        range: impl FnOnce(Option<&Range>) -> Result<Range, ExportError>,
    ) -> Result<Self, ExportError> {
        fs::create_dir_all(dir).map_err(at(dir))?;
        let lock = lock(dir)?;
        let path = dir.join(STATE);
        if dir.join(manifest::MANIFEST).exists() {
            return Err(ExportError::Complete(dir.to_owned()));
        }
        let before: Option<State> = match fs::read(&path) {
            Ok(bytes) => Some(parse(&path, &bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(at(&path)(error)),
        };
        let range = range(before.as_ref().map(|state| &state.range))?;
        let state = match before {
            Some(state) if state.range == range && state.format == format => state,
            Some(State { range, format, .. }) => {
                let form = format!("{format:?}").to_lowercase();
                let receipts = if range.receipts { " --receipts" } else { "" };
                let (from, to) = (range.from.height, range.to.height);
                let options = format!("--from {from} --to {to} --format {form}{receipts}");
                return Err(ExportError::Other { dir: dir.to_owned(), options });
            }
            None => {
                if fs::read_dir(dir).map_err(at(dir))?.next().is_some() {
                    return Err(ExportError::Occupied(dir.to_owned()));
                }
                State { range, format, next: None, counts: no_rows(), lengths: BTreeMap::new() }
            }
        };
        let sink = Sink::open(dir, format, &state.lengths)?;
        let mut export = Self { _lock: lock, dir: dir.to_owned(), state, sink };
        export.save()?;
        Ok(export)
    }

    pub fn range(&self) -> &Range {
        &self.state.range
    }

    /// Where to go on.
    pub fn next(&self) -> Option<&str> {
        self.state.next.as_deref()
    }

    /// Rows so far.
    pub fn counts(&self) -> &Counts {
        &self.state.counts
    }

    /// Where receipts go.
    pub fn receipts(&self) -> PathBuf {
        self.dir.join(receipts::FOLDER)
    }

    /// Takes the rows of a page. Once this returns they are on the disk, and the work goes on behind them.
    pub fn take(&mut self, rows: &[Row], next: String) -> Result<(), ExportError> {
        count(&mut self.state.counts, rows);
        self.sink.write(rows)?;
        self.state.next = Some(next);
        self.save()
    }

    fn save(&mut self) -> Result<(), ExportError> {
        self.state.lengths = self.sink.sync()?;
        let path = self.dir.join(STATE);
        let bytes = serde_json::to_vec(&self.state)
            .map_err(|error| ExportError::Form { path: path.clone(), why: error.to_string() })?;
        files::replace(&path, files::PUBLIC, &bytes).map_err(at(&path))
    }

    /// Writes the manifest, signed if somebody signs.
    pub fn finish(self, sign: Option<&bouya_core::crypto::SecretKey>) -> Result<Manifest, ExportError> {
        let Self { _lock, dir, state, sink } = self;
        drop(sink);
        // The state's own word is not enough to sign for.
        if let Some(counts) = sink::recount(&dir, state.format)?
            && counts != state.counts
        {
            let why = "its tables hold other rows; delete the folder and begin anew".to_owned();
            return Err(ExportError::Changed { name: STATE.to_owned(), why });
        }
        if state.range.receipts {
            receipts::list(&dir)?;
        }
        let manifest = Manifest::of(&dir, state.range, state.format, state.counts)?;
        manifest.write(&dir, sign)?;
        let path = dir.join(STATE);
        fs::remove_file(&path).map_err(at(&path))?;
        Ok(manifest)
    }
}

/// One at a time works in a folder, and nobody else's is worked in.
fn lock(dir: &Path) -> Result<File, ExportError> {
    let folder = File::open(dir).map_err(at(dir))?;
    if folder.metadata().map_err(at(dir))?.uid() != rustix::process::geteuid().as_raw() {
        return Err(ExportError::Owner(dir.to_owned()));
    }
    match folder.try_lock() {
        Ok(()) => Ok(folder),
        Err(TryLockError::WouldBlock) => Err(ExportError::Busy(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(at(dir)(error)),
    }
}

/// Adds rows to their tables' counts and digests.
pub fn count(counts: &mut Counts, rows: &[Row]) {
    for row in rows {
        counts.entry(row.table).or_default().add(row.line().as_bytes());
    }
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, ExportError> {
    serde_json::from_slice(bytes)
        .map_err(|error| ExportError::Form { path: path.to_owned(), why: error.to_string() })
}

#[cfg(test)]
mod tests;

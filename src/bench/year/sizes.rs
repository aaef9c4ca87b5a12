//! What a store takes, and what of it.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use redb::{Builder, ReadableDatabase, ReadableTableMetadata, TableHandle};

use crate::bench::BenchError;
use crate::store::FILE;

/// Memory for looking: each page is read once.
const CACHE_BYTES: usize = 16 * 1024 * 1024;
/// What the system counts a file's blocks in.
const BLOCK_BYTES: u64 = 512;

/// Bytes that the file takes on the disk. Its length may be twice that: it grows by doubling, with holes.
pub(super) fn on_disk(data: &Path) -> f64 {
    std::fs::metadata(data.join(FILE)).map_or(0, |file| file.blocks() * BLOCK_BYTES) as f64
}

/// Bytes of the file's length.
pub(super) fn length(data: &Path) -> f64 {
    std::fs::metadata(data.join(FILE)).map_or(0, |file| file.len()) as f64
}

/// The bytes of each table: its rows, what finds them, and what its pages leave empty. The largest first. All pages are read for it.
pub(super) fn tables(data: &Path) -> Result<Vec<(String, f64)>, BenchError> {
    read(&data.join(FILE)).map_err(|error| BenchError::system("cannot read the store", error))
}

fn read(file: &Path) -> Result<Vec<(String, f64)>, redb::Error> {
    let database = Builder::new().set_cache_size(CACHE_BYTES).open_read_only(file)?;
    let tx = database.begin_read()?;
    let mut found = Vec::new();
    for table in tx.list_tables()? {
        let name = table.name().replace(' ', "_");
        let stats = tx.open_untyped_table(table)?.stats()?;
        let bytes = stats.stored_bytes() + stats.metadata_bytes() + stats.fragmented_bytes();
        found.push((name, bytes as f64));
    }
    found.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    Ok(found)
}

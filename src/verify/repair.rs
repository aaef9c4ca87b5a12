//! Repairs a store: executes every block that is still correct into a new file, which then replaces the old one.
//!
//! So nothing in the old file is trusted, whatever is wrong with it. The next run fetches lost blocks from the peers. A repair needs
//! disk space for a second copy. A crash leaves either the old file or the new one.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use bouya_core::ledger::{Block, Genesis};
use thiserror::Error;

use super::quietly;
use crate::chain::ChainError;
use crate::importer::{ImportError, Importer};
use crate::store::{self, Reader, Store, StoreError};

/// The folder for the new file.
const FOLDER: &str = "repair";

/// Why a store could not be repaired.
#[derive(Debug, Error)]
pub enum RepairError {
    /// The folder.
    #[error("cannot create the new file in {path}: {error}", path = path.display())]
    Folder {
        /// Where.
        path: std::path::PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The new store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The new store.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// What the repair kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Correct blocks of the best chain.
    pub blocks: u64,
    /// Whether the operator's blacklist, the address book and the revocations were kept too.
    pub kept: bool,
}

/// Repairs the store in `dir`. After each kept block, `progress` gets their number.
pub fn repair(
    dir: &Path,
    genesis: Arc<Genesis>,
    mut progress: impl FnMut(u64),
) -> Result<Repaired, RepairError> {
    let folder = dir.join(FOLDER);
    let failed = |error| RepairError::Folder { path: folder.clone(), error };
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => (),
    }
    let mut importer = Importer::new(Store::open(&folder, genesis.clone())?)?;
    let mut done = Repaired::default();
    // From a file that cannot be opened, nothing can be kept.
    if let Some(Ok(old)) = quietly(|| Store::open(dir, genesis)) {
        let reader = old.reader();
        let saved = save(&reader, &mut importer, &mut done, &mut progress);
        // Closing writes to the file, and redb may panic over a damaged one here too.
        quietly(|| drop((reader, old)));
        saved?;
    }
    drop(importer);
    let replaced = fs::rename(folder.join(store::FILE), dir.join(store::FILE));
    replaced.and_then(|()| File::open(dir)?.sync_all()).map_err(failed)?;
    fs::remove_dir_all(&folder).map_err(failed)?;
    Ok(done)
}

fn save(
    old: &Reader,
    importer: &mut Importer,
    done: &mut Repaired,
    progress: &mut impl FnMut(u64),
) -> Result<(), ChainError> {
    while let Some(block) = quietly(|| read(old, done.blocks + 1)).flatten() {
        match importer.give(block) {
            Ok(_) => (),
            Err(ImportError::Store(error)) => return Err(error),
            Err(_) => break,
        }
        done.blocks += 1;
        progress(done.blocks);
    }
    done.kept = quietly(|| old.copy_kept(&importer.store().reader())).is_some_and(|kept| kept.is_ok());
    Ok(())
}

fn read(reader: &Reader, height: u64) -> Option<Arc<Block>> {
    reader.snapshot().ok()?.block_at(height).ok()?
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;
    use std::ops::Range;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::{iter, thread};

    use tempfile::TempDir;

    use super::*;
    use crate::verify::tests::store;
    use crate::verify::{Report, verify_file};
    use bouya_core::testing::network;

    fn file(dir: &Path) -> std::path::PathBuf {
        dir.join(store::FILE)
    }

    #[test]
    fn a_spoiled_row_costs_what_stands_on_it_and_no_more() {
        for (table, row, blocks) in
            [("bodies", 3, None), ("state", 0, Some(5)), ("nodes", 2, Some(5)), ("lists", 0, Some(5))]
        {
            let dir = tempfile::tempdir().unwrap();
            let store = store(dir.path());
            store.reader().keep("peers", b"book").unwrap();
            if table != "lists" {
                store.spoil_row(table, row);
            }
            drop(store);
            let done = repair(dir.path(), network("test", 1_000_000), |_| ()).unwrap();
            assert!(blocks.is_none_or(|blocks| done.blocks == blocks) && done.blocks < 6 && done.kept);
            let (report, _) = verify_file(dir.path(), &network("test", 1_000_000), |_, _| ()).unwrap();
            assert_eq!(report.blocks, done.blocks, "{table}");
            let kept =
                Store::open(dir.path(), network("test", 1_000_000)).unwrap().reader().kept("peers").unwrap();
            assert_eq!(kept.as_deref(), Some(&b"book"[..]));
        }
    }

    /// Bytes that one thread tries at a time.
    const PAGE: usize = 4096;
    /// One in this many found changes is also repaired. Not all of them, because a repair takes ten times as long.
    const REPAIRED: usize = 61;

    /// A store's file that the test damages.
    struct Spoiled {
        good: Vec<u8>,
        expected: Report,
        dir: TempDir,
    }

    impl Spoiled {
        fn new() -> Self {
            // In memory, because it is written tens of thousands of times.
            let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
            drop(store(dir.path()));
            let good = fs::read(file(dir.path())).unwrap();
            let expected = verify_file(dir.path(), &network("test", 1_000_000), |_, _| ()).unwrap().0;
            Self { good, expected, dir }
        }

        /// The same file in another folder.
        fn copy(&self) -> Self {
            let dir = tempfile::tempdir_in(self.dir.path()).unwrap();
            Self { good: self.good.clone(), expected: self.expected, dir }
        }

        /// Whether verifying finds a change of all these bytes. If not, the bytes hold no data that matters.
        fn finds(&mut self, bytes: Range<usize>) -> bool {
            let mut changed = self.good.clone();
            changed[bytes.clone()].iter_mut().for_each(|byte| *byte ^= 0x55);
            fs::write(file(self.dir.path()), &changed).unwrap();
            let report = verify_file(self.dir.path(), &network("test", 1_000_000), |_, _| ());
            if let Ok((report, _)) = &report {
                assert_eq!(*report, self.expected, "bytes {bytes:?}");
            }
            report.is_err()
        }

        /// Changes each byte alone. Skips a range if changing all of it at once is not found: then nothing reads it.
        fn try_all(&mut self, bytes: Range<usize>, found: &mut usize) {
            if !self.finds(bytes.clone()) {
                return;
            }
            if bytes.len() > 1 {
                let middle = bytes.start.midpoint(bytes.end);
                self.try_all(bytes.start..middle, found);
                return self.try_all(middle..bytes.end, found);
            }
            *found += 1;
            if found.is_multiple_of(REPAIRED) {
                repair(self.dir.path(), network("test", 1_000_000), |_| ()).unwrap();
                let verified = verify_file(self.dir.path(), &network("test", 1_000_000), |_, _| ());
                assert!(verified.is_ok(), "byte {}", bytes.start);
            }
        }
    }

    #[test]
    fn every_changed_byte_of_the_file_is_found_or_harmless() {
        let first = Spoiled::new();
        let pages = first.good.len().div_ceil(PAGE);
        let next = AtomicUsize::new(0);
        let work = || {
            let (mut spoiled, mut found) = (first.copy(), 0);
            let turn = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|page| *page < pages);
            for page in iter::from_fn(turn) {
                let end = first.good.len().min((page + 1) * PAGE);
                spoiled.try_all(page * PAGE..end, &mut found);
            }
            found
        };
        let found: usize = thread::scope(|scope| {
            let threads = thread::available_parallelism().map_or(1, NonZero::get);
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        println!("{found} found, {} harmless", first.good.len() - found);
        assert!(found > 5_000, "{found}");
    }
}

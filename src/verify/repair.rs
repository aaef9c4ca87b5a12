//! Repairing a store: every block of it that is still right is executed anew into a new file, which then takes the old one's place.
//!
//! So nothing of the old file is believed, whatever is wrong with it; what is lost comes from the peers at the next run. It needs room for a
//! second copy. A crash leaves the old file or the new one.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use bouya_core::ledger::{Block, Genesis};
use thiserror::Error;

use super::quietly;
use crate::chain::ChainError;
use crate::filler::{FillError, Filler};
use crate::store::{self, Reader, Store, StoreError};

/// Where the new file is made.
const FOLDER: &str = "repair";

/// Why a store could not be repaired.
#[derive(Debug, Error)]
pub enum RepairError {
    /// The folder.
    #[error("cannot make the new file in {path}: {error}", path = path.display())]
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

/// What was saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Blocks of the best chain that were right.
    pub blocks: u64,
    /// Whether the operator's blacklist, the address book and the like were, too.
    pub kept: bool,
}

/// Repairs the store in `dir`. `progress` hears of every block that was saved.
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
    let mut filler = Filler::new(Store::open(&folder, genesis.clone())?)?;
    let mut done = Repaired::default();
    // A file that cannot even be opened has nothing to give.
    if let Some(Ok(old)) = quietly(|| Store::open(dir, genesis)) {
        let reader = old.reader();
        let saved = save(&reader, &mut filler, &mut done, &mut progress);
        // Closing writes to it, which a damaged one may not survive either.
        quietly(|| drop((reader, old)));
        saved?;
    }
    drop(filler);
    let replaced = fs::rename(folder.join(store::FILE), dir.join(store::FILE));
    replaced.and_then(|()| File::open(dir)?.sync_all()).map_err(failed)?;
    fs::remove_dir_all(&folder).map_err(failed)?;
    Ok(done)
}

fn save(
    old: &Reader,
    filler: &mut Filler,
    done: &mut Repaired,
    progress: &mut impl FnMut(u64),
) -> Result<(), ChainError> {
    while let Some(block) = quietly(|| read(old, done.blocks + 1)).flatten() {
        match filler.give(Arc::new(block)) {
            Ok(_) => (),
            Err(FillError::Store(error)) => return Err(error),
            Err(_) => break,
        }
        done.blocks += 1;
        progress(done.blocks);
    }
    done.kept = quietly(|| old.copy_kept(&filler.store().reader())).is_some_and(|kept| kept.is_ok());
    Ok(())
}

fn read(reader: &Reader, height: u64) -> Option<Block> {
    reader.snapshot().ok()?.block_at(height).ok()?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::genesis;
    use crate::verify::tests::store;
    use crate::verify::verify_file;

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
            let done = repair(dir.path(), genesis("test"), |_| ()).unwrap();
            assert!(blocks.is_none_or(|blocks| done.blocks == blocks) && done.blocks < 6 && done.kept);
            let (report, _) = verify_file(dir.path(), &genesis("test"), |_, _| ()).unwrap();
            assert_eq!(report.blocks, done.blocks, "{table}");
            let kept = Store::open(dir.path(), genesis("test")).unwrap().reader().kept("peers").unwrap();
            assert_eq!(kept.as_deref(), Some(&b"book"[..]));
        }
    }

    /// Any byte of the file changed: it is found, and repaired; or nothing that counts was in it. `bytes` of the file are tried.
    fn flip(bytes: impl Fn(usize) -> Box<dyn Iterator<Item = usize>>) -> (usize, usize) {
        let made = tempfile::tempdir().unwrap();
        drop(store(made.path()));
        let good = fs::read(file(made.path())).unwrap();
        let expected = verify_file(made.path(), &genesis("test"), |_, _| ()).unwrap().0;
        let (mut found, mut harmless) = (0, 0);
        for at in bytes(good.len()) {
            let dir = tempfile::tempdir().unwrap();
            let mut changed = good.clone();
            changed[at] ^= 0x55;
            fs::write(file(dir.path()), &changed).unwrap();
            match verify_file(dir.path(), &genesis("test"), |_, _| ()) {
                Ok((report, _)) => {
                    assert_eq!(report, expected, "byte {at}");
                    harmless += 1;
                }
                Err(_) => {
                    found += 1;
                    repair(dir.path(), genesis("test"), |_| ()).unwrap();
                    assert!(verify_file(dir.path(), &genesis("test"), |_, _| ()).is_ok(), "byte {at}");
                }
            }
        }
        (found, harmless)
    }

    #[test]
    fn a_changed_byte_of_the_file_is_found_or_harmless() {
        let (found, harmless) = flip(|length| Box::new((0..150).map(move |n| n * (length / 150) + n % 61)));
        assert!(found + harmless == 150);
    }

    #[test]
    #[ignore = "every byte: an hour. TMPDIR=/dev/shm cargo test -p bouya --lib every_changed_byte -- --ignored --nocapture"]
    fn every_changed_byte_of_the_file_is_found_or_harmless() {
        std::panic::set_hook(Box::new(|info| println!("{info}")));
        let (found, harmless) = flip(|length| Box::new(0..length));
        println!("{found} found, {harmless} harmless");
    }
}

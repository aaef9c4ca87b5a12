//! Repairs a store: executes every block that is still there into a new file, which then takes the old one's name.
//!
//! So nothing in the old file is trusted, whatever is wrong with it. Blocks are found page by page (`scan`), not through the database,
//! and go from the genesis block along their parents: what follows a lost block is lost too, and the next run fetches it from the peers. A repair
//! needs disk space for a second copy. The old file is kept under another name. A crash leaves either the old file or the new one in place.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bouya_core::ledger::{Certificate, Genesis, HeaderRecord, InForce, View, bases_of, in_force_before};
use thiserror::Error;

use super::scan::Scan;
use crate::chain::ChainError;
use crate::importer::{ImportError, Importer};
use crate::store::{self, Store, StoreError};

/// The folder for the new file.
const FOLDER: &str = "repair";

/// Why a store could not be repaired.
#[derive(Debug, Error)]
pub enum RepairError {
    /// The files.
    #[error("cannot repair in {path}: {error}. The old file is as it was", path = path.display())]
    Folder {
        /// Where.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Nothing can be executed from the beginning.
    #[error(
        "this store has blocks from {0} on only, so it cannot be executed again from the beginning, and a repair would lose its state. Stop here and move chain.redb away: then load a snapshot (bouya snapshot load), or let the next run fetch everything from a member that keeps all"
    )]
    Pruned(u64),
    /// Another node's, another network's, or the new file's fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The new store.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// A new file that is ready to take the old one's place. Until then nothing of the old one is changed.
pub struct Repaired {
    dir: PathBuf,
    /// Nobody else opens the store meanwhile.
    _lock: Option<File>,
    /// Correct blocks of the best chain, the genesis block not counted.
    pub blocks: u64,
    /// The highest block of which the old file knows.
    pub highest: u64,
    /// Whether the operator's blacklist, the address book and the revocations were kept too.
    pub kept: bool,
}

/// Makes a new file of what is right in `dir`. After each kept block, `progress` gets their number.
pub fn repair(
    dir: &Path,
    genesis: Arc<Genesis>,
    mut progress: impl FnMut(u64),
) -> Result<Repaired, RepairError> {
    let folder = dir.join(FOLDER);
    let failed = |error| RepairError::Folder { path: dir.to_owned(), error };
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => (),
    }
    if let Some(lowest) = pruned(dir, &genesis) {
        return Err(RepairError::Pruned(lowest));
    }
    let scan = Scan::new(&dir.join(store::FILE)).map_err(failed)?;
    let mut importer = Importer::new(Store::open(&folder, genesis.clone())?)?;
    for block in scan.blocks() {
        // Blocks of other branches are among them, blocks whose parent is lost, and perhaps some that were never valid.
        if let Err(ImportError::Store(error)) = importer.give(block) {
            return Err(error.into());
        }
        progress(importer.height());
    }
    let (kept, lock) = match Store::open(dir, genesis.clone()) {
        Ok(old) => {
            // How the members came to be who they are: the proof of each change, which only this file may have.
            for certificate in handed_over(&old, &genesis) {
                importer.finalize(certificate)?;
            }
            // What the members have voted final goes before work: else a heavier branch that the node had left would come back.
            if let Some(certificate) = finalized(&old, &genesis) {
                importer.finalize(certificate)?;
            }
            (old.reader().copy_kept(&importer.store().reader()).is_ok(), old.close())
        }
        Err(StoreError::Damaged { .. }) => (false, Some(store::lock(dir)?)),
        Err(error) => return Err(error.into()),
    };
    let blocks = importer.height();
    Ok(Repaired { dir: dir.to_owned(), _lock: lock, blocks, highest: scan.highest().max(blocks), kept })
}

/// The lowest block with a body, if the store says that not all have theirs.
fn pruned(dir: &Path, genesis: &Arc<Genesis>) -> Option<u64> {
    let old = Store::open(dir, genesis.clone()).ok()?;
    old.reader().snapshot().ok()?.lowest().ok().filter(|lowest| *lowest > 1)
}

/// The newest final certificate in a store, if it can be read and is valid.
fn finalized(old: &Store, genesis: &Genesis) -> Option<Certificate> {
    let snapshot = old.reader().snapshot().ok()?;
    let certificate = snapshot.finalized().ok()??;
    let header = snapshot.record(&certificate.link.source.block).ok()??.header;
    let members = in_force_before(&snapshot, &header).ok()??;
    certificate.check(&genesis.id(), members.voters()).is_ok().then_some(certificate)
}

/// What made the bases of the members' sets final, in their order: each that can be read and is valid.
fn handed_over(old: &Store, genesis: &Genesis) -> Vec<Certificate> {
    let read = || bases_of(&old.reader().snapshot().ok()?).ok();
    let valid = |(base, before, certificate): (HeaderRecord, InForce, Option<Certificate>)| {
        let is_its_own = |certificate: &Certificate| certificate.link.source.block == base.header.id();
        let certificate = certificate.filter(|certificate| certificate.is_final() && is_its_own(certificate));
        certificate.filter(|certificate| certificate.check(&genesis.id(), before.voters()).is_ok())
    };
    read().unwrap_or_default().into_iter().filter_map(valid).collect()
}

impl Repaired {
    /// Sets the old file aside under a name with `when`, and puts the new one in its place. Returns the old file's new path.
    pub fn replace(self, when: &str) -> Result<PathBuf, RepairError> {
        let failed = |error| RepairError::Folder { path: self.dir.clone(), error };
        let aside = self.set_aside(when).map_err(failed)?;
        let replace = || {
            fs::rename(self.dir.join(FOLDER).join(store::FILE), self.dir.join(store::FILE))?;
            File::open(&self.dir)?.sync_all()?;
            fs::remove_dir_all(self.dir.join(FOLDER))
        };
        replace().map_err(failed)?;
        Ok(aside)
    }

    /// Drops the new file.
    pub fn discard(self) -> Result<(), RepairError> {
        let folder = self.dir.join(FOLDER);
        fs::remove_dir_all(&folder).map_err(|error| RepairError::Folder { path: folder, error })
    }

    /// Gives the old file a second name, which was nobody's before.
    fn set_aside(&self, when: &str) -> io::Result<PathBuf> {
        for number in 1_u32.. {
            let again = if number == 1 { String::new() } else { format!("-{number}") };
            let aside = self.dir.join(format!("{}.damaged-{when}{again}", store::FILE));
            match fs::hard_link(self.dir.join(store::FILE), &aside) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => (),
                done => return done.map(|()| aside),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
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
    use bouya_core::testing::{self, network, network_of_members};

    fn file(dir: &Path) -> std::path::PathBuf {
        dir.join(store::FILE)
    }

    #[test]
    fn what_is_final_stays_final_whatever_work_another_branch_has() {
        let (dir, genesis) = (tempfile::tempdir().unwrap(), network_of_members("test"));
        let node = testing::Node::of(genesis.clone());
        let start = node.chain.tip().clone();
        let ((heavy, _), (light, end)) = (node.run_on(&start, 4, 100, 9), node.run_on(&start, 2, 5_000, 9));
        let mut importer = Importer::new(Store::open(dir.path(), genesis.clone()).unwrap()).unwrap();
        for block in heavy.iter().chain(&light) {
            importer.give(block.clone()).unwrap();
        }
        assert_eq!(importer.height(), 4);
        let certificate = testing::certificate(&genesis, end.height, end.id, &[1, 2, 3]);
        importer.finalize(certificate.clone()).unwrap();
        assert_eq!(importer.height(), 2);
        drop(importer);
        verify_file(dir.path(), &genesis, |_, _| ()).unwrap();
        let done = repair(dir.path(), genesis.clone(), |_| ()).unwrap();
        assert_eq!(done.blocks, 2);
        done.replace("then").unwrap();
        let store = Store::open(dir.path(), genesis).unwrap();
        let snapshot = store.reader().snapshot().unwrap();
        assert_eq!((snapshot.tip().unwrap().1, snapshot.finalized().unwrap()), (end.id, Some(certificate)));
    }

    #[test]
    fn a_spoiled_row_costs_what_stands_on_it_and_no_more() {
        for (table, row, blocks) in [("bodies", 3, 2), ("state", 0, 5), ("nodes", 2, 5), ("lists", 0, 5)] {
            let dir = tempfile::tempdir().unwrap();
            let store = store(dir.path());
            store.reader().keep("peers", b"book").unwrap();
            if table != "lists" {
                store.spoil_row(table, row);
            }
            drop(store);
            let done = repair(dir.path(), network("test", 1_000_000), |_| ()).unwrap();
            assert!((blocks..6).contains(&done.blocks) && done.highest == 5 && done.kept, "{table}");
            let spoiled = fs::read(file(dir.path())).unwrap();
            let blocks = done.blocks;
            let aside = done.replace("2026-11-29").unwrap();
            assert_eq!(fs::read(&aside).unwrap(), spoiled, "{table}");
            assert!(!dir.path().join(FOLDER).exists());
            let (report, _) = verify_file(dir.path(), &network("test", 1_000_000), |_, _| ()).unwrap();
            assert_eq!(report.blocks, blocks, "{table}");
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
                let repaired = repair(self.dir.path(), network("test", 1_000_000), |_| ()).unwrap();
                fs::remove_file(repaired.replace("today").unwrap()).unwrap();
                let verified = verify_file(self.dir.path(), &network("test", 1_000_000), |_, _| ());
                assert!(verified.is_ok(), "byte {}", bytes.start);
            }
        }
    }

    #[test]
    fn an_old_file_never_takes_anothers_name() {
        let dir = tempfile::tempdir().unwrap();
        drop(store(dir.path()));
        let mut names = vec![];
        for _ in 0..3 {
            let repaired = repair(dir.path(), network("test", 1_000_000), |_| ()).unwrap();
            assert_eq!((repaired.blocks, repaired.highest), (5, 5));
            let aside = repaired.replace("2026-11-29").unwrap();
            names.push(aside.file_name().unwrap().to_str().unwrap().to_owned());
        }
        let base = "chain.redb.damaged-2026-11-29";
        assert_eq!(names, [base.to_owned(), format!("{base}-2"), format!("{base}-3")]);
        repair(dir.path(), network("test", 1_000_000), |_| ()).unwrap().discard().unwrap();
        assert!(!dir.path().join(FOLDER).exists());
    }

    #[test]
    fn anothers_store_is_not_repaired() {
        let dir = tempfile::tempdir().unwrap();
        let open = store(dir.path());
        let refused = || repair(dir.path(), network("test", 1_000_000), |_| ()).map(|_| ()).unwrap_err();
        assert!(matches!(refused(), RepairError::Store(StoreError::Locked { .. })));
        drop(open);
        let other = repair(dir.path(), network("other", 1_000_000), |_| ()).map(|_| ()).unwrap_err();
        assert!(matches!(other, RepairError::Store(StoreError::Network { .. })));
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

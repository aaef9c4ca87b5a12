//! Wrong bytes anywhere in a real file, as a failing disk leaves them: eight flipped, a tail of zeros, a tail that is gone. Whoever opens it reads
//! what was written or is told that the file is damaged, and a repair keeps every block whose pages are whole.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Once};

use bouya_core::ledger::{Block, Chain, Disk, Origin};
use bouya_core::testing::{block_on, give, network, pay};
use tempfile::TempDir;

use super::*;
use crate::store::{self, silence_caught_panics};
use crate::verify::repair::repair;

const PAGE: usize = 4_096;
const BLOCKS: u64 = 40;
/// Places that are spoiled in each way.
const PLACES: usize = 120;

/// A store of some blocks, its file, and the pages where each block's rows are.
struct Sample {
    genesis: Arc<Genesis>,
    good: Vec<u8>,
    blocks: HashMap<u64, Arc<Block>>,
    /// Of each height from 1: the pages with its header, and those with its body.
    pages: Vec<[Vec<Range<usize>>; 2]>,
}

/// How bytes are spoiled.
#[derive(Clone, Copy, Debug)]
enum Spoil {
    Flip,
    Zero,
    Cut,
}

impl Sample {
    fn new() -> Self {
        static QUIET: Once = Once::new();
        QUIET.call_once(silence_caught_panics);
        let (genesis, dir) = (network("test", 1_000_000), tempfile::tempdir().unwrap());
        let mut store = Store::open(dir.path(), genesis.clone()).unwrap();
        let mut chain = Chain::load(genesis.clone(), &store.view().unwrap()).unwrap();
        for nonce in 0..BLOCKS {
            let paid = vec![pay(&genesis, 1, nonce, 2, 5, 1_000)];
            let block = block_on(&genesis, chain.tip(), 1_000, paid, 9);
            give(&mut chain, &mut store, Timestamp(u64::MAX / 2), &block, Origin::Own).unwrap();
        }
        let snapshot = store.reader().snapshot().unwrap();
        let block = |height| snapshot.block_at(height).unwrap().unwrap();
        let blocks: HashMap<_, _> = (1..=BLOCKS).map(|height| (height, block(height))).collect();
        drop((snapshot, store));
        let good = fs::read(dir.path().join(store::FILE)).unwrap();
        let pages = |bytes: Vec<u8>| {
            let at = (0..good.len() - bytes.len()).filter(|at| good[*at..].starts_with(&bytes));
            at.map(|at| at / PAGE * PAGE..at + bytes.len()).collect::<Vec<_>>()
        };
        let pages = (1..=BLOCKS)
            .map(|height| [pages(encode(&blocks[&height].header)), pages(encode(&blocks[&height].body))])
            .collect();
        Self { genesis, good, blocks, pages }
    }

    /// The file with spoiled bytes, in a folder of its own, and which bytes are not as they were.
    fn spoiled(&self, spoil: Spoil, at: usize) -> (TempDir, Range<usize>) {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let mut bytes = self.good.clone();
        let wrong = match spoil {
            Spoil::Flip => at..(at + 8).min(bytes.len()),
            Spoil::Zero | Spoil::Cut => at..bytes.len(),
        };
        match spoil {
            Spoil::Flip => bytes[wrong.clone()].iter_mut().for_each(|byte| *byte ^= 0xa5),
            Spoil::Zero => bytes[wrong.clone()].fill(0),
            Spoil::Cut => bytes.truncate(at),
        }
        fs::write(dir.path().join(store::FILE), bytes).unwrap();
        (dir, wrong)
    }

    /// How many blocks from the genesis block on have whole pages.
    fn whole(&self, wrong: &Range<usize>) -> u64 {
        let hit = |page: &Range<usize>| page.start < wrong.end && wrong.start < page.start + PAGE;
        let there = |pages: &&[Vec<Range<usize>>; 2]| pages.iter().all(|copies| !copies.iter().all(hit));
        self.pages.iter().take_while(there).count() as u64
    }

    /// Reads what a node reads. Whatever it gets is right.
    fn read(&self, dir: &Path) -> Result<(), StoreError> {
        let store = Store::open(dir, self.genesis.clone())?;
        let snapshot = store.reader().snapshot()?;
        snapshot.tip()?;
        for height in 1..=BLOCKS {
            if let Some(block) = snapshot.block_at(height)? {
                assert_eq!(block, self.blocks[&height]);
            }
            for (place, transaction) in (0..).zip(self.blocks[&height].body.transactions.iter()) {
                if let Some((header, found)) = snapshot.transaction_at(height, place)? {
                    assert_eq!((&header, &found), (&self.blocks[&height].header, transaction));
                }
                if let Some(found) = snapshot.transaction(&transaction.id())? {
                    assert_eq!(found.transaction, *transaction);
                }
            }
        }
        snapshot.rows()?.try_for_each(|row| row.map(drop))?;
        snapshot.side_blocks().map(drop)
    }

    /// True if the damage shows.
    fn check(&self, spoil: Spoil, at: usize) -> bool {
        let case = format!("{spoil:?} at {at}");
        let (dir, wrong) = self.spoiled(spoil, at);
        let dir = dir.path();
        let read = self.read(dir);
        if let Err(error) = &read {
            assert!(
                matches!(error, StoreError::Damaged { .. } | StoreError::Format { .. }),
                "{case}: {error}"
            );
        }
        let verified = verify_file(dir, &self.genesis, |_, _| ());
        if let Ok((report, _)) = verified {
            assert_eq!(report.blocks, BLOCKS, "{case}");
            return false;
        }
        if matches!(verified, Err(VerifyError::Store(StoreError::Format { .. }))) {
            return true;
        }
        let repaired =
            repair(dir, self.genesis.clone(), |_| ()).unwrap_or_else(|error| panic!("{case}: {error}"));
        let (kept, whole) = (repaired.blocks, self.whole(&wrong));
        assert!(kept >= whole, "{case}: {kept} kept of {whole} that are whole");
        assert!(repaired.replace("today").unwrap().exists());
        let (report, _) = verify_file(dir, &self.genesis, |_, _| ()).unwrap();
        assert_eq!(report.blocks, kept, "{case}");
        true
    }
}

/// Places all over the file, by a seed: a quarter of them in its first pages, which lead to all others.
fn places(seed: u64, len: usize) -> impl Iterator<Item = usize> {
    let mut state = seed;
    (0..PLACES).map(move |number| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let end = if number % 4 == 0 { 4 * PAGE } else { len };
        (state >> 33) as usize % end
    })
}

fn spoil_everywhere(spoil: Spoil, seed: u64) {
    let sample = Sample::new();
    let shown = places(seed, sample.good.len()).filter(|at| sample.check(spoil, *at)).count();
    println!("{spoil:?}: {shown} of {PLACES} showed");
    assert!(shown > 0);
}

#[test]
fn eight_wrong_bytes_anywhere_are_harmless_or_told_and_repaired() {
    spoil_everywhere(Spoil::Flip, 1);
}

#[test]
fn a_tail_of_zeros_is_harmless_or_told_and_repaired() {
    spoil_everywhere(Spoil::Zero, 2);
}

#[test]
fn a_tail_that_is_gone_is_told_and_repaired() {
    spoil_everywhere(Spoil::Cut, 3);
}

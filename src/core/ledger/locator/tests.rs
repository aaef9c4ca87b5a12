use alloc::vec;

use super::*;
use crate::ledger::memory::World;
use crate::ledger::{Change, HeaderRecord, Undo};
use crate::testing::{genesis, unsealed};

/// A world with `best` blocks, and others beside it. Nothing in it is valid but parents and heights.
struct Stored {
    world: World,
    best: Vec<Hash>,
}

impl Stored {
    fn new(best: u64) -> Self {
        let world = World::new(&genesis());
        let mut stored = Self { world, best: vec![genesis().id()] };
        let added = stored.add(genesis().id(), 1..best + 1, 0, true);
        stored.best.extend(added);
        stored
    }

    /// Stores one block for each of these heights, the first one after `parent`.
    fn add(&mut self, parent: Hash, heights: core::ops::Range<u64>, nonce: u64, best: bool) -> Vec<Hash> {
        let (mut ids, mut change) = (vec![], Change::default());
        for height in heights {
            let mut block = (*unsealed(nonce, vec![])).clone();
            block.header.parent = ids.last().copied().unwrap_or(parent);
            block.header.height = height;
            let record = HeaderRecord::of(&block, &genesis().branch(), 0);
            ids.push(block.id());
            if best {
                change.connected.push((height, block.id(), Undo::default()));
            }
            change.stored.push((record, block.into()));
        }
        self.world.apply(&change);
        ids
    }

    /// A branch after the best chain's block at this height.
    fn beside(&mut self, fork: u64, count: u64) -> Vec<Hash> {
        let parent = self.best[usize::try_from(fork).unwrap()];
        self.add(parent, fork + 1..fork + 1 + count, 1, false)
    }

    fn after(&self, locator: &[Hash], stop: &Hash, most: usize) -> Vec<Hash> {
        let headers = headers_after(&self.world, locator, stop, most).unwrap();
        headers.iter().map(|one| one.header.id()).collect()
    }
}

#[test]
fn without_a_side_branch_the_best_chain_answers() {
    let mut stored = Stored::new(50);
    let side = stored.beside(30, 5);
    let best = stored.best.clone();
    let unknown = Hash([9; 32]);
    for stop in [Hash::ZERO, unknown, best[50]] {
        assert_eq!(stored.after(&[unknown, side[4], best[40]], &stop, 100), best[41..], "{stop}");
    }
    assert_eq!(stored.after(&[best[40]], &best[43], 100), best[41..44]);
    assert_eq!(stored.after(&[best[10]], &Hash::ZERO, 7), best[11..18]);
    assert_eq!(stored.after(&[], &Hash::ZERO, 3), best[1..4]);
}

#[test]
fn headers_lead_along_a_side_branch_to_its_wanted_end() {
    let mut stored = Stored::new(50);
    let side = stored.beside(30, 15);
    let (best, end) = (stored.best.clone(), side[14]);
    let way = [&best[..31], &side].concat();
    // The asker is on the best chain beyond the fork, or has an older part of it.
    assert_eq!(stored.after(&[best[50], best[31], best[30], best[0]], &end, 100), side);
    assert_eq!(stored.after(&[best[50], best[29], best[0]], &end, 100), way[30..]);
    assert_eq!(stored.after(&[], &end, 100), way[1..]);
    // It goes on after the last header that it got.
    let mut got = stored.after(&[best[50], best[20]], &end, 13);
    assert_eq!(got, way[21..34]);
    while got.last() != Some(&end) {
        got.extend(stored.after(&[*got.last().unwrap(), best[50], best[20]], &end, 4));
    }
    assert_eq!(got, way[21..]);
    // A block in the middle is an end too, and there is nothing after it.
    assert_eq!(stored.after(&[best[50], best[30]], &side[3], 100), side[..4]);
    assert_eq!(stored.after(&[end], &end, 100), []);
}

#[test]
fn the_way_beside_the_best_chain_is_bounded() {
    let mut stored = Stored::new(50);
    let side = stored.beside(30, SIDE_HEADERS as u64 + 1);
    let best = stored.best.clone();
    assert_eq!(stored.after(&[best[30]], &side[SIDE_HEADERS - 1], 10), side[..10]);
    assert_eq!(stored.after(&[best[30]], &side[SIDE_HEADERS], 10), best[31..41]);
}

//! What is kept of pruned bodies.

use bouya_core::ledger::Finalized;
use bouya_core::testing::{MEMBERS, certificate};

use super::*;

/// Five blocks of a payment each, the first three of them pruned.
fn pruned(dir: &Path) -> Twin {
    let mut twin = Twin::open(dir);
    let genesis = network("test", 1_000_000);
    for nonce in 0..5 {
        twin.mine(vec![pay(&genesis, 1, nonce, 2, 5, 1_000)]);
    }
    prune(&mut twin);
    twin
}

fn prune(twin: &mut Twin) {
    twin.chain.prune(Some(1));
    let view = twin.disk.view().unwrap();
    let fourth = view.at_height(4).unwrap().unwrap();
    let members: Vec<u8> = (1..=MEMBERS).collect();
    let certificate = certificate(twin.chain.genesis(), 4, fourth, &members);
    let Finalized::Ready(ready) = twin.chain.finalize(&view, certificate).unwrap() else {
        panic!("it is no news")
    };
    Disk::commit(&mut twin.disk, ready.change()).unwrap();
    twin.chain.accept(ready);
    assert_eq!(twin.chain.lowest(), 4);
}

fn paid(nonce: u64) -> Hash {
    pay(&network("test", 1_000_000), 1, nonce, 2, 5, 1_000).id()
}

fn leaves(twin: &Twin) -> Vec<bool> {
    let view = twin.disk.view().unwrap();
    let at = |height| view.at_height(height).unwrap().unwrap();
    (1..=5).map(|height| view.leaves(&at(height)).unwrap().is_some()).collect()
}

#[test]
fn the_leaves_of_a_pruned_body_stay_and_find_its_transactions() {
    let dir = tempfile::tempdir().unwrap();
    let twin = pruned(dir.path());
    let view = twin.disk.view().unwrap();
    for height in 1..=5 {
        let id = view.at_height(height).unwrap().unwrap();
        let leaves = view.leaves(&id).unwrap();
        assert_eq!(leaves, twin.disk.world.leaves(&id).unwrap(), "{height}");
        assert_eq!(leaves.unwrap()[1], paid(height - 1).0);
        let kept = (height < 4).then_some(Pruned::Proven(height));
        assert_eq!(view.pruned(&paid(height - 1)).unwrap(), kept);
        assert_eq!(view.transaction(&paid(height - 1)).unwrap().is_none(), height < 4);
    }
    assert_eq!(view.pruned(&paid(9)).unwrap(), None);
}

#[test]
fn a_block_that_is_forgotten_takes_its_leaves_along() {
    let dir = tempfile::tempdir().unwrap();
    let mut twin = pruned(dir.path());
    let second = twin.disk.view().unwrap().at_height(2).unwrap().unwrap();
    let removed = Change { removed: vec![second], ..Change::default() };
    Disk::commit(&mut twin.disk, &removed).unwrap();
    assert_eq!(twin.disk.view().unwrap().leaves(&second).unwrap(), None);
    assert_eq!(twin.disk.world.leaves(&second).unwrap(), None);
}

#[test]
fn a_body_that_comes_back_takes_the_place_of_its_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let mut twin = Twin::open(dir.path());
    let genesis = network("test", 1_000_000);
    (0..5).for_each(|nonce| drop(twin.mine(vec![pay(&genesis, 1, nonce, 2, 5, 1_000)])));
    let view = twin.disk.view().unwrap();
    let third = view.block_at(3).unwrap().unwrap();
    prune(&mut twin);
    let kept =
        |twin: &Twin| twin.disk.store.db.get().unwrap().begin_read().unwrap().open_table(LEAVES).unwrap();
    assert!(kept(&twin).get(third.id().0).unwrap().is_some());
    let record = view.record(&third.id()).unwrap().unwrap();
    let back = Change { backfilled: vec![(record, third.clone())], lowest: Some(3), ..Change::default() };
    Disk::commit(&mut twin.disk, &back).unwrap();
    assert!(kept(&twin).get(third.id().0).unwrap().is_none());
    assert_eq!(twin.disk.view().unwrap().leaves(&third.id()).unwrap(), Some(third.leaves()));
    assert_eq!(leaves(&twin), [true; 5]);
}

#[test]
fn a_store_from_before_leaves_were_kept_has_none_of_what_was_pruned_then() {
    let dir = tempfile::tempdir().unwrap();
    let twin = pruned(dir.path());
    assert_eq!(leaves(&twin), [true; 5]);
    let tx = twin.disk.store.write().unwrap();
    tx.delete_table(LEAVES).unwrap();
    tx.commit().unwrap();
    drop(twin);
    let twin = Twin::open(dir.path());
    assert_eq!(leaves(&twin), [false, false, false, true, true]);
    let view = twin.disk.view().unwrap();
    assert_eq!(view.pruned(&paid(1)).unwrap(), Some(Pruned::Unproven(2)));
}

#[test]
fn a_damaged_body_is_pruned_all_the_same_and_proves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut twin = Twin::open(dir.path());
    let genesis = network("test", 1_000_000);
    (0..5).for_each(|nonce| drop(twin.mine(vec![pay(&genesis, 1, nonce, 2, 5, 1_000)])));
    twin.disk.store.spoil_row("bodies", 2);
    prune(&mut twin);
    assert_eq!(leaves(&twin), [true, false, true, true, true]);
}

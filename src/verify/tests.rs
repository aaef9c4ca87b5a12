use bouya_core::ledger::{Chain, Disk, Finalized, Origin};
use bouya_core::testing::{MEMBERS, block_on, certificate, give, network, pay};

use super::*;

mod contracts;
mod damage;

pub(super) fn store(dir: &Path) -> Store {
    let genesis = network("test", 1_000_000);
    let mut store = Store::open(dir, genesis.clone()).unwrap();
    let mut chain = Chain::load(genesis.clone(), &store.view().unwrap()).unwrap();
    let (fork, now) = (chain.tip().clone(), Timestamp(u64::MAX / 2));
    for nonce in 0..5 {
        let paid = vec![pay(&genesis, 1, nonce, 2, 5, 1_000)];
        let block = block_on(&genesis, chain.tip(), 1_000, paid, 9);
        give(&mut chain, &mut store, now, &block, Origin::Own).unwrap();
    }
    let beside = block_on(&genesis, &fork, 1_000, vec![], 8);
    give(&mut chain, &mut store, now, &beside, Origin::Pushed).unwrap();
    store
}

#[test]
fn a_sound_store_is_found_sound() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let mut heard = vec![];
    let report = verify(&store.reader(), |done, all| heard.push((done, all))).unwrap();
    assert_eq!(report, Report { blocks: 5, transactions: 5, rows: 8, side_blocks: 1, lowest: None });
    assert_eq!(heard.last(), Some(&(5, 5)));
}

/// The same, with the fourth block final and the bodies below it dropped.
fn pruned_store(dir: &Path) -> Store {
    let mut store = store(dir);
    let genesis = network("test", 1_000_000);
    let mut chain = Chain::load(genesis.clone(), &store.view().unwrap()).unwrap();
    chain.prune(Some(1));
    let view = store.view().unwrap();
    let fourth = view.at_height(4).unwrap().unwrap();
    let members: Vec<u8> = (1..=MEMBERS).collect();
    let certificate = certificate(&genesis, 4, fourth, &members);
    let Finalized::Ready(ready) = chain.finalize(&view, certificate).unwrap() else {
        panic!("it is no news")
    };
    Disk::commit(&mut store, ready.change()).unwrap();
    chain.accept(ready);
    assert_eq!(chain.lowest(), 4);
    store
}

#[test]
fn without_old_bodies_the_rest_is_found_sound_or_what_is_wrong_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = pruned_store(dir.path());
    let snapshot = store.reader().snapshot().unwrap();
    let body = |height| snapshot.block_at(height).unwrap().is_some();
    assert_eq!([1, 2, 3, 4, 5].map(body), [false, false, false, true, true]);
    let report = verify(&store.reader(), |_, _| ()).unwrap();
    let expected = Report { blocks: 5, transactions: 2, rows: 8, side_blocks: 1, lowest: Some(4) };
    assert_eq!(report, expected);
    for (expected, table, row) in [
        ("valid encoding of headers", "headers", 2),
        ("node", "nodes", 2),
        ("state", "state", 0),
        ("leaves of block 3", "leaves", 3),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = pruned_store(dir.path());
        store.spoil_row(table, row);
        let error = verify(&store.reader(), |_, _| ()).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn a_repair_does_not_lose_a_state_that_nothing_here_leads_to() {
    let dir = tempfile::tempdir().unwrap();
    drop(pruned_store(dir.path()));
    let refused = repair::repair(dir.path(), network("test", 1_000_000), |_| ());
    assert!(matches!(refused, Err(repair::RepairError::Pruned(4))));
    assert!(Store::open(dir.path(), network("test", 1_000_000)).is_ok());
}

#[test]
fn every_kind_of_wrong_thing_is_named() {
    let spoiled = [
        ("block 3", "bodies", 3),
        ("valid encoding of headers", "headers", 2),
        ("node", "nodes", 2),
        ("undo record", "undo", 4),
        ("state row", "state", 0),
        ("does not find transaction", "transactions", 2),
        ("does not list", "movements", 2),
    ];
    for (expected, table, row) in spoiled {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        store.spoil_row(table, row);
        let error = verify(&store.reader(), |_, _| ()).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

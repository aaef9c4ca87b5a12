//! Snapshots between two stores.

use std::fs;

use bouya_core::codec::{Bounded, Text};
use bouya_core::ledger::{Action, Content, Proposal, Transaction, View};
use bouya_core::testing::members::changed_thrice;
use bouya_core::testing::{CREATED, Node, address, key, network, network_of_members, pay};
use bouya_core::time::Timestamp;

use super::*;
use crate::importer::Importer;
use crate::store::Store;

/// A payment, a record and a proposal by key 1.
fn transactions(genesis: &Genesis) -> Vec<Transaction> {
    let topic = Text::try_from("deliveries".to_owned()).unwrap();
    let record = Action::Record { topic, content: Content::Data(Bounded::truncated(*b"17 pallets")) };
    let proposal = Proposal {
        title: Text::try_from("lease".to_owned()).unwrap(),
        document: Hash([7; 32]),
        parties: Bounded::truncated([address(2)]),
        deadline: Timestamp(CREATED.0 + 1_000_000_000),
    };
    let sign = |nonce, action| Transaction::sign(&genesis.id(), &key(1), nonce, 1, u64::MAX, action);
    vec![pay(genesis, 1, 0, 2, 5, 1), sign(1, record), sign(2, Action::Propose(proposal))]
}

/// A store whose members changed three times, and whose newest final block is three below its tip; and the same in memory.
fn made(dir: &Path) -> (Importer, Node) {
    let genesis = network_of_members("acme");
    let mut node = changed_thrice(genesis.clone());
    let last = node.mine(transactions(&genesis));
    node.take_final(node.commit(last.header.height, &[3, 5, 9]));
    for nonce in 3..6 {
        node.mine(vec![pay(&genesis, 1, nonce, 8, 5, 1)]);
    }
    let mut importer = Importer::new(Store::open(dir, genesis).unwrap()).unwrap();
    for height in 1..=node.chain.tip().height {
        give(&mut importer, &node, height);
        let id = node.world().at_height(height).unwrap().unwrap();
        node.world().handover(&id).unwrap().map_or(Ok(()), |base| importer.finalize(base)).unwrap();
    }
    importer.finalize(node.world().finalized().unwrap().unwrap()).unwrap();
    (importer, node)
}

fn give(importer: &mut Importer, node: &Node, height: u64) {
    let id = node.world().at_height(height).unwrap().unwrap();
    assert!(importer.give(node.world().block(&id).unwrap().unwrap()).unwrap(), "{height}");
}

fn file(importer: &Importer) -> (Vec<u8>, Done) {
    let mut file = vec![];
    let done = save(&importer.store().reader(), &mut file, |_| ()).unwrap();
    (file, done)
}

fn load_into(dir: &Path, file: &[u8]) -> Result<Done, SnapshotFileError> {
    load(dir, &network_of_members("acme"), &mut &file[..], |_| ())
}

fn names(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "lock").collect()
}

#[test]
fn a_node_begins_with_a_snapshot_and_goes_on() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, node) = made(one.path());
    let (file, done) = file(&from);
    assert_eq!(done.last, node.chain.finalized());
    assert_eq!(load_into(two.path(), &file).unwrap(), done);
    assert_eq!(names(two.path()), ["chain.redb"]);

    let mut to = Importer::new(Store::open(two.path(), network_of_members("acme")).unwrap()).unwrap();
    let view = |importer: &Importer| importer.store().reader().snapshot().unwrap();
    let (height, tip) = (done.last.0, node.chain.tip().height);
    let begun = view(&to);
    assert_eq!((begun.tip().unwrap(), begun.lowest().unwrap()), (done.last, height));
    assert_eq!(begun.finalized(), node.world().finalized());
    let ending = |importer: &Importer| view(importer).deadlines(CREATED, Timestamp(u64::MAX), 9).unwrap();
    assert_eq!((ending(&to).len(), ending(&to)), (1, ending(&from)));
    let is_sound = |importer: &Importer| crate::verify::verify(&importer.store().reader(), |_, _| ()).is_ok();
    assert!(is_sound(&to));
    for above in height + 1..=tip {
        give(&mut to, &node, above);
    }
    assert!(is_sound(&to));
    let rows = |importer: &Importer| view(importer).rows().unwrap().map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(rows(&from), rows(&to));
    for height in 0..=tip {
        let (old, new) = (view(&from), view(&to));
        let id = old.at_height(height).unwrap().unwrap();
        assert_eq!(new.at_height(height).unwrap(), Some(id));
        assert_eq!(new.handover(&id), old.handover(&id));
        for level in 0..5 {
            assert_eq!(new.history_node(level, height), old.history_node(level, height));
        }
    }
    assert_eq!(view(&to).tip().unwrap(), view(&from).tip().unwrap());
}

#[test]
fn whatever_is_changed_no_chain_comes_of_it() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, _) = made(one.path());
    let (file, _) = file(&from);
    for at in (0..file.len()).step_by(137) {
        let mut changed = file.clone();
        changed[at] ^= 0x41;
        assert!(load_into(two.path(), &changed).is_err(), "byte {at}");
        assert!(names(two.path()).is_empty(), "byte {at}");
    }
    for end in [0, 40, file.len() / 2, file.len() - 4, file.len() - 1] {
        assert!(load_into(two.path(), &file[..end]).is_err(), "up to {end}");
        assert!(names(two.path()).is_empty(), "up to {end}");
    }
    let error = load(two.path(), &network("b", 1), &mut &file[..], |_| ()).unwrap_err();
    assert!(matches!(error, SnapshotFileError::Network { .. }), "{error}");
    // What a crash left behind is no hindrance.
    fs::write(two.path().join("chain.redb.new"), "half").unwrap();
    assert!(load_into(two.path(), &file).is_ok());
}

#[test]
fn a_chain_is_never_replaced() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, _) = made(one.path());
    let (file, done) = file(&from);
    let held = load_into(one.path(), &file).unwrap_err();
    assert!(matches!(held, SnapshotFileError::Store(StoreError::Locked { .. })), "{held}");
    drop(from);
    for dir in [one.path(), two.path()] {
        let _ = load_into(dir, &file);
        let exists = load_into(dir, &file).unwrap_err();
        assert!(matches!(exists, SnapshotFileError::Store(StoreError::Exists { .. })), "{exists}");
    }
    let whole = Store::open(one.path(), network_of_members("acme")).unwrap();
    assert!(whole.reader().snapshot().unwrap().tip().unwrap().0 > done.last.0);
    assert!(crate::verify::verify(&whole.reader(), |_, _| ()).is_ok());
}

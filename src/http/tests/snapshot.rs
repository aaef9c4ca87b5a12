//! A snapshot of a node that runs.

use std::io::Read;

use super::harness::{Node, TOKEN};
use crate::archive::snapshot::{SnapshotFileError, copy, load, save};
use crate::store::Store;

/// Five blocks, the fourth of them final.
fn node() -> Node {
    let node = Node::with_members();
    for nonce in 0..5 {
        node.pay(1, nonce, 2, 500);
        node.mine();
    }
    node.finalize(4);
    node
}

/// The bytes as a client gets them.
fn fetch(node: &Node) -> Vec<u8> {
    let request = ureq::get(format!("http://{}/v1/snapshot", node.address));
    let response = request.header("Authorization", format!("Bearer {TOKEN}")).call().unwrap();
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    let mut bytes = vec![];
    response.into_body().into_reader().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_node_that_runs_gives_the_snapshot_that_it_would_make_stopped() {
    let node = node();
    let mut offline = vec![];
    let made = save(&node.api.reader, &mut offline, |_| ()).unwrap();
    assert_eq!(made.last.0, 4);
    // And the next one after it: its place is free again.
    for _ in 0..2 {
        assert!(fetch(&node) == offline);
        node.wait("the place is free", || node.api.limits.snapshots.available_permits() == 1);
    }
    let (mut file, genesis) = (vec![], &node.api.genesis);
    let mut heard = vec![];
    let copied = copy(&mut &fetch(&node)[..], genesis.id(), &mut file, |done| heard.push(*done)).unwrap();
    assert_eq!((copied, heard.last()), (made, Some(&made)));
    assert!(file == offline);
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(load(dir.path(), genesis, &mut &file[..], |_| ()).unwrap(), made);
    let begun = Store::open(dir.path(), genesis.clone()).unwrap().reader().snapshot().unwrap();
    assert_eq!(begun.tip().unwrap(), made.last);
}

#[test]
fn one_that_is_cut_is_no_snapshot() {
    let node = node();
    let (whole, network) = (fetch(&node), node.api.genesis.id());
    for end in 0..whole.len() {
        let error = copy(&mut &whole[..end], network, &mut vec![], |_| ()).unwrap_err();
        assert!(matches!(error, SnapshotFileError::Cut | SnapshotFileError::Magic), "{end}: {error}");
    }
    let other = copy(&mut &whole[..], bouya_core::crypto::Hash::ZERO, &mut vec![], |_| ()).unwrap_err();
    assert!(matches!(other, SnapshotFileError::Network { .. }), "{other}");
}

#[test]
fn it_is_for_the_operator_and_one_at_a_time() {
    let node = node();
    node.get("/v1/snapshot").problem(401, "token");
    let place = node.api.limits.snapshots.clone().try_acquire_owned().unwrap();
    let busy = node.operate("GET", "/v1/snapshot");
    assert_eq!(busy.header("retry-after"), "1");
    assert!(busy.problem(503, "busy").contains("another snapshot"));
    drop(place);
    fetch(&node);
}

#[test]
fn what_makes_one_impossible_is_said() {
    let node = Node::with_members();
    node.mine();
    let why = node.operate("GET", "/v1/snapshot").problem(409, "no-snapshot");
    assert!(why.contains("nothing is final here yet") && why.contains("bouya final"), "{why}");
}

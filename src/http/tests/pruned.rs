//! What a node that prunes answers about what it no longer has.

use super::harness::Node;
use super::records::data;

#[test]
fn what_was_pruned_is_gone_and_everything_else_is_there() {
    let node = Node::that_prunes();
    let old = data(&node, 1, 0, "prices", b"wheat 212.50");
    assert_eq!(node.submit(&old).status, 202);
    (0..3).for_each(|_| drop(node.mine()));
    let new = data(&node, 1, 1, "prices", b"rye 180");
    assert_eq!(node.submit(&new).status, 202);
    node.mine();
    assert_eq!(node.json("/v1/status")["tip"]["lowest_block"], 1);
    let of = |id| format!("/v1/transactions/{id}");
    assert_eq!(node.json(&of(old.id()))["id"], old.id().to_string());
    node.finalize(3);
    node.wait("the first two blocks are pruned", || node.json("/v1/status")["tip"]["lowest_block"] == 3);
    node.get(&of(old.id())).problem(410, "pruned");
    node.get(&format!("{}/receipt", of(old.id()))).problem(410, "pruned");
    node.get("/v1/blocks/2").problem(410, "pruned");
    node.get(&of(bouya_core::crypto::Hash::ZERO)).problem(404, "not-found");
    node.get("/v1/blocks/0").problem(404, "not-found");
    assert_eq!(node.json(&of(new.id()))["id"], new.id().to_string());
    assert_eq!(node.get(&format!("{}/receipt", of(new.id()))).status, 200);
    let page = node.json("/v1/blocks?limit=50");
    let heights: Vec<u64> =
        page["items"].as_array().unwrap().iter().filter_map(|block| block["height"].as_u64()).collect();
    assert_eq!((heights, page["next"].is_null()), (vec![4, 3], true));
    let records = node.json("/v1/records?topic=prices");
    assert_eq!(records["items"].as_array().unwrap().len(), 1, "{records}");
}

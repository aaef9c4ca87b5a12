//! Which bodies leave, and that nothing else does.

use super::*;
use crate::testing::members::changed_thrice;
use crate::testing::network_of_members;

fn bodies(node: &Node) -> Vec<u64> {
    let tip = node.chain.tip().height;
    let at = |height: &u64| node.world().at_height(*height).unwrap().unwrap();
    (1..=tip).filter(|height| node.world().body(&at(height)).unwrap().is_some()).collect()
}

fn mine(node: &mut Node, blocks: usize) {
    (0..blocks).for_each(|_| drop(node.mine(vec![])));
}

#[test]
fn bodies_leave_below_the_final_block_only_and_not_those_that_change_the_members() {
    let mut node = changed_thrice(network_of_members("acme"));
    let begun = node.chain.tip().height;
    let bases: Vec<u64> = (1..=begun)
        .filter(|height| {
            let id = node.world().at_height(*height).unwrap().unwrap();
            node.world().record(&id).unwrap().unwrap().roster.is_some()
        })
        .collect();
    assert_eq!(bases.len(), 3);
    mine(&mut node, 20);
    let all: Vec<u64> = (1..=node.chain.tip().height).collect();
    assert_eq!(bodies(&node), all);
    let (finalized, _) = node.chain.finalized();
    node.chain.prune(Some(10));
    mine(&mut node, 1);
    let expected: Vec<u64> = (1..=node.chain.tip().height)
        .filter(|height| *height >= finalized || bases.contains(height))
        .collect();
    assert_eq!(bodies(&node), expected, "the last ten would reach further up");
    assert_eq!((node.chain.lowest(), node.world().lowest()), (finalized, Ok(finalized)));
    let reloaded = Node::load(network_of_members("acme"), node.world().clone(), node.now);
    assert_eq!((reloaded.chain.lowest(), reloaded.chain.tip()), (finalized, node.chain.tip()));
}

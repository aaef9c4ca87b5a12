//! Which bodies leave, and that nothing else does.

use super::*;
use crate::ledger::Receipt;
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

#[test]
fn whoever_has_a_pruned_transaction_gets_the_receipt_that_there_was_before() {
    let mut node = Node::of(network_of_members("acme"));
    let mut nonces = 0..;
    for count in 0..12 {
        let transactions = nonces.by_ref().take(count % 4).map(|nonce| node.pay(1, nonce, 2, 1)).collect();
        node.mine(transactions);
    }
    node.take_final(node.commit(11, &[1, 2, 3]));
    let places = || (1..=12_u64).flat_map(|height| (0..4).map(move |index| (height, index)));
    let whole: Vec<_> = places().map(|(height, index)| node.receipt(height, index, 11)).collect();
    assert_eq!(whole.iter().flatten().count(), 15);
    node.chain.prune(Some(1));
    mine(&mut node, 1);
    assert_eq!((bodies(&node), node.chain.lowest()), (vec![11, 12, 13], 11));
    for ((height, index), before) in places().zip(whole) {
        let Some(before) = before else { continue };
        let after = |height| {
            let transaction = before.transaction.clone();
            Receipt::new(node.world(), node.network(), height, transaction, 11).unwrap()
        };
        assert_eq!(after(height), Some(before.clone()), "{height} {index}");
        assert!(before.clone().check().unwrap().check_final(node.chain.genesis()).is_ok());
        assert_eq!(after(height - 1), None, "it stands in another block");
    }
}

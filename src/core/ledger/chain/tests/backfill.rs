//! Bodies that left come back as they were, and nothing else is taken for them.

use super::*;
use crate::ledger::{BackfillError, Body, Span};
use crate::testing::members::changed_thrice;
use crate::testing::network_of_members;

/// A node that keeps all, and one that had pruned and keeps all again.
fn both() -> (Node, Node) {
    let mut whole = changed_thrice(network_of_members("acme"));
    for nonce in 0..8 {
        let pays = (2 * nonce..2 * nonce + 2).map(|nonce| whole.pay(1, nonce, 2, 1)).collect();
        let paid = whole.mine(pays);
        whole.take_final(whole.commit(paid.header.height, &[3, 5, 6, 9]));
    }
    let mut pruned = Node::load(network_of_members("acme"), whole.world().clone(), whole.now);
    pruned.chain.prune(Some(3));
    let block = whole.mine(vec![]);
    pruned.give(&block, Origin::Pushed).unwrap();
    pruned.chain.prune(None);
    assert!(pruned.chain.lowest() > 10);
    (whole, pruned)
}

/// The span of `count` blocks below the lowest body, with what is missing of it.
fn span(whole: &Node, pruned: &Node, count: u64) -> Span {
    let below = pruned.chain.lowest();
    let from = below.saturating_sub(count).max(1);
    let at = |height| whole.world().at_height(height).unwrap().unwrap();
    let missing = (from..below).map(at).filter(|id| pruned.world().body(id).unwrap().is_none());
    Span { from, blocks: missing.map(|id| (id, whole.world().block(&id).unwrap().unwrap())).collect() }
}

fn backfill(node: &mut Node, span: &Span, transactions: usize) -> Result<u64, BackfillError> {
    let mut check = check_inline(node.network());
    let change = node.chain.backfill(node.world(), &mut check, span, transactions)?;
    node.disk.world.apply(&change);
    node.chain.backfilled(&change);
    Ok(node.chain.lowest())
}

fn bodies(world: &World) -> Vec<Option<Body>> {
    let (tip, _) = world.tip().unwrap();
    (0..=tip).map(|height| world.body(&world.at_height(height).unwrap().unwrap()).unwrap()).collect()
}

#[test]
fn all_that_left_comes_back() {
    let (whole, mut pruned) = both();
    while pruned.chain.lowest() > 1 {
        let (lowest, span) = (pruned.chain.lowest(), span(&whole, &pruned, 5));
        assert_eq!(backfill(&mut pruned, &span, usize::MAX), Ok(lowest.saturating_sub(5).max(1)));
    }
    assert!(bodies(pruned.world()) == bodies(whole.world()));
    assert_eq!(pruned.world().lowest(), Ok(1));
    let (tip, _) = whole.world().tip().unwrap();
    for height in 0..=tip {
        let id = whole.world().at_height(height).unwrap().unwrap();
        assert!(pruned.world().record(&id) == whole.world().record(&id), "record {height}");
    }
    let none = span(&whole, &pruned, 5);
    assert_eq!(backfill(&mut pruned, &none, usize::MAX), Ok(1), "there is nothing left to do");
}

#[test]
fn one_body_at_least_comes_back_and_no_more_transactions_than_were_allowed() {
    let (whole, mut pruned) = both();
    let (begun, span) = (pruned.chain.lowest(), span(&whole, &pruned, u64::MAX));
    let count = |height: u64| {
        let id = whole.world().at_height(height).unwrap().unwrap();
        whole.world().body(&id).unwrap().unwrap().transactions.len()
    };
    let mut below = begun;
    while below > 1 {
        let lowest = backfill(&mut pruned, &span, 1).unwrap();
        assert!(lowest < below);
        let after_the_first: usize = (lowest..below - 1).map(count).sum();
        assert!(after_the_first <= 1_usize.saturating_sub(count(below - 1)), "{lowest} to {below}");
        below = lowest;
    }
}

#[test]
fn what_is_not_the_body_of_its_header_is_refused() {
    let (whole, mut pruned) = both();
    let (good, below) = (span(&whole, &pruned, 5), pruned.chain.lowest());
    let changes: [fn(&mut Body); 3] = [
        |body| body.reward.amount += 1,
        // The root does not cover it.
        |body| body.executed.0[0] ^= 1,
        |body| body.certificate = None,
    ];
    for change in changes {
        for (id, block) in &good.blocks {
            let mut wrong = (**block).clone();
            change(&mut wrong.body);
            if wrong == **block {
                continue;
            }
            let (mut bad, height) = (good.clone(), wrong.header.height);
            bad.blocks.insert(*id, Arc::new(wrong));
            assert_eq!(backfill(&mut pruned, &bad, usize::MAX), Err(BackfillError::Wrong(height)));
        }
    }
    let mut short = good.clone();
    let (_, gone) = short.blocks.pop_last().unwrap();
    let missing = BackfillError::Missing(gone.header.height);
    assert_eq!(backfill(&mut pruned, &short, usize::MAX), Err(missing));
    assert_eq!(pruned.chain.lowest(), below, "nothing of them was taken in");
}

#[test]
fn a_transaction_that_no_rule_allows_is_told_although_it_is_final() {
    let (whole, pruned) = both();
    let all = span(&whole, &pruned, u64::MAX);
    let mut check = check_inline(Hash([9; 32]));
    let error = pruned.chain.backfill(pruned.world(), &mut check, &all, usize::MAX).unwrap_err();
    assert!(matches!(error, BackfillError::Invalid { index: 0, .. }), "{error}");
}

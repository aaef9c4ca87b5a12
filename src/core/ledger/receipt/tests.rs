use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::crypto::PublicKey;
use crate::ledger::{Action, Content, RawTransaction};
use crate::testing::{Node, key, text};

mod finality;
mod handovers;
mod outcomes;

fn record(lab: &Node, from: u8, nonce: u64) -> Transaction {
    let content = Content::Document { hash: Hash([nonce as u8; 32]), name: text("contract.pdf") };
    lab.sign(from, nonce, Action::Record { topic: text("contracts"), content })
}

/// Ten blocks with two records each.
fn lab() -> Node {
    let mut lab = Node::new();
    for nonce in 0..10 {
        let transactions = vec![record(&lab, 1, nonce), record(&lab, 2, nonce)];
        lab.mine(transactions);
    }
    lab
}

fn receipt(lab: &Node, height: u64, index: usize, anchor: u64) -> Option<Receipt> {
    lab.receipt(height, index, anchor)
}

#[test]
fn every_transaction_is_proven_under_every_later_block() {
    let lab = lab();
    for height in 1..=10 {
        let id = lab.world().at_height(height).unwrap().unwrap();
        for (index, anchor) in [(0, height), (1, height), (1, height + 1), (0, height + 2), (1, 10)] {
            let Some(receipt) = receipt(&lab, height, index, anchor) else {
                assert!(anchor > 10);
                continue;
            };
            let proof = receipt.check().unwrap();
            assert_eq!(proof.anchor_id, lab.world().at_height(anchor).unwrap().unwrap());
            assert_eq!((proof.block.id(), proof.before.height), (id, height - 1));
            assert_eq!(proof.after.map(|after| after.height), (anchor > height).then_some(height + 1));
            let work = |height| {
                let id = lab.world().at_height(height).unwrap().unwrap();
                lab.world().record(&id).unwrap().unwrap().work
            };
            assert_eq!(proof.work, work(anchor) - work(height - 1));
            let expected = record(&lab, if index == 0 { 1 } else { 2 }, height - 1);
            assert_eq!(proof.transaction.into_inner(), expected);
        }
    }
}

#[test]
fn there_is_none_of_what_is_not_there() {
    let lab = lab();
    for (height, index, anchor) in [(0, 0, 5), (11, 0, 11), (5, 2, 9), (5, 0, 11), (5, 0, 4)] {
        assert_eq!(receipt(&lab, height, index, anchor), None, "{height} {index} {anchor}");
    }
}

#[test]
fn a_chain_made_in_private_leads_elsewhere() {
    let (public, private) = (lab(), {
        let mut lab = lab();
        lab.mine(vec![]);
        lab
    });
    let trusted = public.chain.tip().id;
    let forged = receipt(&private, 3, 0, 11).unwrap().check().unwrap();
    assert_ne!(forged.anchor_id, trusted);
    // Its parts do not fit under a trusted block either.
    let mut spliced = receipt(&private, 3, 0, 11).unwrap();
    spliced.above.as_mut().unwrap().anchor = receipt(&public, 3, 0, 10).unwrap().above.unwrap().anchor;
    assert!(spliced.check().is_err());
}

type Change = fn(&mut Receipt);

#[test]
fn every_part_is_checked() {
    let changes: &[(&str, Change)] = &[
        ("network", |r| r.network.0[0] ^= 1),
        ("fee", |r| {
            r.transaction = RawTransaction { fee: 99, ..RawTransaction::clone(&r.transaction) }.into()
        }),
        ("sender", |r| {
            r.transaction =
                RawTransaction { sender: key(3).public(), ..RawTransaction::clone(&r.transaction) }.into();
        }),
        ("path", |r| r.path[0].hash.0[0] ^= 1),
        ("side", |r| r.path[0].left ^= true),
        ("shorter path", |r| r.path.clear()),
        ("time of the block", |r| r.block.time.0 += 1),
        ("nonce of the block", |r| r.block.nonce ^= 1),
        ("miner of the block", |r| r.block.miner = PublicKey::ZERO),
        ("block before", |r| r.before = r.block.clone()),
        ("time before", |r| r.before.time.0 -= 1),
        ("work", |r| above(r).work += 1),
        ("path up", |r| above(r).path[0].hash.0[0] ^= 1),
        ("block after", |r| above(r).after.as_mut().unwrap().header.time.0 += 1),
        ("another after", |r| above(r).after = above(r).last.clone()),
        ("no after", |r| above(r).after = None),
        ("work after", |r| above(r).after.as_mut().unwrap().work += 1),
        ("work of the last", |r| above(r).last.as_mut().unwrap().work += 1),
        ("another last", |r| above(r).last = above(r).after.clone()),
        ("no last", |r| above(r).last = None),
        ("anchor", |r| above(r).anchor.time.0 += 1),
        ("seal of the anchor", |r| above(r).anchor.seal.0[0] ^= 1),
    ];
    let lab = lab();
    assert!(receipt(&lab, 4, 1, 10).unwrap().check().is_ok());
    for (what, change) in changes {
        let mut receipt = receipt(&lab, 4, 1, 10).unwrap();
        change(&mut receipt);
        assert!(receipt.check().is_err(), "{what}");
    }
}

fn above(receipt: &mut Receipt) -> &mut Above {
    receipt.above.as_mut().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn a_receipt_of_one_transaction_is_none_of_another(height in 1_u64..10, index in 0_usize..2, nonce in 0_u64..10) {
        let lab = lab();
        let mut receipt = receipt(&lab, height, index, 10).unwrap();
        let other = record(&lab, if index == 0 { 1 } else { 2 }, nonce);
        let same = other == receipt.transaction;
        receipt.transaction = other;
        prop_assert_eq!(receipt.check().is_ok(), same);
    }
}

//! Receipts for whoever has the network's definition and nothing else.

use alloc::sync::Arc;

use super::*;
use crate::codec::{decode, encode};
use crate::ledger::{Certificate, CertificateError, Checkpoint, Genesis, Link, Voters};
use crate::testing::{certificate, network_of_members};

/// Ten blocks with two records each on a network with members.
fn lab_of(genesis: Arc<Genesis>) -> Node {
    let mut lab = Node::of(genesis);
    for nonce in 0..10 {
        let transactions = vec![record(&lab, 1, nonce), record(&lab, 2, nonce)];
        lab.mine(transactions);
    }
    lab
}

fn lab() -> (Arc<Genesis>, Node) {
    let genesis = network_of_members("members");
    let mut lab = lab_of(genesis.clone());
    lab.finalize(7, &[1, 3, 9]);
    (genesis, lab)
}

/// What the definition says of it.
fn judge(receipt: Receipt, genesis: &Genesis) -> Result<Voters, FinalError> {
    receipt.check().unwrap().check_final(genesis).map(|sets| sets.voters().clone())
}

fn certificate_in(receipt: &mut Receipt) -> &mut Certificate {
    &mut receipt.finality.as_mut().unwrap().certificate
}

#[test]
fn every_transaction_up_to_the_final_block_is_proven_by_the_definition_alone() {
    let (genesis, lab) = lab();
    for (height, index) in (1..=7).flat_map(|height| [(height, 0), (height, 1)]) {
        let receipt = receipt(&lab, height, index, 7).unwrap();
        assert_eq!(receipt.above.is_none(), height == 7);
        let proof = receipt.check().unwrap();
        assert_eq!(Some(proof.block.id()), lab.world().at_height(height).unwrap());
        let sets = proof.check_final(&genesis).unwrap();
        let voters = sets.voters();
        assert_eq!((voters.quorum(), voters.guilty()), (3, 2));
        let signers: Vec<_> = proof.finality.unwrap().certificate.voters().collect();
        let mut expected = [1, 3, 9].map(|n| voters.number(&key(n).public()).unwrap());
        expected.sort_unstable();
        assert_eq!(signers, expected);
    }
    // Under any other block there is nothing that the definition could judge by.
    for (height, anchor) in [(3, 6), (3, 8), (7, 10), (8, 8)] {
        let receipt = receipt(&lab, height, 0, anchor).unwrap();
        assert_eq!(judge(receipt, &genesis), Err(FinalError::Absent), "{height} {anchor}");
    }
}

#[test]
fn unless_another_end_is_asked_for_it_is_the_final_block() {
    let (_, mut lab) = lab();
    let ends = |lab: &Node| [1, 7, 8, 10].map(|height| Receipt::end(lab.world(), height).unwrap());
    assert_eq!(ends(&lab), [7, 7, 10, 10]);
    lab.finalize(8, &[1, 2, 9]);
    assert_eq!(ends(&lab), [8, 8, 8, 10]);
    assert_eq!(ends(&super::lab()), [10; 4]);
}

#[test]
fn a_chain_that_one_member_mined_in_private_is_not_final() {
    let (genesis, public) = lab();
    let mut private = Node::of(genesis.clone());
    private.mine(vec![]);
    for nonce in 0..8 {
        let transactions = vec![record(&private, 1, nonce)];
        private.mine(transactions);
    }
    // All that is missing is the others: it shows its work, and a member sealed every block.
    assert_eq!(judge(receipt(&private, 3, 0, 7).unwrap(), &genesis), Err(FinalError::Absent));
    private.finalize(7, &[9]);
    let few = CertificateError::Few { found: 1, needed: 3 };
    assert_eq!(judge(receipt(&private, 3, 0, 7).unwrap(), &genesis), Err(FinalError::Certificate(few)));
    // Its signature in the others' places.
    let mut forged = receipt(&private, 3, 0, 7).unwrap();
    let own = certificate_in(&mut forged).clone();
    let votes = (0..3).map(|voter| (voter, own.signatures[0])).collect();
    let voters = Voters::first(&genesis);
    *certificate_in(&mut forged) = Certificate::new(&voters, own.link, &votes);
    let signature = CertificateError::Signature;
    assert_eq!(judge(forged.clone(), &genesis), Err(FinalError::Certificate(signature.clone())));
    // The others' signatures for the public block.
    let real = receipt(&public, 3, 0, 7).unwrap().finality.unwrap().certificate;
    *certificate_in(&mut forged) = Certificate { link: own.link, ..real.clone() };
    assert_eq!(judge(forged.clone(), &genesis), Err(FinalError::Certificate(signature)));
    *certificate_in(&mut forged) = real;
    assert!(matches!(forged.clone().check(), Err(ReceiptError::Other { height: 7, last_height: 7, .. })));
    // The public block on top of what was mined in private.
    forged.above.as_mut().unwrap().anchor = receipt(&public, 3, 0, 7).unwrap().above.unwrap().anchor;
    assert_eq!(forged.check(), Err(ReceiptError::History("the transaction's block")));
}

#[test]
fn another_network_is_named() {
    let (genesis, lab) = lab();
    let made = || receipt(&lab, 3, 0, 7).unwrap();
    let other = network_of_members("other");
    let (expected, found) = (other.id(), genesis.id());
    assert_eq!(judge(made(), &other), Err(FinalError::Network { expected, found }));
    // The same members elsewhere are another set.
    let mut moved = made();
    let block = certificate_in(&mut moved).link.source.block;
    *certificate_in(&mut moved) = certificate(&other, 7, block, &[1, 2, 3]);
    let (expected, found) = [&genesis, &other].map(|one| Voters::first(one).id()).into();
    let set = CertificateError::Set { expected, found };
    assert_eq!(judge(moved, &genesis), Err(FinalError::Certificate(set)));
}

#[test]
fn a_certificate_is_a_commit_for_the_last_block() {
    let (genesis, lab) = lab();
    let with = |change: fn(&mut Link)| {
        let mut receipt = receipt(&lab, 3, 0, 7).unwrap();
        change(&mut certificate_in(&mut receipt).link);
        receipt
    };
    assert!(judge(with(|_| ()), &genesis).is_ok());
    let other = Hash([5; 32]);
    let prepare = with(|link| {
        link.source = Checkpoint { epoch: 0, height: 0, block: Hash::ZERO };
        link.target.epoch = 2;
    });
    assert_eq!(prepare.check(), Err(ReceiptError::Commit));
    let torn = with(|link| link.target.block = Hash([5; 32]));
    assert_eq!(torn.check(), Err(ReceiptError::Commit));
    let elsewhere = with(|link| (link.source.block, link.target.block) = (Hash([5; 32]), Hash([5; 32])));
    assert!(matches!(elsewhere.check(), Err(ReceiptError::Other { block, .. }) if block == other));
    let higher = with(|link| (link.source.height, link.target.height) = (8, 8));
    assert!(matches!(higher.check(), Err(ReceiptError::Other { height: 8, last_height: 7, .. })));
    // A commit that nobody signed.
    let later = with(|link| (link.source.epoch, link.target.epoch) = (4, 5));
    assert_eq!(judge(later, &genesis), Err(FinalError::Certificate(CertificateError::Signature)));
}

#[test]
fn no_byte_of_a_certificate_can_be_changed() {
    let (genesis, lab) = lab();
    let made = receipt(&lab, 3, 0, 7).unwrap();
    let bytes = encode(certificate_in(&mut made.clone()));
    for (at, change) in (0..bytes.len()).flat_map(|at| [1, 8, 128].map(|change| (at, change))) {
        let mut bytes = bytes.clone();
        bytes[at] ^= change;
        let Ok(certificate) = decode(&bytes, "certificate") else { continue };
        let mut changed = made.clone();
        *certificate_in(&mut changed) = certificate;
        let holds = changed.check().is_ok_and(|proof| proof.check_final(&genesis).is_ok());
        assert!(!holds, "byte {at} changed by {change}");
    }
}

/// What makes the block at this height final on the network of [`lab`].
fn block_proof(lab: &Node, height: u64, certificate: Certificate) -> FinalProof {
    let header = read(lab.world(), height).unwrap().unwrap().0;
    FinalProof { network: lab.network(), header, finality: Finality { handovers: vec![], certificate } }
}

fn newest(lab: &Node) -> Certificate {
    lab.world().finalized().unwrap().unwrap()
}

#[test]
fn a_block_alone_is_proven_final_by_the_definition() {
    let (genesis, lab) = lab();
    let proof = block_proof(&lab, 7, newest(&lab));
    assert_eq!(proof.check(), Ok(()));
    let sets = proof.check_final(&genesis).unwrap();
    assert_eq!((sets.voters().quorum(), sets.voters().guilty()), (3, 2));
    // The same certificate makes no other block final, as far as this proof can show.
    let other = block_proof(&lab, 6, newest(&lab)).check();
    assert!(matches!(other, Err(ReceiptError::Other { height: 7, last_height: 6, .. })));
}

#[test]
fn a_block_is_not_proven_by_a_prepare_by_few_or_by_another_definition() {
    let (genesis, lab) = lab();
    let id = lab.world().at_height(7).unwrap().unwrap();
    let few = block_proof(&lab, 7, certificate(&genesis, 7, id, &[1, 9]));
    assert_eq!(few.check(), Ok(()));
    let error = CertificateError::Few { found: 2, needed: 3 };
    assert_eq!(few.check_final(&genesis), Err(FinalError::Certificate(error)));
    // A quorum's prepare, with good signatures.
    let voters = Voters::first(&genesis);
    let target = Checkpoint { epoch: 2, height: 7, block: id };
    let link = Link { set: voters.id(), source: voters.root(), target };
    let sign = |n: &u8| {
        let voter = voters.number(&key(*n).public()).unwrap();
        (voter, link.sign(&genesis.id(), voter, &key(*n)).signature)
    };
    let prepare = Certificate::new(&voters, link, &[1, 2, 3].iter().map(sign).collect());
    assert_eq!(prepare.check(&genesis.id(), &voters), Ok(()));
    assert_eq!(block_proof(&lab, 7, prepare).check(), Err(ReceiptError::Commit));
    let proof = block_proof(&lab, 7, newest(&lab));
    let other = network_of_members("other");
    let (expected, found) = (other.id(), genesis.id());
    assert_eq!(proof.check_final(&other), Err(FinalError::Network { expected, found }));
    // Said to be of the other network, its seal does not hold.
    let moved = FinalProof { network: other.id(), ..proof };
    assert_eq!(moved.check(), Err(ReceiptError::Header("the block")));
}

#[test]
fn no_byte_of_a_final_proof_can_be_changed() {
    let (genesis, lab) = lab();
    let proof = block_proof(&lab, 7, newest(&lab));
    let holds = |proof: &FinalProof| proof.check().is_ok() && proof.check_final(&genesis).is_ok();
    assert!(holds(&proof));
    let bytes = encode(&(proof.network, &proof.header, &proof.finality.certificate));
    for (at, change) in (0..bytes.len()).flat_map(|at| [1, 8, 128].map(|change| (at, change))) {
        let mut bytes = bytes.clone();
        bytes[at] ^= change;
        let Ok((network, header, certificate)) = decode(&bytes, "final proof") else { continue };
        let finality = Finality { handovers: vec![], certificate };
        assert!(!holds(&FinalProof { network, header, finality }), "byte {at} changed by {change}");
    }
}

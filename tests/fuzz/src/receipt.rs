//! Receipts: files from anybody, which prove something only under a block that the reader trusts.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bouya_client::receipt::{final_proof, read, write};
use bouya_core::codec::Bounded;
use bouya_core::crypto::{Hash, sha256};
use bouya_core::ledger::contract::{Call, Deploy};
use bouya_core::ledger::{
    Above, Branch, Certificate, Checkpoint, FinalProof, Finality, Genesis, Handover, Header, Link,
    NetworkSpec, Proof, Receipt, Transaction, Under, View, Voters, World,
};
use bouya_core::testing::contract::{TELLS, module, telling};
use bouya_core::testing::{Node, address, governor, member, network_of_members};

use crate::{small, tame};

/// The chain that is trusted, from the genesis block on.
struct Known {
    world: World,
    headers: Vec<Header>,
    /// Each block's transactions.
    held: Vec<Vec<Transaction>>,
    branches: Vec<Branch>,
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let genesis = small::genesis();
        let mut node = Node::of(genesis.clone());
        let (mut headers, mut held) = (vec![genesis.header.clone()], vec![vec![]]);
        let mut branches = vec![genesis.branch()];
        for height in 0..12_u64 {
            // None, one, two or three transactions, each of another key.
            let keys = 0..u8::try_from(height % 4).unwrap_or_default();
            let nonce = |key: u8| (0..height).filter(|below| below % 4 > key.into()).count() as u64;
            let pays = keys.map(|key| small::pay(key, nonce(key), 3, 5, 300, u64::MAX)).collect();
            let block = node.mine(pays);
            headers.push(block.header.clone());
            held.push(block.body.transactions.to_vec());
            branches.push(node.chain.tip().clone());
        }
        Known { world: node.disk.world, headers, held, branches }
    })
}

/// A final proof has one form too, and without voters it proves nothing. If a receipt checks and ends in a block of the trusted chain, everything in it is true of that chain.
pub fn receipt(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if final_proof::is_one(text) {
        return block(text);
    }
    let receipt = match read(text) {
        Ok(receipt) => receipt,
        // The error quotes the file; the command line tames what it shows.
        Err(error) => return assert!(error.to_string().len() <= 2_000, "repeats the whole file"),
    };
    assert_eq!(write(&receipt), text.trim());
    let network = receipt.network;
    match receipt.check() {
        Ok(proof) => {
            let Proof { before, block, after, anchor, .. } = &proof;
            assert!(before.height + 1 == block.height && before.time < block.time);
            assert!(
                after
                    .as_ref()
                    .is_none_or(|after| block.height + 1 == after.height && block.time < after.time)
            );
            assert!(anchor.height >= block.height && anchor.id() == proof.anchor_id);
            let became = proof.outcome.as_ref().map(|outcome| (outcome.transaction, Some(outcome.contract)));
            assert!(became.is_none_or(|of| of == (proof.transaction.id(), proof.transaction.contract())));
            if network == called().network() {
                became_so(&proof);
            }
            let last = proof.finality.as_ref().map(|finality| finality.certificate.link.source.block);
            assert!(last.is_none_or(|last| last == proof.anchor_id));
            // Nobody has voted there.
            assert!(proof.check_final(&small::genesis()).is_err());
            if network == small::genesis().id() {
                is_true(&proof);
            }
        }
        Err(error) => tame(&error),
    }
}

fn block(text: &str) {
    match final_proof::read(text) {
        Ok(proof) => {
            assert_eq!(final_proof::write(&proof), text.trim());
            if let Err(error) = proof.check() {
                tame(&error);
            }
            assert!(proof.check_final(&small::genesis()).is_err());
        }
        Err(error) => assert!(error.to_string().len() <= 2_000, "repeats the whole file"),
    }
}

fn is_true(proof: &Proof) {
    let Known { headers, held, branches, .. } = known();
    let Some(anchor) = branches.iter().position(|branch| branch.id == proof.anchor_id) else { return };
    let at = branches.iter().position(|branch| branch.id == proof.block.id()).expect("a block of the chain");
    assert!(held[at].iter().any(|held| held.id() == proof.transaction.id()), "not in its block");
    assert_eq!(proof.before, headers[at - 1]);
    assert_eq!(proof.after.as_ref(), (at < anchor).then(|| &headers[at + 1]));
    assert_eq!(proof.work, branches[anchor].work - branches[at - 1].work);
}

/// A chain whose second block calls a contract three times, once in vain.
fn called() -> &'static Node {
    static CALLED: OnceLock<Node> = OnceLock::new();
    CALLED.get_or_init(|| {
        let mut spec =
            NetworkSpec { version: Header::CONTRACTS, ..network_of_members("called").spec.clone() };
        spec.gas_per_block = Some(30_000_000);
        let mut node = Node::of(Arc::new(Genesis::new(spec).expect("a sound definition")));
        let code = wat::parse_str(module(TELLS)).expect("a module");
        let (hash, size) = (sha256(&code), code.len() as u32);
        let code = code.try_into().expect("few bytes");
        let deploy = Deploy { code, input: Bounded::default(), value: 0, gas: 1_000_000 };
        let deploy = Transaction::sign(&node.network(), &governor(1), 0, 0, u64::MAX, deploy.into());
        let contract = deploy.contract().expect("it deploys one");
        let calls = [(0, false), (1, true), (2, false)].map(|(nonce, fails)| {
            let input = Bounded::truncated(telling(address(7), fails));
            let call = Call { contract, code: hash, size, input, value: nonce, gas: 1_000_000 };
            node.sign(1, nonce, call.into())
        });
        for transactions in [vec![deploy], calls.to_vec(), vec![]] {
            node.mine(transactions);
        }
        node
    })
}

/// What a receipt under that chain's blocks shows became of its transaction did.
fn became_so(proof: &Proof) {
    let (node, id) = (called(), proof.transaction.id());
    if node.world().record(&proof.block.id()).expect("a whole world").is_none() {
        return;
    }
    let results = node.world().results(&proof.block.id()).expect("a whole world");
    let reports = results.map(|results| results.reports).unwrap_or_default();
    let outcome = reports.into_iter().map(|report| report.outcome).find(|outcome| outcome.transaction == id);
    assert!(proof.outcome.is_none() || proof.outcome == outcome, "something else became of it");
}

/// Receipts of calls, and the same with what became of another.
fn outcomes() -> Vec<Receipt> {
    let receipts = [(1, 0), (2, 0), (2, 1), (2, 2)].map(|(height, index)| called().receipt(height, index, 3));
    let receipts: Vec<Receipt> = receipts.into_iter().flatten().collect();
    let swapped = receipts
        .iter()
        .zip(receipts.iter().skip(1))
        .map(|(receipt, other)| Receipt { outcome: other.outcome.clone(), ..receipt.clone() });
    swapped.chain(receipts.iter().cloned()).collect()
}

pub(crate) fn receipt_seeds() -> Vec<Vec<u8>> {
    let Known { world, held, .. } = known();
    let network: Hash = small::genesis().id();
    let mut receipts = Vec::new();
    for (height, transactions) in (0..).zip(held) {
        for transaction in transactions {
            for anchor in [height, height + 1, height + 2, held.len() as u64 - 1] {
                let receipt = Receipt::new(world, network, height, transaction.clone(), anchor);
                receipts.extend(receipt.expect("a whole world"));
            }
        }
    }
    let lies: Vec<Receipt> = receipts.iter().step_by(5).flat_map(lies).collect();
    assert!(receipts.len() > 8 && lies.len() > 8);
    let block = |header: &Header| FinalProof { network, header: header.clone(), finality: unsigned(header) };
    let blocks = known().headers.iter().map(|header| final_proof::write(&block(header)));
    let outcomes = outcomes();
    receipts.iter().chain(&lies).chain(&outcomes).map(write).chain(blocks).map(String::into_bytes).collect()
}

/// The same receipt with one part of it changed.
fn lies(receipt: &Receipt) -> Vec<Receipt> {
    let Known { headers, .. } = known();
    let mut lies = Vec::new();
    let mut lie = |change: &dyn Fn(&mut Receipt)| {
        let mut changed = receipt.clone();
        change(&mut changed);
        lies.push(changed);
    };
    lie(&|receipt| receipt.transaction = small::pay(0, 0, 2, 5, 300, u64::MAX));
    lie(&|receipt| receipt.path = vec![]);
    lie(&|receipt| receipt.finality = receipt.clone().check().ok().map(|proof| unsigned(&proof.anchor)));
    for header in [&headers[1], &headers[headers.len() - 2]] {
        lie(&|receipt| receipt.before = header.clone());
        lie(&|receipt| receipt.block = header.clone());
        lie(&|receipt| receipt.above = None);
        let above = |receipt: &mut Receipt, change: &dyn Fn(&mut Above)| {
            if let Some(above) = &mut receipt.above {
                change(above);
            }
        };
        lie(&|receipt| above(receipt, &|above| above.work += 1));
        lie(&|receipt| above(receipt, &|above| above.anchor = header.clone()));
        lie(&|receipt| above(receipt, &|above| above.after = None));
        lie(&|receipt| above(receipt, &|above| above.last = None));
        let both = |above: &mut Above, change: &dyn Fn(&mut Under)| {
            above.after.iter_mut().chain(&mut above.last).for_each(change);
        };
        lie(&|receipt| above(receipt, &|above| both(above, &|under| under.work += 1)));
        lie(&|receipt| above(receipt, &|above| both(above, &|under| under.header = header.clone())));
    }
    lies
}

/// A commit for this block that nobody signed, behind a handover that nobody signed either.
fn unsigned(anchor: &Header) -> Finality {
    let voters = Voters::new(small::genesis().id(), 0, (1..=3).map(member));
    let source = Checkpoint { epoch: 2, height: anchor.height, block: anchor.id() };
    let link = Link { set: voters.id(), source, target: Checkpoint { epoch: 3, ..source } };
    let certificate = Certificate::new(&voters, link, &BTreeMap::new());
    let roster = small::genesis().roster();
    let handover =
        Handover { header: anchor.clone(), executed: Hash::ZERO, roster, certificate: certificate.clone() };
    Finality { handovers: vec![handover], certificate }
}

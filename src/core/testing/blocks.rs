//! Blocks on any branch that was made here, with the state that each leaves.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use std::sync::Mutex;

use super::{Node, address, key, mined};
use crate::codec::{Bounded, decode};
use crate::crypto::Hash;
use crate::ledger::{
    Block, Body, Branch, Certificate, Genesis, Key, Payload, Receipt, Rows, StateAt, Template, Transaction,
    View,
};
use crate::time::Timestamp;

/// The states after blocks that were made here: a header says what its block changes, so a block can be made only where the state is known.
static STATES: Mutex<BTreeMap<Hash, Arc<Rows>>> = Mutex::new(BTreeMap::new());

/// The state at the end of `parent`; empty if that was not made here, or does not fit its own parent.
pub fn state_at(genesis: &Genesis, parent: &Branch) -> Arc<Rows> {
    if parent.id == genesis.id() {
        return Arc::new(genesis.rows());
    }
    STATES.lock().unwrap().get(&parent.id).cloned().unwrap_or_default()
}

/// A block on `parent`, `gap` milliseconds after it, mined by key `miner`. Its transactions are signed, but they may be invalid there.
pub fn block_on(
    genesis: &Genesis,
    parent: &Branch,
    gap: u64,
    transactions: Vec<Transaction>,
    miner: u8,
) -> Arc<Block> {
    block_with(genesis, parent, gap, (transactions, None), miner)
}

/// The same with a certificate, which is left out if it puts nothing into force.
pub fn block_with(
    genesis: &Genesis,
    parent: &Branch,
    gap: u64,
    (transactions, certificate): (Vec<Transaction>, Option<Certificate>),
    miner: u8,
) -> Arc<Block> {
    let before = state_at(genesis, parent);
    let template = |transactions: &[Transaction]| {
        let checked = transactions.iter().map(|one| one.clone().check(&genesis.id()).unwrap());
        let payload = Payload { transactions: checked.collect(), certificate: certificate.clone() };
        let (state, time) = (StateAt { base: None, rows: &before }, Timestamp(parent.time.0 + gap));
        Template::new(genesis, parent, state, payload, address(miner), time, &key(miner))
    };
    let Ok(made) = template(&transactions) else {
        // It states what it would change without them.
        let change = |body: &mut Body| {
            body.reward.amount += transactions.iter().map(|one| one.fee).sum::<u64>();
            body.transactions = Bounded::truncated(transactions);
        };
        return mined(template(&[]).unwrap().map(change, &genesis.id(), &key(miner)));
    };
    let mut after = (*before).clone();
    after.extend(made.writes().clone());
    after.retain(|_, row| row.is_some());
    let block = mined(made);
    STATES.lock().unwrap().insert(block.id(), Arc::new(after));
    block
}

impl Node {
    /// The receipt of one of a block's transactions under the block at `anchor`, if there are all of these.
    pub fn receipt(&self, height: u64, index: usize, anchor: u64) -> Option<Receipt> {
        let block = self.world().block(&self.world().at_height(height).unwrap()?).unwrap()?;
        let transaction = block.body.transactions.get(index)?.clone();
        Receipt::new(self.world(), self.network(), height, transaction, anchor).unwrap()
    }
}

/// The branch that ends in `block`, which stands on `parent`.
pub fn branch_with(genesis: &Genesis, parent: &Branch, block: &Block) -> Branch {
    let mut branch = parent.clone();
    let after = STATES.lock().unwrap().get(&block.id()).cloned().unwrap_or_default();
    let roster = after.get(&Key::Roster).cloned().flatten().filter(|_| block.body.certificate.is_some());
    let roster = roster.map(|row| decode(&row[1..], "roster").unwrap());
    branch.push(&genesis.rules, &block.header, roster);
    branch
}

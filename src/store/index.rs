//! Index rows: where transactions stand, which blocks concern an address, and what is on which list.
//!
//! The rows of a change are gathered and written in the order of their keys: ids and addresses lie anywhere in their tables, and in order
//! each page is found and copied once for all that falls into it.

use std::collections::HashMap;
use std::sync::Arc;

use bouya_core::codec::encode;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Action, Address, Block, Body, Change, Transaction};
use bouya_core::time::Timestamp;
use redb::{Key, TableDefinition, Value, WriteTransaction};

use super::tables::{BODIES, DEADLINES, HEADERS, LISTS, MOVEMENTS, Movement, TRANSACTIONS, movement};
use super::{List, StoreError, snapshot};

/// What a change adds to the index.
#[derive(Default)]
struct Rows {
    transactions: Vec<([u8; 32], (u64, u32))>,
    movements: Vec<(Movement, ())>,
    lists: Vec<(Vec<u8>, u64, u32)>,
    deadlines: Vec<((u64, [u8; 32]), ())>,
}

/// Writes the rows of the blocks that join the best chain.
pub(super) fn write(tx: &WriteTransaction, change: &Change) -> Result<(), StoreError> {
    let mut rows = Rows::default();
    // Most blocks that join come in the same change; the others were stored before.
    let new: HashMap<Hash, &Arc<Block>> =
        change.stored.iter().map(|(_, block)| (block.id(), block)).collect();
    {
        let (headers, bodies) = (tx.open_table(HEADERS)?, tx.open_table(BODIES)?);
        for (height, id, _) in &change.connected {
            match new.get(id) {
                Some(block) => rows.add(*height, &block.body),
                None => {
                    let block = snapshot::read_block(&headers, &bodies, id)?;
                    block.iter().for_each(|block| rows.add(*height, &block.body));
                }
            }
        }
    }
    rows.write(tx)
}

impl Rows {
    fn add(&mut self, height: u64, body: &Body) {
        self.movements.push((movement(&body.reward.to, height, 0), ()));
        for (index, transaction) in (0..).zip(body.transactions.iter()) {
            self.transactions.push((transaction.id().0, (height, index)));
            let place = index.saturating_add(1);
            let movements = concerned(transaction).map(|address| (movement(&address, height, place), ()));
            self.movements.extend(movements);
            let deadline = deadline(transaction).map(|(deadline, id)| ((deadline.0, id.0), ()));
            self.deadlines.extend(deadline);
            self.lists.extend(lists(transaction).iter().map(|list| (encode(list), height, index)));
        }
    }

    fn write(mut self, tx: &WriteTransaction) -> Result<(), StoreError> {
        write_sorted(tx, TRANSACTIONS, self.transactions)?;
        write_sorted(tx, MOVEMENTS, self.movements)?;
        write_sorted(tx, DEADLINES, self.deadlines)?;
        self.lists.sort_unstable();
        let mut table = tx.open_table(LISTS)?;
        for (list, height, index) in &self.lists {
            table.insert((list.as_slice(), *height, *index), ())?;
        }
        Ok(())
    }
}

fn write_sorted<K, V>(
    tx: &WriteTransaction,
    table: TableDefinition<'_, K, V>,
    mut rows: Vec<(K, V)>,
) -> Result<(), StoreError>
where
    K: Key + Ord + Copy + for<'a> Value<SelfType<'a> = K> + 'static,
    V: Copy + for<'a> Value<SelfType<'a> = V> + 'static,
{
    rows.sort_unstable_by_key(|(key, _)| *key);
    let mut table = tx.open_table(table)?;
    for (key, value) in rows {
        table.insert(key, value)?;
    }
    Ok(())
}

/// The addresses that a transaction touches.
pub(crate) fn concerned(transaction: &Transaction) -> impl Iterator<Item = Address> {
    let paid = transaction.action.outputs().iter().map(|output| output.to);
    std::iter::once(transaction.payer()).chain(paid)
}

/// The lists on which a transaction stands.
pub(crate) fn lists(transaction: &Transaction) -> Vec<List> {
    let sender = transaction.payer();
    match &transaction.action {
        Action::Record { topic, content } => vec![
            List::Records,
            List::RecordsUnder(topic.as_str().to_owned()),
            List::RecordsOf(sender),
            List::RecordsWith(content.hash()),
        ],
        Action::Propose(proposal) => {
            let parties = std::iter::once(sender).chain(proposal.parties.iter().copied());
            let parties = parties.map(List::AgreementsOf);
            [List::Agreements, List::AgreementsOn(proposal.document)].into_iter().chain(parties).collect()
        }
        Action::Transfer { .. } | Action::Respond { .. } | Action::Withdraw { .. } => Vec::new(),
    }
}

/// The agreement that a transaction proposes, and when it ends.
pub(crate) fn deadline(transaction: &Transaction) -> Option<(Timestamp, Hash)> {
    match &transaction.action {
        Action::Propose(proposal) => Some((proposal.deadline, transaction.agreement()?)),
        _ => None,
    }
}

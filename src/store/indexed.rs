//! The index: where transactions are, which blocks concern an address, what is on which list, and which agreements end at which time.

use bouya_core::crypto::Hash;
use bouya_core::ledger::contract::{Report, Results};
use bouya_core::ledger::{Action, Address, Body, Change, Transaction};
use bouya_core::time::Timestamp;
use redb::WriteTransaction;

use super::blocks::Blocks;
use super::guard::Fault;
use super::index::{Entry, Marker};
use super::results::reported;
use super::tables::{BODIES, DEADLINES, HEADERS, RESULTS};
use super::{List, index, results, snapshot};

/// The index rows of some blocks.
struct Rows {
    marker: Marker,
    index: Vec<Entry>,
    deadlines: Vec<(u64, [u8; 32])>,
}

/// Removes the rows of the blocks that leave the best chain, and writes those of the blocks that join it.
pub(super) fn write(
    tx: &WriteTransaction,
    marker: Marker,
    change: &Change,
    recent: &Blocks,
) -> Result<(), Fault> {
    let table = tx.open_table(RESULTS)?;
    let left = change.disconnected.iter().copied();
    let left = Rows::of(tx, marker, left, recent, |id| results::read(&table, id))?;
    let joined = change.connected.iter().map(|(height, id, _)| (*height, *id));
    let mut joined = Rows::of(tx, marker, joined, recent, |id| {
        Ok(change.results.iter().find(|(block, _)| block == id).map(|(_, results)| results.clone()))
    })?;
    for (record, block) in &change.backfilled {
        // They were executed elsewhere, and what their contracts paid is not known here.
        joined.add(record.header.height, &block.body, None);
    }
    drop(table);
    left.remove(tx)?;
    joined.write(tx)
}

/// Writes the rows of a block of the best chain that comes with a snapshot.
pub(super) fn write_one(
    tx: &WriteTransaction,
    marker: Marker,
    height: u64,
    body: &Body,
) -> Result<(), Fault> {
    let mut rows = Rows::none(marker);
    rows.add(height, body, None);
    rows.write(tx)
}

impl Rows {
    fn none(marker: Marker) -> Self {
        Self { marker, index: Vec::new(), deadlines: Vec::new() }
    }

    fn of(
        tx: &WriteTransaction,
        marker: Marker,
        blocks: impl Iterator<Item = (u64, Hash)>,
        recent: &Blocks,
        results: impl Fn(&Hash) -> Result<Option<Results>, Fault>,
    ) -> Result<Self, Fault> {
        let mut rows = Self::none(marker);
        let (headers, bodies) = (tx.open_table(HEADERS)?, tx.open_table(BODIES)?);
        for (height, id) in blocks {
            let block = snapshot::read_block(&headers, &bodies, recent, &id)?;
            let results = results(&id)?;
            block.iter().for_each(|block| rows.add(height, &block.body, results.as_ref()));
        }
        Ok(rows)
    }

    fn add(&mut self, height: u64, body: &Body, results: Option<&Results>) {
        let marker = self.marker;
        self.index.push(marker.address(&body.reward.to).at(height, 0));
        for (index, (transaction, report)) in (0..).zip(reported(body, results)) {
            self.index.push(marker.transaction(&transaction.id()).at(height, index));
            let place = index.saturating_add(1);
            let concerned = concerned(transaction, report);
            self.index.extend(concerned.map(|address| marker.address(&address).at(height, place)));
            self.index.extend(lists(transaction).iter().map(|list| marker.list(list).at(height, index)));
            self.deadlines.extend(deadline(transaction).map(|(deadline, id)| (deadline.0, id.0)));
        }
    }

    fn remove(self, tx: &WriteTransaction) -> Result<(), Fault> {
        let mut deadlines = tx.open_table(DEADLINES)?;
        for deadline in self.deadlines {
            deadlines.remove(deadline)?;
        }
        match self.index.is_empty() {
            true => Ok(()),
            false => index::remove(tx, self.index),
        }
    }

    fn write(self, tx: &WriteTransaction) -> Result<(), Fault> {
        let mut deadlines = tx.open_table(DEADLINES)?;
        for deadline in self.deadlines {
            deadlines.insert(deadline, ())?;
        }
        match self.index.is_empty() {
            true => Ok(()),
            false => index::add(tx, self.index),
        }
    }
}

/// The addresses that a transaction touches; of one that runs a contract the report says whom that has paid.
pub(crate) fn concerned<'a>(
    transaction: &'a Transaction,
    report: Option<&'a Report>,
) -> impl Iterator<Item = Address> + 'a {
    let paid = transaction.action.outputs().iter();
    let payments = report.and_then(|report| report.outcome.done.as_ref()).into_iter();
    let paid = paid.chain(payments.flat_map(|done| done.payments.iter())).map(|output| output.to);
    std::iter::once(transaction.payer()).chain(transaction.contract()).chain(paid)
}

/// The lists that a transaction is on.
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
        Action::Deploy(_) => vec![List::Contracts],
        _ => Vec::new(),
    }
}

/// The agreement that a transaction proposes, and when it ends.
pub(crate) fn deadline(transaction: &Transaction) -> Option<(Timestamp, Hash)> {
    match &transaction.action {
        Action::Propose(proposal) => Some((proposal.deadline, transaction.agreement()?)),
        _ => None,
    }
}

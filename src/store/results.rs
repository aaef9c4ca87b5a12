//! What contracts have led to, block by block: only executing the chain again tells the same. It leaves with the body.

use bouya_core::crypto::Hash;
use bouya_core::ledger::contract::{Report, Results};
use bouya_core::ledger::{Body, Change, Transaction};
use redb::{ReadableTable, WriteTransaction};

use super::guard::Fault;
use super::tables::{RESULTS, unversioned, versioned};

type Id = [u8; 32];

/// Removes the results of blocks that leave the best chain, and writes those of blocks that join it.
pub(super) fn write(tx: &WriteTransaction, change: &Change) -> Result<(), Fault> {
    let mut results = tx.open_table(RESULTS)?;
    for (_, id) in &change.disconnected {
        results.remove(id.0)?;
    }
    for (id, one) in &change.results {
        results.insert(id.0, versioned(one).as_slice())?;
    }
    Ok(())
}

pub(super) fn read(
    results: &impl ReadableTable<Id, &'static [u8]>,
    id: &Hash,
) -> Result<Option<Results>, Fault> {
    let row = results.get(id.0)?;
    row.map(|row| unversioned(row.value(), "results")).transpose()
}

/// The report on a transaction, if there is one.
pub(crate) fn report_on<'a>(results: Option<&'a Results>, transaction: &Hash) -> Option<&'a Report> {
    results?.reports.iter().find(|report| report.outcome.transaction == *transaction)
}

/// A block's transactions, each with the report on it if there is one. Reports stand in the transactions' order.
pub(crate) fn reported<'a>(
    body: &'a Body,
    results: Option<&'a Results>,
) -> impl Iterator<Item = (&'a Transaction, Option<&'a Report>)> {
    let mut reports = results.into_iter().flat_map(|results| results.reports.iter()).peekable();
    body.transactions.iter().map(move |transaction| {
        (transaction, reports.next_if(|report| report.outcome.transaction == transaction.id()))
    })
}

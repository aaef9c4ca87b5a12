//! The index: where transactions stand, which blocks concern an address, what is on which list, and which agreements a time ends.

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Action, Address, Body, Change, Transaction};
use bouya_core::time::Timestamp;
use redb::WriteTransaction;

use super::blocks::Blocks;
use super::guard::Fault;
use super::index::{Entry, Mark};
use super::tables::{BODIES, DEADLINES, HEADERS};
use super::{List, index, snapshot};

/// What a change adds to the index.
#[derive(Default)]
struct Rows {
    index: Vec<Entry>,
    deadlines: Vec<(u64, [u8; 32])>,
}

/// Writes the rows of the blocks that join the best chain.
pub(super) fn write(tx: &WriteTransaction, change: &Change, recent: &Blocks) -> Result<(), Fault> {
    let mut rows = Rows::default();
    {
        let (headers, bodies) = (tx.open_table(HEADERS)?, tx.open_table(BODIES)?);
        for (height, id, _) in &change.connected {
            let block = snapshot::read_block(&headers, &bodies, recent, id)?;
            block.iter().for_each(|block| rows.add(*height, &block.body));
        }
    }
    rows.write(tx)
}

impl Rows {
    fn add(&mut self, height: u64, body: &Body) {
        self.index.push(Mark::address(&body.reward.to).at(height, 0));
        for (index, transaction) in (0..).zip(body.transactions.iter()) {
            self.index.push(Mark::transaction(&transaction.id()).at(height, index));
            let place = index.saturating_add(1);
            self.index
                .extend(concerned(transaction).map(|address| Mark::address(&address).at(height, place)));
            self.index.extend(lists(transaction).iter().map(|list| Mark::list(list).at(height, index)));
            self.deadlines.extend(deadline(transaction).map(|(deadline, id)| (deadline.0, id.0)));
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

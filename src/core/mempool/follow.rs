//! Following the tip: confirmed transactions leave, those that no longer fit are dropped with a reason, and those that a reorganisation
//! took out of the chain come back.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{Dropped, Entry, Mempool, MempoolError};
use crate::crypto::Hash;
use crate::ledger::{Address, CheckedTransaction, StateError, View};
use crate::time::Time;

/// How the tip moved, as far as transactions go.
pub struct TipMove<'a> {
    /// The world at the new tip.
    pub view: &'a dyn View,
    /// Height of the next block.
    pub height: u64,
    /// Transactions of the blocks that joined the chain.
    pub confirmed: &'a BTreeSet<Hash>,
    /// Transactions of blocks that left it and are not confirmed any more, lowest block first.
    pub lost: Vec<CheckedTransaction>,
}

/// What became of the transactions.
#[derive(Debug, Default)]
pub struct Followed {
    /// These have left.
    pub dropped: Vec<Dropped>,
    /// These came back.
    pub returned: Vec<CheckedTransaction>,
    /// These were in the chain and could not come back.
    pub refused: Vec<(Hash, MempoolError)>,
}

impl Mempool {
    /// Follows the tip.
    pub fn follow(&mut self, now: Time, moved: TipMove<'_>) -> Result<Followed, StateError> {
        let TipMove { view, height, confirmed, lost } = moved;
        let mut followed = Followed::default();
        // Transactions that build on a returning one are set aside until it is here again.
        let returning: BTreeSet<Address> = lost.iter().map(|transaction| transaction.payer()).collect();
        let aside: Vec<Entry> = returning.iter().flat_map(|sender| self.take_queue(sender)).collect();
        for sender in self.senders() {
            let account = view.account(&sender)?;
            followed.dropped.extend(self.moved(&sender, account, height, confirmed));
        }
        for transaction in lost {
            let (id, account) = (transaction.id(), view.account(&transaction.payer())?);
            match self.take(now, (view, height), account, transaction.clone())? {
                Ok(dropped) => {
                    followed.dropped.extend(dropped);
                    followed.returned.push(transaction);
                }
                Err(MempoolError::Known) => (),
                Err(error) => followed.refused.push((id, error)),
            }
        }
        for Entry { transaction, since, .. } in aside {
            if confirmed.contains(&transaction.id()) {
                continue;
            }
            let account = view.account(&transaction.payer())?;
            match self.take(since, (view, height), account, transaction.clone())? {
                Ok(dropped) => followed.dropped.extend(dropped),
                // It was submitted again before this node followed the tip, and came back as well.
                Err(MempoolError::Known) => (),
                Err(error) => followed.dropped.push((transaction, error.left(account.nonce))),
            }
        }
        Ok(followed)
    }

    /// Takes out all waiting transactions of a sender, in the order of their nonces.
    fn take_queue(&mut self, sender: &Address) -> Vec<Entry> {
        let Some(queue) = self.queues.get(sender) else { return Vec::new() };
        let entries: Vec<Entry> = queue.entries.values().cloned().collect();
        for entry in &entries {
            self.remove(&entry.transaction.id());
        }
        entries
    }
}

//! Following the tip: what is confirmed leaves, what no longer fits is dropped with a reason, and what a reorganisation put out of the
//! chain comes back.

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
        // What stands on a transaction that comes back waits aside until that is here again.
        let returning: BTreeSet<Address> = lost.iter().map(|transaction| transaction.payer()).collect();
        let aside: Vec<Entry> = returning.iter().flat_map(|sender| self.take_queue(sender)).collect();
        for sender in self.senders() {
            let account = view.account(&sender)?;
            followed.dropped.extend(self.moved(&sender, account, height, confirmed));
        }
        for transaction in lost {
            let (id, account) = (transaction.id(), view.account(&transaction.payer())?);
            match self.insert(now, height, account, transaction.clone()) {
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
            match self.insert(since, height, account, transaction.clone()) {
                Ok(dropped) => followed.dropped.extend(dropped),
                // It was given again before this node had followed, and came back, too.
                Err(MempoolError::Known) => (),
                Err(error) => followed.dropped.push((transaction, error.left(account.nonce))),
            }
        }
        Ok(followed)
    }

    /// Takes out all that a sender has waiting, in the order of its nonces.
    fn take_queue(&mut self, sender: &Address) -> Vec<Entry> {
        let Some(queue) = self.queues.get(sender) else { return Vec::new() };
        let entries: Vec<Entry> = queue.entries.values().cloned().collect();
        for entry in &entries {
            self.remove(&entry.transaction.id());
        }
        entries
    }
}

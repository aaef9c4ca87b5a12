//! Taking transactions, a peer's and the API's: what waits in the mailbox together is checked together.

use bouya_core::crypto::Hash;
use bouya_core::ledger::{CheckedTransaction, Transaction, View};
use bouya_core::mempool::{Mempool, MempoolError};
use bouya_core::overlay::{Answer, ConnId, TransactionOutcome};
use tokio::sync::oneshot;

use super::{MempoolActor, Refusal, Request};
use crate::events::Event;
use crate::store::{Snapshot, StoreError};

/// Transactions that are checked together, and one message more: a small one does not wait long for those behind it.
const GATHERED: usize = 1_024;

/// Transactions that came together, and who is told what became of them.
pub(super) struct Submitted {
    pub(super) from: Giver,
    pub(super) transactions: Vec<Transaction>,
}

pub(super) enum Giver {
    Peer(ConnId),
    Api(oneshot::Sender<Vec<Result<Hash, Refusal>>>),
}

/// The world that transactions are to fit.
struct Tip {
    snapshot: Snapshot,
    height: u64,
}

impl Tip {
    fn of(snapshot: Snapshot) -> Result<Self, StoreError> {
        let (height, _) = snapshot.tip()?;
        Ok(Self { snapshot, height })
    }

    /// What the API is told of a transaction.
    fn given(&self, id: Hash, inserted: Result<(), Refusal>) -> Result<Hash, Refusal> {
        match inserted {
            Ok(()) | Err(Refusal::Mempool(MempoolError::Known)) => Ok(id),
            // Its nonce is used: perhaps by itself.
            Err(refusal @ Refusal::Mempool(_)) => Err(match self.snapshot.transaction(&id)? {
                Some(confirmed) => Refusal::Confirmed(confirmed.header.height),
                None => refusal,
            }),
            Err(refusal) => Err(refusal),
        }
    }
}

/// What the network is told of a peer's transaction.
fn outcome(inserted: Result<(), Refusal>) -> TransactionOutcome {
    match inserted {
        Ok(()) => TransactionOutcome::Taken,
        Err(Refusal::Invalid(error)) => TransactionOutcome::Invalid(error.to_string()),
        Err(_) => TransactionOutcome::Ignored,
    }
}

impl MempoolActor {
    /// Takes what was submitted, and with it what waits behind it.
    pub(super) fn submit(&mut self, pool: &mut Mempool, first: Submitted) -> Result<(), StoreError> {
        let (submitted, other) = self.gather(first);
        let tip = Tip::of(self.reader.snapshot()?)?;
        let all: Vec<Transaction> =
            submitted.iter().flat_map(|submitted| &submitted.transactions).cloned().collect();
        let mut checked = self.workers.check_each(&all).into_iter();
        let (mut taken, mut replies) = (Vec::new(), Vec::new());
        for Submitted { from, transactions } in submitted {
            let checked = checked.by_ref().take(transactions.len());
            let mut insert = |transaction: &Transaction, checked: Result<CheckedTransaction, _>| {
                self.insert(pool, &tip, checked?)?;
                taken.push(transaction.clone());
                Ok::<(), Refusal>(())
            };
            let each = transactions
                .iter()
                .zip(checked)
                .map(|(transaction, checked)| (transaction.id(), insert(transaction, checked)));
            match from {
                Giver::Peer(conn) => {
                    let outcomes = each.map(|(id, inserted)| (id, outcome(inserted))).collect();
                    self.answer(Answer::TransactionsDone { conn, outcomes });
                }
                Giver::Api(reply) => {
                    let given: Vec<_> = each.map(|(id, inserted)| tip.given(id, inserted)).collect();
                    replies.push((reply, given));
                }
            }
        }
        self.offer(taken);
        // Who is told that something was taken finds it counted.
        self.publish(pool);
        for (reply, given) in replies {
            // An asker that no longer waits is no error.
            let _ = reply.send(given);
        }
        other.map_or(Ok(()), |other| self.serve(pool, other))
    }

    /// What was submitted meanwhile, too: signatures are verified together. And what came behind it.
    fn gather(&mut self, first: Submitted) -> (Vec<Submitted>, Option<Request>) {
        let mut count = first.transactions.len();
        let mut submitted = vec![first];
        while count < GATHERED {
            let next = match self.inbox.try_recv() {
                Ok(Request::Submit { conn, transactions }) => {
                    Submitted { from: Giver::Peer(conn), transactions }
                }
                Ok(Request::Give { transactions, reply }) => {
                    Submitted { from: Giver::Api(reply), transactions }
                }
                Ok(other) => return (submitted, Some(other)),
                Err(_) => break,
            };
            count += next.transactions.len();
            submitted.push(next);
        }
        (submitted, None)
    }

    fn insert(&self, pool: &mut Mempool, tip: &Tip, checked: CheckedTransaction) -> Result<(), Refusal> {
        let id = checked.id();
        if self.head.borrow().disk_full && pool.get(&id).is_none() {
            return Err(Refusal::DiskFull);
        }
        // What stands on others that wait stands on their account, even if the store has a newer one already.
        let account = match pool.account(&checked.payer()) {
            Some(account) => account,
            None => tip.snapshot.account(&checked.payer())?,
        };
        let dropped = pool.insert(self.clock.now(), tip.height.saturating_add(1), account, checked)?;
        self.report(&dropped);
        self.events.tell(Event::Transaction { id });
        Ok(())
    }
}

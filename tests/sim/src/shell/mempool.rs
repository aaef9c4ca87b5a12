//! What the mempool actor does around the core's mempool.

use std::collections::BTreeSet;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Body, CheckedTransaction, Transaction, View};
use bouya_core::mempool::TipMove;
use bouya_core::overlay::{Answer, ConnId, Input, Offer, TransactionOutcome};

use super::HOP;
use crate::disk::{DiskError, Snapshot};
use crate::world::{Move, World};

impl World {
    /// The mempool follows the tip, as its actor does.
    pub(super) fn follow(&mut self, n: usize, moved: &Move, height: u64) {
        let (id, now) = (self.genesis.id(), self.now);
        let Self { nodes, signatures, .. } = self;
        let Some(running) = nodes[n].running.as_mut() else { return };
        let view = running.snapshot();
        let transactions = |view: &Snapshot, id: &Hash| -> Vec<Transaction> {
            let body = view.body(id).ok().flatten();
            body.map_or_else(Vec::new, |body: Body| body.transactions.into_inner())
        };
        let confirmed: BTreeSet<Hash> =
            moved.moved.connected.iter().flat_map(|id| transactions(&view, id)).map(|t| t.id()).collect();
        let lost = moved.moved.disconnected.iter().rev().flat_map(|id| transactions(&moved.lost, id));
        let lost = lost.filter(|transaction| !confirmed.contains(&transaction.id()));
        let lost: Vec<CheckedTransaction> =
            lost.filter_map(|transaction| signatures.check(&id, &transaction).ok()).collect();
        let back: Vec<Hash> = lost.iter().map(|transaction| transaction.id()).collect();
        let tip_move = TipMove { view: &view, height, confirmed: &confirmed, lost };
        let time = running.time(now);
        match running.pool.follow(time, tip_move) {
            Ok(followed) => {
                let refused: BTreeSet<Hash> = followed.refused.iter().map(|(id, _)| *id).collect();
                let is_gone = |id: &&Hash| running.pool.get(id).is_none() && !refused.contains(*id);
                let gone = back.iter().find(is_gone).copied();
                self.check
                    .holds(gone.is_none(), || format!("n{n:02} forgot {gone:?}, which had left its chain"));
                let returned: Vec<_> =
                    followed.returned.into_iter().map(CheckedTransaction::into_inner).collect();
                if !returned.is_empty() {
                    self.give_later(HOP, n, Input::Offer(Offer::Transactions(returned)));
                }
            }
            Err(error) => self.fails(n, DiskError::State(error)),
        }
    }

    /// The mempool takes transactions of a peer's.
    pub(crate) fn submit(&mut self, n: usize, conn: ConnId, transactions: Vec<Transaction>) {
        let mut outcomes = Vec::new();
        let mut taken = Vec::new();
        for transaction in transactions {
            let outcome = self.insert(n, &transaction);
            outcomes.push((transaction.id(), outcome.clone()));
            if outcome == TransactionOutcome::Taken {
                taken.push(transaction);
            }
        }
        let answer = Answer::TransactionsDone { conn, outcomes };
        self.give_later(HOP, n, Input::Answer(answer));
        if !taken.is_empty() {
            self.give_later(HOP, n, Input::Offer(Offer::Transactions(taken)));
        }
    }

    /// The mempool takes a client's transaction, or has it.
    pub(crate) fn give_transaction(&mut self, n: usize, transaction: &Transaction) -> bool {
        if self.running(n).is_some_and(|running| running.pool.get(&transaction.id()).is_some()) {
            return true;
        }
        let taken = self.insert(n, transaction) == TransactionOutcome::Taken;
        if taken {
            let offer = Offer::Transactions(vec![transaction.clone()]);
            self.give_later(HOP, n, Input::Offer(offer));
        }
        taken
    }

    fn insert(&mut self, n: usize, transaction: &Transaction) -> TransactionOutcome {
        let checked = match self.signatures.check(&self.genesis.id(), transaction) {
            Ok(checked) => checked,
            Err(error) => return TransactionOutcome::Invalid(error.to_string()),
        };
        let (now, node) = (self.now, &mut self.nodes[n]);
        let Some(running) = node.running.as_mut().filter(|_| !node.full) else {
            return TransactionOutcome::Ignored;
        };
        let time = running.time(now);
        let height = running.ledger.chain().tip().height + 1;
        let Ok(account) = running.snapshot().account(&checked.payer()) else {
            return TransactionOutcome::Ignored;
        };
        match running.pool.insert(time, height, account, checked) {
            Ok(_) => TransactionOutcome::Taken,
            Err(_) => TransactionOutcome::Ignored,
        }
    }
}

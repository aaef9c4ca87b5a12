//! Cuts transactions into messages, by number and by bytes.

use alloc::vec::Vec;

use crate::codec::Bounded;
use crate::ledger::Transaction;
use crate::limits::{GOSSIP_MESSAGE_BYTES, TRANSACTIONS_PER_MESSAGE};
use crate::wire::Message;

/// See the module's header.
#[derive(Default)]
pub(super) struct Batcher {
    messages: Vec<Vec<Transaction>>,
    bytes: usize,
    total: usize,
}

impl Batcher {
    pub(super) fn push(&mut self, transaction: Transaction) {
        let size = transaction.size();
        self.total = self.total.saturating_add(size);
        let bytes = self.bytes.saturating_add(size);
        match self.messages.last_mut() {
            Some(last) if last.len() < TRANSACTIONS_PER_MESSAGE && bytes <= GOSSIP_MESSAGE_BYTES => {
                last.push(transaction);
                self.bytes = bytes;
            }
            _ => {
                self.messages.push(Vec::from([transaction]));
                self.bytes = size;
            }
        }
    }

    /// Bytes of all messages.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    pub(super) fn finish(self) -> impl Iterator<Item = Message> {
        self.messages.into_iter().map(|list| Message::Transactions(Bounded::truncated(list)))
    }
}

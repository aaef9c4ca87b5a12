//! One block that is being rebuilt.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use crate::ledger::{Block, CompactBlock, ShortKey, Transaction};
use crate::overlay::ConnId;
use crate::time::Time;

#[derive(Debug)]
pub(super) struct Rebuild {
    pub(super) from: ConnId,
    /// Who else has sent it.
    pub(super) others: BTreeSet<ConnId>,
    pub(super) key: ShortKey,
    pub(super) stage: RebuildState,
    compact: Arc<CompactBlock>,
    /// The transactions, in the body's order.
    parts: Vec<Option<Transaction>>,
}

#[derive(Debug)]
pub(super) enum RebuildState {
    Looking,
    Asked { deadline: Time },
}

impl Rebuild {
    pub(super) fn new(from: ConnId, compact: Arc<CompactBlock>, key: ShortKey) -> Self {
        let parts = vec![None; compact.ids.len()];
        Self { from, others: BTreeSet::new(), key, stage: RebuildState::Looking, compact, parts }
    }

    /// Whether this peer is asked for what is missing.
    pub(super) fn asks(&self, conn: ConnId) -> bool {
        self.from == conn && self.deadline().is_some()
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        match self.stage {
            RebuildState::Asked { deadline } => Some(deadline),
            RebuildState::Looking => None,
        }
    }

    /// All peers that have sent the block.
    pub(super) fn senders(&self) -> Vec<ConnId> {
        core::iter::once(self.from).chain(self.others.iter().copied()).collect()
    }

    pub(super) fn is_whole(&self) -> bool {
        self.parts.iter().all(Option::is_some)
    }

    /// Places of what is missing.
    pub(super) fn missing(&self) -> Vec<u16> {
        (0..).zip(&self.parts).filter(|(_, part)| part.is_none()).map(|(place, _)| place).collect()
    }

    /// Fills in transactions from the mempool, in the body's order.
    pub(super) fn take_found(&mut self, found: Vec<Option<Transaction>>) {
        self.parts.iter_mut().zip(found).for_each(|(part, found)| *part = found);
    }

    /// Fills in transactions from another block.
    pub(super) fn take_known(&mut self, known: &[Transaction]) {
        let places = (0..).zip(self.compact.ids.iter()).map(|(place, id)| (*id, place));
        let mut places: Vec<(_, usize)> = places.collect();
        places.sort_unstable();
        for transaction in known {
            let short = self.key.short(&transaction.id());
            let found = places.binary_search_by_key(&short, |(short, _)| *short).ok();
            let part = found.and_then(|at| self.parts.get_mut(places.get(at)?.1));
            if let Some(part) = part.filter(|part| part.is_none()) {
                *part = Some(transaction.clone());
            }
        }
    }

    /// Fills in transactions from the sender: exactly what is missing, in order. False if they are not those.
    pub(super) fn take_asked(&mut self, transactions: Vec<Transaction>) -> bool {
        let mut given = transactions.into_iter();
        for (part, short) in self.parts.iter_mut().zip(self.compact.ids.iter()) {
            if part.is_some() {
                continue;
            }
            let Some(transaction) = given.next() else { return false };
            if self.key.short(&transaction.id()) != *short {
                return false;
            }
            *part = Some(transaction);
        }
        given.next().is_none()
    }

    /// The block, if its header commits to these parts.
    pub(super) fn into_block(self) -> Option<Block> {
        self.compact.with(self.parts.into_iter().collect::<Option<Vec<_>>>()?)
    }
}

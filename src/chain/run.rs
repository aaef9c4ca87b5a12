//! Blocks of peers that wait one behind the other: taken in one go, so that they share checks and commits.

use std::sync::Arc;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Block, Transaction};
use bouya_core::overlay::ConnId;

/// Most blocks that share a commit, ...
const BLOCKS: usize = 64;
/// ... and about how many transactions: more would wait too long for their answers, and the workers' memory of checked transactions
/// would not hold them all.
const TRANSACTIONS: usize = 8_192;

#[derive(Default)]
pub(super) struct Run {
    blocks: Vec<Waiting>,
    transactions: usize,
}

struct Waiting {
    conn: ConnId,
    id: Hash,
    block: Arc<Block>,
    wanted: bool,
}

impl Run {
    pub(super) fn push(&mut self, conn: ConnId, block: Arc<Block>, wanted: bool) {
        self.transactions += block.body.transactions.len();
        self.blocks.push(Waiting { conn, id: block.id(), block, wanted });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.blocks.len() >= BLOCKS || self.transactions >= TRANSACTIONS
    }

    /// Whether all of them came from a sync.
    pub(super) fn is_wanted(&self) -> bool {
        self.blocks.iter().all(|waiting| waiting.wanted)
    }

    /// Who waits for an answer about which block.
    pub(super) fn asked(&self) -> Vec<(ConnId, Hash)> {
        self.blocks.iter().map(|waiting| (waiting.conn, waiting.id)).collect()
    }

    /// Transactions whose signatures may be checked before their blocks are looked at: those of bodies that a header commits to whose
    /// work a sync has seen. All others wait for the cheaper checks, or a block without work would cost this node thousands of signatures.
    pub(super) fn worked_for(&self) -> Vec<Transaction> {
        let is_worked_for = |waiting: &&Waiting| {
            let Block { header, body } = waiting.block.as_ref();
            waiting.wanted && body.root(header.height) == header.body
        };
        let blocks = self.blocks.iter().filter(is_worked_for);
        blocks.flat_map(|waiting| waiting.block.body.transactions.iter().cloned()).collect()
    }

    pub(super) fn into_blocks(self) -> impl Iterator<Item = (Arc<Block>, bool)> {
        self.blocks.into_iter().map(|waiting| (waiting.block, waiting.wanted))
    }
}

#[cfg(test)]
mod tests {
    use bouya_core::codec::Bounded;
    use bouya_core::ledger::{Body, Reward};

    use super::*;
    use crate::testing::{genesis, pay};

    #[test]
    fn signatures_are_checked_early_only_where_a_sync_has_seen_the_work_for_the_body() {
        let genesis = genesis("test");
        let transaction = pay(&genesis, 1, 0, 2, 1);
        let reward = Reward { to: transaction.payer(), amount: 0 };
        let transactions = Bounded::truncated([transaction.clone()]);
        let mut block = Block { header: genesis.header.clone(), body: Body { reward, transactions } };
        let early = |block: &Block, wanted| {
            let mut run = Run::default();
            run.push(ConnId(1), Arc::new(block.clone()), wanted);
            run.worked_for()
        };
        assert!(early(&block, true).is_empty(), "another body than the header's");
        block.header.body = block.body.root(block.header.height);
        assert!(early(&block, false).is_empty(), "nobody has looked at the header");
        assert_eq!(early(&block, true), [transaction]);
    }
}

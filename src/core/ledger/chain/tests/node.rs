//! A chain over a world in memory, to give blocks to.

use alloc::vec;

use super::super::*;
use crate::codec::{Bounded, Text};
use crate::ledger::testing::{address, genesis, key};
use crate::ledger::{Output, Template, Transaction, World, check_inline};

/// A node of one: a chain over a world in memory.
pub(super) struct Node {
    pub(super) chain: Chain,
    pub(super) world: World,
    pub(super) now: Timestamp,
}

impl Node {
    pub(super) fn new() -> Self {
        let genesis = genesis();
        let world = World::new(&genesis);
        let chain = Chain::load(genesis, &world, world.tip(), &[]).unwrap();
        Self { chain, world, now: Timestamp(1_000_000) }
    }

    pub(super) fn network(&self) -> Hash {
        self.chain.genesis().id()
    }

    pub(super) fn pay(&self, from: u8, nonce: u64, to: u8, amount: u64) -> Transaction {
        let output = Bounded::truncated([Output { to: address(to), amount }]);
        Transaction::transfer(&self.network(), &key(from), nonce, 1, u64::MAX, output, Text::default())
    }

    /// A block on `parent`, `gap` milliseconds after it, valid or not.
    pub(super) fn block_on(
        &self,
        parent: &Branch,
        gap: u64,
        transactions: Vec<Transaction>,
        miner: u8,
    ) -> Arc<Block> {
        let network = self.network();
        let checked = transactions.into_iter().map(|t| t.check(&network).unwrap());
        let supply = 4_000 + 50 * parent.height;
        let time = Timestamp(parent.time.0 + gap);
        let genesis = self.chain.genesis();
        let template = Template::new(genesis, parent, supply, checked, address(miner), time, &key(miner));
        let nonce = template.try_nonces(0, u64::MAX).unwrap();
        Arc::new(template.finish(nonce))
    }

    pub(super) fn branch_with(&self, parent: &Branch, block: &Block) -> Branch {
        let mut branch = parent.clone();
        branch.push_known(&self.chain.genesis().rules, &block.header);
        branch
    }

    pub(super) fn give(&mut self, block: &Arc<Block>, wanted: bool) -> Result<Option<Moved>, PlanError> {
        let mut check = check_inline(self.network());
        match self.chain.plan(&self.world, &mut check, self.now, block.clone(), wanted)? {
            Plan::Ready(ready) => {
                self.world.apply(ready.change());
                Ok(self.chain.accept(ready))
            }
            Plan::Known => Ok(None),
            Plan::Early { .. } => panic!("early"),
        }
    }

    pub(super) fn settle(&mut self) -> (Vec<Moved>, Vec<Hash>) {
        let (mut moved, mut invalid) = (vec![], vec![]);
        let mut check = check_inline(self.network());
        loop {
            match self.chain.step(&self.world, &mut check).unwrap() {
                Step::Idle => return (moved, invalid),
                Step::Working => (),
                Step::Invalid { id, .. } => invalid.push(id),
                Step::Ready(ready) => {
                    self.world.apply(ready.change());
                    moved.extend(self.chain.accept(ready));
                }
            }
        }
    }

    /// Mines on the tip and takes the block.
    pub(super) fn mine(&mut self, transactions: Vec<Transaction>) -> Arc<Block> {
        let block = self.block_on(&self.chain.tip().clone(), 1_000, transactions, 9);
        self.now = self.now.max(block.header.time);
        self.give(&block, false).unwrap();
        block
    }

    /// A run of empty blocks on `parent`, faster than the schedule, so that each carries more work than usual.
    pub(super) fn run_on(
        &self,
        parent: &Branch,
        count: u64,
        gap: u64,
        miner: u8,
    ) -> (Vec<Arc<Block>>, Branch) {
        let (mut blocks, mut branch) = (vec![], parent.clone());
        for _ in 0..count {
            let block = self.block_on(&branch, gap, vec![], miner);
            branch = self.branch_with(&branch, &block);
            blocks.push(block);
        }
        (blocks, branch)
    }

    pub(super) fn balance(&self, n: u8) -> u64 {
        self.world.account(&address(n)).unwrap().balance
    }

    /// The state must be what executing the best chain from the beginning gives.
    pub(super) fn assert_sound(&self) {
        let mut fresh = Self::new();
        fresh.now = Timestamp(u64::MAX / 2);
        for height in 1..=self.chain.tip().height {
            let id = self.world.at_height(height).unwrap().unwrap();
            let header = self.world.record(&id).unwrap().unwrap().header;
            let body = self.world.body(&id).unwrap().unwrap();
            fresh.give(&Arc::new(Block { header, body }), false).unwrap();
        }
        assert_eq!(fresh.world.rows(), self.world.rows());
        assert_eq!(fresh.chain.tip(), self.chain.tip());
        let reloaded = Chain::load(genesis(), &self.world, self.world.tip(), &[]).unwrap();
        assert_eq!(reloaded.tip(), self.chain.tip());
        let supply: u64 = (1..=20).map(|n| self.balance(n)).sum();
        assert_eq!(supply, 4_000 + 50 * self.chain.tip().height);
    }
}

//! Filling a store with blocks, without a node: what import and repair have in common.
//!
//! Every block is checked as one from a peer is, and made durable before the next.

use std::sync::Arc;

use bouya_core::ledger::{Block, Chain, Plan, PlanError, Step};
use thiserror::Error;

use crate::chain::ChainError;
use crate::clock;
use crate::store::Store;
use crate::workers::Workers;

/// Why a block was not taken.
#[derive(Debug, Error)]
pub enum FillError {
    /// The block's fault.
    #[error(transparent)]
    Block(#[from] PlanError),
    /// Ahead of this machine's clock.
    #[error("the block's time is ahead of this machine's clock; set the clock right")]
    Early,
    /// The store's.
    #[error(transparent)]
    Store(#[from] ChainError),
}

/// A store and its chain.
pub struct Filler {
    store: Store,
    chain: Chain,
    workers: Workers,
}

impl Filler {
    /// Goes on where the store ends.
    pub fn new(store: Store) -> Result<Self, ChainError> {
        let reader = store.reader();
        let snapshot = reader.snapshot()?;
        let (_, tip) = snapshot.tip()?;
        let chain = Chain::load(reader.genesis().clone(), &snapshot, tip, &snapshot.side_blocks()?)?;
        let workers = Workers::new(reader.genesis().id());
        Ok(Self { store, chain, workers })
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Height of the best chain.
    pub fn height(&self) -> u64 {
        self.chain.tip().height
    }

    /// Takes a block. False: it was there already.
    pub fn give(&mut self, block: Arc<Block>) -> Result<bool, FillError> {
        let snapshot = self.store.reader().snapshot().map_err(ChainError::from)?;
        let workers = &self.workers;
        let mut check = |transactions: &[_]| workers.check_all(transactions);
        match self.chain.plan(&snapshot, &mut check, clock::wall(), block, true)? {
            Plan::Known => return Ok(false),
            Plan::Early { .. } => return Err(FillError::Early),
            Plan::Ready(ready) => {
                self.store.commit(ready.change()).map_err(ChainError::from)?;
                self.chain.accept(ready);
            }
        }
        self.settle()?;
        Ok(true)
    }

    /// Executes a branch that has become the heavier one.
    fn settle(&mut self) -> Result<(), FillError> {
        while self.chain.is_behind() {
            let snapshot = self.store.reader().snapshot().map_err(ChainError::from)?;
            let workers = &self.workers;
            let mut check = |transactions: &[_]| workers.check_all(transactions);
            match self.chain.step(&snapshot, &mut check).map_err(ChainError::from)? {
                Step::Idle => return Ok(()),
                Step::Working | Step::Invalid { .. } => (),
                Step::Ready(ready) => {
                    self.store.commit(ready.change()).map_err(ChainError::from)?;
                    self.chain.accept(ready);
                }
            }
        }
        Ok(())
    }
}

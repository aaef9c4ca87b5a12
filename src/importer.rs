//! Filling a store with blocks, without a node: what an import and a repair have in common. Every block is checked as a peer's is.

use std::sync::Arc;

use bouya_core::ledger::{Block, BlockOutcome, Origin};
use bouya_core::node::Keeper;
use bouya_core::node::keeper::{Input, Output};
use bouya_core::overlay::{Answer, ConnId, KeeperRequest};
use thiserror::Error;

use crate::chain::ChainError;
use crate::clock;
use crate::store::Store;
use crate::workers::Workers;

/// Why a block was not taken.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The block's fault.
    #[error("{0}")]
    Block(String),
    /// Ahead of this machine's clock.
    #[error("the block's time is ahead of this machine's clock; set the clock right")]
    Early,
    /// The store's.
    #[error(transparent)]
    Store(#[from] ChainError),
}

/// A store and its keeper.
pub struct Importer {
    keeper: Keeper<Store>,
    workers: Workers,
}

impl Importer {
    /// Goes on where the store ends.
    pub fn new(store: Store) -> Result<Self, ChainError> {
        let genesis = store.reader().genesis().clone();
        let workers = Workers::new(genesis.id());
        Ok(Self { keeper: Keeper::load(genesis, store)?, workers })
    }

    /// The store.
    pub fn store(&self) -> &Store {
        self.keeper.disk()
    }

    /// Height of the best chain.
    pub fn height(&self) -> u64 {
        self.keeper.chain().tip().height
    }

    /// Takes a block, and follows it where it leads. False: it was there already.
    pub fn give(&mut self, block: Arc<Block>) -> Result<bool, ImportError> {
        let take = KeeperRequest::Take { conn: ConnId(0), block, origin: Origin::Synced };
        self.keeper.handle(Input::Request(take))?;
        let mut new = false;
        loop {
            let workers = &self.workers;
            self.keeper.work(clock::wall(), &mut |transactions| workers.check_each(transactions))?;
            while let Some(output) = self.keeper.poll() {
                let Output::Answer(Answer::BlockDone { outcome, .. }) = output else { continue };
                new = match outcome {
                    BlockOutcome::Stored => true,
                    BlockOutcome::Known => false,
                    BlockOutcome::Early { .. } => return Err(ImportError::Early),
                    BlockOutcome::Invalid { why, .. } => return Err(ImportError::Block(why)),
                    BlockOutcome::UnknownParent | BlockOutcome::Ignored => {
                        return Err(ImportError::Block("its parent is not known here".to_owned()));
                    }
                };
            }
            if !self.keeper.chain().is_behind() {
                return Ok(new);
            }
        }
    }
}

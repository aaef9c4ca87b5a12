//! Fills a store with blocks, without a node: an import and a repair share this. Every block is checked like a peer's.

use std::sync::Arc;

use bouya_core::ledger::{Block, BlockOutcome, Certificate, Origin};
use bouya_core::node::Keeper;
use bouya_core::node::keeper::{Input, Output};
use bouya_core::overlay::{Answer, ConnId, KeeperRequest};
use thiserror::Error;

use crate::chain::ChainError;
use crate::clock;
use crate::store::Store;
use crate::workers::Workers;

const UNKNOWN_PARENT: &str = "its parent is not known here";

/// Why a block was not taken.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The block is at fault.
    #[error("{0}")]
    Block(String),
    /// The block is ahead of this machine's clock.
    #[error("the block's time is ahead of this machine's clock; set the clock right")]
    Early,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] ChainError),
}

/// A store and its keeper.
pub struct Importer {
    keeper: Keeper<Store>,
    workers: Workers,
}

impl Importer {
    /// Opens the importer where the store's chain ends.
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

    /// Makes a block final, and moves to its branch whatever the work of the others. The certificate has been verified.
    pub fn finalize(&mut self, certificate: Certificate) -> Result<(), ChainError> {
        self.keeper.handle(Input::Finalize(certificate))?;
        while self.keeper.has_work(clock::wall()) {
            let workers = &self.workers;
            self.keeper.work(clock::wall(), &mut |transactions| workers.check_each(transactions))?;
            while self.keeper.poll().is_some() {}
        }
        Ok(())
    }

    /// Takes a block and does all work that follows from it. False means that the block was already there.
    pub fn give(&mut self, block: Arc<Block>) -> Result<bool, ImportError> {
        match self.give_once(Arc::clone(&block))? {
            Some(new) => Ok(new),
            // What the members follow from has been taken in now, and the chain may have moved to it.
            None => self.give_once(block)?.ok_or_else(|| ImportError::Block(UNKNOWN_PARENT.to_owned())),
        }
    }

    /// None if something final had to be taken in first.
    fn give_once(&mut self, block: Arc<Block>) -> Result<Option<bool>, ImportError> {
        let take = KeeperRequest::Take { conn: ConnId(0), block, origin: Origin::Synced };
        self.keeper.handle(Input::Request(take))?;
        let mut new = Some(false);
        loop {
            let workers = &self.workers;
            self.keeper.work(clock::wall(), &mut |transactions| workers.check_each(transactions))?;
            while let Some(output) = self.keeper.poll() {
                let Output::Answer(Answer::BlockDone { outcome, .. }) = output else { continue };
                new = match outcome {
                    BlockOutcome::Stored => Some(true),
                    BlockOutcome::Known => Some(false),
                    BlockOutcome::Unsettled(_) => None,
                    BlockOutcome::Early { .. } => return Err(ImportError::Early),
                    BlockOutcome::Invalid { why, .. } => return Err(ImportError::Block(why)),
                    BlockOutcome::UnknownParent | BlockOutcome::Ignored => {
                        return Err(ImportError::Block(UNKNOWN_PARENT.to_owned()));
                    }
                };
            }
            if !self.keeper.chain().is_behind() {
                return Ok(new);
            }
        }
    }
}

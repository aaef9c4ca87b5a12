//! Backfill: bodies below [`View::lowest`] come back, the highest first: on a node that began with a snapshot, or that keeps all again.
//!
//! Each is compared with its header's record, and all its signatures are checked. It is not executed: the state above it is what a quorum has
//! made final. Who wants that too lets `bouya verify` execute everything once all bodies are here.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use thiserror::Error;

use super::super::{Block, Change, Check, HeaderRecord, StateError, TransactionError, View};
use super::Chain;
use crate::crypto::Hash;

/// Bodies of the best chain, by block: those of the blocks from `from` on up to the lowest body that are not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The height of its first block.
    pub from: u64,
    /// The blocks.
    pub blocks: BTreeMap<Hash, Arc<Block>>,
}

/// Why bodies were not taken in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BackfillError {
    /// One of the span is neither given nor stored: the span is no longer the one below the lowest body.
    #[error("block {0} is missing")]
    Missing(u64),
    /// This copy is not the body that its header commits to. Another one may be.
    #[error("the body of block {0} is not the one that its header commits to")]
    Wrong(u64),
    /// Its header commits to a transaction that is invalid everywhere: the members have made final what the rules do not allow.
    #[error("block {height}, transaction {index}: {error}")]
    Invalid {
        /// Which block.
        height: u64,
        /// Its place in the body.
        index: usize,
        /// What is wrong.
        error: TransactionError,
    },
    /// The world could not be read.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Chain {
    /// What takes in the highest bodies of a span: all, or at least one and then as long as they have no more than so many transactions.
    pub fn backfill(
        &self,
        view: &dyn View,
        check: Check<'_>,
        span: &Span,
        transactions: usize,
    ) -> Result<Change, BackfillError> {
        let (mut change, mut left) = (Change::default(), transactions);
        for height in (span.from.max(1)..self.lowest()).rev() {
            let (record, block) = body(view, span, height)?;
            let count = block.body.transactions.len();
            if count > left && change.lowest.is_some() {
                break;
            }
            left = left.saturating_sub(count);
            let checked = check(&block.body.transactions).into_iter().enumerate();
            let wrong = checked.filter_map(|(index, checked)| Some((index, checked.err()?))).next();
            if let Some((index, error)) = wrong {
                return Err(BackfillError::Invalid { height, index, error });
            }
            let bytes = u32::try_from(block.size()).unwrap_or(u32::MAX);
            change.backfilled.push((HeaderRecord { bytes, ..record }, block));
            change.lowest = Some(height);
        }
        Ok(change)
    }

    /// Takes in what [`Chain::backfill`] gave and is durable.
    pub(in super::super) fn backfilled(&mut self, change: &Change) {
        self.pruning_changed(change);
    }
}

/// The block at a height, as its record says.
fn body(view: &dyn View, span: &Span, height: u64) -> Result<(HeaderRecord, Arc<Block>), BackfillError> {
    let missing = || BackfillError::Missing(height);
    let id = view.at_height(height)?.ok_or_else(missing)?;
    let record = view.record(&id)?.ok_or_else(missing)?;
    let Some(block) = span.blocks.get(&id) else {
        // Those that change the members are here already.
        return Ok((record, view.block(&id)?.ok_or_else(missing)?));
    };
    let body = &block.body;
    // The root does not cover what a body states to change.
    if body.root(height) != record.header.body || body.executed != record.executed {
        return Err(BackfillError::Wrong(height));
    }
    Ok((record, Arc::clone(block)))
}

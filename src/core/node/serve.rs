//! Answers peers from the store. The code that drives the overlay may read on another thread, with any view of the chain.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::ledger::{Block, StateError, View, headers_after};
use crate::limits::{BACKFILL_BLOCKS, HEADERS_PER_MESSAGE};
use crate::overlay::{Answer, StoreRequest};

/// Answers a question to the store; [`Request::unanswered`](crate::overlay::Request::unanswered) is the answer if it cannot be read.
pub fn read(view: &dyn View, query: StoreRequest) -> Result<Answer, StateError> {
    Ok(match query {
        StoreRequest::Headers { conn, locator, stop } => {
            let headers = headers_after(view, &locator, &stop, HEADERS_PER_MESSAGE)?;
            Answer::Headers { conn, headers }
        }
        StoreRequest::Block { conn, id } => {
            let record = view.record(&id)?;
            let body = record.is_some().then(|| view.body(&id)).transpose()?.flatten();
            let block = record.zip(body).map(|(record, body)| Block { header: record.header, body });
            Answer::Block { conn, id, block: block.map(Arc::new) }
        }
        StoreRequest::Missing(ids) => {
            let mut missing = Vec::new();
            for id in ids {
                if view.record(&id)?.is_none() {
                    missing.push(id);
                }
            }
            Answer::Missing(missing)
        }
        StoreRequest::MissingBodies(below) => {
            let from = below.saturating_sub(BACKFILL_BLOCKS).max(1);
            let mut missing = Vec::new();
            for height in from..below {
                let id = view.at_height(height)?;
                if let Some(id) = id
                    && view.body(&id)?.is_none()
                {
                    missing.push(id);
                }
            }
            Answer::MissingBodies(Some((from, missing)))
        }
    })
}

//! Serving peers from the store: on the side, in bounded number, one block at a time for each peer.

use std::collections::VecDeque;
use std::sync::Arc;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Header, View};
use bouya_core::limits::HEADERS_PER_MESSAGE;
use bouya_core::overlay::{Answer, ConnId, Input, Query};
use tracing::error;

use super::Running;
use crate::store::{Reader, Snapshot, StoreError};

/// Blocks that a session has asked for. They are read and sent one at a time, as the peer takes them: a queue full of blocks would
/// make an honest peer look slow.
#[derive(Default)]
pub(super) struct Serving {
    asked: VecDeque<Hash>,
    pub(super) busy: bool,
}

impl Running {
    /// The overlay lets a peer have a bounded number of blocks outstanding, which bounds this queue.
    pub(super) fn ask_block(&mut self, session: ConnId, id: Hash) {
        self.serving.entry(session).or_default().asked.push_back(id);
        self.serve_next(session);
    }

    pub(super) fn serve_next(&mut self, session: ConnId) {
        let Some(serving) = self.serving.get_mut(&session).filter(|serving| !serving.busy) else { return };
        let wire = self.actor.overlay.connection_of(session);
        let next = serving.asked.pop_front().zip(wire.and_then(|wire| self.links.get(&wire)));
        let Some((id, link)) = next else {
            // Nothing more to do, or nobody to do it for.
            self.serving.remove(&session);
            return;
        };
        serving.busy = true;
        let room = link.outbox.room();
        self.read(Query::Block { conn: session, id }, room);
    }

    /// Reads the store on the side, once `ready`.
    pub(super) fn read(&self, query: Query, ready: impl Future<Output = ()> + Send + 'static) {
        let (reader, own, reads) = (self.actor.reader.clone(), self.actor.own.clone(), self.reads.clone());
        tokio::spawn(async move {
            ready.await;
            let Ok(_permit) = reads.acquire().await else { return };
            let fallback = empty_answer(&query);
            let read = tokio::task::spawn_blocking(move || answer_from(&reader, query)).await;
            let answer = match read {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => {
                    error!(%error, "cannot read the store for a peer");
                    fallback
                }
                Err(_) => fallback,
            };
            // A stopped network needs no answer.
            let _ = own.send(Input::Answer(answer)).await;
        });
    }
}

fn empty_answer(query: &Query) -> Answer {
    match query {
        Query::Headers { conn, .. } => Answer::Headers { conn: *conn, headers: Vec::new() },
        Query::Block { conn, id } => Answer::Block { conn: *conn, id: *id, block: None },
        Query::Transactions { conn, ids } => {
            Answer::Transactions { conn: *conn, found: Vec::new(), missing: ids.clone() }
        }
        Query::Branch(id) => Answer::Branch { id: *id, branch: None },
        Query::Missing(ids) => Answer::Missing(ids.clone()),
    }
}

fn answer_from(reader: &Reader, query: Query) -> Result<Answer, StoreError> {
    let snapshot = reader.snapshot()?;
    Ok(match query {
        Query::Headers { conn, locator, stop } => {
            Answer::Headers { conn, headers: headers_after(&snapshot, &locator, &stop)? }
        }
        Query::Block { conn, id } => Answer::Block { conn, id, block: snapshot.block(&id)?.map(Arc::new) },
        Query::Missing(ids) => {
            let mut missing = Vec::new();
            for id in ids {
                if !snapshot.has_block(&id)? {
                    missing.push(id);
                }
            }
            Answer::Missing(missing)
        }
        other => empty_answer(&other),
    })
}

/// Headers of the best chain after the first block of the locator that is on it.
fn headers_after(snapshot: &Snapshot, locator: &[Hash], stop: &Hash) -> Result<Vec<Header>, StoreError> {
    let read = |error: bouya_core::ledger::StateError| StoreError::Failed(error.to_string());
    let mut from = 0;
    for id in locator {
        let Some(record) = snapshot.record(id).map_err(read)? else { continue };
        if snapshot.at_height(record.header.height).map_err(read)? == Some(*id) {
            from = record.header.height;
            break;
        }
    }
    let mut headers = Vec::new();
    while headers.len() < HEADERS_PER_MESSAGE {
        from += 1;
        let Some(id) = snapshot.at_height(from).map_err(read)? else { break };
        let Some(record) = snapshot.record(&id).map_err(read)? else { break };
        headers.push(record.header);
        if id == *stop {
            break;
        }
    }
    Ok(headers)
}

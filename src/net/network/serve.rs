//! Serving peers from the store and the mempool: on the side, in bounded number. The overlay asks one thing at a time for each peer.

use bouya_core::crypto::Hash;
use bouya_core::ledger::headers_after;
use bouya_core::limits::HEADERS_PER_MESSAGE;
use bouya_core::overlay::{Answer, ConnId, Input, Query};
use tracing::error;

use super::Running;
use crate::mempool;
use crate::store::{Reader, StoreError};

impl Running {
    /// Resolves once a session's peer has taken most of what was sent to it: answers are read one at a time, as the peer takes them. A
    /// queue full of blocks would make an honest peer look slow.
    pub(super) fn room(&self, session: ConnId) -> impl Future<Output = ()> + Send + use<> {
        let wire = self.actor.overlay.connection_of(session);
        let room = wire.and_then(|wire| self.links.get(&wire)).map(|link| link.outbox.room());
        async move {
            if let Some(room) = room {
                room.await;
            }
        }
    }

    /// Asks the mempool, once the asker has room.
    pub(super) fn fetch(&self, conn: ConnId, ids: Vec<Hash>) {
        let (mempool, own, room) = (self.actor.mempool.clone(), self.actor.own.clone(), self.room(conn));
        tokio::spawn(async move {
            room.await;
            if mempool.offer(mempool::Request::Fetch { conn, ids: ids.clone() }).is_err() {
                let answer = Answer::Transactions { conn, found: Vec::new(), missing: ids };
                // A stopped network needs no answer.
                let _ = own.send(Input::Answer(answer)).await;
            }
        });
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
        Query::Short { key, .. } => Answer::Short { key: *key, found: Vec::new() },
        Query::Branch(id) => Answer::Branch { id: *id, branch: None },
        Query::Missing(ids) => Answer::Missing(ids.clone()),
    }
}

fn answer_from(reader: &Reader, query: Query) -> Result<Answer, StoreError> {
    let snapshot = reader.snapshot()?;
    Ok(match query {
        Query::Headers { conn, locator, stop } => {
            let headers = headers_after(&snapshot, &locator, &stop, HEADERS_PER_MESSAGE);
            Answer::Headers { conn, headers: headers.map_err(|error| StoreError::Failed(error.to_string()))? }
        }
        Query::Block { conn, id } => Answer::Block { conn, id, block: snapshot.block(&id)? },
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

//! What the overlay asks the node's other machines: handed to their actors, or read from the store in separate tasks, a bounded number at a
//! time. For each peer the overlay asks one thing at a time.

use bouya_core::ledger::StateError;
use bouya_core::node::{keeper, pool, read};
use bouya_core::overlay::{Answer, ConnId, Input, PoolRequest, Request, StoreRequest};
use tracing::error;

use super::Running;
use crate::store::Reader;
use crate::{chain, mempool};

impl Running {
    pub(super) fn ask(&mut self, request: Request) {
        let refused = match request {
            Request::Keeper(request) => match self.actor.chain.place() {
                Ok(place) => return place.send(chain::ChainRequest::Keeper(keeper::Input::Request(request))),
                Err(_) => request.into(),
            },
            // What a peer requests is read once its queue has room.
            Request::Pool(PoolRequest::Fetch { conn, ids }) => return self.fetch(conn, ids),
            Request::Pool(request) => match self.actor.mempool.place() {
                Ok(place) => return place.send(mempool::MempoolRequest::Pool(pool::Input::Request(request))),
                Err(_) => Request::Pool(request),
            },
            Request::Store(request) => {
                return match request {
                    StoreRequest::Block { conn, .. } | StoreRequest::Headers { conn, .. } => {
                        self.read(request, self.room(conn));
                    }
                    StoreRequest::Missing(_) | StoreRequest::MissingBodies(_) => self.read(request, async {}),
                };
            }
        };
        self.handle(Input::Answer(refused.unanswered()));
    }

    /// Resolves once a session's peer has taken most of what was sent to it. So answers are read one at a time, as fast as the peer takes
    /// them: a queue full of blocks would make an honest peer look slow.
    fn room(&self, session: ConnId) -> impl Future<Output = ()> + Send + use<> {
        let wire = self.actor.overlay.connection_of(session);
        let room = wire.and_then(|wire| self.links.get(&wire)).map(|link| link.outbox.room());
        async move {
            if let Some(room) = room {
                room.await;
            }
        }
    }

    /// Asks the mempool once the peer's queue has room.
    fn fetch(&self, conn: ConnId, ids: Vec<bouya_core::crypto::Hash>) {
        let (mempool, own, room) = (self.actor.mempool.clone(), self.actor.own.clone(), self.room(conn));
        tokio::spawn(async move {
            room.await;
            let request = PoolRequest::Fetch { conn, ids };
            match mempool.place() {
                Ok(place) => place.send(mempool::MempoolRequest::Pool(pool::Input::Request(request))),
                // A stopped network needs no answer.
                Err(_) => drop(own.send(Input::Answer(Request::Pool(request).unanswered())).await),
            }
        });
    }

    /// Reads the store in a separate task, once `ready`.
    fn read(&self, request: StoreRequest, ready: impl Future<Output = ()> + Send + 'static) {
        let (reader, own, reads) = (self.actor.reader.clone(), self.actor.own.clone(), self.reads.clone());
        tokio::spawn(async move {
            ready.await;
            let Ok(_permit) = reads.acquire().await else { return };
            let unanswered = Request::Store(request.clone()).unanswered();
            let answer = match tokio::task::spawn_blocking(move || answer_from(&reader, request)).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => {
                    error!(%error, "cannot read the store for a peer");
                    unanswered
                }
                Err(_) => unanswered,
            };
            // A stopped network needs no answer.
            let _ = own.send(Input::Answer(answer)).await;
        });
    }
}

fn answer_from(reader: &Reader, request: StoreRequest) -> Result<Answer, StateError> {
    let snapshot = reader.snapshot()?;
    read(&snapshot, request)
}

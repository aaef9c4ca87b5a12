//! What all requests share, bounded so that they hold up neither each other nor the node: concurrent reads of the store, concurrent
//! questions to an actor, bytes of unread answers, event streams.
//!
//! A permit belongs to the work, not to the request: a client that asks and goes away frees nothing before its work is done.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bouya_core::limits::{
    API_ANSWERS_KIB, API_BODIES, API_CONTRACTS, API_IN_FLIGHT, API_LOOKS, API_PAGE_BYTES, API_QUESTIONS,
    API_READS, API_SMALL_BYTES, API_SNAPSHOTS, API_STREAMS,
};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Api;
use super::problem::{Name, Problem};
use crate::actor::Mailbox;
use crate::store::Snapshot;

/// The permits of all requests; see the module.
#[derive(Clone)]
pub struct Limits {
    pub(super) in_flight: Arc<Semaphore>,
    pub(super) bodies: Arc<Semaphore>,
    pub(super) reads: Arc<Semaphore>,
    pub(super) looks: Arc<Semaphore>,
    pub(super) mempool: Arc<Semaphore>,
    pub(super) network: Arc<Semaphore>,
    pub(super) answers: Arc<Semaphore>,
    pub(super) streams: Arc<Semaphore>,
    pub(super) snapshots: Arc<Semaphore>,
    pub(super) contracts: Arc<Semaphore>,
    pub(super) page_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let of = |permits| Arc::new(Semaphore::new(permits));
        Self {
            in_flight: of(API_IN_FLIGHT),
            bodies: of(API_BODIES),
            reads: of(API_READS),
            looks: of(API_LOOKS),
            mempool: of(API_QUESTIONS),
            network: of(API_QUESTIONS),
            answers: of(API_ANSWERS_KIB),
            streams: of(API_STREAMS),
            snapshots: of(API_SNAPSHOTS),
            contracts: of(API_CONTRACTS),
            page_bytes: API_PAGE_BYTES,
        }
    }
}

/// The bytes of an answer, and the permit for them, held until they are dropped.
struct Answer {
    bytes: Vec<u8>,
    _room: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Api {
    /// Reads the store on a thread where that may take long.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Snapshot) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let reader = self.reader.clone();
        self.work(move || read(&reader.snapshot()?)).await
    }

    /// Reads the store and encodes what was found, which may be large.
    pub(super) async fn read_json<T: Serialize>(
        &self,
        read: impl FnOnce(&Snapshot) -> Result<T, Problem> + Send + 'static,
    ) -> Result<Response, Problem> {
        let written =
            self.read(move |snapshot| serde_json::to_vec(&read(snapshot)?).map_err(Problem::internal));
        self.answer("application/json", written.await?)
    }

    /// An answer with these bytes.
    pub(super) fn answer(&self, kind: &'static str, bytes: Vec<u8>) -> Result<Response, Problem> {
        let room = if bytes.len() <= API_SMALL_BYTES {
            None
        } else {
            let kib = u32::try_from(bytes.len().div_ceil(1_024)).unwrap_or(u32::MAX);
            let full =
                |_| Problem::busy("other clients have not yet read their answers; try again in a moment");
            Some(self.limits.answers.clone().try_acquire_many_owned(kib).map_err(full)?)
        };
        let body = Body::from(Bytes::from_owner(Answer { bytes, _room: room }));
        Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
    }

    /// Does slow work on another thread, so that nobody else waits for it.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        work_in_turn(&self.limits.reads, work).await
    }

    /// Runs a contract on a snapshot, off the chain's thread. So much at once that it does not slow the node down: nobody waits for a turn.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Snapshot) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let busy = |_| Problem::busy("other contracts run for other clients; try again in a moment");
        let turn = self.limits.contracts.clone().try_acquire_owned().map_err(busy)?;
        let reader = self.reader.clone();
        in_background(turn, move || run(&reader.snapshot()?)).await
    }

    /// Whether the store answers.
    pub(super) async fn look(&self) -> Result<(), Problem> {
        let reader = self.reader.clone();
        work_in_turn(&self.limits.looks, move || Ok(reader.snapshot()?.tip().map(drop)?)).await
    }
}

async fn work_in_turn<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    in_background(turn(turns).await?, work).await
}

async fn in_background<T: Send + 'static>(
    turn: OwnedSemaphorePermit,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    done.await.unwrap_or_else(|_| Err(Problem::internal("reading was interrupted")))
}

/// Asks an actor once it is this question's turn.
pub(super) async fn ask<M: Send + 'static, R: Send + 'static>(
    turns: &Arc<Semaphore>,
    actor: &Mailbox<M>,
    question: impl FnOnce(tokio::sync::oneshot::Sender<R>) -> M + Send + 'static,
) -> Result<R, Problem> {
    let (turn, actor) = (turn(turns).await?, actor.clone());
    let asked = tokio::spawn(async move {
        let answer = actor.ask(question).await;
        drop(turn);
        answer
    });
    Ok(asked.await.map_err(|_| Problem::internal("asking was interrupted"))??)
}

async fn turn(turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
    // The semaphores are never closed.
    turns.clone().acquire_owned().await.map_err(|_| Problem::busy("the node is stopping"))
}

impl Problem {
    /// Too much at once; the client may try again.
    pub(super) fn busy(detail: &str) -> Self {
        Self::new(Name::Busy, detail)
    }
}

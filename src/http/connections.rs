//! The open connections. At the cap the oldest idle one makes room, so that a client that holds idle connections locks nobody out.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use hyper::body::{Bytes, Frame, SizeHint};
use tokio_util::sync::CancellationToken;

/// All connections, oldest first.
#[derive(Clone)]
pub(super) struct Connections {
    most: usize,
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    next: u64,
    open: BTreeMap<u64, Open>,
}

#[derive(Clone, Default)]
struct Open {
    /// Requests that are worked on, or whose answer is still being sent.
    busy: Arc<AtomicUsize>,
    cut: CancellationToken,
}

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        Self { most, table: Arc::default() }
    }

    /// A place for one more; none if all others are busy.
    pub(super) fn admit(&self) -> Option<Place> {
        let mut table = self.lock();
        if table.open.len() >= self.most {
            let idle = table.open.iter().find(|(_, open)| open.busy.load(Ordering::Relaxed) == 0);
            let oldest = idle.map(|(id, _)| *id)?;
            if let Some(open) = table.open.remove(&oldest) {
                open.cut.cancel();
            }
        }
        let (id, open) = (table.next, Open::default());
        table.next += 1;
        table.open.insert(id, open.clone());
        Some(Place { id, open, connections: self.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place, given back when dropped.
pub(super) struct Place {
    id: u64,
    open: Open,
    connections: Connections,
}

impl Place {
    /// Resolves when the place has gone to another connection.
    pub(super) async fn lost(&self) {
        self.open.cut.cancelled().await;
    }

    /// Busy for as long as this lives.
    pub(super) fn busy(&self) -> Busy {
        self.open.busy.fetch_add(1, Ordering::Relaxed);
        Busy(self.open.busy.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().open.remove(&self.id);
    }
}

/// Work on one request.
pub(super) struct Busy(Arc<AtomicUsize>);

impl Busy {
    /// Counts the request as busy until its answer has gone to the socket.
    pub(super) fn until_sent(self, response: Response) -> Response {
        response.map(|body| Body::new(Sending { body, _busy: self }))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Sending {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_idle_connection_makes_room() {
        let connections = Connections::new(3);
        let places: Vec<_> = (0..3).map(|_| connections.admit().unwrap()).collect();
        let at_work = places[0].busy();
        let newest = connections.admit().unwrap();
        let lost: Vec<_> = places.iter().map(|place| place.open.cut.is_cancelled()).collect();
        assert_eq!(lost, [false, true, false]);
        drop(places);
        // The one that lost its place gave back nothing twice.
        let more: Vec<_> = (0..2).map(|_| connections.admit().unwrap()).collect();
        assert!(!newest.open.cut.is_cancelled());
        drop((at_work, more));
    }

    #[test]
    fn a_newcomer_waits_for_busy_ones() {
        let connections = Connections::new(2);
        let places: Vec<_> = (0..2).map(|_| connections.admit().unwrap()).collect();
        let work: Vec<_> = places.iter().map(Place::busy).collect();
        assert!(connections.admit().is_none());
        // Work goes on until the answer has left.
        let sending: Vec<_> = work.into_iter().map(|busy| busy.until_sent(Response::default())).collect();
        assert!(connections.admit().is_none());
        drop(sending);
        assert!(connections.admit().is_some());
    }
}

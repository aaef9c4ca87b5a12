//! The server: HTTP/1 over TCP with timeouts that really fire, a bounded number of connections, and a clean stop.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use bouya_core::limits::{
    API_ACCEPT_PAUSE, API_ACCEPT_TELL_EVERY, API_BUFFER_BYTES, API_CONNECTIONS, API_HEAD_TIMEOUT,
    API_HEADER_FIELDS, API_SEND_BUFFER_BYTES, API_STALL_TIMEOUT,
};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::connections::{Connections, Place};
use super::metrics::Metrics;
use super::stall::Stalling;
use super::{Api, router};

/// How long a client may take.
#[derive(Clone, Copy)]
pub(super) struct Deadlines {
    /// For a request's head, counted from the start of the connection or from the last answer.
    pub(super) head: Duration,
    /// For reading 64 KiB of an answer, or the rest of it.
    pub(super) stall: Duration,
}

pub(super) const DEADLINES: Deadlines = Deadlines { head: API_HEAD_TIMEOUT, stall: API_STALL_TIMEOUT };

/// Serves until `api.stop`, then lets requests under way finish. It runs on its own thread and runtime, so that requests in a flood compete
/// with each other and not with the peers.
pub async fn serve(listener: TcpListener, api: Api) -> io::Result<()> {
    let (listener, stop) = (listener.into_std()?, api.stop.clone());
    let (tell, ended) = oneshot::channel();
    thread::Builder::new().name("api".to_owned()).spawn(move || {
        // This fails only if the node has ended and nobody waits for the result.
        let _ = tell.send(run(listener, api));
    })?;
    ended.await.unwrap_or_else(|_| {
        stop.cancel();
        Err(io::Error::other("the API's thread ended"))
    })
}

fn run(listener: std::net::TcpListener, api: Api) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(async { Server::new(api).run(TcpListener::from_std(listener)?).await });
    // A read that has not ended must not hold up the stop.
    runtime.shutdown_background();
    served
}

/// What all connections share.
pub(super) struct Server {
    router: Router,
    metrics: Metrics,
    stop: CancellationToken,
    pub(super) connections: Connections,
    pub(super) deadlines: Deadlines,
}

impl Server {
    /// Must be called within a runtime.
    pub(super) fn new(api: Api) -> Self {
        let (stop, metrics) = (api.stop.clone(), Metrics::default());
        tokio::spawn(metrics.clone().count_events(api.events.listen(), stop.clone()));
        let router = metrics.clone().watch(router(api));
        Self { router, metrics, stop, connections: Connections::new(API_CONNECTIONS), deadlines: DEADLINES }
    }

    pub(super) async fn run(self, listener: TcpListener) -> io::Result<()> {
        let tasks = TaskTracker::new();
        let mut told = None;
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => match self.connections.admit() {
                    Some(place) => {
                        let (router, stop) = (self.router.clone(), self.stop.clone());
                        tasks.spawn(connection(stream, router, place, stop, self.deadlines));
                    }
                    None => self.metrics.refused(),
                },
                Err(error) => {
                    self.metrics.accept_failed();
                    if told.is_none_or(|told: Instant| told.elapsed() >= API_ACCEPT_TELL_EVERY) {
                        warn!(%error, "the API could not accept a connection");
                        told = Some(Instant::now());
                    }
                    tokio::time::sleep(API_ACCEPT_PAUSE).await;
                }
            }
        }
        drop((listener, self.router));
        tasks.close();
        // The node does not wait without end.
        let _ = tokio::time::timeout(Duration::from_secs(2), tasks.wait()).await;
        Ok(())
    }
}

pub(super) async fn connection(
    stream: TcpStream,
    router: Router,
    place: Place,
    stop: CancellationToken,
    deadlines: Deadlines,
) {
    // Small answers are sent at once; both options are best effort.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_send_buffer_size(API_SEND_BUFFER_BYTES);
    let router = TowerToHyperService::new(router);
    let service = service_fn(|request| {
        let (busy, answer) = (place.busy(), router.call(request));
        async move { answer.await.map(|response| busy.until_sent(response)) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(deadlines.head)
        .max_buf_size(API_BUFFER_BYTES)
        .max_headers(API_HEADER_FIELDS)
        .serve_connection(TokioIo::new(Stalling::new(stream, deadlines.stall)), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = place.lost() => return,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "an API connection ended badly");
    }
}

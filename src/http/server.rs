//! The server: HTTP/1 over TCP with timeouts that really fire, a bounded number of connections, and a clean stop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::metrics::Metrics;
use super::{Api, router};

/// Connections at once; more wait to be accepted.
const CONNECTIONS: usize = 256;
/// A request's headers must be there within this time.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// After an accept that failed for lack of file descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until `api.stop`, then lets requests under way finish.
pub async fn serve(listener: TcpListener, api: Api) -> io::Result<()> {
    let (stop, metrics) = (api.stop.clone(), Metrics::default());
    tokio::spawn(metrics.clone().count_events(api.events.listen(), stop.clone()));
    let router = metrics.watch(router(api));
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let next = async { (slots.clone().acquire_owned().await, listener.accept().await) };
        let (slot, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, _)) => {
                let (router, stop) = (router.clone(), stop.clone());
                tokio::spawn(async move {
                    connection(stream, router, stop, HEADER_TIMEOUT).await;
                    drop(slot);
                });
            }
            Err(error) => {
                warn!(%error, "the API could not accept a connection");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop((listener, router));
    // All slots free: everything under way is done. The node does not wait for ever.
    let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(Duration::from_secs(2), slots.acquire_many(all)).await;
    Ok(())
}

pub(super) async fn connection(
    stream: TcpStream,
    router: Router,
    stop: CancellationToken,
    header_timeout: Duration,
) {
    // Small answers leave at once; best effort.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "an API connection ended badly");
    }
}

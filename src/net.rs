//! Connections between nodes: TCP, mutual TLS, frames. What they mean is decided in [`bouya_core::overlay`].
//!
//! | module | does |
//! |---|---|
//! | [`tls`] | identity files, TLS on both sides, and the one place where an id counts as proven |
//! | [`crl`] | revoked serials: a union that never shrinks |
//! | [`listen`] | accepts sockets; strangers cost little |
//! | [`dial`] | opens connections |
//! | [`connection`] | one task each: frames in, queue out |
//! | [`network`] | the hub: an actor that owns the overlay and carries out its outputs |
//! | [`request`] | what the API may ask of it |
//!
//! Everything that happens goes to the hub through one bounded channel of [`NetEvent`]s. When it is full, connections stop reading
//! and TCP slows their peers down. The hub itself never waits for a connection: see [`connection::Outbox`].

pub mod connection;
pub mod crl;
pub mod dial;
pub mod listen;
pub mod network;
mod pending;
mod rate;
mod report;
pub mod request;
pub mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::proxy::Proxy;
use bouya_core::limits::{
    CLOSE_DRAIN, CONNECT_TIMEOUT, HELLO_TIMEOUT, SEND_STALL, TCP_DEAD_AFTER, TLS_TIMEOUT,
};
use bouya_core::overlay::{ConnId, Input};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use self::connection::Outbox;
use self::crl::CrlError;
use self::tls::{IdentityError, Session, Tls};

/// What this node says in its hello that it runs.
pub const AGENT: &str = concat!("bouya/", env!("CARGO_PKG_VERSION"));

/// What the network tells its hub.
#[derive(Debug)]
pub enum NetEvent {
    /// TLS has proven a peer. Always the first event of its connection.
    Up {
        /// The proven id, and what is needed to check the certificate again later.
        session: Session,
        /// Sends to the peer. Dropping it closes the connection.
        outbox: Outbox,
        /// `Accepted` or `Dialed`.
        input: Input,
    },
    /// Revocation lists (DER) of a proven peer that was turned away because the lists here are overdue.
    Lists(Vec<Vec<u8>>),
    /// Revocation lists were checked: whether they had something new, and why one was refused.
    TakenIn(bool, Option<CrlError>),
    /// The certificate files were read: whether they had something new.
    Files(Result<bool, IdentityError>),
    /// Anything else: `DialFailed`, `Hello`, `Received`, `Broken`, `Closed`.
    Input(Input),
}

/// Bytes of frames that went to peers and came from them, since the start. TLS adds 22 bytes to each record of up to 16 KiB.
#[derive(Debug)]
pub struct Traffic {
    sent: AtomicU64,
    received: AtomicU64,
    /// Seconds from TCP to a peer's hello, of connections that got so far.
    pub handshakes: Histogram,
}

impl Default for Traffic {
    fn default() -> Self {
        // From two machines in one room to the deadline for hello.
        let handshakes = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        Self { sent: AtomicU64::default(), received: AtomicU64::default(), handshakes }
    }
}

impl Traffic {
    /// Each count's name, meaning and value, for metrics.
    pub fn counts(&self) -> [(&'static str, &'static str, u64); 2] {
        let count = |name, help, count: &AtomicU64| (name, help, count.load(Ordering::Relaxed));
        [
            count("wire_bytes_sent", "Bytes of frames to peers, before TLS", &self.sent),
            count("wire_bytes_received", "Bytes of frames from peers, after TLS", &self.received),
        ]
    }
}

fn count(counter: &AtomicU64, bytes: usize) {
    counter.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// What every listener, dial and connection of a node shares.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Certificates, roots, revocations.
    pub tls: Arc<Tls>,
    /// Where events go.
    pub hub: mpsc::Sender<NetEvent>,
    /// How long things may take.
    pub deadlines: Deadlines,
    /// Through which all dials go; none: straight.
    pub proxy: Option<Arc<Proxy>>,
    /// Counts what goes over connections.
    pub traffic: Arc<Traffic>,
    conns: Arc<AtomicU64>,
}

impl Shared {
    /// What a node's connections share.
    pub fn new(tls: Arc<Tls>, hub: mpsc::Sender<NetEvent>, deadlines: Deadlines) -> Self {
        Self { tls, hub, deadlines, proxy: None, traffic: Arc::default(), conns: Arc::default() }
    }

    fn next_conn(&self) -> ConnId {
        ConnId(self.conns.fetch_add(1, Ordering::Relaxed))
    }
}

/// How long things may take. Tests choose shorter spans: paused time does not move sockets.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Finding a host's addresses, and TCP to one of them.
    pub connect: Duration,
    /// TLS, from accept or connect.
    pub tls: Duration,
    /// The peer's hello, from accept or connect.
    pub hello: Duration,
    /// A write without progress.
    pub stall: Duration,
    /// Emptying the queue and saying goodbye, once closing has begun.
    pub drain: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: CONNECT_TIMEOUT,
            tls: TLS_TIMEOUT,
            hello: HELLO_TIMEOUT,
            stall: SEND_STALL,
            // A node's shutdown has 5 s in all.
            drain: CLOSE_DRAIN,
        }
    }
}

/// Small messages are sent at once, and a vanished host is noticed. Best effort: a socket without these options still works.
fn tune(socket: &TcpStream) {
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(TCP_DEAD_AFTER / 2)
        .with_interval(TCP_DEAD_AFTER / 6)
        .with_retries(3);
    let raw = socket2::SockRef::from(socket);
    let done = socket
        .set_nodelay(true)
        .and_then(|()| raw.set_tcp_keepalive(&keepalive))
        .and_then(|()| raw.set_tcp_user_timeout(Some(TCP_DEAD_AFTER)));
    if let Err(error) = done {
        tracing::debug!(%error, "socket options refused");
    }
}

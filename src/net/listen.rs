//! Accepting: strangers cost little until their hello is read.
//!
//! A socket passes token buckets (per address, then in all) and gets a pending slot (see `pending`) and its own task. It has an absolute
//! deadline for TLS and one for hello, both counted from accept. Failures are counted and logged once a minute, not one line each.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bouya_core::limits::{ACCEPT_BACKLOG, ACCEPT_PAUSE, ACCEPT_TELL_EVERY, RATES_FORGET_EVERY};
use governor::clock::DefaultClock;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};
use tokio_rustls::{TlsAcceptor, TlsStream};

use super::connection::{self, Origin};
use super::pending::{Pending, Slot};
use super::rate::Rates;
use super::tls::{Session, explain, verified};
use super::{Shared, tune};

/// Binds a listening socket.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restarted node should not have to wait for old connections to time out.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(ACCEPT_BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// What became of sockets, since the start.
#[derive(Debug, Default)]
pub struct Stats {
    /// Accepted by the kernel.
    pub accepted: AtomicU64,
    /// Closed unread: too many came too fast, from their address or in all.
    pub limited: AtomicU64,
    /// Closed to make room for another stranger.
    pub evicted: AtomicU64,
    /// TLS failed, or the certificate was refused.
    pub refused: AtomicU64,
    /// The kernel could not give a socket (no file descriptors).
    pub exhausted: AtomicU64,
    last: Mutex<Option<String>>,
}

impl Stats {
    /// The latest refusal, for people.
    pub fn last_refusal(&self) -> Option<String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Each count's name, meaning and value, for metrics.
    pub fn counts(&self) -> [(&'static str, &'static str, u64); 5] {
        let count = |name, help, count: &AtomicU64| (name, help, count.load(Ordering::Relaxed));
        [
            count("sockets_accepted", "Sockets that the kernel gave, peers' included", &self.accepted),
            count("sockets_limited", "Sockets reset unread, because they came too fast", &self.limited),
            count("sockets_evicted", "Sockets without hello, closed to make room", &self.evicted),
            count("sockets_refused", "Sockets whose TLS or certificate was refused", &self.refused),
            count("sockets_exhausted", "Times that no descriptor was left for a socket", &self.exhausted),
        ]
    }

    fn refuse(&self, from: SocketAddr, why: &str) {
        add(&self.refused);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{from}: {why}"));
    }

    fn losses(&self) -> [u64; 4] {
        [&self.limited, &self.evicted, &self.refused, &self.exhausted]
            .map(|count| count.load(Ordering::Relaxed))
    }
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// A running listener.
pub struct Listener {
    /// Where it listens, with the port that the system chose if it was 0.
    pub address: SocketAddr,
    /// What became of sockets.
    pub stats: Arc<Stats>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Accepts sockets until it is dropped; their connections live on.
    pub fn spawn(shared: Shared, listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let stats = Arc::<Stats>::default();
        let accept = Accept {
            shared,
            stats: stats.clone(),
            pending: Pending::default(),
            rates: Rates::new(DefaultClock::default()),
        };
        let task = tokio::spawn(accept.run(listener));
        Ok(Self { address, stats, task })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener on {}", self.address)
    }
}

struct Accept {
    shared: Shared,
    stats: Arc<Stats>,
    pending: Pending,
    rates: Rates,
}

impl Accept {
    async fn run(mut self, listener: TcpListener) {
        let (mut forget, mut tell) = (interval(RATES_FORGET_EVERY), interval(ACCEPT_TELL_EVERY));
        forget.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tell.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = [0; 4];
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((socket, from)) => self.take(socket, from),
                    Err(error) => self.pause(&error).await,
                },
                _ = forget.tick() => self.rates.forget(),
                _ = tell.tick() => told = self.tell(told),
            }
        }
    }

    fn take(&mut self, socket: TcpStream, from: SocketAddr) {
        let opened = Instant::now();
        add(&self.stats.accepted);
        if !self.rates.allow(from.ip()) {
            add(&self.stats.limited);
            // Closed by a reset, so that a flood leaves no closed connections behind in the kernel.
            let _ = socket.set_zero_linger();
            return;
        }
        let (slot, evicted) = self.pending.enter(from.ip());
        if evicted {
            add(&self.stats.evicted);
        }
        tokio::spawn(welcome(self.shared.clone(), self.stats.clone(), socket, from, opened, slot));
    }

    /// If the peer has gone before it was accepted, there is nothing to do. Any other error (no descriptors, no memory) needs time and
    /// room: this process can do without the sockets of strangers.
    async fn pause(&self, error: &io::Error) {
        if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) {
            return;
        }
        add(&self.stats.exhausted);
        if self.pending.evict() {
            add(&self.stats.evicted);
        }
        sleep(ACCEPT_PAUSE).await;
    }

    fn tell(&self, told: [u64; 4]) -> [u64; 4] {
        let now = self.stats.losses();
        if now != told {
            let [limited, evicted, refused, exhausted] = now;
            let last = self.stats.last_refusal().unwrap_or_default();
            tracing::warn!(
                limited, evicted, refused, exhausted, last_refusal = %last,
                "sockets turned away (counted since the start)"
            );
        }
        now
    }
}

/// One socket, from accept to the end of its connection.
async fn welcome(
    shared: Shared,
    stats: Arc<Stats>,
    socket: TcpStream,
    from: SocketAddr,
    opened: Instant,
    slot: Slot,
) {
    tune(&socket);
    let proven = tokio::select! {
        proven = prove(&shared, &stats, socket, from, opened) => proven,
        () = slot.evicted.cancelled() => None,
    };
    if let Some((stream, session)) = proven {
        let origin = Origin::Accepted(from.ip().to_canonical(), slot);
        connection::start(shared, stream, session, opened, origin).await;
    }
}

/// TLS, and who it is. A refusal is counted before the peer is told, because telling the peer may take time.
async fn prove(
    shared: &Shared,
    stats: &Stats,
    socket: TcpStream,
    from: SocketAddr,
    opened: Instant,
) -> Option<(TlsStream<TcpStream>, Session)> {
    let deadline = opened + shared.deadlines.tls;
    let accept = TlsAcceptor::from(shared.tls.server_config()).accept(socket).into_fallible();
    let stream = match timeout_at(deadline, accept).await {
        Ok(Ok(stream)) => TlsStream::Server(stream),
        Ok(Err((error, mut socket))) => {
            stats.refuse(from, &reason(&error));
            // The alert must reach the peer: a reset would discard it, and the peer would never learn what is wrong.
            let _ = socket.shutdown().await;
            let _ = timeout_at(deadline, connection::linger(&mut socket, &shared.deadlines)).await;
            return None;
        }
        Err(_) => {
            stats.refuse(from, "TLS took too long");
            return None;
        }
    };
    match verified(&shared.tls, &stream, None) {
        Ok(session) => Some((stream, session)),
        Err(refusal) => {
            stats.refuse(from, &refusal.to_string());
            connection::turn_away(stream, &refusal, shared).await;
            None
        }
    }
}

fn reason(error: &io::Error) -> String {
    explain::tls_error(error)
        .and_then(|tls| explain::verdict(tls).or_else(|| explain::refused(tls)))
        .unwrap_or_else(|| format!("TLS failed: {error}"))
}

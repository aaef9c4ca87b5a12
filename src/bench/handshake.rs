//! Our listener: from TCP to a hello that was read, beside rustls alone. Both ends are here.
//!
//! The listener takes so many sockets at once and then few per second: that keeps strangers cheap and is not what is measured. Each round has a
//! new listener, and each socket an address of its own, of those that the loopback has.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bouya_core::crypto::Hash;
use bouya_core::limits::{ACCEPTS_TOTAL, PENDING_SOCKETS};
use bouya_core::overlay::Input;
use bouya_core::wire::{Hello, TipSummary, frame};
use bouya_harness::TempFolder;
use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::limits::identities;
use super::{BenchError, Figure, Limits, Report, Run, cores};
use crate::devnet;
use crate::net::listen::{Listener, bind};
use crate::net::tls::Tls;
use crate::net::{Deadlines, NetEvent, Shared};

/// Sockets of one round: what a listener takes at once.
const ROUND: usize = ACCEPTS_TOTAL.1 as usize;
/// Sockets under way at once.
const AT_ONCE: usize = PENDING_SOCKETS / 4;

/// How often.
#[derive(Clone, Copy, Debug)]
pub struct HandshakeBench {
    pub rounds: usize,
}

pub fn run(settings: &HandshakeBench, run: &mut Run<'_>) -> Result<Report, BenchError> {
    let limits = Limits::measure(run)?;
    let folder = TempFolder::new("bouya-bench")?;
    let [server, client] = identities(&folder)?.map(Arc::new);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| BenchError::system("no runtime", error))?;
    let (mut took, mut count) = (Duration::ZERO, 0);
    for round in 0..settings.rounds {
        run.stop.check()?;
        (run.say)(&format!("round {} of {}", round + 1, settings.rounds));
        took += runtime.block_on(one(server.clone(), client.clone()))?;
        count += ROUND;
    }
    let mut report = Report::new("handshake", &[("rounds", settings.rounds as f64)], &limits);
    let limit = limits.handshake * cores() as f64;
    report.add(
        Figure::new("handshakes_per_second", count as f64 / took.as_secs_f64(), "1/s")
            .of("rustls alone on all cores", limit)
            .aim(0.7 * limit, "0.7 of the limit; beyond: 0.9"),
    );
    report.add(Figure::new("hellos", count as f64, ""));
    Ok(report)
}

async fn one(server: Arc<Tls>, client: Arc<Tls>) -> Result<Duration, BenchError> {
    let failed = |error: std::io::Error| BenchError::system("handshakes", error);
    let (hub, mut events) = mpsc::channel(1_024);
    let shared = Shared::new(server, hub, Deadlines::default());
    let socket = bind((Ipv4Addr::LOCALHOST, 0).into()).map_err(failed)?;
    let listener = Listener::spawn(shared, socket).map_err(failed)?;
    let (to, hello) = (listener.address, Arc::new(hello()));
    let began = Instant::now();
    let (mut dials, mut next) = (JoinSet::new(), 0);
    let (mut hellos, mut held) = (0, Vec::new());
    while hellos < ROUND {
        while next < ROUND && next < hellos + AT_ONCE {
            dials.spawn(dial(client.clone(), to, next, hello.clone()));
            next += 1;
        }
        tokio::select! {
            event = events.recv() => match event {
                // The way to a peer is kept: dropped, it closes the connection.
                Some(NetEvent::Up { outbox, .. }) => held.push(outbox),
                Some(NetEvent::Input(Input::Hello { .. })) => hellos += 1,
                Some(_) => {}
                None => return Err(BenchError::System("the listener has ended".to_owned())),
            },
            Some(dialed) = dials.join_next() => {
                let stream = dialed.map_err(|error| BenchError::system("handshakes", error))?.map_err(failed)?;
                // Open until the round is over: its end is not what is measured.
                dials.spawn(async move {
                    let _stream = stream;
                    std::future::pending().await
                });
            }
        }
    }
    Ok(began.elapsed())
}

type Stream = tokio_rustls::client::TlsStream<tokio::net::TcpStream>;

async fn dial(tls: Arc<Tls>, to: SocketAddr, number: usize, hello: Arc<Vec<u8>>) -> std::io::Result<Stream> {
    let [high, low] = (number as u16).to_be_bytes();
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::new(127, 7, high, low), 0).into())?;
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from(devnet::name(0)).map_err(std::io::Error::other)?;
    let mut stream = TlsConnector::from(tls.client_config()).connect(name, stream).await?;
    stream.write_all(&hello).await?;
    stream.flush().await?;
    Ok(stream)
}

/// As a node says it, but for what only its own overlay looks at.
fn hello() -> Vec<u8> {
    let id = devnet::name(1).parse();
    let hello = id.map(|id| Hello {
        protocols: (1, 1),
        features: Vec::new(),
        network: Hash::ZERO,
        id,
        agent: "bench".to_owned(),
        instance: "bench".to_owned(),
        listen: None,
        tip: TipSummary { height: 0, hash: Hash::ZERO, work: Default::default() },
        lowest_block: 0,
        rules: Hash::ZERO,
        overrides: None,
        crls: Vec::new(),
        member: None,
        time_ms: 0,
        finalized: None,
    });
    hello.map_or_else(|_| Vec::new(), |hello: Hello| frame(&hello.to_json()))
}

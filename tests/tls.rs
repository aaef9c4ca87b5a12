//! Real TLS on the loopback: who gets in, who does not and why, and how a connection deals with time and bytes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "tls/ca.rs"]
mod ca;
#[path = "tls/connections.rs"]
mod connections;
#[path = "tls/files.rs"]
mod files;
#[path = "tls/lists.rs"]
mod lists;
#[path = "tls/matrix.rs"]
mod matrix;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bouya::net::connection::Outbox;
use bouya::net::listen::{self, Listener};
use bouya::net::tls::{Session, Tls};
use bouya::net::{Deadlines, NetEvent, Shared, dial};
use bouya_core::crypto::SecretKey;
use bouya_core::overlay::{ConnId, DialError, Input};
use bouya_core::testing;
use bouya_core::wire::Hello;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

/// What has not happened after this long never happens.
const PATIENCE: Duration = Duration::from_secs(20);

/// The network side of a node. The test takes the place of its hub.
struct Node {
    shared: Shared,
    events: mpsc::Receiver<NetEvent>,
}

impl Node {
    fn new(tls: Arc<Tls>) -> Self {
        Self::with(tls, Deadlines::default(), 64)
    }

    fn with(tls: Arc<Tls>, deadlines: Deadlines, room: usize) -> Self {
        let (hub, events) = mpsc::channel(room);
        Self { shared: Shared::new(tls, hub, deadlines), events }
    }

    fn listen(&self) -> Listener {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        Listener::spawn(self.shared.clone(), listen::bind(loopback).unwrap()).unwrap()
    }

    fn dial(&self, id: &str, to: SocketAddr) {
        dial::spawn(self.shared.clone(), id.parse().unwrap(), to.to_string().parse().unwrap(), true);
    }

    async fn event(&mut self) -> NetEvent {
        timeout(PATIENCE, self.events.recv()).await.expect("an event in time").expect("the channel lives")
    }

    async fn input(&mut self) -> Input {
        match self.event().await {
            NetEvent::Input(input) => input,
            other => panic!("{other:?}"),
        }
    }

    async fn up(&mut self) -> (ConnId, Session, Outbox) {
        match self.event().await {
            NetEvent::Up {
                session,
                outbox,
                input: Input::Accepted { conn, .. } | Input::Dialed { conn, .. },
            } => (conn, session, outbox),
            other => panic!("{other:?}"),
        }
    }

    async fn dial_error(&mut self) -> DialError {
        match self.input().await {
            Input::DialFailed { why, .. } => why,
            other => panic!("{other:?}"),
        }
    }
}

fn hello(id: &str) -> Hello {
    testing::hello(&testing::genesis(), id)
}

fn member_key(id: &str) -> SecretKey {
    let mut seed = [0; 32];
    seed[..id.len()].copy_from_slice(id.as_bytes());
    SecretKey::from_seed(&seed)
}

/// Connects two nodes that both say hello.
async fn greeted(one: &mut Node, two: &mut Node, to: SocketAddr) -> [(ConnId, Session, Outbox); 2] {
    one.dial("bob", to);
    let (left, right) = (one.up().await, two.up().await);
    left.2.greet(hello("alice"), &member_key("alice"));
    right.2.greet(hello("bob"), &member_key("bob"));
    for (node, session) in [(one, &left.1), (two, &right.1)] {
        let Input::Hello { hello: theirs, .. } = node.input().await else { panic!("no hello") };
        theirs.check(&hello("ours"), &session.verified.id, &session.verified.session.0).unwrap();
        assert_eq!(theirs.member.unwrap().key, member_key(session.verified.id.as_str()).public());
    }
    [left, right]
}

async fn connect(
    config: ClientConfig,
    to: SocketAddr,
    name: &str,
) -> std::io::Result<client::TlsStream<TcpStream>> {
    connect_shared(Arc::new(config), to, name).await
}

async fn connect_shared(
    config: Arc<ClientConfig>,
    to: SocketAddr,
    name: &str,
) -> std::io::Result<client::TlsStream<TcpStream>> {
    let socket = TcpStream::connect(to).await?;
    TlsConnector::from(config).connect(ServerName::try_from(name.to_owned()).unwrap(), socket).await
}

/// A server that accepts one connection after another and passes on the result of each handshake.
async fn serve(
    config: ServerConfig,
) -> (SocketAddr, mpsc::Receiver<std::io::Result<server::TlsStream<TcpStream>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel(8);
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            if sender.send(acceptor.accept(socket).await).await.is_err() {
                return;
            }
        }
    });
    (address, receiver)
}

/// Waits until `done` holds.
async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let wait = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await; // poll
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}

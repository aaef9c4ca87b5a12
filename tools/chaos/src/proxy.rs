//! The wires: every connection between two nodes runs through here, where it can be cut, delayed, narrowed and broken.
//!
//! A node has one front, the address that it advertises; behind it is the node itself. Who dials is found out from the system (see
//! [`who`]), so each link has its own state although addresses spread as they do in a real network: a front for each pair would be told
//! on by the nodes, and a cut link be walked around.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use self::link::{Links, Wire};

pub(crate) mod link;
mod pump;
pub(crate) mod who;

/// How long a dial waits at a cut link: longer than any dialer does.
const HELD: Duration = Duration::from_secs(60);

/// What the wires know of a node.
#[derive(Debug, Default)]
pub(crate) struct Plug {
    /// Where it listens itself; 0 while it does not run.
    pub(crate) port: AtomicU16,
    /// Its process; 0 while there is none.
    pub(crate) pid: AtomicU32,
}

/// The wires between so many nodes.
pub(crate) struct Proxy {
    pub(crate) links: Links,
    plugs: Vec<Arc<Plug>>,
}

impl Proxy {
    pub(crate) fn new(plugs: Vec<Arc<Plug>>) -> Arc<Self> {
        Arc::new(Self { links: Links::new(plugs.len()), plugs })
    }

    /// Opens a node's front; where it is. Must be called within a runtime.
    pub(crate) async fn open(self: &Arc<Self>, node: usize) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let front = listener.local_addr()?;
        let proxy = self.clone();
        tokio::spawn(async move {
            loop {
                if let Ok((stream, from)) = listener.accept().await {
                    let proxy = proxy.clone();
                    tokio::spawn(async move { proxy.serve(stream, (from, front), node).await });
                }
            }
        });
        Ok(front)
    }

    /// One connection, from accept to end.
    async fn serve(&self, dialer: TcpStream, (from, front): (SocketAddr, SocketAddr), to: usize) {
        let pids: Vec<u32> = self.plugs.iter().map(|plug| plug.pid.load(Ordering::SeqCst)).collect();
        let found = tokio::task::spawn_blocking(move || who::dialed(from, front, &pids)).await;
        // Nobody of ours, or gone already.
        let Ok(Some(from)) = found else { return };
        let wire = self.links.wire(from, to);
        self.connect(dialer, wire, (from, to)).await;
    }

    async fn connect(&self, dialer: TcpStream, mut wire: Wire, (from, to): (usize, usize)) {
        if wire.is_refused() || timeout(HELD, wire.passable()).await.is_err() || wire.is_refused() {
            return;
        }
        let Ok(target) = self.dial(from, to).await else { return };
        let _open = self.links.opened(from, to);
        pump::both(dialer, target, wire).await;
    }

    /// Each node dials from an address of its own, as real ones do: nodes limit what one address may do.
    async fn dial(&self, from: usize, to: usize) -> io::Result<TcpStream> {
        let port = self.plugs[to].port.load(Ordering::SeqCst);
        let socket = TcpSocket::new_v4()?;
        let own = Ipv4Addr::new(127, 1, (from >> 8) as u8, (from & 0xff) as u8 + 1);
        socket.bind(SocketAddrV4::new(own, 0).into())?;
        socket.connect(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into()).await
    }
}

#[cfg(test)]
mod tests;

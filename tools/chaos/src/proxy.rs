//! The wires: every connection between two nodes runs through here, where it can be cut, delayed, narrowed and broken.
//!
//! Each node has one front, which is the address it advertises, and listens behind it. The system tells which node dials a front (see
//! [`who`]), so each link has its own state. One front for each pair would not work: nodes tell each other the addresses of peers, as in
//! a real network, so they would find a way around a cut link. If nodes have their own namespaces, their fronts are in there too, behind
//! their cables.

use std::io;
use std::net::{self, IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use self::link::{Links, Wire};
use crate::namespace::Home;

pub(crate) mod link;
mod pump;
pub(crate) mod who;

/// How long a dial waits at a cut link. Longer than any dialer waits.
const HELD: Duration = Duration::from_secs(60);

/// What the wires know about a node.
#[derive(Debug, Default)]
pub(crate) struct Plug {
    pub(crate) home: Home,
    /// The port where the node itself listens. 0 while it does not run.
    pub(crate) port: AtomicU16,
    /// Its process id. 0 while it does not run.
    pub(crate) pid: AtomicU32,
}

/// The wires between all nodes.
pub(crate) struct Proxy {
    pub(crate) links: Links,
    plugs: Vec<Arc<Plug>>,
}

impl Proxy {
    pub(crate) fn new(plugs: Vec<Arc<Plug>>) -> Arc<Self> {
        Arc::new(Self { links: Links::new(plugs.len()), plugs })
    }

    /// Opens a node's front, and returns its address. Must be called within a runtime.
    pub(crate) async fn open(self: &Arc<Self>, node: usize) -> io::Result<SocketAddr> {
        let home = &self.plugs[node].home;
        let listener = home.inside(|| net::TcpListener::bind((home.address, 0)))?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
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

    /// Serves one connection, from accept to end.
    async fn serve(&self, dialer: TcpStream, (from, front): (SocketAddr, SocketAddr), to: usize) {
        // None: the dialer is not one of the nodes, or it is gone already.
        let Some(from) = self.dialed(from, front).await else { return };
        let wire = self.links.wire(from, to);
        self.connect(dialer, wire, (from, to)).await;
    }

    /// Which node dialed.
    async fn dialed(&self, from: SocketAddr, front: SocketAddr) -> Option<usize> {
        if !from.ip().is_loopback() {
            return self.plugs.iter().position(|plug| IpAddr::from(plug.home.address) == from.ip());
        }
        let pids: Vec<u32> = self.plugs.iter().map(|plug| plug.pid.load(Ordering::SeqCst)).collect();
        spawn_blocking(move || who::dialed(from, front, &pids)).await.ok()?
    }

    async fn connect(&self, dialer: TcpStream, mut wire: Wire, (from, to): (usize, usize)) {
        if wire.is_refused() || timeout(HELD, wire.passable()).await.is_err() || wire.is_refused() {
            return;
        }
        let Ok(target) = self.dial(from, to).await else { return };
        pump::both(dialer, target, wire, self.links.opened(from, to)).await;
    }

    /// Each node dials from its own address, as real nodes do, because nodes limit what one address may do.
    async fn dial(&self, from: usize, to: usize) -> io::Result<TcpStream> {
        let (home, port) = (self.plugs[to].home.clone(), self.plugs[to].port.load(Ordering::SeqCst));
        let target = SocketAddrV4::new(home.address, port);
        let socket = spawn_blocking(move || home.inside(TcpSocket::new_v4)).await??;
        let own = Ipv4Addr::new(127, 1, (from >> 8) as u8, (from & 0xff) as u8 + 1);
        socket.bind(SocketAddrV4::new(own, 0).into())?;
        socket.connect(target.into()).await
    }
}

#[cfg(test)]
mod tests;

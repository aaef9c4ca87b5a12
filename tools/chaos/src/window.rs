//! Passes API requests to a node in its own network namespace, without using its cable, as if from an operator at that machine.

use std::io;
use std::net::{self, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_blocking;

use crate::seat::Seat;

/// Opens a window that lasts as long as the runtime, and stores its port in the seat. Must be called within a runtime.
pub(crate) async fn open(seat: &Arc<Seat>) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    seat.window.store(listener.local_addr()?.port(), Ordering::SeqCst);
    let seat = seat.clone();
    tokio::spawn(async move {
        loop {
            if let Ok((asking, _)) = listener.accept().await {
                let seat = seat.clone();
                // If the node is gone, the connection ends, as a direct one would.
                tokio::spawn(async move { pass(asking, &seat).await });
            }
        }
    });
    Ok(())
}

async fn pass(mut asking: TcpStream, seat: &Seat) -> io::Result<()> {
    let (home, port) = (seat.plug.home.clone(), seat.api.load(Ordering::SeqCst));
    let dial = move || home.inside(|| net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)));
    let node = spawn_blocking(dial).await??;
    node.set_nonblocking(true)?;
    let mut node = TcpStream::from_std(node)?;
    for stream in [&asking, &node] {
        stream.set_nodelay(true)?;
    }
    copy_bidirectional(&mut asking, &mut node).await?;
    Ok(())
}

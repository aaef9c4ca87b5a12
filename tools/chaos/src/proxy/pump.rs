//! Copies bytes from one end to the other, as the link's state allows.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::link::{Open, State, Wire};

/// Bytes in one read. Delay and rate apply to such chunks.
const CHUNK: usize = 8 * 1024;
/// Most chunks under way in one direction. After that the sender has to wait, as with a full TCP window.
const UNDER_WAY: usize = 64;

/// Runs a connection until both directions have ended, or the link breaks it. It counts as open until one end has closed it: bytes that
/// the kernel still has to deliver to the other end, perhaps over an unplugged cable, are no longer a connection of either node.
pub(super) async fn both(dialer: TcpStream, target: TcpStream, wire: Wire, open: Open) {
    for stream in [&dialer, &target] {
        // Sends small frames at once. If this cannot be set, they are only sent a little later.
        let _ = stream.set_nodelay(true);
    }
    let (dialer_read, dialer_write) = dialer.into_split();
    let (target_read, target_write) = target.into_split();
    let open = Mutex::new(Some(open));
    let there = one_way(dialer_read, target_write, wire.there.clone(), &open);
    let back = one_way(target_read, dialer_write, wire.back.clone(), &open);
    tokio::select! {
        _ = async { tokio::join!(there, back) } => (),
        () = wire.broken() => (),
    }
}

async fn one_way(
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
    state: watch::Receiver<State>,
    open: &Mutex<Option<Open>>,
) {
    let (chunks, queue) = mpsc::channel(UNDER_WAY);
    let taken = async {
        take(read, chunks, state.clone()).await;
        drop(open.lock().unwrap_or_else(PoisonError::into_inner).take());
    };
    tokio::join!(taken, give(write, queue, state.clone()));
}

/// Reads chunks, and computes when each one is due.
async fn take(
    mut read: OwnedReadHalf,
    chunks: mpsc::Sender<(Instant, Vec<u8>)>,
    state: watch::Receiver<State>,
) {
    let mut buffer = vec![0; CHUNK];
    // An error ends the stream too.
    while let Ok(length @ 1..) = read.read(&mut buffer).await {
        let due = Instant::now() + {
            let state = state.borrow();
            state.distance + state.delay
        };
        if chunks.send((due, buffer[..length].to_vec())).await.is_err() {
            return;
        }
    }
}

async fn give(
    mut write: OwnedWriteHalf,
    mut queue: mpsc::Receiver<(Instant, Vec<u8>)>,
    mut state: watch::Receiver<State>,
) {
    while let Some((due, chunk)) = queue.recv().await {
        sleep_until(due).await;
        // The sender of this channel lives as long as the program.
        let rate = state.wait_for(|state| !state.silent).await.ok().and_then(|state| state.rate);
        if write.write_all(&chunk).await.is_err() {
            // Then the reader stops too, and the other direction ends by itself.
            break;
        }
        if let Some(rate) = rate {
            sleep(Duration::from_secs_f64(chunk.len() as f64 / rate.max(1) as f64)).await;
        }
    }
    queue.close();
    let _ = state.wait_for(|state| !state.silent).await;
    let _ = write.shutdown().await;
}

//! A snapshot of the newest final state, while the node runs.
//!
//! It is read from the store as its client takes it, on a thread of its own. Meanwhile the store cannot use the room again that newer blocks
//! free. So there is one at a time, only for who has the token, and it has a deadline; who does not read is cut by the connection long before.

use std::io::{self, ErrorKind, Write};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bouya_core::ledger::snapshot::NoSnapshot;
use bouya_core::limits::{API_SNAPSHOT_CHUNK, API_SNAPSHOT_CHUNKS, API_SNAPSHOT_TIMEOUT};
use futures_util::stream::unfold;
use tokio::sync::mpsc::{Sender, channel};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::guard::Authorized;
use super::problem::{Name, Problem};
use super::{Api, views};
use crate::archive::snapshot::{SnapshotFileError, save};

type Chunk = Result<Bytes, SnapshotFileError>;

/// The state after the newest final block as a file, for a node that is to begin with it (bouya snapshot load)
///
/// One is made at a time. It ends with a mark: what lacks it is incomplete, because the node stopped, failed, or was not read within 15 minutes.
#[utoipa::path(get, path = "/v1/snapshot", tag = "node", security(("token" = [])), responses(
    (status = 200, description = "the snapshot; docs/OPERATIONS.md describes it", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 409, description = "none can be made, and why", body = views::Problem, content_type = "application/problem+json"),
    (status = 503, description = "another one is being made, or the node is busy or stopping; try again", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn snapshot(State(api): State<Api>, _authorized: Authorized) -> Result<Response, Problem> {
    let full = |_| Problem::busy("another snapshot is being made; try again when that one is done");
    let place = api.limits.snapshots.clone().try_acquire_owned().map_err(full)?;
    let (out, mut chunks) = channel::<Chunk>(API_SNAPSHOT_CHUNKS);
    let (reader, stop) = (api.reader.clone(), api.stop.clone());
    tokio::task::spawn_blocking(move || {
        let end = Instant::now() + API_SNAPSHOT_TIMEOUT;
        let mut writer = Chunks { out: out.clone(), chunk: Vec::new(), end, stop };
        if let Err(error) = save(&reader, &mut writer, |_| ()) {
            // The client may have gone, and then nobody is to be told.
            let _ = out.blocking_send(Err(error));
        }
        drop(place);
    });
    // What makes one impossible shows before its first bytes leave.
    let first = match chunks.recv().await {
        Some(Ok(first)) => first,
        Some(Err(error)) => return Err(impossible(error)),
        None => return Err(Problem::internal("making a snapshot was interrupted")),
    };
    let rest = unfold((Some(first), chunks), |(first, mut chunks)| async move {
        let chunk = match first {
            Some(first) => Ok(first),
            None => chunks.recv().await?,
        };
        if let Err(error) = &chunk {
            warn!(%error, "a snapshot was cut short");
        }
        Some((chunk, (None, chunks)))
    });
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], Body::from_stream(rest)).into_response())
}

fn impossible(error: SnapshotFileError) -> Problem {
    match error {
        SnapshotFileError::Cannot(NoSnapshot::State(error)) => error.into(),
        SnapshotFileError::Cannot(why) => Problem::new(Name::NoSnapshot, why),
        SnapshotFileError::Io(error) => Problem::busy(&error.to_string()),
        error => Problem::internal(error),
    }
}

/// Gives out what is written in chunks of a size, and waits for whoever takes them.
struct Chunks {
    out: Sender<Chunk>,
    /// The next one, as far as it has come.
    chunk: Vec<u8>,
    end: Instant,
    stop: CancellationToken,
}

impl Chunks {
    fn send(&mut self) -> io::Result<()> {
        if self.stop.is_cancelled() {
            return Err(io::Error::new(ErrorKind::Interrupted, "the node is stopping"));
        }
        if Instant::now() >= self.end {
            return Err(io::Error::new(ErrorKind::TimedOut, "it was not read in time"));
        }
        let chunk = Bytes::from(std::mem::take(&mut self.chunk));
        self.out.blocking_send(Ok(chunk)).map_err(|_| ErrorKind::BrokenPipe.into())
    }
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = API_SNAPSHOT_CHUNK.saturating_sub(self.chunk.len());
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.chunk.extend_from_slice(taken);
        if self.chunk.len() >= API_SNAPSHOT_CHUNK {
            self.send()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() { Ok(()) } else { self.send() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn chunks(end: Instant) -> (Chunks, tokio::sync::mpsc::Receiver<Chunk>) {
        let (out, taken) = channel(API_SNAPSHOT_CHUNKS);
        (Chunks { out, chunk: Vec::new(), end, stop: CancellationToken::new() }, taken)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(3_600)
    }

    #[test]
    fn no_more_waits_for_a_slow_reader_than_a_few_chunks() {
        let (mut writer, mut taken) = chunks(soon());
        let piece: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8).collect();
        let expected = piece.clone();
        let written = std::thread::spawn(move || {
            writer.write_all(&piece[..10]).unwrap();
            writer.write_all(&piece[10..]).unwrap();
            writer.flush().unwrap();
        });
        let mut all = vec![];
        while let Some(chunk) = taken.blocking_recv() {
            let chunk = chunk.unwrap();
            assert!(chunk.len() <= API_SNAPSHOT_CHUNK && taken.len() <= API_SNAPSHOT_CHUNKS);
            all.extend_from_slice(&chunk);
        }
        written.join().unwrap();
        assert!(all == expected);
    }

    #[test]
    fn it_ends_at_its_deadline_with_the_node_and_with_its_reader() {
        let (mut writer, _taken) = chunks(Instant::now());
        assert_eq!(writer.write_all(&[0; 1 << 20]).unwrap_err().kind(), ErrorKind::TimedOut);
        let (mut writer, _taken) = chunks(soon());
        writer.stop.cancel();
        writer.write_all(&[0; 10]).unwrap();
        assert_eq!(writer.flush().unwrap_err().kind(), ErrorKind::Interrupted);
        let (mut writer, taken) = chunks(soon());
        drop(taken);
        assert_eq!(writer.write_all(&[0; 1 << 20]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
}

//! A node's event stream, as any client hears it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::BenchError;
use crate::http::views::Event;

/// How long a stream may say nothing.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Listener(BufReader<TcpStream>);

impl Listener {
    /// Hears everything that happens from now on.
    pub(super) fn open(api: u16) -> Result<Self, BenchError> {
        let failed = |error| BenchError::system("no event stream", error);
        let mut stream = TcpStream::connect(("127.0.0.1", api)).map_err(failed)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        stream.write_all(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").map_err(failed)?;
        let mut listener = Self(BufReader::new(stream));
        // Whoever has the head of the answer hears all that follows.
        while listener.line()? != "\r\n" {}
        Ok(listener)
    }

    fn line(&mut self) -> Result<String, BenchError> {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Ok(0) => Err(BenchError::Node("a node has closed its event stream".to_owned())),
            Ok(_) => Ok(line),
            Err(error) => Err(BenchError::system("an event did not come", error)),
        }
    }

    /// The next event, and when it was heard. What is no event (heads of chunks, ids) is passed over.
    pub(super) fn next(&mut self) -> Result<(Event, Instant), BenchError> {
        loop {
            let line = self.line()?;
            let event = line.strip_prefix("data: ").and_then(|data| serde_json::from_str(data).ok());
            if let Some(event) = event {
                return Ok((event, Instant::now()));
            }
        }
    }
}

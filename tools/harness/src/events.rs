//! A client of a daemon's event stream.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use crate::Error;

/// How long a stream may be silent. The daemon sends a sign of life every 15 s.
const PATIENCE: Duration = Duration::from_secs(60);

/// The event stream. It is read directly from the socket, because a library in between would be measured too.
pub struct Events {
    port: u16,
    lines: BufReader<TcpStream>,
}

impl Events {
    /// Opens the stream, for all events from now on.
    pub fn open(port: u16) -> Result<Self, Error> {
        let open = || {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
            Ok(stream)
        };
        let stream = open().map_err(|error: std::io::Error| silent(port, error.to_string()))?;
        let mut events = Self { port, lines: BufReader::new(stream) };
        // After the head of the answer has arrived, no event is missed.
        while events.line()? != "\r\n" {}
        Ok(events)
    }

    fn line(&mut self) -> Result<String, Error> {
        let mut line = String::new();
        match self.lines.read_line(&mut line) {
            Ok(0) => Err(silent(self.port, "it has closed the stream".to_owned())),
            Ok(_) => Ok(line),
            Err(error) => Err(silent(self.port, error.to_string())),
        }
    }

    /// The next event, and when it arrived. Other lines (chunk sizes, ids) are skipped.
    pub fn hear<T: DeserializeOwned>(&mut self) -> Result<(T, Instant), Error> {
        loop {
            let line = self.line()?;
            let event = line.strip_prefix("data: ").and_then(|data| serde_json::from_str(data).ok());
            if let Some(event) = event {
                return Ok((event, Instant::now()));
            }
        }
    }
}

fn silent(port: u16, why: String) -> Error {
    Error::Silent { url: format!("http://127.0.0.1:{port}/v1/events"), why }
}

//! The played node: plain HTTP/1.1 on a port that the system chose.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method and target, as in `GET /v1/status`.
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// A node: answers every request by `answer`, and remembers it.
pub(crate) struct Node {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    pub(crate) home: TempDir,
}

impl Node {
    pub(crate) fn new(answer: impl Fn(&str, &[Asked]) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let memory = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = read_request(&stream) else { continue };
                let line = request.line.clone();
                let before = {
                    let mut memory = memory.lock().unwrap();
                    memory.push(request);
                    memory.clone()
                };
                let (status, body) = answer(&line, &before);
                let kind = if status < 400 { "application/json" } else { "application/problem+json" };
                // A client that has had enough is none of the node's business.
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Self { url, asked, home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn fixed(status: u16, body: String) -> Self {
        Self::new(move |_, _| (status, body.clone()))
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = bouya(self.home.path());
        command.env("BOUYA_API", &self.url).args(line.split_whitespace());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }
}

/// The program, with nothing of the tester's own surroundings.
pub(crate) fn bouya(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bouya"));
    for name in ["BOUYA_API", "BOUYA_TOKEN_FILE", "BOUYA_WALLETS"] {
        command.env_remove(name);
    }
    command.env("XDG_DATA_HOME", home).current_dir(home).stdin(Stdio::null());
    command
}

fn read_request(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let length =
        head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { line, head, body })
}

//! Follows the nodes' logs, and finds reorganisations, dropped transactions, bans, errors and panics.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use serde_json::Value;

/// A log line that matters for the verdicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Reorg { depth: u64, height: u64 },
    Dropped { id: String, reason: String },
    Banned(String),
    Panic(String),
    Error(String),
}

/// Follows one log file.
pub(crate) struct Follower {
    path: PathBuf,
    at: u64,
    /// The start of a line that is not complete yet.
    rest: Vec<u8>,
}

impl Follower {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, at: 0, rest: Vec::new() }
    }

    /// The lines that were written since the last call.
    pub(crate) fn read(&mut self) -> Vec<Line> {
        let mut new = Vec::new();
        // A file that does not exist yet has no lines.
        if let Ok(mut file) = File::open(&self.path)
            && file.seek(SeekFrom::Start(self.at)).is_ok()
            && file.read_to_end(&mut new).is_ok()
        {
            self.at += new.len() as u64;
            self.rest.extend(new);
        }
        let end = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let complete: Vec<u8> = self.rest.drain(..end).collect();
        String::from_utf8_lossy(&complete).lines().filter_map(line).collect()
    }
}

fn line(text: &str) -> Option<Line> {
    let Ok(fields) = serde_json::from_str::<Value>(text) else {
        return text.contains("panicked at").then(|| Line::Panic(text.to_owned()));
    };
    let word = |key: &str| fields[key].as_str().unwrap_or_default().to_owned();
    let number = |key: &str| fields[key].as_u64().unwrap_or_default();
    match fields["message"].as_str().unwrap_or_default() {
        "reorganised" => Some(Line::Reorg { depth: number("depth"), height: number("height") }),
        "dropped" => Some(Line::Dropped { id: word("transaction"), reason: word("reason") }),
        "banned" => Some(Line::Banned(format!("{}: {}", word("peer"), word("why")))),
        said if said.contains("panicked at") => Some(Line::Panic(said.to_owned())),
        said if fields["level"] == "ERROR" => Some(Line::Error(format!("{said} {}", word("error")))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn lines_are_read_once_and_only_when_they_are_complete() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut follower = Follower::new(path.clone());
        assert_eq!(follower.read(), []);
        let mut file = File::create(&path).unwrap();
        let reorg = r#"{"level":"INFO","depth":3,"height":17,"message":"reorganised"}"#;
        let dropped = r#"{"level":"INFO","transaction":"ab","reason":"waited too long","message":"dropped"}"#;
        let (begin, end) = dropped.split_at(20);
        write!(file, "{reorg}\n{begin}").unwrap();
        assert_eq!(follower.read(), [Line::Reorg { depth: 3, height: 17 }]);
        writeln!(file, "{end}").unwrap();
        writeln!(file, "thread 'chain' panicked at src/chain.rs:1:2:").unwrap();
        writeln!(file, r#"{{"level":"WARN","peer":"node1","why":"spam","message":"banned"}}"#).unwrap();
        writeln!(file, r#"{{"level":"INFO","message":"up to date"}}"#).unwrap();
        let found = follower.read();
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0], Line::Dropped { id: "ab".into(), reason: "waited too long".into() });
        assert!(matches!(&found[1], Line::Panic(line) if line.contains("src/chain.rs")));
        assert_eq!(found[2], Line::Banned("node1: spam".into()));
        assert_eq!(follower.read(), []);
    }
}

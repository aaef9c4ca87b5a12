//! `bouya devnet` as programs start it: what it says, and when it ends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "devnet/contracts.rs"]
mod contracts;
#[path = "devnet/export.rs"]
mod export;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use bouya_harness::{Client, TempFolder, until};
use serde_json::Value;

/// Longest wait for what takes seconds unless the machine is busy with other things.
const PATIENCE: Duration = Duration::from_secs(120);

/// A devnet, and what it said. Its standard input is open, so that it ends with this process.
struct Devnet {
    child: Child,
    out: BufReader<ChildStdout>,
    line: Value,
}

fn devnet(dir: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bouya"));
    command.args(["devnet", "--json", "--base-port", "0", "--dir"]).arg(dir).args(more);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn start(dir: &Path, more: &[&str]) -> Devnet {
    let mut child = devnet(dir, more).arg("--until-eof").spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    Devnet { child, out, line: serde_json::from_str(&line).unwrap() }
}

impl Devnet {
    fn height(&self, node: usize) -> u64 {
        let url = self.line["nodes"][node]["api"].as_str().unwrap();
        let port = url.rsplit_once(':').unwrap().1.parse().unwrap();
        let status: Value = Client::new(port, PATIENCE).get("/v1/status").unwrap();
        assert_eq!(status["peers"]["connected"], 1, "it said that they are connected");
        assert_eq!(status["network"]["id"], self.line["id"]);
        status["tip"]["height"].as_u64().unwrap()
    }

    /// Closes its input, and returns what else it said.
    fn close(mut self) -> String {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success());
        rest
    }
}

#[test]
fn a_program_is_told_where_all_is_and_nothing_stays_when_it_is_gone() {
    let folder = TempFolder::new("devnet").unwrap();
    let dir = folder.path().join("net");
    let first = start(&dir, &["--nodes", "2", "--interval", "500"]);
    let line = &first.line;
    assert_eq!(line["network"], "devnet");
    for path in [&line["definition"], &line["folder"], &line["wallets"][0]["file"]]
        .into_iter()
        .chain([&line["nodes"][1]["folder"], &line["nodes"][1]["token_file"]])
    {
        assert!(
            Path::new(path.as_str().unwrap()).is_absolute() && Path::new(path.as_str().unwrap()).exists(),
            "{path}"
        );
    }
    let names: Vec<&str> =
        line["wallets"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["demo", "friend", "node0", "node1"]);
    until(PATIENCE, || (first.height(1) > 0).then_some(())).unwrap();
    let (id, height) = (line["id"].clone(), first.height(0));
    assert_eq!(first.close(), "", "nothing follows the line");

    // Whoever starts it again gets the same chain, at whatever ports are free now.
    let again = start(&dir, &["--nodes", "2"]);
    assert_eq!(again.line["id"], id);
    assert!(again.height(0) >= height);
    // Two at once on one machine do not get in each other's way.
    let other = start(&folder.path().join("other"), &["--nodes", "2"]);
    assert_ne!(other.line["base_port"], again.line["base_port"]);
    other.close();
    again.close();

    let refused = devnet(&dir, &["--interval", "700"]).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("has 500"), "{refused:?}");
}

#[test]
fn an_ordinary_devnet_does_not_end_with_its_input() {
    let folder = TempFolder::new("devnet").unwrap();
    // As under nohup or a supervisor.
    let mut command = devnet(folder.path(), &["--nodes", "1"]);
    let mut child = command.stdin(Stdio::null()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert!(line.starts_with('{'), "{line}");
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

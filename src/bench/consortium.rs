//! Daemons as child processes, on the loopback, over mutual TLS: as in the field, but for the distance.

use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bouya_core::ledger::Genesis;

use super::client::Client;
use super::folder::Folder;
use super::{BenchError, Stop, process};
use crate::devnet::{self, Ports, name};

/// A start on a busy machine; with much to load it takes longer.
const STARTED_WITHIN: Duration = Duration::from_secs(60);
/// Ports that were free a moment ago may be taken: so many times others are tried.
const TRIES: u32 = 5;
/// A node says that it stops within 5 s.
const STOPPED_WITHIN: Duration = Duration::from_secs(10);

/// The files of a network's nodes, in a folder that goes away.
pub(super) struct Consortium {
    files: devnet::Folder,
    program: PathBuf,
    /// Last: the nodes that use it have ended.
    _folder: Folder,
}

/// A running node; it ends with its value.
pub(super) struct Daemon {
    child: Child,
    pub(super) ports: Ports,
    pub(super) client: Client,
    log: PathBuf,
}

impl Consortium {
    pub(super) fn create(genesis: &Genesis, nodes: u16) -> Result<Self, BenchError> {
        let folder = Folder::new()?;
        let files = devnet::Folder::new(folder.path());
        files.write_network(&genesis.spec)?;
        files.certify(genesis.spec.name.as_str(), nodes)?;
        let program =
            std::env::current_exe().map_err(|error| BenchError::system("where is this program", error))?;
        Ok(Self { files, program, _folder: folder })
    }

    pub(super) fn files(&self) -> &devnet::Folder {
        &self.files
    }

    /// Starts the nodes `numbers`, each knowing all of `known` and the others; returns once all of them answer.
    pub(super) fn start(
        &self,
        numbers: &[u16],
        known: &[(u16, Ports)],
        sections: &str,
        stop: &Stop,
    ) -> Result<Vec<Daemon>, BenchError> {
        let mut tries = 0;
        loop {
            match self.try_start(numbers, known, sections, stop) {
                Err(BenchError::Node(why)) if why.contains("choose another port") && tries < TRIES => {
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    fn try_start(
        &self,
        numbers: &[u16],
        known: &[(u16, Ports)],
        sections: &str,
        stop: &Stop,
    ) -> Result<Vec<Daemon>, BenchError> {
        let ports = free_ports(numbers.len())?;
        let new: Vec<(u16, Ports)> = numbers.iter().copied().zip(ports).collect();
        let all: Vec<(u16, Ports)> = known.iter().chain(&new).copied().collect();
        let mut daemons = Vec::new();
        for (number, ports) in &new {
            let others: Vec<_> = all.iter().filter(|(other, _)| other != number).copied().collect();
            self.files.configure(*number, *ports, &others, sections)?;
            daemons.push(self.spawn(*number, *ports)?);
        }
        for daemon in &mut daemons {
            let started = stop.until("a node answers", STARTED_WITHIN, || {
                daemon.check()?;
                Ok(daemon.client.status().ok())
            });
            started?;
        }
        Ok(daemons)
    }

    fn spawn(&self, number: u16, ports: Ports) -> Result<Daemon, BenchError> {
        let log = self.files.path().join(format!("{}.log", name(number)));
        let failed = |error| BenchError::system("cannot start a node", error);
        let file = File::options().create(true).append(true).open(&log).map_err(failed)?;
        let mut command = Command::new(&self.program);
        command.args(["run", "--config"]).arg(self.files.config(number));
        // What the one who measures has set for himself is none of the nodes' business.
        command.env_remove("BOUYA_API").env_remove("BOUYA_TOKEN_FILE");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        let child = command.spawn().map_err(failed)?;
        Ok(Daemon { child, ports, client: Client::new(ports.api), log })
    }
}

/// Ports that are free now, all different.
fn free_ports(nodes: usize) -> Result<Vec<Ports>, BenchError> {
    let failed = |error| BenchError::system("no free port", error);
    let held: Result<Vec<TcpListener>, _> =
        (0..2 * nodes).map(|_| TcpListener::bind(("127.0.0.1", 0))).collect();
    let ports: Result<Vec<u16>, _> =
        held.map_err(failed)?.iter().map(|held| held.local_addr().map(|at| at.port())).collect();
    let pairs = ports.map_err(failed)?;
    Ok(pairs.as_chunks::<2>().0.iter().map(|[p2p, api]| Ports { p2p: *p2p, api: *api }).collect())
}

/// Waits until each node is connected to all the others.
pub(super) fn wait_for_mesh(daemons: &mut [Daemon], stop: &Stop) -> Result<(), BenchError> {
    let others = daemons.len().saturating_sub(1);
    stop.until("all nodes are connected", STARTED_WITHIN, || {
        for daemon in daemons.iter_mut() {
            daemon.check()?;
            if daemon.client.status()?.peers.connected != others {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
}

impl Daemon {
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Bytes of memory that it has now.
    pub(super) fn memory(&self) -> f64 {
        process::memory(self.pid()).unwrap_or(0) as f64
    }

    /// An error if it has ended.
    pub(super) fn check(&mut self) -> Result<(), BenchError> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            _ => {
                let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                let last = log.lines().rev().take(3).collect::<Vec<_>>().join("; ");
                Err(BenchError::Node(format!("a node ended: {last}")))
            }
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Asked first: what it has on disk may be read by the next one.
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let deadline = Instant::now() + STOPPED_WITHIN;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! Daemons as child processes, on the loopback, over mutual TLS: as in the field, but for the distance.

use std::net::Ipv4Addr;
use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bouya_core::ledger::{Genesis, Member, NetworkSpec};
use bouya_harness::{self as harness, Daemon, Port, TempFolder, bootstrap, process};

use super::client::status;
use super::load::payee;
use super::{BenchError, Stop};
use crate::config::NetworkFile;
use crate::devnet::name;
use crate::voter::record;

/// A start on a busy machine; with much to load it takes longer.
const STARTED_WITHIN: Duration = Duration::from_secs(60);

/// A network's nodes, in a folder that goes away, or in one that stays.
pub(super) struct Consortium {
    pub(super) nodes: Vec<Daemon>,
    /// Last: the nodes that use it have ended.
    _folder: Option<TempFolder>,
}

impl Consortium {
    /// Nodes that do not run yet.
    pub(super) fn create(genesis: &Genesis, nodes: u16) -> Result<Self, BenchError> {
        Self::create_in(TempFolder::new("bouya-bench")?, genesis, nodes)
    }

    /// The same with a network of which the first nodes are the members.
    pub(super) fn voting(
        mut spec: NetworkSpec,
        nodes: u16,
        voters: u16,
    ) -> Result<(Self, Genesis), BenchError> {
        let folder = TempFolder::new("bouya-bench")?;
        let listed = |number| -> Result<Member, BenchError> {
            let id = name(number).parse().map_err(harness::Error::from)?;
            // Nobody governs here.
            record::listed(folder.path(), id, payee(usize::from(number)))
                .map_err(|error| BenchError::system("no member key", error))
        };
        spec.members = (0..voters).map(listed).collect::<Result<_, _>>()?;
        let genesis = super::load::genesis(spec)?;
        Ok((Self::create_in(folder, &genesis, nodes)?, genesis))
    }

    fn create_in(folder: TempFolder, genesis: &Genesis, nodes: u16) -> Result<Self, BenchError> {
        let nodes = Self::at(folder.path(), genesis, nodes)?.nodes;
        Ok(Self { nodes, _folder: Some(folder) })
    }

    /// The nodes of a folder that stays; what it lacks is made.
    pub(super) fn at(folder: &Path, genesis: &Genesis, nodes: u16) -> Result<Self, BenchError> {
        let files = harness::Consortium::open(folder, genesis.spec.name.as_str())?;
        let network = NetworkFile::render(&genesis.spec, 1);
        let port = || Port::reserve(Ipv4Addr::LOCALHOST);
        let node = |number| Ok(Daemon::new(files.admit(&name(number), &network)?, port()?, port()?));
        let nodes = (0..nodes).map(node).collect::<Result<_, harness::Error>>()?;
        Ok(Self { nodes, _folder: None })
    }

    /// Starts some nodes, each knowing each other and those before them; returns once all of them answer.
    pub(super) fn start(
        &mut self,
        numbers: Range<usize>,
        sections: &str,
        stop: &Stop,
    ) -> Result<(), BenchError> {
        let program =
            std::env::current_exe().map_err(|error| BenchError::system("where is this program", error))?;
        let known: Vec<String> = self.nodes.iter().take(numbers.end).map(Daemon::at).collect();
        let new = self.nodes.get_mut(numbers).unwrap_or_default();
        for node in &mut *new {
            let own = node.at();
            node.configure(&bootstrap(known.iter().filter(|at| **at != own)), sections)?;
            node.spawn(Command::new(&program))?;
        }
        for node in new {
            stop.until("a node answers", STARTED_WITHIN, || Ok(node.answers()?.then_some(())))?;
        }
        Ok(())
    }

    /// Writes the configuration of all nodes, each of which knows all the others, for whoever starts them by hand.
    pub(super) fn configure(&self, sections: &str) -> Result<(), BenchError> {
        let known: Vec<String> = self.nodes.iter().map(Daemon::at).collect();
        for node in &self.nodes {
            let own = node.at();
            node.configure(&bootstrap(known.iter().filter(|at| **at != own)), sections)?;
        }
        Ok(())
    }

    /// Starts all nodes; returns once each is connected to all the others.
    pub(super) fn start_all(&mut self, sections: &str, stop: &Stop) -> Result<(), BenchError> {
        let others = self.nodes.len().saturating_sub(1);
        self.start(0..self.nodes.len(), sections, stop)?;
        stop.until("all nodes are connected", STARTED_WITHIN, || {
            for node in &mut self.nodes {
                node.check()?;
                if status(&node.client)?.peers.connected != others {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
    }
}

/// Bytes of memory that a node has now.
pub(super) fn memory(node: &Daemon) -> f64 {
    node.pid().and_then(process::memory).unwrap_or(0) as f64
}

/// The most bytes of memory that a node has had since it was started.
pub(super) fn peak_memory(node: &Daemon) -> f64 {
    node.pid().and_then(process::peak_memory).unwrap_or(0) as f64
}

/// CPU seconds of a node so far, by part.
pub(super) fn cpu(node: &Daemon) -> process::Cpu {
    node.pid().map(process::cpu).unwrap_or_default()
}

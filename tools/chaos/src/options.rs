//! The command line.

use std::path::{Path, PathBuf};

use clap::Parser;

use crate::error::Error;
use crate::fault::Fault;

const EXAMPLES: &str = "\
Examples:
  chaos                                        three minutes of all faults on five nodes
  chaos --minutes 30 --nodes 7 --seed 42       longer, with the same faults each time
  chaos --only kill,partition --minutes 1.5    only two kinds of faults
  chaos --only upgrade --upgrade ./bouya-next  from this version to another, node by node
  chaos --namespaces                           each node has its own address, on a cable

The seed decides which fault hits which node, and when. The results still differ from run to run.

Exit codes: 0 everything held, 1 an invariant failed, 2 wrong usage or could not run, 130 stopped by a second Ctrl-C.";

/// Test real nodes on this machine with the faults of days of operation, and check that the network stays correct.
///
/// It creates a consortium in a temporary folder, runs the daemons with all connections through its own wires, and keeps them busy
/// with transactions. It kills, freezes, cuts off and removes nodes, heals everything, and checks the invariants. Ctrl-C heals at
/// once and reports the results so far.
#[derive(Debug, Parser)]
#[command(name = "chaos", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Options {
    /// The seed of the schedule of faults [default: random, and printed]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Minutes of faults, 0.1 to 10080; healing and checking take extra time
    #[arg(long, default_value_t = 3.0)]
    pub(crate) minutes: f64,
    /// How many nodes, 3 to 20
    #[arg(long, default_value_t = 5)]
    pub(crate) nodes: usize,
    /// Only these faults, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "FAULT")]
    pub(crate) only: Vec<Fault>,
    /// Folder for report.html and report.json
    #[arg(long, default_value = "chaos-report", value_name = "DIR")]
    pub(crate) report: PathBuf,
    /// The daemon's program [default: the one next to this program]
    #[arg(long, value_name = "PATH")]
    pub(crate) bouya: Option<PathBuf>,
    /// The program that an upgrade starts [default: a copy of the daemon's]
    #[arg(long, value_name = "PATH")]
    pub(crate) upgrade: Option<PathBuf>,
    /// Run each node in its own network namespace, with its own address
    ///
    /// This adds the fault `cable`: packets vanish without any error, which no proxy can do. Needs `ip`, `unshare`, and root or user
    /// namespaces. The machine's own network is not affected.
    #[arg(long)]
    pub(crate) namespaces: bool,
    /// Set by the tool itself: the network namespace that it has left for its own
    #[arg(long, hide = true, requires = "namespaces")]
    pub(crate) outside: Option<String>,
    /// Keep the folder with the nodes' stores and logs, and print its path
    #[arg(long)]
    pub(crate) keep: bool,
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if !(0.1..=10_080.0).contains(&self.minutes) {
            return Err(Error::Usage(format!("--minutes {}: give a number from 0.1 to 10080", self.minutes)));
        }
        if !(3..=20).contains(&self.nodes) {
            return Err(Error::Usage(format!("--nodes {}: give a number from 3 to 20", self.nodes)));
        }
        if self.only.contains(&Fault::Cable) && !self.namespaces {
            return Err(Error::Usage(
                "--only cable: nodes have cables only with --namespaces; add it, or use cut instead".into(),
            ));
        }
        if !crate::proxy::who::is_told() {
            return Err(Error::Usage(
                "this system has no /proc/net/tcp, which the tool needs to see which node dials; run it on Linux".into(),
            ));
        }
        Ok(())
    }

    /// The daemon's program.
    pub(crate) fn program(&self) -> Result<PathBuf, Error> {
        let beside = || Some(std::env::current_exe().ok()?.with_file_name("bouya"));
        let program = self.bouya.clone().or_else(beside).unwrap_or_else(|| "bouya".into());
        found(&program, "--bouya")
    }

    /// The program for upgrades, if one was named.
    pub(crate) fn upgraded(&self) -> Result<Option<PathBuf>, Error> {
        self.upgrade.as_deref().map(|path| found(path, "--upgrade")).transpose()
    }
}

fn found(program: &Path, option: &str) -> Result<PathBuf, Error> {
    program.canonicalize().map_err(|error| {
        let shown = program.display();
        Error::Usage(format!(
            "no daemon at {shown} ({error}). Build it (cargo build --release --bins), or name it: {option} PATH"
        ))
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn faults_are_given_by_name_and_separated_by_commas() {
        let options =
            Options::try_parse_from(["chaos", "--only", "kill,disk-full", "--minutes", "0.5"]).unwrap();
        assert_eq!(options.only, [Fault::Kill, Fault::DiskFull]);
        assert!(options.check().is_ok());
        assert!(Options::try_parse_from(["chaos", "--only", "flood"]).is_err());
        let wrong = Options::try_parse_from(["chaos", "--nodes", "2"]).unwrap();
        assert!(wrong.check().is_err());
    }
}

//! The plan of one run: the schedule, without the faults that cannot be made on this machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::ValueEnum;

use crate::consortium::Consortium;
use crate::disk::Disk;
use crate::error::Error;
use crate::fault::Fault;
use crate::options::Options;
use crate::report::Skipped;
use crate::schedule::{self, Spec, Step, Target};

/// The plan.
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) steps: Vec<Step>,
    /// Length of the faults in milliseconds.
    pub(crate) length: u64,
    /// The faults that cannot be made here, and why.
    pub(crate) skipped: Vec<Skipped>,
    /// The daemon's version, as it prints it.
    pub(crate) version: String,
}

impl Plan {
    pub(crate) fn new(options: &Options, seed: u64, program: &Path) -> Self {
        let mut faults =
            if options.only.is_empty() { Fault::value_variants().to_vec() } else { options.only.clone() };
        // Left out before anything random is drawn, so that on loopback a seed still gives the same schedule.
        faults.retain(|fault| *fault != Fault::Cable || options.namespaces);
        faults.sort_unstable();
        faults.dedup();
        let length = (options.minutes * 60_000.0) as u64;
        let steps = schedule::plan(&Spec { seed, nodes: options.nodes, length, faults });
        let mut plan = Self { seed, steps, length, skipped: Vec::new(), version: version(program) };
        if crate::daemon::faketime().is_none() {
            plan.skip(Fault::Clock, "shifting a node's clock needs libfaketime, which is not installed");
        }
        plan
    }

    /// Leaves out a fault. The other steps stay as the seed has placed them.
    pub(crate) fn skip(&mut self, fault: Fault, why: &str) {
        let before = self.steps.len();
        self.steps.retain(|step| step.fault != fault);
        if self.steps.len() < before {
            self.skipped.push(Skipped { fault: fault.name(), why: why.to_owned() });
        }
    }
}

/// Mounts a small disk for each node whose disk will be filled.
pub(crate) fn mount(consortium: &Consortium, plan: &mut Plan) -> BTreeMap<usize, Disk> {
    let mut disks = BTreeMap::new();
    let full = plan.steps.iter().filter(|step| step.fault == Fault::DiskFull);
    let nodes: BTreeSet<usize> = full
        .filter_map(|step| if let Target::Node(node) = step.target { Some(node) } else { None })
        .collect();
    for node in nodes {
        match Disk::mount(&consortium.members[node].data()) {
            Ok(disk) => {
                disks.insert(node, disk);
            }
            Err(why) => {
                plan.skip(Fault::DiskFull, &why);
                break;
            }
        }
    }
    disks
}

pub(crate) fn random_seed() -> Result<u64, Error> {
    // 32 bits, which are short enough to type.
    getrandom::u32().map(u64::from).map_err(|error| Error::System(format!("no randomness: {error}")))
}

fn version(program: &Path) -> String {
    let output = std::process::Command::new(program).arg("--version").output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

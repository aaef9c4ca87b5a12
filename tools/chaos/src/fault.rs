//! The faults by name.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What days of operation do to a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fault {
    /// A node dies at once (kill -9), and comes back
    Kill,
    /// A node is stopped in order (SIGTERM), and comes back
    Restart,
    /// A node freezes (SIGSTOP), and goes on
    Pause,
    /// One link is cut, both ways
    Cut,
    /// The network falls into two halves
    Partition,
    /// One direction of a link is cut
    Oneway,
    /// A link becomes late
    Delay,
    /// A link becomes narrow
    Throttle,
    /// All connections of a node break
    Reset,
    /// A node's disk is full
    DiskFull,
    /// A node's clock is wrong
    Clock,
    /// A member is removed by a revocation list that one node gets
    Revoke,
    /// Each node in turn is started anew with another binary
    Upgrade,
    /// A node's cable is out: packets vanish, and nobody says so (with --namespaces)
    Cable,
}

impl Fault {
    /// As it is written in `--only` and in reports.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

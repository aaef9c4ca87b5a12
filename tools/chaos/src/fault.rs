//! The kinds of faults.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The faults that a network meets in days of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fault {
    /// A node is killed (kill -9) and comes back
    Kill,
    /// A node is stopped (SIGTERM) and comes back
    Restart,
    /// A node is frozen (SIGSTOP) and continues
    Pause,
    /// One link is cut in both directions
    Cut,
    /// The network splits into two halves
    Partition,
    /// One link is cut in one direction
    Oneway,
    /// One link becomes slow to deliver (latency)
    Delay,
    /// One link gets little bandwidth
    Throttle,
    /// All connections of a node break
    Reset,
    /// A node's disk is full
    DiskFull,
    /// A node's clock is wrong
    Clock,
    /// A member is revoked; only one node gets the revocation list
    Revoke,
    /// Each node in turn is restarted with another binary
    Upgrade,
    /// A node's cable is unplugged: packets vanish without any error (with --namespaces)
    Cable,
}

impl Fault {
    /// Its name in `--only` and in reports.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

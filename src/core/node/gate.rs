//! The gate: may this node mine, and why not. One function, one reason, shown everywhere.

use thiserror::Error;

use super::Head;
use crate::crypto::PublicKey;
use crate::ledger::Genesis;
use crate::limits::CLOCK_OFF_MS;
use crate::overlay::{Outlook, SyncStatus};

/// Why this node may not mine now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Obstacle {
    /// Only listed members seal blocks.
    #[error("this node's member key is not listed in network.toml, and only listed members seal blocks")]
    NotListed,
    /// A block of its own could not be written.
    #[error("the disk is nearly full; make room")]
    DiskFull,
    /// It may be far behind without knowing it yet.
    #[error("just started, waiting for the first peer")]
    Starting,
    /// A better branch is being fetched.
    #[error("catching up with the network")]
    Syncing,
    /// Its blocks would be dated wrongly.
    #[error("this node's clock is {} s {} its peers'; set it right (NTP)", .0.unsigned_abs() / 1_000, if *.0 > 0 { "behind" } else { "ahead of" })]
    ClockOff(
        /// The peers' clocks minus this node's, in milliseconds.
        i64,
    ),
}

/// Decides whether this node may mine.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    is_listed: bool,
}

impl Gate {
    /// The gate of a node that seals with `key`.
    pub fn new(genesis: &Genesis, key: &PublicKey) -> Self {
        let members = &genesis.rules.members;
        Self { is_listed: members.is_empty() || members.contains_key(key) }
    }

    /// What keeps this node from mining, the most lasting reason first; none if nothing does.
    pub fn obstacle(&self, head: &Head, outlook: &Outlook) -> Option<Obstacle> {
        if !self.is_listed {
            return Some(Obstacle::NotListed);
        }
        if head.disk_full {
            return Some(Obstacle::DiskFull);
        }
        if outlook.starting {
            return Some(Obstacle::Starting);
        }
        if matches!(outlook.sync, SyncStatus::Syncing { .. }) {
            return Some(Obstacle::Syncing);
        }
        let offset = outlook.clock_offset_ms.unwrap_or_default();
        (offset.unsigned_abs() > CLOCK_OFF_MS).then_some(Obstacle::ClockOff(offset))
    }
}

#[cfg(test)]
mod tests;

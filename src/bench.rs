//! What this machine can do, and what Bouya makes of it: the measurements behind `bouya bench`.
//!
//! Each run measures the physical limits first (`limits.rs`), then the real thing, on the same cores. Everything runs on the loopback, at
//! ports of the system's choice, in a folder that goes away; daemons are child processes and end with the value that holds them.
//!
//! Left out on purpose: what a good figure is. Nothing here passes or fails; `docs/PERFORMANCE.md` says how each figure is defined.

use std::time::Duration;

use thiserror::Error;

pub mod api;
mod chain;
mod client;
mod consortium;
mod counter;
pub mod gossip;
pub mod handshake;
mod limits;
mod load;
pub mod mempool;
pub mod mine;
pub mod network;
pub mod relay;
mod report;
pub mod scale;
mod stop;
pub mod sync;
pub mod year;

pub use limits::Limits;
pub use report::{Aim, Figure, Limit, Report, Spread};
pub use stop::Stop;

/// Why there is no figure.
#[derive(Debug, Error)]
pub enum BenchError {
    /// An argument makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Ctrl-C.
    #[error("interrupted; everything that was started has ended")]
    Interrupted,
    /// A folder, a port, a process or a thread.
    #[error("{0}")]
    System(String),
    /// A node did not do what it should.
    #[error("{0}")]
    Node(String),
    /// The same, or its files or process could not be had.
    #[error(transparent)]
    Harness(#[from] bouya_harness::Error),
}

impl BenchError {
    pub(crate) fn system(what: &str, error: impl std::fmt::Display) -> Self {
        Self::System(format!("{what}: {error}"))
    }
}

/// Says what is going on, while it goes on.
pub type Say<'a> = &'a mut dyn FnMut(&str);

/// What every bench is given.
pub struct Run<'a> {
    /// How long each limit is measured.
    pub effort: Duration,
    pub say: Say<'a>,
    pub stop: &'a Stop,
}

/// What a node should not need more of before there is any load, in bytes.
const MEMORY_IDLE: f64 = 60.0 * 1024.0 * 1024.0;

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

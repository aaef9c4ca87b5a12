//! Days of faults in minutes: many nodes of the core's own machines on one thread, under a virtual clock.
//!
//! A run is an hour of a network's life. For forty minutes links break, machines lose power, disks fail, clocks go wrong, members come,
//! leave, are removed or break the rules; then all that ends, and within twenty minutes everything must be well again. One seed decides
//! all of it: the same seed gives the same digest.
//!
//! | file | what it is |
//! |---|---|
//! | `scenario` | who there is, from the seed |
//! | `faults`, `acts` | what goes wrong and when, and doing it |
//! | `byzantine` | members that break the rules |
//! | `world` | the event loop |
//! | `net`, `sockets` | links, connections, dials |
//! | `disk`, `node`, `shell` | a node: disk, machines, and what the daemon's shell does between them |
//! | `clients`, `work` | load, mining, and looking whether all is well |
//! | `check` | what must always hold |
//!
//! Left out on purpose: bytes, TLS and threads (the tests of sockets and processes see to them), and actors whose mailboxes are full.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a simulation says what does not hold by stopping"
)]

mod acts;
mod byzantine;
mod check;
mod clients;
mod disk;
mod faults;
mod log;
mod net;
mod node;
mod scenario;
mod shell;
mod sockets;
mod work;
mod world;

use std::fs::File;

pub use check::Figures;
use world::World;

/// Simulated seconds of a run.
pub const SECONDS: u64 = scenario::ENDS / 1_000;

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Equal for equal runs.
    pub digest: u64,
    /// The first thing that did not hold, and when (ms).
    pub broken: Option<(u64, String)>,
    pub figures: Figures,
}

/// Runs a seed; what happens is written to `file`. Panics where one of the machines does.
pub fn run(seed: u64, file: Option<File>) -> Outcome {
    let mut world = World::new(seed, file);
    world.run();
    if let Some(broken) = &world.check.broken {
        let text = format!("BROKEN: {broken}");
        world.line(format_args!("{text}"));
    }
    let broken = world.check.broken.take().map(|broken| (world.now, broken));
    Outcome { digest: world.log.digest(), broken, figures: world.check.figures }
}

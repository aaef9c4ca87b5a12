//! Days of faults in minutes: many nodes, made of the core's own machines, run on one thread under a virtual clock.
//!
//! A run is one hour in a network's life. For forty minutes links break, machines lose power, disks fail, clocks go wrong, and members join,
//! leave, are removed or break the rules. Then the faults end, and within twenty minutes everything must be well again. One seed decides all
//! of it: the same seed gives the same digest.
//!
//! | file | what it holds |
//! |---|---|
//! | `scenario` | the nodes and links that the seed decides |
//! | `faults`, `acts` | which faults happen when, and what each of them does |
//! | `byzantine` | members that break the rules |
//! | `world` | the event loop |
//! | `net`, `sockets` | links, connections, dials |
//! | `disk`, `node`, `shell` | a node: its disk, the core's machines, and the shell that carries messages between them |
//! | `clients`, `work` | load, mining, and the checks of the whole network |
//! | `members`, `governors` | who is to be a member when, and what is said and done about it |
//! | `check`, `sets` | what must always hold, of everything and of the sets of members |
//! | `difficulty` | apart from all that: what the rule of difficulty and rest promises, measured |
//!
//! Left out on purpose: bytes on the wire, TLS and threads, which the tests with sockets and processes cover; and full mailboxes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a simulation stops where something does not hold"
)]

/// An enum and the list of all its kinds.
macro_rules! listed {
    ($(#[$meta:meta])* enum $name:ident { $($(#[$doc:meta])* $kind:ident,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$doc])* $kind,)* }

        impl $name {
            pub(crate) const ALL: &[Self] = &[$(Self::$kind),*];
        }
    };
}

mod acts;
mod byzantine;
mod check;
mod clients;
pub mod difficulty;
mod disk;
mod faults;
mod governors;
mod log;
mod members;
mod net;
mod node;
mod scenario;
mod sets;
mod shell;
mod sockets;
mod work;
mod world;

use std::fs::File;

pub use check::Figures;
use world::World;

/// Simulated seconds of a run.
pub const SECONDS: u64 = scenario::ENDS / 1_000;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Equal for equal runs.
    pub digest: u64,
    /// The first thing that did not hold, and when (ms).
    pub broken: Option<(u64, String)>,
    pub figures: Figures,
}

/// Runs a seed and writes its events to `file`. Panics if one of the machines does.
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

//! Bouya daemons as processes on one machine, for whoever tests, measures or hurts them: the tests of networks and attacks, `bouya bench`,
//! chaos. `bouya devnet` takes its files from here.
//!
//! | module | is |
//! |---|---|
//! | [`Consortium`], [`Member`] | the files: a CA, and for each member a folder with all that its daemon needs |
//! | [`Port`] | a port that is a daemon's own, from before its first start to after its last |
//! | [`Daemon`] | the process: spawned, asked whether it answers, signalled, stopped, killed, and ended with its value |
//! | [`Client`], [`Events`] | what it answers, and what it tells |
//! | [`process`] | what the system says of a process |
//! | [`TempFolder`], [`until`] | a folder that goes away; waiting for a condition |
//!
//! # Ports
//!
//! Members name each other's P2P port before any of them runs, and find each other there again after a restart. So a daemon cannot choose
//! for itself (port 0) and tell. A port that was only found free may be taken a moment later, by somebody's outgoing connection or by
//! whoever else asks the system for one: then the daemon does not start, once in a while, and all that helps is to try again. Here the
//! system chooses, and the harness stays bound to what it got for as long as the daemon is of use. Linux gives a bound port neither to
//! outgoing connections nor to another who asks for any, and lets the daemon's listener in beside it, because both say that the address
//! may be reused and only one of them listens. While the daemon is down nobody listens there, and who dials is refused. Nothing is left to
//! try again, so nothing has to be read from a log or an exit code. The API's port is kept in the same way, though it could be told: one
//! way is enough, and a restarted daemon is asked where it was.
//!
//! # Where it is
//!
//! Below the package `bouya`, of which it knows nothing but the program's arguments, files and paths: `bouya bench` and `bouya devnet`
//! are commands of that package. What an answer means is its callers' business, so [`Client`] reads into any type.
//!
//! Nothing here panics: who tests may unwrap.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod client;
mod consortium;
mod daemon;
mod error;
mod events;
mod port;
pub mod process;
mod temp;
mod wait;

pub use client::{Answer, Client};
pub use consortium::{Consortium, Member, bootstrap};
pub use daemon::Daemon;
pub use error::Error;
pub use events::Events;
pub use port::Port;
pub use temp::TempFolder;
pub use wait::until;

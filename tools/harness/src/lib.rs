//! Runs Bouya daemons as processes on one machine, for the tests of networks and attacks, `bouya bench` and chaos. `bouya devnet` uses
//! the same files and ports.
//!
//! | module | is |
//! |---|---|
//! | [`Consortium`], [`Member`] | the files: a CA, and a folder for each member with all that its daemon needs |
//! | [`Port`] | a port reserved for a daemon, from before its first start until after its last stop |
//! | [`Daemon`] | the process: started, checked, signalled, stopped, killed, and ended when dropped |
//! | [`Client`], [`Events`] | its answers, and its event stream |
//! | [`process`] | what the system reports about a process |
//! | [`TempFolder`], [`until`] | a folder that goes away; waiting for a condition |
//!
//! # Ports
//!
//! Members name each other's P2P ports before any of them runs, and must find each other at the same ports after a restart. So a daemon
//! cannot let the system choose (port 0) and report the port. If a test only looks for a free port, an outgoing connection or another
//! program can take it a moment later. Then the daemon sometimes fails to start, and the test must try again. Here the system chooses the
//! port, and the harness stays bound to it while the daemon is in use. Linux gives a bound port neither to outgoing connections nor to
//! programs that ask for any port. It still lets the daemon listen there, because both sockets allow the address to be reused and only
//! one of them listens. While the daemon is down nobody listens, so dials are refused. Nothing has to be tried again, and nothing has to
//! be read from a log or an exit code. The API's port is reserved in the same way. The daemon could report that port, but one way is
//! enough, and a restarted daemon keeps its port.
//!
//! # Dependencies
//!
//! The package `bouya` depends on this one, because `bouya bench` and `bouya devnet` are its commands. So this package knows only the
//! program's arguments, files and paths. The callers know what an answer means, so [`Client`] decodes into any type.
//!
//! Nothing here panics. Tests may unwrap.

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

//! Bouya: the daemon around [`bouya_core`], and its command line.
//!
//! The core decides, this crate does: sockets, disk, threads and time live here, and no rule.
//!
//! | module | is |
//! |---|---|
//! | [`cli`] | the command line: a client of the HTTP API, but for run, init, join, check, verify, devnet |
//! | [`config`] | text files into checked settings, every mistake at once |
//! | [`node`] | the composition root: builds, wires, starts and stops every actor |
//! | [`chain`], [`mempool`], [`miner`], [`net::network`] | the actors, each around a machine of the core |
//! | [`actor`] | their mailboxes: bounded and named |
//! | [`net`] | TLS, listener, dials, connections |
//! | [`store`] | one redb file, one durable commit per change |
//! | [`http`] | the API and the explorer |
//! | [`wallet`] | keys of people, and of the node as a member |
//! | [`verify`] | the whole store executed again |
//! | [`devnet`] | a whole network in one process |
//! | [`mod@bench`] | what a machine can do, and what Bouya makes of it |
//! | [`clock`], [`descriptors`], [`events`], [`telemetry`], [`workers`] | time, open files, what observers hear, logs, signature checks on all cores |
//!
//! Invariants:
//! - A change is durable before anybody hears of it.
//! - The network hub never waits for a peer, the chain or the mempool.
//! - An id counts as proven only where its certificate was checked: `net/tls.rs`.
//! - Any actor that ends ends the node, cleanly.
//! - Absent on purpose: shared mutable state between actors, a second writer of the store, a rule outside the core.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

pub mod actor;
pub mod archive;
pub mod bench;
pub mod chain;
pub mod cli;
pub mod clock;
pub mod config;
pub mod descriptors;
pub mod devnet;
pub mod events;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod http;
pub mod importer;
pub mod mempool;
pub mod miner;
pub mod net;
pub mod node;
pub mod receipt;
pub mod store;
pub mod telemetry;
pub mod verify;
pub mod wallet;
pub mod workers;

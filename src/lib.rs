//! Bouya: the daemon around [`bouya_core`], and its command line.
//!
//! The core decides, and this crate acts: sockets, disk, threads and time are here, but no rules.
//!
//! | module | is |
//! |---|---|
//! | [`abi`] | contracts' messages as JSON, by the file beside the module |
//! | [`cli`] | the command line: mostly a client of the HTTP API; some commands work on local files or run nodes |
//! | [`config`] | reads text files into checked settings, and reports all mistakes at once |
//! | [`node`] | the composition root: builds, connects, starts and stops all actors |
//! | [`chain`], [`mempool`], [`miner`], [`voter`], [`net::network`] | the actors, each around a state machine of the core |
//! | [`health`] | how the node stands, as the core's gate says it, for miner, API and log |
//! | [`actor`] | their mailboxes: bounded and named |
//! | [`net`] | TLS, listener, dials, connections |
//! | [`store`] | one redb file, with one durable commit per change |
//! | [`http`] | the API and the explorer |
//! | [`wallet`] | the keys of people, and the node's member key |
//! | [`backup`] | what a lost machine cannot be set up without, sealed in one file |
//! | [`verify`] | executes the whole store again, to verify or repair it |
//! | [`devnet`] | a whole test network in one process |
//! | [`mod@bench`] | measures how fast a machine is, and how fast Bouya runs on it |
//! | [`contract_project`] | a new contract's project |
//! | [`clock`], [`descriptors`], [`events`], `files`, [`telemetry`], [`workers`] | time, open files, events for observers, new files that appear whole, logs, signature checks on all cores |
//!
//! Invariants:
//! - A change is durable before anyone is told about it.
//! - The network hub never waits for a peer, the chain or the mempool.
//! - An id counts as proven only after its certificate was checked, in `net/tls.rs`.
//! - If any actor ends, the node ends, cleanly.
//! - Left out on purpose: shared mutable state between actors, a second writer of the store, a rule outside the core.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

pub mod abi;
pub mod actor;
pub mod admission;
pub mod archive;
pub mod backup;
pub mod bench;
pub mod chain;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contract_project;
pub mod descriptors;
pub mod devnet;
pub mod events;
pub mod export;
mod files;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod health;
pub mod http;
pub mod importer;
pub mod mempool;
pub mod miner;
pub mod net;
pub mod node;
pub mod proxy;
mod short;
pub mod store;
pub mod telemetry;
pub mod verify;
pub mod voter;
pub mod wallet;
pub mod workers;

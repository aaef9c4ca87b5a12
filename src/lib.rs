//! Bouya.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

pub mod actor;
pub mod chain;
pub mod clock;
pub mod config;
pub mod events;
pub mod http;
pub mod mempool;
pub mod miner;
pub mod net;
pub mod store;
#[cfg(test)]
mod testing;
pub mod verify;
pub mod workers;

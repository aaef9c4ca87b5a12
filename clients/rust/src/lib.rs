//! For Rust programs that use a Bouya network, beside [`bouya_core`], which has the values: keys, transactions, blocks, and what they prove.
//!
//! | module | is |
//! |---|---|
//! | [`definition`] | `network.toml` and `override.toml`: what all members agree on |
//! | [`receipt`] | receipts and final proofs as files |
//! | [`testing`] | a network for tests: `bouya devnet` as a child process |
//! | [`time`] | points in time as text |
//!
//! A node speaks HTTP on the loopback, and `/openapi.json` describes it: take the client that your program has already. The daemon itself is
//! built on the first two modules.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

pub mod definition;
pub mod receipt;
pub mod testing;
pub mod time;

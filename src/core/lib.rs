//! Bouya's rules and state machines.
//!
//! What nodes must agree on, and how a node behaves towards others, is *decided* here: values, ledger rules, the mempool, the wire's messages, the overlay network as one machine,
//! and how the machines of one node work together. Time and randomness come in as arguments, I/O goes out as values. So the same objects
//! run under tokio, in a simulator and in a fuzzer.
//!
//! Absent on purpose: sockets, files, clocks, threads, OS randomness, logging. `no_std` keeps it so. (One file takes what ends a panic from `std`.)
//!
//! A module uses only modules of a lower rank (`tests/architecture.rs` of the root package checks this):
//!
//! | rank | modules |
//! |---|---|
//! | 0 | [`limits`], [`time`], [`codec`], [`crypto`], [`random`] |
//! | 1 | [`code`], [`id`], `recent` |
//! | 2 | [`ledger`] |
//! | 3 | [`mempool`], [`wire`], [`finality`] |
//! | 4 | [`overlay`] |
//! | 5 | [`node`] |

#![no_std]
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    warn(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::expect_used)
)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

extern crate alloc;
#[cfg(any(test, feature = "testing"))]
extern crate std;

pub mod code;
pub mod codec;
pub mod crypto;
pub mod finality;
pub mod id;
pub mod ledger;
pub mod limits;
pub mod mempool;
pub mod node;
pub mod overlay;
pub mod passphrase;
pub mod random;
mod recent;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub mod testing;
pub mod time;
pub mod wire;

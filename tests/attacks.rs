//! Members gone mad, against real daemons on this machine's loopback. Each mad member is cut with a named reason. The honest members do not
//! notice: they stay connected, ban none of each other, and go on mining and agreeing on blocks. No timing is judged here; `cargo bench
//! --bench attacks` measures it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "attacks/chain.rs"]
mod chain;
#[path = "network/daemon.rs"]
#[allow(dead_code, reason = "shared with the tests of networks")]
mod daemon;
#[path = "attacks/field.rs"]
#[allow(dead_code, reason = "shared with the benchmark")]
mod field;
#[path = "attacks/floods.rs"]
mod floods;
#[path = "attacks/malformed.rs"]
mod malformed;
#[path = "attacks/member.rs"]
#[allow(dead_code, reason = "shared with the benchmark")]
mod member;
#[path = "attacks/promises.rs"]
mod promises;

//! The price table against the clock. A gas is meant to take at most 5 ns, so that a full block computes for a tenth of the interval.
//!
//! `cargo bench --bench contracts [-- prices|blocks] [--only NAME]` prints what each thing that a contract may do takes for a gas, and what
//! blocks take that are full of the dearest, on a chain on the disk below TMPDIR. It takes some minutes. What is over its price is marked, and
//! nothing is judged: whoever changes the table or the machine looks here first.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement that fails says so by panicking")]

#[path = "contracts/blocks.rs"]
mod blocks;
#[path = "contracts/chain.rs"]
mod chain;
#[path = "../tests/contracts/golden.rs"]
mod golden;
#[path = "contracts/prices.rs"]
mod prices;

fn main() {
    let only = std::env::args().skip_while(|argument| argument != "--only").nth(1);
    let wanted = |name: &str| only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    // A build for speed computes the same.
    let frozen: serde_json::Value =
        serde_json::from_str(include_str!("../tests/contracts/golden.json")).unwrap();
    assert_eq!(golden::all(), frozen, "this build computes something else than it should");
    let part = std::env::args().find(|argument| ["prices", "blocks"].contains(&argument.as_str()));
    if part.as_deref() != Some("blocks") {
        prices::run(&wanted);
    }
    if part.as_deref() != Some("prices") {
        blocks::run(&wanted);
    }
}

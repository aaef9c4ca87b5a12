//! Bouya.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

pub mod store;
#[cfg(test)]
mod testing;

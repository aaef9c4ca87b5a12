//! Configuration: reads text files into checked, immutable settings. All mistakes are reported at once, each with its key, its
//! value and what is expected. What all members agree on is read by the package `bouya-client`, which other programs use as well.

pub mod node;

pub use bouya_client::definition::{Mistake, Mistakes, NetworkFile, OverrideFile, network};
pub use node::Settings;

#[cfg(test)]
mod tests;

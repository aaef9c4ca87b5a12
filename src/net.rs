//! The network's shell.

pub mod request;

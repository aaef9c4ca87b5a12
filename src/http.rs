//! The HTTP API.

pub mod views;

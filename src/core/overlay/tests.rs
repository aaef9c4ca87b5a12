//! The overlay under virtual time, without sockets.

mod alone;
mod duplicates;
mod network;
mod property;
mod world;

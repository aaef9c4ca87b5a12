//! The overlay under virtual time, without sockets.

mod alone;
mod network;
mod property;
mod world;

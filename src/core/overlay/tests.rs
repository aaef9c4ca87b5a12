//! The overlay under virtual time, without sockets.

mod age;
mod alone;
mod chores;
mod duplicates;
mod network;
mod property;
mod serving;
mod world;

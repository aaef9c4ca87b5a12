//! The overlay under virtual time, without sockets.

mod addresses;
mod age;
mod alone;
mod back;
mod chores;
mod compact;
mod duplicates;
mod faults;
mod members;
mod mesh;
mod network;
mod property;
mod serving;
mod storm;
mod world;

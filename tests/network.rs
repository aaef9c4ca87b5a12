//! Real daemons as processes on this machine's loopback: what a network does when its nodes fail, lose each other and meet again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod network {
    mod agreements;
    mod contracts;
    #[allow(dead_code, reason = "shared with other tests, which use the rest")]
    mod daemon;
    mod descriptors;
    mod doctor;
    mod faults;
    mod identity;
    mod members;
    mod refusals;
    mod secrets;
    mod snapshots;
    mod states;
    mod switched_off;
    mod together;
}

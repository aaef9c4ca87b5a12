//! A real daemon among hosts that have no certificate: they may cost little, and keep nobody out.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod strangers {
    mod attack;
    #[allow(dead_code, reason = "shared with the network's tests, which use the rest")]
    #[path = "../network/daemon.rs"]
    mod daemon;
    mod files;
    mod noise;
    mod openssl;
    mod refused;
}

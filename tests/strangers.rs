//! A real daemon among hosts without a certificate: they may cost it little, and may keep no member out.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod strangers {
    mod attack;
    #[allow(dead_code, reason = "shared with other tests, which use the rest")]
    #[path = "../network/daemon.rs"]
    mod daemon;
    mod files;
    mod noise;
    mod openssl;
    mod refused;
}

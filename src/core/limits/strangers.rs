//! Before trust: sockets that have not said hello, and dials.

use core::time::Duration;

/// Sockets that have not said hello yet, in all: at the cap the oldest of the busiest address makes room.
pub const PENDING_SOCKETS: usize = 64;
/// Sockets that have not said hello yet, per address: one scanner locks nobody out.
pub const PENDING_PER_ADDRESS: usize = 8;
/// Accepted sockets per second and address before TLS, and the burst: a handshake costs the server more than the stranger.
pub const ACCEPTS_PER_ADDRESS: (u32, u32) = (5, 20);
/// Accepted sockets per second in all, and the burst.
pub const ACCEPTS_TOTAL: (u32, u32) = (100, 200);
/// The same again, only for addresses that have not knocked for [`NEWCOMER_AFTER`]: a flood from fewer than 1,000 addresses uses up
/// the rate above, never this one, and an address that comes for the first time is served.
pub const ACCEPTS_NEWCOMERS: (u32, u32) = (100, 200);
/// See [`ACCEPTS_NEWCOMERS`].
pub const NEWCOMER_AFTER: Duration = Duration::from_secs(10);
/// Addresses of strangers that are remembered in each table of rates. Beyond, what they share is all that limits them.
pub const RATED_ADDRESSES: usize = 4_096;
/// A dial's TCP connect: an address that swallows everything holds up the dials behind it no longer.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// TLS, counted from accept or connect: dribbling does not extend it.
pub const TLS_TIMEOUT: Duration = Duration::from_secs(5);
/// Everything up to the peer's hello, counted in the same way.
pub const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that the kernel holds for us until they are accepted.
pub const ACCEPT_BACKLOG: i32 = 1024;
/// Pause when this process has no file descriptor left: accepting at once would fail at once.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Buckets of addresses that are full again are forgotten this often.
pub const RATES_FORGET_EVERY: Duration = Duration::from_secs(10);
/// Failures to accept are logged this often at most: a flood fills no log.
pub const ACCEPT_TELL_EVERY: Duration = Duration::from_secs(60);
/// A full table is swept this often at most: a sweep costs as much as a handshake.
pub const RATES_SWEEP_EVERY: Duration = Duration::from_millis(100);

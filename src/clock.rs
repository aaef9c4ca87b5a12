//! The shell's two clocks: one for timers, one for blocks and certificates.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub use bouya_client::time::{parse_rfc3339, parse_rfc3339_or_1970, rfc3339};
use bouya_core::time::{Time, Timestamp};

/// A monotonic clock that starts at zero when it is created.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Monotonic time, for timers.
    pub fn now(&self) -> Time {
        Time::from_millis(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// The instant at which [`Clock::now`] will be `time`.
    pub fn instant(&self, time: Time) -> Instant {
        self.0 + std::time::Duration::from_millis(time.as_millis())
    }
}

/// Wall-clock time, for blocks and certificates. A clock before 1970 reads as 1970.
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Whole days until `end`; negative once it has passed.
pub fn days_until(end: Timestamp) -> i64 {
    let day = 24 * 3600 * 1000;
    let (end, now) = (i64::try_from(end.0).unwrap_or(i64::MAX), i64::try_from(wall().0).unwrap_or(0));
    end.saturating_sub(now).div_euclid(day)
}

//! The shell's two clocks: one for timers, one for blocks and certificates.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bouya_core::time::{Time, Timestamp};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

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

/// RFC 3339 in UTC, to the millisecond. A time after the year 9999, which RFC 3339 cannot write, is shown in milliseconds since 1970: `N ms`.
pub fn rfc3339(time: Timestamp) -> String {
    i64::try_from(time.0)
        .ok()
        .and_then(|ms| OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok())
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| time.to_string())
}

/// Parses RFC 3339.
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for (ms, text) in [(0, "1970-01-01T00:00:00Z"), (1_790_000_000_123, "2026-09-21T14:13:20.123Z")] {
            assert_eq!(rfc3339(Timestamp(ms)), text);
            assert_eq!(parse_rfc3339(text), Some(Timestamp(ms)));
        }
        assert_eq!(parse_rfc3339("2026-11-20T01:00:00+01:00"), parse_rfc3339("2026-11-20T00:00:00Z"));
        assert_eq!(parse_rfc3339("yesterday"), None);
        assert!(rfc3339(Timestamp(u64::MAX)).ends_with("ms"));
    }
}

//! Two clocks, kept apart: [`Time`] for timers, [`Timestamp`] for blocks and certificates.

use core::fmt;
use core::time::Duration;

use borsh::{BorshDeserialize, BorshSerialize};

/// A point on a monotonic clock, in milliseconds since some origin that differs from run to run. Never on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The point `ms` milliseconds after the origin.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the origin.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The point `span` later; the last point there is if that does not fit.
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Wall-clock time in milliseconds since 1970, UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The instant `span` later; the last instant there is if that does not fit.
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// Milliseconds from `other` to this instant; negative if `other` is later.
    pub fn ahead_of(self, other: Self) -> i64 {
        let wide = i128::from(self.0).saturating_sub(i128::from(other.0));
        i64::try_from(wide).unwrap_or(if wide < 0 { i64::MIN } else { i64::MAX })
    }

    /// Milliseconds from `earlier` to this instant; zero if it lies ahead.
    pub fn millis_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// `first` doubled this many times, but at most `most`: waits that grow with each failure.
pub fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times)).min(most)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_double_up_to_the_most() {
        let table = [
            ((1, 0, 60), 1),
            ((1, 1, 60), 2),
            ((1, 5, 60), 32),
            ((1, 6, 60), 60),
            ((1, 7, 60), 60),
            ((1, u32::MAX, 60), 60),
            ((3, 2, u64::MAX), 12),
            ((0, 9, 60), 0),
            ((90, 0, 60), 60),
            ((u64::MAX, u32::MAX, u64::MAX), u64::MAX),
        ];
        for ((first, times, most), expected) in table {
            let [first, most] = [first, most].map(Duration::from_secs);
            let span = doubled(first, times, most);
            assert_eq!(span.as_secs(), expected, "{first:?} {times} times, {most:?} at most");
        }
    }
}

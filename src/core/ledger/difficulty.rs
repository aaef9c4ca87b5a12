//! Difficulty: the expected hashes of a block, steered so that blocks come at the interval.
//!
//! ASERT (as in Bitcoin Cash's aserti3-2d) with clipped gaps. A chain's *lateness* is how far its blocks are behind their due times.
//! Difficulty halves with each half-life of lateness and doubles with each half-life of earliness.
//!
//! A network with nothing to confirm rests. If a rest counted as lateness, difficulty would sink with every rest, and a member could date
//! blocks into a rest until they cost nothing. So:
//! - a gap adds at most three intervals, whatever the dates say: eight dated blocks cost 0.86 of eight honest ones;
//! - a block is on time at a little less than an interval, so that clipping does not bias the mean: E[min(X, 3)] = 1 - e^-3;
//! - a rest is *told* in the header and then adds nothing; a gap below two intervals is no rest;
//! - a block's own gap does not change its own difficulty: a false date alone does not make a block easier.
//!
//! A young chain adjusts four times as fast, because its first difficulty comes from a guessed hash rate.
//!
//! What this cannot do: a resting network has no majority. SECURITY.md says what that means.

use core::time::Duration;

use crate::limits::DIFFICULTY_FLOOR_BITS;

/// A gap counts as at most this many intervals.
const CLIP_INTERVALS: i64 = 3;
/// A shorter gap than this many intervals is no rest.
const REST_INTERVALS: u64 = 2;
/// Up to this height a gap counts [`YOUNG_FACTOR`] times over.
const YOUNG_UNTIL: u64 = 64;
const YOUNG_FACTOR: i64 = 4;
/// The limits of the longest rest, in intervals, and the span it should have within them.
const HEARTBEAT_INTERVALS: (u64, u64) = (2, 32);
const HEARTBEAT_MS: u64 = 60_000;
/// How far ahead of the local clock a block may be: two intervals, within these bounds in milliseconds.
const AHEAD_INTERVALS: u64 = 2;
const AHEAD_MS: (u64, u64) = (1_000, 10_000);

/// A network's block schedule. Lateness is in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    interval: i64,
    half_life: i64,
    initial: u64,
}

impl Schedule {
    /// A block every `interval_ms` (at most 600,000), a half-life of `half_life` blocks (at most 65,535), first difficulty `initial`.
    pub fn new(interval_ms: u32, half_life: u16, initial: u64) -> Self {
        let interval = i64::from(interval_ms.max(1));
        Self {
            interval,
            half_life: interval.saturating_mul(i64::from(half_life.max(1))),
            initial: initial.max(1),
        }
    }

    /// The interval between blocks.
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms())
    }

    /// The same, in milliseconds.
    pub fn interval_ms(&self) -> u64 {
        self.interval.unsigned_abs()
    }

    /// The shortest gap, in milliseconds, that a header may state as a rest.
    pub fn shortest_rest_ms(&self) -> u64 {
        self.interval_ms().saturating_mul(REST_INTERVALS)
    }

    /// The longest rest of a network, in milliseconds: then an empty block comes, so that nobody can date a block further back.
    pub fn heartbeat_ms(&self) -> u64 {
        let (least, most) = HEARTBEAT_INTERVALS;
        HEARTBEAT_MS
            .max(self.interval_ms().saturating_mul(least))
            .min(self.interval_ms().saturating_mul(most))
    }

    /// A block further ahead of the local clock than this, in milliseconds, is held until due. Held, never refused: clocks differ and
    /// correct themselves.
    pub fn ahead_ms(&self) -> u64 {
        let (least, most) = AHEAD_MS;
        self.interval_ms().saturating_mul(AHEAD_INTERVALS).clamp(least, most)
    }

    /// How far a block's time may be off, in milliseconds: while most miners keep to the rules, a member can date a block back by a
    /// heartbeat, and ahead by as much as the other nodes hold back.
    pub fn time_good_to_ms(&self) -> u64 {
        self.heartbeat_ms().saturating_add(self.ahead_ms())
    }

    /// Lateness after the block at `height`, which came `gap` milliseconds after its parent, or `told` that this was a rest.
    pub fn lateness(&self, before: i64, height: u64, gap: u64, told: bool) -> i64 {
        if told {
            return before;
        }
        let gap = i64::try_from(gap).unwrap_or(i64::MAX);
        let on_time = self.interval.saturating_sub(self.interval.checked_div(20).unwrap_or(0));
        let counted = gap.min(self.interval.saturating_mul(CLIP_INTERVALS)).saturating_sub(on_time);
        let factor = if height <= YOUNG_UNTIL { YOUNG_FACTOR } else { 1 };
        let most = self.half_life.saturating_mul(i64::from(DIFFICULTY_FLOOR_BITS));
        before.saturating_add(counted.saturating_mul(factor)).min(most)
    }

    /// The difficulty that a block after a parent with this `lateness` must state.
    pub fn difficulty(&self, lateness: i64) -> u64 {
        let floor = self.initial.checked_shr(DIFFICULTY_FLOOR_BITS).unwrap_or(0);
        scale(self.initial, lateness, self.half_life).max(floor)
    }
}

/// `initial` x 2^(-lateness / half_life) in integers: 16 fractional bits and the cubic of aserti3-2d, whose error is below 0.013 %.
/// At least 1, at most `u64::MAX`.
fn scale(initial: u64, lateness: i64, half_life: i64) -> u64 {
    // Wider than i64, so that no product below can overflow: |lateness| < 2^63, x 2^16 < 2^79.
    let exponent = 0_i128
        .saturating_sub(lateness.into())
        .saturating_mul(1 << 16)
        .div_euclid(i128::from(half_life.max(1)));
    let shift = exponent >> 16;
    let fraction = u128::try_from(exponent & 0xffff).unwrap_or(0);
    // 2^16 x 2^(fraction / 2^16), within [2^16, 2^17). The sum is below 2^64 for fraction < 2^16.
    let cubic = fraction
        .saturating_mul(195_766_423_245_049)
        .saturating_add(fraction.saturating_mul(fraction).saturating_mul(971_821_376))
        .saturating_add(fraction.saturating_mul(fraction).saturating_mul(fraction).saturating_mul(5_127))
        .saturating_add(1 << 47)
        >> 48;
    let factor = cubic.saturating_add(1 << 16);
    // initial < 2^64 and factor < 2^17: the product is below 2^81.
    let scaled = u128::from(initial).saturating_mul(factor);
    let shift = shift.saturating_sub(16);
    let result = if shift >= 0 {
        let by = u32::try_from(shift).unwrap_or(u32::MAX);
        if by > scaled.leading_zeros() { u128::MAX } else { scaled.checked_shl(by).unwrap_or(u128::MAX) }
    } else {
        u32::try_from(shift.unsigned_abs()).ok().and_then(|by| scaled.checked_shr(by)).unwrap_or(0)
    };
    u64::try_from(result).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests;

//! Difficulty: expected hashes per block, steered so that blocks come at the interval.
//!
//! ASERT (as in Bitcoin Cash' aserti3-2d) whose debt is bounded. A chain's *lateness* is how far its blocks are behind their
//! due times; difficulty halves per half-life of lateness and doubles per half-life of earliness. Two bounds keep a rest (an
//! idle network, a weekend) from turning into a flood: one gap adds at most ten intervals, and all of it at most 16 half-lives.
//!
//! *Easing*: a block that itself comes very late may be easier, halved once per interval beyond the bound, so that a network whose
//! biggest miner left is not stuck until the next block.

use core::time::Duration;

use crate::limits::EASING_BITS;

/// One gap counts as at most so many intervals of lateness.
const GAP_INTERVALS: i64 = 10;
/// Easing begins after so many intervals, but never before [`EASING_MIN_MS`].
const EASING_INTERVALS: i64 = 10;
const EASING_MIN_MS: i64 = 60_000;

/// A network's block schedule. Lateness is in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    interval: i64,
    half_life: i64,
    initial: u64,
}

impl Schedule {
    /// Blocks every `interval_ms` (at most 600,000), a half-life of `half_life` blocks (at most 65,535), first difficulty `initial`.
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
        Duration::from_millis(self.interval.unsigned_abs())
    }

    /// Lateness after a block that came `gap` milliseconds after its parent.
    pub fn lateness(&self, before: i64, gap: u64) -> i64 {
        let gap = i64::try_from(gap).unwrap_or(i64::MAX);
        let counted = gap.min(self.interval.saturating_mul(GAP_INTERVALS));
        before
            .saturating_add(counted)
            .saturating_sub(self.interval)
            .min(self.half_life.saturating_mul(i64::from(EASING_BITS)))
    }

    /// The difficulty that a block must state: after a parent with this `lateness`, `gap` milliseconds later.
    pub fn difficulty(&self, lateness: i64, gap: u64) -> u64 {
        let regular = scale(self.initial, lateness, self.half_life);
        let floor = self.initial.checked_shr(EASING_BITS).unwrap_or(0).max(1);
        let easing_after = self.interval.saturating_mul(EASING_INTERVALS).max(EASING_MIN_MS);
        let beyond = i64::try_from(gap).unwrap_or(i64::MAX).saturating_sub(easing_after);
        if beyond <= 0 {
            return regular;
        }
        let halvings = beyond.checked_div(self.interval).unwrap_or(0);
        let eased =
            u32::try_from(halvings).ok().and_then(|halvings| regular.checked_shr(halvings)).unwrap_or(0);
        eased.max(floor)
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

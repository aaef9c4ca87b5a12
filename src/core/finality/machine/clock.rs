//! The clock that leaders are chosen by.

use alloc::vec::Vec;

use crate::limits::CLOCK_CORRECTION_MOST_MS;
use crate::time::{Time, Timestamp};

/// The wall clock as it was told last, corrected by the voters' median.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    pub(super) at: Time,
    pub(super) wall: Timestamp,
}

impl Clock {
    /// By the median of the voters' clocks and one's own; of an even number, the mean of the middle two. Without one's own, or with the
    /// smaller of the two, nodes would swap their errors for ever.
    pub(super) fn corrected(at: Time, wall: Timestamp, mut offsets: Vec<i64>) -> Self {
        offsets.push(0);
        offsets.sort_unstable();
        let middle = |at: usize| i128::from(offsets.get(at).copied().unwrap_or_default());
        let (low, high) = (middle(offsets.len().saturating_sub(1) / 2), middle(offsets.len() / 2));
        let most = i128::from(CLOCK_CORRECTION_MOST_MS);
        let by = (low.saturating_add(high) / 2).clamp(most.saturating_neg(), most);
        let by = i64::try_from(by).unwrap_or_default();
        Self { at, wall: Timestamp(wall.0.saturating_add_signed(by)) }
    }
}

//! Slots: who leads when, and how far epochs may have come.
//!
//! Time is cut into slots, and the voters lead in turn. Clocks choose leaders and bound epochs; they are in nothing that is signed. So a
//! wrong clock costs time and never safety.

use crate::limits::{EPOCHS_PER_SLOT, SLOT_MS, SLOT_TOLERANCE_MS};
use crate::time::Timestamp;

/// The slots of one network and one set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots {
    created: Timestamp,
    voters: u64,
}

impl Slots {
    pub(super) fn new(created: Timestamp, voters: usize) -> Self {
        Self { created, voters: u64::try_from(voters.max(1)).unwrap_or(u64::MAX) }
    }

    /// When the network began.
    pub(super) fn created(&self) -> Timestamp {
        self.created
    }

    /// The slot at this time.
    pub(super) fn at(&self, time: Timestamp) -> u64 {
        time.millis_since(self.created) / SLOT_MS
    }

    /// When a slot begins.
    pub(super) fn begin(&self, slot: u64) -> Timestamp {
        Timestamp(self.created.0.saturating_add(slot.saturating_mul(SLOT_MS)))
    }

    /// Who leads in a slot.
    pub(super) fn leader(&self, slot: u64) -> u16 {
        u16::try_from(slot.checked_rem(self.voters).unwrap_or(0)).unwrap_or(u16::MAX)
    }

    /// The first slot from this one on in which a voter leads.
    pub(super) fn next_of(&self, slot: u64, voter: u16) -> u64 {
        let ahead =
            (u64::from(voter).saturating_add(self.voters)).saturating_sub(u64::from(self.leader(slot)));
        slot.saturating_add(ahead.checked_rem(self.voters).unwrap_or(0))
    }

    /// The slot in which a voter leads at this time, for a clock that may be a little wrong; none if it does not lead.
    pub(super) fn led_by(&self, voter: u16, time: Timestamp) -> Option<u64> {
        let slots = [
            self.at(time),
            self.at(Timestamp(time.0.saturating_sub(SLOT_TOLERANCE_MS))),
            self.at(Timestamp(time.0.saturating_add(SLOT_TOLERANCE_MS))),
        ];
        slots.into_iter().find(|slot| self.leader(*slot) == voter)
    }
}

/// The latest epoch that a proposal of this slot may have.
pub(super) fn latest_epoch(slot: u64) -> u64 {
    slot.saturating_mul(EPOCHS_PER_SLOT)
}

/// The latest epoch of votes that a leader in this slot counts when it chooses its own. Whatever anybody has voted for before, there is room
/// above it in this slot: so one liar's leap, shown to one half of the voters, keeps them apart for no longer than a slot.
pub(super) fn latest_counted(slot: u64) -> u64 {
    latest_epoch(slot.saturating_sub(1)).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voters_lead_in_turn_and_a_clock_may_be_a_little_wrong() {
        let slots = Slots::new(Timestamp(1_000), 3);
        let at = |ms| slots.at(Timestamp(ms));
        assert_eq!([at(0), at(1_000), at(4_999), at(5_000)], [0, 0, 0, 1]);
        assert_eq!([0, 1, 2, 3].map(|slot| slots.leader(slot)), [0, 1, 2, 0]);
        assert_eq!(
            [(4, 1), (4, 2), (4, 0), (5, 1)].map(|(slot, voter)| slots.next_of(slot, voter)),
            [4, 5, 6, 7]
        );
        let middle = Timestamp(1_000 + 4 * SLOT_MS + 2_000);
        assert_eq!([0, 1, 2].map(|voter| slots.led_by(voter, middle)), [None, Some(4), None]);
        let early = Timestamp(1_000 + 4 * SLOT_MS + 100);
        assert_eq!([0, 1, 2].map(|voter| slots.led_by(voter, early)), [Some(3), Some(4), None]);
        let late = Timestamp(1_000 + 5 * SLOT_MS - 100);
        assert_eq!([0, 1, 2].map(|voter| slots.led_by(voter, late)), [None, Some(4), Some(5)]);
        assert_eq!(slots.begin(4), Timestamp(1_000 + 4 * SLOT_MS));
    }

    #[test]
    fn each_slot_has_room_above_what_could_have_been_voted_before() {
        for slot in [1, 2, 1_000, 1 << 30] {
            assert!(latest_counted(slot) + 2 < latest_epoch(slot));
            assert!(latest_epoch(slot - 1) < latest_counted(slot));
        }
        assert_eq!(latest_counted(0), 1);
        assert_eq!(latest_epoch(u64::MAX), u64::MAX);
    }
}

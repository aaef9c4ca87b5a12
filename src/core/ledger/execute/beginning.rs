//! The state before the first block.

use super::super::state::Layer;
use super::super::{Key, NetworkSpec, Rows};
use super::credit;

impl NetworkSpec {
    /// All coins that exist from the beginning; the sum is known to fit.
    pub(in crate::ledger) fn supply(&self) -> u64 {
        self.allocations.iter().fold(0, |sum, a| sum.saturating_add(a.amount))
    }

    /// The rows of the state before the first block.
    pub(in crate::ledger) fn rows(&self) -> Rows {
        let empty = Rows::new();
        let mut layer = Layer::new(None, &empty);
        // Without a base no read can fail.
        let mut written = layer.write(Key::Supply, &self.supply());
        for allocation in &self.allocations {
            written = written.and_then(|()| credit(&mut layer, allocation.address, allocation.amount));
        }
        written = written.and_then(|()| layer.write(Key::Roster, &self.roster()));
        let written = written.and_then(|()| layer.finish());
        debug_assert!(written.is_ok());
        written.map(|written| written.rows).unwrap_or_default()
    }
}

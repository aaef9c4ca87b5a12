//! Finds the transactions that a compact block names.

use alloc::vec;
use alloc::vec::Vec;

use super::Mempool;
use crate::ledger::{ShortId, ShortKey, Transaction};

impl Mempool {
    /// The transactions with these short ids, in that order; none where there is no match or more than one; then the sender of the block
    /// says which it is. All ids here are looked at, at the cost of one hash each.
    pub fn find_short(&self, key: &ShortKey, ids: &[ShortId]) -> Vec<Option<Transaction>> {
        let mut places: Vec<(ShortId, usize)> = ids.iter().zip(0..).map(|(id, place)| (*id, place)).collect();
        places.sort_unstable();
        let mut found = vec![None; ids.len()];
        let mut twice = Vec::new();
        for id in self.ids.keys() {
            let short = key.short(id);
            let Ok(at) = places.binary_search_by_key(&short, |(short, _)| *short) else { continue };
            let Some((place, slot)) =
                places.get(at).and_then(|(_, place)| Some((*place, found.get_mut(*place)?)))
            else {
                continue;
            };
            if slot.is_some() {
                twice.push(place);
            }
            *slot = self.get(id).map(|checked| (**checked).clone());
        }
        for place in twice {
            if let Some(slot) = found.get_mut(place) {
                *slot = None;
            }
        }
        found
    }
}

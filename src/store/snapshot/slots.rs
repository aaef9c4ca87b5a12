//! What a contract keeps, in order.

use bouya_core::codec::{Bounded, decode, encode};
use bouya_core::ledger::contract::{Slot, slots};
use bouya_core::ledger::{Address, Key, StateError};
use bouya_core::limits::CONTRACT_KEY;

use super::super::guard::Fault;
use super::{Row, Snapshot};

impl Snapshot {
    /// Slots of a contract whose keys begin with `prefix`, shorter keys first, behind the key `after` if one is given, at most `limit`.
    pub fn slots(
        &self,
        contract: &Address,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Slot>, StateError> {
        let row =
            |key: &[u8]| encode(&Key::Slot { contract: *contract, key: Bounded::truncated(key.to_vec()) });
        let shortest = after.map_or(0, <[u8]>::len).max(prefix.len());
        let after = after.map(row);
        let mut found = Vec::new();
        // In the row's key the slot's length stands before its bytes: those that begin alike stand together for each length.
        for length in shortest..=CONTRACT_KEY {
            let filled = |with: u8| {
                let mut key = prefix.to_vec();
                key.resize(length, with);
                row(&key)
            };
            let (mut low, high) = (filled(0), filled(u8::MAX));
            if let Some(after) = after.as_ref().filter(|after| **after > low) {
                low.clone_from(after);
            }
            if low > high {
                continue;
            }
            let rows: Vec<Row> = self.guard.run(|| {
                let mut rows = Vec::new();
                for row in self.state.range(low.as_slice()..=high.as_slice())? {
                    let (key, value) = row?;
                    if after.as_deref() == Some(key.value()) {
                        continue;
                    }
                    if rows.len() + found.len() == limit {
                        break;
                    }
                    rows.push((key.value().to_vec(), value.value().to_vec()));
                }
                Ok(rows)
            })?;
            for (key, value) in rows {
                let key: Key = self
                    .guard
                    .run(|| decode(&key, "a row's key").map_err(|error| Fault::Damaged(error.to_string())))?;
                found.extend(slots(&key, value)?);
            }
            if found.len() == limit {
                break;
            }
        }
        Ok(found)
    }
}

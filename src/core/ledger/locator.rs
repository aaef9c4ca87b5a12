//! Finding a fork: a sparse list of a chain's blocks, and the headers after the first one that both have. Somebody may want a block that is
//! stored beside the best chain, because its voters made it final: then the headers lead there.

use alloc::vec::Vec;

use super::{StateError, SyncHeader, View};
use crate::crypto::Hash;
use crate::limits::{LOCATOR_DENSE, LOCATOR_HASHES, SIDE_HEADERS};

/// The last ten blocks of the best chain, which ends at height `tip`, then increasingly sparse ones, and the genesis block.
pub fn locator(view: &dyn View, tip: u64) -> Result<Vec<Hash>, StateError> {
    let mut locator = Vec::new();
    let (mut height, mut step) = (Some(tip), 1_u64);
    while let Some(at) = height {
        locator.extend(view.at_height(at)?);
        if locator.len() >= LOCATOR_DENSE {
            step = step.saturating_mul(2);
        }
        height = if at == 0 { None } else { Some(at.saturating_sub(step)) };
    }
    locator.truncate(LOCATOR_HASHES);
    Ok(locator)
}

/// Headers after the first block of `locator` that is on the branch which ends in `stop`: at most `most`, lowest first, and not beyond
/// `stop`. If `stop` is not stored, is on the best chain or is more than [`SIDE_HEADERS`] blocks off it, that branch is the best chain.
pub fn headers_after(
    view: &dyn View,
    locator: &[Hash],
    stop: &Hash,
    most: usize,
) -> Result<Vec<SyncHeader>, StateError> {
    let branch = To::find(view, stop)?;
    let mut from = 0_u64;
    for id in locator {
        let Some(record) = view.record(id)? else { continue };
        if branch.at_height(view, record.header.height)? == Some(*id) {
            from = record.header.height;
            break;
        }
    }
    let mut headers = Vec::new();
    while headers.len() < most {
        from = from.saturating_add(1);
        let Some(id) = branch.at_height(view, from)? else { break };
        let Some(record) = view.record(&id)? else { break };
        headers.push(SyncHeader { header: record.header, executed: record.executed });
        if id == *stop {
            break;
        }
    }
    Ok(headers)
}

/// The way to a block: the best chain up to where the way leaves it, and the blocks beside it.
struct To {
    /// The last height on the best chain; none if the way does not leave it.
    fork: Option<u64>,
    /// The blocks after it, highest first.
    side: Vec<Hash>,
}

impl To {
    const BEST: Self = Self { fork: None, side: Vec::new() };

    fn find(view: &dyn View, end: &Hash) -> Result<Self, StateError> {
        let mut side = Vec::new();
        let mut id = *end;
        while let Some(record) = view.record(&id)? {
            if view.at_height(record.header.height)? == Some(id) {
                let fork = Some(record.header.height).filter(|_| !side.is_empty());
                return Ok(Self { fork, side });
            }
            if side.len() >= SIDE_HEADERS {
                break;
            }
            side.push(id);
            id = record.header.parent;
        }
        Ok(Self::BEST)
    }

    fn at_height(&self, view: &dyn View, height: u64) -> Result<Option<Hash>, StateError> {
        let Some(above) = self.fork.and_then(|fork| height.checked_sub(fork)).filter(|above| *above > 0)
        else {
            return view.at_height(height);
        };
        let place = usize::try_from(above).ok().and_then(|above| self.side.len().checked_sub(above));
        Ok(place.and_then(|place| self.side.get(place)).copied())
    }
}

#[cfg(test)]
mod tests;

//! Finding a fork: a sparse list of a chain's blocks, and the headers after the first one that both have.

use alloc::vec::Vec;

use super::{Header, StateError, View};
use crate::crypto::Hash;
use crate::limits::{LOCATOR_DENSE, LOCATOR_HASHES};

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

/// Headers of the best chain after the first block of `locator` that is on it: at most `most`, and not beyond `stop`.
pub fn headers_after(
    view: &dyn View,
    locator: &[Hash],
    stop: &Hash,
    most: usize,
) -> Result<Vec<Header>, StateError> {
    let mut from = 0_u64;
    for id in locator {
        let Some(record) = view.record(id)? else { continue };
        if view.at_height(record.header.height)? == Some(*id) {
            from = record.header.height;
            break;
        }
    }
    let mut headers = Vec::new();
    while headers.len() < most {
        from = from.saturating_add(1);
        let Some(id) = view.at_height(from)? else { break };
        let Some(record) = view.record(&id)? else { break };
        headers.push(record.header);
        if id == *stop {
            break;
        }
    }
    Ok(headers)
}

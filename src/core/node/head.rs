//! The end of the best chain, as everybody in a node sees it.

use alloc::vec::Vec;

use crate::crypto::Hash;
use crate::ledger::{Branch, Key, StateError, View, locator, read_supply};
use crate::limits::{EMPTY_BLOCK_BYTES, MINE_REST_AFTER};

/// The end of the best chain.
#[derive(Clone, Debug)]
pub struct Head {
    /// The branch.
    pub branch: Branch,
    /// Coins that exist.
    pub supply: u64,
    /// Blocks at the end that hold no transaction, at most [`MINE_REST_AFTER`].
    pub empty_blocks: u64,
    /// Blocks of the chain, newest first, ever sparser.
    pub locator: Vec<Hash>,
    /// No block is taken because the disk is nearly full.
    pub disk_full: bool,
}

impl Head {
    /// Reads what belongs to the chain that ends in `branch`.
    pub(super) fn read(view: &dyn View, branch: &Branch, disk_full: bool) -> Result<Self, StateError> {
        let supply = read_supply(view.row(&Key::Supply)?)?;
        let empty_blocks = empty_blocks(view, branch.height)?;
        let locator = locator(view, branch.height)?;
        Ok(Self { branch: branch.clone(), supply, empty_blocks, locator, disk_full })
    }
}

fn empty_blocks(view: &dyn View, tip: u64) -> Result<u64, StateError> {
    let mut count = 0;
    for height in (1..=tip).rev() {
        let Some(id) = view.at_height(height)? else { break };
        let Some(record) = view.record(&id)?.filter(|record| record.bytes <= EMPTY_BLOCK_BYTES) else {
            break;
        };
        count = tip.saturating_sub(record.header.height).saturating_add(1);
        if count >= MINE_REST_AFTER {
            return Ok(MINE_REST_AFTER);
        }
    }
    // A young chain without transactions has nothing to wait for.
    Ok(if count == tip { MINE_REST_AFTER } else { count })
}

//! The best chain's end, as everybody sees it.

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Branch, Chain, Key, View, locator, read_supply};
use bouya_core::limits::HEADER_BYTES;

use super::{ChainError, REST_AFTER};
use crate::store::Snapshot;

/// The best chain's end.
#[derive(Clone, Debug)]
pub struct Head {
    /// The branch.
    pub branch: Branch,
    /// Coins that exist.
    pub supply: u64,
    /// Blocks at the end that hold no transaction, at most [`REST_AFTER`].
    pub empty_blocks: u64,
    /// Blocks of the chain, newest first, ever sparser.
    pub locator: Vec<Hash>,
    /// No block is taken because the disk is nearly full.
    pub disk_full: bool,
}

/// Size of a block without transactions: header, whom the reward is for and how much it is, a count of 0.
const EMPTY_BLOCK_BYTES: u32 = HEADER_BYTES as u32 + 33 + 8 + 4;

/// Reads it where it stands now.
pub(super) fn head_of(chain: &Chain, snapshot: &Snapshot, disk_full: bool) -> Result<Head, ChainError> {
    let branch = chain.tip().clone();
    let supply = read_supply(snapshot.row(&Key::Supply)?)?;
    let mut empty_blocks = 0;
    while empty_blocks < REST_AFTER.min(branch.height) {
        let id = snapshot.at_height(branch.height - empty_blocks)?;
        let record = id.map(|id| snapshot.record(&id)).transpose()?.flatten();
        if record.is_some_and(|record| record.bytes > EMPTY_BLOCK_BYTES) {
            break;
        }
        empty_blocks += 1;
    }
    if branch.height < REST_AFTER {
        // A young chain has nothing to wait for.
        empty_blocks = if empty_blocks == branch.height { REST_AFTER } else { empty_blocks };
    }
    let locator = locator(snapshot, branch.height)?;
    Ok(Head { branch, supply, empty_blocks, locator, disk_full })
}

//! Pages of a list in the store, newest first.

use std::sync::Arc;

use bouya_core::ledger::{Block, Header, Transaction, View};
use bouya_core::limits::{API_LIST_LOOKS, API_LIST_ROWS};
use bouya_core::time::Timestamp;

use super::extract::PageOptions;
use super::problem::Problem;
use super::views::Page;
use crate::clock::parse_rfc3339_or_1970;
use crate::store::{List, Snapshot};

/// Where a page begins: below this place.
pub(super) type Cursor = (u64, u32);

/// Reads the `from` of a page request.
pub(super) fn cursor(options: &PageOptions) -> Result<Option<Cursor>, Problem> {
    options.cursor(|text| {
        let (height, index) = text.split_once('-')?;
        Some((height.parse().ok()?, index.parse().ok()?))
    })
}

/// Reads a time in a filter.
pub(super) fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let wrong = |text: &str| {
        Problem::bad_request(format!("{name}={text:?} is no time; write it as in 2026-11-20T00:00:00Z"))
    };
    text.map(|text| parse_rfc3339_or_1970(text).ok_or_else(|| wrong(text))).transpose()
}

/// The lowest height of the best chain whose block is later than `time`; beyond the tip if there is none. Times rise strictly.
pub(super) fn height_after(snapshot: &Snapshot, time: Timestamp) -> Result<u64, Problem> {
    let (mut low, mut high) = (0, snapshot.tip()?.0 + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let record = snapshot.at_height(middle)?.map(|id| snapshot.record(&id)).transpose()?.flatten();
        match record {
            Some(record) if record.header.time <= time => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Which part of a list.
pub(super) struct Part<'a> {
    pub(super) list: &'a List,
    /// Below this place.
    pub(super) from: Cursor,
    /// At this height or above.
    pub(super) lowest: u64,
    /// The most items.
    pub(super) limit: usize,
    /// Bytes of blocks that may be read for the page; then it ends early.
    pub(super) bytes: usize,
}

/// One page: what `keep` makes of the transactions of a part.
pub(super) fn page<T>(
    snapshot: &Snapshot,
    part: Part<'_>,
    mut keep: impl FnMut(&Header, &Transaction) -> Result<Option<T>, Problem>,
) -> Result<Page<T>, Problem> {
    let (mut before, mut looked, mut bytes) = (part.from, 0, 0_usize);
    let mut items = Vec::new();
    let mut block: Option<(u64, Arc<Block>)> = None;
    loop {
        let rows = snapshot.list(part.list, before, API_LIST_ROWS)?;
        let last = rows.len() < API_LIST_ROWS;
        for (height, index) in rows {
            if height < part.lowest {
                return Ok(Page { items, next: None });
            }
            if items.len() == part.limit || looked == API_LIST_LOOKS || bytes >= part.bytes {
                return Ok(Page { items, next: Some(format!("{}-{}", before.0, before.1)) });
            }
            (before, looked) = ((height, index), looked + 1);
            if block.as_ref().is_none_or(|(read, _)| *read != height) {
                block = snapshot.block_at(height)?.map(|block| (height, block));
                bytes = bytes.saturating_add(block.as_ref().map_or(0, |(_, block)| block.size()));
            }
            // Rows of a branch that lost lead to other transactions, or to none.
            let Some((_, block)) = &block else { continue };
            let found = usize::try_from(index).ok().and_then(|index| block.body.transactions.get(index));
            if let Some(found) = found.filter(|found| crate::store::lists(found).contains(part.list)) {
                items.extend(keep(&block.header, found)?);
            }
        }
        if last {
            return Ok(Page { items, next: None });
        }
    }
}

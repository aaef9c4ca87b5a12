//! How far a follower of the feed has come. It names a place on the chain, so it holds after a restart, and on every node of the network.

use std::fmt;
use std::str::FromStr;

use bouya_core::crypto::Hash;
use bouya_core::ledger::View;
use bouya_core::limits::API_FEED_WALK;

use super::Until;
use crate::http::ends::Ends;
use crate::http::problem::{Name, Problem};
use crate::store::Snapshot;

/// The first transactions of a block were told, and all that fits in the blocks below. As text, `HEIGHT-TOLD-FINAL-HASH`; TOLD is `all` once
/// nothing of the block is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) height: u64,
    /// None: all of them.
    pub(super) told: Option<u32>,
    /// The height of the newest block that was final then: a follower never has to go back below it.
    pub(super) finalized: u64,
    /// The block's id, to notice that another one took its place.
    pub(super) block: Hash,
}

/// Where a follower wants to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Above this block.
    Height(u64),
    /// With what comes from now on.
    Latest,
    /// Where it was.
    Cursor(Cursor),
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.told {
            Some(told) => write!(f, "{}-{told}-{}-{}", self.height, self.finalized, self.block),
            None => write!(f, "{}-all-{}-{}", self.height, self.finalized, self.block),
        }
    }
}

/// The text says no place of the feed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "after is no place of the feed: give the `next` of the page before, or the height of a block, or `latest`"
)]
pub(super) struct NoPlace;

impl FromStr for After {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        let mut parts = text.split('-');
        let mut number = || parts.next()?.parse().ok();
        let height = number().ok_or(NoPlace)?;
        let Some(told) = parts.next() else { return Ok(Self::Height(height)) };
        let told = match told {
            "all" => None,
            told => Some(told.parse().map_err(|_| NoPlace)?),
        };
        let finalized = parts.next().and_then(|text| text.parse().ok()).ok_or(NoPlace)?;
        let block = parts.next().and_then(|text| text.parse().ok()).ok_or(NoPlace)?;
        let cursor = Cursor { height, told, finalized, block };
        if cursor.to_string() == text { Ok(Self::Cursor(cursor)) } else { Err(NoPlace) }
    }
}

/// Where a page begins.
pub(super) struct Begin {
    pub(super) at: Cursor,
    /// What was told above this height is undone.
    pub(super) undone: Option<u64>,
}

/// Finds the place on the chain as it is now.
pub(super) fn begin(
    snapshot: &Snapshot,
    ends: &Ends,
    after: Option<After>,
    until: Until,
) -> Result<Begin, Problem> {
    let cursor = match after {
        Some(After::Cursor(cursor)) => cursor,
        other => {
            let height = match other {
                Some(After::Height(height)) => height,
                Some(After::Latest) => until.height(ends),
                _ => 0,
            };
            return Ok(Begin { at: behind(snapshot, ends, height)?, undone: None });
        }
    };
    let here = snapshot.at_height(cursor.height)?;
    if here == Some(cursor.block) {
        let finalized = cursor.finalized.max(ends.finalized.min(cursor.height));
        return Ok(Begin { at: Cursor { finalized, ..cursor }, undone: None });
    }
    // What was final where the cursor comes from is not final here yet: this node cannot say what of it stands.
    if cursor.finalized > ends.finalized {
        return Err(is_behind(ends, cursor.height));
    }
    if cursor.height <= cursor.finalized {
        return Err(other_history(&cursor));
    }
    match fork(snapshot, &cursor)? {
        Fork::At(height) => back_to(snapshot, ends, height),
        Fork::OtherHistory => Err(other_history(&cursor)),
        // Perhaps of a branch that this node never saw, perhaps of blocks that are still to come here.
        Fork::Unknown if here.is_none() => Err(is_behind(ends, cursor.height)),
        Fork::Unknown => back_to(snapshot, ends, cursor.finalized),
    }
}

fn back_to(snapshot: &Snapshot, ends: &Ends, height: u64) -> Result<Begin, Problem> {
    Ok(Begin { at: behind(snapshot, ends, height)?, undone: Some(height) })
}

/// The place behind all of the block at this height.
fn behind(snapshot: &Snapshot, ends: &Ends, height: u64) -> Result<Cursor, Problem> {
    let block = snapshot.at_height(height)?.ok_or_else(|| is_behind(ends, height))?;
    Ok(Cursor { height, told: None, finalized: ends.finalized.min(height), block })
}

/// Where the cursor's branch left the best chain.
enum Fork {
    At(u64),
    /// Below what was final.
    OtherHistory,
    /// Its blocks are not known here.
    Unknown,
}

fn fork(snapshot: &Snapshot, cursor: &Cursor) -> Result<Fork, Problem> {
    let mut id = cursor.block;
    for _ in 0..API_FEED_WALK {
        let Some(record) = snapshot.record(&id)? else { return Ok(Fork::Unknown) };
        let height = record.header.height;
        if snapshot.at_height(height)? == Some(id) {
            return Ok(Fork::At(height));
        }
        if height <= cursor.finalized {
            return Ok(Fork::OtherHistory);
        }
        id = record.header.parent;
    }
    Ok(Fork::At(cursor.finalized))
}

fn is_behind(ends: &Ends, height: u64) -> Problem {
    let detail = format!(
        "this node has blocks up to {} ({} final) and cannot go on behind block {height} yet; ask again, or ask another node",
        ends.tip.0, ends.finalized
    );
    Problem::new(Name::Behind, detail)
}

fn other_history(cursor: &Cursor) -> Problem {
    let detail = format!(
        "block {} of the cursor, {}, was final where the cursor comes from, and is not on this node's chain; compare both nodes with `bouya status` before you go on",
        cursor.height, cursor.block
    );
    Problem::new(Name::OtherHistory, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let block = Hash([0xab; 32]);
        for told in [None, Some(0), Some(7)] {
            let cursor = Cursor { height: 12, told, finalized: 9, block };
            assert_eq!(cursor.to_string().parse(), Ok(After::Cursor(cursor)));
        }
        assert_eq!("12".parse(), Ok(After::Height(12)));
        assert_eq!("latest".parse(), Ok(After::Latest));
        let hash = block.to_string();
        for text in [
            String::new(),
            "-1".to_owned(),
            "1-2".to_owned(),
            format!("01-2-3-{hash}"),
            format!("1-some-3-{hash}"),
            format!("1-2-3-{}", hash.to_uppercase()),
            format!("1-2-3-{hash}-4"),
        ] {
            assert_eq!(text.parse::<After>(), Err(NoPlace), "{text}");
        }
    }
}

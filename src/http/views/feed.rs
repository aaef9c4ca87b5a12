//! The feed: what its pages and its stream hold.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Transaction;

/// Transactions of the chain, in its order, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Feed {
    /// Blocks above this height are others than those that were told: whoever took something above it takes that back before it goes on with
    /// the items. Never below what was final. Null if nothing was undone.
    pub undone: Option<u64>,
    pub items: Vec<FeedItem>,
    /// Where to go on: store it once the items are worked on, and give it as `after`.
    pub next: String,
    /// There may be more to read at once; false: the feed is read to its end, for now.
    pub more: bool,
    /// The height of the newest final block: whatever the feed told up to it never changes.
    #[serde(rename = "final")]
    pub finalized: u64,
}

/// A transaction of the feed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FeedItem {
    /// Where to go on behind it.
    pub cursor: String,
    pub transaction: Transaction,
}

/// The data of an event named `undone` in the feed's stream.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FeedUndone {
    /// Blocks above this height are others than those that were told.
    pub above: u64,
}

/// The data of an event named `at` in the feed's stream: how far it has come.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FeedAt {
    /// All that fits the filter in blocks up to this height was told.
    pub height: u64,
    /// The height of the newest final block.
    #[serde(rename = "final")]
    pub finalized: u64,
}

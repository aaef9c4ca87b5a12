//! Gossip: which transactions and new blocks go to whom.

use core::time::Duration;

/// Ids in each of the two rotating halves of the seen set.
pub const SEEN_IDS: usize = 100_000;
/// Ids remembered as known to one peer.
pub const KNOWN_IDS_PER_PEER: usize = 10_000;
/// After this node has sent own transactions, the next ones are gathered for so long.
pub const GOSSIP_BATCH: Duration = Duration::from_millis(5);
/// Others' transactions are gathered this long, to twice as long, before they are announced: what comes the other way meanwhile need
/// not be.
pub const GOSSIP_RELAY: Duration = Duration::from_millis(40);
/// Peers that get own transactions whole at once; the rest get announcements.
pub const GOSSIP_EAGER_PEERS: usize = 8;
/// Transactions asked of one peer and not answered yet.
pub const TRANSACTION_REQUESTS_PER_PEER: usize = 64;
/// A requested transaction.
pub const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(5);

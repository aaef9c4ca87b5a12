//! Gossip: which transactions and new blocks go to whom.

use core::time::Duration;

use super::{FRAME_BYTES, SEND_QUEUE_BYTES};

/// Ids in each of the two rotating halves of the seen set: a second copy costs a hash and a look-up, and memory stays bounded.
pub const SEEN_IDS: usize = 100_000;
/// Half of the seen ids are forgotten at least this often: a transaction that the mempool took and dropped may come again.
pub const GOSSIP_SEEN_FOR: Duration = Duration::from_secs(600);
/// Ids of transactions remembered as known to one peer: one that announces without end fills no more.
pub const KNOWN_IDS_PER_PEER: usize = 10_000;
/// Blocks remembered as known to one peer, apart from transactions: a flood of those must not let a block go back to its sender.
pub const KNOWN_BLOCKS_PER_PEER: usize = 128;
/// After this node has sent own transactions, the next ones are gathered for this long.
pub const GOSSIP_BATCH: Duration = Duration::from_millis(5);
/// Others' transactions are gathered this long, to twice as long, before they are announced: what comes the other way meanwhile need
/// not be.
pub const GOSSIP_RELAY: Duration = Duration::from_millis(40);
/// Peers that get own transactions whole at once; the rest get announcements.
pub const GOSSIP_EAGER_PEERS: usize = 8;
/// Bytes of transactions in one message: half a frame, so that a block never waits long behind it.
pub const GOSSIP_MESSAGE_BYTES: usize = FRAME_BYTES / 2;
/// Bytes of transactions in all answers to one request: more would fill the send queue and close a peer that only asked.
pub const GOSSIP_ANSWER_BYTES: usize = SEND_QUEUE_BYTES / 2;
/// Announcements of one peer that are remembered; more are forgotten at once. Another peer announces the same, or a block brings it.
pub const ANNOUNCED_PER_PEER: usize = 1_000;
/// Transactions asked of one peer and not answered yet: one that withholds holds up few.
pub const TRANSACTION_REQUESTS_PER_PEER: usize = 64;
/// A requested transaction is asked of another announcer after this long.
pub const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(5);

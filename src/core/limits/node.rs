//! What a node does between its machines.

use core::time::Duration;

use super::MEMPOOL_BYTES;

/// Most blocks that share a commit, ...
pub const BATCH_BLOCKS: usize = 64;
/// ... and about how many transactions: more would wait too long for their answers, and the memory of checked signatures would not hold
/// them all.
pub const BATCH_TRANSACTIONS: usize = 8_192;
/// Transactions that are checked together, and one submission more: a small one does not wait long for those behind it.
pub const SUBMISSION_BATCH: usize = 1_024;
/// When the tip moves without a reorganisation, this many blocks are looked at for transactions that wait. Beyond, a sync is under way,
/// and the mempool is held against accounts alone.
pub const FOLLOWED_BLOCKS: usize = 1_000;
/// Bytes of the blocks that left the chain whose transactions come back: the mempool holds no more.
pub const LOST_BYTES: usize = MEMPOOL_BYTES;
/// A node with bootstrap entries mines after this long even if nobody answers.
pub const MINE_ALONE_AFTER: Duration = Duration::from_secs(5);
/// Confirmations that the newest transaction needs before a miner on demand rests: no node looks further back for it.
pub const REST_AFTER: usize = 6;
/// A clock further off than this from the peers' median stops mining, in milliseconds.
pub const CLOCK_OFF_MS: u64 = 5_000;
/// Everything is stopped after this long, answered or not: an actor that hangs does not keep the process.
pub const STOP_WITHIN: Duration = Duration::from_secs(4);
/// Open files in addition to sockets of peers, strangers and clients: store, certificates, runtime, and room.
pub const OTHER_FILES: usize = 64;
/// Answers and tips of the other actors that may wait for the network.
pub const NETWORK_MAILBOX: usize = 4_096;
/// Events of connections that may wait for the network. If it is full, connections stop reading.
pub const WIRE_EVENTS: usize = 1_024;
/// Reads of the store for peers at once: each may hold the blocks of one answer.
pub const PEER_READS: usize = 16;
/// Questions of the API that may wait for the network, apart from what peers cause.
pub const NETWORK_REQUEST_MAILBOX: usize = 64;
/// Messages that may wait for the chain. The overlay's window of blocks in flight is far smaller.
pub const CHAIN_MAILBOX: usize = 1_024;
/// Requests of operators that may wait for the miner.
pub const MINER_MAILBOX: usize = 16;
/// Blocks that operators asked for and that are not mined yet.
pub const MINE_ASKED: usize = 16;
/// A job's header gets a new time this often.
pub const MINE_REFRESH: Duration = Duration::from_secs(1);
/// A transaction that arrives during a search is taken in within this time: a flood does not restart the search with each one.
pub const MINE_TAKE_IN: Duration = Duration::from_millis(200);
/// Messages that may wait for the mempool.
pub const MEMPOOL_MAILBOX: usize = 4_096;
/// Blocks that are owed at a time in answer to late ones: bounds the work that late blocks can call for.
pub const OWED_BLOCKS: u32 = 192;
/// The name service may take this long over all names when a node looks whether it can start.
pub const NAME_SERVICE_TIMEOUT: Duration = Duration::from_secs(3);

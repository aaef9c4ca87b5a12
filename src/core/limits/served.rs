//! Per connected peer: what it may send, ask and leave unread.

use core::time::Duration;

use super::{BACKFILL_BLOCKS, BLOCK_REQUESTS_PER_PEER, IDS_PER_MESSAGE};

/// Messages waiting for one peer; full means that the peer is closed as slow.
pub const SEND_QUEUE_MESSAGES: usize = 256;
/// Bytes waiting for one peer: a peer that asks and does not read costs no more.
pub const SEND_QUEUE_BYTES: usize = 4 * 1024 * 1024;
/// A write that makes no progress for this long closes the peer.
pub const SEND_STALL: Duration = Duration::from_secs(10);
/// Bytes per second from one peer, and the burst. Answers to our own requests are free.
pub const BYTES_PER_PEER: (u64, u64) = (10 * 1024 * 1024, 32 * 1024 * 1024);
/// Frames per second from one peer, and the burst: each wakes the hub.
pub const FRAMES_PER_PEER: (u64, u64) = (2_000, 8_000);
/// Transactions per second from one peer, and the burst: each costs a hash and perhaps a signature check.
pub const TRANSACTIONS_PER_PEER: (u64, u64) = (20_000, 40_000);
/// One blame for each such span over budget: a burst is one offence, a steady flood soon is ten.
pub const FLOOD_BLAME_EVERY: Duration = Duration::from_secs(1);
/// Blocks that were asked for and are still free of charge when they come: a peer that withholds answers saves up no more.
pub const CREDIT_BLOCKS: usize = 4 * BLOCK_REQUESTS_PER_PEER;
/// The same for answers with headers.
pub const CREDIT_HEADERS: usize = 4;
/// The same for transactions.
pub const CREDIT_TRANSACTIONS: usize = 4 * IDS_PER_MESSAGE;
/// What a peer is sent because it asked, in bytes per second, and the burst. Who asks for more waits.
pub const SERVED_PER_PEER: (u64, u64) = (64 * 1024 * 1024, 128 * 1024 * 1024);
/// Blocks off the best chain that the way to a wanted block is followed through.
pub const SIDE_HEADERS: usize = 4_096;
/// What a question for the way to a wanted block costs the asker, in bytes: whoever answers makes two look-ups for each block of a side
/// branch, and a member could ask for the end of a long one again and again. Some 8 such questions a second.
pub const WAY_BYTES: usize = 8 * 1024 * 1024;
/// What an answer costs the asker at least, in bytes: it cost a read of the store, however little was found.
pub const ANSWER_LEAST_BYTES: usize = 16 * 1024;
/// Headers that a peer may have asked for and not got, in requests.
pub const HEADER_REQUESTS_WAITING: usize = 4;
/// Blocks that a peer may have asked for and not got: twice what the sync of one of this software asks for, so that it may ask for others instead,
/// and what it asks for in the background.
pub const BLOCK_REQUESTS_WAITING: usize = 2 * BLOCK_REQUESTS_PER_PEER + BACKFILL_BLOCKS as usize;
/// Transactions that a peer may have asked for and not got.
pub const TRANSACTION_REQUESTS_WAITING: usize = 2 * IDS_PER_MESSAGE;
/// Transactions per second of one peer that were well-formed and signed but not taken, and the burst: beyond, its transactions
/// are not checked for a while. A check is some 50 us, so that this is a twentieth of a core for each peer.
pub const USELESS_PER_PEER: (u64, u64) = (1_000, 10_000);
/// Bytes of one peer's transactions that wait to be checked: the pool may be busy, and nobody else's wait behind them for long.
pub const UNCHECKED_BYTES_PER_PEER: usize = 4 * 1024 * 1024;
/// GetPeers of one connection: this many at once, and then one in this many seconds.
pub const GET_PEERS_SERVED: (u64, u64) = (8, 20);
/// Revocations of one connection: this many at once, and then one in this many seconds. A node looks at its own lists every second.
pub const REVOCATIONS_TAKEN: (u64, u64) = (16, 1);
/// Messages kept while it is unclear which of two connections of a peer stays, ...
pub const HELD_MESSAGES: usize = 32;
/// ... and the longest of them, in bytes: what is longer is lost with the connection that sent it.
pub const HELD_MESSAGE_BYTES: usize = 64 * 1024;
/// Bytes read at once. A connection holds this and what has arrived of one frame.
pub const CONNECTION_READ_BYTES: usize = 32 * 1024;
/// Small frames are gathered into writes of about this size, in bytes: each write is a TLS record and a system call.
pub const CONNECTION_WRITE_BYTES: usize = 64 * 1024;
/// With no more than this many bytes queued, there is room for the answer with the next block.
pub const SEND_QUEUE_ROOM_BYTES: usize = SEND_QUEUE_BYTES / 4;

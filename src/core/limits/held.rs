//! What peers can make a node hold in memory, added up.
//!
//! Figures are worst cases, all at once, from a member that attacks. Not in the sums, because neither is bounded in bytes for each peer:
//! sockets' buffers in the kernel, and messages on their way to the overlay ([`super::WIRE_EVENTS`] of all peers together, which it takes
//! in microseconds each).

use super::*;

/// Bytes of an id in a set or a map: 32, and its share of a tree node that is half full.
const ID: u64 = 64;
/// A block or transactions take at most this many times their encoded bytes: 2.5 times is measured (`tests/memory.rs`).
const DECODED: u64 = 3;
/// Greeted connections of one id at a time: one that carries its session, and one that may take its place.
const CONNECTIONS: u64 = 2;
/// Buffers of TLS, in bytes: 64 KiB unsent and a record of each direction, rounded up.
const TLS: u64 = 128 * 1024;

/// Bytes that one connection holds.
const PER_CONNECTION: u64 =
    // Not sent because the peer does not read, and what is being written.
    wide(SEND_QUEUE_BYTES + CONNECTION_WRITE_BYTES + FRAME_BYTES)
    // A frame that has arrived in part, and the room reserved for more of it.
    + wide(CONNECTION_READ_BYTES + FRAME_BYTES + 2 * FRAME_STEP_BYTES)
    // Its message, which waits for the overlay.
    + DECODED * wide(FRAME_BYTES)
    + TLS;

/// Bytes that one connected peer can make this node hold: 150 MiB at most, so that one attacker breaks no machine of 1 GiB.
pub const HELD_PER_PEER: u64 = CONNECTIONS * PER_CONNECTION
    // Messages kept while it is unclear which connection stays.
    + DECODED * wide(HELD_MESSAGES * HELD_MESSAGE_BYTES)
    // Blocks that came unasked and are with the chain: the largest part.
    + DECODED * wide(UNASKED_BLOCKS_PER_PEER * BLOCK_BYTES)
    // Transactions that wait to be checked. The last one may go over the bound.
    + DECODED * wide(UNCHECKED_BYTES_PER_PEER + DEPLOY_BYTES)
    // What it has: ids of transactions and of blocks.
    + ID * wide(KNOWN_IDS_PER_PEER + KNOWN_BLOCKS_PER_PEER)
    // Ids that it announced: twice in its queue; once wanted, with who has it and its deadline.
    + 6 * ID * wide(ANNOUNCED_PER_PEER + TRANSACTION_REQUESTS_PER_PEER)
    // Its questions that wait.
    + ID * wide(HEADER_REQUESTS_WAITING * (LOCATOR_HASHES + 1))
    + ID * wide(BLOCK_REQUESTS_WAITING + TRANSACTION_REQUESTS_WAITING)
    // The answer to one of them, on its way from the store to the send queue.
    + (1 + DECODED) * wide(FRAME_BYTES);

/// Bytes that all peers can fill together, counted once.
const SHARED: u64 = DECODED
    // Blocks of a sync that are here out of order, or wait for the chain.
    * (wide(SYNC_BYTES)
        // Bodies that come back.
        + wide(BLOCK_BYTES) * BACKFILL_BLOCKS
        // Blocks from the future.
        + wide(HELD_BLOCKS_BYTES)
        // Blocks being rebuilt, and those that were sent as compact blocks.
        + wide((COMPACT_REBUILDS + COMPACT_KEPT) * BLOCK_BYTES)
        // Decoded blocks kept for the next reader.
        + wide(RECENT_BLOCKS_BYTES)
        // One message of headers that waits for the block that it follows.
        + wide(HEADERS_PER_MESSAGE * SYNC_HEADER_BYTES))
    // The one header sync that is under way: ids of a segment, and marks.
    + ID * wide(SYNC_SEGMENT + SYNC_MARKS)
    // The mempool, which takes up to 1.14 times what it accounts for.
    + wide(MEMPOOL_BYTES) * 5 / 4
    // Checked transactions, in two halves.
    + 2 * wide(CHECKED_BYTES)
    // Ids that have been seen, in two halves, and those of invalid blocks.
    + 2 * ID * wide(SEEN_IDS + INVALID_BLOCKS + COMPACT_STORED)
    // Branches of those that are disputed, each with a node of the tree over headers for each bit of its height.
    + 40 * ID * wide(DISPUTED_BLOCKS)
    // What the chain remembers of each block off its best branch: 330 bytes are measured (`tests/memory.rs`).
    + 8 * ID * wide(SIDE_BLOCKS)
    // Who is known, with addresses, bans and rests.
    + wide(KNOWN_PEERS + BANS + SYNC_RESTS) * 2 * 1024
    // Connections that have not said hello.
    + wide(PENDING_SOCKETS) * (TLS + wide(CONNECTION_READ_BYTES + 2 * FRAME_STEP_BYTES));

/// Bytes that all [`CONNECTED`] peers can make this node hold if all of them attack at once.
pub const HELD_BY_ALL: u64 = SHARED + wide(CONNECTED) * HELD_PER_PEER;

const fn wide(amount: usize) -> u64 {
    amount as u64
}

const MIB: u64 = 1024 * 1024;

const _: () = {
    assert!(HELD_PER_PEER <= 150 * MIB);
    // One attacker, with everything shared full too, fits into a machine of 1 GiB; ...
    assert!(SHARED + HELD_PER_PEER <= 900 * MIB);
    // ... if each of the CONNECTED places is an attacker's, the machine needs 20 GiB. A smaller one lowers `[p2p] max_peers`.
    assert!(HELD_BY_ALL <= 20 * 1024 * MIB);
};

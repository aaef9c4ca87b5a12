//! Frames and messages: what one of them may carry.

/// Longest frame body in bytes. A block of the largest size plus its envelope fits.
pub const FRAME_BYTES: usize = 2 * 1024 * 1024;
/// Longest frame before the hello has been read: a stranger costs no more than this.
pub const HELLO_BYTES: usize = 4 * 1024;
/// Transactions in one `Transactions` message.
pub const TRANSACTIONS_PER_MESSAGE: usize = 1_000;
/// Ids in one `Announce` or `Request`.
pub const IDS_PER_MESSAGE: usize = 1_000;
/// Headers in one `Headers` message (264 bytes each).
pub const HEADERS_PER_MESSAGE: usize = 500;
/// Hashes in a locator: the last ten, then doubling steps reach back 2^54 blocks.
pub const LOCATOR_HASHES: usize = 64;
/// Blocks that one `GetBlocks` may ask for.
pub const BLOCKS_PER_REQUEST: usize = 16;
/// Addresses in one `Peers` message.
pub const PEERS_PER_MESSAGE: usize = 64;
/// Revocation lists in one message: one per root, two roots at most, and room.
pub const CRLS_PER_MESSAGE: usize = 4;
/// Bytes of the detail in a Goodbye.
pub const GOODBYE_BYTES: usize = 256;
/// Bytes of one certificate revocation list on the wire.
pub const CRL_BYTES: usize = 256 * 1024;

//! Frames and messages: what one of them may carry. A list without a bound would let its length cost memory.

/// Longest frame body in bytes. A block of the largest size plus its envelope fits.
pub const FRAME_BYTES: usize = 2 * 1024 * 1024;
/// Bytes reserved at once for a frame that arrives: memory grows with what has come, not with the length that was announced.
pub const FRAME_STEP_BYTES: usize = 64 * 1024;
/// Longest frame before the hello has been read, in bytes: a stranger costs no more than this.
pub const HELLO_BYTES: usize = 4 * 1024;
/// Transactions in one `Transactions` message: the pool checks as many in one go.
pub const TRANSACTIONS_PER_MESSAGE: usize = 1_000;
/// Ids in one `Announce`, `Request` or `NotFound`: looking them up holds up nobody for long.
pub const IDS_PER_MESSAGE: usize = 1_000;
/// Headers in one `Headers` message (296 bytes each): checking them takes some ten milliseconds.
pub const HEADERS_PER_MESSAGE: usize = 500;
/// Hashes in a locator: the last [`LOCATOR_DENSE`], then doubling steps reach back 2^54 blocks. Each costs who answers a look-up.
pub const LOCATOR_HASHES: usize = 64;
/// Blocks at the end of a locator that are listed without a gap: most forks are short.
pub const LOCATOR_DENSE: usize = 10;
/// Blocks that one `GetBlocks` may ask for: 33 bytes must not order more of the store than a peer may wait for.
pub const BLOCKS_PER_REQUEST: usize = 16;
/// Addresses in one `Peers` message: a liar tells few at a time.
pub const PEERS_PER_MESSAGE: usize = 64;
/// Revocation lists in one message: one per root, two roots at most, and room.
pub const CRLS_PER_MESSAGE: usize = 4;
/// Bytes of one certificate revocation list: it is parsed before its signature is known.
pub const CRL_BYTES: usize = 256 * 1024;
/// Bytes of the detail in a Goodbye, and of a ban's reason: a peer's words end in logs and in the book.
pub const GOODBYE_BYTES: usize = 256;
/// Longest node id in bytes: one DNS label.
pub const NODE_ID_BYTES: usize = 63;
/// Longest host name in bytes: what DNS allows.
pub const HOST_BYTES: usize = 253;
/// Characters kept of what a peer calls its software: it is shown in lists and logs.
pub const AGENT_CHARS: usize = 64;

//! The ledger. Bounds marked C are consensus: two nodes that differ in one of them split the network.

/// C: bytes of one transaction, signature included. Bounds the work of one signature check.
pub const TRANSACTION_BYTES: usize = 16 * 1024;
/// C: outputs of one transfer: bounds the rows that one signature changes.
pub const OUTPUTS: usize = 128;
/// C: bytes of a transfer's memo: every node keeps it.
pub const MEMO_BYTES: usize = 256;
/// C: bytes of a record's topic: it is listed.
pub const TOPIC_BYTES: usize = 64;
/// C: bytes of data in one record. A transaction with the longest topic still fits.
pub const RECORD_BYTES: usize = 8 * 1024;
/// C: bytes of an agreement's title or a document's name: it is listed.
pub const TITLE_BYTES: usize = 256;
/// C: parties of one agreement in addition to its proposer: bounds the rows that telling its standing reads.
pub const PARTIES: usize = 32;
/// C: the largest `max_bytes` that a network may choose for its blocks: bounds the work of taking one, and the frame that carries it.
pub const BLOCK_BYTES: usize = 1_900_000;
/// C: transactions in one block (the smallest transaction has over 150 bytes, so size binds first).
pub const TRANSACTIONS_PER_BLOCK: usize = 16_384;
/// C: bytes of a header, nonce included.
pub const HEADER_BYTES: usize = 264;
/// Bytes of a header as a sync gets it: with what its block changes.
pub const SYNC_HEADER_BYTES: usize = HEADER_BYTES + 32;
/// Bytes of a block without transactions: header, what it changes, whom the reward is for and how much it is, no certificate, a count of 0.
pub const EMPTY_BLOCK_BYTES: usize = SYNC_HEADER_BYTES + 33 + 8 + 1 + 4;
/// C: the difficulty never falls below the initial one divided by two to this power: a rest must not make blocks free.
pub const DIFFICULTY_FLOOR_BITS: u32 = 16;
/// C: bytes of a network's name.
pub const NETWORK_NAME_BYTES: usize = 64;
/// Bytes of a member's name.
pub const MEMBER_NAME_BYTES: usize = 64;
/// C: bytes of a coin's symbol.
pub const COIN_SYMBOL_BYTES: usize = 12;
/// C: decimals of a coin; with more, a u64 holds too few whole coins.
pub const COIN_DECIMALS: u8 = 9;
/// C: voters of one set, and members that a network's definition lists: a certificate holds a signature of each.
pub const VOTERS: usize = 128;
/// C: bytes of a certificate's list of signers, a bit for each voter.
pub const VOTER_BYTES: usize = VOTERS.div_ceil(8);
/// C: coins that a network's definition gives out, by address: it is read by people.
pub const GENESIS_ALLOCATIONS: usize = 10_000;

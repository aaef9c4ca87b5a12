//! Every bound of the network and the ledger, with its reason.
//!
//! Consensus bounds (marked C) change only with a block version: two nodes that differ in one of them split the network.
//! The rest are this node's own defence and may be tuned.

use core::time::Duration;

// --- Frames and messages -------------------------------------------------------------------------------------------

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

// --- Ledger (C) ----------------------------------------------------------------------------------------------------

/// C: bytes of one transaction, signature included. Bounds the work of one signature check.
pub const TRANSACTION_BYTES: usize = 16 * 1024;
/// C: outputs of one transfer.
pub const OUTPUTS: usize = 128;
/// C: bytes of a transfer's memo.
pub const MEMO_BYTES: usize = 256;
/// C: bytes of a record's topic.
pub const TOPIC_BYTES: usize = 64;
/// C: bytes of data in one record. A transaction with the longest topic still fits.
pub const RECORD_BYTES: usize = 8 * 1024;
/// C: bytes of an agreement's title or a document's name.
pub const TITLE_BYTES: usize = 256;
/// C: parties of one agreement beside its proposer: bounds the rows that telling its standing reads.
pub const PARTIES: usize = 32;
/// C: the largest `max_bytes` that a network may choose for its blocks.
pub const BLOCK_BYTES: usize = 1_900_000;
/// C: transactions in one block (the smallest transaction has over 150 bytes, so size binds first).
pub const TRANSACTIONS_PER_BLOCK: usize = 16_384;
/// C: bytes of a header, nonce included.
pub const HEADER_BYTES: usize = 264;
/// Bytes of a block without transactions: header, whom the reward is for and how much it is, a count of 0.
pub const EMPTY_BLOCK_BYTES: u32 = HEADER_BYTES as u32 + 33 + 8 + 4;
/// C: the difficulty never falls below the initial one divided by two to this power.
pub const DIFFICULTY_FLOOR_BITS: u32 = 16;

// --- Chain ---------------------------------------------------------------------------------------------------------

/// Ids of invalid blocks remembered, and at most twice as many: each cost its miner a block's work.
pub const INVALID_BLOCKS: usize = 512;
/// Undo records kept, in blocks. Deeper forks are executed again from the genesis block.
pub const UNDO_BLOCKS: u64 = 10_000;
/// Blocks executed in one step of a staged reorganisation, so that the chain answers in between.
pub const REORG_STEP_BLOCKS: usize = 64;
/// A reorganisation deeper than this raises an alarm.
pub const REORG_ALARM: u64 = 100;
/// Side tips remembered; the one with the least work leaves first.
pub const SIDE_TIPS: usize = 64;
/// A single block off the best chain is stored only if its branch is at most this many blocks of work behind.
pub const SIDE_BLOCKS_BEHIND: u64 = 144;
/// Bytes of blocks stored off the best chain, beside branches that are known to beat it. The branch that a reorganisation leaves
/// behind fits, down to [`SIDE_BLOCKS_BEHIND`] blocks of the largest size.
pub const SIDE_BYTES: u64 = 288 * 1024 * 1024;
/// Blocks stored off the best chain, counted likewise: bounds what is remembered of each.
pub const SIDE_BLOCKS: usize = 16_384;
/// Blocks off the best chain that one commit removes at most: bounds its work.
pub const SIDE_REMOVED_PER_COMMIT: usize = 64;
/// Blocks held until they are due.
pub const HELD_BLOCKS: usize = 64;
/// Bytes of blocks held until they are due.
pub const HELD_BYTES: usize = 16 * 1024 * 1024;

// --- Mempool -------------------------------------------------------------------------------------------------------

/// Bytes of unconfirmed transactions, as allocated.
pub const MEMPOOL_BYTES: usize = 64 * 1024 * 1024;
/// Unconfirmed transactions.
pub const MEMPOOL_TRANSACTIONS: usize = 20_000;
/// Unconfirmed transactions of one sender.
pub const MEMPOOL_PER_SENDER: usize = 64;
/// How long a transaction may stay unconfirmed.
pub const MEMPOOL_EXPIRY: Duration = Duration::from_secs(24 * 3600);
/// Bookkeeping counted on top of each transaction's bytes (map nodes, the decoded form): measured for the smallest ones, each of a sender of
/// its own.
pub const MEMPOOL_ENTRY_OVERHEAD: usize = 768;
/// Bytes that the mempool needs for each output, to know what is on its way to an address.
pub const MEMPOOL_OUTPUT_OVERHEAD: usize = 64;
/// What has waited too long is looked for this often.
pub const MEMPOOL_SWEEP: Duration = Duration::from_secs(30);

// --- What a node does between its machines ----------------------------------------------------------------------------

/// Most blocks that share a commit, ...
pub const BATCH_BLOCKS: usize = 64;
/// ... and about how many transactions: more would wait too long for their answers, and the memory of checked signatures would not hold
/// them all.
pub const BATCH_TRANSACTIONS: usize = 8_192;
/// Transactions that are checked together, and one submission more: a small one does not wait long for those behind it.
pub const SUBMISSION_BATCH: usize = 1_024;
/// Of a move of the tip without a reorganisation so many blocks are looked at for transactions that wait. Beyond, a sync is under way,
/// and the mempool is held against accounts alone.
pub const FOLLOWED_BLOCKS: usize = 1_000;
/// Bytes of the blocks that left the chain whose transactions come back: the mempool holds no more.
pub const LOST_BYTES: usize = MEMPOOL_BYTES;
/// Confirmations that the newest transaction needs before a miner on demand rests.
pub const REST_AFTER: usize = 6;
/// A node with bootstrap entries mines after this long even if nobody answers.
pub const MINE_ALONE_AFTER: Duration = Duration::from_secs(5);
/// A clock further off than this from the peers' median stops mining, in milliseconds.
pub const CLOCK_OFF_MS: u64 = 5_000;

// --- Before trust --------------------------------------------------------------------------------------------------

/// Sockets that have not said hello yet, in all.
pub const PENDING_SOCKETS: usize = 64;
/// Sockets that have not said hello yet, per address.
pub const PENDING_PER_ADDRESS: usize = 8;
/// Accepted sockets per second and address before TLS, and the burst.
pub const ACCEPTS_PER_ADDRESS: (u32, u32) = (5, 20);
/// Accepted sockets per second in all, and the burst.
pub const ACCEPTS_TOTAL: (u32, u32) = (100, 200);
/// The same again, only for addresses that have not knocked for [`NEWCOMER_AFTER`]: a flood from fewer than 1,000 addresses uses up
/// the rate above, never this one, and whoever comes for the first time is served.
pub const ACCEPTS_NEWCOMERS: (u32, u32) = (100, 200);
/// See [`ACCEPTS_NEWCOMERS`].
pub const NEWCOMER_AFTER: Duration = Duration::from_secs(10);
/// Addresses of strangers that are remembered in each table of rates. Beyond, what they share is all that limits them.
pub const ADDRESSES: usize = 4_096;
/// A dial's TCP connect.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// TLS, counted from accept or connect.
pub const TLS_TIMEOUT: Duration = Duration::from_secs(5);
/// Everything up to the peer's hello, counted from accept or connect.
pub const HELLO_TIMEOUT: Duration = Duration::from_secs(10);

// --- Peers ---------------------------------------------------------------------------------------------------------

/// Connected peers.
pub const CONNECTED: usize = 128;
/// Of these, kept for configured peers, so that strangers cannot crowd them out.
pub const CONNECTED_RESERVED: usize = 8;
/// Known peers, bootstrap entries included.
pub const KNOWN_PEERS: usize = 1_024;
/// Known peers that one source may have told of: an eclipse needs many liars.
pub const KNOWN_PER_SOURCE: usize = 16;
/// Addresses kept for one peer.
pub const CANDIDATES: usize = 4;
/// A peer is told to others for this long after it was last proven by TLS.
pub const TOLD_FOR: Duration = Duration::from_secs(3 * 3600);
/// A peer that nobody has proven for this long is forgotten, unless configured.
pub const FORGET_AFTER: Duration = Duration::from_secs(3 * 24 * 3600);
/// Dials under way at once, and dials started per second: this node is no cannon.
pub const DIALS_IN_FLIGHT: usize = 8;
/// See [`DIALS_IN_FLIGHT`].
pub const DIALS_PER_SECOND: u32 = 10;
/// First dials start within this span.
pub const FIRST_DIAL: Duration = Duration::from_millis(250);
/// The larger id dials too after this long without a connection, plus up to [`LARGER_DIALS_JITTER`].
pub const LARGER_DIALS_AFTER: Duration = Duration::from_secs(10);
/// See [`LARGER_DIALS_AFTER`].
pub const LARGER_DIALS_JITTER: Duration = Duration::from_secs(5);
/// Backoff doubles from the first to the second, with full jitter.
pub const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// The same for peers known by hearsay only: whoever makes addresses up has each member knock there about once in three seconds.
pub const BACKOFF_HEARSAY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));
/// Backoff after a certificate verdict; a reload clears it.
pub const BACKOFF_CERTIFICATE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));
/// A connection that held this long clears the backoff.
pub const STABLE_AFTER: Duration = Duration::from_secs(60);
/// GetPeers after hello, at these times; then every [`GET_PEERS_EVERY`].
pub const GET_PEERS_AT: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(15)];
/// See [`GET_PEERS_AT`].
pub const GET_PEERS_EVERY: Duration = Duration::from_secs(60);
/// Ping after this long without hearing anything.
pub const PING_AFTER: Duration = Duration::from_secs(15);
/// Closed after this long without hearing anything.
pub const SILENT_CLOSE: Duration = Duration::from_secs(45);
/// A connection is renewed at this age, give or take [`CONNECTION_AGE_JITTER`]: certificate and key are proven afresh, and who took
/// over a running connection does not keep it.
pub const CONNECTION_AGE: Duration = Duration::from_secs(24 * 3600);
/// See [`CONNECTION_AGE`].
pub const CONNECTION_AGE_JITTER: Duration = Duration::from_secs(24 * 360);
/// A renewal that came to nothing is tried again after this long.
pub const RENEW_AGAIN: Duration = Duration::from_secs(600);
/// A connection that nobody has renewed is closed at this age.
pub const CONNECTION_AGE_LIMIT: Duration = Duration::from_secs(27 * 3600);
/// A connection younger than this is not renewed by the other side: two machines that run one process' copy do not swap places.
pub const CONNECTION_RENEWABLE: Duration = Duration::from_secs(12 * 3600);
/// An older connection of the same id must answer a ping within this, or the newer one stays.
pub const DUPLICATE_PING: Duration = Duration::from_secs(2);
/// Points at which a peer is banned; points halve every [`POINTS_HALF_LIFE`].
pub const POINTS_BAN: u32 = 100;
/// See [`POINTS_BAN`].
pub const POINTS_HALF_LIFE: Duration = Duration::from_secs(600);
/// What an honest peer on a bad day does too (see [`crate::overlay::Fault`]) costs so many points, ...
pub const LAPSE_POINTS: u32 = 2;
/// ... and counts once in this span: lapses alone never ban.
pub const LAPSE_EVERY: Duration = Duration::from_secs(60);
/// Bans kept, by proven id.
pub const BANS: usize = 1_024;
/// A first ban's span; it doubles up to [`BAN_MAX`].
pub const BAN: Duration = Duration::from_secs(3600);
/// See [`BAN`].
pub const BAN_MAX: Duration = Duration::from_secs(24 * 3600);

// --- Gossip and sync -----------------------------------------------------------------------------------------------

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
/// A requested block: the first wait, doubled up to [`BLOCK_TIMEOUT_MAX`].
pub const BLOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// See [`BLOCK_TIMEOUT`].
pub const BLOCK_TIMEOUT_MAX: Duration = Duration::from_secs(64);
/// Blocks of fewer transactions go whole: a few hundred bytes less are not worth that one of them may have to be asked for.
pub const COMPACT_FROM: usize = 4;
/// Blocks being rebuilt from short ids: one of each sender, and so many in all. Each holds up to [`BLOCK_BYTES`] of transactions.
pub const COMPACT_REBUILDS: usize = 8;
/// Newest blocks whose transactions are given to who cannot rebuild them. Further back, whole blocks are.
pub const COMPACT_KEPT: usize = 4;
/// A block is rebuilt if it is at most so many blocks below or above the tip; what is further off, headers decide about.
pub const COMPACT_NEAR: (u64, u64) = (6, 2);
/// ... and if it states at least the tip's difficulty divided by this: looking its transactions up costs a millisecond, and headers of the
/// least difficulty cost nothing.
pub const COMPACT_WORK: u64 = 4;
/// Requested headers.
pub const HEADERS_TIMEOUT: Duration = Duration::from_secs(20);
/// Blocks asked of one peer and not answered yet.
pub const BLOCK_REQUESTS_PER_PEER: usize = 16;
/// Blocks asked for or waiting for the chain, in all: enough that some arrive and some are checked while others become durable.
pub const SYNC_WINDOW: usize = 256;
/// Bytes of them, those asked for counted as the largest there may be: bounds the memory of a sync.
pub const SYNC_BYTES: usize = 64 * BLOCK_BYTES;
/// The bodies of a segment must be stored within this, ...
pub const SEGMENT_GRACE: Duration = Duration::from_secs(30);
/// ... and this for each of them: 4 Mbit/s for the largest blocks. Then the branch rests and another peer gets its turn.
pub const SEGMENT_PER_BLOCK: Duration = Duration::from_secs(4);
/// Peers whose rests sync remembers after they have left, so that a new connection does not end a rest.
pub const SYNC_RESTS: usize = 1_024;
/// Headers of one sync segment: ids of so many blocks are held at once.
pub const SYNC_SEGMENT: usize = 4_096;
/// Segment marks of one walked branch: 65,536 x 4,096 blocks.
pub const SYNC_MARKS: usize = 65_536;

// --- Per connected peer --------------------------------------------------------------------------------------------

/// Messages waiting for one peer; full means that the peer is closed as slow.
pub const SEND_QUEUE_MESSAGES: usize = 256;
/// Bytes waiting for one peer.
pub const SEND_QUEUE_BYTES: usize = 4 * 1024 * 1024;
/// A write that makes no progress for this long closes the peer.
pub const SEND_STALL: Duration = Duration::from_secs(10);
/// Bytes per second from one peer, and the burst. Answers to our own requests are free.
pub const BYTES_PER_PEER: (u64, u64) = (10 * 1024 * 1024, 32 * 1024 * 1024);
/// Frames per second from one peer, and the burst.
pub const FRAMES_PER_PEER: (u64, u64) = (2_000, 8_000);
/// Transactions per second from one peer, and the burst.
pub const TRANSACTIONS_PER_PEER: (u64, u64) = (20_000, 40_000);
/// What a peer is sent because it asked, in bytes per second, and the burst. Who asks for more waits.
pub const SERVED_PER_PEER: (u64, u64) = (64 * 1024 * 1024, 128 * 1024 * 1024);
/// What an answer costs the asker at least, in bytes: it cost a read of the store, however little was found.
pub const ANSWER_BYTES: usize = 16 * 1024;
/// Headers that a peer may have asked for and not got, in requests.
pub const HEADER_REQUESTS_WAITING: usize = 4;
/// Blocks that a peer may have asked for and not got: twice what one of this software asks for, so that it may ask for others instead.
pub const BLOCK_REQUESTS_WAITING: usize = 2 * BLOCK_REQUESTS_PER_PEER;
/// Transactions that a peer may have asked for and not got.
pub const TRANSACTION_REQUESTS_WAITING: usize = 2 * IDS_PER_MESSAGE;
/// Transactions per second of one peer that were well-formed and signed but not taken, and the burst: beyond, its transactions
/// are not checked for a while. A check is some 50 us, so that this is a twentieth of a core for each peer.
pub const USELESS_PER_PEER: (u64, u64) = (1_000, 10_000);
/// Bytes of one peer's transactions that wait to be checked.
pub const UNCHECKED_BYTES_PER_PEER: usize = 4 * 1024 * 1024;
/// GetPeers of one connection: so many at once, and then one in so many seconds.
pub const GET_PEERS_SERVED: (u64, u64) = (8, 20);
/// Revocations of one connection: so many at once, and then one in so many seconds. A node looks at its own lists every second.
pub const REVOCATIONS_TAKEN: (u64, u64) = (16, 1);

const _: () = {
    assert!(HELLO_BYTES < FRAME_BYTES);
    // The largest block and its envelope fit into a frame.
    assert!(BLOCK_BYTES + 64 * 1024 <= FRAME_BYTES);
    assert!(RECORD_BYTES + TOPIC_BYTES + TITLE_BYTES + 256 <= TRANSACTION_BYTES);
    assert!(PARTIES * 33 + TITLE_BYTES + 256 <= TRANSACTION_BYTES);
    assert!(HEADERS_PER_MESSAGE * HEADER_BYTES + 1024 <= FRAME_BYTES);
    assert!(CRLS_PER_MESSAGE * CRL_BYTES + 1024 <= FRAME_BYTES);
    // A segment is whole messages of headers but for the last.
    assert!(SYNC_SEGMENT >= HEADERS_PER_MESSAGE);
    assert!(CONNECTED_RESERVED < CONNECTED && CONNECTED < KNOWN_PEERS);
    assert!(PENDING_PER_ADDRESS < PENDING_SOCKETS);
    // Nobody waits longer to be a newcomer than for the longest backoff, so one of the dials is a newcomer's.
    assert!(NEWCOMER_AFTER.as_millis() < BACKOFF.1.as_millis());
    // As many addresses as use up the newcomers' rate are remembered.
    assert!(ACCEPTS_NEWCOMERS.0 as u64 * NEWCOMER_AFTER.as_secs() < ADDRESSES as u64);
    assert!(CONNECT_TIMEOUT.as_millis() < HELLO_TIMEOUT.as_millis());
    assert!(TLS_TIMEOUT.as_millis() < HELLO_TIMEOUT.as_millis());
    // A renewal is tried more than once before the limit.
    assert!(
        CONNECTION_AGE.as_secs() + CONNECTION_AGE_JITTER.as_secs() + 2 * RENEW_AGAIN.as_secs()
            < CONNECTION_AGE_LIMIT.as_secs()
    );
    assert!(CONNECTION_RENEWABLE.as_secs() + CONNECTION_AGE_JITTER.as_secs() < CONNECTION_AGE.as_secs());
    assert!(PING_AFTER.as_millis() * 2 < SILENT_CLOSE.as_millis());
    assert!(BLOCKS_PER_REQUEST <= BLOCK_REQUESTS_PER_PEER && BLOCK_REQUESTS_PER_PEER <= SYNC_WINDOW);
    assert!(BLOCK_BYTES <= SYNC_BYTES);
    assert!(REORG_ALARM < UNDO_BLOCKS);
    // What one commit adds off the best chain, the next one can take away.
    assert!(SIDE_REMOVED_PER_COMMIT > 1 && SIDE_TIPS <= SIDE_BLOCKS);
    assert!(SIDE_BYTES >= SIDE_BLOCKS_BEHIND * BLOCK_BYTES as u64);
    assert!(HELD_BYTES >= BLOCK_BYTES);
};

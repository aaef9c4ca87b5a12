//! The API: what its clients may ask, hold and leave unread, and what observers are told.

use core::time::Duration;

/// Blocks of one change that observers are told of; those of a long sync they read themselves.
pub const TOLD_BLOCKS: usize = 16;
/// Agreements that one change ends and observers are told of.
pub const TOLD_DEADLINES: usize = 256;
/// Rows that a page looks at: a filter that fits little may give an empty page and a cursor.
pub const API_LIST_LOOKS: usize = 1_000;
/// Rows of a list read at a time.
pub const API_LIST_ROWS: usize = 64;
/// Connections of clients at once.
pub const API_CONNECTIONS: usize = 256;
/// Smallest answer that is compressed: less fits in one packet anyway.
pub const API_COMPRESSED_BYTES: u64 = 1_024;
/// How long a browser may remember what a page of another site may do.
pub const API_CORS_REMEMBERED: Duration = Duration::from_secs(3_600);
/// Largest head of a request, give or take the last read, and what is buffered of a body or an answer. A larger head is answered with 431.
pub const API_BUFFER_BYTES: usize = 32 * 1024;
/// Header fields of a request.
pub const API_HEADER_FIELDS: usize = 64;
/// Bytes that the kernel may hold of an answer that is not read: 256 such connections take 64 MiB of it.
pub const API_SEND_BUFFER_BYTES: usize = 256 * 1024;
/// Pause after an accept that failed for lack of file descriptors.
pub const API_ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Such accepts are logged this often at most.
pub const API_ACCEPT_TELL_EVERY: Duration = Duration::from_secs(60);
/// Items of a page.
pub const API_PAGE: usize = 100;
/// Items of a page unless asked for otherwise.
pub const API_PAGE_USUAL: usize = 20;
/// Items of a page of the feed, ...
pub const API_FEED_PAGE: usize = 1_000;
/// ... and unless asked for otherwise.
pub const API_FEED_PAGE_USUAL: usize = 100;
/// Bytes of transactions after which a page of the feed ends. Their JSON may be eight times as long: data is there in hex and as text, and of a
/// control character each is six bytes.
pub const API_FEED_BYTES: usize = 1024 * 1024;
/// Transactions that a stream of the feed holds ready, ...
pub const API_FEED_STREAM: usize = 50;
/// ... and bytes of them after which it reads no further: with all streams open that is some 64 MiB of JSON.
pub const API_FEED_STREAM_BYTES: usize = 128 * 1024;
/// Looks at once whether the store answers: a supervisor that gets no answer kills the node, so this waits behind no other read.
pub const API_LOOKS: usize = 4;
/// Blocks that a page of the feed looks at: a filter that fits little may give an empty page.
pub const API_FEED_BLOCKS: u64 = 1_000;
/// Values of one filter of the feed.
pub const API_FEED_VALUES: usize = 16;
/// Blocks that are walked back from a follower's lost branch to where it forks.
pub const API_FEED_WALK: u64 = 1_000;
/// Fewest digits of a shortened id, which are those that tables show. Somebody with much time can make an id that begins like another.
pub const SHORT_DIGITS: usize = 8;
/// Newest blocks that are read to find a transaction by the beginning of its id, ...
pub const API_SHORT_BLOCKS: u64 = 10_000;
/// ... until they took this many bytes: what one such request may cost.
pub const API_SHORT_BYTES: usize = 32 * 1024 * 1024;
/// Ids of one beginning that are looked at: hashes of blocks begin with zeros, so all of them may begin alike.
pub const API_SHORT_ROWS: usize = 65_536;
/// Ids that are looked for, and told, of those that a shortened one fits.
pub const API_SHORT_TOLD: usize = 5;
/// Handovers that are walked back to say since when somebody is a member.
pub const API_HANDOVERS: usize = 64;
/// Newest blocks that are looked at to say which one a member sealed last.
pub const API_SEALED_BLOCKS: u64 = 1_000;
/// Looks at a chain that moves on before an answer is given up.
pub const API_ACCOUNT_LOOKS: usize = 8;
/// Requests that are worked on at once.
pub const API_IN_FLIGHT: usize = 64;
/// Requests whose bodies are still coming. These may be slow, so they take no place of [`API_IN_FLIGHT`] yet.
pub const API_BODIES: usize = 16;
/// Contracts that are asked, or tried out, at once: each takes a core while it runs.
pub const API_CONTRACTS: usize = 2;
/// Gas that a contract's view may take: some 50 ms.
pub const API_VIEW_GAS: u64 = 10_000_000;
/// Gas that a deployment or a call may state to be tried out: some second.
pub const API_TRIED_GAS: u64 = 200_000_000;
/// For a request's body.
pub const API_BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// Reads of the store at once: each may hold a block and what is made of it.
pub const API_READS: usize = 8;
/// Questions of the API that wait at one actor: peers wait behind no more of them than this.
pub const API_QUESTIONS: usize = 4;
/// Snapshots that are made at once: each holds up the reuse of room in the store, and reads all of its state.
pub const API_SNAPSHOTS: usize = 1;
/// For all of a snapshot: until it is read, the store's file grows by what newer blocks replace.
pub const API_SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// Bytes of a snapshot that are sent together, ...
pub const API_SNAPSHOT_CHUNK: usize = 64 * 1024;
/// ... and how many such chunks wait for a client that reads slowly.
pub const API_SNAPSHOT_CHUNKS: usize = 4;
/// Transactions that one request may submit: the mempool checks them all before it serves anybody else.
pub const API_SUBMITTED: usize = 1_000;
/// Event streams at once; the connections left are for everybody else.
pub const API_STREAMS: usize = 64;
/// KiB of answers above [`API_SMALL_BYTES`] that are not yet read by their clients, in all; a full block is some 15 MB of JSON.
pub const API_ANSWERS_KIB: usize = 64 * 1024;
/// A page ends early once its items, or what had to be read for them, took this many bytes of blocks: 100 of the largest would be 190 MB.
pub const API_PAGE_BYTES: usize = 8 * 1024 * 1024;
/// Answers of up to this many bytes are bounded by the connections alone.
pub const API_SMALL_BYTES: usize = 64 * 1024;
/// A comment this often shows that the stream lives.
pub const API_KEEP_ALIVE: Duration = Duration::from_secs(15);
/// What must move in each span while something waits to be written, in bytes: a byte now and then does not count as reading.
pub const API_STALL_BYTES: usize = 64 * 1024;
/// Largest request body, in bytes.
pub const API_BODY_BYTES: usize = 256 * 1024;
/// A request's time, except for the event stream and mining.
pub const API_REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// Events kept for slow or returning observers. An observer further behind is told how many it lost.
pub const EVENTS_KEPT: usize = 1_024;
/// For a request's head, from the connection's beginning or the last answer on.
pub const API_HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// For [`API_STALL_BYTES`] of an answer, or all that is left of it.
pub const API_STALL_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest whole number that every JSON reader keeps exactly: many hold numbers as doubles.
pub const JSON_EXACT: i64 = (1 << 53) - 1;

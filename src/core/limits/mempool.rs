//! Unconfirmed transactions.

use core::time::Duration;

/// Bytes of unconfirmed transactions, as allocated.
pub const MEMPOOL_BYTES: usize = 64 * 1024 * 1024;
/// Unconfirmed transactions: small ones cost more in looking through them than in bytes.
pub const MEMPOOL_TRANSACTIONS: usize = 20_000;
/// Unconfirmed transactions of one sender: nobody fills it alone, and what depends on one that leaves is little.
pub const MEMPOOL_PER_SENDER: usize = 64;
/// How long a transaction may stay unconfirmed: what nobody mines for a day makes room.
pub const MEMPOOL_EXPIRY: Duration = Duration::from_secs(24 * 3600);
/// Bookkeeping counted on top of each transaction's bytes (map nodes, the decoded form): measured for the smallest ones, each of a sender of
/// its own.
pub const MEMPOOL_ENTRY_OVERHEAD: usize = 896;
/// Bytes that the mempool needs for each output, to know what is on its way to an address.
pub const MEMPOOL_OUTPUT_OVERHEAD: usize = 64;
/// What members say about members without a fee takes at most this part, an eighth, of the mempool and of a block: members who mean ill cannot
/// crowd out those who pay. Fees do not push it out in turn: whoever pays much cannot keep members from deciding.
pub const FREE_SHARE: usize = 8;
/// A governor has one motion without a fee this often: a stolen one cannot fill blocks with motions.
pub const FREE_MOTION_EVERY: Duration = Duration::from_secs(24 * 3_600);
/// A motion without a fee is open for longer than the shortest time by this: one that is too short by the time it is in a block counts for
/// nothing, so nothing would remember that its sender had its free one.
pub const FREE_MOTION_MARGIN: Duration = Duration::from_secs(3_600);
/// What has waited too long is looked for this often.
pub const MEMPOOL_SWEEP: Duration = Duration::from_secs(30);
/// Bytes of checked transactions in each half of the memory, as allocated: a block brings again what was checked before.
pub const CHECKED_BYTES: usize = 16 * 1024 * 1024;
/// The newer half takes transactions for this long. A block that confirms an older one checks its signature again.
pub const CHECKED_FOR: Duration = Duration::from_secs(600);
/// Signatures in one batch: larger batches gain little.
pub const CHECK_BATCH: usize = 1_024;
/// Fewest signatures for a thread: smaller batches cost more per signature, and starting a thread has a cost too.
pub const CHECK_PER_THREAD: usize = 256;

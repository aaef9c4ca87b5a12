//! Unconfirmed transactions.

use core::time::Duration;

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
/// What has waited too long is looked for this often.
pub const MEMPOOL_SWEEP: Duration = Duration::from_secs(30);

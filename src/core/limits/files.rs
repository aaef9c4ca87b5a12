//! Files that somebody else may have written: receipts, snapshots, keys and wallets.

use super::BLOCK_BYTES;

/// Longest receipt file, in bytes: room for the largest transaction in hex, for long paths, and for [`super::HANDOVERS_WALKED`] changes of
/// members who are not all of the most with the longest names. A change of four takes some 2 KB.
pub const RECEIPT_BYTES: usize = 64 * 1024 * 1024;
/// Longest text of a request or an invitation, in bytes: four times a revocation list of the longest kind, in base64 twice.
pub const ADMISSION_BYTES: usize = 2 * 1024 * 1024;
/// Steps in a receipt's path: enough for 2^64 leaves.
pub const RECEIPT_STEPS: usize = 64;
/// Longest backup, in bytes: room for the index of an authority that has issued a hundred thousand certificates.
pub const BACKUP_BYTES: u64 = 64 * 1024 * 1024;
/// Files in a backup: those of a node, and the wallets of its user.
pub const BACKUP_FILES: usize = 4096;
/// Longest path in a backup, in bytes.
pub const BACKUP_PATH_BYTES: usize = 512;
/// Longest file that is read as a key or a wallet, in bytes. Real ones have under 1 KiB.
pub const SECRET_FILE_BYTES: usize = 16 * 1024;
/// Memory in KiB that a keystore's key derivation may ask for: a manipulated file must not use up the machine's memory, ...
pub const KEYSTORE_MEMORY_KIB: u32 = 1024 * 1024;
/// ... passes over it, so that it does not block the machine for hours, ...
pub const KEYSTORE_PASSES: u32 = 16;
/// ... and lanes.
pub const KEYSTORE_LANES: u32 = 16;
/// Fewest characters of a new passphrase.
pub const SHORTEST_PASSPHRASE: usize = 8;
/// Bytes of one piece of a snapshot: room for the largest block with the members that it puts into force, and for any row of the state.
pub const SNAPSHOT_PIECE_BYTES: usize = BLOCK_BYTES + 1024 * 1024;
/// Headers in one piece of a snapshot.
pub const SNAPSHOT_HEADERS: usize = 1_024;
/// A piece of a snapshot takes no more rows after so many bytes of them.
pub const SNAPSHOT_ROWS_BYTES: usize = 256 * 1024;
/// Bytes of the manifest of an export that are read: it has some 2 KiB.
pub const EXPORT_MANIFEST_BYTES: u64 = 64 * 1024;

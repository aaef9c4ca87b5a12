//! Certificates and revocation lists.

use super::CRLS_PER_MESSAGE;

/// Revoked serials remembered. A CA that revokes more has other troubles; it must change its root.
pub const CRL_SERIALS: usize = 100_000;
/// Lists kept of one issuer: a hello and a message hold those of two.
pub const CRLS_PER_ISSUER: usize = CRLS_PER_MESSAGE / 2;
/// Roots at once: one, or the old and the new while the root changes.
pub const TRUSTED_ROOTS: usize = 2;
/// Longest serial number that RFC 5280 allows, in bytes.
pub const CERTIFICATE_SERIAL_BYTES: usize = 20;
/// Messages with revocation lists that are read at once, beside the hub's work; more are dropped, and asked for again later.
pub const CRL_MESSAGES_AT_ONCE: usize = 64;

//! mkca: the private certificate authority that admits members to a Bouya network.
//!
//! A certificate says one thing: this key is node `alice`. It names no host and no rights. Its holder may connect. The ledger's content
//! is signed with other keys, so renewing or losing a certificate does not affect it.
//!
//! - [`Root`]: the authority in memory, with [`CertificateSpec`] for the certificates it signs. No files, no clock.
//! - [`Authority`]: the authority in its folder, with all that the commands do. `tools/harness` uses it too.
//! - [`Index`]: all issued certificates. [`SigningRequest`]: the request that a member sends. [`describe`]: shows a file to people.
//!
//! Invariants: a key file is created with mode 0600 and never overwritten, except that `ca.key` can be sealed again; a certificate is in
//! the index before it is anywhere else; the revocation list's number only rises, and its entries are never removed; a revoked key
//! never gets another certificate. All keys that mkca makes are ECDSA P-256; [`KeyPair`]'s module says why.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod authority;
mod error;
mod files;
mod index;
mod keys;
mod notice;
mod reason;
mod request;
mod root;
mod sealed;
mod show;

pub use authority::{AUTHORITY_DAYS, Authority, CERTIFICATE_DAYS, CRL_DAYS, Issued, WrittenCrl, request};
pub use bouya_core::id::{NodeId, NodeIdError};
pub use error::Error;
pub use index::{Entry, Index, Revocation, Status};
pub use keys::{KeyPair, PublicKey};
pub use notice::Notice;
pub use reason::{Reason, UnknownReason};
pub use request::SigningRequest;
pub use root::{Certificate, CertificateSpec, Revoked, Root, Serial, pem};
pub use sealed::Passphrase;
pub use show::{describe, read_file};

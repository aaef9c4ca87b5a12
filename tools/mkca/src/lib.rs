//! mkca: the private certificate authority that admits members to a Bouya network.
//!
//! A certificate says one thing: this key is node `alice`. It names no host and no right. Who holds one may connect;
//! what is on the ledger is signed with other keys, so renewing or losing a certificate never touches it.
//!
//! - [`Root`]: the authority in memory, with [`CertificateSpec`] for what it signs. No files, no clock.
//! - [`Authority`]: the authority in its folder, what the commands do. `tools/harness` uses it too.
//! - [`Index`]: every certificate issued. [`SigningRequest`]: what a member sends. [`describe`]: files for people.
//!
//! Invariants: a key file is created with mode 0600 and never overwritten, but that `ca.key` may be sealed anew; a certificate is in the index before it is
//! anywhere else; the revocation list's number only rises, and what was once on it stays on it; a revoked key never gets
//! a certificate again. One algorithm throughout, ECDSA P-256: see [`KeyPair`]'s module for why.

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

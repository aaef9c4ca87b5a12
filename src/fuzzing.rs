//! Lets the fuzz package (`tests/fuzz`) call code that strangers' bytes reach and that is otherwise private to this crate. It exists only
//! with the feature `fuzzing`, which only builds with the fuzz package (--workspace) have.

use std::path::Path;

use axum::Router;
use bouya_core::id::NodeId;
use rustls::pki_types::CertificateDer;

use crate::admission;
use crate::backup::{Backup, BackupError};
use crate::http::{self, Api};
use crate::net::crl::{CrlError, Revocations};
use crate::net::tls::LeafError;
use crate::net::tls::certificate::{Leaf, Root};

/// Roots that revocation lists are checked with.
pub struct Roots(Vec<Root>);

impl Roots {
    /// The root in a CA's certificate, or none if it is not a CA's.
    pub fn read(der: &[u8]) -> Result<Self, LeafError> {
        let root = Root::read(CertificateDer::from(der.to_vec()))?;
        Ok(Self(root.into_iter().collect()))
    }

    /// Whether there is a root.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Takes in a revocation list (DER) as if a peer had sent it.
pub fn take_in(revocations: &mut Revocations, der: &[u8], roots: &Roots) -> Result<bool, CrlError> {
    revocations.take_in(der, &roots.0)
}

/// What a peer's certificate says about it: id and serial.
pub fn leaf(der: &[u8]) -> Result<(NodeId, Vec<u8>), LeafError> {
    Leaf::read(der).map(|leaf| (leaf.id, leaf.serial))
}

/// The API without its sockets.
pub fn router(api: Api) -> Router {
    http::without_sockets(api)
}

/// What a backup holds, once it is open.
pub fn backup(opened: &[u8]) -> Result<Backup, BackupError> {
    Backup::read(Path::new("backup"), opened)
}

/// A request or an invitation around these bytes.
pub fn armoured(label: &str, bytes: &[u8]) -> String {
    admission::wrap(label, bytes)
}

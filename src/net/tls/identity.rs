//! A node's identity as read from its files, checked before anything uses it. Each error names the file, the value and the next step.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bouya_core::crypto::{Hash, sha256};
use bouya_core::id::NodeId;
use bouya_core::limits::TRUSTED_ROOTS;
use bouya_core::time::Timestamp;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use thiserror::Error;

use super::certificate::{Leaf, LeafError, Root};
use super::provider;
use crate::files::quoted;
use crate::net::crl::{CrlError, List};

/// Where the files of a node's identity are.
#[derive(Clone, Debug)]
pub struct IdentityFiles {
    /// One or two root certificates.
    pub ca: PathBuf,
    /// This node's certificate, and no other.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Revocation lists: none at all, or one for each root.
    pub crls: Vec<PathBuf>,
    /// Refuse peers while their CA's lists are overdue, instead of warning and using them.
    pub refuse_overdue: bool,
}

/// What is wrong with a node's identity.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// No such file, no permission.
    #[error("cannot read {file}: {why}. Check the path and who may read it", file = file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// Not PEM, or not the kind expected.
    #[error("{file} holds no {what} in PEM form ({why}). Is it the right file?", file = file.display())]
    Pem {
        /// The file.
        file: PathBuf,
        /// What should be in it.
        what: &'static str,
        /// What the reader says.
        why: String,
    },
    /// Too many in one file.
    #[error("{file} holds {found} certificates where at most {most} may be. Remove the others: nodes use no intermediate certificates", file = file.display())]
    Count {
        /// The file.
        file: PathBuf,
        /// How many it holds.
        found: usize,
        /// How many are allowed.
        most: usize,
    },
    /// A certificate in the CA file is not a CA's.
    #[error("{file} holds a certificate that is not one of a CA. Did you give a node's certificate for ca?", file = file.display())]
    NotCa {
        /// The file.
        file: PathBuf,
    },
    /// A certificate that no peer would accept.
    #[error("{file}: {why}. Ask the CA for a certificate made by `mkca issue` or `mkca sign`", file = file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: LeafError,
    },
    /// The key belongs to another certificate.
    #[error("the key in {key} does not belong to the certificate in {certificate}. Give the two that were made together", key = key.display(), certificate = certificate.display())]
    Key {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// Others may read the key.
    #[error("{file} has mode {mode:03o}, so others can read it; chmod 600 {file}", file = quoted(file))]
    Exposed {
        /// The key's file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The certificate of another node.
    #[error("{file} is the certificate of \"{found}\", and this node is \"{own}\". Put the certificate and the key of {own} back: a node never changes its id while it runs", file = file.display())]
    OtherId {
        /// The certificate's file.
        file: PathBuf,
        /// Whose it is.
        found: NodeId,
        /// Whose it should be.
        own: NodeId,
    },
    /// A key that TLS cannot use.
    #[error("the key in {file} cannot be used: {why}. `mkca request` makes one that can", file = file.display())]
    KeyKind {
        /// The file.
        file: PathBuf,
        /// What the provider says.
        why: String,
    },
    /// Too early or too late.
    #[error("{file}: the certificate of \"{name}\" {why}. {next}", file = file.display())]
    Date {
        /// The file.
        file: PathBuf,
        /// Whose.
        name: String,
        /// Which.
        why: &'static str,
        /// What to do.
        next: &'static str,
    },
    /// Peers would refuse it.
    #[error("{certificate}: peers would refuse it under the roots in {ca}: {why}. Ask that CA for a valid one (mkca sign or renew)", certificate = certificate.display(), ca = ca.display())]
    Untrusted {
        /// The certificate's file.
        certificate: PathBuf,
        /// The roots' file.
        ca: PathBuf,
        /// Why.
        why: String,
    },
    /// A bad revocation list.
    #[error("{file}: {why}", file = file.display())]
    Crl {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: CrlError,
    },
    /// There are lists, but none for this root: then no certificate of this root would be accepted.
    #[error(
        "there is no revocation list for the root \"{root}\". Give one for each root in identity.crl (`mkca crl` makes it), or none at all"
    )]
    CrlMissing {
        /// The root's name.
        root: String,
    },
    /// Not caused by a user's mistake.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// A node's identity: everything in it fits together, as far as files alone can show.
pub(crate) struct Identity {
    pub(crate) id: NodeId,
    /// The certificate's serial number, big-endian without leading zeros.
    pub(crate) serial: Vec<u8>,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) roots: Vec<Root>,
    pub(crate) lists: Vec<List>,
    /// Hash of all the files' bytes: shows whether anything has changed.
    pub(crate) digest: Hash,
}

impl Identity {
    pub(crate) fn load(files: &IdentityFiles, now: Timestamp) -> Result<Self, IdentityError> {
        let mut seen = Vec::new();
        let mut read = |file: &Path| {
            let bytes = fs::read(file).map_err(|why| IdentityError::Read { file: file.into(), why })?;
            seen.extend_from_slice(&sha256(&bytes).0);
            Ok(bytes)
        };
        let roots = roots(&files.ca, &read(&files.ca)?, now)?;
        let certificates = certificates(&files.certificate, &read(&files.certificate)?)?;
        let count = certificates.len();
        let Ok([certificate]) = <[_; 1]>::try_from(certificates) else {
            return Err(IdentityError::Count { file: files.certificate.clone(), found: count, most: 1 });
        };
        let leaf = Leaf::read(&certificate)
            .map_err(|why| IdentityError::Certificate { file: files.certificate.clone(), why })?;
        check_dates(&files.certificate, leaf.id.as_str(), (leaf.not_before, leaf.not_after), now, RENEW)?;
        check_mode(&files.key)?;
        let key = key(files, &read(&files.key)?, &leaf)?;
        let mut lists = Vec::new();
        for file in &files.crls {
            lists.extend(read_lists(file, &read(file)?, &roots)?);
        }
        let Leaf { id, serial, not_before, not_after, .. } = leaf;
        let digest = sha256(&seen);
        Ok(Self { id, serial, not_before, not_after, certificate, key, roots, lists, digest })
    }
}

/// Anybody who can read the key can pose as this node.
fn check_mode(file: &Path) -> Result<(), IdentityError> {
    let metadata = fs::metadata(file).map_err(|why| IdentityError::Read { file: file.into(), why })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(IdentityError::Exposed { file: file.into(), mode }) }
}

const RENEW: &str = "Ask the CA for a new one (`mkca renew`), or set this machine's clock right";

fn check_dates(
    file: &Path,
    name: &str,
    (not_before, not_after): (Timestamp, Timestamp),
    now: Timestamp,
    next: &'static str,
) -> Result<(), IdentityError> {
    let why = match () {
        () if now < not_before => "is not valid yet",
        () if now > not_after => "has expired",
        () => return Ok(()),
    };
    Err(IdentityError::Date { file: file.into(), name: name.into(), why, next })
}

/// webpki does not check a root's dates, so they are checked here.
fn roots(file: &Path, bytes: &[u8], now: Timestamp) -> Result<Vec<Root>, IdentityError> {
    let found = certificates(file, bytes)?;
    if found.len() > TRUSTED_ROOTS {
        return Err(IdentityError::Count { file: file.into(), found: found.len(), most: TRUSTED_ROOTS });
    }
    let mut roots = Vec::new();
    for der in found {
        let root = Root::read(der).map_err(|why| IdentityError::Certificate { file: file.into(), why })?;
        let root = root.ok_or_else(|| IdentityError::NotCa { file: file.into() })?;
        let next = "Take it out of the file, or get the CA's new one; or set this machine's clock right";
        check_dates(file, &root.name, (root.not_before, root.not_after), now, next)?;
        roots.push(root);
    }
    Ok(roots)
}

/// One or more.
fn certificates(file: &Path, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    all(file, "certificate", CertificateDer::pem_slice_iter(bytes))
}

fn all<T>(
    file: &Path,
    what: &'static str,
    items: impl Iterator<Item = Result<T, pem::Error>>,
) -> Result<Vec<T>, IdentityError> {
    let bad = |why: pem::Error| IdentityError::Pem { file: file.into(), what, why: why.to_string() };
    let items: Vec<T> = items.collect::<Result<_, _>>().map_err(bad)?;
    if items.is_empty() { Err(bad(pem::Error::NoItemsFound)) } else { Ok(items) }
}

fn key(files: &IdentityFiles, bytes: &[u8], leaf: &Leaf) -> Result<PrivateKeyDer<'static>, IdentityError> {
    let file = files.key.clone();
    let key = PrivateKeyDer::from_pem_slice(bytes).map_err(|why| IdentityError::Pem {
        file: file.clone(),
        what: "private key",
        why: why.to_string(),
    })?;
    let usable = provider()
        .key_provider
        .load_private_key(key.clone_key())
        .map_err(|why| IdentityError::KeyKind { file: file.clone(), why: why.to_string() })?;
    if usable.public_key().is_none_or(|public| public.as_ref() != leaf.key) {
        return Err(IdentityError::Key { key: file, certificate: files.certificate.clone() });
    }
    Ok(key)
}

fn read_lists(file: &Path, bytes: &[u8], roots: &[Root]) -> Result<Vec<List>, IdentityError> {
    let found = all(file, "revocation list", CertificateRevocationListDer::pem_slice_iter(bytes))?;
    let read = |der: CertificateRevocationListDer<'_>| {
        List::read(&der, roots).map_err(|why| IdentityError::Crl { file: file.into(), why })
    };
    found.into_iter().map(read).collect()
}

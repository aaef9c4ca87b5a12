//! Mutual TLS 1.3, and the only place where an id counts as proven (`verified`).
//!
//! Invariants: every session is a full handshake (resumption would skip the certificate checks), both ends prove who they are, and both
//! check revocation. What webpki does not check is checked here: one DNS name that is a node id, both key usages present, the
//! protocol agreed, one certificate without a chain, the root's own dates, and serials that newer lists have dropped.

pub(crate) mod certificate;
mod config;
pub(crate) mod expiry;
pub(crate) mod explain;
pub(crate) mod identity;
mod no_intermediates;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use bouya_core::crypto::{Hash, sha256};
use bouya_core::id::NodeId;
use bouya_core::node::Certificate;
use bouya_core::overlay::{SessionSecret, Verified};
use bouya_core::time::Timestamp;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::UnixTime;
use rustls::{ClientConfig, CommonState, ServerConfig};
use thiserror::Error;
use tokio_rustls::TlsStream;

pub use self::certificate::LeafError;
pub use self::identity::{IdentityError, IdentityFiles};

pub(crate) use self::certificate::key_hash;
use self::certificate::{Leaf, Root};
pub(crate) use self::config::usable_list;
use self::config::{Configs, configs};
use self::expiry::{Expiry, What};
use self::identity::Identity;
use super::crl::{CrlError, List, Revocations};

/// The protocol's name in TLS: tells this service from other TLS services under the same CA.
pub const ALPN: &[u8] = b"bouya/1";
/// Label under which a session's secret is exported.
const EXPORTER: &[u8] = b"EXPORTER-bouya-member";

/// The one choice of cryptography for TLS.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Wall-clock time, as TLS itself reads it.
pub(crate) fn now() -> Timestamp {
    Timestamp(UnixTime::now().as_secs().saturating_mul(1000))
}

/// A proven peer, with what is needed to judge its certificate again while the connection lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The proven id.
    pub verified: Verified,
    /// The certificate's serial number, big-endian without leading zeros.
    pub serial: Vec<u8>,
    /// SHA-256 of the public key info of the root that issued it.
    pub issuer: Hash,
}

/// Why a peer is not let in, or no longer, although TLS itself accepted it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A different protocol, or none.
    #[error("it did not agree on the protocol bouya/1 (ALPN)")]
    Protocol,
    /// Not exactly one certificate.
    #[error("it sent {0} certificates where one is expected; nodes use no intermediate certificates")]
    Chain(usize),
    /// Not a node's certificate.
    #[error("its certificate was refused: {0}")]
    Leaf(#[from] LeafError),
    /// Not the id that was dialed.
    #[error("expected {expected}, but its certificate is for {found}")]
    Id {
        /// Whom this node dialed.
        expected: NodeId,
        /// Who answered.
        found: NodeId,
    },
    /// Revoked by a list that this node has seen at some time, although no current list names it.
    #[error("its certificate has been revoked by the CA")]
    Revoked,
    /// Expired while the connection lived.
    #[error("its certificate has expired; it needs a new one (`mkca renew`)")]
    Expired,
    /// No current revocation list, and the operator wants one. The only refusal that a peer can mend: by sending a newer list.
    #[error(
        "its CA's revocation list is overdue here and crl_overdue is \"refuse\"; get a new one from the CA (`mkca crl`)"
    )]
    Overdue,
    /// The root has been taken out, or has expired.
    #[error("its CA is no longer trusted here")]
    Root,
    /// Should not happen: TLS 1.3 always has one.
    #[error("the session has no secret to export")]
    Exporter,
}

/// A node's TLS: configurations, which a reload replaces, and revocations, which it only adds to.
pub struct Tls {
    files: IdentityFiles,
    id: NodeId,
    current: ArcSwap<Current>,
    /// One change at a time. Readers never wait for it: a change is built on a copy.
    changing: Mutex<()>,
}

struct Current {
    identity: Arc<Identity>,
    /// SHA-256 of the public key info of the root that issued this node's own certificate.
    issuer: Option<Hash>,
    revocations: Arc<Revocations>,
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    ends: Vec<Expiry>,
}

impl Tls {
    /// Reads the files and checks that they fit together. `saved` is what [`Self::revocations`] returned before the last stop. Overdue lists
    /// do not count here: the node must run to hear of newer ones.
    pub fn open(files: IdentityFiles, saved: Revocations) -> Result<Self, IdentityError> {
        let identity = Arc::new(Identity::load(&files, now())?);
        let (id, union) = (identity.id.clone(), with_lists(&files, &identity, saved)?);
        let current = Current::of_files(&files, identity, union)?;
        Ok(Self { files, id, current: ArcSwap::from_pointee(current), changing: Mutex::new(()) })
    }

    /// Reads the files again. True if anything in them was new; then the new configurations are in use. On an error nothing is
    /// replaced, except that lists still count if a root that is in use has signed them. Live connections must be judged again afterwards:
    /// see [`Self::refuses`]. Blocks: reads files, and checks signatures.
    pub fn reload(&self) -> Result<bool, IdentityError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let identity = Identity::load(&self.files, now())?;
        let before = self.current.load_full();
        if identity.digest == before.identity.digest {
            return Ok(false);
        }
        if identity.id != self.id {
            let (file, own) = (self.files.certificate.clone(), self.id.clone());
            return Err(IdentityError::OtherId { file, found: identity.id, own });
        }
        let identity = Arc::new(identity);
        // Built on a copy, so that a refused identity leaves nothing behind.
        let built = with_lists(&self.files, &identity, (*before.revocations).clone())
            .and_then(|union| Current::of_files(&self.files, identity.clone(), union));
        match built {
            Ok(current) => self.current.store(Arc::new(current)),
            Err(error) => {
                self.add_lists(&before, &identity.lists);
                return Err(error);
            }
        }
        Ok(true)
    }

    /// A fault in this node's own certificate must not delay the revocation of others.
    fn add_lists(&self, before: &Current, lists: &[List]) {
        let mut union = (*before.revocations).clone();
        let of_use = |list: &&List| before.identity.roots.iter().any(|root| list.is_of(root));
        let mut new = false;
        for list in lists.iter().filter(of_use) {
            // A list that does not fit was already reported when it was refused.
            new |= union.add(list.clone()).unwrap_or(false);
        }
        if new {
            self.current.store(Arc::new(before.with(&self.files, union)));
        }
    }

    /// Takes in revocation lists (DER) from a peer. True if one of them had something new, which is then in use. The error is that of the
    /// first list that was refused; the others are taken in. Blocks: checks signatures.
    pub fn take_in(&self, lists: &[Vec<u8>]) -> (bool, Option<CrlError>) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.current.load_full();
        let (mut new, mut refused) = (false, None);
        let mut union = (*before.revocations).clone();
        for list in lists {
            match union.take_in(list, &before.identity.roots) {
                Ok(found) => new |= found,
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        if new {
            self.current.store(Arc::new(before.with(&self.files, union)));
        }
        (new, refused)
    }

    /// This node's id.
    pub fn id(&self) -> NodeId {
        self.id.clone()
    }

    /// When this node's certificate ends.
    pub fn not_after(&self) -> Timestamp {
        self.current.load().identity.not_after
    }

    /// This node's own certificate, judged by its own lists.
    pub(crate) fn certificate(&self) -> Certificate {
        let current = self.current.load();
        let Identity { serial, not_before, not_after, .. } = &*current.identity;
        let is_revoked = |issuer| current.revocations.is_revoked(&issuer, serial);
        let revoked = current.issuer.is_some_and(is_revoked);
        Certificate { not_before: *not_before, not_after: *not_after, revoked }
    }

    /// SHA-256 of the public key info of the CA that has issued this node's certificate.
    pub fn ca(&self) -> Option<Hash> {
        self.current.load().issuer
    }

    /// Everything in this identity that expires, and when: certificate, roots, lists.
    pub(crate) fn ends(&self) -> Vec<Expiry> {
        self.current.load().ends.clone()
    }

    /// Whether an overdue list is refused rather than used.
    pub(crate) fn refuses_overdue(&self) -> bool {
        self.files.refuse_overdue
    }

    /// Everything that is known to be revoked: it is saved, sent in hello and compared with a peer's.
    pub fn revocations(&self) -> Arc<Revocations> {
        self.current.load().revocations.clone()
    }

    /// The configuration for accepting connections.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        self.current.load().server.clone()
    }

    /// The configuration for dialing.
    pub(crate) fn client_config(&self) -> Arc<ClientConfig> {
        self.current.load().client.clone()
    }

    /// Judges a living connection's certificate again: TLS itself looks only once.
    pub fn refuses(&self, session: &Session) -> Option<Refusal> {
        let now = now();
        let current = self.current.load();
        let live =
            |root: &&Root| root.issuer == session.issuer && (root.not_before..=root.not_after).contains(&now);
        if !current.identity.roots.iter().any(|root| live(&root)) {
            return Some(Refusal::Root);
        }
        let revocations = &current.revocations;
        if revocations.is_revoked(&session.issuer, &session.serial) {
            return Some(Refusal::Revoked);
        }
        if self.files.refuse_overdue && revocations.overdue(&session.issuer, now).is_some() {
            return Some(Refusal::Overdue);
        }
        (session.verified.not_after < now).then_some(Refusal::Expired)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls of {}", self.id())
    }
}

/// The union of what was known and what the identity's own files list.
fn with_lists(
    files: &IdentityFiles,
    identity: &Identity,
    mut union: Revocations,
) -> Result<Revocations, IdentityError> {
    for list in &identity.lists {
        let file = files.crls.first().cloned().unwrap_or_default();
        union.add(list.clone()).map_err(|why| IdentityError::Crl { file, why })?;
    }
    union.keep_lists_of(&identity.roots);
    let lacks = |root: &&Root| !files.crls.is_empty() && !union.has_list(&root.issuer);
    match identity.roots.iter().find(lacks) {
        Some(root) => Err(IdentityError::CrlMissing { root: root.name.clone() }),
        None => Ok(union),
    }
}

impl Current {
    /// What is in use after the files were read, if this node's own certificate is good.
    fn of_files(
        files: &IdentityFiles,
        identity: Arc<Identity>,
        union: Revocations,
    ) -> Result<Self, IdentityError> {
        let Configs { server, client, own } = configs(files, &identity, &union)?;
        own?;
        Ok(Self::new(identity, union, server, client))
    }

    /// The same identity with more revocations, whatever they say of this node's own certificate.
    fn with(&self, files: &IdentityFiles, union: Revocations) -> Self {
        let identity = self.identity.clone();
        // The lists go into the handshake too, so that a revoked peer is told the reason by TLS itself.
        match configs(files, &identity, &union) {
            Ok(Configs { server, client, own }) => {
                if let Err(error) = own {
                    tracing::error!(%error, "this node's own certificate no longer holds");
                }
                Self::new(identity, union, server, client)
            }
            Err(error) => {
                tracing::warn!(%error, "new revocations hold, but not yet within TLS handshakes");
                Self::new(identity, union, self.server.clone(), self.client.clone())
            }
        }
    }

    fn new(
        identity: Arc<Identity>,
        union: Revocations,
        server: Arc<ServerConfig>,
        client: Arc<ClientConfig>,
    ) -> Self {
        let ends = ends(&identity, &union);
        let issuer = identity.roots.iter().find(|root| root.signed(&identity.certificate));
        let issuer = issuer.map(|root| root.issuer);
        Self { identity, issuer, revocations: Arc::new(union), server, client, ends }
    }
}

fn ends(identity: &Identity, revocations: &Revocations) -> Vec<Expiry> {
    let end = |what, name: &str, begins, ends| Expiry { what, name: name.to_owned(), begins, ends };
    let mut all = vec![end(What::Certificate, identity.id.as_str(), identity.not_before, identity.not_after)];
    all.extend(
        identity.roots.iter().map(|root| end(What::Root, &root.name, root.not_before, root.not_after)),
    );
    for life in revocations.lives() {
        let root = identity.roots.iter().find(|root| root.issuer == life.issuer);
        all.extend(root.map(|root| end(What::List, &root.name, life.made, life.due)));
    }
    all
}

/// Returns who is at the other end, or why that is not accepted. The only place that makes a [`Verified`].
pub(crate) fn verified<S>(
    tls: &Tls,
    stream: &TlsStream<S>,
    expected: Option<&NodeId>,
) -> Result<Session, Refusal> {
    let state: &CommonState = stream.get_ref().1;
    if state.alpn_protocol() != Some(ALPN) {
        return Err(Refusal::Protocol);
    }
    let certificate = match state.peer_certificates() {
        Some([one]) => one,
        other => return Err(Refusal::Chain(other.map_or(0, <[_]>::len))),
    };
    let leaf = Leaf::read(certificate)?;
    if let Some(expected) = expected.filter(|expected| **expected != leaf.id) {
        return Err(Refusal::Id { expected: expected.clone(), found: leaf.id });
    }
    let issuer = {
        let current = tls.current.load();
        let root = current.identity.roots.iter().find(|root| root.signed(certificate));
        root.ok_or(Refusal::Root)?.issuer
    };
    let secret = match stream {
        TlsStream::Client(stream) => stream.get_ref().1.export_keying_material([0; 32], EXPORTER, None),
        TlsStream::Server(stream) => stream.get_ref().1.export_keying_material([0; 32], EXPORTER, None),
    };
    let session = SessionSecret(secret.map_err(|_| Refusal::Exporter)?);
    let key = sha256(&leaf.key);
    let verified = Verified { id: leaf.id, session, key, not_after: leaf.not_after };
    let session = Session { verified, serial: leaf.serial, issuer };
    match tls.refuses(&session) {
        Some(refusal) => Err(refusal),
        None => Ok(session),
    }
}

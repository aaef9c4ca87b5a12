//! Mutual TLS 1.3, and the only place where an id counts as proven (`verified`).
//!
//! Invariants: every session is a full handshake (resumption would skip the certificate checks), both ends prove themselves, both
//! check revocation, and what webpki does not check is checked here: one DNS name that is a node id, both key usages present, the
//! protocol agreed, one certificate without a chain, the root's own dates, and serials that newer lists have dropped.

pub(crate) mod certificate;
pub(crate) mod expiry;
pub(crate) mod explain;
pub(crate) mod identity;
mod no_intermediates;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwap;
use bouya_core::crypto::{Hash, sha256};
use bouya_core::id::NodeId;
use bouya_core::node::Certificate;
use bouya_core::overlay::{SessionSecret, Verified};
use bouya_core::time::Timestamp;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateRevocationListDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{ClientConfig, CommonState, RootCertStore, ServerConfig};
use thiserror::Error;
use tokio_rustls::TlsStream;

pub use self::certificate::LeafError;
pub use self::identity::{IdentityError, IdentityFiles};

use self::certificate::{Leaf, Root};
use self::expiry::{Expiry, What};
use self::identity::Identity;
use self::no_intermediates::NoIntermediates;
use super::crl::{CrlError, List, Revocations};

/// The protocol's name in TLS: keeps other TLS services under the same CA apart.
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

/// Why a peer is not let in, or not any longer, although TLS itself was content.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Another protocol, or none named.
    #[error("it did not agree on the protocol bouya/1 (ALPN)")]
    Protocol,
    /// Not exactly one certificate.
    #[error("it sent {0} certificates where one is expected; nodes use no intermediate certificates")]
    Chain(usize),
    /// Not a node's certificate.
    #[error("its certificate was refused: {0}")]
    Leaf(#[from] LeafError),
    /// Another id than the one that was dialed.
    #[error("expected {expected}, but its certificate is for {found}")]
    Id {
        /// Whom this node dialed.
        expected: NodeId,
        /// Who answered.
        found: NodeId,
    },
    /// In no list of now, but in one of those ever seen.
    #[error("its certificate has been revoked by the CA")]
    Revoked,
    /// Ended while the connection lived.
    #[error("its certificate has expired; it needs a new one (`mkca renew`)")]
    Expired,
    /// No current revocation list, and the operator wants one.
    #[error(
        "its CA's revocation list is overdue here and crl_overdue is \"refuse\"; get a new one from the CA (`mkca crl`)"
    )]
    Overdue,
    /// The root has been taken out, or has expired.
    #[error("its CA is no longer trusted here")]
    Root,
    /// Never seen; TLS 1.3 always has one.
    #[error("the session has no secret to export")]
    Exporter,
}

/// A node's TLS: configurations that a reload replaces, and the revocations that it only adds to.
pub struct Tls {
    files: IdentityFiles,
    current: ArcSwap<Current>,
    revocations: RwLock<Revocations>,
}

struct Current {
    identity: Arc<Identity>,
    /// SHA-256 of the public key info of the root that issued this node's own certificate.
    issuer: Option<Hash>,
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    ends: Vec<Expiry>,
}

impl Tls {
    /// Reads the files and checks that they fit together. `saved` is what [`Self::revocations`] gave before the last stop.
    pub fn open(files: IdentityFiles, mut saved: Revocations) -> Result<Self, IdentityError> {
        let identity = Arc::new(Identity::load(&files, now())?);
        let current = Current::build(&files, identity, &mut saved)?;
        Ok(Self { files, current: ArcSwap::from_pointee(current), revocations: RwLock::new(saved) })
    }

    /// Reads the files again. True if anything in them was new; then the new configurations are in use. On an error nothing is
    /// replaced, but revocations of trusted roots hold. Connections that live must be judged afterwards: see [`Self::refuses`].
    pub fn reload(&self) -> Result<bool, IdentityError> {
        let identity = Identity::load(&self.files, now())?;
        if identity.digest == self.current.load().identity.digest {
            return Ok(false);
        }
        // Built on a copy: an identity that is refused leaves nothing behind.
        let mut revocations = self.revocations.write().unwrap_or_else(PoisonError::into_inner);
        let mut union = revocations.clone();
        let identity = Arc::new(identity);
        let current = match Current::build(&self.files, identity.clone(), &mut union) {
            Ok(current) => current,
            Err(error) => {
                // But a list of a root that is trusted holds all the same: this node's own certificate may be on it.
                let roots = &self.current.load().identity.roots;
                let is_trusted = |list: &&List| roots.iter().any(|root| root.issuer == list.issuer);
                for list in identity.lists.iter().filter(is_trusted) {
                    let _ = revocations.add(list.clone());
                }
                return Err(error);
            }
        };
        *revocations = union;
        self.current.store(Arc::new(current));
        Ok(true)
    }

    /// Takes in revocation lists (DER) from a peer. True if one of them had something new; then it is in use. The error is that of
    /// the first list that was refused; the others are taken in.
    pub fn take_in(&self, lists: &[Vec<u8>]) -> (bool, Option<CrlError>) {
        let (mut new, mut refused) = (false, None);
        let mut revocations = self.revocations.write().unwrap_or_else(PoisonError::into_inner);
        let identity = self.current.load().identity.clone();
        for list in lists {
            match revocations.take_in(list, &identity.roots) {
                Ok(found) => new |= found,
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        if new {
            // The lists go into the handshake too, so that a revoked peer is told the reason by TLS itself.
            match Current::build(&self.files, identity, &mut revocations) {
                Ok(current) => self.current.store(Arc::new(current)),
                Err(error) => {
                    tracing::warn!(%error, "new revocations hold, but not yet within TLS handshakes")
                }
            }
        }
        (new, refused)
    }

    /// This node's id.
    pub fn id(&self) -> NodeId {
        self.current.load().identity.id.clone()
    }

    /// When this node's certificate ends.
    pub fn not_after(&self) -> Timestamp {
        self.current.load().identity.not_after
    }

    /// This node's own certificate, judged by its own lists.
    pub(crate) fn certificate(&self) -> Certificate {
        let current = self.current.load();
        let Identity { serial, not_before, not_after, .. } = &*current.identity;
        let revocations = self.revocations.read().unwrap_or_else(PoisonError::into_inner);
        let revoked = current.issuer.is_some_and(|issuer| revocations.is_revoked(&issuer, serial));
        Certificate { not_before: *not_before, not_after: *not_after, revoked }
    }

    /// Everything of this identity that ends, and when: certificate, roots, lists.
    pub(crate) fn ends(&self) -> Vec<Expiry> {
        self.current.load().ends.clone()
    }

    /// Whether an overdue list is refused rather than used.
    pub(crate) fn refuses_overdue(&self) -> bool {
        self.files.refuse_overdue
    }

    /// All that is known to be revoked: to be saved, told in hello and compared with a peer's.
    pub fn revocations(&self) -> Revocations {
        self.revocations.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// For who accepts a connection.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        self.current.load().server.clone()
    }

    /// For who dials.
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
        let revocations = self.revocations.read().unwrap_or_else(PoisonError::into_inner);
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

impl Current {
    fn build(
        files: &IdentityFiles,
        identity: Arc<Identity>,
        revocations: &mut Revocations,
    ) -> Result<Self, IdentityError> {
        for list in &identity.lists {
            let file = files.crls.first().cloned().unwrap_or_default();
            revocations.add(list.clone()).map_err(|why| IdentityError::Crl { file, why })?;
        }
        revocations.keep_lists_of(&identity.roots);
        let lacks = |root: &&Root| !files.crls.is_empty() && !revocations.has_list(&root.issuer);
        if let Some(root) = identity.roots.iter().find(lacks) {
            return Err(IdentityError::CrlMissing { root: root.name.clone() });
        }
        let (server, client) = configs(files, &identity, revocations)?;
        let ends = ends(&identity, revocations);
        let issuer = identity.roots.iter().find(|root| root.signed(&identity.certificate));
        let issuer = issuer.map(|root| root.issuer);
        Ok(Self { identity, issuer, server: Arc::new(server), client: Arc::new(client), ends })
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

fn setup(error: impl fmt::Display) -> IdentityError {
    IdentityError::Setup(error.to_string())
}

fn configs(
    files: &IdentityFiles,
    identity: &Identity,
    revocations: &Revocations,
) -> Result<(ServerConfig, ClientConfig), IdentityError> {
    let mut roots = RootCertStore::empty();
    for root in &identity.roots {
        roots.add(root.der.clone()).map_err(setup)?;
    }
    let roots = Arc::new(roots);
    let lists = || revocations.newest().map(|der| CertificateRevocationListDer::from(der.to_vec()));
    // The names of roots are nothing that a stranger must be told.
    let mut clients = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider())
        .clear_root_hint_subjects()
        .with_crls(lists());
    let mut servers = WebPkiServerVerifier::builder_with_provider(roots, provider()).with_crls(lists());
    if files.crls.is_empty() {
        clients = clients.allow_unknown_revocation_status();
        servers = servers.allow_unknown_revocation_status();
    }
    if files.refuse_overdue {
        clients = clients.enforce_revocation_expiration();
        servers = servers.enforce_revocation_expiration();
    }
    let clients = Arc::new(NoIntermediates(clients.build().map_err(setup)?));
    let servers = Arc::new(NoIntermediates(servers.build().map_err(setup)?));

    // This node's own certificate, as a peer with the same roots and lists would judge it.
    let name = ServerName::try_from(identity.id.as_str()).map_err(setup)?;
    let own = &identity.certificate;
    servers
        .verify_server_cert(own, &[], &name, &[], UnixTime::now())
        .map(drop)
        .and_then(|()| clients.verify_client_cert(own, &[], UnixTime::now()).map(drop))
        .map_err(|error| IdentityError::Untrusted {
            certificate: files.certificate.clone(),
            ca: files.ca.clone(),
            why: explain::verdict(&error).unwrap_or_else(|| error.to_string()),
        })?;

    let chain = vec![own.clone()];
    let mut server = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(setup)?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain.clone(), identity.key.clone_key())
        .map_err(setup)?;
    server.alpn_protocols = vec![ALPN.to_vec()];
    // A resumed session would not be checked against dates and revocations again.
    server.send_tls13_tickets = 0;
    server.session_storage = Arc::new(NoServerSessionStorage {});
    server.max_early_data_size = 0;
    let mut client = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(setup)?
        .dangerous()
        .with_custom_certificate_verifier(servers)
        .with_client_auth_cert(chain, identity.key.clone_key())
        .map_err(setup)?;
    client.alpn_protocols = vec![ALPN.to_vec()];
    client.resumption = Resumption::disabled();
    client.enable_early_data = false;
    Ok((server, client))
}

/// Whether TLS can use a revocation list: its parser is stricter than the one that reads the serials.
pub(crate) fn usable_list(der: &[u8], root: &Root) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(root.der.clone()).is_ok()
        && WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .with_crls([CertificateRevocationListDer::from(der.to_vec())])
            .build()
            .is_ok()
}

/// Says who is at the other end, or why it does not count. The only place that makes a [`Verified`].
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

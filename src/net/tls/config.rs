//! Builds rustls's configurations from an identity and the revocations: both ends prove who they are, no session is resumed, revoked
//! certificates are refused.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::{CertificateRevocationListDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::certificate::Root;
use super::identity::{Identity, IdentityError, IdentityFiles};
use super::no_intermediates::NoIntermediates;
use super::{ALPN, explain, provider};
use crate::net::crl::Revocations;

fn setup(error: impl fmt::Display) -> IdentityError {
    IdentityError::Setup(error.to_string())
}

/// The configurations for both ends of TLS.
pub(super) struct Configs {
    pub(super) server: Arc<ServerConfig>,
    pub(super) client: Arc<ClientConfig>,
    /// What is wrong with this node's own certificate, if anything is.
    pub(super) own: Result<(), IdentityError>,
}

/// TLS does not judge whether lists are overdue: it sees one list of each issuer, and a peer that it refuses could not send the next one.
/// See [`super::Tls::refuses`].
pub(super) fn configs(
    files: &IdentityFiles,
    identity: &Identity,
    revocations: &Revocations,
) -> Result<Configs, IdentityError> {
    let mut roots = RootCertStore::empty();
    for root in &identity.roots {
        roots.add(root.der.clone()).map_err(setup)?;
    }
    let roots = Arc::new(roots);
    let lists = || revocations.newest().map(|der| CertificateRevocationListDer::from(der.to_vec()));
    // A stranger does not need to know the names of the roots.
    let mut clients = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider())
        .clear_root_hint_subjects()
        .with_crls(lists());
    let mut servers = WebPkiServerVerifier::builder_with_provider(roots, provider()).with_crls(lists());
    if files.crls.is_empty() {
        clients = clients.allow_unknown_revocation_status();
        servers = servers.allow_unknown_revocation_status();
    }
    let clients = Arc::new(NoIntermediates(clients.build().map_err(setup)?));
    let servers = Arc::new(NoIntermediates(servers.build().map_err(setup)?));

    // This node's own certificate, as a peer with the same roots and lists would judge it.
    let (name, own) = (ServerName::try_from(identity.id.as_str()).map_err(setup)?, &identity.certificate);
    let verdict = servers
        .verify_server_cert(own, &[], &name, &[], UnixTime::now())
        .map(drop)
        .and_then(|()| clients.verify_client_cert(own, &[], UnixTime::now()).map(drop))
        .map_err(|error| IdentityError::Untrusted {
            certificate: files.certificate.clone(),
            ca: files.ca.clone(),
            why: explain::verdict(&error).unwrap_or_else(|| error.to_string()),
        });

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
    Ok(Configs { server: Arc::new(server), client: Arc::new(client), own: verdict })
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

//! A CA for tests. It makes good certificates, and bad ones from changed parameters.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use bouya::net::crl::Revocations;
use bouya::net::tls::{ALPN, IdentityError, IdentityFiles, Tls};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose as Usage, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ED25519,
    RevokedCertParams, SerialNumber,
};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

pub(crate) fn days(days: i64) -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::days(days)
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ED25519).unwrap()
}

/// The parameters of a certificate that every node accepts.
pub(crate) fn member(id: &str) -> CertificateParams {
    let mut params = CertificateParams::new([id.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, id);
    params.extended_key_usages = vec![Usage::ServerAuth, Usage::ClientAuth];
    (params.not_before, params.not_after) = (days(-1), days(30));
    params
}

pub(crate) struct Ca {
    pub(crate) issuer: CertifiedIssuer<'static, KeyPair>,
}

pub(crate) struct Cert {
    pub(crate) pem: String,
    pub(crate) key: KeyPair,
    pub(crate) chain: Vec<CertificateDer<'static>>,
}

impl Cert {
    /// Shows this certificate even where rustls itself would refuse to show it.
    fn shown(&self) -> Arc<SingleCertAndKey> {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der()).into();
        let key = provider().key_provider.load_private_key(key).unwrap();
        Arc::new(CertifiedKey::new(self.chain.clone(), key).into())
    }
}

pub(crate) fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = (days(-2), days(60));
    params
}

impl Ca {
    pub(crate) fn new(name: &str) -> Self {
        Self::with(ca_params(name))
    }

    pub(crate) fn with(params: CertificateParams) -> Self {
        Self { issuer: CertifiedIssuer::self_signed(params, key()).unwrap() }
    }

    /// A CA under this one.
    pub(crate) fn below(&self, name: &str) -> Self {
        Self { issuer: CertifiedIssuer::signed_by(ca_params(name), key(), &self.issuer).unwrap() }
    }

    pub(crate) fn issue(&self, params: CertificateParams) -> Cert {
        let key = key();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Cert { pem: certificate.pem(), key, chain: vec![certificate.der().clone()] }
    }

    /// A list with these serials, due for renewal in `due` days.
    pub(crate) fn crl(&self, number: u64, serials: &[&[u8]], due: i64) -> String {
        let revoked = |serial: &&[u8]| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: days(-1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: days(-10),
            next_update: days(due),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }

    /// Writes the identity files of `id` into `dir`, with an empty list.
    pub(crate) fn files(&self, dir: &Path, id: &str) -> IdentityFiles {
        self.files_with(dir, &self.issue(member(id)), &self.crl(1, &[], 30))
    }

    pub(crate) fn files_with(&self, dir: &Path, cert: &Cert, crl: &str) -> IdentityFiles {
        let put = |name: &str, text: &str| {
            let path = dir.join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let key = put("node.key", &cert.key.serialize_pem());
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        IdentityFiles {
            ca: put("ca.crt", &self.issuer.pem()),
            certificate: put("node.crt", &cert.pem),
            key,
            crls: vec![put("ca.crl", crl)],
            refuse_overdue: false,
        }
    }

    /// The TLS of a good node.
    pub(crate) fn node(&self, id: &str) -> (Arc<Tls>, TempDir) {
        let dir = TempDir::new().unwrap();
        let files = self.files(dir.path(), id);
        (Arc::new(open(files).unwrap()), dir)
    }

    fn store(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        Arc::new(roots)
    }
}

pub(crate) fn open(files: IdentityFiles) -> Result<Tls, IdentityError> {
    Tls::open(files, Revocations::default())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A client that trusts the CA `trusts` and shows any certificate, or none.
pub(crate) fn raw_client(trusts: &Ca, cert: Option<&Cert>, alpn: &[&[u8]]) -> ClientConfig {
    let verifier = WebPkiServerVerifier::builder_with_provider(trusts.store(), provider()).build().unwrap();
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_webpki_verifier(verifier);
    let mut config = match cert {
        Some(cert) => builder.with_client_cert_resolver(cert.shown()),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    config
}

/// A server that trusts the CA `trusts` and shows any certificate. It has rustls' defaults, which include tickets.
pub(crate) fn raw_server(trusts: &Ca, cert: &Cert, alpn: &[&[u8]]) -> ServerConfig {
    let verifier = WebPkiClientVerifier::builder_with_provider(trusts.store(), provider()).build().unwrap();
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(cert.shown());
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    config
}

pub(crate) const GOOD_ALPN: &[&[u8]] = &[ALPN];

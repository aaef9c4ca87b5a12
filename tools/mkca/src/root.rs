//! The authority in memory: a self-signed certificate, its key, and what it signs. No files, no clock.
//!
//! [`CertificateSpec`] says what a certificate holds. The product makes only [`CertificateSpec::node`] and the root itself. TLS tests
//! make wrong certificates (expired, a foreign name, a CA as node) with the same code.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose, PublicKeyData, RevokedCertParams,
    SanType, SerialNumber,
};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::{
    NodeId,
    error::Error,
    keys::{KeyPair, PublicKey},
    reason::Reason,
};

/// Most characters of a name. X.520 allows 64 in a common name; " CA " and eight digits of the key are added.
const MAX_NAME: usize = 48;

pub struct Root {
    issuer: Issuer<'static, rcgen::KeyPair>,
    certificate: CertificateDer<'static>,
    name: String,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

/// What a certificate says, except for the key.
#[derive(Debug, Clone)]
pub struct CertificateSpec {
    pub common_name: String,
    pub dns_names: Vec<String>,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    /// Extended key usage: may accept (server), may dial (client). If both are false, the extension is left out, which TLS reads as "any".
    pub server: bool,
    pub client: bool,
    /// May sign certificates (of nodes only: path length 0) and revocation lists.
    pub authority: bool,
}

#[derive(Debug, Clone)]
pub struct Certificate {
    pub der: CertificateDer<'static>,
    pub serial: Serial,
}

/// 16 random bytes, except that the first two bits are 01. So it is positive and has the same length in every encoding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial([u8; 16]);

/// One entry of a revocation list.
#[derive(Debug, Clone, Copy)]
pub struct Revoked {
    pub serial: Serial,
    pub at: OffsetDateTime,
    pub reason: Reason,
}

impl CertificateSpec {
    /// The certificate that every node gets: its id as common name and as the only DNS name, both usages, nothing else.
    pub fn node(id: &NodeId, not_before: OffsetDateTime, not_after: OffsetDateTime) -> Self {
        CertificateSpec {
            common_name: id.to_string(),
            dns_names: vec![id.to_string()],
            not_before,
            not_after,
            server: true,
            client: true,
            authority: false,
        }
    }

    fn params(&self, serial: Serial) -> Result<CertificateParams, Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.common_name.as_str());
        for name in &self.dns_names {
            // Not `CertificateParams::new`, which would turn "10.0.0.1" into an IP address.
            params.subject_alt_names.push(SanType::DnsName(name.as_str().try_into()?));
        }
        params.not_before = self.not_before;
        params.not_after = self.not_after;
        params.serial_number = Some(SerialNumber::from_slice(&serial.0));
        if self.server {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        }
        if self.client {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        }
        if self.authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        } else {
            params.is_ca = IsCa::ExplicitNoCa;
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        }
        params.use_authority_key_identifier_extension = true;
        params.key_identifier_method = KeyIdMethod::Sha256;
        Ok(params)
    }
}

impl Root {
    /// A new authority. Its subject is like "Acme CA 1a2b3c4d": the digits of the key make it unique, because TLS libraries look up a
    /// certificate's revocation list by the issuer's name.
    pub fn generate(
        name: &str,
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
    ) -> Result<(Self, KeyPair), Error> {
        let characters = name.chars().count();
        if name.trim().is_empty() || characters > MAX_NAME || name.chars().any(char::is_control) {
            return Err(Error::Name { name: name.into() });
        }
        let key = KeyPair::generate()?;
        let spec = CertificateSpec {
            common_name: format!("{} CA {}", name.trim(), &key.public()?.fingerprint()[..8]),
            dns_names: Vec::new(),
            not_before,
            not_after,
            server: false,
            client: false,
            authority: true,
        };
        let certificate = spec.params(Serial::random()?)?.self_signed(&key.0)?;
        let again = rcgen::KeyPair::try_from(key.0.serialized_der())?;
        let root = Root::new(certificate.der().clone(), KeyPair(again))?;
        Ok((root, key))
    }

    /// Any certificate and key can be used for signing. [`Root::fits`] tells whether they belong together and are an authority's.
    pub fn new(certificate: CertificateDer<'static>, key: KeyPair) -> Result<Self, Error> {
        let (_, parsed) =
            X509Certificate::from_der(&certificate).map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
        let name = parsed
            .subject()
            .iter_common_name()
            .next()
            .and_then(|cn| cn.as_str().ok())
            .unwrap_or_default()
            .to_owned();
        let not_before = parsed.validity().not_before.to_datetime();
        let not_after = parsed.validity().not_after.to_datetime();
        let issuer = Issuer::from_ca_cert_der(&certificate, key.0)?;
        Ok(Root { issuer, certificate, name, not_before, not_after })
    }

    /// Whether the key belongs to the certificate, and the certificate is an authority's.
    pub fn fits(&self) -> bool {
        X509Certificate::from_der(&self.certificate).is_ok_and(|(_, certificate)| {
            certificate.is_ca() && certificate.public_key().raw == self.issuer.key().subject_public_key_info()
        })
    }

    pub(crate) fn key(&self) -> &rcgen::KeyPair {
        self.issuer.key()
    }

    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    pub fn certify(&self, spec: &CertificateSpec, key: &PublicKey) -> Result<Certificate, Error> {
        let serial = Serial::random()?;
        let certificate = spec.params(serial)?.signed_by(key.data(), &self.issuer)?;
        Ok(Certificate { der: certificate.der().clone(), serial })
    }

    pub fn revocation_list(
        &self,
        number: u64,
        revoked: &[Revoked],
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
    ) -> Result<CertificateRevocationListDer<'static>, Error> {
        let revoked_certs = revoked.iter().map(|line| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&line.serial.0),
            revocation_time: line.at,
            reason_code: line.reason.code(),
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update,
            next_update,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.issuer)?.into())
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root({:?})", self.name)
    }
}

impl Serial {
    fn random() -> Result<Self, Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(Error::Random)?;
        bytes[0] = bytes[0] & 0x7f | 0x40;
        Ok(Serial(bytes))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}

impl TryFrom<String> for Serial {
    type Error = String;

    fn try_from(hex: String) -> Result<Self, String> {
        let bytes = HEXLOWER.decode(hex.as_bytes()).ok();
        let serial = bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        serial.map(Serial).ok_or_else(|| format!("serial {hex:?} is not 32 hex digits"))
    }
}

impl From<Serial> for String {
    fn from(serial: Serial) -> String {
        serial.to_string()
    }
}

/// PEM with lines of 64 characters (RFC 7468).
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = tail;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

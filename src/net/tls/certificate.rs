//! What Bouya reads out of certificates. webpki checks chains, signatures and dates; this adds what webpki does not look at.

use std::borrow::Cow;

use bouya_core::crypto::{Hash, sha256};
use bouya_core::id::{NodeId, NodeIdError};
use bouya_core::limits::CERTIFICATE_SERIAL_BYTES;
use bouya_core::time::Timestamp;
use rustls::pki_types::CertificateDer;
use thiserror::Error;
use x509_parser::prelude::{ASN1Time, FromDer, GeneralName, X509Certificate, X509Name};
use x509_parser::revocation_list::CertificateRevocationList;

/// Why a certificate is not a node's, although a root may have signed it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LeafError {
    /// Not X.509, or fields that contradict each other.
    #[error("it is not a readable certificate: {0}")]
    Form(String),
    /// Not exactly one alternative name.
    #[error("it must name exactly one node as its only subject alternative name (DNS), but it has {0}")]
    Names(String),
    /// A name that no node may have.
    #[error("its name is no node id: {0}")]
    Id(#[from] NodeIdError),
    /// CN and SAN differ.
    #[error("its common name \"{common}\" differs from its DNS name \"{dns}\"; the two must be equal")]
    Common {
        /// CN.
        common: String,
        /// SAN.
        dns: String,
    },
    /// It could sign certificates itself.
    #[error("it is a CA's own certificate; a node needs one that the CA has issued to it")]
    Ca,
    /// The extended key usage does not have both. webpki accepts a leaf without any.
    #[error("its extended key usage must allow both TLS server and client authentication, but {0}")]
    Usage(&'static str),
    /// Longer than the standard allows.
    #[error("its serial number has {0} bytes, at most {CERTIFICATE_SERIAL_BYTES} are allowed")]
    Serial(usize),
}

/// A node's certificate, read.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) id: NodeId,
    /// Big-endian without leading zeros.
    pub(crate) serial: Vec<u8>,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    /// Public key info, DER.
    pub(crate) key: Vec<u8>,
}

impl Leaf {
    pub(crate) fn read(der: &[u8]) -> Result<Self, LeafError> {
        let certificate = parse(der)?;
        if certificate.is_ca() {
            return Err(LeafError::Ca);
        }
        let dns = only_name(&certificate)?;
        let id: NodeId = dns.parse()?;
        let common = common_name(certificate.subject());
        if common != dns {
            return Err(LeafError::Common { common: clean(&common), dns });
        }
        check_usage(&certificate)?;
        let serial = trim(certificate.raw_serial()).to_vec();
        if serial.len() > CERTIFICATE_SERIAL_BYTES {
            return Err(LeafError::Serial(serial.len()));
        }
        Ok(Self {
            id,
            serial,
            not_before: timestamp(certificate.validity().not_before),
            not_after: timestamp(certificate.validity().not_after),
            key: certificate.public_key().raw.to_vec(),
        })
    }
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, LeafError> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err(LeafError::Form("bytes follow it".into())),
        Err(error) => Err(LeafError::Form(clean(&error.to_string()))),
    }
}

fn only_name(certificate: &X509Certificate<'_>) -> Result<String, LeafError> {
    let form = |error: x509_parser::prelude::X509Error| LeafError::Form(error.to_string());
    let names = certificate.subject_alternative_name().map_err(form)?;
    let names = names.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    match names {
        [GeneralName::DNSName(name)] => Ok((*name).to_owned()),
        [] => Err(LeafError::Names("none".into())),
        [other] => Err(LeafError::Names(format!("another kind: {}", clean(&other.to_string())))),
        many => {
            let shown: Vec<_> = many.iter().take(4).map(|name| clean(&name.to_string())).collect();
            Err(LeafError::Names(format!("{} of them: {}", many.len(), shown.join(", "))))
        }
    }
}

fn check_usage(certificate: &X509Certificate<'_>) -> Result<(), LeafError> {
    let usage =
        certificate.extended_key_usage().map_err(|error| LeafError::Form(clean(&error.to_string())))?;
    let Some(usage) = usage.map(|extension| extension.value) else {
        return Err(LeafError::Usage("it says nothing about it"));
    };
    match (usage.server_auth, usage.client_auth) {
        (true, true) => Ok(()),
        (true, false) => Err(LeafError::Usage("it allows the server only")),
        (false, true) => Err(LeafError::Usage("it allows the client only")),
        (false, false) => Err(LeafError::Usage("it allows neither")),
    }
}

/// All common names together, so that two names never equal one.
fn common_name(name: &X509Name<'_>) -> String {
    let parts: Vec<Cow<'_, str>> = name
        .iter_common_name()
        .map(|attribute| attribute.as_str().map_or(Cow::Borrowed("?"), Cow::Borrowed))
        .collect();
    parts.join("+")
}

/// A root that this node trusts.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    pub(crate) der: CertificateDer<'static>,
    /// Its common name, for people.
    pub(crate) name: String,
    /// SHA-256 of its public key info: revocations are filed under it. A root renewed with the same key keeps it.
    pub(crate) issuer: Hash,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
}

impl Root {
    /// Reads a CA certificate. `None` if it is not a CA's.
    pub(crate) fn read(der: CertificateDer<'static>) -> Result<Option<Self>, LeafError> {
        let certificate = parse(&der)?;
        if !certificate.is_ca() {
            return Ok(None);
        }
        let (name, issuer) =
            (clean(&common_name(certificate.subject())), sha256(certificate.public_key().raw));
        let validity = certificate.validity();
        let (not_before, not_after) = (timestamp(validity.not_before), timestamp(validity.not_after));
        Ok(Some(Self { der, name, issuer, not_before, not_after }))
    }

    /// Whether this root signed the certificate.
    pub(crate) fn signed(&self, certificate: &[u8]) -> bool {
        let (Ok(root), Ok(certificate)) = (parse(&self.der), parse(certificate)) else { return false };
        certificate.issuer().as_raw() == root.subject().as_raw()
            && certificate.verify_signature(Some(root.public_key())).is_ok()
    }

    /// Whether this root signed the revocation list.
    pub(crate) fn signed_list(&self, list: &CertificateRevocationList<'_>) -> bool {
        let Ok(root) = parse(&self.der) else { return false };
        list.issuer().as_raw() == root.subject().as_raw() && list.verify_signature(root.public_key()).is_ok()
    }
}

/// SHA-256 of the public key info of a certificate.
pub(crate) fn key_hash(der: &CertificateDer<'_>) -> Result<Hash, LeafError> {
    Ok(sha256(parse(der)?.public_key().raw))
}

/// One form for each number: certificates and lists may pad it differently.
pub(crate) fn trim(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    serial.get(zeros..).unwrap_or_default()
}

pub(crate) fn timestamp(time: ASN1Time) -> Timestamp {
    Timestamp(u64::try_from(time.timestamp()).unwrap_or(0).saturating_mul(1000))
}

/// Foreign text for people: shortened, and without characters that control a terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars().take(120).flat_map(|c| c.escape_debug().take(8)).collect()
}

//! Keys. All keys that mkca makes, for itself and for nodes, are ECDSA P-256.
//!
//! Why this one algorithm: next to RSA, it is the only signature that every TLS 1.3 implementation must have (RFC 8446, 9.1). So
//! browsers, Java, Go, OpenSSL in FIPS mode and hardware tokens all accept these certificates. Ed25519 is smaller and faster, but
//! several of those refuse it. A member's own request may have an Ed25519 key: the daemon accepts it, so mkca signs it. All other
//! algorithms are refused, RSA included: the fewer parsers handle untrusted input, the better.

use std::{fmt, path::Path};

use data_encoding::HEXLOWER;
use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData, SubjectPublicKeyInfo};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize, de};
use sha2::{Digest, Sha256};

use crate::error::Error;

/// A private key with its public half. `Debug` does not show it.
pub struct KeyPair(pub(crate) rcgen::KeyPair);

impl KeyPair {
    pub fn generate() -> Result<Self, Error> {
        Ok(KeyPair(rcgen::KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?))
    }

    /// `path` is used only in the error.
    pub fn from_pem(pem: &str, path: &Path) -> Result<Self, Error> {
        let key = rcgen::KeyPair::from_pem(pem)
            .map_err(|_| Error::Pem { path: path.into(), expected: "private key (PKCS #8)" })?;
        Ok(KeyPair(key))
    }

    /// PKCS #8. `path` is used only in the error.
    pub(crate) fn from_der(der: &[u8], path: &Path) -> Result<Self, Error> {
        let key = rcgen::KeyPair::try_from(der)
            .map_err(|_| Error::Pem { path: path.into(), expected: "private key (PKCS #8)" })?;
        Ok(KeyPair(key))
    }

    /// PKCS #8, as every TLS library reads it.
    pub fn pem(&self) -> String {
        self.0.serialize_pem()
    }

    /// PKCS #8, as rustls reads it.
    pub fn der(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.0.serialize_der()).into()
    }

    pub fn public(&self) -> Result<PublicKey, Error> {
        PublicKey::from_der(&self.0.subject_public_key_info())
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(elided)")
    }
}

/// A public key of an algorithm that certificates may have. Two keys are equal if their SubjectPublicKeyInfo is.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(SubjectPublicKeyInfo);

impl PublicKey {
    /// Reads the DER of a SubjectPublicKeyInfo.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let key = SubjectPublicKeyInfo::from_der(der).map_err(|_| Error::KeyAlgorithm)?;
        let algorithm = PublicKeyData::algorithm(&key);
        if algorithm != &PKCS_ECDSA_P256_SHA256 && algorithm != &PKCS_ED25519 {
            return Err(Error::KeyAlgorithm);
        }
        Ok(PublicKey(key))
    }

    /// The DER of its SubjectPublicKeyInfo.
    pub fn der(&self) -> Vec<u8> {
        self.0.subject_public_key_info()
    }

    /// SHA-256 of the SubjectPublicKeyInfo in hex, which two people compare by phone.
    /// `openssl pkey -pubin -outform DER | sha256sum` gives the same.
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.der()))
    }

    pub(crate) fn data(&self) -> &SubjectPublicKeyInfo {
        &self.0
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

impl Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HEXLOWER.encode(&self.der()))
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        let der = HEXLOWER.decode(hex.as_bytes()).map_err(de::Error::custom)?;
        PublicKey::from_der(&der).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_pem_and_shows_nothing() {
        let key = KeyPair::generate().unwrap();
        let again = KeyPair::from_pem(&key.pem(), Path::new("a.key")).unwrap();
        assert_eq!(key.public().unwrap(), again.public().unwrap());
        assert_eq!(format!("{key:?}"), "KeyPair(elided)");
    }

    #[test]
    fn only_p256_and_ed25519_are_certified() {
        let spki = |algorithm| rcgen::KeyPair::generate_for(algorithm).unwrap().subject_public_key_info();
        assert!(PublicKey::from_der(&spki(&PKCS_ECDSA_P256_SHA256)).is_ok());
        assert!(PublicKey::from_der(&spki(&PKCS_ED25519)).is_ok());
        let refused = PublicKey::from_der(&spki(&rcgen::PKCS_ECDSA_P384_SHA384));
        assert!(matches!(refused, Err(Error::KeyAlgorithm)));
        assert!(matches!(PublicKey::from_der(b"junk"), Err(Error::KeyAlgorithm)));
    }

    #[test]
    fn serde_keeps_the_key() {
        let key = KeyPair::generate().unwrap().public().unwrap();
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), key);
    }
}

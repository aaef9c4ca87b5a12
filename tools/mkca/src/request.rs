//! A member's request (PKCS #10). Only two things in it are used: the key, whose possession the request's own signature proves, and
//! the common name, as the requested id. Extensions are not even read, so a request for `CA:true` or for another node's name gets
//! the same certificate as every node.

use std::{ffi::OsStr, path::Path};

use rcgen::{CertificateParams, DistinguishedName, DnType};
use rustls::pki_types::{CertificateSigningRequestDer, pem::PemObject};
use x509_parser::prelude::{FromDer, X509CertificationRequest};

use crate::{
    NodeId,
    error::Error,
    keys::{KeyPair, PublicKey},
    root::pem,
};

#[derive(Debug, Clone)]
pub struct SigningRequest {
    key: PublicKey,
    names: Vec<String>,
}

impl SigningRequest {
    /// The request that `mkca request` writes: the id as common name, nothing else.
    pub fn pem_for(id: &NodeId, key: &KeyPair) -> Result<String, Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, id.as_str());
        let request = params.serialize_request(&key.0)?;
        Ok(pem("CERTIFICATE REQUEST", request.der()))
    }

    pub fn from_pem(text: &[u8]) -> Result<Self, Error> {
        // The library's own error message would repeat the file's bytes.
        let der = CertificateSigningRequestDer::from_pem_slice(text)
            .map_err(|_| Error::Request { why: "it has no CERTIFICATE REQUEST in PEM form".into() })?;
        let (rest, request) = X509CertificationRequest::from_der(&der)
            .map_err(|error| Error::Request { why: error.to_string() })?;
        if !rest.is_empty() {
            return Err(Error::Request { why: "it has more bytes after its end".into() });
        }
        let info = &request.certification_request_info;
        let key = PublicKey::from_der(info.subject_pki.raw)?;
        request.verify_signature().map_err(|_| Error::RequestSignature)?;
        let names = info.subject.iter_common_name();
        let names = names.map(|name| name.as_str().unwrap_or_default().to_owned()).collect();
        Ok(SigningRequest { key, names })
    }

    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The requested id: the only common name.
    pub fn id(&self) -> Result<NodeId, Error> {
        match self.names.as_slice() {
            [name] => Ok(name.parse()?),
            names => Err(Error::RequestName { found: names.len() }),
        }
    }

    /// The requested id, if it is also the file's name: a person who signs `alice.csr` means alice, whatever the file says.
    pub fn id_in(&self, path: &Path) -> Result<NodeId, Error> {
        let id = self.id()?;
        if path.file_stem() != Some(OsStr::new(id.as_str())) {
            return Err(Error::RequestFile { path: path.into(), id });
        }
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject;

    use super::*;

    fn request() -> String {
        let key = KeyPair::generate().unwrap();
        SigningRequest::pem_for(&"alice".parse().unwrap(), &key).unwrap()
    }

    #[test]
    fn its_own_request_is_read_back() {
        let key = KeyPair::generate().unwrap();
        let pem = SigningRequest::pem_for(&"alice".parse().unwrap(), &key).unwrap();
        let read = SigningRequest::from_pem(pem.as_bytes()).unwrap();
        assert_eq!(read.id().unwrap().as_str(), "alice");
        assert!(read.id_in(Path::new("in/alice.csr")).is_ok());
        assert!(matches!(read.id_in(Path::new("bob.csr")), Err(Error::RequestFile { .. })));
        assert_eq!(read.key(), &key.public().unwrap());
    }

    /// The envelope around the signed part is not signed itself, and the parser ignores some of its bits.
    #[test]
    fn no_single_bit_changes_what_is_taken() {
        let der = CertificateSigningRequestDer::from_pem_slice(request().as_bytes()).unwrap();
        let read = |bytes: &[u8]| {
            let read = SigningRequest::from_pem(pem("CERTIFICATE REQUEST", bytes).as_bytes())?;
            Ok::<_, Error>((read.id()?, read.key().clone()))
        };
        let asked = read(&der).unwrap();
        let mut refused = 0;
        for bit in 0..der.len() * 8 {
            let mut bytes = der.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            match read(&bytes) {
                Ok(found) => assert_eq!(found, asked, "bit {bit}"),
                Err(_) => refused += 1,
            }
        }
        assert!(refused > der.len() * 7, "{refused} of {} bits", der.len() * 8);

        let mut longer = der.to_vec();
        longer.push(0);
        assert!(read(&longer).is_err());
    }

    #[test]
    fn another_kind_of_pem_is_refused() {
        let key = KeyPair::generate().unwrap();
        let refused = SigningRequest::from_pem(key.pem().as_bytes());
        assert!(matches!(refused, Err(Error::Request { .. })));
        let long = format!("-----BEGIN {}", "x".repeat(5_000));
        let refused = SigningRequest::from_pem(long.as_bytes()).unwrap_err();
        assert!(refused.to_string().len() < 200, "the file is not repeated");
    }
}

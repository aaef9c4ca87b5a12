//! Seals `ca.key` with a passphrase: PKCS #8 that OpenSSL can read too (PBES2 with scrypt and AES-256-CBC, RFC 8018 and 7914).
//!
//! A thief who copies the folder still needs the passphrase. While mkca runs, the key is unencrypted in memory.

use std::{fmt, path::Path};

use bouya_core::passphrase;
use pkcs8::{
    EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument,
    pkcs5::{pbes2::Parameters, scrypt},
};
use zeroize::{Zeroize, Zeroizing};

use crate::{error::Error, keys::KeyPair};

const LABEL: &str = "ENCRYPTED PRIVATE KEY";
/// 16 MiB and five rounds: OWASP recommends this, and it is below the 32 MiB that OpenSSL allows for scrypt.
const SCRYPT: (u8, u32, u32) = (14, 8, 5);

/// A passphrase for sealing. `Debug` does not show it, and it is wiped from memory when dropped.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes the text, so that no copy stays behind.
    pub fn new(text: String) -> Self {
        Passphrase(Zeroizing::new(text))
    }

    /// Whether it may seal the key from now on, by the rule for wallets. A key sealed before opens with what it has.
    pub fn check(&self) -> Result<(), Error> {
        Ok(passphrase::judge(&self.0)?)
    }
}

impl PartialEq for Passphrase {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(elided)")
    }
}

pub(crate) fn is_sealed(pem: &str) -> bool {
    pem.contains(LABEL)
}

/// The key's PEM, sealed.
pub(crate) fn seal(key: &rcgen::KeyPair, passphrase: &Passphrase) -> Result<String, Error> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    getrandom::fill(&mut salt).map_err(Error::Random)?;
    getrandom::fill(&mut iv).map_err(Error::Random)?;
    let mut der = key.serialize_der();
    let sealed = sealed(&der, passphrase, &salt, iv).map_err(|error| Error::Seal(error.to_string()));
    der.zeroize();
    sealed
}

fn sealed(der: &[u8], passphrase: &Passphrase, salt: &[u8], iv: [u8; 16]) -> pkcs8::Result<String> {
    let (log_n, r, p) = SCRYPT;
    let params = scrypt::Params::new(log_n, r, p).map_err(|_| pkcs8::Error::ParametersMalformed)?;
    let params = Parameters::generate_scrypt_aes256cbc(params, salt, iv)?;
    let sealed = PrivateKeyInfoRef::try_from(der)?.encrypt_with_params(params, passphrase.0.as_bytes())?;
    Ok(sealed.to_pem(LABEL, LineEnding::LF)?.to_string())
}

/// The key in a sealed PEM. `path` is used only in errors.
pub(crate) fn open(pem: &str, passphrase: &Passphrase, path: &Path) -> Result<KeyPair, Error> {
    let damaged = || Error::Pem { path: path.into(), expected: "private key (PKCS #8)" };
    let (_, document) = SecretDocument::from_pem(pem).map_err(|_| damaged())?;
    let sealed = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|_| damaged())?;
    let wrong = |_| Error::WrongPassphrase { path: path.into() };
    let plain = sealed.decrypt(passphrase.0.as_bytes()).map_err(wrong)?;
    KeyPair::from_der(plain.as_bytes(), path)
}

#[cfg(test)]
mod tests {
    use bouya_core::passphrase::Weakness;

    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned())
    }

    #[test]
    fn only_the_passphrase_opens_a_sealed_key() {
        let (key, path) = (KeyPair::generate().unwrap(), Path::new("ca.key"));
        let pem = seal(&key.0, &passphrase("right")).unwrap();
        assert!(is_sealed(&pem) && !is_sealed(&key.pem()));
        assert_ne!(pem, seal(&key.0, &passphrase("right")).unwrap(), "salted");
        let opened = open(&pem, &passphrase("right"), path).unwrap();
        assert_eq!(opened.public().unwrap(), key.public().unwrap());
        assert!(matches!(open(&pem, &passphrase("wrong"), path), Err(Error::WrongPassphrase { .. })));
        assert!(matches!(open("junk", &passphrase("right"), path), Err(Error::Pem { .. })));
        assert!(matches!(passphrase("right").check(), Err(Error::WeakPassphrase(Weakness::Short(5)))));
        assert_eq!(format!("{:?}", passphrase("right")), "Passphrase(elided)");
    }

    #[test]
    fn no_changed_byte_opens_as_another_key() {
        let key = KeyPair::generate().unwrap();
        let pem = seal(&key.0, &passphrase("right")).unwrap();
        let (_, document) = SecretDocument::from_pem(&pem).unwrap();
        // The last block is the end of the key with its padding. The first blocks are parameters.
        for at in [20, document.as_bytes().len() - 20, document.as_bytes().len() - 1] {
            let mut changed = document.as_bytes().to_vec();
            changed[at] ^= 1;
            let Ok(changed) = SecretDocument::try_from(changed) else { continue };
            let changed = changed.to_pem(LABEL, LineEnding::LF).unwrap();
            if let Ok(opened) = open(&changed, &passphrase("right"), Path::new("ca.key")) {
                assert_eq!(opened.public().unwrap(), key.public().unwrap(), "byte {at}");
            }
        }
    }
}

//! The content of a wallet file: the name, address and public key in the clear, the seed encrypted.
//!
//! The encryption key is derived from the passphrase with argon2id, and its cost is written in the file. The seed is encrypted with
//! XChaCha20-Poly1305, with the format version and the public key as associated data. What these do not cover is checked against the
//! public key or the file's name, so a changed byte anywhere is noticed. Without a passphrase the file holds the seed itself, in a
//! field whose name says that it is unencrypted.

use std::fmt;
use std::path::Path;

use bouya_core::crypto::{PublicKey, SecretKey};
use bouya_core::ledger::Address;
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead, Payload};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::sealing::{Cost, cipher};
use super::{Passphrase, WalletError, WalletName, random};

const FORMAT: u32 = 1;
const ARGON2ID: &str = "argon2id";
const XCHACHA: &str = "xchacha20-poly1305";

/// A wallet that was read but not unlocked. It holds the secret, encrypted or not.
#[derive(Clone)]
pub struct Wallet {
    name: WalletName,
    public_key: PublicKey,
    secret: Secret,
}

#[derive(Clone)]
enum Secret {
    Sealed { cost: Cost, salt: [u8; 16], nonce: [u8; 24], ciphertext: [u8; 48] },
    Plain(SecretKey),
}

impl Wallet {
    /// Its name.
    pub fn name(&self) -> &WalletName {
        &self.name
    }

    /// Its public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Its address.
    pub fn address(&self) -> Address {
        Address::of(&self.public_key)
    }

    /// Whether a passphrase is needed to open it.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.secret, Secret::Sealed { .. })
    }

    /// The secret key, if `passphrase` is the right one.
    pub fn unlock(&self, passphrase: Option<&Passphrase>) -> Result<SecretKey, WalletError> {
        let (cost, salt, nonce, ciphertext) = match &self.secret {
            Secret::Plain(key) => return Ok(key.clone()),
            Secret::Sealed { cost, salt, nonce, ciphertext } => (*cost, salt, nonce, ciphertext),
        };
        let name = || self.name.clone();
        let passphrase = passphrase.ok_or_else(|| WalletError::PassphraseNeeded { name: name() })?;
        let wrong = || WalletError::Passphrase { name: name() };
        let cipher = cipher(passphrase, salt, cost).ok_or_else(wrong)?;
        let aad = aad(&self.public_key);
        let opened = cipher.decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad });
        let opened = Zeroizing::new(opened.map_err(|_| wrong())?);
        let mut seed = Zeroizing::new([0; 32]);
        seed.copy_from_slice(opened.get(..32).ok_or_else(wrong)?);
        let key = SecretKey::from_seed(&seed);
        if key.public() != self.public_key {
            return Err(wrong());
        }
        Ok(key)
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wallet {} of {}", self.name, self.public_key)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    name: String,
    address: String,
    public_key: PublicKey,
    kdf: Option<Kdf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cipher: Option<Cipher>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unencrypted_seed: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kdf {
    algorithm: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cipher {
    algorithm: String,
    nonce: String,
    ciphertext: String,
}

impl Drop for File {
    fn drop(&mut self) {
        // Takes the seed out, so that it is wiped.
        drop(self.unencrypted_seed.take().map(Zeroizing::new));
    }
}

/// The wallet for `key`, and the text of its file.
pub(super) fn seal(
    name: &WalletName,
    key: &SecretKey,
    passphrase: Option<&Passphrase>,
    cost: Cost,
) -> Result<(Wallet, Zeroizing<String>), WalletError> {
    let public_key = key.public();
    let secret = match passphrase {
        None => Secret::Plain(key.clone()),
        Some(passphrase) if passphrase.is_empty() => return Err(WalletError::EmptyPassphrase),
        Some(passphrase) => {
            let (salt, nonce) = (*random::<16>()?, *random::<24>()?);
            let seed = Zeroizing::new(key.seed());
            let ciphertext = cipher(passphrase, &salt, cost)
                .and_then(|cipher| {
                    let payload = Payload { msg: seed.as_ref(), aad: &aad(&public_key) };
                    cipher.encrypt(&XNonce::from(nonce), payload).ok()?.try_into().ok()
                })
                .expect("the cost is within argon2's bounds and a seed is never too long to encrypt");
            Secret::Sealed { cost, salt, nonce, ciphertext }
        }
    };
    let wallet = Wallet { name: name.clone(), public_key, secret };
    let file = File::of(&wallet);
    // Large enough never to grow: growing would leave copies of an unencrypted seed in memory.
    let mut text = Vec::with_capacity(2048);
    serde_json::to_writer_pretty(&mut text, &file).expect("plain strings and numbers always encode");
    text.push(b'\n');
    let text = String::from_utf8(text).expect("JSON is UTF-8");
    Ok((wallet, Zeroizing::new(text)))
}

/// The wallet that `text`, read from `path`, describes.
pub(super) fn parse(name: &WalletName, path: &Path, text: &str) -> Result<Wallet, WalletError> {
    let damaged = |why: &str| WalletError::Damaged { path: path.to_owned(), why: why.to_owned() };
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    // The parser's message may quote the secret file, so it is not passed on.
    let Format { format } = serde_json::from_str(text).map_err(|_| damaged("not a wallet's JSON"))?;
    if format != FORMAT {
        return Err(WalletError::Format { path: path.to_owned(), format });
    }
    let file: File = serde_json::from_str(text).map_err(|_| damaged("not a wallet's fields"))?;
    if file.name != name.as_str() {
        return Err(damaged("it holds another wallet's name; do not rename wallet files"));
    }
    if file.address != Address::of(&file.public_key).to_string() {
        return Err(damaged("the address does not match the public key"));
    }
    let secret = file.secret().map_err(damaged)?;
    if matches!(&secret, Secret::Plain(key) if key.public() != file.public_key) {
        return Err(damaged("the seed does not match the public key"));
    }
    Ok(Wallet { name: name.clone(), public_key: file.public_key, secret })
}

impl File {
    fn of(wallet: &Wallet) -> Self {
        let mut file = Self {
            format: FORMAT,
            name: wallet.name.to_string(),
            address: wallet.address().to_string(),
            public_key: wallet.public_key,
            kdf: None,
            cipher: None,
            unencrypted_seed: None,
        };
        match &wallet.secret {
            Secret::Plain(key) => {
                file.unencrypted_seed = Some(HEXLOWER.encode(Zeroizing::new(key.seed()).as_ref()));
            }
            Secret::Sealed { cost, salt, nonce, ciphertext } => {
                file.kdf = Some(Kdf {
                    algorithm: ARGON2ID.into(),
                    memory_kib: cost.memory_kib,
                    passes: cost.passes,
                    lanes: cost.lanes,
                    salt: HEXLOWER.encode(salt),
                });
                file.cipher = Some(Cipher {
                    algorithm: XCHACHA.into(),
                    nonce: HEXLOWER.encode(nonce),
                    ciphertext: HEXLOWER.encode(ciphertext),
                });
            }
        }
        file
    }

    fn secret(&self) -> Result<Secret, &'static str> {
        match (&self.kdf, &self.cipher, &self.unencrypted_seed) {
            (None, None, Some(seed)) => {
                let seed = Zeroizing::new(hex::<32>(seed).ok_or("the seed is not 64 hex digits")?);
                Ok(Secret::Plain(SecretKey::from_seed(&seed)))
            }
            (Some(kdf), Some(cipher), None) => {
                if kdf.algorithm != ARGON2ID || cipher.algorithm != XCHACHA {
                    return Err("it names an algorithm that format 1 does not have");
                }
                let cost = Cost { memory_kib: kdf.memory_kib, passes: kdf.passes, lanes: kdf.lanes };
                if !cost.is_sane() {
                    return Err("its key derivation cost is out of bounds");
                }
                Ok(Secret::Sealed {
                    cost,
                    salt: hex(&kdf.salt).ok_or("the salt is not 32 hex digits")?,
                    nonce: hex(&cipher.nonce).ok_or("the nonce is not 48 hex digits")?,
                    ciphertext: hex(&cipher.ciphertext).ok_or("the ciphertext is not 96 hex digits")?,
                })
            }
            _ => Err("the seed is neither encrypted nor unencrypted"),
        }
    }
}

fn aad(public_key: &PublicKey) -> [u8; 36] {
    let mut aad = [0; 36];
    aad[..4].copy_from_slice(&FORMAT.to_le_bytes());
    aad[4..].copy_from_slice(&public_key.0);
    aad
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    HEXLOWER.decode_mut(text.as_bytes(), &mut bytes).ok()?;
    Some(bytes)
}

//! Wallets: key pairs of people and firms, one file each, and the member key's file.
//!
//! A wallet is the JSON file `NAME.wallet` in the wallets' folder. Its seed is encrypted with a passphrase (`keystore`). Files are
//! created with mode 0600, overwritten only to change the passphrase, and refused if others may read them (`private`).
//!
//! Left out on purpose: deleting and renaming (the file system does both), seed phrases, many keys per wallet.

mod contacts;
mod keystore;
mod member_key;
pub(crate) mod private;
pub(crate) mod sealing;

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use bouya_core::crypto::SecretKey;
use bouya_core::passphrase::{Weakness, judge};
use thiserror::Error;
use zeroize::Zeroizing;

pub(crate) use contacts::CONTACTS;
pub use contacts::{Contacts, ContactsError};
pub use keystore::Wallet;
pub(crate) use member_key::seed_line;
pub use member_key::{create as member_key_create, load as member_key_load, write_seed};
pub use private::FileError;

/// A passphrase. It is wiped from memory when dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes ownership of the text, so that no copy stays behind.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// What was typed: for whoever seals something else with it.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether it has no characters.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it may protect a wallet from now on. Wallets made before open with what they have.
    pub fn check(&self) -> Result<(), WalletError> {
        match judge(&self.0) {
            Err(Weakness::Empty) => Err(WalletError::EmptyPassphrase),
            judged => Ok(judged?),
        }
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase")
    }
}

/// Why a wallet or a key file could not be created, read or opened.
#[derive(Debug, Error)]
pub enum WalletError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no wallet with that name.
    #[error("there is no wallet \"{name}\" in {}; to list them: bouya wallet list", dir.display())]
    Unknown {
        /// The name that was asked for.
        name: WalletName,
        /// The folder that was searched.
        dir: PathBuf,
    },
    /// Written by a newer version.
    #[error("{} has wallet format {format}, this version knows format 1; use a newer bouya", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// The file is not as it was written.
    #[error("{} is damaged ({why}); restore it from a backup, or import its seed again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The passphrase does not open it. A changed ciphertext looks the same, so both are named.
    #[error("wrong passphrase for wallet \"{name}\" (or its file was changed); try again")]
    Passphrase {
        /// The wallet.
        name: WalletName,
    },
    /// The wallet is encrypted, but no passphrase was given.
    #[error("wallet \"{name}\" is encrypted: give its passphrase, as with --passphrase-file FILE")]
    PassphraseNeeded {
        /// The wallet.
        name: WalletName,
    },
    /// The passphrase is found by trying.
    #[error(transparent)]
    WeakPassphrase(#[from] Weakness),
    /// The passphrase has no characters.
    #[error("an empty passphrase protects nothing; for a wallet without a passphrase, give --no-passphrase")]
    EmptyPassphrase,
    /// The file is not one line of 64 hex digits. Its content is not shown, because it may be a secret.
    #[error("{} is not a key file: one line of 64 hex digits is expected", .0.display())]
    NoSeed(PathBuf),
    /// There is no folder for wallets.
    #[error("no folder for wallets: neither XDG_DATA_HOME nor HOME is set; name a folder: --wallets DIR")]
    NoFolder,
    /// The system gave no randomness.
    #[error("the system gave no randomness: {0}")]
    Random(getrandom::Error),
}

/// A wallet's name: 1 to 64 of a-z, A-Z, 0-9, `-`, `_` and `.`, beginning with a letter or digit. It must not look like an
/// address. It becomes a file name, so it cannot contain anything that leaves the folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WalletName(String);

/// Why a text is not a wallet name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WalletNameError {
    /// It has the wrong characters or length.
    #[error(
        "\"{0}\" is not a wallet name: use 1 to 64 letters, digits, '-', '_' or '.', beginning with a letter or digit"
    )]
    Grammar(String),
    /// It looks like an address.
    #[error("\"{0}\" looks like an address: choose a name that does not begin with bouya1")]
    Address(String),
}

impl WalletName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WalletName {
    type Err = WalletNameError;

    fn from_str(text: &str) -> Result<Self, WalletNameError> {
        let shown = || text.chars().take(70).flat_map(char::escape_default).collect::<String>();
        let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        let rest = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if !first || !rest || text.len() > 64 {
            return Err(WalletNameError::Grammar(shown()));
        }
        if text.to_ascii_lowercase().starts_with("bouya1") {
            return Err(WalletNameError::Address(shown()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for WalletName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The folder that holds the wallets.
#[derive(Clone, Debug)]
pub struct Wallets {
    dir: PathBuf,
}

impl Wallets {
    /// The wallets in `dir`. The folder is created together with its first wallet.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The folder where wallets are kept unless told otherwise: `bouya/wallets` in the user's data folder.
    pub fn default_dir() -> Result<PathBuf, WalletError> {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // The XDG rules say to ignore a relative path.
        let data = set("XDG_DATA_HOME").filter(|path| path.is_absolute());
        let data = data.or_else(|| set("HOME").map(|home| home.join(".local/share")));
        Ok(data.ok_or(WalletError::NoFolder)?.join("bouya/wallets"))
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The path of the wallet `name`, whether it exists or not.
    pub fn path(&self, name: &WalletName) -> PathBuf {
        self.dir.join(format!("{name}.wallet"))
    }

    /// Writes `key` as a new wallet, encrypted under `passphrase` if there is one. Never overwrites.
    pub fn create(
        &self,
        name: &WalletName,
        key: &SecretKey,
        passphrase: Option<&Passphrase>,
    ) -> Result<Wallet, WalletError> {
        self.create_with(name, key, passphrase, sealing::COST)
    }

    fn create_with(
        &self,
        name: &WalletName,
        key: &SecretKey,
        passphrase: Option<&Passphrase>,
        cost: sealing::Cost,
    ) -> Result<Wallet, WalletError> {
        let path = self.path(name);
        // Checked before the slow key derivation. `private::create` decides in the end.
        if path.exists() {
            return Err(FileError::Exists(path).into());
        }
        let (wallet, text) = keystore::seal(name, key, passphrase, cost)?;
        private::create_dir(&self.dir)?;
        private::create(&path, text.as_bytes())?;
        Ok(wallet)
    }

    /// Encrypts the seed of the wallet `name`, which `old` opens, under `new`; without one the file holds the seed itself. All in one step:
    /// of two at the same time, the second no longer finds `old`.
    pub fn change_passphrase(
        &self,
        name: &WalletName,
        old: Option<&Passphrase>,
        new: Option<&Passphrase>,
    ) -> Result<Wallet, WalletError> {
        self.change_with(name, old, new, sealing::COST)
    }

    fn change_with(
        &self,
        name: &WalletName,
        old: Option<&Passphrase>,
        new: Option<&Passphrase>,
        cost: sealing::Cost,
    ) -> Result<Wallet, WalletError> {
        let path = self.path(name);
        // No lock is left next to a wallet that does not exist.
        self.open(name)?;
        let _lock = private::lock(&path)?;
        let key = self.open(name)?.unlock(old)?;
        let (wallet, text) = keystore::seal(name, &key, new, cost)?;
        private::replace(&path, text.as_bytes())?;
        Ok(wallet)
    }

    /// Whether there is a wallet with that name.
    pub fn has(&self, name: &WalletName) -> bool {
        self.path(name).exists()
    }

    /// Reads the wallet `name`, still locked.
    pub fn open(&self, name: &WalletName) -> Result<Wallet, WalletError> {
        let path = self.path(name);
        match private::read(&path) {
            Ok(text) => keystore::parse(name, &path, &text),
            Err(FileError::Missing(_)) => {
                Err(WalletError::Unknown { name: name.clone(), dir: self.dir.clone() })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// All wallets by name. One that cannot be read does not hide the others.
    pub fn list(&self) -> Result<Vec<Result<Wallet, WalletError>>, WalletError> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(FileError::io(&self.dir, "read", error).into()),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| FileError::io(&self.dir, "read", error))?;
            let name = entry.file_name().to_str().and_then(|file| file.strip_suffix(".wallet")?.parse().ok());
            names.extend(name);
        }
        names.sort();
        Ok(names.iter().map(|name: &WalletName| self.open(name)).collect())
    }
}

/// A new key from the system's randomness.
pub fn new_key() -> Result<SecretKey, WalletError> {
    Ok(SecretKey::from_seed(&*random::<32>()?))
}

pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, WalletError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut()).map_err(WalletError::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;

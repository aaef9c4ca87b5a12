//! A backup: the files that a lost machine cannot be set up without, sealed with a passphrase, in one file.
//!
//! ```text
//! "bouyabk1" | cost, salt, nonce | Borsh(contents), encrypted | SHA-256 of all before
//! ```
//!
//! It is sealed as wallets are, with all that stands before the encrypted part as associated data. The hash tells a file that was damaged
//! from a passphrase that is wrong, and is looked at before any work is done for the passphrase. Whoever makes a backup chooses the names in
//! it, so they are checked when it is opened: each stays in the folder that it is restored to, and none is hidden there.
//!
//! Left out on purpose: compression, backups of backups, the chain.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use borsh::{BorshDeserialize, BorshSerialize};
use bouya_core::codec::{Bounded, Text, decode, encode};
use bouya_core::crypto::sha256;
use bouya_core::id::NodeId;
use bouya_core::limits::{BACKUP_BYTES, BACKUP_FILES, BACKUP_PATH_BYTES, NETWORK_NAME_BYTES};
use bouya_core::time::Timestamp;
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead, Payload};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use crate::files;
use crate::wallet::sealing::{COST, Cost, cipher};
use crate::wallet::{self, CONTACTS, Passphrase, WalletError, WalletName};

/// The file's first bytes: its format and version.
const MAGIC: [u8; 8] = *b"bouyabk1";

/// Why a backup could not be made or opened.
#[derive(Debug, Error)]
pub enum BackupError {
    #[error("cannot {doing} {}: {error}", path.display())]
    Io { path: PathBuf, doing: &'static str, error: io::Error },
    #[error("{} already exists and is never overwritten; choose another name: --out FILE", .0.display())]
    Exists(PathBuf),
    #[error("{} is no backup; name the file that bouya backup has written", .0.display())]
    Foreign(PathBuf),
    #[error("{} has a format that this version does not know; use a newer bouya", .0.display())]
    Format(PathBuf),
    #[error("{} is damaged; take another copy of it", .0.display())]
    Damaged(PathBuf),
    #[error("wrong passphrase for {} (or somebody changed it on purpose); try again", .0.display())]
    Passphrase(PathBuf),
    #[error("{} holds a file \"{name}\", which no backup may hold; do not restore it", path.display())]
    Name { path: PathBuf, name: String },
    #[error(
        "\"{0}\" cannot be in a backup: a path in it has at most {BACKUP_PATH_BYTES} bytes, stays in its folder, and no part of it begins with a dot; rename it"
    )]
    BadName(String),
    #[error(
        "{count} files with {bytes} bytes are too many for a backup of at most {BACKUP_FILES} files and {BACKUP_BYTES} bytes; move away what is not needed"
    )]
    Large { count: usize, bytes: usize },
    #[error(transparent)]
    Random(#[from] WalletError),
}

/// Which folder a file is restored to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Place {
    /// The node's.
    Node,
    /// That of the wallets.
    Wallets,
}

/// A file. Its bytes are wiped from memory when it is dropped.
#[derive(PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Saved {
    place: Place,
    path: Text<BACKUP_PATH_BYTES>,
    private: bool,
    bytes: Vec<u8>,
}

/// What a backup holds.
#[derive(PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Backup {
    pub made: Timestamp,
    pub id: NodeId,
    pub network: Text<NETWORK_NAME_BYTES>,
    /// The network's code, unless another CA has signed the node's certificate.
    pub code: Option<Text<64>>,
    files: Bounded<Saved, BACKUP_FILES>,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct Head {
    magic: [u8; 8],
    cost: Cost,
    salt: [u8; 16],
    nonce: [u8; 24],
}

impl Saved {
    /// A file with this path below its folder; `private`: only its owner may read it.
    pub fn new(place: Place, path: &str, private: bool, bytes: Vec<u8>) -> Result<Self, BackupError> {
        let bad = || BackupError::BadName(path.to_owned());
        let text = Text::try_from(path.to_owned()).map_err(|_| bad())?;
        let saved = Self { place, path: text, private, bytes };
        if saved.is_at_home() { Ok(saved) } else { Err(bad()) }
    }

    pub fn place(&self) -> Place {
        self.place
    }

    /// Below its folder.
    pub fn path(&self) -> &str {
        self.path.as_str()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The permission bits that it gets. A key is for its owner alone, whatever it was where it comes from.
    pub(crate) fn mode(&self) -> u32 {
        let is_secret = [".key", ".member", ".votes", ".wallet"].iter().any(|end| self.path().ends_with(end));
        if self.private || is_secret { files::PRIVATE } else { files::PUBLIC }
    }

    /// The wallet that it is.
    pub fn wallet(&self) -> Option<WalletName> {
        let name = self.path().strip_suffix(".wallet").filter(|_| self.place == Place::Wallets);
        name.and_then(|name| name.parse().ok())
    }

    /// Whether its path leads nowhere else. Nothing is hidden: a home folder may be restored to, and a shell reads hidden files there.
    fn is_at_home(&self) -> bool {
        match self.place {
            Place::Node => self.path().split('/').all(|part| !part.is_empty() && !part.starts_with('.')),
            Place::Wallets => self.path() == CONTACTS || self.wallet().is_some(),
        }
    }
}

impl Drop for Saved {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl Backup {
    /// What `saved` and the other values make.
    pub fn new(
        (made, id): (Timestamp, NodeId),
        (network, code): (Text<NETWORK_NAME_BYTES>, Option<Text<64>>),
        saved: Vec<Saved>,
    ) -> Result<Self, BackupError> {
        let bytes = saved.iter().map(|saved| saved.bytes.len()).sum();
        let large = BackupError::Large { count: saved.len(), bytes };
        let files = Bounded::try_from(saved).map_err(|_| large)?;
        Ok(Self { made, id, network, code, files })
    }

    pub fn files(&self) -> &[Saved] {
        &self.files
    }

    /// Writes it, sealed, into a new file.
    pub fn write(&self, path: &Path, passphrase: &Passphrase) -> Result<(), BackupError> {
        let bytes = self.seal(passphrase, COST)?;
        if u64::try_from(bytes.len()).map_or(true, |length| length > BACKUP_BYTES) {
            return Err(BackupError::Large { count: self.files.len(), bytes: bytes.len() });
        }
        files::create(path, files::PRIVATE, &bytes).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(path.to_owned()),
            _ => BackupError::Io { path: path.to_owned(), doing: "write", error },
        })
    }

    /// What the bytes hold that were sealed. Whoever has made them chose the names.
    pub(crate) fn read(path: &Path, opened: &[u8]) -> Result<Self, BackupError> {
        let backup: Self = decode(opened, "backup").map_err(|_| BackupError::Damaged(path.to_owned()))?;
        match backup.files.iter().find(|saved| !saved.is_at_home()) {
            Some(saved) => Err(BackupError::Name { path: path.to_owned(), name: saved.path().to_owned() }),
            None => Ok(backup),
        }
    }

    fn seal(&self, passphrase: &Passphrase, cost: Cost) -> Result<Vec<u8>, BackupError> {
        let (salt, nonce) = (*wallet::random()?, *wallet::random()?);
        let mut bytes = encode(&Head { magic: MAGIC, cost, salt, nonce });
        let contents = Zeroizing::new(encode(self));
        let sealed = cipher(passphrase, &salt, cost)
            .and_then(|cipher| {
                cipher.encrypt(&XNonce::from(nonce), Payload { msg: &contents, aad: &bytes }).ok()
            })
            .expect("the cost is within argon2's bounds and the contents are not too long to encrypt");
        bytes.extend(sealed);
        bytes.extend(sha256(&bytes).0);
        Ok(bytes)
    }
}

/// A backup that was read, still sealed.
pub struct Sealed {
    path: PathBuf,
    head: Head,
    bytes: Vec<u8>,
}

impl Sealed {
    /// Reads the file, and says whether it is as it was written.
    pub fn read(path: &Path) -> Result<Self, BackupError> {
        let io = |error| BackupError::Io { path: path.to_owned(), doing: "read", error };
        let mut bytes = Vec::new();
        // One more shows that it is too long.
        File::open(path).map_err(io)?.take(BACKUP_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
        Self::of(path, bytes)
    }

    fn of(path: &Path, mut bytes: Vec<u8>) -> Result<Self, BackupError> {
        let damaged = || BackupError::Damaged(path.to_owned());
        if !bytes.starts_with(&MAGIC[..7]) {
            return Err(BackupError::Foreign(path.to_owned()));
        }
        if !bytes.starts_with(&MAGIC) {
            return Err(BackupError::Format(path.to_owned()));
        }
        let (body, sum) = bytes.split_last_chunk::<32>().ok_or_else(damaged)?;
        if sha256(body).0 != *sum {
            return Err(damaged());
        }
        let length = body.len();
        bytes.truncate(length);
        let head = Head::deserialize(&mut bytes.as_slice()).map_err(|_| damaged())?;
        // Somebody who asks for more has made the hash anew.
        if !head.cost.is_sane() {
            return Err(damaged());
        }
        Ok(Self { path: path.to_owned(), head, bytes })
    }

    /// What it holds, if `passphrase` is the right one.
    pub fn open(&self, passphrase: &Passphrase) -> Result<Backup, BackupError> {
        let wrong = || BackupError::Passphrase(self.path.clone());
        let Head { cost, salt, nonce, .. } = &self.head;
        let (head, sealed) = self.bytes.split_at_checked(encode(&self.head).len()).ok_or_else(wrong)?;
        let cipher = cipher(passphrase, salt, *cost).ok_or_else(wrong)?;
        let opened = cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: head });
        let opened = Zeroizing::new(opened.map_err(|_| wrong())?);
        Backup::read(&self.path, &opened)
    }
}

#[cfg(test)]
mod tests;

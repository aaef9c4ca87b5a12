//! The record of what a member key has signed, in a file beside the key: `ID.votes`.
//!
//! It belongs to the key, not to the data folder: a folder that is lost or restored must not make the key sign a second history. It names
//! its network and key and has a checksum. It is written whole, and is durable before the vote that it holds leaves.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use borsh::{BorshDeserialize, BorshSerialize};
use bouya_core::codec::{Text, decode, encode};
use bouya_core::crypto::{Hash, PublicKey, SecretKey, sha256};
use bouya_core::finality::Record;
use bouya_core::id::NodeId;
use bouya_core::ledger::{Address, Member};
use bouya_core::limits::RECORD_FILE_BYTES;
use thiserror::Error;

use crate::files;
use crate::wallet::{self, FileError, WalletError};

/// The file's first bytes: its format and version.
const MAGIC: [u8; 8] = *b"bouyavt1";

/// Why there is no record to go on with.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The system reported an error.
    #[error("cannot {doing} the record of votes {}: {error}", path.display())]
    Io { path: PathBuf, doing: &'static str, error: io::Error },
    /// Its bytes are not those that were written.
    #[error("the record of votes {} is damaged; put a copy back, or move it away: then this node votes after bouya final resume", .0.display())]
    Damaged(PathBuf),
    /// A record without its key.
    #[error("{} is the record of a member key that is not there; put the key back, or move the record away to make a new key", .0.display())]
    Orphan(PathBuf),
    /// Another process of this machine votes with it.
    #[error("another process uses the record of votes {}; a member key votes on one node only: stop the other", .0.display())]
    Used(PathBuf),
    /// Written by a later version.
    #[error("the record of votes {} has a format that this version does not know; it was written by a later one", .0.display())]
    Format(PathBuf),
    /// Of another network.
    #[error("the record of votes {} is of network {found}, not of {expected}; a member key votes in one network: give this node its own key", path.display())]
    Network { path: PathBuf, expected: Hash, found: Hash },
    /// Of another key.
    #[error("the record of votes {} is of key {found}, not of {expected}; put the record of this key in its place", path.display())]
    Key { path: PathBuf, expected: PublicKey, found: PublicKey },
}

#[derive(BorshSerialize, BorshDeserialize)]
struct File {
    /// None: the key was just made, and has voted in no network.
    network: Option<Hash>,
    key: PublicKey,
    kept: Kept,
}

/// What is kept of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Kept {
    /// None: the key has signed nothing.
    pub record: Option<Record>,
    /// Another machine votes with it, as this one has seen. The operator has said nothing since.
    pub twin: bool,
}

/// The member key at `path`. If there is none, a new one is made there, and with it its record: it has voted for nothing. A key that was
/// here without a record may have voted somewhere: then its operator has to say so.
pub fn load_or_create_key(path: &Path) -> Result<SecretKey, KeyError> {
    Ok(load_or_create(path)?.0)
}

/// The same, and whether the key was made here and now.
pub fn load_or_create(path: &Path) -> Result<(SecretKey, bool), KeyError> {
    let votes = votes_of(path);
    match wallet::member_key_load(path) {
        Err(WalletError::File(FileError::Missing(_))) => (),
        found => return Ok((found?, false)),
    }
    if votes.symlink_metadata().is_ok() {
        return Err(RecordError::Orphan(votes).into());
    }
    let (key, is_new) = wallet::member_key_create(path)?;
    if is_new {
        let bytes = to_bytes(&File { network: None, key: key.public(), kept: Kept::default() });
        // Never over a record that is there.
        files::create(&votes, files::PRIVATE, &bytes).map_err(|error| RecordError::Io {
            path: votes,
            doing: "create",
            error,
        })?;
    }
    Ok((key, is_new))
}

/// A node as the network's definition lists it. Its key, made first if there is none, lies in the node's own folder below `dir`.
pub fn listed(dir: &Path, id: NodeId, governor: Address) -> Result<Member, KeyError> {
    let key = load_or_create_key(&dir.join(id.as_str()).join(format!("{id}.member")))?;
    Ok(Member { id, key: key.public(), governor, name: Text::default() })
}

/// Why there is no member key to go on with.
#[derive(Debug, Error)]
pub enum KeyError {
    #[error(transparent)]
    Key(#[from] WalletError),
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Where the record of a member key is.
pub(crate) fn votes_of(member_key: &Path) -> PathBuf {
    member_key.with_extension("votes")
}

fn to_bytes(file: &File) -> Vec<u8> {
    let body = encode(file);
    [&MAGIC, body.as_slice(), &sha256(&body).0].concat()
}

/// Where the record of one key in one network is.
#[derive(Clone, Debug)]
pub struct RecordFile {
    path: PathBuf,
    network: Hash,
    key: PublicKey,
}

impl RecordFile {
    /// The file beside this member key.
    pub fn beside(member_key: &Path, network: Hash, key: PublicKey) -> Self {
        Self { path: votes_of(member_key), network, key }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Holds it for one process, as long as what is returned lives: two with one key would each keep their own record.
    pub fn hold(&self) -> Result<fs::File, RecordError> {
        let held = files::try_lock(&self.path);
        let held = held.map_err(|error| RecordError::Io { path: self.path.clone(), doing: "lock", error })?;
        held.ok_or_else(|| RecordError::Used(self.path.clone()))
    }

    /// Whether some process holds it now.
    pub(crate) fn is_held(&self) -> bool {
        files::is_locked(&self.path)
    }

    /// Makes a record durable. Whether another machine votes with the key stays as it was marked.
    pub fn keep(&self, record: &Record) -> Result<(), RecordError> {
        let twin = self.read()?.is_some_and(|kept| kept.twin);
        self.write(Kept { record: Some(record.clone()), twin })
    }

    /// Remembers whether another machine votes with the key.
    pub fn mark(&self, twin: bool) -> Result<(), RecordError> {
        match self.read()? {
            Some(kept) if kept.twin != twin => self.write(Kept { twin, ..kept }),
            _ => Ok(()),
        }
    }

    fn write(&self, kept: Kept) -> Result<(), RecordError> {
        let bytes = to_bytes(&File { network: Some(self.network), key: self.key, kept });
        files::replace(&self.path, files::PRIVATE, &bytes).map_err(|error| RecordError::Io {
            path: self.path.clone(),
            doing: "write",
            error,
        })
    }

    /// What is kept; none if there is no file.
    pub fn read(&self) -> Result<Option<Kept>, RecordError> {
        let io = |error| RecordError::Io { path: self.path.clone(), doing: "read", error };
        let damaged = || RecordError::Damaged(self.path.clone());
        let length = match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found.map_err(io)?.len(),
        };
        if length > RECORD_FILE_BYTES {
            return Err(damaged());
        }
        let bytes = fs::read(&self.path).map_err(io)?;
        let (magic, rest) = bytes.split_at_checked(MAGIC.len()).ok_or_else(damaged)?;
        if magic[..7] == MAGIC[..7] && magic != MAGIC {
            return Err(RecordError::Format(self.path.clone()));
        }
        let (body, sum) = rest.split_last_chunk::<32>().ok_or_else(damaged)?;
        if magic != MAGIC || sha256(body).0 != *sum {
            return Err(damaged());
        }
        let File { network, key, kept } = decode(body, "record").map_err(|_| damaged())?;
        let path = || self.path.clone();
        if let Some(found) = network.filter(|found| *found != self.network) {
            return Err(RecordError::Network { path: path(), expected: self.network, found });
        }
        if key != self.key {
            return Err(RecordError::Key { path: path(), expected: self.key, found: key });
        }
        Ok(Some(kept))
    }
}

#[cfg(test)]
mod tests {
    use bouya_core::ledger::{Checkpoint, Link};
    use bouya_core::testing::{key, voters};

    use super::*;

    const NETWORK: Hash = Hash([1; 32]);

    fn file(dir: &Path) -> RecordFile {
        RecordFile::beside(&dir.join("alice.member"), NETWORK, key(1).public())
    }

    fn record() -> Record {
        let voters = voters(4);
        let target = Checkpoint { epoch: 2, height: 3, block: Hash([3; 32]) };
        let link = Link { set: voters.id(), source: voters.root(), target };
        Record::new(&voters).sign(&NETWORK, (&voters, 0), (&link, None), &key(1)).unwrap()
    }

    #[test]
    fn a_record_is_read_back_and_lies_beside_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(dir.path());
        assert!(file.read().unwrap().is_none());
        file.keep(&record()).unwrap();
        assert_eq!(file.read().unwrap().unwrap().record, Some(record()));
        file.mark(true).unwrap();
        file.keep(&record()).unwrap();
        assert_eq!(
            file.read().unwrap(),
            Some(Kept { record: Some(record()), twin: true }),
            "only the operator's word clears it"
        );
        file.mark(false).unwrap();
        assert!(!file.read().unwrap().unwrap().twin);
        assert_eq!(file.path(), dir.path().join("alice.votes"));
    }

    #[test]
    fn a_key_that_is_made_has_voted_for_nothing_and_one_that_was_there_may_have() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bob.member");
        let key = load_or_create_key(&path).unwrap();
        let file = RecordFile::beside(&path, NETWORK, key.public());
        assert_eq!(file.read().unwrap(), Some(Kept::default()));
        file.keep(&record()).unwrap();
        assert_eq!(load_or_create_key(&path).unwrap().public(), key.public());
        assert_eq!(file.read().unwrap().unwrap().record, Some(record()), "a start forgets nothing");
        let held = file.hold().unwrap();
        assert!(matches!(file.hold(), Err(RecordError::Used(_))));
        drop(held);
        // Without its key it is nobody's, and no new key takes its place.
        let seed = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let orphan = load_or_create_key(&path);
        assert!(matches!(orphan, Err(KeyError::Record(RecordError::Orphan(_)))) && !path.exists());
        crate::files::create(&path, crate::files::PRIVATE, &seed).unwrap();
        fs::remove_file(file.path()).unwrap();
        load_or_create_key(&path).unwrap();
        assert!(file.read().unwrap().is_none());
    }

    #[test]
    fn whatever_byte_is_changed_or_cut_it_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(dir.path());
        file.keep(&record()).unwrap();
        let good = fs::read(file.path()).unwrap();
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(file.path(), &bytes).unwrap();
            assert!(file.read().is_err(), "byte {at}");
            fs::write(file.path(), &good[..at]).unwrap();
            assert!(file.read().is_err(), "cut at {at}");
        }
        fs::write(file.path(), vec![0; usize::try_from(RECORD_FILE_BYTES).unwrap() + 1]).unwrap();
        assert!(matches!(file.read(), Err(RecordError::Damaged(_))));
    }

    #[test]
    fn another_networks_and_another_keys_are_named() {
        let dir = tempfile::tempdir().unwrap();
        file(dir.path()).keep(&record()).unwrap();
        let other = RecordFile { network: Hash([2; 32]), ..file(dir.path()) };
        assert!(matches!(other.read(), Err(RecordError::Network { .. })));
        let other = RecordFile { key: key(2).public(), ..file(dir.path()) };
        assert!(matches!(other.read(), Err(RecordError::Key { .. })));
    }
}

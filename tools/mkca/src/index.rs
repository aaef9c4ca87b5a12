//! `index.json`: every certificate the authority has issued, in order, and the number of its last revocation list.
//!
//! The index is written before the certificate or the list that it names. A crash in between leaves an entry without a certificate,
//! or a missing list that the next `mkca crl` writes, but never a certificate that cannot be revoked. The index holds the full public
//! keys, so that any certificate can be renewed from this file alone. Entries are never removed: a revocation stays on the list after
//! the certificate expires, for nodes whose clocks are wrong.

use std::path::Path;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    NodeId,
    error::Error,
    files,
    keys::PublicKey,
    reason::Reason,
    root::{Revoked, Serial},
};

pub(crate) const FILE: &str = "index.json";
const FORMAT: u32 = 1;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    format: u32,
    pub crl_number: u64,
    pub certificates: Vec<Entry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub id: NodeId,
    pub serial: Serial,
    #[serde(with = "rfc3339")]
    pub not_before: OffsetDateTime,
    #[serde(with = "rfc3339")]
    pub not_after: OffsetDateTime,
    /// SHA-256 of the public key, for people. Checked against the key when read.
    pub fingerprint: String,
    pub public_key: PublicKey,
    pub revoked: Option<Revocation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    #[serde(with = "rfc3339")]
    pub at: OffsetDateTime,
    pub reason: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Valid,
    Expired,
    Revoked,
}

impl Entry {
    pub fn status(&self, now: OffsetDateTime) -> Status {
        if self.revoked.is_some() {
            Status::Revoked
        } else if self.expired(now) {
            Status::Expired
        } else {
            Status::Valid
        }
    }

    fn expired(&self, now: OffsetDateTime) -> bool {
        self.not_after < now
    }
}

impl Index {
    pub(crate) fn new() -> Self {
        Index { format: FORMAT, crl_number: 0, certificates: Vec::new() }
    }

    /// Reads the index. This needs no key of the authority.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let Some(bytes) = files::read(&path)? else {
            return Err(Error::NoAuthority { dir: dir.into() });
        };
        // Reads the format first, because a newer format may have other fields.
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let damaged = |why: String| Error::Damaged { path: path.clone(), why };
        let head: Head = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if head.format != FORMAT {
            return Err(Error::Format { path, found: head.format, known: FORMAT });
        }
        let index: Index = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        for entry in &index.certificates {
            if entry.fingerprint != entry.public_key.fingerprint() {
                let why = format!("the fingerprint of serial {} does not match its key", entry.serial);
                return Err(damaged(why));
            }
        }
        Ok(index)
    }

    pub(crate) fn save(&self, dir: &Path) -> Result<(), Error> {
        let path = dir.join(FILE);
        let mut json = serde_json::to_string_pretty(self)
            .map_err(|error| Error::Damaged { path: path.clone(), why: error.to_string() })?;
        json.push('\n');
        files::replace(&path, &json)
    }

    pub(crate) fn add(&mut self, entry: Entry) -> Result<(), Error> {
        if self.certificates.iter().any(|known| known.serial == entry.serial) {
            return Err(Error::SerialRepeats { serial: entry.serial });
        }
        self.certificates.push(entry);
        Ok(())
    }

    pub fn of<'a>(&'a self, id: &'a NodeId) -> impl DoubleEndedIterator<Item = &'a Entry> {
        self.certificates.iter().filter(move |entry| &entry.id == id)
    }

    /// The last certificate issued for this id, even if it is expired or revoked.
    pub fn newest(&self, id: &NodeId) -> Option<&Entry> {
        self.certificates.iter().rfind(|entry| &entry.id == id)
    }

    /// The revocation of this key, under any id.
    pub(crate) fn key_revoked(&self, key: &PublicKey) -> Option<Revocation> {
        let mut of_key = self.certificates.iter().filter(|entry| &entry.public_key == key);
        of_key.find_map(|entry| entry.revoked)
    }

    /// Marks every unexpired certificate of this id as revoked, and returns those that were not marked before. Marking again is not an
    /// error: it completes a revocation whose list was not written.
    pub(crate) fn revoke(&mut self, id: &NodeId, revocation: Revocation) -> Result<Vec<Serial>, Error> {
        if self.newest(id).is_none() {
            return Err(Error::Unknown { id: id.clone() });
        }
        if self.of(id).all(|entry| entry.status(revocation.at) == Status::Expired) {
            return Err(Error::NothingInForce { id: id.clone() });
        }
        let mut serials = Vec::new();
        for entry in self.certificates.iter_mut().filter(|entry| &entry.id == id) {
            if entry.status(revocation.at) == Status::Valid {
                entry.revoked = Some(revocation);
                serials.push(entry.serial);
            }
        }
        Ok(serials)
    }

    pub(crate) fn revoked(&self) -> Vec<Revoked> {
        let revoked = self.certificates.iter().filter_map(|entry| {
            let revocation = entry.revoked?;
            Some(Revoked { serial: entry.serial, at: revocation.at, reason: revocation.reason })
        });
        revoked.collect()
    }
}

pub(crate) mod rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer, de, ser};
    use time::{OffsetDateTime, format_description::well_known::Rfc3339};

    pub(crate) fn serialize<S: Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
        let text = time.format(&Rfc3339).map_err(ser::Error::custom)?;
        serializer.serialize_str(&text)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<OffsetDateTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        OffsetDateTime::parse(&text, &Rfc3339).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;

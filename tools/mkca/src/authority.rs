//! The authority in its folder: [`Root`] with `ca.crt`, `ca.key`, `ca.crl` and `index.json`.
//!
//! Each change takes the folder's lock, reads the index again, checks everything, and only then writes the keys, the index and the
//! certificates, in this order (see [`crate::index`]). So an open `Authority` does not block other processes, and never uses an
//! old index. Left out on purpose: intermediate authorities. Keep the folder on a machine that is not a node. `ca.key` can be
//! sealed with a passphrase.

use std::path::{Path, PathBuf};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use time::{Duration, OffsetDateTime};

use crate::{
    NodeId,
    error::Error,
    files,
    index::{self, Entry, Index, Revocation},
    keys::{KeyPair, PublicKey},
    notice::Notice,
    reason::Reason,
    request::SigningRequest,
    root::{Certificate, CertificateSpec, Root, pem},
    sealed::{self, Passphrase},
};

mod crl;

pub use crl::WrittenCrl;

pub const AUTHORITY_DAYS: u32 = 3650;
pub const CERTIFICATE_DAYS: u32 = 365;
pub const CRL_DAYS: u32 = 365;

/// Certificates start this long in the past, so that a node whose clock is a little behind accepts a new one at once. This authority's own
/// clock may go back as far.
const BACKDATED: Duration = Duration::HOUR;

#[derive(Debug)]
pub struct Authority {
    dir: PathBuf,
    root: Root,
    clock_is_right: bool,
}

#[derive(Debug)]
pub struct Issued {
    pub id: NodeId,
    pub certificate: PathBuf,
    /// Only if a key was made for it.
    pub key: Option<PathBuf>,
    pub fingerprint: String,
    pub not_after: OffsetDateTime,
    pub notices: Vec<Notice>,
}

impl Authority {
    /// Creates the folder, the authority and an empty revocation list. Never overwrites an existing authority.
    pub fn create(dir: &Path, name: &str, days: u32) -> Result<Self, Error> {
        Self::create_sealed(dir, name, days, None)
    }

    /// The same, with `ca.key` sealed from the start.
    pub fn create_sealed(
        dir: &Path,
        name: &str,
        days: u32,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, Error> {
        let now = now();
        let (root, key) = Root::generate(name, now - BACKDATED, after(now, days)?)?;
        files::make_dir(dir)?;
        let _lock = files::lock(dir)?;
        let authority = Authority { dir: dir.into(), root, clock_is_right: false };
        if let Some(path) = authority.files().into_iter().find(|path| files::exists(path)) {
            return Err(Error::AuthorityExists { path });
        }
        match authority.write(&key_pem(&key.0, passphrase)?) {
            Ok(()) => Ok(authority),
            Err(error) => {
                // None of them existed, and what is left of them would block the next attempt.
                files::remove(&authority.files());
                Err(error)
            }
        }
    }

    fn write(&self, key: &str) -> Result<(), Error> {
        files::create_key(&self.dir.join("ca.key"), key)?;
        files::replace(&self.ca_path(), &pem("CERTIFICATE", self.root.certificate()))?;
        self.sign_crl(Index::new(), CRL_DAYS, Vec::new())?;
        Ok(())
    }

    /// Works although the last act seems to lie in the future: the clock was wrong then, and is right now.
    pub fn with_right_clock(self) -> Self {
        Authority { clock_is_right: true, ..self }
    }

    /// Opens an authority whose key is not sealed.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        Self::open_sealed(dir, |path| Err(Error::Sealed { path: path.into() }))
    }

    /// Opens an authority. If `ca.key` is sealed, `ask` gets its path and returns the passphrase.
    pub fn open_sealed(
        dir: &Path,
        ask: impl FnOnce(&Path) -> Result<Passphrase, Error>,
    ) -> Result<Self, Error> {
        let (certificate, key) = (dir.join("ca.crt"), dir.join("ca.key"));
        let (Some(certificate_pem), Some(key_pem)) = (files::read(&certificate)?, files::read(&key)?) else {
            return Err(Error::NoAuthority { dir: dir.into() });
        };
        let not_pem = |_| Error::Pem { path: certificate.clone(), expected: "certificate" };
        let der = CertificateDer::from_pem_slice(&certificate_pem).map_err(not_pem)?;
        let root = Root::new(der, read_key(&String::from_utf8_lossy(&key_pem), &key, ask)?)?;
        if !root.fits() {
            return Err(Error::KeyMismatch { key, certificate });
        }
        Ok(Authority { dir: dir.into(), root, clock_is_right: false })
    }

    /// Seals `ca.key` with another passphrase, or removes the seal. Older copies of the file do not change.
    pub fn reseal(&self, passphrase: Option<&Passphrase>) -> Result<(), Error> {
        let _lock = files::lock(&self.dir)?;
        files::replace_key(&self.dir.join("ca.key"), &key_pem(self.root.key(), passphrase)?)
    }

    pub fn root(&self) -> &Root {
        &self.root
    }

    pub fn index(&self) -> Result<Index, Error> {
        Index::load(&self.dir)
    }

    pub fn ca_path(&self) -> PathBuf {
        self.dir.join("ca.crt")
    }

    pub fn crl_path(&self) -> PathBuf {
        self.dir.join("ca.crl")
    }

    /// The files that [`Authority::create`] writes.
    pub fn files(&self) -> [PathBuf; 4] {
        ["ca.crt", "ca.key", "ca.crl", index::FILE].map(|file| self.dir.join(file))
    }

    pub fn certificate_path(&self, id: &NodeId) -> PathBuf {
        self.dir.join(format!("{id}.crt"))
    }

    pub fn key_path(&self, id: &NodeId) -> PathBuf {
        key_path(&self.dir, id)
    }

    /// Makes a new key and certificate for each id. If one fails, none is made.
    pub fn issue(&self, ids: &[NodeId], days: u32) -> Result<Vec<Issued>, Error> {
        let _lock = files::lock(&self.dir)?;
        let mut index = self.index()?;
        for (at, id) in ids.iter().enumerate() {
            if ids[..at].contains(id) {
                return Err(Error::Twice { id: id.clone() });
            }
            for path in [self.key_path(id), self.certificate_path(id)] {
                if files::exists(&path) {
                    return Err(Error::Exists { id: id.clone(), path });
                }
            }
        }
        let mut made = Vec::new();
        for id in ids {
            let key = KeyPair::generate()?;
            let (certificate, issued) = self.certify(&mut index, id, &key.public()?, days)?;
            made.push((key, certificate, Issued { key: Some(self.key_path(id)), ..issued }));
        }
        self.write_keys(&made)?;
        let write = |(_, certificate, issued): &(KeyPair, Certificate, Issued)| {
            files::replace(&issued.certificate, &pem("CERTIFICATE", &certificate.der))
        };
        let written = index.save(&self.dir).and_then(|()| made.iter().try_for_each(write));
        if let Err(error) = written {
            // The index may name certificates that do not exist now. Keys that do would block the next attempt.
            for (_, _, issued) in &made {
                files::remove(&[self.key_path(&issued.id), issued.certificate.clone()]);
            }
            return Err(error);
        }
        Ok(made.into_iter().map(|(_, _, issued)| issued).collect())
    }

    /// Makes a certificate for `id` and the request's key. Nothing else in the request is used.
    pub fn sign(&self, request: &SigningRequest, id: &NodeId, days: u32) -> Result<Issued, Error> {
        let _lock = files::lock(&self.dir)?;
        let index = self.index()?;
        self.issue_for_key(index, id, request.key(), days)
    }

    /// Makes a new certificate for the key of the id's last one. If there is none, because an earlier `issue` was interrupted, it is for
    /// the key in the folder.
    pub fn renew(&self, id: &NodeId, days: u32) -> Result<Issued, Error> {
        let _lock = files::lock(&self.dir)?;
        let index = self.index()?;
        let path = self.key_path(id);
        let in_folder = match files::read(&path)? {
            Some(pem) => Some(KeyPair::from_pem(&String::from_utf8_lossy(&pem), &path)?.public()?),
            None => None,
        };
        let issued = index.newest(id).map(|entry| entry.public_key.clone());
        let key = match (issued, in_folder) {
            (Some(issued), Some(in_folder)) if issued != in_folder => {
                return Err(Error::OtherKey { id: id.clone(), path });
            }
            (Some(key), _) | (None, Some(key)) => key,
            (None, None) => return Err(Error::Unknown { id: id.clone() }),
        };
        self.issue_for_key(index, id, &key, days)
    }

    /// Puts every unexpired certificate of the id on the revocation list. The new list is valid for `days` days.
    pub fn revoke(&self, id: &NodeId, reason: Reason, days: u32) -> Result<WrittenCrl, Error> {
        let _lock = files::lock(&self.dir)?;
        let mut index = self.index()?;
        let added = index.revoke(id, Revocation { at: self.now(&index)?, reason })?;
        self.sign_crl(index, days, added)
    }

    /// Signs the revocation list again, with the next number.
    pub fn write_crl(&self, days: u32) -> Result<WrittenCrl, Error> {
        let _lock = files::lock(&self.dir)?;
        self.sign_crl(self.index()?, days, Vec::new())
    }

    fn issue_for_key(
        &self,
        mut index: Index,
        id: &NodeId,
        key: &PublicKey,
        days: u32,
    ) -> Result<Issued, Error> {
        let (certificate, issued) = self.certify(&mut index, id, key, days)?;
        index.save(&self.dir)?;
        files::replace(&issued.certificate, &pem("CERTIFICATE", &certificate.der))?;
        Ok(issued)
    }

    /// Makes a certificate and its index entry, both in memory only.
    fn certify(
        &self,
        index: &mut Index,
        id: &NodeId,
        key: &PublicKey,
        days: u32,
    ) -> Result<(Certificate, Issued), Error> {
        let now = self.now(index)?;
        let ends = self.root.not_after();
        if ends <= now {
            return Err(Error::AuthorityExpired { ended: ends.date() });
        }
        if let Some(revocation) = index.key_revoked(key) {
            let on = revocation.at.date();
            return Err(Error::KeyRevoked { id: id.clone(), on });
        }
        let mut notices = Notice::about(index, id, key, now);
        let mut not_after = after(now, days)?;
        if not_after > ends {
            notices.push(Notice::EndsWithAuthority { on: ends.date() });
            not_after = ends;
        }
        let spec = CertificateSpec::node(id, now - BACKDATED, not_after);
        let certificate = self.root.certify(&spec, key)?;
        index.add(Entry {
            id: id.clone(),
            serial: certificate.serial,
            not_before: spec.not_before,
            not_after,
            fingerprint: key.fingerprint(),
            public_key: key.clone(),
            revoked: None,
        })?;
        let issued = Issued {
            id: id.clone(),
            certificate: self.certificate_path(id),
            key: None,
            fingerprint: key.fingerprint(),
            not_after,
            notices,
        };
        Ok((certificate, issued))
    }

    /// The current time, if this authority can have come to it. With a clock that was set back, a list would be overdue when it is signed,
    /// and a certificate would end too early.
    fn now(&self, index: &Index) -> Result<OffsetDateTime, Error> {
        self.judge_clock(index, now())
    }

    fn judge_clock(&self, index: &Index, now: OffsetDateTime) -> Result<OffsetDateTime, Error> {
        let begins = self.root.not_before();
        if now < begins {
            return Err(Error::ClockBeforeRoot { now, begins });
        }
        let last = self.last_act(index);
        match last.filter(|last| now + BACKDATED < *last && !self.clock_is_right) {
            Some(last) => Err(Error::ClockSetBack { now, last }),
            None => Ok(now),
        }
    }

    /// When this authority last signed something, as far as its files show.
    fn last_act(&self, index: &Index) -> Option<OffsetDateTime> {
        let issued = index.certificates.iter().map(|entry| entry.not_before + BACKDATED);
        let revoked = index.revoked().into_iter().map(|revoked| revoked.at);
        issued.chain(revoked).chain(self.last_list()).max()
    }

    /// Writes all keys or none: keys without a certificate would only block the next attempt.
    fn write_keys(&self, made: &[(KeyPair, Certificate, Issued)]) -> Result<(), Error> {
        for (at, (key, _, issued)) in made.iter().enumerate() {
            if let Err(error) = files::create_key(&self.key_path(&issued.id), &key.pem()) {
                let earlier = made[..at].iter().map(|(_, _, earlier)| self.key_path(&earlier.id));
                files::remove(&earlier.collect::<Vec<_>>());
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Makes a key and a request, on the member's own machine. The key never leaves it; the request is sent. Returns both paths and
/// the key's fingerprint.
pub fn request(dir: &Path, id: &NodeId) -> Result<(PathBuf, PathBuf, String), Error> {
    files::make_dir(dir)?;
    let _lock = files::lock(dir)?;
    let path = key_path(dir, id);
    if files::exists(&path) {
        return Err(Error::Exists { id: id.clone(), path });
    }
    let key = KeyPair::generate()?;
    let request = SigningRequest::pem_for(id, &key)?;
    let request_path = dir.join(format!("{id}.csr"));
    files::create_key(&path, &key.pem())?;
    if let Err(error) = files::replace(&request_path, &request) {
        // A key without its request would only block the next attempt.
        files::remove(&[path]);
        return Err(error);
    }
    Ok((path, request_path, key.public()?.fingerprint()))
}

fn key_pem(key: &rcgen::KeyPair, passphrase: Option<&Passphrase>) -> Result<String, Error> {
    passphrase.map_or_else(|| Ok(key.serialize_pem()), |passphrase| sealed::seal(key, passphrase))
}

fn read_key(
    pem: &str,
    path: &Path,
    ask: impl FnOnce(&Path) -> Result<Passphrase, Error>,
) -> Result<KeyPair, Error> {
    if sealed::is_sealed(pem) { sealed::open(pem, &ask(path)?, path) } else { KeyPair::from_pem(pem, path) }
}

fn key_path(dir: &Path, id: &NodeId) -> PathBuf {
    dir.join(format!("{id}.key"))
}

/// The current time in whole seconds: X.509 has no fractions.
fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_nanosecond(0).unwrap_or(now)
}

fn after(now: OffsetDateTime, days: u32) -> Result<OffsetDateTime, Error> {
    now.checked_add(Duration::days(days.into())).ok_or(Error::Days { days })
}

#[cfg(test)]
mod tests;

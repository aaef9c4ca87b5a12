//! Revoked certificates: the union of all serials seen in validly signed lists, per issuer.
//!
//! Nothing leaves the union: neither an old list that is copied back nor a newer one that lacks a serial makes a certificate valid again.
//! (A list that puts a certificate on hold therefore revokes it for good.) Lists come from files or from peers; only a root's signature counts.
//!
//! Of each issuer's lists the newest is kept whole, for peers that lack it. There is room for one more: a list that revokes what the newest
//! does not (two copies of a CA's folder are in use), or else the list whose successor is due latest, if that is not the newest (the CA's
//! clock was wrong). A node that joins later must hear of it.
//!
//! The list whose successor is due latest decides whether an issuer's lists are overdue: a list that is already overdue when it arrives
//! changes nothing.
//!
//! Absent on purpose: delta, indirect and partitioned lists. They are marked by critical extensions and are refused.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::catch_unwind;

use borsh::{BorshDeserialize, BorshSerialize};
use bouya_core::crypto::{Hash, sha256};
use bouya_core::limits::{CERTIFICATE_SERIAL_BYTES, CRL_BYTES, CRL_SERIALS, CRLS_PER_ISSUER};
use bouya_core::time::Timestamp;
use bouya_core::wire::CrlSummary;
use thiserror::Error;
use x509_parser::num_bigint::BigUint;
use x509_parser::oid_registry::asn1_rs::oid;
use x509_parser::prelude::{FromDer, X509Extension};
use x509_parser::revocation_list::CertificateRevocationList;

use super::tls::certificate::{Root, clean, timestamp, trim};
use super::tls::usable_list;

/// First byte of the stored form.
const FORMAT: u8 = 2;

/// Why a revocation list was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CrlError {
    /// Larger than any node would pass on.
    #[error("it has {0} bytes, at most {CRL_BYTES} are allowed")]
    Long(usize),
    /// Not a list.
    #[error("it is not a readable revocation list: {0}")]
    Form(String),
    /// It has no number, which this software requires.
    #[error("it has no number; make it with `mkca crl` or as RFC 5280 has it")]
    NoNumber,
    /// Not signed by a root that this node trusts.
    #[error("no root that this node trusts has signed it; it says that its issuer is {0}")]
    Signature(String),
    /// Has an extension that a plain list does not have.
    #[error("it has the extension {0}; only plain, complete lists are understood")]
    Extension(String),
    /// A serial number that no certificate has.
    #[error("it lists a serial number of {0} bytes, at most {CERTIFICATE_SERIAL_BYTES} are allowed")]
    Serial(usize),
    /// No room.
    #[error(
        "it would bring the revoked serials to more than {CRL_SERIALS}; the CA should move to a new root"
    )]
    Full,
    /// What was saved cannot be read.
    #[error("the saved revocations are damaged: {0}")]
    Saved(String),
}

/// A list whose signature was checked.
#[derive(Clone, Debug)]
pub(crate) struct List {
    issuer: Hash,
    kept: KeptList,
    serials: BTreeSet<Vec<u8>>,
}

impl List {
    /// Reads and checks a list. `der` may come from anybody.
    pub(crate) fn read(der: &[u8], roots: &[Root]) -> Result<Self, CrlError> {
        if der.len() > CRL_BYTES {
            return Err(CrlError::Long(der.len()));
        }
        // Such parsers have panicked before their signature check (RUSTSEC-2026-0104); a peer's bytes must not end a task.
        catch_unwind(|| Self::parse(der, roots))
            .unwrap_or_else(|_| Err(CrlError::Form("the parser failed".into())))
    }

    /// Whether this root signed it.
    pub(crate) fn is_of(&self, root: &Root) -> bool {
        self.issuer == root.issuer
    }

    fn parse(der: &[u8], roots: &[Root]) -> Result<Self, CrlError> {
        let list = match CertificateRevocationList::from_der(der) {
            Ok(([], list)) => list,
            Ok(_) => return Err(CrlError::Form("bytes follow it".into())),
            Err(error) => return Err(CrlError::Form(clean(&error.to_string()))),
        };
        let root = roots.iter().find(|root| root.signed_list(&list));
        let root = root.ok_or_else(|| CrlError::Signature(clean(&list.issuer().to_string())))?;
        // Said to be partial or a delta, critical or not.
        let partial = [oid!(2.5.29.27), oid!(2.5.29.28)];
        let bad = |extension: &&X509Extension<'_>| extension.critical || partial.contains(&extension.oid);
        if let Some(extension) = list.extensions().iter().find(bad) {
            return Err(CrlError::Extension(extension.oid.to_string()));
        }
        let number = list.crl_number().ok_or(CrlError::NoNumber)?.to_bytes_be();
        // Otherwise a peer could re-encode a signed list so that it is kept as the newest, and then no handshake could use it.
        if !usable_list(der, root) {
            return Err(CrlError::Form("it is not in the one encoding that DER allows".into()));
        }
        for entry in list.iter_revoked_certificates() {
            if let Some(extension) = entry.extensions().iter().find(|extension| extension.critical) {
                return Err(CrlError::Extension(extension.oid.to_string()));
            }
            let length = trim(entry.raw_serial()).len();
            if length > CERTIFICATE_SERIAL_BYTES {
                return Err(CrlError::Serial(length));
            }
        }
        let next_update = list.next_update().map(timestamp);
        let kept =
            KeptList { number: trim(&number).to_vec(), hash: sha256(der), next_update, der: der.to_vec() };
        Ok(Self { issuer: root.issuer, kept, serials: serials(&list) })
    }
}

/// A list that is kept whole.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct KeptList {
    /// Big-endian without leading zeros.
    number: Vec<u8>,
    hash: Hash,
    next_update: Option<Timestamp>,
    der: Vec<u8>,
}

impl KeptList {
    /// Of two lists with the same number every node keeps the one with the greater hash, so that all nodes agree.
    fn rank(&self) -> (usize, &[u8], Hash) {
        (self.number.len(), &self.number, self.hash)
    }
}

/// Keeps a list of an issuer if it is the newest, revokes something that the newer ones do not, or is the one whose successor is due
/// latest. The same lists are kept in whatever order they come, so that all nodes agree. Returns whether it was kept.
fn keep_list(lists: &mut Vec<KeptList>, new: KeptList) -> bool {
    let hash = new.hash;
    if lists.iter().any(|kept| kept.hash == hash) {
        return false;
    }
    lists.push(new);
    lists.sort_by(|one, other| other.rank().cmp(&one.rank()));
    let mut above = BTreeSet::new();
    let (mut needed, mut others) = (Vec::new(), Vec::new());
    for kept in lists.drain(..) {
        let before = above.len();
        above.extend(parsed(&kept.der).map(|list| serials(&list)).unwrap_or_default());
        let adds = needed.is_empty() || above.len() > before;
        if adds { needed.push(kept) } else { others.push(kept) }
    }
    let due = needed.iter().filter_map(|kept| kept.next_update).max();
    let later = others.into_iter().filter(|kept| kept.next_update > due);
    needed.extend(later.max_by_key(|kept| kept.next_update));
    needed.truncate(CRLS_PER_ISSUER);
    *lists = needed;
    lists.iter().any(|kept| kept.hash == hash)
}

/// A list that was checked when it was taken in.
fn parsed(der: &[u8]) -> Option<CertificateRevocationList<'_>> {
    CertificateRevocationList::from_der(der).ok().map(|(_, list)| list)
}

fn serials(list: &CertificateRevocationList<'_>) -> BTreeSet<Vec<u8>> {
    list.iter_revoked_certificates().map(|entry| trim(entry.raw_serial()).to_vec()).collect()
}

/// Everything that this node knows to be revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Revocations {
    serials: BTreeMap<Hash, BTreeSet<Vec<u8>>>,
    /// At most [`CRLS_PER_ISSUER`] of each issuer, the newest first.
    lists: BTreeMap<Hash, Vec<KeptList>>,
}

/// Of an issuer's list whose successor is due latest: when it was made, and when the successor is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) issuer: Hash,
    pub(crate) made: Timestamp,
    pub(crate) due: Timestamp,
}

impl Revocations {
    /// Takes in a list from a file or a peer. True if anything in it was new: a serial, or the list itself.
    pub(crate) fn take_in(&mut self, der: &[u8], roots: &[Root]) -> Result<bool, CrlError> {
        // The same bytes have been checked before: a list that peers repeat costs only a comparison.
        if der.len() <= CRL_BYTES && self.lists.values().flatten().any(|kept| kept.der == der) {
            return Ok(false);
        }
        self.add(List::read(der, roots)?)
    }

    pub(crate) fn add(&mut self, list: List) -> Result<bool, CrlError> {
        let known = self.serials.get(&list.issuer);
        let fresh = list.serials.iter().filter(|serial| !known.is_some_and(|known| known.contains(*serial)));
        let fresh = fresh.count();
        if self.len().saturating_add(fresh) > CRL_SERIALS {
            return Err(CrlError::Full);
        }
        self.serials.entry(list.issuer).or_default().extend(list.serials);
        let lists = self.lists.entry(list.issuer).or_default();
        let kept = keep_list(lists, list.kept);
        Ok(kept || fresh > 0)
    }

    /// Drops the lists of roots that are no longer trusted, so that no peer gets them; their serials stay.
    pub(crate) fn keep_lists_of(&mut self, roots: &[Root]) {
        self.lists.retain(|issuer, _| roots.iter().any(|root| root.issuer == *issuer));
    }

    /// Whether a certificate is revoked. `issuer` is the SHA-256 of its issuer's public key info.
    pub fn is_revoked(&self, issuer: &Hash, serial: &[u8]) -> bool {
        self.serials.get(issuer).is_some_and(|serials| serials.contains(trim(serial)))
    }

    /// Revoked serials, of all issuers.
    pub fn len(&self) -> usize {
        self.serials.values().map(BTreeSet::len).sum()
    }

    /// Whether nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What hello says: the lists kept.
    pub fn summaries(&self) -> Vec<CrlSummary> {
        let summary = |(issuer, kept): (&Hash, &KeptList)| CrlSummary {
            issuer: *issuer,
            number: BigUint::from_bytes_be(&kept.number).to_string(),
            hash: kept.hash,
        };
        let each = |(issuer, lists): (&Hash, &Vec<KeptList>)| -> Vec<_> {
            lists.iter().map(|kept| summary((issuer, kept))).collect()
        };
        self.lists.iter().flat_map(each).collect()
    }

    /// The lists (DER) that a peer with these summaries lacks. A higher number of theirs does not prove that it contains everything that
    /// ours revokes.
    pub fn lacking(&self, theirs: &[CrlSummary]) -> Vec<Vec<u8>> {
        let has = |kept: &&KeptList| theirs.iter().any(|summary| summary.hash == kept.hash);
        self.lists.values().flatten().filter(|kept| !has(kept)).map(|kept| kept.der.clone()).collect()
    }

    /// The newest list of each issuer (DER): TLS looks at only one.
    pub(crate) fn newest(&self) -> impl Iterator<Item = &[u8]> {
        self.lists.values().filter_map(|lists| lists.first()).map(|kept| kept.der.as_slice())
    }

    /// Whether there is a list of this issuer.
    pub(crate) fn has_list(&self, issuer: &Hash) -> bool {
        self.lists.contains_key(issuer)
    }

    /// For each issuer, the list whose successor is due latest.
    pub(crate) fn lives(&self) -> Vec<Life> {
        let life = |issuer: &Hash| {
            let latest = self.latest(issuer)?;
            let made = parsed(&latest.der).map(|list| timestamp(list.last_update())).unwrap_or_default();
            Some(Life { issuer: *issuer, made, due: latest.next_update? })
        };
        self.lists.keys().filter_map(life).collect()
    }

    /// Since when the issuer's next list has been overdue, if it is.
    pub fn overdue(&self, issuer: &Hash, now: Timestamp) -> Option<Timestamp> {
        self.latest(issuer)?.next_update.filter(|due| *due < now)
    }

    fn latest(&self, issuer: &Hash) -> Option<&KeptList> {
        self.lists.get(issuer)?.iter().max_by_key(|kept| kept.next_update)
    }

    /// The form in which a node keeps it across restarts.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing to memory does not fail.
        borsh::to_vec(&(FORMAT, self)).unwrap_or_default()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CrlError> {
        let saved = |error: String| CrlError::Saved(error);
        let read = |error: borsh::io::Error| saved(clean(&error.to_string()));
        match bytes.split_first() {
            Some((&FORMAT, rest)) => borsh::from_slice(rest).map_err(read),
            // Format 1 had one list for each issuer.
            Some((1, rest)) => {
                let (serials, newest): (_, BTreeMap<Hash, KeptList>) =
                    borsh::from_slice(rest).map_err(read)?;
                Ok(Self {
                    serials,
                    lists: newest.into_iter().map(|(issuer, kept)| (issuer, vec![kept])).collect(),
                })
            }
            Some((other, _)) => Err(saved(format!("format {other} is not known, only 1 and {FORMAT}"))),
            None => Err(saved("they are empty".into())),
        }
    }
}

#[cfg(test)]
mod tests;

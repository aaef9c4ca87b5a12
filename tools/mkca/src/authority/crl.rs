//! The authority's revocation list. Its number only rises, and entries are never removed, even if a crash or an old copy has set back
//! `ca.crl` or `index.json`.

use std::path::PathBuf;

use rustls::pki_types::{CertificateRevocationListDer, pem::PemObject};
use time::OffsetDateTime;
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use super::{Authority, after};
use crate::{
    error::Error,
    files,
    index::{Entry, Index},
    root::{Serial, pem},
};

#[derive(Debug)]
pub struct WrittenCrl {
    pub path: PathBuf,
    pub number: u64,
    pub next_update: OffsetDateTime,
    /// The certificates that were not on the last list.
    pub added: Vec<Serial>,
}

impl Authority {
    pub(super) fn sign_crl(
        &self,
        mut index: Index,
        days: u32,
        added: Vec<Serial>,
    ) -> Result<WrittenCrl, Error> {
        let (path, this_update) = (self.crl_path(), self.now(&index)?);
        let revoked = index.revoked();
        let on_disk = self.check_last_crl(&index)?;
        // The number is counted and written in the index first, so that two different lists never have the same number.
        index.crl_number = index.crl_number.max(on_disk) + 1;
        let number = index.crl_number;
        let next_update = after(this_update, days)?;
        let list = self.root.revocation_list(number, &revoked, this_update, next_update)?;
        index.save(&self.dir)?;
        files::replace(&path, &pem("X509 CRL", &list))?;
        Ok(WrittenCrl { path, number, next_update, added })
    }

    /// When the list on disk was made. One that cannot be read says nothing.
    pub(super) fn last_list(&self) -> Option<OffsetDateTime> {
        let der = CertificateRevocationListDer::from_pem_slice(&files::read(&self.crl_path()).ok()??).ok()?;
        let (_, list) = CertificateRevocationList::from_der(&der).ok()?;
        Some(list.last_update().to_datetime())
    }

    /// The number of the list on disk, or 0 if there is none. Fails if that list revokes a certificate that the index does not: then the
    /// index is an old copy, and a list signed from it would let revoked nodes back in.
    pub(super) fn check_last_crl(&self, index: &Index) -> Result<u64, Error> {
        let path = self.crl_path();
        let Some(bytes) = files::read(&path)? else {
            return Ok(0);
        };
        let not_pem = |_| Error::Pem { path: path.clone(), expected: "revocation list" };
        let der = CertificateRevocationListDer::from_pem_slice(&bytes).map_err(not_pem)?;
        let damaged = |why: &str| Error::Damaged { path: path.clone(), why: why.into() };
        let (_, list) =
            CertificateRevocationList::from_der(&der).map_err(|_| damaged("it is not a revocation list"))?;
        for line in list.iter_revoked_certificates() {
            let known =
                |entry: &Entry| entry.revoked.is_some() && entry.serial.as_bytes() == line.raw_serial();
            if !index.certificates.iter().any(known) {
                return Err(Error::LostRevocation { path, serial: line.raw_serial_as_string() });
            }
        }
        let number = list.crl_number().and_then(|number| u64::try_from(number).ok());
        number.ok_or_else(|| damaged("it has no number"))
    }
}

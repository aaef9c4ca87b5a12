//! `mkca show`: describes the content of a certificate, request or revocation list. It does not verify the content. A stranger may
//! have written the file, so control characters in its texts are made visible.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use rustls::pki_types::pem::{PemObject, SectionKind};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use x509_parser::prelude::{
    ASN1Time, CertificateRevocationList, FromDer, GeneralName, ReasonCode, X509Certificate,
    X509CertificationRequest, X509Name,
};

use crate::{error::Error, files, keys::PublicKey, reason::Reason, request::SigningRequest};

/// Reads FILE. If a bare name does not exist here, it is looked up in `dir`, where mkca writes. Returns the path found.
pub fn read_file(dir: &Path, file: &Path) -> Result<(PathBuf, Vec<u8>), Error> {
    let bare = file.components().count() == 1;
    let path = if bare && !files::exists(file) && files::exists(&dir.join(file)) {
        dir.join(file)
    } else {
        file.into()
    };
    let bytes = files::read_existing(&path)?;
    Ok((path, bytes))
}

/// Describes every section of a PEM file. `path` is used only in errors.
pub fn describe(path: &Path, pem: &[u8]) -> Result<String, Error> {
    let unknown = || Error::Pem { path: path.into(), expected: "certificate, request or revocation list" };
    let mut text = String::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem) {
        let (kind, der) = section.map_err(|_| unknown())?;
        let described = match kind {
            SectionKind::Certificate => certificate(&der),
            SectionKind::Csr => request(&der),
            SectionKind::Crl => revocation_list(&der),
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                return Err(Error::PrivateKey { path: path.into() });
            }
            _ => None,
        };
        text.push_str(&described.ok_or_else(unknown)?);
    }
    if text.is_empty() {
        return Err(unknown());
    }
    Ok(text)
}

fn certificate(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let mut text = String::from("certificate\n");
    line(&mut text, "subject", &name(certificate.subject()));
    line(&mut text, "issuer", &name(certificate.issuer()));
    line(&mut text, "serial", &HEXLOWER.encode(certificate.raw_serial()));
    line(&mut text, "not before", &time(certificate.validity().not_before));
    line(&mut text, "not after", &time(certificate.validity().not_after));
    line(&mut text, "names", &names(&certificate).join(", "));
    line(&mut text, "authority", if certificate.is_ca() { "yes" } else { "no" });
    line(&mut text, "usage", &usage(&certificate));
    line(&mut text, "key", &key(certificate.public_key().raw));
    Some(text)
}

fn request(der: &[u8]) -> Option<String> {
    let (_, request) = X509CertificationRequest::from_der(der).ok()?;
    let info = &request.certification_request_info;
    // The same check that `sign` makes, so that the two cannot differ.
    let checked = SigningRequest::from_pem(crate::root::pem("CERTIFICATE REQUEST", der).as_bytes());
    let signature = match checked {
        Ok(_) => "good".to_owned(),
        Err(error) => format!("refused: {error}"),
    };
    let mut text = String::from("certificate request\n");
    line(&mut text, "subject", &name(&info.subject));
    line(&mut text, "key", &key(info.subject_pki.raw));
    line(&mut text, "signature", &signature);
    line(
        &mut text,
        "extensions",
        match request.requested_extensions() {
            Some(_) => "asked for; mkca sign ignores them",
            None => "none",
        },
    );
    Some(text)
}

fn revocation_list(der: &[u8]) -> Option<String> {
    let (_, list) = CertificateRevocationList::from_der(der).ok()?;
    let mut text = String::from("revocation list\n");
    line(&mut text, "issuer", &name(list.issuer()));
    let number = list.crl_number().map(ToString::to_string);
    line(&mut text, "number", number.as_deref().unwrap_or("none"));
    line(&mut text, "signed", &time(list.last_update()));
    let next = list.next_update().map(time);
    line(&mut text, "next due", next.as_deref().unwrap_or("never"));
    line(&mut text, "revoked", &list.iter_revoked_certificates().count().to_string());
    for revoked in list.iter_revoked_certificates() {
        let reason = revoked.reason_code().map(|(_, code)| format!(", {}", reason(code)));
        let _ = writeln!(
            text,
            "  {} on {}{}",
            HEXLOWER.encode(revoked.raw_serial()),
            time(revoked.revocation_date),
            reason.unwrap_or_default(),
        );
    }
    Some(text)
}

/// The name that `mkca revoke` takes, or a number: another authority's list may hold other reasons.
fn reason(code: ReasonCode) -> String {
    let known =
        Reason::ALL.into_iter().find(|reason| reason.code().is_some_and(|known| known as u8 == code.0));
    known.map_or_else(|| format!("reason {}", code.0), |reason| reason.to_string())
}

fn line(text: &mut String, label: &str, value: &str) {
    let value = if value.is_empty() { "none" } else { value };
    let _ = writeln!(text, "  {label:<11} {value}");
}

fn name(name: &X509Name<'_>) -> String {
    visible(&name.to_string())
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let shown = extension.value.general_names.iter().map(|name| match name {
        GeneralName::DNSName(name) => visible(name),
        other => visible(&other.to_string()),
    });
    shown.collect()
}

fn usage(certificate: &X509Certificate<'_>) -> String {
    let mut usages = Vec::new();
    if let Ok(Some(extension)) = certificate.key_usage() {
        usages.push(extension.value.to_string());
    }
    if let Ok(Some(extension)) = certificate.extended_key_usage() {
        let purposes = [("server", extension.value.server_auth), ("client", extension.value.client_auth)];
        let named = purposes.into_iter().filter(|(_, given)| *given);
        usages.extend(named.map(|(purpose, _)| purpose.to_owned()));
    }
    usages.join(", ")
}

fn key(spki: &[u8]) -> String {
    match PublicKey::from_der(spki) {
        Ok(key) => key.fingerprint(),
        Err(_) => "neither ECDSA P-256 nor Ed25519".into(),
    }
}

fn time(time: ASN1Time) -> String {
    let time: OffsetDateTime = time.to_datetime();
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}

/// Escapes characters that would move the cursor, colour the terminal or turn the direction of writing.
fn visible(text: &str) -> String {
    let shown = text.chars().map(|c| match c {
        '"' | '\'' | '\\' => c.to_string(),
        c => c.escape_debug().to_string(),
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_made_visible() {
        assert_eq!(visible("CN=a\u{1b}[2J\u{202e}b\n"), "CN=a\\u{1b}[2J\\u{202e}b\\n");
        assert_eq!(visible("Äcme \"x\""), "Äcme \"x\"");
    }

    #[test]
    fn a_private_key_and_junk_are_not_shown() {
        let key = crate::KeyPair::generate().unwrap().pem();
        let path = Path::new("a.key");
        assert!(matches!(describe(path, key.as_bytes()), Err(Error::PrivateKey { .. })));
        for junk in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(matches!(describe(path, junk.as_bytes()), Err(Error::Pem { .. })), "{junk}");
        }
    }
}

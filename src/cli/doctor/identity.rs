//! Certificate, CA and revocation lists: what the judge of `bouya check` finds, each in its place.

use std::path::Path;

use super::check::{Check, Finding};
use crate::net::tls::{IdentityError, IdentityFiles};
use crate::node::judge::{self, Kind};

/// The names of the checks.
pub(super) const CERTIFICATE: &str = "certificate";
const CA: &str = "ca";
const REVOCATIONS: &str = "revocations";
/// Where findings of the judge go that are about modes.
pub(super) const FILES: &str = "files";

/// The three checks. `identity` is what the files are refused for, if they are; `found` is all that the judge has found.
pub(super) fn judge(
    files: &IdentityFiles,
    identity: Option<&IdentityError>,
    found: &[judge::Finding],
) -> [Check; 3] {
    let mut checks = [CERTIFICATE, CA, REVOCATIONS].map(Check::new);
    for found in found {
        let at = match (found.kind, found.key) {
            (Kind::Ends, "identity.ca") => CA,
            (Kind::Ends, "identity.crl") | (Kind::NoList, _) => REVOCATIONS,
            (Kind::Ends, _) => CERTIFICATE,
            _ => continue,
        };
        put(&mut checks, at, found.clone().into());
    }
    if let Some(error) = identity {
        let at = belongs(files, error);
        put(&mut checks, at, judge::identity(error).into());
        for check in checks.iter_mut().filter(|check| check.name != at) {
            check.skip("the files of the identity cannot be used");
        }
    }
    checks
}

fn put(checks: &mut [Check], at: &str, finding: Finding) {
    if let Some(check) = checks.iter_mut().find(|check| check.name == at) {
        check.findings.push(finding);
    }
}

/// The check that an error belongs to.
pub(super) fn belongs(files: &IdentityFiles, error: &IdentityError) -> &'static str {
    use IdentityError::{
        Certificate, Count, Crl, CrlMissing, Date, Exposed, Key, KeyKind, NotCa, OtherId, Pem, Read, Setup,
        Untrusted,
    };
    let by_file = |file: &Path| match file {
        file if *file == *files.ca => CA,
        file if files.crls.iter().any(|list| *list == *file) => REVOCATIONS,
        _ => CERTIFICATE,
    };
    match error {
        Read { file, .. }
        | Pem { file, .. }
        | Count { file, .. }
        | Certificate { file, .. }
        | Date { file, .. } => by_file(file),
        NotCa { .. } => CA,
        Crl { .. } | CrlMissing { .. } => REVOCATIONS,
        Exposed { .. } => FILES,
        Key { .. } | OtherId { .. } | KeyKind { .. } | Untrusted { .. } | Setup(_) => CERTIFICATE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> IdentityFiles {
        IdentityFiles {
            ca: "ca.crt".into(),
            certificate: "alice.crt".into(),
            key: "alice.key".into(),
            crls: vec!["ca.crl".into()],
            refuse_overdue: false,
        }
    }

    fn date(file: &str) -> IdentityError {
        IdentityError::Date { file: file.into(), name: "x".into(), why: "has expired", next: "renew it" }
    }

    #[test]
    fn what_the_files_are_refused_for_stands_with_the_file_that_it_is_about() {
        let exposed = IdentityError::Exposed { file: "alice.key".into(), mode: 0o644 };
        let key = IdentityError::Key { key: "alice.key".into(), certificate: "alice.crt".into() };
        for (error, at) in [
            (date("alice.crt"), CERTIFICATE),
            (date("ca.crt"), CA),
            (IdentityError::NotCa { file: "ca.crt".into() }, CA),
            (IdentityError::CrlMissing { root: "acme".into() }, REVOCATIONS),
            (
                IdentityError::Read { file: "ca.crl".into(), why: std::io::ErrorKind::NotFound.into() },
                REVOCATIONS,
            ),
            (key, CERTIFICATE),
            (exposed, FILES),
        ] {
            assert_eq!(belongs(&files(), &error), at, "{error}");
            for check in judge(&files(), Some(&error), &[]) {
                assert_eq!(check.findings.len(), usize::from(check.name == at), "{error}");
                assert_eq!(check.skipped.len(), usize::from(check.name != at), "{error}");
            }
        }
    }

    #[test]
    fn what_ends_stands_in_its_place() {
        let ends = |key| judge::Finding { kind: Kind::Ends, key, text: "ends soon; renew it".to_owned() };
        let other = judge::Finding { kind: Kind::OwnId, key: "p2p.bootstrap", text: String::new() };
        let none = judge::Finding { kind: Kind::NoList, key: "identity.crl", text: String::new() };
        let all = [ends("identity.certificate"), ends("identity.ca"), ends("identity.crl"), none, other];
        let counts = judge(&files(), None, &all).map(|check| check.findings.len());
        assert_eq!(counts, [1, 1, 2]);
    }
}

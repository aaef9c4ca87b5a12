use std::{fs, thread};

use rustls::pki_types::CertificateRevocationListDer;
use tempfile::TempDir;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::*;

fn authority() -> (TempDir, Authority) {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::create(dir.path(), "Acme", AUTHORITY_DAYS).unwrap();
    (dir, authority)
}

fn id(id: &str) -> NodeId {
    id.parse().unwrap()
}

fn crl_number(authority: &Authority) -> u64 {
    authority.check_last_crl(&authority.index().unwrap()).unwrap()
}

fn der(path: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(&fs::read(path).unwrap()).unwrap()
}

fn files_in(dir: &TempDir) -> Vec<String> {
    let names = fs::read_dir(dir.path()).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_new_authority_has_its_four_files_and_is_never_overwritten() {
    let (dir, authority) = authority();
    let expected = [".mkca.lock", "ca.crl", "ca.crt", "ca.key", "index.json"];
    assert_eq!(files_in(&dir), expected);
    assert_eq!(crl_number(&authority), 1);
    for file in ["ca.key", "ca.crt", "ca.crl", "index.json"] {
        let alone = tempfile::tempdir().unwrap();
        fs::write(alone.path().join(file), "mine").unwrap();
        let refused = Authority::create(alone.path(), "Acme", 1);
        assert!(matches!(refused, Err(Error::AuthorityExists { .. })), "{file}");
        assert_eq!(fs::read_to_string(alone.path().join(file)).unwrap(), "mine");
    }
}

#[test]
fn names_are_bounded_and_kept_apart_by_the_key() {
    for name in ["", "  ", "a\nb", "a\u{1b}[2J", &"x".repeat(49)] {
        let dir = tempfile::tempdir().unwrap();
        let refused = Authority::create(dir.path(), name, 1);
        assert!(matches!(refused, Err(Error::Name { .. })), "{name:?}");
        assert!(files_in(&dir).is_empty());
    }
    let (_first_dir, first) = authority();
    let (_second_dir, second) = authority();
    assert!(first.root().name().starts_with("Acme CA "));
    assert_ne!(first.root().name(), second.root().name());
}

#[test]
fn nothing_is_written_before_every_id_is_checked() {
    let (dir, authority) = authority();
    authority.issue(&[id("bob")], 30).unwrap();
    let before = (files_in(&dir), fs::read(dir.path().join("index.json")).unwrap());
    let twice = authority.issue(&[id("alice"), id("alice")], 30);
    assert!(matches!(twice, Err(Error::Twice { .. })));
    let exists = authority.issue(&[id("alice"), id("bob")], 30);
    assert!(matches!(exists, Err(Error::Exists { .. })));
    let after = (files_in(&dir), fs::read(dir.path().join("index.json")).unwrap());
    assert_eq!(before, after);
}

#[test]
fn a_failed_issue_takes_its_keys_back() {
    let (dir, authority) = authority();
    let mut index = authority.index().unwrap();
    let mut made = Vec::new();
    for name in ["alice", "bob"] {
        let key = KeyPair::generate().unwrap();
        let public = key.public().unwrap();
        let (certificate, issued) = authority.certify(&mut index, &id(name), &public, 1).unwrap();
        made.push((key, certificate, issued));
    }
    fs::write(authority.key_path(&id("bob")), "bob's own").unwrap();
    assert!(authority.write_keys(&made).is_err());
    assert!(!files_in(&dir).contains(&"alice.key".to_owned()));
    assert_eq!(fs::read_to_string(authority.key_path(&id("bob"))).unwrap(), "bob's own");
}

/// Makes the next write of `file` fail.
fn block(dir: &TempDir, file: &str) {
    fs::create_dir_all(dir.path().join(file).join("full")).unwrap();
}

#[test]
fn a_failed_command_leaves_nothing_behind_that_blocks_the_next() {
    let dir = tempfile::tempdir().unwrap();
    block(&dir, ".index.json.new");
    assert!(Authority::create(dir.path(), "Acme", 10).is_err());
    assert_eq!(files_in(&dir), [".index.json.new", ".mkca.lock"]);
    fs::remove_dir_all(dir.path().join(".index.json.new")).unwrap();
    let authority = Authority::create(dir.path(), "Acme", 10).unwrap();

    for blocked in [".index.json.new", ".bob.crt.new"] {
        block(&dir, blocked);
        assert!(authority.issue(&[id("alice"), id("bob")], 1).is_err(), "{blocked}");
        fs::remove_dir_all(dir.path().join(blocked)).unwrap();
        let left = files_in(&dir);
        assert!(!left.iter().any(|file| file.starts_with("alice") || file.starts_with("bob")), "{left:?}");
    }
    authority.issue(&[id("alice"), id("bob")], 1).unwrap();

    let hers = tempfile::tempdir().unwrap();
    block(&hers, ".carol.csr.new");
    assert!(request(hers.path(), &id("carol")).is_err());
    fs::remove_dir_all(hers.path().join(".carol.csr.new")).unwrap();
    request(hers.path(), &id("carol")).unwrap();
}

#[test]
fn a_clock_before_the_roots_beginning_or_the_last_act_is_refused() {
    let (_dir, authority) = authority();
    let index = authority.index().unwrap();
    let (begins, last) = (authority.root().not_before(), authority.last_act(&index).unwrap());
    let before_root = authority.judge_clock(&index, begins - Duration::SECOND);
    assert!(matches!(before_root, Err(Error::ClockBeforeRoot { .. })));
    assert!(authority.judge_clock(&index, last).is_ok());

    // Each kind of act counts: a certificate, a revocation, a list alone.
    let ahead = Duration::days(40);
    let mut issued = index.clone();
    authority
        .certify(&mut issued, &id("alice"), &KeyPair::generate().unwrap().public().unwrap(), 90)
        .unwrap();
    issued.certificates[0].not_before += ahead;
    let mut revoked = issued.clone();
    revoked.certificates[0].not_before = begins;
    revoked.certificates[0].revoked = Some(Revocation { at: last + ahead, reason: Reason::Superseded });
    for (what, index) in [("issue", issued), ("revoke", revoked)] {
        let refused = authority.judge_clock(&index, now());
        assert!(matches!(refused, Err(Error::ClockSetBack { .. })), "{what}");
    }
    let list = authority.root().revocation_list(7, &[], now() + ahead, now() + ahead * 2).unwrap();
    fs::write(authority.crl_path(), pem("X509 CRL", &list)).unwrap();
    let refused = authority.write_crl(30).unwrap_err();
    assert!(refused.to_string().contains("--clock-is-right"), "{refused}");
    assert!(
        authority.issue(&[id("bob")], 30).is_err()
            && authority.revoke(&id("bob"), Reason::Superseded, 30).is_err()
    );

    // The clock was wrong then: the way out.
    let authority = authority.with_right_clock();
    assert_eq!(authority.write_crl(30).unwrap().number, 8);
    authority.issue(&[id("bob")], 30).unwrap();
}

#[test]
fn renewing_keeps_the_key_and_needs_only_the_index() {
    let (_dir, authority) = authority();
    let first = authority.issue(&[id("alice")], 30).unwrap().remove(0);
    fs::remove_file(authority.key_path(&id("alice"))).unwrap();
    fs::remove_file(&first.certificate).unwrap();
    let second = authority.renew(&id("alice"), 60).unwrap();
    assert_eq!(first.fingerprint, second.fingerprint);
    assert!(second.not_after > first.not_after);
    assert!(second.notices.is_empty() && second.key.is_none());
    assert_eq!(authority.index().unwrap().certificates.len(), 2);
    assert!(matches!(authority.renew(&id("bob"), 1), Err(Error::Unknown { .. })));
}

#[test]
fn an_issue_cut_short_is_finished_by_renew() {
    let (_dir, authority) = authority();
    let key = KeyPair::generate().unwrap();
    files::create_key(&authority.key_path(&id("alice")), &key.pem()).unwrap();
    assert!(matches!(authority.issue(&[id("alice")], 1), Err(Error::Exists { .. })));
    let issued = authority.renew(&id("alice"), 1).unwrap();
    assert_eq!(issued.fingerprint, key.public().unwrap().fingerprint());
}

#[test]
fn renewing_refuses_a_foreign_key_in_the_folder() {
    let (_dir, authority) = authority();
    authority.issue(&[id("alice")], 30).unwrap();
    fs::write(authority.key_path(&id("alice")), KeyPair::generate().unwrap().pem()).unwrap();
    assert!(matches!(authority.renew(&id("alice"), 1), Err(Error::OtherKey { .. })));
}

#[test]
fn a_revoked_key_gets_no_certificate_again() {
    let (_dir, authority) = authority();
    authority.issue(&[id("alice")], 30).unwrap();
    authority.renew(&id("alice"), 30).unwrap();
    let list = authority.revoke(&id("alice"), Reason::KeyCompromise, CRL_DAYS).unwrap();
    assert_eq!((list.added.len(), list.number), (2, 2));
    assert!(matches!(authority.renew(&id("alice"), 1), Err(Error::KeyRevoked { .. })));

    let key = fs::read_to_string(authority.key_path(&id("alice"))).unwrap();
    let key = KeyPair::from_pem(&key, Path::new("alice.key")).unwrap();
    let request = SigningRequest::pem_for(&id("carol"), &key).unwrap();
    let request = SigningRequest::from_pem(request.as_bytes()).unwrap();
    assert!(matches!(authority.sign(&request, &id("carol"), 1), Err(Error::KeyRevoked { .. })));
}

#[test]
fn a_revocation_cut_short_is_finished_by_revoking_again() {
    let (_dir, authority) = authority();
    authority.issue(&[id("alice")], 30).unwrap();
    let old_list = fs::read(authority.crl_path()).unwrap();
    authority.revoke(&id("alice"), Reason::Superseded, CRL_DAYS).unwrap();
    fs::write(authority.crl_path(), old_list).unwrap();
    let again = authority.revoke(&id("alice"), Reason::Superseded, CRL_DAYS).unwrap();
    assert_eq!((again.added.len(), again.number), (0, 3));
    let list = fs::read(authority.crl_path()).unwrap();
    let list = CertificateRevocationListDer::from_pem_slice(&list).unwrap();
    let (_, list) = CertificateRevocationList::from_der(&list).unwrap();
    assert_eq!(list.iter_revoked_certificates().count(), 1);
}

#[test]
fn an_old_index_cannot_bring_a_revoked_node_back() {
    let (dir, authority) = authority();
    authority.issue(&[id("alice")], 30).unwrap();
    let old_index = fs::read(dir.path().join("index.json")).unwrap();
    authority.revoke(&id("alice"), Reason::Unspecified, CRL_DAYS).unwrap();
    fs::write(dir.path().join("index.json"), old_index).unwrap();
    assert!(matches!(authority.write_crl(1), Err(Error::LostRevocation { .. })));
}

#[test]
fn a_lost_number_is_taken_from_the_list_on_disk() {
    let (dir, authority) = authority();
    let old_index = fs::read(dir.path().join("index.json")).unwrap();
    authority.write_crl(1).unwrap();
    authority.write_crl(1).unwrap();
    fs::write(dir.path().join("index.json"), old_index).unwrap();
    assert_eq!(authority.write_crl(1).unwrap().number, 4);
}

#[test]
fn a_new_key_and_a_shared_key_are_noticed() {
    let (_dir, authority) = authority();
    let issued = authority.issue(&[id("alice")], 30).unwrap().remove(0);
    let key = KeyPair::generate().unwrap();
    let sign = |name: &str| {
        let request = SigningRequest::pem_for(&id(name), &key).unwrap();
        let request = SigningRequest::from_pem(request.as_bytes()).unwrap();
        authority.sign(&request, &id(name), 30).unwrap().notices
    };
    let new_key = Notice::NewKey { id: id("alice"), old: issued.fingerprint, until: issued.not_after.date() };
    assert_eq!(sign("alice"), [new_key]);
    assert_eq!(sign("bob"), [Notice::SharedKey { other: id("alice") }]);
}

#[test]
fn no_certificate_outlives_the_authority() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::create(dir.path(), "Acme", 10).unwrap();
    let issued = authority.issue(&[id("alice")], 365).unwrap().remove(0);
    assert_eq!(issued.not_after, authority.root().not_after());
    assert!(matches!(issued.notices[..], [Notice::EndsWithAuthority { .. }]));
    let certificate = der(&issued.certificate);
    let (_, certificate) = X509Certificate::from_der(&certificate).unwrap();
    assert_eq!(certificate.validity().not_after.to_datetime(), issued.not_after);
    assert!(matches!(authority.renew(&id("alice"), u32::MAX), Err(Error::Days { .. })));
}

#[test]
fn an_expired_authority_issues_nothing() {
    let (dir, _) = authority();
    let start = now() - Duration::days(20);
    let (root, _) = Root::generate("Acme", start, start + Duration::DAY).unwrap();
    let expired = Authority { dir: dir.path().into(), root, clock_is_right: false };
    assert!(matches!(expired.issue(&[id("alice")], 1), Err(Error::AuthorityExpired { .. })));
    assert!(!expired.key_path(&id("alice")).exists());
}

#[test]
fn opening_needs_a_key_that_fits_an_authority() {
    let (dir, authority) = authority();
    assert_eq!(Authority::open(dir.path()).unwrap().root().name(), authority.root().name());
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Authority::open(empty.path()), Err(Error::NoAuthority { .. })));

    let issued = authority.issue(&[id("alice")], 30).unwrap().remove(0);
    fs::copy(&issued.certificate, empty.path().join("ca.crt")).unwrap();
    fs::copy(issued.key.unwrap(), empty.path().join("ca.key")).unwrap();
    let member_as_authority = Authority::open(empty.path());
    assert!(matches!(member_as_authority, Err(Error::KeyMismatch { .. })));

    fs::write(dir.path().join("ca.key"), KeyPair::generate().unwrap().pem()).unwrap();
    assert!(matches!(Authority::open(dir.path()), Err(Error::KeyMismatch { .. })));
}

#[test]
fn many_at_once_lose_nothing() {
    let (_dir, authority) = authority();
    thread::scope(|scope| {
        for at in 0..8 {
            let authority = &authority;
            scope.spawn(move || {
                authority.issue(&[id(&format!("node{at}"))], 30).unwrap();
                authority.write_crl(30).unwrap();
                authority.revoke(&id(&format!("node{at}")), Reason::Superseded, 30).unwrap();
            });
        }
    });
    let index = authority.index().unwrap();
    assert_eq!(index.certificates.len(), 8);
    assert_eq!(index.revoked().len(), 8);
    assert_eq!((index.crl_number, crl_number(&authority)), (17, 17));
}

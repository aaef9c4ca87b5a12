//! Identity files: every mistake is found and named when they are loaded, and a reload replaces all of them or none.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use bouya::net::crl::Revocations;
use bouya::net::tls::{IdentityError, IdentityFiles, Refusal, Session, Tls};
use bouya_core::crypto::Hash;
use bouya_core::time::Timestamp;
use rcgen::SerialNumber;
use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;

use crate::ca::{Ca, GOOD_ALPN, ca_params, days, member, open, raw_client};
use crate::{Node, connect};

pub(crate) fn der(pem: &str) -> Vec<u8> {
    CertificateRevocationListDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

/// The error that good files give after a change.
fn broken(change: impl FnOnce(&Ca, &mut IdentityFiles)) -> String {
    let (ca, dir) = (Ca::new("test CA"), TempDir::new().unwrap());
    let mut files = ca.files(dir.path(), "alice");
    change(&ca, &mut files);
    open(files).unwrap_err().to_string()
}

#[test]
fn each_mistake_names_its_file_and_the_next_step() {
    let put = |path: &std::path::Path, text: String| fs::write(path, text).unwrap();
    let other = Ca::new("other CA");
    let mut old = ca_params("old CA");
    (old.not_before, old.not_after) = (days(-20), days(-1));
    let old = Ca::with(old);
    let cases: Vec<(String, &[&str])> = vec![
        (broken(|_, f| fs::remove_file(&f.key).unwrap()), &["node.key", "Check the path"]),
        (broken(|_, f| put(&f.ca, "nonsense".into())), &["ca.crt", "no certificate in PEM form"]),
        (broken(|_, f| f.ca = f.certificate.clone()), &["node.crt", "not one of a CA"]),
        (broken(|ca, f| put(&f.ca, ca.issuer.pem().repeat(3))), &["ca.crt", "3 certificates", "at most 2"]),
        (broken(|_, f| put(&f.ca, old.issuer.pem())), &["ca.crt", "\"old CA\" has expired", "clock"]),
        (broken(|_, f| f.certificate = f.ca.clone()), &["ca.crt", "CA's own certificate", "mkca"]),
        (
            broken(|ca, f| {
                put(&f.certificate, fs::read_to_string(&f.certificate).unwrap() + &ca.issuer.pem())
            }),
            &["node.crt", "2 certificates", "at most 1"],
        ),
        (
            broken(|ca, f| put(&f.certificate, ca.issue(member("bob")).pem)),
            &["node.key", "node.crt", "does not belong"],
        ),
        (
            broken(|_, f| put(&f.ca, other.issuer.pem())),
            &["ca.crl", "no root that this node trusts", "test CA"],
        ),
        (
            broken(|_, f| {
                put(&f.ca, other.issuer.pem());
                f.crls.clear();
            }),
            &["node.crt", "ca.crt", "does not trust"],
        ),
        (broken(|_, f| put(&f.crls[0], other.crl(1, &[], 30))), &["ca.crl", "other CA"]),
        (
            broken(|ca, f| put(&f.ca, ca.issuer.pem() + &other.issuer.pem())),
            &["other CA", "one for each root"],
        ),
        (
            broken(|_, f| fs::set_permissions(&f.key, fs::Permissions::from_mode(0o644)).unwrap()),
            &["node.key", "mode 644", "chmod 600"],
        ),
    ];
    for (found, texts) in cases {
        for text in texts {
            assert!(found.contains(text), "{found}\nlacks {text}");
        }
    }
}

#[test]
fn bad_own_certificates_are_found_before_any_peer_does() {
    let ca = Ca::new("test CA");
    let refuse = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let dir = TempDir::new().unwrap();
        let mut params = member("alice");
        change(&mut params);
        open(ca.files_with(dir.path(), &ca.issue(params), &ca.crl(1, &[&[9]], 30))).unwrap_err()
    };
    let expired = refuse(&|p| p.not_after = days(-1));
    assert!(matches!(&expired, IdentityError::Date { name, .. } if name == "alice"), "{expired}");
    assert!(matches!(refuse(&|p| p.not_before = days(1)), IdentityError::Date { .. }));
    assert!(matches!(refuse(&|p| p.extended_key_usages.clear()), IdentityError::Certificate { .. }));
    assert!(matches!(refuse(&|p| p.subject_alt_names.clear()), IdentityError::Certificate { .. }));
    let revoked = refuse(&|p| p.serial_number = Some(SerialNumber::from_slice(&[9]))).to_string();
    assert!(revoked.contains("revoked"), "{revoked}");
}

/// It can hear of the list it lacks only while it runs.
#[test]
fn a_node_whose_own_list_is_overdue_starts_whatever_it_does_about_that() {
    let (ca, dir) = (Ca::new("test CA"), TempDir::new().unwrap());
    let mut files = ca.files_with(dir.path(), &ca.issue(member("alice")), &ca.crl(1, &[], -1));
    for refuse in [false, true] {
        files.refuse_overdue = refuse;
        let all = open(files.clone()).unwrap().revocations();
        let issuer = all.summaries()[0].issuer;
        assert!(all.overdue(&issuer, Timestamp(u64::MAX)).is_some());
    }
}

#[test]
fn the_certificate_of_another_node_does_not_fit_and_changes_nothing() {
    let (ca, dir) = (Ca::new("test CA"), TempDir::new().unwrap());
    let files = ca.files(dir.path(), "alice");
    let tls = open(files.clone()).unwrap();
    let before = (tls.not_after(), tls.revocations());
    let bob = ca.issue(member("bob"));
    fs::write(&files.certificate, &bob.pem).unwrap();
    fs::write(&files.key, bob.key.serialize_pem()).unwrap();
    fs::write(&files.crls[0], ca.crl(2, &[&[5]], 30)).unwrap();
    let error = tls.reload().unwrap_err();
    assert!(
        matches!(&error, IdentityError::OtherId { found, own, .. } if found.as_str() == "bob" && own.as_str() == "alice"),
        "{error}"
    );
    assert_eq!((tls.id().as_str(), tls.not_after(), tls.revocations()), ("alice", before.0, before.1));
}

/// What revokes others does not wait until the node's own certificate is good again.
#[test]
fn a_list_counts_even_if_the_certificate_beside_it_is_refused() {
    let (ca, dir) = (Ca::new("test CA"), TempDir::new().unwrap());
    let mut params = member("alice");
    params.serial_number = Some(SerialNumber::from_slice(&[9]));
    let files = ca.files_with(dir.path(), &ca.issue(params), &ca.crl(1, &[], 30));
    let tls = open(files.clone()).unwrap();
    let issuer = tls.revocations().summaries()[0].issuer;
    fs::write(&files.crls[0], ca.crl(2, &[&[9], &[5]], 30)).unwrap();
    assert!(matches!(tls.reload(), Err(IdentityError::Untrusted { .. })));
    assert!(tls.revocations().is_revoked(&issuer, &[5]));
    // From a peer too.
    assert_eq!(tls.take_in(&[der(&ca.crl(3, &[&[9], &[5], &[6]], 30))]), (true, None));
    assert!(tls.revocations().is_revoked(&issuer, &[6]));
    // A new certificate mends it.
    let renewed = ca.issue(member("alice"));
    fs::write(&files.certificate, &renewed.pem).unwrap();
    fs::write(&files.key, renewed.key.serialize_pem()).unwrap();
    assert!(tls.reload().unwrap());
}

/// A session of bob at alice, as TLS has proven it.
async fn session(ca: &Ca, alice: &std::sync::Arc<Tls>) -> Session {
    let mut node = Node::new(alice.clone());
    let listener = node.listen();
    let config = raw_client(ca, Some(&ca.issue(member("bob"))), GOOD_ALPN);
    let _stream = connect(config, listener.address, "alice").await.unwrap();
    node.up().await.1
}

#[tokio::test]
async fn a_living_session_is_judged_by_the_clock_the_roots_and_the_lists() {
    let (ca, dir) = (Ca::new("test CA"), TempDir::new().unwrap());
    let mut files = ca.files(dir.path(), "alice");
    let tls = std::sync::Arc::new(open(files.clone()).unwrap());
    let good = session(&ca, &tls).await;
    assert_eq!(tls.refuses(&good), None);
    let mut over = good.clone();
    over.verified.not_after = Timestamp(1);
    assert_eq!(tls.refuses(&over), Some(Refusal::Expired));
    let mut foreign = good.clone();
    foreign.issuer = Hash::ZERO;
    assert_eq!(tls.refuses(&foreign), Some(Refusal::Root));
    // A list that is overdue when it arrives revokes, and takes nothing away.
    let overdue = ca.crl(2, &[&[77]], -1);
    files.refuse_overdue = true;
    let strict = open(files.clone()).unwrap();
    for node in [&*tls, &strict] {
        assert_eq!(node.take_in(&[der(&overdue)]), (true, None));
        assert!(node.revocations().is_revoked(&good.issuer, &[77]));
        assert_eq!(node.refuses(&good), None);
    }
    // If all lists are overdue, they are used; where overdue lists are refused, that ends living sessions.
    fs::write(&files.crls[0], &overdue).unwrap();
    for refuse in [false, true] {
        files.refuse_overdue = refuse;
        let node = open(files.clone()).unwrap();
        assert_eq!(node.refuses(&good), refuse.then_some(Refusal::Overdue));
        assert_eq!(node.take_in(&[der(&ca.crl(3, &[], 30))]), (true, None));
        assert_eq!(node.refuses(&good), None, "a newer list mends it");
    }
    assert_eq!(strict.take_in(&[der(&ca.crl(3, &[&good.serial], 30))]), (true, None));
    assert_eq!(strict.refuses(&good), Some(Refusal::Revoked));
}

#[test]
fn a_reload_replaces_all_or_nothing() {
    let (ca, dir) = (Ca::new("test CA"), TempDir::new().unwrap());
    let files = ca.files(dir.path(), "alice");
    let tls = open(files.clone()).unwrap();
    assert!(!tls.reload().unwrap(), "nothing has changed");
    let before = tls.not_after();

    let mut renewed = member("alice");
    renewed.not_after = days(50);
    let renewed = ca.issue(renewed);
    fs::write(&files.certificate, &renewed.pem).unwrap();
    assert!(matches!(tls.reload(), Err(IdentityError::Key { .. })), "the new key is not there yet");
    assert_eq!(tls.not_after(), before);
    fs::write(&files.key, renewed.key.serialize_pem()).unwrap();
    assert!(tls.reload().unwrap());
    assert!(tls.not_after() > before);

    // The root changes. For a while there are both roots, each with its list.
    let new = Ca::new("new CA");
    fs::write(&files.ca, ca.issuer.pem() + &new.issuer.pem()).unwrap();
    assert!(matches!(tls.reload(), Err(IdentityError::CrlMissing { .. })));
    fs::write(&files.crls[0], ca.crl(2, &[], 30) + &new.crl(1, &[], 30)).unwrap();
    assert!(tls.reload().unwrap());
    assert_eq!(tls.revocations().summaries().len(), 2);
}

#[test]
fn an_old_list_copied_back_brings_nobody_back_not_even_after_a_restart() {
    let (ca, dir) = (Ca::new("test CA"), TempDir::new().unwrap());
    let files = ca.files(dir.path(), "alice");
    let old = fs::read(&files.crls[0]).unwrap();
    fs::write(&files.crls[0], ca.crl(2, &[&[5]], 30)).unwrap();
    let tls = open(files.clone()).unwrap();
    fs::write(&files.crls[0], old).unwrap();
    assert!(tls.reload().unwrap());
    let summary = tls.revocations().summaries().remove(0);
    assert_eq!(summary.number, "2");
    assert!(tls.revocations().is_revoked(&summary.issuer, &[0, 5]));
    let saved = Revocations::from_bytes(&tls.revocations().to_bytes()).unwrap();
    let again = Tls::open(files, saved).unwrap();
    assert!(again.revocations().is_revoked(&summary.issuer, &[5]));
}

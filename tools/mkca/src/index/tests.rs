use std::fs;

use time::Duration;

use super::*;
use crate::keys::KeyPair;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn id(id: &str) -> NodeId {
    id.parse().unwrap()
}

fn entry(name: &str, serial: u8, days: i64) -> Entry {
    let public_key = KeyPair::generate().unwrap().public().unwrap();
    Entry {
        id: id(name),
        serial: Serial::try_from(format!("{serial:02x}").repeat(16)).unwrap(),
        not_before: NOW - Duration::days(900),
        not_after: NOW + Duration::days(days),
        fingerprint: public_key.fingerprint(),
        public_key,
        revoked: None,
    }
}

fn revocation() -> Revocation {
    Revocation { at: NOW, reason: Reason::KeyCompromise }
}

#[test]
fn every_unexpired_certificate_of_the_id_is_revoked_and_no_other() {
    let mut index = Index::new();
    for entry in [entry("alice", 1, -1), entry("alice", 2, 1), entry("bob", 3, 1), entry("alice", 4, 9)] {
        index.add(entry).unwrap();
    }
    let serials = index.revoke(&id("alice"), revocation()).unwrap();
    let marked: Vec<_> = index.certificates.iter().map(|entry| entry.status(NOW)).collect();
    assert_eq!(marked, [Status::Expired, Status::Revoked, Status::Valid, Status::Revoked]);
    assert_eq!(serials.len(), 2);
    assert_eq!(index.revoked().len(), 2);
}

#[test]
fn revoking_again_changes_nothing_and_is_no_error() {
    let mut index = Index::new();
    index.add(entry("alice", 1, 1)).unwrap();
    index.revoke(&id("alice"), revocation()).unwrap();
    let later = Revocation { at: NOW + Duration::HOUR, reason: Reason::Superseded };
    assert!(index.revoke(&id("alice"), later).unwrap().is_empty());
    assert_eq!(index.certificates[0].revoked, Some(revocation()));
}

#[test]
fn what_is_unknown_or_expired_cannot_be_revoked() {
    let mut index = Index::new();
    index.add(entry("alice", 1, -1)).unwrap();
    assert!(matches!(index.revoke(&id("bob"), revocation()), Err(Error::Unknown { .. })));
    assert!(matches!(index.revoke(&id("alice"), revocation()), Err(Error::NothingInForce { .. })));
}

#[test]
fn a_serial_is_taken_once() {
    let mut index = Index::new();
    index.add(entry("alice", 1, 1)).unwrap();
    assert!(matches!(index.add(entry("bob", 1, 1)), Err(Error::SerialRepeats { .. })));
}

#[test]
fn it_is_read_back_as_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut index = Index::new();
    index.crl_number = 7;
    index.add(entry("alice", 0x41, 1)).unwrap();
    index.revoke(&id("alice"), revocation()).unwrap();
    index.save(dir.path()).unwrap();
    let read = Index::load(dir.path()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::to_value(&index).unwrap());
    let json: serde_json::Value = serde_json::from_slice(&fs::read(dir.path().join(FILE)).unwrap()).unwrap();
    assert_eq!(json["format"], 1);
    assert_eq!(json["certificates"][0]["not_after"], "1970-01-02T00:00:00Z");
    assert_eq!(json["certificates"][0]["revoked"]["reason"], "key-compromise");
}

#[test]
fn a_newer_format_and_damage_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    assert!(matches!(Index::load(dir.path()), Err(Error::NoAuthority { .. })));

    fs::write(&path, r#"{"format":2,"other":[]}"#).unwrap();
    assert!(matches!(Index::load(dir.path()), Err(Error::Format { found: 2, known: 1, .. })));

    for text in ["", "{}", r#"{"format":1,"crl_number":0,"certificates":[],"extra":1}"#] {
        fs::write(&path, text).unwrap();
        assert!(matches!(Index::load(dir.path()), Err(Error::Damaged { .. })), "{text}");
    }

    let mut index = Index::new();
    let mut wrong = entry("alice", 1, 1);
    wrong.fingerprint = "00".repeat(32);
    index.add(wrong).unwrap();
    index.save(dir.path()).unwrap();
    assert!(matches!(Index::load(dir.path()), Err(Error::Damaged { .. })));
}

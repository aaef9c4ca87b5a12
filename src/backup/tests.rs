use bouya_core::limits::KEYSTORE_MEMORY_KIB;
use proptest::prelude::*;

use super::*;

/// The lowest cost that argon2 accepts: these tests are about the file, not the cost.
const CHEAP: Cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };

fn word(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

fn saved(place: Place, path: &str, bytes: &[u8]) -> Saved {
    Saved::new(place, path, true, bytes.to_vec()).unwrap()
}

fn backup(saved: Vec<Saved>) -> Backup {
    let network = Text::try_from("acme".to_owned()).unwrap();
    Backup::new((Timestamp(1), "alice".parse().unwrap()), (network, None), saved).unwrap()
}

fn small() -> Backup {
    backup(vec![saved(Place::Node, "certs/alice.key", b"key"), saved(Place::Wallets, "alice.wallet", b"{}")])
}

fn read(bytes: Vec<u8>) -> Result<Sealed, BackupError> {
    Sealed::of(Path::new("b"), bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_sealed_reads_back(
        files in prop::collection::vec(("[a-z]{1,8}(/[a-z.]{1,8}x){0,3}", any::<bool>(), prop::collection::vec(any::<u8>(), 0..300)), 0..12),
        passphrase in "[ -~]{1,20}",
    ) {
        let files = files.into_iter().filter_map(|(path, private, bytes)| Saved::new(Place::Node, &path, private, bytes).ok());
        let backup = backup(files.collect());
        let sealed = read(backup.seal(&word(&passphrase), CHEAP).unwrap()).ok().unwrap();
        prop_assert!(sealed.open(&word(&passphrase)).unwrap() == backup);
        let wrong = sealed.open(&word(&format!("{passphrase}x"))).err();
        prop_assert!(matches!(wrong, Some(BackupError::Passphrase(_))));
    }
}

#[test]
fn no_changed_byte_passes_and_no_part_of_a_file() {
    let good = small().seal(&word("right"), CHEAP).unwrap();
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        assert!(read(bytes.clone()).is_err(), "byte {at}");
        assert!(read(good[..at].to_vec()).is_err(), "cut at {at}");
        // By somebody who makes the hash anew.
        let body = bytes.len() - 32;
        let sum = sha256(&bytes[..body]).0;
        bytes[body..].copy_from_slice(&sum);
        if bytes != good {
            assert!(read(bytes).and_then(|sealed| sealed.open(&word("right"))).is_err(), "byte {at}");
        }
    }
    assert!(matches!(read(b"bouyabk2 and more".to_vec()), Err(BackupError::Format(_))));
    assert!(matches!(read(b"-----BEGIN".to_vec()), Err(BackupError::Foreign(_))));
}

#[test]
fn a_file_costs_no_more_than_a_wallet_may() {
    for cost in [
        Cost { memory_kib: KEYSTORE_MEMORY_KIB + 1, ..CHEAP },
        Cost { passes: u32::MAX, ..CHEAP },
        Cost { lanes: 0, ..CHEAP },
    ] {
        let head = Head { magic: MAGIC, cost, salt: [0; 16], nonce: [0; 24] };
        let mut bytes = [encode(&head), vec![0; 64]].concat();
        bytes.extend(sha256(&bytes).0);
        assert!(matches!(read(bytes), Err(BackupError::Damaged(_))), "{cost:?}");
    }
    let dir = tempfile::tempdir().unwrap();
    let long = dir.path().join("long");
    File::create(&long).unwrap().set_len(BACKUP_BYTES * 4).unwrap();
    assert!(matches!(Sealed::read(&long), Err(BackupError::Foreign(_))));
}

#[test]
fn names_that_lead_elsewhere_are_refused_on_both_ways() {
    let long = "x".repeat(BACKUP_PATH_BYTES + 1);
    for (place, path) in [
        (Place::Node, "/etc/passwd"),
        (Place::Node, "../node.toml"),
        (Place::Node, "certs/../../x"),
        (Place::Node, "certs//x"),
        (Place::Node, "certs/"),
        (Place::Node, "./x"),
        (Place::Node, ""),
        (Place::Node, ".bashrc"),
        (Place::Node, ".ssh/authorized_keys"),
        (Place::Node, "a\nb"),
        (Place::Node, &long),
        (Place::Wallets, "certs/alice.key"),
        (Place::Wallets, "../alice.wallet"),
        (Place::Wallets, ".wallet"),
        (Place::Wallets, "alice"),
    ] {
        let made = Saved::new(place, path, true, Vec::new());
        assert!(matches!(made, Err(BackupError::BadName(_))), "{path}");
        // From somebody who writes backups with a program of his own.
        let Ok(text) = Text::try_from(path.to_owned()) else { continue };
        let hostile = backup(vec![Saved { place, path: text, private: false, bytes: Vec::new() }]);
        let opened = read(hostile.seal(&word("known"), CHEAP).unwrap()).ok().unwrap().open(&word("known"));
        assert!(matches!(opened, Err(BackupError::Name { .. })), "{path}");
    }
}

#[test]
fn it_is_written_once_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alice.backup");
    small().write(&path, &word("right")).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(small().write(&path, &word("right")), Err(BackupError::Exists(_))));
    assert!(Sealed::read(&path).unwrap().open(&word("right")).unwrap() == small());
}

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use super::reminder::reminder_of;
use super::*;

const NODE: &str =
    "network = \"network.toml\"\n[identity]\nkey = \"certs/alice.key\"\ncrl = [\"certs/ca.crl\"]\n";

/// Writes a file as if so long before now, or after.
fn write(path: &Path, seconds: i64) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let span = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 { SystemTime::now() - span } else { SystemTime::now() + span };
    File::create(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn the_reminder_names_what_has_come_since_the_last_backup() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("node.toml");
    let wallets = dir.path().join("wallets");
    fs::write(&config, NODE).unwrap();
    let due = || reminder_of(&config, Some(&wallets));
    assert!(due().unwrap().contains("No backup"), "{:?}", due());
    remember(&config, wall()).unwrap();
    for path in ["certs/alice.key", "certs/alice.member", "ca/index.json", "wallets/alice.wallet"] {
        write(&dir.path().join(path), -5);
    }
    assert_eq!(due(), None);
    for (path, counts) in [
        ("certs/alice.key", true),
        ("certs/alice.member", true),
        ("certs/alice.next.member", true),
        ("ca/ca.key", true),
        ("ca/index.json", true),
        ("wallets/bob.wallet", true),
        ("wallets/contacts.toml", false),
        ("certs/alice.votes", false),
    ] {
        let path = dir.path().join(path);
        write(&path, 5);
        assert_eq!(due().is_some_and(|due| due.contains(path.to_str().unwrap())), counts, "{path:?}");
        fs::remove_file(path).unwrap();
    }
    assert_eq!(due(), None);
}

#[test]
fn only_what_the_folder_holds_can_be_put_back_elsewhere() {
    use super::gather::inside;
    for (text, expected) in [
        ("certs/ca.crt", Some("certs/ca.crt")),
        ("./certs//ca.crt", Some("certs/ca.crt")),
        ("/srv/bouya/certs/ca.crt", None),
        ("../ca.crt", None),
        ("certs/../../ca.crt", None),
        (".", None),
        ("", None),
    ] {
        assert_eq!(inside(text).as_deref(), expected, "{text}");
    }
}

use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

/// The lowest cost that argon2 accepts: these tests are about the file, not the cost.
const CHEAP: sealing::Cost = sealing::Cost { memory_kib: 8, passes: 1, lanes: 1 };

fn wallets() -> (TempDir, Wallets) {
    let dir = tempfile::tempdir().unwrap();
    let wallets = Wallets::new(dir.path().join("data/wallets"));
    (dir, wallets)
}

fn name(text: &str) -> WalletName {
    text.parse().unwrap()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_locked_opens_with_the_passphrase_only() {
    let (_dir, wallets) = wallets();
    let key = new_key().unwrap();
    let made = wallets.create_with(&name("alice"), &key, Some(&passphrase("correct")), CHEAP).unwrap();
    let read = wallets.open(&name("alice")).unwrap();
    assert_eq!(made.address(), read.address());
    assert!(read.is_encrypted());
    assert_eq!(read.unlock(Some(&passphrase("correct"))).unwrap().seed(), key.seed());
    let wrong = read.unlock(Some(&passphrase("Correct"))).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "wrong passphrase for wallet \"alice\" (or its file was changed); try again"
    );
    assert!(matches!(read.unlock(None), Err(WalletError::PassphraseNeeded { .. })));
    assert!(matches!(
        wallets.create_with(&name("bob"), &key, Some(&passphrase("")), CHEAP),
        Err(WalletError::EmptyPassphrase)
    ));
}

#[test]
fn without_a_passphrase_the_file_says_so() {
    let (_dir, wallets) = wallets();
    let key = new_key().unwrap();
    wallets.create(&name("open"), &key, None).unwrap();
    let text = fs::read_to_string(wallets.path(&name("open"))).unwrap();
    assert!(text.contains("\"kdf\": null") && text.contains("\"unencrypted_seed\""), "{text}");
    let read = wallets.open(&name("open")).unwrap();
    assert!(!read.is_encrypted());
    assert_eq!(read.unlock(None).unwrap().seed(), key.seed());
}

#[test]
fn the_seed_is_neither_in_the_file_nor_in_debug() {
    let (_dir, wallets) = wallets();
    let key = SecretKey::from_seed(&[9; 32]);
    let seed = "09".repeat(32);
    let sealed = wallets.create_with(&name("sealed"), &key, Some(&passphrase("x")), CHEAP).unwrap();
    assert!(!fs::read_to_string(wallets.path(&name("sealed"))).unwrap().contains(&seed));
    let plain = wallets.create(&name("plain"), &key, None).unwrap();
    assert!(!format!("{sealed:?}{plain:?}{key:?}").contains("0909"));
}

#[test]
fn a_changed_byte_anywhere_is_noticed() {
    let (_dir, wallets) = wallets();
    for (wallet, secret) in [("sealed", Some(passphrase("x"))), ("plain", None)] {
        let wallet = name(wallet);
        wallets.create_with(&wallet, &new_key().unwrap(), secret.as_ref(), CHEAP).unwrap();
        let path = wallets.path(&wallet);
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            let opened = wallets.open(&wallet).and_then(|wallet| wallet.unlock(secret.as_ref()));
            assert!(opened.is_err(), "byte {at} of {wallet}: {:?}", char::from(good[at]));
        }
        fs::write(&path, &good).unwrap();
        wallets.open(&wallet).unwrap().unlock(secret.as_ref()).unwrap();
    }
}

#[test]
fn a_file_cannot_ask_for_all_the_memory() {
    let (_dir, wallets) = wallets();
    let alice = name("alice");
    wallets.create_with(&alice, &new_key().unwrap(), Some(&passphrase("x")), CHEAP).unwrap();
    let text = fs::read_to_string(wallets.path(&alice)).unwrap();
    let greedy = text.replace("\"memory_kib\": 8", "\"memory_kib\": 4000000000");
    assert_ne!(greedy, text);
    fs::write(wallets.path(&alice), greedy).unwrap();
    assert!(matches!(wallets.open(&alice), Err(WalletError::Damaged { .. })));
    fs::write(wallets.path(&alice), text.replace("\"format\": 1", "\"format\": 2")).unwrap();
    assert!(matches!(wallets.open(&alice), Err(WalletError::Format { format: 2, .. })));
}

#[test]
fn files_are_private_and_stay() {
    let (_dir, wallets) = wallets();
    let (alice, key) = (name("alice"), new_key().unwrap());
    wallets.create(&alice, &key, None).unwrap();
    let path = wallets.path(&alice);
    assert_eq!((mode(&path), mode(wallets.dir())), (0o600, 0o700));
    let before = fs::read(&path).unwrap();
    let again = wallets.create(&alice, &new_key().unwrap(), None);
    assert!(matches!(again, Err(WalletError::File(FileError::Exists(_)))));
    assert!(matches!(private::create(&path, b"new"), Err(FileError::Exists(_))));
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = wallets.open(&alice).unwrap_err().to_string();
    assert!(refused.contains("mode 640") && refused.contains("chmod 600"), "{refused}");
}

#[test]
fn one_bad_wallet_does_not_hide_the_others() {
    let (_dir, wallets) = wallets();
    assert!(wallets.list().unwrap().is_empty());
    for wallet in ["bob", "alice"] {
        wallets.create(&name(wallet), &new_key().unwrap(), None).unwrap();
    }
    private::create(&wallets.path(&name("carol")), b"{}").unwrap();
    fs::write(wallets.dir().join("notes.txt"), "x").unwrap();
    let listed = wallets.list().unwrap();
    let names: Vec<_> = listed.iter().flatten().map(|wallet| wallet.name().as_str()).collect();
    assert_eq!((names, listed.len()), (vec!["alice", "bob"], 3));
    assert!(matches!(wallets.open(&name("dave")), Err(WalletError::Unknown { .. })));
}

#[test]
fn names_stay_in_the_folder() {
    for good in ["a", "Alice-2", "acme.treasury", "7"] {
        assert_eq!(name(good).as_str(), good);
    }
    for bad in ["", "..", ".a", "a/b", "-x", "a b", "é", "a:1", "bouya1x", "BOUYA1x", &"a".repeat(65)] {
        assert!(bad.parse::<WalletName>().is_err(), "{bad}");
    }
}

#[test]
fn a_member_key_is_made_once_and_kept_private() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys/alice.member");
    let (made, is_new) = member_key_create(&path).unwrap();
    let (again, is_other) = member_key_create(&path).unwrap();
    assert_eq!((again.seed(), is_new, is_other), (made.seed(), true, false));
    assert_eq!(member_key_load(&path).unwrap().seed(), made.seed());
    assert_eq!(mode(&path), 0o600);
    assert_eq!(fs::read_to_string(&path).unwrap().len(), 65);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(member_key_load(&path), Err(WalletError::File(FileError::Exposed { mode: 0o644, .. }))));
    let secret = "abcdef".repeat(11);
    let bad = dir.path().join("bad.member");
    private::create(&bad, secret.as_bytes()).unwrap();
    let error = member_key_load(&bad).unwrap_err().to_string();
    assert!(error.contains("64 hex digits") && !error.contains("abcdef"), "{error}");
}

#[test]
fn what_holds_a_secret_does_not_print_it() {
    let (_dir, wallets) = wallets();
    let key = new_key().unwrap();
    let seed = data_encoding::HEXLOWER.encode(&key.seed());
    let word = passphrase("correct horse");
    let open = wallets.create(&name("open"), &key, None).unwrap();
    let sealed = wallets.create_with(&name("sealed"), &key, Some(&word), CHEAP).unwrap();
    // A byte array prints as decimal numbers.
    let numbers = format!("{:?}", key.seed());
    let shown = format!("{key:?} {key:#?} {word:?} {word:#?} {open:?} {open:#?} {sealed:?} {sealed:#?}");
    for secret in [seed.as_str(), "correct", "horse", numbers.trim_matches(['[', ']'])] {
        assert!(!shown.to_lowercase().contains(secret), "{shown}");
    }
}

#[test]
fn a_new_file_is_whole_from_its_first_moment_on() {
    let dir = tempfile::tempdir().unwrap();
    // Large, so that writing takes long enough to be observed.
    let contents = vec![b'7'; 4 << 20];
    let paths: Vec<_> = (0..20).map(|n| dir.path().join(n.to_string())).collect();
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            for path in &paths {
                let first = loop {
                    if let Ok(first) = fs::read(path) {
                        break first;
                    }
                };
                assert!(first == contents, "{} bytes, as a crash at this moment leaves them", first.len());
                assert_eq!(mode(path), 0o600);
            }
        });
        for path in &paths {
            private::create(path, &contents).unwrap();
        }
        watcher.join().unwrap();
    });
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), paths.len(), "nothing else is left");
    assert!(matches!(private::create(&paths[0], b"other"), Err(FileError::Exists(_))));
    assert!(fs::read(&paths[0]).unwrap() == contents);
}

#[test]
fn a_passphrase_is_changed_in_one_step_and_only_by_who_knows_it() {
    let (_dir, wallets) = wallets();
    let key = new_key().unwrap();
    wallets.create_with(&name("alice"), &key, Some(&passphrase("first one")), CHEAP).unwrap();
    let change =
        |old, new| wallets.change_with(&name("alice"), Some(&passphrase(old)), Some(&passphrase(new)), CHEAP);
    assert!(matches!(change("wrong one", "other"), Err(WalletError::Passphrase { .. })));
    // Of eight at once, one finds the old passphrase; the others are told, and none believes in a passphrase that does not open it.
    let new: Vec<String> = (0..8).map(|at| format!("second {at}")).collect();
    let done: Vec<&String> = std::thread::scope(|scope| {
        let each = new.iter().map(|new| scope.spawn(move || change("first one", new).is_ok().then_some(new)));
        let each: Vec<_> = each.collect();
        each.into_iter().filter_map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(done.len(), 1);
    let changed = wallets.open(&name("alice")).unwrap();
    assert_eq!(changed.unlock(Some(&passphrase(done[0]))).unwrap().seed(), key.seed());
    assert_eq!(mode(&wallets.path(&name("alice"))), 0o600);
    assert_eq!(wallets.list().unwrap().len(), 1, "neither a draft nor a lock is a wallet");
}

#[test]
fn a_new_passphrase_is_judged() {
    assert!(matches!(passphrase("").check(), Err(WalletError::EmptyPassphrase)));
    assert!(matches!(passphrase("1234567").check(), Err(WalletError::WeakPassphrase(Weakness::Short(7)))));
    assert!(passphrase("ä2345678").check().is_ok());
}

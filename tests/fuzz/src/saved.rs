//! What a node reads back from its own disk: rows, the address book, revocations, wallets, backups. Disks rot, copies are cut short, files are mixed up.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path};

use bouya::backup::{Backup, Place, Saved, Sealed};
use bouya::fuzzing::backup as read_backup;
use bouya::net::crl::Revocations;
use bouya::wallet::{Passphrase, WalletName, Wallets};
use bouya_core::codec::{decode, encode};
use bouya_core::crypto::{Hash, sha256};
use bouya_core::id::NodeId;
use bouya_core::ledger::{Account, Body, HeaderRecord, Key, Replay, Undo, check_inline, read_supply};
use bouya_core::limits::{BANS, DIALS_IN_FLIGHT, KNOWN_PEERS};
use bouya_core::overlay::{Book, Command, Input, Output, Overlay, OverlaySettings};
use bouya_core::testing::text;
use bouya_core::time::{Time, Timestamp};
use bouya_core::wire::CrlSummary;

use crate::{overlay, scratch, small, tame};

/// A row reads back as what was written, or as an error.
pub fn rows(data: &[u8]) {
    let whole = |what, bytes: Option<Vec<u8>>| {
        if let Some(bytes) = bytes {
            assert_eq!(bytes, data, "{what}");
        }
    };
    whole("header", decode::<HeaderRecord>(data, "header").ok().map(|value| encode(&value)));
    whole("body", decode::<Body>(data, "body").ok().map(|value| encode(&value)));
    whole("undo", decode::<Undo>(data, "undo").ok().map(|value| encode(&value)));
    whole("key", decode::<Key>(data, "key").ok().map(|value| encode(&value)));
    whole("side tips", decode::<Vec<Hash>>(data, "side tips").ok().map(|value| encode(&value)));
    match (Account::from_row(Some(data.to_vec())), read_supply(Some(data.to_vec()))) {
        (Ok(account), Err(error)) => {
            assert_eq!(data, [&[1], encode(&account).as_slice()].concat());
            tame(&error);
        }
        (Err(error), Ok(supply)) => {
            assert_eq!(data, [&[1], encode(&supply).as_slice()].concat());
            tame(&error);
        }
        (Err(error), Err(_)) => tame(&error),
        (Ok(_), Ok(_)) => panic!("a row is both an account and a supply"),
    }
}

pub(crate) fn rows_seeds() -> Vec<Vec<u8>> {
    let genesis = small::genesis();
    let pays = (0..2).map(|n| small::pay(0, n, 1, 5, 300, 9)).collect();
    let block = small::block(&genesis.branch(), pays, 2, 500);
    let mut replay = Replay::new(genesis.clone());
    let mut check = check_inline(genesis.id());
    let undo = replay.push(&block, &mut check).expect("a good block").undo;
    let record = HeaderRecord::of(&block, replay.branch(), encode(&*block).len());
    let rows = replay.rows().values().flatten().cloned();
    let others = [
        encode(&record),
        encode(&block.body),
        encode(&undo),
        encode(&Key::Supply),
        encode(&Key::Account(small::address(1))),
        encode(&vec![Hash::ZERO; 3]),
    ];
    rows.chain(others).collect()
}

/// A book reads back as what was written, or as an error. A node that starts with it keeps its bounds and can save it again.
pub fn book(data: &[u8]) {
    let Ok(book) = decode::<Book>(data, "book") else { return };
    let bytes = encode(&book);
    // The previous format is read too.
    assert!(bytes == data || data[0] == 1);
    assert_eq!(decode::<Book>(&bytes, "book").as_ref(), Ok(&book));
    let settings = OverlaySettings { book, ..overlay::settings("node5") };
    let mut node = Overlay::new(settings, Time::from_millis(0), Timestamp(1_700_000_000_000));
    let mut now = 0;
    let mut saved = None;
    for _ in 0..200 {
        now = now.max(node.next_wakeup().map_or(now, |at| at.as_millis())).min(1 << 50);
        node.handle(Time::from_millis(now), Input::Wake);
        let mut dials = 0;
        while let Some(output) = node.poll() {
            match output {
                Output::Dial { id, .. } => {
                    dials += 1;
                    assert_ne!(id.as_str(), "node5", "dialed itself");
                }
                Output::Save(book) => saved = Some(book),
                _ => (),
            }
        }
        assert!(dials <= DIALS_IN_FLIGHT);
    }
    let views = node.peers(Time::from_millis(now));
    assert!(views.iter().all(|view| view.id.as_str() != "node5"), "knows itself");
    assert!(
        node.known() <= KNOWN_PEERS + 1 && views.len() <= 2 * KNOWN_PEERS + BANS + node.blacklist().len()
    );
    if let Some(saved) = saved {
        let bytes = encode(&saved);
        assert_eq!(decode::<Book>(&bytes, "book"), Ok(saved), "it saved a book that it cannot read");
    }
}

pub(crate) fn book_seeds() -> Vec<Vec<u8>> {
    let at = |ms| Time::from_millis(ms);
    let mut node = Overlay::new(overlay::settings("node5"), at(0), Timestamp(1_700_000_000_000));
    let mut books = vec![encode(&Book::default())];
    let id = |name: &str| name.parse::<NodeId>().expect("an id");
    let commands = [
        Command::AddPeer(id("alice"), crate::wire::endpoint_of("alice")),
        Command::AddPeer(id("bob"), crate::wire::endpoint_of("bob")),
        Command::Blacklist(id("mallory")),
    ];
    for (n, command) in (1..).zip(commands) {
        node.handle(at(n * 10_000), Input::Command(command));
        node.handle(at(n * 10_000 + 6_000), Input::Wake);
        while let Some(output) = node.poll() {
            if let Output::Save(book) = output {
                books.push(encode(&book));
            }
        }
    }
    books
}

/// Saved revocations read back as what was written, or as an error, and can be queried.
pub fn revocations(data: &[u8]) {
    let revocations = match Revocations::from_bytes(data) {
        Ok(revocations) => revocations,
        Err(error) => return tame(&error),
    };
    let again = revocations.to_bytes();
    // The previous format is read too.
    assert!(again == data || data[0] == 1);
    assert_eq!(Revocations::from_bytes(&again).as_ref(), Ok(&revocations));
    let summaries = revocations.summaries();
    assert!(revocations.lacking(&summaries).is_empty(), "a node lacks its own lists");
    assert_eq!(revocations.lacking(&[]).len(), summaries.len());
    let strange = summaries.iter().map(|summary| CrlSummary { number: "x".to_owned(), ..summary.clone() });
    let _ = revocations.lacking(&strange.collect::<Vec<_>>());
    let _ = revocations.overdue(&Hash::ZERO, Timestamp(u64::MAX));
    let _ = revocations.is_revoked(&Hash::ZERO, data);
}

pub(crate) fn revocations_seeds() -> Vec<Vec<u8>> {
    let mut revocations = Revocations::default();
    let mut seeds = vec![revocations.to_bytes()];
    for list in crate::tls::lists() {
        let _ = bouya::fuzzing::take_in(&mut revocations, &list, crate::tls::roots());
        seeds.push(revocations.to_bytes());
    }
    seeds
}

/// A wallet's file is a wallet, or an error that says what is wrong. Without a passphrase it holds the key that it names.
pub fn keystore(data: &[u8]) {
    let wallets = Wallets::new(scratch().join("wallets"));
    let name: WalletName = "w".parse().expect("a name");
    let path = wallets.path(&name);
    fs::create_dir_all(wallets.dir()).expect("a scratch folder");
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(data)).expect("a scratch file");
    match wallets.open(&name) {
        Ok(wallet) => {
            assert_eq!(wallet.name(), &name);
            match (wallet.is_encrypted(), wallet.unlock(None)) {
                (false, Ok(key)) => assert_eq!(key.public(), *wallet.public_key()),
                (true, Err(error)) => tame(&error),
                other => panic!("{other:?}"),
            }
        }
        Err(error) => tame(&error),
    }
}

pub(crate) fn keystore_seeds() -> Vec<Vec<u8>> {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let wallets = Wallets::new(dir.path().to_owned());
    let name: WalletName = "w".parse().expect("a name");
    let text = || fs::read(wallets.path(&name)).expect("just written");
    wallets.create(&name, &small::key(1), None).expect("a new wallet");
    let plain = text();
    fs::remove_file(wallets.path(&name)).expect("it is there");
    let sealed = Passphrase::new("hunter2".to_owned());
    wallets.create(&name, &small::key(1), Some(&sealed)).expect("a new wallet");
    vec![plain, text()]
}

/// A backup's file is refused, or waits for its passphrase; what it holds stays in the folder that it is restored to. The first byte says
/// whether the rest is a file, a file without its hash, or what a file holds once it is open.
pub fn backup(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    if kind % 3 == 2 {
        return match read_backup(rest) {
            Ok(backup) => {
                assert_eq!(encode(&backup), rest, "two encodings of one backup");
                assert!(backup.files().iter().all(stays_at_home), "a file leaves its folder");
            }
            Err(error) => tame(&error),
        };
    }
    let path = scratch().join("backup");
    let sum = if kind % 3 == 1 { sha256(rest).0.to_vec() } else { Vec::new() };
    fs::write(&path, [rest, &sum].concat()).expect("a scratch file");
    if let Err(error) = Sealed::read(&path) {
        tame(&error);
    }
}

/// A file below its folder, which no shell and no program reads by itself.
fn stays_at_home(saved: &Saved) -> bool {
    let plain = |part| matches!(part, Component::Normal(name) if !name.to_string_lossy().starts_with('.'));
    let parts: Vec<_> = Path::new(saved.path()).components().collect();
    parts.iter().all(|part| plain(*part)) && (saved.place() == Place::Node || parts.len() == 1)
}

pub(crate) fn backup_seeds() -> Vec<Vec<u8>> {
    let saved = |place, path, private, bytes: &[u8]| {
        Saved::new(place, path, private, bytes.to_vec()).expect("a good name")
    };
    let files = vec![
        saved(Place::Node, "node.toml", false, b"data_dir = \"data\""),
        saved(Place::Node, "certs/alice.key", true, b"a key"),
        saved(Place::Wallets, "alice.wallet", true, b"a wallet"),
        saved(Place::Wallets, "contacts.toml", false, b""),
    ];
    let made = (Timestamp(1_700_000_000_000), "alice".parse().expect("an id"));
    let full = Backup::new(made, (text("acme"), None), files).expect("few files");
    // Its salt would be another in each run.
    let head = [b"bouyabk1".as_slice(), &[0, 0x10, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], &[7; 16 + 24]].concat();
    let sealed = [head, encode(&full)].concat();
    let file = [sealed.clone(), sha256(&sealed).0.to_vec()].concat();
    vec![[vec![0], file].concat(), [vec![1], sealed].concat(), [vec![2], encode(&full)].concat()]
}

//! Runs the commands as people and scripts do: exit codes, output, and the files in the folder.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// Exit code, stdout, stderr.
fn mkca(dir: &TempDir, arguments: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mkca"));
    command.current_dir(dir.path()).args(arguments.split_whitespace());
    let output = command.output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn done(dir: &TempDir, arguments: &str) -> String {
    let (code, out, err) = mkca(dir, arguments);
    assert_eq!((code, err.as_str()), (0, ""), "mkca {arguments}: {out}");
    out
}

/// Refused with this text on stderr and nothing on stdout.
fn refused(dir: &TempDir, code: i32, arguments: &str, why: &str) {
    let (found, out, err) = mkca(dir, arguments);
    assert_eq!((found, out.as_str()), (code, ""), "mkca {arguments}: {err}");
    assert!(err.contains(why), "{why:?} in {err}");
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn without_arguments_it_helps() {
    let out = done(&folder(), "");
    assert!(out.contains("mkca init --name \"Acme\"") && out.contains("Usage:"), "{out}");
}

#[test]
fn the_founders_ca_is_found_in_its_folder_and_named() {
    let dir = folder();
    done(&dir, "init --name Acme --dir ca");
    let (code, out, err) = mkca(&dir, "issue alice");
    assert!(code == 0 && out.contains("ca/alice.crt") && err.contains("In ca/"), "{out}{err}");
    assert!(!dir.path().join("certs").exists());
    assert!(done(&dir, "request bob").contains("certs/bob.key"), "a key of its own is no matter of the CA's");
    done(&dir, "init --name Other --dir certs");
    assert!(mkca(&dir, "list").1.contains("alice"));
    assert!(done(&dir, "issue carol --dir certs").contains("certs/carol.crt"));
}

#[test]
fn a_consortium_from_init_to_revocation() {
    let dir = folder();
    let out = done(&dir, "init --name Acme");
    for file in ["certs/ca.crt", "certs/ca.key", "certs/ca.crl", "certs/index.json", "Next: mkca issue"] {
        assert!(out.contains(file), "{file} in {out}");
    }
    let out = done(&dir, "issue alice bob");
    assert!(out.contains("certs/alice.crt") && out.contains("certs/bob.key"), "{out}");
    assert!(out.contains("Give alice: alice.crt, alice.key, ca.crt, ca.crl. Never ca.key."), "{out}");
    for key in ["certs/ca.key", "certs/alice.key", "certs/bob.key"] {
        assert_eq!(mode(&dir.path().join(key)), 0o600, "{key}");
    }

    let requested = done(&dir, "request carol --dir hers");
    let signed = done(&dir, "sign hers/carol.csr");
    let fingerprint = |out: &str| out.split_once("key ").unwrap().1[..64].to_owned();
    assert_eq!(fingerprint(&requested), fingerprint(&signed));
    assert_eq!(mode(&dir.path().join("hers/carol.key")), 0o600);

    assert!(done(&dir, "renew alice --days 30").contains("certs/alice.crt"));
    assert!(done(&dir, "revoke bob --reason key-compromise").contains("number 2"));
    assert!(done(&dir, "crl").contains("number 3"));

    let table = done(&dir, "list");
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(table.contains("key-compromise"), "{table}");
    let json: serde_json::Value = serde_json::from_str(&done(&dir, "list --json")).unwrap();
    let statuses: Vec<_> = json["items"].as_array().unwrap().iter().map(|item| &item["status"]).collect();
    assert_eq!(statuses, ["valid", "revoked", "valid", "valid"]);
    assert_eq!(json["crl_number"], 3);

    for (file, expected) in [
        ("certs/carol.crt", "names       carol"),
        ("hers/carol.csr", "signature   good"),
        ("ca.crl", "revoked     1"),
        ("ca.crl", "Z, key-compromise"),
    ] {
        let out = done(&dir, &format!("show {file}"));
        assert!(out.contains(expected), "{expected} in {out}");
    }
}

#[test]
fn wrong_usage_is_2_and_writes_nothing() {
    let dir = folder();
    for (arguments, why) in [
        ("frobnicate", "frobnicate"),
        ("init", "--name"),
        ("issue", "ID"),
        ("issue alice Bob", "\"Bob\" is not"),
        ("issue 123", "may not be a number"),
        ("issue ca", "authority's own files"),
        ("issue ../alice", "is not"),
        ("issue alice --days 0", "0"),
        ("init --name Acme --days 4000000", "4000000"),
        ("revoke alice --reason stolen", "key-compromise"),
        ("sign alice.csr --id a.b", "a.b"),
    ] {
        refused(&dir, 2, arguments, why);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn refusals_are_1_and_say_what_to_do() {
    let dir = folder();
    refused(&dir, 1, "issue alice", "mkca init");
    refused(&dir, 1, "list", "mkca init");
    refused(&dir, 1, "sign alice.csr", "alice.csr");
    done(&dir, "init --name Acme");
    refused(&dir, 1, "init --name Other", "never overwritten");
    done(&dir, "issue alice");
    let key = fs::read(dir.path().join("certs/alice.key")).unwrap();
    refused(&dir, 1, "issue bob alice", "mkca renew alice");
    refused(&dir, 1, "request alice", "never overwritten");
    assert_eq!(fs::read(dir.path().join("certs/alice.key")).unwrap(), key);
    assert!(!dir.path().join("certs/bob.key").exists());
    refused(&dir, 1, "issue bob bob", "twice");
    refused(&dir, 1, "renew bob", "mkca issue bob");
    refused(&dir, 1, "revoke bob", "mkca list");
    refused(&dir, 1, "show certs/alice.key", "never shown");
    refused(&dir, 1, "show certs/index.json", "PEM");
    done(&dir, "revoke alice");
    refused(&dir, 1, "renew alice", "was revoked on");
    assert!(done(&dir, "revoke alice").contains("before"));
}

#[test]
fn a_request_is_signed_for_the_id_in_its_file_name_only() {
    let dir = folder();
    done(&dir, "init --name Acme");
    done(&dir, "request alice --dir hers");
    fs::copy(dir.path().join("hers/alice.csr"), dir.path().join("bob.csr")).unwrap();
    refused(&dir, 1, "sign bob.csr", "--id alice");
    assert!(!dir.path().join("certs/bob.crt").exists() && !dir.path().join("certs/alice.crt").exists());
    assert!(done(&dir, "sign bob.csr --id alice").contains("alice until"));

    // A second key for alice is signed, and noticed; her first one is still named.
    done(&dir, "request alice --dir again");
    let out = done(&dir, "sign again/alice.csr");
    assert!(out.contains("Notice: alice gets a new key"), "{out}");
}

#[test]
fn a_bare_file_name_is_looked_for_in_the_folder() {
    let dir = folder();
    done(&dir, "init --name Acme");
    done(&dir, "request alice");
    assert!(done(&dir, "sign alice.csr").contains("certs/alice.crt"));
}

#[test]
fn several_at_once_wait_for_each_other() {
    let dir = folder();
    done(&dir, "init --name Acme");
    let start = |at: u32| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mkca"));
        command.current_dir(dir.path()).args(["issue", &format!("node{at}")]);
        command.stdout(Stdio::null()).spawn().unwrap()
    };
    let running: Vec<_> = (0..6).map(start).collect();
    for mut process in running {
        assert!(process.wait().unwrap().success());
    }
    let json: serde_json::Value = serde_json::from_str(&done(&dir, "list --json")).unwrap();
    assert_eq!(json["items"].as_array().unwrap().len(), 6);
}

#[test]
fn a_weak_passphrase_seals_nothing() {
    let dir = folder();
    fs::write(dir.path().join("good"), "the first words\n").unwrap();
    for (weak, why) in [("", "empty"), ("1234567", "at least 8 characters"), ("zzzzzzzzzz", "over and over")]
    {
        fs::write(dir.path().join("weak"), format!("{weak}\n")).unwrap();
        refused(&dir, 1, "init --name Acme --seal --passphrase-file weak", why);
        assert!(!dir.path().join("certs/ca.key").exists(), "{weak}");
    }
    done(&dir, "init --name Acme --seal --passphrase-file good");
    let key = fs::read(dir.path().join("certs/ca.key")).unwrap();
    refused(&dir, 1, "passphrase --passphrase-file good --new-passphrase-file weak", "over and over");
    assert_eq!(fs::read(dir.path().join("certs/ca.key")).unwrap(), key);
}

#[test]
fn a_sealed_authority_works_with_its_passphrase_only() {
    let dir = folder();
    fs::write(dir.path().join("one"), "the first words\n").unwrap();
    fs::write(dir.path().join("two"), "the second words\n").unwrap();
    done(&dir, "init --name Acme --seal --passphrase-file one");
    let key = dir.path().join("certs/ca.key");
    let sealed = || fs::read_to_string(&key).unwrap().contains("ENCRYPTED PRIVATE KEY");
    assert!(sealed() && mode(&key) == 0o600);
    refused(&dir, 1, "issue alice", "needs a passphrase");
    refused(&dir, 1, "issue alice --passphrase-file two", "does not open with this passphrase");
    assert!(!dir.path().join("certs/alice.key").exists());
    done(&dir, "issue alice --passphrase-file one");
    done(&dir, "list");
    done(&dir, "passphrase --passphrase-file one --new-passphrase-file two");
    refused(&dir, 1, "revoke alice --passphrase-file one", "does not open with this passphrase");
    done(&dir, "revoke alice --passphrase-file two");
    done(&dir, "passphrase --remove --passphrase-file two");
    assert!(!sealed() && mode(&key) == 0o600);
    done(&dir, "crl");
    refused(&dir, 1, "show certs/ca.key", "is a private key");
}

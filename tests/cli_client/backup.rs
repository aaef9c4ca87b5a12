//! `backup` and `restore` between two folders.

use std::fs::{self, File};
use std::path::Path;

use serde_json::{Value, json};

use super::*;

const RIGHT: &str = "--passphrase-file right";

/// A node that was founded here. Its API is the one that this test plays.
fn founded() -> Node {
    let node = Node::fixed(200, json(&status()));
    let api = node.url.strip_prefix("http://").unwrap();
    let found = format!("found acme --id alice --advertise 10.0.0.5:7000 --api {api} --no-passphrase --json");
    ended(&node.run(&found), 0);
    for word in ["right", "wrong"] {
        fs::write(node.home.path().join(word), format!("the {word} words\n")).unwrap();
    }
    node
}

/// What a command prints for programs.
#[track_caller]
fn told(node: &Node, line: &str) -> Value {
    let output = node.run(&format!("{line} --json"));
    ended(&output, 0);
    serde_json::from_str(&out(&output)).unwrap()
}

/// All files below a folder but the locks, with their modes.
fn files(dir: &Path) -> Vec<(String, u32, Vec<u8>)> {
    use std::os::unix::fs::PermissionsExt;
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
            match path.is_dir() {
                true => folders.push(path),
                false if name.split('/').any(|part| part.starts_with('.')) => (),
                false => found.push((
                    name,
                    path.metadata().unwrap().permissions().mode() & 0o777,
                    fs::read(&path).unwrap(),
                )),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_running_node_is_put_back_elsewhere_without_its_record_of_votes() {
    let node = founded();
    let home = node.home.path();
    let reminded = |expected: &str| {
        let output = node.run("status --config node.toml");
        ended(&output, 0);
        assert_eq!(
            err(&output).contains("bouya backup --out FILE"),
            !expected.is_empty(),
            "{}",
            err(&output)
        );
        assert!(err(&output).contains(expected), "{}", err(&output));
    };
    reminded("No backup of this node's keys");
    // As a node holds it that runs.
    let lock = File::create(home.join("certs/.alice.votes.lock")).unwrap();
    lock.lock().unwrap();
    let made = told(&node, &format!("backup --out b {RIGHT}"));
    assert_eq!(
        (&made["id"], &made["network"], &made["record"], &made["wallets"]),
        (&json!("alice"), &json!("acme"), &json!(false), &json!(["alice"]))
    );
    assert_eq!(made["code"].as_str().unwrap().len(), 24);
    reminded("");
    ended(&node.run("wallet new second --no-passphrase"), 0);
    reminded("second.wallet is newer than the last backup");

    let again = node.run(&format!("backup --out b {RIGHT}"));
    ended(&again, 1);
    assert!(err(&again).contains("never overwritten"), "{}", err(&again));
    let wrong = node.run("restore b --list --passphrase-file wrong");
    ended(&wrong, 1);
    assert!(err(&wrong).contains("wrong passphrase for b"), "{}", err(&wrong));
    assert_eq!(told(&node, &format!("restore b --list {RIGHT}")), made);
    let restore = format!("restore b --dir new --wallets new/wallets {RIGHT}");
    let unasked = node.run(&restore);
    ended(&unasked, 2);
    assert!(err(&unasked).contains("Is the old machine off"), "{}", err(&unasked));
    assert!(!home.join("new").exists(), "whoever is not asked writes nothing");
    ended(&node.run(&format!("{restore} --yes --record")), 2);
    let restored = node.run(&format!("{restore} --yes"));
    ended(&restored, 0);
    for part in ["must never run again", "bouya final resume --config new/node.toml", "Silent means"] {
        assert!(out(&restored).contains(part), "{part} in {}", out(&restored));
    }
    assert!(out(&restored).lines().all(|line| line.chars().count() <= 80), "{}", out(&restored));
    let (old, new) = (files(home), files(&home.join("new")));
    let names: Vec<_> = new.iter().map(|(name, ..)| name.as_str()).collect();
    assert!(!names.contains(&"certs/alice.votes") && names.contains(&"ca/ca.key"), "{names:?}");
    for file in new.iter().filter(|(name, ..)| !name.starts_with("wallets")) {
        assert!(old.contains(file), "{}", file.0);
    }
    assert!(
        names.contains(&"wallets/alice.wallet") && !names.contains(&"wallets/second.wallet"),
        "{names:?}"
    );
    ended(&node.run("check --config new/node.toml"), 0);
    let twice = node.run(&format!("{restore} --yes"));
    ended(&twice, 1);
    assert!(err(&twice).contains("already exists"), "{}", err(&twice));
    assert_eq!(files(&home.join("new")), new, "nothing is overwritten, and nothing goes");
}

#[test]
fn a_node_that_was_stopped_for_good_moves_with_its_record() {
    let node = founded();
    let home = node.home.path();
    // It uses the CA's own files, and its operator's way to write a path.
    let config = home.join("node.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("certs/ca.", "./ca/ca.")).unwrap();
    let made = told(&node, &format!("backup --out b {RIGHT}"));
    assert_eq!(made["record"], true);
    let restore = |dir: &str, more: &str| {
        let line = format!("restore b --dir {dir} --wallets {dir}/wallets {RIGHT} --yes {more}");
        assert_eq!(told(&node, &line)["record"], !more.is_empty());
        home.join(dir).join("certs/alice.votes").exists()
    };
    assert!(restore("moved", "--record"));
    assert!(!restore("lost", ""), "whoever does not say so gets none");
}

#[test]
fn what_could_not_be_put_back_is_refused_with_the_next_step() {
    let node = founded();
    let config = node.home.path().join("node.toml");
    let text = fs::read_to_string(&config).unwrap();
    let key = fs::canonicalize(node.home.path().join("certs/alice.key")).unwrap();
    fs::write(&config, text.replace("certs/alice.key", key.to_str().unwrap())).unwrap();
    let output = node.run(&format!("backup --out b {RIGHT}"));
    ended(&output, 2);
    assert!(err(&output).contains("move the file into the folder"), "{}", err(&output));
    fs::write(&config, &text).unwrap();
    let output = node.run("backup --out b");
    ended(&output, 2);
    assert!(err(&output).contains("no terminal"), "{}", err(&output));
    fs::write(node.home.path().join("short"), "1234\n").unwrap();
    ended(&node.run("backup --out b --passphrase-file short"), 2);
    fs::write(node.home.path().join("b"), "something else").unwrap();
    let output = node.run(&format!("restore b --list {RIGHT}"));
    ended(&output, 1);
    assert!(err(&output).contains("is no backup"), "{}", err(&output));
}

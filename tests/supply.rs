//! What came into the tree, held against deny.toml: the same lists as `cargo deny check`, where that is not installed. What it cannot do
//! is look for advisories that are not in the list.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use toml::Table;

fn read(name: &str) -> Table {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap().parse().unwrap()
}

fn packages(lock: &Table) -> impl Iterator<Item = &Table> {
    lock["package"].as_array().unwrap().iter().map(|package| package.as_table().unwrap())
}

fn text<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(|value| value.as_str())
}

/// Major, minor, patch; what follows does not count.
fn version(text: &str) -> Vec<u64> {
    let numbers = text.split(['-', '+']).next().unwrap().split('.');
    numbers.map(|number| number.parse().unwrap()).collect()
}

/// Whether `NAME` or `NAME@<VERSION` speaks of this package.
fn bans(ban: &str, name: &str, found: &str) -> bool {
    match ban.split_once("@<") {
        Some((banned, below)) => banned == name && version(found) < version(below),
        None => {
            assert!(!ban.contains('@'), "{ban}: only NAME and NAME@<VERSION are read here");
            ban == name
        }
    }
}

#[test]
fn nothing_in_the_tree_is_banned() {
    let (deny, lock) = (read("deny.toml"), read("Cargo.lock"));
    let bans_list = deny["bans"]["deny"].as_array().unwrap();
    assert!(bans_list.len() >= 8, "the list was read");
    for package in packages(&lock) {
        let (name, found) = (text(package, "name").unwrap(), text(package, "version").unwrap());
        for ban in bans_list.iter().map(|ban| ban["crate"].as_str().unwrap()) {
            assert!(!bans(ban, name, found), "{name} {found}: deny.toml bans {ban} and says why");
        }
    }
}

#[test]
fn a_ban_knows_versions() {
    assert!(bans("openssl", "openssl", "0.1.0") && !bans("openssl", "openssl-probe", "0.1.0"));
    assert!(bans("lru@<0.18.2", "lru", "0.18.1") && bans("lru@<0.18.2", "lru", "0.9.0"));
    assert!(!bans("lru@<0.18.2", "lru", "0.18.2") && !bans("lru@<0.18.2", "lru", "1.0.0-rc.1"));
}

#[test]
fn everything_comes_from_the_one_registry_with_a_checksum() {
    let (deny, lock) = (read("deny.toml"), read("Cargo.lock"));
    for kind in ["unknown-registry", "unknown-git"] {
        assert_eq!(deny["sources"][kind].as_str(), Some("deny"));
    }
    let own = [
        "bouya",
        "bouya-client",
        "bouya-contract",
        "bouya-contract-macros",
        "bouya-core",
        "bouya-fuzz",
        "bouya-harness",
        "bouya-sim",
        "chaos",
        "counter",
        "escrow",
        "mkca",
        "netting",
        "receivables",
    ];
    for package in packages(&lock) {
        let name = text(package, "name").unwrap();
        match text(package, "source") {
            None => {
                assert!(own.contains(&name), "{name} has no source; only this repository's own packages may")
            }
            Some(source) => {
                let registry = source.starts_with("registry+") && source.ends_with("/crates.io-index");
                assert!(registry, "{name} comes from {source}");
                assert_eq!(text(package, "checksum").unwrap().len(), 64, "{name}");
            }
        }
    }
}

#[test]
fn licences_are_allowed_and_versions_are_named() {
    let deny = read("deny.toml");
    let allowed: BTreeSet<&str> = deny["licenses"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .map(|licence| licence.as_str().unwrap())
        .collect();
    let target = deny["graph"]["targets"][0].as_str().unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", target])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or_else(|| panic!("{name} names no licence"));
        // Each alternative must be allowed, which is more than is needed and simpler than reading the expression.
        for one in licence.replace(['(', ')'], "").split(" OR ").flat_map(|one| one.split(" AND ")) {
            for one in one.split('/') {
                assert!(allowed.contains(one), "{name}: deny.toml does not allow {one} ({licence})");
            }
        }
        if package["source"].is_null() {
            for dependency in package["dependencies"].as_array().unwrap() {
                let named = dependency["req"] != "*" || !dependency["path"].is_null();
                assert!(named, "{name} takes any version of {}", dependency["name"]);
            }
        }
    }
}

//! Runs the tool as its users do, on daemons that were built with it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// Cargo builds `bouya` into the same folder, unless only this package is built.
fn daemon() -> Option<PathBuf> {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_chaos")).with_file_name("bouya");
    if !program.exists() {
        eprintln!("skipped: no daemon at {}; build it: cargo build", program.display());
    }
    program.exists().then_some(program)
}

fn chaos(arguments: &[&str], report: &std::path::Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chaos")).args(arguments).arg("--report").arg(report).output().unwrap()
}

#[test]
fn a_short_run_on_real_daemons_holds_and_says_so_in_both_files() {
    if daemon().is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let run = ["--nodes", "3", "--minutes", "0.2", "--seed", "5", "--only", "kill,cut,partition,reset"];
    let output = chaos(&run, dir.path());
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("all 15 invariants held"), "{said}");
    let text = fs::read_to_string(dir.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["held"], true);
    assert!(!report["done"].as_array().unwrap().is_empty());
    assert!(report["blocks"].as_u64().unwrap() > 5);
    assert!(report["transactions"]["confirmed"].as_u64().unwrap() > 5);
    assert!(fs::read_to_string(dir.path().join("report.html")).unwrap().contains("Everything held"));
}

#[test]
fn wrong_usage_is_told_with_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    let wrong = [
        (&["--nodes", "2"][..], "--nodes 2: give a number from 3 to 20"),
        (&["--minutes", "0"], "--minutes 0: give a number from 0.1 to 10080"),
        (&["--only", "flood"], "invalid value 'flood'"),
        (&["--bouya", "/nowhere/bouya"], "no daemon at /nowhere/bouya"),
        (&["--bouya", "/bin/false"], "the network did not come up"),
        (&["--only", "cable"], "add it, or use cut instead"),
    ];
    for (arguments, words) in wrong {
        let output = chaos(arguments, dir.path());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

/// The names of the network interfaces in the machine's own namespace.
fn interfaces() -> Vec<String> {
    let text = fs::read_to_string("/proc/net/dev").unwrap();
    text.lines().filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect()
}

#[test]
fn it_moves_into_a_network_of_its_own_where_it_may_and_says_what_it_needs_where_not() {
    let dir = tempfile::tempdir().unwrap();
    let before = interfaces();
    // This gets as far as starting the nodes in their namespaces.
    let output = chaos(&["--namespaces", "--nodes", "3", "--bouya", "/bin/false"], dir.path());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    if said.contains("no network namespaces") {
        eprintln!("skipped: {said}");
    } else {
        assert!(said.contains("the network did not come up"), "{said}");
    }
    assert_eq!(interfaces(), before);

    let nothing = Command::new(env!("CARGO_BIN_EXE_chaos"))
        .args(["--namespaces", "--bouya", "/bin/false"])
        .env("PATH", dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&nothing.stderr);
    assert_eq!(nothing.status.code(), Some(2), "{said}");
    assert!(said.contains("unshare: ") && said.contains("Without --namespaces"), "{said}");
}

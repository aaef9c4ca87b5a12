//! `bouya bench` with tiny numbers: the counts are exact, and nothing stays behind. How fast it is does not matter here.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use bouya_harness::until;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn bench(folder: &std::path::Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bouya"));
    command.args(["bench", "--json", "--effort", "2"]).args(arguments.split(' ')).env("TMPDIR", folder);
    command
}

/// What a command says; nothing of it may be left.
fn said(arguments: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let output = bench(folder.path(), arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments}: {said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the folder goes away");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What one run of a bench says.
fn report(arguments: &str) -> Value {
    let report = said(arguments);
    assert_eq!(report["bench"], arguments.split(' ').next().unwrap());
    assert_eq!(report["runs"], 1);
    check(&report);
    report
}

fn check(report: &Value) {
    for figure in [&report["limits"], &report["figures"]].into_iter().flat_map(|all| all.as_array().unwrap())
    {
        assert!(figure["value"].is_number() && figure["unit"].is_string(), "{figure}");
        let (value, limit) = (figure["value"].as_f64().unwrap(), &figure["limit"]);
        if let Some(of) = limit["value"].as_f64() {
            assert!((limit["ratio"].as_f64().unwrap() - value / of).abs() < 1e-9, "{figure}");
        }
    }
    assert!(report["limits"].as_array().unwrap().iter().all(|limit| limit["value"].as_f64().unwrap() > 0.0));
}

fn figure(report: &Value, name: &str) -> f64 {
    let figures = report["figures"].as_array().unwrap();
    let found = figures.iter().find(|figure| figure["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}: {report}"))["value"].as_f64().unwrap()
}

#[test]
fn what_a_network_is_given_is_committed_on_all_nodes_once() {
    let report = report("network --nodes 2 --seconds 60 --transactions 300 --wallets 20 --accounts 7");
    assert_eq!((figure(&report, "submitted"), figure(&report, "committed")), (300.0, 300.0), "{report}");
    assert!(figure(&report, "blocks") >= 1.0);
    assert!(figure(&report, "submit_to_committed_p50") <= figure(&report, "submit_to_committed_p99"));
    // Each node has sent or been sent each of them at least once.
    assert!(
        figure(&report, "wire_bytes_per_transaction_and_node")
            >= report["settings"]["transaction_bytes"].as_f64().unwrap() / 2.0
    );
}

#[test]
fn who_joins_has_every_transaction() {
    // More than one commit's worth, and unevenly many in a block.
    let report = report("sync --blocks 300 --transactions 701");
    assert_eq!(figure(&report, "transactions"), 701.0);
    let report = self::report("sync --blocks 20 --transactions 101 --calls");
    assert_eq!(figure(&report, "transactions"), 101.0);
}

#[test]
fn a_mempool_takes_all_that_it_is_given() {
    let report = report("mempool --transactions 1500 --wallets 30");
    assert_eq!((figure(&report, "taken"), figure(&report, "waiting")), (1_500.0, 1_500.0));
    // Of calls that do not pay, none.
    assert_eq!(figure(&report, "refused"), 1_500.0);
}

#[test]
fn what_one_node_is_told_all_come_to_hold() {
    let report = report("gossip --nodes 3 --size 400 --transactions 300 --single 5 --pause 1");
    assert_eq!((figure(&report, "heard_by_all"), figure(&report, "waiting_on_all")), (5.0, 305.0));
    assert!(figure(&report, "latency_p50") <= figure(&report, "latency_p99"));
}

#[test]
fn a_relayed_block_confirms_what_all_had() {
    let report = report("relay --nodes 3 --transactions 40 --rounds 2");
    assert_eq!(figure(&report, "confirmed"), 80.0);
    assert!(figure(&report, "relay_p99") <= figure(&report, "asked_to_all_p99"), "{report}");
}

#[test]
fn a_miner_is_seen_to_search_and_to_stop() {
    let report = report("mine --seconds 2 --rounds 2");
    assert_eq!(figure(&report, "stops"), 2.0);
    assert!(figure(&report, "hashes_per_second_and_thread") > 0.0);
}

#[test]
fn every_handshake_of_a_round_ends_in_a_hello() {
    assert_eq!(figure(&report("handshake --rounds 1"), "hellos"), 200.0);
}

#[test]
fn every_kind_of_question_is_answered() {
    let report = report("api --seconds 0.05 --connections 2");
    for kind in ["status", "block", "blocks", "transaction", "account", "account_transactions"] {
        assert!(figure(&report, &format!("{kind}_per_second")) > 0.0, "{kind}");
    }
}

#[test]
fn growth_is_measured_at_each_size() {
    let report = report("scale --accounts 10,300 --heights 3");
    for place in ["10_accounts", "300_accounts", "3_blocks"] {
        for what in ["block", "start", "memory", "store"] {
            assert!(figure(&report, &format!("{what}_at_{place}")) > 0.0, "{what} {place}");
        }
    }
}

#[test]
fn a_year_is_made_joined_verified_and_measured_again() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("year");
    let arguments = format!("year --accounts 50 --out {} --transactions", out.display());
    let report = report(&format!("{arguments} 300"));
    let made = report["settings"]["transactions"].as_f64().unwrap();
    assert!((300.0..344.0).contains(&made), "{report}");
    for what in ["made_per_second", "store_bodies", "start", "join", "memory_joining", "verify"] {
        assert!(figure(&report, what) > 0.0, "{what}");
    }
    assert!(out.join("node0/data/chain.redb").exists() && !out.join("node1/data/chain.redb").exists());
    assert!(out.join("node3/node.toml").exists(), "it goes on by hand");
    let again = said(&format!("{arguments} 300 --skip join,verify"));
    let figures = again["figures"].as_array().unwrap();
    for what in ["made_per_second", "join", "verify"] {
        assert!(figures.iter().all(|figure| figure["name"] != what), "{what}: {again}");
    }
    assert_eq!(again["settings"]["transactions"], made);
    assert_eq!(figure(&again, "blocks"), figure(&report, "blocks"));
}

#[test]
fn several_runs_are_one_report_of_medians() {
    let report = said("handshake --rounds 1 --runs 3");
    assert_eq!((report["bench"].as_str(), report["runs"].as_u64()), (Some("handshake"), Some(3)));
    for figure in [&report["limits"], &report["figures"]].into_iter().flat_map(|all| all.as_array().unwrap())
    {
        let [value, least, most] = [&figure["value"], &figure["spread"]["least"], &figure["spread"]["most"]]
            .map(|value| value.as_f64().unwrap());
        assert!(least <= value && value <= most, "{figure}");
    }
    assert_eq!(figure(&report, "hellos"), 200.0);
}

#[test]
fn all_benches_run_one_after_the_other() {
    let reports = said("all --quick");
    let reports = reports.as_array().unwrap();
    reports.iter().for_each(check);
    let mut names: Vec<_> = reports.iter().map(|report| report["bench"].as_str().unwrap()).collect();
    names.sort_unstable();
    let all = ["api", "gossip", "handshake", "mempool", "mine", "network", "relay", "scale", "sync", "year"];
    assert_eq!(names, all);
    assert!(reports.iter().all(|report| !report["figures"].as_array().unwrap().is_empty()));
}

#[test]
fn what_was_found_can_be_drawn() {
    let reports =
        Value::Array(vec![said("handshake --rounds 1 --runs 2"), said("scale --accounts 10 --heights 3")]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reports.json");
    std::fs::write(&file, reports.to_string()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/plot.py");
    let drawn = Command::new("python3").arg(script).arg("--out").arg(folder.path()).arg(&file).output();
    let drawn = drawn.expect("python3 is installed");
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
    let picture = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let (figures, growth) = (picture("figures.svg"), picture("growth.svg"));
    assert!(figures.starts_with("<svg ") && figures.trim_end().ends_with("</svg>"));
    for text in [">handshakes per second<", ">start at 10 accounts<", "medians of 2 runs", "one run"] {
        assert!(figures.contains(text), "{text}: {figures}");
    }
    assert!(growth.contains(">10 accounts<") && growth.contains(">3 blocks<"), "{growth}");
}

#[test]
fn what_makes_no_sense_is_a_wrong_use() {
    for arguments in [
        "network --nodes 0",
        "network --runs 0",
        "all --effort many",
        "network --wallets 10001",
        "sync --blocks 0",
        "mempool --wallets 0",
        "gossip --nodes 1",
        "gossip --size 20",
        "relay --transactions 10001",
        "api --connections 0",
        "scale --accounts 0",
        "year --accounts 1",
        "year --transactions 0",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = bench(folder.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments}");
    }
}

/// Processes whose parent this is.
fn children(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        fields.split_whitespace().nth(1) == Some(&parent.to_string())
    })
    .collect()
}

#[test]
fn who_is_told_to_stop_takes_the_nodes_along() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = bench(folder.path(), "network --nodes 2 --seconds 600 --transactions 100000");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "measuring"));
    let nodes = children(child.id());
    assert_eq!(nodes.len(), 2);
    // To it alone, as `kill` does it; Ctrl-C on a terminal reaches all.
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(lines.any(|line| line.unwrap().contains("interrupted")));
    let ended = until(Duration::from_secs(60), || child.try_wait().unwrap());
    assert_eq!(ended.expect("it ends").code(), Some(1));
    for node in nodes {
        assert!(!PathBuf::from(format!("/proc/{node}")).exists(), "a node is left");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

//! An auditor's bundle, made and looked at by the program beside running nodes.

use std::fs;
use std::path::Path;
use std::process::Command;

use bouya_core::crypto::sha256;
use bouya_harness::{TempFolder, until};
use serde_json::Value;

use super::{PATIENCE, start};

/// Runs the program: its exit code and what it says.
fn bouya(wallets: &str, api: &str, line: &[&str]) -> (i32, Value, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bouya"));
    let done =
        command.args(line).args(["--json", "--api", api]).env("BOUYA_WALLETS", wallets).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    (done.status.code().unwrap(), serde_json::from_slice(&done.stdout).unwrap_or_default(), said)
}

fn good(wallets: &str, api: &str, line: &[&str]) -> Value {
    let (code, out, said) = bouya(wallets, api, line);
    assert_eq!(code, 0, "{line:?}: {said}");
    out
}

#[test]
fn two_nodes_give_the_same_bundle_and_a_changed_one_is_found() {
    let folder = TempFolder::new("export").unwrap();
    let devnet = start(&folder.path().join("net"), &["--nodes", "2", "--interval", "500"]);
    let [first, second] = [0, 1].map(|node| devnet.line["nodes"][node]["api"].as_str().unwrap().to_owned());
    let wallets = Path::new(devnet.line["wallets"][0]["file"].as_str().unwrap()).parent().unwrap();
    let wallets = &wallets.to_str().unwrap().to_owned();
    let lease = folder.path().join("lease.txt");
    fs::write(&lease, "until June").unwrap();
    let lease = lease.to_str().unwrap();
    for line in [
        &["send", "--from", "demo", "--to", "friend:12.5", "--yes", "--wait"][..],
        &[
            "record",
            "add",
            "--from",
            "demo",
            "--topic",
            "prices",
            "--data",
            "=wheat; 212.50",
            "--yes",
            "--wait",
        ],
        &[
            "agree",
            "propose",
            "--from",
            "demo",
            "--title",
            "Lease",
            "--document",
            lease,
            "--party",
            "friend",
            "--deadline",
            "14d",
            "--yes",
            "--wait",
            "final",
        ],
    ] {
        good(wallets, &first, line);
    }
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (lines, tables) = (at("lines"), at("tables"));
    let made = good(wallets, &first, &["export", &lines, "--sign-with", "demo", "--receipts"]);
    let manifest = &made["manifest"];
    let rows = |table: &str| manifest["tables"][table]["rows"].as_u64();
    assert_eq!(
        ["transactions", "payments", "records", "agreements", "answers"].map(rows),
        [Some(3), Some(1), Some(1), Some(1), Some(0)]
    );
    let to = manifest["range"]["to"]["height"].to_string();
    // The other node hears of the votes a moment later.
    let newest = || good(wallets, &second, &["final"])["final"]["height"].as_u64();
    until(PATIENCE, || (newest() >= to.parse().ok()).then_some(())).unwrap();
    let other = good(wallets, &second, &["export", &tables, "--format", "sqlite", "--to", &to, "--receipts"]);
    assert_eq!(other["manifest"]["tables"], manifest["tables"], "on another node, in another format");

    let checked = good(wallets, &second, &["export", &lines, "--check"]);
    let demo = devnet.line["wallets"][0]["address"].clone();
    assert_eq!((&checked["checked"]["signed_by"], &checked["checked"]["compared"]), (&demo, &true.into()));
    assert_eq!(bouya(wallets, &first, &["export", &lines]).0, 2, "it is complete");
    // A receipt proves its transaction under the last block.
    let transactions = fs::read_to_string(format!("{lines}/transactions.jsonl")).unwrap();
    let row: Value = serde_json::from_str(transactions.lines().next().unwrap()).unwrap();
    let receipt = format!("{lines}/receipts/{}.receipt", row["transaction_id"].as_str().unwrap());
    let trust = manifest["range"]["to"]["block"].as_str().unwrap();
    good(wallets, &first, &["receipt", "verify", &receipt, "--trust", trust]);

    // Whoever changes a row of CSV and makes the manifest fit is found by any node.
    let csv = at("csv");
    let made = good(wallets, &first, &["export", &csv, "--format", "csv", "--to", &to]);
    good(wallets, &second, &["export", &csv, "--check"]);
    let file = |name: &str| format!("{csv}/{name}");
    let payments = fs::read_to_string(file("payments.csv")).unwrap();
    let forged = payments.replace("12.5", "99.5");
    fs::write(file("payments.csv"), &forged).unwrap();
    let hash = |text: &str| sha256(text.as_bytes()).to_string();
    assert_eq!(made["manifest"]["files"][1]["sha256"], hash(&payments));
    let text = fs::read_to_string(file("manifest.json")).unwrap();
    fs::write(file("manifest.json"), text.replace(&hash(&payments), &hash(&forged))).unwrap();
    let (code, _, said) = bouya(wallets, &first, &["export", &csv, "--check"]);
    assert!(code == 1 && said.contains("payments.csv differs"), "{said}");
    devnet.close();
    let (code, alone, said) = bouya(wallets, &first, &["export", &lines, "--check"]);
    assert_eq!((code, &alone["checked"]["compared"]), (0, &false.into()), "{said}");
    fs::write(format!("{lines}/payments.jsonl"), "").unwrap();
    let (code, _, said) = bouya(wallets, &first, &["export", &lines, "--check"]);
    assert!(code == 1 && said.contains("payments.jsonl is not what the manifest says"), "{said}");
}

//! The tutorial's way of a contract by the command line: checked, deployed, asked, called, read and proven.

use std::path::Path;
use std::process::{Command, Output};

use bouya_harness::TempFolder;
use serde_json::{Value, json};

use super::{Devnet, start};

const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sdk/examples/modules");

/// Who plays, and where commands find them.
struct Stage {
    folder: TempFolder,
    devnet: Devnet,
}

impl Stage {
    fn run(&self, arguments: &[&str]) -> Output {
        let line = &self.devnet.line;
        let mut command = Command::new(env!("CARGO_BIN_EXE_bouya"));
        command.args(arguments).current_dir(self.folder.path());
        command.env("BOUYA_API", line["nodes"][0]["api"].as_str().unwrap());
        command.env("BOUYA_WALLETS", Path::new(line["folder"].as_str().unwrap()).join("wallets"));
        command.output().unwrap()
    }

    /// What a command prints that must work.
    #[track_caller]
    fn said(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// What a command that must not work complains about.
    #[track_caller]
    fn refused(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.said(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// What a dry run gives to programs.
    fn dry(&self, arguments: &[&str]) -> Value {
        serde_json::from_slice(&self.run(&[arguments, &["--dry-run", "--json"]].concat()).stdout).unwrap()
    }

    fn address(&self, name: &str) -> String {
        let wallets = self.devnet.line["wallets"].as_array().unwrap();
        let wallet = wallets.iter().find(|wallet| wallet["name"] == name).unwrap();
        wallet["address"].as_str().unwrap().to_owned()
    }
}

/// The value behind a name in what a command prints line by line.
fn line<'a>(text: &'a str, name: &str) -> &'a str {
    let found = text.lines().find_map(|line| line.strip_prefix(name).filter(|rest| rest.starts_with(' ')));
    found.unwrap_or_else(|| panic!("no {name}: {text}")).trim()
}

#[test]
fn an_escrow_is_deployed_called_read_and_proven_as_the_tutorial_says() {
    let folder = TempFolder::new("contracts").unwrap();
    let devnet = start(&folder.path().join("net"), &["--nodes", "1", "--interval", "500"]);
    let stage = Stage { folder, devnet };
    let (module, abi) = (format!("{MODULES}/escrow.wasm"), format!("{MODULES}/escrow.abi.json"));
    let checked = stage.said(&["contract", "check", &module]);
    assert!(
        checked.contains("8eb71c8f06f2a00495bed84f7cabc5705427b62b059563e4ce054668c29df4d9"),
        "{checked}"
    );

    let seller = stage.address("demo");
    let to_node = format!("{}:1000", stage.address("node0"));
    stage.said(&["send", "--from", "demo", "--to", &to_node, "--to", "friend:1000", "--yes", "--wait"]);
    // A deadline that no run of this test reaches.
    let terms = json!({ "seller": "demo", "arbiter": "friend", "deadline": 4_000_000_000_000_u64, "subject": "ab".repeat(32) });
    let terms = terms.to_string();
    let deploy = [
        "contract", "deploy", &module, "--abi", &abi, "--input", &terms, "--value", "70", "--yes", "--wait",
        "--from",
    ];
    let stranger = stage.refused(&[&deploy[..], &["demo"]].concat(), 1);
    assert!(stranger.contains("only governors of members deploy"), "{stranger}");
    assert!(stranger.contains(&stage.address("node0")), "{stranger}");
    // What is too much is told as such, before anything is tried out.
    for (more, why) in [
        (&["--value", "5000000"][..], "wallet node0 has "),
        (&["--gas", "200000000"], "more than a block has room for: "),
        (&["--gas", "0"], "runs nothing"),
    ] {
        let mut arguments = [&deploy[..], &["node0"]].concat();
        arguments.retain(|argument| more[0] != "--value" || !["--value", "70"].contains(argument));
        let refused = stage.run(&[&arguments[..], more].concat());
        let told = String::from_utf8(refused.stderr).unwrap();
        assert!(told.contains(why), "{more:?}: {told}");
    }
    let dry = stage.dry(&[&deploy[..], &["node0"]].concat());
    assert_eq!(
        (&dry["passes"], &dry["problem"], &dry["outcome"]["done"]),
        (&json!(true), &json!(null), &json!(true))
    );
    assert!(dry["gas"].as_u64() > dry["outcome"]["gas"].as_u64() && dry["fee"] == dry["least_fee"], "{dry}");
    let mean = stage.dry(&[&deploy[..], &["node0", "--fee", "0.0001"]].concat());
    assert_eq!((&mean["passes"], &mean["fee"]), (&json!(false), &json!("0.0001")));
    let contract = stage.said(&[&deploy[..], &["node0"]].concat());

    let shown = stage.said(&["contract", "show", &contract]);
    assert!(line(&shown, "balance").starts_with("70 "), "{shown}");
    let deal = stage.said(&["contract", "view", &contract, "null", "--abi", &abi]);
    let deal: Value = serde_json::from_str(&deal).unwrap();
    assert_eq!((&deal["stage"], &deal["seller"]), (&json!("Open"), &json!(seller)), "{deal}");
    let told = stage.json(&["contract", "view", &contract, "null", "--abi", &abi]);
    assert_eq!(told["message"], deal);

    // What would fail is not sent, unless its gas is stated; then it costs its fee.
    let call = ["contract", "call", &contract, "\"Release\"", "--abi", &abi, "--yes", "--wait", "--from"];
    for more in [&["--dry-run"][..], &[]] {
        let refused = stage.refused(&[&call[..], &["demo"], more].concat(), 1);
        assert!(refused.contains("that is not yours to say"), "{refused}");
    }
    let dry = stage.dry(&[&call[..], &["demo"]].concat());
    assert_eq!((&dry["passes"], &dry["outcome"]["done"]), (&json!(false), &json!(false)));
    let missing = stage.refused(&["contract", "call", &contract, "--abi", &abi, "--from", "friend"], 2);
    assert!(missing.contains("the input is missing: one of Release, "), "{missing}");
    let failed = stage.refused(&[&call[..], &["demo", "--gas", "500000"]].concat(), 1);
    assert!(failed.contains("changed nothing else"), "{failed}");
    let released = stage.said(&[&call[..], &["friend"]].concat());

    // Read with the file that is named; without one, and none here or on the node, by the bytes.
    let events = stage.said(&["contract", "events", &contract, "--topic", "released", "--abi", &abi]);
    assert!(events.contains(r#""amount":"70000000""#), "{events}");
    let told = stage.json(&["contract", "events", &contract, "--abi", &abi]);
    assert_eq!(told["items"][0]["message"]["amount"], "70000000", "{told}");
    let told = stage.json(&["tx", &released, "--abi", &abi]);
    assert_eq!(
        (&told["action"]["message"], &told["outcome"]["events"][0]["message"]["amount"]),
        (&json!("Release"), &json!("70000000"))
    );
    let read = stage.said(&["tx", &released, "--abi", &abi]);
    assert_eq!((line(&read, "input"), line(&read, "outcome")), ("\"Release\"", "done"), "{read}");
    assert!(line(&read, "event").contains(r#""amount":"70000000""#), "{read}");
    assert_eq!(line(&stage.said(&["tx", &released]), "input"), "00");

    stage.said(&["receipt", "get", &released, "--out", "release.receipt"]);
    let network = stage.devnet.line["definition"].as_str().unwrap().to_owned();
    let proven = stage.said(&["receipt", "verify", "release.receipt", "--network", &network, "--abi", &abi]);
    assert!(line(&proven, "outcome") == "done" && line(&proven, "pays").starts_with("70 DEV to"), "{proven}");
    stage.devnet.close();
}

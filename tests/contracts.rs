//! Contracts: what modules lead to and cost is frozen, and so is what they run on.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

#[path = "contracts/golden.rs"]
mod golden;

/// `BOUYA_WRITE_VECTORS=1` writes the file anew: that is another version of blocks.
#[test]
fn modules_lead_to_the_same_and_cost_the_same_as_ever() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts/golden.json");
    let found = golden::all();
    if std::env::var_os("BOUYA_WRITE_VECTORS").is_some() {
        fs::write(&file, format!("{found:#}\n")).unwrap();
    }
    let frozen: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    for (found, frozen) in found.as_array().unwrap().iter().zip(frozen.as_array().unwrap()) {
        assert_eq!(found, frozen);
    }
    assert_eq!(found, frozen);
}

/// The machine and its parts are part of the version of blocks: what is installed is what the rules were made with.
#[test]
fn the_machine_is_this_very_one() {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    let version = |name: &str| -> Vec<String> {
        let mut found = Vec::new();
        for package in lock.split("[[package]]") {
            let value = |key: &str| {
                let line = package.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
                line.map(|value| value.trim_matches('"').to_owned())
            };
            if value("name").as_deref() == Some(name) {
                found.extend(value("version"));
            }
        }
        found
    };
    for part in ["wasmi", "wasmi_core", "wasmi_ir", "wasmi_collections"] {
        assert_eq!(version(part), ["2.0.0"], "{part}");
    }
    assert!(version("wasmparser").contains(&"0.228.0".to_owned()));
}

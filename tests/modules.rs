//! The example contracts' modules, as they are committed: each passes the gate, and its ABI file says what its source says.
//! `sdk/examples/build --check` builds them again, where the target is installed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use bouya::abi::Abi;
use bouya_core::crypto::sha256;
use bouya_core::ledger::contract::gate;

type Writes = fn(&str) -> String;

const EXAMPLES: [(&str, Writes); 3] =
    [("escrow", escrow::abi), ("netting", netting::abi), ("receivables", receivables::abi)];

fn modules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk/examples/modules")
}

#[test]
fn every_module_passes_the_gate_and_names_no_path() {
    for (name, _) in EXAMPLES {
        let code = fs::read(modules().join(name).with_extension("wasm")).unwrap();
        gate::check(&code).unwrap_or_else(|error| panic!("{name}: {error}"));
        for path in [&b"/home/"[..], b"/root/", b"/work/", b".cargo/"] {
            assert!(
                !code.windows(path.len()).any(|window| window == path),
                "{name} names a path of a machine"
            );
        }
    }
}

#[test]
fn every_abi_file_is_of_its_module_and_its_source() {
    for (name, abi) in EXAMPLES {
        let code = sha256(&fs::read(modules().join(name).with_extension("wasm")).unwrap());
        let file = fs::read_to_string(modules().join(name).with_extension("abi.json")).unwrap();
        assert_eq!(file, abi(&code.to_string()), "{name}: build it again with sdk/examples/build");
        let read = Abi::parse(file.as_bytes()).unwrap();
        assert_eq!((read.name.as_str(), read.code), (name, code));
    }
}

#[test]
fn the_list_of_hashes_is_that_of_the_modules() {
    let list = fs::read_to_string(modules().join("SHA256SUMS")).unwrap();
    let real = EXAMPLES.map(|(name, _)| {
        let file = format!("{name}.wasm");
        format!("{}  {file}\n", sha256(&fs::read(modules().join(&file)).unwrap()))
    });
    assert_eq!(list, real.concat());
}

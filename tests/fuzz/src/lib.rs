//! Whatever bytes come from elsewhere, Bouya does only what it promises.
//!
//! Each target takes any bytes and asserts what must hold. libFuzzer runs a target for as long as you like (`fuzz_targets/`; README.md says
//! how). The ordinary tests run every target over its seeds, over inputs that once failed (`cases/`), and over some mutations of both.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a target fails by panicking, as a test does")]

pub mod admission;
pub mod api;
pub mod chain;
mod choices;
pub mod contract;
pub mod finality;
pub mod ledger;
pub mod mempool;
pub mod overlay;
pub mod receipt;
pub mod saved;
mod small;
pub mod snapshot;
pub mod text;
pub mod tls;
pub mod wire;

use std::fmt::Display;
use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;

/// One way into Bouya, and what must hold for everything that comes in.
pub struct Target {
    /// The name of the target, of its binary and of the folder of its cases.
    pub name: &'static str,
    /// Panics if something does not hold.
    pub body: fn(&[u8]),
    /// Inputs to begin with, which reach deep into the code.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many mutations the ordinary tests run: about half a second's worth.
    pub mutations: u32,
}

macro_rules! targets {
    ($($name:ident: $body:path, $seeds:path, $mutations:literal;)*) => {
        /// All of them.
        pub const TARGETS: &[Target] = &[$(Target { name: stringify!($name), body: $body, seeds: $seeds, mutations: $mutations }),*];
    };
}

targets! {
    admission: admission::admission, admission::admission_seeds, 500;
    api: api::api, api::api_seeds, 400;
    backup: saved::backup, saved::backup_seeds, 1000;
    block: ledger::block, ledger::block_seeds, 1500;
    book: saved::book, saved::book_seeds, 500;
    branch: ledger::branch, ledger::branch_seeds, 300;
    certificate: tls::certificate, tls::certificate_seeds, 1000;
    chain: chain::chain, chain::chain_seeds, 60;
    contract: contract::contract, contract::contract_seeds, 400;
    crl: tls::crl, tls::crl_seeds, 300;
    finality: finality::finality, finality::finality_seeds, 60;
    frame: wire::frame, wire::frame_seeds, 2000;
    hello: wire::hello, wire::hello_seeds, 2000;
    keystore: saved::keystore, saved::keystore_seeds, 1000;
    mempool: mempool::mempool, mempool::mempool_seeds, 60;
    merkle: ledger::merkle, ledger::merkle_seeds, 1000;
    message: wire::message, wire::message_seeds, 2000;
    network_toml: text::network_toml, text::network_seeds, 500;
    node_toml: text::node_toml, text::node_seeds, 500;
    overlay: overlay::overlay, overlay::overlay_seeds, 200;
    receipt: receipt::receipt, receipt::receipt_seeds, 2000;
    request: tls::request, tls::request_seeds, 500;
    revocations: saved::revocations, saved::revocations_seeds, 2000;
    rows: saved::rows, saved::rows_seeds, 2000;
    snapshot: snapshot::snapshot, snapshot::snapshot_seeds, 500;
    text: text::text, text::text_seeds, 2000;
    transaction: ledger::transaction, ledger::transaction_seeds, 1000;
    work: ledger::work, ledger::work_seeds, 2000;
}

/// Runs one target, for the binaries.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target's name");
    (target.body)(data);
}

/// Asserts that a text is safe to show and to log: it is short, and has nothing that controls a terminal or forges a line.
fn tame(text: &dyn Display) {
    let text = text.to_string();
    assert!(text.len() <= 2_000, "{} bytes of text", text.len());
    assert!(!text.chars().any(char::is_control), "control characters in {text:?}");
}

/// The same for mistakes in a file. They have many lines and may hold control characters: the command line tames what it shows.
fn bounded(text: &dyn Display) {
    let text = text.to_string();
    assert!(text.len() <= 64_000, "{} bytes of text", text.len());
}

/// A folder of this process, for what can only be read from files.
fn scratch() -> &'static Path {
    static DIR: OnceLock<TempDir> = OnceLock::new();
    DIR.get_or_init(|| tempfile::tempdir().expect("a scratch folder")).path()
}

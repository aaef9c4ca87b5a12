//! What bytes from elsewhere may do to Bouya: nothing that is not promised.
//!
//! Each target is a total function of bytes that asserts what must hold, whatever they are. libFuzzer runs it for as long as one likes
//! (`fuzz_targets/`, README.md beside this folder); the ordinary tests run it on every push over its seeds, the finds that were kept
//! (`cases/`) and a few thousand mutations.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a target says what does not hold by panicking, as a test does"
)]

pub mod api;
pub mod chain;
mod choices;
pub mod ledger;
pub mod mempool;
pub mod overlay;
pub mod receipt;
pub mod saved;
mod small;
pub mod text;
pub mod tls;
pub mod wire;

use std::fmt::Display;
use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;

/// One door into Bouya, and what may come through it.
pub struct Target {
    /// Its name: that of the binary and of the folder of its cases.
    pub name: &'static str,
    /// Panics if something does not hold.
    pub body: fn(&[u8]),
    /// Inputs that reach deep, to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many mutations of them the ordinary tests run: about half a second of them.
    pub mutations: u32,
}

macro_rules! targets {
    ($($name:ident: $body:path, $seeds:path, $mutations:literal;)*) => {
        /// All of them.
        pub const TARGETS: &[Target] = &[$(Target { name: stringify!($name), body: $body, seeds: $seeds, mutations: $mutations }),*];
    };
}

targets! {
    api: api::api, api::api_seeds, 400;
    block: ledger::block, ledger::block_seeds, 1500;
    book: saved::book, saved::book_seeds, 500;
    branch: ledger::branch, ledger::branch_seeds, 300;
    certificate: tls::certificate, tls::certificate_seeds, 1000;
    chain: chain::chain, chain::chain_seeds, 60;
    crl: tls::crl, tls::crl_seeds, 300;
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
    text: text::text, text::text_seeds, 2000;
    transaction: ledger::transaction, ledger::transaction_seeds, 1000;
    work: ledger::work, ledger::work_seeds, 2000;
}

/// Runs one target: what the binaries do.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target's name");
    (target.body)(data);
}

/// What is shown to people or logged is short, and nothing in it moves a terminal or forges a line.
fn tame(text: &dyn Display) {
    let text = text.to_string();
    assert!(text.len() <= 2_000, "{} bytes of text", text.len());
    assert!(!text.chars().any(char::is_control), "control characters in {text:?}");
}

/// The same of mistakes in a file: many lines, and not tamed yet, which the command line does with all that it shows.
fn bounded(text: &dyn Display) {
    let text = text.to_string();
    assert!(text.len() <= 64_000, "{} bytes of text", text.len());
}

/// A folder of this process's own for what is only read from files.
fn scratch() -> &'static Path {
    static DIR: OnceLock<TempDir> = OnceLock::new();
    DIR.get_or_init(|| tempfile::tempdir().expect("a scratch folder")).path()
}

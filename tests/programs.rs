//! The Rust of docs/PROGRAMS.md, as it stands there, against a network of its own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{error::Error, fs, path::Path, thread, time::Duration};

use bouya_client::{definition::NetworkFile, receipt, testing::Devnet};
use bouya_core::codec::{Bounded, encode};
use bouya_core::ledger::{Address, Output, Transaction};
use serde_json::Value;

fn get(url: &str) -> Result<Value, ureq::Error> {
    ureq::get(url).call()?.body_mut().read_json()
}

fn pay_and_prove(bouya: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let devnet = Devnet::start(bouya, folder, &["--nodes", "1"])?; // ends when it is dropped
    let network = NetworkFile::load(&devnet.at.definition)?;
    let (id, coin) = (network.genesis.id(), &network.genesis.spec.coin);
    let (demo, friend) = (devnet.key("demo")?, devnet.key("friend")?);
    let api = devnet.api(0).ok_or("no node")?;

    // Sign. The nonce counts what waits as well.
    let status = get(&format!("{api}/v1/status"))?;
    let sender = get(&format!("{api}/v1/accounts/{}?confirmations=0", Address::of(&demo.public())))?;
    let nonce = sender["nonce"].as_u64().ok_or("no nonce")?;
    let until = status["tip"]["height"].as_u64().ok_or("no height")? + 1_000;
    let output = Output { to: Address::of(&friend.public()), amount: coin.parse("12.5")? };
    let sign = |fee| {
        let outputs = Bounded::truncated([output.clone()]);
        Transaction::transfer(&id, &demo, nonce, fee, until, outputs, Default::default())
    };
    let payment = sign(sign(0).size() as u64 * network.min_fee_per_byte); // a fee has a fixed size

    // Store what you signed, then send it: after a crash, send the same again.
    fs::write(folder.join("payment"), encode(&payment))?;
    ureq::post(format!("{api}/v1/transactions"))
        .content_type("application/octet-stream")
        .send(&fs::read(folder.join("payment"))?)?;
    let seen = format!("{api}/v1/transactions/{}", payment.id());
    while get(&seen)?["final"] != true {
        thread::sleep(Duration::from_millis(200)); // poll
    }

    // The receipt proves itself: from here on no node is asked.
    let text = ureq::get(format!("{seen}/receipt")).call()?.body_mut().read_to_string()?;
    drop(devnet);
    let proof = receipt::read(&text)?.check()?;
    proof.check_final(&network.genesis)?;
    assert_eq!(proof.transaction.id(), payment.id());
    Ok(())
}

#[test]
fn a_payment_is_signed_sent_final_and_proven_offline() {
    let folder = bouya_harness::TempFolder::new("programs").unwrap();
    pay_and_prove(env!("CARGO_BIN_EXE_bouya"), folder.path()).unwrap();
}

#[test]
fn the_page_shows_what_is_run_here() {
    let page = include_str!("../docs/PROGRAMS.md");
    let (_, code) = page.split_once("```rust\n").unwrap();
    let (code, rest) = code.split_once("```").unwrap();
    assert!(include_str!("programs.rs").contains(code), "copy the code from this file to docs/PROGRAMS.md");
    assert!(!rest.contains("```rust"), "all Rust there is run");
}

#[test]
fn what_is_no_network_is_told() {
    let folder = bouya_harness::TempFolder::new("programs").unwrap();
    let start =
        |program: &str, more: &[&str]| Devnet::start(program, folder.path(), more).unwrap_err().to_string();
    assert!(start("/nowhere/bouya", &[]).contains("cannot start /nowhere/bouya"));
    assert!(start("/bin/false", &[]).contains("ended at once"));
    assert!(start(env!("CARGO_BIN_EXE_bouya"), &["--nodes", "0"]).contains("ended at once"));
    assert!(start("/bin/echo", &[]).contains("the program said"));
}

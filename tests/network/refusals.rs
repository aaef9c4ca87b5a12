//! What a daemon refuses, in which words and with which exit code.

use std::fs;

use bouya_core::codec::encode;
use bouya_core::ledger::{Genesis, NetworkSpec, RawTransaction, Transaction};
use bouya_core::testing;

use super::daemon::{Consortium, Daemon, RESTS, bootstrap, pay, until};

#[test]
fn a_transaction_that_does_not_fit_is_refused_with_the_value() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", RESTS);
    a.start();
    let genesis = &consortium.genesis;
    let good = pay(genesis, 1, 0, 2, 5);
    let forged = Transaction::from(RawTransaction { fee: good.fee + 1, ..RawTransaction::clone(&good) });
    let cases = [
        (pay(genesis, 9, 0, 2, 5), 422, "the sender has 0"),
        (pay(genesis, 1, 7, 2, 5), 409, "nonce 7 where the sender's next is 0"),
        (pay(genesis, 1, 0, 2, 1_000_000_000), 422, "costs 1000.001, the sender has 1000"),
        (pay(genesis, 1, 0, 2, u64::MAX), 400, "more than this ledger can count"),
        (forged, 400, "signature"),
        (pay(&testing::genesis(), 1, 0, 2, 5), 400, "another network's"),
    ];
    for (transaction, status, detail) in cases {
        let (found, body) = a.send("POST", "/v1/transactions", false, &encode(&transaction));
        assert_eq!(found, status, "{body}");
        assert!(body.contains(detail), "{detail}: {body}");
    }
    assert_eq!(a.status().mempool.transactions, 0);
}

#[test]
fn five_mistakes_are_named_at_once() {
    let consortium = Consortium::new();
    let a = consortium.member("a", "bootstrap = [\"Bob@x:0\"]\nmax_peers = 3", "share = 7\nwhen = \"never\"");
    let text = fs::read_to_string(a.config()).unwrap() + "colour = true\n";
    fs::write(a.config(), text).unwrap();
    for command in ["check", "run"] {
        let output = a.command(&[command]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        for key in ["p2p.bootstrap", "p2p.max_peers", "miner.share", "miner.when", "api.colour", "5 mistakes"]
        {
            assert!(errors.contains(key), "{key}: {errors}");
        }
    }
}

#[test]
fn what_does_not_fit_together_does_not_start() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", RESTS);
    let b = consortium.member("b", "", RESTS);
    let fails = |daemon: &Daemon, command: &str, code: i32, text: &str| {
        let output = daemon.command(&[command]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{errors}");
        assert!(errors.contains(text), "{text}: {errors}");
    };
    // A key that belongs to another certificate.
    fs::copy(b.dir.join("b.key"), a.dir.join("a.key")).unwrap();
    fails(&a, "check", 2, "a.key");
    fails(&a, "run", 2, "a.key");
    fs::copy(consortium.path("ca/a.key"), a.dir.join("a.key")).unwrap();
    let output = a.command(&["check"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && shown.contains("ok: a, network acme"), "{shown}");

    a.start();
    // The same data folder; then another data folder with the same port.
    fails(&a, "run", 1, "in use by another bouya");
    // With its member key it would vote beside the first one.
    let text = fs::read_to_string(a.config()).unwrap().replace("data_dir = \"data\"", "data_dir = \"other\"");
    let another_key = text.replace("[identity]", "[identity]\nmember_key = \"other.member\"");
    for (text, expected) in [(text, "a member key votes on one node only"), (another_key, "cannot listen on")]
    {
        fs::write(a.dir.join("second.toml"), text).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_bouya"))
            .args(["run", "--config"])
            .arg(a.dir.join("second.toml"))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(errors.contains(expected), "{errors}");
    }
}

#[test]
fn another_network_is_refused_with_both_ids() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", RESTS);
    a.start();
    consortium.authority.issue(&["b".parse().unwrap()], 30).unwrap();
    let spec = NetworkSpec { salt: [4; 16], ..consortium.genesis.spec.clone() };
    let other = Genesis::new(spec).unwrap();
    let mut b = consortium.daemon("b", &other, &bootstrap(&[&a]), RESTS);
    b.start();
    until("each says why", || {
        let ids = [consortium.genesis.id().to_string(), other.id().to_string()];
        let tells = |log: &str| {
            ids.iter().all(|id| log.lines().any(|line| line.contains("no connection") && line.contains(id)))
        };
        (tells(&a.log()) || tells(&b.log())).then_some(())
    });
    assert!(!a.is_connected_to("b"));
}

//! A node that begins with a snapshot is as good as any other.

use std::path::Path;

use bouya::http::views::{Finality, Status, Transaction, Voting};
use bouya_core::codec::encode;

use super::daemon::{Consortium, Daemon, RESTS, bootstrap, network_of, pay, same_tip, until};

const MINES: &str = "when = \"always\"\nshare = 0.2";

fn finalized(daemon: &Daemon) -> u64 {
    daemon
        .get::<Finality>("/v1/finality")
        .and_then(|finality| finality.finalized)
        .map_or(0, |block| block.height)
}

/// The lowest block whose body is there.
fn lowest(daemon: &Daemon) -> u64 {
    daemon.get::<Status>("/v1/status").map_or(u64::MAX, |status| status.tip.lowest_block)
}

fn snapshot(daemon: &Daemon, what: &str, file: &Path) -> (bool, String) {
    let output = daemon.command(&["snapshot", what, file.to_str().unwrap(), "--json"]);
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn a_node_begins_with_a_snapshot_and_mines_and_votes() {
    let mut consortium = Consortium::new();
    let three = consortium.listed(&["a", "b", "c"]);
    consortium.genesis = network_of("acme", 40_000.0, 250, three);
    let mut a = consortium.member("a", "", MINES);
    let mut b = consortium.member("b", &bootstrap(&[&a]), RESTS);
    let mut c = consortium.member("c", &bootstrap(&[&a, &b]), "when = \"pending\"\nshare = 0.5");
    for daemon in [&mut a, &mut b, &mut c] {
        daemon.start();
    }
    let transfer = pay(&consortium.genesis, 1, 0, 2, 5_000_000);
    assert_eq!(a.send("POST", "/v1/transactions", false, &encode(&transfer)).0, 202);
    until("something is final", || (finalized(&b) > 20).then_some(()));
    until("it is paid", || (b.balance(2) == "1005").then_some(()));

    // One of the three loses its chain, and has the snapshot of another.
    let file = consortium.path("acme.snapshot");
    let running = consortium.path("running.snapshot");
    let (is_made, said) = snapshot(&b, "make", &running);
    assert!(is_made, "{said}");
    let (is_loaded, refused) = snapshot(&b, "load", &running);
    assert!(!is_loaded && refused.contains("in use by another bouya"), "{refused}");
    b.stop();
    c.stop();
    let (is_made, said) = snapshot(&b, "make", &file);
    assert!(is_made, "{said}");
    let (is_made, again) = snapshot(&b, "make", &file);
    assert!(!is_made && again.contains("cannot write"), "{again}");
    let (is_loaded, refused) = snapshot(&c, "load", &file);
    assert!(!is_loaded && refused.contains("holds a chain already"), "{refused}");
    let store = c.member.data().join("chain.redb");
    std::fs::remove_file(&store).unwrap();
    let (is_made, none) = snapshot(&c, "make", &consortium.path("nothing.snapshot"));
    assert!(!is_made && none.contains("holds no chain") && !store.exists(), "{none}");
    let (is_loaded, said) = snapshot(&c, "load", &running);
    assert!(is_loaded, "{said}");
    std::fs::remove_file(&store).unwrap();
    let (is_loaded, said) = snapshot(&c, "load", &file);
    assert!(is_loaded, "{said}");
    let made: serde_json::Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    let begun = made["height"].as_u64().unwrap();
    assert!(begun > 20, "{said}");

    // All three are needed to make anything final.
    b.start();
    c.start();
    until("it votes", || {
        let finality: Finality = c.get("/v1/finality")?;
        (finality.voting == Voting::Votes).then_some(())
    });
    until("with its vote more is final", || {
        (finalized(&a) > begun + 5 && finalized(&c) > begun + 5).then_some(())
    });
    assert_eq!(c.balance(2), "1005");
    until("it mines", || (c.send("POST", "/v1/mine", true, b"").0 == 200).then_some(()));
    until("what lies below the snapshot comes back", || (lowest(&c) == 1).then_some(()));
    let old = c.get::<Transaction>(&format!("/v1/transactions/{}", transfer.id()));
    assert!(old.is_some(), "it is found by its id again");
    until("all go on together", || same_tip(&[&a, &b, &c]).then_some(()));
    for daemon in [&mut a, &mut b, &mut c] {
        daemon.stop();
        daemon.verify();
    }
}

//! What a daemon says of itself when it cannot do its work: everywhere the same.

use bouya::clock::wall;
use bouya::http::views::NodeState;
use bouya_core::ledger::{Genesis, NetworkSpec};
use bouya_core::testing::member;
use bouya_core::time::Timestamp;

use super::daemon::{Consortium, Daemon, RESTS, bootstrap, until};

/// Status, readiness, metric, log, command line and a wish to mine: all of them say this.
fn says(daemon: &Daemon, name: NodeState, reason: &str) {
    let state = until("the state", || {
        let state = daemon.status().state;
        (state.name == name && state.reason.contains(reason)).then_some(state)
    });
    assert!(!state.ready, "{state:?}");
    let (status, body) = daemon.send("GET", "/readyz", false, b"");
    assert_eq!(status, 503);
    assert!(body.contains(reason), "{body}");
    assert_eq!(daemon.metric(&format!("state{{state=\"{name}\"}}")), Some(1));
    until("the log", || {
        daemon.log().lines().any(|line| line.contains("not ready") && line.contains(reason)).then_some(())
    });
    let output = daemon.command(&["status"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains(reason), "{shown}");
}

/// Nothing is mined, nothing is ground for, and whoever asks hears why.
fn does_not_mine(daemon: &Daemon, reason: &str) {
    for _ in 0..3 {
        let (status, body) = daemon.send("POST", "/v1/mine", true, b"");
        assert_eq!(status, 409, "{body}");
        assert!(body.contains(reason), "{body}");
    }
    let status = daemon.status();
    assert_eq!((status.tip.height, status.miner.hashes_per_second), (0, 0));
}

#[test]
fn a_genesis_block_ahead_of_the_clock_is_named_and_nothing_is_mined() {
    let consortium = Consortium::new();
    let later = Timestamp(wall().0 + 24 * 3_600_000);
    let spec = NetworkSpec { created: later, ..consortium.genesis.spec.clone() };
    let genesis = Genesis::new(spec).unwrap();
    let mut a = consortium.daemon("a", &genesis, "", "when = \"always\"");
    a.start();
    says(&a, NodeState::TipAhead, "the genesis block is dated");
    does_not_mine(&a, "the genesis block is dated");
}

#[test]
fn a_key_that_is_not_listed_is_named_and_nothing_is_mined() {
    let consortium = Consortium::new();
    let mut spec = consortium.genesis.spec.clone();
    spec.members = vec![member(1)];
    let genesis = Genesis::new(spec).unwrap();
    let mut a = consortium.daemon("a", &genesis, "", "when = \"always\"");
    a.start();
    says(&a, NodeState::NotListed, "no member's, and only members seal");
    does_not_mine(&a, "no member's, and only members seal");
    // The key is there now: a check sees the same before a start.
    let check = a.command(&["check"]);
    let warned = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(check.status.success() && warned.contains("no member's, and only members seal"), "{warned}");
}

#[test]
fn a_revoked_node_knows_it_and_one_that_is_cut_off_says_so() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", RESTS);
    let mut b = consortium.member("b", &bootstrap(&[&a]), "when = \"always\"");
    a.start();
    b.start();
    until("both are ready", || (a.status().state.ready && b.status().state.ready).then_some(()));
    consortium.authority.revoke(&"b".parse().unwrap(), mkca::Reason::default(), mkca::CRL_DAYS).unwrap();
    a.member.take(&consortium.authority.crl_path()).unwrap();
    // Its peer cuts it, and is alone then; it hears of the list all the same.
    says(&a, NodeState::Alone, "one side refuses the other");
    says(&b, NodeState::CertificateRevoked, "the CA has revoked this node's certificate");
    let (status, body) = b.send("POST", "/v1/mine", true, b"");
    assert_eq!(status, 409, "{body}");
}

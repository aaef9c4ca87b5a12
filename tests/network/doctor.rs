//! `bouya doctor` on real nodes: nothing is found on healthy ones, up and down, and each planted trouble is found.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bouya::clock::wall;
use bouya::http::views::NodeState;
use bouya_core::ledger::{Genesis, NetworkSpec};
use bouya_core::testing::member;
use bouya_core::time::Timestamp;
use bouya_harness::Port;
use mkca::{CertificateSpec, KeyPair};
use rcgen::PublicKeyData;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::daemon::{Consortium, Daemon, RESTS, bootstrap, network_of, until};

/// A program that says what `timedatectl` would say, in a folder of its own for the PATH.
fn system_says(consortium: &Consortium, words: &str) -> PathBuf {
    let dir = consortium.path(&format!("says-{words}"));
    fs::create_dir_all(&dir).unwrap();
    let program = dir.join("timedatectl");
    fs::write(&program, format!("#!/bin/sh\necho {words}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

/// The doctor on a machine whose clock is right.
fn doctor(consortium: &Consortium, config: &Path) -> Output {
    doctor_where(consortium, config, "yes")
}

fn doctor_where(consortium: &Consortium, config: &Path, says: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bouya"));
    command.env("PATH", system_says(consortium, says));
    command.args(["doctor", "--json", "--config"]).arg(config).output().unwrap()
}

/// What was found: check and key.
fn found(output: &Output) -> BTreeSet<(String, String)> {
    let text = String::from_utf8_lossy(&output.stdout);
    let said: Value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    let mut found = BTreeSet::new();
    for check in said["checks"].as_array().unwrap() {
        for finding in check["findings"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            assert!(!text(&finding["text"]).is_empty());
            found.insert((text(&check["name"]), text(&finding["key"])));
        }
    }
    assert_eq!(said["ok"], found.is_empty());
    assert_eq!(output.status.code(), Some(i32::from(!found.is_empty())), "{text}");
    found
}

#[track_caller]
fn healthy(output: &Output) {
    assert_eq!(found(output), BTreeSet::new(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Exactly these are found, as `check key`, in the order of the alphabet.
#[track_caller]
fn finds(output: &Output, expected: &[&str]) {
    let found: Vec<_> = found(output).into_iter().map(|(check, key)| format!("{check}: {key}")).collect();
    assert_eq!(found, expected, "{}", String::from_utf8_lossy(&output.stdout));
}

/// The pair, connected and ready: alice's daemon `a`, and `b`, which knows it.
fn running_pair(consortium: &Consortium) -> [Daemon; 2] {
    let genesis = network_of("pair", 40_000.0, 250, consortium.listed(&["a", "b"]));
    let mut a = consortium.daemon("a", &genesis, "", RESTS);
    let mut b = consortium.daemon("b", &genesis, &bootstrap(&[&a]), RESTS);
    a.start();
    b.start();
    are_well([&a, &b]);
    [a, b]
}

fn are_well([a, b]: [&Daemon; 2]) {
    let met = || a.is_connected_to("b") && b.is_connected_to("a");
    until("both are well", || (met() && a.status().state.ready && b.status().state.ready).then_some(()));
}

/// A node that is down, its files, and a doctor for it.
struct Patient<'a> {
    consortium: &'a Consortium,
    daemon: &'a Daemon,
}

impl Patient<'_> {
    fn file(&self, name: &str) -> PathBuf {
        self.daemon.dir.join(name)
    }

    fn doctor(&self) -> Output {
        doctor(self.consortium, &self.daemon.config())
    }

    /// Changes a file, lets the doctor find that, and puts the file back.
    #[track_caller]
    fn with(&self, name: &str, change: impl FnOnce(&Path), expected: &[&str]) {
        let path = self.file(name);
        let (bytes, mode) = (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().permissions());
        change(&path);
        finds(&self.doctor(), expected);
        let _ = fs::remove_file(&path);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, mode).unwrap();
    }

    /// The same with other contents.
    #[track_caller]
    fn with_contents(&self, name: &str, contents: impl AsRef<[u8]>, expected: &[&str]) {
        self.with(name, |path| fs::write(path, contents).unwrap(), expected);
    }

    /// The same with another text in the configuration.
    #[track_caller]
    fn with_setting(&self, from: &str, to: &str, expected: &[&str]) {
        let text = fs::read_to_string(self.daemon.config()).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        self.with_contents("node.toml", text.replace(from, to), expected);
    }

    /// The same with another mode, of a file or a folder.
    #[track_caller]
    fn with_mode(&self, name: &str, mode: u32, expected: &[&str]) {
        let path = self.file(name);
        let before = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        finds(&self.doctor(), expected);
        fs::set_permissions(&path, before).unwrap();
    }

    /// A certificate for its own key, with these days from now.
    fn certificate(&self, from: i64, to: i64) -> String {
        let key = fs::read_to_string(self.file("b.key")).unwrap();
        let key = rcgen::KeyPair::from_pem(&key).unwrap().subject_public_key_info();
        let key = mkca::PublicKey::from_der(&key).unwrap();
        let now = OffsetDateTime::now_utc();
        let (from, to) = (now + Duration::days(from), now + Duration::days(to));
        let spec = CertificateSpec::node(&"b".parse().unwrap(), from, to);
        mkca::pem("CERTIFICATE", &self.consortium.authority.root().certify(&spec, &key).unwrap().der)
    }

    /// A list that revokes nobody, with these days from now.
    fn list(&self, from: i64, to: i64) -> String {
        let now = OffsetDateTime::now_utc();
        let (from, to) = (now + Duration::days(from), now + Duration::days(to));
        let list = self.consortium.authority.root().revocation_list(99, &[], from, to).unwrap();
        mkca::pem("X509 CRL", &list)
    }
}

#[test]
fn nothing_is_found_on_a_healthy_node_up_or_down_and_it_is_left_as_it_was() {
    let consortium = Consortium::new();
    let [mut a, mut b] = running_pair(&consortium);
    healthy(&doctor(&consortium, &a.config()));
    healthy(&doctor(&consortium, &b.config()));
    // Each was dialed back meanwhile, whoever had dialed, and nothing else has come of it.
    for (one, other) in [(&a, "b"), (&b, "a")] {
        let (status, text) = one.send("POST", "/v1/reach", true, b"");
        assert_eq!((status, text.contains("\"reach\":\"connected\"")), (200, true), "{text}");
        assert!(one.is_connected_to(other) && one.peer(other).unwrap().why.is_none());
        assert!(!one.log().contains("no connection"), "{}", one.log());
    }
    b.stop();
    let before = listing(&b.dir);
    healthy(&doctor(&consortium, &b.config()));
    assert_eq!(listing(&b.dir), before);
    // It starts as before.
    b.start();
    are_well([&a, &b]);
    let said = b.command(&["doctor"]);
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.lines().count() >= 16 && text.lines().all(|line| line.chars().count() <= 80), "{text}");
    a.stop();
    b.stop();
}

#[test]
fn a_node_that_was_never_started_is_healthy_too() {
    let consortium = Consortium::new();
    let a = consortium.member("a", "", RESTS);
    healthy(&doctor(&consortium, &a.config()));
    let patient = Patient { consortium: &consortium, daemon: &a };
    patient.with_contents("ca.crl", patient.list(-20, -10), &["revocations: identity.crl"]);
}

/// Names, modes and contents, but for the store's, which is opened.
fn listing(dir: &Path) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(listing(&path));
        } else {
            let is_store = path.extension().is_some_and(|end| end == "redb");
            let bytes = if is_store { Vec::new() } else { fs::read(&path).unwrap() };
            all.push((path.clone(), fs::metadata(&path).unwrap().permissions().mode(), bytes));
        }
    }
    all.sort();
    all
}

#[test]
fn what_is_wrong_with_the_files_of_a_node_that_is_down_is_found() {
    let consortium = Consortium::new();
    let [_a, mut b] = running_pair(&consortium);
    b.stop();
    let b = Patient { consortium: &consortium, daemon: &b };
    // The configuration.
    b.with_setting("[p2p]\n", "[p2p]\nnonsense = 1\n", &["configuration: p2p.nonsense"]);
    b.with_setting("[p2p]\n", "[p2p]\nblacklist = [\"b\"]\n", &["configuration: p2p.blacklist"]);
    // Certificate, CA and list.
    b.with_contents("b.crt", b.certificate(-20, -10), &["certificate: identity"]);
    b.with_contents("b.crt", b.certificate(-300, 20), &["certificate: identity.certificate"]);
    b.with_contents("b.key", KeyPair::generate().unwrap().pem(), &["certificate: identity"]);
    b.with_contents("ca.crt", fs::read(b.file("b.crt")).unwrap(), &["ca: identity"]);
    b.with_contents("ca.crl", "nothing", &["revocations: identity"]);
    // It has seen a list that holds for longer, and has kept it.
    b.with_contents("ca.crl", b.list(-20, -10), &[]);
    b.with_setting("crl = \"ca.crl\"\n", "", &["revocations: identity.crl"]);
    // Who may read and change the files.
    b.with_mode("b.key", 0o644, &["files: identity"]);
    b.with_mode("data/api.token", 0o640, &["files: api.token_file"]);
    b.with_mode("data", 0o777, &["files: folder"]);
    b.with_mode("b.member", 0o604, &["votes: identity.member_key"]);
    // The record of votes.
    b.with("b.votes", |path| fs::remove_file(path).unwrap(), &["votes: record"]);
    b.with_contents("b.votes", "half", &["votes: identity.member_key"]);
    b.with("b.member", |path| fs::remove_file(path).unwrap(), &["votes: identity.member_key"]);
    // The store.
    b.with_contents("data/chain.redb", [7; 4096], &["store: data_dir"]);
    b.with_contents("data/node.id", "carol\n", &["store: data_dir"]);
    healthy(&b.doctor());
}

#[test]
fn what_is_wrong_with_the_world_of_a_node_that_is_down_is_found() {
    let consortium = Consortium::new();
    let [mut a, mut b] = running_pair(&consortium);
    b.stop();
    let b = Patient { consortium: &consortium, daemon: &b };
    finds(&doctor_where(&consortium, &b.daemon.config(), "no"), &["clock: ntp"]);
    healthy(&doctor_where(&consortium, &b.daemon.config(), "nothing"));
    let at = a.at();
    b.with_setting(&at, "carol@gone.invalid:7000", &["names: p2p.bootstrap"]);
    let advertise = "[p2p]\nadvertise = \"gone.invalid:7000\"\n";
    b.with_setting("[p2p]\n", advertise, &["names: p2p.advertise"]);
    {
        let _busy = TcpListener::bind(b.daemon.p2p.address()).unwrap();
        finds(&b.doctor(), &["ports: p2p.listen"]);
    }
    // Others that hold what is this node's.
    let lock = |name: &str| {
        let lock = fs::File::open(b.file(name)).unwrap();
        lock.try_lock().unwrap();
        lock
    };
    let held = lock(".b.votes.lock");
    finds(&b.doctor(), &["votes: held"]);
    drop(held);
    let held = lock("data/lock");
    finds(&b.doctor(), &["node: api"]);
    drop(held);
    // Few open files.
    let shell = format!("ulimit -n 64 && exec \"$@\" --config {}", b.daemon.config().display());
    let mut limited = Command::new("/bin/sh");
    limited.env("PATH", system_says(&consortium, "yes"));
    limited.args(["-c", &shell, "sh", env!("CARGO_BIN_EXE_bouya"), "doctor", "--json"]);
    finds(&limited.output().unwrap(), &["open files: open-files"]);
    a.stop();
    finds(&b.doctor(), &["peers: p2p.bootstrap"]);
}

#[test]
fn what_is_wrong_with_a_node_that_runs_is_found() {
    let consortium = Consortium::new();
    let [mut a, mut b] = running_pair(&consortium);
    // A file that was spoiled since the start: what the node says is looked at all the same.
    let config = fs::read_to_string(b.config()).unwrap();
    fs::write(b.config(), config.replace("[p2p]\n", "[p2p]\nnonsense = 1\n")).unwrap();
    finds(&doctor(&consortium, &b.config()), &["configuration: p2p.nonsense"]);
    // Another node answers where this one should.
    let api = |node: &Daemon| format!("\"{}\"", node.api.address());
    fs::write(b.config(), config.replace(&api(&b), &api(&a))).unwrap();
    finds(&doctor(&consortium, &b.config()), &["node: api.listen"]);
    fs::write(b.config(), &config).unwrap();
    // An old list in its file, which nothing hangs on: it has a newer one.
    fs::write(b.dir.join("ca.crl"), Patient { consortium: &consortium, daemon: &b }.list(-20, -10)).unwrap();
    healthy(&doctor(&consortium, &b.config()));
    // Too few open files, and no record of its votes.
    b.stop();
    fs::rename(b.dir.join("b.votes"), b.dir.join("kept")).unwrap();
    b.start_limited("-n 200");
    until("it is silent", || (b.status().state.name == NodeState::Silent).then_some(()));
    until("they meet", || b.is_connected_to("a").then_some(()));
    finds(&doctor(&consortium, &b.config()), &["open files: open-files", "votes: silent"]);
    b.stop();
    fs::rename(b.dir.join("kept"), b.dir.join("b.votes")).unwrap();
    b.start();
    are_well([&a, &b]);
    // The other member goes: no quorum, nobody to talk to.
    a.stop();
    until("it is alone", || (b.status().state.name == NodeState::Alone).then_some(()));
    until("it has dialed in vain", || b.peer("a")?.why);
    finds(&doctor(&consortium, &b.config()), &["members: quorum", "peers: a", "peers: alone"]);
    // Its certificate is revoked.
    a.start();
    are_well([&a, &b]);
    consortium.authority.revoke(&"b".parse().unwrap(), mkca::Reason::default(), mkca::CRL_DAYS).unwrap();
    b.member.take(&consortium.authority.crl_path()).unwrap();
    until("it knows", || (b.status().state.name == NodeState::CertificateRevoked).then_some(()));
    let found = found(&doctor(&consortium, &b.config()));
    assert!(found.contains(&("certificate".to_owned(), "certificate-revoked".to_owned())), "{found:?}");
    assert!(found.contains(&("certificate".to_owned(), "identity".to_owned())), "{found:?}");
}

#[test]
fn a_peer_behind_a_closed_port_is_found_by_whom_it_dials() {
    let consortium = Consortium::new();
    let genesis = network_of("pair", 40_000.0, 250, consortium.listed(&["a", "b"]));
    let mut a = consortium.daemon("a", &genesis, "", RESTS);
    // Nothing listens where it says that it does.
    let closed = Port::reserve(Ipv4Addr::LOCALHOST).unwrap();
    let elsewhere = format!("{}\nadvertise = \"{}\"", bootstrap(&[&a]), closed.address());
    let mut b = consortium.daemon("b", &genesis, &elsewhere, RESTS);
    a.start();
    b.start();
    are_well([&a, &b]);
    finds(&doctor(&consortium, &a.config()), &["peers: b"]);
    // It learns it from the peer that dials it back.
    let output = doctor(&consortium, &b.config());
    finds(&output, &["ports: p2p.advertise"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("1 of 1 peer could not connect, a (nothing listens there)"), "{text}");
    // The other node is reached, and nobody was cut off or is blamed for any of it.
    assert!(
        b.is_connected_to("a") && a.peer("b").unwrap().why.is_none() && b.peer("a").unwrap().why.is_none()
    );
}

#[test]
fn a_clock_that_is_behind_the_newest_block_is_found_up_and_down() {
    let consortium = Consortium::new();
    let spec = NetworkSpec {
        created: Timestamp(wall().0 + 3_600_000),
        members: consortium.listed(&["a"]),
        ..consortium.genesis.spec.clone()
    };
    let mut a = consortium.daemon("a", &Genesis::new(spec).unwrap(), "", RESTS);
    a.start();
    until("it says so", || (a.status().state.name == NodeState::TipAhead).then_some(()));
    finds(&doctor(&consortium, &a.config()), &["clock: tip-ahead"]);
    a.stop();
    finds(&doctor(&consortium, &a.config()), &["clock: tip"]);
}

#[test]
fn a_miner_whose_key_is_no_members_and_a_wrong_path_are_told_apart() {
    let consortium = Consortium::new();
    let mut spec = consortium.genesis.spec.clone();
    spec.members = vec![member(1)];
    let mut a = consortium.daemon("a", &Genesis::new(spec).unwrap(), "", "when = \"always\"");
    finds(&doctor(&consortium, &a.config()), &["members: identity.member_key"]);
    a.start();
    until("it says so", || (a.status().state.name == NodeState::NotListed).then_some(()));
    let found = found(&doctor(&consortium, &a.config()));
    assert!(found.contains(&("members".to_owned(), "not-listed".to_owned())), "{found:?}");
    let missing = doctor(&consortium, &a.dir.join("nothing.toml"));
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("nothing.toml"), "{missing:?}");
}

//! A daemon and its open files.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use bouya_harness::process;

use super::attack::{self, loopback};
use super::daemon::{Consortium, Daemon, until};

fn open_files(daemon: &Daemon) -> usize {
    process::open_files(daemon.pid()).unwrap()
}

/// How many it may open: the soft limit.
fn most_open_files(daemon: &Daemon) -> u64 {
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.pid())).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.unwrap().split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_daemon_takes_the_open_files_that_it_needs_and_says_when_it_gets_too_few() {
    let consortium = Consortium::new();
    let mut alice = consortium.member("alice", "", "enabled = false");
    alice.start_limited("-S -n 64");
    // Peers, strangers, API clients and some.
    assert!(most_open_files(&alice) > 128 + 64 + 256);
    assert!(!alice.log().contains("too few open files"), "{}", alice.log());
    alice.stop();
    alice.start_limited("-n 64");
    assert!(alice.log().contains("too few open files") && alice.log().contains("LimitNOFILE"));
}

#[test]
fn a_daemon_without_open_files_left_takes_members_in_and_does_not_spin() {
    let consortium = Consortium::new();
    let mut alice = consortium.member("alice", "", "enabled = false");
    let began = Instant::now();
    alice.start_limited("-n 64");
    let before = open_files(&alice);
    let to = SocketAddr::from(([127, 0, 0, 1], alice.p2p));
    let from: Vec<IpAddr> = (0..50).map(loopback).collect();
    let silent = attack::silent(&from, 2, to);
    // The last one is used only for moments: each socket that gets none ends the oldest before it.
    until("all but the last are used", || (open_files(&alice) >= 62).then_some(()));

    // They are held all the time: the oldest of them make room.
    let mut bob = consortium.member("bob", &format!("bootstrap = [\"{}\"]", alice.at()), "enabled = false");
    bob.start();
    until("bob has joined", || bob.is_connected_to("alice").then_some(()));
    drop(silent);
    until("they are free again", || (open_files(&alice) <= before + 12).then_some(()));
    let exhausted = until("alice answers", || alice.metric("sockets_exhausted_total"));
    // One pause of 100 ms for each.
    let most = began.elapsed().as_millis() / 100;
    assert!(exhausted > 0 && u128::from(exhausted) <= most, "{exhausted} of {most}");
    assert!(alice.is_connected_to("bob"));
}

//! A daemon and the files that it may open.

use std::fs;
use std::net::IpAddr;
use std::time::Instant;

use super::attack::{self, loopback};
use super::daemon::{Consortium, Daemon, RESTS, bootstrap, until};

/// How many files it may have open: the soft limit.
fn most_open_files(daemon: &Daemon) -> u64 {
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.pid())).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.unwrap().split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_daemon_takes_the_open_files_that_it_needs_and_says_when_it_gets_too_few() {
    let consortium = Consortium::new();
    let mut alice = consortium.member("alice", "", RESTS);
    alice.start_limited("-S -n 64");
    // Enough for peers, strangers, clients of the API, and some more.
    assert!(most_open_files(&alice) > 128 + 64 + 256);
    assert!(!alice.log().contains("too few open files"), "{}", alice.log());
    alice.stop();
    alice.start_limited("-n 64");
    assert!(alice.log().contains("too few open files") && alice.log().contains("LimitNOFILE"));
}

#[test]
fn a_daemon_without_open_files_left_takes_members_in_and_does_not_spin() {
    let consortium = Consortium::new();
    let mut alice = consortium.member("alice", "", RESTS);
    let began = Instant::now();
    alice.start_limited("-n 64");
    let before = alice.open_files();
    let from: Vec<IpAddr> = (0..50).map(loopback).collect();
    let silent = attack::silent(&from, 2, alice.p2p.address());
    // The last one is used only for moments: a socket that gets no file ends the oldest one that waits.
    until("all but the last are used", || (alice.open_files() >= 62).then_some(()));

    // The silent sockets are held all the time: the oldest of them must make room.
    let mut bob = consortium.member("bob", &bootstrap(&[&alice]), RESTS);
    bob.start();
    until("bob has joined", || bob.is_connected_to("alice").then_some(()));
    drop(silent);
    until("they are free again", || (alice.open_files() <= before + 12).then_some(()));
    let exhausted = until("alice answers", || alice.metric("sockets_exhausted_total"));
    // After each failure the daemon pauses for 100 ms.
    let most = began.elapsed().as_millis() / 100;
    assert!(exhausted > 0 && u128::from(exhausted) <= most, "{exhausted} of {most}");
    // No cap was reached, so only the want of files has made them leave before their time.
    assert!(alice.metric("sockets_evicted_total") > Some(0));
    assert!(alice.is_connected_to("bob"));
}

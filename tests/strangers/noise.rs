//! Every kind of noise at the port.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use bouya_harness::process;

use super::attack::{self, Storm, loopback};
use super::daemon::{Consortium, Daemon, RESTS, bootstrap, until};

/// The memory that strangers may make a daemon use: 64 handshakes of at most 64 KiB each, and what the allocator keeps afterwards.
const MEMORY: u64 = 32 * 1024 * 1024;
/// Open files that come and go by themselves: clients of the API, files being read.
const FILES: usize = 12;
/// What all the noise may add to its log, in bytes.
const LOG: usize = 16 * 1024;

fn memory(daemon: &Daemon) -> u64 {
    process::memory(daemon.pid()).unwrap()
}

/// Bob, who knows only alice.
fn bob(consortium: &Consortium, alice: &Daemon) -> Daemon {
    consortium.member("bob", &bootstrap(&[alice]), RESTS)
}

fn alice(consortium: &Consortium) -> Daemon {
    let mut alice = consortium.member("alice", "", RESTS);
    alice.start();
    alice
}

/// Slows a strike down to some hundreds per second and thread: as fast as two busy cores can bear.
fn paced(strike: io::Result<()>) -> io::Result<()> {
    paced_by(Duration::from_millis(2), strike)
}

fn paced_by<T>(pause: Duration, strike: io::Result<T>) -> io::Result<T> {
    thread::sleep(pause); // pace
    strike
}

/// Every attack at once, from 300 addresses.
fn storms(to: SocketAddr) -> Vec<Storm> {
    let hello = attack::client_hello();
    let garbage = attack::garbage();
    let among = |first: u16, count: u64, thread: u16, round: u64| {
        loopback(first + u16::try_from((round + u64::from(thread) * 37) % count).unwrap())
    };
    vec![
        Storm::start(2, move |thread, round| {
            paced(attack::say_and_reset(among(0, 100, thread, round), to, &hello))
        }),
        Storm::start(1, move |thread, round| paced(attack::scan(among(100, 100, thread, round), to))),
        Storm::start(1, move |thread, round| {
            let (_, bytes) = &garbage[usize::try_from(round).unwrap() % garbage.len()];
            paced(attack::say_and_reset(among(200, 100, thread, round), to, bytes))
        }),
    ]
}

#[test]
fn a_member_joins_while_strangers_make_every_noise_and_nothing_of_it_stays() {
    let consortium = Consortium::new();
    let alice = alice(&consortium);
    let (files, before, log) = (alice.open_files(), memory(&alice), alice.log().len());
    let to = alice.p2p.address();
    let from: Vec<IpAddr> = (1_000..1_020).map(loopback).collect();
    let silent = attack::silent(&from, 10, to);
    assert_eq!(silent.len(), 200);
    let storms = storms(to);
    until("the noise is loud", || (storms.iter().map(Storm::tries).min()? > 100).then_some(()));

    let mut bob = bob(&consortium, &alice);
    bob.start();
    until("bob has joined", || alice.is_connected_to("bob").then_some(()));

    // The noise is as loud as it gets, so more of it would not change the figures.
    let high = memory(&alice);
    assert!(high < before + MEMORY, "{before} bytes before the noise, {high} during it");
    assert!(storms.into_iter().all(|storm| storm.stop() > 100));
    drop(silent);
    until("the sockets are gone", || (alice.open_files() <= files + FILES).then_some(()));
    let after = memory(&alice);
    assert!(after < before + MEMORY, "{before} bytes before the noise, {after} after it");
    let grown = alice.log().len() - log;
    assert!(grown < LOG, "{grown} bytes: {}", alice.log());
    for count in ["limited", "evicted", "refused"] {
        let found = alice.metric(&format!("sockets_{count}_total"));
        assert!(found.is_some_and(|found| found > 0), "{count}: {found:?}");
    }
    assert!(alice.is_connected_to("bob"), "{}", alice.log());
}

#[test]
fn silent_sockets_do_not_keep_out_a_member_who_shares_their_address() {
    let consortium = Consortium::new();
    let alice = alice(&consortium);
    let silent = attack::silent(&[Ipv4Addr::LOCALHOST.into()], 200, alice.p2p.address());
    assert!(!silent.is_empty());
    let mut bob = bob(&consortium, &alice);
    bob.start();
    until("bob has joined", || alice.is_connected_to("bob").then_some(()));
    drop(silent);
}

#[test]
fn whatever_a_stranger_says_or_dribbles_ends_with_the_socket() {
    let consortium = Consortium::new();
    let alice = alice(&consortium);
    let (to, began) = (alice.p2p.address(), Instant::now());
    let mut threads = Vec::new();
    for (n, (name, bytes)) in (0..).zip(attack::garbage()) {
        threads.push(thread::spawn(move || {
            let heard = attack::say(loopback(n), to, &bytes);
            // An alert, or a server's first flight of a handshake.
            assert!(heard.as_ref().is_ok_and(|heard| *heard < 2_048), "{name}: {heard:?}");
        }));
    }
    // One after the other, for some seconds.
    threads.push(thread::spawn(move || {
        for n in 0..16 {
            let _ = paced_by(Duration::from_millis(300), attack::say(loopback(200 + n), to, b"HELP\r\n"));
        }
    }));
    let give_up = Duration::from_secs(80);
    for n in 0..4 {
        threads.push(thread::spawn(move || {
            // All of it would take 100 s.
            let pause = Duration::from_millis(200);
            let lasted = attack::dribble(loopback(100 + n), to, &attack::client_hello(), pause, give_up);
            assert!(lasted.as_ref().is_ok_and(|lasted| *lasted < give_up), "{lasted:?}");
        }));
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let refused = alice.metric("sockets_refused_total");
    assert!(refused >= Some(20), "{refused:?}");
    let log = alice.log();
    // All of them together are told once a minute, and none by itself.
    let told: Vec<&str> = log.lines().filter(|line| line.contains("127.1.")).collect();
    assert!(told.len() as u64 <= 1 + began.elapsed().as_secs() / 60, "{told:#?}");
    assert!(told.iter().all(|line| line.contains("sockets turned away")), "{told:#?}");
    assert!(!log.contains("panicked"), "{log}");
    assert_eq!(alice.status().peers.connected, 0);
}

//! Attacks by hosts without a certificate, from other addresses of the loopback than the honest members'.

use std::net::IpAddr;
use std::time::Duration;

use super::measure::{Attack, Bench, Outcome, Row, WINDOW};
use super::members::{address, named};
use super::stranger::{self, Storm, loopback};

/// How long each of them lasts.
const LASTS: Duration = Duration::from_secs(6);

pub(crate) fn all() -> Vec<(String, Attack)> {
    vec![
        named("silent 200, one address", |bench, name| silent(bench, name, 1)),
        named("silent 200, 20 addresses", |bench, name| silent(bench, name, 20)),
        named("dribbled hello", dribble),
        named("replayed hello, one address", |bench, name| replay(bench, name, 1)),
        named("replayed hello, 200 addresses", |bench, name| replay(bench, name, 200)),
        named("garbage", garbage),
        named("port scan", |bench, name| {
            let to = address(bench);
            storm(bench, name, move |thread, round| stranger::scan(from(thread, round, 20), to))
        }),
    ]
}

/// One of so many addresses.
fn from(thread: u16, round: u64, addresses: u16) -> IpAddr {
    let at = u64::from(thread).wrapping_mul(7).wrapping_add(round) % u64::from(addresses);
    loopback(at as u16)
}

fn storm(
    bench: &mut Bench,
    name: &str,
    strike: impl Fn(u16, u64) -> std::io::Result<()> + Send + Sync + 'static,
) -> Row {
    bench.watch(name, move || {
        let storm = Storm::start(8, strike);
        std::thread::sleep(LASTS); // pace
        let tries = storm.stop();
        Outcome { cuts: vec![(None, format!("{tries} tries"))], ..Outcome::default() }
    })
}

/// 200 sockets at any time: who is turned away comes again.
fn silent(bench: &mut Bench, name: &str, addresses: u16) -> Row {
    let to = address(bench);
    bench.watch(name, move || {
        let from: Vec<IpAddr> = (0..addresses).map(loopback).collect();
        let began = std::time::Instant::now();
        let mut tries = 0;
        while began.elapsed() < LASTS {
            let held = stranger::silent(&from, 200 / usize::from(addresses), to);
            tries += held.len();
            std::thread::sleep(WINDOW / 4); // pace
        }
        Outcome { cuts: vec![(None, format!("{tries} sockets"))], ..Outcome::default() }
    })
}

fn dribble(bench: &mut Bench, name: &str) -> Row {
    let (to, hello) = (address(bench), stranger::client_hello());
    bench.watch(name, move || {
        let began = std::time::Instant::now();
        let threads: Vec<_> = (0..64_u16)
            .map(|n| {
                let hello = hello.clone();
                std::thread::spawn(move || {
                    let pause = Duration::from_millis(50);
                    stranger::dribble(loopback(n % 20), to, &hello, pause, 2 * LASTS)
                })
            })
            .collect();
        let cut = |ended: std::thread::Result<std::io::Result<Duration>>| match ended.unwrap() {
            Ok(after) => (Some(after), "closed".to_owned()),
            Err(error) => (Some(began.elapsed()), error.kind().to_string()),
        };
        let cuts = threads.into_iter().map(|thread| cut(thread.join())).collect();
        Outcome { cuts, ..Outcome::default() }
    })
}

fn replay(bench: &mut Bench, name: &str, addresses: u16) -> Row {
    let (to, hello) = (address(bench), stranger::client_hello());
    storm(bench, name, move |thread, round| {
        stranger::say_and_reset(from(thread, round, addresses), to, &hello)
    })
}

fn garbage(bench: &mut Bench, name: &str) -> Row {
    let (to, garbage) = (address(bench), stranger::garbage());
    storm(bench, name, move |thread, round| {
        let (_, bytes) = &garbage[round as usize % garbage.len()];
        stranger::say_and_reset(from(thread, round, 20), to, bytes)
    })
}

//! A daemon works with any of its parts switched off.

use std::fs;
use std::net::SocketAddr;

use super::daemon::{Consortium, Daemon, RESTS, until};

/// Switches off what listens at this address.
fn switch_off(daemon: &Daemon, address: SocketAddr) {
    let text = fs::read_to_string(daemon.config()).unwrap();
    let off = text.replace(&format!("listen = \"{address}\""), "listen = \"off\"");
    assert_ne!(text, off);
    fs::write(daemon.config(), off).unwrap();
}

#[test]
fn every_combination_of_what_can_be_off_runs_and_stops_cleanly() {
    let consortium = Consortium::new();
    let mut daemons = Vec::new();
    for (bits, id) in ('a'..='h').enumerate() {
        let [api, p2p, miner] = [1, 2, 4].map(|bit| bits & bit != 0);
        let mines = if miner { "when = \"always\"\nshare = 0.1" } else { RESTS };
        let mut daemon =
            consortium.member(&id.to_string(), "", &format!("{mines}\n[log]\nlevel = \"debug\""));
        for (on, address) in [(api, daemon.api.address()), (p2p, daemon.p2p.address())] {
            if !on {
                switch_off(&daemon, address);
            }
        }
        daemon.spawn();
        daemons.push((daemon, [api, p2p, miner]));
    }
    for (daemon, [api, p2p, miner]) in &mut daemons {
        let what = format!("{} works (api {api}, p2p {p2p}, miner {miner})", daemon.id);
        until(&what, || {
            daemon.check().unwrap();
            let works = match (*api, *miner) {
                (true, false) => daemon.answers().unwrap(),
                (true, true) => daemon.height() > 1,
                (false, true) => daemon.log().contains("mined"),
                (false, false) => daemon.log().contains("starts"),
            };
            works.then_some(())
        });
    }
    for (daemon, _) in &mut daemons {
        daemon.stop();
    }
}

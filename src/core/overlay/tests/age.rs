//! Connections of age: replaced without a gap, or closed.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;

use super::world::{World, id, settings};
use crate::crypto::Hash;
use crate::ledger::Transaction;
use crate::limits::{CONNECTION_AGE, CONNECTION_AGE_JITTER, CONNECTION_AGE_LIMIT};
use crate::overlay::{Input, NetworkEvent, Offer, OverlaySettings, PeerStatus};
use crate::testing::{genesis, pay};

const AGE: u64 = CONNECTION_AGE.as_secs() * 1000;
const JITTER: u64 = CONNECTION_AGE_JITTER.as_secs() * 1000;
const LIMIT: u64 = CONNECTION_AGE_LIMIT.as_secs() * 1000;

fn transaction(nonce: u64) -> Transaction {
    pay(&genesis(), 1, nonce, 2, 1, 1)
}

/// Two nodes; `dialer` knows the other.
fn pair(dialer: &str, seeds: (u64, u64), delays: &[u64]) -> World {
    let of = |name: &str, other: &'static str, seed| {
        let known: &[&str] = if name == dialer { &[other] } else { &[] };
        // Nobody but the dialer may dial: the direction is the test's choice.
        let advertise = if name == dialer { None } else { settings(name, &[]).advertise };
        OverlaySettings { seed, advertise, ..settings(name, known) }
    };
    let mut world = World::new(vec![of("a", "b", seeds.0), of("b", "a", seeds.1)]);
    world.delays = delays.to_vec();
    world
}

fn run_until(world: &mut World, ms: u64) {
    world.run_for(Duration::from_millis(ms.saturating_sub(world.now)));
}

fn downs(world: &World) -> Vec<&NetworkEvent> {
    let events = world.notes.iter().map(|(_, event)| event);
    events.filter(|event| !matches!(event, NetworkEvent::PeerUp { .. } | NetworkEvent::Synced)).collect()
}

fn is_connected(world: &World) -> bool {
    world.status("a", "b") == Some(PeerStatus::Connected)
        && world.status("b", "a") == Some(PeerStatus::Connected)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_connection_is_replaced_at_its_age_without_a_gap_or_a_lost_message(
        dialer in prop_oneof![Just("a"), Just("b")],
        seeds in any::<(u64, u64)>(),
        delays in prop::collection::vec(0_u64..400, 1..12),
        pace in 3_u64..60,
    ) {
        // The same run twice: first to learn when it happens, then to look closely.
        let mut world = pair(dialer, seeds, &delays);
        run_until(&mut world, AGE - JITTER - 1_000);
        while world.dials.len() < 2 {
            prop_assert!(world.now < LIMIT, "it was never dialed again");
            world.run_for(Duration::from_secs(600));
        }
        let renewed = world.dials[1].0;
        prop_assert!((AGE - JITTER..=AGE + JITTER + 5_000).contains(&renewed), "{}", renewed);

        let mut world = pair(dialer, seeds, &delays);
        run_until(&mut world, renewed - 500);
        let before = world.links("a", "b");
        let mut offered = [BTreeSet::new(), BTreeSet::new()];
        let mut nonce = 0;
        while world.now < renewed + 9_000 {
            for (from, offered) in ["a", "b"].into_iter().zip(&mut offered) {
                let next = transaction(nonce);
                nonce += 1;
                offered.insert(next.id());
                world.input(from, Input::Offer(Offer::Transactions { own: vec![next], relayed: vec![] }));
            }
            world.run_for(Duration::from_millis(pace));
            prop_assert!(is_connected(&world));
        }
        world.run_for(Duration::from_secs(5));
        let got = |by: &str| -> BTreeSet<Hash> {
            world.submitted.iter().filter(|(who, _)| *who == id(by)).map(|(_, tx)| *tx).collect()
        };
        for (by, offered) in [("b", &offered[0]), ("a", &offered[1])] {
            let lost = offered.difference(&got(by)).count();
            prop_assert_eq!(lost, 0, "of {} for {}", offered.len(), by);
        }
        prop_assert_eq!(downs(&world), Vec::<&NetworkEvent>::new(), "nobody was ever without the other");
        prop_assert_eq!(world.links("a", "b").len(), 1);
        prop_assert_eq!(world.links("b", "a").len(), 1);
        prop_assert_ne!(world.links("a", "b"), before);
        prop_assert_eq!(world.dials.len(), 2);
    }
}

#[test]
fn a_connection_that_cannot_be_renewed_is_closed_at_the_limit() {
    for dialer in ["a", "b"] {
        let mut world = pair(dialer, (1, 2), &[10]);
        world.run_for(Duration::from_secs(60));
        let other = if dialer == "a" { "b" } else { "a" };
        world.unreachable.push((id(dialer), id(other)));
        run_until(&mut world, LIMIT - 60_000);
        assert!(is_connected(&world), "it is kept as long as it may be");
        let tries = world.dials.len();
        assert!((4..40).contains(&tries), "tried again, and seldom: {tries}");
        run_until(&mut world, LIMIT + 60_000);
        assert!(!is_connected(&world));
        let whys: Vec<String> = ["a", "b"].iter().flat_map(|name| world.whys(name)).collect();
        assert!(whys.iter().any(|why| why.contains("too old")), "{whys:?}");
        world.unreachable.clear();
        world.run_for(Duration::from_secs(61));
        assert!(is_connected(&world), "no certificate was refused: it comes back as after any loss");
    }
}

#[test]
fn a_renewal_that_breaks_midway_leaves_the_old_connection_in_use() {
    let mut world = pair("a", (1, 2), &[10]);
    run_until(&mut world, LIMIT);
    let renewed = world.dials[1].0;
    // Hello, ping, last ping, pong: each step of the handover is cut short once.
    for step in [20, 30, 40, 50, 60, 70] {
        let mut world = pair("a", (1, 2), &[10]);
        run_until(&mut world, renewed);
        let old = world.links("a", "b");
        run_until(&mut world, renewed + step);
        for new in world.links("a", "b").into_iter().filter(|conn| !old.contains(conn)) {
            world.cut(new);
        }
        world.run_for(Duration::from_secs(5));
        assert!(is_connected(&world), "{step}");
        world.run_for(Duration::from_secs(700));
        assert!(is_connected(&world), "{step}");
        assert_eq!(world.links("a", "b").len(), 1, "{step}");
        assert!(world.links("a", "b") != old, "{step}: it was tried again");
        let one = transaction(0);
        world.input("b", Input::Offer(Offer::Transactions { own: vec![one.clone()], relayed: vec![] }));
        world.run_for(Duration::from_secs(1));
        assert!(world.submitted.contains(&(id("a"), one.id())), "{step}");
    }
}

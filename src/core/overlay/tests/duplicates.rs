//! Two connections of one id, one step at a time.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;

use super::alone::{Alone, dials, reason};
use super::world::{World, hello, id, settings, verified};
use crate::codec::Bounded;
use crate::crypto::Hash;
use crate::overlay::{
    Answer, CloseReason, Command, ConnId, Input, NetworkEvent, Output, OverlaySettings, Request,
    SessionSecret, StoreRequest, Verified,
};
use crate::wire::{GoodbyeReason, Hello, Message};

/// Node "m" with a connection each way to `peer`: (in, out). `in_first`: whose hello comes first.
fn crossed(peer: &str, in_first: bool) -> (Alone, ConnId, ConnId) {
    let mut node = Alone::new(settings("m", &[peer]));
    let (_, endpoint) = dials(&node.pass(Duration::from_millis(300)))[0].clone();
    let (inward, _) = node.accept(peer);
    let outward = ConnId(1_000);
    node.give(Input::Dialed { conn: outward, peer: verified(peer), endpoint });
    let order = if in_first { [inward, outward] } else { [outward, inward] };
    for conn in order {
        let out = node.give(Input::Hello { conn, hello: hello(peer) });
        assert_eq!(closed(&out), [], "nothing is decided by hellos alone");
        assert!(
            out.iter()
                .any(|o| matches!(o, Output::Send { conn: to, message: Message::Ping(_) } if *to == conn))
        );
    }
    (node, inward, outward)
}

fn closed(outputs: &[Output]) -> Vec<ConnId> {
    let close = |output: &Output| match output {
        Output::Close { conn, .. } => Some(*conn),
        _ => None,
    };
    outputs.iter().filter_map(close).collect()
}

/// Over which connection the session of `session` sends.
fn carrier(node: &mut Alone, session: ConnId) -> Option<ConnId> {
    let out = node.give(Input::Answer(Answer::Block { conn: session, id: Hash::ZERO, block: None }));
    let conn = out.iter().find_map(|output| match output {
        Output::Send { conn, message: Message::NotFound(_) } => Some(*conn),
        _ => None,
    });
    assert_eq!(node.overlay.connection_of(session), conn);
    conn
}

fn is_down(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Event(NetworkEvent::PeerDown { .. })))
}

fn is_twin(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Event(NetworkEvent::DuplicateIdentity(_))))
}

#[test]
fn the_smaller_id_closes_the_loser_once_the_winner_has_spoken() {
    for in_first in [true, false] {
        let (mut node, inward, outward) = crossed("z", in_first);
        let session = if in_first { inward } else { outward };
        assert_eq!(carrier(&mut node, session), Some(session));
        assert_eq!(closed(&node.say(inward, Message::Ping(1))), []);
        let out = node.say(outward, Message::Ping(2));
        assert_eq!((closed(&out), reason(&out)), (Vec::from([inward]), Some(GoodbyeReason::Duplicate)));
        assert!(!is_down(&out) && !is_twin(&out));
        assert_eq!(carrier(&mut node, session), Some(outward), "the session goes on");
        let out = node.give(Input::Closed { conn: inward, why: CloseReason::Asked });
        assert!(out.is_empty() && node.overlay.connected() == 1);
    }
}

#[test]
fn the_larger_id_uses_the_winner_and_closes_nothing() {
    for in_first in [true, false] {
        let (mut node, inward, outward) = crossed("a", in_first);
        let session = if in_first { inward } else { outward };
        assert_eq!(carrier(&mut node, session), Some(inward));
        for conn in [inward, outward, inward] {
            assert_eq!(closed(&node.say(conn, Message::Ping(1))), []);
        }
        // What comes on the loser still counts, for the same session.
        let out = node.say(outward, Message::GetBlocks(Bounded::truncated([Hash::ZERO])));
        assert!(
            matches!(out[..], [Output::Ask(Request::Store(StoreRequest::Block { conn, .. }))] if conn == session)
        );
        // The winner breaks before the smaller id has closed the loser.
        let out = node.give(Input::Closed { conn: inward, why: CloseReason::Lost(String::new()) });
        assert!(!is_down(&out));
        assert_eq!(carrier(&mut node, session), Some(outward));
    }
}

#[test]
fn a_reconnect_replaces_a_dead_connection_and_loses_nothing() {
    let mut node = Alone::new(settings("m", &[]));
    let (old, _) = node.connect("b");
    let (new, out) = node.connect("b");
    assert!(matches!(out[..], [Output::Send { conn, message: Message::Ping(_) }] if conn == old));
    assert!(node.say(new, Message::GetBlocks(Bounded::truncated([Hash::ZERO]))).is_empty(), "kept for later");
    let (third, out) = node.connect("b");
    assert_eq!((closed(&out), reason(&out)), (Vec::from([third]), Some(GoodbyeReason::Duplicate)));
    assert_eq!(closed(&node.pass(Duration::from_millis(1_999))), []);
    let out = node.pass(Duration::from_millis(1));
    assert_eq!((closed(&out), is_twin(&out)), (Vec::from([old]), false));
    assert!(
        out.iter().any(
            |o| matches!(o, Output::Ask(Request::Store(StoreRequest::Block { conn, .. })) if *conn == new)
        )
    );
    assert_eq!(node.overlay.connected(), 1);
}

#[test]
fn a_twin_is_told_by_the_older_connections_answer() {
    let mut node = Alone::new(settings("m", &[]));
    let (old, out) = node.connect("b");
    let (new, _) = node.connect_as("b", Hello { instance: "twin".into(), ..hello("b") });
    assert_eq!(node.overlay.connected(), 1, "a new instance is a restart: it stays");
    assert!(node.say(old, Message::Ping(1)).is_empty() && !is_down(&out));
    node.give(Input::Closed { conn: old, why: CloseReason::Asked });
    let (back, out) = node.connect("b");
    let asked = out.iter().find_map(|output| match output {
        Output::Send { conn, message: Message::Ping(nonce) } if *conn == new => Some(*nonce),
        _ => None,
    });
    assert_eq!(closed(&node.say(new, Message::Pong(asked.unwrap() ^ 1))), [], "not the answer");
    let out = node.say(new, Message::Pong(asked.unwrap()));
    assert_eq!((closed(&out), reason(&out)), (Vec::from([back]), Some(GoodbyeReason::Duplicate)));
    assert!(
        out.iter()
            .any(|o| matches!(o, Output::Event(NetworkEvent::DuplicateIdentity(twin)) if *twin == id("b")))
    );
    assert!(!is_down(&out) && node.overlay.connected() == 1);
}

/// Answers every ping at once, as living connections do, but for those in `dead`.
fn answer_pings(node: &mut Alone, outputs: Vec<Output>, dead: &[ConnId]) -> Vec<Output> {
    let (mut todo, mut all) = (outputs, Vec::new());
    while !todo.is_empty() {
        let pings: Vec<_> = todo
            .iter()
            .filter_map(|output| match output {
                Output::Send { conn, message: Message::Ping(nonce) } => Some((*conn, *nonce)),
                _ => None,
            })
            .filter(|(conn, _)| !dead.contains(conn))
            .collect();
        all.extend(todo);
        todo = pings.into_iter().flat_map(|(conn, nonce)| node.say(conn, Message::Pong(nonce))).collect();
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Both machines run, and one of them starts anew all the time or lies about it.
    #[test]
    fn two_machines_with_one_certificate_swap_places_at_most_once_a_minute(
        steps in prop::collection::vec((0_u64..20_000, any::<bool>(), 0_u8..6), 2..60),
    ) {
        let mut node = Alone::new(settings("m", &[]));
        let (mut swaps, mut alarms, mut open) = (Vec::new(), 0, Vec::new());
        for (count, (wait, fresh, instance)) in steps.into_iter().enumerate() {
            let instance = if fresh { std::format!("fresh {count}") } else { std::format!("{instance}") };
            let (conn, out) = node.connect_as("b", Hello { instance, ..hello("b") });
            open.push(conn);
            let mut out = answer_pings(&mut node, out, &[]);
            let later = node.pass(Duration::from_millis(wait));
            out.extend(answer_pings(&mut node, later, &[]));
            for gone in closed(&out) {
                open.retain(|conn| *conn != gone);
                out.extend(node.give(Input::Closed { conn: gone, why: CloseReason::Asked }));
            }
            let ups = out.iter().filter(|o| matches!(o, Output::Event(NetworkEvent::PeerUp { .. }))).count();
            swaps.extend((0..ups).map(|_| node.now));
            alarms += usize::from(is_twin(&out));
            prop_assert_eq!((node.overlay.connected(), open.len()), (1, 1), "one each, always");
            // Whoever did not get in was noticed.
            prop_assert_eq!(ups + usize::from(is_twin(&out)), 1);
        }
        for pair in swaps.get(1..).unwrap_or_default().windows(2) {
            // The waits of a step end after the swap in it.
            prop_assert!(pair[1] + 20_000 >= pair[0] + 60_000, "{:?} {}", swaps, alarms);
        }
    }
}

#[test]
fn a_copy_of_a_running_machine_is_told_by_the_connection_that_it_does_not_close() {
    let mut node = Alone::new(settings("m", &[]));
    let (old, _) = node.connect("b");
    for _ in 0..13 * 120 {
        node.say(old, Message::Ping(1));
        node.pass(Duration::from_secs(30));
    }
    let (new, out) = node.connect("b");
    assert!(closed(&out).is_empty() && !is_twin(&out), "it looks like a renewal");
    assert_eq!(carrier(&mut node, old), Some(new));
    let mut out = Vec::new();
    for _ in 0..10 {
        node.say(old, Message::Ping(1));
        node.say(new, Message::Ping(1));
        out.extend(node.pass(Duration::from_secs(10)));
    }
    assert!(is_twin(&out) && !is_down(&out));
    assert_eq!(closed(&out), [old]);
}

#[test]
fn a_known_id_with_another_key_is_told_once_and_after_a_restart_too() {
    let told = |world: &World| {
        let changed = |event: &&NetworkEvent| matches!(event, NetworkEvent::KeyChanged { id: who, .. } if *who == id("b"));
        world.noted("a").into_iter().filter(changed).count()
    };
    let mut world = World::new([settings("a", &["b"]), settings("b", &[])].into());
    world.run_for(Duration::from_secs(90));
    let again = |world: &mut World, key: u8| {
        world.kill("b");
        world.keys.insert(id("b"), Hash([key; 32]));
        world.add(OverlaySettings { instance: std::format!("at {}", world.now), ..settings("b", &["a"]) });
        world.run_for(Duration::from_secs(90));
        assert_eq!(world.overlay("a").connected(), 1);
    };
    assert_eq!(told(&world), 0, "the first key is taken on trust");
    again(&mut world, 7);
    assert_eq!(told(&world), 1);
    again(&mut world, 7);
    assert_eq!(told(&world), 1, "known by now");
    world.command("a", Command::Shutdown);
    let bytes = crate::codec::encode(&world.books[&id("a")]);
    for (key, count) in [(7, 0), (8, 1)] {
        let book = crate::codec::decode(&bytes, "book").unwrap();
        let a = OverlaySettings { book, ..settings("a", &["b"]) };
        let mut world = World::new([a, settings("b", &[])].into());
        world.keys.insert(id("b"), Hash([key; 32]));
        world.run_for(Duration::from_secs(5));
        assert_eq!(told(&world), count, "key {key}");
    }
}

#[test]
fn a_banned_ids_attempts_are_counted_and_told_once_a_minute() {
    let mut node = Alone::new(settings("m", &[]));
    node.give(Input::Command(Command::Blacklist(id("b"))));
    let told = |outputs: Vec<Output>| -> Vec<String> {
        let why = |output| match output {
            Output::Event(NetworkEvent::PeerRefused { why, .. }) => Some(why),
            _ => None,
        };
        outputs.into_iter().filter_map(why).collect()
    };
    assert_eq!(told(node.accept("b").1), ["turned away 1 times: blacklisted by the operator"]);
    for _ in 0..100 {
        assert_eq!(told(node.accept("b").1), [""; 0]);
    }
    node.pass(Duration::from_secs(60));
    assert_eq!(told(node.accept("b").1), ["turned away 101 times: blacklisted by the operator"]);
}

#[test]
fn nothing_shows_a_sessions_secret() {
    let peer = Verified { session: SessionSecret([0xab; 32]), ..verified("b") };
    assert!(!std::format!("{peer:?}").contains("171"));
    let mut node = Alone::new(settings("m", &[]));
    node.give(Input::Accepted { conn: ConnId(1), peer, address: [10, 0, 0, 1].into() });
    node.give(Input::Hello { conn: ConnId(1), hello: hello("b") });
    let shown = std::format!("{:?}", node.overlay);
    assert!(shown.contains("SessionSecret") && !shown.contains("171, 171"));
}

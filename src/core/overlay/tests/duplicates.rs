//! Two connections of one id, one step at a time.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::alone::{Alone, dials, reason};
use super::world::{hello, id, settings, verified};
use crate::codec::Bounded;
use crate::crypto::Hash;
use crate::overlay::{Answer, CloseReason, ConnId, Event, Input, Output, Query};
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
fn wire(node: &mut Alone, session: ConnId) -> Option<ConnId> {
    let out = node.give(Input::Answer(Answer::Block { conn: session, id: Hash::ZERO, block: None }));
    out.iter().find_map(|output| match output {
        Output::Send { conn, message: Message::NotFound(_) } => Some(*conn),
        _ => None,
    })
}

fn is_down(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Note(Event::PeerDown { .. })))
}

fn is_twin(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Note(Event::DuplicateIdentity(_))))
}

#[test]
fn the_smaller_id_closes_the_loser_once_the_winner_has_spoken() {
    for in_first in [true, false] {
        let (mut node, inward, outward) = crossed("z", in_first);
        let session = if in_first { inward } else { outward };
        assert_eq!(wire(&mut node, session), Some(session));
        assert_eq!(closed(&node.say(inward, Message::Ping(1))), []);
        let out = node.say(outward, Message::Ping(2));
        assert_eq!((closed(&out), reason(&out)), (Vec::from([inward]), Some(GoodbyeReason::Duplicate)));
        assert!(!is_down(&out) && !is_twin(&out));
        assert_eq!(wire(&mut node, session), Some(outward), "the session goes on");
        let out = node.give(Input::Closed { conn: inward, why: CloseReason::Asked });
        assert!(out.is_empty() && node.overlay.connected() == 1);
    }
}

#[test]
fn the_larger_id_uses_the_winner_and_closes_nothing() {
    for in_first in [true, false] {
        let (mut node, inward, outward) = crossed("a", in_first);
        let session = if in_first { inward } else { outward };
        assert_eq!(wire(&mut node, session), Some(inward));
        for conn in [inward, outward, inward] {
            assert_eq!(closed(&node.say(conn, Message::Ping(1))), []);
        }
        // What comes on the loser still counts, for the same session.
        let out = node.say(outward, Message::GetBlocks(Bounded::truncated([Hash::ZERO])));
        assert!(matches!(out[..], [Output::Ask(Query::Block { conn, .. })] if conn == session));
        // The winner breaks before the smaller id has closed the loser.
        let out = node.give(Input::Closed { conn: inward, why: CloseReason::Lost(String::new()) });
        assert!(!is_down(&out));
        assert_eq!(wire(&mut node, session), Some(outward));
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
    assert!(out.iter().any(|o| matches!(o, Output::Ask(Query::Block { conn, .. }) if *conn == new)));
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
        out.iter().any(|o| matches!(o, Output::Note(Event::DuplicateIdentity(twin)) if *twin == id("b")))
    );
    assert!(!is_down(&out) && node.overlay.connected() == 1);
}

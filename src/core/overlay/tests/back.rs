//! Dialing back: a node learns from its peers whether they reach it.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

use super::alone::Alone;
use super::world::{World, endpoint, hello, id, settings};
use crate::id::NodeId;
use crate::limits::DIALS_BACK;
use crate::overlay::{ConnId, Input, Output, OverlaySettings, PeerReach, PeerStatus};
use crate::wire::{BACK_FEATURE, DialOutcome, Endpoint, Hello, Message};

/// "a" has dialed "b", and both are at rest.
fn pair(b: OverlaySettings) -> World {
    let mut world = World::new(Vec::from([settings("a", &["b"]), b]));
    world.run_for(Duration::from_secs(20));
    assert_eq!(world.status("a", "b"), Some(PeerStatus::Connected));
    world
}

/// What "a" hears from "b" when its operator asks.
fn asked(world: &mut World) -> PeerReach {
    world.input("a", Input::AskBack);
    world.run_for(Duration::from_secs(1));
    let told = world.overlay("a").reach();
    assert_eq!(told.len(), 1);
    told[0].1
}

#[test]
fn a_peer_that_reaches_this_node_says_so_and_nothing_else_comes_of_it() {
    let mut world = pair(settings("b", &[]));
    let (dials, notes, link) = (world.dials.len(), world.notes.len(), world.links("a", "b"));
    assert_eq!(world.overlay("a").reach(), [(id("b"), PeerReach::Waiting)]);
    assert_eq!(asked(&mut world), PeerReach::Told(DialOutcome::Connected));
    world.run_for(Duration::from_secs(120));
    assert_eq!(
        (world.dials.len(), world.notes.len()),
        (dials, notes),
        "no dial of the usual kind, no report"
    );
    assert_eq!(world.links("a", "b"), link);
    assert_eq!((link.len(), world.view("a", "b").unwrap().why), (1, None));
}

#[test]
fn a_peer_says_what_keeps_it_from_reaching_this_node() {
    let mut world = pair(settings("b", &[]));
    world.unreachable.push((id("b"), id("a")));
    assert_eq!(asked(&mut world), PeerReach::Told(DialOutcome::NoAnswer));
    // It is told once a minute: until then the answer stands.
    world.unreachable.clear();
    assert_eq!(asked(&mut world), PeerReach::Told(DialOutcome::NoAnswer));
    world.run_for(Duration::from_secs(60));
    assert_eq!(asked(&mut world), PeerReach::Told(DialOutcome::Connected));
    assert!(world.whys("a").is_empty() && world.whys("b").is_empty());
}

#[test]
fn who_only_dials_cannot_tell_and_does_not_ask() {
    let mut world = pair(settings("b", &[]));
    world.input("b", Input::AskBack);
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.overlay("b").reach(), [(id("a"), PeerReach::Told(DialOutcome::Connected))]);
    let listens = settings("b", &[]);
    let mut world =
        World::new(Vec::from([listens, OverlaySettings { advertise: None, ..settings("c", &["b"]) }]));
    world.run_for(Duration::from_secs(20));
    for name in ["b", "c"] {
        world.input(name, Input::AskBack);
    }
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.overlay("b").reach(), [(id("c"), PeerReach::Told(DialOutcome::Cannot))]);
    assert_eq!(world.overlay("c").reach(), [(id("b"), PeerReach::Told(DialOutcome::Cannot))]);
}

/// Node "m", and a connected peer that dials back and listens at its own address.
fn connected(node: &mut Alone, name: &str) -> ConnId {
    node.connect_as(name, Hello { features: Vec::from([BACK_FEATURE.to_string()]), ..hello(name) }).0
}

fn backs(outputs: &[Output]) -> Vec<(ConnId, NodeId, Endpoint)> {
    let back = |output: &Output| match output {
        Output::DialBack { session, id, endpoint, .. } => Some((*session, id.clone(), endpoint.clone())),
        _ => None,
    };
    outputs.iter().filter_map(back).collect()
}

fn answer(outputs: &[Output]) -> Option<DialOutcome> {
    outputs.iter().find_map(|output| match output {
        Output::Send { message: Message::DialedBack(outcome), .. } => Some(*outcome),
        _ => None,
    })
}

#[test]
fn a_peer_is_dialed_where_its_hello_says_and_nowhere_else_and_once_a_minute() {
    let mut node = Alone::new(settings("m", &[]));
    let bob = connected(&mut node, "bob");
    assert_eq!(backs(&node.say(bob, Message::DialBack)), [(bob, id("bob"), endpoint("bob"))]);
    let out = node.give(Input::DialedBack { session: bob, outcome: DialOutcome::Stranger });
    assert_eq!(answer(&out), Some(DialOutcome::Stranger));
    node.now += 59_000;
    assert_eq!(answer(&node.say(bob, Message::DialBack)), Some(DialOutcome::Later));
    node.now += 1_000;
    assert_eq!(backs(&node.say(bob, Message::DialBack)).len(), 1);
    // Neither this node's own address nor this machine's.
    for listen in [None, Some(endpoint("m")), "127.0.0.1:22".parse().ok()] {
        let (eve, _) = node.connect_as("eve", Hello { listen, ..hello("eve") });
        let out = node.say(eve, Message::DialBack);
        assert_eq!((backs(&out).len(), answer(&out)), (0, Some(DialOutcome::Cannot)));
        node.give(Input::Closed { conn: eve, why: crate::overlay::CloseReason::Asked });
    }
    assert_eq!(node.status("bob"), Some(PeerStatus::Connected));
}

#[test]
fn few_peers_are_dialed_back_at_once() {
    let mut node = Alone::new(settings("m", &[]));
    let all: Vec<_> = (0..=DIALS_BACK).map(|n| connected(&mut node, &std::format!("p{n}"))).collect();
    let outputs: Vec<_> = all.iter().map(|conn| node.say(*conn, Message::DialBack)).collect();
    let (last, first) = outputs.split_last().unwrap();
    assert!(first.iter().all(|out| backs(out).len() == 1));
    assert_eq!(answer(last), Some(DialOutcome::Later));
    // A place is free again, and this peer was not dialed yet. The first has gone meanwhile.
    node.give(Input::Closed { conn: all[0], why: crate::overlay::CloseReason::Asked });
    let out = node.give(Input::DialedBack { session: all[0], outcome: DialOutcome::Connected });
    assert_eq!(answer(&out), None);
    assert_eq!(backs(&node.say(all[DIALS_BACK], Message::DialBack)).len(), 1);
}

#[test]
fn an_answer_that_was_not_asked_for_is_a_fault_and_older_software_is_not_asked() {
    let mut node = Alone::new(settings("m", &[]));
    let (old, _) = node.connect("old");
    let bob = connected(&mut node, "bob");
    let is_question = |output: &Output| matches!(output, Output::Send { message: Message::DialBack, .. });
    assert_eq!(node.give(Input::AskBack).iter().filter(|output| is_question(output)).count(), 1);
    node.say(bob, Message::DialedBack(DialOutcome::Connected));
    let expected = [(id("bob"), PeerReach::Told(DialOutcome::Connected)), (id("old"), PeerReach::Unable)];
    assert_eq!(node.overlay.reach(), expected);
    for _ in 0..50 {
        node.say(old, Message::DialedBack(DialOutcome::Connected));
    }
    assert_eq!(node.status("old"), Some(PeerStatus::Banned));
}

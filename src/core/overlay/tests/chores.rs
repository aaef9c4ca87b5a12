//! Offences, revocation lists, addresses: what a connected peer may and may not, and what becomes of what it says.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::alone::{Alone, dials, told};
use super::world::{endpoint, hello, id, settings};
use crate::codec::Bounded;
use crate::crypto::{Hash, sha256};
use crate::limits::{GET_PEERS_AT, MINE_ALONE_AFTER};
use crate::overlay::{CloseReason, Fault, Input, NetworkEvent, Output, PeerStatus};
use crate::wire::{CrlSummary, Endpoint, Hello, Message};

fn is_banned(node: &Alone, name: &str) -> bool {
    node.status(name) == Some(PeerStatus::Banned)
}

#[test]
fn who_knows_a_peer_is_starting_until_one_is_there_or_it_has_waited_long_enough() {
    let is_starting = |node: &Alone| node.overlay.outlook(node.time()).starting;
    let mut node = Alone::new(settings("a", &["b"]));
    node.now += u64::try_from(MINE_ALONE_AFTER.as_millis()).unwrap() - 1;
    assert!(is_starting(&node));
    node.now += 1;
    assert!(!is_starting(&node));
    let mut node = Alone::new(settings("a", &["b"]));
    node.connect("c");
    assert!(!is_starting(&node) && !is_starting(&Alone::new(settings("a", &[]))));
}

#[test]
fn asking_without_end_is_a_flood() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, _) = node.connect("b");
    let mut answered = 0;
    for _ in 0..60 {
        let out = node.say(conn, Message::GetPeers);
        answered += out.iter().filter(|o| matches!(o, Output::Send { .. })).count();
        node.now += 250;
    }
    assert_eq!(answered, 8, "no more than a reconnecting node needs");
    assert!(is_banned(&node, "b"), "ten seconds over budget");
}

#[test]
fn each_question_for_peers_goes_out_with_one_ping() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, mut out) = node.connect("b");
    let sent = |out: &[Output], wanted: fn(&Message) -> bool| {
        out.iter().filter(|o| matches!(o, Output::Send { message, .. } if wanted(message))).count()
    };
    let mut pings = Vec::new();
    for _ in 0..150 {
        if sent(&out, |message| *message == Message::GetPeers) > 0 {
            pings.push(sent(&out, |message| matches!(message, Message::Ping(_))));
        }
        // It has just been heard: no ping is due for its silence.
        node.say(conn, Message::Pong(0));
        out = node.pass(Duration::from_secs(1));
    }
    assert_eq!(pings, [1; GET_PEERS_AT.len() + 2]);
}

#[test]
fn points_halve_with_time() {
    let mut node = Alone::new(settings("a", &[]));
    let offend = |node: &mut Alone| {
        let (conn, _) = node.connect("b");
        node.give(Input::Broken { conn, fault: Fault::Message("ping") });
        node.give(Input::Closed { conn, why: CloseReason::Asked });
        is_banned(node, "b")
    };
    assert!(!offend(&mut node));
    node.now += 600_000;
    assert!(!offend(&mut node), "25 and 50");
    node.now += 1_000;
    assert!(offend(&mut node), "75 and 50");
}

#[test]
fn bans_of_one_id_double() {
    let mut node = Alone::new(settings("a", &[]));
    let mut spans = Vec::new();
    for _ in 0..7 {
        let (conn, _) = node.connect("b");
        let out = node.give(Input::Broken { conn, fault: Fault::InvalidHeader(String::new()) });
        node.give(Input::Closed { conn, why: CloseReason::Asked });
        let seconds = out.iter().find_map(|output| match output {
            Output::Event(NetworkEvent::Banned { seconds, .. }) => Some(*seconds),
            _ => None,
        });
        spans.push(seconds.unwrap() / 3600);
        node.pass(Duration::from_secs(seconds.unwrap() - 1));
        assert!(is_banned(&node, "b"));
        node.pass(Duration::from_secs(1));
        assert!(!is_banned(&node, "b"));
    }
    assert_eq!(spans, [1, 2, 4, 8, 16, 24, 24]);
}

#[test]
fn addresses_that_lead_nowhere_are_an_offence() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, _) = node.connect("b");
    let nowhere: Endpoint = "224.0.0.1:7000".parse().unwrap();
    // One answer a minute, each to a question: without the address there would be no offence.
    for _ in 0..9 {
        node.say(conn, told([("c", nowhere.clone())]));
        node.pass(Duration::from_secs(30));
        node.say(conn, Message::Pong(0));
        node.pass(Duration::from_secs(30));
    }
    assert_eq!(node.status("b"), Some(PeerStatus::Connected));
    node.say(conn, told([("c", nowhere.clone())]));
    assert!(is_banned(&node, "b"));
    assert_eq!(node.status("c"), None);
}

#[test]
fn revocation_lists_go_to_who_lacks_them_once() {
    let list = vec![1_u8, 2, 3];
    let crl = |list: &[u8]| CrlSummary { issuer: Hash([1; 32]), number: "1".to_string(), hash: sha256(list) };
    let sent = |out: &[Output]| out.iter().filter(|o| matches!(o, Output::SendCrls { .. })).count();
    let mut node = Alone::new(settings("a", &[]));
    let (b, out) = node.connect("b");
    assert_eq!(sent(&out), 0, "there is none");
    node.connect("c");

    let lists = Bounded::truncated([Bounded::truncated(list.clone())]);
    let out = node.say(b, Message::Revocations(lists));
    assert!(matches!(&out[..], [Output::Revocations(lists)] if lists[..] == [list.clone()]));
    let out = node.give(Input::Crls(vec![crl(&list)]));
    assert_eq!(sent(&out), 1, "to c; b has it");
    assert_eq!(sent(&node.give(Input::Crls(vec![crl(&list)]))), 0);
    let out = node.connect_as("d", Hello { crls: vec![crl(&list)], ..hello("d") }).1;
    assert_eq!(sent(&out), 0);
    assert_eq!(sent(&node.connect("e").1), 1);
}

#[test]
fn the_next_candidate_is_tried_at_once_and_the_one_that_worked_is_kept() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, _) = node.connect("b");
    node.say(conn, told([("c", endpoint("right"))]));
    node.pass(Duration::from_millis(1));
    let (other, _) = node.connect("d");
    node.say(other, told([("c", endpoint("wrong"))]));
    let out = node.pass(Duration::from_millis(300));
    let [(who, first)] = &dials(&out)[..] else { panic!("one dial: {out:?}") };
    assert_eq!((who, first), (&id("c"), &endpoint("wrong")), "the newest hint first");
    let out = node.fail((id("c"), endpoint("wrong")));
    assert_eq!(dials(&out), [(id("c"), endpoint("right"))]);
    let conn = crate::overlay::ConnId(500);
    let peer = super::world::verified("c");
    node.give(Input::Dialed { conn, peer, endpoint: endpoint("right") });
    node.give(Input::Hello { conn, hello: Hello { listen: None, ..hello("c") } });
    let views = node.overlay.peers(node.time());
    let view = views.iter().find(|view| view.id == id("c")).unwrap();
    assert_eq!(view.endpoint, Some(endpoint("right")));
}

#[test]
fn configured_peers_do_not_wait_behind_hearsay() {
    let mut node = Alone::new(settings("a", &[]));
    for source in 0..8 {
        let (conn, _) = node.connect(&std::format!("t{source}"));
        let names: Vec<_> = (0..16).map(|n| std::format!("x{source}x{n}")).collect();
        node.say(conn, told(names.iter().map(|name| (name, endpoint(name)))));
    }
    let mut open = dials(&node.pass(Duration::from_secs(1)));
    node.give(Input::Command(crate::overlay::Command::AddPeer(id("friend"), endpoint("friend"))));
    node.pass(Duration::from_millis(1));
    let out = node.fail(open.remove(0));
    assert_eq!(dials(&out)[0].0, id("friend"));
}

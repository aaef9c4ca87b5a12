//! What members tell of others: who can make this node know and dial whom.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::alone::{Alone, dials, saved, told};
use super::world::{endpoint, hello, id, settings};
use crate::limits::{DIALS_PER_SECOND, KNOWN_PER_SOURCE};
use crate::overlay::{CloseReason, Command, Input, Output, OverlaySettings, PeerStatus};
use crate::wire::{Hello, Message};

/// How often GetPeers went out to `conn`: so many answers are asked for.
fn questions(outputs: &[Output], conn: crate::overlay::ConnId) -> usize {
    let is_question =
        |o: &&Output| matches!(o, Output::Send { conn: to, message: Message::GetPeers } if *to == conn);
    outputs.iter().filter(is_question).count()
}

/// A day with a liar, as long as one connection lasts, that answers every question with `lie`. When each host was dialed, and how soon `friend` was.
fn dials_under(mut lie: impl FnMut(usize) -> Message) -> (BTreeMap<String, Vec<u64>>, usize) {
    let mut node = Alone::new(settings("a", &["friend"]));
    let (conn, out) = node.connect("liar");
    let (mut owed, mut rounds, mut most) = (questions(&out, conn), 0, 0);
    let mut dialed: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for _ in 0..24 * 360 {
        while owed > 0 {
            owed -= 1;
            rounds += 1;
            node.say(conn, lie(rounds));
        }
        let views = node.overlay.peers(node.time());
        most = most.max(views.iter().filter(|view| view.id.as_str().starts_with("fake")).count());
        let end = node.now + 10_000;
        while node.now < end {
            let next =
                node.overlay.next_wakeup().map_or(end, |next| next.as_millis()).clamp(node.now + 1, end);
            let mut out = node.pass(Duration::from_millis(next - node.now));
            owed += questions(&out, conn);
            while let Some(dial) = dials(&out).first().cloned() {
                dialed.entry(dial.1.host.clone()).or_default().push(node.now);
                out = node.fail(dial);
            }
        }
        node.say(conn, Message::Pong(0));
    }
    assert_eq!(node.status("liar"), Some(PeerStatus::Connected), "answers to questions are no offence");
    (dialed, most)
}

#[test]
fn a_million_fakes_of_one_source_fill_its_share_and_dial_nobody_less() {
    let fakes = |round: usize| {
        told((0..64).map(|n| (std::format!("fake{round}x{n}"), endpoint(&std::format!("host{round}x{n}")))))
    };
    let honest = dials_under(|_| told::<&str>([]));
    let (dialed, most) = dials_under(fakes);
    assert_eq!(most, KNOWN_PER_SOURCE);
    let friend = |dialed: &BTreeMap<String, Vec<u64>>| dialed["friend.example"].len();
    let (with, without) = (friend(&dialed), friend(&honest.0));
    assert!(with * 10 >= without * 9, "{with} {without}");
    let total: usize = dialed.values().map(Vec::len).sum();
    // Sixteen at a time, each forgotten after ten dials that come ever more seldom.
    assert!(total - with < 24 * 3_600 / 3, "{total} dials in a day");
}

#[test]
fn a_victims_address_is_knocked_at_no_more_often_than_its_liars_share_allows() {
    let victim = |round: usize| told((0..64).map(|n| (std::format!("fake{round}x{n}"), endpoint("victim"))));
    let (dialed, _) = dials_under(victim);
    let at = &dialed["victim.example"];
    let busiest = at.windows(DIALS_PER_SECOND as usize + 1).map(|w| w[w.len() - 1] - w[0]).min();
    assert!(busiest.is_none_or(|span| span >= 980), "{busiest:?}");
    let an_hour = at.iter().filter(|at| **at > 3_600_000 && **at <= 7_200_000).count();
    assert!(an_hour <= 1_300, "{an_hour} connects in an hour");
}

#[test]
fn peers_that_nobody_asked_for_are_not_learned() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, out) = node.connect("b");
    assert_eq!(questions(&out, conn), 1);
    node.say(conn, told([("first", endpoint("first"))]));
    node.say(conn, told([("second", endpoint("second"))]));
    assert_eq!(node.status("first"), Some(PeerStatus::Known));
    assert_eq!(node.status("second"), None);
}

#[test]
fn an_address_that_means_something_here_only_is_not_told() {
    let mut node = Alone::new(settings("a", &[]));
    for (name, at) in [
        ("looped", "127.0.0.1:7001"),
        ("nowhere", "0.0.0.0:7001"),
        ("short", "127.1:7001"),
        ("fine", "10.0.0.3:7001"),
    ] {
        node.give(Input::Command(Command::AddPeer(id(name), at.parse().unwrap())));
    }
    let (conn, _) = node.connect("b");
    let out = node.say(conn, Message::GetPeers);
    let names: Vec<_> = out
        .iter()
        .filter_map(|output| {
            if let Output::Send { message: Message::Peers(list), .. } = output { Some(list) } else { None }
        })
        .flat_map(|list| list.iter().map(|entry| entry.id.to_string()))
        .collect();
    assert_eq!(names, ["fine"], "a neighbour would take the others for an offence");
}

#[test]
fn names_may_lead_to_this_machine_only_where_that_is_meant() {
    let locals = |node: &mut Alone| -> BTreeMap<String, bool> {
        let (conn, _) = node.connect("b");
        node.say(conn, told([("learned", endpoint("learned"))]));
        let out = node.pass(Duration::from_secs(20));
        let local = |output: &Output| match output {
            Output::Dial { id, local, .. } => Some((id.to_string(), *local)),
            _ => None,
        };
        out.iter().filter_map(local).collect()
    };
    let mut node = Alone::new(settings("a", &["friend"]));
    assert_eq!(locals(&mut node), [("friend".to_string(), true), ("learned".to_string(), false)].into());
    let here = "127.0.0.1:7000".parse().ok();
    let mut node = Alone::new(OverlaySettings { advertise: here, ..settings("a", &["friend"]) });
    assert_eq!(locals(&mut node), [("friend".to_string(), true), ("learned".to_string(), true)].into());
}

#[test]
fn who_is_kept_out_keeps_its_address_over_a_restart() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, _) = node.connect_as("b", Hello { listen: Some(endpoint("b")), ..hello("b") });
    node.give(Input::Command(Command::Blacklist(id("b"))));
    node.give(Input::Closed { conn, why: CloseReason::Asked });
    let out = node.give(Input::Command(Command::Shutdown));
    let mut node = Alone::new(OverlaySettings { book: saved(out).unwrap(), ..settings("a", &[]) });
    assert_eq!(node.status("b"), Some(PeerStatus::Banned));
    assert!(dials(&node.pass(Duration::from_secs(60))).is_empty());
    assert_eq!(node.overlay.known(), 0);
    node.give(Input::Command(Command::Unblacklist(id("b"))));
    assert_eq!(dials(&node.pass(Duration::from_secs(60)))[0], (id("b"), endpoint("b")));
}

#[test]
fn a_made_up_address_is_not_forgotten_while_its_id_is_being_greeted() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, _) = node.connect("b");
    node.say(conn, told([("x", endpoint("x"))]));
    let mut dialed = Vec::new();
    // Within a day.
    for _ in 0..8_640 {
        if dialed.len() == 10 {
            break;
        }
        node.say(conn, Message::Ping(1));
        let found = dials(&node.pass(Duration::from_secs(10)));
        if let Some(dial) = found.first().cloned().filter(|_| dialed.len() < 9) {
            node.fail(dial);
        }
        dialed.extend(found);
    }
    assert_eq!(dialed.len(), 10);
    // It dials this node itself before the last dial ends, at this very node.
    let (inward, _) = node.accept("x");
    let peer = super::world::verified("a");
    node.give(Input::Dialed { conn: crate::overlay::ConnId(900), peer, endpoint: endpoint("x") });
    node.give(Input::Hello { conn: inward, hello: hello("x") });
    assert_eq!((node.status("x"), node.overlay.connected()), (Some(PeerStatus::Connected), 2));
}

//! Offences: each one's price is paid, with its name, and what honest peers do on a bad day never bans.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::alone::{Alone, goodbye};
use super::world::{id, settings};
use crate::codec::Bounded;
use crate::crypto::sha256;
use crate::limits::{FRAME_BYTES, LAPSE_EVERY, POINTS_BAN, TRANSACTION_TIMEOUT};
use crate::overlay::{CloseReason, Command, Fault, Input, NetworkEvent, Output, PeerStatus, Verdict};
use crate::testing::unsigned;
use crate::wire::{GoodbyeReason, Item, Message};

/// One of each. The match fails to compile when one is missing.
fn all() -> Vec<Fault> {
    let why = || "a reason".to_string();
    let all = vec![
        Fault::Frame,
        Fault::Message("headers"),
        Fault::Unasked("hello"),
        Fault::Late("headers"),
        Fault::InvalidBlock(why()),
        Fault::InvalidHeader(why()),
        Fault::InvalidTransaction(why()),
        Fault::Withheld,
        Fault::Flood("frames"),
        Fault::BadAddress,
        Fault::KeptBranch,
        Fault::InvalidVote("vote"),
    ];
    let number = |fault: &Fault| match fault {
        Fault::Frame => 0,
        Fault::Message(_) => 1,
        Fault::Unasked(_) => 2,
        Fault::Late(_) => 3,
        Fault::InvalidBlock(_) => 4,
        Fault::InvalidHeader(_) => 5,
        Fault::InvalidTransaction(_) => 6,
        Fault::Withheld => 7,
        Fault::Flood(_) => 8,
        Fault::BadAddress => 9,
        Fault::KeptBranch => 10,
        Fault::InvalidVote(_) => 11,
    };
    assert!(all.iter().map(number).eq(0..12));
    all
}

/// How often `fault` is seen, each time on a connection of its own, until the ban; what its event says.
fn until_banned(fault: &Fault, most: u32) -> Option<(u32, alloc::string::String, u64)> {
    let mut node = Alone::new(settings("a", &[]));
    for count in 1..=most {
        let (conn, _) = node.connect("b");
        let out = node.give(Input::Broken { conn, fault: fault.clone() });
        let last = goodbye(&out).unwrap();
        assert_eq!((last.reason, last.detail.as_str()), (GoodbyeReason::Fault, &*fault.to_string()));
        node.give(Input::Closed { conn, why: CloseReason::Asked });
        let banned = out.iter().find_map(|output| match output {
            Output::Event(NetworkEvent::Banned { why, seconds, .. }) => Some((count, why.clone(), *seconds)),
            _ => None,
        });
        assert_eq!(banned.is_some(), node.status("b") == Some(PeerStatus::Banned));
        if banned.is_some() {
            let (again, out) = node.accept("b");
            let last = goodbye(&out).unwrap();
            assert_eq!(last.reason, GoodbyeReason::Banned);
            assert!(last.detail.as_str().starts_with(&fault.to_string()), "{last:?}");
            node.give(Input::Closed { conn: again, why: CloseReason::Asked });
            return banned;
        }
    }
    None
}

#[test]
fn every_offence_costs_what_the_table_says_and_is_named() {
    for fault in all() {
        let banned = until_banned(&fault, 200);
        match fault.verdict() {
            Verdict::Points(points) => {
                let (count, why, seconds) = banned.unwrap();
                assert_eq!(
                    (count, why, seconds),
                    (POINTS_BAN.div_ceil(points), fault.to_string(), 3_600),
                    "{fault}"
                );
            }
            Verdict::Ban => assert_eq!(banned, Some((1, fault.to_string(), 3_600))),
            Verdict::Lapse(_) => assert_eq!(banned, None, "{fault}"),
        }
    }
}

#[test]
fn who_withholds_all_day_is_asked_last_and_not_banned() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, _) = node.connect("b");
    let mut blamed = 0;
    // A paused or overloaded peer: it tells of transactions one by one, and delivers none in time.
    for n in 0..20_000_u64 {
        let items = Bounded::truncated([Item::Transaction(sha256(&n.to_le_bytes()))]);
        node.say(conn, Message::Announce(items));
        node.pass(Duration::from_millis(1_009));
        blamed += u64::from(n * 1_009 > TRANSACTION_TIMEOUT.as_millis() as u64);
        assert_eq!(node.status("b"), Some(PeerStatus::Connected), "after {n}");
    }
    assert!(blamed > 10_000);
    // Together with offences they still count.
    let (mut node, mut count) = (Alone::new(settings("a", &[])), 0);
    let (conn, _) = node.connect("b");
    for _ in 0..5 {
        node.say(conn, Message::Headers(Bounded::default()));
        node.say(conn, Message::Headers(Bounded::default()));
        node.say(conn, Message::Ping(1));
        node.now += u64::try_from(LAPSE_EVERY.as_millis()).unwrap();
    }
    while node.status("b") == Some(PeerStatus::Connected) {
        node.say(conn, Message::Peers(Bounded::default()));
        node.say(conn, Message::Peers(Bounded::default()));
        count += 1;
    }
    assert_eq!(count, 10, "ten points a time but for one that was asked for, and ten that lapsed");
}

#[test]
fn the_operators_bans_make_no_room_for_verdicts() {
    let mut node = Alone::new(settings("a", &[]));
    node.give(Input::Command(Command::Blacklist(id("eve"))));
    let (conn, _) = node.connect("mallory");
    node.give(Input::Broken { conn, fault: Fault::InvalidHeader("bad".to_string()) });
    node.give(Input::Closed { conn, why: CloseReason::Asked });
    node.give(Input::Command(Command::Blacklist(id("mallory"))));
    for n in 0..crate::limits::BANS + 10 {
        let (conn, _) = node.connect(&std::format!("evil{n}"));
        node.now += 1;
        node.give(Input::Broken { conn, fault: Fault::InvalidHeader("bad".to_string()) });
        node.give(Input::Closed { conn, why: CloseReason::Asked });
    }
    assert_eq!(node.status("evil0"), None, "the bound was reached");
    node.pass(Duration::from_secs(30 * 3_600));
    for name in ["eve", "mallory"] {
        assert_eq!(node.status(name), Some(PeerStatus::Banned), "{name}");
    }
    assert_eq!(node.overlay.blacklist().len(), 2);
}

#[test]
fn goodbyes_late_or_unknown_are_no_offence() {
    let mut node = Alone::new(settings("a", &[]));
    for reason in 0..=255 {
        let (conn, _) = node.connect("b");
        let bytes = [&[16, reason][..], &[0; 4]].concat();
        node.say(conn, Message::from_bytes(&bytes).unwrap());
        // Whatever comes after the last word is ignored.
        for late in [Message::from_bytes(&bytes).unwrap(), Message::Peers(Bounded::default())] {
            assert!(node.say(conn, late).is_empty());
        }
        assert_eq!(node.overlay.connected(), 0);
        node.give(Input::Closed { conn, why: CloseReason::Asked });
    }
    assert_ne!(node.status("b"), Some(PeerStatus::Banned));
    assert_eq!(node.connect("b").1.iter().filter(|o| matches!(o, Output::Close { .. })).count(), 0);
}

#[test]
fn an_operator_who_revokes_one_by_one_gets_nobody_banned() {
    let mut node = Alone::new(settings("a", &[]));
    let (conn, _) = node.connect("b");
    let list = |n: u32| Message::Revocations(Bounded::truncated([Bounded::truncated(n.to_le_bytes())]));
    let mut taken = 0;
    for n in 0..500 {
        let out = node.say(conn, list(n));
        taken += out.iter().filter(|output| matches!(output, Output::Revocations(_))).count();
        node.now += 1_000;
    }
    assert_eq!((taken, node.status("b")), (500, Some(PeerStatus::Connected)));
    // More of them than files are looked at are a flood.
    for n in 0..200 {
        for k in 0..20 {
            node.say(conn, list(1_000 * n + k));
        }
        node.now += 250;
    }
    assert_eq!(node.status("b"), Some(PeerStatus::Banned));
}

#[test]
fn a_steady_flood_of_any_budget_ends_in_a_ban_that_names_it() {
    let list = Message::Transactions(Bounded::truncated((0..500).map(|n| unsigned(n, 1))));
    let ping = Message::Ping(1);
    for (what, message, size, each_second) in
        [("frames", &ping, 9, 3_000), ("bytes", &ping, FRAME_BYTES, 10), ("transactions", &list, 1, 60)]
    {
        let mut node = Alone::new(settings("a", &[]));
        let (conn, _) = node.connect("b");
        for _ in 0..30 {
            for _ in 0..each_second {
                node.give(Input::Received { conn, message: message.clone(), size });
            }
            node.now += 1_000;
        }
        let views = node.overlay.peers(node.time());
        let view = views.iter().find(|view| view.id == id("b")).unwrap();
        assert_eq!(view.status, PeerStatus::Banned, "{what}");
        assert!(view.why.as_ref().unwrap().contains(&std::format!("over budget: {what}")), "{view:?}");
    }
}

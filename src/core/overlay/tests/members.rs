//! Whom the members have removed.

use alloc::vec;
use core::time::Duration;

use super::alone::{Alone, reason, saved};
use super::world::{id, settings};
use crate::ledger::Voters;
use crate::overlay::{Input, OverlaySettings, PeerStatus};
use crate::wire::GoodbyeReason;

#[test]
fn a_former_member_is_cut_at_once_and_let_in_again_when_it_comes_back() {
    let mut node = Alone::new(settings("a", &[]));
    let (_, _) = node.connect("b");
    let (_, _) = node.connect("c");
    let voters = Voters::first(&crate::testing::genesis());
    let mut members = |former: &[&str]| {
        let former = former.iter().map(|name| id(name)).collect();
        node.give(Input::Members { voters: voters.clone(), former })
    };
    let out = members(&["b", "a"]);
    assert_eq!(reason(&out), Some(GoodbyeReason::Banned), "{out:?}");
    assert!(members(&["b", "a"]).is_empty(), "said once");
    assert_eq!((node.status("b"), node.overlay.connected()), (Some(PeerStatus::Banned), 1));
    assert_eq!(node.overlay.blacklist(), [], "it is not the operator's");
    let (_, out) = node.accept("b");
    assert_eq!(reason(&out), Some(GoodbyeReason::Banned));
    // The ledger says so at each start; the book does not.
    let again = Alone::new(OverlaySettings {
        book: saved(node.pass(Duration::from_secs(120))).unwrap(),
        ..settings("a", &[])
    });
    assert_ne!(again.status("b"), Some(PeerStatus::Banned));
    node.give(Input::Members { voters, former: vec![] });
    let (_, out) = node.accept("b");
    assert_eq!(reason(&out), None);
}

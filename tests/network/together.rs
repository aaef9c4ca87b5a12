//! Meeting, syncing, parting and meeting again.

use bouya::http::views::{PeerDirection, Transaction, TransactionStatus};
use bouya_core::codec::encode;

use super::daemon::{Consortium, Daemon, RESTS, Repeat, bootstrap, pay, same_tip, until};

const MINES: &str = "when = \"always\"\nshare = 0.2";

#[test]
fn who_knows_one_ends_up_knowing_all_and_a_killed_node_comes_back() {
    let consortium = Consortium::new();
    let mut c = consortium.member("c", "", RESTS);
    let mut b = consortium.member("b", &bootstrap(&[&c]), MINES);
    let mut a = consortium.member("a", &bootstrap(&[&b]), RESTS);
    for daemon in [&mut c, &mut b, &mut a] {
        daemon.start();
    }
    until("all pairs are connected", || {
        let pairs = [(&a, "b"), (&a, "c"), (&b, "a"), (&b, "c"), (&c, "a"), (&c, "b")];
        pairs.iter().all(|(from, to)| from.is_connected_to(to)).then_some(())
    });
    // These two learned of each other from b, so the smaller id dialed.
    assert_eq!(a.peer("c").unwrap().direction, Some(PeerDirection::Out));
    assert_eq!(c.peer("a").unwrap().direction, Some(PeerDirection::In));
    until("blocks come", || (a.height() >= 5).then_some(()));

    let told = c.height();
    c.kill();
    let kept = c.verify();
    assert!(kept >= told, "it told of {told} blocks and has {kept}");
    let height = b.height();
    until("the others go on", || (a.height() >= height + 8).then_some(()));
    c.start();
    until("it has caught up", || (c.height() > height + 8 && same_tip(&[&a, &b, &c])).then_some(()));
    until("it is connected again", || (c.is_connected_to("a") && c.is_connected_to("b")).then_some(()));
    for daemon in [&mut a, &mut b, &mut c] {
        daemon.stop();
        daemon.verify();
    }
}

#[test]
fn a_transfer_to_one_is_confirmed_on_all() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", "when = \"pending\"");
    let mut b = consortium.member("b", &bootstrap(&[&a]), RESTS);
    a.start();
    b.start();
    until("they are connected", || b.is_connected_to("a").then_some(()));
    assert_eq!(a.height(), 0, "a miner on demand mines though nothing waits");
    let transfer = pay(&consortium.genesis, 1, 0, 2, 5_000_000);
    assert_eq!(b.send("POST", "/v1/transactions", false, &encode(&transfer)).0, 202);
    // A miner on demand mines until a transaction has six confirmations.
    for daemon in [&a, &b] {
        until("it has six confirmations", || {
            let found: Transaction = daemon.get(&format!("/v1/transactions/{}", transfer.id()))?;
            (found.confirmations >= 6).then_some(())
        });
        assert_eq!(daemon.balance(2), "1005");
    }
}

#[test]
fn two_halves_become_one_history_and_no_transfer_is_forgotten() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", MINES);
    let mut b = consortium.member("b", "", "when = \"always\"\nshare = 0.7");
    a.start();
    b.start();
    let lost = pay(&consortium.genesis, 1, 0, 2, 7);
    let spent_twice = [pay(&consortium.genesis, 3, 0, 1, 11), pay(&consortium.genesis, 3, 0, 2, 13)];
    for transfer in [&lost, &spent_twice[0]] {
        assert_eq!(a.send("POST", "/v1/transactions", false, &encode(transfer)).0, 202);
    }
    assert_eq!(b.send("POST", "/v1/transactions", false, &encode(&spent_twice[1])).0, 202);
    until("both have a long chain of their own", || (a.height() >= 120 && b.height() >= 120).then_some(()));
    let work = |daemon: &Daemon| daemon.status().tip.work.parse::<u128>().unwrap();
    let heavier = if work(&b) > work(&a) { "b" } else { "a" };
    // The API answers all the time while the other chain comes in.
    let client = a.client.clone();
    let asking = Repeat::start(move || drop(client.bytes("/v1/status").unwrap()));
    a.introduce(&b);
    until("they agree", || same_tip(&[&a, &b]).then_some(()));
    assert!(asking.stop() > 0);
    assert_eq!(heavier, "b", "b mined with more than three times the power");
    assert!(a.log().contains("reorganised"), "{}", a.log());
    until("the transfer is confirmed again", || {
        let found: Transaction = b.get(&format!("/v1/transactions/{}", lost.id()))?;
        (found.status == TransactionStatus::Confirmed).then_some(())
    });
    // On the branch that won, the other transfer's coins are spent in another way, and its sender is told.
    let dropped = format!("dropped transaction={}", spent_twice[0].id());
    until("the double spend is reported", || a.log().contains(&dropped).then_some(()));
    for daemon in [&mut a, &mut b] {
        daemon.stop();
        daemon.verify();
    }
}

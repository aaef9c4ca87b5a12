use alloc::collections::BTreeSet;
use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::codec::encode;
use crate::limits::{
    ANNOUNCED_PER_PEER, FRAME_BYTES, GOSSIP_ANSWER_BYTES, OUTPUTS, TRANSACTION_REQUESTS_PER_PEER,
    TRANSACTION_TIMEOUT,
};
use crate::overlay::Request;
use crate::testing::{unsealed, unsigned};

mod property;

fn transaction(nonce: u64) -> Transaction {
    unsigned(nonce, 1)
}

fn block(nonce: u64) -> Arc<Block> {
    unsealed(nonce, vec![])
}

fn at(ms: u64) -> Time {
    Time::from_millis(ms)
}

fn with_peers(count: u64) -> Gossip {
    let mut gossip = Gossip::new(at(0), 1);
    (0..count).for_each(|n| gossip.peer_up(ConnId(n), false));
    gossip
}

fn drain(gossip: &mut Gossip) -> Vec<Act> {
    core::iter::from_fn(|| gossip.poll()).collect()
}

fn ids(range: core::ops::Range<u64>) -> Vec<Hash> {
    range.map(|n| transaction(n).id()).collect()
}

fn announce(gossip: &mut Gossip, now: Time, conn: u64, ids: &[Hash]) {
    let items: Vec<Item> = ids.iter().map(|id| Item::Transaction(*id)).collect();
    gossip.announced(now, ConnId(conn), &items);
}

/// Who is asked for how many.
fn requests(acts: &[Act]) -> Vec<(u64, usize)> {
    let request = |act: &Act| match act {
        Act::Send(conn, Message::Request(ids)) => Some((conn.0, ids.len())),
        _ => None,
    };
    acts.iter().filter_map(request).collect()
}

fn blamed(acts: &[Act]) -> Vec<(u64, Fault)> {
    let blame = |act: &Act| match act {
        Act::Blame(conn, fault) => Some((conn.0, fault.clone())),
        _ => None,
    };
    acts.iter().filter_map(blame).collect()
}

#[test]
fn own_transactions_go_at_once_or_five_milliseconds_after_the_last_and_whole_to_few() {
    let mut gossip = with_peers(10);
    gossip.offer_transactions(at(100), vec![transaction(0)], vec![]);
    assert_eq!(drain(&mut gossip).len(), 10);
    gossip.announced(at(0), ConnId(1), &[Item::Transaction(transaction(1).id())]);
    gossip.offer_transactions(at(100), vec![transaction(1)], vec![]);
    gossip.offer_transactions(at(103), vec![transaction(2)], vec![]);
    drain(&mut gossip);
    gossip.wake(at(104));
    assert!(drain(&mut gossip).is_empty());
    assert_eq!(gossip.next_wakeup(), Some(at(105)));
    gossip.wake(at(105));
    assert_eq!(gossip.next_wakeup(), None);
    let (mut whole, mut told) = (0, 0);
    for act in drain(&mut gossip) {
        match act {
            Act::Send(ConnId(1), Message::Transactions(list)) => {
                assert_eq!(list[..], [transaction(2)]);
                whole += 1;
            }
            Act::Send(_, Message::Transactions(list)) => {
                assert_eq!(list.len(), 2);
                whole += 1;
            }
            Act::Send(_, Message::Announce(items)) => {
                assert_eq!(items.len(), 2);
                told += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((whole, told), (GOSSIP_EAGER_PEERS, 10 - GOSSIP_EAGER_PEERS));
}

#[test]
fn transactions_of_others_are_announced_to_who_has_not_shown_them_meanwhile() {
    let mut gossip = with_peers(4);
    gossip.transactions(at(0), ConnId(1), vec![transaction(1)]);
    assert!(matches!(
        drain(&mut gossip)[..],
        [Act::Ask(Request::Pool(PoolRequest::Take { conn: ConnId(1), .. }))]
    ));
    gossip.offer_transactions(at(2), vec![], vec![transaction(1)]);
    let due = gossip.next_wakeup().unwrap();
    assert!((at(2).after(GOSSIP_RELAY)..=at(2).after(2 * GOSSIP_RELAY)).contains(&due));
    announce(&mut gossip, at(3), 2, &ids(1..2));
    gossip.transactions(at(4), ConnId(3), vec![transaction(1)]);
    gossip.wake(due);
    let acts = drain(&mut gossip);
    let [Act::Send(ConnId(0), Message::Announce(items))] = &acts[..] else { panic!("{acts:?}") };
    assert_eq!(items[..], [Item::Transaction(transaction(1).id())]);
    assert_eq!(gossip.next_wakeup(), None);
}

#[test]
fn everybody_has_a_turn_to_get_whole_transactions() {
    let mut gossip = with_peers(10);
    let mut eager = BTreeSet::new();
    for n in 0..3 {
        gossip.offer_transactions(at(n * 10), vec![transaction(n)], vec![]);
        gossip.wake(at(n * 10 + 5));
        for act in drain(&mut gossip) {
            if let Act::Send(conn, Message::Transactions(_)) = act {
                eager.insert(conn);
            }
        }
    }
    assert_eq!(eager.len(), 10);
}

#[test]
fn messages_are_cut_by_bytes_and_by_number() {
    let mut gossip = with_peers(1);
    let list: Vec<_> = (0..999).map(|n| unsigned(n, OUTPUTS)).collect();
    gossip.offer_transactions(at(0), list, vec![]);
    gossip.wake(at(5));
    let mut count = 0;
    for act in drain(&mut gossip) {
        let Act::Send(_, message) = act else { panic!() };
        assert!(message.to_bytes().len() <= FRAME_BYTES / 2 + 16);
        let Message::Transactions(list) = message else { panic!() };
        count += list.len();
    }
    assert_eq!(count, 999);
    // A full batch does not wait.
    gossip.offer_transactions(at(9), (2_000..4_000).map(transaction).collect(), vec![]);
    assert_eq!(drain(&mut gossip).len(), 2);
}

#[test]
fn an_answer_is_bounded_and_the_rest_is_not_found() {
    let mut gossip = with_peers(2);
    let found = (0..900).map(|n| unsigned(n, OUTPUTS)).collect();
    let (mut whole, mut missing) = (0, 0);
    for message in gossip.answer_transactions(ConnId(1), found, ids(0..3)) {
        match message {
            Message::Transactions(list) => whole += list.len(),
            Message::NotFound(items) => missing += items.len(),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(whole + missing, 903);
    let told = whole * encode(&unsigned(0, OUTPUTS)).len();
    assert!(missing > 3 && whole > 0);
    assert!((GOSSIP_ANSWER_BYTES..GOSSIP_ANSWER_BYTES + 16_384).contains(&told));
}

#[test]
fn what_peers_have_is_remembered_for_minutes_not_for_hours() {
    let mut gossip = with_peers(2);
    for minute in 0..120 {
        let now = at(60_000 * minute);
        gossip.transactions(now, ConnId(1), (0..10).map(|n| unsigned(minute * 10 + n, 1)).collect());
        drain(&mut gossip);
    }
    // Two halves of ten minutes at ten a minute.
    let known = gossip.peers[&ConnId(1)].transactions.len();
    assert!((100..=220).contains(&known), "{known}");
}

#[test]
fn a_silent_announcer_is_replaced_by_the_next() {
    let mut gossip = with_peers(4);
    for conn in [2, 1, 3] {
        announce(&mut gossip, at(10), conn, &ids(0..5));
    }
    assert_eq!(requests(&drain(&mut gossip)), [(2, 5)]);
    let due = at(10).after(TRANSACTION_TIMEOUT);
    assert_eq!(gossip.next_wakeup(), Some(due));
    gossip.wake(due);
    let acts = drain(&mut gossip);
    assert_eq!(blamed(&acts), [(2, Fault::Withheld)]);
    assert_eq!(requests(&acts), [(1, 5)]);
    // The silent one has lost preference: it is asked only for what nobody else has.
    announce(&mut gossip, due, 2, &ids(5..7));
    announce(&mut gossip, due, 3, &ids(6..7));
    assert_eq!(requests(&drain(&mut gossip)), [(2, 2)]);
    gossip.not_found(due, ConnId(1), &[Item::Transaction(transaction(0).id())]);
    let acts = drain(&mut gossip);
    assert_eq!((requests(&acts), blamed(&acts)), (vec![(3, 1)], vec![]));
    gossip.peer_down(ConnId(1));
    gossip.wake(gossip.next_wakeup().unwrap().max(due));
    assert_eq!(requests(&drain(&mut gossip)), [(3, 4)]);
    gossip.transactions(due, ConnId(0), (0..7).map(transaction).collect());
    assert_eq!(gossip.next_wakeup(), None);
    announce(&mut gossip, due, 3, &ids(0..7));
    assert!(requests(&drain(&mut gossip)).is_empty());
}

#[test]
fn a_peer_that_withheld_comes_after_one_that_did_not() {
    let mut gossip = with_peers(3);
    announce(&mut gossip, at(0), 1, &ids(0..1));
    gossip.wake(at(5_000));
    drain(&mut gossip);
    for conn in 0..3 {
        announce(&mut gossip, at(5_000), conn, &ids(1..2));
    }
    assert_eq!(requests(&drain(&mut gossip)), [(0, 1)]);
    gossip.not_found(at(5_000), ConnId(0), &[Item::Transaction(transaction(1).id())]);
    assert_eq!(requests(&drain(&mut gossip)), [(2, 1)]);
    gossip.peer_down(ConnId(2));
    gossip.wake(at(5_001));
    assert_eq!(requests(&drain(&mut gossip)), [(1, 1)]);
    // It has delivered: all is well again.
    gossip.transactions(at(5_002), ConnId(1), vec![transaction(1)]);
    announce(&mut gossip, at(5_002), 0, &ids(2..3));
    announce(&mut gossip, at(5_002), 1, &ids(2..3));
    gossip.peer_up(ConnId(3), false);
    announce(&mut gossip, at(5_002), 3, &ids(2..3));
    drain(&mut gossip);
    gossip.not_found(at(5_002), ConnId(0), &[Item::Transaction(transaction(2).id())]);
    assert_eq!(requests(&drain(&mut gossip)), [(1, 1)]);
}

#[test]
fn in_flight_and_memory_are_bounded_per_peer() {
    let mut gossip = with_peers(2);
    for start in [0, 1_000] {
        announce(&mut gossip, at(0), 0, &ids(start..start + 1_000));
        gossip.requests.check();
    }
    assert_eq!(requests(&drain(&mut gossip)), [(0, TRANSACTION_REQUESTS_PER_PEER)]);
    // Each answer makes room for the next request, until all that was remembered is here.
    let mut asked = TRANSACTION_REQUESTS_PER_PEER;
    for n in 0..2_000 {
        gossip.transactions(at(1), ConnId(0), vec![transaction(n)]);
        asked += requests(&drain(&mut gossip)).iter().map(|(_, count)| count).sum::<usize>();
        gossip.requests.check();
    }
    assert!((ANNOUNCED_PER_PEER..=ANNOUNCED_PER_PEER + TRANSACTION_REQUESTS_PER_PEER).contains(&asked));
    assert_eq!(gossip.next_wakeup(), None);
}

#[test]
fn who_announces_without_end_and_has_nothing_costs_a_few_steps_for_each_id() {
    let mut gossip = with_peers(2);
    let fake = |n: u64| crate::crypto::sha256(&n.to_le_bytes());
    let mut in_flight = VecDeque::new();
    for n in 0..10_000 {
        announce(&mut gossip, at(0), 0, &[fake(n)]);
        // Its list is full for most of the time, and it lacks whatever it is asked for.
        let lacks = if n > 1_000 { in_flight.pop_front() } else { None };
        gossip.not_found(at(0), ConnId(0), &lacks.map(Item::Transaction).into_iter().collect::<Vec<_>>());
        for act in drain(&mut gossip) {
            let Act::Send(ConnId(0), Message::Request(ids)) = act else { panic!("{act:?}") };
            in_flight.extend(ids);
        }
    }
    gossip.requests.check();
    assert_eq!(in_flight.len(), TRANSACTION_REQUESTS_PER_PEER);
    assert!(gossip.requests.steps <= 5 * 10_000, "{}", gossip.requests.steps);
}

#[test]
fn what_waits_to_be_checked_is_bounded_per_peer() {
    let mut gossip = with_peers(2);
    let (mut waiting, mut lists) = (0, vec![]);
    for n in 0..40 {
        gossip.transactions(at(0), ConnId(0), (0..100).map(|k| unsigned(n * 100 + k, OUTPUTS)).collect());
        for act in drain(&mut gossip) {
            let Act::Ask(Request::Pool(PoolRequest::Take { transactions, .. })) = act else {
                panic!("{act:?}")
            };
            waiting += transactions.iter().map(|t| encode(t).len()).sum::<usize>();
            lists.push(transactions);
        }
    }
    assert!((UNCHECKED_BYTES_PER_PEER..UNCHECKED_BYTES_PER_PEER + 16_384).contains(&waiting), "{waiting}");
    // Others are not held up, and there is room again once some are checked. What was turned away may come again.
    gossip.transactions(at(0), ConnId(1), vec![unsigned(9_999, 1)]);
    assert_eq!(drain(&mut gossip).len(), 1);
    let taken = |list: Vec<Transaction>| list.iter().map(|t| (t.id(), TransactionOutcome::Taken)).collect();
    gossip.transactions_done(at(0), ConnId(0), taken(lists.remove(0)));
    gossip.transactions(at(0), ConnId(0), vec![unsigned(3_999, OUTPUTS)]);
    assert_eq!(drain(&mut gossip).len(), 1);
    for list in lists {
        gossip.transactions_done(at(0), ConnId(0), taken(list));
    }
}

#[test]
fn only_what_may_be_better_another_time_may_come_again() {
    let mut gossip = with_peers(3);
    let list = || (0..3).map(transaction).collect::<Vec<_>>();
    gossip.transactions(at(0), ConnId(0), list());
    let outcomes = [
        TransactionOutcome::Taken,
        TransactionOutcome::Ignored,
        TransactionOutcome::Invalid("signature".into()),
    ];
    let outcomes = ids(0..3).into_iter().zip(outcomes).collect();
    gossip.transactions_done(at(1), ConnId(0), outcomes);
    let acts = drain(&mut gossip);
    assert_eq!(blamed(&acts), [(0, Fault::InvalidTransaction("signature".into()))]);
    gossip.transactions(at(2), ConnId(1), list());
    let acts = drain(&mut gossip);
    let [Act::Ask(Request::Pool(PoolRequest::Take { conn: ConnId(1), transactions }))] = &acts[..] else {
        panic!("{acts:?}")
    };
    assert_eq!(transactions[..], [transaction(1)]);
    // What was taken may have been dropped meanwhile: after a while it may come again.
    for minutes in [11, 22] {
        gossip.transactions(at(minutes * 60_000), ConnId(2), vec![transaction(7)]);
    }
    drain(&mut gossip);
    gossip.transactions(at(22 * 60_000), ConnId(2), list());
    assert_eq!(drain(&mut gossip).len(), 1);
}

#[test]
fn a_block_goes_once_to_everybody_who_lacks_it() {
    let mut gossip = with_peers(5);
    gossip.block_seen(at(0), ConnId(1), block(1).id());
    gossip.announced(at(0), ConnId(2), &[Item::Block { id: block(1).id(), height: 1, work: 1 }]);
    for _ in 0..2 {
        gossip.offer_block(&block(1), None);
    }
    let sent: Vec<_> = drain(&mut gossip)
        .into_iter()
        .map(|act| if let Act::Send(conn, Message::Block(_)) = act { conn.0 } else { 99 })
        .collect();
    assert_eq!(sent, [0, 3, 4]);
}

#[test]
fn a_block_goes_in_short_to_who_takes_that() {
    let mut gossip = with_peers(2);
    gossip.peer_up(ConnId(2), true);
    gossip.peer_up(ConnId(3), true);
    gossip.block_seen(at(0), ConnId(3), block(1).id());
    let compact = Arc::new(CompactBlock::new(&block(1), 1).unwrap());
    gossip.offer_block(&block(1), Some(&compact));
    let acts = drain(&mut gossip);
    let is_short = |act: &Act| matches!(act, Act::Send(_, Message::CompactBlock(_)));
    assert_eq!(acts.iter().map(is_short).collect::<Vec<_>>(), [false, false, true]);
}

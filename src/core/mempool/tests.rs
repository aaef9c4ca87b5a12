use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::codec::{Bounded, Text};
use crate::crypto::PublicKey;
use crate::ledger::{ExecutionError, Output, Room, Transaction, World};
use crate::testing::{address, key, network};

const NETWORK: Hash = Hash([1; 32]);

fn pay(from: u8, nonce: u64, amount: u64, fee: u64, valid_until: u64) -> CheckedTransaction {
    let output = Bounded::truncated([Output { to: Address::of(&PublicKey([9; 32])), amount }]);
    Transaction::transfer(&NETWORK, &key(from), nonce, fee, valid_until, output, Text::default())
        .check(&NETWORK)
        .unwrap()
}

/// A payment of `amount` to each of so many addresses.
fn paying(from: u8, nonce: u64, outputs: u8, amount: u64, fee: u64) -> CheckedTransaction {
    let outputs = Bounded::truncated((0..outputs).map(|n| Output { to: address(n), amount }));
    Transaction::transfer(&NETWORK, &key(from), nonce, fee, 9, outputs, Text::default())
        .check(&NETWORK)
        .unwrap()
}

fn room(bytes: usize, count: usize) -> Room {
    Room { bytes, count, gas: None }
}

fn pool(max_transactions: usize) -> Mempool {
    Mempool::new(Limits { max_transactions, max_per_sender: 4, ..Limits::default() })
}

const RICH: Account = Account { balance: 1_000_000, nonce: 0 };

fn insert(pool: &mut Mempool, transaction: CheckedTransaction) -> Result<Vec<Dropped>, MempoolError> {
    pool.insert(Time::from_millis(0), 1, RICH, transaction)
}

fn reasons(dropped: &[Dropped]) -> Vec<(u64, DropReason)> {
    dropped.iter().map(|(transaction, reason)| (transaction.nonce, *reason)).collect()
}

fn check(pool: &Mempool) {
    pool.check_invariants(1);
}

#[test]
fn queues_have_no_gaps_and_balances_cover_them() {
    let mut pool = pool(100);
    assert!(matches!(
        insert(&mut pool, pay(1, 1, 1, 500, 9)),
        Err(MempoolError::Execution(ExecutionError::Nonce { expected: 0, found: 1 }))
    ));
    insert(&mut pool, pay(1, 0, 600_000, 500, 9)).unwrap();
    assert!(matches!(
        insert(&mut pool, pay(1, 1, 600_000, 500, 9)),
        Err(MempoolError::Execution(ExecutionError::Balance { .. }))
    ));
    insert(&mut pool, pay(1, 1, 1, 500, 9)).unwrap();
    assert_eq!(pool.pending(&address(1)).unwrap().nonce, 2);
    assert_eq!(insert(&mut pool, pay(1, 1, 1, 500, 9)), Err(MempoolError::Known));
    assert!(matches!(insert(&mut pool, pay(2, 0, 1, 10, 9)), Err(MempoolError::Fee { fee: 10, .. })));
    assert!(matches!(
        insert(&mut pool, pay(2, 0, 1, 500, 0)),
        Err(MempoolError::Execution(ExecutionError::Expired { .. }))
    ));
    check(&pool);
}

#[test]
fn a_slot_is_replaced_for_ten_percent() {
    let mut pool = pool(100);
    insert(&mut pool, pay(1, 0, 1, 500, 9)).unwrap();
    insert(&mut pool, pay(1, 1, 900_000, 500, 9)).unwrap();
    assert!(matches!(
        insert(&mut pool, pay(1, 0, 2, 549, 9)),
        Err(MempoolError::Slot { nonce: 0, least: 550, .. })
    ));
    // The replacement costs so much that what follows no longer fits.
    let dropped = insert(&mut pool, pay(1, 0, 200_000, 550, 9)).unwrap();
    assert_eq!(reasons(&dropped), [(0, DropReason::Replaced), (1, DropReason::Balance)]);
    check(&pool);
}

#[test]
fn the_lowest_rate_leaves_with_what_depends_on_it() {
    let mut pool = pool(3);
    insert(&mut pool, pay(1, 0, 1, 400, 9)).unwrap();
    insert(&mut pool, pay(1, 1, 1, 900, 9)).unwrap();
    insert(&mut pool, pay(2, 0, 1, 500, 9)).unwrap();
    assert_eq!(insert(&mut pool, pay(3, 0, 1, 400, 9)), Err(MempoolError::Full));
    let dropped = insert(&mut pool, pay(3, 0, 1, 600, 9)).unwrap();
    assert_eq!(reasons(&dropped), [(0, DropReason::Evicted), (1, DropReason::Orphaned)]);
    check(&pool);
}

#[test]
fn a_refused_transaction_costs_nobody_its_place() {
    let mut pool = pool(100);
    insert(&mut pool, pay(1, 0, 1, 300, 9)).unwrap();
    insert(&mut pool, pay(2, 0, 1, 900, 9)).unwrap();
    // Both would have to leave, and one of them pays more.
    pool.limits.max_bytes = weight(&pay(1, 0, 1, 300, 9));
    assert_eq!(insert(&mut pool, pay(3, 0, 1, 500, 9)), Err(MempoolError::Full));
    assert_eq!(pool.len(), 2);
}

#[test]
fn ten_times_the_traffic_pushes_out_nobody_who_pays_as_much() {
    let mut pool = pool(100);
    let mut honest = vec![];
    for from in 1..=10 {
        let transaction = pay(from, 0, 1, 500, 9);
        honest.push(transaction.id());
        insert(&mut pool, transaction).unwrap();
    }
    let mut dropped = 0;
    for n in 0..1_000_u64 {
        // Of many senders, in chains of four, for less or just as much.
        let transaction = pay(20 + (n / 4 % 200) as u8, n % 4, 1 + n, 400 + n % 101, 9);
        dropped += insert(&mut pool, transaction).map_or(0, |dropped| dropped.len());
    }
    check(&pool);
    assert!(dropped > 50 && pool.len() == 100, "the flood filled the pool and fought over the rest");
    assert!(honest.iter().all(|id| pool.get(id).is_some()));
    // Whoever pays more per byte takes a place.
    let better = pay(250, 0, 1, 501, 9);
    let id = better.id();
    insert(&mut pool, better).unwrap();
    assert!(pool.get(&id).is_some());
}

#[test]
fn one_sender_waits_with_64_and_no_more() {
    let mut pool = Mempool::new(Limits::default());
    for nonce in 0..64 {
        insert(&mut pool, pay(1, nonce, 1, 500, 9)).unwrap();
    }
    assert_eq!(insert(&mut pool, pay(1, 64, 1, 9_000, 9)), Err(MempoolError::Sender(64)));
    // One in another's place takes no more places, and other senders have their own.
    insert(&mut pool, pay(1, 63, 1, 9_000, 9)).unwrap();
    insert(&mut pool, pay(2, 0, 1, 500, 9)).unwrap();
    assert_eq!(pool.len(), 65);
    check(&pool);
}

#[test]
fn where_nothing_must_be_paid_who_pays_anything_goes_ahead() {
    let limits = Limits { max_transactions: 3, max_per_sender: 2, min_fee_per_byte: 0, ..Limits::default() };
    let mut pool = Mempool::new(limits);
    insert(&mut pool, pay(1, 0, 1, 0, 9)).unwrap();
    insert(&mut pool, pay(1, 1, 1, 0, 9)).unwrap();
    assert_eq!(insert(&mut pool, pay(1, 2, 1, 0, 9)), Err(MempoolError::Sender(2)));
    insert(&mut pool, pay(2, 0, 1, 0, 9)).unwrap();
    assert_eq!(insert(&mut pool, pay(3, 0, 1, 0, 9)), Err(MempoolError::Full), "nothing pushes out nothing");
    let dropped = insert(&mut pool, pay(4, 0, 1, 1, 9)).unwrap();
    assert!(
        dropped.iter().all(|(one, why)| one.fee == 0 && *why == DropReason::Evicted) && !dropped.is_empty()
    );
    assert_eq!(pool.iter().next().unwrap().fee, 1);
    check(&pool);
}

#[test]
fn a_new_tip_confirms_drops_and_reports() {
    let mut pool = pool(100);
    let first = pay(1, 0, 1, 500, 9);
    let confirmed = BTreeSet::from([first.id()]);
    insert(&mut pool, first).unwrap();
    insert(&mut pool, pay(1, 1, 1, 500, 9)).unwrap();
    insert(&mut pool, pay(1, 2, 500_000, 500, 9)).unwrap();
    insert(&mut pool, pay(2, 0, 1, 500, 5)).unwrap();
    let after = Account { balance: 400_000, nonce: 2 };
    let dropped = pool.moved(&address(1), after, 6, &confirmed);
    assert_eq!(reasons(&dropped), [(1, DropReason::Conflict), (2, DropReason::Balance)]);
    assert_eq!(reasons(&pool.moved(&address(2), RICH, 6, &confirmed)), [(0, DropReason::Late)]);
    assert!(pool.is_empty());
    assert_eq!(pool.bytes(), 0);
}

/// A world in which the first sender has its coins and has sent nothing.
fn world() -> World {
    World::new(&network("test", RICH.balance))
}

#[test]
fn what_stands_on_a_transaction_that_comes_back_stays() {
    let world = world();
    let pay = |nonce| pay(1, nonce, 1, 1_000, 9);
    for (lost, left, next) in [
        (vec![pay(0), pay(1)], vec![], Some(4)),
        (vec![pay(1)], vec![(2, DropReason::Orphaned), (3, DropReason::Orphaned)], None),
    ] {
        let mut pool = pool(10);
        let confirmed = Account { nonce: 2, ..RICH };
        for nonce in 2..4 {
            pool.insert(Time::from_millis(5), 3, confirmed, pay(nonce)).unwrap();
        }
        let tip_move = TipMove { view: &world, height: 1, confirmed: &BTreeSet::new(), lost };
        let followed = pool.follow(Time::from_millis(9), tip_move).unwrap();
        assert_eq!(reasons(&followed.dropped), left);
        assert_eq!(pool.pending(&address(1)).map(|account| account.nonce), next);
        check(&pool);
        // They have not begun to wait anew.
        let (waited, expiry) = (pool.len(), Limits::default().expiry);
        let expired = pool.expire(Time::from_millis(5).after(expiry));
        assert_eq!(expired.len(), waited / 2);
    }
}

#[test]
fn what_comes_back_and_is_here_already_stays_once() {
    let (world, mut pool) = (world(), pool(10));
    let pay = |nonce| pay(1, nonce, 1, 1_000, 9);
    for nonce in 0..2 {
        insert(&mut pool, pay(nonce)).unwrap();
    }
    let tip_move = TipMove { view: &world, height: 1, confirmed: &BTreeSet::new(), lost: vec![pay(0)] };
    let followed = pool.follow(Time::from_millis(9), tip_move).unwrap();
    assert_eq!((reasons(&followed.dropped), followed.refused, pool.len()), (vec![], vec![], 2));
    check(&pool);
}

#[test]
fn waiting_ends() {
    let mut pool = pool(100);
    insert(&mut pool, pay(1, 0, 1, 500, 9)).unwrap();
    assert!(pool.expire(Time::from_millis(24 * 3_600_000 - 1)).is_empty());
    assert_eq!(reasons(&pool.expire(Time::from_millis(24 * 3_600_000))), [(0, DropReason::Expired)]);
}

#[test]
fn selection_is_by_rate_and_in_nonce_order() {
    let mut pool = pool(100);
    for transaction in
        [pay(1, 0, 1, 300, 9), pay(1, 1, 1, 900, 9), pay(2, 0, 1, 500, 9), pay(3, 0, 1, 400, 9)]
    {
        insert(&mut pool, transaction).unwrap();
    }
    let order: Vec<(Address, u64)> =
        pool.select(room(usize::MAX, 99)).iter().map(|t| (t.payer(), t.nonce)).collect();
    assert_eq!(order, vec![(address(2), 0), (address(3), 0), (address(1), 0), (address(1), 1)]);
    // What pays the same goes by its id.
    for from in 4..12 {
        insert(&mut pool, pay(from, 0, 1, 600, 9)).unwrap();
    }
    let equal: Vec<Hash> = pool.select(room(usize::MAX, 8)).iter().map(|t| t.id()).collect();
    assert!(equal.is_sorted());
    let size = pay(1, 0, 1, 300, 9).size();
    assert_eq!(pool.select(room(2 * size, 99)).len(), 2);
    assert_eq!(pool.select(room(usize::MAX, 1)).len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn invariants_hold_whatever_comes(
        steps in prop::collection::vec((0_u8..4, 1_u8..5, 0_u64..6, 300_u64..2_000, 1_u64..400_000), 1..80),
    ) {
        let mut pool = Mempool::new(Limits { max_bytes: 5_000, ..pool(7).limits });
        let world = world();
        let mut accounts: BTreeMap<u8, Account> = (1..5).map(|n| (n, RICH)).collect();
        for (step, who, nonce, fee, amount) in steps {
            match step {
                0 => {
                    let account = accounts.get_mut(&who).unwrap();
                    *account = Account { balance: amount * 3, nonce: account.nonce + nonce / 3 };
                    pool.moved(&address(who), *account, 1, &BTreeSet::new());
                }
                _ => {
                    let before = pool.len();
                    let transaction = paying(who, nonce, 1 + 5 * (step - 1), amount / 10 + 1, fee);
                    let offered = rate(&transaction);
                    let judged = pool.would_take((&world, 1), accounts[&who], &transaction).unwrap();
                    let taken = pool.insert(Time::from_millis(0), 1, accounts[&who], transaction);
                    prop_assert_eq!(judged, taken.as_ref().map(|_| ()).map_err(Clone::clone), "a dry run says what happens");
                    match taken {
                        Err(_) => prop_assert_eq!(pool.len(), before, "a refused transaction cost another one its place"),
                        Ok(dropped) => {
                            for (transaction, reason) in dropped {
                                let cheaper = rate(&transaction) < offered;
                                prop_assert!(reason != DropReason::Evicted || cheaper, "pushed out by one that pays no more");
                            }
                        }
                    }
                }
            }
            check(&pool);
            let mut state = accounts.iter().map(|(n, a)| (address(*n), *a)).collect::<BTreeMap<_, _>>();
            for chosen in pool.select(room(1_000, 99)) {
                state.get_mut(&chosen.payer()).unwrap().spend(&chosen, 1).unwrap();
            }
        }
    }
}

#[test]
fn short_ids_find_what_is_here_in_their_order() {
    use crate::ledger::{ShortId, ShortKey};
    let mut pool = pool(100);
    let all: Vec<_> = (1..20).map(|n| pay(n, 0, 1, 500, 9)).collect();
    let (here, other) = all.split_at(15);
    here.iter().for_each(|transaction| drop(insert(&mut pool, transaction.clone()).unwrap()));
    let key = ShortKey::new(&Hash([3; 32]), 5);
    let asked: Vec<_> = other.iter().chain(here.iter().rev()).map(|transaction| transaction.id()).collect();
    let shorts: Vec<ShortId> = asked.iter().map(|id| key.short(id)).collect();
    let found = pool.find_short(&key, &shorts);
    let found: Vec<_> =
        found.iter().map(|found| found.as_ref().map(|transaction| transaction.id())).collect();
    let expected = asked.iter().map(|id| pool.get(id).map(|transaction| transaction.id()));
    assert_eq!(found, expected.collect::<Vec<_>>());
    assert_eq!(pool.find_short(&ShortKey::new(&Hash([3; 32]), 6), &shorts), vec![None; 19]);
}

#[test]
fn a_replacement_that_grows_makes_room_for_itself_or_is_refused() {
    let max_bytes = 20 * weight(&paying(1, 0, 1, 1, 1_000));
    let limits = Limits { max_bytes, ..Limits::default() };
    let mut pool = Mempool::new(limits);
    for n in 1..=20 {
        insert(&mut pool, paying(n, 0, 1, 1, 1_000)).unwrap();
    }
    let before = pool.len();
    let refused = insert(&mut pool, paying(1, 0, 100, 1, 8_000));
    assert_eq!(
        (refused, pool.len()),
        (Err(MempoolError::Full), before),
        "it offers less for a byte than all others"
    );
    let dropped = insert(&mut pool, paying(1, 0, 100, 1, 90_000)).unwrap();
    let evicted = dropped.iter().filter(|(_, reason)| *reason == DropReason::Evicted).count();
    assert_eq!((evicted + 1, pool.len() + evicted), (dropped.len(), before));
    check(&pool);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Pages by place show each that waits throughout once and in order, whatever goes meanwhile.
    #[test]
    fn pages_by_place_skip_nothing_that_waits(fees in prop::collection::vec(500..510_u64, 1..40), size in 1..5_usize, gone in prop::collection::vec(any::<bool>(), 40)) {
        let mut pool = pool(100);
        for (from, fee) in (1..).zip(&fees) {
            insert(&mut pool, pay(from, 0, 1, *fee, 9)).unwrap();
        }
        let all: Vec<Hash> = pool.iter().map(|one| one.id()).collect();
        let (mut seen, mut place, mut left) = (vec![], None, vec![]);
        let mut gone = gone.into_iter();
        loop {
            let page: Vec<_> = pool.below(place).take(size).cloned().collect();
            let Some(last) = page.last() else { break };
            place = Some(Rank::of(last));
            seen.extend(page.iter().map(|one| one.id()));
            for one in &page {
                if gone.next() == Some(true) {
                    left.push(one.id());
                    pool.remove(&one.id());
                }
            }
        }
        prop_assert_eq!(seen, all);
        prop_assert_eq!(pool.len(), fees.len() - left.len());
    }
}

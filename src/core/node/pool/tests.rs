use alloc::vec;

use super::*;
use crate::ledger::{Block, Origin, RawTransaction, TransactionError, World, check_inline};
use crate::mempool::DropReason;
use crate::testing::{Node, network, pay};

const RICH: u64 = 1_000_000;

/// A pool on the chain of a node of one.
struct Bench {
    pool: Pool<World>,
    node: Node,
}

impl Bench {
    fn new() -> Self {
        let pool = Pool::new(Time::default(), Limits::default());
        Self { pool, node: Node::of(network("pool", RICH)) }
    }

    fn pay(&self, from: u8, nonce: u64) -> Transaction {
        pay(self.node.chain.genesis(), from, nonce, 2, 1, 1_000)
    }

    fn of_peer(&mut self, conn: u64, transactions: Vec<Transaction>) {
        let take = PoolRequest::Take { conn: ConnId(conn), transactions };
        self.pool.handle(Input::Request(take));
    }

    fn give(&mut self, ticket: u64, transactions: Vec<Transaction>) {
        self.pool.handle(Input::Give { ticket: Ticket(ticket), transactions, replace: false });
    }

    /// Everything that waits is done; what was said.
    fn settle(&mut self) -> Vec<Output> {
        let mut check = check_inline(self.node.network());
        while self.pool.has_work(Time::default()) {
            self.pool.work(Time::default(), &self.node.disk.world, &mut check).unwrap();
        }
        core::iter::from_fn(|| self.pool.poll()).collect()
    }

    /// The pool hears of a move of its node's chain.
    fn follow(&mut self, moved: Moved) {
        self.pool.handle(Input::Moved { moved, view: self.node.disk.world.clone() });
    }

    fn waiting(&self) -> Vec<Hash> {
        let mut ids: Vec<_> = self.pool.mempool().iter().map(|one| one.id()).collect();
        ids.sort();
        ids
    }
}

fn waits(transaction: &Transaction, known: bool) -> Result<Waits, Refusal> {
    Ok(Waits { id: transaction.id(), known })
}

fn ids(transactions: &[Transaction]) -> Vec<Hash> {
    let mut ids: Vec<_> = transactions.iter().map(Transaction::id).collect();
    ids.sort();
    ids
}

/// This block has joined the chain.
fn grown(block: &Block) -> Moved {
    let (from, connected) = (block.header.parent, vec![block.id()]);
    Moved { origin: Origin::Own, from, disconnected: vec![], connected }
}

#[test]
fn what_waits_together_is_answered_each_giver_on_its_own_and_own_is_offered_apart() {
    let mut bench = Bench::new();
    let [first, second, third, gap] = [0, 1, 2, 9].map(|nonce| bench.pay(1, nonce));
    let forged: Transaction = RawTransaction { nonce: 7, ..RawTransaction::clone(&first) }.into();
    bench.of_peer(1, vec![first.clone(), forged.clone()]);
    bench.give(4, vec![first.clone(), second.clone()]);
    bench.of_peer(2, vec![third.clone()]);
    bench.give(5, vec![gap]);
    let (mut told, mut given, mut offered, mut taken) = (vec![], vec![], vec![], vec![]);
    for output in bench.settle() {
        match output {
            Output::Answer(Answer::TransactionsDone { conn, outcomes }) => told.push((conn.0, outcomes)),
            Output::Given { ticket, results } => given.push((ticket.0, results)),
            Output::Offer(Offer::Transactions { own, relayed }) => offered.push((own, relayed)),
            Output::Taken(id) => taken.push(id),
            other => panic!("{other:?}"),
        }
    }
    let (yes, no) = (TransactionOutcome::Taken, TransactionError::Signature.to_string());
    let bad = (forged.id(), TransactionOutcome::Invalid(no));
    assert_eq!(told, [(1, vec![(first.id(), yes.clone()), bad]), (2, vec![(third.id(), yes)])]);
    assert!(matches!(&given[..], [(4, ok), (5, gap)] if
        *ok == [waits(&first, true), waits(&second, false)] && matches!(gap[..], [Err(Refusal::Mempool(_))])));
    assert_eq!(offered, [(vec![second.clone()], vec![first.clone(), third.clone()])]);
    assert_eq!(taken, [first, second, third].map(|one| one.id()));
}

#[test]
fn more_is_taken_until_a_batch_or_a_move_of_the_tip_waits() {
    let mut bench = Bench::new();
    let one = bench.pay(1, 0);
    bench.of_peer(1, vec![one.clone(); SUBMISSION_BATCH - 2]);
    bench.give(1, vec![one.clone()]);
    assert!(bench.pool.has_room());
    bench.of_peer(2, vec![one.clone()]);
    assert!(!bench.pool.has_room());
    let mut bench = Bench::new();
    let block = bench.node.mine(vec![one]);
    bench.follow(grown(&block));
    assert!(!bench.pool.has_room());
    bench.settle();
    assert!(bench.pool.has_room());
}

#[test]
fn a_client_replaces_only_what_it_says_and_a_peer_always() {
    let mut bench = Bench::new();
    let network = bench.node.chain.genesis().clone();
    let [first, second, third] = [1_000, 2_000, 3_000].map(|fee| pay(&network, 1, 0, 2, 1, fee));
    let after = bench.pay(1, 1);
    bench.give(1, vec![first.clone(), after.clone()]);
    bench.settle();
    // It pays enough, and its client knew nothing of the first.
    bench.give(2, vec![second.clone(), first.clone()]);
    let said = bench.settle();
    let [Output::Given { results, .. }] = &said[..] else { panic!("{said:?}") };
    let taken = Refusal::Taken { nonce: 0, by: first.id(), next: 2 };
    assert_eq!(*results, [Err(taken), waits(&first, true)]);
    let transactions = vec![second.clone()];
    bench.pool.handle(Input::Give { ticket: Ticket(3), transactions, replace: true });
    bench.settle();
    assert_eq!(bench.waiting(), ids(&[second, after.clone()]));
    bench.of_peer(1, vec![third.clone()]);
    bench.settle();
    assert_eq!(bench.waiting(), ids(&[third, after]));
}

#[test]
fn a_check_answers_like_a_submission_and_changes_nothing() {
    let mut bench = Bench::new();
    let network = bench.node.chain.genesis().clone();
    let [first, dearer] = [1_000, 2_000].map(|fee| pay(&network, 1, 0, 2, 1, fee));
    let forged: Transaction = RawTransaction { nonce: 7, ..RawTransaction::clone(&first) }.into();
    let asked = |bench: &mut Bench, transaction: &Transaction, replace| {
        let transaction = transaction.clone();
        bench.pool.handle(Input::Check { ticket: Ticket(7), transaction, replace });
        let said = bench.settle();
        let [Output::Given { ticket: Ticket(7), results }] = &said[..] else { panic!("{said:?}") };
        results[0].clone()
    };
    assert_eq!(asked(&mut bench, &first, false), waits(&first, false));
    assert_eq!(asked(&mut bench, &forged, false), Err(Refusal::Invalid(TransactionError::Signature)));
    let gap = bench.pay(1, 1);
    assert!(matches!(asked(&mut bench, &gap, false), Err(Refusal::Mempool(_))));
    assert!(bench.waiting().is_empty());
    bench.give(1, vec![first.clone()]);
    bench.settle();
    assert_eq!(asked(&mut bench, &first, false), waits(&first, true));
    assert!(matches!(asked(&mut bench, &dearer, false), Err(Refusal::Taken { .. })));
    assert_eq!(asked(&mut bench, &dearer, true), waits(&dearer, false));
    assert_eq!(bench.waiting(), ids(&[first]));
    bench.pool.handle(Input::DiskFull(true));
    assert_eq!(asked(&mut bench, &dearer, true), Err(Refusal::DiskFull));
}

#[test]
fn a_full_disk_takes_nothing_new_and_still_knows_what_waits() {
    let mut bench = Bench::new();
    let [known, new] = [0, 1].map(|nonce| bench.pay(1, nonce));
    bench.give(1, vec![known.clone()]);
    bench.settle();
    bench.pool.handle(Input::DiskFull(true));
    bench.give(2, vec![known, new]);
    let said = bench.settle();
    let [Output::Given { results, .. }] = &said[..] else { panic!("{said:?}") };
    assert!(matches!(results[..], [Ok(_), Err(Refusal::DiskFull)]));
}

#[test]
fn what_stands_on_others_that_wait_stands_on_their_account_until_the_pool_has_followed() {
    let mut bench = Bench::new();
    let [first, second, third] = [0, 1, 2].map(|nonce| bench.pay(1, nonce));
    bench.give(1, vec![first.clone(), second.clone()]);
    bench.settle();
    // The store has the next tip already; the pool has not heard of it.
    let block = bench.node.mine(vec![first]);
    bench.give(2, vec![third.clone()]);
    bench.follow(grown(&block));
    let said = bench.settle();
    assert!(matches!(&said[1], Output::Offer(_)), "{said:?}");
    assert_eq!(bench.waiting(), ids(&[second, third]));
}

#[test]
fn a_pool_that_is_two_moves_behind_drops_nothing_that_is_confirmed() {
    let mut bench = Bench::new();
    let [first, second, third] = [0, 1, 2].map(|nonce| bench.pay(1, nonce));
    bench.give(1, vec![first.clone(), second.clone(), third.clone()]);
    bench.settle();
    for transaction in [first, second] {
        let block = bench.node.mine(vec![transaction]);
        bench.follow(grown(&block));
    }
    let said = bench.settle();
    assert!(said.is_empty(), "{said:?}");
    assert_eq!(bench.waiting(), ids(&[third]));
}

#[test]
fn what_a_reorganisation_put_out_of_the_chain_comes_back_but_for_what_its_other_blocks_hold() {
    let mut bench = Bench::new();
    let [mine, both, late] = [bench.pay(1, 0), bench.pay(2, 0), bench.pay(1, 1)];
    let fork = bench.node.chain.tip().clone();
    bench.node.mine(vec![mine.clone(), both.clone()]);
    bench.node.mine(vec![late.clone()]);
    // A branch of more work that confirms one of the three.
    let first = bench.node.block_on(&fork, 100, vec![both.clone()], 8);
    let (rest, _) = bench.node.run_on(&bench.node.branch_with(&fork, &first), 3, 100, 8);
    for block in core::iter::once(&first).chain(&rest) {
        bench.node.give(block, Origin::Synced).unwrap();
    }
    let (moved, _) = bench.node.settle();
    bench.follow(moved[0].clone());
    let said = bench.settle();
    let relayed = said.iter().find_map(|output| match output {
        Output::Offer(Offer::Transactions { own, relayed }) if own.is_empty() => Some(relayed.clone()),
        _ => None,
    });
    assert_eq!(relayed, Some(vec![mine.clone(), late.clone()]), "lowest block first");
    assert_eq!(bench.waiting(), ids(&[mine, late]));
    assert!(!said.iter().any(|output| matches!(output, Output::Dropped { .. })));
}

#[test]
fn what_fits_no_more_is_told_with_the_reason() {
    let mut bench = Bench::new();
    let fork = bench.node.chain.tip().clone();
    let (one, other) = (bench.pay(1, 0), pay(bench.node.chain.genesis(), 1, 0, 3, 7, 1_000));
    bench.node.mine(vec![one.clone()]);
    let first = bench.node.block_on(&fork, 100, vec![other], 8);
    let (rest, _) = bench.node.run_on(&bench.node.branch_with(&fork, &first), 2, 100, 8);
    for block in core::iter::once(&first).chain(&rest) {
        bench.node.give(block, Origin::Synced).unwrap();
    }
    let (moved, _) = bench.node.settle();
    bench.follow(moved[0].clone());
    let said = bench.settle();
    assert!(
        matches!(&said[..], [Output::Dropped { id, reason: Reason::NotBack(_) }] if *id == one.id()),
        "{said:?}"
    );
}

#[test]
fn the_pool_looks_for_what_has_waited_too_long() {
    let mut bench = Bench::new();
    bench.pool = Pool::new(Time::default(), Limits { expiry: MEMPOOL_SWEEP, ..Limits::default() });
    let one = bench.pay(1, 0);
    bench.give(1, vec![one.clone()]);
    bench.settle();
    let due = bench.pool.next_wakeup();
    assert!(!bench.pool.has_work(Time::from_millis(due.as_millis() - 1)) && bench.pool.has_work(due));
    let mut check = check_inline(bench.node.network());
    bench.pool.work(due, bench.node.world(), &mut check).unwrap();
    assert!(
        matches!(bench.pool.poll(), Some(Output::Dropped { id, reason: Reason::Dropped(DropReason::Expired) }) if id == one.id())
    );
    assert!(bench.pool.next_wakeup() > due);
}

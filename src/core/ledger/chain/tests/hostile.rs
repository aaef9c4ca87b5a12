//! Blocks that somebody has tampered with, replayed, or made to cost much.

use std::cell::{Cell, RefCell};

use super::*;
use crate::codec::{decode, encode};
use crate::ledger::contract::Results;
use crate::ledger::{Body, Certificate, HeaderRecord, Undo, View, meets};
use crate::testing::work;

/// A world that counts what it is asked, and may get one account wrong once.
struct Watched<'a>(&'a World, Cell<u32>, RefCell<Option<Key>>);

impl Watched<'_> {
    fn world(&self) -> &World {
        self.1.set(self.1.get() + 1);
        self.0
    }
}

impl View for Watched<'_> {
    fn row(&self, key: &Key) -> Result<Option<Vec<u8>>, StateError> {
        let wrong = self.2.borrow_mut().take_if(|wrong| wrong == key).is_some();
        let mut row = self.world().row(key)?;
        row.iter_mut().filter(|_| wrong).for_each(|row| row[1] ^= 1);
        Ok(row)
    }
    fn record(&self, id: &Hash) -> Result<Option<HeaderRecord>, StateError> {
        self.world().record(id)
    }
    fn at_height(&self, height: u64) -> Result<Option<Hash>, StateError> {
        self.world().at_height(height)
    }
    fn lowest(&self) -> Result<u64, StateError> {
        self.world().lowest()
    }
    fn body(&self, id: &Hash) -> Result<Option<Body>, StateError> {
        self.world().body(id)
    }
    fn results(&self, id: &Hash) -> Result<Option<Results>, StateError> {
        self.world().results(id)
    }
    fn undo(&self, id: &Hash) -> Result<Option<Undo>, StateError> {
        self.world().undo(id)
    }
    fn history_node(&self, height: u8, index: u64) -> Result<Option<Hash>, StateError> {
        self.world().history_node(height, index)
    }
    fn tip(&self) -> Result<(u64, Hash), StateError> {
        self.world().tip()
    }
    fn side_blocks(&self) -> Result<Vec<Hash>, StateError> {
        self.world().side_blocks()
    }
    fn finalized(&self) -> Result<Option<Certificate>, StateError> {
        self.world().finalized()
    }

    fn handover(&self, base: &Hash) -> Result<Option<Certificate>, StateError> {
        self.world().handover(base)
    }

    fn handed_over(&self, set: &Hash) -> Result<Option<Hash>, StateError> {
        self.world().handed_over(set)
    }
}

/// What planning for a block asked of the store and how many signatures it checked.
fn effort(node: &Node, block: Block) -> (Result<Plan, PlanError>, u32, usize) {
    let watched = Watched(node.world(), Cell::default(), RefCell::default());
    let mut inline = check_inline(node.network());
    let mut signatures = 0;
    let mut check = |transactions: &[Transaction]| {
        signatures += transactions.len();
        inline(transactions)
    };
    let plan = node.chain.plan(&watched, &mut check, node.now, Arc::new(block), Origin::Pushed);
    (plan, watched.1.get(), signatures)
}

fn good_block() -> (Node, Arc<Block>) {
    let mut node = Node::new();
    node.mine(vec![]);
    let transactions = vec![node.pay(1, 0, 2, 7), node.pay(2, 0, 3, 9), node.pay(1, 1, 3, 1)];
    let good = node.block_on(&node.chain.tip().clone(), 1_000, transactions, 9);
    node.now = good.header.time;
    (node, good)
}

#[test]
fn the_dear_checks_come_last() {
    let (node, good) = good_block();
    // No work: nothing is read and nothing is checked beyond a hash.
    let mut bad = (*good).clone();
    while meets(&bad.id(), bad.header.difficulty) {
        bad.header.nonce += 1;
    }
    let (plan, reads, signatures) = effort(&node, bad);
    assert!(matches!(plan, Err(PlanError::Header(HeaderError::Work(_)))));
    assert_eq!((reads, signatures), (0, 0));
    // A wrong body: no signature of a transaction is checked.
    let mut bad = (*good).clone();
    bad.body.reward.amount += 1;
    let (plan, _, signatures) = effort(&node, bad);
    assert!(matches!(plan, Err(PlanError::Body(BodyError::Root))));
    assert_eq!(signatures, 0);
    // A good one: one signature for each transaction, no more.
    let (plan, _, signatures) = effort(&node, (*good).clone());
    assert!(matches!(plan, Ok(Plan::Ready(_))));
    assert_eq!(signatures, good.body.transactions.len());
}

#[test]
fn no_flipped_bit_passes_and_none_shadows_the_genuine_block() {
    let (mut node, good) = good_block();
    let (before, id) = (node.world().clone(), good.id());
    let bytes = encode(&*good);
    let mut mutants = 0;
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(mutant) = decode::<Block>(&bytes, "block") else { continue };
        mutants += 1;
        let (plan, _, _) = effort(&node, mutant.clone());
        match plan {
            // Another nonce may happen to show the work: then it is another block, as dear as this one.
            Ok(_) => {
                assert!(mutant.id() != id && mutant.body == good.body && bit / 8 < 264 && bit / 8 >= 256)
            }
            Err(error) if mutant.id() == id => assert!(!error.is_committed(), "bit {bit}: {error}"),
            Err(_) => (),
        }
        let _ = node.give(&Arc::new(mutant), Origin::Synced).map(|_| node = reload(&before));
    }
    assert!(mutants > 2_000, "{mutants}");
    assert_eq!(*node.world(), before);
    node.now = good.header.time;
    node.give(&good, Origin::Pushed).unwrap();
    assert_eq!(node.chain.tip().id, id);
}

fn reload(world: &World) -> Node {
    Node::load(genesis(), world.clone(), Timestamp(u64::MAX / 2))
}

#[test]
fn rearranged_bodies_are_refused_and_the_genuine_one_is_taken_afterwards() {
    let (mut node, good) = good_block();
    let count = good.body.transactions.len();
    let mut bodies = vec![];
    for at in 0..count {
        let transactions = || good.body.transactions.clone().into_inner();
        let mut without = transactions();
        without.remove(at);
        let mut swapped = transactions();
        swapped.swap(at, (at + 1) % count);
        bodies.extend([without, swapped]);
        // CVE-2012-2459: a tree that repeats its last leaves gives a longer list the same root.
        for from in 0..=at {
            bodies.push([transactions(), transactions()[from..=at].to_vec()].concat());
        }
    }
    assert!(bodies.len() > 10);
    for body in bodies {
        let mut bad = (*good).clone();
        bad.body.transactions = Bounded::truncated(body);
        let error = node.give(&Arc::new(bad), Origin::Synced).unwrap_err();
        assert_eq!(error, PlanError::Body(BodyError::Root));
        assert!(!error.is_committed());
    }
    node.give(&good, Origin::Pushed).unwrap();
}

#[test]
fn a_wrong_copy_of_a_future_block_is_not_held_in_its_place() {
    let (mut node, good) = good_block();
    let ahead = genesis().rules.schedule.ahead_ms();
    node.now = Timestamp(good.header.time.0 - ahead - 1);
    let mut bad = (*good).clone();
    bad.body.transactions = Bounded::default();
    assert!(matches!(effort(&node, bad).0, Err(PlanError::Body(BodyError::Root))));
    assert!(matches!(effort(&node, (*good).clone()).0, Ok(Plan::Early { .. })));
}

#[test]
fn a_future_block_is_never_remembered_as_invalid() {
    let (mut node, good) = good_block();
    let (due, ahead) = (good.header.time.0, genesis().rules.schedule.ahead_ms());
    // The clock steps back and forth; only the last look is close enough.
    for now in [0, due - ahead - 1, 5, due - 60_000_000.min(due)] {
        node.now = Timestamp(now);
        assert!(matches!(effort(&node, (*good).clone()).0, Ok(Plan::Early { .. })), "{now}");
    }
    node.now = Timestamp(due - ahead);
    assert!(node.give(&good, Origin::Pushed).unwrap().is_some());
}

#[test]
fn nothing_of_another_network_counts_and_nothing_counts_twice() {
    let mut node = Node::new();
    let mut other = Node::of(network("other", 1_000));
    let foreign = other.mine(vec![other.pay(1, 0, 2, 5)]);
    node.now = foreign.header.time;
    assert_eq!(node.give(&foreign, Origin::Synced), Err(PlanError::Header(HeaderError::Seal)));
    // The same block on our genesis block, mined by the same key: its transaction is signed for the other network.
    let mut block = (*node.block_on(&node.chain.tip().clone(), 1_000, vec![], 9)).clone();
    block.body.transactions = foreign.body.transactions.clone();
    block.body.reward.amount += 1;
    block.header.body = block.body.root(block.header.height);
    block.header.seal(&node.network(), &key(9));
    work(&mut block);
    let block = Arc::new(block);
    let error = node.give(&block, Origin::Synced).unwrap_err();
    assert!(matches!(error, PlanError::Body(BodyError::Transaction { .. })), "{error}");
    // The other network's seal over the very same header.
    let mut block = (*node.block_on(&node.chain.tip().clone(), 1_000, vec![], 9)).clone();
    block.header.seal(&other.network(), &key(9));
    work(&mut block);
    assert_eq!(node.give(&Arc::new(block), Origin::Synced), Err(PlanError::Header(HeaderError::Seal)));
    // Twice in one block, and again in the next.
    let pay = node.pay(1, 0, 2, 5);
    let twice = node.block_on(&node.chain.tip().clone(), 1_000, vec![pay.clone(), pay.clone()], 9);
    let nonce = |error| {
        matches!(
            error,
            Err(PlanError::Body(BodyError::Execution { error: ExecutionError::Nonce { .. }, .. }))
        )
    };
    assert!(nonce(node.give(&twice, Origin::Pushed)));
    node.mine(vec![pay.clone()]);
    let again = node.block_on(&node.chain.tip().clone(), 1_000, vec![pay], 9);
    node.now = again.header.time;
    assert!(nonce(node.give(&again, Origin::Pushed)));
    assert_eq!(node.balance(2), 1_005);
}

#[test]
fn cheap_branches_from_long_ago_are_not_stored() {
    let mut node = Node::new();
    let genesis = node.chain.tip().clone();
    for _ in 0..250 {
        node.mine(vec![]);
    }
    let before = node.world().clone();
    // As late as the schedule allows: each block is as easy as one can be.
    let mut branch = genesis;
    for number in 0..500_u64 {
        let junk = node.block_on(&branch, 200_000 + number, vec![], 20);
        node.now = node.now.max(junk.header.time);
        assert!(matches!(
            node.give(&junk, Origin::Pushed),
            Err(PlanError::Behind | PlanError::UnknownParent(_))
        ));
        branch = node.branch_with(&branch, &junk);
    }
    assert_eq!(*node.world(), before);
    assert_eq!(node.chain.side_blocks(), (0, 0));
}

#[test]
fn what_stands_on_an_invalid_block_is_refused_however_far_above() {
    let mut node = Node::new();
    node.now = Timestamp(u64::MAX / 2);
    let fork = node.chain.tip().clone();
    node.mine(vec![]);
    let bad = node.block_on(&fork, 100, vec![node.pay(1, 5, 2, 1)], 8);
    let (after, end) = node.run_on(&node.branch_with(&fork, &bad), 4, 100, 8);
    for block in [&bad].into_iter().chain(&after) {
        node.give(block, Origin::Synced).unwrap();
    }
    assert_eq!(node.settle().1, [bad.id()]);
    for (parent, invalid) in [(&node.branch_with(&fork, &bad), bad.id()), (&end, end.id)] {
        for origin in [Origin::Pushed, Origin::Synced] {
            let block = node.block_on(parent, 1_000, vec![], 7);
            assert_eq!(node.give(&block, origin).unwrap_err(), PlanError::Invalid(invalid));
        }
    }
    assert!(!node.chain.is_behind(), "nothing is executed again");
}

/// An answer that comes a day late, while the network rests.
#[test]
fn an_answer_cannot_be_dated_before_a_heartbeat() {
    use crate::ledger::{Action, Agreement, Proposal, Response, Standing};
    use crate::testing::text;
    let mut node = Node::new();
    let deadline = Timestamp(node.chain.tip().time.0 + 3_600_000);
    let proposal = Proposal {
        title: text("lease"),
        document: Hash([7; 32]),
        parties: Bounded::truncated([address(2)]),
        deadline,
    };
    let id = proposal.id(&key(1).public(), 0);
    let sign =
        |from, nonce, action| Transaction::sign(&node.network(), &key(from), nonce, 1, u64::MAX, action);
    let propose = sign(1, 0, Action::Propose(proposal));
    let answer =
        sign(2, 0, Action::Respond { agreement: id, document: Hash([7; 32]), response: Response::Sign });
    node.mine(vec![propose]);
    let proposed = node.chain.tip().clone();
    // A heartbeat after the deadline.
    node.now = Timestamp(deadline.0 + 1);
    let heartbeat = node.block_on(&proposed, deadline.0 + 1 - proposed.time.0, vec![], 9);
    node.give(&heartbeat, Origin::Pushed).unwrap();
    node.now = Timestamp(deadline.0 + 24 * 3_600_000);
    // Dated back, it is a branch from before the heartbeat, whose work it has to beat.
    let back = node.block_on(&proposed, deadline.0 - proposed.time.0, vec![answer.clone()], 8);
    node.give(&back, Origin::Pushed).unwrap();
    assert_eq!(node.chain.tip().id, heartbeat.id());
    let mut tip = node.chain.tip().clone();
    tip.time = deadline;
    let given = node.give(&node.block_on(&tip, 1, vec![answer], 8), Origin::Pushed);
    assert!(matches!(given, Err(PlanError::Header(HeaderError::Time { .. }))));
    let agreement = Agreement::read(node.world(), &id).unwrap().unwrap();
    assert_eq!(agreement.standing(node.chain.tip().time), Standing::Expired);
}

#[test]
fn a_machine_that_gets_two_results_from_the_same_rows_goes_no_further() {
    let mut node = Node::new();
    let block = node.block_on(&node.chain.tip().clone(), 1_000, vec![node.pay(1, 0, 2, 7)], 9);
    node.now = block.header.time;
    let flaky = Watched(node.world(), Cell::default(), RefCell::new(Some(Key::Account(address(2)))));
    let mut check = check_inline(node.network());
    let planned = node.chain.plan(&flaky, &mut check, node.now, block.clone(), Origin::Pushed);
    assert!(matches!(planned, Err(PlanError::State(_))), "{planned:?}");
    // A row that is wrong every time is another matter: who is wrong is not known.
    let mut wrong = Change::default();
    let row = node.world().row(&Key::Account(address(2))).unwrap().map(|mut row| {
        row[1] ^= 1;
        row
    });
    wrong.rows.insert(Key::Account(address(2)), row);
    let mut damaged = node.world().clone();
    damaged.apply(&wrong);
    let planned = node.chain.plan(&damaged, &mut check, node.now, block.clone(), Origin::Pushed);
    assert!(matches!(planned, Err(PlanError::Body(BodyError::Executed { .. }))), "{planned:?}");
    node.give(&block, Origin::Pushed).unwrap();
}

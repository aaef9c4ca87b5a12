use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::overlay::Request;
use crate::testing::{genesis, unsealed, unsigned};

const MOST: usize = 24;

fn at(ms: u64) -> Time {
    Time::from_millis(ms)
}

/// So many different transactions.
fn all() -> Vec<Transaction> {
    (0..2 * MOST as u64).map(|n| unsigned(n, 1)).collect()
}

/// A block of the transactions `from..from + count`; blocks with another nonce are others.
fn block(nonce: u64, from: usize, count: usize) -> Arc<Block> {
    unsealed(nonce, all()[from..from + count].to_vec())
}

fn short(block: &Block, salt: u64) -> Arc<CompactBlock> {
    Arc::new(CompactBlock::new(block, salt).unwrap())
}

fn machine() -> Compact {
    Compact::new(genesis(), 7)
}

fn wishes(compact: &mut Compact) -> Vec<Wish> {
    core::iter::from_fn(|| compact.poll()).collect()
}

/// What is asked of the mempool and of a peer, who is blamed, what is there, who leads on.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    looks: usize,
    asks: Vec<(u64, Vec<u16>)>,
    blames: Vec<(u64, Fault)>,
    blocks: Vec<(Vec<u64>, Hash)>,
    leads: Vec<u64>,
}

fn seen(compact: &mut Compact) -> Seen {
    let mut seen = Seen::default();
    for wish in wishes(compact) {
        match wish {
            Wish::Act(Act::Ask(Request::Pool(PoolRequest::Short { .. }))) => seen.looks += 1,
            Wish::Act(Act::Send(conn, Message::GetBlockTransactions { places, .. })) => {
                seen.asks.push((conn.0, places.into_inner()));
            }
            Wish::Act(Act::Blame(conn, fault)) => seen.blames.push((conn.0, fault)),
            Wish::Block(conns, block) => {
                assert_eq!(block.body.root(block.header.height), block.header.body);
                seen.blocks.push((conns.iter().map(|conn| conn.0).collect(), block.id()));
            }
            Wish::Lead(conn) => seen.leads.push(conn.0),
            Wish::Act(other) => panic!("{other:?}"),
        }
    }
    seen
}

/// `conn` sends the block in short, and the mempool has those of its transactions that `has` says.
fn begin(compact: &mut Compact, conn: u64, block: &Block, has: impl Fn(usize) -> bool) {
    let short = short(block, conn);
    compact.received(ConnId(conn), short.clone());
    let all = block.body.transactions.iter().enumerate();
    let found = all.map(|(place, transaction)| has(place).then(|| transaction.clone())).collect();
    compact.found(at(0), short.key(), found);
}

fn give(compact: &mut Compact, conn: u64, block: &Block, places: &[u16]) {
    let list = places.iter().map(|place| block.body.transactions[usize::from(*place)].clone());
    compact.transactions(ConnId(conn), &block.id(), list.collect());
}

const UNASKED: Fault = Fault::Unasked("transactions of a block");

proptest! {
    #[test]
    fn whatever_is_known_already_the_same_block_comes_of_it(
        count in 0..=MOST,
        has in any::<[bool; MOST]>(),
        kept in (0..MOST, COMPACT_FROM..MOST),
    ) {
        let (mut sender, mut receiver) = (machine(), machine());
        let block = block(1, 0, count);
        // A block beside it, with some of its transactions.
        let other = super::tests::block(2, kept.0, kept.1);
        receiver.offered(&other);
        begin(&mut receiver, 5, &block, |place| has[place]);
        let lacks = |place: &usize| !has[*place] && !(kept.0..kept.0 + kept.1).contains(place);
        let missing: Vec<u16> = (0..count).filter(lacks).map(|place| place as u16).collect();
        let done = Seen { looks: 1, blocks: vec![(vec![5], block.id())], ..Seen::default() };
        let first = seen(&mut receiver);
        if missing.is_empty() {
            prop_assert_eq!(first, done);
            return Ok(());
        }
        prop_assert_eq!(first, Seen { looks: 1, asks: vec![(5, missing.clone())], ..Seen::default() });
        prop_assert_eq!(receiver.next_wakeup(), Some(at(0).after(BLOCK_TIMEOUT)));
        if sender.offered(&block).is_some() {
            let answer = sender.serve(ConnId(6), block.id(), &Bounded::truncated(missing)).unwrap();
            let Message::BlockTransactions { block, transactions } = answer else { panic!("{answer:?}") };
            receiver.transactions(ConnId(5), &block, transactions.into_inner());
        } else {
            give(&mut receiver, 5, &block, &missing);
        }
        prop_assert_eq!(seen(&mut receiver), Seen { looks: 0, ..done });
        prop_assert_eq!(receiver.next_wakeup(), None);
    }
}

#[test]
fn two_transactions_of_one_short_id_are_nobodys_fault() {
    let mut compact = machine();
    let (block, short) = (block(1, 0, 5), short(&block(1, 0, 5), 5));
    compact.received(ConnId(5), short.clone());
    compact.received(ConnId(6), super::tests::short(&block, 6));
    compact.received(ConnId(5), short.clone());
    // The mempool has another one under the fourth short id.
    let mut found: Vec<_> = all()[..5].iter().cloned().map(Some).collect();
    found[3] = Some(all()[30].clone());
    compact.found(at(0), short.key(), found);
    assert_eq!(seen(&mut compact), Seen { looks: 1, leads: vec![5, 6], ..Seen::default() });
}

#[test]
fn who_withholds_is_replaced_by_others() {
    let mut compact = machine();
    let block = block(1, 0, 5);
    begin(&mut compact, 5, &block, |place| place > 2);
    compact.received(ConnId(6), short(&block, 6));
    assert_eq!(seen(&mut compact).asks, [(5, vec![0, 1, 2])]);
    let due = compact.next_wakeup().unwrap();
    compact.wake(at(due.as_millis() - 1));
    assert_eq!(seen(&mut compact), Seen::default());
    compact.wake(due);
    let expected = Seen { blames: vec![(5, Fault::Withheld)], leads: vec![6], ..Seen::default() };
    assert_eq!(seen(&mut compact), expected);
    assert_eq!(compact.next_wakeup(), None);
    // It was only slow: no second blame. But once is enough.
    give(&mut compact, 5, &block, &[0, 1, 2]);
    assert_eq!(seen(&mut compact), Seen::default());
    give(&mut compact, 5, &block, &[0, 1, 2]);
    assert_eq!(seen(&mut compact).blames, [(5, UNASKED)]);
}

#[test]
fn transactions_that_nobody_asked_for_are_a_fault() {
    let block = block(1, 0, 6);
    for places in [&[0, 1][..], &[0, 1, 2, 3], &[1, 0, 2], &[0, 1, 4]] {
        let mut compact = machine();
        begin(&mut compact, 5, &block, |place| place > 2);
        compact.received(ConnId(6), short(&block, 6));
        // Of somebody else, of another block.
        give(&mut compact, 6, &block, &[0, 1, 2]);
        assert_eq!(seen(&mut compact).blames, [(6, UNASKED)]);
        give(&mut compact, 5, &block, places);
        let expected = Seen { blames: vec![(5, UNASKED)], leads: vec![6], ..Seen::default() };
        assert_eq!(seen(&mut compact), expected, "{places:?}");
    }
}

#[test]
fn who_does_not_have_them_any_more_is_not_at_fault() {
    let mut compact = machine();
    let block = block(1, 0, 5);
    begin(&mut compact, 5, &block, |_| false);
    seen(&mut compact);
    let item = Item::Block { id: block.id(), height: 0, work: 0 };
    compact.not_found(ConnId(6), &[item]);
    assert_eq!(seen(&mut compact), Seen::default());
    compact.not_found(ConnId(5), &[item]);
    assert_eq!(seen(&mut compact), Seen { leads: vec![5], ..Seen::default() });
    give(&mut compact, 5, &block, &[0, 1, 2, 3, 4]);
    assert_eq!(seen(&mut compact).blames, [(5, UNASKED)]);
}

#[test]
fn who_is_gone_leaves_it_to_others_and_a_late_answer_changes_nothing() {
    let mut compact = machine();
    let (block, other) = (block(1, 0, 5), block(2, 0, 5));
    compact.received(ConnId(5), short(&block, 5));
    compact.received(ConnId(6), short(&block, 6));
    compact.peer_down(ConnId(5));
    assert_eq!(seen(&mut compact), Seen { looks: 1, leads: vec![6], ..Seen::default() });
    compact.received(ConnId(7), short(&block, 7));
    compact.received(ConnId(8), short(&other, 8));
    compact.found(at(0), short(&block, 5).key(), vec![Some(all()[9].clone()); 5]);
    assert_eq!(seen(&mut compact), Seen { looks: 2, ..Seen::default() });
    // The chain has it meanwhile: nothing waits for it.
    compact.stored(&block.id());
    compact.found(at(0), short(&block, 7).key(), Vec::new());
    compact.received(ConnId(9), short(&block, 9));
    assert_eq!(seen(&mut compact), Seen::default());
    // No room at the mempool: all is missing.
    compact.found(at(0), short(&other, 8).key(), Vec::new());
    assert_eq!(seen(&mut compact).asks, [(8, vec![0, 1, 2, 3, 4])]);
}

#[test]
fn few_are_rebuilt_at_a_time_and_one_of_each_sender() {
    let mut compact = machine();
    for n in 0..30 {
        compact.received(ConnId(n), short(&block(n, 0, 5), n));
        compact.received(ConnId(n), short(&block(n + 100, 0, 5), n));
        assert!(compact.rebuilds.len() <= COMPACT_REBUILDS);
    }
    let seen = seen(&mut compact);
    assert_eq!((seen.looks, seen.leads.len()), (COMPACT_REBUILDS, 60 - COMPACT_REBUILDS));
    assert_eq!(seen.leads[..2], [0, 1], "the second one of each");
}

#[test]
fn only_what_is_near_the_tip_and_as_dear_is_looked_up() {
    let genesis = genesis();
    let mut compact = machine();
    let mut branch = genesis.branch();
    branch.height = 100;
    let regular = branch.next_difficulty(&genesis.rules);
    compact.tip(&Tip {
        branch,
        locator: Vec::new(),
        finalized: (0, Hash::ZERO),
        lowest: 1,
        wanted_below: None,
    });
    let least = regular / COMPACT_WORK;
    let (below, above) = COMPACT_NEAR;
    let cases = [
        (100 - below, least, true),
        (100 + above, regular, true),
        (99 - below, regular, false),
        (101 + above, regular, false),
        (101, least - 1, false),
    ];
    for (n, (height, difficulty, is_looked_up)) in (0..).zip(cases) {
        let mut short = (*short(&block(n, 0, 5), 1)).clone();
        (short.header.height, short.header.difficulty) = (height, difficulty);
        compact.received(ConnId(n), Arc::new(short));
        let seen = seen(&mut compact);
        assert_eq!(seen.looks == 1, is_looked_up, "{height} {difficulty}");
        assert_eq!(seen.leads.is_empty(), is_looked_up);
    }
}

#[test]
fn transactions_of_the_newest_blocks_are_given_once_to_each() {
    let mut compact = machine();
    assert!(compact.offered(&block(0, 0, COMPACT_FROM - 1)).is_none(), "few go whole");
    for n in 1..=COMPACT_KEPT as u64 + 1 {
        assert_eq!(compact.offered(&block(n, 0, 5)), compact.offered(&block(n, 0, 5)));
    }
    assert_eq!(compact.kept.len(), COMPACT_KEPT);
    let mut ask = |conn: u64, n: u64, places: &[u16]| {
        let places = Bounded::truncated(places.iter().copied());
        compact.serve(ConnId(conn), block(n, 0, 5).id(), &places)
    };
    for bad in [&[][..], &[5], &[1, 1], &[3, 2]] {
        assert_eq!(ask(1, 3, bad), Err(Fault::Unasked("places outside a block")));
    }
    let Ok(Message::BlockTransactions { transactions, .. }) = ask(1, 3, &[1, 4]) else { panic!() };
    assert_eq!(transactions[..], [unsigned(1, 1), unsigned(4, 1)]);
    assert!(matches!(ask(1, 3, &[1]), Ok(Message::NotFound(_))), "once");
    assert!(matches!(ask(1, 1, &[1]), Ok(Message::NotFound(_))), "too old");
    assert!(matches!(ask(2, 3, &[1]), Ok(Message::BlockTransactions { .. })));
}

#[test]
fn every_sender_and_block_has_a_salt_of_its_own() {
    let (mut one, mut two) = (machine(), Compact::new(genesis(), 8));
    let salts = [block(1, 0, 5), block(2, 0, 5)]
        .map(|block| [&mut one, &mut two].map(|compact| compact.offered(&block).unwrap().salt));
    let all: BTreeSet<u64> = salts.as_flattened().iter().copied().collect();
    assert_eq!(all.len(), 4);
}

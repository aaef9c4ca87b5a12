use alloc::collections::VecDeque;
use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::ledger::World;
use crate::testing::members::{Governors, add};
use crate::testing::{Node, certificate_of, genesis, network_of_members};

const INTERVAL: u64 = 5_000;
const HEARTBEAT: u64 = 60_000;
const TOLD: Wish = Wish::Search { told: true };
const UNTOLD: Wish = Wish::Search { told: false };

/// A node that looks at a chain which the tests make up, block by block.
struct Bench {
    demand: Demand,
    head: Head,
    blocks: u8,
    waits: bool,
}

impl Bench {
    /// A node that knows the genesis block alone.
    fn young(when: When) -> Self {
        let genesis = genesis();
        let head = Head::read(&World::new(&genesis), &genesis.branch()).unwrap();
        let demand = Demand::new(Schedule::new(5_000, 32, 1_000), when);
        Self { demand, head, blocks: 0, waits: false }
    }

    /// A node on demand whose chain has nothing to confirm and is an interval old.
    fn resting() -> Self {
        let mut bench = Self::young(When::Pending);
        (0..REST_AFTER).for_each(|_| bench.block(INTERVAL, |_| ()));
        assert_eq!(bench.look(0), Wish::Rest);
        bench
    }

    /// The next block: empty, on time and untold, but for what `change` makes of it.
    fn block(&mut self, gap_ms: u64, change: impl FnOnce(&mut Recent)) {
        self.blocks = self.blocks.wrapping_add(1);
        let id = Hash([self.blocks; 32]);
        let time = Timestamp(self.head.branch.time.0 + gap_ms);
        let mut block = Recent { id, time, gap_ms, told: false, late: false, empty: true };
        change(&mut block);
        (self.head.branch.id, self.head.branch.time) = (id, block.time);
        self.head.branch.height += 1;
        self.head.recent.push_back(block);
        if self.head.recent.len() > REST_AFTER {
            self.head.recent.pop_front();
        }
    }

    /// What it wants so long after the tip's time.
    fn look(&mut self, after: u64) -> Wish {
        self.demand.look(Timestamp(self.head.branch.time.0 + after), &self.head, self.waits)
    }

    /// How many blocks come before it rests.
    fn blocks_until_rest(&mut self) -> usize {
        (0..1_000)
            .take_while(|_| {
                self.look(1) != Wish::Rest && {
                    self.block(INTERVAL, |_| ());
                    true
                }
            })
            .count()
    }
}

#[test]
fn a_chain_with_nothing_to_confirm_rests_however_young_it_is() {
    let mut bench = Bench::young(When::Pending);
    for _ in 0..=REST_AFTER {
        assert_eq!(bench.look(INTERVAL), Wish::Rest);
        bench.block(INTERVAL, |_| ());
    }
}

#[test]
fn a_transaction_is_mined_and_gets_its_confirmations() {
    let mut bench = Bench::resting();
    bench.waits = true;
    assert_eq!(bench.look(1), UNTOLD);
    bench.waits = false;
    bench.block(INTERVAL, |block| block.empty = false);
    assert_eq!(bench.blocks_until_rest(), REST_AFTER);
}

#[test]
fn what_the_members_have_decided_calls_for_a_block() {
    let mut bench = Bench::resting();
    let voters = bench.head.members.voters().clone();
    bench.head.handover = Some(certificate_of(&voters, &genesis(), bench.head.finalized, &[1]));
    assert_eq!(bench.look(1), UNTOLD);
    bench.head.handover = None;
    // The block that carries it is not empty.
    bench.block(INTERVAL, |block| block.empty = false);
    assert_eq!(bench.blocks_until_rest(), REST_AFTER);
}

#[test]
fn the_first_transaction_of_a_young_chain_gets_its_confirmations_too() {
    let mut bench = Bench::young(When::Pending);
    bench.block(INTERVAL, |block| block.empty = false);
    assert_eq!(bench.blocks_until_rest(), REST_AFTER);
}

#[test]
fn a_heartbeat_ends_a_rest_and_tells_it_unless_the_search_takes_long() {
    let mut bench = Bench::resting();
    assert_eq!(bench.look(HEARTBEAT - 1), Wish::Rest);
    assert_eq!(bench.look(HEARTBEAT), TOLD);
    let searched = SEARCH_INTERVALS * INTERVAL;
    assert_eq!(bench.look(HEARTBEAT + searched - 1), TOLD);
    assert_eq!(bench.look(HEARTBEAT + searched), UNTOLD, "a search that takes long is lateness");
    bench.block(HEARTBEAT + searched, |_| ());
    assert_eq!(bench.look(HEARTBEAT), TOLD, "the search for the next block is a new one");
}

#[test]
fn a_rest_is_told_from_the_shortest_one_on_and_only_if_the_network_rested() {
    let least = bench_schedule().shortest_rest_ms();
    let mut bench = Bench::resting();
    bench.waits = true;
    assert_eq!(bench.look(INTERVAL), UNTOLD);
    assert_eq!(bench.look(least - 1), UNTOLD);
    assert_eq!(bench.look(least), TOLD);

    let mut bench = Bench::resting();
    bench.waits = true;
    assert_eq!(bench.look(INTERVAL - 1), UNTOLD);
    assert_eq!(bench.look(least), UNTOLD, "it was called before an interval had passed: there was no rest");
}

fn bench_schedule() -> Schedule {
    Bench::resting().demand.schedule
}

#[test]
fn blocks_that_come_too_fast_keep_the_network_awake() {
    let fast = FAST_INTERVALS * INTERVAL / REST_AFTER as u64;
    for (gap, told, expected) in
        [(fast - 1, false, UNTOLD), (fast, false, Wish::Rest), (fast - 1, true, Wish::Rest)]
    {
        let mut bench = Bench::resting();
        (0..REST_AFTER).for_each(|_| bench.block(gap, |block| block.told = told));
        assert_eq!(bench.look(1), expected, "gaps of {gap} ms, told: {told}");
    }
}

#[test]
fn a_date_in_a_rest_is_answered_with_work() {
    let answered = |change: fn(&mut Recent)| {
        let mut bench = Bench::resting();
        bench.block(3 * INTERVAL, |block| block.late = true);
        change(bench.head.recent.back_mut().unwrap());
        bench.blocks_until_rest()
    };
    assert_eq!(answered(|_| ()), REST_AFTER);
    assert_eq!(answered(|block| block.told = true), 0, "it makes the next block no easier");
    assert_eq!(answered(|block| block.late = false), 0);
}

#[test]
fn a_late_block_is_owed_an_answer_only_if_it_is_dated_before_this_node_was_called() {
    for (gap, expected) in [(20_000 - 1, REST_AFTER as u32), (20_000, 0), (20_001, 0)] {
        let mut bench = Bench::resting();
        bench.waits = true;
        bench.look(20_000);
        bench.block(gap, |block| block.late = true);
        bench.look(1);
        assert_eq!(bench.demand.owed, expected, "called 20 s after the tip, the block is {gap} ms after it");
    }
}

#[test]
fn a_call_that_is_over_excuses_no_date() {
    let mut bench = Bench::resting();
    bench.waits = true;
    assert_eq!(bench.look(0), UNTOLD);
    // What waited was dropped.
    bench.waits = false;
    assert_eq!(bench.look(1), Wish::Rest);
    bench.block(3 * INTERVAL, |block| block.late = true);
    assert_eq!(bench.blocks_until_rest(), REST_AFTER);
}

#[test]
fn what_is_owed_is_bounded() {
    let mut bench = Bench::resting();
    for _ in 0..OWED_BLOCKS {
        (0..REST_AFTER).for_each(|_| {
            bench.block(INTERVAL, |block| {
                block.late = true;
                // Before the node was called, as all that a member withholds.
                block.time = Timestamp(1);
            })
        });
        bench.look(1);
        assert!(bench.demand.owed <= OWED_BLOCKS);
    }
    assert_eq!(bench.demand.owed, OWED_BLOCKS);
}

#[test]
fn a_node_that_starts_or_did_not_mine_owes_nothing_for_what_it_missed() {
    let dated = |bench: &mut Bench| (0..3).for_each(|_| bench.block(3 * INTERVAL, |block| block.late = true));
    let mut started = Bench::resting();
    dated(&mut started);
    started.demand = Demand::new(started.demand.schedule, When::Pending);
    assert_eq!(started.look(1), Wish::Rest);

    let mut idle = Bench::resting();
    dated(&mut idle);
    idle.demand.pass(&idle.head);
    assert_eq!(idle.look(1), Wish::Rest);
}

#[test]
fn a_miner_that_always_works_tells_only_rests() {
    let mut bench = Bench::resting();
    bench.demand.when = When::Always;
    for (after, expected) in
        [(1, UNTOLD), (2 * INTERVAL - 1, UNTOLD), (2 * INTERVAL, TOLD), (100 * INTERVAL, TOLD)]
    {
        assert_eq!(bench.look(after), expected, "{after} ms after the tip");
    }
    bench.waits = true;
    assert_eq!(bench.look(100 * INTERVAL), TOLD, "there was nothing to confirm up to now");
    assert_eq!(bench.look((100 + SEARCH_INTERVALS) * INTERVAL), UNTOLD);

    let mut bench = Bench::young(When::Always);
    bench.waits = true;
    assert_eq!(bench.look(1), UNTOLD);
    assert_eq!(bench.look(3 * INTERVAL), UNTOLD, "something waited all the time");
}

#[test]
fn a_reorganisation_beyond_the_recent_blocks_is_followed() {
    let mut bench = Bench::resting();
    bench.head.recent = VecDeque::new();
    (0..REST_AFTER).for_each(|_| bench.block(3 * INTERVAL, |block| block.late = true));
    bench.look(1);
    assert_eq!(bench.demand.owed, (REST_AFTER * REST_AFTER) as u32, "all that it sees is new");
}

proptest! {
    #[test]
    fn what_is_owed_stays_within_its_bound_and_is_worked_off(
        blocks in prop::collection::vec((1_u64..100_000, any::<[bool; 5]>(), 0_u64..200_000), 0..200),
        always in any::<bool>(),
    ) {
        let mut bench = Bench::young(if always { When::Always } else { When::Pending });
        for (gap, [told, late, empty, waits, looks], after) in blocks {
            bench.waits = waits;
            bench.block(gap, |block| (block.told, block.late, block.empty) = (told, late, empty));
            if looks {
                let wish = bench.look(after);
                let is_rest = after >= bench.demand.schedule.shortest_rest_ms();
                prop_assert!(is_rest || wish != TOLD, "the chain refuses a shorter rest");
                prop_assert!(always || waits || wish == Wish::Rest || bench.demand.called.is_some() || after >= HEARTBEAT);
                prop_assert!(!(waits && wish == Wish::Rest));
            }
            prop_assert!(bench.demand.owed <= OWED_BLOCKS);
        }
        bench.waits = false;
        bench.demand.when = When::Pending;
        let most = usize::try_from(OWED_BLOCKS).unwrap() + 2 * REST_AFTER;
        prop_assert!(bench.blocks_until_rest() <= most);
        prop_assert_eq!(bench.demand.owed, 0);
    }
}

#[test]
fn it_rests_as_soon_as_the_newest_transaction_is_final() {
    let mut bench = Bench::resting();
    bench.block(INTERVAL, |block| block.empty = false);
    bench.block(INTERVAL, |_| ());
    assert_eq!(bench.look(0), UNTOLD);
    let transaction = bench.head.branch.height - 1;
    bench.head.finalized.0 = transaction - 1;
    assert_eq!(bench.look(0), UNTOLD, "what is final lies below it");
    bench.head.finalized.0 = transaction;
    assert_eq!(bench.look(0), Wish::Rest);
    bench.waits = true;
    assert_eq!(bench.look(0), UNTOLD);
}

#[test]
fn what_was_decided_by_a_base_calls_for_a_block_above_it() {
    let mut bench = Bench::young(When::Pending);
    bench.head.left_over = true;
    assert_eq!(bench.blocks_until_rest(), REST_AFTER);
    bench.head.left_over = false;
    assert_eq!(bench.look(0), Wish::Rest);
    let head = |node: &Node| Head::read(node.world(), node.chain.tip()).unwrap();
    let genesis = network_of_members("members");
    let (mut node, mut governors) = (Node::of(genesis.clone()), Governors::default());
    governors.decide(&mut node, add(5), &[1, 2, 3, 5]);
    governors.decide(&mut node, add(6), &[1, 2, 3, 6]);
    assert!(!head(&node).left_over, "the set votes on that block");
    let voters = node.chain.tip().members.voters().clone();
    let base = node.hand_over(1, &[1, 2, 3]);
    node.take_final(certificate_of(&voters, &genesis, (3, base.id()), &[1, 2, 3]));
    assert!(head(&node).left_over && head(&node).handover.is_none());
    node.mine(vec![]);
    let certificate = node.commit(4, &[1, 2, 3, 5]);
    node.take_final(certificate);
    assert!(head(&node).handover.is_some());
    node.hand_over(4, &[1, 2, 3, 5]);
    assert!(!head(&node).left_over && node.chain.tip().members.roster().members().len() == 6);
}

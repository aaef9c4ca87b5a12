use alloc::string::ToString;
use alloc::vec;

use super::*;
use crate::ledger::{
    Branch, Certificate, Checkpoint, Contradiction, Genesis, Link, View, World, check_inline,
};
use crate::overlay::MembersFound;
use crate::testing::members::{Governors, remove};
use crate::testing::{Memory, Node, genesis, key, network_of_members, pay, voters};

mod backfill;

/// A keeper, and a chain beside it on which its blocks are made.
struct Bench {
    keeper: Keeper<Memory>,
    node: Node,
}

impl Bench {
    fn new() -> Self {
        Self::of(genesis())
    }

    fn of(genesis: Arc<Genesis>) -> Self {
        let keeper = Keeper::load(genesis.clone(), Memory::new(&genesis)).unwrap();
        let mut bench = Self { keeper, node: Node::of(genesis) };
        assert!(matches!(bench.said()[..], [Output::Head { moved: None, .. }]));
        bench
    }

    /// The next blocks of the chain.
    fn mine(&mut self, count: u64) -> Vec<Arc<Block>> {
        (0..count).map(|_| self.node.mine(vec![])).collect()
    }

    fn give(&mut self, block: &Arc<Block>, origin: Origin) {
        let take = KeeperRequest::Take { conn: ConnId(1), block: block.clone(), origin };
        self.keeper.handle(Input::Request(take)).unwrap();
    }

    fn said(&mut self) -> Vec<Output<World>> {
        core::iter::from_fn(|| self.keeper.poll()).collect()
    }

    /// One piece of work at this time.
    fn work_at(&mut self, now: Timestamp) -> Vec<Output<World>> {
        let mut check = check_inline(self.node.network());
        self.keeper.work(now, &mut check).unwrap();
        self.said()
    }

    /// All the work there is, at a time when nothing is early.
    fn settle(&mut self) -> Vec<Output<World>> {
        let now = Timestamp(u64::MAX);
        let mut said = self.said();
        while self.keeper.has_work(now) {
            said.extend(self.work_at(now));
        }
        said
    }
}

/// What was said, in short.
fn short(said: &[Output<World>]) -> Vec<&'static str> {
    let word = |output: &Output<World>| match output {
        Output::Head { moved: None, .. } => "head",
        Output::Head { moved: Some((moved, _)), .. } if moved.disconnected.is_empty() => "grew",
        Output::Head { .. } => "reorganised",
        Output::Offer(_) => "offer",
        Output::Answer(Answer::BlockDone { outcome: BlockOutcome::Stored, .. }) => "stored",
        Output::Answer(Answer::BlockDone { outcome: BlockOutcome::Early { .. }, .. }) => "early",
        Output::Answer(Answer::BlockDone { outcome: BlockOutcome::Ignored, .. }) => "ignored",
        Output::Answer(_) => "answer",
        Output::Mined { result: Ok(()), .. } => "mined",
        Output::Mined { .. } => "not mined",
        Output::Invalid { .. } => "invalid",
        Output::Disputed { .. } => "disputed",
        Output::Final(_) => "final",
        Output::Conflict { .. } => "conflict",
    };
    said.iter().map(word).collect()
}

#[test]
fn blocks_that_wait_share_a_commit_and_each_is_answered_after_the_head() {
    let mut bench = Bench::new();
    let blocks = bench.mine(3);
    blocks.iter().for_each(|block| bench.give(block, Origin::Pushed));
    let said = bench.work_at(bench.node.now);
    assert_eq!(short(&said), ["grew", "offer", "stored", "stored", "stored"]);
    assert_eq!(bench.keeper.disk().commits, 1);
    let Output::Head { head, moved: Some((moved, _)) } = &said[0] else { panic!() };
    assert_eq!(head.branch.id, blocks[2].id());
    assert_eq!(moved.connected, blocks.iter().map(|block| block.id()).collect::<Vec<_>>());
    assert!(matches!(&said[1], Output::Offer(block) if *block == blocks[2]), "only the last one is offered");
}

#[test]
fn more_is_taken_until_two_batches_wait() {
    let mut bench = Bench::new();
    let block = bench.mine(1).remove(0);
    for _ in 1..2 * BATCH_BLOCKS {
        bench.give(&block, Origin::Pushed);
    }
    assert!(bench.keeper.has_room());
    bench.give(&block, Origin::Pushed);
    assert!(!bench.keeper.has_room());
}

#[test]
fn a_batch_holds_blocks_of_one_origin_and_ends_before_a_question() {
    let mut bench = Bench::new();
    let blocks = bench.mine(4);
    bench.give(&blocks[0], Origin::Synced);
    bench.give(&blocks[1], Origin::Synced);
    bench.give(&blocks[2], Origin::Pushed);
    bench.keeper.handle(Input::Request(KeeperRequest::Branch(blocks[2].id()))).unwrap();
    bench.give(&blocks[3], Origin::Pushed);
    let now = bench.node.now;
    assert_eq!(short(&bench.work_at(now)), ["grew", "stored", "stored", "offer"]);
    assert_eq!(short(&bench.work_at(now)), ["grew", "offer", "stored"]);
    let said = bench.work_at(now);
    assert!(matches!(&said[..], [Output::Answer(Answer::Branch { branch: Some(_), .. })]), "{said:?}");
    assert_eq!(short(&bench.work_at(now)), ["grew", "offer", "stored"]);
    assert!(!bench.keeper.has_work(now));
}

#[test]
fn what_a_sync_brings_is_offered_once_at_its_end() {
    let mut bench = Bench::new();
    let blocks = bench.mine(BATCH_BLOCKS as u64 + 1);
    bench.keeper.handle(Input::Syncing(true)).unwrap();
    blocks.iter().for_each(|block| bench.give(block, Origin::Synced));
    let offers = |said: &[Output<World>]| short(said).into_iter().filter(|word| *word == "offer").count();
    assert_eq!(offers(&bench.settle()), 0);
    bench.keeper.handle(Input::Syncing(false)).unwrap();
    let said = bench.settle();
    assert!(matches!(&said[..], [Output::Offer(block)] if *block == blocks[BATCH_BLOCKS]), "{said:?}");
    // One that came by itself goes on at once, whatever is fetched.
    bench.keeper.handle(Input::Syncing(true)).unwrap();
    let next = bench.mine(1);
    bench.give(&next[0], Origin::Pushed);
    assert_eq!(short(&bench.settle()), ["grew", "offer", "stored"]);
}

#[test]
fn a_heavier_branch_is_followed_step_by_step_and_offered_at_its_end() {
    let mut bench = Bench::new();
    let fork: Branch = bench.node.chain.tip().clone();
    for block in bench.mine(2) {
        bench.give(&block, Origin::Pushed);
    }
    bench.settle();
    let (branch, end) = bench.node.run_on(&fork, 3, 100, 8);
    branch.iter().for_each(|block| bench.give(block, Origin::Synced));
    let said = bench.settle();
    assert_eq!(short(&said), ["stored", "stored", "stored", "head", "reorganised", "offer"]);
    let Output::Head { head, moved: Some((moved, left)) } = &said[4] else { panic!() };
    assert_eq!((head.branch.id, moved.origin, moved.disconnected.len()), (end.id, Origin::Flip, 2));
    assert!(moved.disconnected.iter().all(|id| left.block(id).unwrap().is_some()), "still to be read");
}

#[test]
fn a_block_that_is_early_is_taken_once_its_time_has_come_and_only_once() {
    let mut bench = Bench::new();
    let block = bench.node.mine(vec![]);
    let taken_at = Timestamp(block.header.time.0 - genesis().rules.schedule.ahead_ms());
    let before = Timestamp(taken_at.0 - 1);
    bench.give(&block, Origin::Pushed);
    let said = bench.work_at(before);
    assert_eq!(short(&said), ["early", "head"]);
    let Output::Head { head, .. } = &said[1] else { panic!() };
    assert_eq!(head.held, Some(block.header.time), "everybody sees that a block is held");
    assert_eq!(bench.keeper.next_wakeup(), Some(taken_at));
    assert!(!bench.keeper.has_work(before) && bench.keeper.has_work(taken_at));
    let said = bench.work_at(taken_at);
    assert_eq!(short(&said), ["grew", "offer"], "its sender was answered before");
    assert!(matches!(&said[0], Output::Head { head: Head { held: None, .. }, .. }));
    assert_eq!(bench.keeper.next_wakeup(), None);
    assert!(!bench.keeper.has_work(Timestamp(u64::MAX)));
}

#[test]
fn a_full_disk_takes_nothing_and_goes_on_when_there_is_room() {
    let mut bench = Bench::new();
    let now = bench.node.now;
    let early = bench.node.mine(vec![]);
    bench.give(&early, Origin::Pushed);
    bench.work_at(Timestamp(now.0 - genesis().rules.schedule.ahead_ms()));
    bench.keeper.handle(Input::DiskFull(true)).unwrap();
    bench.keeper.handle(Input::DiskFull(true)).unwrap();
    let said = bench.said();
    assert!(matches!(&said[..], [Output::Head { head, .. }] if head.disk_full), "told once: {said:?}");
    let later = Timestamp(u64::MAX);
    assert!(!bench.keeper.has_work(later) && bench.keeper.next_wakeup().is_none());
    bench.give(&early, Origin::Pushed);
    assert_eq!(short(&bench.work_at(later)), ["ignored"]);
    bench.keeper.handle(Input::Mined { ticket: Ticket(3), block: early.clone() }).unwrap();
    let said = bench.work_at(later);
    assert!(
        matches!(said[..], [Output::Mined { ticket: Ticket(3), result: Err(NotTaken::DiskFull) }]),
        "{said:?}"
    );
    bench.keeper.handle(Input::DiskFull(false)).unwrap();
    assert_eq!(short(&bench.settle()), ["head", "grew", "offer"]);
    assert_eq!(bench.keeper.chain().tip().id, early.id());
}

#[test]
fn an_own_block_that_is_early_is_not_taken_and_not_held() {
    let mut bench = Bench::new();
    let block = bench.node.mine(vec![]);
    let before = Timestamp(block.header.time.0 - genesis().rules.schedule.ahead_ms() - 7_000);
    bench.keeper.handle(Input::Mined { ticket: Ticket(1), block }).unwrap();
    let said = bench.work_at(before);
    let Output::Mined { result: Err(why), .. } = &said[0] else { panic!("{said:?}") };
    assert_eq!((said.len(), why), (1, &NotTaken::Early { in_ms: 7_000 }));
    assert!(why.to_string().contains("7 s later"), "{why}");
    assert!(!bench.keeper.has_work(Timestamp(u64::MAX)), "what was not taken does not come later");
}

#[test]
fn an_own_block_that_comes_second_is_overtaken() {
    let mut bench = Bench::new();
    let stray = bench.node.block_on(
        &bench.node.branch_with(
            &Branch::clone(bench.node.chain.tip()),
            &bench.node.block_on(bench.node.chain.tip(), 500, vec![], 7),
        ),
        500,
        vec![],
        9,
    );
    bench.keeper.handle(Input::Mined { ticket: Ticket(1), block: stray }).unwrap();
    let said = bench.settle();
    assert!(matches!(said[..], [Output::Mined { result: Err(NotTaken::Overtaken), .. }]), "{said:?}");
}

#[test]
fn a_commit_that_fails_says_nothing_and_is_an_error() {
    let mut bench = Bench::new();
    let block = bench.node.mine(vec![]);
    let mut disk = Memory::new(&genesis());
    disk.fails = true;
    let mut keeper = Keeper::load(genesis(), disk).unwrap();
    keeper.poll();
    let take = KeeperRequest::Take { conn: ConnId(1), block, origin: Origin::Pushed };
    keeper.handle(Input::Request(take)).unwrap();
    let mut check = check_inline(bench.node.network());
    keeper.work(bench.node.now, &mut check).unwrap_err();
    assert!(keeper.poll().is_none());
}

#[test]
fn signatures_are_checked_early_only_where_a_sync_has_seen_the_work_for_the_body() {
    let mut bench = Bench::new();
    let paid = pay(&genesis(), 1, 0, 2, 1, 1);
    let good = bench.node.mine(vec![paid.clone()]);
    let mut other_body = (*good).clone();
    other_body.header.body = Hash::ZERO;
    bench.give(&Arc::new(other_body), Origin::Synced);
    bench.give(&good, Origin::Pushed);
    bench.give(&good, Origin::Synced);
    let early = |number| bench.keeper.worked_for(number);
    assert!(early(0).is_empty(), "another body than the header's");
    assert!(early(1).is_empty(), "nobody has looked at the header");
    assert_eq!(early(2), [paid]);
}

/// A certificate of this block, which nobody has to believe: whoever gives it to the keeper has verified it.
fn certificate(block: &Branch, epoch: u64) -> Certificate {
    let voters = voters(1);
    let source = Checkpoint { epoch, height: block.height, block: block.id };
    let link = Link { set: voters.id(), source, target: Checkpoint { epoch: epoch + 1, ..source } };
    let vote = link.sign(&Hash::ZERO, 0, &key(1));
    Certificate::new(&voters, link, &[(0, vote.signature)].into())
}

#[test]
fn a_final_block_is_told_once_and_only_when_it_is_durable() {
    let mut bench = Bench::new();
    let blocks = bench.mine(3);
    blocks.iter().for_each(|block| bench.give(block, Origin::Pushed));
    bench.settle();
    let certificate = certificate(bench.node.chain.tip(), 2);
    bench.keeper.handle(Input::DiskFull(true)).unwrap();
    bench.keeper.handle(Input::Finalize(certificate.clone())).unwrap();
    assert_eq!(short(&bench.settle()), ["head"], "nothing is written on a full disk");
    assert_eq!(short(&bench.work_at(Timestamp(u64::MAX))), [""; 0]);
    bench.keeper.handle(Input::DiskFull(false)).unwrap();
    let said = bench.settle();
    assert_eq!(short(&said), ["head", "head", "final"]);
    let Output::Head { head, .. } = &said[1] else { panic!() };
    assert_eq!(head.finalized, (3, blocks[2].id()));
    assert!(matches!(&said[2], Output::Final(told) if *told == certificate));
    assert_eq!(bench.keeper.disk().world.finalized().unwrap(), Some(certificate.clone()));
    bench.keeper.handle(Input::Finalize(certificate)).unwrap();
    assert_eq!(short(&bench.settle()), [""; 0]);
}

#[test]
fn a_lighter_branch_that_is_final_is_followed_once_it_is_here_and_the_heavier_one_is_left() {
    let mut bench = Bench::new();
    let fork: Branch = bench.node.chain.tip().clone();
    let (light, end) = bench.node.run_on(&fork, 2, 5_000, 8);
    for block in bench.mine(4) {
        bench.give(&block, Origin::Pushed);
    }
    bench.settle();
    bench.keeper.handle(Input::Finalize(certificate(&end, 2))).unwrap();
    let said = bench.settle();
    assert_eq!(short(&said), ["head"]);
    let Output::Head { head, .. } = &said[0] else { panic!() };
    assert_eq!(head.goal.map(|goal| goal.block), Some(end.id), "it is behind, and says so");
    light.iter().for_each(|block| bench.give(block, Origin::Synced));
    let said = bench.settle();
    assert_eq!(short(&said), ["stored", "stored", "head", "reorganised", "final", "offer"]);
    let behind = said.iter().filter_map(|output| match output {
        Output::Head { head, .. } => Some(head.behind),
        _ => None,
    });
    assert_eq!(behind.collect::<Vec<_>>(), [true, false]);
    let chain = bench.keeper.chain();
    assert_eq!((chain.tip().id, chain.finalized(), chain.goal()), (end.id, (end.height, end.id), None));
}

#[test]
fn two_histories_are_told_with_what_is_final_here() {
    let mut bench = Bench::new();
    let fork: Branch = bench.node.chain.tip().clone();
    let (_, other) = bench.node.run_on(&fork, 3, 5_000, 8);
    for block in bench.mine(2) {
        bench.give(&block, Origin::Pushed);
    }
    bench.settle();
    let own = certificate(bench.node.chain.tip(), 2);
    bench.keeper.handle(Input::Finalize(own.clone())).unwrap();
    bench.settle();
    bench.keeper.handle(Input::Finalize(certificate(&other, 4))).unwrap();
    let said = bench.settle();
    assert_eq!(short(&said), ["head"], "its block is not here, so this is not known yet");
    let beside = KeeperRequest::Beside { block: other.id, how: Contradiction::OtherHistory };
    bench.keeper.handle(Input::Request(beside.clone())).unwrap();
    let said = bench.settle();
    assert_eq!(short(&said), ["answer", "conflict", "head"]);
    let [_, Output::Conflict { newest, how, .. }, Output::Head { head, .. }] = &said[..] else { panic!() };
    assert_eq!((newest, *how), (&Some(own), Contradiction::OtherHistory));
    assert_eq!(head.goal, None, "it is not behind any more");
    bench.keeper.handle(Input::Request(beside)).unwrap();
    assert_eq!(short(&bench.settle()), ["answer"]);
    let next = bench.mine(1).remove(0);
    bench.give(&next, Origin::Pushed);
    assert_eq!(short(&bench.settle()), ["grew", "offer", "stored"], "nor looks for it again");
}

#[test]
fn header_sync_is_told_the_members_that_follow_from_what_is_final_and_of_the_right_body_only() {
    let genesis = network_of_members("keeper");
    let mut bench = Bench::of(genesis.clone());
    let decided = Governors::default().decide(&mut bench.node, remove(3), &[1, 2, 9]);
    let parent = bench.node.chain.tip().clone();
    bench.give(&decided, Origin::Pushed);
    bench.settle();
    let base = bench.node.hand_over(1, &[1, 2, 9]);
    let ask = |bench: &mut Bench, block: &Arc<Block>, finalized| {
        let (branch, block) = (parent.clone(), block.clone());
        bench.keeper.handle(Input::Request(KeeperRequest::Members { branch, block, finalized })).unwrap();
        match bench.said().pop() {
            Some(Output::Answer(Answer::Members { found, .. })) => found,
            other => panic!("{other:?}"),
        }
    };
    let zero = bench.keeper.chain().finalized();
    assert_eq!(ask(&mut bench, &base, zero), MembersFound::NotYet, "it is not final here that m3 leaves");
    assert_eq!(short(&bench.settle()), ["head", "final"], "the body has shown that it is");
    let one = bench.keeper.chain().finalized();
    assert_eq!(one, (1, decided.id()));
    assert_eq!(ask(&mut bench, &base, zero), MembersFound::NotYet, "of what was final before");
    let mut other_body = Block::clone(&base);
    other_body.body.reward.amount += 1;
    assert_eq!(ask(&mut bench, &Arc::new(other_body), one), MembersFound::NotYet);
    let ordinary = bench.node.block_on(&parent, 500, vec![], 9);
    assert!(
        matches!(ask(&mut bench, &ordinary, one), MembersFound::Invalid(_)),
        "it puts nothing into force"
    );
    let MembersFound::Roster(roster) = ask(&mut bench, &base, one) else { panic!("no roster") };
    assert_eq!(roster, *bench.node.chain.tip().members.roster());
}

//! Blocks that change the members.

use super::*;
use crate::crypto::Hash;
use crate::ledger::governance::pending_at;
use crate::ledger::{Base, Handover, HandoverError, Room, Roster};
use crate::ledger::{Block, Branch, CarriedError, Certificate, Member, MemberChange, View, handovers};
use crate::ledger::{BlockFault, BlockOutcome, Change, Contradiction, Key, Ledger, Settled};
use crate::testing::members::{self, Governors, remove};
use crate::testing::{Memory, ON_TIME, block_with, certificate_of, network_of_members};

/// Four members, m1, m2, m3 and m9, of whom three are a quorum.
fn node() -> Node {
    Node::of(network_of_members("members"))
}

fn add(n: u8) -> MemberChange {
    members::add(n)
}

fn on(node: &Node, parent: &Branch, certificate: Option<Certificate>, miner: u8) -> Arc<Block> {
    block_with(node.chain.genesis(), parent, ON_TIME, (vec![], certificate), miner)
}

fn ids(members: &[Member]) -> Vec<&str> {
    let mut ids: Vec<_> = members.iter().map(|member| member.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

fn refusal(node: &mut Node, block: &Arc<Block>) -> PlanError {
    node.now = node.now.max(block.header.time);
    node.give(block, Origin::Pushed).unwrap_err()
}

#[test]
fn what_the_members_decided_is_in_force_from_the_block_after_a_handover_and_not_before() {
    let mut node = node();
    let mut governors = Governors::default();
    let decision = governors.decide(&mut node, add(5), &[1, 2, 3, 5]);
    assert_eq!(decision.header.height, 1);
    // Passing changes nothing: the new member's seal is a stranger's.
    let early = on(&node, &node.chain.tip().clone(), None, 5);
    assert!(matches!(refusal(&mut node, &early), PlanError::Header(HeaderError::Member(_))));
    let old = node.chain.tip().members.clone();
    let base = node.hand_over(1, &[1, 2, 3]);
    let tip = node.chain.tip().clone();
    assert_eq!((tip.members.base(), node.chain.finalized().0), (base.id(), 1), "the certificate is news");
    assert_eq!(ids(tip.members.roster().members()), ["m1", "m2", "m3", "m5", "m9"]);
    assert_eq!(tip.members.roster().base().height(), 2);
    assert!(old.roster().by_key(&key(5).public()).is_none());
    let first = on(&node, &tip, None, 5);
    node.now = first.header.time;
    node.give(&first, Origin::Pushed).unwrap();
    assert_eq!(node.chain.tip().members, tip.members);
    let loaded = Chain::load(node.chain.genesis().clone().into(), node.world()).unwrap();
    assert_eq!(loaded.tip(), node.chain.tip());
}

#[test]
fn a_certificate_that_puts_nothing_into_force_makes_a_block_invalid() {
    let mut node = node();
    let mut governors = Governors::default();
    node.mine(vec![]);
    let forged = |node: &Node, certificate: Certificate| {
        let plain = on(node, &node.chain.tip().clone(), None, 9);
        let mut block = (*plain).clone();
        block.body.certificate = Some(certificate);
        block.header.body = block.body.root(block.header.height);
        block.header.seal(&node.network(), &key(9));
        work(&mut block);
        Arc::new(block)
    };
    let carried = |node: &mut Node, certificate| {
        let block = forged(node, certificate);
        match refusal(node, &block) {
            PlanError::Body(BodyError::Carried(error)) => error,
            error => panic!("{error}"),
        }
    };
    let good = node.commit(1, &[1, 2, 3]);
    assert_eq!(carried(&mut node, good.clone()), CarriedError::Nothing(1));
    governors.decide(&mut node, remove(3), &[1, 2, 9]);
    // It had not passed there.
    assert_eq!(carried(&mut node, good), CarriedError::Nothing(1));
    let few = node.commit(2, &[1, 2]);
    assert!(matches!(carried(&mut node, few), CarriedError::Certificate(_)));
    let mut prepare = node.commit(2, &[1, 2, 3]);
    prepare.link.target.epoch += 1;
    assert_eq!(carried(&mut node, prepare), CarriedError::Commit);
    let elsewhere = certificate_of(
        node.chain.tip().members.voters(),
        node.chain.genesis(),
        (2, Hash([8; 32])),
        &[1, 2, 3],
    );
    assert_eq!(carried(&mut node, elsewhere), CarriedError::Target(2));
    // Below the base it is the set before that has signed, and what it covers is in force.
    let first = node.commit(2, &[1, 2, 3]);
    node.hand_over(2, &[1, 2, 3]);
    assert_eq!(carried(&mut node, first), CarriedError::Target(2));
}

#[test]
fn a_header_that_commits_to_another_roster_is_refused() {
    let mut node = node();
    let mut governors = Governors::default();
    governors.decide(&mut node, remove(3), &[1, 2, 9]);
    let certificate = node.commit(1, &[1, 2, 9]);
    let good = on(&node, &node.chain.tip().clone(), Some(certificate), 9);
    let mut bad = (*good).clone();
    bad.header.commitments = Header::commit(node.chain.tip().members.commitment(), &bad.body.executed);
    bad.header.seal(&node.network(), &key(9));
    work(&mut bad);
    let error = refusal(&mut node, &Arc::new(bad));
    assert!(matches!(error, PlanError::Body(BodyError::Executed { .. })), "{error}");
    // Another body under the same header: the certificate is a leaf.
    let mut other = (*good).clone();
    other.body.certificate = Some(node.commit(1, &[1, 2, 3, 9]));
    assert_eq!(refusal(&mut node, &Arc::new(other)), BodyError::Root.into());
    node.give(&good, Origin::Pushed).unwrap();
}

#[test]
fn off_the_best_chain_a_handover_is_judged_without_executing_it() {
    let mut node = node();
    let mut governors = Governors::default();
    governors.decide(&mut node, add(5), &[1, 2, 3, 5]);
    let certificate = node.commit(1, &[1, 2, 3]);
    let fork = node.chain.tip().clone();
    let base = on(&node, &fork, Some(certificate.clone()), 9);
    // The best chain goes another way, and a later removal does not reach back to what was final.
    let away = governors.decide(&mut node, remove(2), &[1, 3, 9]);
    node.now = Timestamp(u64::MAX / 2);
    let PlanError::Unsettled(proof) = refusal(&mut node, &base) else { panic!("it is not final here") };
    assert_eq!(*proof, certificate);
    node.take_final(certificate.clone());
    node.give(&base, Origin::Pushed).unwrap();
    let side = node.branch_with(&fork, &base);
    assert_eq!(node.chain.branch_at(node.world(), &base.id()).unwrap().unwrap(), side);
    // The new member seals on that branch only, and it wins.
    let stray = on(&node, &node.chain.tip().clone(), None, 5);
    assert!(matches!(refusal(&mut node, &stray), PlanError::Header(HeaderError::Member(_))));
    let next = on(&node, &side, None, 5);
    node.give(&next, Origin::Pushed).unwrap();
    let (moved, invalid) = node.settle();
    assert_eq!((moved.len(), invalid), (1, vec![]));
    assert_eq!(moved[0].disconnected, [away.id()]);
    assert_eq!((node.chain.tip().id, node.chain.tip().members.base()), (next.id(), base.id()));
    // A rival handover on the old branch is judged by the same decisions: what was final is kept.
    let rival_on = node.branch_with(&fork, &away);
    let rival = on(&node, &rival_on, Some(certificate), 9);
    node.give(&rival, Origin::Pushed).unwrap();
    let other = node.chain.branch_at(node.world(), &rival.id()).unwrap().unwrap();
    assert_eq!(ids(other.members.roster().members()), ids(side.members.roster().members()));
    assert_ne!(other.members.voters().id(), side.members.voters().id(), "another base, another set");
}

#[test]
fn a_set_hands_over_to_the_next_and_who_knows_only_the_first_follows() {
    let mut node = node();
    let mut governors = Governors::default();
    let (genesis, first) = (node.chain.genesis().clone(), node.chain.tip().members.voters().clone());
    for (change, yes, keys) in
        [(add(5), &[1, 2, 3, 5][..], &[1, 2, 3][..]), (remove(9), &[1, 2, 3, 5], &[1, 2, 3, 5])]
    {
        governors.decide(&mut node, change, yes);
        node.change_members(keys);
    }
    let shown = handovers(node.world(), &first.id()).unwrap();
    assert_eq!(shown.len(), 2);
    let second = shown[0].check(&genesis.id(), &first).unwrap();
    let third = shown[1].check(&genesis.id(), second.voters()).unwrap();
    assert_eq!(third.voters(), node.chain.tip().members.voters());
    assert_eq!(ids(third.roster().members()), ["m1", "m2", "m3", "m5"]);
    assert_eq!(handovers(node.world(), &second.voters().id()).unwrap(), shown[1..]);
    assert_eq!(handovers(node.world(), &third.voters().id()).unwrap(), []);
    assert_eq!(handovers(node.world(), &Hash([3; 32])).unwrap(), []);
    // Skipped, or with another roster, it leads nowhere.
    assert!(shown[1].check(&genesis.id(), &first).is_err());
    let mut other = shown[0].clone();
    other.roster = shown[1].roster.clone();
    assert!(other.check(&genesis.id(), &first).is_err());
    let mut forged = shown[0].clone();
    forged.roster = Roster::new(forged.roster.base(), (1..=3).map(member)).unwrap();
    assert_eq!(forged.check(&genesis.id(), &first), Err(HandoverError::Commitments));
    // Nor does what makes an ordinary block final.
    let header =
        node.world().block(&node.world().at_height(1).unwrap().unwrap()).unwrap().unwrap().header.clone();
    let base = Base::Block { parent: header.parent, height: 1 };
    let ordinary = Handover {
        certificate: certificate_of(&first, &genesis, (1, header.id()), &[1, 2, 3]),
        roster: Roster::new(base, (1..=3).map(member)).unwrap(),
        header,
        ..shown[0].clone()
    };
    assert_eq!(ordinary.check(&genesis.id(), &first), Err(HandoverError::Commitments));
    let pending = pending_at(node.world(), node.chain.finalized().0).unwrap();
    assert_eq!(pending.roster(), third.roster());
}

#[test]
fn what_makes_a_base_final_is_kept_though_it_came_before_the_base() {
    let mut node = node();
    let (genesis, first) = (node.chain.genesis().clone(), node.chain.tip().members.voters().clone());
    let mut late = Node::of(genesis.clone().into());
    let decided = Governors::default().decide(&mut node, add(5), &[1, 2, 3, 5]);
    let base = node.hand_over(1, &[1, 2, 3]);
    late.now = node.now;
    for (height, block) in [(1, decided), (2, base)] {
        let certificate = certificate_of(&first, &genesis, (height, block.id()), &[1, 2, 3]);
        let view = late.world().clone();
        assert!(matches!(late.chain.finalize(&view, certificate.clone()), Ok(Finalized::Missing)));
        late.give(&block, Origin::Synced).unwrap();
        assert_eq!(late.chain.finalized(), (height, block.id()));
        let kept = late.world().handover(&block.id()).unwrap();
        assert_eq!(kept, (height == 2).then_some(certificate), "of a base, and of nothing else");
    }
    assert_eq!(handovers(late.world(), &first.id()).unwrap().len(), 1);
}

#[test]
fn executed_again_from_the_beginning_the_members_are_the_same() {
    let mut node = node();
    let mut governors = Governors::default();
    governors.decide(&mut node, add(5), &[1, 2, 3, 5]);
    node.hand_over(1, &[1, 2, 3]);
    node.mine(vec![]);
    let mut replay = crate::ledger::Replay::new(node.chain.genesis().clone().into());
    let mut check = check_inline(node.network());
    for height in 1..=3 {
        let id = node.world().at_height(height).unwrap().unwrap();
        replay.push(&node.world().block(&id).unwrap().unwrap(), &mut check).unwrap();
    }
    assert_eq!(replay.branch(), node.chain.tip());
}

#[test]
fn executed_again_below_a_fork_a_handover_is_judged_by_the_block_before_it() {
    // The fork is the handover itself, or the block after it.
    for after in 0..=1 {
        let mut node = node();
        Governors::default().decide(&mut node, add(5), &[1, 2, 3, 5]);
        node.hand_over(1, &[1, 2, 3]);
        (0..after).for_each(|_| drop(node.mine(vec![])));
        let fork = node.chain.tip().clone();
        node.mine(vec![]);
        let (rivals, end) = node.run_on(&fork, 3, 300, 2);
        node.disk.world.forget_undo();
        node.now = Timestamp(u64::MAX / 2);
        for block in &rivals {
            node.give(block, Origin::Synced).unwrap();
        }
        assert_eq!((node.settle().0.len(), node.chain.tip().id), (1, end.id));
        node.assert_sound();
    }
}

#[test]
fn a_full_block_has_room_for_the_certificate_that_it_carries() {
    let mut spec = network_of_members("members").spec.clone();
    spec.blocks.max_bytes = 10_000;
    let mut node = Node::of(Arc::new(Genesis::new(spec).unwrap()));
    Governors::default().decide(&mut node, MemberChange::prove(member(5), &key(5)), &[1, 2, 3, 5]);
    let certificate = node.commit(1, &[1, 2, 3]);
    let fills = |mut left: usize| {
        let pays = (0..).map(|nonce| node.pay(1, nonce, 2, 1));
        pays.take_while(|pay| left.checked_sub(pay.size()).inspect(|rest| left = *rest).is_some()).collect()
    };
    let tip = node.chain.tip().clone();
    let full = |transactions: Vec<Transaction>| {
        block_with(node.chain.genesis(), &tip, ON_TIME, (transactions, Some(certificate.clone())), 9)
    };
    let room = |certificate| Room::on(node.chain.genesis(), &tip, certificate).bytes;
    // As a miner chooses them; without that room it would mine what nobody takes, again and again.
    let fits = full(fills(room(Some(&certificate))));
    let too_large = full(fills(room(None)));
    assert!(fits.body.certificate.is_some() && fits.body.transactions.len() > 10);
    node.now = fits.header.time;
    let error = node.give(&too_large, Origin::Own).unwrap_err();
    assert!(matches!(error, PlanError::Body(BodyError::Large { .. })), "{error}");
    node.give(&fits, Origin::Own).unwrap();
    assert_eq!(node.chain.tip().members.roster().members().len(), 5);
}

#[test]
fn a_wrong_copy_of_a_handover_block_does_not_condemn_the_right_one() {
    let mut node = node();
    let mut governors = Governors::default();
    governors.decide(&mut node, add(5), &[1, 2, 3, 5]);
    let certificate = node.commit(1, &[1, 2, 3]);
    let good = on(&node, &node.chain.tip().clone(), Some(certificate), 9);
    let mut copy = (*good).clone();
    copy.body.executed = Hash([7; 32]);
    let genesis = Arc::new(node.chain.genesis().clone());
    let disk = Memory { world: node.world().clone(), commits: 0, fails: false };
    let mut ledger = Ledger::load(genesis.clone(), disk).unwrap();
    let (mut check, now) = (check_inline(genesis.id()), good.header.time);
    let mut take = |block| {
        let taken = ledger.take(&mut check, now, [(block, Origin::Synced)]).unwrap();
        taken[0].outcome.clone()
    };
    assert!(matches!(take(Arc::new(copy)), BlockOutcome::Invalid { fault: BlockFault::Copy, .. }));
    assert_eq!(take(good), BlockOutcome::Stored);
}

/// A certificate that is news makes something final first; until then nobody knows the members after the block. Those who stand on it are judged
/// by them all the same, once it comes again.
#[test]
fn the_members_after_a_disputed_handover_are_known_once_what_it_carries_is_final() {
    let mut node = node();
    let genesis = network_of_members("members");
    let decided = Governors::default().decide(&mut node, add(5), &[1, 2, 3, 5]);
    let mut check = crate::ledger::check_inline(genesis.id());
    let mut take = |ledger: &mut Ledger<Memory>, block: &Arc<Block>| {
        let taken = ledger.take(&mut check, Timestamp(u64::MAX), [(block.clone(), Origin::Pushed)]);
        match taken.unwrap().swap_remove(0).outcome {
            BlockOutcome::Invalid { fault, .. } => Some(fault),
            _ => None,
        }
    };
    let mut ledger = Ledger::load(genesis.clone(), Memory::new(&genesis)).unwrap();
    assert_eq!(take(&mut ledger, &decided), None);
    // The miner's balance is another on this disk.
    let mut disk = Memory { world: ledger.disk().world.clone(), commits: 0, fails: false };
    let key = Key::Account(address(9));
    let mut row = disk.world.row(&key).unwrap().unwrap();
    row[1] ^= 1;
    disk.world.apply(&Change { rows: [(key, Some(row))].into(), ..Change::default() });
    let mut ledger = Ledger::load(genesis.clone(), disk).unwrap();
    let certificate = node.commit(1, &[1, 2, 3]);
    let base = node.hand_over(1, &[1, 2, 3]);
    let tip = node.chain.tip().clone();
    let first = on(&node, &tip, None, 5);
    assert_eq!([&base, &first].map(|block| take(&mut ledger, block)), [Some(BlockFault::Computed), None]);
    let mut junk = (*first).clone();
    (junk.header.difficulty, junk.header.seal) = (1, crate::crypto::Signature([1; 64]));
    work(&mut junk);
    assert_eq!(take(&mut ledger, &Arc::new(junk)), Some(BlockFault::Block));
    assert_eq!(ledger.finalize(certificate).unwrap(), Settled::Final);
    // A wrong copy of it tells nothing of them.
    let mut copy = (*base).clone();
    copy.body.certificate = None;
    let disputed = Some(BlockFault::Disputed);
    assert_eq!([&Arc::new(copy), &first].map(|block| take(&mut ledger, block)), [disputed, None]);
    assert_eq!([&base, &first].map(|block| take(&mut ledger, block)), [disputed; 2]);
    let over =
        certificate_of(tip.members.voters(), &genesis, (first.header.height, first.id()), &[1, 2, 3, 5]);
    assert_eq!(ledger.finalize(over).unwrap(), Settled::Conflict(Contradiction::Invalid));
}

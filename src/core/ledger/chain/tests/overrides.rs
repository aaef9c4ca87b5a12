//! Members whom operators put into force by hand.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::string::ToString;

use super::super::overriding::take_override;
use super::*;
use crate::crypto::Hash;
use crate::ledger::{
    Certificate, Decree, Finalized, HeaderError, Overrides, Transaction, View, final_block, governance,
    handovers_before, in_force_at_final,
};
use crate::testing::members::{Governors, overridden, remove, restarted};
use crate::testing::{Memory, certificate_of, network_of_members, text};

const NOTHING: (Vec<Transaction>, Option<Certificate>) = (vec![], None);

/// The override that leaves m1 and m2 of the four members, and takes in m7.
fn decree((height, block): (u64, Hash)) -> Decree {
    Decree { height, block, members: [1, 2, 7].map(member).into(), reason: text("two keys are lost") }
}

/// A node on which members move something, decide something, and go on for two blocks. Returns the block that the override names.
fn gone_on() -> (Node, (u64, Hash), Governors) {
    let mut node = Node::of(network_of_members("overrides"));
    let mut governors = Governors::default();
    governors.decide(&mut node, remove(9), &[1, 2, 3]);
    let motion = governors.motion(&node, remove(3), &[1, 2]);
    let at = node.mine(motion);
    let pay = node.pay(1, 0, 2, 10);
    node.mine(vec![pay]);
    node.mine(vec![]);
    (node, (2, at.id()), governors)
}

#[test]
fn members_of_an_override_are_in_force_after_its_checkpoint_and_what_stood_on_it_leaves() {
    for forgotten in [false, true] {
        let (mut before, at, _) = gone_on();
        if forgotten {
            before.disk.world.forget_undo();
        }
        let genesis = overridden(before.chain.genesis(), vec![decree(at)]);
        let mut node = restarted(&before, genesis.clone()).unwrap();
        assert_eq!(node.chain.tip().id, at.1);
        assert_eq!((node.chain.finalized(), final_block(node.world()).unwrap()), (at, at));
        assert_eq!((node.chain.side_blocks().0, node.balance(2)), (0, 1_000), "the payment above is undone");
        let members = in_force_at_final(node.world()).unwrap();
        assert_eq!((&members, members.base()), (&*node.chain.tip().members, at.1));
        let ids: Vec<_> = members.roster().members().iter().map(|member| member.id.to_string()).collect();
        assert_eq!(ids.len(), 3);
        assert!(["m1", "m2", "m7"].iter().all(|id| ids.contains(&(*id).to_owned())), "{ids:?}");
        assert!(governance::motion_ids(node.world(), node.now).unwrap().is_empty());
        assert!(governance::passed(node.world()).unwrap().is_empty());
        let former = governance::former_members(node.world()).unwrap();
        assert_eq!(former.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["m3", "m9"]);
        // Whoever had no part in it before comes to the same state.
        let mut fresh = Node::of(genesis.clone());
        fresh.now = node.now;
        for height in 1..=2 {
            let block =
                node.world().block(&node.world().at_height(height).unwrap().unwrap()).unwrap().unwrap();
            fresh.give(&block, Origin::Synced).unwrap();
        }
        assert_eq!((fresh.world().rows(), fresh.chain.tip()), (node.world().rows(), node.chain.tip()));
        assert_eq!(fresh.chain.finalized(), at);
        // A second start finds nothing to do.
        let again = restarted(&node, genesis).unwrap();
        assert_eq!((again.world().rows(), again.chain.tip()), (node.world().rows(), node.chain.tip()));
        node.mine_by(7, NOTHING);
    }
}

#[test]
fn only_the_members_of_an_override_seal_and_vote_after_it() {
    let (before, at, mut governors) = gone_on();
    let genesis = overridden(before.chain.genesis(), vec![decree(at)]);
    let mut node = restarted(&before, genesis).unwrap();
    let above = before.world().block(&before.world().at_height(3).unwrap().unwrap()).unwrap().unwrap();
    let refused = node.give(&above, Origin::Synced).unwrap_err();
    assert!(matches!(refused, PlanError::Header(HeaderError::Member(_))), "{refused:?}");
    let first = node.mine_by(7, NOTHING);
    let voters = node.chain.tip().members.voters().clone();
    assert_eq!((voters.root().block, voters.root().height, voters.quorum()), (at.1, 2, 3));
    node.take_final(certificate_of(&voters, node.chain.genesis(), (3, first.id()), &[1, 2, 7]));
    assert_eq!(node.chain.finalized(), (3, first.id()));
    assert_eq!(final_block(node.world()).unwrap(), (3, first.id()));
    // They decide about themselves as before.
    let decided = governors.motion(&node, remove(7), &[1, 2, 7]);
    node.mine_by(7, (decided, None));
    let certificate = node.commit(4, &[1, 2, 7]);
    let base = node.mine_by(2, (vec![], Some(certificate)));
    assert_eq!(node.chain.tip().members.base(), base.id());
    assert_eq!(node.chain.tip().members.roster().members().len(), 2);
    node.take_final(certificate_of(&voters, node.chain.genesis(), (5, base.id()), &[1, 2, 7]));
    let record = node.world().record(&base.id()).unwrap().unwrap();
    let last = node.mine_by(1, NOTHING);
    assert_eq!(handovers_before(node.world(), &record.header).unwrap().unwrap(), []);
    assert_eq!(handovers_before(node.world(), &last.header).unwrap().unwrap().len(), 1);
}

#[test]
fn an_override_does_not_go_back_behind_what_is_final_and_is_not_dropped() {
    let (mut before, at, _) = gone_on();
    let genesis = overridden(before.chain.genesis(), vec![decree(at)]);
    // Without it, a chain that was made under it is not gone on with.
    let node = restarted(&before, genesis.clone()).unwrap();
    let error = restarted(&node, Arc::new(before.chain.genesis().clone())).err().unwrap().to_string();
    let hash = genesis.rules.overrides.hash().unwrap();
    assert!(error.contains(&hash.to_string()), "{error}");
    // What the members voted final below it, or what it names, is no obstacle.
    for height in [1, 2] {
        let final_there = before.commit(height, &[1, 2, 3]);
        before.take_final(final_there);
        assert!(restarted(&before, genesis.clone()).is_ok());
    }
    let above = before.commit(3, &[1, 2, 3]);
    before.take_final(above);
    let error = restarted(&before, genesis).err().unwrap().to_string();
    assert!(error.contains("block 3 final"), "{error}");
}

#[test]
fn a_second_override_follows_the_first() {
    let (before, at, _) = gone_on();
    let genesis = overridden(before.chain.genesis(), vec![decree(at)]);
    let mut node = restarted(&before, genesis).unwrap();
    let second = node.mine_by(7, NOTHING);
    node.mine_by(2, NOTHING);
    let later = Decree { height: 3, block: second.id(), members: [1, 8].map(member).into(), ..decree(at) };
    let genesis = overridden(before.chain.genesis(), vec![decree(at), later.clone()]);
    let mut node = restarted(&node, genesis).unwrap();
    assert_eq!((node.chain.tip().id, node.chain.finalized().0), (second.id(), 3));
    node.mine_by(8, NOTHING);
    let both = |decrees| Overrides::new(&node.network(), decrees);
    assert!(both(vec![later.clone(), decree(at)]).is_err(), "their checkpoints rise");
    assert_ne!(both(vec![later.clone()]).unwrap().hash(), both(vec![decree(at), later]).unwrap().hash());
}

#[test]
fn the_hash_of_an_override_covers_all_that_it_says() {
    let (network, at) = (Hash([1; 32]), (2, Hash([2; 32])));
    let hash = |network, decree| Overrides::new(&network, vec![decree]).unwrap().hash().unwrap();
    let reversed = Decree { members: [7, 2, 1].map(member).into(), ..decree(at) };
    assert_eq!(hash(network, decree(at)), hash(network, reversed), "the order of members does not count");
    let others = [
        hash(Hash([9; 32]), decree(at)),
        hash(network, decree((3, at.1))),
        hash(network, decree((2, Hash([3; 32])))),
        hash(network, Decree { members: [1, 2].map(member).into(), ..decree(at) }),
        hash(network, Decree { reason: text("another"), ..decree(at) }),
        hash(network, decree(at)),
    ];
    let different: BTreeSet<_> = others.iter().collect();
    assert_eq!(different.len(), others.len());
    let nobody = Decree { members: vec![], ..decree(at) };
    assert!(Overrides::new(&network, vec![nobody]).is_err());
    assert!(
        Overrides::new(&network, vec![decree((0, at.1))]).is_err(),
        "the definition lists the first members"
    );
}

#[test]
fn a_checkpoint_that_is_stored_beside_the_best_chain_is_taken_in_when_it_wins() {
    let (mut node, ..) = gone_on();
    let fork =
        node.chain.branch_at(node.world(), &node.world().at_height(1).unwrap().unwrap()).unwrap().unwrap();
    let (rivals, _) = node.run_on(&fork, 4, 100, 9);
    node.now = Timestamp(u64::MAX / 2);
    for rival in rivals.iter().take(2) {
        node.give(rival, Origin::Synced).unwrap();
    }
    let at = (3, rivals[1].id());
    assert_ne!(node.world().at_height(3).unwrap(), Some(at.1), "it is beside the best chain");
    let genesis = overridden(node.chain.genesis(), vec![decree(at)]);
    // What stands at that height here is another one: such a node does not start.
    assert!(restarted(&node, genesis.clone()).is_err());
    let disk = Memory { world: node.world().clone(), commits: 0, fails: false };
    let mut world = disk.world.clone();
    while let Some(change) = take_override(&genesis, &world).unwrap() {
        world.apply(&change);
    }
    assert_eq!(world.record(&at.1).unwrap(), None, "it is fetched again");
}

#[test]
fn what_is_final_never_goes_back_when_a_checkpoint_is_reached() {
    let (before, at, _) = gone_on();
    let certificate = before.commit(1, &[1, 2, 3]);
    let genesis = overridden(before.chain.genesis(), vec![decree(at)]);
    let mut node = Node::of(genesis);
    node.now = before.now;
    // The goal is below the checkpoint, and one step leads to both.
    assert!(matches!(
        node.chain.finalize(&node.disk.world.clone(), certificate).unwrap(),
        Finalized::Missing
    ));
    let apart = node.run_on(&node.chain.tip().clone(), 1, 400, 9).0;
    node.give(&apart[0], Origin::Pushed).unwrap();
    for height in 1..=2 {
        let block =
            before.world().block(&before.world().at_height(height).unwrap().unwrap()).unwrap().unwrap();
        node.give(&block, Origin::Synced).unwrap();
    }
    node.settle();
    assert_eq!((node.chain.tip().id, node.chain.finalized()), (at.1, at));
    assert_eq!(node.chain.finalized(), final_block(node.world()).unwrap());
}

#[test]
fn a_base_below_an_override_that_never_became_final_is_in_no_proof() {
    let (mut before, ..) = gone_on();
    before.hand_over(1, &[1, 2, 3]);
    let tip = before.mine_by(1, NOTHING);
    let at = (before.chain.tip().height, tip.id());
    let genesis = overridden(before.chain.genesis(), vec![decree(at)]);
    let mut node = restarted(&before, genesis).unwrap();
    let last = node.mine_by(7, NOTHING);
    assert_eq!(handovers_before(node.world(), &last.header).unwrap().unwrap(), []);
}

#[test]
fn what_passed_in_the_checkpoint_itself_is_told_twice_and_stands_twice() {
    let mut node = Node::of(network_of_members("overrides"));
    let decided = Governors::default().decide(&mut node, remove(9), &[1, 2, 3]);
    let genesis = overridden(node.chain.genesis(), vec![decree((1, decided.id()))]);
    let change = take_override(&genesis, node.world()).unwrap().unwrap();
    let places: Vec<_> =
        change.ended.iter().map(|ended| (ended.id, ended.at.height, ended.at.index)).collect();
    assert_eq!(places.len(), 2);
    assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), 2, "each has a place of its own");
}

#[test]
fn a_checkpoint_that_changes_the_members_itself_is_refused() {
    let (mut before, ..) = gone_on();
    let base = before.hand_over(1, &[1, 2, 3]);
    let at = (base.header.height, base.id());
    let genesis = overridden(before.chain.genesis(), vec![decree(at)]);
    assert!(restarted(&before, genesis.clone()).is_err());
    let mut fresh = Node::of(genesis);
    fresh.now = before.now;
    for height in 1..=at.0 {
        let block =
            before.world().block(&before.world().at_height(height).unwrap().unwrap()).unwrap().unwrap();
        let given = fresh.give(&block, Origin::Synced);
        assert_eq!(given.is_ok(), height < at.0, "{given:?}");
        assert!(!given.is_err_and(|error| error.is_committed()));
    }
}

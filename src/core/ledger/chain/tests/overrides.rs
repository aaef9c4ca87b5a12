//! Members whom operators put into force by hand.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::string::ToString;

use super::*;
use crate::crypto::Hash;
use crate::ledger::{
    Certificate, Decree, HeaderError, Overrides, Transaction, View, final_block, governance,
    handovers_before, in_force_at_final,
};
use crate::testing::members::{Governors, overridden, remove, restarted};
use crate::testing::{certificate_of, network_of_members, text};

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

//! Receipts over changes of the members, for whoever has nothing but the definition.

use alloc::sync::Arc;

use super::*;
use crate::ledger::{
    Base, Certificate, CertificateError, Decree, Genesis, Handover, HandoverError, InForce, Member,
    NoHandover, Roster, Voters, handovers,
};
use crate::limits::HANDOVERS;
use crate::testing::members::{Governors, add, changed_thrice, overridden, restarted};
use crate::testing::{certificate_of, member, network_of_members};

fn lab() -> (Arc<Genesis>, Node) {
    let genesis = network_of_members("members");
    (genesis.clone(), changed_thrice(genesis))
}

fn last(lab: &Node) -> u64 {
    lab.world().finalized().unwrap().unwrap().link.source.height
}

fn judge(receipt: Receipt, genesis: &Genesis) -> Result<Sets, FinalError> {
    receipt.check().unwrap().check_final(genesis)
}

fn ids(set: &InForce) -> Vec<&str> {
    let mut ids: Vec<_> = set.roster().members().iter().map(|member| member.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn the_definition_alone_proves_over_three_changes() {
    let (genesis, lab) = lab();
    let anchor = last(&lab);
    let mut proven = 0;
    for height in 1..=anchor {
        let Some(receipt) = receipt(&lab, height, 0, anchor) else { continue };
        assert_eq!(receipt.finality.as_ref().unwrap().handovers.len(), 3);
        let sets = judge(receipt, &genesis).unwrap();
        assert_eq!(sets.voters(), lab.chain.tip().members.voters());
        proven += 1;
        let members: Vec<_> = sets.iter().map(ids).collect();
        let four = ["m1", "m2", "m3", "m9"];
        let five = ["m1", "m2", "m3", "m5", "m9"];
        assert_eq!(members, [&four[..], &five, &five, &five[1..]]);
        // A base is sealed by the members before it.
        let bases: Vec<_> = sets.iter().map(|set| set.roster().base().height()).collect();
        assert_eq!(bases, [0, 2, 4, 6]);
        let before =
            |height| bases.iter().position(|base| sets.before(height).roster().base().height() == *base);
        assert_eq!([1, 2, 3, 4, 5, 6, 7, 9].map(before), [0, 0, 1, 1, 2, 2, 3, 3].map(Some));
    }
    assert_eq!(proven, 4);
}

#[test]
fn the_handovers_end_with_the_set_that_voted_on_the_block() {
    let genesis = network_of_members("members");
    let (mut lab, mut governors) = (Node::of(genesis.clone()), Governors::default());
    governors.decide(&mut lab, add(5), &[1, 2, 3, 5]);
    lab.change_members(&[1, 2, 3]);
    // The newest final block is a base: the set before has voted on it.
    let made = receipt(&lab, 1, 0, 2).unwrap();
    assert_eq!(made.finality.as_ref().unwrap().handovers, []);
    assert_eq!(judge(made, &genesis).unwrap().voters(), &Voters::first(&genesis));
    lab.mine(vec![]);
    lab.take_final(lab.commit(3, &[1, 2, 3, 5]));
    let made = receipt(&lab, 1, 0, 3).unwrap();
    assert_eq!(made.finality.as_ref().unwrap().handovers.len(), 1);
    assert_eq!(judge(made, &genesis).unwrap().voters().count(), 5);
}

#[test]
fn there_may_be_more_handovers_than_a_message_holds() {
    let genesis = network_of_members("members");
    let (mut lab, mut governors) = (Node::of(genesis.clone()), Governors::default());
    let (mut keys, all) = (vec![1, 2, 3, 9], 10..10 + HANDOVERS as u8 + 2);
    for n in all.clone() {
        let mut yes = keys.clone();
        yes.push(n);
        governors.decide(&mut lab, add(n), &yes);
        lab.change_members(&keys);
        keys = yes;
    }
    lab.mine(vec![]);
    lab.take_final(lab.commit(lab.chain.tip().height, &keys));
    let made = receipt(&lab, 1, 0, last(&lab)).unwrap();
    assert_eq!(made.finality.as_ref().unwrap().handovers.len(), all.len());
    assert_eq!(handovers(lab.world(), &Voters::first(&genesis).id()).unwrap().len(), HANDOVERS);
    assert_eq!(judge(made, &genesis).unwrap().voters().count(), keys.len());
}

#[test]
fn a_handover_that_is_missing_is_named_and_the_receipt_is_made_without() {
    let (genesis, mut lab) = lab();
    let anchor = last(&lab);
    let base = lab.world().at_height(4).unwrap().unwrap();
    lab.disk.world.forget_handover(&base);
    let made = receipt(&lab, 1, 0, anchor).unwrap();
    assert_eq!(made.finality, None);
    let proof = made.check().unwrap();
    assert_eq!(proof.check_final(&genesis), Err(FinalError::Absent));
    let missing = NoHandover::Missing { height: 4, block: base };
    assert_eq!(Finality::of(lab.world(), &proof.anchor).unwrap(), Err(missing));
}

/// What makes the block at this height final, by those of `voters` with these keys.
fn commit(lab: &Node, voters: &Voters, height: u64, keys: &[u8]) -> Certificate {
    let block = lab.world().at_height(height).unwrap().unwrap();
    certificate_of(voters, lab.chain.genesis(), (height, block), keys)
}

#[test]
fn what_does_not_lead_from_one_set_to_the_next_is_refused_and_named() {
    let (genesis, lab) = lab();
    let made = receipt(&lab, 1, 0, last(&lab)).unwrap();
    let sets = judge(made.clone(), &genesis).unwrap();
    let [first, second, third, fourth] = &sets.iter().map(InForce::voters).collect::<Vec<_>>()[..] else {
        panic!("four sets")
    };
    let with = |change: &dyn Fn(&mut Finality)| {
        let mut made = made.clone();
        change(made.finality.as_mut().unwrap());
        judge(made, &genesis).unwrap_err()
    };
    let wrong_set = |found: &Voters, expected: &Voters| CertificateError::Set {
        expected: expected.id(),
        found: found.id(),
    };
    let at = |number, count, height, error| FinalError::Handover { number, count, height, error };
    // One is left out.
    let set = |found, expected| HandoverError::Certificate(wrong_set(found, expected));
    assert_eq!(with(&|it| drop(it.handovers.remove(0))), at(1, 2, 4, set(second, first)));
    assert_eq!(with(&|it| drop(it.handovers.remove(1))), at(2, 2, 6, set(third, second)));
    assert_eq!(with(&|it| drop(it.handovers.pop())), FinalError::Certificate(wrong_set(fourth, third)));
    assert_eq!(with(&|it| it.handovers.clear()), FinalError::Certificate(wrong_set(fourth, first)));
    // In another order, or twice.
    assert_eq!(with(&|it| it.handovers.swap(0, 1)), at(1, 3, 4, set(second, first)));
    assert_eq!(with(&|it| it.handovers.swap(1, 2)), at(2, 3, 6, set(third, second)));
    assert_eq!(
        with(&|it| it.handovers.insert(1, it.handovers[0].clone())),
        at(2, 4, 2, HandoverError::Commitments)
    );
    // Another roster: of one member more, of another base, of the set before.
    let more = |roster: &Roster| {
        Roster::new(roster.base(), roster.members().iter().cloned().chain([member(7)])).unwrap()
    };
    let rosters: [&dyn Fn(&Roster) -> Roster; 3] =
        [&more, &|_| genesis.roster(), &|roster| Roster::new(roster.base(), first_of(roster)).unwrap()];
    for other in rosters {
        let changed = with(&|it| it.handovers[1].roster = other(&it.handovers[1].roster));
        assert_eq!(changed, at(2, 3, 4, HandoverError::Commitments));
    }
    // An ordinary block's certificate, for the old roster or the new one.
    let ordinary = |height: u64, roster: Option<Roster>| {
        let (header, executed) = record_of(&lab, height);
        let roster = roster.unwrap_or_else(|| made.finality.as_ref().unwrap().handovers[0].roster.clone());
        Handover { header, executed, roster, certificate: commit(&lab, second, height, &[1, 2, 3, 5]) }
    };
    let base = Base::Block { parent: record_of(&lab, 3).0.parent, height: 3 };
    let members = made.finality.as_ref().unwrap().handovers[0].roster.members().iter().cloned();
    let roster = Roster::new(base, members).unwrap();
    for roster in [None, Some(roster)] {
        let given = with(&|it| it.handovers[1] = ordinary(3, roster.clone()));
        assert_eq!(given, at(2, 3, 3, HandoverError::Commitments));
    }
    // A base with an ordinary block's certificate.
    let given = with(&|it| it.handovers[1].certificate = commit(&lab, second, 3, &[1, 2, 3, 5]));
    assert_eq!(given, at(2, 3, 4, HandoverError::Block));
    // Of the wrong set, or of too few: the new set does not make its own base final.
    let given = with(&|it| it.handovers[1].certificate = commit(&lab, third, 4, &[1, 3, 5, 6]));
    assert_eq!(given, at(2, 3, 4, set(third, second)));
    let given = with(&|it| it.handovers[1].certificate = commit(&lab, second, 4, &[1, 2, 3]));
    let few = HandoverError::Certificate(CertificateError::Few { found: 3, needed: 4 });
    assert_eq!(given, at(2, 3, 4, few));
    let given = with(&|it| it.certificate = commit(&lab, third, last(&lab), &[1, 3, 5, 6]));
    assert_eq!(given, FinalError::Certificate(wrong_set(third, fourth)));
    let mut prepare = made.finality.as_ref().unwrap().handovers[1].certificate.clone();
    prepare.link.target.epoch += 1;
    assert_eq!(with(&|it| it.handovers[1].certificate = prepare.clone()), at(2, 3, 4, HandoverError::Commit));
    // What the base changes is committed to.
    assert_eq!(with(&|it| it.handovers[1].executed.0[0] ^= 1), at(2, 3, 4, HandoverError::Commitments));
    let text = alloc::format!("{}", with(&|it| it.handovers[1].executed.0[0] ^= 1));
    assert_eq!(
        text,
        "change 2 of 3 of the members, at block 4: its header does not put its roster into force"
    );
}

fn record_of(lab: &Node, height: u64) -> (Header, Hash) {
    let id = lab.world().at_height(height).unwrap().unwrap();
    let record = lab.world().record(&id).unwrap().unwrap();
    (record.header, record.executed)
}

fn first_of(roster: &Roster) -> Vec<Member> {
    roster.members().iter().skip(1).cloned().collect()
}

#[test]
fn over_an_override_a_receipt_is_proven_to_whoever_has_the_override_too() {
    let (genesis, lab) = lab();
    let tip = lab.chain.tip();
    let members = [8, 11].map(member).into();
    let decree = Decree { height: tip.height, block: tip.id, members, reason: crate::testing::text("") };
    let with = overridden(&genesis, vec![decree.clone()]);
    let before = last(&lab);
    let mut lab = restarted(&lab, with.clone()).unwrap();
    let pay = lab.pay(1, 0, 2, 10);
    let paid = lab.mine_by(8, (vec![pay], None)).header.height;
    let mut governors = Governors::default();
    let decided = governors.motion(&lab, add(7), &[8, 11, 7]);
    lab.mine_by(8, (decided, None));
    let (certificate, voters) = (lab.commit(paid + 1, &[8, 11]), lab.chain.tip().members.voters().clone());
    lab.take_final(certificate.clone());
    // Of a transaction that the members before had, and of one that those of the override had.
    let anchor = paid + 1;
    let judge_both = |lab: &Node, anchor, count| {
        for height in [1, paid] {
            let receipt = receipt(lab, height, 0, anchor).unwrap();
            assert_eq!(judge(receipt.clone(), &with).unwrap().iter().count(), count);
            let without = judge(receipt, &genesis).unwrap_err();
            assert!(
                matches!(without, FinalError::Certificate(_) | FinalError::Handover { .. }),
                "{without:?}"
            );
        }
    };
    judge_both(&lab, anchor, 5);
    // And over a handover of those.
    let base = lab.mine_by(8, (vec![], Some(certificate))).header.height;
    lab.take_final(commit(&lab, &voters, base, &[8, 11]));
    let last_block = lab.mine_by(7, (vec![], None)).header.height;
    let voted = lab.commit(last_block, &[7, 8, 11]);
    lab.take_final(voted);
    judge_both(&lab, last_block, 6);
    // What was final before is proven with the override as without.
    let mut old = restarted(&changed_thrice(genesis.clone()), genesis.clone()).unwrap();
    old.now = lab.now;
    let receipt = receipt(&old, 1, 0, before).unwrap();
    assert_eq!(judge(receipt.clone(), &with).unwrap(), judge(receipt, &genesis).unwrap());
}

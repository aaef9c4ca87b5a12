//! Headers that put other members into force.

use super::faults::blamed;
use super::*;
use crate::codec::Text;
use crate::ledger::{Action, Header, MemberChange, Motion, Transaction};
use crate::testing::{block_with, certificate_of, governor, key, member, work};
use crate::time::Timestamp;

/// The members remove m20.
fn removal(branch: &Branch) -> Vec<Transaction> {
    let until = Timestamp(branch.time.0 + 3 * 86_400_000);
    let motion =
        Motion { change: MemberChange::Remove { id: member(20).id }, reason: Text::default(), until };
    let sign = |by, action| Transaction::sign(&genesis().id(), &governor(by), 0, 0, u64::MAX, action);
    let moved = sign(1, Action::from(motion));
    let id = moved.motion().unwrap();
    let ballots = (2..=14).map(|by| sign(by, Action::Ballot { motion: id, yes: true }));
    [moved].into_iter().chain(ballots).collect()
}

/// 60 blocks. In block 20 the members decide, block 30 is the handover.
fn governed() -> &'static Blocks {
    static CHAIN: OnceLock<Blocks> = OnceLock::new();
    CHAIN.get_or_init(|| {
        let mut blocks = extend(&[], 1, 19, ON_TIME);
        let mut branch =
            blocks.iter().fold(genesis().branch(), |b, block| branch_with(&genesis(), &b, block));
        let decided = block_on(&genesis(), &branch, ON_TIME, removal(&branch), 1);
        blocks.push(decided.clone());
        let mut blocks = extend(&blocks, 1, 9, ON_TIME);
        branch = blocks.iter().fold(genesis().branch(), |b, block| branch_with(&genesis(), &b, block));
        let keys: Vec<_> = (1..=14).collect();
        let certificate = certificate_of(branch.members.voters(), &genesis(), (20, decided.id()), &keys);
        let base = block_with(&genesis(), &branch, ON_TIME, (vec![], Some(certificate)), 1);
        assert!(base.body.certificate.is_some());
        blocks.push(base);
        extend(&blocks, 1, 30, ON_TIME)
    })
}

#[test]
fn a_handover_is_followed_with_its_body_and_no_other() {
    let mut world = World::new(&[]);
    world.connect(1, governed(), Manner::Honest, 10);
    world.run(10_000);
    assert_eq!((world.tip.id, &world.blamed[..]), (governed()[59].id(), &[][..]));
    assert_eq!(world.tip.members.base(), governed()[29].id());
    assert_eq!(world.tip.members.roster().members().len(), 19);
    // The base came once before its segment, and once in it.
    assert_eq!(world.served(1), 61);
}

#[test]
fn a_handover_early_in_a_long_branch_is_no_end_of_it() {
    // The first message of headers holds the handover, and does not beat the node's own branch.
    let theirs = extend(governed(), 1, HEADERS_PER_MESSAGE + 60, ON_TIME);
    let ours = extend(&governed()[..5], 2, HEADERS_PER_MESSAGE + 50, ON_TIME);
    assert!(tip_of(&theirs).work > tip_of(&ours).work);
    let mut world = World::new(&ours);
    world.connect(1, &theirs, Manner::Honest, 10);
    world.run(30_000);
    assert_eq!((world.tip.id, &world.blamed[..]), (theirs.last().unwrap().id(), &[][..]));
}

#[test]
fn a_stored_handover_is_not_asked_for() {
    let mut world = World::new(&governed()[..35]);
    // Its locator does not reach it exactly: some headers are told again.
    world.connect(1, &extend(&governed()[..25], 2, 3, ON_TIME), Manner::Honest, 10);
    world.connect(2, governed(), Manner::Honest, 10);
    world.run(10_000);
    assert_eq!((world.tip.id, world.served(2)), (governed()[59].id(), 25));
}

#[test]
fn who_withholds_the_body_of_a_handover_holds_up_nobody() {
    for manner in [Manner::Withholds(0), Manner::Lacks, Manner::WrongBodies] {
        let mut world = World::new(&[]);
        world.connect(1, governed(), manner.clone(), 10);
        world.run(2_000);
        assert_eq!(world.submitted.len(), 0, "{manner:?}");
        world.connect(2, governed(), Manner::Honest, 10);
        world.run(120_000);
        assert_eq!(world.tip.id, governed()[59].id(), "{manner:?}");
    }
}

#[test]
fn what_is_not_settled_here_is_tried_again_and_is_nobodys_fault() {
    let mut world = World::new(&governed()[..10]);
    world.unsettled = true;
    world.connect(1, governed(), Manner::Honest, 10);
    world.run(60_000);
    assert_eq!((world.submitted.len(), &world.blamed[..]), (0, &[][..]));
    assert!(world.asked_headers < 80, "{}", world.asked_headers);
    world.unsettled = false;
    // It rests no longer for having been asked in vain.
    world.run(10_000);
    assert_eq!((world.tip.id, &world.blamed[..]), (governed()[59].id(), &[][..]));
}

#[test]
fn a_header_with_junk_in_its_commitments_costs_its_sender_the_connection() {
    let mut blocks = governed()[..29].to_vec();
    let mut junk = (*extend(&blocks, 2, 1, ON_TIME)[29]).clone();
    junk.header.commitments = Header::commit(&Hash([7; 32]), &junk.body.executed);
    junk.header.seal(&genesis().id(), &key(2));
    work(&mut junk);
    blocks.push(Arc::new(junk));
    let mut world = World::new(&governed()[..5]);
    world.connect(1, &blocks, Manner::Honest, 10);
    world.connect(2, &governed()[..29], Manner::Honest, 200);
    world.run(60_000);
    assert!(matches!(blamed(&world, 1)[..], [Fault::InvalidHeader(_)]), "{:?}", world.blamed);
    assert_eq!(world.tip.id, governed()[28].id());
}

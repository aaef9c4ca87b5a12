use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::codec::{Bounded, decode, encode};
use crate::crypto::Hash;
use crate::ledger::{Genesis, Member};
use crate::limits::VOTERS;
use crate::testing::{key, member, spec, voters};

mod theorem;

const NETWORK: Hash = Hash([1; 32]);
const BASE: Hash = Hash([0; 32]);

/// The key of a set's voter.
fn key_of(voters: &Voters, voter: u16) -> crate::crypto::SecretKey {
    let number = (1..=128).find(|n| voters.number(&key(*n).public()) == Some(voter)).unwrap();
    key(number)
}

fn checkpoint(epoch: u64, height: u64) -> Checkpoint {
    Checkpoint { epoch, height, block: Hash([u8::try_from(height).unwrap(); 32]) }
}

fn link(voters: &Voters, source: Checkpoint, target: Checkpoint) -> Link {
    Link { set: voters.id(), source, target }
}

fn votes(voters: &Voters, link: Link, who: impl IntoIterator<Item = u16>) -> BTreeMap<u16, Vote> {
    let vote = |voter| (voter, link.sign(&NETWORK, voter, &key_of(voters, voter)));
    who.into_iter().map(vote).collect()
}

fn certificate(voters: &Voters, link: Link, who: impl IntoIterator<Item = u16>) -> Certificate {
    let votes = votes(voters, link, who).into_iter().map(|(voter, vote)| (voter, vote.signature));
    Certificate::new(voters, link, &votes.collect())
}

#[test]
fn sizes_are_as_documented() {
    let voters = voters(4);
    let link = link(&voters, voters.root(), checkpoint(2, 5));
    assert_eq!(encode(&checkpoint(2, 5)).len(), 48);
    assert_eq!(encode(&link).len(), 128);
    assert_eq!(encode(&link.sign(&NETWORK, 0, &key(1))).len(), 194);
    assert_eq!(encode(&certificate(&voters, link, 0..3)).len(), 128 + 4 + 1 + 4 + 3 * 64);
}

#[test]
fn the_table_of_quorums() {
    let row = |n: u8| {
        let voters = voters(n);
        (voters.quorum(), voters.guilty())
    };
    let table = [1, 2, 3, 4, 5, 7, 10, 100].map(row);
    assert_eq!(table, [(1, 1), (2, 2), (3, 3), (3, 2), (4, 3), (5, 3), (7, 4), (67, 34)]);
}

#[test]
fn voters_are_numbered_by_ascending_key_whatever_the_list_says() {
    let one = Voters::new(BASE, 7, (1..=9).map(member));
    let other = Voters::new(BASE, 7, (1..=9).rev().map(member));
    assert_eq!(one, other);
    let keys: Vec<_> = (0..9).map(|number| one.member(number).unwrap().key).collect();
    assert!(keys.is_sorted());
    assert!((0..9).all(|number| one.number(&keys[usize::from(number)]) == Some(number)));
    assert_eq!((one.number(&key(77).public()), one.name(9)), (None, None));
    // Another base, another name, one more: other sets.
    let mut renamed: Vec<_> = (1..=9).map(member).collect();
    renamed[3].id = "else".parse().unwrap();
    let sets = [
        one.id(),
        Voters::new(Hash([9; 32]), 7, (1..=9).map(member)).id(),
        Voters::new(BASE, 7, (1..=8).map(member)).id(),
        Voters::new(BASE, 7, renamed).id(),
    ];
    assert!((0..4).all(|at| !sets[..at].contains(&sets[at])));
}

#[test]
fn a_definition_lists_members_and_no_more_than_can_vote() {
    let list = |count: u16| {
        let listed =
            |n: u16| Member { id: alloc::format!("m{n}").parse().unwrap(), ..member(n.to_le_bytes()[0]) };
        Genesis::new(crate::ledger::NetworkSpec { members: (0..count).map(listed).collect(), ..spec("v", 1) })
    };
    assert_eq!(Voters::first(&list(128).unwrap()).count(), VOTERS);
    assert!(list(129).is_err() && list(0).is_err());
}

#[test]
fn only_two_forms_of_links_are_voted_for() {
    let voters = voters(4);
    let kind = |source, target| link(&voters, source, target).kind();
    let other = |epoch, height| Checkpoint { block: Hash([99; 32]), ..checkpoint(epoch, height) };
    for (source, target, expected) in [
        (checkpoint(0, 0), checkpoint(2, 5), Some(LinkKind::Prepare)),
        (checkpoint(0, 0), checkpoint(1 << 40, 5), Some(LinkKind::Prepare)),
        // The same block once more, after its commit or without.
        (checkpoint(3, 5), checkpoint(4, 5), Some(LinkKind::Prepare)),
        (checkpoint(2, 5), checkpoint(4, 5), Some(LinkKind::Prepare)),
        (checkpoint(2, 5), checkpoint(3, 5), Some(LinkKind::Commit)),
        // Backward, or nowhere.
        (checkpoint(2, 5), checkpoint(2, 5), None),
        (checkpoint(4, 5), checkpoint(2, 6), None),
        (checkpoint(2, 5), checkpoint(4, 4), None),
        // An odd epoch is for commits: of the same block, from the epoch before.
        (checkpoint(2, 5), checkpoint(3, 6), None),
        (checkpoint(2, 5), checkpoint(5, 5), None),
        (checkpoint(3, 5), checkpoint(5, 5), None),
        // Heights that cannot be true.
        (checkpoint(2, 5), other(4, 5), None),
        (checkpoint(2, 5), Checkpoint { height: 6, ..checkpoint(4, 5) }, None),
        (checkpoint(u64::MAX, 5), checkpoint(0, 5), None),
    ] {
        assert_eq!(kind(source, target), expected, "{source:?} to {target:?}");
    }
    let prepare = link(&voters, checkpoint(0, 0), checkpoint(2, 5));
    let commit = prepare.commit().unwrap();
    assert_eq!((commit.kind(), commit.source), (Some(LinkKind::Commit), prepare.target));
    assert_eq!(commit.commit(), None, "a commit has no commit of its own");
    let last = link(&voters, checkpoint(0, 0), checkpoint(u64::MAX - 1, 5));
    assert!(last.commit().is_some());
}

#[test]
fn two_links_prove_an_offence_in_either_order_or_none() {
    let voters = voters(4);
    let of = |source: u64, target: u64| link(&voters, checkpoint(source, source), checkpoint(target, target));
    for (one, other, expected) in [
        (of(0, 2), of(0, 2), None),
        (of(0, 2), of(1, 2), Some(Offence::Double)),
        (of(0, 2), of(2, 4), None),
        (of(0, 2), of(0, 4), None),
        (of(2, 4), of(0, 6), Some(Offence::Surround)),
        (of(2, 4), of(2, 6), None),
    ] {
        assert_eq!((one.offence(&other), other.offence(&one)), (expected, expected), "{one:?} {other:?}");
    }
    let foreign = Link { set: Hash([7; 32]), ..of(1, 2) };
    assert_eq!(of(0, 2).offence(&foreign), None, "another set counts its own epochs");
}

#[test]
fn a_vote_counts_for_its_link_its_network_its_set_and_its_voter() {
    let voters = voters(4);
    let link = link(&voters, voters.root(), checkpoint(2, 5));
    let vote = link.sign(&NETWORK, 2, &key_of(&voters, 2));
    assert!(voters.verify(&NETWORK, &vote));
    assert!(!voters.verify(&Hash([2; 32]), &vote), "another network's");
    assert!(!Voters::new(BASE, 0, (1..=5).map(member)).verify(&NETWORK, &vote), "another set's");
    for voter in [0, 1, 3, 4, u16::MAX] {
        assert!(!voters.verify(&NETWORK, &Vote { voter, ..vote }), "voter {voter}");
    }
    let bytes = encode(&vote);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let changed: Vote = decode(&changed, "vote").unwrap();
        assert!(!voters.verify(&NETWORK, &changed), "byte {at}");
    }
    // The same members' votes for the same blocks, in a set that began elsewhere.
    let elsewhere = Voters::new(Hash([5; 32]), 0, (1..=4).map(member));
    let between = Link { source: checkpoint(2, 5), target: checkpoint(4, 6), ..link };
    let vote = between.sign(&NETWORK, 2, &key_of(&voters, 2));
    let moved = Link { set: elsewhere.id(), ..between };
    assert!(voters.verify(&NETWORK, &vote) && elsewhere.number(&key_of(&voters, 2).public()) == Some(2));
    assert!(!elsewhere.verify(&NETWORK, &Vote { link: moved, ..vote }), "signed for another set");
    // Signed as it should be, but not a link of this set.
    let sign = |link: Link| link.sign(&NETWORK, 2, &key_of(&voters, 2));
    for link in [
        Link { target: checkpoint(3, 5), ..link },
        Link { source: Checkpoint { block: Hash([8; 32]), ..link.source }, ..link },
    ] {
        assert!(!voters.verify(&NETWORK, &sign(link)), "{link:?}");
    }
    let late = Voters::new(Hash([5; 32]), 5, (1..=4).map(member));
    let below = Link { set: late.id(), source: checkpoint(3, 4), target: checkpoint(4, 6) };
    assert!(!late.verify(&NETWORK, &sign(below)), "below the set's base");
}

#[test]
fn any_quorum_of_valid_signatures_is_a_certificate_and_nothing_less_is() {
    for n in [1, 2, 3, 4, 9] {
        let voters = voters(n);
        let (count, quorum) = (u16::from(n), u16::try_from(voters.quorum()).unwrap());
        let link = link(&voters, checkpoint(2, 5), checkpoint(3, 5));
        for from in 0..count {
            let who = |many: u16| (0..many).map(move |step| (from + step) % count);
            let enough = certificate(&voters, link, who(quorum));
            assert_eq!(enough.check(&NETWORK, &voters), Ok(()), "{n}");
            assert!(enough.is_final());
            assert!(enough.votes().all(|vote| voters.verify(&NETWORK, &vote)));
            let few = certificate(&voters, link, who(quorum - 1)).check(&NETWORK, &voters);
            let (found, needed) = (voters.quorum() - 1, voters.quorum());
            assert_eq!(few, Err(CertificateError::Few { found, needed }));
        }
        assert_eq!(certificate(&voters, link, 0..count).check(&NETWORK, &voters), Ok(()));
    }
}

#[test]
fn a_list_of_signers_says_exactly_who_signed() {
    let voters = voters(9);
    let link = link(&voters, checkpoint(2, 5), checkpoint(3, 5));
    let good = certificate(&voters, link, 0..7);
    let with = |signers: Vec<u8>, signatures: usize| {
        let all: Vec<_> = votes(&voters, link, 0..9).values().map(|vote| vote.signature).collect();
        let signatures = Bounded::truncated(all.into_iter().cycle().take(signatures));
        let changed = Certificate { signers: Bounded::truncated(signers), signatures, ..good.clone() };
        changed.check(&NETWORK, &voters)
    };
    assert_eq!(with(vec![0b0111_1111, 0], 7), Ok(()));
    assert_eq!(with(vec![0b1111_1111, 1], 9), Ok(()));
    // A bit beyond the last voter, a byte too many or too few, a signature without its bit and a bit without its signature.
    for (signers, signatures) in [
        (vec![0b0111_1111, 2], 8),
        (vec![0b0111_1111, 0x80], 8),
        (vec![0b0111_1111], 7),
        (vec![0b0111_1111, 0, 0], 7),
        (vec![0b0111_1111, 0], 8),
        (vec![0b1111_1111, 0], 7),
        (vec![], 0),
    ] {
        let error = with(signers.clone(), signatures).unwrap_err();
        assert!(matches!(error, CertificateError::Signers { .. }), "{signers:?} {signatures}: {error}");
    }
    // One voter's signature under another's bit.
    assert_eq!(with(vec![0b1111_1110, 0], 7), Err(CertificateError::Signature));
}

proptest! {
    #[test]
    fn no_changed_byte_of_a_certificate_passes(at in 0_usize..337, flip in 1_u8..) {
        let voters = voters(4);
        let link = link(&voters, checkpoint(2, 5), checkpoint(3, 5));
        let mut bytes = encode(&certificate(&voters, link, [0, 1, 3]));
        prop_assert_eq!(bytes.len(), 329);
        bytes[at % 329] ^= flip;
        if let Ok(changed) = decode::<Certificate>(&bytes, "certificate") {
            prop_assert!(changed.check(&NETWORK, &voters).is_err());
        }
    }
}

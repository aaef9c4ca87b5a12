//! What a snapshot leads to, and that nothing else is taken for one.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec;

use super::super::{Account, Genesis, Key, Origin, View, World};
use super::*;
use crate::codec::{decode, encode};
use crate::testing::members::{Governors, add, changed_thrice, overridden, restarted};
use crate::testing::{Node, certificate_of, member, network, network_of_members, pay, work};

/// The members in force at the end of [`changed_thrice`].
const MEMBERS: [u8; 4] = [3, 5, 6, 9];

fn pieces(node: &Node) -> Result<Vec<Piece>, NoSnapshot> {
    let rows: BTreeMap<_, _> =
        node.world().rows().iter().map(|(key, row)| (encode(key), row.clone())).collect();
    let mut pieces = vec![];
    let mut give = |piece| {
        pieces.push(piece);
        Ok::<_, NoSnapshot>(())
    };
    make(node.world(), rows.into_iter().map(Ok), &mut give)?;
    Ok(pieces)
}

fn load(genesis: &Arc<Genesis>, pieces: impl IntoIterator<Item = Piece>) -> Result<World, SnapshotError> {
    let (mut loader, mut world) = (Loader::new(genesis.clone()), World::new(genesis));
    for piece in pieces {
        world.fill(&loader.take(piece)?);
    }
    world.filled(loader.finish()?);
    Ok(world)
}

/// [`changed_thrice`], then payments, of which the last stand above the final block.
fn lab() -> (Arc<Genesis>, Node) {
    let genesis = network_of_members("acme");
    let mut node = changed_thrice(genesis.clone());
    for (nonce, to) in (0..5).zip([2, 4, 7, 7, 8]) {
        let paid = node.mine(vec![pay(&genesis, 1, nonce, to, 10, 1)]);
        if nonce == 2 {
            node.take_final(node.commit(paid.header.height, &MEMBERS));
        }
    }
    (genesis, node)
}

#[test]
fn a_node_begins_with_it_and_goes_on() {
    let (genesis, node) = lab();
    let world = load(&genesis, pieces(&node).unwrap()).unwrap();
    let (finalized, id) = node.chain.finalized();
    let tip = node.chain.tip().height;
    assert_eq!((world.tip(), finalized + 2), (Ok((finalized, id)), tip));
    assert_eq!((world.lowest(), world.finalized()), (Ok(finalized), node.world().finalized()));
    for height in 0..=finalized {
        let at = node.world().at_height(height).unwrap().unwrap();
        let (found, expected) = (world.record(&at).unwrap().unwrap(), node.world().record(&at).unwrap());
        let expected = expected.unwrap();
        assert_eq!(HeaderRecord { bytes: expected.bytes, ..found.clone() }, expected);
        let is_kept = expected.roster.is_some() && height > 0 || height == finalized;
        assert_eq!(found.bytes == expected.bytes && height > 0, is_kept, "{height}");
        let body = node.world().body(&at).unwrap().filter(|_| is_kept);
        assert_eq!(world.body(&at).unwrap(), body);
        assert_eq!(world.handover(&at), node.world().handover(&at));
        assert_eq!(world.at_height(height), Ok(Some(at)));
    }
    let mut begun = Node::load(genesis, world, node.now);
    assert_eq!(begun.chain.finalized(), node.chain.finalized());
    for height in finalized + 1..=tip {
        let at = node.world().at_height(height).unwrap().unwrap();
        begun.give(&node.world().block(&at).unwrap().unwrap(), Origin::Pushed).unwrap();
    }
    assert_eq!((begun.chain.tip(), begun.world().rows()), (node.chain.tip(), node.world().rows()));
    // What it has is enough for the next change of members, and for the next newcomer.
    let mut governors = Governors::default();
    let changed = governors.motion(&begun, add(12), &[12]);
    begun.mine(changed);
    begun.take_final(begun.commit(begun.chain.tip().height, &MEMBERS));
    let again = load(&Arc::new(begun.chain.genesis().clone()), pieces(&begun).unwrap()).unwrap();
    assert_eq!(again.rows(), begun.world().rows());
}

#[test]
fn the_final_block_may_be_a_base() {
    let genesis = network_of_members("acme");
    let mut node = Node::of(genesis.clone());
    assert_eq!(pieces(&node), Err(NoSnapshot::Nothing));
    Governors::default().decide(&mut node, add(5), &[1, 2, 3, 5]);
    node.change_members(&[1, 2, 3]);
    let world = load(&genesis, pieces(&node).unwrap()).unwrap();
    assert_eq!(world.rows(), node.world().rows());
    let begun = Node::load(genesis, world, node.now);
    assert_eq!(begun.chain.tip(), node.chain.tip());
}

#[test]
fn any_changed_byte_is_refused() {
    let (genesis, node) = lab();
    let good: Vec<Vec<u8>> = pieces(&node).unwrap().iter().map(encode).collect();
    let read = |pieces: &[Vec<u8>]| {
        pieces.iter().map(|piece| decode(piece, "piece")).collect::<Result<Vec<Piece>, _>>()
    };
    assert!(load(&genesis, read(&good).unwrap()).is_ok());
    for (place, piece) in good.iter().enumerate() {
        for at in (0..piece.len()).step_by(7) {
            let mut changed = good.clone();
            changed[place][at] ^= 0x41;
            let Ok(changed) = read(&changed) else { continue };
            assert!(load(&genesis, changed).is_err(), "piece {place}, byte {at}");
        }
    }
    for left_out in 0..good.len() {
        let mut short = read(&good).unwrap();
        short.remove(left_out);
        assert!(load(&genesis, short).is_err(), "without piece {left_out}");
        let mut twice = read(&good).unwrap();
        twice.insert(left_out, twice[left_out].clone());
        assert!(load(&genesis, twice).is_err(), "piece {left_out} twice");
    }
    let error = load(&network("other", 1_000), read(&good).unwrap()).unwrap_err();
    assert!(matches!(error, SnapshotError::Header { height: 1, .. }), "{error}");
}

#[test]
fn a_header_that_no_member_sealed_is_refused() {
    let genesis = network_of_members("acme");
    let mut node = Node::of(genesis.clone());
    let mut block = (*node.mine(vec![])).clone();
    node.take_final(node.commit(1, &[1, 2, 9]));
    let good = pieces(&node).unwrap();
    block.header.seal.0[0] ^= 1;
    work(&mut block);
    let end = FinalBlock {
        certificate: crate::testing::certificate(&genesis, 1, block.id(), &[1, 2, 9]),
        ..match &good[0] {
            Piece::Final(end) => (**end).clone(),
            other => panic!("{other:?}"),
        }
    };
    let headers = Bounded::truncated([crate::testing::sync_header(&Arc::new(block))]);
    let sealed = [Piece::Final(Box::new(end)), Piece::Headers(headers)];
    let error = load(&genesis, sealed.into_iter().chain(good[2..].to_vec())).unwrap_err();
    assert_eq!(error, SnapshotError::Header { height: 1, error: HeaderError::Seal });
}

/// The snapshot's rows after a change, in one piece.
fn with_rows(node: &Node, change: impl FnOnce(&mut Vec<Row>)) -> Vec<Piece> {
    let (mut others, mut rows) = (vec![], vec![]);
    for piece in pieces(node).unwrap() {
        match piece {
            Piece::Rows(more) => rows.extend(more),
            other => others.push(other),
        }
    }
    change(&mut rows);
    others.push(Piece::Rows(rows));
    others
}

#[test]
fn rows_that_are_not_the_state_are_refused() {
    let (genesis, node) = lab();
    let (finalized, _) = node.chain.finalized();
    assert!(load(&genesis, with_rows(&node, |_| ())).is_ok());
    let refused = |change: &dyn Fn(&mut Vec<Row>)| load(&genesis, with_rows(&node, change)).unwrap_err();
    let is_account = |row: &Row| matches!(decode(&row.0, "key"), Ok(Key::Account(_)));
    let richer = refused(&|rows| {
        let row = rows.iter_mut().find(|row| is_account(row)).unwrap();
        let account = Account::from_row(Some(row.1.clone())).unwrap();
        row.1 = super::super::state::to_row(&Account { balance: account.balance + 1, ..account });
    });
    assert_eq!(richer, SnapshotError::State(finalized));
    let all = with_rows(&node, |_| ());
    let Some(Piece::Rows(all)) = all.last() else { panic!("no rows") };
    for place in 0..all.len() {
        let fewer = refused(&|rows| drop(rows.remove(place)));
        assert_eq!(fewer, SnapshotError::State(finalized), "{place}");
    }
    assert_eq!(refused(&|rows| rows.swap(0, 1)), SnapshotError::Rows);
    assert_eq!(refused(&|rows| rows.insert(1, rows[0].clone())), SnapshotError::Rows);
    // A sum does not see in which order rows come, and not what stands in its own row.
    let no_key = refused(&|rows| rows[0].0 = vec![99]);
    assert!(matches!(no_key, SnapshotError::Row(_)), "{no_key}");
}

fn with_final(node: &Node, certificate: Certificate) -> Vec<Piece> {
    let mut pieces = pieces(node).unwrap();
    let Some(Piece::Final(end)) = pieces.first_mut() else { panic!("no final block") };
    end.certificate = certificate;
    pieces
}

#[test]
fn only_a_quorum_of_the_members_in_force_makes_the_last_block_final() {
    let (genesis, node) = lab();
    let (height, id) = node.chain.finalized();
    let voters = node.chain.tip().members.voters();
    let by = |keys: &[u8]| certificate_of(voters, &genesis, (height, id), keys);
    assert!(load(&genesis, with_final(&node, by(&[3, 5, 9]))).is_ok());
    let few = load(&genesis, with_final(&node, by(&[3, 9]))).unwrap_err();
    assert_eq!(few, SnapshotError::Certificate(CertificateError::Few { found: 2, needed: 3 }));
    // The first members are not the last ones.
    let first = crate::testing::certificate(&genesis, height, id, &[1, 2, 3, 9]);
    let old = load(&genesis, with_final(&node, first)).unwrap_err();
    assert!(matches!(old, SnapshotError::Certificate(CertificateError::Set { .. })), "{old}");
    let other = certificate_of(voters, &genesis, (height, Hash([7; 32])), &MEMBERS);
    assert_eq!(load(&genesis, with_final(&node, other)), Err(SnapshotError::Commit));
    let below = node.world().at_height(height - 1).unwrap().unwrap();
    let below = certificate_of(voters, &genesis, (height - 1, below), &MEMBERS);
    assert!(load(&genesis, with_final(&node, below)).is_err(), "rows and headers of a higher one");
    let mut prepare = by(&MEMBERS);
    prepare.link.target = prepare.link.source;
    assert_eq!(load(&genesis, with_final(&node, prepare)), Err(SnapshotError::Commit));
}

#[test]
fn members_whom_nobody_has_voted_in_are_refused_unless_an_operator_trusts_what_stands_on_them() {
    let (genesis, node) = lab();
    let with_base = |change: &dyn Fn(&mut NewMembers)| {
        let mut pieces = pieces(&node).unwrap();
        let members = pieces.iter_mut().find_map(|piece| match piece {
            Piece::Members(members) => Some(members),
            _ => None,
        });
        change(members.unwrap());
        pieces
    };
    let base = 2;
    let unproven = with_base(&|members| members.certificate = None);
    assert_eq!(load(&genesis, unproven.clone()), Err(SnapshotError::Unproven(base)));
    let mut trusting = (*genesis).clone();
    let (height, id) = node.chain.finalized();
    trusting.rules.checkpoint = Some((height, id));
    assert!(load(&Arc::new(trusting.clone()), unproven.clone()).is_ok());
    // One that is not reached proves nothing.
    trusting.rules.checkpoint = Some((height + 1, id));
    assert_eq!(load(&Arc::new(trusting), unproven), Err(SnapshotError::Unproven(base)));
    let others = with_base(&|members| {
        let roster = &members.roster;
        members.roster = roster.next(roster.base(), [member(13)]).unwrap();
    });
    let error = load(&genesis, others).unwrap_err();
    assert_eq!(error, SnapshotError::Members { height: base, error: HandoverError::Commitments });
    // The maker that lacks a proof says so.
    let mut lacking = node;
    let id = lacking.world().at_height(base).unwrap().unwrap();
    lacking.disk.world.forget_handover(&id);
    let missing = NoHandover::Missing { height: base, block: id };
    assert_eq!(pieces(&lacking), Err(NoSnapshot::Members(missing)));
}

#[test]
fn what_was_forgotten_is_waited_for() {
    let (_, mut node) = lab();
    node.disk.world.forget_undo();
    assert_eq!(pieces(&node), Err(NoSnapshot::Undo(node.chain.tip().height)));
}

#[test]
fn an_override_is_taken_in_on_the_way() {
    let (genesis, node) = lab();
    let checkpoint = node.chain.finalized();
    let decree = crate::ledger::Decree {
        height: checkpoint.0,
        block: checkpoint.1,
        members: [7, 9].map(member).into(),
        reason: crate::codec::Text::default(),
    };
    let overriding = overridden(&genesis, vec![decree]);
    let mut node = restarted(&node, overriding.clone()).unwrap();
    assert_eq!(pieces(&node), Err(NoSnapshot::Overridden(checkpoint.0)));
    node.mine_by(9, (vec![], None));
    node.take_final(node.commit(node.chain.tip().height, &[7, 9]));
    let world = load(&overriding, pieces(&node).unwrap()).unwrap();
    assert_eq!(world.rows(), node.world().rows());
    let begun = restarted(&Node::load(overriding.clone(), world, node.now), overriding).unwrap();
    assert_eq!(begun.chain.tip(), node.chain.tip());
    let error = load(&genesis, pieces(&node).unwrap()).unwrap_err();
    assert!(matches!(error, SnapshotError::Header { .. } | SnapshotError::Unproven(_)), "{error}");
}

//! What is invalid everywhere and for ever.

use super::town::{NETWORK, add, give_governor, governor_of, id};
use super::*;
use crate::ledger::Transaction;

fn check(by: &SecretKey, nonce: u64, action: Action) -> Result<(), TransactionError> {
    let transaction = Transaction::sign(&NETWORK, by, nonce, 0, u64::MAX, action);
    let alone = transaction.clone().check(&NETWORK).map(|_| ());
    let mut both = Transaction::check_batch(&[transaction], &NETWORK);
    assert_eq!(both.pop().unwrap().map(|_| ()), alone, "one verdict, alone and in a batch");
    alone
}

fn moved(change: MemberChange) -> Result<(), TransactionError> {
    let motion = Motion { change, reason: text("why"), until: Timestamp(1) };
    check(&governor(1), 0, Action::from(motion))
}

fn refused<T>(error: ActionError) -> Result<T, TransactionError> {
    Err(TransactionError::Action(error))
}

#[test]
fn a_candidates_key_must_have_signed() {
    assert_eq!(moved(add(5)), Ok(()));
    let MemberChange::Add { member: candidate, proof } = add(5) else { unreachable!() };
    let with = |member: Member, proof| moved(MemberChange::Add { member, proof });
    let others = [
        Member { id: id(6), ..candidate.clone() },
        Member { key: key(6).public(), ..candidate.clone() },
        Member { governor: governor_of(6), ..candidate.clone() },
    ];
    for other in others {
        assert_eq!(with(other, proof), refused(ActionError::Proof));
    }
    assert_eq!(with(candidate.clone(), Signature::ZERO), refused(ActionError::Proof));
    assert_eq!(
        with(Member { key: PublicKey::ZERO, ..candidate.clone() }, proof),
        refused(ActionError::Proof)
    );
    // Another's key: its owner has not signed.
    let stolen = Member { key: key(1).public(), ..candidate.clone() };
    assert_eq!(moved(MemberChange::prove(stolen, &key(5))), refused(ActionError::Proof));
    // The name may be changed by whoever moves it.
    assert_eq!(with(Member { name: text("Five"), ..candidate }, proof), Ok(()));
}

#[test]
fn a_governor_is_somebody_who_can_sign_and_not_the_nodes_key() {
    let other: Address = crate::codec::decode(&[1; 33], "address").unwrap();
    let wrong = |n| refused(ActionError::Governor(id(n)));
    for governor in [other, address(5)] {
        let added = MemberChange::prove(Member { governor, ..member(5) }, &key(5));
        assert_eq!(moved(added), wrong(5));
    }
    assert_eq!(moved(give_governor(2, other)), wrong(2));
    let keys = |key, governor| Keys { id: id(1), key, governor };
    let by = governor(1);
    assert_eq!(check(&by, 0, Action::from(keys(None, Some(other)))), wrong(1));
    let own = (by.public(), Signature::ZERO);
    assert_eq!(check(&by, 0, Action::from(keys(Some(own), None))), wrong(1));
    assert_eq!(check(&by, 0, Action::from(keys(None, None))), refused(ActionError::NoKeys));
}

#[test]
fn a_new_key_signs_for_one_member_governor_and_nonce() {
    let by = governor(1);
    let prove = |governor| Keys::prove(&NETWORK, &by.public(), 3, id(1), Some(&key(7)), governor);
    for governor in [None, Some(governor_of(8))] {
        let keys = prove(governor);
        assert_eq!(check(&by, 3, Action::from(keys.clone())), Ok(()));
        assert_eq!(check(&by, 4, Action::from(keys.clone())), refused(ActionError::Proof), "a replay");
        let other = Keys { id: id(2), ..keys.clone() };
        assert_eq!(check(&by, 3, Action::from(other)), refused(ActionError::Proof));
        let other = Keys { governor: Some(governor_of(9)), ..keys };
        assert_eq!(check(&by, 3, Action::from(other)), refused(ActionError::Proof));
    }
    // Without a new governor the sender's address is signed, and with one it is that.
    assert_eq!(check(&governor(2), 3, Action::from(prove(None))), refused(ActionError::Proof));
    assert_eq!(check(&governor(2), 3, Action::from(prove(Some(governor_of(8))))), Ok(()));
}

#[test]
fn an_id_commits_to_every_part_of_a_motion() {
    let base = Motion { change: add(5), reason: text("why"), until: Timestamp(9) };
    let sender = key(1).public();
    let others = [
        Motion { change: add(6), ..base.clone() },
        Motion { reason: text("because"), ..base.clone() },
        Motion { until: Timestamp(8), ..base.clone() },
    ];
    assert!(others.iter().all(|other| other.id(&sender, 0) != base.id(&sender, 0)));
    assert_ne!(base.id(&sender, 0), base.id(&sender, 1));
    assert_ne!(base.id(&sender, 0), base.id(&key(2).public(), 0));
}

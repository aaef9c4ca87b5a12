//! An agreement that two halves of a network decided differently.

use bouya::clock::wall;
use bouya::http::views::{Agreement, AgreementStatus};
use bouya_core::codec::{Bounded, encode};
use bouya_core::crypto::{Hash, sha256};
use bouya_core::ledger::{Action, Proposal, Response, Transaction};
use bouya_core::testing::{address, key, text};
use bouya_core::time::Timestamp;

use super::daemon::{Consortium, Daemon, RESTS, bootstrap, same_tip, until};

fn signed(consortium: &Consortium, from: u8, nonce: u64, action: Action) -> Transaction {
    Transaction::sign(&consortium.genesis.id(), &key(from), nonce, 2_000, u64::MAX, action)
}

fn propose(consortium: &Consortium, nonce: u64, deadline: Timestamp) -> (Transaction, Hash) {
    let parties = Bounded::truncated([address(2), address(3)]);
    let proposal = Proposal { title: text("Lease"), document: sha256(b"lease"), parties, deadline };
    let transaction = signed(consortium, 1, nonce, Action::Propose(proposal));
    let id = transaction.agreement().unwrap();
    (transaction, id)
}

fn answer(consortium: &Consortium, from: u8, nonce: u64, agreement: Hash, response: Response) -> Transaction {
    let action = Action::Respond { agreement, document: sha256(b"lease"), response };
    signed(consortium, from, nonce, action)
}

fn give(daemon: &Daemon, transactions: &[&Transaction]) {
    for transaction in transactions {
        let (status, body) = daemon.send("POST", "/v1/transactions", false, &encode(*transaction));
        assert_eq!(status, 202, "{body}");
    }
}

fn stands(daemon: &Daemon, id: &Hash) -> Option<Agreement> {
    daemon.get(&format!("/v1/agreements/{id}"))
}

fn becomes(daemon: &Daemon, id: &Hash, status: AgreementStatus) {
    until(&format!("{} says {status}", daemon.id), || {
        stands(daemon, id).filter(|agreement| agreement.status == status).map(drop)
    });
}

#[test]
fn two_halves_that_decided_differently_agree_in_the_end() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", "when = \"always\"\nshare = 0.2");
    let mut b = consortium.member("b", &bootstrap(&[&a]), RESTS);
    let mut c = consortium.member("c", "", "when = \"always\"\nshare = 0.7");
    for daemon in [&mut a, &mut b, &mut c] {
        daemon.start();
    }
    let later = Timestamp(wall().0 + 3_600_000);
    let (proposal, id) = propose(&consortium, 0, later);
    let first = answer(&consortium, 2, 0, id, Response::Sign);
    // One half has all signatures. In the other half, which mines faster, the third party refuses with the same nonce.
    give(&a, &[&proposal, &first, &answer(&consortium, 3, 0, id, Response::Sign)]);
    give(&c, &[&proposal, &first, &answer(&consortium, 3, 0, id, Response::Refuse)]);
    becomes(&b, &id, AgreementStatus::Effective);
    becomes(&c, &id, AgreementStatus::Refused);
    until("the other half is ahead", || {
        let work = |daemon: &Daemon| daemon.status().tip.work.parse::<u128>().unwrap();
        (work(&c) > work(&a) * 3 / 2).then_some(())
    });
    a.introduce(&c);
    until("they agree", || same_tip(&[&a, &b, &c]).then_some(()));
    for daemon in [&a, &b, &c] {
        becomes(daemon, &id, AgreementStatus::Refused);
    }
    // A crash and a restart change nothing, and a deadline passes on all nodes.
    b.kill();
    let (short, expiring) = propose(&consortium, 1, Timestamp(wall().0 + 3_000));
    give(&c, &[&short, &answer(&consortium, 2, 1, expiring, Response::Sign)]);
    b.start();
    c.stop();
    c.start();
    for daemon in [&a, &b, &c] {
        becomes(daemon, &expiring, AgreementStatus::Expired);
        becomes(daemon, &id, AgreementStatus::Refused);
    }
    let settled = |daemon: &Daemon| {
        until("it is settled", || {
            stands(daemon, &id).filter(|agreement| agreement.settled && agreement.confirmations > 6)
        })
    };
    let told: Vec<_> = [&a, &b, &c]
        .map(|daemon| {
            let agreement = settled(daemon);
            (
                agreement.decided.map(|at| at.transaction),
                agreement.parties.into_iter().map(|party| party.answer).collect::<Vec<_>>(),
            )
        })
        .into();
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
    for daemon in [&mut a, &mut b, &mut c] {
        daemon.stop();
        daemon.verify();
    }
}

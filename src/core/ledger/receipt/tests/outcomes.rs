//! What became of calls, as receipts show it.

use alloc::sync::Arc;

use super::*;
use crate::codec::Bounded;
use crate::crypto::sha256;
use crate::ledger::contract::{Call, Deploy, Done};
use crate::ledger::{Decree, Genesis, Header};
use crate::testing::contract::{TELLS, module, telling};
use crate::testing::members::{overridden, restarted};
use crate::testing::{address, governor, member, network_of_members, text};

/// A block that deploys; one with a call that fails, a transfer and two calls that do not; and one more.
fn called() -> Node {
    let mut spec = network_of_members("contracts").spec.clone();
    (spec.version, spec.gas_per_block) = (Header::CONTRACTS, Some(30_000_000));
    let mut lab = Node::of(Arc::new(Genesis::new(spec).unwrap()));
    let code = wat::parse_str(module(TELLS)).unwrap();
    let deploy = Deploy {
        code: code.clone().try_into().unwrap(),
        input: Bounded::default(),
        value: 0,
        gas: 1_000_000,
    };
    let deployed = Transaction::sign(&lab.network(), &governor(1), 0, 0, u64::MAX, deploy.into());
    let contract = deployed.contract().unwrap();
    lab.mine(vec![deployed]);
    let call = |from, nonce, to, fails| {
        let input = telling(address(to), fails).try_into().unwrap();
        let (code, size) = (sha256(&code), code.len() as u32);
        lab.sign(from, nonce, Call { contract, code, size, input, value: 5, gas: 1_000_000 }.into())
    };
    let block = vec![call(1, 0, 7, true), lab.pay(1, 1, 2, 10), call(1, 2, 8, false), call(2, 0, 9, false)];
    lab.mine(block);
    lab.mine(vec![]);
    lab
}

fn outcome(lab: &Node, height: u64, index: usize) -> Option<Outcome> {
    receipt(lab, height, index, 3).unwrap().check().unwrap().outcome
}

#[test]
fn a_receipt_shows_what_became_of_each_call() {
    let lab = called();
    assert_eq!(outcome(&lab, 1, 0).unwrap().done, Some(Done::default()), "a deployment");
    assert_eq!(outcome(&lab, 2, 0).unwrap().done, None, "it failed");
    assert_eq!(outcome(&lab, 2, 1), None, "a transfer");
    for (index, to) in [(2, 8), (3, 9)] {
        let found = outcome(&lab, 2, index).unwrap();
        let done = found.done.unwrap();
        assert_eq!((&*done.output, done.payments[0].to), (b"hello".as_slice(), address(to)));
        assert_eq!((done.events[0].topic.as_str(), done.events[0].data.len()), ("hello", 4));
        assert_eq!(found.transaction, receipt(&lab, 2, index, 3).unwrap().transaction.id());
    }
}

/// The override's members are in force after that block; it states those before.
#[test]
fn a_call_in_the_block_that_an_override_names_is_proven_too() {
    let lab = called();
    let before = lab.world().at_height(2).unwrap().unwrap();
    let members = [1, 2, 8].map(member).into();
    let decree = Decree { height: 2, block: before, members, reason: text("") };
    let mut lab = restarted(&lab, overridden(lab.chain.genesis(), vec![decree])).unwrap();
    assert_eq!(lab.chain.tip().id, before);
    lab.mine_by(8, (vec![], None));
    for (index, failed) in [(0, true), (2, false)] {
        assert_eq!(outcome(&lab, 2, index).unwrap().done.is_none(), failed);
    }
}

type Lie<'a> = (&'static str, &'a dyn Fn(&mut OutcomeProof));

#[test]
fn nothing_of_an_outcome_can_be_changed() {
    let lab = called();
    let good = receipt(&lab, 2, 2, 3).unwrap();
    let theirs = receipt(&lab, 2, 3, 3).unwrap().outcome;
    let changes: [Lie<'_>; 10] = [
        ("failed", &|it| it.done = None),
        ("output", &|it| it.done.as_mut().unwrap().output = Bounded::default()),
        ("payment", &|it| it.done.as_mut().unwrap().payments = Bounded::default()),
        ("event", &|it| it.done.as_mut().unwrap().events = Bounded::default()),
        ("path", &|it| it.path[0].hash.0[0] ^= 1),
        ("shorter path", &|it| it.path.truncate(1)),
        ("writes", &|it| it.writes.0[0] ^= 1),
        ("state", &|it| it.state.0[0] ^= 1),
        ("members", &|it| it.roster.0[0] ^= 1),
        ("another call's", &|it| *it = theirs.clone().unwrap()),
    ];
    for (what, change) in changes {
        let mut changed = good.clone();
        change(changed.outcome.as_mut().unwrap());
        assert_eq!(changed.check(), Err(ReceiptError::Outcome), "{what}");
    }
    // A transfer has none.
    let mut transfer = receipt(&lab, 2, 1, 3).unwrap();
    transfer.outcome = good.outcome;
    assert_eq!(transfer.check(), Err(ReceiptError::Outcome));
}

#[test]
fn a_node_that_no_longer_has_it_keeps_what_an_older_receipt_shows() {
    let lab = called();
    let [old, other] = [2, 3].map(|index| receipt(&lab, 2, index, 3).unwrap().outcome);
    let mut fresh = Receipt { outcome: None, ..receipt(&lab, 2, 2, 3).unwrap() };
    assert_eq!(fresh.clone().check().unwrap().outcome, None);
    fresh.keep_outcome(other);
    assert_eq!(fresh.outcome, None, "of another call");
    fresh.keep_outcome(old.clone());
    assert_eq!(fresh.outcome, old);
    assert!(fresh.check().is_ok());
}

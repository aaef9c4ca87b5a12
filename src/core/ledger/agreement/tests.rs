use proptest::prelude::*;

use super::*;
use crate::ledger::state::Rows;
use crate::ledger::{ActionError, Change, Transaction, TransactionError, World};
use crate::testing::{address, genesis, key, text};

const NETWORK: Hash = Hash([7; 32]);
const PROPOSER: u8 = 0;
const DEADLINE: u64 = 1_000;

fn proposal(parties: &[u8]) -> Proposal {
    let parties = Bounded::truncated(parties.iter().map(|n| address(*n)));
    Proposal { title: text("supply"), document: Hash([9; 32]), parties, deadline: Timestamp(DEADLINE) }
}

fn signed(by: u8, nonce: u64, action: Action) -> Transaction {
    Transaction::sign(&NETWORK, &key(by), nonce, 1, u64::MAX, action)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Say {
    Propose,
    Sign(u8),
    Refuse(u8),
    SignOther(u8),
    Withdraw(u8),
}

/// A world in which these things were said, one in each block, at these times.
fn world(parties: &[u8], said: &[(Say, u64)]) -> (World, Hash) {
    let proposal = proposal(parties);
    let agreement = proposal.id(&key(PROPOSER).public(), 0);
    let answer = |document, response| Action::Respond { agreement, document, response };
    let mut world = World::new(&genesis());
    for (height, (say, time)) in (1_u64..).zip(said) {
        let (by, action) = match *say {
            Say::Propose => (PROPOSER, Action::Propose(proposal.clone())),
            Say::Sign(by) => (by, answer(proposal.document, Response::Sign)),
            Say::Refuse(by) => (by, answer(proposal.document, Response::Refuse)),
            Say::SignOther(by) => (by, answer(Hash([8; 32]), Response::Sign)),
            Say::Withdraw(by) => (by, Action::Withdraw { agreement }),
        };
        // The agreement's id holds the nonce of its proposal, which is 0.
        let nonce = if *say == Say::Propose { 0 } else { height };
        let checked = signed(by, nonce, action).check(&NETWORK).unwrap();
        assert_eq!(checked.agreement(), Some(agreement));
        let at = Moment { height, index: 0, time: Timestamp(*time), transaction: checked.id() };
        let lower = Rows::new();
        let mut layer = Layer::new(Some(&world), &lower);
        apply(&mut layer, &checked, at).unwrap();
        let rows = layer.finish().unwrap().rows;
        world.apply(&Change { rows, ..Change::default() });
    }
    (world, agreement)
}

fn standing(parties: &[u8], said: &[(Say, u64)], now: u64) -> Option<(&'static str, u64)> {
    let (world, id) = world(parties, said);
    let agreement = Agreement::read(&world, &id).unwrap()?;
    Some(match agreement.standing(Timestamp(now)) {
        Standing::Open => ("open", 0),
        Standing::Effective(at) => ("effective", at.height),
        Standing::Refused(at) => ("refused", at.height),
        Standing::Withdrawn(at) => ("withdrawn", at.height),
        Standing::Expired => ("expired", 0),
    })
}

/// What was said, the tip's time, and how it stands.
type Case<'a> = (&'a [(Say, u64)], u64, Option<(&'a str, u64)>);

#[test]
fn each_way_that_an_agreement_goes() {
    use Say::{Propose, Refuse, Sign, SignOther, Withdraw};
    let cases: &[Case<'_>] = &[
        (&[], 1, None),
        (&[(Propose, 1)], 1, Some(("open", 0))),
        (&[(Propose, 1), (Sign(1), 2)], DEADLINE, Some(("open", 0))),
        (&[(Propose, 1), (Sign(1), 2), (Sign(2), 3)], 9_999, Some(("effective", 3))),
        (&[(Propose, 1), (Sign(1), 2), (Refuse(2), 3)], 9_999, Some(("refused", 3))),
        (&[(Propose, 1), (Sign(1), 2)], DEADLINE + 1, Some(("expired", 0))),
        // The deadline itself is in time.
        (&[(Propose, 1), (Sign(1), 2), (Sign(2), DEADLINE)], DEADLINE + 1, Some(("effective", 3))),
        (&[(Propose, 1), (Sign(1), 2), (Sign(2), DEADLINE + 1)], DEADLINE + 1, Some(("expired", 0))),
        (&[(Propose, 1), (Withdraw(0), 2), (Sign(1), 3)], 5, Some(("withdrawn", 2))),
        // Somebody has signed: it is too late to withdraw.
        (&[(Propose, 1), (Sign(1), 2), (Withdraw(0), 3)], 5, Some(("open", 0))),
        (&[(Propose, 1), (Sign(1), 2), (Withdraw(0), 3), (Sign(2), 4)], 5, Some(("effective", 4))),
        // Only the proposer withdraws, only parties answer.
        (&[(Propose, 1), (Withdraw(1), 2), (Refuse(3), 3), (Refuse(0), 4)], 5, Some(("open", 0))),
        // A first answer stays.
        (&[(Propose, 1), (Sign(1), 2), (Refuse(1), 3)], 5, Some(("open", 0))),
        (&[(Propose, 1), (Refuse(1), 2), (Sign(1), 3), (Sign(2), 4)], 5, Some(("refused", 2))),
        // What was signed is another text.
        (&[(Propose, 1), (SignOther(1), 2), (Sign(2), 3)], 5, Some(("open", 0))),
        (&[(Propose, 1), (SignOther(1), 2), (Sign(1), 3), (Sign(2), 4)], 5, Some(("effective", 4))),
        // A reorganisation has put the answers first: decided when it was proposed.
        (&[(Sign(1), 1), (Sign(2), 2), (Propose, 3)], 5, Some(("effective", 3))),
        (&[(Refuse(1), 1), (Propose, 3)], 5, Some(("refused", 2))),
    ];
    for (said, now, expected) in cases {
        assert_eq!(standing(&[1, 2], said, *now), *expected, "{said:?} at {now}");
    }
}

#[test]
fn the_form_of_a_proposal_is_checked() {
    let check = |parties: &[u8]| signed(PROPOSER, 0, Action::Propose(proposal(parties))).check(&NETWORK);
    assert!(check(&[1, 2]).is_ok());
    let error = |error| Err(TransactionError::Action(error));
    assert_eq!(check(&[]), error(ActionError::NoParty));
    assert_eq!(check(&[1, 2, 1]), error(ActionError::PartyTwice(address(1))));
    assert_eq!(check(&[1, PROPOSER]), error(ActionError::PartyTwice(address(PROPOSER))));
    let nameless = Proposal { title: Text::default(), ..proposal(&[1]) };
    assert_eq!(signed(PROPOSER, 0, Action::Propose(nameless)).check(&NETWORK), error(ActionError::NoTitle));
}

#[test]
fn an_id_commits_to_every_part_of_a_proposal() {
    let base = proposal(&[1, 2]);
    let sender = key(PROPOSER).public();
    let others = [
        Proposal { title: text("other"), ..base.clone() },
        Proposal { document: Hash([1; 32]), ..base.clone() },
        proposal(&[2, 1]),
        Proposal { deadline: Timestamp(DEADLINE + 1), ..base.clone() },
    ];
    assert!(others.iter().all(|other| other.id(&sender, 0) != base.id(&sender, 0)));
    assert_ne!(base.id(&sender, 0), base.id(&sender, 1));
    assert_ne!(base.id(&sender, 0), base.id(&key(1).public(), 0));
}

fn say() -> impl Strategy<Value = Say> {
    prop_oneof![
        (0_u8..4).prop_map(Say::Sign),
        (0_u8..4).prop_map(Say::Refuse),
        (0_u8..4).prop_map(Say::SignOther),
        (0_u8..3).prop_map(Say::Withdraw),
    ]
}

proptest! {
    #[test]
    fn what_is_decided_stays_and_the_proposals_place_does_not_matter(
        mut said in prop::collection::vec((say(), 0_u64..300), 0..10),
        place in 0_usize..10,
    ) {
        // Block times rise.
        let mut time = 0;
        for (_, at) in &mut said {
            time += *at + 1;
            *at = time;
        }
        let with = |place: usize, count: usize| {
            let mut all = said[..count].to_vec();
            let now = all.last().map_or(0, |(_, at)| *at);
            all.insert(place, (Say::Propose, all.get(place).map_or(now, |(_, at)| *at)));
            standing(&[1, 2], &all, now).unwrap().0
        };
        let mut decided = "open";
        for count in 0..=said.len() {
            let first = with(0, count);
            prop_assert!(decided == "open" || decided == first, "{} became {}", decided, first);
            decided = first;
            prop_assert_eq!(first, with(place.min(count), count));
        }
    }
}

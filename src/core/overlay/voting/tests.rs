use alloc::vec;
use core::time::Duration;

use super::*;
use crate::limits::VOTES_RELAY;
use crate::testing::{key, voters};

const NETWORK: Hash = Hash([1; 32]);

fn at(ms: u64) -> Time {
    Time::from_millis(ms)
}

fn link(epoch: u64) -> Link {
    let voters = voters(4);
    let target = Checkpoint { epoch, height: 5, block: Hash([5; 32]) };
    Link { set: voters.id(), source: voters.root(), target }
}

fn vote(voter: u16, epoch: u64) -> Vote {
    link(epoch).sign(&NETWORK, voter, &key(u8::try_from(voter + 1).unwrap()))
}

fn votes(list: &[Vote]) -> Message {
    let votes = list.iter().map(|vote| (vote.voter, vote.signature));
    Message::Votes(Arc::new(Votes { link: list[0].link, votes: Bounded::truncated(votes) }))
}

/// With these peers, all of them told.
fn voting(peers: u64) -> Voting {
    let mut voting = Voting::new(&voters(4));
    (1..=peers).for_each(|peer| voting.peer_up(at(0), ConnId(peer), None, (0, 0)));
    drain(&mut voting);
    voting
}

fn drain(voting: &mut Voting) -> (Vec<(u64, Message)>, Vec<Said>, Vec<Fault>) {
    let (mut sent, mut faults) = (vec![], vec![]);
    while let Some(act) = voting.poll() {
        match act {
            Act::Send(session, message) => sent.push((session.0, message)),
            Act::Blame(_, fault) => faults.push(fault),
            other => panic!("{other:?}"),
        }
    }
    let heard = core::iter::from_fn(|| voting.poll_input()).filter_map(|input| match input {
        Input::Heard { said, .. } => Some(said),
        _ => None,
    });
    (sent, heard.collect(), faults)
}

#[test]
fn others_votes_are_passed_on_in_one_message_to_who_lacks_them() {
    let mut voting = voting(3);
    let [one, other] = [vote(1, 2), vote(2, 2)];
    voting.received(at(0), ConnId(1), votes(&[one]));
    voting.received(at(0), ConnId(2), votes(&[one, other]));
    drain(&mut voting);
    for vote in [one, other] {
        voting.wants(at(0), Output::Relay(vote));
    }
    let due = at(0).after(VOTES_RELAY);
    assert_eq!(voting.next_wakeup(), Some(due));
    voting.wake(due);
    let (sent, ..) = drain(&mut voting);
    // The first has shown one of them, the second both.
    assert_eq!(sent, [(1, votes(&[other])), (3, votes(&[one, other]))]);
    voting.wants(due, Output::Relay(one));
    voting.wake(due.after(VOTES_RELAY));
    assert_eq!(drain(&mut voting).0, [], "nobody gets a vote twice");
}

#[test]
fn who_has_the_final_block_of_a_later_epoch_gets_no_earlier_votes() {
    let mut voting = voting(2);
    voting.announced(at(0), ConnId(1), &[Item::Final(link(4).target)]);
    drain(&mut voting);
    voting.wants(at(0), Output::Relay(vote(1, 4)));
    voting.wake(at(0).after(VOTES_RELAY));
    assert_eq!(drain(&mut voting).0, [(2, votes(&[vote(1, 4)]))]);
}

#[test]
fn own_votes_go_to_everybody_at_once_and_come_back_from_nobody() {
    let mut voting = voting(2);
    let own = vote(3, 2);
    let said = Said::Votes { link: own.link, votes: vec![(own.voter, own.signature)] };
    voting.wants(at(0), Output::SayAll(said));
    assert_eq!(drain(&mut voting).0, [(1, votes(&[own])), (2, votes(&[own]))]);
    voting.wants(at(0), Output::Relay(own));
    voting.wake(at(0).after(VOTES_RELAY));
    assert_eq!(drain(&mut voting).0, []);
}

#[test]
fn a_replayer_of_one_voters_votes_starves_no_other_voter_and_no_other_peer() {
    let mut voting = voting(2);
    let (most, replayed) = (usize::try_from(VOTES_PER_VOTER.1).unwrap(), vote(1, 2));
    (0..100).for_each(|_| voting.received(at(0), ConnId(1), votes(&[replayed])));
    assert_eq!(drain(&mut voting).1.len(), most);
    voting.received(at(0), ConnId(1), votes(&[replayed, vote(2, 2)]));
    let (_, heard, faults) = drain(&mut voting);
    let other = vote(2, 2);
    assert_eq!(heard, [Said::Votes { link: other.link, votes: vec![(2, other.signature)] }]);
    assert_eq!(faults, [], "passing on is no offence");
    voting.received(at(0), ConnId(2), votes(&[replayed]));
    assert_eq!(drain(&mut voting).1.len(), 1);
}

#[test]
fn voters_that_do_not_rise_and_answers_that_nobody_asked_for_are_faults() {
    let mut voting = voting(1);
    for list in [vec![vote(2, 2), vote(1, 2)], vec![vote(1, 2); 2]] {
        voting.received(at(0), ConnId(1), votes(&list));
        let (_, heard, faults) = drain(&mut voting);
        assert_eq!((heard, faults), (vec![], vec![Fault::Message("votes")]));
    }
    let answer = || {
        let (set, handovers) = (Hash::ZERO, Bounded::default());
        Message::Finality(Arc::new(Finality { set, handovers, newest: None, lock: None, seen: None }))
    };
    voting.received(at(0), ConnId(1), answer());
    assert_eq!(drain(&mut voting).2, [Fault::Unasked("finality")]);
    let said = Said::GetFinality { set: Hash::ZERO, voter: None };
    voting.wants(at(0), Output::Say { peer: Peer(1), said });
    voting.received(at(0), ConnId(1), answer());
    let (_, heard, faults) = drain(&mut voting);
    assert_eq!((heard.len(), faults.len()), (1, 0));
    // The answer to an earlier question comes late over a slow link: it is dropped, for a while.
    for (seconds, blamed) in [(59, 0), (60, 1)] {
        voting.received(at(seconds * 1_000), ConnId(1), answer());
        let (_, heard, faults) = drain(&mut voting);
        assert_eq!((heard.len(), faults.len()), (0, blamed));
    }
}

#[test]
fn rights_to_answer_do_not_pile_up_and_an_answers_certificates_are_charged() {
    let mut voting = voting(1);
    let certificate =
        Certificate { link: link(2), signers: Bounded::default(), signatures: Bounded::default() };
    let answer = || {
        let (newest, lock) = (Some(certificate.clone()), Some(certificate.clone()));
        let (set, handovers) = (Hash::ZERO, Bounded::default());
        Message::Finality(Arc::new(Finality { set, handovers, newest, lock, seen: None }))
    };
    let ask = |voting: &mut Voting, now: Time| {
        let said = Said::GetFinality { set: Hash::ZERO, voter: None };
        voting.wants(now, Output::Say { peer: Peer(1), said });
    };
    (0..100).for_each(|n| ask(&mut voting, at(n * 10_000)));
    (0..100).for_each(|_| voting.received(at(1_000_000), ConnId(1), answer()));
    assert_eq!(drain(&mut voting).1.len(), 1);
    let mut heard = 0;
    for n in 0..100 {
        ask(&mut voting, at(1_000_000));
        voting.received(at(1_000_000 + n), ConnId(1), answer());
        heard += drain(&mut voting).1.len();
    }
    assert!(heard as u64 <= CERTIFICATES_PER_PEER.1 / 2, "{heard}");
}

#[test]
fn votes_of_another_set_and_of_nobody_are_not_looked_at() {
    let mut voting = voting(1);
    let foreign = Vote { link: Link { set: Hash([9; 32]), ..link(2) }, ..vote(1, 2) };
    voting.received(at(0), ConnId(1), votes(&[foreign]));
    voting.received(at(0), ConnId(1), votes(&[Vote { voter: 4, ..vote(1, 2) }]));
    assert_eq!(drain(&mut voting).1, []);
}

#[test]
fn questions_and_certificates_of_one_peer_are_bounded() {
    let mut voting = voting(1);
    let certificate =
        Certificate { link: link(2), signers: Bounded::default(), signatures: Bounded::default() };
    for _ in 0..100 {
        voting.received(at(0), ConnId(1), Message::GetFinality { set: Hash::ZERO, voter: None });
        voting.received(at(0), ConnId(1), Message::Certificate(Arc::new(certificate.clone())));
    }
    let (_, heard, _) = drain(&mut voting);
    let questions = heard.iter().filter(|said| matches!(said, Said::GetFinality { .. })).count();
    assert_eq!(questions as u64, QUESTIONS_PER_PEER.1);
    assert_eq!((heard.len() - questions) as u64, CERTIFICATES_PER_PEER.1);
}

#[test]
fn a_certificate_that_is_announced_and_does_not_come_by_itself_is_asked_for_once_in_a_while() {
    let mut voting = voting(2);
    voting.announced(at(0), ConnId(2), &[Item::Final(link(4).target)]);
    let asks = |voting: &mut Voting| {
        let inputs: Vec<_> = core::iter::from_fn(|| voting.poll_input()).collect();
        inputs.iter().filter(|input| matches!(input, Input::Ask(Peer(2)))).count()
    };
    voting.wake(at(0).after(VOTES_RELAY));
    assert_eq!(asks(&mut voting), 1);
    voting.wake(at(0).after(VOTES_RELAY + Duration::from_millis(10)));
    assert_eq!(asks(&mut voting), 0);
    voting.wake(voting.next_wakeup().unwrap());
    assert_eq!(asks(&mut voting), 1);
    // It is final here now.
    let source = link(4).target;
    let (signers, signatures) = (Bounded::default(), Bounded::default());
    let link = Link { source, ..link(6) };
    voting.finalized(&Certificate { link, signers, signatures });
    voting.announced(at(0), ConnId(1), &[Item::Final(Checkpoint { epoch: 90, ..source })]);
    assert_eq!(drain(&mut voting).0, [(1, Message::Announce(Bounded::truncated([Item::Final(source)])))]);
    voting.wake(voting.next_wakeup().unwrap());
    assert_eq!((asks(&mut voting), voting.next_wakeup()), (0, None));
}

//! Voting: carries votes and certificates between peers and this node's machine of finality, which alone knows what they mean.
//!
//! Own votes go to every peer at once. Others' votes are gathered for [`VOTES_RELAY`] and then go to peers that have shown neither them nor
//! anything later: in a full mesh nearly all have by then. Certificates are announced by their block and epoch, and sent to who asks.
//!
//! Invariants: of one voter, a peer gets a bounded number of votes a second looked at ([`VOTES_PER_VOTER`]), so that who replays one
//! voter's votes starves no other. An answer counts only if it was asked for. Nothing here grows with what peers say: a number for each
//! voter of the largest set, and one batch.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::budget::Bucket;
use super::{Act, ConnId, Fault};
use crate::codec::Bounded;
use crate::crypto::{Hash, PublicKey, Signature};
use crate::finality::{Input, Output, Peer, Said};
use crate::ledger::{Certificate, Checkpoint, Link, Vote, Voters};
use crate::limits::{
    CERTIFICATES_PER_PEER, FINAL_ASK_EVERY, FINAL_LATE, QUESTIONS_PER_PEER, VOTERS, VOTES_PER_VOTER,
    VOTES_RELAY,
};
use crate::time::Time;
use crate::wire::{Finality, Item, Message, Proposal, Votes};

/// See the module's header.
#[derive(Debug)]
pub(super) struct Voting {
    /// The set in force and how many voters it has.
    voters: (Hash, u16),
    /// The height of its base: what is final up to there was voted in earlier sets, whose epochs say nothing about this one's.
    base: u64,
    peers: BTreeMap<ConnId, VotingPeer>,
    /// The newest final block that is durable here.
    finalized: Option<Checkpoint>,
    /// Others' votes that wait to be passed on, and until when.
    batch: Vec<Vote>,
    due: Option<Time>,
    /// When somebody may be asked for a certificate that was announced.
    ask_at: Option<Time>,
    /// For the machine of finality.
    inputs: VecDeque<Input>,
    acts: VecDeque<Act>,
}

#[derive(Debug)]
struct VotingPeer {
    /// The latest epoch of each voter's votes that this peer has shown or was sent.
    has: BTreeMap<u16, u64>,
    /// The epoch of its newest final block: earlier votes are of no use to it.
    finalized: u64,
    /// The height of its newest final block, until it has been asked for it.
    height: u64,
    /// Votes that are looked at, by voter.
    votes: BTreeMap<u16, Bucket>,
    certificates: Bucket,
    questions: Bucket,
    /// When it last said something of another set, so that it was asked about this one.
    hinted: Option<Time>,
    /// When it was asked, while its answer is due. One answer at a time: rights to answer must not pile up.
    asked: Option<Time>,
    /// When it was asked last, whether it has answered or not.
    asked_last: Option<Time>,
}

impl VotingPeer {
    fn new(now: Time) -> Self {
        Self {
            has: BTreeMap::new(),
            finalized: 0,
            height: 0,
            votes: BTreeMap::new(),
            certificates: Bucket::new(CERTIFICATES_PER_PEER, now),
            questions: Bucket::new(QUESTIONS_PER_PEER, now),
            hinted: None,
            asked: None,
            asked_last: None,
        }
    }

    /// It has this vote now. Returns whether that is new.
    fn gets(&mut self, link: &Link, voter: u16) -> bool {
        let epoch = link.target.epoch;
        let lacks = epoch > self.finalized && self.has.get(&voter).is_none_or(|has| *has < epoch);
        if lacks && usize::from(voter) < VOTERS {
            self.has.insert(voter, epoch);
        }
        lacks
    }

    /// Whether one more of this voter's votes is looked at.
    fn may_vote(&mut self, now: Time, voter: u16, voters: u16) -> bool {
        voter < voters
            && self.votes.entry(voter).or_insert_with(|| Bucket::new(VOTES_PER_VOTER, now)).take(now, 1)
    }
}

impl Voting {
    /// Nobody is connected.
    pub(super) fn new(voters: &Voters) -> Self {
        let count = u16::try_from(voters.count()).unwrap_or(u16::MAX);
        Self {
            voters: (voters.id(), count),
            base: voters.root().height,
            peers: BTreeMap::new(),
            finalized: None,
            batch: Vec::new(),
            due: None,
            ask_at: None,
            inputs: VecDeque::new(),
            acts: VecDeque::new(),
        }
    }

    /// Another set is in force. Its epochs begin anew.
    pub(super) fn hand_over(&mut self, voters: &Voters) {
        self.voters = (voters.id(), u16::try_from(voters.count()).unwrap_or(u16::MAX));
        self.base = voters.root().height;
        self.batch.clear();
        for peer in self.peers.values_mut() {
            (peer.has, peer.finalized) = (BTreeMap::new(), 0);
        }
    }

    /// A peer that knows votes is connected. `finalized`: epoch and height of its newest final block.
    pub(super) fn peer_up(
        &mut self,
        now: Time,
        session: ConnId,
        key: Option<PublicKey>,
        finalized: (u64, u64),
    ) {
        self.peers.insert(session, VotingPeer::new(now));
        self.inputs.push_back(Input::Up { peer: Peer(session.0), key });
        self.has_final(now, session, finalized);
        if let Some(checkpoint) = self.finalized {
            self.announce(session, checkpoint);
        }
    }

    pub(super) fn peer_down(&mut self, session: ConnId) {
        if self.peers.remove(&session).is_some() {
            self.inputs.push_back(Input::Down(Peer(session.0)));
        }
    }

    /// A peer says what it has.
    pub(super) fn announced(&mut self, now: Time, session: ConnId, items: &[Item]) {
        for item in items {
            if let Item::Final(checkpoint) = item {
                self.has_final(now, session, (checkpoint.epoch, checkpoint.height));
            }
        }
    }

    /// A peer sends one of the messages of finality.
    pub(super) fn received(&mut self, now: Time, session: ConnId, message: Message) {
        let Some(peer) = self.peers.get_mut(&session) else { return };
        let (set, voters) = self.voters;
        let other = match &message {
            Message::Proposal(proposal) => proposal.vote.link.set != set,
            Message::Votes(votes) => votes.link.set != set,
            Message::Certificate(certificate) => certificate.link.set != set,
            Message::GetFinality { set: asked, .. } => *asked != set,
            _ => false,
        };
        if other && peer.hinted.is_none_or(|at| now.since(at) >= FINAL_ASK_EVERY) {
            // It says nothing about this set. But the other one may be the next: whoever missed the handover asks about its own.
            peer.hinted = Some(now);
            self.inputs.push_back(Input::Ask(Peer(session.0)));
        }
        let heard = match message {
            Message::Proposal(_) | Message::Votes(_) | Message::Certificate(_) if other => None,
            Message::Proposal(proposal) => {
                let Proposal { vote, proof } = Arc::unwrap_or_clone(proposal);
                let looks = peer.may_vote(now, vote.voter, voters)
                    && (proof.is_none() || peer.certificates.take(now, 1));
                peer.gets(&vote.link, vote.voter);
                looks.then_some(Said::Proposal { vote, proof })
            }
            Message::Votes(votes) => {
                let Votes { link, votes } = Arc::unwrap_or_clone(votes);
                let mut votes = votes.into_inner();
                if votes.is_empty() || !votes.is_sorted_by(|(one, _), (next, _)| one < next) {
                    return self.acts.push_back(Act::Blame(session, Fault::Message("votes")));
                }
                votes.retain(|(voter, _)| {
                    peer.gets(&link, *voter);
                    peer.may_vote(now, *voter, voters)
                });
                (!votes.is_empty()).then_some(Said::Votes { link, votes })
            }
            Message::Certificate(certificate) => {
                let looks = peer.certificates.take(now, 1);
                looks.then(|| Said::Certificate(Arc::unwrap_or_clone(certificate)))
            }
            Message::GetFinality { set, voter } => {
                peer.questions.take(now, 1).then_some(Said::GetFinality { set, voter })
            }
            Message::Finality(answer) => {
                if peer.asked.take().is_none() {
                    // Over a slow link it was asked again meanwhile: this answers an earlier question, and is not needed.
                    if peer.asked_last.is_some_and(|at| now.since(at) < FINAL_LATE) {
                        return;
                    }
                    return self.acts.push_back(Act::Blame(session, Fault::Unasked("finality")));
                }
                peer.height = 0;
                let Finality { set, handovers, newest, lock, seen } = Arc::unwrap_or_clone(answer);
                let handovers = handovers.into_inner();
                let certificates = [newest.is_some(), lock.is_some(), !handovers.is_empty()];
                let certificates = certificates.into_iter().map(u64::from).sum();
                let looks = certificates == 0 || peer.certificates.take(now, certificates);
                looks.then_some(Said::Finality { set, handovers, newest, lock, seen })
            }
            _ => None,
        };
        let peer = Peer(session.0);
        self.inputs.extend(heard.map(|said| Input::Heard { peer, said }));
    }

    /// The machine of finality wants something of peers.
    pub(super) fn wants(&mut self, now: Time, output: Output) {
        match output {
            Output::Say { peer, said } => self.say(now, ConnId(peer.0), said),
            Output::SayAll(said) => {
                let all: Vec<_> = self.peers.keys().copied().collect();
                all.into_iter().for_each(|session| self.say(now, session, said.clone()));
            }
            Output::Relay(vote) => {
                self.batch.push(vote);
                self.due.get_or_insert(now.after(VOTES_RELAY));
            }
            Output::Blame { peer, what } => {
                self.acts.push_back(Act::Blame(ConnId(peer.0), Fault::InvalidVote(what)));
            }
            // For others.
            Output::Write(_)
            | Output::Finalize(_)
            | Output::Want(_)
            | Output::Keep { .. }
            | Output::Rival(_)
            | Output::Guilty { .. }
            | Output::Alarm(_) => (),
        }
    }

    /// A block is final here, and that is durable.
    pub(super) fn finalized(&mut self, certificate: &Certificate) {
        let checkpoint = certificate.link.source;
        self.finalized = Some(checkpoint);
        let lack = self.peers.iter().filter(|(_, peer)| peer.finalized < checkpoint.epoch);
        let lack: Vec<_> = lack.map(|(session, _)| *session).collect();
        lack.into_iter().for_each(|session| self.announce(session, checkpoint));
    }

    pub(super) fn wake(&mut self, now: Time) {
        if self.due.is_some_and(|due| due <= now) {
            self.due = None;
            self.relay();
        }
        if self.ask_at.is_some_and(|at| at <= now) {
            self.ask_at = None;
            self.ask(now);
        }
    }

    pub(super) fn next_wakeup(&self) -> Option<Time> {
        [self.due, self.ask_at].into_iter().flatten().min()
    }

    /// The next thing that the machine of finality must know.
    pub(super) fn poll_input(&mut self) -> Option<Input> {
        self.inputs.pop_front()
    }

    /// The next thing to be done.
    pub(super) fn poll(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    fn say(&mut self, now: Time, session: ConnId, said: Said) {
        let Some(peer) = self.peers.get_mut(&session) else { return };
        let message = match said {
            Said::Proposal { vote, proof } => {
                peer.gets(&vote.link, vote.voter);
                Message::Proposal(Arc::new(Proposal { vote, proof }))
            }
            Said::Votes { link, votes } => {
                for (voter, _) in &votes {
                    peer.gets(&link, *voter);
                }
                Message::Votes(Arc::new(Votes { link, votes: Bounded::truncated(votes) }))
            }
            Said::Certificate(certificate) => Message::Certificate(Arc::new(certificate)),
            Said::GetFinality { set, voter } => {
                // It answers a question a second. What it does not answer in time is asked again.
                if peer.asked.is_some_and(|at| now.since(at) < FINAL_ASK_EVERY) {
                    return;
                }
                (peer.asked, peer.asked_last) = (Some(now), Some(now));
                Message::GetFinality { set, voter }
            }
            Said::Finality { set, handovers, newest, lock, seen } => {
                let handovers = Bounded::truncated(handovers);
                Message::Finality(Arc::new(Finality { set, handovers, newest, lock, seen }))
            }
        };
        self.acts.push_back(Act::Send(session, message));
    }

    fn announce(&mut self, session: ConnId, checkpoint: Checkpoint) {
        let items = Bounded::truncated([Item::Final(checkpoint)]);
        self.acts.push_back(Act::Send(session, Message::Announce(items)));
    }

    /// A peer has a final block. If it is news here, its certificate is asked for a little later: most often the votes come by themselves.
    fn has_final(&mut self, now: Time, session: ConnId, (epoch, height): (u64, u64)) {
        let (own, base) = (self.height(), self.base);
        let Some(peer) = self.peers.get_mut(&session) else { return };
        let epoch = if height > base { epoch } else { 0 };
        peer.finalized = peer.finalized.max(epoch);
        peer.height = peer.height.max(height);
        if height > own {
            self.ask_at.get_or_insert(now.after(VOTES_RELAY));
        }
    }

    fn height(&self) -> u64 {
        self.finalized.map_or(0, |checkpoint| checkpoint.height)
    }

    /// Asks the peer whose final block is the highest, if that is above this node's. One that does not answer is passed over next time, and
    /// one that has answered is not asked again for the same block.
    fn ask(&mut self, now: Time) {
        let own = self.height();
        let ahead = self.peers.iter().filter(|(_, peer)| peer.height > own);
        let best = ahead.min_by_key(|(_, peer)| (peer.asked.is_some(), core::cmp::Reverse(peer.height)));
        let Some(session) = best.map(|(session, _)| *session) else { return };
        self.ask_at = Some(now.after(FINAL_ASK_EVERY));
        self.inputs.push_back(Input::Ask(Peer(session.0)));
    }

    /// Passes others' votes on to the peers that lack them.
    fn relay(&mut self) {
        let batch = core::mem::take(&mut self.batch);
        for (session, peer) in &mut self.peers {
            let mut links: BTreeMap<Link, BTreeMap<u16, Signature>> = BTreeMap::new();
            for vote in batch.iter().filter(|vote| peer.gets(&vote.link, vote.voter)) {
                links.entry(vote.link).or_default().insert(vote.voter, vote.signature);
            }
            for (link, votes) in links {
                let votes = Votes { link, votes: Bounded::truncated(votes) };
                self.acts.push_back(Act::Send(*session, Message::Votes(Arc::new(votes))));
            }
        }
    }
}

#[cfg(test)]
mod tests;

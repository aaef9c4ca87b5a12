//! The machine: see [`super`].

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use self::lead::Proposed;
use super::silence::Silence;
use super::slots::Slots;
use super::{Added, Alarm, Blocks, Input, Output, Peer, Record, Refused, Said, Standing, Votes};
use crate::crypto::{Hash, SecretKey};
use crate::ledger::{Certificate, Checkpoint, Link, LinkKind, Vote, Voters};
use crate::limits::{ARRIVALS_KEPT, HOLD_MOST, JUSTIFIED_KEPT};
use crate::time::{Time, Timestamp};

mod hear;
mod judge;
mod lead;

/// See [`super`]. Call `handle`, then `poll` until it returns nothing, then wait for the next input or for `next_wakeup`.
#[derive(Debug)]
pub struct Finality {
    network: Hash,
    slots: Slots,
    /// A block must have been on the best chain for this long before it is proposed.
    hold: Duration,
    /// This node's number in the set and its key, if it votes.
    me: Option<(u16, SecretKey)>,
    votes: Votes,
    record: Record,
    /// What leaves once the record is durable. Nothing else is signed before.
    writing: Option<Leaves>,
    alarm: Option<Alarm>,
    silence: Option<Silence>,
    /// Justified checkpoints and what justified them; nothing but the set did that for the root.
    justified: BTreeMap<Checkpoint, Option<Certificate>>,
    /// The newest final certificate.
    newest: Option<Certificate>,
    standing: Standing,
    clock: Clock,
    /// When the newest blocks of the best chain became its end.
    arrivals: VecDeque<(Time, u64, Hash)>,
    /// Connected peers, and what each is in the set.
    peers: BTreeMap<Peer, Option<u16>>,
    /// The newest prepare of each voter that leads.
    proposals: BTreeMap<u16, Link>,
    proposed: Option<Proposed>,
    outputs: VecDeque<Output>,
}

/// What a network, its voters and this node begin with.
#[derive(Clone, Debug)]
pub struct FinalitySettings {
    /// The network's id.
    pub network: Hash,
    /// When the network began.
    pub created: Timestamp,
    /// The interval between blocks.
    pub interval: Duration,
    /// The set in force. Its base is final here.
    pub voters: Voters,
    /// This node's member key.
    pub key: SecretKey,
    /// The record that is kept beside it; none if there is no record.
    pub record: Option<Record>,
    /// The newest final certificate that the chain holds.
    pub newest: Option<Certificate>,
}

/// A vote that leaves when it is durable.
#[derive(Clone, Debug)]
enum Leaves {
    Proposal { proof: Option<Certificate> },
    Vote,
}

/// The wall clock as it was told last, corrected by the voters' median.
#[derive(Clone, Copy, Debug, Default)]
struct Clock {
    at: Time,
    wall: Timestamp,
}

impl Finality {
    /// A machine at rest. It is silent until enough others have answered.
    pub fn new(now: Time, settings: FinalitySettings) -> Self {
        let FinalitySettings { network, created, interval, voters, key, record, newest } = settings;
        let me = voters.number(&key.public()).map(|number| (number, key));
        let alarm = match &record {
            None => Some(Alarm::NoRecord),
            Some(record) => record.in_set(&voters).err().map(|_| Alarm::OtherHistory),
        };
        let record = record.and_then(|record| record.in_set(&voters).ok());
        let mut machine = Self {
            network,
            slots: Slots::new(created, voters.count()),
            hold: interval.checked_div(4).unwrap_or_default().min(HOLD_MOST),
            alarm: alarm.filter(|_| me.is_some()),
            silence: me.is_some().then(|| Silence::new(now)),
            me,
            record: record.unwrap_or_else(|| Record::new(&voters)),
            writing: None,
            justified: BTreeMap::from([(voters.root(), None)]),
            votes: Votes::new(voters),
            newest: None,
            standing: Standing::default(),
            clock: Clock::default(),
            arrivals: VecDeque::new(),
            peers: BTreeMap::new(),
            proposals: BTreeMap::new(),
            proposed: None,
            outputs: VecDeque::new(),
        };
        machine.outputs.extend(machine.alarm.map(Output::Alarm));
        // Both were verified before they were kept.
        for certificate in newest.iter().chain(&machine.record.lock.clone()) {
            machine.justified.insert(certificate.link.target, Some(certificate.clone()));
        }
        machine.newest = newest;
        machine
    }

    /// Something happened.
    pub fn handle(&mut self, now: Time, blocks: &dyn Blocks, input: Input) {
        match input {
            Input::Up { peer, key } => {
                self.peers.insert(peer, key.and_then(|key| self.voters().number(&key)));
                if self.silence.is_some() {
                    self.ask(peer);
                }
            }
            Input::Down(peer) => {
                self.peers.remove(&peer);
                if let Some(silence) = &mut self.silence {
                    silence.lost(peer);
                }
            }
            Input::Heard { peer, said } => self.hear(now, blocks, peer, said),
            Input::Written => self.written(now, blocks),
            Input::Tip { height, block } => {
                self.arrivals.push_back((now, height, block));
                if self.arrivals.len() > ARRIVALS_KEPT {
                    self.arrivals.pop_front();
                }
            }
            Input::Standing(standing) => self.standing = standing,
            Input::Clock { wall, offsets } => self.clock = Clock::corrected(now, wall, offsets),
            Input::Resume => self.alarm = None,
            Input::Wake => (),
        }
        self.go_on(now, blocks);
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Wake`] is due.
    pub fn next_wakeup(&self, now: Time) -> Option<Time> {
        let silence = self.silence.as_ref().map(Silence::ends);
        let due = self.leads_next(now).chain(silence);
        due.filter(|due| *due > now).min()
    }

    /// The set in force.
    pub fn voters(&self) -> &Voters {
        self.votes.voters()
    }

    /// The newest final block: the set's base if none has been voted final.
    pub fn finalized(&self) -> Checkpoint {
        self.newest.as_ref().map_or(self.voters().root(), |certificate| certificate.link.source)
    }

    /// Its certificate.
    pub fn newest(&self) -> Option<&Certificate> {
        self.newest.as_ref()
    }

    /// The votes that are kept, and what they prove.
    pub fn votes(&self) -> &Votes {
        &self.votes
    }

    /// Why this node does not vote, if only its operator can change that.
    pub fn alarm(&self) -> Option<Alarm> {
        self.alarm
    }

    /// Whether it waits for what others have seen of its votes.
    pub fn is_silent(&self) -> bool {
        self.silence.is_some() || self.alarm.is_some()
    }

    /// Does what can be done now. Every input ends here.
    fn go_on(&mut self, now: Time, blocks: &dyn Blocks) {
        let quorum = self.voters().quorum();
        self.silence.take_if(|silence| silence.is_over(now, quorum, &self.peers));
        if self.is_silent() || self.writing.is_some() || self.standing.syncing {
            return;
        }
        let _ = self.commit() || !self.standing.behind && (self.judge(now, blocks) || self.lead(now, blocks));
    }

    /// Casts the commit for the newest own prepare, once that has a quorum. Returns whether it is being written.
    fn commit(&mut self) -> bool {
        let Some(last) = self.record.last.filter(|last| last.link.kind() == Some(LinkKind::Prepare)) else {
            return false;
        };
        let Some(lock) = self.justified.get(&last.link.target).cloned() else { return false };
        last.link.commit().is_some_and(|commit| self.sign(&commit, lock, Leaves::Vote))
    }

    /// Signs a link if the record allows it. Returns whether it is being written.
    fn sign(&mut self, link: &Link, lock: Option<Certificate>, leaves: Leaves) -> bool {
        let Some((voter, key)) = &self.me else { return false };
        let voters = self.votes.voters();
        match self.record.sign(&self.network, (voters, *voter), (link, lock), key) {
            Ok(record) => {
                self.record = record.clone();
                self.writing = Some(leaves);
                self.outputs.push_back(Output::Write(record));
                true
            }
            Err(_) => false,
        }
    }

    /// The record is durable, so its vote leaves.
    fn written(&mut self, now: Time, blocks: &dyn Blocks) {
        let (Some(leaves), Some(vote)) = (self.writing.take(), self.record.last) else { return };
        self.outputs.push_back(Output::SayAll(match leaves {
            Leaves::Proposal { proof } => Said::Proposal { vote, proof },
            Leaves::Vote => Said::Votes { link: vote.link, votes: Vec::from([(vote.voter, vote.signature)]) },
        }));
        self.count(now, blocks, vote);
    }

    /// Takes in a vote that has been verified.
    fn count(&mut self, now: Time, blocks: &dyn Blocks, vote: Vote) {
        let is_own = self.me.as_ref().is_some_and(|(me, _)| *me == vote.voter);
        let is_news = is_own && self.record.heard(self.votes.voters(), &vote.link);
        let added = self.votes.add(vote);
        if let Added::Proves(evidence) = added {
            self.outputs.push_back(Output::Guilty { voter: vote.voter, evidence });
        }
        // While it is silent, it learns of its own votes. After that it knows them all, unless another machine makes them.
        if is_own && self.silence.is_none() && (is_news || matches!(added, Added::Proves(_))) {
            self.raise(Alarm::Twin);
        }
        self.look_for_refusal(&vote.link);
        if !self.justified.contains_key(&vote.link.target)
            && let Some(certificate) = self.votes.certificate(&vote.link)
        {
            self.justify(blocks, certificate);
        }
        if self.slots.led_by(vote.voter, self.time(now)).is_some()
            && vote.link.kind() == Some(LinkKind::Prepare)
        {
            self.proposals.insert(vote.voter, vote.link);
        }
    }

    /// A quorum has voted for this link; its certificate has been verified.
    fn justify(&mut self, blocks: &dyn Blocks, certificate: Certificate) {
        let link = certificate.link;
        self.justified.insert(link.target, Some(certificate.clone()));
        while self.justified.len() > JUSTIFIED_KEPT {
            self.justified.pop_first();
        }
        // Whoever is locked on a block that nobody fetches would stop finality for good.
        if link.target.epoch >= self.record.source && blocks.height(&link.target.block).is_none() {
            self.outputs.push_back(Output::Want(link.target));
        }
        let newest = self.finalized();
        if !certificate.is_final() || link.source.block == newest.block {
            return;
        }
        let conflicts = blocks.height(&link.source.block).is_some() && {
            let (low, high) = if link.source.height < newest.height {
                (link.source, newest)
            } else {
                (newest, link.source)
            };
            blocks.ancestor(&high.block, low.height) != Some(low.block)
        };
        if conflicts {
            self.raise(Alarm::OtherHistory);
        } else if link.source.height > newest.height {
            self.newest = Some(certificate.clone());
            self.outputs.push_back(Output::Finalize(certificate));
        }
    }

    fn raise(&mut self, alarm: Alarm) {
        if self.alarm.is_none() {
            self.alarm = Some(alarm);
            self.outputs.push_back(Output::Alarm(alarm));
        }
    }

    fn ask(&mut self, peer: Peer) {
        let voter = self.me.as_ref().map(|(_, key)| key.public());
        let said = Said::GetFinality { set: self.voters().id(), voter };
        self.say(peer, said);
    }

    fn say(&mut self, peer: Peer, said: Said) {
        self.outputs.push_back(Output::Say { peer, said });
    }

    /// The wall clock, corrected.
    fn time(&self, now: Time) -> Timestamp {
        self.clock.wall.after(now.since(self.clock.at))
    }
}

impl Clock {
    /// By the median of the voters' clocks and one's own; of an even number, the mean of the middle two. Without one's own, or with the
    /// smaller of the two, nodes would swap their errors for ever.
    fn corrected(at: Time, wall: Timestamp, mut offsets: Vec<i64>) -> Self {
        offsets.push(0);
        offsets.sort_unstable();
        let middle = |at: usize| i128::from(offsets.get(at).copied().unwrap_or_default());
        let (low, high) = (middle(offsets.len().saturating_sub(1) / 2), middle(offsets.len() / 2));
        let corrected = i128::from(wall.0).saturating_add(low.saturating_add(high) / 2);
        let most = if corrected < 0 { 0 } else { u64::MAX };
        Self { at, wall: Timestamp(u64::try_from(corrected).unwrap_or(most)) }
    }
}

#[cfg(test)]
mod tests;

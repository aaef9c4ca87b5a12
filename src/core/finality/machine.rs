//! The machine: see [`super`].

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use self::clock::Clock;
use self::lead::Proposed;
use super::silence::Silence;
use super::slots::Slots;
use super::{Added, Alarm, Blocks, Evidence, Input, Output, Peer, Record, Refused, Said, Standing, Votes};
use crate::crypto::{Hash, PublicKey, SecretKey};
use crate::ledger::{Certificate, Checkpoint, Contradiction, Link, LinkKind, Vote, Voters};
use crate::limits::{ARRIVALS_KEPT, HOLD_MOST, JUSTIFIED_KEPT, WANT_EVERY};
use crate::recent::Recent;
use crate::time::{Time, Timestamp};

mod clock;
mod count;
mod handover;
mod hear;
mod history;
#[cfg(feature = "fuzzing")]
mod invariants;
mod judge;
mod lead;
mod needs;

/// See [`super`]. Call `handle`, then `poll` until it returns nothing, then wait for the next input or for `next_wakeup`.
#[derive(Debug)]
pub struct Finality {
    network: Hash,
    slots: Slots,
    /// A block must have been on the best chain for this long before it is proposed.
    hold: Duration,
    /// This node's member key, and its number in the set if it votes.
    key: SecretKey,
    me: Option<u16>,
    votes: Votes,
    record: Record,
    /// There was a record beside the key.
    recorded: bool,
    /// What leaves once the record is durable. Nothing else is signed before.
    writing: Option<Leaves>,
    /// The next set, which waits for that, and what is final in it.
    next: Option<(Voters, Option<Certificate>)>,
    alarm: Option<Alarm>,
    /// Why it did not vote when it ran last, while its key is no member's.
    marked: Option<Alarm>,
    silence: Option<Silence>,
    /// Justified checkpoints and what justified them; nothing but the set did that for the root.
    justified: BTreeMap<Checkpoint, Option<Certificate>>,
    /// The newest final certificate.
    newest: Option<Certificate>,
    /// See [`FinalitySettings::decided`].
    decided: Option<(u64, Hash)>,
    /// Certified blocks that are not of the history that the operator has decided for.
    foreign: Recent,
    /// The last [`Output::Keep`].
    kept: Option<[Hash; 2]>,
    standing: Standing,
    clock: Clock,
    /// When the newest blocks of the best chain became its end.
    arrivals: VecDeque<(Time, u64, Hash)>,
    /// Connected peers, their keys, and what each is in the set.
    keys: BTreeMap<Peer, PublicKey>,
    peers: BTreeMap<Peer, Option<u16>>,
    /// The newest prepare of each voter that leads.
    proposals: BTreeMap<u16, Link>,
    /// The last block that was asked for, and when.
    wanted: Option<(Checkpoint, Time)>,
    proposed: Option<Proposed>,
    /// A final block of another history has been told of.
    rival_told: bool,
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
    /// Why this node did not vote when it ran last, if its operator has said nothing since.
    pub alarm: Option<Alarm>,
    /// The newest final certificate that the chain holds.
    pub newest: Option<Certificate>,
    /// What has been proven against members of this set before.
    pub proven: Vec<Evidence>,
    /// The operator's checkpoint, which decides between two histories: [`crate::ledger::Rules::checkpoint`].
    pub decided: Option<(u64, Hash)>,
}

/// A vote that leaves when it is durable.
#[derive(Clone, Debug)]
enum Leaves {
    Proposal { proof: Option<Certificate> },
    Vote,
}

impl Finality {
    /// A machine at rest. It is silent until enough others have answered.
    pub fn new(now: Time, settings: FinalitySettings) -> Self {
        let FinalitySettings {
            network,
            created,
            interval,
            voters,
            key,
            record,
            alarm: last,
            newest,
            proven,
            decided,
        } = settings;
        let me = voters.number(&key.public());
        let recorded = record.is_some();
        let alarm = match &record {
            None => Some(Alarm::NoRecord),
            // A key that has voted in a later set waits until that set is in force here.
            Some(record) => {
                matches!(record.in_set(&voters), Err(Refused::OtherSet(_))).then_some(Alarm::OtherHistory)
            }
        };
        let alarm = last.or(alarm);
        let record = record.map(|record| record.in_set(&voters).unwrap_or(record));
        let mut machine = Self {
            network,
            slots: Slots::new(created, voters.count()),
            hold: interval.checked_div(4).unwrap_or_default().min(HOLD_MOST),
            alarm: alarm.filter(|alarm| me.is_some() || *alarm == Alarm::OtherHistory),
            marked: last.filter(|_| me.is_none()),
            silence: me.is_some().then(|| Silence::new(now)),
            key,
            me,
            record: record.unwrap_or_else(|| Record::new(&voters)),
            recorded,
            writing: None,
            next: None,
            justified: BTreeMap::from([(voters.root(), None)]),
            votes: Votes::new(voters, proven),
            newest: None,
            decided,
            foreign: Recent::new(JUSTIFIED_KEPT),
            kept: None,
            standing: Standing::default(),
            clock: Clock::default(),
            arrivals: VecDeque::new(),
            keys: BTreeMap::new(),
            peers: BTreeMap::new(),
            proposals: BTreeMap::new(),
            wanted: None,
            proposed: None,
            rival_told: last == Some(Alarm::OtherHistory),
            outputs: VecDeque::new(),
        };
        machine.outputs.extend(machine.alarm.map(Output::Alarm));
        let newest = newest.filter(|newest| newest.link.set == machine.voters().id());
        machine.newest = newest.clone();
        for certificate in newest.into_iter().chain(machine.record.lock.clone()) {
            machine.remember(certificate);
        }
        if let Some(last) = machine.record.last.filter(|last| last.link.set == machine.voters().id()) {
            machine.votes.add(last);
        }
        machine
    }

    /// Takes in a certificate that was verified before it was kept. This node's own signatures in it count as heard: the record may be older.
    fn remember(&mut self, certificate: Certificate) {
        if certificate.link.set != self.voters().id() {
            return;
        }
        for vote in certificate.votes() {
            self.votes.add(vote);
            if self.is_own(vote.voter) {
                self.record.heard(self.votes.voters(), &vote.link);
            }
        }
        self.justified.insert(certificate.link.target, Some(certificate.clone()));
        // The chain may have been lost, or the node ended before it had taken this in.
        if certificate.is_final() && certificate.link.source.height > self.finalized().height {
            self.newest = Some(certificate.clone());
            self.outputs.push_back(Output::Finalize(certificate));
        }
    }

    /// Something happened.
    pub fn handle(&mut self, now: Time, blocks: &dyn Blocks, input: Input) {
        match input {
            Input::Up { peer, key } => {
                self.keys.extend(key.map(|key| (peer, key)));
                self.peers.insert(peer, key.and_then(|key| self.voters().number(&key)));
                // Whoever has just started asks for its own votes. Whoever was cut off asks for what it has missed.
                self.ask(peer);
            }
            Input::Down(peer) => {
                self.peers.remove(&peer);
                self.keys.remove(&peer);
                if let Some(silence) = &mut self.silence {
                    silence.lost(peer);
                }
            }
            Input::Heard { peer, said } => self.hear(now, blocks, peer, said),
            Input::Ask(peer) => self.ask(peer),
            Input::Written => self.written(now, blocks),
            Input::Tip { height, block } => {
                self.arrivals.push_back((now, height, block));
                if self.arrivals.len() > ARRIVALS_KEPT {
                    self.arrivals.pop_front();
                }
                self.forget_foreign(blocks);
                self.look_for_rivals(blocks);
            }
            Input::Voters { voters, newest } => self.hand_over(now, voters, newest),
            Input::Standing(standing) => self.standing = standing,
            Input::Clock { wall, offsets } => {
                let is_voter = |peer: &Peer| self.peers.get(peer).is_some_and(Option::is_some);
                let voters = offsets.into_iter().filter(|(peer, _)| is_voter(peer));
                self.clock = Clock::corrected(now, wall, voters.map(|(_, offset)| offset).collect());
            }
            Input::Conflict { certificate, newest, how } => self.conflict(blocks, certificate, newest, how),
            // Two histories do not go away by being told to.
            Input::Resume => {
                self.marked = None;
                self.alarm.take_if(|alarm| *alarm != Alarm::OtherHistory);
            }
            Input::Wake => {
                let again = self.silence.as_mut().map(|silence| silence.ask_again(now, &self.peers));
                again.into_iter().flatten().for_each(|peer| self.ask(peer));
            }
        }
        self.go_on(now, blocks);
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Wake`] is due.
    pub fn next_wakeup(&self, now: Time) -> Option<Time> {
        let silence = self.silence.as_ref().and_then(|silence| silence.due(now));
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

    /// This node's number in the set, if it is a voter.
    pub fn number(&self) -> Option<u16> {
        self.me
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
        self.want_again(now, blocks);
        self.keep();
        if self.is_silent() || self.writing.is_some() || self.standing.syncing {
            return;
        }
        let _ = self.commit() || !self.standing.behind && (self.judge(now, blocks) || self.lead(now, blocks));
    }

    /// Casts the commit for the newest own prepare, once that has a quorum. Returns whether it is being written.
    fn commit(&mut self) -> bool {
        let is_own = |last: &Vote| {
            last.link.kind() == Some(LinkKind::Prepare) && last.link.set == self.votes.voters().id()
        };
        let Some(last) = self.record.last.filter(is_own) else { return false };
        let Some(lock) = self.justified.get(&last.link.target).cloned() else { return false };
        last.link.commit().is_some_and(|commit| self.sign(&commit, lock, Leaves::Vote))
    }

    /// Signs a link if the record allows it. Returns whether it is being written.
    fn sign(&mut self, link: &Link, lock: Option<Certificate>, leaves: Leaves) -> bool {
        let Some(voter) = self.me else { return false };
        let voters = self.votes.voters();
        match self.record.sign(&self.network, (voters, voter), (link, lock), &self.key) {
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
        // What was signed in the set before is final there, or comes too late.
        if let Some((voters, newest)) = self.next.take() {
            return self.hand_over(now, voters, newest);
        }
        if self.alarm.is_some() {
            return;
        }
        self.outputs.push_back(Output::SayAll(match leaves {
            Leaves::Proposal { proof } => Said::Proposal { vote, proof },
            Leaves::Vote => Said::Votes { link: vote.link, votes: Vec::from([(vote.voter, vote.signature)]) },
        }));
        self.count(now, blocks, vote);
    }

    fn is_own(&self, voter: u16) -> bool {
        self.me == Some(voter)
    }

    fn ask(&mut self, peer: Peer) {
        let voter = self.me.is_some().then(|| self.key.public());
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

#[cfg(test)]
mod tests;

//! A voter, and around it what a real node would hold: the record's file, the chain, connections and a clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::finality::{
    Alarm, Blocks, Evidence, Finality, FinalitySettings, Input, Output, Peer, Record, Said, Standing,
};
use bouya_core::ledger::{Certificate, Contradiction, Link, LinkKind, Vote};
use bouya_core::limits::SLOT_MS;
use bouya_core::testing::{CREATED, voters};
use bouya_core::time::{Time, Timestamp};

use super::chain::{Chain, Settled};
use super::said::{is_valid, votes};

pub(super) const NETWORK: Hash = Hash([1; 32]);
/// More than one input leads to, with eight voters.
const OUTPUTS: usize = 100;
/// Links that later messages may be about.
const LINKS: usize = 64;

pub(super) struct Voter {
    pub(super) machine: Finality,
    key: SecretKey,
    count: u8,
    /// Another machine signs with its key.
    pub(super) twin: bool,
    /// Its record was lost once.
    forgot: bool,
    now: Time,
    pub(super) skew: i64,
    pub(super) offsets: Vec<(Peer, i64)>,
    pub(super) chain: Chain,
    /// What the machine was told of it.
    standing: Standing,
    kept: [Hash; 2],
    pub(super) connected: BTreeMap<Peer, bool>,
    durable: Option<Record>,
    writing: Option<Record>,
    /// The links of durable votes since the record was lost, by time.
    pub(super) signed: Vec<Link>,
    /// Links under which somebody else may have seen this key's signature.
    pub(super) told: BTreeSet<Link>,
    /// Links that were voted for.
    pub(super) links: Vec<Link>,
    /// What the chain has not looked at.
    goals: Vec<Certificate>,
    /// The height of what is final.
    settled: u64,
    guilty: BTreeMap<u16, Evidence>,
}

impl Voter {
    pub(super) fn new(count: u8, key: SecretKey, twin: bool) -> Self {
        let durable = Some(Record::new(&voters(count)));
        let now = Time::from_millis(77_000);
        let mut voter = Self {
            machine: Finality::new(now, settings(count, &key, durable.clone())),
            key,
            count,
            twin,
            forgot: false,
            now,
            skew: 0,
            offsets: vec![],
            chain: Chain::new(),
            standing: Standing::default(),
            kept: [Hash::ZERO; 2],
            connected: BTreeMap::new(),
            durable,
            writing: None,
            signed: vec![],
            told: BTreeSet::new(),
            links: vec![],
            goals: vec![],
            settled: 0,
            guilty: BTreeMap::new(),
        };
        voter.drain(None);
        voter
    }

    /// How high it is final here.
    pub(super) fn settled(&self) -> u64 {
        self.settled
    }

    pub(super) fn slot(&self) -> u64 {
        self.now.as_millis() / SLOT_MS
    }

    /// Who leads now, if the clock is right.
    pub(super) fn leader(&self) -> u16 {
        u16::try_from(self.slot() % u64::from(self.count)).unwrap()
    }

    pub(super) fn note(&mut self, link: Link) {
        if !self.links.contains(&link) {
            self.links.push(link);
        }
        if self.links.len() > LINKS {
            self.links.remove(0);
        }
    }

    /// Time passes, at most until the machine wants to wake up if `wakes`.
    pub(super) fn pass(&mut self, ms: u64, wakes: bool) {
        let later = self.now.after(Duration::from_millis(ms));
        self.now = if wakes { self.machine.next_wakeup(self.now).unwrap_or(later) } else { later };
        self.give(Input::Wake);
    }

    /// As the shell does: the clock first.
    pub(super) fn give(&mut self, input: Input) {
        let wall = Timestamp((CREATED.0 + self.now.as_millis()).saturating_add_signed(self.skew));
        let clock = Input::Clock { wall, offsets: self.offsets.clone() };
        for input in [clock, input] {
            let liar = match &input {
                Input::Heard { peer, said } if !is_valid(said, self.machine.voters()) => Some(*peer),
                _ => None,
            };
            match &input {
                Input::Conflict { .. } => self.settled = self.chain.finalized(self.machine.voters()).height,
                Input::Standing(standing) => self.standing = *standing,
                _ => (),
            }
            self.machine.handle(self.now, &self.chain, input);
            self.drain(liar);
        }
    }

    /// Does what the machine says. Only `liar` may be blamed.
    fn drain(&mut self, liar: Option<Peer>) {
        let mut count = 0;
        while let Some(output) = self.machine.poll() {
            self.execute(output, liar);
            count += 1;
        }
        assert!(count <= OUTPUTS, "{count} outputs of one input");
        self.machine.check_invariants();
        assert_eq!(
            self.machine.finalized().height,
            self.settled,
            "what is final has changed, and nobody said so"
        );
        assert!(self.machine.next_wakeup(self.now).is_none_or(|due| due > self.now));
    }

    fn execute(&mut self, output: Output, liar: Option<Peer>) {
        match output {
            Output::Write(record) => self.write(record),
            Output::Say { peer, said } => {
                assert!(self.connected.contains_key(&peer), "{peer:?} is gone");
                self.leave(&said);
            }
            Output::SayAll(said) => {
                // The only thing that goes to all is an own vote, and it is on the disk.
                let last = self.durable.as_ref().and_then(|record| record.last);
                let vote = match &said {
                    Said::Proposal { vote, .. } => *vote,
                    said => votes(said)[0],
                };
                assert!(Some(vote) == last && self.writing.is_none(), "a vote left before it was durable");
                self.leave(&said);
            }
            Output::Relay(vote) => {
                assert!(Some(vote.voter) != self.machine.number() && self.is_signed(&vote));
            }
            Output::Finalize(certificate) => self.finalize(certificate),
            Output::Want(checkpoint) => assert_eq!(self.chain.height(&checkpoint.block), None),
            Output::Keep { justified, lock } => self.kept = [justified, lock],
            Output::Rival(rival) => assert!(rival.is_final()),
            Output::Blame { peer, what } => {
                assert!(liar == Some(peer), "{peer:?} is blamed for a valid {what}");
            }
            Output::Guilty { voter, evidence } => self.accuse(voter, evidence),
            Output::Alarm(alarm) => {
                let may_twin = self.twin || self.forgot;
                assert!(alarm != Alarm::Twin || may_twin, "an alarm without a twin");
            }
        }
    }

    fn is_signed(&self, vote: &Vote) -> bool {
        self.machine.voters().verify(&NETWORK, vote)
    }

    /// What leaves is valid, and shows no own signature that is not durable.
    fn leave(&self, said: &Said) {
        assert!(is_valid(said, self.machine.voters()), "{said:?}");
        for vote in votes(said) {
            let is_own = Some(vote.voter) == self.machine.number();
            assert!(!is_own || self.told.contains(&vote.link), "it shows a vote that is not durable");
        }
    }

    fn write(&mut self, record: Record) {
        assert!(self.writing.is_none(), "signed while another vote is being written");
        let may_vote = !self.machine.is_silent() && self.machine.alarm().is_none() && !self.standing.syncing;
        assert!(may_vote, "signed though it must not vote");
        let vote = record.last.expect("a vote");
        assert!(Some(vote.voter) == self.machine.number() && self.is_signed(&vote));
        let Link { source, target, .. } = vote.link;
        if vote.link.kind() == Some(LinkKind::Prepare) {
            let (chain, is_same) = (&self.chain, source.block == target.block);
            assert!(!self.standing.behind && target.height > self.settled);
            assert!(is_same || chain.height(&target.block) == Some(target.height));
            assert!(is_same || chain.best(target.height) == Some(target.block));
            assert!(is_same || chain.ancestor(&target.block, source.height) == Some(source.block));
        }
        self.writing = Some(record);
    }

    /// The record is on the disk.
    fn keep(&mut self) {
        let Some(record) = self.writing.take() else { return };
        let link = record.last.expect("a vote").link;
        let offence = self.signed.iter().find_map(|earlier| earlier.offence(&link));
        assert_eq!(offence, None, "{link:?} after {:?}", self.signed);
        self.signed.push(link);
        self.told.insert(link);
        self.note(link);
        self.durable = Some(record);
    }

    pub(super) fn written(&mut self) {
        if self.writing.is_some() {
            self.keep();
            self.give(Input::Written);
        }
    }

    fn finalize(&mut self, certificate: Certificate) {
        assert_eq!(certificate.check(&NETWORK, self.machine.voters()), Ok(()));
        let found = certificate.link.source;
        assert!(certificate.is_final() && found.height > self.settled, "what is final goes down");
        self.settled = found.height;
        self.goals.push(certificate);
    }

    fn accuse(&mut self, voter: u16, evidence: Evidence) {
        let Evidence { offence, votes: [one, other] } = evidence;
        assert_eq!(one.link.offence(&other.link), Some(offence));
        assert!([one, other].iter().all(|vote| vote.voter == voter && self.is_signed(vote)));
        let is_own = Some(voter) == self.machine.number();
        assert!(!is_own || self.twin || self.forgot, "it accuses itself");
        assert_eq!(self.guilty.insert(voter, evidence), None, "told twice");
    }

    /// The chain looks at what was made final.
    pub(super) fn settle(&mut self, overruled: bool) {
        for goal in std::mem::take(&mut self.goals) {
            match self.chain.settle(&goal, self.machine.voters()) {
                Settled::Known => (),
                Settled::Missing => self.goals.push(goal),
                Settled::Final => self.tell_tip(),
                Settled::Conflict => {
                    let newest = self.chain.newest.clone();
                    let how = match overruled {
                        true => Contradiction::Overruled,
                        false => Contradiction::OtherHistory,
                    };
                    self.give(Input::Conflict { certificate: goal, newest, how });
                }
            }
        }
    }

    pub(super) fn tell_tip(&mut self) {
        let (height, block) = self.chain.tip();
        self.give(Input::Tip { height, block });
    }

    pub(super) fn evict(&mut self) {
        self.chain.evict(self.kept);
    }

    /// A crash. A record that was being written is on the disk, or not.
    pub(super) fn restart(&mut self, was_written: bool, is_lost: bool) {
        if was_written {
            self.keep();
        }
        self.writing = None;
        if is_lost {
            (self.durable, self.forgot) = (None, true);
            self.signed.clear();
        }
        let alarm = self.machine.alarm().filter(|alarm| *alarm != Alarm::NoRecord);
        let settings = FinalitySettings {
            alarm,
            newest: self.chain.newest.clone(),
            proven: self.guilty.values().copied().collect(),
            ..settings(self.count, &self.key, self.durable.clone())
        };
        self.goals.clear();
        self.settled = self.chain.finalized(self.machine.voters()).height;
        self.machine = Finality::new(self.now, settings);
        self.connected.clear();
        let standing = std::mem::take(&mut self.standing);
        self.drain(None);
        self.give(Input::Standing(standing));
        self.tell_tip();
    }
}

fn settings(count: u8, key: &SecretKey, record: Option<Record>) -> FinalitySettings {
    FinalitySettings {
        network: NETWORK,
        created: CREATED,
        interval: Duration::from_secs(1),
        voters: voters(count),
        key: key.clone(),
        record,
        alarm: None,
        newest: None,
        proven: vec![],
        decided: None,
    }
}

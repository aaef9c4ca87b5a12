//! Voters with a chain each and connections between them, under a virtual clock.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;

use super::chain::Chain;
use super::*;
use crate::testing::{CREATED, voters};

pub(super) const NETWORK: Hash = Hash([1; 32]);
pub(super) const BASE: Hash = Hash([0; 32]);
/// From one node to another, and from a write to its being durable, in milliseconds.
const HOP: u64 = 40;
const FSYNC: u64 = 8;

enum Happening {
    Heard { to: usize, from: usize, said: Said },
    Durable { node: usize, life: u32, record: Record },
}

pub(super) struct Node {
    pub(super) machine: Finality,
    key: SecretKey,
    /// What is on its disk.
    pub(super) durable: Option<Record>,
    newest: Option<Certificate>,
    pub(super) disk_works: bool,
    /// Counts its starts: what was being written at a crash is lost.
    life: u32,
    pub(super) chain: Chain,
    pub(super) alarms: Vec<Alarm>,
    pub(super) guilty: Vec<u16>,
    pub(super) blamed: Vec<(Peer, &'static str)>,
    pub(super) wanted: Vec<Checkpoint>,
    /// The last `Keep`.
    pub(super) keeps: [Hash; 2],
}

impl Node {
    /// The height of the latest justified checkpoint.
    pub(super) fn justified(&self) -> u64 {
        self.machine.justified.last_key_value().unwrap().0.height
    }

    pub(super) fn number(&self) -> u16 {
        self.machine.me.as_ref().unwrap().0
    }
}

pub(super) struct World {
    pub(super) now: Time,
    pub(super) nodes: Vec<Node>,
    group: Vec<usize>,
    ahead: BTreeMap<(Time, usize), Happening>,
    count: usize,
    mined: u64,
    /// Messages.
    pub(super) said: usize,
    /// The last one of each node.
    pub(super) last: BTreeMap<usize, Said>,
    /// Every vote that ever left, by key.
    pub(super) votes: BTreeMap<u16, BTreeSet<Link>>,
    /// Every certificate of a final block.
    pub(super) finals: Vec<Certificate>,
}

fn machine(count: u8, n: usize, now: Time, record: Option<Record>, newest: Option<Certificate>) -> Finality {
    Finality::new(now, settings(count, n, record, newest))
}

/// Of node `n` of so many voters.
pub(super) fn settings(
    count: u8,
    n: usize,
    record: Option<Record>,
    newest: Option<Certificate>,
) -> FinalitySettings {
    FinalitySettings {
        alarm: None,
        proven: Vec::new(),
        decided: 0,
        network: NETWORK,
        created: CREATED,
        interval: Duration::from_secs(1),
        voters: voters(count),
        key: key(u8::try_from(n + 1).unwrap()),
        record,
        newest,
    }
}

impl World {
    pub(super) fn new(count: u8) -> Self {
        let now = Time::from_millis(77_000);
        let voters = voters(count);
        let node = |n: usize| Node {
            machine: machine(count, n, now, Some(Record::new(&voters)), None),
            key: key(u8::try_from(n + 1).unwrap()),
            durable: Some(Record::new(&voters)),
            newest: None,
            disk_works: true,
            life: 0,
            chain: Chain { parents: BTreeMap::from([(BASE, (0, BASE))]), best: vec![BASE] },
            alarms: vec![],
            guilty: vec![],
            blamed: vec![],
            wanted: vec![],
            keeps: [Hash::ZERO; 2],
        };
        let nodes = (0..usize::from(count)).map(node).collect();
        let mut world = Self {
            now,
            nodes,
            group: vec![],
            ahead: BTreeMap::new(),
            count: 0,
            mined: 0,
            said: 0,
            last: BTreeMap::new(),
            votes: BTreeMap::new(),
            finals: vec![],
        };
        world.meet_all();
        world
    }

    pub(super) fn meet_all(&mut self) {
        let all: String = (0..self.nodes.len()).map(|n| alloc::format!("{n}")).collect();
        self.part(&all);
    }

    /// Only nodes of one group hear each other from now on: "01|2|3".
    pub(super) fn part(&mut self, groups: &str) {
        let digit = |n: usize| char::from(b'0' + u8::try_from(n).unwrap());
        let group = |n| groups.split('|').position(|group| group.contains(digit(n))).unwrap();
        let before = core::mem::replace(&mut self.group, (0..self.nodes.len()).map(group).collect());
        for (one, other) in self.pairs() {
            let was = before.get(one).is_some_and(|group| before.get(other) == Some(group));
            match (was, self.hears(one, other)) {
                (false, true) => self.meet(one, other),
                (true, false) => self.give(one, Input::Down(Peer(other as u64))),
                _ => (),
            }
        }
        self.sync();
    }

    fn pairs(&self) -> Vec<(usize, usize)> {
        let count = self.nodes.len();
        let pairs = (0..count).flat_map(|one| (0..count).map(move |other| (one, other)));
        pairs.filter(|(one, other)| one != other).collect()
    }

    fn hears(&self, one: usize, other: usize) -> bool {
        self.group[one] == self.group[other]
    }

    fn meet(&mut self, one: usize, other: usize) {
        let key = Some(self.nodes[other].key.public());
        self.give(one, Input::Up { peer: Peer(other as u64), key });
    }

    /// A crash, and a start with this on the disk beside the key. The chain stays.
    pub(super) fn restart(&mut self, n: usize, record: Option<Record>) {
        let count = u8::try_from(self.nodes.len()).unwrap();
        let node = &mut self.nodes[n];
        node.life += 1;
        node.durable = record.clone();
        node.machine = machine(count, n, self.now, record, node.newest.clone());
        let (height, block) = node.chain.tip();
        for other in (0..self.nodes.len()).filter(|other| *other != n) {
            if self.hears(n, other) {
                self.give(other, Input::Down(Peer(n as u64)));
                self.meet(n, other);
                self.meet(other, n);
            }
        }
        self.give(n, Input::Tip { height, block });
    }

    /// A block on the best chain of this node; whoever hears it takes it.
    pub(super) fn mine(&mut self, n: usize) {
        self.mined += 1;
        self.nodes[n].chain.push(self.mined);
        self.tell_tip(n);
        self.sync();
    }

    /// All who hear this node get so many more blocks.
    pub(super) fn grow(&mut self, n: usize, blocks: usize) {
        (0..blocks).for_each(|_| self.mine(n));
    }

    /// This node finds another branch, of so many blocks from a height on.
    pub(super) fn reorganise(&mut self, n: usize, from: usize, blocks: usize) {
        let chain = &mut self.nodes[n].chain;
        assert!(from + blocks >= chain.best.len());
        chain.best.truncate(from + 1);
        for _ in 0..blocks {
            self.mined += 1;
            self.nodes[n].chain.push(self.mined);
        }
        self.tell_tip(n);
        self.sync();
    }

    fn tell_tip(&mut self, n: usize) {
        let (height, block) = self.nodes[n].chain.tip();
        self.give(n, Input::Tip { height, block });
    }

    /// All who hear each other have the same blocks.
    fn sync(&mut self) {
        for (one, other) in self.pairs() {
            if self.hears(one, other) {
                let chain = self.nodes[other].chain.clone();
                self.learn(one, &chain);
            }
        }
    }

    fn learn(&mut self, n: usize, chain: &Chain) {
        let node = &mut self.nodes[n];
        let before = node.chain.tip();
        node.chain.merge(chain, &node.machine.finalized());
        if node.chain.tip() != before {
            self.tell_tip(n);
        }
    }

    /// One node gets the first blocks of another's best chain, and follows them.
    pub(super) fn store_first(&mut self, n: usize, other: usize, height: usize) {
        let best = self.nodes[other].chain.best[..=height].to_vec();
        let parents = self.nodes[other].chain.parents.clone();
        self.nodes[n].chain.parents = best.iter().map(|id| (*id, parents[id])).collect();
        self.nodes[n].chain.best = best;
    }

    /// What is on its way is lost.
    pub(super) fn lose_all(&mut self) {
        self.ahead.clear();
    }

    /// One node gets the blocks of another, and stays on its own best chain.
    pub(super) fn store(&mut self, n: usize, other: usize) {
        let parents = self.nodes[other].chain.parents.clone();
        self.nodes[n].chain.parents.extend(parents);
    }

    pub(super) fn best(&self, n: usize) -> Hash {
        self.nodes[n].chain.tip().1
    }

    pub(super) fn key_of(&self, voter: u16) -> SecretKey {
        self.nodes.iter().find(|node| node.number() == voter).unwrap().key.clone()
    }

    pub(super) fn finals(&self) -> Vec<u64> {
        self.nodes.iter().map(|node| node.machine.finalized().height).collect()
    }

    /// How many votes of a node have left.
    pub(super) fn votes_of(&self, n: usize) -> usize {
        self.votes.get(&self.nodes[n].number()).map_or(0, BTreeSet::len)
    }

    pub(super) fn run(&mut self, ms: u64) {
        self.run_until(ms, |_| false);
    }

    pub(super) fn run_until(&mut self, ms: u64, done: impl Fn(&Self) -> bool) {
        let end = self.now.after(Duration::from_millis(ms));
        while !done(self) {
            let wake = |node: &Node| node.machine.next_wakeup(self.now);
            let wakes = self.nodes.iter().enumerate().filter_map(|(n, node)| Some((wake(node)?, n)));
            let next_wake = wakes.min();
            let next = self.ahead.keys().next().map(|(at, _)| *at);
            let all = next.into_iter().chain(next_wake.map(|(at, _)| at));
            let Some(at) = all.min().filter(|at| *at <= end) else {
                self.now = end;
                return;
            };
            self.now = at;
            if next == Some(at) {
                let (_, happening) = self.ahead.pop_first().unwrap();
                self.happens(happening);
            } else {
                // All who are due at this time.
                (0..self.nodes.len()).for_each(|n| self.give(n, Input::Wake));
            }
        }
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Heard { to, from, said } if self.hears(to, from) => {
                self.give(to, Input::Heard { peer: Peer(from as u64), said });
            }
            Happening::Durable { node, life, record } if self.nodes[node].life == life => {
                self.nodes[node].durable = Some(record);
                self.give(node, Input::Written);
            }
            _ => (),
        }
    }

    pub(super) fn give(&mut self, n: usize, input: Input) {
        let wall = Timestamp(CREATED.0 + self.now.as_millis());
        let node = &mut self.nodes[n];
        node.machine.handle(self.now, &node.chain, Input::Clock { wall, offsets: vec![] });
        node.machine.handle(self.now, &node.chain, input);
        while let Some(output) = self.nodes[n].machine.poll() {
            self.carry_out(n, output);
        }
    }

    fn carry_out(&mut self, n: usize, output: Output) {
        let node = &mut self.nodes[n];
        match output {
            Output::Write(record) if node.disk_works => {
                let life = node.life;
                self.plan(FSYNC, Happening::Durable { node: n, life, record });
            }
            Output::Write(_) => (),
            Output::Say { peer, said } => self.send(n, usize::try_from(peer.0).unwrap(), said),
            // Everybody hears everybody.
            Output::Relay(_) => (),
            Output::SayAll(said) => {
                self.note(&said);
                for other in (0..self.nodes.len()).filter(|other| *other != n) {
                    self.send(n, other, said.clone());
                }
            }
            Output::Finalize(certificate) => {
                node.newest = Some(certificate.clone());
                self.finals.push(certificate);
                let own = self.nodes[n].chain.clone();
                self.learn(n, &own);
            }
            Output::Want(checkpoint) => node.wanted.push(checkpoint),
            Output::Keep { justified, lock } => node.keeps = [justified, lock],
            Output::Blame { peer, what } => node.blamed.push((peer, what)),
            Output::Guilty { voter, .. } => node.guilty.push(voter),
            Output::Alarm(alarm) => node.alarms.push(alarm),
        }
    }

    fn send(&mut self, from: usize, to: usize, said: Said) {
        if to < self.nodes.len() && self.hears(from, to) {
            self.said += 1;
            self.last.insert(from, said.clone());
            self.plan(HOP, Happening::Heard { to, from, said });
        }
    }

    /// Keeps a vote that has left.
    fn note(&mut self, said: &Said) {
        let (voter, link) = match said {
            Said::Proposal { vote, .. } => (vote.voter, vote.link),
            Said::Votes { link, votes } => (votes[0].0, *link),
            _ => return,
        };
        self.votes.entry(voter).or_default().insert(link);
    }

    fn plan(&mut self, ms: u64, happening: Happening) {
        self.count += 1;
        self.ahead.insert((self.now.after(Duration::from_millis(ms)), self.count), happening);
    }

    pub(super) fn tip(&self, n: usize) -> (u64, Hash) {
        self.nodes[n].chain.tip()
    }
}

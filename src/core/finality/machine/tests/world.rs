//! Voters with a chain each and connections between them, under a virtual clock.

use alloc::collections::BTreeSet;
use alloc::vec;

use super::chain::Chain;
use super::liar::Liar;
use super::node::{Backup, Node};
use super::talk::Happening;
use super::*;
use crate::crypto::Signature;
use crate::ledger::{Header, Roster};
use crate::testing::voters;

pub(super) const NETWORK: Hash = Hash([1; 32]);
pub(super) const BASE: Hash = Hash([0; 32]);

pub(super) struct World {
    pub(super) now: Time,
    pub(super) nodes: Vec<Node>,
    /// How many voters there are. More nodes than that: some key has a twin.
    pub(super) count: u8,
    /// Those that break the rules; the nodes that do stay named while one of them acts.
    pub(super) liars: BTreeMap<usize, Liar>,
    pub(super) lying: BTreeSet<usize>,
    /// Voters whose record was lost or brought back from a backup, until what they may have forgotten no longer matters.
    pub(super) restored: BTreeSet<PublicKey>,
    group: Vec<usize>,
    /// Everybody is connected to this node only.
    pub(super) hub: Option<usize>,
    pub(super) ahead: BTreeMap<(Time, usize), Happening>,
    pub(super) planned: usize,
    mined: u64,
    /// Messages.
    pub(super) said: usize,
    /// The last one of each node.
    pub(super) last: BTreeMap<usize, Said>,
    /// Every vote that ever left, by key.
    pub(super) votes: BTreeMap<PublicKey, BTreeSet<Link>>,
    /// The same by link, and the links in the order in which they were first voted for.
    pub(super) signed: BTreeMap<Link, BTreeMap<u16, Signature>>,
    pub(super) links: Vec<Link>,
    /// The rosters that blocks put into force, with their headers.
    pub(super) bases: BTreeMap<Hash, (Header, Roster)>,
    /// All sets, by id.
    pub(super) sets: BTreeMap<Hash, Voters>,
    /// Every certificate that made a block final on an honest node.
    pub(super) finals: Vec<Certificate>,
}

impl World {
    pub(super) fn new(count: u8) -> Self {
        Self::connected(count, None)
    }

    /// Node 0 is connected to all others, and nobody else to anybody.
    pub(super) fn star(count: u8) -> Self {
        Self::connected(count, Some(0))
    }

    fn connected(count: u8, hub: Option<usize>) -> Self {
        let now = Time::from_millis(77_000);
        let mut world = Self {
            now,
            nodes: (1..=count).map(|n| Node::new(count, key(n), now)).collect(),
            count,
            liars: BTreeMap::new(),
            lying: BTreeSet::new(),
            restored: BTreeSet::new(),
            group: vec![],
            hub,
            ahead: BTreeMap::new(),
            planned: 0,
            mined: 0,
            said: 0,
            last: BTreeMap::new(),
            votes: BTreeMap::new(),
            signed: BTreeMap::new(),
            links: vec![],
            bases: BTreeMap::new(),
            sets: BTreeMap::from([(voters(count).id(), voters(count))]),
            finals: vec![],
        };
        world.meet_all();
        world
    }

    /// Another machine with the key of node `n`, which has its blocks and knows nothing of its votes. Returns its number.
    pub(super) fn add_twin(&mut self, n: usize) -> usize {
        let mut twin = Node::new(self.count, self.nodes[n].key.clone(), self.now);
        twin.chain = self.nodes[n].chain.clone();
        self.nodes.push(twin);
        // It hears nobody yet.
        self.group.push(usize::MAX);
        self.nodes.len() - 1
    }

    pub(super) fn meet_all(&mut self) {
        self.group_by(|_| 0);
    }

    /// Only nodes of one group hear each other from now on: "01|2|3".
    pub(super) fn part(&mut self, groups: &str) {
        let digit = |n: usize| char::from(b'0' + u8::try_from(n).unwrap());
        self.group_by(|n| groups.split('|').position(|group| group.contains(digit(n))).unwrap());
    }

    pub(super) fn group_by(&mut self, group: impl FnMut(usize) -> usize) {
        let before = core::mem::replace(&mut self.group, (0..self.nodes.len()).map(group).collect());
        for (one, other) in self.pairs() {
            let was = before.get(one).is_some_and(|group| before.get(other) == Some(group));
            match (was && self.are_linked(one, other), self.hears(one, other)) {
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

    fn are_linked(&self, one: usize, other: usize) -> bool {
        self.hub.is_none_or(|hub| one == hub || other == hub)
    }

    pub(super) fn hears(&self, one: usize, other: usize) -> bool {
        self.group[one] == self.group[other] && self.are_linked(one, other)
    }

    /// The others that a node hears.
    pub(super) fn heard_by(&self, n: usize) -> Vec<usize> {
        (0..self.nodes.len()).filter(|other| *other != n && self.hears(n, *other)).collect()
    }

    fn meet(&mut self, one: usize, other: usize) {
        let key = Some(self.nodes[other].key.public());
        self.give(one, Input::Up { peer: Peer(other as u64), key });
    }

    /// A crash, and a start with this on the disk beside the key. The chain stays.
    pub(super) fn restart(&mut self, n: usize, record: Option<Record>) {
        self.nodes[n].start(self.now, record);
        let (height, block) = self.tip(n);
        for other in self.heard_by(n) {
            self.give(other, Input::Down(Peer(n as u64)));
            self.meet(n, other);
            self.meet(other, n);
        }
        self.give(n, Input::Tip { height, block });
    }

    /// A crash, and a start with what was on the disk.
    pub(super) fn crash(&mut self, n: usize) {
        let durable = self.nodes[n].durable.clone();
        self.restart(n, durable);
    }

    /// The record of a node is lost. It needs its operator's word.
    pub(super) fn lose_record(&mut self, n: usize) {
        self.restored.insert(self.nodes[n].key.public());
        self.restart(n, None);
    }

    /// A node comes back with an old record and old data.
    pub(super) fn restore(&mut self, n: usize, backup: Backup) {
        self.restored.insert(self.nodes[n].key.public());
        let record = backup.record.clone();
        self.nodes[n].restore(backup);
        self.restart(n, record);
        self.sync();
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

    pub(super) fn tell_tip(&mut self, n: usize) {
        let (height, block) = self.tip(n);
        self.give(n, Input::Tip { height, block });
    }

    /// All who hear each other have the same blocks.
    pub(super) fn sync(&mut self) {
        for (one, other) in self.pairs() {
            if self.hears(one, other) {
                let chain = self.nodes[other].chain.clone();
                self.learn(one, &chain);
            }
        }
    }

    pub(super) fn learn(&mut self, n: usize, chain: &Chain) {
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

    /// One node gets the blocks of another, and stays on its own best chain.
    pub(super) fn store(&mut self, n: usize, other: usize) {
        let parents = self.nodes[other].chain.parents.clone();
        self.nodes[n].chain.parents.extend(parents);
    }

    pub(super) fn best(&self, n: usize) -> Hash {
        self.tip(n).1
    }

    pub(super) fn tip(&self, n: usize) -> (u64, Hash) {
        self.nodes[n].chain.tip()
    }

    pub(super) fn key_of(&self, voter: u16) -> SecretKey {
        self.nodes.iter().find(|node| node.number() == voter).unwrap().key.clone()
    }

    /// The nodes that keep the rules.
    pub(super) fn honest(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|n| !self.lying.contains(n)).collect()
    }

    pub(super) fn finals(&self) -> Vec<u64> {
        self.nodes.iter().map(|node| node.machine.finalized().height).collect()
    }

    /// How many votes of a node have left.
    pub(super) fn votes_of(&self, n: usize) -> usize {
        self.votes.get(&self.nodes[n].key.public()).map_or(0, BTreeSet::len)
    }

    pub(super) fn run(&mut self, ms: u64) {
        self.run_until(ms, |_| false);
    }

    pub(super) fn run_until(&mut self, ms: u64, done: impl Fn(&Self) -> bool) {
        let end = self.now.after(Duration::from_millis(ms));
        while !done(self) {
            let wake = |node: &Node| node.machine.next_wakeup(self.now);
            let next_wake = self.nodes.iter().filter_map(wake).min();
            let next = self.ahead.keys().next().map(|(at, _)| *at);
            let Some(at) = next.into_iter().chain(next_wake).min().filter(|at| *at <= end) else {
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
}

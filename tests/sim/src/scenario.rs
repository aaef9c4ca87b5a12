//! What the seed decides before a run begins: the nodes, their links, and the faults to come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::ledger::{Address, Allocation, BlockRules, Coin, Genesis, Header, NetworkSpec};
use bouya_core::random::Random;
use bouya_core::testing::text;
use bouya_core::time::Timestamp;
use bouya_core::wire::Endpoint;

use crate::byzantine::Manner;
use crate::clients::{COINS, WALLETS};
use crate::faults::{Fault, plan};
use crate::members::{Agenda, Step, all_keys, most_bad, quorum};
use crate::net::Quality;
use crate::node::{EPOCH, key};

/// Faults end after forty minutes of simulated time, and the run after an hour (ms).
pub(crate) const HEALED: u64 = 40 * 60_000;
pub(crate) const ENDS: u64 = 60 * 60_000;

/// What the seed has decided.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) nodes: usize,
    /// How many of them join later.
    pub(crate) later: usize,
    /// The first members; all others are observers.
    pub(crate) members: BTreeSet<usize>,
    /// How few and how many members there may be.
    bounds: (usize, usize),
    /// Nodes that the members never remove, because everybody knows them.
    pub(crate) stays: BTreeSet<usize>,
    /// When members change, and how.
    steps: Vec<(u64, Step)>,
    pub(crate) dial_only: BTreeSet<usize>,
    pub(crate) byzantine: BTreeMap<usize, Manner>,
    pub(crate) bootstrap: Vec<Vec<usize>>,
    pub(crate) interval_ms: u32,
    pub(crate) quality: Quality,
    /// Hashes per second.
    pub(crate) rates: Vec<f64>,
    pub(crate) faults: Vec<Fault>,
    /// The mean time between two acts of clients, in ms.
    pub(crate) load_every: u64,
}

/// Where node number `n` listens after so many moves.
pub(crate) fn endpoint(n: usize, moves: u64) -> Endpoint {
    format!("n{n:02}-{moves}.example:7000").parse().expect("an endpoint")
}

/// The name of node number `n`.
pub(crate) fn name(n: usize) -> String {
    format!("n{n:02}")
}

impl Scenario {
    pub(crate) fn new(rng: &mut Random) -> Self {
        let nodes = match rng.below(20) {
            0 => rng.within(13, 30),
            1..6 => rng.within(7, 12),
            _ => rng.within(3, 6),
        } as usize;
        let later = if nodes > 3 { rng.index(1 + nodes / 4) } else { 0 };
        let bad = if rng.chance(0.5) { 1 + rng.index(nodes.div_ceil(5)) } else { 0 };
        let present = nodes - later;
        // Nodes 0 and 1 are honest and can be dialed, so that every node can know one that helps.
        // In a star nobody but node 0 can be dialed.
        let is_star = rng.chance(0.05);
        let dial_only = (1..nodes).filter(|n| rng.chance(0.1) && *n > 1 || is_star).collect::<BTreeSet<_>>();
        let byzantine = (0..bad)
            .filter(|_| present > 2)
            .map(|_| (rng.within(2, present as u64 - 1) as usize, Manner::ALL[rng.index(Manner::ALL.len())]));
        let mut byzantine: BTreeMap<usize, Manner> = byzantine.collect();
        let mut members = first_members(rng, nodes, present);
        // Voters must be connected to a voter, and two that nobody can dial never are.
        if !dial_only.is_empty() {
            members.insert(0);
        }
        let bounds = bounds(rng, nodes, members.len(), &mut byzantine);
        let most_bad = if bounds.0 == bounds.1 { all_bad(bounds.0) } else { most_bad(bounds.0, bounds.1) };
        let interval_ms = INTERVALS_MS[rng.index(INTERVALS_MS.len())];
        let known = |n: usize, rng: &mut Random| {
            let good: Vec<usize> = (0..present)
                .filter(|other| *other != n && !dial_only.contains(other) && !byzantine.contains_key(other))
                .filter(|other| n < 2 || *other < n)
                .collect();
            let mut some = good.clone();
            rng.shuffle(&mut some);
            some.truncate(2);
            some
        };
        let bootstrap: Vec<Vec<usize>> = (0..nodes).map(|n| known(n, rng)).collect();
        let mut faults = plan(rng, nodes, later, HEALED);
        let forgetful = forgetful(present, most_bad, &byzantine);
        faults.retain(|fault| !fault.kind.makes_forget() || forgetful.contains(&fault.node));
        let honest = members.iter().filter(|n| !byzantine.contains_key(n)).count().max(1) as f64;
        let rates = (0..nodes).map(|n| {
            // The first members find about one block of the initial difficulty per interval. Nodes that break the rules have little of it.
            let all = DIFFICULTY as f64 * 1_000.0 / f64::from(interval_ms);
            if byzantine.contains_key(&n) {
                0.15 * all / byzantine.len() as f64
            } else {
                all * (0.5 + rng.unit()) / honest
            }
        });
        Self {
            rates: rates.collect(),
            quality: Quality {
                latency: rng.within(1, 60),
                jitter: rng.within(0, 40),
                loss: if rng.chance(0.3) { 0.02 * rng.unit() } else { 0.0 },
                reorder: 0.0,
                duplicate: 0.0,
                width: WIDTHS[rng.index(WIDTHS.len())],
            },
            faults,
            load_every: if rng.chance(0.3) { rng.within(60_000, 400_000) } else { rng.within(1_000, 12_000) },
            steps: steps(rng),
            nodes,
            later,
            members,
            bounds,
            stays: BTreeSet::from([0, 1]),
            dial_only,
            byzantine,
            bootstrap,
            interval_ms,
        }
    }

    pub(crate) fn genesis(&self, rng: &mut Random) -> Arc<Genesis> {
        let agenda = self.agenda(Hash::ZERO);
        let member = |n: &usize| agenda.member(*n).clone();
        let wallet = |n| Allocation { address: Address::of(&key(9, n).public()), amount: COINS };
        let actor = |key: SecretKey| Allocation { address: Address::of(&key.public()), amount: COINS };
        let coin = Coin { symbol: text("SIM"), decimals: 2 };
        // A network's definition is usually older than its first block.
        let created = Timestamp(EPOCH - rng.below(600_000));
        let blocks = BlockRules::new(self.interval_ms, DIFFICULTY, 50);
        let spec = NetworkSpec {
            members: self.members.iter().map(member).collect(),
            allocations: (0..WALLETS)
                .map(wallet)
                .chain((0..self.nodes).flat_map(all_keys).map(actor))
                .collect(),
            version: if rng.chance(0.7) { Header::CONTRACTS } else { Header::VERSION },
            ..NetworkSpec::new(text("sim"), created, coin, blocks)
        };
        Arc::new(Genesis::new(spec).expect("a definition"))
    }

    /// What is to become of the members.
    pub(crate) fn agenda(&self, network: Hash) -> Agenda {
        Agenda::new(network, self.nodes, &self.members, self.bounds, self.steps.clone())
    }
}

/// All nodes, or a few of those that are there at the beginning.
fn first_members(rng: &mut Random, nodes: usize, present: usize) -> BTreeSet<usize> {
    if rng.chance(0.4) {
        return (0..nodes).collect();
    }
    let first = if rng.chance(0.5) && present > 2 { 2 } else { 0 };
    let mut some: Vec<usize> = (first..present).collect();
    rng.shuffle(&mut some);
    some.into_iter().take(rng.within(1, MEMBERS_MOST) as usize).collect()
}

/// How few and how many members there may be, so that those who lie are never as many as it takes for two histories. Where they would be, some
/// keep to the rules instead.
fn bounds(
    rng: &mut Random,
    nodes: usize,
    count: usize,
    byzantine: &mut BTreeMap<usize, Manner>,
) -> (usize, usize) {
    let high = nodes.min(count + rng.within(0, count as u64) as usize);
    let low = rng.within(count.div_ceil(3) as u64, count as u64) as usize;
    let bad = byzantine.len();
    if let Some(low) = (low..=count).find(|low| most_bad(*low, high) >= bad) {
        return (low, high);
    }
    while byzantine.len() > all_bad(count) {
        byzantine.pop_last();
    }
    (count, count)
}

/// How many of so many members may lie.
fn all_bad(count: usize) -> usize {
    2 * quorum(count) - count - 1
}

/// A few changes of the members, until the faults end.
fn steps(rng: &mut Random) -> Vec<(u64, Step)> {
    let count = rng.within(0, STEPS_MOST);
    let step = |rng: &mut Random| (rng.below(HEALED - 60_000), Step::ALL[rng.index(Step::ALL.len())]);
    let mut steps: Vec<_> = (0..count).map(|_| step(rng)).collect();
    steps.sort_by_key(|(at, _)| *at);
    steps
}

/// The nodes that may lose their records: together with those that lie, fewer than it takes for two histories.
fn forgetful(present: usize, most: usize, byzantine: &BTreeMap<usize, Manner>) -> BTreeSet<usize> {
    let most = most.saturating_sub(byzantine.len());
    (0..present).rev().filter(|n| !byzantine.contains_key(n)).take(most).collect()
}

/// Where few nodes are members, so many at most.
const MEMBERS_MOST: u64 = 7;
/// So many changes of the members at most.
const STEPS_MOST: u64 = 10;
/// Times between blocks, in ms.
const INTERVALS_MS: [u32; 6] = [8_000, 12_000, 15_000, 20_000, 30_000, 45_000];
/// Widths of links, in bytes per ms.
const WIDTHS: [u64; 4] = [100, 1_000, 10_000, 100_000];
/// The initial difficulty: large enough for fine steps, small enough to be cheap for the machine that runs this.
const DIFFICULTY: u64 = 300;

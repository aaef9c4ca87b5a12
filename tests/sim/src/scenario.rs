//! What the seed decides before a run begins: the nodes, their links, and the faults to come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bouya_core::codec::Text;
use bouya_core::ledger::{Address, Allocation, BlockRules, Coin, Genesis, Member, NetworkSpec};
use bouya_core::random::Random;
use bouya_core::testing::text;
use bouya_core::time::Timestamp;
use bouya_core::wire::Endpoint;

use crate::byzantine::Manner;
use crate::clients::{COINS, WALLETS};
use crate::faults::{Fault, plan};
use crate::net::Quality;
use crate::node::{EPOCH, key, node_key};

/// Faults end after forty minutes of simulated time, and the run after an hour (ms).
pub(crate) const HEALED: u64 = 40 * 60_000;
pub(crate) const ENDS: u64 = 60 * 60_000;

/// What the seed has decided.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) nodes: usize,
    /// How many of them join later.
    pub(crate) later: usize,
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
        let byzantine: BTreeMap<usize, Manner> = byzantine.collect();
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
        let forgetful = forgetful(nodes, present, &byzantine);
        faults.retain(|fault| !fault.kind.makes_forget() || forgetful.contains(&fault.node));
        let honest = (nodes - byzantine.len()) as f64;
        let rates = (0..nodes).map(|n| {
            // Together they find about one block of the initial difficulty per interval. Members that break the rules have little of it.
            let all = DIFFICULTY as f64 * 1_000.0 / f64::from(interval_ms);
            if byzantine.contains_key(&n) {
                0.15 * all / byzantine.len() as f64
            } else {
                all * (0.3 + rng.unit()) / honest
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
            nodes,
            later,
            dial_only,
            byzantine,
            bootstrap,
            interval_ms,
        }
    }

    pub(crate) fn genesis(&self, rng: &mut Random) -> Arc<Genesis> {
        let member = |n| Member {
            id: name(n).parse().expect("an id"),
            key: node_key(n).public(),
            governor: Address::of(&key(10, n).public()),
            name: Text::default(),
        };
        let wallet = |n| Allocation { address: Address::of(&key(9, n).public()), amount: COINS };
        let coin = Coin { symbol: text("SIM"), decimals: 2 };
        // A network's definition is usually older than its first block.
        let created = Timestamp(EPOCH - rng.below(600_000));
        let blocks = BlockRules::new(self.interval_ms, DIFFICULTY, 50);
        let spec = NetworkSpec {
            members: (0..self.nodes).map(member).collect(),
            allocations: (0..WALLETS).map(wallet).collect(),
            ..NetworkSpec::new(text("sim"), created, coin, blocks)
        };
        Arc::new(Genesis::new(spec).expect("a definition"))
    }
}

/// The nodes that may lose their records: together with those that lie, fewer than it takes for two histories.
fn forgetful(nodes: usize, present: usize, byzantine: &BTreeMap<usize, Manner>) -> BTreeSet<usize> {
    let quorum = nodes - (nodes - 1) / 3;
    let most = (2 * quorum - nodes - 1).saturating_sub(byzantine.len());
    (0..present).rev().filter(|n| !byzantine.contains_key(n)).take(most).collect()
}

/// Times between blocks, in ms.
const INTERVALS_MS: [u32; 6] = [8_000, 12_000, 15_000, 20_000, 30_000, 45_000];
/// Widths of links, in bytes per ms.
const WIDTHS: [u64; 4] = [100, 1_000, 10_000, 100_000];
/// The initial difficulty: large enough for fine steps, small enough to be cheap for the machine that runs this.
const DIFFICULTY: u64 = 300;

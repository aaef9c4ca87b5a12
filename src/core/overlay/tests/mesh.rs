//! What gossip costs on the wire: every node connected to every other one, each with a mempool that takes everything.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::world::{at, hello, settings, verified};
use crate::crypto::Hash;
use crate::ledger::Transaction;
use crate::overlay::{
    Answer, ConnId, Input, Offer, Output, Overlay, PoolRequest, Request, TransactionOutcome,
};
use crate::testing::unsigned;
use crate::time::Timestamp;
use crate::wire::COMPACT_FEATURE;

/// How long a message takes, in ms.
const LINK: u64 = 1;

struct Node {
    overlay: Overlay,
    pool: BTreeMap<Hash, Transaction>,
}

struct Mesh {
    now: u64,
    nodes: Vec<Node>,
    inbox: BTreeMap<(u64, u64), (usize, Input)>,
    count: u64,
    /// Frames and their bytes, by message.
    wire: BTreeMap<&'static str, (u64, usize)>,
}

/// The connection at `node` to `other`.
fn conn(node: usize, other: usize) -> ConnId {
    ConnId((node * 1_000 + other) as u64)
}

impl Mesh {
    fn new(count: usize) -> Self {
        let names: Vec<_> = (0..count).map(|n| std::format!("n{n}")).collect();
        let node = |name: &std::string::String| Node {
            overlay: Overlay::new(settings(name, &[]), at(0), Timestamp(0)),
            pool: BTreeMap::new(),
        };
        let nodes = names.iter().map(node).collect();
        let mut mesh = Self { now: 0, nodes, inbox: BTreeMap::new(), count: 0, wire: BTreeMap::new() };
        for n in 0..count {
            for (m, other) in names.iter().enumerate().filter(|(m, _)| *m != n) {
                let (conn, peer, address) = (conn(n, m), verified(other), [10, 0, 0, 1].into());
                mesh.give(n, Input::Accepted { conn, peer, address });
                let mut hello = hello(other);
                hello.features.push(COMPACT_FEATURE.into());
                mesh.give(n, Input::Hello { conn, hello });
            }
        }
        mesh.run_until(50);
        mesh.wire.clear();
        mesh
    }

    fn post(&mut self, after: u64, node: usize, input: Input) {
        self.count += 1;
        self.inbox.insert((self.now + after, self.count), (node, input));
    }

    fn give(&mut self, n: usize, input: Input) {
        let now = at(self.now);
        self.nodes[n].overlay.handle(now, input);
        while let Some(output) = self.nodes[n].overlay.poll() {
            match output {
                Output::Send { conn: from, message } => {
                    let m = (from.0 % 1_000) as usize;
                    let size = message.to_bytes().len();
                    let (frames, bytes) = self.wire.entry(message.name()).or_default();
                    (*frames, *bytes) = (*frames + 1, *bytes + 4 + size);
                    self.post(LINK, m, Input::Received { conn: conn(m, n), message, size });
                }
                Output::Ask(Request::Pool(PoolRequest::Take { conn, transactions })) => {
                    let outcomes = transactions.iter().map(|t| (t.id(), TransactionOutcome::Taken)).collect();
                    self.post(1, n, Input::Answer(Answer::TransactionsDone { conn, outcomes }));
                    let offer = Offer::Transactions { own: Vec::new(), relayed: transactions.clone() };
                    self.take(n, transactions, offer);
                }
                Output::Ask(Request::Pool(PoolRequest::Fetch { conn, ids })) => {
                    let pool = &self.nodes[n].pool;
                    let found = ids.iter().filter_map(|id| pool.get(id).cloned()).collect();
                    let missing = ids.into_iter().filter(|id| !pool.contains_key(id)).collect();
                    self.post(1, n, Input::Answer(Answer::Transactions { conn, found, missing }));
                }
                Output::Close { .. } | Output::Dial { .. } => panic!("{output:?}"),
                _ => (),
            }
        }
    }

    /// The mempool has taken these.
    fn take(&mut self, n: usize, transactions: Vec<Transaction>, offer: Offer) {
        self.nodes[n].pool.extend(transactions.into_iter().map(|t| (t.id(), t)));
        self.post(1, n, Input::Offer(offer));
    }

    fn run_until(&mut self, end: u64) {
        loop {
            let wakes = self.nodes.iter().enumerate();
            let wake = wakes.filter_map(|(n, node)| Some((node.overlay.next_wakeup()?.as_millis(), n))).min();
            match (self.inbox.keys().next().copied(), wake) {
                (Some(key), wake) if key.0 <= end && wake.is_none_or(|(due, _)| key.0 <= due) => {
                    self.now = self.now.max(key.0);
                    let (n, input) = self.inbox.remove(&key).unwrap();
                    self.give(n, input);
                }
                (_, Some((due, n))) if due <= end => {
                    self.now = self.now.max(due);
                    self.give(n, Input::Wake);
                }
                _ => break,
            }
        }
        self.now = end;
    }
}

/// So many transactions come in at random nodes in a second. Returns their bytes, and bytes on the wire for each of them and node.
fn cost(nodes: usize, transactions: u64) -> (Mesh, f64) {
    let mut mesh = Mesh::new(nodes);
    let size = unsigned(0, 1);
    let size = crate::codec::encode(&size).len();
    for n in 0..transactions {
        let at = n * 1_000 / transactions;
        mesh.run_until(100 + at);
        let hash = crate::crypto::sha256(&n.to_le_bytes());
        let own = Vec::from([unsigned(n, 1)]);
        let offer = Offer::Transactions { own: own.clone(), relayed: Vec::new() };
        mesh.take(usize::from(hash.0[0]) % nodes, own, offer);
    }
    mesh.run_until(3_000);
    let all: BTreeSet<usize> = mesh.nodes.iter().map(|node| node.pool.len()).collect();
    assert_eq!(all, BTreeSet::from([transactions as usize]), "everybody has everything");
    let wire: usize = mesh.wire.values().map(|(_, bytes)| bytes).sum();
    let each = wire as f64 / transactions as f64 / nodes as f64 / size as f64;
    (mesh, each)
}

#[test]
fn a_transaction_crosses_a_full_mesh_for_little_more_than_its_size() {
    // Of each transaction one copy to each, and one announcement of 33 bytes between any two who have it.
    for (nodes, count, most) in [(4, 1_000, 1.2), (8, 1_000, 1.6), (8, 4_000, 1.6), (16, 500, 2.6)] {
        let (mesh, each) = cost(nodes, count);
        assert!(each < most, "{nodes} nodes, {count} transactions: {each}");
        std::println!("{nodes} nodes, {count} transactions a second: {each:.2} of its size, {:?}", mesh.wire);
    }
}

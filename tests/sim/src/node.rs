//! A node: the core's machines, its disk, and what the shell does between them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bouya_core::crypto::{Hash, SecretKey, sha256};
use bouya_core::id::NodeId;
use bouya_core::ledger::{
    Address, CheckedTransaction, Date, Genesis, Template, Transaction, TransactionError,
};
use bouya_core::limits::TRANSACTIONS_PER_BLOCK;
use bouya_core::mempool::Limits;
use bouya_core::node::{Demand, Gate, Head, Keeper, Pool, When, Wish};
use bouya_core::overlay::{ConnId, Overlay, OverlaySettings, SessionSecret, Verified};
use bouya_core::time::{Time, Timestamp};
use bouya_core::wire::{CrlSummary, Endpoint};

use crate::byzantine::Byzantine;
use crate::disk::{DiskError, SimDisk, Snapshot};

/// When every simulation begins, as a wall clock shows it.
pub(crate) const EPOCH: u64 = 1_790_000_000_000;

/// The authority's newest list, as far as a node knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Crl {
    pub(crate) number: u64,
    pub(crate) revoked: BTreeSet<NodeId>,
}

/// How far a wall clock is off.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    pub(crate) offset_ms: i64,
    /// Parts per million, since `since`.
    pub(crate) drift: i64,
    pub(crate) since: u64,
}

/// What a member is, running or not.
pub(crate) struct Node {
    pub(crate) name: NodeId,
    pub(crate) key: SecretKey,
    /// Where others may dial it, if they can at all.
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) bootstrap: Vec<(NodeId, Endpoint)>,
    pub(crate) disk: SimDisk,
    pub(crate) clock: Clock,
    /// Hashes per second.
    pub(crate) rate: f64,
    /// What is added to every commit and answer, in ms.
    pub(crate) slow: u64,
    pub(crate) full: bool,
    pub(crate) crl: Crl,
    pub(crate) byzantine: Option<Byzantine>,
    /// Counts starts; what belongs to an earlier one comes to nothing.
    pub(crate) boot: u64,
    pub(crate) running: Option<Running>,
    /// Times it may not start yet, each for a fault of its own.
    pub(crate) held: u32,
    pub(crate) paused: u32,
    /// It has left, or was removed, or has not come yet.
    pub(crate) absent: bool,
    /// The best chain that it has told the world, by height.
    pub(crate) told: Vec<Hash>,
    /// Work of its tip.
    pub(crate) work: u128,
    pub(crate) dials: Vec<u64>,
}

/// A node's machines while it runs.
pub(crate) struct Running {
    pub(crate) since: u64,
    pub(crate) overlay: Overlay,
    pub(crate) keeper: Keeper<SimDisk>,
    pub(crate) pool: Pool<Snapshot>,
    pub(crate) gate: Gate,
    pub(crate) demand: Demand,
    /// What the keeper told last.
    pub(crate) head: Head,
    /// When each machine will be woken.
    pub(crate) wake: Option<u64>,
    pub(crate) keeper_wake: Option<u64>,
    pub(crate) pool_wake: Option<u64>,
    /// Lists that each connection's peer has.
    pub(crate) links: BTreeMap<ConnId, Vec<CrlSummary>>,
    /// Transactions whose blocks have left the chain, until the pool has followed.
    pub(crate) owed: BTreeSet<Hash>,
}

impl Clock {
    /// The wall clock at `now`.
    pub(crate) fn wall(&self, now: u64) -> Timestamp {
        let drifted = (now - self.since) as i64 * self.drift / 1_000_000;
        Timestamp((EPOCH + now).saturating_add_signed(self.offset_ms + drifted))
    }

    /// Another drift from now on; what the one before came to is set right.
    pub(crate) fn set_drift(&mut self, now: u64, drift: i64) {
        (self.since, self.drift) = (now, drift);
    }
}

impl Crl {
    /// Stands for the list's DER bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let names: Vec<&str> = self.revoked.iter().map(NodeId::as_str).collect();
        format!("{} {}", self.number, names.join(" ")).into_bytes()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut words = text.split_whitespace();
        let number = words.next()?.parse().ok()?;
        let revoked = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
        Some(Self { number, revoked })
    }

    pub(crate) fn summary(&self) -> CrlSummary {
        let issuer = sha256(b"the authority");
        CrlSummary { issuer, number: self.number.to_string(), hash: sha256(&self.to_bytes()) }
    }
}

impl Node {
    /// Whether its machines work now.
    pub(crate) fn works(&self) -> bool {
        self.running.is_some() && self.paused == 0
    }

    pub(crate) fn is_honest(&self) -> bool {
        self.byzantine.is_none()
    }

    /// What TLS proves of it.
    pub(crate) fn proof(&self) -> Verified {
        Verified {
            id: self.name.clone(),
            session: SessionSecret([0; 32]),
            key: sha256(self.name.as_str().as_bytes()),
            not_after: Timestamp(u64::MAX),
        }
    }

    /// Starts its machines from what its disk holds.
    pub(crate) fn start(&mut self, now: u64, genesis: &Arc<Genesis>, seed: u64) -> Result<(), DiskError> {
        self.boot += 1;
        let settings = OverlaySettings {
            id: self.name.clone(),
            genesis: genesis.clone(),
            agent: "bouya/sim".to_owned(),
            instance: format!("{} {}", self.name, self.boot),
            advertise: self.endpoint.clone(),
            bootstrap: self.bootstrap.clone(),
            blacklist: Vec::new(),
            max_connected: bouya_core::limits::CONNECTED,
            book: self.disk.book(),
            seed,
        };
        let keeper = Keeper::load(genesis.clone(), self.disk.clone())?;
        self.running = Some(Running {
            since: now,
            overlay: Overlay::new(settings, Time::from_millis(0), self.clock.wall(now)),
            head: keeper.head()?,
            keeper,
            pool: Pool::new(Time::from_millis(0), Limits::default()),
            gate: Gate::new(genesis, &self.key.public()),
            demand: Demand::new(genesis.rules.schedule, When::Pending),
            wake: None,
            keeper_wake: None,
            pool_wake: None,
            links: BTreeMap::new(),
            owed: BTreeSet::new(),
        });
        Ok(())
    }
}

impl Running {
    /// The overlay's clock.
    pub(crate) fn time(&self, now: u64) -> Time {
        Time::from_millis(now - self.since)
    }

    /// What it wants of its miner, as the daemon's miner asks.
    pub(crate) fn wish(&mut self, now: u64, wall: Timestamp, byzantine: Option<&Byzantine>) -> Wish {
        let obstacle = self.gate.obstacle(&self.head, &self.overlay.outlook(self.time(now)));
        if obstacle.is_some() {
            self.demand.pass(&self.head);
            return Wish::Rest;
        }
        let wish = self.demand.look(wall, &self.head, !self.pool.mempool().is_empty());
        if byzantine.is_some_and(Byzantine::mines_always) { Wish::Search { told: false } } else { wish }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.keeper.disk().snapshot()
    }

    /// What it would mine on its tip.
    pub(crate) fn template(&self, genesis: &Genesis, date: Date, key: &SecretKey) -> Template {
        let Head { branch, supply, .. } = &self.head;
        let chosen = self.pool.mempool().select(Template::room(genesis), TRANSACTIONS_PER_BLOCK);
        let to = Address::of(&key.public());
        Template::new(genesis, branch, *supply, chosen, to, date, key)
    }
}

/// Signatures that were checked once are remembered for all nodes: the simulator tests what they do with the answer.
#[derive(Default)]
pub(crate) struct Signatures {
    known: HashMap<Hash, CheckedTransaction>,
}

impl Signatures {
    fn check(
        &mut self,
        network: &Hash,
        transaction: &Transaction,
    ) -> Result<CheckedTransaction, TransactionError> {
        let id = transaction.id();
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let checked = transaction.clone().check(network)?;
        self.known.insert(id, checked.clone());
        Ok(checked)
    }

    pub(crate) fn check_each(
        &mut self,
        network: &Hash,
        transactions: &[Transaction],
    ) -> Vec<Result<CheckedTransaction, TransactionError>> {
        transactions.iter().map(|transaction| self.check(network, transaction)).collect()
    }
}

/// The key of node or wallet number `n`.
pub(crate) fn key(kind: u8, n: usize) -> SecretKey {
    let mut seed = [kind; 32];
    seed[0] = n as u8;
    SecretKey::from_seed(&seed)
}

/// The member key of node number `n`.
pub(crate) fn node_key(n: usize) -> SecretKey {
    key(7, n)
}

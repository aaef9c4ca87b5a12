//! A node: what a member is, and the core's machines while it runs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use bouya_core::crypto::{Hash, SecretKey, sha256};
use bouya_core::finality::{Finality, FinalitySettings, Record};
use bouya_core::id::NodeId;
use bouya_core::ledger::{
    Address, CheckedTransaction, Date, Genesis, Payload, Room, Rows, StateAt, Template, Transaction,
    TransactionError, Unfit, View, World, in_force_at_final,
};
use bouya_core::mempool::Limits;
use bouya_core::node::{Certificate, Demand, Gate, Head, Keeper, Pool, Seen, VoterStatus, When, Wish};
use bouya_core::overlay::{self, ConnId, Overlay, OverlaySettings, SessionSecret, Verified};
use bouya_core::time::{Time, Timestamp};
use bouya_core::wire::{CrlSummary, Endpoint};

use crate::byzantine::Byzantine;
use crate::disk::{DiskError, SimDisk, Snapshot};

/// What a correct wall clock shows when a simulation begins.
pub(crate) const EPOCH: u64 = 1_790_000_000_000;

/// The newest revocation list that a node knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Crl {
    pub(crate) number: u64,
    pub(crate) revoked: BTreeSet<NodeId>,
}

/// How wrong a wall clock is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    pub(crate) offset_ms: i64,
    /// Parts per million, counted from `since`.
    pub(crate) drift: i64,
    pub(crate) since: u64,
}

/// A member, whether it runs or not.
pub(crate) struct Node {
    pub(crate) name: NodeId,
    pub(crate) key: SecretKey,
    /// How often that key has been put in another's place.
    pub(crate) generation: u8,
    /// Where others dial it; none: nobody can dial it.
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) bootstrap: Vec<(NodeId, Endpoint)>,
    pub(crate) disk: SimDisk,
    /// Of so many of the last blocks it keeps the bodies; of all, if none.
    pub(crate) keep: Option<u64>,
    pub(crate) clock: Clock,
    /// Hashes per second.
    pub(crate) rate: f64,
    /// What a slow disk adds to every commit and answer, in ms.
    pub(crate) slow: u64,
    pub(crate) full: bool,
    pub(crate) crl: Crl,
    pub(crate) byzantine: Option<Byzantine>,
    /// How often it has started. Events of an earlier start are ignored.
    pub(crate) boot: u64,
    pub(crate) running: Option<Running>,
    /// How many faults keep it from starting.
    pub(crate) held: u32,
    pub(crate) paused: u32,
    /// It has left or has not joined yet.
    pub(crate) absent: bool,
    /// The best chain that it has announced: block ids by height.
    pub(crate) told: Vec<Hash>,
    /// Work of its tip.
    pub(crate) work: u128,
    /// Its newest final block, as it has told.
    pub(crate) finalized: (u64, Hash),
    /// The record of its votes, which lies beside its key: it outlives the data folder.
    pub(crate) record: Option<Record>,
    /// That record was lost or is an old one: it may have voted for what it votes for again.
    pub(crate) forgetful: bool,
    /// What a backup holds: its data and its record.
    pub(crate) backup: Option<(Rc<World>, Option<Record>)>,
    pub(crate) dials: Vec<u64>,
}

/// A node's machines while it runs.
pub(crate) struct Running {
    pub(crate) since: u64,
    pub(crate) overlay: Overlay,
    pub(crate) keeper: Keeper<SimDisk>,
    pub(crate) pool: Pool<Snapshot>,
    pub(crate) voter: Finality,
    pub(crate) gate: Gate,
    pub(crate) demand: Demand,
    /// The keeper's newest head.
    pub(crate) head: Head,
    /// When each machine is woken next, in ms of the run.
    pub(crate) wake: Option<u64>,
    pub(crate) keeper_wake: Option<u64>,
    pub(crate) pool_wake: Option<u64>,
    pub(crate) voter_wake: Option<u64>,
    /// The set that its voter was told of.
    pub(crate) set: Hash,
    /// For each connection, the revocation lists that its peer has.
    pub(crate) links: BTreeMap<ConnId, Vec<CrlSummary>>,
    /// Transactions whose blocks have left the chain and which the pool has not dealt with yet.
    pub(crate) owed: BTreeSet<Hash>,
}

impl Clock {
    /// The wall clock at `now`.
    pub(crate) fn wall(&self, now: u64) -> Timestamp {
        let drifted = (now - self.since) as i64 * self.drift / 1_000_000;
        Timestamp((EPOCH + now).saturating_add_signed(self.offset_ms + drifted))
    }

    /// Another drift from now on. What the clock was off by before is forgotten.
    pub(crate) fn set_drift(&mut self, now: u64, drift: i64) {
        (self.since, self.drift) = (now, drift);
    }
}

impl Crl {
    /// These stand for the list's DER bytes.
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
    /// Whether it runs and is not paused.
    pub(crate) fn works(&self) -> bool {
        self.running.is_some() && self.paused == 0
    }

    pub(crate) fn is_honest(&self) -> bool {
        self.byzantine.is_none()
    }

    /// Its data are others than before: what it has told before does not bind it.
    pub(crate) fn has_told_nothing(&mut self, genesis: Hash) {
        (self.told, self.work, self.finalized) = (vec![genesis], 0, (0, genesis));
    }

    /// What TLS proves about it.
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
        let mut keeper = Keeper::load(genesis.clone(), self.disk.clone())?;
        keeper.prune(self.keep)?;
        let newest = self.disk.world().finalized()?;
        let voter = FinalitySettings {
            network: genesis.id(),
            created: genesis.spec.created,
            interval: genesis.rules.schedule.interval(),
            voters: in_force_at_final(&*self.disk.world())?.voters().clone(),
            key: self.key.clone(),
            record: self.record.clone(),
            alarm: None,
            proven: Vec::new(),
            decided: None,
            newest: newest.clone(),
        };
        let mut overlay = Overlay::new(settings, Time::from_millis(0), self.clock.wall(now));
        if let Some(newest) = newest {
            overlay.handle(Time::from_millis(0), overlay::Input::Finalized(newest));
        }
        self.running = Some(Running {
            since: now,
            overlay,
            voter: Finality::new(Time::from_millis(0), voter),
            voter_wake: None,
            set: Hash::ZERO,
            head: keeper.head()?,
            keeper,
            pool: Pool::new(Time::from_millis(0), Limits::default()),
            gate: Gate::new(genesis, &self.key.public(), true),
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
        let outlook = &self.overlay.outlook(self.time(now));
        let certificate =
            &Certificate { not_before: Timestamp(0), not_after: Timestamp(u64::MAX), revoked: false };
        let alarm = self.voter.alarm();
        let voter = &VoterStatus { alarm, ..VoterStatus::default() };
        let seen = Seen { head: &self.head, outlook, certificate, voter, now: wall };
        let obstacle = self.gate.obstacle(seen);
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

    /// The block that it would mine on its tip.
    pub(crate) fn template(&self, genesis: &Genesis, date: Date, key: &SecretKey) -> Result<Template, Unfit> {
        let chosen =
            self.pool.mempool().select(Room::on(genesis, &self.head.branch, self.head.handover.as_ref()));
        let to = Address::of(&key.public());
        let (view, rows) = (self.snapshot(), Rows::new());
        let state = StateAt { base: Some(&view), rows: &rows };
        let payload = Payload { transactions: chosen, certificate: self.head.handover.clone() };
        Template::new(genesis, &self.head.branch, state, payload, to, date, key)
    }
}

/// Remembers for all nodes the signatures that were checked once: the simulator tests what nodes do with the answer.
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

/// Key number `n` of a kind: wallets' are of kind 9, those of members and governors of kinds that `members` names.
pub(crate) fn key(kind: u8, n: usize) -> SecretKey {
    let mut seed = [kind; 32];
    seed[0] = n as u8;
    SecretKey::from_seed(&seed)
}

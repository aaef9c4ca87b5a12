//! A voter, what it stands on, and what it has said.

use alloc::vec;

use super::chain::Chain;
use super::world::{BASE, NETWORK};
use super::*;
use crate::testing::{CREATED, voters};

pub(super) struct Node {
    pub(super) machine: Finality,
    pub(super) key: SecretKey,
    /// What is on its disk.
    pub(super) durable: Option<Record>,
    pub(super) newest: Option<Certificate>,
    pub(super) disk_works: bool,
    /// What could not be written.
    pub(super) unwritten: Option<Record>,
    /// Counts its starts: what was being written at a crash is lost.
    pub(super) life: u32,
    pub(super) chain: Chain,
    /// By how many milliseconds its clock is ahead.
    pub(super) skew: i64,
    pub(super) alarms: Vec<Alarm>,
    pub(super) guilty: Vec<PublicKey>,
    /// The set whose base is final here.
    pub(super) voters: Voters,
    pub(super) blamed: Vec<(Peer, &'static str)>,
    pub(super) wanted: Vec<Checkpoint>,
    /// The last `Keep`.
    pub(super) keeps: [Hash; 2],
    /// What it has told of another history.
    pub(super) rivals: Vec<Certificate>,
}

/// What a backup of a node holds: the record beside its key, and its data.
#[derive(Clone)]
pub(super) struct Backup {
    pub(super) record: Option<Record>,
    newest: Option<Certificate>,
    chain: Chain,
    voters: Voters,
}

impl Node {
    /// One that has voted for nothing and has no blocks.
    pub(super) fn new(count: u8, key: SecretKey, now: Time) -> Self {
        let record = Some(Record::new(&voters(count)));
        Self {
            machine: Finality::new(now, settings(count, key.clone(), record.clone(), None)),
            key,
            durable: record,
            newest: None,
            disk_works: true,
            unwritten: None,
            life: 0,
            chain: Chain {
                parents: BTreeMap::from([(BASE, (0, BASE))]),
                best: vec![BASE],
                ..Chain::default()
            },
            skew: 0,
            alarms: vec![],
            guilty: vec![],
            voters: voters(count),
            blamed: vec![],
            wanted: vec![],
            keeps: [Hash::ZERO; 2],
            rivals: vec![],
        }
    }

    /// It starts anew with this on the disk beside the key.
    pub(super) fn start(&mut self, now: Time, record: Option<Record>) {
        (self.life, self.unwritten) = (self.life + 1, None);
        self.durable = record.clone();
        let settings = settings(0, self.key.clone(), record, self.newest.clone());
        self.machine = Finality::new(now, FinalitySettings { voters: self.voters.clone(), ..settings });
    }

    pub(super) fn backup(&self) -> Backup {
        let Self { durable, newest, chain, voters, .. } = self;
        Backup {
            record: durable.clone(),
            newest: newest.clone(),
            chain: chain.clone(),
            voters: voters.clone(),
        }
    }

    /// Its data are those of a backup from now on.
    pub(super) fn restore(&mut self, backup: Backup) {
        (self.newest, self.chain, self.voters) = (backup.newest, backup.chain, backup.voters);
    }

    /// What its own clock shows.
    pub(super) fn wall(&self, now: Time) -> Timestamp {
        Timestamp((CREATED.0 + now.as_millis()).saturating_add_signed(self.skew))
    }

    /// The height of the latest justified checkpoint.
    pub(super) fn justified(&self) -> u64 {
        self.machine.justified.last_key_value().unwrap().0.height
    }

    pub(super) fn number(&self) -> u16 {
        self.machine.me.unwrap()
    }
}

/// Of one of so many voters.
pub(super) fn settings(
    count: u8,
    key: SecretKey,
    record: Option<Record>,
    newest: Option<Certificate>,
) -> FinalitySettings {
    FinalitySettings {
        alarm: None,
        proven: vec![],
        decided: None,
        network: NETWORK,
        created: CREATED,
        interval: Duration::from_secs(1),
        voters: voters(count),
        key,
        record,
        newest,
    }
}

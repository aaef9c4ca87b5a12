//! A small state in which members act, one transaction in each block.

use alloc::collections::BTreeMap;

use super::*;
use crate::crypto::Hash;
use crate::id::NodeId;
use crate::ledger::governance::meeting::Verdict;
use crate::ledger::governance::rows::{OpenMotion, read_motion, read_motions};
use crate::ledger::state::{Rows, Written};
use crate::ledger::{Base, Change, Transaction, World};
use crate::testing::genesis;

pub(super) const NETWORK: Hash = Hash([7; 32]);
pub(super) const DAY: u64 = 24 * 3_600 * 1_000;

pub(super) struct Town {
    pub(super) world: World,
    pub(super) height: u64,
    pub(super) now: Timestamp,
    /// What was pending after each block.
    pub(super) taken: Vec<Pending>,
    /// What became of motions.
    pub(super) ended: Vec<Ended>,
    nonces: BTreeMap<PublicKey, u64>,
}

/// The id of member m`n`.
pub(super) fn id(n: u8) -> NodeId {
    member(n).id
}

pub(super) fn governor_of(n: u8) -> Address {
    Address::of(&governor(n).public())
}

pub(super) fn add(n: u8) -> MemberChange {
    MemberChange::prove(member(n), &key(n))
}

pub(super) fn remove(n: u8) -> MemberChange {
    MemberChange::Remove { id: id(n) }
}

pub(super) fn give_governor(n: u8, governor: Address) -> MemberChange {
    MemberChange::Governor { id: id(n), governor }
}

impl Town {
    /// With the members m1 to m`n`.
    pub(super) fn of(n: u8) -> Self {
        Self::with((1..=n).map(member))
    }

    pub(super) fn with(members: impl IntoIterator<Item = Member>) -> Self {
        let mut town = Self {
            world: World::new(&genesis()),
            height: 0,
            now: Timestamp(1_000_000_000_000),
            taken: Vec::new(),
            ended: Vec::new(),
            nonces: BTreeMap::new(),
        };
        let roster = Roster::new(Base::default(), members).unwrap();
        town.write(|layer| layer.write(Key::Roster, &roster));
        town.take();
        town
    }

    /// Writes to the state. Undoing it restores every row.
    pub(super) fn write<T>(&mut self, write: impl FnOnce(&mut Layer<'_>) -> Result<T, StateError>) -> T {
        let before = self.world.clone();
        let lower = Rows::new();
        let mut layer = Layer::new(Some(&before), &lower);
        let written = write(&mut layer).unwrap();
        self.ended.extend(layer.take_ended());
        let Written { rows, undo, .. } = layer.finish().unwrap();
        self.world.apply(&Change { rows, ..Change::default() });
        let mut undone = self.world.clone();
        undone.apply(&Change { rows: undo.0.into_iter().collect(), ..Change::default() });
        assert_eq!(undone.rows(), before.rows());
        written
    }

    pub(super) fn read<T>(&self, read: impl FnOnce(&Layer<'_>) -> Result<T, StateError>) -> T {
        let lower = Rows::new();
        read(&Layer::new(Some(&self.world), &lower)).unwrap()
    }

    pub(super) fn nonce(&self, by: &SecretKey) -> u64 {
        self.nonces.get(&by.public()).copied().unwrap_or_default()
    }

    /// Puts a transaction into a block of its own, a second after the last one.
    pub(super) fn act(&mut self, by: &SecretKey, action: Action) -> Transaction {
        let nonce = self.nonce(by);
        self.nonces.insert(by.public(), nonce + 1);
        let transaction = Transaction::sign(&NETWORK, by, nonce, 0, u64::MAX, action);
        let checked = transaction.clone().check(&NETWORK).unwrap();
        self.height += 1;
        self.now.0 += 1_000;
        let at = Moment { height: self.height, index: 0, time: self.now, transaction: checked.id() };
        self.write(|layer| apply(layer, &checked, at));
        self.take();
        transaction
    }

    fn take(&mut self) {
        self.taken.push(pending_at(&self.world, self.height).unwrap());
    }

    pub(super) fn pass_time(&mut self, millis: u64) {
        self.now.0 += millis;
    }

    /// Moves something for 30 days. Returns the motion's id.
    pub(super) fn move_by(&mut self, by: &SecretKey, change: MemberChange) -> Hash {
        let until = Timestamp(self.now.0 + 30 * DAY);
        let motion = Motion { change, reason: Text::default(), until };
        self.act(by, Action::from(motion)).motion().unwrap()
    }

    pub(super) fn moves(&mut self, n: u8, change: MemberChange) -> Hash {
        self.move_by(&governor(n), change)
    }

    pub(super) fn cast_by(&mut self, by: &SecretKey, motion: Hash, yes: bool) {
        self.act(by, Action::Ballot { motion, yes });
    }

    pub(super) fn say(&mut self, n: u8, motion: Hash, yes: bool) {
        self.cast_by(&governor(n), motion, yes);
    }

    /// Changes the keys of member m`n`, by `by`.
    pub(super) fn keys_by(
        &mut self,
        by: &SecretKey,
        n: u8,
        key: Option<&SecretKey>,
        governor: Option<Address>,
    ) {
        let keys = Keys::prove(&NETWORK, &by.public(), self.nonce(by), id(n), key, governor);
        self.act(by, Action::from(keys));
    }

    /// A handover block that proves the block at `target` final.
    pub(super) fn hand_over(&mut self, target: u64) -> Option<Roster> {
        self.height += 1;
        self.now.0 += 1_000;
        let (base, time) = (self.base(), self.now);
        let handed = self.write(|layer| hand_over(layer, target, base, time));
        self.take();
        if let Some(roster) = &handed {
            assert_eq!((roster, roster.base()), (&self.roster(), base));
        }
        handed
    }

    /// The base that the last block is, if it is one.
    pub(super) fn base(&self) -> Base {
        let mut parent = [0; 32];
        parent[..8].copy_from_slice(&self.height.to_le_bytes());
        Base::Block { parent: Hash(parent), height: self.height }
    }

    /// Applies what has passed. Returns the members' ids.
    pub(super) fn apply_all(&mut self) -> Vec<NodeId> {
        self.hand_over(self.height);
        self.ids()
    }

    pub(super) fn ids(&self) -> Vec<NodeId> {
        let mut ids: Vec<_> = self.roster().members().iter().map(|member| member.id.clone()).collect();
        ids.sort();
        ids
    }

    pub(super) fn member(&self, n: u8) -> Member {
        self.roster().by_id(&id(n)).unwrap().clone()
    }

    /// Moved by the first and said yes to by the others.
    pub(super) fn decide(&mut self, by: &[u8], change: MemberChange) {
        let id = self.moves(by[0], change);
        by[1..].iter().for_each(|n| self.say(*n, id, true));
    }

    pub(super) fn roster(&self) -> Roster {
        roster(&self.world).unwrap()
    }

    pub(super) fn passed(&self) -> Vec<Passed> {
        passed(&self.world).unwrap()
    }

    /// The changes that have passed by vote.
    pub(super) fn changes(&self) -> Vec<MemberChange> {
        let change = |passed: Passed| match passed.decision {
            Decision::Motion { change, .. } => Some(change),
            Decision::Keys { .. } => None,
        };
        self.passed().into_iter().filter_map(change).collect()
    }

    pub(super) fn open(&self) -> Vec<Hash> {
        self.read(read_motions).iter().map(|open| open.id).collect()
    }

    pub(super) fn motion(&self, id: &Hash) -> Option<OpenMotion> {
        self.read(|layer| read_motion(layer, id))
    }

    pub(super) fn is_open(&self, id: &Hash) -> bool {
        assert_eq!(self.motion(id).is_some(), self.open().contains(id), "a motion without its row");
        self.motion(id).is_some()
    }

    pub(super) fn verdict(&self, id: &Hash) -> Option<Verdict> {
        motion(&self.world, id, self.now).unwrap().map(|open| open.tally.verdict())
    }
}

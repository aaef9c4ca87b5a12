use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;

use super::super::DropReason;
use super::*;
use crate::crypto::SecretKey;
use crate::id::NodeId;
use crate::ledger::governance::{Keys, MemberChange, Motion};
use crate::ledger::{Address, Genesis, NetworkSpec, Origin, Room, Transaction};
use crate::testing::{Node, address, governor, key, member, pay, spec, text};
use crate::time::Timestamp;

const HOUR: Duration = Duration::from_secs(3_600);

/// A mempool on the chain of a network of the members m1, m2, m3 and m9, whose governors have no coins.
struct Town {
    node: Node,
    pool: Mempool,
}

impl Town {
    fn new(limits: Limits) -> Self {
        let members = [1, 2, 3, 9].map(member).into();
        let genesis = Genesis::new(NetworkSpec { members, ..spec("free", 1_000_000) }).unwrap();
        Self { node: Node::of(Arc::new(genesis)), pool: Mempool::new(limits) }
    }

    fn sign(&self, by: &SecretKey, nonce: u64, fee: u64, action: Action) -> CheckedTransaction {
        let network = self.node.network();
        Transaction::sign(&network, by, nonce, fee, u64::MAX, action).check(&network).unwrap()
    }

    fn motion_until(&self, by: &SecretKey, nonce: u64, open: Duration) -> CheckedTransaction {
        let until = self.node.chain.tip().time.after(open);
        let change = MemberChange::Remove { id: id(1) };
        self.sign(by, nonce, 0, Action::from(Motion { change, reason: text(""), until }))
    }

    fn motion(&self, by: &SecretKey, nonce: u64) -> CheckedTransaction {
        self.motion_until(by, nonce, 48 * HOUR)
    }

    fn ballot(&self, by: &SecretKey, nonce: u64, motion: Hash, yes: bool) -> CheckedTransaction {
        self.sign(by, nonce, 0, Action::Ballot { motion, yes })
    }

    fn keys(&self, by: &SecretKey, nonce: u64, n: u8) -> CheckedTransaction {
        let new = Some(Address::of(&governor(80 + n).public()));
        let keys = Keys::prove(&self.node.network(), &by.public(), nonce, id(n), Some(&key(90 + n)), new);
        self.sign(by, nonce, 0, Action::from(keys))
    }

    fn take(&mut self, transaction: &CheckedTransaction) -> Result<Vec<Dropped>, MempoolError> {
        let (view, payer) = (self.node.world(), transaction.payer());
        let height = self.node.chain.tip().height + 1;
        let account = self.pool.account(&payer).unwrap_or_else(|| view.account(&payer).unwrap());
        let judged = self.pool.would_take((view, height), account, transaction).unwrap();
        let taken = self.pool.take(Time::default(), (view, height), account, transaction.clone()).unwrap();
        assert_eq!(judged, taken.as_ref().map(|_| ()).map_err(Clone::clone), "a dry run says what happens");
        self.pool.check_invariants(height);
        taken
    }

    fn takes(&mut self, transaction: &CheckedTransaction) -> bool {
        match self.take(transaction) {
            Ok(_) => true,
            Err(MempoolError::Fee { .. }) => false,
            Err(error) => panic!("{error}"),
        }
    }

    fn mine(&mut self, transactions: &[&CheckedTransaction]) {
        self.node.mine(transactions.iter().map(|one| (***one).clone()).collect());
        self.pool = Mempool::new(self.pool.limits);
    }
}

fn id(n: u8) -> NodeId {
    member(n).id
}

#[test]
fn a_governor_moves_once_a_day_without_coins() {
    let mut town = Town::new(Limits::default());
    let first = town.motion(&governor(1), 0);
    assert!(town.takes(&first));
    let second = town.motion_until(&governor(1), 1, 72 * HOUR);
    assert!(!town.takes(&second), "one waits");
    let stranger = town.motion(&key(1), 0);
    assert!(!town.takes(&stranger), "the member key's address does not speak for the member");
    town.mine(&[&first]);
    assert!(!town.takes(&second), "one was moved today");
    let other = town.motion(&governor(2), 0);
    assert!(town.takes(&other), "others have their own");
    town.node.now = town.node.now.after(30 * HOUR);
    let late = town.node.block_on(&town.node.chain.tip().clone(), 25 * 3_600_000, Vec::new(), 9);
    town.node.now = town.node.now.max(late.header.time);
    town.node.give(&late, Origin::Own).unwrap();
    let third = town.motion(&governor(1), 1);
    assert!(town.takes(&third), "a day later");
}

#[test]
fn a_motion_that_would_count_for_nothing_is_not_free() {
    let mut town = Town::new(Limits::default());
    for open in [HOUR, 24 * HOUR, 25 * HOUR - Duration::from_millis(1), (90 * 24 + 1) * HOUR] {
        let motion = town.motion_until(&governor(1), 0, open);
        assert!(!town.takes(&motion), "{open:?}");
    }
    for (n, open) in [(1, 25 * HOUR), (2, 90 * 24 * HOUR)] {
        let motion = town.motion_until(&governor(n), 0, open);
        assert!(town.takes(&motion), "{open:?}");
    }
}

#[test]
fn whoever_is_missing_says_the_first_word_without_coins() {
    let mut town = Town::new(Limits::default());
    let moved = town.motion(&governor(2), 0);
    let motion = moved.motion().unwrap();
    let early = town.ballot(&governor(1), 0, motion, true);
    assert!(!town.takes(&early), "there is no such motion yet");
    town.mine(&[&moved]);
    assert!(town.takes(&early), "who is to be removed has a say like all");
    let again = town.ballot(&governor(1), 1, motion, false);
    assert!(!town.takes(&again), "its first word waits");
    let mover = town.ballot(&governor(2), 1, motion, false);
    assert!(!town.takes(&mover), "it has said yes by moving");
    for stranger in [key(1), key(5), governor(5)] {
        let ballot = town.ballot(&stranger, 0, motion, true);
        assert!(!town.takes(&ballot));
    }
    town.mine(&[&early]);
    assert!(!town.takes(&again), "it has said its first word");
}

#[test]
fn a_candidate_and_a_member_with_a_lost_governor_speak_without_coins() {
    let mut town = Town::new(Limits::default());
    let until = town.node.chain.tip().time.after(48 * HOUR);
    let motion = |change| Action::from(Motion { change, reason: text(""), until });
    let add = town.sign(&governor(1), 0, 0, motion(MemberChange::prove(member(7), &key(7))));
    let lost = MemberChange::Governor { id: id(3), governor: Address::of(&governor(8).public()) };
    let lost = town.sign(&governor(2), 0, 0, motion(lost));
    assert!(town.takes(&add) && town.takes(&lost));
    town.mine(&[&add, &lost]);
    let candidate = town.ballot(&governor(7), 0, add.motion().unwrap(), true);
    // Key 3 was given coins, and could pay.
    let by_key = town.ballot(&key(3), 0, lost.motion().unwrap(), true);
    let by_lost = town.ballot(&governor(3), 0, lost.motion().unwrap(), false);
    assert!(town.takes(&candidate) && town.takes(&by_key) && !town.takes(&by_lost));
}

#[test]
fn own_keys_are_free_while_none_waits() {
    let mut town = Town::new(Limits::default());
    let keys = town.keys(&governor(1), 0, 1);
    let by_other = town.keys(&governor(2), 0, 1);
    assert!(!town.takes(&by_other));
    assert!(town.takes(&keys));
    let next = town.keys(&governor(1), 1, 1);
    assert!(!town.takes(&next), "one is on its way");
    town.mine(&[&keys]);
    assert!(!town.takes(&next), "one waits for its handover");
}

#[test]
fn what_takes_anothers_place_pays() {
    let mut town = Town::new(Limits::default());
    let free = town.motion(&governor(1), 0);
    assert!(town.takes(&free));
    let Action::Motion(motion) = &free.action else { panic!("a motion") };
    let dearer = town.sign(&governor(1), 0, 1, Action::Motion(motion.clone()));
    assert!(!town.takes(&dearer), "or it would be relayed again for each unit");
}

#[test]
fn what_is_free_has_its_part_of_the_pool_and_no_more() {
    // Three of the members' motions fit, and eight times as many others.
    let mut town = Town::new(Limits { max_transactions: 24, ..Limits::default() });
    let genesis = town.node.chain.genesis().clone();
    let network = town.node.network();
    for nonce in 0..24 {
        let paid = pay(&genesis, 1 + (nonce % 4) as u8, nonce / 4, 2, 1, 230).check(&network).unwrap();
        assert_eq!(town.take(&paid), Ok(Vec::new()));
    }
    let motions: Vec<_> = [1, 2, 3, 9].map(|n| town.motion(&governor(n), 0)).into();
    let dropped: Vec<_> = motions[..3].iter().flat_map(|motion| town.take(motion).unwrap()).collect();
    assert!(matches!(&dropped[..], [(_, DropReason::Evicted), ..]), "in the place of what pays");
    assert!(!town.takes(&motions[3]), "an eighth is full");
    // Whoever pays more pushes out what pays less, but nothing that is free.
    let mut pushed = 0;
    for fee in 300..340 {
        let from = 1 + (fee % 4) as u8;
        let nonce = town.pool.pending(&address(from)).map_or(0, |account| account.nonce);
        let paid = pay(&genesis, from, nonce, 2, 1, fee).check(&network).unwrap();
        pushed += town.take(&paid).map_or(0, |dropped| dropped.len());
    }
    assert!(pushed > 0 && motions[..3].iter().all(|motion| town.pool.get(&motion.id()).is_some()));
}

#[test]
fn what_is_free_goes_first_and_takes_an_eighth_of_a_block() {
    let mut town = Town::new(Limits::default());
    let genesis = town.node.chain.genesis().clone();
    let network = town.node.network();
    let motions: Vec<_> = [1, 2, 3].map(|n| town.motion(&governor(n), 0)).into();
    assert!(motions.iter().all(|motion| town.takes(motion)));
    let paid = pay(&genesis, 1, 0, 2, 1, 500).check(&network).unwrap();
    assert!(town.takes(&paid));
    let size = motions[0].size();
    let chosen = |room, most| -> (usize, usize) {
        let chosen = town.pool.select(Room { bytes: room, count: most, gas: None });
        let free = chosen.iter().take_while(|one| one.motion().is_some()).count();
        (free, chosen.len() - free)
    };
    assert_eq!(chosen(16 * size, 100), (2, 1));
    assert_eq!(chosen(16 * size - 1, 100), (1, 1));
    assert_eq!(chosen(8 * size - 1, 100), (0, 1));
    assert_eq!(chosen(usize::MAX, 8), (1, 1));
    assert_eq!(chosen(usize::MAX, 17), (3, 1));
}

#[test]
fn what_pays_is_judged_like_anything_else() {
    let mut town = Town::new(Limits::default());
    // Key 1 holds coins and governs nobody.
    let Action::Motion(motion) = &town.motion(&key(1), 0).action else { panic!("a motion") };
    let motion = Motion { until: Timestamp(0), ..(**motion).clone() };
    let paid = town.sign(&key(1), 0, 500, Action::from(motion));
    assert!(town.takes(&paid));
    assert_eq!(town.pool.free, Free::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The counts are those of what waits, however it comes and leaves.
    #[test]
    fn what_leaves_gives_back_its_part(steps in prop::collection::vec((0..4_u8, 1..4_u8), 1..20)) {
        let mut town = Town::new(Limits::default());
        let height = town.node.chain.tip().height + 1;
        for (step, who) in steps {
            let by = governor(who);
            let address = Address::of(&by.public());
            let next = town.pool.pending(&address).map_or(0, |account| account.nonce);
            match step {
                0 => drop(town.take(&town.motion(&by, next))),
                1 => drop(town.take(&town.keys(&by, next, who))),
                // Its first one is in a block.
                2 => {
                    let account = town.pool.account(&address).unwrap_or_default();
                    let account = Account { nonce: account.nonce + 1, ..account };
                    town.pool.moved(&address, account, height, &BTreeSet::new());
                }
                _ => drop(town.pool.expire(Time::default().after(town.pool.limits.expiry))),
            }
            town.pool.check_invariants(height);
        }
    }
}

#[test]
fn where_no_fee_is_asked_strangers_leave_members_their_part_of_the_room() {
    let limits = Limits { max_transactions: 16, min_fee_per_byte: 0, ..Limits::default() };
    let mut town = Town::new(limits);
    for stranger in 100..116 {
        let motion = town.motion(&key(stranger), 0);
        town.take(&motion).unwrap();
    }
    let motion = town.motion(&governor(1), 0);
    assert_eq!(town.take(&motion).unwrap().len(), 1, "one of them leaves");
}

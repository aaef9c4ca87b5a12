//! The chain, given blocks in any order, on any branch, valid or not, over restarts and lost undo records. A fresh replay judges it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bouya_core::codec::encode;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{
    Account, Block, Branch, Chain, CheckedTransaction, Key, Origin, Plan, PlanError, Ready, Replay, Step,
    Transaction, TransactionError, View, World,
};
use bouya_core::time::Timestamp;

use crate::choices::Choices;
use crate::{small, tame};

use self::damaged::Damaged;

mod damaged;
mod judge;

/// The most blocks that one run makes.
const BLOCKS: usize = 48;

/// A block that was made in this run.
struct Made {
    block: Arc<Block>,
    /// The branch that ends in it.
    branch: Branch,
    /// Its parent's place in `made`; none: the genesis block.
    parent: Option<usize>,
    /// The replay of the chain up to it; none: this block or one before it is invalid.
    replay: Option<Replay>,
}

struct Machine {
    made: Vec<Made>,
    world: World,
    chain: Chain,
    /// How many blocks may be stored off the best chain.
    room: usize,
    now: Timestamp,
    checked: Checked,
}

type Checked = BTreeMap<Hash, Result<CheckedTransaction, TransactionError>>;

/// When nothing is left to do, the tip is the best stored branch that a replay accepts, and the world equals the replay's, row by row.
pub fn chain(data: &[u8]) {
    let mut choices = Choices::new(data);
    let genesis = small::genesis();
    let world = World::new(&genesis);
    let mut machine = Machine {
        chain: Chain::load(genesis.clone(), &world).expect("a new chain"),
        world,
        made: Vec::new(),
        room: if choices.one_in(2) { usize::from(choices.u8() % 8) } else { usize::MAX },
        now: Timestamp(genesis.header.time.0 + 50_000),
        checked: BTreeMap::new(),
    };
    machine.chain.set_side_room(machine.room);
    for _ in 0..200 {
        if choices.is_empty() {
            break;
        }
        machine.step(&mut choices);
        machine.check();
    }
    machine.finish();
}

impl Machine {
    fn step(&mut self, choices: &mut Choices<'_>) {
        match choices.u8() % 16 {
            0..=6 => self.make(choices),
            7..=9 => self.deliver(choices),
            10..=12 => {
                self.advance();
            }
            13 => self.restart(),
            14 => self.damage(choices),
            _ if choices.one_in(3) => self.world.forget_undo(),
            _ => self.now.0 += u64::from(choices.u16()),
        }
    }

    /// Replays the chain that ends in `at`.
    fn replay(&mut self, at: Option<usize>) -> Result<Replay, PlanError> {
        let mut replay = Replay::new(small::genesis());
        let path = self.path(at);
        let mut check = remembering(&mut self.checked);
        for index in path {
            replay.push(&self.made[index].block, &mut check)?;
        }
        Ok(replay)
    }

    /// The places of the blocks of the chain that ends in `at`, lowest first.
    fn path(&self, at: Option<usize>) -> Vec<usize> {
        let mut path: Vec<usize> = std::iter::successors(at, |at| self.made[*at].parent).collect();
        path.reverse();
        path
    }

    /// Makes a block on any block there is, mostly a good one.
    fn make(&mut self, choices: &mut Choices<'_>) {
        if self.made.len() >= BLOCKS {
            return self.deliver(choices);
        }
        // The newest block is the likeliest parent, so that chains grow long.
        let parent = match choices.u8() % 4 {
            0 => (!self.made.is_empty()).then(|| choices.within(0..self.made.len())),
            1 => None,
            _ => self.made.len().checked_sub(1),
        };
        let genesis = small::genesis();
        let branch = parent.map_or_else(|| genesis.branch(), |at| self.made[at].branch.clone());
        let rows = match parent {
            None => Some(Replay::new(genesis.clone())),
            Some(at) => self.made[at].replay.clone(),
        };
        let account = |n: u8| {
            let row =
                rows.as_ref().and_then(|replay| replay.rows().get(&Key::Account(small::address(n)))?.clone());
            Account::from_row(row).expect("a replay's row")
        };
        let mut nonces: BTreeMap<u8, u64> = (0..8).map(|n| (n, account(n).nonce)).collect();
        let mut transactions = Vec::new();
        for _ in 0..choices.u8() % 4 {
            let (from, to) = (choices.u8() % 8, choices.u8() % 8);
            let mut nonce = nonces.get(&from).copied().unwrap_or_default();
            let mut amount = 1 + account(from).balance / 8;
            let mut until = u64::MAX;
            let kind = choices.u8() % 32;
            match kind {
                0 => nonce = choices.number(),
                1 => amount = choices.number().max(1),
                2 => until = choices.u8().into(),
                _ => (),
            }
            nonces.insert(from, nonce.wrapping_add(1));
            let fee = 1 + u64::from(choices.u8());
            let pay = match kind {
                16.. => small::act(from, nonce, small::said(kind, to), fee),
                _ => small::pay(from, nonce, to, amount, fee, until),
            };
            // A template takes only what was checked.
            if pay.clone().check(&genesis.id()).is_ok() {
                transactions.push(pay);
            }
        }
        let (gap, miner) = (1 + u64::from(choices.u16()), choices.u8() % 8);
        let mut block = Arc::unwrap_or_clone(small::block(&branch, transactions, miner, gap));
        if choices.one_in(16) {
            // A wrong body, and a header that commits to it.
            match choices.u8() % 2 {
                0 => block.body.reward.amount = choices.number(),
                _ => block.body.transactions = bouya_core::codec::Bounded::default(),
            }
            block.header.body = block.body.root(block.header.height);
            block.header.seal(&genesis.id(), &small::key(miner));
            small::mine_again(&mut block);
        }
        let mut after = branch;
        if after.check(&genesis.rules, &block.header).is_err() {
            return;
        }
        after.push(&genesis.rules, &block.header, None);
        let replay = rows.and_then(|mut replay| {
            replay.push(&block, &mut remembering(&mut self.checked)).ok().map(|_| replay)
        });
        self.made.push(Made { block: Arc::new(block), branch: after, parent, replay });
        let at = self.made.len() - 1;
        if !choices.one_in(3) {
            self.give(at, choices.one_in(2));
        }
    }

    fn deliver(&mut self, choices: &mut Choices<'_>) {
        if !self.made.is_empty() {
            self.give(choices.within(0..self.made.len()), choices.one_in(2));
        }
    }

    fn give(&mut self, at: usize, synced: bool) {
        let origin = if synced { Origin::Synced } else { Origin::Pushed };
        let Made { block, branch, parent, replay } = &self.made[at];
        let (block, id, valid) = (block.clone(), branch.id, replay.is_some());
        let parent_known = parent.is_none_or(|parent| self.is_stored(&self.made[parent].branch.id));
        let was = self.is_stored(&id);
        let now = self.now;
        let plan = {
            let mut check = remembering(&mut self.checked);
            self.chain.plan(&self.world, &mut check, now, block.clone(), origin)
        };
        match plan {
            Ok(Plan::Known) => assert!(was, "known, though it was never stored"),
            Ok(Plan::Early { due, bytes }) => {
                let ahead = small::genesis().rules.schedule.ahead_ms();
                assert!(due > now && due.0 + ahead == block.header.time.0);
                assert_eq!(bytes, encode(&*block).len());
            }
            Ok(Plan::Ready(ready)) => {
                assert!(parent_known && !was);
                self.take(ready);
            }
            Err(PlanError::UnknownParent(unknown)) => {
                assert!(!parent_known);
                assert_eq!(unknown, block.header.parent);
            }
            Ok(Plan::Disputed { .. }) => assert!(!valid, "disputed a good block"),
            // What stands on a disputed block may be too, however it comes.
            Err(PlanError::Behind) => assert!(!synced || !valid),
            Err(error) => {
                assert!(!valid, "refused a good block: {error}");
                assert!(!matches!(error, PlanError::State(_) | PlanError::Header(_)), "{error}");
                tame(&error);
            }
        }
    }

    fn is_stored(&self, id: &Hash) -> bool {
        self.world.record(id).expect("a whole world").is_some()
    }

    /// The change is durable first, then the chain takes it in.
    fn take(&mut self, ready: Ready) {
        let before = self.chain.tip().clone();
        self.world.apply(ready.change());
        if let Some(moved) = self.chain.accept(ready) {
            assert_eq!(moved.from, before.id);
            assert_eq!(moved.connected.last(), Some(&self.chain.tip().id));
            assert!(self.chain.tip().beats(&before), "moved to a branch that is not better");
        } else {
            assert_eq!(*self.chain.tip(), before);
        }
        assert_eq!(self.world.tip().expect("a whole world").1, self.chain.tip().id);
    }

    fn advance(&mut self) -> bool {
        let step = self.chain.step(&self.world, &mut remembering(&mut self.checked));
        match step.expect("the world is whole") {
            Step::Idle => {
                assert!(!self.chain.is_behind());
                return false;
            }
            Step::Working => (),
            Step::Ready(ready) => self.take(ready),
            Step::Invalid { id, error } => {
                let made = self.made.iter().find(|made| made.branch.id == id).expect("one of these");
                assert!(made.replay.is_none(), "found a good block invalid: {error}");
                tame(&error);
            }
        }
        true
    }

    /// A restart reads back what was there.
    fn restart(&mut self) {
        let mut again = Chain::load(small::genesis(), &self.world).expect("a whole world");
        again.set_side_room(self.room);
        assert_eq!(again.tip(), self.chain.tip());
        assert_eq!(again.side_blocks(), self.chain.side_blocks());
        let best = |chain: &Chain| chain.side_tips().map(|branch| branch.work).max();
        assert!(best(&again) >= best(&self.chain), "a restart forgets the best side tip");
        self.chain = again;
    }

    /// A store that lost or garbled rows gives an error or an answer, never a panic. Nothing that comes of it is taken in.
    fn damage(&mut self, choices: &mut Choices<'_>) {
        let Some(at) = (!self.made.is_empty()).then(|| choices.within(0..self.made.len())) else { return };
        let block = self.made[at].block.clone();
        let damaged = Damaged {
            world: &self.world,
            lost: choices.u8(),
            every: 1 + choices.u8() % 4,
            garbage: choices.bytes(9),
            side: Vec::new(),
        };
        let mut check = bouya_core::ledger::check_inline(small::genesis().id());
        if let Err(error) = self.chain.plan(&damaged, &mut check, self.now, block, Origin::Synced) {
            tame(&error);
        }
        let side: Vec<Hash> = self.made.iter().map(|made| made.branch.id).take(5).collect();
        let damaged = Damaged { side, ..damaged };
        if let Ok(mut chain) = Chain::load(small::genesis(), &damaged) {
            for _ in 0..40 {
                match chain.step(&damaged, &mut check) {
                    Ok(Step::Working | Step::Invalid { .. }) => (),
                    Ok(Step::Idle | Step::Ready(_)) => break,
                    Err(error) => {
                        tame(&error);
                        break;
                    }
                }
            }
        }
    }
}

/// Checks each signature once: this target is about the chain, not about signatures.
fn remembering(
    checked: &mut Checked,
) -> impl FnMut(&[Transaction]) -> Vec<Result<CheckedTransaction, TransactionError>> {
    let network = small::genesis().id();
    move |transactions| {
        let check = |one: &Transaction| {
            checked.entry(one.id()).or_insert_with(|| one.clone().check(&network)).clone()
        };
        transactions.iter().map(check).collect()
    }
}

pub(crate) fn chain_seeds() -> Vec<Vec<u8>> {
    // The bytes: the room off the best chain, then for each block: parent, transactions, (from, to, kind, fee)…, gap, miner, wrong, delivered,
    // synced.
    let grow = |parent: u8, pays: u8| {
        let pays_bytes: Vec<u8> = (0..pays).flat_map(|n| [n, n + 1, 9, 30]).collect();
        [&[0, parent], &[pays][..], &pays_bytes, &[232, 3, 1, 0, 0, 0]].concat()
    };
    let agree = |kind: u8, to: u8| [0, 2, 1, 0, to, kind, 30, 232, 3, 1, 0, 0, 0].repeat(3);
    let (paying, empty) = (grow(2, 1), grow(2, 0));
    let wrong = vec![0, 2, 0, 232, 3, 1, 15, 0, 7, 0, 0];
    let fork = vec![0, 0, 3, 0, 1, 2, 3, 9, 30, 100, 0, 2, 0, 0, 0];
    let (steps, restart, forget) = (vec![10; 12], vec![13], vec![15, 2]);
    let lost = vec![14, 0, 0, 255, 1, 9];
    let (plenty, none, little) = (vec![0], vec![1, 0], vec![1, 2]);
    vec![
        [plenty.clone(), grow(2, 2).repeat(10), steps.clone()].concat(),
        // Proposed on the trunk, answered on two branches.
        [plenty.clone(), agree(17, 0), fork.clone(), agree(18, 1), agree(20, 0), steps.clone()].concat(),
        [none, paying.repeat(6), fork.clone(), paying.repeat(8), steps.clone(), restart, empty.clone()]
            .concat(),
        [plenty, paying.repeat(4), fork.clone(), empty.repeat(2), wrong, empty.repeat(5), steps.clone()]
            .concat(),
        [little, paying.repeat(8), fork, forget, paying.repeat(9), steps, lost].concat(),
        (0..=255).cycle().map(|n: u8| n.wrapping_mul(37)).take(1_500).collect(),
    ]
}

//! The mempool, between senders, a chain that grows and loses blocks, and the clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{
    Account, Address, Block, CheckedTransaction, Key, Replay, Room, check_inline, contract,
};
use bouya_core::mempool::{Limits, Mempool, MempoolError};
use bouya_core::time::Time;

use crate::choices::Choices;
use crate::{small, tame};

struct Machine {
    pool: Mempool,
    limits: Limits,
    blocks: Vec<Arc<Block>>,
    replay: Replay,
    now: u64,
}

/// After every step the bounds and the order hold. What is refused leaves no trace. What is selected makes a block that executes.
pub fn mempool(data: &[u8]) {
    let mut choices = Choices::new(data);
    let limits = Limits {
        max_bytes: 2_000 + 10 * usize::from(choices.u16() % 2_048),
        max_transactions: choices.within(1..24),
        max_per_sender: choices.within(1..8),
        ..Limits::default()
    };
    let mut machine = Machine {
        pool: Mempool::new(limits),
        limits,
        blocks: Vec::new(),
        replay: Replay::new(small::genesis()),
        now: 0,
    };
    for _ in 0..200 {
        if choices.is_empty() {
            break;
        }
        match choices.u8() % 16 {
            0..=9 => machine.insert(&mut choices),
            10 | 11 => machine.mine(&mut choices),
            12 => machine.revert(&mut choices),
            13 => machine.wait(&mut choices),
            _ => drop(machine.select(&mut choices)),
        }
        machine.check();
    }
}

impl Machine {
    fn account(&self, of: &Address) -> Account {
        let row = self.replay.rows().get(&Key::Account(*of)).cloned().flatten();
        Account::from_row(row).expect("a replay's row")
    }

    fn next_height(&self) -> u64 {
        self.replay.branch().height + 1
    }

    fn insert(&mut self, choices: &mut Choices<'_>) {
        let (from, to) = (choices.u8() % 6, choices.u8() % 6);
        let sender = small::address(from);
        let account = self.account(&sender);
        let expected = self.pool.pending(&sender).unwrap_or(account);
        let nonce = match choices.u8() % 4 {
            0 => account.nonce + u64::from(choices.u8() % 10),
            1 => account.nonce.saturating_sub(1),
            _ => expected.nonce,
        };
        let amount = match choices.u8() % 8 {
            0 => choices.number().max(1),
            1 => expected.balance / 2 + 1,
            _ => 1 + u64::from(choices.u16()),
        };
        let fee = 150 + u64::from(choices.u16()) % 3_000;
        let until =
            if choices.one_in(4) { self.next_height() + u64::from(choices.u8() % 4) } else { u64::MAX };
        let pay = small::pay(from, nonce, to, amount, fee, until);
        let Ok(checked) = pay.check(&small::genesis().id()) else { return };
        let (id, before) = (checked.id(), self.pool.clone());
        let known = self.pool.get(&id).is_some();
        match self.pool.insert(Time::from_millis(self.now), self.next_height(), account, checked) {
            Ok(dropped) => {
                assert!(!known && self.pool.get(&id).is_some());
                assert_eq!(self.pool.len() + dropped.len(), before.len() + 1);
                assert!(
                    dropped.iter().all(|(gone, _)| gone.id() != id && self.pool.get(&gone.id()).is_none())
                );
            }
            Err(error) => {
                assert_eq!(matches!(error, MempoolError::Known), known);
                assert_eq!((self.pool.len(), self.pool.bytes()), (before.len(), before.bytes()));
                assert!(
                    self.pool.iter().map(|t| t.id()).eq(before.iter().map(|t| t.id())),
                    "refused, but it moved others"
                );
                tame(&error);
            }
        }
    }

    /// What a miner would put into a block with this much room.
    fn select(&self, choices: &mut Choices<'_>) -> Vec<CheckedTransaction> {
        let (room, most) = (choices.within(0..5_000), choices.within(0..40));
        let gas = choices.one_in(2).then(|| choices.number());
        let chosen = self.pool.select(Room { bytes: room, count: most, gas });
        assert!(gas.map_or(chosen.iter().all(|one| one.stated().is_none()), |gas| {
            contract::gas(chosen.iter().map(|one| &**one)) <= gas
        }));
        assert!(chosen.len() <= most && chosen.iter().map(|t| t.size()).sum::<usize>() <= room);
        let mut accounts: BTreeMap<Address, Account> = BTreeMap::new();
        for transaction in &chosen {
            let account =
                accounts.entry(transaction.payer()).or_insert_with(|| self.account(&transaction.payer()));
            account.spend(transaction, self.next_height()).expect("selected in an order that executes");
        }
        chosen
    }

    /// A block of what was selected, and sometimes of a transaction that was never in the mempool.
    fn mine(&mut self, choices: &mut Choices<'_>) {
        if self.blocks.len() > 12 {
            return self.revert(choices);
        }
        let mut body: Vec<CheckedTransaction> = self.select(choices);
        if choices.one_in(3) {
            // Another member's block: a transaction that is not in this mempool takes a nonce.
            let from = choices.u8() % 4;
            let nonce = self.account(&small::address(from)).nonce;
            let other = small::pay(from, nonce, 5, 7, 999, u64::MAX).check(&small::genesis().id());
            body.retain(|transaction| transaction.payer() != small::address(from));
            body.extend(other);
        }
        let body = body.into_iter().map(CheckedTransaction::into_inner).collect();
        let block = small::block(self.replay.branch(), body, 1, 1_000);
        let mut check = check_inline(small::genesis().id());
        self.replay.push(&block, &mut check).expect("a template makes a good block");
        let confirmed = block.body.transactions.iter().map(|t| t.id()).collect();
        self.blocks.push(block);
        self.moved(&confirmed);
        for id in confirmed {
            assert!(self.pool.get(&id).is_none(), "confirmed, and still in the mempool");
        }
    }

    /// The best chain loses its last blocks. Their transactions come back if they still fit.
    fn revert(&mut self, choices: &mut Choices<'_>) {
        let keep = self.blocks.len().saturating_sub(1 + usize::from(choices.u8() % 3));
        let gone = self.blocks.split_off(keep);
        self.replay = Replay::new(small::genesis());
        for block in &self.blocks {
            self.replay.push(block, &mut check_inline(small::genesis().id())).expect("it did before");
        }
        self.moved(&BTreeSet::new());
        let back = gone.into_iter().flat_map(|block| block.body.transactions.clone().into_inner());
        for transaction in back {
            let transaction = transaction.check(&small::genesis().id()).expect("it was in a block");
            let account = self.account(&transaction.payer());
            let _ = self.pool.insert(Time::from_millis(self.now), self.next_height(), account, transaction);
        }
    }

    fn moved(&mut self, confirmed: &BTreeSet<Hash>) {
        for sender in self.pool.senders() {
            let account = self.account(&sender);
            for (transaction, _) in self.pool.moved(&sender, account, self.next_height(), confirmed) {
                assert!(!confirmed.contains(&transaction.id()), "confirmed, and reported as dropped");
            }
        }
    }

    fn wait(&mut self, choices: &mut Choices<'_>) {
        self.now += 1_000 * u64::from(choices.u16());
        self.pool.expire(Time::from_millis(self.now));
    }

    fn check(&self) {
        self.pool.check_invariants(self.next_height());
        assert!(
            self.pool.len() <= self.limits.max_transactions && self.pool.bytes() <= self.limits.max_bytes
        );
        assert_eq!(self.pool.is_empty(), self.pool.iter().next().is_none());
        assert_eq!(self.pool.iter().count(), self.pool.len());
        let mut senders: BTreeMap<Address, Vec<u64>> = BTreeMap::new();
        for transaction in self.pool.iter() {
            senders.entry(transaction.payer()).or_default().push(transaction.nonce);
        }
        assert!(senders.keys().copied().eq(self.pool.senders()));
        for (sender, mut nonces) in senders {
            nonces.sort_unstable();
            let first = self.account(&sender).nonce;
            assert!(
                nonces.iter().copied().eq(first..first + nonces.len() as u64),
                "a gap in {nonces:?} from {first}"
            );
            assert!(nonces.len() <= self.limits.max_per_sender);
        }
    }
}

pub(crate) fn mempool_seeds() -> Vec<Vec<u8>> {
    // The bytes: from, to, nonce, amount (2 more), fee (2), until.
    let pay = |from: u8, nonce: u8, fee: u8| vec![0, from, 1, nonce, 7, 5, 0, fee, 2, 0];
    let mine = [10, 136, 19, 39, 0, 0];
    let all: Vec<u8> = (0..6).flat_map(|from| [pay(from, 3, 40), pay(from, 3, 90)].concat()).collect();
    let head = [255, 7, 23, 0, 7, 0];
    let small = [20, 0, 3, 0, 2, 0];
    vec![
        [&head[..], &all, &mine, &all, &[12, 1], &mine, &[13, 255, 255]].concat(),
        [&small[..], &all, &mine, &all, &[12, 0]].concat(),
        [&head[..], &all, &[10, 136, 19, 39, 0, 2, 1], &all, &[12, 2], &all, &mine].concat(),
        (0..=255).cycle().map(|n: u8| n.wrapping_mul(91)).take(1_500).collect(),
    ]
}

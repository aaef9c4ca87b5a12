//! A network with many funded wallets, and their transfers, signed beforehand.

use std::ops::Range;

use bouya_core::codec::{Bounded, Text, encode};
use bouya_core::crypto::{Hash, PublicKey, SecretKey};
use bouya_core::ledger::{
    Action, Address, Allocation, Coin, Genesis, Member, NetworkSpec, Output, Transaction,
};
use bouya_core::time::Timestamp;

use super::counter::Counter;
use super::{BenchError, Stop};
use crate::clock;
use crate::config::network::new_spec;

/// Coins of each wallet at the beginning.
const COINS: &str = "1000000";
/// Above what a node wants for any transaction here.
pub(super) const FEE: u64 = 100_000;
/// Transactions signed between two looks at whether to end.
const PORTION: usize = 1_000;

/// Transactions that are held decoded at once.
const AT_ONCE: usize = 20_000;

/// A transaction and its bytes.
pub(super) struct Signed {
    pub(super) id: Hash,
    pub(super) bytes: Box<[u8]>,
}

/// Who pays whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) wallets: usize,
    /// Addresses that are paid, in turn.
    pub(super) accounts: usize,
}

/// The key of wallet number `n`: the coins are worth nothing, so everybody may know it.
pub(super) fn key(n: usize) -> SecretKey {
    SecretKey::from_seed(&numbered(0xbe, n))
}

/// The address number `n` that is paid. Nobody has its key.
pub(super) fn payee(n: usize) -> Address {
    Address::of(&PublicKey(numbered(0xac, n)))
}

/// The key of the only member's governor: it may deploy.
pub(super) fn governor_key() -> SecretKey {
    SecretKey::from_seed(&[0x90; 32])
}

/// The key of the only member, unless the network's nodes are its members. It seals the chains that are made beforehand.
pub(super) fn member_key() -> SecretKey {
    SecretKey::from_seed(&[0x3e; 32])
}

fn numbered(mark: u8, n: usize) -> [u8; 32] {
    let mut bytes = [mark; 32];
    bytes[..8].copy_from_slice(&(n as u64).to_le_bytes());
    bytes
}

/// Coins for each of these keys.
pub(super) fn allocations(coin: &Coin, keys: impl Iterator<Item = PublicKey>) -> Vec<Allocation> {
    let amount = coin.parse(COINS).unwrap_or(1);
    keys.map(|key| Allocation { address: Address::of(&key), amount }).collect()
}

/// Does the work of these numbers in as many parts as there are cores, and puts what comes out in order.
pub(super) fn on_all_cores<T: Send>(
    numbers: Range<usize>,
    work: impl Fn(Range<usize>) -> Result<Vec<T>, BenchError> + Sync,
) -> Result<Vec<T>, BenchError> {
    let part = numbers.len().div_ceil(super::cores()).max(1);
    let done = std::thread::scope(|scope| {
        let parts = numbers.clone().step_by(part).map(|from| {
            let (until, work) = ((from + part).min(numbers.end), &work);
            scope.spawn(move || work(from..until))
        });
        let parts: Vec<_> = parts.collect();
        parts.into_iter().map(|part| part.join()).collect::<Vec<_>>()
    });
    let mut all = Vec::with_capacity(numbers.len());
    for part in done {
        all.extend(part.map_err(|_| BenchError::System("signing failed".to_owned()))??);
    }
    Ok(all)
}

impl Load {
    /// A network in which the wallets are rich, that began so long ago. Its only member is on no node.
    pub(super) fn spec(
        &self,
        interval_ms: u32,
        difficulty: u64,
        age_ms: u64,
    ) -> Result<NetworkSpec, BenchError> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| BenchError::system("no randomness", error))?;
        let name = Text::try_from("bench".to_owned()).unwrap_or_default();
        let created = Timestamp(clock::wall().0.saturating_sub(age_ms));
        let mut spec = new_spec(name, salt, created, 1.0, interval_ms);
        spec.blocks.initial_difficulty = difficulty.max(1);
        let rich = (0..self.wallets).map(key).chain([governor_key()]);
        spec.allocations = allocations(&spec.coin, rich.map(|key| key.public()));
        let id = "maker".parse().map_err(|error| BenchError::system("no member", error))?;
        let governor = Address::of(&governor_key().public());
        let (key, name) = (member_key().public(), Text::default());
        spec.members = vec![Member { id, key, governor, name }];
        Ok(spec)
    }

    /// Transfers `from..until`: number n is of wallet n modulo the wallets, so that each wallet's nonces come in order.
    pub(super) fn sign(
        &self,
        network: &Hash,
        numbers: Range<usize>,
        stop: &Stop,
    ) -> Result<Vec<Transaction>, BenchError> {
        self.sign_each(network, numbers, stop, |number| {
            let outputs = Bounded::truncated([Output { to: payee(number % self.accounts), amount: 1 }]);
            (FEE, Action::Transfer { outputs, memo: Text::default() })
        })
    }

    /// Calls that count instead: each number goes to the slot that a transfer's account would be.
    pub(super) fn sign_calls(
        &self,
        network: &Hash,
        counter: &Counter,
        (numbers, fee): (Range<usize>, impl Fn(usize) -> u64 + Sync),
        stop: &Stop,
    ) -> Result<Vec<Transaction>, BenchError> {
        self.sign_each(network, numbers, stop, |number| (fee(number), counter.count(number % self.accounts)))
    }

    /// What each number does, for which fee; it is of wallet n modulo the wallets.
    fn sign_each(
        &self,
        network: &Hash,
        numbers: Range<usize>,
        stop: &Stop,
        act: impl Fn(usize) -> (u64, Action) + Sync,
    ) -> Result<Vec<Transaction>, BenchError> {
        let keys: Vec<SecretKey> = (0..self.wallets.min(numbers.end)).map(key).collect();
        on_all_cores(numbers, |numbers| self.sign_part(network, &keys, (numbers, &act), stop))
    }

    /// The same as bytes, which is all that is kept of them: many are signed.
    pub(super) fn sign_bytes(
        &self,
        network: &Hash,
        count: usize,
        stop: &Stop,
    ) -> Result<Vec<Signed>, BenchError> {
        let mut all = Vec::with_capacity(count);
        for from in (0..count).step_by(AT_ONCE) {
            let signed = self.sign(network, from..count.min(from + AT_ONCE), stop)?;
            all.extend(signed.iter().map(Signed::from));
        }
        Ok(all)
    }

    fn sign_part(
        &self,
        network: &Hash,
        keys: &[SecretKey],
        (numbers, act): (Range<usize>, impl Fn(usize) -> (u64, Action)),
        stop: &Stop,
    ) -> Result<Vec<Transaction>, BenchError> {
        let mut signed = Vec::with_capacity(numbers.len());
        for number in numbers {
            if signed.len() % PORTION == 0 {
                stop.check()?;
            }
            let Some(key) = keys.get(number % self.wallets) else { break };
            let nonce = (number / self.wallets) as u64;
            let (fee, action) = act(number);
            signed.push(Transaction::sign(network, key, nonce, fee, u64::MAX, action));
        }
        Ok(signed)
    }
}

pub(super) fn genesis(spec: NetworkSpec) -> Result<Genesis, BenchError> {
    Genesis::new(spec).map_err(|error| BenchError::Usage(error.to_string()))
}

impl From<&Transaction> for Signed {
    fn from(transaction: &Transaction) -> Self {
        let bytes = encode(transaction);
        Self { id: transaction.id(), bytes: bytes.into() }
    }
}

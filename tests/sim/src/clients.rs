//! People with wallets. They pay, record and agree through any node that they reach, and try again until a block holds it.

use bouya_core::codec::Bounded;
use bouya_core::crypto::{Hash, SecretKey, sha256};
use bouya_core::ledger::contract::{Call, Deploy, Stated};
use bouya_core::ledger::{Action, Address, Content, Output, Proposal, Response, Transaction};
use bouya_core::random::Random;
use bouya_core::testing::contract::{OBEYS, module, orders};
use bouya_core::testing::text;
use bouya_core::time::Timestamp;

use crate::node::{EPOCH, key};

/// How many wallets there are.
pub(crate) const WALLETS: usize = 6;
/// Coins of each wallet at the beginning.
pub(crate) const COINS: u64 = 10_000_000;
/// Above the lowest fee of any transaction that is made here.
const FEE: u64 = 4_000;
/// Gas of a call, and of a deployment.
const GAS: u64 = 1_000_000;

/// A wallet and everything that it has signed, by nonce.
pub(crate) struct Wallet {
    pub(crate) key: SecretKey,
    pub(crate) address: Address,
    pub(crate) signed: Vec<Transaction>,
}

/// All wallets, and the agreements that they have proposed.
pub(crate) struct Clients {
    pub(crate) wallets: Vec<Wallet>,
    network: Hash,
    agreements: Vec<(Hash, Hash)>,
    /// The contract, once somebody has deployed it.
    contract: Option<(Address, Stated)>,
    rng: Random,
}

impl Clients {
    pub(crate) fn new(network: Hash, rng: Random) -> Self {
        let wallet = |key: SecretKey| Wallet { address: Address::of(&key.public()), key, signed: Vec::new() };
        let wallets = (0..WALLETS).map(|n| wallet(key(9, n))).collect();
        Self { wallets, network, agreements: Vec::new(), contract: None, rng }
    }

    /// What a governor deploys, if nobody has: a contract that does what its callers say.
    pub(crate) fn deployment(&self) -> Option<Action> {
        if self.contract.is_some() {
            return None;
        }
        let code = wat::parse_str(module(OBEYS)).expect("a module");
        let code = code.try_into().expect("a small one");
        Some(Deploy { code, input: Bounded::default(), value: 1_000, gas: GAS }.into())
    }

    /// Somebody has signed a deployment. Until it is confirmed, and if it never is, calls fail.
    pub(crate) fn deployed(&mut self, transaction: &Transaction) {
        self.contract = transaction.contract().zip(transaction.stated());
    }

    /// Which wallet acts next.
    pub(crate) fn pick(&mut self) -> usize {
        self.rng.index(WALLETS)
    }

    /// Signs something new.
    pub(crate) fn sign(&mut self, who: usize, now: u64) -> Transaction {
        let nonce = self.wallets[who].signed.len() as u64;
        let action = self.action(who, now);
        let wallet = &mut self.wallets[who];
        let transaction = Transaction::sign(&self.network, &wallet.key, nonce, FEE, u64::MAX, action);
        if let (Action::Propose(proposal), Some(id)) = (&transaction.action, transaction.agreement()) {
            self.agreements.push((id, proposal.document));
        }
        wallet.signed.push(transaction.clone());
        transaction
    }

    fn action(&mut self, who: usize, now: u64) -> Action {
        let rng = &mut self.rng;
        let document = sha256(&rng.next_u64().to_le_bytes());
        let other = (who + 1 + rng.index(WALLETS - 1)) % WALLETS;
        match rng.below(12) {
            0 => {
                let content = Content::Document { hash: document, name: text("paper") };
                Action::Record { topic: text("papers"), content }
            }
            1 => Action::Propose(Proposal {
                title: text("deed"),
                document,
                parties: Bounded::truncated([self.wallets[other].address]),
                deadline: Timestamp(EPOCH + now + rng.within(60_000, 3_600_000)),
            }),
            2..4 if !self.agreements.is_empty() => {
                let (agreement, document) = self.agreements[rng.index(self.agreements.len())];
                let response = if rng.chance(0.7) { Response::Sign } else { Response::Refuse };
                Action::Respond { agreement, document, response }
            }
            4 if !self.agreements.is_empty() => {
                let (agreement, _) = self.agreements[rng.index(self.agreements.len())];
                Action::Withdraw { agreement }
            }
            5..8 if let Some((contract, stated)) = self.contract => {
                let payees = [self.wallets[other].address, self.wallets[who].address, contract];
                let to = [payees[rng.index(3)], payees[rng.index(3)]];
                let rest = (rng.below(9) as u8, rng.below(200) as u8, rng.chance(0.3));
                let input = orders(to, [rng.below(900), rng.below(900)], rest);
                // Sometimes of code that it does not have.
                let size = if rng.chance(0.1) { 1 } else { stated.size };
                let (input, value) = (Bounded::truncated(input), rng.below(900));
                Call { contract, code: stated.code, size, input, value, gas: GAS }.into()
            }
            _ => {
                let output = Output { to: self.wallets[other].address, amount: rng.within(1, 900) };
                Action::Transfer { outputs: Bounded::truncated([output]), memo: Default::default() }
            }
        }
    }
}

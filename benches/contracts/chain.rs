//! A chain on the disk, of a network of as many members as there may be, on which contracts run.

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bouya::store::Store;
use bouya_core::codec::{Bounded, Text};
use bouya_core::crypto::{Hash, PublicKey, SecretKey};
use bouya_core::ledger::contract::{Call, Deploy, Report, Stated, try_out};
use bouya_core::ledger::{
    Action, Address, Allocation, BlockOutcome, BlockRules, CheckedTransaction, Coin, Disk as _, Genesis,
    Header, Ledger, Member, NetworkSpec, Origin, Rows, StateAt, Template, Transaction, View as _,
};
use bouya_core::limits::{
    BLOCK_BYTES, EMPTY_BLOCK_BYTES, GAS_TRANSLATE_BYTE, TRANSACTIONS_PER_BLOCK, VOTERS,
};
use bouya_core::time::Timestamp;
use rustix::fs::{Advice, fadvise};
use tempfile::TempDir;

/// A network's usual interval, in milliseconds.
pub(crate) const INTERVAL_MS: u32 = 10_000;
const COINS: u64 = 1 << 60;

/// A contract on the chain.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) address: Address,
    code: Hash,
    size: u32,
}

impl Made {
    /// Gas that making its code ready counts in a block.
    pub(crate) fn ready(&self) -> u64 {
        u64::from(self.size) * GAS_TRANSLATE_BYTE
    }
}

/// Transactions on their way into a block.
#[derive(Default)]
pub(crate) struct Filling {
    transactions: Vec<Transaction>,
    codes: BTreeSet<Hash>,
    gas: u64,
    bytes: usize,
}

impl Filling {
    /// Whether this one fits too.
    pub(crate) fn has_room(&self, transaction: &Transaction, gas_per_block: u64) -> bool {
        self.gas + self.gas_of(transaction) <= gas_per_block
            && self.bytes + transaction.size() <= BLOCK_BYTES - EMPTY_BLOCK_BYTES
            && self.transactions.len() < TRANSACTIONS_PER_BLOCK
    }

    fn gas_of(&self, transaction: &Transaction) -> u64 {
        let known = |stated: &Stated| self.codes.contains(&stated.code);
        transaction.stated().map_or(0, |stated| if known(&stated) { stated.gas } else { stated.all() })
    }

    pub(crate) fn push(&mut self, transaction: Transaction) {
        self.gas += self.gas_of(&transaction);
        self.bytes += transaction.size();
        self.codes.extend(transaction.stated().map(|stated| stated.code));
        self.transactions.push(transaction);
    }
}

/// What a block took.
pub(crate) struct Took {
    /// Gas that it states, which the rule bounds.
    pub(crate) gas: u64,
    pub(crate) calls: usize,
    /// To execute it and make it durable, signatures apart.
    pub(crate) time: Duration,
}

pub(crate) struct OnDisk {
    folder: TempDir,
    genesis: Arc<Genesis>,
    ledger: Ledger<Store>,
    /// Nonces of who pays, and of who deploys.
    nonces: [u64; 2],
}

fn numbered(mark: u8, n: usize) -> SecretKey {
    let mut seed = [mark; 32];
    seed[..8].copy_from_slice(&(n as u64).to_le_bytes());
    SecretKey::from_seed(&seed)
}

/// Who pays for calls, and who deploys.
fn keys() -> [SecretKey; 2] {
    [numbered(0xbe, 0), numbered(0x90, 0)]
}

fn member(n: usize) -> Member {
    let name = Text::try_from("A member with a name as long as that of a firm".to_owned()).unwrap();
    let (key, governor) = (numbered(0x3e, n).public(), Address::of(&numbered(0x90, n).public()));
    Member { id: format!("member-{n}").parse().unwrap(), key, governor, name }
}

impl OnDisk {
    pub(crate) fn new() -> Self {
        let rich = |key: SecretKey| Allocation { address: Address::of(&key.public()), amount: COINS };
        let name = Text::try_from("bench".to_owned()).unwrap();
        let coin = Coin { symbol: Text::try_from("T".to_owned()).unwrap(), decimals: 0 };
        let spec = NetworkSpec {
            members: (0..VOTERS).map(member).collect(),
            allocations: keys().map(rich).to_vec(),
            version: Header::CONTRACTS,
            ..NetworkSpec::new(name, Timestamp(1_000_000), coin, BlockRules::new(INTERVAL_MS, 1, 50))
        };
        let genesis = Arc::new(Genesis::new(spec).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), genesis.clone()).unwrap();
        let ledger = Ledger::load(genesis.clone(), store).unwrap();
        Self { folder, genesis, ledger, nonces: [0; 2] }
    }

    /// Gas that a block may state.
    pub(crate) fn gas_per_block(&self) -> u64 {
        self.genesis.rules.gas_per_block
    }

    fn file(&self) -> File {
        File::open(self.folder.path().join("chain.redb")).unwrap()
    }

    /// Bytes of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.file().metadata().unwrap().len()
    }

    fn sign(&mut self, who: usize, action: impl Into<Action>) -> Transaction {
        let nonce = self.nonces[who];
        self.nonces[who] += 1;
        Transaction::sign(&self.genesis.id(), &keys()[who], nonce, 1, u64::MAX, action.into())
    }

    /// The transaction that deploys this code, and what it makes.
    pub(crate) fn deployment(&mut self, code: Vec<u8>, gas: u64) -> (Transaction, Made) {
        let deploy = Deploy { code: code.try_into().unwrap(), input: Bounded::default(), value: 0, gas };
        let (code, size) = (deploy.hash(), u32::try_from(deploy.code.len()).unwrap());
        let deployer = Address::of(&keys()[1].public());
        let made = Made { address: deploy.address(&deployer, self.nonces[1]), code, size };
        (self.sign(1, deploy), made)
    }

    /// Deploys it.
    pub(crate) fn deploy(&mut self, code: Vec<u8>) -> Made {
        let (transaction, made) = self.deployment(code, 10_000_000);
        self.single(transaction);
        made
    }

    pub(crate) fn call(&mut self, made: &Made, input: &[u8], gas: u64) -> Transaction {
        let (input, code) = (input.to_vec().try_into().unwrap(), made.code);
        let call = Call { contract: made.address, code, size: made.size, input, value: 0, gas };
        self.sign(0, call)
    }

    /// Gas that a call takes.
    pub(crate) fn gas_of(&mut self, made: &Made, input: &[u8]) -> u64 {
        let nonces = self.nonces;
        let call = self.call(made, input, u64::MAX >> 1);
        self.nonces = nonces;
        let report = self.tried(call);
        assert!(report.outcome.done.is_some(), "{report:?}");
        report.gas
    }

    fn tried(&self, call: Transaction) -> Report {
        let call = call.check(&self.genesis.id()).unwrap();
        let (view, time) = (self.ledger.disk().view().unwrap(), self.ledger.chain().tip().time);
        try_out(&view, &call, time).unwrap().unwrap()
    }

    /// Anything else than contracts, from who pays for calls.
    pub(crate) fn act(&mut self, action: Action) {
        let transaction = self.sign(0, action);
        self.single(transaction);
    }

    fn single(&mut self, transaction: Transaction) {
        let mut body = Filling::default();
        body.push(transaction);
        self.block(body);
    }

    /// The public key of who pays for calls, and its next nonce.
    pub(crate) fn payer(&self) -> (PublicKey, u64) {
        (keys()[0].public(), self.nonces[0])
    }

    /// The tip's time.
    pub(crate) fn time(&self) -> Timestamp {
        self.ledger.chain().tip().time
    }

    /// Adds a block with these transactions, none of which may fail. The system's cache of the file is given up before it is taken.
    pub(crate) fn block(&mut self, Filling { transactions, gas, .. }: Filling) -> Took {
        let calls = transactions.len();
        let checked = Transaction::check_batch(&transactions, &self.genesis.id()).into_iter();
        let checked: Vec<CheckedTransaction> = checked.map(Result::unwrap).collect();
        let block = {
            let (tip, key) = (self.ledger.chain().tip(), numbered(0x3e, 0));
            let (view, rows) = (self.ledger.disk().view().unwrap(), Rows::new());
            let state = StateAt { base: Some(&view), rows: &rows };
            let time = Timestamp(tip.time.0 + u64::from(INTERVAL_MS));
            let reward_to = Address::of(&key.public());
            let template =
                Template::new(&self.genesis, tip, state, checked.clone(), reward_to, time, &key).unwrap();
            let nonce = template.try_nonces(0, u64::MAX).unwrap();
            Arc::new(template.finish(nonce))
        };
        fadvise(self.file(), 0, None, Advice::DontNeed).unwrap();
        let mut known = |_: &[Transaction]| checked.iter().cloned().map(Ok).collect();
        let began = Instant::now();
        let taken =
            self.ledger.take(&mut known, block.header.time, [(block.clone(), Origin::Pushed)]).unwrap();
        let time = began.elapsed();
        assert!(matches!(taken[0].outcome, BlockOutcome::Stored), "{:?}", taken[0].outcome);
        let results = self.ledger.disk().view().unwrap().results(&block.id()).unwrap();
        let failed = results.iter().flat_map(|all| &all.reports).find(|one| one.outcome.done.is_none());
        assert!(failed.is_none(), "{failed:?}");
        Took { gas, calls, time }
    }
}

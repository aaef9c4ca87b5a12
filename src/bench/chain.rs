//! A chain made offline, at difficulty 1.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bouya_core::crypto::SecretKey;
use bouya_core::ledger::{Address, BlockOutcome, Genesis, Ledger, Template, Transaction};
use bouya_core::time::Timestamp;

use super::BenchError;
use crate::store::Store;
use crate::workers::Workers;

/// The key that seals all blocks.
fn miner() -> SecretKey {
    SecretKey::from_seed(&[0x3e; 32])
}

pub(super) struct Maker {
    ledger: Ledger<Store>,
    workers: Workers,
    genesis: Arc<Genesis>,
    key: SecretKey,
}

impl Maker {
    /// Goes on with the chain in `dir`, or begins one.
    pub(super) fn open(dir: &Path, genesis: Arc<Genesis>) -> Result<Self, BenchError> {
        let failed = |error| BenchError::system("cannot make a chain", error);
        let store = Store::open(dir, genesis.clone()).map_err(|error| failed(error.to_string()))?;
        let snapshot = store.reader().snapshot().map_err(|error| failed(error.to_string()))?;
        let (_, tip) = snapshot.tip().map_err(|error| failed(error.to_string()))?;
        let ledger = Ledger::load(genesis.clone(), store, tip, &[]);
        let ledger = ledger.map_err(|error| failed(error.to_string()))?;
        let workers = Workers::new(genesis.id());
        Ok(Self { ledger, workers, genesis, key: miner() })
    }

    /// Adds a block with these transactions, due right on schedule. How long the ledger took for it, signatures apart.
    pub(super) fn add(&mut self, transactions: &[Transaction]) -> Result<Duration, BenchError> {
        let wrong = |why: String| BenchError::System(format!("cannot make a block: {why}"));
        let tip = self.ledger.chain().tip().clone();
        let supply = self.genesis.supply() + self.genesis.rules.reward * tip.height;
        let time = Timestamp(tip.time.0 + u64::from(self.genesis.spec.blocks.interval_ms));
        let checked = self.workers.check_all(transactions).map_err(|(_, error)| wrong(error.to_string()))?;
        let reward_to = Address::of(&self.key.public());
        let template = Template::new(&self.genesis, &tip, supply, checked, reward_to, time, &self.key);
        let nonce = template.try_nonces(0, u64::MAX).ok_or_else(|| wrong("no work found".to_owned()))?;
        let block = Arc::new(template.finish(nonce));
        let workers = &self.workers;
        let mut check = |transactions: &[_]| workers.check_all(transactions);
        let began = Instant::now();
        let taken = self.ledger.take(&mut check, time, block, false);
        match taken.map_err(|error| wrong(error.to_string()))?.outcome {
            BlockOutcome::Stored => Ok(began.elapsed()),
            other => Err(wrong(format!("{other:?}"))),
        }
    }
}

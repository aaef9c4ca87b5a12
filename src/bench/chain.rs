//! A chain made offline, at difficulty 1. Where nobody measures it, many blocks share a commit: that is what a block costs most.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::ledger::{
    Address, Block, BlockOutcome, Branch, Certificate, Date, Disk as _, Genesis, Ledger, Origin, Rows,
    Settled, StateAt, Taken, Template, Transaction, View as _,
};
use bouya_core::time::Timestamp;

use super::BenchError;
use super::load::member_key;
use crate::store::Store;
use crate::workers::Workers;

/// A block to be made.
pub(super) struct Due<'a> {
    pub(super) transactions: &'a [Transaction],
    pub(super) date: Date,
    /// Who seals it.
    pub(super) key: &'a SecretKey,
}

pub(super) struct Maker {
    ledger: Ledger<Store>,
    workers: Arc<Workers>,
    genesis: Arc<Genesis>,
    key: SecretKey,
}

impl Maker {
    /// Goes on with the chain in `dir`, or begins one.
    pub(super) fn open(dir: &Path, genesis: Arc<Genesis>) -> Result<Self, BenchError> {
        let failed = |error| BenchError::system("cannot make a chain", error);
        let store = Store::open(dir, genesis.clone()).map_err(|error| failed(error.to_string()))?;
        let ledger = Ledger::load(genesis.clone(), store).map_err(|error| failed(error.to_string()))?;
        let workers = Arc::new(Workers::new(genesis.id()));
        Ok(Self { ledger, workers, genesis, key: member_key() })
    }

    /// Adds a block with these transactions, due right on schedule. How long the ledger took for it, signatures apart.
    pub(super) fn add(&mut self, transactions: &[Transaction]) -> Result<Duration, BenchError> {
        let tip = self.ledger.chain().tip();
        let due = Due { transactions, date: self.after(tip.time).into(), key: &self.key };
        let (block, _) = self.block(tip, &Rows::new(), &due)?;
        let (id, began) = (block.id(), Instant::now());
        self.take([block])?;
        let took = began.elapsed();
        self.check_results(&[id])?;
        Ok(took)
    }

    /// Adds blocks with the transactions of each, due right on schedule, all in one commit.
    pub(super) fn add_all<'a>(
        &mut self,
        blocks: impl IntoIterator<Item = &'a [Transaction]>,
    ) -> Result<(), BenchError> {
        let (mut time, key) = (self.ledger.chain().tip().time, self.key.clone());
        let mut due = Vec::new();
        for transactions in blocks {
            time = self.after(time);
            due.push(Due { transactions, date: time.into(), key: &key });
        }
        self.add_due(due)
    }

    /// Adds these blocks, all in one commit.
    pub(super) fn add_due<'a>(&mut self, due: impl IntoIterator<Item = Due<'a>>) -> Result<(), BenchError> {
        let (mut branch, mut made, mut rows) = (self.ledger.chain().tip().clone(), Vec::new(), Rows::new());
        for due in due {
            let (block, writes) = self.block(&branch, &rows, &due)?;
            branch.push(&self.genesis.rules, &block.header, None);
            rows.extend(writes);
            made.push(block);
        }
        let ids: Vec<Hash> = made.iter().map(|block| block.id()).collect();
        self.take(made)?;
        self.check_results(&ids)
    }

    /// The end of the chain.
    pub(super) fn tip(&self) -> &Branch {
        self.ledger.chain().tip()
    }

    /// The height of the newest final block.
    pub(super) fn finalized(&self) -> u64 {
        self.ledger.chain().finalized().0
    }

    /// Makes a block of the chain final.
    pub(super) fn finalize(&mut self, certificate: Certificate) -> Result<(), BenchError> {
        match self.ledger.finalize(certificate).map_err(wrong)? {
            Settled::Final => Ok(()),
            other => Err(wrong(format!("{other:?}"))),
        }
    }

    /// What checks signatures, and remembers those of the last transactions: who checks many together spares single ones here.
    pub(super) fn workers(&self) -> Arc<Workers> {
        self.workers.clone()
    }

    fn after(&self, time: Timestamp) -> Timestamp {
        Timestamp(time.0 + u64::from(self.genesis.spec.blocks.interval_ms))
    }

    fn take(&mut self, blocks: impl IntoIterator<Item = Arc<Block>>) -> Result<(), BenchError> {
        let workers = &self.workers;
        let mut check = |transactions: &[_]| workers.check_each(transactions);
        let blocks = blocks.into_iter().map(|block| (block, Origin::Own));
        let taken = self.ledger.take(&mut check, Timestamp(u64::MAX), blocks).map_err(wrong)?;
        let stored = |taken: &_| matches!(taken, Taken { outcome: BlockOutcome::Stored, .. });
        match taken.iter().find(|taken| !stored(taken)) {
            Some(taken) => Err(wrong(format!("{:?}", taken.outcome))),
            None => Ok(()),
        }
    }

    /// What is measured is calls that do something: none of these blocks may hold one that failed.
    fn check_results(&self, blocks: &[Hash]) -> Result<(), BenchError> {
        let view = self.ledger.disk().view().map_err(wrong)?;
        for block in blocks {
            let results = view.results(block).map_err(wrong)?;
            let mut reports = results.iter().flat_map(|results| &results.reports);
            if let Some(report) = reports.find(|report| report.outcome.done.is_none()) {
                return Err(wrong(format!("a contract failed in block {block}: {:?}", report.why)));
            }
        }
        Ok(())
    }

    /// A block on `branch`, whose state is `rows` on top of the tip's; and the rows that it changes.
    fn block(&self, branch: &Branch, rows: &Rows, due: &Due<'_>) -> Result<(Arc<Block>, Rows), BenchError> {
        let Due { transactions, date, key } = *due;
        let checked = self.workers.check_each(transactions).into_iter();
        let checked = checked.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        let reward_to = Address::of(&key.public());
        let view = self.ledger.disk().view().map_err(wrong)?;
        let state = StateAt { base: Some(&view), rows };
        let template = Template::new(&self.genesis, branch, state, checked, reward_to, date, key);
        let template = template.map_err(wrong)?;
        let writes = template.writes().clone();
        let nonce = template.try_nonces(0, u64::MAX).ok_or_else(|| wrong("no work found"))?;
        Ok((Arc::new(template.finish(nonce)), writes))
    }
}

fn wrong(why: impl Display) -> BenchError {
    BenchError::system("cannot make a block", why)
}

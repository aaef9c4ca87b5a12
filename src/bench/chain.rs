//! A chain made offline, at difficulty 1. Where nobody measures it, many blocks share a commit: that is what a block costs most.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bouya_core::crypto::SecretKey;
use bouya_core::ledger::{
    Address, Block, BlockOutcome, Branch, Disk as _, Genesis, Ledger, Origin, Rows, StateAt, Taken, Template,
    Transaction,
};
use bouya_core::time::Timestamp;

use super::BenchError;
use super::load::member_key;
use crate::store::Store;
use crate::workers::Workers;

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
        let ledger = Ledger::load(genesis.clone(), store).map_err(|error| failed(error.to_string()))?;
        let workers = Workers::new(genesis.id());
        Ok(Self { ledger, workers, genesis, key: member_key() })
    }

    /// Adds a block with these transactions, due right on schedule. How long the ledger took for it, signatures apart.
    pub(super) fn add(&mut self, transactions: &[Transaction]) -> Result<Duration, BenchError> {
        let (block, _) = self.block(self.ledger.chain().tip(), &Rows::new(), transactions)?;
        let began = Instant::now();
        self.take([block])?;
        Ok(began.elapsed())
    }

    /// Adds blocks with the transactions of each, all in one commit.
    pub(super) fn add_all<'a>(
        &mut self,
        blocks: impl IntoIterator<Item = &'a [Transaction]>,
    ) -> Result<(), BenchError> {
        let (mut branch, mut made, mut rows) = (self.ledger.chain().tip().clone(), Vec::new(), Rows::new());
        for transactions in blocks {
            let (block, writes) = self.block(&branch, &rows, transactions)?;
            branch.push(&self.genesis.rules, &block.header, None);
            rows.extend(writes);
            made.push(block);
        }
        self.take(made)
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

    /// A block with these transactions on `branch`, whose state is `rows` on top of the tip's; and the rows that it changes.
    fn block(
        &self,
        branch: &Branch,
        rows: &Rows,
        transactions: &[Transaction],
    ) -> Result<(Arc<Block>, Rows), BenchError> {
        let time = Timestamp(branch.time.0 + u64::from(self.genesis.spec.blocks.interval_ms));
        let checked = self.workers.check_each(transactions).into_iter();
        let checked = checked.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        let reward_to = Address::of(&self.key.public());
        let view = self.ledger.disk().view().map_err(wrong)?;
        let state = StateAt { base: Some(&view), rows };
        let template = Template::new(&self.genesis, branch, state, checked, reward_to, time, &self.key);
        let template = template.map_err(wrong)?;
        let writes = template.writes().clone();
        let nonce = template.try_nonces(0, u64::MAX).ok_or_else(|| wrong("no work found"))?;
        Ok((Arc::new(template.finish(nonce)), writes))
    }
}

fn wrong(why: impl Display) -> BenchError {
    BenchError::system("cannot make a block", why)
}

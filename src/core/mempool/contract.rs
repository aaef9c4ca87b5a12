//! Which contracts' transactions are let in: none is run here, and what it states is what it pays for.

use super::{Mempool, MempoolError};
use crate::ledger::{Action, CheckedTransaction, Header, StateError, View, governance};

impl Mempool {
    /// Whether the next block, at `height`, may hold it. Blocks may hold the deployment of anybody, which then fails: refused at the door, it does
    /// not cost its sender a fee.
    pub(super) fn check_contract(
        &self,
        (view, height): (&(impl View + ?Sized), u64),
        transaction: &CheckedTransaction,
    ) -> Result<Result<(), MempoolError>, StateError> {
        let Some(stated) = transaction.stated() else { return Ok(Ok(())) };
        // No such transaction is free of fees. What pays too little does not cost a look at the members' row, which is long where they are many.
        if let Err(error) = self.check_new(transaction) {
            return Ok(Err(error));
        }
        let roster = governance::roster(view)?;
        let version = roster.version_at(height);
        if version < Header::CONTRACTS {
            return Ok(Err(MempoolError::Version { version }));
        }
        let (gas, most) = (stated.all(), self.limits.gas_per_block);
        if gas > most {
            return Ok(Err(MempoolError::Gas { gas, most }));
        }
        let payer = transaction.payer();
        if matches!(transaction.action, Action::Deploy(_)) && !roster.is_governor(&payer) {
            return Ok(Err(MempoolError::Deployer(payer)));
        }
        Ok(Ok(()))
    }
}

#[cfg(test)]
mod tests;

//! Bodies that come back, below those that are here.

use super::{Keeper, Output, Waiting};
use crate::ledger::{BackfillError, Check, Disk, Span};
use crate::limits::BATCH_TRANSACTIONS;
use crate::overlay::{Answer, Backfilled};

impl<D: Disk> Keeper<D> {
    /// Takes in some bodies of a span. The rest waits for its turn: new blocks go first.
    pub(super) fn backfill(&mut self, check: Check<'_>, span: Span) -> Result<(), D::Error> {
        let taken = match self.disk_full || self.chain().prunes() {
            true => Ok(Backfilled::NotNow),
            false => match self.ledger.backfill(check, &span, BATCH_TRANSACTIONS)? {
                Ok(false) => {
                    self.waiting.push_back(Waiting::Span(span));
                    return Ok(());
                }
                Ok(true) => Ok(Backfilled::All),
                Err(BackfillError::Missing(_)) => Ok(Backfilled::NotNow),
                Err(error) => Err(error),
            },
        };
        // It tells which bodies are missing now, before the answer leads to the next question.
        self.tell_head(None)?;
        self.outputs.push_back(Output::Answer(Answer::Backfilled(taken)));
        Ok(())
    }
}

//! `bouya verify`: hashes and executes the whole store again.

use std::path::Path;

use super::error::Error;
use super::output::{Output, Progress};
use crate::config::Settings;
use crate::store::Store;
use crate::verify;

pub(crate) const EXAMPLES: &str = "\
Example:
  bouya verify --config config/node.toml

The daemon must be stopped: the store has one owner at a time.";

/// Verifies the store of a node that is stopped.
pub(crate) fn run(config: &Path, out: &mut Output) -> Result<(), Error> {
    let settings = Settings::load(config).map_err(|mistakes| Error::Usage(mistakes.to_string()))?;
    let failed = |error: &dyn std::fmt::Display| Error::Failed(error.to_string());
    let store = Store::open(&settings.data_dir, settings.network.genesis.clone()).map_err(|e| failed(&e))?;
    let mut progress = Progress::new();
    let report = verify::verify(&store.reader(), |done, all| {
        if done % 100 == 0 || done == all {
            progress.say(&format!("block {done} of {all}"));
        }
    });
    let report = report.map_err(|error| failed(&error))?;
    progress.done("verified");
    out.line(format!(
        "ok: {} blocks with {} transactions, {} rows of state, {} blocks off the best chain",
        report.blocks, report.transactions, report.rows, report.side_blocks
    ))
}

//! `bouya verify`: hashes and executes the whole store again, and repairs it.

use std::path::Path;

use clap::Args;

use super::error::Error;
use super::output::{Output, Progress, note};
use crate::config::Settings;
use crate::verify::{self, repair};

pub(crate) const EXAMPLES: &str = "\
Examples:
  bouya verify --config config/node.toml
  bouya verify --repair --config config/node.toml

The daemon must be stopped: the store has one owner at a time. Repairing keeps every block up to the first wrong one and makes all else of
them anew, in a second file that takes the place of the first; the next run fetches the rest from the peers.";

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Drop what is wrong
    #[arg(long)]
    repair: bool,
}

/// Verifies the store of a node that is stopped.
pub(crate) fn run(options: &Verify, config: &Path, out: &mut Output) -> Result<(), Error> {
    let settings = Settings::load(config)?;
    // The library that reads the file may panic over a damaged one; what it says then helps nobody.
    std::panic::set_hook(Box::new(|_| ()));
    let wrong = match verify(&settings) {
        Ok(report) => return out.line(report),
        Err(wrong) if !options.repair => return Err(Error::Failed(wrong)),
        Err(wrong) => wrong,
    };
    note(&wrong);
    let mut progress = Progress::new();
    let done = repair::repair(&settings.data_dir, settings.network.genesis.clone(), |blocks| {
        if blocks % 100 == 0 {
            progress.say(&format!("block {blocks} is right"));
        }
    });
    let done = done.map_err(Error::failed)?;
    progress.done("repaired");
    if !done.kept {
        note(
            "The operator's blacklist, the address book and the revocations seen were lost with it: peers tell the latter two again.",
        );
    }
    out.line(format!("repaired: {} blocks are right and kept; the next run fetches the rest", done.blocks))
}

/// What was found in order, or what is wrong.
fn verify(settings: &Settings) -> Result<String, String> {
    let mut progress = Progress::new();
    let done = verify::verify_file(&settings.data_dir, &settings.network.genesis, |done, all| {
        if done % 100 == 0 || done == all {
            progress.say(&format!("block {done} of {all}"));
        }
    });
    let (report, mended) = done.map_err(|error| error.to_string())?;
    progress.done("verified");
    if mended {
        note("The file's own bookkeeping was damaged and has been mended.");
    }
    Ok(format!(
        "ok: {} blocks with {} transactions, {} rows of state, {} blocks off the best chain",
        report.blocks, report.transactions, report.rows, report.side_blocks
    ))
}

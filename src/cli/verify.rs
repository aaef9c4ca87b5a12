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

Stop the daemon first: only one process can open the store. --repair keeps every block up to the first wrong one and rebuilds
everything else from them, in a second file that replaces the first. The next run fetches the rest from the peers.";

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Drop the wrong blocks and rebuild the store
    #[arg(long)]
    repair: bool,
}

/// Verifies the store of a node that is stopped.
pub(crate) fn run(options: &Verify, config: &Path, out: &mut Output) -> Result<(), Error> {
    let settings = Settings::load(config)?;
    // redb may panic over a damaged file. Its message would not help the user, so it is silenced.
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
            progress.say(&format!("block {blocks} is correct"));
        }
    });
    let done = done.map_err(Error::failed)?;
    progress.done("repaired");
    if !done.kept {
        note(
            "The blacklist, the address book and the revocations were lost too. Peers send the last two again; the blacklist is yours to restore.",
        );
    }
    out.line(format!("repaired: {} correct blocks are kept; the next run fetches the rest", done.blocks))
}

/// A summary of a correct store, or the first thing that is wrong.
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
        note("The file's internal structures were damaged and have been repaired.");
    }
    Ok(format!(
        "ok: {} blocks with {} transactions, {} rows of state, {} blocks off the best chain",
        report.blocks, report.transactions, report.rows, report.side_blocks
    ))
}

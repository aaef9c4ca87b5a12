//! `bouya verify`: hashes and executes the whole store again, and repairs it.

use std::path::Path;

use clap::Args;
use time::OffsetDateTime;

use super::error::Error;
use super::output::{Output, Progress, note};
use super::prompt::confirm;
use crate::config::Settings;
use crate::verify::{self, VerifyError, repair};

pub(crate) const EXAMPLES: &str = "\
Stop the daemon first: only one process can open the store. --repair executes
every block that can still be read into a second file, says what that keeps
and drops, and asks before it takes the place of the first, which is kept as
chain.redb.damaged-DATE. The next run fetches the rest from the peers.

Examples:
  bouya verify
  bouya verify --repair";

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Drop the wrong blocks and rebuild the store
    #[arg(long)]
    repair: bool,
    /// Put the repaired file in place without asking
    #[arg(long, requires = "repair")]
    yes: bool,
}

/// Verifies the store of a node that is stopped.
pub(crate) fn run(options: &Verify, config: &Path, out: &mut Output) -> Result<(), Error> {
    let settings = Settings::load(config)?;
    let error = match verify(&settings) {
        Ok(report) => return out.line(report),
        Err(error) => error,
    };
    let Some(finding) = error.finding().filter(|_| options.repair) else {
        return Err(Error::failed(error));
    };
    note(&finding);
    let mut progress = Progress::new();
    let repaired = repair::repair(&settings.data_dir, settings.network.genesis.clone(), |blocks| {
        progress.count(|| format!("block {blocks} is correct"));
    });
    let repaired = repaired.map_err(Error::failed)?;
    progress.done("executed");
    let (blocks, dropped) = (repaired.blocks, repaired.highest - repaired.blocks);
    note(&format!(
        "{blocks} blocks can be kept; {dropped} above them are lost and come from the peers again."
    ));
    if !repaired.kept {
        note(
            "The blacklist, the address book and the revocations are lost too. Peers send the last two again; the blacklist is yours to restore.",
        );
    }
    if !options.yes {
        let answer =
            confirm("Put the repaired file in place, and keep the old one under another name?", "--yes");
        if !matches!(answer, Ok(true)) {
            repaired.discard().map_err(Error::failed)?;
            answer?;
            return Err(Error::Failed("the store is as it was".to_owned()));
        }
    }
    let aside = repaired.replace(&today()).map_err(Error::failed)?;
    out.line(format!(
        "repaired: {blocks} blocks kept, {dropped} dropped, the old file is now {}; the next run fetches the rest",
        aside.display()
    ))
}

fn today() -> String {
    let date = OffsetDateTime::now_utc().date();
    date.to_string()
}

/// A summary of a correct store, or the first thing that is wrong.
fn verify(settings: &Settings) -> Result<String, VerifyError> {
    let mut progress = Progress::new();
    let done = verify::verify_file(&settings.data_dir, &settings.network.genesis, |done, all| {
        progress.count(|| format!("block {done} of {all}"));
    });
    let (report, mended) = done?;
    progress.done("verified");
    if mended {
        note("The file's internal structures were damaged and have been repaired.");
    }
    if let Some(lowest) = report.lowest {
        return Ok(format!(
            "ok: {} headers, {} transactions from block {lowest} on, {} rows of state that hash to what the chain states; what is older is not here, so nothing was executed again",
            report.blocks, report.transactions, report.rows
        ));
    }
    Ok(format!(
        "ok: {} blocks with {} transactions, {} rows of state, {} blocks off the best chain",
        report.blocks, report.transactions, report.rows, report.side_blocks
    ))
}

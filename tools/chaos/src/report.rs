//! The report: the faults, the observations and the verdicts. As JSON for programs, and as one page for people.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::Error;
use crate::judge::Verdict;
use crate::rejoin::{Rejoin, median_and_worst};
use crate::schedule::Step;

mod page;
mod picture;

/// The whole report. Times are milliseconds from the start of the nodes.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    /// The command that gives the same schedule again.
    pub(crate) command: String,
    pub(crate) version: String,
    pub(crate) nodes: usize,
    /// Where the nodes ran.
    pub(crate) place: String,
    /// When the faults began, when all were lifted, and when the last check was done.
    pub(crate) faults_from: u64,
    pub(crate) healed_at: u64,
    pub(crate) ended_at: u64,
    pub(crate) stopped_early: bool,
    pub(crate) held: bool,
    pub(crate) invariants: Vec<Verdict>,
    pub(crate) done: Vec<Done>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) rejoins: Vec<Rejoin>,
    pub(crate) rejoin_times: Vec<RejoinTimes>,
    pub(crate) blocks: u64,
    pub(crate) transactions: Transactions,
    pub(crate) lives: Vec<Life>,
}

/// A fault that was made, with its actual times.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Done {
    pub(crate) step: Step,
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// For people.
    pub(crate) text: String,
}

/// A kind of fault that could not be made here.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Skipped {
    pub(crate) fault: String,
    pub(crate) why: String,
}

/// Rejoin times of one kind of fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RejoinTimes {
    pub(crate) fault: String,
    pub(crate) count: usize,
    pub(crate) median_ms: u64,
    pub(crate) worst_ms: u64,
    /// How many times the next fault came before they were back.
    pub(crate) interrupted: usize,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Transactions {
    pub(crate) signed: usize,
    pub(crate) acknowledged: usize,
    pub(crate) confirmed: usize,
    /// Transactions sent again, because the node that accepted them restarted, was removed, or logged that it dropped them.
    pub(crate) sent_again: u64,
    /// Transactions seen with six confirmations during the faults.
    pub(crate) seen_deep: usize,
}

/// The history of one node.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Life {
    pub(crate) id: String,
    pub(crate) removed: bool,
    pub(crate) starts: u32,
    pub(crate) height: u64,
    /// Milliseconds and height at each change. No height means that it did not answer.
    pub(crate) heights: Vec<(u64, Option<u64>)>,
    /// Milliseconds and depth.
    pub(crate) reorgs: Vec<(u64, u64)>,
    /// How many errors it logged.
    pub(crate) errors: usize,
    pub(crate) verified: String,
}

/// The rejoin times by kind of fault, in the order of the list of faults.
pub(crate) fn rejoin_times(rejoins: &[Rejoin]) -> Vec<RejoinTimes> {
    let mut faults: Vec<_> = rejoins.iter().map(|rejoin| rejoin.fault).collect();
    faults.sort_unstable();
    faults.dedup();
    let times = |fault| {
        let of = || rejoins.iter().filter(move |rejoin| rejoin.fault == fault);
        let took: Vec<u64> = of().filter_map(|rejoin| rejoin.took).collect();
        let count = took.len();
        let (median_ms, worst_ms) = median_and_worst(took)?;
        let interrupted = of().filter(|rejoin| rejoin.interrupted).count();
        Some(RejoinTimes { fault: fault.name(), count, median_ms, worst_ms, interrupted })
    };
    faults.into_iter().filter_map(times).collect()
}

impl Report {
    /// The deepest reorganisation that any node reported.
    pub(crate) fn deepest(&self) -> u64 {
        self.lives.iter().flat_map(|life| &life.reorgs).map(|(_, depth)| *depth).max().unwrap_or(0)
    }

    pub(crate) fn reorgs(&self) -> usize {
        self.lives.iter().map(|life| life.reorgs.len()).sum()
    }

    /// Writes both files, and returns their paths.
    pub(crate) fn write(&self, dir: &Path) -> Result<[PathBuf; 2], Error> {
        let json = serde_json::to_string_pretty(self).map_err(|error| Error::System(error.to_string()))?;
        let files = [(dir.join("report.html"), page::render(self)), (dir.join("report.json"), json + "\n")];
        fs::create_dir_all(dir).map_err(|error| Error::Write { path: dir.to_owned(), error })?;
        for (path, text) in &files {
            fs::write(path, text).map_err(|error| Error::Write { path: path.clone(), error })?;
        }
        Ok(files.map(|(path, _)| path))
    }

    /// A summary for the terminal.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        for verdict in &self.invariants {
            let word = if verdict.held { "held  " } else { "FAILED" };
            let detail = verdict.detail.replace('\n', "\n          ");
            text.push_str(&format!("  {word}  {}: {detail}\n", verdict.name));
        }
        for times in &self.rejoin_times {
            text.push_str(&format!(
                "  rejoin after {:<10} median {:>5.1} s, worst {:>5.1} s ({} times)\n",
                times.fault,
                times.median_ms as f64 / 1_000.0,
                times.worst_ms as f64 / 1_000.0,
                times.count
            ));
        }
        for skipped in &self.skipped {
            text.push_str(&format!("  skipped {}: {}\n", skipped.fault, skipped.why));
        }
        let Transactions { acknowledged, confirmed, sent_again, .. } = self.transactions;
        text.push_str(&format!(
            "{}: {} faults, {} blocks, {} reorganisations (deepest {}), {acknowledged} transactions acknowledged, {confirmed} confirmed, {sent_again} sent again\n",
            self.place,
            self.done.len(),
            self.blocks,
            self.reorgs(),
            self.deepest(),
        ));
        let failed = self.invariants.iter().filter(|verdict| !verdict.held).count();
        text.push_str(&match failed {
            0 => format!("all {} invariants held", self.invariants.len()),
            _ => format!(
                "{failed} of {} invariants FAILED. To repeat: {}",
                self.invariants.len(),
                self.command
            ),
        });
        text
    }
}

#[cfg(test)]
mod tests;

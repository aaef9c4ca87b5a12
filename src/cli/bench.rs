//! `bouya bench`: what this machine can do, and what Bouya makes of it.

use std::time::Duration;

use clap::{Args, Subcommand};
use comfy_table::Cell;

use super::error::Error;
use super::output::{Output, Progress, cell, or_dash};
use crate::bench::{self, BenchError, Figure, Report, Run, Stop};
use crate::descriptors;

pub(crate) const EXAMPLES: &str = "\
Examples:
  bouya bench network                        four nodes, 30 s of transfers
  bouya bench network --nodes 8 --seconds 60
  bouya bench sync --blocks 2000 --transactions 500000
  bouya bench mempool --json

Every run measures this machine's limits first, then the real thing on the same cores. Take a release
build and a machine that does nothing else; figures of one run vary, so repeat it. Nodes are processes
of their own on the loopback; everything lies in a temporary folder and goes away. docs/PERFORMANCE.md
says how each figure is defined.";

/// Open files: sockets of nodes and clients on one machine.
const FILES: u64 = 4_096;

#[derive(Debug, Args)]
pub(crate) struct BenchOptions {
    #[command(subcommand)]
    what: What,
    /// Milliseconds for which each of the machine's limits is measured
    #[arg(long, global = true, default_value_t = 300, value_name = "MS")]
    effort: u64,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Transfers through the public API of all nodes, until they are confirmed on all
    Network(Network),
    /// A fresh node joins: blocks and transactions per second
    Sync {
        /// Blocks of the chain
        #[arg(long, default_value_t = 2_000)]
        blocks: usize,
        /// Transfers in them
        #[arg(long, default_value_t = 50_000)]
        transactions: usize,
    },
    /// Signed transfers into one node's mempool
    Mempool {
        /// Transfers
        #[arg(long, default_value_t = 100_000)]
        transactions: usize,
        /// Wallets that they are of
        #[arg(long, default_value_t = 2_000)]
        wallets: usize,
    },
}

#[derive(Debug, Args)]
struct Network {
    /// How many nodes, 1 to 32
    #[arg(long, default_value_t = 4)]
    nodes: u16,
    /// How long
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Wallets that pay, up to 10000
    #[arg(long, default_value_t = 2_000)]
    wallets: usize,
    /// Addresses that are paid
    #[arg(long, default_value_t = 10_000)]
    accounts: usize,
    /// Transactions that may wait at a node before it is given more
    #[arg(long, default_value_t = 8_000)]
    backlog: usize,
    /// Transfers in all, and no more [default: as many as there is time for]
    #[arg(long)]
    transactions: Option<usize>,
}

/// Measures, and shows what was found.
pub(crate) fn run(options: &BenchOptions, out: &mut Output) -> Result<(), Error> {
    if cfg!(debug_assertions) {
        super::output::note("This is a debug build: its figures say nothing. cargo build --release");
    }
    descriptors::allow(FILES);
    let stop = Stop::listen()?;
    let mut progress = Progress::new();
    let mut say = |text: &str| progress.say(text);
    let mut run = Run { effort: Duration::from_millis(options.effort), say: &mut say, stop: &stop };
    let report = match &options.what {
        What::Network(network) => bench::network::run(&network.settings(), &mut run),
        What::Sync { blocks, transactions } => {
            let settings = bench::sync::Settings { blocks: *blocks, transactions: *transactions };
            bench::sync::run(&settings, &mut run)
        }
        What::Mempool { transactions, wallets } => {
            let settings = bench::mempool::Settings { transactions: *transactions, wallets: *wallets };
            bench::mempool::run(&settings, &mut run)
        }
    };
    drop(progress);
    show(&report.map_err(failed)?, out)
}

impl Network {
    fn settings(&self) -> bench::network::Settings {
        bench::network::Settings {
            nodes: self.nodes,
            seconds: self.seconds,
            wallets: self.wallets,
            accounts: self.accounts,
            backlog: self.backlog,
            transactions: self.transactions,
        }
    }
}

fn failed(error: BenchError) -> Error {
    match error {
        BenchError::Settings(_) => Error::Usage(error.to_string()),
        _ => Error::Failed(error.to_string()),
    }
}

fn show(report: &Report, out: &mut Output) -> Result<(), Error> {
    if out.json {
        let text = serde_json::to_string_pretty(report).map_err(|error| Error::Failed(error.to_string()))?;
        return out.line(text);
    }
    out.line(format!("Limits of one core ({} cores)", report.cores))?;
    out.table(&["what", "value", ""], report.limits.iter().map(limit).collect())?;
    let settings = report.settings.iter().map(|(name, value)| format!("{} {value}", spoken(name)));
    out.line(format!("\nbench {}: {}", report.bench, settings.collect::<Vec<_>>().join(", ")))?;
    out.table(
        &["what", "figure", "", "limit", "ratio", "of", "aim"],
        report.figures.iter().map(figure).collect(),
    )
}

fn limit(figure: &Figure) -> Vec<Cell> {
    vec![cell(spoken(&figure.name)), cell(number(figure.value)), cell(figure.unit)]
}

fn figure(figure: &Figure) -> Vec<Cell> {
    let limit = figure.limit.as_ref();
    vec![
        cell(spoken(&figure.name)),
        cell(number(figure.value)),
        cell(figure.unit),
        or_dash(limit.map(|limit| number(limit.value))),
        or_dash(limit.map(|limit| format!("{:.2}", limit.ratio))),
        cell(limit.map_or("", |limit| &limit.name)),
        cell(figure.bar.unwrap_or("")),
    ]
}

fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

/// Three digits that count, with a suffix where there are more than six.
fn number(value: f64) -> String {
    match value.abs() {
        at if at >= 1e9 => format!("{:.2} G", value / 1e9),
        at if at >= 1e6 => format!("{:.2} M", value / 1e6),
        at if at >= 100.0 || at == 0.0 => format!("{value:.0}"),
        at if at >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

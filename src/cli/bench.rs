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

Every run measures this machine's limits first, then the real thing on the same cores. Take a \
release build and a machine that does nothing else; figures of one run vary, so repeat it. Nodes \
are processes of their own on the loopback; everything lies in a temporary folder and goes away. \
docs/PERFORMANCE.md says how each figure is defined.";

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
    /// Records given to one node, until all nodes hold them
    Gossip {
        /// How many nodes, 2 to 32
        #[arg(long, default_value_t = 4)]
        nodes: u16,
        /// Bytes of each transaction
        #[arg(long, default_value_t = 400)]
        size: usize,
        /// Records given as fast as they are taken
        #[arg(long, default_value_t = 50_000)]
        transactions: usize,
        /// Records given one after the other, for the latency
        #[arg(long, default_value_t = 1_000)]
        single: usize,
        /// Milliseconds between two of those
        #[arg(long, default_value_t = 5)]
        pause: u64,
    },
    /// Time until a block of transactions that all know is the tip of all
    Relay {
        /// How many nodes, 2 to 32
        #[arg(long, default_value_t = 4)]
        nodes: u16,
        /// Transfers of each block, up to 10000
        #[arg(long, default_value_t = 5_000)]
        transactions: usize,
        /// Blocks
        #[arg(long, default_value_t = 10)]
        rounds: usize,
    },
    /// The miner's hash rate, and how soon it stops
    Mine {
        /// How long it searches
        #[arg(long, default_value_t = 8)]
        seconds: u64,
        /// How often it is stopped
        #[arg(long, default_value_t = 100)]
        rounds: usize,
    },
    /// Handshakes per second of the peer-to-peer listener, up to a hello that was read
    Handshake {
        /// Rounds of 200
        #[arg(long, default_value_t = 20)]
        rounds: usize,
    },
    /// Requests per second of one node's API
    Api {
        /// How long each kind is asked
        #[arg(long, default_value_t = 3.0)]
        seconds: f64,
        /// Connections, up to 32
        #[arg(long, default_value_t = 8)]
        connections: usize,
    },
    /// Cost per block, start and memory at many accounts and at great height
    Scale {
        /// Accounts, one after the other
        #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
        accounts: Vec<usize>,
        /// Empty blocks, one after the other
        #[arg(long, value_delimiter = ',', default_value = "1000,5000")]
        heights: Vec<u64>,
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
    let report = measure(&options.what, &mut run);
    drop(progress);
    // On a terminal Ctrl-C reaches the nodes too, and what then fails is no fault of theirs.
    let report = report.map_err(|error| failed(stop.check().err().unwrap_or(error)))?;
    show(&report, out)
}

fn measure(what: &What, run: &mut Run<'_>) -> Result<Report, BenchError> {
    match what {
        What::Network(network) => bench::network::run(&network.settings(), run),
        What::Sync { blocks, transactions } => {
            let settings = bench::sync::Settings { blocks: *blocks, transactions: *transactions };
            bench::sync::run(&settings, run)
        }
        What::Mempool { transactions, wallets } => {
            let settings = bench::mempool::Settings { transactions: *transactions, wallets: *wallets };
            bench::mempool::run(&settings, run)
        }
        What::Gossip { nodes, size, transactions, single, pause } => {
            let (nodes, size, transactions, single) = (*nodes, *size, *transactions, *single);
            let pause = Duration::from_millis(*pause);
            bench::gossip::run(&bench::gossip::Settings { nodes, size, transactions, single, pause }, run)
        }
        What::Relay { nodes, transactions, rounds } => {
            let (nodes, transactions, rounds) = (*nodes, *transactions, *rounds);
            bench::relay::run(&bench::relay::Settings { nodes, transactions, rounds }, run)
        }
        What::Mine { seconds, rounds } => {
            bench::mine::run(&bench::mine::Settings { seconds: *seconds, rounds: *rounds }, run)
        }
        What::Handshake { rounds } => {
            bench::handshake::run(&bench::handshake::Settings { rounds: *rounds }, run)
        }
        What::Api { seconds, connections } => {
            bench::api::run(&bench::api::Settings { seconds: *seconds, connections: *connections }, run)
        }
        What::Scale { accounts, heights } => {
            let settings = bench::scale::Settings { accounts: accounts.clone(), heights: heights.clone() };
            bench::scale::run(&settings, run)
        }
    }
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

//! `bouya bench`: how fast this machine is, and how fast Bouya runs on it.

use std::iter;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::error::Error;
use super::output::{Output, Progress};
use crate::bench::{self, BenchError, Report, Run, Stop};
use crate::descriptors;

mod show;

pub(crate) const EXAMPLES: &str = "\
Every run first measures this machine's limits, then Bouya on the same cores.
Use a release build and a machine that does nothing else. Figures vary from
run to run, so run each bench several times. Each node is its own process on
the loopback. All files are in a temporary folder that is removed at the end.
docs/PERFORMANCE.md defines each figure.

Examples:
  bouya bench network                    # four nodes, 30 s of transfers
  bouya bench mempool --runs 5           # median, lowest and highest
  bouya bench all --runs 3 --json        # every bench, one after the other
  bouya bench all --quick                # only check that all of them work";

/// Open files: sockets of nodes and clients on one machine.
const FILES: u64 = 4_096;

#[derive(Debug, Args)]
pub(crate) struct BenchOptions {
    #[command(subcommand)]
    what: What,
    /// How long to measure each of the machine's limits, in milliseconds
    #[arg(long, global = true, default_value_t = 300, value_name = "MS")]
    effort: u64,
    /// How many runs; shows the median, the least and the most
    #[arg(long, global = true, default_value = "1", value_name = "N")]
    runs: NonZero<u32>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Run every bench with its defaults, one after the other
    #[command(after_help = "Example:\n  bouya bench all --quick")]
    All {
        /// Use small sizes, which only show that everything works
        #[arg(long)]
        quick: bool,
    },
    /// Transfers sent through all nodes' APIs until all nodes confirm them
    #[command(after_help = "Example:\n  bouya bench network --nodes 8 --seconds 60")]
    Network(Network),
    /// Sync of a new node: blocks and transactions per second
    #[command(
        after_help = "Examples:\n  bouya bench sync --blocks 2000 --transactions 500000\n  bouya bench sync --calls"
    )]
    Sync {
        /// Blocks in the chain
        #[arg(long, default_value_t = 2_000)]
        blocks: usize,
        /// Transactions in the chain
        #[arg(long, default_value_t = 50_000)]
        transactions: usize,
        /// Call a contract that counts, instead of transfers
        #[arg(long)]
        calls: bool,
    },
    /// Records sent to one node until all nodes hold them
    #[command(after_help = "Example:\n  bouya bench gossip --nodes 8")]
    Gossip {
        /// How many nodes, 2 to 32
        #[arg(long, default_value_t = 4)]
        nodes: u16,
        /// Size of each transaction, in bytes
        #[arg(long, default_value_t = 400)]
        size: usize,
        /// Records to send as fast as the node takes them
        #[arg(long, default_value_t = 50_000)]
        transactions: usize,
        /// Records to send one by one, to measure the latency
        #[arg(long, default_value_t = 1_000)]
        single: usize,
        /// Pause between two of these, in milliseconds
        #[arg(long, default_value_t = 5)]
        pause: u64,
    },
    /// Time until a new block is every node's tip; all nodes know its transactions
    #[command(after_help = "Example:\n  bouya bench relay --rounds 20")]
    Relay {
        /// How many nodes, 2 to 32
        #[arg(long, default_value_t = 4)]
        nodes: u16,
        /// Transfers in each block, up to 10000
        #[arg(long, default_value_t = 5_000)]
        transactions: usize,
        /// How many blocks to relay
        #[arg(long, default_value_t = 10)]
        rounds: usize,
    },
    /// The miner's hash rate, and how fast it stops
    #[command(after_help = "Example:\n  bouya bench mine --seconds 20")]
    Mine {
        /// How long to mine, in seconds
        #[arg(long, default_value_t = 8)]
        seconds: u64,
        /// How many times to stop the miner
        #[arg(long, default_value_t = 100)]
        rounds: usize,
    },
    /// Handshakes per second of the peer-to-peer listener, including the hello
    #[command(after_help = "Example:\n  bouya bench handshake --rounds 50")]
    Handshake {
        /// Rounds of 200 handshakes each
        #[arg(long, default_value_t = 20)]
        rounds: usize,
    },
    /// Requests per second of one node's API
    #[command(after_help = "Example:\n  bouya bench api --connections 16")]
    Api {
        /// How long to send each kind of request, in seconds
        #[arg(long, default_value_t = 3.0)]
        seconds: f64,
        /// Parallel connections, up to 32
        #[arg(long, default_value_t = 8)]
        connections: usize,
    },
    /// Cost per block, start time and memory with many accounts and on a long chain
    #[command(after_help = "Example:\n  bouya bench scale --accounts 1000,100000 --heights 5000")]
    Scale {
        /// Numbers of accounts to measure
        #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
        accounts: Vec<usize>,
        /// Heights to measure, in empty blocks
        #[arg(long, value_delimiter = ',', default_value = "1000,5000")]
        heights: Vec<u64>,
    },
    /// Signed transfers added to one node's mempool
    #[command(after_help = "Example:\n  bouya bench mempool --runs 5")]
    Mempool {
        /// How many transfers
        #[arg(long, default_value_t = 100_000)]
        transactions: usize,
        /// How many wallets send them
        #[arg(long, default_value_t = 2_000)]
        wallets: usize,
    },
    /// A year of a busy consortium: disk, start, memory, a join, a verification
    #[command(after_help = YEAR_EXAMPLES)]
    Year(Year),
}

/// All benches, each with the arguments of a quick run.
const ALL: &[(&str, &str)] = &[
    ("mempool", "--transactions 1500 --wallets 30"),
    ("mine", "--seconds 1 --rounds 2"),
    ("handshake", "--rounds 1"),
    ("api", "--seconds 0.05 --connections 2"),
    ("gossip", "--nodes 3 --transactions 300 --single 5 --pause 1"),
    ("relay", "--nodes 3 --transactions 40 --rounds 2"),
    ("sync", "--blocks 20 --transactions 101"),
    ("scale", "--accounts 10,300 --heights 3"),
    ("year", "--transactions 300 --accounts 50"),
    ("network", "--nodes 2 --seconds 60 --transactions 300 --wallets 20 --accounts 7"),
];

/// Parses a bench's arguments as if someone had typed them.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Typed {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Args)]
struct Network {
    /// How many nodes, 1 to 32
    #[arg(long, default_value_t = 4)]
    nodes: u16,
    /// How long to send transfers, in seconds
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// How many wallets pay, up to 10000
    #[arg(long, default_value_t = 2_000)]
    wallets: usize,
    /// How many addresses are paid
    #[arg(long, default_value_t = 10_000)]
    accounts: usize,
    /// How many transactions may wait at a node before it gets more
    #[arg(long, default_value_t = 8_000)]
    backlog: usize,
    /// Stop after this many transfers [default: no limit but the time]
    #[arg(long)]
    transactions: Option<usize>,
    /// How many of the nodes are members: they vote and mine [default: all]
    #[arg(long)]
    voters: Option<u16>,
}

const YEAR_EXAMPLES: &str = "\
Made offline, the same for the same seed: transfers, records and agreements,
on working days from eight to six, with a block every 30 seconds that holds
some 32 transactions; at night and on weekends empty blocks, one a minute.
10000000 transactions are a year, 200000 a week. A chain that is in --out
already is measured again, or made longer; a run that was stopped goes on.

Examples:
  bouya bench year
  bouya bench year --transactions 10000000 --out year --skip join
  bouya run --config year/node0/node.toml   # use it by hand";

#[derive(Debug, Args)]
struct Year {
    /// Transactions in the chain, at least
    #[arg(long, default_value_t = 200_000)]
    transactions: usize,
    /// How many accounts pay and are paid, up to 10000
    #[arg(long, default_value_t = 10_000)]
    accounts: usize,
    /// Another number makes another year
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Make it in this folder, and keep it [default: a temporary one]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// What not to measure
    #[arg(long, value_delimiter = ',', value_name = "WHAT")]
    skip: Vec<Skip>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Skip {
    Join,
    Verify,
}

/// Runs the bench and prints the figures.
pub(crate) fn run(options: &BenchOptions, out: &mut Output) -> Result<(), Error> {
    if cfg!(debug_assertions) {
        super::output::note(
            "This is a debug build: its figures mean nothing. Build with: cargo build --release",
        );
    }
    descriptors::allow(FILES);
    let stop = Stop::listen()?;
    let What::All { quick } = options.what else {
        let report = repeat(&options.what, options, &stop)?;
        return if out.json { show::json(&report, out) } else { show::tables(&report, out) };
    };
    let mut reports = Vec::new();
    for (name, quickly) in ALL {
        let arguments = if quick { *quickly } else { "" };
        let typed = Typed::try_parse_from(iter::once(*name).chain(arguments.split_whitespace()));
        let what = typed.map_err(Error::failed)?.what;
        super::output::note(&format!("bench {name}"));
        let report = repeat(&what, options, &stop)?;
        // Shown at once, so that a later failure does not lose it.
        if !out.json {
            show::tables(&report, out)?;
            out.line("")?;
        }
        reports.push(report);
    }
    if out.json { show::json(&reports, out) } else { Ok(()) }
}

/// Runs the bench as many times as asked, one after the other.
fn repeat(what: &What, options: &BenchOptions, stop: &Stop) -> Result<Report, Error> {
    let mut progress = Progress::new();
    let runs = options.runs.get();
    let mut reports = Vec::new();
    for number in 1..=runs {
        let mut say = |text: &str| match runs {
            1 => progress.say(text),
            _ => progress.say(&format!("run {number} of {runs}: {text}")),
        };
        let mut run = Run { effort: Duration::from_millis(options.effort), say: &mut say, stop };
        let report = measure(what, &mut run);
        // On a terminal, Ctrl-C reaches the nodes too. What fails then is not their fault.
        reports.push(report.map_err(|error| failed(stop.check().err().unwrap_or(error)))?);
    }
    drop(progress);
    Report::median(reports).ok_or_else(|| Error::Failed("no run".to_owned()))
}

fn measure(what: &What, run: &mut Run<'_>) -> Result<Report, BenchError> {
    match what {
        What::All { .. } => Err(BenchError::Usage("`all` cannot run itself".to_owned())),
        What::Network(network) => bench::network::run(&network.settings(), run),
        What::Sync { blocks, transactions, calls } => {
            let (blocks, transactions, calls) = (*blocks, *transactions, *calls);
            bench::sync::run(&bench::sync::SyncBench { blocks, transactions, calls }, run)
        }
        What::Mempool { transactions, wallets } => {
            let settings = bench::mempool::MempoolBench { transactions: *transactions, wallets: *wallets };
            bench::mempool::run(&settings, run)
        }
        What::Gossip { nodes, size, transactions, single, pause } => {
            let (nodes, size, transactions, single) = (*nodes, *size, *transactions, *single);
            let pause = Duration::from_millis(*pause);
            bench::gossip::run(&bench::gossip::GossipBench { nodes, size, transactions, single, pause }, run)
        }
        What::Relay { nodes, transactions, rounds } => {
            let (nodes, transactions, rounds) = (*nodes, *transactions, *rounds);
            bench::relay::run(&bench::relay::RelayBench { nodes, transactions, rounds }, run)
        }
        What::Mine { seconds, rounds } => {
            bench::mine::run(&bench::mine::MineBench { seconds: *seconds, rounds: *rounds }, run)
        }
        What::Handshake { rounds } => {
            bench::handshake::run(&bench::handshake::HandshakeBench { rounds: *rounds }, run)
        }
        What::Api { seconds, connections } => {
            bench::api::run(&bench::api::ApiBench { seconds: *seconds, connections: *connections }, run)
        }
        What::Scale { accounts, heights } => {
            let settings = bench::scale::ScaleBench { accounts: accounts.clone(), heights: heights.clone() };
            bench::scale::run(&settings, run)
        }
        What::Year(year) => bench::year::run(&year.settings(), run),
    }
}

impl Network {
    fn settings(&self) -> bench::network::NetworkBench {
        bench::network::NetworkBench {
            nodes: self.nodes,
            seconds: self.seconds,
            wallets: self.wallets,
            accounts: self.accounts,
            backlog: self.backlog,
            transactions: self.transactions,
            voters: self.voters.unwrap_or(self.nodes),
        }
    }
}

impl Year {
    fn settings(&self) -> bench::year::YearBench {
        bench::year::YearBench {
            transactions: self.transactions,
            accounts: self.accounts,
            seed: self.seed,
            out: self.out.clone(),
            join: !self.skip.contains(&Skip::Join),
            verify: !self.skip.contains(&Skip::Verify),
        }
    }
}

fn failed(error: BenchError) -> Error {
    match error {
        BenchError::Usage(_) => Error::Usage(error.to_string()),
        _ => Error::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn all_are_all_benches() {
        let command = Typed::command();
        let mut named: Vec<&str> =
            command.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "all").collect();
        let mut all: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        named.sort_unstable();
        all.sort_unstable();
        assert_eq!(all, named);
    }
}

//! chaos: tests real nodes on one machine with the faults of days of operation, and checks that the network stays correct.
//!
//! | module | is |
//! |---|---|
//! | [`schedule`], [`fault`] | which fault hits which node, and when: a pure function of the seed |
//! | [`consortium`] | CA, network and configurations in a temporary folder |
//! | [`daemon`], [`seat`], [`disk`] | one node as a process; its current place; a disk that can be filled |
//! | [`proxy`] | the wires between nodes, which can be cut, delayed, narrowed, broken |
//! | [`lan`], [`namespace`], [`window`] | a separate network for the nodes, whose cables can be unplugged; access to the nodes' APIs from outside |
//! | [`load`], [`client`] | wallets that send transactions, and check that the nodes keep them |
//! | [`watch`], [`logs`] | each node's answers and logs |
//! | [`drill`], [`rejoin`], [`removal`], [`doubles`] | making and lifting faults; how long nodes take to rejoin; whether the removed member stays out; whether a pair keeps two connections |
//! | [`finish`], [`judge`] | the facts after healing; the verdicts on them, as a pure function |
//! | [`options`], [`plan`], [`run`], [`live`], [`stop`] | the arguments, the plan of one run, the run, its progress line, its end |
//! | [`tell`], [`report`] | the report: JSON, and a page with a picture |
//!
//! Invariants: every process and every mount ends with the run, even after a panic; no traffic leaves the loopback, or the network that
//! the tool made.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod client;
mod consortium;
mod daemon;
mod disk;
mod doubles;
mod drill;
mod error;
mod fault;
mod finish;
mod judge;
mod lan;
mod live;
mod load;
mod logs;
mod namespace;
mod options;
mod plan;
mod proxy;
mod rejoin;
mod removal;
mod report;
mod run;
mod schedule;
mod seat;
mod stop;
mod tell;
mod watch;
mod window;

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime;

use self::error::Error;
use self::options::Options;
use self::stop::Stop;

fn main() -> ExitCode {
    let options = Options::parse();
    match begin(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err((error, stopped)) => {
            eprintln!("error: {error}");
            ExitCode::from(if stopped { 130 } else { 2 })
        }
    }
}

/// Runs, and returns whether everything held. With an error: whether the user caused it with a second Ctrl-C.
fn begin(options: &Options) -> Result<bool, (Error, bool)> {
    let early = |error| (error, false);
    options.check().map_err(early)?;
    if options.namespaces {
        lan::enter(options.outside.as_deref()).map_err(early)?;
    }
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| early(Error::System(format!("no threads: {error}"))))?;
    let stop = Stop::listen(&runtime).map_err(early)?;
    run::run(options, stop.clone(), runtime).map_err(|error| (error, stop.twice()))
}

//! chaos: does to real nodes on one machine what days of operation do, and checks that the network stays right.
//!
//! | module | is |
//! |---|---|
//! | [`schedule`], [`fault`] | which fault hits whom and when: a pure function of the seed |
//! | [`consortium`] | CA, network and configurations in a temporary folder |
//! | [`daemon`], [`seat`], [`disk`] | one node as a process; where it is now; a disk that can be full |
//! | [`proxy`] | the wires between nodes, that can be cut, delayed, narrowed, broken |
//! | [`lan`], [`namespace`], [`window`] | a network of their own for the nodes, whose cables can be out; what is asked of them from outside it |
//! | [`load`], [`client`] | wallets that send, and hold nodes to their word |
//! | [`watch`], [`logs`] | what each node answers and logs |
//! | [`drill`], [`rejoin`], [`removal`], [`doubles`] | doing and lifting faults; how long nodes take to be back; who was removed stays out; no pair keeps two connections |
//! | [`finish`], [`judge`] | facts after healing, and the verdicts: pure |
//! | [`options`], [`plan`], [`run`], [`live`], [`stop`] | arguments, what one run is to do, the run, its line, its end |
//! | [`tell`], [`report`] | what it comes to: JSON, and a page with a picture |
//!
//! Invariants: every process and every mount ends with the run, be it by a panic; nothing reaches beyond loopback, or beyond the network
//! that it made itself.

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

/// Whether everything held. An error says whether the user wanted it.
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

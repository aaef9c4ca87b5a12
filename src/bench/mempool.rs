//! Signed transfers into one node's mempool: decoded, checked on all cores, ordered, offered to a network that takes everything. Then calls that do
//! not pay: half of them offer too little for their gas, the senders of the others have nothing.

use std::sync::Arc;
use std::time::Instant;

use bouya_core::crypto::Hash;
use bouya_core::ledger::Transaction;
use bouya_core::mempool::Limits as Bounds;
use bouya_harness::TempFolder;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::counter::Counter;
use super::load::{FEE, Load, genesis};
use super::{BenchError, Figure, Limits, Report, Run, Stop};
use crate::actor::Mailbox;
use crate::clock::Clock;
use crate::events::Events;
use crate::mempool::{Level, MempoolActor, MempoolRequest};
use crate::store::Store;
use crate::workers::Workers;

/// Transactions given at once: what one message between nodes may hold.
const BATCH: usize = bouya_core::limits::TRANSACTIONS_PER_MESSAGE;

/// What is given.
#[derive(Clone, Copy, Debug)]
pub struct MempoolBench {
    pub transactions: usize,
    pub wallets: usize,
}

pub fn run(settings: &MempoolBench, run: &mut Run<'_>) -> Result<Report, BenchError> {
    let MempoolBench { transactions, wallets } = *settings;
    super::network::check_wallets(wallets)?;
    let limits = Limits::measure(run)?;
    let load = Load { wallets, accounts: 10_000 };
    let genesis = Arc::new(genesis(Counter::allow(load.spec(1_000, 1, 0)?))?);
    (run.say)(&format!("signing {transactions} transfers"));
    let signed = load.sign(&genesis.id(), 0..transactions, run.stop)?;
    (run.say)(&format!("signing {transactions} calls"));
    let unpaid = unpaid(&load, &genesis.id(), transactions, run.stop)?;
    let folder = TempFolder::new("bouya-bench")?;
    let failed = |error: String| BenchError::system("cannot make a mempool", error);
    let store = Store::open(folder.path(), genesis.clone()).map_err(|error| failed(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(error.to_string()))?;
    let (network, mut offers) = Mailbox::new("network", 4_096);
    let (mempool, inbox) = Mailbox::new("mempool", bouya_core::limits::MEMPOOL_MAILBOX);
    let (events, workers) = (Events::default(), Arc::new(Workers::new(genesis.id())));
    let (level, levels) = watch::channel(Level::default());
    let reader = store.reader();
    let bounds = Bounds {
        max_transactions: transactions.max(1),
        max_per_sender: transactions.max(1),
        max_bytes: usize::MAX,
        ..Bounds::default()
    };
    let clock = Clock::start();
    let actor = MempoolActor { limits: bounds, reader, workers, inbox, network, level, events, clock };
    runtime.spawn(async move {
        loop {
            offers.next().await;
        }
    });
    let stop = CancellationToken::new();
    let until = stop.clone();
    let running = runtime.spawn_blocking(move || actor.run(&until));
    let give = |all: &[Transaction]| {
        let batches: Vec<Vec<Transaction>> = all.chunks(BATCH).map(<[Transaction]>::to_vec).collect();
        let (began, mut taken) = (Instant::now(), 0);
        for transactions in batches {
            run.stop.check()?;
            let give = |reply| MempoolRequest::Give { transactions, replace: false, reply };
            let given = runtime.block_on(mempool.ask(give));
            let given = given.map_err(|error| failed(error.to_string()))?;
            taken += given.iter().filter(|given| given.is_ok()).count();
        }
        Ok::<_, BenchError>((taken, began.elapsed()))
    };
    (run.say)("giving them to the mempool");
    let (taken, took) = give(&signed)?;
    let (let_in, refusing) = give(&unpaid)?;
    stop.cancel();
    let _ = runtime.block_on(running);
    let waiting = levels.borrow().transactions;
    let parameters = [("transactions", transactions as f64), ("wallets", wallets as f64)];
    let mut report = Report::new("mempool", &parameters, &limits);
    report.add(
        Figure::new("admitted_per_second", taken as f64 / took.as_secs_f64(), "tx/s")
            .of("batch verify on all cores", limits.verify_all_cores())
            .aim(40_000.0, "40,000; beyond: 0.7 of the limit"),
    );
    let refused = unpaid.len().saturating_sub(let_in);
    report.add(
        Figure::new("refused_per_second", refused as f64 / refusing.as_secs_f64(), "tx/s")
            .aim(10_000.0, "10,000 calls that do not pay"),
    );
    report.add(Figure::new("taken", taken as f64, "tx"));
    report.add(Figure::new("refused", refused as f64, "tx"));
    report.add(Figure::new("waiting", waiting as f64, "tx"));
    Ok(report)
}

/// Calls that a mempool does not take: wallets that have coins offer too little for the gas, and as many others have none.
fn unpaid(load: &Load, network: &Hash, count: usize, stop: &Stop) -> Result<Vec<Transaction>, BenchError> {
    let (counter, _) = Counter::new(network);
    let all = Load { wallets: 2 * load.wallets, ..*load };
    let fee = |number| if number % all.wallets < load.wallets { 1 } else { FEE };
    all.sign_calls(network, &counter, (0..count, fee), stop)
}

//! A fresh node joins over TLS: from its last look at an empty chain to its first at the full one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::chain::Maker;
use super::consortium::{Consortium, Daemon};
use super::load::{Load, genesis};
use super::{BenchError, Figure, Limits, Report, Run, process};

const INTERVAL_MS: u32 = 1_000;
/// Nodes that only serve and join.
const SECTIONS: &str = "[miner]\nenabled = false\n\n[log]\nlevel = \"warn\"\n";
/// Transactions that are signed and made durable at once, and blocks.
const AT_ONCE: usize = 10_000;
const TOGETHER: usize = 256;
/// Longer than any size that makes sense here.
const SYNCED_WITHIN: Duration = Duration::from_secs(3_600);

/// What is joined.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub blocks: usize,
    pub transactions: usize,
}

pub fn run(settings: &Settings, run: &mut Run<'_>) -> Result<Report, BenchError> {
    let Settings { blocks, transactions } = *settings;
    if blocks == 0 {
        return Err(BenchError::Settings("--blocks 0: a chain to join has one block at least".to_owned()));
    }
    let limits = Limits::measure(run)?;
    let load = Load { wallets: 1_000.min(transactions.max(1)), accounts: 10_000 };
    let age = (blocks as u64 + 10) * u64::from(INTERVAL_MS);
    let genesis = Arc::new(genesis(load.spec(INTERVAL_MS, 1, age)?)?);
    let consortium = Consortium::create(&genesis, 2)?;
    (run.say)(&format!("making a chain of {blocks} blocks with {transactions} transfers"));
    let mut maker = Maker::open(&consortium.files().data(0), genesis.clone())?;
    let mut made = 0;
    while made < blocks {
        // Evenly, to the last one; signed together, so that all cores have something to do.
        let until = blocks.min(made + TOGETHER.min(1 + AT_ONCE * blocks / transactions.max(1)));
        let end = |block: usize| transactions * block / blocks;
        let signed = load.sign(&genesis.id(), end(made)..end(until), run.stop)?;
        let part = |block: usize| signed.get(end(block) - end(made)..end(block + 1) - end(made));
        maker.add_all((made..until).filter_map(part))?;
        made = until;
        (run.say)(&format!("made {made} of {blocks} blocks"));
    }
    drop(maker);
    let servers = consortium.start(&[0], &[], SECTIONS, run.stop)?;
    let known: Vec<_> = servers.iter().map(|server| (0, server.ports)).collect();
    (run.say)("a fresh node joins");
    let joiners = consortium.start(&[1], &known, SECTIONS, run.stop)?;
    let ([server], [joiner]) = (&servers[..], &joiners[..]) else {
        return Err(BenchError::System("two nodes were to be started".to_owned()));
    };
    let (took, used) = watch(joiner, blocks as u64, run)?;
    let per_second = |count: usize| count as f64 / took.as_secs_f64();
    let parameters = [("blocks", blocks as f64), ("transactions", transactions as f64)];
    let mut report = Report::new("sync", &parameters, &limits);
    let verify = limits.verify_all_cores();
    report.add(
        Figure::new("transactions_per_second", per_second(transactions), "tx/s")
            .of("batch verify on all cores", verify)
            .aim(70_000_f64.max(0.5 * verify), "70,000, or 0.5 of the limit; beyond: 0.7"),
    );
    report.add(Figure::new("blocks_per_second", per_second(blocks), "blocks/s"));
    report.add(Figure::new("seconds", took.as_secs_f64(), "s"));
    for (part, seconds) in &used {
        let each = seconds / transactions.max(1) as f64 * 1e6;
        report.add(Figure::new(format!("cpu_{part}"), each, "us/tx"));
    }
    report.add(Figure::new("memory_joining", joiner.memory(), "B"));
    report.add(Figure::new("memory_serving", server.memory(), "B"));
    // What was joined is what was made: counted, not believed.
    let counted = super::network::count(&joiner.client, 1, blocks as u64)?;
    report.add(Figure::new("transactions", counted as f64, "tx"));
    Ok(report)
}

type Parts = std::collections::BTreeMap<String, f64>;

fn watch(joiner: &Daemon, height: u64, run: &mut Run<'_>) -> Result<(Duration, Parts), BenchError> {
    let (mut began, before) = (Instant::now(), process::cpu(joiner.pid()));
    run.stop.until("the node is in step", SYNCED_WITHIN, || {
        let asked = Instant::now();
        let status = joiner.client.status()?;
        if status.tip.height == 0 {
            began = asked;
        }
        Ok((status.tip.height >= height).then_some(()))
    })?;
    Ok((began.elapsed(), process::used(&before, &process::cpu(joiner.pid()))))
}

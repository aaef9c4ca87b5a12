//! A fresh node joins over TLS: from its last look at an empty chain to its first at the full one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bouya_harness::Daemon;
use bouya_harness::process::{Cpu, used};

use super::chain::Maker;
use super::client::{block, status};
use super::consortium::{Consortium, cpu, memory};
use super::counter::Counter;
use super::load::{FEE, Load, genesis};
use super::{BenchError, Figure, Limits, Report, Run};

const INTERVAL_MS: u32 = 1_000;
/// Nodes that only serve and join.
const SECTIONS: &str = "[miner]\nenabled = false\n\n[log]\nlevel = \"warn\"\n";
/// Transactions that are signed and made durable at once, and blocks.
const AT_ONCE: usize = 10_000;
const TOGETHER: usize = 256;
const TELL_EVERY: Duration = Duration::from_secs(2);
/// Longer than any size that makes sense here.
const SYNCED_WITHIN: Duration = Duration::from_secs(3_600);

/// What is joined.
#[derive(Clone, Copy, Debug)]
pub struct SyncBench {
    pub blocks: usize,
    pub transactions: usize,
    /// They call a contract that counts, instead of moving coins.
    pub calls: bool,
}

pub fn run(settings: &SyncBench, run: &mut Run<'_>) -> Result<Report, BenchError> {
    let SyncBench { blocks, transactions, calls } = *settings;
    if blocks == 0 {
        return Err(BenchError::Usage("--blocks 0: a chain to join has one block at least".to_owned()));
    }
    let limits = Limits::measure(run)?;
    let load = Load { wallets: 1_000.min(transactions.max(1)), accounts: 10_000 };
    let age = (blocks as u64 + 10) * u64::from(INTERVAL_MS);
    let spec = load.spec(INTERVAL_MS, 1, age)?;
    let genesis = Arc::new(genesis(if calls { Counter::allow(spec) } else { spec })?);
    let mut consortium = Consortium::create(&genesis, 2)?;
    let kind = if calls { "calls" } else { "transfers" };
    (run.say)(&format!("making a chain of {blocks} blocks with {transactions} {kind}"));
    let mut maker = Maker::open(&consortium.nodes[0].member.data(), genesis.clone())?;
    let (counter, deployment) = Counter::new(&genesis.id());
    if calls {
        maker.add(&[deployment])?;
    }
    let below = maker.tip().height;
    let mut made = 0;
    while made < blocks {
        // Evenly, to the last one; signed together, so that all cores have something to do.
        let until = blocks.min(made + TOGETHER.min(1 + AT_ONCE * blocks / transactions.max(1)));
        let end = |block: usize| transactions * block / blocks;
        let numbers = end(made)..end(until);
        let signed = match calls {
            true => load.sign_calls(&genesis.id(), &counter, (numbers, |_| FEE), run.stop)?,
            false => load.sign(&genesis.id(), numbers, run.stop)?,
        };
        let part = |block: usize| signed.get(end(block) - end(made)..end(block + 1) - end(made));
        maker.add_all((made..until).filter_map(part))?;
        made = until;
        (run.say)(&format!("made {made} of {blocks} blocks"));
    }
    drop(maker);
    consortium.start(0..1, SECTIONS, run.stop)?;
    (run.say)("a fresh node joins");
    consortium.start(1..2, SECTIONS, run.stop)?;
    let [server, joiner] = &consortium.nodes[..] else {
        return Err(BenchError::System("two nodes were to be started".to_owned()));
    };
    let (took, used) = watch(joiner, below + blocks as u64, SYNCED_WITHIN, run)?;
    let per_second = |count: usize| count as f64 / took.as_secs_f64();
    let parameters = [
        ("blocks", blocks as f64),
        ("transactions", transactions as f64),
        ("calls", f64::from(u8::from(calls))),
    ];
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
    report.add(Figure::new("memory_joining", memory(joiner), "B"));
    report.add(Figure::new("memory_serving", memory(server), "B"));
    // What was joined is what was made: counted, not believed.
    let counted =
        (1..=blocks as u64).map(|height| Ok(block(&joiner.client, below + height)?.body.transactions.len()));
    let counted = counted.sum::<Result<usize, BenchError>>()?;
    report.add(Figure::new("transactions", counted as f64, "tx"));
    Ok(report)
}

/// How long a node takes to this height, and what CPU time. An empty chain is where it begins.
pub(super) fn watch(
    joiner: &Daemon,
    height: u64,
    within: Duration,
    run: &mut Run<'_>,
) -> Result<(Duration, Cpu), BenchError> {
    let (mut began, before) = (Instant::now(), cpu(joiner));
    let mut told = Instant::now();
    run.stop.until("the node is in step", within, || {
        let asked = Instant::now();
        let status = status(&joiner.client)?;
        if told.elapsed() >= TELL_EVERY {
            told = asked;
            (run.say)(&format!("has {} of {height} blocks", status.tip.height));
        }
        if status.tip.height == 0 {
            began = asked;
        }
        Ok((status.tip.height >= height).then_some(()))
    })?;
    Ok((began.elapsed(), used(&before, &cpu(joiner))))
}

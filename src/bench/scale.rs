//! What growth costs: a block, a start and memory, at many accounts and at great height.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bouya_core::codec::{Bounded, Text};
use bouya_core::ledger::{Genesis, Output, Transaction};
use bouya_core::limits::OUTPUTS;

use super::chain::Maker;
use super::consortium::{Consortium, memory};
use super::load::{Load, genesis, key, payee};
use super::{BenchError, Figure, Limits, MEMORY_IDLE, Report, Run};

const SECTIONS: &str = "[miner]\nenabled = false\n\n[log]\nlevel = \"warn\"\n";
const INTERVAL_MS: u32 = 1_000;
/// Wallets of the blocks that are measured; one more opens the accounts.
const WALLETS: usize = 500;
/// Transfers of a block that is measured.
const PER_BLOCK: usize = 500;
/// Blocks that are measured, of which the median counts.
const BLOCKS: usize = 15;
/// Transactions with all the outputs that fit, in one block that opens accounts.
const OPENING: usize = 300;
const FEE: u64 = 100_000;
/// Empty blocks that share a commit.
const TOGETHER: u64 = 512;
const NONE: &[Transaction] = &[];

/// How far.
#[derive(Clone, Debug)]
pub struct ScaleBench {
    pub accounts: Vec<usize>,
    pub heights: Vec<u64>,
}

pub fn run(settings: &ScaleBench, run: &mut Run<'_>) -> Result<Report, BenchError> {
    if settings.accounts.iter().any(|accounts| !(1..=10_000_000).contains(accounts)) {
        return Err(BenchError::Usage("--accounts: 1 to 10000000 are possible".to_owned()));
    }
    let limits = Limits::measure(run)?;
    let mut report = Report::new("scale", &[("transactions_per_block", PER_BLOCK as f64)], &limits);
    let mut blocks = Vec::new();
    for accounts in &settings.accounts {
        (run.say)(&format!("{accounts} accounts"));
        let found = one(*accounts, 0, run)?;
        tell(&mut report, &format!("{accounts}_accounts"), &found);
        blocks.push(found.block);
    }
    if let (Some(first), Some(last)) = (blocks.first(), blocks.last()) {
        let growth = last.as_secs_f64() / first.as_secs_f64();
        report.add(
            Figure::new("block_at_most_by_block_at_fewest", growth, "")
                .aim(1.5, "1.5 from 1,000 to 1M accounts; beyond: 1.1"),
        );
    }
    for height in &settings.heights {
        (run.say)(&format!("{height} blocks"));
        let found = one(1_000, *height, run)?;
        tell(&mut report, &format!("{height}_blocks"), &found);
    }
    Ok(report)
}

struct Found {
    block: Duration,
    start: Duration,
    memory: f64,
    bytes: f64,
}

fn tell(report: &mut Report, at: &str, found: &Found) {
    report.add(Figure::new(format!("block_at_{at}"), found.block.as_secs_f64() * 1e3, "ms"));
    let start = Figure::new(format!("start_at_{at}"), found.start.as_secs_f64(), "s");
    report.add(start.aim(1.0, "1 s at 1M blocks; beyond: 0.3 s"));
    let memory = Figure::new(format!("memory_at_{at}"), found.memory, "B");
    report.add(memory.aim(MEMORY_IDLE, "60 MiB idle; beyond: 30 MiB"));
    report.add(Figure::new(format!("store_at_{at}"), found.bytes, "B"));
}

/// A chain of its own with so many accounts and empty blocks, then blocks on top of it, then a daemon that starts with it.
fn one(accounts: usize, empty: u64, run: &mut Run<'_>) -> Result<Found, BenchError> {
    let load = Load { wallets: WALLETS, accounts };
    let opening = accounts.div_ceil(OUTPUTS).div_ceil(OPENING) as u64;
    let age = (opening + empty + BLOCKS as u64 + 10) * u64::from(INTERVAL_MS);
    let funded = Load { wallets: WALLETS + 1, accounts };
    let genesis = Arc::new(genesis(funded.spec(INTERVAL_MS, 1, age)?)?);
    let mut consortium = Consortium::create(&genesis, 1)?;
    let data = consortium.nodes[0].member.data();
    let mut maker = Maker::open(&data, genesis.clone())?;
    for block in openings(&genesis, accounts).chunks(OPENING) {
        run.stop.check()?;
        maker.add_all([block])?;
    }
    let mut made = 0;
    while made < empty {
        run.stop.check()?;
        let more = TOGETHER.min(empty - made);
        maker.add_all((0..more).map(|_| NONE))?;
        made += more;
        if made.is_multiple_of(100 * TOGETHER) {
            (run.say)(&format!("made {made} of {empty} blocks"));
        }
    }
    let signed = load.sign(&genesis.id(), 0..BLOCKS * PER_BLOCK, run.stop)?;
    let mut blocks = Vec::new();
    for block in signed.chunks(PER_BLOCK) {
        run.stop.check()?;
        blocks.push(maker.add(block)?);
    }
    drop(maker);
    blocks.sort_unstable();
    let block = blocks.get(blocks.len() / 2).copied().unwrap_or_default();
    let bytes = std::fs::metadata(data.join(crate::store::FILE)).map_or(0, |file| file.len()) as f64;
    let began = Instant::now();
    consortium.start_all(SECTIONS, run.stop)?;
    let start = began.elapsed();
    Ok(Found { block, start, memory: memory(&consortium.nodes[0]), bytes })
}

/// Transactions that pay every account once.
fn openings(genesis: &Genesis, accounts: usize) -> Vec<Transaction> {
    let open = |nonce: usize| {
        let first = nonce * OUTPUTS;
        let outputs = (first..accounts.min(first + OUTPUTS)).map(|n| Output { to: payee(n), amount: 1 });
        let (nonce, memo) = (nonce as u64, Text::default());
        Transaction::transfer(
            &genesis.id(),
            &key(WALLETS),
            nonce,
            FEE,
            u64::MAX,
            Bounded::truncated(outputs),
            memo,
        )
    };
    (0..accounts.div_ceil(OUTPUTS)).map(open).collect()
}

//! A year of a busy consortium, and what it costs: disk, start, a join, memory, and verifying it all.
//!
//! The chain is made offline and is the same for the same seed. Then daemons run on it, each its own process.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bouya_core::codec::Text;
use bouya_core::crypto::{SecretKey, sha256};
use bouya_core::ledger::Genesis;
use bouya_core::limits::GENESIS_ALLOCATIONS;
use bouya_core::time::Timestamp;
use bouya_harness::{Daemon, TempFolder, process};
use rustix::process::Signal;

use self::making::Made;
use self::members::{MEMBERS, Members};
use super::client::status;
use super::consortium::{Consortium, memory, peak_memory};
use super::{BenchError, Figure, Limits, MEMORY_IDLE, Report, Run, load, sync};
use crate::config::network::new_spec;

mod making;
mod members;
mod plan;
mod sizes;

/// In working hours a block comes this often.
const INTERVAL_MS: u32 = 30_000;
/// Nodes that make nothing new.
const SECTIONS: &str = "[miner]\nenabled = false\n\n[log]\nlevel = \"warn\"\n";
/// Transactions of a whole year.
const YEAR: f64 = 10_000_000.0;
/// Longer than ten million transactions take on a slow machine.
const DONE_WITHIN: Duration = Duration::from_secs(12 * 3_600);
const ENDED_WITHIN: Duration = Duration::from_secs(60);

/// What is made and measured.
#[derive(Clone, Debug)]
pub struct YearBench {
    pub transactions: usize,
    pub accounts: usize,
    pub seed: u64,
    /// The folder that stays; none: a temporary one.
    pub out: Option<PathBuf>,
    pub join: bool,
    pub verify: bool,
}

/// The year's network: its first node holds the chain, the second one joins.
struct Year {
    seed: u64,
    genesis: Arc<Genesis>,
    wallets: Vec<SecretKey>,
    members: Members,
    consortium: Consortium,
}

pub fn run(settings: &YearBench, run: &mut Run<'_>) -> Result<Report, BenchError> {
    if !(2..=GENESIS_ALLOCATIONS).contains(&settings.accounts) || settings.transactions == 0 {
        let why = format!("--accounts: 2 to {GENESIS_ALLOCATIONS} are possible; --transactions: 1 at least");
        return Err(BenchError::Usage(why));
    }
    let limits = Limits::measure(run)?;
    let (folder, _temporary) = match &settings.out {
        Some(folder) => (folder.clone(), None),
        None => {
            let temporary = TempFolder::new("bouya-bench")?;
            (temporary.path().to_owned(), Some(temporary))
        }
    };
    let mut year = Year::open(&folder, settings.seed, settings.accounts, plan::BEGIN)?;
    let before = cpu_of(std::process::id());
    let made = making::make(&mut year, settings.transactions, run)?;
    let cpu = cpu_of(std::process::id()) - before;
    let parameters = [
        ("transactions", made.transactions as f64),
        ("accounts", settings.accounts as f64),
        ("seed", settings.seed as f64),
    ];
    let mut report = Report::new("year", &parameters, &limits);
    tell(&mut report, &made, cpu);
    let data = year.consortium.nodes[0].member.data();
    disk(&mut report, &data, &made, run)?;
    start(&mut report, &mut year.consortium, run)?;
    if settings.join {
        join(&mut report, &mut year.consortium, &made, run)?;
    }
    year.consortium.nodes.iter_mut().try_for_each(end)?;
    if settings.verify {
        verify(&mut report, &year.consortium.nodes[0], &made, run)?;
    }
    year.consortium.configure("")?;
    Ok(report)
}

impl Year {
    /// The network in this folder, which begins then; what it lacks is made.
    fn open(folder: &Path, seed: u64, accounts: usize, begin: Timestamp) -> Result<Self, BenchError> {
        let wallets: Vec<SecretKey> = (0..accounts).map(load::key).collect();
        let salt = sha256(format!("year {seed}").as_bytes()).0;
        let salt = salt.first_chunk().copied().unwrap_or_default();
        let name = Text::try_from("year".to_owned()).unwrap_or_default();
        let mut spec = new_spec(name, salt, begin, 1.0, INTERVAL_MS);
        spec.blocks.initial_difficulty = 1;
        spec.allocations = load::allocations(&spec.coin, wallets.iter().map(SecretKey::public));
        spec.members = members::listed(seed)?;
        let genesis = Arc::new(load::genesis(spec)?);
        let consortium = Consortium::at(folder, &genesis, MEMBERS)?;
        let members = Members::open(folder, seed, &genesis)?;
        Ok(Self { seed, genesis, wallets, members, consortium })
    }
}

/// CPU seconds of a process so far.
fn cpu_of(pid: u32) -> f64 {
    process::cpu(pid).values().sum()
}

fn tell(report: &mut Report, made: &Made, cpu: f64) {
    report.add(Figure::new("part_of_a_year", made.transactions as f64 / YEAR, ""));
    report.add(Figure::new("blocks", made.blocks as f64, "blocks"));
    report.add(Figure::new("blocks_with_transactions", made.busy as f64, "blocks"));
    if made.new > 0 {
        let rate = made.new as f64 / made.took.as_secs_f64();
        report.add(Figure::new("made_per_second", rate, "tx/s"));
        report.add(Figure::new("cpu_making", cpu / made.new as f64 * 1e6, "us/tx"));
        let memory = process::peak_memory(std::process::id()).unwrap_or(0);
        report.add(Figure::new("memory_making", memory as f64, "B"));
    }
}

fn disk(report: &mut Report, data: &Path, made: &Made, run: &mut Run<'_>) -> Result<(), BenchError> {
    (run.say)("counting what the store takes");
    let store = sizes::on_disk(data);
    report.add(Figure::new("store", store, "B"));
    report.add(Figure::new("store_per_transaction", store / made.transactions as f64, "B"));
    report.add(Figure::new("store_length", sizes::length(data), "B"));
    for (table, bytes) in sizes::tables(data)? {
        report.add(Figure::new(format!("store_{table}"), bytes, "B"));
    }
    Ok(())
}

/// From the start of the process to the first answer.
fn start(report: &mut Report, consortium: &mut Consortium, run: &mut Run<'_>) -> Result<(), BenchError> {
    (run.say)("starting a node on it");
    let began = Instant::now();
    consortium.start(0..1, SECTIONS, run.stop)?;
    report.add(Figure::new("start", began.elapsed().as_secs_f64(), "s").aim(1.0, "1 s; beyond: 0.3 s"));
    let memory = memory(&consortium.nodes[0]);
    report.add(Figure::new("memory_started", memory, "B").aim(MEMORY_IDLE, "60 MiB idle; beyond: 30 MiB"));
    Ok(())
}

/// A node without a chain gets it from the first one, block by block, until its tip is the same and final.
fn join(
    report: &mut Report,
    consortium: &mut Consortium,
    made: &Made,
    run: &mut Run<'_>,
) -> Result<(), BenchError> {
    forget(&consortium.nodes[1])?;
    (run.say)("a fresh node joins");
    consortium.start(1..2, SECTIONS, run.stop)?;
    let [server, joiner, ..] = &consortium.nodes[..] else { return Ok(()) };
    let (took, used) = sync::watch(joiner, made.blocks, DONE_WITHIN, run)?;
    let finality = run.stop.until("the last block is final on the node that joined", ENDED_WITHIN, || {
        let (one, other) = (status(&server.client)?, status(&joiner.client)?);
        let same = one.tip.hash == other.tip.hash && other.finalized.height == made.blocks;
        Ok(same.then_some(()))
    });
    finality?;
    report.add(Figure::new("join", took.as_secs_f64(), "s"));
    let per_second = |count: f64| count / took.as_secs_f64();
    report.add(Figure::new("join_transactions_per_second", per_second(made.transactions as f64), "tx/s"));
    report.add(Figure::new("join_blocks_per_second", per_second(made.blocks as f64), "blocks/s"));
    for (part, seconds) in &used {
        let each = seconds / made.transactions as f64 * 1e6;
        report.add(Figure::new(format!("join_cpu_{part}"), each, "us/tx"));
    }
    report.add(Figure::new("memory_joining", peak_memory(joiner), "B"));
    report.add(Figure::new("memory_joined", memory(joiner), "B"));
    report.add(Figure::new("memory_serving", peak_memory(server), "B"));
    report.add(Figure::new("store_joined", sizes::on_disk(&joiner.member.data()), "B"));
    end(&mut consortium.nodes[1])?;
    forget(&consortium.nodes[1])
}

/// Executes and hashes all of it once more, as an operator would.
fn verify(report: &mut Report, node: &Daemon, made: &Made, run: &mut Run<'_>) -> Result<(), BenchError> {
    (run.say)("verifying the store");
    let failed = |error: std::io::Error| BenchError::system("cannot run `bouya verify`", error);
    let program = std::env::current_exe().map_err(failed)?;
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(["verify", "--config"])
        .arg(node.member.config())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let (pid, mut memory, mut cpu) = (child.id(), 0, 0.0);
    let ended = run.stop.until("the store is verified", DONE_WITHIN, || {
        memory = process::peak_memory(pid).unwrap_or(memory);
        cpu = cpu_of(pid).max(cpu);
        child.try_wait().map_err(failed)
    });
    if ended.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let took = began.elapsed().as_secs_f64();
    if !ended?.success() {
        return Err(BenchError::Node("`bouya verify` finds the store wrong".to_owned()));
    }
    report.add(Figure::new("verify", took, "s"));
    report.add(Figure::new("verify_transactions_per_second", made.transactions as f64 / took, "tx/s"));
    report.add(Figure::new("cpu_verifying", cpu / made.transactions as f64 * 1e6, "us/tx"));
    report.add(Figure::new("memory_verifying", memory as f64, "B"));
    Ok(())
}

/// Ends a node as an operator would, so that its store is closed.
fn end(node: &mut Daemon) -> Result<(), BenchError> {
    if node.pid().is_some() {
        node.signal(Signal::TERM);
        node.wait(ENDED_WITHIN)?;
    }
    Ok(())
}

/// Removes a node's chain.
fn forget(node: &Daemon) -> Result<(), BenchError> {
    let data = node.member.data();
    let done = std::fs::remove_dir_all(&data).and_then(|()| std::fs::create_dir_all(&data));
    done.map_err(|error| BenchError::system("cannot remove a chain", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Stop;
    use crate::bench::chain::Maker;
    use crate::store::Store;
    use crate::verify::verify;

    const ACCOUNTS: usize = 50;

    /// A year that begins a minute and a half before a night.
    fn open(folder: &Path) -> Year {
        let begin = Timestamp(plan::BEGIN.0 + 10 * 3_600_000 - 90_000);
        Year::open(folder, 1, ACCOUNTS, begin).unwrap()
    }

    fn make(year: &mut Year, wanted: usize) -> Made {
        let (mut say, stop) = (|_: &str| (), Stop::default());
        let mut run = Run { effort: Duration::ZERO, say: &mut say, stop: &stop };
        making::make(year, wanted, &mut run).unwrap()
    }

    #[test]
    fn a_night_is_rested_through_and_what_was_stopped_goes_on() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [mut whole, mut parts] = folders.each_ref().map(|folder| open(folder.path()));
        let made = make(&mut whole, 100);
        assert!((100..144).contains(&made.transactions) && made.new == made.transactions, "{made:?}");
        assert!(made.busy < 6 && made.blocks == made.busy + 14 * 60, "{made:?}");
        let first = make(&mut parts, 30);
        drop(parts);
        let mut parts = open(folders[1].path());
        let rest = make(&mut parts, 100);
        assert_eq!((rest.transactions, rest.blocks), (made.transactions, made.blocks));
        assert_eq!(rest.new, made.new - first.new);
        assert_eq!(make(&mut parts, 50).new, 0, "there is more already");
        let rows = [&whole, &parts].map(|year| {
            let data = year.consortium.nodes[0].member.data();
            let maker = Maker::open(&data, year.genesis.clone()).unwrap();
            assert_eq!(maker.finalized(), made.blocks);
            drop(maker);
            let store = Store::open(&data, year.genesis.clone()).unwrap();
            let report = verify(&store.reader(), |_, _| ()).unwrap();
            assert_eq!((report.blocks, report.transactions), (made.blocks, made.transactions as u64));
            report.rows
        });
        assert_eq!(rows[0], rows[1]);
    }
}

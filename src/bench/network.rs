//! A whole network under load: transfers signed beforehand go in at all nodes, through the public API; what counts is what the chains of all
//! nodes hold at the end.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use bouya_core::crypto::Hash;
use bouya_harness::{Client, Daemon, process};

use super::client::{block, status, waiting};
use super::consortium::{Consortium, cpu, memory};
use super::load::{Load, Signed};
use super::{BenchError, Figure, Limits, MEMORY_IDLE, Report, Run};
use crate::devnet::NODES;
use crate::http::views;

mod feed;
mod watch;

use feed::{Fed, Feeders};
use watch::{Seen, Watchers};

/// Milliseconds between blocks.
const INTERVAL_MS: u32 = 500;
/// Part of one core that all miners together use: the machine is for the rest.
const MINING: f64 = 0.04;
/// Part of that which is left to them under load, when nodes come first: the difficulty is one for then.
const UNDER_LOAD: f64 = 0.3;
/// Wallets that a genesis block may fund.
const WALLETS: usize = 10_000;
/// Transactions signed for each second: more than two cores have ever confirmed.
const SIGNED_PER_SECOND: usize = 20_000;

/// What load is put on what.
#[derive(Clone, Copy, Debug)]
pub struct NetworkBench {
    pub nodes: u16,
    pub seconds: u64,
    pub wallets: usize,
    pub accounts: usize,
    /// Transactions that may wait at a node before it is given more.
    pub backlog: usize,
    /// Transactions in all; none: as many as there is time for.
    pub transactions: Option<usize>,
    /// How many of the nodes vote.
    pub voters: u16,
}

pub(super) fn check_wallets(wallets: usize) -> Result<(), BenchError> {
    match wallets {
        1..=WALLETS => Ok(()),
        _ => Err(BenchError::Usage(format!("--wallets {wallets}: 1 to {WALLETS} are possible"))),
    }
}

pub fn run(settings: &NetworkBench, run: &mut Run<'_>) -> Result<Report, BenchError> {
    check_wallets(settings.wallets)?;
    if !(1..=NODES).contains(&settings.nodes) {
        return Err(BenchError::Usage(format!("--nodes {}: 1 to {NODES} are possible", settings.nodes)));
    }
    if !(1..=settings.nodes).contains(&settings.voters) {
        let voters = settings.voters;
        return Err(BenchError::Usage(format!("--voters {voters}: from 1 to all nodes are possible")));
    }
    if settings.accounts == 0 || settings.backlog == 0 || settings.seconds == 0 {
        return Err(BenchError::Usage("--accounts, --backlog and --seconds are 1 at least".to_owned()));
    }
    let limits = Limits::measure(run)?;
    let load = Load { wallets: settings.wallets, accounts: settings.accounts };
    let difficulty = limits.hash * MINING * UNDER_LOAD * f64::from(INTERVAL_MS) / 1_000.0;
    let spec = load.spec(INTERVAL_MS, difficulty as u64, 0)?;
    let (mut consortium, genesis) = Consortium::voting(spec, settings.nodes, settings.voters)?;
    let count = settings.transactions.unwrap_or(settings.seconds as usize * SIGNED_PER_SECOND);
    (run.say)(&format!("signing {count} transfers of {} wallets", settings.wallets));
    let signed = load.sign_bytes(&genesis.id(), count, run.stop)?;
    let size = signed.first().map_or(1, |first| first.bytes.len());

    (run.say)(&format!("starting {} nodes", settings.nodes));
    consortium.start_all(&sections(settings), run.stop)?;
    let daemons = &mut consortium.nodes;
    let idle: f64 = daemons.iter().map(memory).fold(0.0, f64::max);

    (run.say)("measuring");
    let window = measure(settings, &signed, daemons, run)?;
    (run.say)("counting what the chains hold");
    let confirmed = confirmed(daemons, &window)?;
    let parameters = [
        ("nodes", f64::from(settings.nodes)),
        ("voters", f64::from(settings.voters)),
        ("seconds", settings.seconds as f64),
        ("wallets", settings.wallets as f64),
        ("accounts", settings.accounts as f64),
        ("backlog", settings.backlog as f64),
        ("signed", count as f64),
        ("transaction_bytes", size as f64),
    ];
    let mut report = Report::new("network", &parameters, &limits);
    let nodes = f64::from(settings.nodes);
    let per_second = confirmed.latencies.len() as f64 / window.took.as_secs_f64();
    let limit = limits.verify_all_cores() / nodes;
    report.add(
        Figure::new("committed_per_second", per_second, "tx/s")
            .of("cores x batch verify / nodes", limit)
            .aim(10_000_f64.max(0.3 * limit), "10,000, or 0.3 of the limit if that is more; beyond: 0.5"),
    );
    let per_second = confirmed.final_latencies.len() as f64 / window.took.as_secs_f64();
    report.add(Figure::new("final_per_second", per_second, "tx/s"));
    tell(&mut report, settings, size as f64, &window, confirmed);
    let busy = daemons.iter().map(memory).fold(0.0, f64::max);
    report.add(Figure::new("memory_idle", idle, "B").aim(MEMORY_IDLE, "60 MiB; beyond: 30 MiB"));
    report.add(Figure::new("memory_busy", busy, "B"));
    Ok(report)
}

/// The miners are as many as the nodes and share the little that mining gets. Full nodes would refuse what all wallets have waiting.
fn sections(settings: &NetworkBench) -> String {
    let share = (MINING / f64::from(settings.nodes)).max(0.001);
    let most = (4 * settings.backlog).clamp(20_000, 1_000_000);
    format!(
        "[miner]\nwhen = \"always\"\nshare = {share:.4}\n\n[mempool]\nmax_transactions = {most}\nmax_per_sender = {most}\n\
         max_bytes = 1073741824\n\n[log]\nlevel = \"warn\"\n"
    )
}

/// What was seen while it lasted.
struct Window {
    took: Duration,
    /// When each transaction was submitted, by its id.
    submitted: HashMap<Hash, Instant>,
    refused: BTreeMap<String, usize>,
    /// When each node was first seen at each height, and when each was final there.
    seen: Vec<Seen>,
    settled: Vec<Seen>,
    /// CPU seconds of all nodes, by part, and of this program.
    cpu: process::Cpu,
    own_cpu: f64,
    received: f64,
}

fn measure(
    settings: &NetworkBench,
    signed: &[Signed],
    daemons: &mut [Daemon],
    run: &mut Run<'_>,
) -> Result<Window, BenchError> {
    let clients: Vec<Client> = daemons.iter().map(|daemon| daemon.client.clone()).collect();
    let cpu_of = |daemons: &[Daemon]| {
        let mut sum = process::Cpu::new();
        for (part, seconds) in daemons.iter().flat_map(cpu) {
            *sum.entry(part).or_default() += seconds;
        }
        sum
    };
    let own = || process::cpu(std::process::id()).values().sum::<f64>();
    let received = || -> Result<f64, BenchError> {
        clients
            .iter()
            .map(|client| Ok(client.metric("bouya_wire_bytes_received_total")?.unwrap_or(0.0)))
            .sum()
    };
    let (cpu_before, own_before, received_before) = (cpu_of(daemons), own(), received()?);
    let began = Instant::now();
    let until = began + Duration::from_secs(settings.seconds);
    let (fed, (seen, settled)) = std::thread::scope(|scope| {
        let watchers = Watchers::start(scope, &clients);
        let feeders = Feeders::start(scope, settings, &clients, signed, watchers.waiting());
        let watched = wait(daemons, &feeders, &watchers, until, signed.len(), run);
        let (fed, seen) = (feeders.stop(), watchers.stop());
        watched?;
        Ok::<_, BenchError>((fed, seen))
    })?;
    let took = began.elapsed();
    let received = received()? - received_before;
    let cpu = process::used(&cpu_before, &cpu_of(daemons));
    let own_cpu = own() - own_before;
    let Fed { submitted, refused } = fed;
    let submitted = submitted.into_iter().map(|(at, when)| (signed[at].id, when)).collect();
    Ok(Window { took, submitted, refused, seen, settled, cpu, own_cpu, received })
}

/// Until the time is over, or everything has been confirmed everywhere.
fn wait(
    daemons: &mut [Daemon],
    feeders: &Feeders<'_>,
    watchers: &Watchers<'_>,
    until: Instant,
    count: usize,
    run: &mut Run<'_>,
) -> Result<(), BenchError> {
    let mut told = Instant::now();
    while Instant::now() < until {
        run.stop.check()?;
        daemons.iter_mut().try_for_each(Daemon::check)?;
        let (given, height) = (feeders.given(), watchers.lowest());
        if told.elapsed() >= Duration::from_secs(1) {
            told = Instant::now();
            (run.say)(&format!("{given} submitted, all nodes at height {height}"));
        }
        // Looks may be older than what was given last: asked once more.
        if given == count && watchers.all_empty() && watchers.all_final() && all_empty(daemons)? {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn all_empty(daemons: &[Daemon]) -> Result<bool, BenchError> {
    let waiting: Vec<usize> =
        daemons.iter().map(|daemon| waiting(&daemon.client)).collect::<Result<_, BenchError>>()?;
    Ok(waiting.iter().all(|waiting| *waiting == 0))
}

/// What the chains of all nodes hold.
struct Confirmed {
    blocks: u64,
    /// From submitting each transaction of theirs to the look that found its block on the last node.
    latencies: Vec<Duration>,
    /// The same, to the look that found it final on the last node; of those that are.
    final_latencies: Vec<Duration>,
}

fn confirmed(daemons: &[Daemon], window: &Window) -> Result<Confirmed, BenchError> {
    let mut height = window.seen.iter().map(Seen::height).min().unwrap_or(0);
    // The last blocks may differ for a moment, where two were found at once.
    while height > 0 && !agree(daemons, height)? {
        height -= 1;
    }
    let first = window.seen.iter().filter_map(Seen::first).min().unwrap_or(1);
    let Some(client) = daemons.first().map(|daemon| &daemon.client) else {
        return Err(BenchError::Node("no node is left".to_owned()));
    };
    let (mut latencies, mut final_latencies) = (Vec::new(), Vec::new());
    for at in first..=height {
        let block = block(client, at)?;
        let Some(stored) = last(window.seen.iter().map(|seen| seen.at(at))) else { continue };
        let settled = last(window.settled.iter().map(|seen| seen.at(at)));
        for transaction in block.body.transactions.iter() {
            let Some(submitted) = window.submitted.get(&transaction.id()) else { continue };
            latencies.push(stored.saturating_duration_since(*submitted));
            final_latencies.extend(settled.map(|settled| settled.saturating_duration_since(*submitted)));
        }
    }
    Ok(Confirmed { blocks: (height + 1).saturating_sub(first), latencies, final_latencies })
}

/// When the last of the nodes had it; none if one never had.
fn last(nodes: impl Iterator<Item = Option<Instant>>) -> Option<Instant> {
    nodes.collect::<Option<Vec<Instant>>>().and_then(|all| all.into_iter().max())
}

fn agree(daemons: &[Daemon], height: u64) -> Result<bool, BenchError> {
    let path = format!("/v1/blocks/{height}");
    let hash = |daemon: &Daemon| daemon.client.get::<views::Block>(&path).map(|block| block.hash);
    let hashes: Vec<String> = daemons.iter().map(hash).collect::<Result<_, _>>()?;
    Ok(hashes.windows(2).all(|pair| pair.first() == pair.last()))
}

fn tell(report: &mut Report, settings: &NetworkBench, size: f64, window: &Window, mut confirmed: Confirmed) {
    let count = confirmed.latencies.len().max(1) as f64;
    report.add(Figure::new("committed", confirmed.latencies.len() as f64, "tx"));
    report.add(Figure::new("submitted", window.submitted.len() as f64, "tx"));
    report.add_latencies("submit_to_committed", &mut confirmed.latencies, [None, None]);
    report.add(Figure::new("final", confirmed.final_latencies.len() as f64, "tx"));
    report.add_latencies("submit_to_final", &mut confirmed.final_latencies, [None, None]);
    report.add(Figure::new("blocks", confirmed.blocks as f64, "blocks"));
    let interval = window.took.as_secs_f64() * 1_000.0 / confirmed.blocks.max(1) as f64;
    report.add(Figure::new("block_interval", interval, "ms").of("wanted", f64::from(INTERVAL_MS)));
    for (part, seconds) in &window.cpu {
        report.add(Figure::new(format!("cpu_{part}"), seconds / count * 1e6, "us/tx"));
    }
    let all: f64 = window.cpu.values().sum();
    report.add(Figure::new("cpu_all_nodes", all / count * 1e6, "us/tx"));
    report.add(Figure::new("cpu_generator", window.own_cpu / count * 1e6, "us/tx"));
    let bytes = window.received / count / f64::from(settings.nodes);
    report.add(
        Figure::new("wire_bytes_per_transaction_and_node", bytes, "B")
            .of("a transaction's size", size)
            .aim(1.5 * size, "1.5 times the size, in a full mesh of 8; beyond: 1.2"),
    );
    for (why, times) in &window.refused {
        report.add(Figure::new(
            format!("refused_{}", why.trim_start_matches("urn:bouya:")),
            *times as f64,
            "tx",
        ));
    }
}

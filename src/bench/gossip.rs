//! Records given to one node, until all nodes hold them unconfirmed. Nodes are daemons, and what they have is heard over their APIs, so that
//! a latency holds one request and one event stream too.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bouya_core::codec::{Bounded, Text, encode};
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Action, Content, Transaction};
use bouya_core::limits::{RECORD_BYTES, TOPIC_BYTES};
use bouya_harness::{Client, Daemon, Events};

use super::client::{submit, waiting};
use super::consortium::Consortium;
use super::load::{Load, Signed, genesis, key};
use super::{Aim, BenchError, Figure, Limits, Report, Run};
use crate::devnet::NODES;
use crate::http::views::Event;

/// No block comes, and there is room for everything.
pub(super) const SECTIONS: &str = "[miner]\nenabled = false\n\n[mempool]\nmax_transactions = 1000000\nmax_per_sender = 1000000\n\
                                   max_bytes = 2147483648\n\n[log]\nlevel = \"warn\"\n";
const WALLETS: usize = 500;
/// Records of one request.
const BATCH: usize = 250;
const FEE: u64 = 100_000;
/// Longer than any number that makes sense here.
pub(super) const SPREAD_WITHIN: Duration = Duration::from_secs(600);

/// What is spread.
#[derive(Clone, Copy, Debug)]
pub struct GossipBench {
    pub nodes: u16,
    /// Bytes of each transaction.
    pub size: usize,
    /// As fast as they are taken.
    pub transactions: usize,
    /// One after the other.
    pub single: usize,
    /// Between two of those.
    pub pause: Duration,
}

pub fn run(settings: &GossipBench, run: &mut Run<'_>) -> Result<Report, BenchError> {
    if !(2..=NODES).contains(&settings.nodes) {
        return Err(BenchError::Usage(format!("--nodes {}: 2 to {NODES} are possible", settings.nodes)));
    }
    let limits = Limits::measure(run)?;
    let genesis = genesis(Load { wallets: WALLETS, accounts: 1 }.spec(1_000, 1, 0)?)?;
    let count = settings.single + settings.transactions;
    (run.say)(&format!("signing {count} records"));
    let records = sign(&genesis.id(), settings.size, count)?;
    (run.say)(&format!("starting {} nodes", settings.nodes));
    let mut consortium = Consortium::create(&genesis, settings.nodes)?;
    consortium.start_all(SECTIONS, run.stop)?;
    let daemons = &consortium.nodes;
    let (single, many) = records.split_at(settings.single);
    (run.say)("one at a time");
    let Single { mut answered, mut first, mut last } = one_by_one(daemons, single, settings.pause, run)?;
    (run.say)("as fast as they are taken");
    let took = at_once(daemons, many, records.len(), run)?;
    let parameters = [
        ("nodes", f64::from(settings.nodes)),
        ("size", settings.size as f64),
        ("transactions", settings.transactions as f64),
        ("single", settings.single as f64),
    ];
    let mut report = Report::new("gossip", &parameters, &limits);
    report.add(
        Figure::new("broadcasts_per_second", many.len() as f64 / took.as_secs_f64(), "1/s")
            .of("cores x batch verify / nodes", limits.verify_all_cores() / f64::from(settings.nodes))
            .aim(25_000.0, "25,000; beyond: 50,000"),
    );
    report.add(Figure::new("heard_by_all", last.len() as f64, "tx"));
    let aim = Aim { value: 0.3, words: "0.3 ms; beyond: 0.2 ms" };
    report.add_latencies("latency", &mut last, [Some(aim), None]);
    report.add_latencies("heard_by_one", &mut first, [None, None]);
    report.add_latencies("answered", &mut answered, [None, None]);
    let waiting = daemons.iter().map(|daemon| waiting(&daemon.client));
    let least = waiting.collect::<Result<Vec<_>, BenchError>>()?.into_iter().min().unwrap_or(0);
    report.add(Figure::new("waiting_on_all", least as f64, "tx"));
    Ok(report)
}

fn sign(network: &Hash, size: usize, count: usize) -> Result<Vec<Signed>, BenchError> {
    let topic: Text<TOPIC_BYTES> = Text::try_from("bench".to_owned()).unwrap_or_default();
    let record = |number: usize, bytes: usize| {
        let mut data = vec![0; bytes];
        data.iter_mut().zip((number as u64).to_le_bytes()).for_each(|(to, byte)| *to = byte);
        let content = Content::Data(Bounded::<u8, RECORD_BYTES>::truncated(data));
        let action = Action::Record { topic: topic.clone(), content };
        let nonce = (number / WALLETS) as u64;
        Transaction::sign(network, &key(number % WALLETS), nonce, FEE, u64::MAX, action)
    };
    let empty = encode(&record(0, 0)).len();
    let bytes = size.checked_sub(empty).filter(|bytes| *bytes <= RECORD_BYTES);
    let bytes = bytes.ok_or_else(|| {
        BenchError::Usage(format!("--size {size}: {empty} to {} are possible", empty + RECORD_BYTES))
    })?;
    Ok((0..count).map(|number| Signed::from(&record(number, bytes))).collect())
}

/// Times from the beginning of the request, for each record.
#[derive(Default)]
struct Single {
    /// To the request's answer.
    answered: Vec<Duration>,
    /// To the event of the first of the other nodes, and to that of the last.
    first: Vec<Duration>,
    last: Vec<Duration>,
}

fn one_by_one(
    daemons: &[Daemon],
    records: &[Signed],
    pause: Duration,
    run: &mut Run<'_>,
) -> Result<Single, BenchError> {
    let mut single = Single::default();
    let Some((first, others)) = daemons.split_first() else { return Ok(single) };
    let heard: Result<Vec<_>, _> = others.iter().map(|daemon| Events::open(daemon.api.number())).collect();
    let (given, heard) = std::thread::scope(|scope| {
        let listen = |mut events: Events| {
            scope.spawn(move || {
                let mut times = HashMap::new();
                while times.len() < records.len() {
                    if let (Event::Transaction { id }, at) = events.hear()? {
                        times.insert(id, at);
                    }
                }
                Ok::<_, BenchError>(times)
            })
        };
        let threads: Vec<_> = heard?.into_iter().map(listen).collect();
        let mut given = Vec::with_capacity(records.len());
        for record in records {
            run.stop.check()?;
            let began = Instant::now();
            given.push((record.id, began));
            taken(&first.client, &[record])?;
            single.answered.push(began.elapsed());
            std::thread::sleep(pause);
        }
        let failed = |_| BenchError::System("a listener failed".to_owned());
        let heard = threads.into_iter().map(|thread| thread.join().map_err(failed)?);
        Ok::<_, BenchError>((given, heard.collect::<Result<Vec<_>, _>>()?))
    })?;
    for (id, from) in given {
        let times: Option<Vec<Instant>> =
            heard.iter().map(|times| times.get(&id.to_string()).copied()).collect();
        let times = times.unwrap_or_default();
        let since = |at: Option<&Instant>| at.map(|at| at.saturating_duration_since(from));
        single.first.extend(since(times.iter().min()));
        single.last.extend(since(times.iter().max()));
    }
    Ok(single)
}

fn taken(client: &Client, batch: &[&Signed]) -> Result<(), BenchError> {
    match submit(client, batch)?.first() {
        None => Ok(()),
        Some((_, why)) => Err(BenchError::Node(format!("a transaction was refused: {why}"))),
    }
}

/// From the first request until all nodes hold `all`.
fn at_once(
    daemons: &[Daemon],
    records: &[Signed],
    all: usize,
    run: &mut Run<'_>,
) -> Result<Duration, BenchError> {
    let began = Instant::now();
    if let Some(first) = daemons.first() {
        give(&first.client, records, run)?;
    }
    spread(daemons, all, run)?;
    Ok(began.elapsed())
}

/// Gives one node all of them.
pub(super) fn give(client: &Client, all: &[Signed], run: &mut Run<'_>) -> Result<(), BenchError> {
    for batch in all.chunks(BATCH) {
        run.stop.check()?;
        taken(client, &batch.iter().collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Waits until all nodes hold so many.
pub(super) fn spread(daemons: &[Daemon], all: usize, run: &mut Run<'_>) -> Result<(), BenchError> {
    for daemon in daemons {
        run.stop.until("a node holds all transactions", SPREAD_WITHIN, || {
            Ok((waiting(&daemon.client)? >= all).then_some(()))
        })?;
    }
    Ok(())
}

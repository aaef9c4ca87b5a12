//! The miner's threads: how fast they search beside what the hash alone could do, and how soon they stop.

use std::fs;
use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bouya_core::crypto::sha256;
use bouya_core::ledger::{Address, World};
use bouya_core::node::{Certificate, Gate, Head, VoterStatus, When};
use bouya_core::overlay::{Outlook, SyncStatus};
use bouya_core::time::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::load::{Load, genesis, member_key};
use super::{Aim, BenchError, Figure, Limits, Report, Run};
use crate::actor::Mailbox;
use crate::health::Health;
use crate::mempool::{Level, MempoolRequest};
use crate::miner::{self, MinerActor};

/// A thread whose time has stood still for this long has stopped.
const STILL: Duration = Duration::from_millis(20);

/// How long, and how often.
#[derive(Clone, Copy, Debug)]
pub struct MineBench {
    pub seconds: u64,
    pub rounds: usize,
}

pub fn run(settings: &MineBench, run: &mut Run<'_>) -> Result<Report, BenchError> {
    let limits = Limits::measure(run)?;
    // So hard that no try hits.
    let genesis = Arc::new(genesis(Load { wallets: 1, accounts: 1 }.spec(600_000, i64::MAX as u64, 0)?)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| BenchError::system("no runtime", error))?;
    let (chain, _chain_inbox) = Mailbox::new("chain", 1);
    let (mempool, mut asked) = Mailbox::new("mempool", 16);
    let (_miner, inbox) = Mailbox::new("miner", 1);
    let world = World::new(&genesis);
    let head = Head::read(&world, &genesis.branch());
    let head = head.map_err(|error| BenchError::system("no chain", error))?;
    let (head, head_watch) = watch::channel(Arc::new(head));
    let (clock_offset_ms, connected, known) = (None, 1, 1);
    let outlook = |sync| Outlook { sync, clock_offset_ms, connected, starting: false, known, refused: 0 };
    let (outlooks, outlook_watch) = watch::channel(outlook(SyncStatus::Synced));
    let (rate, rates) = watch::channel(0);
    let (_level, level) = watch::channel(Level::default());
    let reward_to = Address::of(&member_key().public());
    let threads = NonZero::<u32>::MIN;
    let certificate =
        Certificate { not_before: Timestamp(0), not_after: Timestamp(u64::MAX), revoked: false };
    let health = Health {
        gate: Gate::new(&genesis, &member_key().public(), true),
        head: head_watch,
        outlook: outlook_watch,
        certificate: watch::channel(certificate).1,
        voter: watch::channel(VoterStatus::default()).1,
    };
    let actor = MinerActor {
        settings: miner::MinerSettings { enabled: true, threads, share: 1.0, when: When::Always, reward_to },
        genesis,
        key: member_key(),
        states: Arc::new(move |_| Ok(Some(Box::new(world.clone())))),
        inbox,
        chain,
        mempool,
        level,
        health,
        rate,
    };
    runtime.spawn(async move {
        loop {
            if let MempoolRequest::Select { reply, .. } = asked.next().await {
                drop(reply.send(Vec::new()));
            }
        }
    });
    let running = runtime.spawn(actor.run(CancellationToken::new()));
    (run.say)("searching");
    let until = Instant::now() + Duration::from_secs(settings.seconds);
    while Instant::now() < until {
        run.stop.check()?;
        std::thread::sleep(Duration::from_millis(50));
    }
    let found = *rates.borrow() as f64;
    (run.say)("stopping and going on");
    let mut stops = Vec::new();
    for round in 0..settings.rounds {
        run.stop.check()?;
        // Another tip, and with it a reason to rest: what the threads do at a new tip before they go on there.
        outlooks.send_replace(outlook(SyncStatus::Syncing { height: 0, target: 1 }));
        let began = Instant::now();
        head.send_modify(|head| {
            let mut next = (**head).clone();
            next.branch.id = sha256(&(round as u64).to_le_bytes());
            *head = Arc::new(next);
        });
        stops.push(stopped(began)?);
        outlooks.send_replace(outlook(SyncStatus::Synced));
        head.send_modify(|_| ());
        run.stop.until("the miner goes on", Duration::from_secs(10), || {
            let before = busy()?;
            std::thread::sleep(Duration::from_millis(3));
            Ok((busy()? > before).then_some(()))
        })?;
    }
    drop((_miner, head));
    running.abort();
    let parameters = [("seconds", settings.seconds as f64), ("rounds", settings.rounds as f64)];
    let mut report = Report::new("mine", &parameters, &limits);
    report.add(
        Figure::new("hashes_per_second_and_thread", found, "1/s")
            .of("midstate double SHA-256", limits.hash)
            .aim(0.95 * limits.hash, "0.95 of the limit; beyond: 0.98"),
    );
    report.add(Figure::new("stops", stops.len() as f64, ""));
    report.add_latencies(
        "stop",
        &mut stops,
        [None, Some(Aim { value: 50.0, words: "50 ms; beyond: 10 ms" })],
    );
    Ok(report)
}

/// How long after `began` the thread still worked.
fn stopped(began: Instant) -> Result<Duration, BenchError> {
    let (mut last, mut at) = (busy()?, began);
    loop {
        let now = busy()?;
        if now != last {
            (last, at) = (now, Instant::now());
        } else if at.elapsed() > STILL {
            return Ok(at.saturating_duration_since(began));
        }
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// Nanoseconds that the mining thread has had so far.
fn busy() -> Result<u64, BenchError> {
    let unknown = || BenchError::System("this system does not say how long a thread has worked".to_owned());
    let tasks = fs::read_dir("/proc/self/task").map_err(|_| unknown())?.flatten().map(|task| task.path());
    let mut miners = tasks
        .filter(|task| fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim_end() == "miner"));
    let text = miners.next().and_then(|task| fs::read_to_string(task.join("schedstat")).ok());
    let first = text.as_deref().and_then(|text| text.split_whitespace().next()?.parse().ok());
    first.ok_or_else(unknown)
}

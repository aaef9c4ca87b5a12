//! One attack, measured: what it costs the victim and what the honest members notice.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use bouya::http::views::{Event, PeerStatus};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::daemon::{Daemon, same_tip, until};
use super::field::{Field, Usage};
use super::member::source;

/// An attack is watched for at least so long, and its attackers go on for so long.
pub(crate) const WINDOW: Duration = Duration::from_secs(4);
/// No attack is watched for longer.
pub(crate) const LONGEST: Duration = Duration::from_secs(13);
/// What is freed late gets so long.
const SETTLE: Duration = Duration::from_secs(1);

pub(crate) type Attack = Box<dyn Fn(&mut Bench, &str) -> Row>;

pub(crate) struct Bench {
    pub(crate) field: Field,
    pub(crate) runtime: Runtime,
    joiner: Daemon,
    members: usize,
    began: Instant,
}

/// What became of the attackers of one attack, together.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Each attacker's first cut: when, and why.
    pub(crate) cuts: Vec<(Option<Duration>, String)>,
    pub(crate) sent: u64,
    pub(crate) heard: u64,
}

pub(crate) struct Row {
    name: String,
    seconds: f64,
    outcome: Outcome,
    blocks: usize,
    /// Median and worst, in milliseconds: of the honest members and of the victim, after the first node that told of a block.
    honest: (f64, f64),
    victim: (f64, f64),
    joins: Vec<Duration>,
    before: Usage,
    peak: u64,
    after: Usage,
    cpu: f64,
    harm: usize,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let field = Field::new(&[]);
        let known = format!("bootstrap = [\"{}\"]", field.victim.at());
        let joiner = field.consortium.member("joiner", &known, "enabled = false");
        Self { field, runtime: Runtime::new().unwrap(), joiner, members: 0, began: Instant::now() }
    }

    /// New members of whom nobody knows yet that they are mad, each with an address of its own.
    pub(crate) fn recruit(&mut self, count: usize) -> Vec<(String, IpAddr)> {
        let recruit = |n: usize| {
            let id = format!("mad-{n}");
            self.field.consortium.authority.issue(&[id.parse().unwrap()], mkca::CERTIFICATE_DAYS).unwrap();
            (id, source(u16::try_from(n).unwrap()))
        };
        let first = self.members;
        self.members += count;
        (first..first + count).map(recruit).collect()
    }

    /// Runs an attack on a thread of its own and watches.
    pub(crate) fn watch(&mut self, name: &str, attack: impl FnOnce() -> Outcome + Send + 'static) -> Row {
        self.field.forget_peak();
        let (harm, before, began) = (self.field.harm().len(), self.field.usage(), Instant::now());
        let attack = std::thread::spawn(attack);
        let mut joins = Vec::new();
        while !attack.is_finished() || began.elapsed() < WINDOW {
            joins.push(self.join());
        }
        let (ended, usage) = (Instant::now(), self.field.usage());
        let outcome = attack.join().unwrap();
        let all: Vec<&Daemon> = self.field.nodes().collect();
        until("all agree", || same_tip(&all).then_some(()));
        std::thread::sleep(SETTLE); // pace
        let delays = self.field.delays(began, ended);
        let seconds = (ended - began).as_secs_f64();
        let honest = delays[1..].concat();
        Row {
            name: name.to_owned(),
            seconds,
            outcome,
            blocks: delays[0].len(),
            honest: middle_and_worst(&honest),
            victim: middle_and_worst(&delays[0]),
            joins,
            before,
            peak: usage.peak,
            after: self.field.usage(),
            cpu: (usage.cpu - before.cpu).as_secs_f64() / seconds,
            harm: self.field.harm().len() - harm,
        }
    }

    /// An honest member starts, and the victim reads its hello; then it is killed.
    fn join(&mut self) -> Duration {
        let started = Instant::now();
        self.joiner.spawn();
        let joined = until("the honest member joins", || {
            self.field.ears[0].heard().into_iter().find_map(|(at, event)| match event {
                Event::Peer { id, status, .. }
                    if id == "joiner" && status == PeerStatus::Connected && at >= started =>
                {
                    Some(at)
                }
                _ => None,
            })
        });
        self.joiner.kill();
        until("it is gone", || (!self.field.victim.is_connected_to("joiner")).then_some(()));
        joined - started
    }

    pub(crate) fn summary(&self, rows: &[Row]) -> String {
        let harm = self.field.harm();
        let worst = |pick: &dyn Fn(&Row) -> f64| rows.iter().map(pick).fold(0.0, f64::max);
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        format!(
            "all of it: {:.0} s, worst block delay {:.0} ms, worst join {:.2} s, most memory {:.0} MiB, honest links cut or banned: {}\n\
             {} processors, load {}{}",
            self.began.elapsed().as_secs_f64(),
            worst(&|row| row.honest.1),
            worst(&|row| middle_and_worst(&row.joins).1 / 1_000.0),
            worst(&|row| mib(row.peak)),
            harm.len(),
            std::thread::available_parallelism().map_or(0, usize::from),
            load.trim(),
            harm.iter().map(|line| format!("\n  {line}")).collect::<String>(),
        )
    }
}

impl Row {
    pub(crate) const HEAD: &str = "attack | s | cut after s (median, worst), why | blocks | block delay ms, honest (median/worst) | victim | \
join s (median/worst, n) | RSS MiB before > peak > after | fds | CPU s/s | MB in / out | harm";

    pub(crate) fn line(&self) -> String {
        let join = middle_and_worst(&self.joins);
        format!(
            "{} | {:.1} | {} | {} | {:.0}/{:.0} | {:.0}/{:.0} | {:.2}/{:.2}, {} | {:.0} > {:.0} > {:.0} | {} > {} | {:.2} | {:.1} / {:.1} | {}",
            self.name,
            self.seconds,
            self.cut(),
            self.blocks,
            self.honest.0,
            self.honest.1,
            self.victim.0,
            self.victim.1,
            join.0 / 1_000.0,
            join.1 / 1_000.0,
            self.joins.len(),
            mib(self.before.rss),
            mib(self.peak),
            mib(self.after.rss),
            self.before.fds,
            self.after.fds,
            self.cpu,
            self.outcome.sent as f64 / 1e6,
            self.outcome.heard as f64 / 1e6,
            self.harm,
        )
    }

    /// Each attacker's first cut.
    pub(crate) fn cuts(&mut self) -> &mut [(Option<Duration>, String)] {
        &mut self.outcome.cuts
    }

    /// When the attackers were cut, and every reason that was given.
    fn cut(&self) -> String {
        let cuts = &self.outcome.cuts;
        let times: Vec<Duration> = cuts.iter().filter_map(|(after, _)| *after).collect();
        if times.is_empty() {
            return match cuts.as_slice() {
                [] => "-".into(),
                [(_, what), ..] => format!("{} not cut: {what}", cuts.len()),
            };
        }
        let mut whys: Vec<&str> =
            cuts.iter().filter(|(after, _)| after.is_some()).map(|(_, why)| why.as_str()).collect();
        whys.sort_unstable();
        whys.dedup();
        let (middle, worst) = middle_and_worst(&times);
        let whys = whys.join("; ");
        let shown: String = whys.chars().take(160).collect();
        format!("{} of {}: {:.2}/{:.2} {shown}", times.len(), cuts.len(), middle / 1_000.0, worst / 1_000.0)
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "attack": self.name,
            "seconds": self.seconds,
            "cuts": self.outcome.cuts.iter().map(|(after, why)| json!({
                "after_seconds": after.map(|after| after.as_secs_f64()), "why": why,
            })).collect::<Vec<_>>(),
            "blocks": self.blocks,
            "honest_block_delay_ms": {"median": self.honest.0, "worst": self.honest.1},
            "victim_block_delay_ms": {"median": self.victim.0, "worst": self.victim.1},
            "join_seconds": self.joins.iter().map(Duration::as_secs_f64).collect::<Vec<_>>(),
            "rss_kib": {"before": self.before.rss, "peak": self.peak, "after": self.after.rss},
            "fds": {"before": self.before.fds, "after": self.after.fds},
            "cpu_seconds_per_second": self.cpu,
            "bytes": {"in": self.outcome.sent, "out": self.outcome.heard},
            "honest_links_cut": self.harm,
        })
    }
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1_024.0
}

/// In milliseconds.
fn middle_and_worst(times: &[Duration]) -> (f64, f64) {
    let mut times: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1_000.0).collect();
    times.sort_by(f64::total_cmp);
    (times.get(times.len() / 2).copied().unwrap_or_default(), times.last().copied().unwrap_or_default())
}

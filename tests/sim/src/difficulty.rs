//! What the rule of difficulty and rest promises, measured with the core's own schedule and demand: `sim difficulty`.
//!
//! Each row says what this code does and what the study that the rule comes from found with a model of its own. Times are in intervals,
//! difficulties and work in multiples of the initial difficulty. The interval is 5 s.

use std::fmt;

use bouya_core::limits::DIFFICULTY_FLOOR_BITS;

mod network;

use network::{INTERVAL, Network, Traffic, relative, schedule};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
/// Difficulty has settled within this factor of what it should be.
const SETTLED: f64 = 1.5;
/// What is drawn and measured many times over.
const RUNS: u64 = 200;
/// A member dates each block this many intervals after the one before: more counts no more.
const CLIP: u64 = 3;

/// A property of the rule.
#[derive(Clone, Debug)]
pub struct Row {
    pub what: &'static str,
    /// As measured here.
    pub here: Vec<f64>,
    /// As the study found it.
    pub study: &'static str,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: &f64| if *value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") };
        let here: Vec<String> = self.here.iter().map(number).collect();
        write!(f, "{:<50}{:>16}{:>14}", self.what, here.join(" / "), self.study)
    }
}

/// The head of the table.
pub fn title() -> String {
    format!("{:<50}{:>16}{:>14}", "I = 5 s; times in I, difficulty in D0", "here", "study")
}

/// All rows. The same seed gives the same rows.
pub fn rows(seed: u64) -> Vec<Row> {
    let row = |what, here: &[f64], study| Row { what, here: here.to_vec(), study };
    let (hourly, least, end) = hourly(seed);
    vec![
        row("interval, saturated", &[saturated(seed, 20_000)], "1.00"),
        row("interval in a burst, a transaction a minute", &[burst(seed, MINUTE, 3_000)], "1.00"),
        row("interval in a burst, a transaction an hour", &[hourly], "0.98"),
        row("difficulty after 1,000 transactions an hour apart", &[end], "0.98"),
        row("  the least on the way", &[least], "0.72"),
        row("hash rate x 10: blocks / time to within x 1.5", &settled(seed, 10.0), "143 / 48"),
        row("hash rate / 10", &settled(seed, 0.1), "93 / 340"),
        row("hash rate / 100", &settled(seed, 0.01), "150 / 2486"),
        row("interval, first 100 blocks at 6 x the hash rate", &[first_hundred(seed)], "0.76"),
        row("eight dated blocks, in the work of eight honest", &[dated(8)], "0.86"),
        row("dates alone to 1/2: work", &[dates_to(1)], "12"),
        row("dates alone to 1/16: work", &[dates_to(4)], "22"),
        row("dates alone to the floor: work", &[dates_to(DIFFICULTY_FLOOR_BITS)], "58"),
        row("a member with 10 % withholds: mean difficulty", &[withheld(seed, 0.1, 20_000)], "0.52"),
        row("a member with 30 % withholds: mean difficulty", &[withheld(seed, 0.3, 20_000)], "0.48"),
        row("a member with 50 % withholds: mean difficulty", &[withheld(seed, 0.5, 20_000)], "0.34"),
    ]
}

/// The mean interval while transactions always wait.
fn saturated(seed: u64, blocks: u32) -> f64 {
    let mut network = Network::new(seed, 1.0, Traffic::Saturated);
    // What it begins with is no part of the mean.
    for _ in 0..blocks / 20 {
        network.block();
    }
    (0..blocks).map(|_| network.block().took).sum::<f64>() / f64::from(blocks)
}

/// The mean interval of the blocks that were searched for at once, with one transaction each `gap` ms.
fn burst(seed: u64, gap: u64, transactions: u64) -> f64 {
    let mut network = Network::new(seed, 1.0, Traffic::Every(gap));
    let mut mean = Mean::default();
    while network.confirmed < transactions {
        let block = network.block();
        if block.at_once {
            mean.add(block.took);
        }
    }
    mean.get()
}

/// 1,000 transactions an hour apart: the mean interval in their bursts, the least difficulty, and the last.
fn hourly(seed: u64) -> (f64, f64, f64) {
    let mut network = Network::new(seed, 1.0, Traffic::Every(HOUR));
    let (mut mean, mut least) = (Mean::default(), f64::MAX);
    while network.confirmed < 1_000 {
        let block = network.block();
        if block.at_once {
            mean.add(block.took);
        }
        least = least.min(network.difficulty());
    }
    (mean.get(), least, network.difficulty())
}

/// How many blocks, and how much time, it takes until the difficulty fits a hash rate that has changed: medians.
fn settled(seed: u64, rate: f64) -> [f64; 2] {
    let run = |run: u64| {
        let mut network = Network::new(seed + run, rate, Traffic::Saturated);
        let began = network.now;
        let is_off = |network: &Network| (network.difficulty() / rate).ln().abs() > SETTLED.ln();
        let mut blocks = 0.0;
        while is_off(&network) {
            network.block();
            blocks += 1.0;
        }
        (blocks, (network.now - began) as f64 / f64::from(INTERVAL))
    };
    let (blocks, times) = (0..RUNS).map(run).unzip();
    [median(blocks), median(times)]
}

/// The mean interval of a young chain that starts with six times the hash rate its difficulty was made for.
fn first_hundred(seed: u64) -> f64 {
    let mut mean = Mean::default();
    for run in 0..RUNS {
        let mut network = Network::young(seed + run, 6.0, Traffic::Saturated);
        (0..100).for_each(|_| mean.add(network.block().took));
    }
    mean.get()
}

/// The work of this many blocks that are dated as late as counts, as a part of honest work.
fn dated(blocks: u64) -> f64 {
    let mut lateness = 0;
    let mut work = 0.0;
    for n in 0..blocks {
        work += relative(schedule().difficulty(lateness));
        lateness = date(lateness, n);
    }
    work / blocks as f64
}

/// The work that it takes to bring the difficulty down by so many halvings with dates alone, on a branch from before a rest. It must
/// also out-work the heartbeats of the network in that time: a block of the initial difficulty each heartbeat and an interval.
fn dates_to(halvings: u32) -> f64 {
    let goal = 1.0001 / 2_f64.powi(i32::try_from(halvings).unwrap_or(i32::MAX));
    let (mut lateness, mut work, mut blocks) = (0, 0.0, 0);
    while relative(schedule().difficulty(lateness)) > goal {
        work += relative(schedule().difficulty(lateness));
        lateness = date(lateness, blocks);
        blocks += 1;
    }
    let span = blocks * CLIP * u64::from(INTERVAL);
    let heartbeats = span as f64 / (schedule().heartbeat_ms() + u64::from(INTERVAL)) as f64;
    work.max(heartbeats)
}

/// Lateness after one more dated block of a chain that is not young.
fn date(lateness: i64, n: u64) -> i64 {
    schedule().lateness(lateness, 1_000 + n, CLIP * u64::from(INTERVAL), false)
}

/// The mean difficulty (geometric) at which an idle network rests while a member with this share of its hash rate withholds.
fn withheld(seed: u64, share: f64, rests: u32) -> f64 {
    let mut network = Network::new(seed, 1.0 - share, Traffic::Idle);
    let mut mean = Mean::default();
    for _ in 0..rests {
        network.withheld_rest(share);
        mean.add(network.difficulty().ln());
    }
    mean.get().exp()
}

#[derive(Default)]
struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1.0;
    }

    fn get(&self) -> f64 {
        self.sum / self.count
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    // The bounds are wide: they hold for any seed, and break if the rule is another.

    #[test]
    fn blocks_come_at_the_interval_however_transactions_come() {
        for found in [saturated(1, 2_000), burst(1, MINUTE, 300)] {
            assert!((0.9..1.1).contains(&found), "{found} intervals");
        }
        let (burst, least, end) = hourly(1);
        assert!((0.85..1.15).contains(&burst), "{burst} intervals");
        assert!(least > 0.5 && (0.6..1.6).contains(&end), "difficulty {least} at least, {end} at the end");
    }

    #[test]
    fn dates_buy_little() {
        assert!((0.8..0.95).contains(&dated(8)), "{}", dated(8));
        assert!(dates_to(DIFFICULTY_FLOOR_BITS) > 50.0, "{}", dates_to(DIFFICULTY_FLOOR_BITS));
    }

    #[test]
    fn a_member_that_withholds_brings_the_difficulty_nowhere_near_its_floor() {
        let found = withheld(1, 0.5, 500);
        assert!((0.1..0.9).contains(&found), "{found}");
    }
}

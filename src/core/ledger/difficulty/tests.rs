use proptest::prelude::*;

use super::*;
use crate::random::Random;

const INTERVAL: u64 = 5_000;
const INITIAL: u64 = 20_000_000;

fn schedule() -> Schedule {
    Schedule::new(5_000, 32, INITIAL)
}

#[test]
fn scale_table() {
    let half_life = 160_000;
    for (lateness, expected) in [
        (0, INITIAL),
        (half_life, INITIAL / 2),
        (-half_life, INITIAL * 2),
        (2 * half_life, INITIAL / 4),
        // 2^(-1/2) and 2^(1/2), within the cubic's error.
        (half_life / 2, 14_141_998),
        (-half_life / 2, 28_283_996),
        (16 * half_life, INITIAL >> 16),
    ] {
        let found = scale(INITIAL, lateness, half_life);
        assert!(found.abs_diff(expected) <= expected / 5_000, "{lateness}: {found}, expected {expected}");
    }
    assert_eq!(scale(INITIAL, i64::MIN, 1), u64::MAX);
    assert_eq!(scale(INITIAL, i64::MAX, 1), 1);
    assert_eq!(scale(u64::MAX, -1, half_life), u64::MAX);
}

#[test]
fn the_scale_is_two_to_a_power() {
    // A different arithmetic: floating point.
    for lateness in [-1_000_000_i64, -160_000, -5_000, -1, 0, 1, 5_000, 77_777, 160_000, 1_000_000] {
        let found = scale(INITIAL, lateness, 160_000);
        let exact = INITIAL as f64 * (-lateness as f64 / 160_000.0).exp2();
        assert!((found as f64 / exact - 1.0).abs() < 0.000_2, "{lateness}: {found} is not {exact}");
    }
}

#[test]
fn lateness_table() {
    let schedule = schedule();
    let old = YOUNG_UNTIL + 1;
    for (before, height, gap, told, expected) in [
        (0, old, 4_750, false, 0),
        (0, old, 1, false, -4_749),
        // A gap adds at most three intervals, however long it was.
        (0, old, 15_000, false, 10_250),
        (0, old, u64::MAX, false, 10_250),
        (7, old, u64::MAX, true, 7),
        // A young chain steers four times as fast.
        (0, YOUNG_UNTIL, 1, false, -18_996),
        (0, 1, u64::MAX, false, 41_000),
        (16 * 160_000 - 1, old, 15_000, false, 16 * 160_000),
    ] {
        assert_eq!(schedule.lateness(before, height, gap, told), expected, "{before} {height} {gap} {told}");
    }
    assert_eq!(schedule.difficulty(i64::MAX), INITIAL >> 16);
    assert_eq!(Schedule::new(5_000, 32, 9).difficulty(i64::MAX), 1);
}

#[test]
fn what_follows_from_the_interval() {
    for (interval, rest, heartbeat, ahead) in [
        (100, 200, 3_200, 1_000),
        (1_000, 2_000, 32_000, 2_000),
        (5_000, 10_000, 60_000, 10_000),
        (60_000, 120_000, 120_000, 10_000),
        (600_000, 1_200_000, 1_200_000, 10_000),
    ] {
        let schedule = Schedule::new(interval, 32, INITIAL);
        let found = (schedule.shortest_rest_ms(), schedule.heartbeat_ms(), schedule.ahead_ms());
        assert_eq!(found, (rest, heartbeat, ahead), "{interval}");
    }
}

/// The work of blocks that are dated as late as pays, until the difficulty is `1/part`, and how many they are.
fn dated(part: u64) -> (f64, u32) {
    let (schedule, mut late, mut work, mut blocks) = (schedule(), 0, 0.0, 0);
    while schedule.difficulty(late) > INITIAL / part {
        work += schedule.difficulty(late) as f64 / INITIAL as f64;
        late = schedule.lateness(late, YOUNG_UNTIL + 1, u64::MAX, false);
        blocks += 1;
    }
    (work, blocks)
}

#[test]
fn dates_alone_buy_little() {
    // Eight dated blocks in the work of eight honest ones.
    let (schedule, mut late, mut work) = (schedule(), 0, 0.0);
    for _ in 0..8 {
        work += schedule.difficulty(late) as f64 / INITIAL as f64;
        late = schedule.lateness(late, YOUNG_UNTIL + 1, 8 * 3_600_000, false);
    }
    assert!((work / 8.0 - 0.86).abs() < 0.005, "{work}");
    for (part, expected) in [(2, 12.0), (16, 22.0), (1 << 16, 23.0)] {
        let (work, blocks) = dated(part);
        assert!((work - expected).abs() < 0.5, "1/{part}: {work} in {blocks} blocks");
    }
}

/// A network under a hash rate: draws block times from the exponential distribution that mining is.
struct Mining {
    schedule: Schedule,
    lateness: i64,
    random: Random,
}

impl Mining {
    fn new() -> Self {
        Self { schedule: schedule(), lateness: 0, random: Random::new(42) }
    }

    /// Mines one block with `rate` hashes per millisecond; returns its gap.
    fn block(&mut self, rate: f64) -> u64 {
        let tries = -(1.0 - self.random.unit()).ln() * self.schedule.difficulty(self.lateness) as f64;
        let gap = ((tries / rate) as u64).max(1);
        self.lateness = self.schedule.lateness(self.lateness, YOUNG_UNTIL + 1, gap, false);
        gap
    }

    fn mean(&mut self, blocks: u32, rate: f64) -> f64 {
        (0..blocks).map(|_| self.block(rate) as f64).sum::<f64>() / f64::from(blocks)
    }
}

/// The rate at which the initial difficulty gives exactly the interval.
const RATE: f64 = INITIAL as f64 / INTERVAL as f64;

#[test]
fn the_mean_is_the_interval() {
    let mean = Mining::new().mean(20_000, RATE);
    assert!((4_900.0..5_100.0).contains(&mean), "{mean}");
}

#[test]
fn ten_times_the_rate_settles_within_150_blocks() {
    let mut mining = Mining::new();
    mining.mean(500, RATE);
    mining.mean(150, RATE * 10.0);
    let mean = mining.mean(400, RATE * 10.0);
    assert!((4_500.0..5_500.0).contains(&mean), "{mean}");
}

#[test]
fn a_tenth_of_the_rate_settles_within_150_blocks() {
    let mut mining = Mining::new();
    mining.mean(500, RATE);
    mining.mean(150, RATE / 10.0);
    let mean = mining.mean(400, RATE / 10.0);
    assert!((4_500.0..5_500.0).contains(&mean), "{mean}");
}

#[test]
fn a_hundredth_of_the_rate_settles_within_200_blocks() {
    let mut mining = Mining::new();
    mining.mean(500, RATE);
    mining.mean(200, RATE / 100.0);
    let mean = mining.mean(400, RATE / 100.0);
    assert!((4_500.0..5_500.0).contains(&mean), "{mean}");
}

/// How an attacker with a part of the hash rate dates its blocks. All of it is legal: rising, and no further ahead than allowed.
#[derive(Clone, Copy, Debug)]
enum Dating {
    Honest,
    Earliest,
    Furthest,
    /// Early as long as that is possible, then as far ahead as possible.
    Swinging,
}

/// Mines `blocks` with `attacker` of the hash rate dating as it likes and the rest honestly. Returns the mean interval, the mean
/// difficulty and the attacker's part of the blocks.
fn contest(schedule: Schedule, interval: u64, attacker: f64, dating: Dating, blocks: u32) -> (f64, f64, f64) {
    let mut random = Random::new(7);
    let rate = INITIAL as f64 / interval as f64;
    let step = (interval / 25).max(1);
    let (mut now, mut parent, mut late) = (1_000_000_u64, 1_000_000_u64, 0_i64);
    let (mut found, mut own, mut work) = (0_u32, 0_u32, 0.0);
    let began = now;
    while found < blocks {
        now += step;
        let honest = now.max(parent + 1);
        let ahead = (now + schedule.ahead_ms()).max(parent + 1);
        let dated = match dating {
            Dating::Honest => honest,
            Dating::Earliest => parent + 1,
            Dating::Furthest => ahead,
            Dating::Swinging if found / 16 % 2 == 0 => parent + 1,
            Dating::Swinging => ahead,
        };
        for (part, time, is_attacker) in [(1.0 - attacker, honest, false), (attacker, dated, true)] {
            let difficulty = schedule.difficulty(late);
            if random.chance(1.0 - (-(rate * part * step as f64) / difficulty as f64).exp()) {
                late = schedule.lateness(late, YOUNG_UNTIL + 1, time - parent, false);
                parent = time;
                found += 1;
                own += u32::from(is_attacker);
                work += difficulty as f64;
                break;
            }
        }
    }
    let blocks = f64::from(blocks);
    ((now - began) as f64 / blocks, work / blocks, f64::from(own) / blocks)
}

#[test]
fn dates_of_a_third_of_the_hash_rate_slow_the_network_by_a_seventh_and_give_nobody_more_blocks() {
    // Blocks every second or slower. Of faster ones many fit into the time that a block may be ahead: below.
    for interval in [1_000, 5_000, 60_000_u32] {
        let schedule = Schedule::new(interval, 32, INITIAL);
        let run = |dating| contest(schedule, interval.into(), 0.3, dating, 10_000);
        let (_, fair, _) = run(Dating::Honest);
        for dating in [Dating::Earliest, Dating::Furthest, Dating::Swinging] {
            let (mean, difficulty, own) = run(dating);
            let (harder, slower) = (difficulty / fair, mean / f64::from(interval));
            assert!((0.97..1.15).contains(&harder), "{interval} ms, {dating:?}: difficulty x {harder}");
            assert!((0.97..1.15).contains(&slower), "{interval} ms, {dating:?}: interval x {slower}");
            assert!(own < 0.32, "{interval} ms, {dating:?}: {own} of the blocks");
        }
    }
}

#[test]
fn dates_slow_a_hasty_network_down_but_give_nobody_more_blocks() {
    for (interval, slowest) in [(100_u32, 4.0), (500, 2.0)] {
        let schedule = Schedule::new(interval, 32, INITIAL);
        for dating in [Dating::Earliest, Dating::Furthest, Dating::Swinging] {
            let (mean, _, own) = contest(schedule, interval.into(), 0.3, dating, 10_000);
            let times = mean / f64::from(interval);
            assert!((0.95..slowest).contains(&times), "{interval} ms, {dating:?}: {mean} ms");
            assert!(own < 0.32, "{interval} ms, {dating:?}: {own} of the blocks");
        }
    }
}

/// The formula of the protocol's text in floating point, written from that text and not from the code.
fn model(interval: f64, half_life: f64, lateness: f64, height: u64, gap: f64, told: bool) -> f64 {
    let on_time = interval - (interval / 20.0).floor();
    let factor = if height <= 64 { 4.0 } else { 1.0 };
    let late = lateness + factor * (gap.min(3.0 * interval) - on_time);
    if told { lateness } else { late.min(16.0 * half_life) }
}

proptest! {
    /// Whatever dates come, code and text agree: to the millisecond in lateness, and in difficulty to what integers lose.
    #[test]
    fn the_schedule_is_that_of_the_text(
        interval in 100_u32..600_000,
        half_life in 1_u16..2_000,
        initial in 1_000_000_u64..1 << 40,
        gaps in prop::collection::vec(
            (prop_oneof![1_u64..20_000, 1_u64..100_000_000, Just(1), Just(u64::MAX / 2)], any::<bool>()),
            1..200,
        ),
    ) {
        let schedule = Schedule::new(interval, half_life, initial);
        let (wide, half) = (f64::from(interval), f64::from(interval) * f64::from(half_life));
        let mut late = 0_i64;
        for (height, (gap, told)) in (1..).zip(gaps) {
            let exact = (initial as f64 * (-late as f64 / half).exp2()).clamp(1.0, 2_f64.powi(64));
            let expected = exact.max((initial as f64 / 65_536.0).floor());
            let found = schedule.difficulty(late) as f64;
            prop_assert!((found - expected).abs() <= expected * 0.000_2 + 1.0, "{} for {}", found, expected);
            let after = model(wide, half, late as f64, height, gap as f64, told);
            late = schedule.lateness(late, height, gap, told);
            prop_assert_eq!(late as f64, after);
        }
    }

    /// No time, height or amount makes the arithmetic wrap: difficulty is at least 1, lateness within its bound.
    #[test]
    fn extremes_do_not_wrap(
        interval: u32, half_life: u16, initial: u64, height: u64, told: bool,
        late in prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX)],
        gap in prop_oneof![any::<u64>(), Just(0), Just(u64::MAX)],
    ) {
        let schedule = Schedule::new(interval, half_life, initial);
        prop_assert!(schedule.difficulty(late) >= 1);
        let bound = i64::from(interval.max(1)) * i64::from(half_life.max(1)) * 16;
        let after = schedule.lateness(late, height, gap, told);
        prop_assert!(after <= bound || told && after == late);
    }
}

use alloc::vec::Vec;

use super::*;

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
fn scale_vectors() {
    // Frozen: a node that computes another number splits the network. Checked against 2^x in a different arithmetic below.
    let found: Vec<u64> = [-1_000_000, -160_000, -5_000, -1, 0, 1, 5_000, 77_777, 160_000, 1_000_000]
        .map(|lateness| scale(INITIAL, lateness, 160_000))
        .to_vec();
    for (lateness, found) in
        [-1_000_000_i64, -160_000, -5_000, -1, 0, 1, 5_000, 77_777, 160_000, 1_000_000].iter().zip(&found)
    {
        let exact = INITIAL as f64 * (-*lateness as f64 / 160_000.0).exp2();
        assert!((*found as f64 / exact - 1.0).abs() < 0.000_2, "{lateness}: {found} is not {exact}");
    }
}

#[test]
fn lateness_is_bounded() {
    let schedule = schedule();
    assert_eq!(schedule.lateness(0, INTERVAL), 0);
    assert_eq!(schedule.lateness(0, 1), -4_999);
    // One gap counts ten intervals, however long it was: no flood after a weekend.
    assert_eq!(schedule.lateness(0, u64::MAX), 45_000);
    assert_eq!(schedule.lateness(16 * 160_000, 50_000), 16 * 160_000);
}

#[test]
fn easing_table() {
    let schedule = schedule();
    for (gap, expected) in [
        (60_000, INITIAL),
        (64_999, INITIAL),
        (65_000, INITIAL / 2),
        (70_000, INITIAL / 4),
        (60_000 + 16 * 5_000, INITIAL >> 16),
        (u64::MAX, INITIAL >> 16),
    ] {
        assert_eq!(schedule.difficulty(0, gap), expected, "{gap}");
    }
    // Long intervals ease after ten of them.
    assert_eq!(Schedule::new(600_000, 32, 1_000).difficulty(0, 6_000_000 + 600_000), 500);
}

/// A network under a hash rate: draws block times from the exponential distribution that mining is.
struct Mining {
    schedule: Schedule,
    lateness: i64,
    seed: u64,
}

impl Mining {
    fn new() -> Self {
        Self { schedule: schedule(), lateness: 0, seed: 42 }
    }

    fn uniform(&mut self) -> f64 {
        // SplitMix64.
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Mines one block with `rate` hashes per millisecond; returns its gap.
    fn block(&mut self, rate: f64) -> u64 {
        let mut left = -(1.0 - self.uniform()).ln();
        let mut gap = 0_u64;
        loop {
            // Difficulty changes while a block is late; walk second by second.
            let difficulty = self.schedule.difficulty(self.lateness, gap + 1) as f64;
            let step = left * difficulty / rate;
            if step <= 1_000.0 {
                gap += (step as u64).max(1);
                break;
            }
            left -= 1_000.0 * rate / difficulty;
            gap += 1_000;
        }
        self.lateness = self.schedule.lateness(self.lateness, gap);
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
fn a_tenth_of_the_rate_settles_within_100_blocks() {
    let mut mining = Mining::new();
    mining.mean(500, RATE);
    mining.mean(100, RATE / 10.0);
    let mean = mining.mean(400, RATE / 10.0);
    assert!((4_500.0..5_500.0).contains(&mean), "{mean}");
}

#[test]
fn a_hundredth_of_the_rate_is_not_stuck() {
    let mut mining = Mining::new();
    mining.mean(500, RATE);
    let longest = (0..200).map(|_| mining.block(RATE / 100.0)).max().unwrap();
    assert!(longest < 150_000, "{longest} ms without a block");
}

#[test]
fn after_a_rest_there_is_no_burst() {
    let mut mining = Mining::new();
    mining.mean(500, RATE);
    // Eight hours of rest, then a block, then mining as before.
    mining.lateness = mining.schedule.lateness(mining.lateness, 8 * 3_600_000);
    let ten: u64 = (0..10).map(|_| mining.block(RATE)).sum();
    assert!(ten > 15_000, "ten blocks in {ten} ms");
}

//! A few seeds for the ordinary tests. `.ci/run` runs hundreds, the `sim` binary as many as you like.

use bouya_sim::run;

fn holds(seed: u64) {
    let outcome = run(seed, None);
    assert_eq!(outcome.broken, None, "replay: cargo run --release -p bouya-sim -- --seed {seed}");
}

#[test]
fn an_hour_of_faults_leaves_every_network_well() {
    (1..=24).for_each(holds);
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let (once, again, other) = (run(7, None), run(7, None), run(8, None));
    assert_eq!(once, again);
    assert_ne!(once.digest, other.digest);
}

/// Two nodes met while one clock was wrong. Each went on to think that the other's clock was wrong, and neither mined again.
#[test]
fn a_clock_that_was_set_right_does_not_stop_mining() {
    holds(1_017);
}

//! Runs seeds of the simulator. For each seed that breaks something it prints the command that replays it. At the end it runs those seeds
//! again and writes their events to files. `sim difficulty` measures the rule of difficulty and rest.

use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bouya_sim::{Figures, Outcome, SECONDS, difficulty, run};
use clap::{Parser, Subcommand};

/// Stop after this many failing seeds: one broken rule breaks many seeds.
const MOST_BROKEN: usize = 5;

/// Runs a network through an hour of faults, once for each seed, and checks that it stays correct and recovers.
#[derive(Parser)]
#[command(
    name = "sim",
    after_help = "Examples:\n  sim --seeds 300              300 fresh seeds\n  sim --from 1 --seeds 10000   seeds 1 to 10000\n  sim --seed 42                one seed, its events in target/sim/42.log\n  sim difficulty               what the rule of difficulty promises, as a table",
    args_conflicts_with_subcommands = true
)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// How many seeds to run.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed; a fresh one if not given.
    #[arg(long)]
    from: Option<u64>,
    /// Run this seed only and write down its events.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Stop at the first seed that breaks something.
    #[arg(long, conflicts_with = "seed")]
    stop: bool,
    /// How many threads run seeds; one for each core if not given.
    #[arg(long)]
    threads: Option<usize>,
    /// The folder for the files of events.
    #[arg(long, default_value = "target/sim")]
    logs: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Measures what the rule of difficulty and rest promises, next to what the study that it comes from found.
    #[command(
        after_help = "Examples:\n  sim difficulty             the table\n  sim difficulty --draw 7    the same with other draws"
    )]
    Difficulty {
        /// The seed of what is drawn.
        #[arg(long, default_value_t = 1)]
        draw: u64,
    },
}

/// What many seeds gave.
#[derive(Default)]
struct Found {
    broken: Vec<u64>,
    figures: Figures,
    done: u64,
}

/// Runs one seed. A panic of a machine is a fault like any other.
fn try_seed(seed: u64, file: Option<File>) -> Result<Outcome, String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| run(seed, file))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
    })?;
    match &outcome.broken {
        Some((at, what)) => Err(format!("after {:.1} s: {what}", *at as f64 / 1_000.0)),
        None => Ok(outcome),
    }
}

/// Runs a seed and writes its events to a file.
fn write_down(seed: u64, logs: &Path) -> Result<Outcome, String> {
    let path = logs.join(format!("{seed}.log"));
    let file = fs::create_dir_all(logs).and_then(|()| File::create(&path));
    match &file {
        Ok(_) => println!("  events: {}", path.display()),
        Err(error) => println!("  events cannot be written to {}: {error}", path.display()),
    }
    try_seed(seed, file.ok())
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(Command::Difficulty { draw }) = args.command {
        println!("{}", difficulty::title());
        difficulty::rows(draw).iter().for_each(|row| println!("{row}"));
        return ExitCode::SUCCESS;
    }
    if let Some(seed) = args.seed {
        let outcome = write_down(seed, &args.logs);
        match &outcome {
            Ok(outcome) => println!("seed {seed}: digest {:016x}, {:?}", outcome.digest, outcome.figures),
            Err(what) => println!("seed {seed} BROKEN {what}"),
        }
        return if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as u64);
    let from = args.from.unwrap_or(clock % 1_000_000_000);
    run_many(from, args.seeds, &args)
}

fn run_many(from: u64, seeds: u64, args: &Args) -> ExitCode {
    println!("{seeds} seeds from {from}, an hour each");
    // A panic is reported with its seed, and the replay shows where it happened.
    std::panic::set_hook(Box::new(|_| ()));
    let began = Instant::now();
    let next = AtomicU64::new(0);
    let found: Mutex<Found> = Mutex::default();
    let most = if args.stop { 1 } else { MOST_BROKEN };
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= seeds || found.lock().is_ok_and(|found| found.broken.len() >= most) {
                return;
            }
            let seed = from.wrapping_add(number);
            let outcome = try_seed(seed, None);
            let Ok(mut found) = found.lock() else { return };
            match outcome {
                Ok(outcome) => found.figures.add(&outcome.figures),
                Err(what) => {
                    println!(
                        "seed {seed} BROKEN {what}\n  replay: cargo run --release -p bouya-sim -- --seed {seed}"
                    );
                    found.broken.push(seed);
                }
            }
            found.done += 1;
            if found.done.is_multiple_of(1_000) {
                println!("{} seeds, {:.0} s", found.done, began.elapsed().as_secs_f64());
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        (0..args.threads.unwrap_or(cores)).for_each(|_| drop(scope.spawn(work)));
    });
    let Found { broken, figures, done } = found.into_inner().unwrap_or_default();
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    let hours = done as f64 * SECONDS as f64 / 3_600.0;
    println!(
        "{done} seeds, {} broken; {hours:.0} simulated hours in {:.0} s: {:.0} in a minute",
        broken.len(),
        minutes * 60.0,
        hours / minutes
    );
    println!("{figures}");
    for seed in &broken {
        // It breaks again, which was reported above.
        let _ = write_down(*seed, &args.logs);
    }
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

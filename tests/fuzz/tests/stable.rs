//! Runs every target on stable Rust: its seeds, its kept cases, and mutations of both. They are the same in every run.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use bouya_fuzz::{TARGETS, Target};

use self::mutate::Mutator;

#[path = "stable/mutate.rs"]
mod mutate;

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cases(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(here().join("cases").join(target.name)) else { return vec![] };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// A number from the environment.
fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

/// Runs a target. If it fails, says with which input.
fn run(target: &Target, what: &str, input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.body)(input))) {
        let file = std::env::temp_dir().join(format!("bouya-fuzz-{}", target.name));
        let kept = fs::write(&file, input);
        eprintln!("target {}, {what}; the input is in {} ({kept:?})", target.name, file.display());
        std::panic::resume_unwind(panic);
    }
}

/// Writes the seeds for libFuzzer to begin with.
fn write(corpus: &Path, seeds: &[Vec<u8>]) {
    fs::create_dir_all(corpus).unwrap();
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(corpus.join(format!("seed-{number}")), seed).unwrap();
    }
}

/// Runs one target over its seeds, its cases and mutations of both.
fn hold(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let mut pool = (target.seeds)();
    if let Ok(corpus) = std::env::var("BOUYA_FUZZ_CORPUS") {
        write(&Path::new(&corpus).join(name), &pool);
    }
    for (number, seed) in pool.iter().enumerate() {
        run(target, &format!("seed {number}"), seed);
    }
    for (path, case) in cases(target) {
        run(target, &format!("case {}", path.display()), &case);
        pool.push(case);
    }
    // On demand more mutations, and others.
    let mut mutator = Mutator::new(name, from_env("BOUYA_FUZZ_SEED").unwrap_or(7));
    let rounds = from_env("BOUYA_FUZZ_ROUNDS").unwrap_or(target.mutations.into());
    for number in 0..rounds {
        run(target, &format!("mutation {number}"), &mutator.next(&pool));
    }
}

macro_rules! tests {
    ($($name:ident)*) => {
        $(#[test] fn $name() { hold(stringify!($name)); })*

        #[test]
        fn every_target_is_tested_and_has_a_binary() {
            let tested = BTreeSet::from([$(stringify!($name)),*]);
            let targets: BTreeSet<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(tested, targets, "name every target here");
            let manifest = fs::read_to_string(here().join("Cargo.toml")).unwrap();
            for name in targets {
                let binary = format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"");
                assert!(manifest.contains(&binary), "{name} lacks its [[bin]] in Cargo.toml");
                let code = fs::read_to_string(here().join(format!("fuzz_targets/{name}.rs"))).unwrap();
                assert!(code.contains(&format!("\"{name}\"")), "fuzz_targets/{name}.rs runs another target");
            }
            for entry in fs::read_dir(here().join("cases")).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                assert!(tested.contains(name.as_str()), "cases/{name} belongs to no target");
            }
        }
    };
}

tests! { admission api backup block book branch certificate chain contract crl finality frame hello keystore mempool merkle message network_toml node_toml overlay receipt request revocations rows snapshot text transaction work }

//! Random modules, run in the machine for contracts: what each did, a line for each, so that another engine can be asked the same.
//!
//! `engines FROM COUNT`: the modules of COUNT seeds from FROM on. A line is the module in hex, and what it gave: bytes in hex, or `trap`. Modules that
//! the gate turns away are passed over, and so are runs that ended for the gas or the depth that only this machine bounds. In the end it says what
//! took the longest for its price.

use std::io::{self, BufWriter, Write};
use std::time::Instant;

use arbitrary::Unstructured;
use bouya_core::ledger::contract::host::Failure;
use bouya_core::ledger::contract::machine::{Entry, Machine};
use bouya_core::limits::GAS_TRANSLATE_BYTE;
use bouya_core::testing::contract::Alone;
use data_encoding::HEXLOWER;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use wasm_smith::{Config, Module};

mod whole;

/// How often the longest is done, at most.
const TIMES: usize = 20;
/// More than a module can take: each is made to end by itself.
const GAS: u64 = 2_000_000_000;

fn main() -> io::Result<()> {
    let given: Vec<u64> = std::env::args().skip(1).filter_map(|one| one.parse().ok()).collect();
    let &[from, count] = given.as_slice() else {
        eprintln!("usage: engines FROM COUNT");
        std::process::exit(2);
    };
    let (mut out, machine) = (BufWriter::new(io::stdout().lock()), Machine::new());
    let (mut passed, mut dearest) = (Passed::default(), Dearest::default());
    for seed in from..from.saturating_add(count) {
        let Some(code) = module(seed) else {
            passed.unmade += 1;
            continue;
        };
        let translated = match machine.translate(&code) {
            Ok(translated) => translated,
            Err(error) => {
                passed.refused(&error.to_string());
                continue;
            }
        };
        let bytes = u64::try_from(code.len()).unwrap_or(u64::MAX);
        dearest.ready.look(seed, GAS_TRANSLATE_BYTE.saturating_mul(bytes), || drop(machine.translate(&code)));
        let called = || {
            let mut host = Alone { input: INPUT.to_vec(), ..Alone::default() };
            let ran = machine.run(&translated, Entry::Call, GAS, &mut host).expect("a sound machine");
            (ran, host)
        };
        let (ran, host) = called();
        dearest.run.look(seed, ran.gas, || drop(called()));
        let gave = match ran.ended {
            Ok(()) => HEXLOWER.encode(&host.output),
            Err(Failure::Gas) | Err(Failure::Trap("called too deeply")) => {
                passed.bounded += 1;
                continue;
            }
            Err(_) => "trap".to_owned(),
        };
        writeln!(out, "{} {gave}", HEXLOWER.encode(&code))?;
    }
    passed.tell();
    dearest.tell();
    out.flush()
}

/// What took the longest for its gas.
#[derive(Default)]
struct Dearest {
    ready: Longest,
    run: Longest,
}

/// The longest of something, in nanoseconds a gas, and the seed of its module.
#[derive(Default)]
struct Longest(f64, u64);

impl Longest {
    /// Takes the time of something that costs so much gas. What seems to be the longest is done again: this machine does other things as well.
    fn look(&mut self, seed: u64, gas: u64, mut work: impl FnMut()) {
        let mut best = f64::INFINITY;
        for _ in 0..TIMES {
            let began = Instant::now();
            work();
            best = best.min(began.elapsed().as_nanos() as f64 / gas as f64);
            if best <= self.0 {
                return;
            }
        }
        *self = Self(best, seed);
    }
}

impl Dearest {
    fn tell(&self) {
        let Self { ready: Longest(ready, of), run: Longest(run, by) } = self;
        eprintln!(
            "the dearest: made ready in {ready:.2} ns a gas (seed {of}), run in {run:.2} (seed {by}); allowed are 5"
        );
    }
}

/// What was passed over.
#[derive(Default)]
struct Passed {
    unmade: u64,
    bounded: u64,
    refused: std::collections::BTreeMap<String, u64>,
}

impl Passed {
    fn refused(&mut self, why: &str) {
        // Without numbers and what the module calls things, the reasons are few.
        let why = why.chars().filter(|c| !c.is_ascii_digit()).take(80).collect();
        *self.refused.entry(why).or_default() += 1;
    }

    fn tell(&self) {
        eprintln!("passed over: {} not made, {} out of gas or too deep", self.unmade, self.bounded);
        for (why, count) in &self.refused {
            eprintln!("  {count} refused: {why}");
        }
    }
}

/// A module of what contracts may consist of, which ends by itself and tells in the end what it has come to.
fn module(seed: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 16_384];
    ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
    // Half of them without traps, which get further.
    let mut module = Module::new(config(seed % 2 == 0), &mut Unstructured::new(&bytes)).ok()?;
    module.ensure_termination(FUEL).ok()?;
    whole::complete(&module.to_bytes())
}

/// Calls and turns of loops that a module makes before it ends itself.
const FUEL: u32 = 100_000;

/// Functions of the node that modules may import: those that give something without a fault, and some that read and write memory.
const HOST: &str = r#"(module
    (import "bouya" "output" (func (param i32 i32)))
    (import "bouya" "input_size" (func (result i32)))
    (import "bouya" "value" (func (result i64)))
    (import "bouya" "balance" (func (result i64)))
    (import "bouya" "height" (func (result i64)))
    (import "bouya" "time" (func (result i64)))
    (import "bouya" "input" (func (param i32)))
    (import "bouya" "sha256" (func (param i32 i32 i32)))
    (import "bouya" "get" (func (param i32 i32 i32 i32) (result i32)))
    (import "bouya" "set" (func (param i32 i32 i32 i32)))
    (import "bouya" "remove" (func (param i32 i32))))"#;

/// What each is called with.
const INPUT: [u8; 40] = *b"what every module is called with, always";

fn config(disallow_traps: bool) -> Config {
    Config {
        allow_floats: false,
        simd_enabled: false,
        relaxed_simd_enabled: false,
        threads_enabled: false,
        memory64_enabled: false,
        multi_value_enabled: false,
        tail_call_enabled: false,
        saturating_float_to_int_enabled: false,
        extended_const_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        compact_imports_enabled: false,
        wide_arithmetic_enabled: false,
        reference_types_enabled: false,
        bulk_memory_enabled: true,
        sign_extension_ops_enabled: true,
        allow_start_export: false,
        export_everything: false,
        disallow_traps,
        available_imports: wat::parse_str(HOST).ok(),
        min_imports: 8,
        max_imports: 16,
        min_funcs: 1,
        max_funcs: 12,
        max_instructions: 400,
        min_memories: 1,
        max_memories: 1,
        max_memory32_bytes: 16 * 65_536,
        memory_max_size_required: true,
        max_tables: 1,
        max_table_elements: 64,
        table_max_size_required: true,
        max_globals: 8,
        max_exports: 0,
        min_exports: 0,
        max_data_segments: 4,
        max_element_segments: 4,
        min_uleb_size: 1,
        ..Config::default()
    }
}

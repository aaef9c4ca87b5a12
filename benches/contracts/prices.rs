//! The price of each single thing, in a world of its own that has no disk.

use std::fmt::Write as _;
use std::time::Instant;

use bouya_core::ledger::contract::machine::{Entry, Machine};
use bouya_core::limits::{CONTRACT_INPUT, GAS_TRANSLATE_BYTE};
use bouya_core::testing::contract::{Alone, module, module_with};
use bouya_core::testing::key;

/// Nanoseconds that a gas may take.
const PRICE: f64 = 5.0;
/// Each is measured so often, and the best counts: this machine does other things as well.
const TIMES: usize = 5;
/// More than anything here needs.
const PLENTY: u64 = 1 << 40;

/// A loop that does a thing 20,000 times, a hundred times in each round.
fn often(thing: &str) -> String {
    repeated(thing, 100, 200)
}

fn repeated(thing: &str, copies: usize, rounds: u32) -> String {
    let body = thing.repeat(copies);
    format!(
        "(loop $again {body} (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {rounds}))))"
    )
}

fn runs() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, body: String| all.push((name.to_owned(), body));
    for (kind, local) in [("i32", "$j"), ("i64", "$x")] {
        for op in ["add", "sub", "mul", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl", "rotr"] {
            add(
                &format!("{kind}.{op}"),
                often(&format!("(local.set {local} ({kind}.{op} (local.get {local}) (local.get {local})))")),
            );
        }
        for op in ["div_s", "div_u", "rem_s", "rem_u"] {
            let number = if kind == "i32" { "-7" } else { "-77777777777" };
            add(
                &format!("{kind}.{op}"),
                often(&format!(
                    "(local.set {local} ({kind}.{op} ({kind}.const {number}) ({kind}.or (local.get {local}) ({kind}.const 1))))"
                )),
            );
        }
        for op in ["clz", "ctz", "popcnt", "extend8_s", "extend16_s"] {
            add(
                &format!("{kind}.{op}"),
                often(&format!("(local.set {local} ({kind}.{op} (local.get {local})))")),
            );
        }
        for op in ["eq", "ne", "lt_s", "lt_u", "gt_s", "le_u", "ge_s"] {
            add(
                &format!("{kind}.{op}"),
                often(&format!("(local.set $j ({kind}.{op} (local.get {local}) (local.get {local})))")),
            );
        }
        for op in ["load", "load8_s", "load16_u"] {
            add(&format!("{kind}.{op}"), often(&format!("(local.set {local} ({kind}.{op} (local.get $i)))")));
        }
        for op in ["store", "store8", "store16"] {
            add(&format!("{kind}.{op}"), often(&format!("({kind}.{op} (local.get $i) (local.get {local}))")));
        }
    }
    add("local.get, drop", often("(drop (local.get $x))"));
    add("local.tee", often("(drop (local.tee $x (local.get $y)))"));
    add("global.get", often("(local.set $x (global.get $g))"));
    add("global.set", often("(global.set $g (local.get $x))"));
    add("const, drop", often("(drop (i64.const 7))"));
    add("nop", often("(nop)"));
    add("block", often("(block)"));
    add("if", often("(if (local.get $j) (then (nop)) (else (nop)))"));
    add("br", often("(block (br 0))"));
    add("br_if", often("(block (br_if 0 (local.get $j)))"));
    add("select", often("(local.set $x (select (local.get $x) (local.get $y) (local.get $j)))"));
    add("i32.wrap_i64", often("(local.set $j (i32.wrap_i64 (local.get $x)))"));
    add("i64.extend_i32", often("(local.set $x (i64.extend_i32_s (local.get $j)))"));
    add("br_table", repeated(&branches(), 8, 20_000));
    add("memory.size", often("(drop (memory.size))"));
    for bytes in [0, 1, 64, 4_096, 65_536] {
        let rounds = if bytes > 5_000 { 20 } else { 200 };
        add(
            &format!("memory.fill {bytes}"),
            repeated(&format!("(memory.fill (i32.const 0) (i32.const 7) (i32.const {bytes}))"), 10, rounds),
        );
        add(
            &format!("memory.copy {bytes}"),
            repeated(&format!("(memory.copy (i32.const 0) (i32.const 0) (i32.const {bytes}))"), 10, rounds),
        );
    }
    add("memory.grow 0", often("(drop (memory.grow (i32.const 0)))"));
    add("memory.grow 1", "(drop (memory.grow (i32.const 1)))".to_owned());
    for (name, call) in [
        ("input_size", "(drop (call $input_size))"),
        ("input 8 KiB", "(call $input (i32.const 100))"),
        ("output 0", "(call $output (i32.const 0) (i32.const 0))"),
        ("output 1 KiB", "(call $output (i32.const 0) (i32.const 1024))"),
        ("caller", "(call $caller (i32.const 0))"),
        ("me", "(call $me (i32.const 0))"),
        ("value", "(drop (call $value))"),
        ("height", "(drop (call $height))"),
        ("time", "(drop (call $time))"),
        ("sha256 0", "(call $sha256 (i32.const 0) (i32.const 0) (i32.const 0))"),
        ("sha256 64", "(call $sha256 (i32.const 0) (i32.const 64) (i32.const 0))"),
        ("sha256 64 KiB", "(call $sha256 (i32.const 0) (i32.const 65536) (i32.const 0))"),
        ("event 1 KiB", "(call $event (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 1024))"),
    ] {
        add(name, repeated(call, 10, 20));
    }
    let verify = "(drop (call $verify (i32.const 100) (i32.const 0) (i32.const 5) (i32.const 132)))";
    add("verify", format!("(call $input (i32.const 100)) {}", repeated(verify, 10, 20)));
    all
}

/// Input that begins with a key and its signature of "hello", and is as long as any.
fn signed() -> Vec<u8> {
    let key = key(1);
    let mut input = [&key.public().0[..], &key.sign(b"hello").0].concat();
    input.resize(CONTRACT_INPUT, 7);
    input
}

/// A table of a thousand branches to two places: the machine makes a plain branch of one that always leads to the same.
pub(crate) fn branches() -> String {
    format!("(block (block (br_table {} (local.get $i))))", "0 1 ".repeat(500))
}

/// As large a module as there may be of functions that do nothing: the dearest to make ready. Each number makes another.
pub(crate) fn empty_functions(number: usize) -> String {
    module_with(&format!("(global i64 (i64.const {number})) {}", "(func)".repeat(7_900)), "")
}

/// Modules that are dear to make ready.
fn modules() -> Vec<(String, String)> {
    let many = |count: usize, one: &str| one.repeat(count);
    let mut types = String::new();
    for n in 0..1_500 {
        let parameters =
            (0..11).map(|bit| if n >> bit & 1 == 0 { "i32 " } else { "i64 " }).collect::<String>();
        let _ = write!(types, "(type (func (param {parameters})))");
    }
    vec![
        ("small".to_owned(), module("")),
        ("functions of nothing".to_owned(), module_with(&many(4_000, "(func)"), "")),
        (
            "functions of locals".to_owned(),
            module_with(&many(1_200, "(func (local i64 i32 i64 i32 i64 i32))"), ""),
        ),
        (
            "functions of one operation".to_owned(),
            module_with(&many(2_500, "(func (drop (i32.const 1)))"), ""),
        ),
        ("types".to_owned(), module_with(&types, "")),
        ("globals".to_owned(), module_with(&many(4_000, "(global i64 (i64.const 1))"), "")),
        (
            "one long function of adds".to_owned(),
            module(&many(3_500, "(local.set $x (i64.add (local.get $x) (local.get $y)))")),
        ),
        (
            "one long function of divisions".to_owned(),
            module(&many(3_500, "(local.set $x (i64.div_u (local.get $x) (local.get $y)))")),
        ),
        ("one long function of constants".to_owned(), module(&many(8_000, "(drop (i64.const 9))"))),
        ("nested blocks".to_owned(), module(&format!("{}{}", many(6_000, "(block "), many(6_000, ")")))),
        ("ifs".to_owned(), module(&many(4_000, "(if (local.get $i) (then))"))),
        ("tables of branches".to_owned(), module(&many(14, &branches()))),
        (
            "calls".to_owned(),
            module_with(
                "(func $f (param i64 i64 i64 i64))",
                &many(2_500, "(call $f (local.get $x) (local.get $x) (local.get $x) (local.get $x))"),
            ),
        ),
        (
            "a deep stack".to_owned(),
            module(&format!("{} {}", many(400, "(local.get $x) "), many(400, "(drop) ")).repeat(20)),
        ),
        ("data".to_owned(), module_with(&format!("(data (i32.const 100) \"{}\")", many(30_000, "x")), "")),
    ]
}

/// A line for each.
pub(crate) fn run(wanted: &dyn Fn(&str) -> bool) {
    println!("{:<34} {:>12} {:>10} {:>9}", "what runs", "gas", "us", "ns a gas");
    let mut worst = (0.0, String::new());
    let mut tell = |name: String, gas: u64, ns: f64| {
        let each = ns / gas as f64;
        println!(
            "{name:<34} {gas:>12} {:>10.1} {each:>9.2}{}",
            ns / 1_000.0,
            if each > PRICE { "  over" } else { "" }
        );
        if each > worst.0 {
            worst = (each, name);
        }
    };
    let machine = Machine::new();
    for (name, body) in runs().into_iter().filter(|(name, _)| wanted(name)) {
        let code = wat::parse_str(module(&body)).unwrap();
        let ready = machine.translate(&code).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut world = Alone { input: signed(), ..Alone::default() };
        let (mut best, mut gas) = (f64::MAX, 0);
        for _ in 0..TIMES {
            world.events.clear();
            let began = Instant::now();
            let ran = machine.run(&ready, Entry::Call, PLENTY, &mut world).unwrap();
            best = best.min(began.elapsed().as_nanos() as f64);
            assert_eq!(ran.ended, Ok(()), "{name}");
            gas = ran.gas;
        }
        tell(name, gas, best);
    }
    for (name, more) in [
        ("entering", String::new()),
        ("entering with 30 KB of data", format!("(data (i32.const 100) \"{}\")", "x".repeat(30_000))),
        ("entering with 5000 empty elements", "(elem func)".repeat(5_000)),
        ("entering with 8000 functions", "(func)".repeat(8_000)),
        ("entering with 4000 globals", "(global i64 (i64.const 1))".repeat(4_000)),
    ] {
        if !wanted(name) {
            continue;
        }
        let code = wat::parse_str(module_with(&more, "")).unwrap();
        let ready = machine.translate(&code).unwrap();
        let (mut best, mut gas) = (f64::MAX, 0);
        for _ in 0..200 {
            let began = Instant::now();
            gas = machine.run(&ready, Entry::Call, PLENTY, &mut Alone::default()).unwrap().gas;
            best = best.min(began.elapsed().as_nanos() as f64);
        }
        tell(name.to_owned(), gas, best);
    }
    for (name, text) in modules().into_iter().filter(|(name, _)| wanted(name)) {
        let code = wat::parse_str(text).unwrap();
        let mut best = f64::MAX;
        let mut verdict = String::new();
        for _ in 0..TIMES {
            let machine = Machine::new();
            let began = Instant::now();
            let ready = machine.translate(&code);
            best = best.min(began.elapsed().as_nanos() as f64);
            verdict = ready.err().map(|error| format!(" (refused: {error})")).unwrap_or_default();
        }
        tell(format!("ready: {name}{verdict}"), GAS_TRANSLATE_BYTE * code.len() as u64, best);
    }
    println!("the dearest: {} with {:.2} ns a gas", worst.1, worst.0);
}

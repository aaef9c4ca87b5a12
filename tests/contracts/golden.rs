//! What thirty modules lead to and cost, to the last unit of gas: on every machine and in every build the same, or the chain splits.

use bouya_core::crypto::sha256;
use bouya_core::ledger::contract::machine::{Entry, Machine};
use bouya_core::testing::contract::{Alone, module, module_with};
use bouya_core::testing::key;
use serde_json::{Value, json};

/// Enough for all but one, which never ends.
const GAS: u64 = 30_000_000;

const BODIES: [(&str, &str); 27] = [
    ("nothing", ""),
    ("echo", "(call $input (i32.const 100)) (call $output (i32.const 100) (i32.const 96))"),
    (
        "a slot",
        "(call $set (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 3)) (call $output (i32.const 0) (call $get (i32.const 0) (i32.const 5) (i32.const 90) (i32.const 9)))",
    ),
    (
        "an empty slot",
        "(call $set (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.store (i32.const 90) (call $get (i32.const 0) (i32.const 0) (i32.const 90) (i32.const 9))) (call $output (i32.const 90) (i32.const 4))",
    ),
    (
        "no slot",
        "(i32.store (i32.const 90) (call $get (i32.const 0) (i32.const 5) (i32.const 90) (i32.const 9))) (call $output (i32.const 90) (i32.const 4))",
    ),
    (
        "a slot that goes",
        "(call $set (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 3)) (call $remove (i32.const 0) (i32.const 5))",
    ),
    (
        "who and when",
        "(call $caller (i32.const 90)) (call $me (i32.const 123)) (i64.store (i32.const 156) (call $height)) (i64.store (i32.const 164) (call $time)) (i64.store (i32.const 172) (call $value)) (i64.store (i32.const 180) (call $balance)) (call $output (i32.const 90) (i32.const 98))",
    ),
    (
        "payments",
        "(drop (call $pay (i32.const 90) (i64.const 5))) (call $me (i32.const 90)) (i32.store (i32.const 140) (call $pay (i32.const 90) (i64.const 500))) (call $output (i32.const 140) (i32.const 4))",
    ),
    (
        "events",
        "(call $event (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 100)) (call $event (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0))",
    ),
    (
        "a hash",
        "(call $sha256 (i32.const 0) (i32.const 1000) (i32.const 2000)) (call $output (i32.const 2000) (i32.const 32))",
    ),
    (
        "a signature",
        "(call $input (i32.const 100)) (i32.store (i32.const 300) (call $verify (i32.const 100) (i32.const 0) (i32.const 5) (i32.const 132))) (i32.store (i32.const 304) (call $verify (i32.const 100) (i32.const 0) (i32.const 6) (i32.const 132))) (call $output (i32.const 300) (i32.const 8))",
    ),
    (
        "members and agreements",
        "(call $caller (i32.const 90)) (i32.store (i32.const 300) (call $member (i32.const 90))) (i32.store (i32.const 304) (call $agreement (i32.const 90))) (call $output (i32.const 300) (i32.const 8))",
    ),
    ("a refusal", "(call $fail (i32.const 0) (i32.const 5))"),
    (
        "a refusal of no text",
        "(i32.store (i32.const 0) (i32.const 0xff0a00c3)) (call $fail (i32.const 0) (i32.const 400))",
    ),
    ("unreachable", "unreachable"),
    ("for ever", "(loop (br 0))"),
    (
        "a long loop",
        "(loop (br_if 0 (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2000000))))",
    ),
    ("too deep", "(call $call)"),
    ("division by zero", "(drop (i64.div_s (i64.const 1) (local.get $x)))"),
    ("the largest quotient", "(drop (i64.div_s (i64.const -9223372036854775808) (i64.const -1)))"),
    (
        "the largest rest",
        "(i64.store (i32.const 90) (i64.rem_s (i64.const -9223372036854775808) (i64.const -1))) (call $output (i32.const 90) (i32.const 8))",
    ),
    (
        "shifts and turns",
        "(i64.store (i32.const 90) (i64.rotl (i64.shl (i64.const 0x123456789abcdef) (i64.const 67)) (i64.const -3))) (i32.store (i32.const 98) (i32.shr_s (i32.const 0x80000001) (i32.const 33))) (call $output (i32.const 90) (i32.const 12))",
    ),
    (
        "bits",
        "(i64.store (i32.const 90) (i64.clz (i64.const 0))) (i64.store (i32.const 98) (i64.ctz (i64.const 0))) (i32.store (i32.const 106) (i32.popcnt (i32.const -1))) (i64.store (i32.const 110) (i64.extend8_s (i64.const 0x80))) (call $output (i32.const 90) (i32.const 28))",
    ),
    (
        "memory that grows",
        "(i32.store (i32.const 90) (memory.grow (i32.const 1))) (i32.store (i32.const 94) (memory.grow (i32.const 1))) (i32.store (i32.const 98) (memory.size)) (memory.fill (i32.const 65536) (i32.const 7) (i32.const 65536)) (memory.copy (i32.const 102) (i32.const 131068) (i32.const 4)) (call $output (i32.const 90) (i32.const 16))",
    ),
    (
        "a branch of many",
        "(block (block (block (br_table 0 1 2 (i32.const 1))) (call $output (i32.const 0) (i32.const 1))) (call $output (i32.const 0) (i32.const 2)))",
    ),
    ("outside of memory", "(call $output (i32.const 65530) (i32.const 7))"),
    ("a key that is too long", "(call $set (i32.const 0) (i32.const 65) (i32.const 0) (i32.const 0))"),
];

const MORE: [(&str, &str, &str); 3] = [
    (
        "the table",
        "(type $t (func (param i64) (result i64))) (func $twice (type $t) (i64.mul (local.get 0) (i64.const 2))) (elem (i32.const 1) $twice)",
        "(i64.store (i32.const 90) (call_indirect (type $t) (i64.const 21) (i32.const 1))) (call $output (i32.const 90) (i32.const 8))",
    ),
    (
        "a function of another type",
        "(type $t (func (result i64))) (func $twice (param i64)) (elem (i32.const 1) $twice)",
        "(drop (call_indirect (type $t) (i32.const 1)))",
    ),
    (
        "three functions",
        "(func $one (result i64) (i64.const 5)) (func $two (param i64) (result i64) (i64.mul (local.get 0) (i64.const 3))) (global $h (mut i64) (i64.const 9))",
        "(global.set $h (call $two (call $one))) (i64.store (i32.const 90) (global.get $h)) (call $output (i32.const 90) (i32.const 8))",
    ),
];

/// What each of them leads to.
pub(crate) fn all() -> Value {
    let texts = BODIES.iter().map(|(name, body)| (*name, module(body)));
    let more = MORE.iter().map(|(name, more, body)| (*name, module_with(more, body)));
    texts.chain(more).map(|(name, text)| one(name, &text)).collect()
}

fn one(name: &str, text: &str) -> Value {
    let code = wat::parse_str(text).unwrap();
    let machine = Machine::new();
    let module = machine.translate(&code).unwrap();
    let secret = key(1);
    let input = [&secret.public().0[..], &secret.sign(b"hello").0].concat();
    let mut world = Alone { input, ..Alone::default() };
    let ran = machine.run(&module, Entry::Call, GAS, &mut world).unwrap();
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let failed = ran.ended.err().map(|failure| failure.to_string());
    let slots: Vec<_> = world.slots.iter().map(|(key, value)| [hex(key), hex(value)]).collect();
    json!({
        "name": name, "code": sha256(&code).to_string(), "gas": ran.gas, "failed": failed,
        "output": hex(&world.output), "slots": slots, "events": world.events.len(), "payments": world.paid.len(),
    })
}

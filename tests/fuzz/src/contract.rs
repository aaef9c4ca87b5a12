//! Modules from anybody: the gate has an answer for each, and what it lets through costs its gas and no more, every time the same.

use bouya_core::ledger::contract::gate;
use bouya_core::ledger::contract::machine::{Entry, Machine, Ran};
use bouya_core::testing::contract::{Alone, OBEYS, at, module, module_with, orders};

use crate::tame;

/// Little, so that many modules run.
const GAS: u64 = 200_000;

/// The bytes of a module.
pub fn contract(data: &[u8]) {
    match gate::check(data) {
        Err(error) => tame(&error),
        Ok(_) => {
            let machine = Machine::new();
            let module = machine.translate(data).expect("the machine takes what the gate lets through");
            for entry in [Entry::Init, Entry::Call, Entry::View] {
                let (first, world) = run(&machine, &module, entry);
                assert!(first.gas <= GAS, "{first:?}");
                if let Err(failure) = &first.ended {
                    tame(failure);
                }
                // Elsewhere, and after other things have run.
                let elsewhere = Machine::new();
                let again = elsewhere.translate(data).expect("as before");
                for (other, there) in [run(&machine, &module, entry), run(&elsewhere, &again, entry)] {
                    assert_eq!(other, first);
                    assert_eq!(
                        (&there.slots, &there.output, &there.paid),
                        (&world.slots, &world.output, &world.paid)
                    );
                }
            }
        }
    }
}

fn run(
    machine: &Machine,
    module: &bouya_core::ledger::contract::machine::Module,
    entry: Entry,
) -> (Ran, Alone) {
    let input = orders([at(1), at(2)], [5, 500], (3, 60, false));
    let mut world = Alone { input, ..Alone::default() };
    let ran = machine.run(module, entry, GAS, &mut world).expect("no fault of this machine");
    (ran, world)
}

pub(crate) fn contract_seeds() -> Vec<Vec<u8>> {
    let loops =
        "(loop (br_if 0 (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3000))))";
    let table = "(type $t (func (param i64) (result i64))) (func $twice (type $t) (i64.mul (local.get 0) (i64.const 2))) (elem (i32.const 1) $twice)";
    let called = "(drop (call_indirect (type $t) (i64.const 21) (i32.const 1)))";
    let memory = "(drop (memory.grow (i32.const 1))) (memory.fill (i32.const 65530) (i32.const 7) (i32.const 99)) (memory.copy (i32.const 5) (i32.const 65540) (i32.const 40))";
    let texts = [
        module(""),
        module(OBEYS),
        module(loops),
        module(memory),
        module("(call $call)"),
        module(
            "(call $event (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 9)) (call $fail (i32.const 0) (i32.const 9))",
        ),
        module_with(table, called),
    ];
    texts.iter().map(|text| wat::parse_str(text).unwrap()).collect()
}

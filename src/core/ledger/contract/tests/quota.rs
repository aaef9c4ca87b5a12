//! How much contracts may hold.

use alloc::borrow::ToOwned;
use alloc::string::String;

use super::*;
use crate::ledger::Rows;
use crate::ledger::state::Layer;

/// Writes a slot that its first four bytes of input name, of as many bytes as the next two say; without those it removes it.
const FILLS: &str = "(call $input (i32.const 100))
    (call $set (i32.const 100) (i32.const 4) (i32.const 1000) (i32.load16_u (i32.const 104)))";

fn fill(slot: u32, bytes: u16) -> Vec<u8> {
    [&slot.to_le_bytes()[..], &bytes.to_le_bytes()].concat()
}

/// What calls with these inputs lead to, one after another, on top of `below`.
fn filled(node: &Node, below: &mut Rows, contract: (Address, Hash, u32), inputs: &[Vec<u8>]) -> Vec<String> {
    let mut layer = Layer::new(Some(node.world()), below);
    let mut modules = Modules::default();
    let said = inputs.iter().map(|input| {
        let call = call(node, (2, 0), contract, input, 0).check(&node.network()).unwrap();
        let at = crate::ledger::Moment { height: 2, index: 0, time: node.now, transaction: call.id() };
        apply(&mut layer, &mut modules, &call, at).unwrap().unwrap().why.as_str().to_owned()
    });
    let said = said.collect();
    *below = layer.finish().unwrap().rows;
    said
}

#[test]
fn a_contract_holds_a_mebibyte_and_no_more() {
    let mut node = world();
    let first = deploy(&node, 0, module("", FILLS, ""), 0);
    let contract = made(&first);
    node.mine(vec![first]);
    let most = 1024 * 1024 / (4 + 4_096);
    let mut rows = Rows::new();
    let full: Vec<_> = (0..most).map(|slot| fill(slot, 4_096)).collect();
    assert!(filled(&node, &mut rows, contract, &full).iter().all(String::is_empty));
    let more = filled(&node, &mut rows, contract, &[fill(most, 4_096)]);
    assert!(more[0].contains("would hold 10"), "one more is too much: {more:?}");
    // What is there may be written anew, and less of it makes room.
    let moved = [fill(0, 4_096), fill(0, 0), fill(most, 4_000)];
    assert_eq!(filled(&node, &mut rows, contract, &moved), ["", "", ""]);
    let bytes = |slot: Slot| (slot.key.len() + slot.value.len()) as u64;
    let held: u64 = rows.iter().filter_map(|(key, row)| slots(key, row.clone()?).unwrap().map(bytes)).sum();
    let row = |key: Key| rows.get(&key).cloned().flatten();
    let known: Option<Contract> = crate::ledger::state::from_row(row(Key::Contract(contract.0))).unwrap();
    assert_eq!(known.unwrap().held, held);
    let all = crate::ledger::read_supply(row(Key::Deployer(boss()))).unwrap();
    assert_eq!(all, held + u64::from(contract.2));
}

#[test]
fn all_contracts_of_a_deployer_together_are_bounded() {
    let node = world();
    // As if other contracts held almost all of it.
    let (held, code) = (crate::limits::DEPLOYER_HELD - 1_000, module(FILLS, "", ""));
    let empty = Rows::new();
    let mut layer = Layer::new(Some(node.world()), &empty);
    layer.write(Key::Deployer(boss()), &held).unwrap();
    let below = layer.finish().unwrap().rows;
    let run = |bytes: u16| {
        let mut layer = Layer::new(Some(node.world()), &below);
        let deploy = Deploy {
            code: code.clone().try_into().unwrap(),
            input: Bounded::truncated(fill(1, bytes)),
            value: 0,
            gas: GAS,
        };
        let transaction = Transaction::sign(&node.network(), &governor(1), 0, 1, u64::MAX, deploy.into());
        let at = crate::ledger::Moment { height: 1, index: 0, time: node.now, transaction: transaction.id() };
        let checked = transaction.check(&node.network()).unwrap();
        apply(&mut layer, &mut Modules::default(), &checked, at).unwrap().unwrap().why.as_str().to_owned()
    };
    let left = 1_000 - code.len() as u16 - 4;
    assert_eq!(run(left), "");
    assert!(run(left + 1).contains("contracts of its deployer would hold"), "{}", run(left + 1));
}

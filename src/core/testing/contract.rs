//! Contracts without a chain: modules as text, and a world of their own.

use std::format;

use super::*;
use crate::ledger::contract::gate::HOST;
use crate::ledger::contract::host::{Host, Stands, Stop};

/// A contract alone: a world that takes everything, with limits of its own nowhere.
#[derive(Clone, Debug, Default)]
pub struct Alone {
    pub input: Vec<u8>,
    pub output: Vec<u8>,
    pub slots: BTreeMap<Vec<u8>, Vec<u8>>,
    pub paid: Vec<(Address, u64)>,
    pub events: Vec<(Vec<u8>, Vec<u8>)>,
    pub is_broken: bool,
}

impl Host for Alone {
    fn input(&self) -> &[u8] {
        &self.input
    }
    fn output(&mut self, bytes: Vec<u8>) -> Result<(), Stop> {
        self.output = bytes;
        Ok(())
    }
    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Stop> {
        if self.is_broken {
            return Err(StateError("the disk is gone".into()).into());
        }
        Ok(self.slots.get(key).cloned())
    }
    fn set(&mut self, key: &[u8], value: Vec<u8>) -> Result<(), Stop> {
        self.slots.insert(key.to_vec(), value);
        Ok(())
    }
    fn remove(&mut self, key: &[u8]) -> Result<(), Stop> {
        self.slots.remove(key);
        Ok(())
    }
    fn caller(&self) -> Result<Address, Stop> {
        Ok(at(1))
    }
    fn me(&self) -> Address {
        at(2)
    }
    fn value(&self) -> u64 {
        77
    }
    fn balance(&mut self) -> Result<u64, Stop> {
        Ok(1 << 40)
    }
    fn pay(&mut self, to: Address, amount: u64) -> Result<bool, Stop> {
        self.paid.push((to, amount));
        Ok(amount < 100)
    }
    fn height(&self) -> u64 {
        9
    }
    fn time(&self) -> Timestamp {
        Timestamp(1_700_000_000_000)
    }
    fn event(&mut self, topic: &[u8], data: Vec<u8>) -> Result<(), Stop> {
        self.events.push((topic.to_vec(), data));
        Ok(())
    }
    fn member(&mut self, address: &Address) -> Result<bool, Stop> {
        Ok(*address == self.caller()?)
    }
    fn parties(&mut self, _: &Hash) -> Result<usize, Stop> {
        Ok(3)
    }
    fn agreement(&mut self, _: &Hash) -> Result<Stands, Stop> {
        Ok(Stands::Effective)
    }
}

/// An address that costs little to make.
pub fn at(n: u8) -> Address {
    Address::of(&PublicKey([n; 32]))
}

/// A call that does what its input says: whom it pays how much, twice; what it writes; and whether it fails in the end. See [`orders`].
pub const OBEYS: &str = r"(call $input (i32.const 100)) (drop (call $pay (i32.const 100) (i64.load (i32.const 133))))
    (drop (call $pay (i32.const 141) (i64.load (i32.const 174)))) (call $set (i32.const 182) (i32.const 1) (i32.const 0) (i32.load8_u (i32.const 183)))
    (if (i32.load8_u (i32.const 184)) (then unreachable))";

/// Input for [`OBEYS`]: two payments; a slot, and how many bytes it gets; whether it fails.
pub fn orders(to: [Address; 2], amounts: [u64; 2], (slot, bytes, fails): (u8, u8, bool)) -> Vec<u8> {
    let mut input = Vec::new();
    for (to, amount) in to.iter().zip(amounts) {
        input.extend(to.to_bytes());
        input.extend(amount.to_le_bytes());
    }
    input.extend([slot, bytes, u8::from(fails)]);
    input
}

/// A call that pays 3 to an address, says its first bytes under "hello" and gives "hello" back; or fails. See [`telling`].
pub const TELLS: &str = r"(call $input (i32.const 100)) (drop (call $pay (i32.const 101) (i64.const 3)))
    (call $event (i32.const 0) (i32.const 5) (i32.const 101) (i32.const 4)) (call $output (i32.const 0) (i32.const 5))
    (if (i32.load8_u (i32.const 100)) (then unreachable))";

/// Input for [`TELLS`]: whom it pays, and whether it fails.
pub fn telling(to: Address, fails: bool) -> Vec<u8> {
    [&[u8::from(fails)], to.to_bytes().as_slice()].concat()
}

/// The text of a module whose `call` is this, with all host functions. Its memory begins with "hello".
pub fn module(body: &str) -> String {
    module_with("", body)
}

/// The same with more between its memory and its functions.
pub fn module_with(more: &str, body: &str) -> String {
    let imports = HOST.map(|(name, parameters, results)| {
        let list = |word: &str, types: &[wasmparser::ValType]| {
            types.iter().map(|one| format!(" ({word} {one})")).collect::<String>()
        };
        let (parameters, results) = (list("param", parameters), list("result", results));
        format!("(import \"bouya\" \"{name}\" (func ${name}{parameters}{results}))")
    });
    format!(
        "(module {} (memory (export \"memory\") 1 2) (table 2 2 funcref) (global $g (mut i64) (i64.const 0)) (data (i32.const 0) \"hello\") {more}
         (func (export \"init\")) (func (export \"view\")) (func $call (export \"call\") (local $i i32) (local $j i32) (local $x i64) (local $y i64) {body}))",
        imports.concat()
    )
}

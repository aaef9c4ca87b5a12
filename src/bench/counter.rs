//! A contract that counts, as small as one can be that reads and writes a row: what a call costs besides what it computes.

use bouya_core::codec::Bounded;
use bouya_core::crypto::Hash;
use bouya_core::ledger::contract::{Call, Deploy};
use bouya_core::ledger::{Action, Address, NetworkSpec, Transaction};

use super::load::{FEE, governor_key};

/// Its module, whose text is `counter.wat`.
const MODULE: &[u8] = include_bytes!("counter.wasm");
/// Gas that a call states, and a deployment: somewhat more than they take.
const GAS: u64 = 170_000;
/// Gas of a block in a network that counts: more than a block of calls that is full of bytes.
const GAS_PER_BLOCK: u64 = 2_000_000_000;

/// The contract on a network.
pub(super) struct Counter {
    contract: Address,
    code: Hash,
    size: u32,
}

impl Counter {
    /// The same network with blocks that count as much as fits.
    pub(super) fn allow(spec: NetworkSpec) -> NetworkSpec {
        NetworkSpec { gas_per_block: Some(GAS_PER_BLOCK), ..spec }
    }

    /// It, and the transaction that deploys it, which is the first of the governor.
    pub(super) fn new(network: &Hash) -> (Self, Transaction) {
        let code = Bounded::truncated(MODULE.iter().copied());
        let deploy = Deploy { code, input: Bounded::default(), value: 0, gas: GAS };
        let contract = deploy.address(&Address::of(&governor_key().public()), 0);
        let counter = Self { contract, code: deploy.hash(), size: MODULE.len() as u32 };
        (counter, Transaction::sign(network, &governor_key(), 0, FEE, u64::MAX, deploy.into()))
    }

    /// A call that adds one to the slot of this number.
    pub(super) fn count(&self, slot: usize) -> Action {
        let input = Bounded::truncated((slot as u64).to_le_bytes());
        let Self { contract, code, size } = *self;
        Call { contract, code, size, input, value: 0, gas: GAS }.into()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_module_is_its_text() {
        let text = wat::parse_str(include_str!("counter.wat")).unwrap();
        if std::env::var_os("BOUYA_WRITE_VECTORS").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/bench/counter.wasm"), &text).unwrap();
        }
        assert_eq!(text, super::MODULE, "write it anew with BOUYA_WRITE_VECTORS=1");
    }
}

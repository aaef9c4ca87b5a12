//! A chain that runs contracts: they are executed again, and what is kept of them is compared.

use std::sync::Arc;

use bouya_core::ledger::contract::{Call, Deploy};
use bouya_core::ledger::{Address, Allocation, Genesis, Header, NetworkSpec, Transaction};
use bouya_core::testing::contract::{OBEYS, module, orders};
use bouya_core::testing::{address, governor, key, spec};

use super::*;

fn genesis() -> Arc<Genesis> {
    let mut spec = NetworkSpec { version: Header::CONTRACTS, ..spec("contracts", 1_000_000) };
    let governs = Address::of(&governor(1).public());
    spec.allocations.push(Allocation { address: governs, amount: 1_000_000 });
    Arc::new(Genesis::new(spec).unwrap())
}

/// A deployment, a call that pays somebody else, and one that fails.
fn with_contracts(dir: &Path) -> Store {
    let genesis = genesis();
    let mut store = Store::open(dir, genesis.clone()).unwrap();
    let mut chain = Chain::load(genesis.clone(), &store.view().unwrap()).unwrap();
    let code = wat::parse_str(module(OBEYS)).unwrap().try_into().unwrap();
    let deploy = Deploy { code, input: Vec::new().try_into().unwrap(), value: 500, gas: 1_000_000 };
    let deploy = Transaction::sign(&genesis.id(), &governor(1), 0, 5, u64::MAX, deploy.into());
    let (contract, stated) = (deploy.contract().unwrap(), deploy.stated().unwrap());
    let call = |nonce, fails| {
        let input = orders([address(15), contract], [77, 1], (1, 9, fails)).try_into().unwrap();
        let call = Call { contract, code: stated.code, size: stated.size, input, value: 9, gas: 1_000_000 };
        Transaction::sign(&genesis.id(), &key(2), nonce, 5, u64::MAX, call.into())
    };
    for transactions in [vec![deploy], vec![call(0, false), call(1, true)], vec![]] {
        let block = block_on(&genesis, chain.tip(), 1_000, transactions, 9);
        give(&mut chain, &mut store, Timestamp(u64::MAX / 2), &block, Origin::Own).unwrap();
    }
    store
}

#[test]
fn contracts_are_executed_again_and_what_is_kept_of_them_is_compared() {
    let dir = tempfile::tempdir().unwrap();
    let store = with_contracts(dir.path());
    let report = verify(&store.reader(), |_, _| ()).unwrap();
    assert_eq!((report.blocks, report.transactions), (3, 3));
    let snapshot = store.reader().snapshot().unwrap();
    assert_eq!(snapshot.account(&address(15)).unwrap().balance, 77);
    assert!(snapshot.concerns(&address(15), 2, 1).unwrap(), "who was paid by a contract finds it");
    assert!(!snapshot.concerns(&address(15), 2, 2).unwrap(), "what failed has paid nobody");
    drop(snapshot);
    store.spoil_row("results", 2);
    let error = verify(&store.reader(), |_, _| ()).unwrap_err().to_string();
    assert!(error.contains("what its contracts led to"), "{error}");
    drop(store);
    repair::repair(dir.path(), genesis(), |_| ()).unwrap().replace("now").unwrap();
    let store = Store::open(dir.path(), genesis()).unwrap();
    assert_eq!(verify(&store.reader(), |_, _| ()).unwrap(), report);
}

/// A row that somebody's disk has changed: the node that computes with it finds its own fault here, and is mended.
#[test]
fn a_node_that_computes_with_a_wrong_row_is_found_and_mended() {
    let dir = tempfile::tempdir().unwrap();
    let store = with_contracts(dir.path());
    store.spoil_row("state", 0);
    assert!(verify(&store.reader(), |_, _| ()).is_err());
    drop(store);
    repair::repair(dir.path(), genesis(), |_| ()).unwrap().replace("now").unwrap();
    let store = Store::open(dir.path(), genesis()).unwrap();
    assert_eq!(verify(&store.reader(), |_, _| ()).unwrap().blocks, 3);
}

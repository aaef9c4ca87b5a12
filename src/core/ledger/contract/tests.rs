use alloc::sync::Arc;
use alloc::{format, vec};

use proptest::prelude::*;

use super::*;
use crate::ledger::{
    Action, BodyError, Genesis, Header, Key, NetworkSpec, Origin, PlanError, StateHash, View, executed,
};
use crate::testing::{Node, address, governor, key, spec};
use crate::time::Timestamp;

mod quota;
mod random;

/// What contracts of these tests import.
const IMPORTS: &str = r#"
    (import "bouya" "input_size" (func $input_size (result i32))) (import "bouya" "input" (func $input (param i32)))
    (import "bouya" "output" (func $output (param i32 i32))) (import "bouya" "get" (func $get (param i32 i32 i32 i32) (result i32)))
    (import "bouya" "set" (func $set (param i32 i32 i32 i32))) (import "bouya" "pay" (func $pay (param i32 i64) (result i32)))
    (import "bouya" "event" (func $event (param i32 i32 i32 i32))) (import "bouya" "balance" (func $balance (result i64)))
    (import "bouya" "member" (func $member (param i32) (result i32))) (import "bouya" "caller" (func $caller (param i32)))
    (import "bouya" "agreement" (func $agreement (param i32) (result i32)))"#;

/// A module with these bodies. Its memory begins with "hello".
pub(super) fn module(init: &str, call: &str, view: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module {IMPORTS} (memory (export "memory") 1 1) (data (i32.const 0) "hello")
            (func (export "init") {init}) (func (export "call") (local $n i32) {call}) (func (export "view") {view}))"#
    ))
    .unwrap()
}

/// Keeps its input under "hello", says so, pays the caller a third of what it has, and gives the input back. Input of 1 byte fails after all that.
const KEEPS: &str = r#"(call $input (i32.const 100)) (call $set (i32.const 0) (i32.const 5) (i32.const 100) (call $input_size))
    (call $event (i32.const 0) (i32.const 5) (i32.const 100) (call $input_size)) (call $caller (i32.const 50))
    (drop (call $pay (i32.const 50) (i64.div_u (call $balance) (i64.const 3))))
    (call $output (i32.const 100) (call $input_size)) (if (i32.eq (call $input_size) (i32.const 1)) (then unreachable))"#;

pub(super) const GAS: u64 = 1_000_000;

/// A network whose blocks run contracts. Governor 1 holds coins.
pub(super) fn world() -> Node {
    Node::of(genesis(None))
}

fn genesis(gas_per_block: Option<u64>) -> Arc<Genesis> {
    let mut spec = NetworkSpec { version: Header::CONTRACTS, gas_per_block, ..spec("contracts", 1_000) };
    spec.allocations.push(crate::ledger::Allocation { address: boss(), amount: 1_000 });
    Arc::new(Genesis::new(spec).unwrap())
}

pub(super) fn boss() -> Address {
    Address::of(&governor(1).public())
}

pub(super) fn deploy(node: &Node, nonce: u64, code: Vec<u8>, value: u64) -> Transaction {
    let deploy =
        Deploy { code: code.try_into().unwrap(), input: Bounded::truncated(*b"init"), value, gas: GAS };
    Transaction::sign(&node.network(), &governor(1), nonce, 1, u64::MAX, deploy.into())
}

/// The contract that a deployment makes.
pub(super) fn made(transaction: &Transaction) -> (Address, Hash, u32) {
    let Action::Deploy(deploy) = &transaction.action else { panic!("it deploys") };
    (deploy.address(&transaction.payer(), transaction.nonce), deploy.hash(), deploy.code.len() as u32)
}

pub(super) fn call(
    node: &Node,
    (from, nonce): (u8, u64),
    (contract, code, size): (Address, Hash, u32),
    input: &[u8],
    value: u64,
) -> Transaction {
    let call = Call { contract, code, size, input: Bounded::truncated(input.to_vec()), value, gas: GAS };
    node.sign(from, nonce, call.into())
}

/// What the transactions of the newest block have led to.
pub(super) fn reports(node: &Node) -> Vec<Report> {
    node.world().results(&node.chain.tip().id).unwrap().map(|results| results.reports).unwrap_or_default()
}

fn balance(node: &Node, of: &Address) -> u64 {
    node.world().account(of).unwrap().balance
}

/// All coins that there are, and the hash of all rows, are what they should be; executing all again leads to the same.
pub(super) fn assert_sound(node: &Node) {
    let rows = node.world().rows();
    let mut state = StateHash::default();
    rows.iter().for_each(|(key, row)| state.add(key, row));
    let stated = crate::ledger::read_state_hash(node.world().row(&Key::StateHash).unwrap()).unwrap();
    assert_eq!(stated, state.hash());
    let accounts = rows.iter().filter(|(key, _)| matches!(key, Key::Account(_)));
    let sum: u64 =
        accounts.map(|(_, row)| crate::ledger::Account::from_row(Some(row.clone())).unwrap().balance).sum();
    assert_eq!(sum, crate::ledger::read_supply(node.world().row(&Key::Supply).unwrap()).unwrap());
    let mut fresh = Node::of(Arc::new(node.chain.genesis().clone()));
    fresh.now = Timestamp(u64::MAX / 2);
    for height in 1..=node.chain.tip().height {
        let id = node.world().at_height(height).unwrap().unwrap();
        fresh.give(&node.world().block(&id).unwrap().unwrap(), Origin::Pushed).unwrap();
        assert_eq!(fresh.world().results(&id), node.world().results(&id));
    }
    assert_eq!(fresh.world().rows(), rows);
}

#[test]
fn a_contract_is_deployed_called_and_asked() {
    let mut node = world();
    let code = module(
        KEEPS,
        KEEPS,
        "(call $output (i32.const 100) (call $get (i32.const 0) (i32.const 5) (i32.const 100) (i32.const 50)))",
    );
    let first = deploy(&node, 0, code.clone(), 90);
    let contract = made(&first);
    node.mine(vec![first]);
    let report = &reports(&node)[0];
    assert_eq!(report.why.as_str(), "");
    let done = report.outcome.done.as_ref().unwrap();
    assert_eq!(
        (&done.output[..], &done.events[0].data[..], done.events[0].topic.as_str()),
        (&b"init"[..], &b"init"[..], "hello")
    );
    assert_eq!(done.payments[..], [Output { to: boss(), amount: 30 }]);
    assert_eq!((balance(&node, &boss()), balance(&node, &contract.0)), (1_000 - 1 - 90 + 30, 60));

    node.mine(vec![call(&node, (2, 0), contract, b"some words", 30), node.pay(3, 0, 4, 1)]);
    let report = &reports(&node)[0];
    assert_eq!(&report.outcome.done.as_ref().unwrap().output[..], b"some words");
    assert_eq!((node.balance(2), balance(&node, &contract.0)), (1_000 - 1 - 30 + 30, 60));
    let row = Contract::read(node.world(), &contract.0).unwrap().unwrap();
    assert_eq!((row.deployer, row.held, row.height, row.size), (boss(), 15, 1, code.len() as u32));
    let answer = ask(node.world(), Timestamp(5), &contract.0, b"", GAS).unwrap().unwrap();
    assert_eq!(answer.output, Ok(b"some words".to_vec()));
    assert_eq!(super::code(node.world(), &contract.1), Ok(Some(code)));
    assert_eq!(ask(node.world(), Timestamp(5), &boss(), b"", GAS), Ok(None));
    assert_sound(&node);
}

#[test]
fn a_call_that_fails_costs_its_fee_and_its_nonce_and_changes_nothing_else() {
    let mut node = world();
    let first = deploy(&node, 0, module("", KEEPS, ""), 90);
    let contract = made(&first);
    node.mine(vec![first]);
    let nowhere = (Address::of_contract(&boss(), 7, &Hash::ZERO, &Hash::ZERO), contract.1, contract.2);
    let failing = [
        (contract, &b"x"[..], "panicked"),
        (nowhere, b"words", "no contract"),
        ((contract.0, Hash::ZERO, contract.2), b"words", "other code"),
        ((contract.0, contract.1, contract.2 - 1), b"words", "other code"),
        ((contract.0, contract.1, 0), b"words", "other code"),
    ];
    for (nonce, (target, input, why)) in failing.into_iter().enumerate() {
        let before = node.world().rows().clone();
        node.mine(vec![call(&node, (2, nonce as u64), target, input, 200)]);
        let report = &reports(&node)[0];
        assert!(report.why.as_str().contains(why), "{report:?}");
        assert_eq!(report.outcome.done, None);
        assert_eq!(node.balance(2), 1_000 - 1 - nonce as u64);
        // The sender, the miner, the supply and the hash of all rows.
        let changed = node.world().rows().iter().filter(|(key, row)| before.get(*key) != Some(*row));
        let changed: Vec<_> = changed.map(|(key, _)| key.clone()).collect();
        let expected = [Key::Supply, Key::Account(address(2)), Key::Account(address(9)), Key::StateHash];
        assert!(changed.iter().all(|key| expected.contains(key)) && changed.len() == 4, "{changed:?}");
    }
    assert_sound(&node);
}

#[test]
fn only_governors_deploy_and_only_what_the_gate_lets_through() {
    let mut node = world();
    let stranger = Deploy {
        code: module("", "", "").try_into().unwrap(),
        input: Bounded::default(),
        value: 10,
        gas: GAS,
    };
    let stranger = node.sign(2, 0, stranger.into());
    node.mine(vec![stranger]);
    assert!(reports(&node)[0].why.as_str().contains("only governors"), "{:?}", reports(&node));
    assert_eq!(node.balance(2), 999);
    node.mine(vec![
        deploy(&node, 0, b"no module".to_vec(), 10),
        deploy(&node, 1, module("unreachable", "", ""), 10),
    ]);
    let both = reports(&node);
    assert!(
        both[0].why.as_str().contains("no valid module") && both[1].why.as_str().contains("panicked"),
        "{both:?}"
    );
    assert_eq!(balance(&node, &boss()), 998);
    let is_contract = |key: &&Key| matches!(key, Key::Code(_) | Key::Contract(_) | Key::Deployer(_));
    assert_eq!(node.world().rows().keys().filter(is_contract).count(), 0);
    assert_sound(&node);
}

#[test]
fn the_same_deployment_twice_makes_two_contracts_of_one_code() {
    let mut node = world();
    let (one, two) = (deploy(&node, 0, module("", "", ""), 0), deploy(&node, 1, module("", "", ""), 0));
    assert_ne!(made(&one).0, made(&two).0);
    node.mine(vec![one.clone(), two.clone()]);
    let is_code = |key: &&Key| matches!(key, Key::Code(_));
    assert_eq!(node.world().rows().keys().filter(is_code).count(), 1);
    let held = node.world().row(&Key::Deployer(boss())).unwrap();
    assert_eq!(crate::ledger::read_supply(held).unwrap(), u64::from(made(&one).2), "its bytes count once");
    assert_sound(&node);
}

#[test]
fn a_block_states_no_more_gas_than_the_network_allows() {
    let code = module("", "", "");
    let ready = GAS_TRANSLATE_BYTE * code.len() as u64;
    let allowed = 5 * GAS + ready;
    let mut node = Node::of(genesis(Some(allowed)));
    let first = deploy(&node, 0, code, 0);
    let contract = made(&first);
    let mut all = vec![first];
    all.extend((0..5).map(|nonce| call(&node, (2, nonce), contract, b"", 0)));
    assert_eq!(gas(&all), 6 * GAS + ready, "the code is made ready once");
    let Action::Call(one) = &all[1].action else { panic!("it calls") };
    let dear = vec![all[0].clone(), node.sign(2, 0, Call { gas: u64::MAX, ..(**one).clone() }.into())];
    for (all, found) in [(all.clone(), 6 * GAS + ready), (dear, u64::MAX)] {
        let block = node.block_on(&node.chain.tip().clone(), 950, all, 9);
        node.now = block.header.time;
        let refused = node.give(&block, Origin::Pushed).unwrap_err();
        assert_eq!(refused, PlanError::Body(BodyError::Gas { found, allowed }));
        assert!(refused.is_committed());
    }
    node.mine(all[..5].to_vec());
    assert_sound(&node);
}

#[test]
fn no_block_of_an_earlier_version_runs_a_contract() {
    let mut node = Node::new();
    let code: Bounded<u8, CONTRACT_CODE_BYTES> = module("", "", "").try_into().unwrap();
    let deploy = node.sign(1, 0, Deploy { code, input: Bounded::default(), value: 0, gas: GAS }.into());
    let block = node.block_on(&node.chain.tip().clone(), 950, vec![node.pay(2, 0, 3, 1), deploy], 9);
    node.now = block.header.time;
    assert_eq!(node.give(&block, Origin::Pushed), Err(PlanError::Body(BodyError::Contract(1))));
}

#[test]
fn what_contracts_lead_to_is_committed_to() {
    let mut node = world();
    let first = deploy(&node, 0, module(KEEPS, "", ""), 9);
    let block = node.mine(vec![first]);
    let results = node.world().results(&block.id()).unwrap().unwrap();
    assert_eq!(block.body.executed, executed(&results.writes, &root(&results.reports), &results.state));
    assert_ne!(root(&results.reports), Hash::ZERO);
    let mut other = results.reports.clone();
    other[0].outcome.done = None;
    assert_ne!(root(&other), root(&results.reports));
    // Words and gas are for people.
    other.clone_from(&results.reports);
    (other[0].gas, other[0].why) = (7, crate::testing::text("words"));
    assert_eq!(root(&other), root(&results.reports));
    let plain = node.mine(vec![]);
    assert_eq!(node.world().results(&plain.id()), Ok(None));
}

#[test]
fn a_reorganisation_takes_contracts_back() {
    let mut node = world();
    let fork = node.chain.tip().clone();
    let before = node.world().clone();
    let first = deploy(&node, 0, module("", KEEPS, ""), 90);
    let contract = made(&first);
    node.mine(vec![first.clone()]);
    node.mine(vec![call(&node, (2, 0), contract, b"words", 10)]);
    let lost = node.chain.tip().id;
    let (blocks, _) = node.run_on(&fork, 3, 500, 8);
    node.now = Timestamp(node.now.0 + 10_000);
    for block in &blocks {
        node.give(block, Origin::Synced).unwrap();
    }
    node.settle();
    assert_eq!(node.chain.tip().id, blocks[2].id());
    assert_eq!(node.world().results(&lost), Ok(None));
    let accounts =
        |key: &&Key| matches!(key, Key::Slot { .. } | Key::Code(_) | Key::Contract(_) | Key::Deployer(_));
    assert_eq!(node.world().rows().keys().filter(accounts).count(), 0);
    assert_eq!(node.balance(2), before.account(&address(2)).unwrap().balance);
    assert_sound(&node);
    // And another block may hold them again.
    node.mine(vec![first]);
    node.mine(vec![call(&node, (2, 0), contract, b"words", 10)]);
    assert_sound(&node);
}

#[test]
fn a_dry_run_says_what_would_come_and_changes_nothing() {
    let mut node = world();
    let first = deploy(&node, 0, module("", KEEPS, ""), 90);
    let contract = made(&first);
    node.mine(vec![first]);
    let before = node.world().clone();
    let checked = |transaction: Transaction| transaction.check(&node.network()).unwrap();
    let report = |transaction| try_out(node.world(), &checked(transaction), node.now).unwrap();
    let good = report(call(&node, (2, 0), contract, b"words", 10)).unwrap();
    assert_eq!(good.outcome.done.unwrap().payments[0].amount, 33);
    assert!((GAS / 10..GAS).contains(&good.gas), "{}", good.gas);
    let bad = report(call(&node, (2, 0), contract, b"x", 10)).unwrap();
    assert!(bad.why.as_str().contains("panicked") && bad.outcome.done.is_none());
    assert_eq!(report(node.pay(2, 0, 3, 1)), None);
    assert_eq!(report(call(&node, (7, 0), contract, b"words", 10)), None, "it has nothing");
    let waits = report(call(&node, (2, 9), contract, b"words", 10)).unwrap();
    assert_eq!(waits.gas, good.gas, "its turn has not come");
    assert_eq!(node.world(), &before);
}

#[test]
fn a_view_changes_nothing_and_knows_no_caller() {
    let mut node = world();
    for (nonce, body) in [
        "(call $set (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 1))",
        "(call $caller (i32.const 0))",
        "(drop (call $pay (i32.const 0) (i64.const 0)))",
        "(call $event (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 1))",
    ]
    .into_iter()
    .enumerate()
    {
        let first = deploy(&node, nonce as u64, module("", "", body), 5);
        let (contract, ..) = made(&first);
        node.mine(vec![first]);
        let answer = ask(node.world(), Timestamp(5), &contract, b"", GAS).unwrap().unwrap();
        assert!(answer.output.unwrap_err().as_str().contains("a view changes nothing"), "{body}");
    }
}

#[test]
fn members_and_agreements_are_those_of_this_branch() {
    let mut node = world();
    let body = "(call $input (i32.const 100)) (i32.store8 (i32.const 200) (call $member (i32.const 100)))
        (i32.store8 (i32.const 201) (call $agreement (i32.const 133))) (call $output (i32.const 200) (i32.const 2))";
    let first = deploy(&node, 0, module("", body, ""), 0);
    let contract = made(&first);
    let proposal = crate::ledger::Proposal {
        title: crate::testing::text("lease"),
        document: Hash([3; 32]),
        parties: Bounded::truncated([address(3)]),
        deadline: Timestamp(u64::MAX),
    };
    let id = proposal.id(&key(2).public(), 0);
    let asked = |who: Address, id: Hash| [&who.to_bytes()[..], &id.0].concat();
    let stands = |node: &Node| {
        reports(node).iter().map(|one| one.outcome.done.as_ref().unwrap().output.to_vec()).collect::<Vec<_>>()
    };
    node.mine(vec![first, call(&node, (4, 0), contract, &asked(boss(), id), 0)]);
    assert_eq!(stands(&node)[1], [1, 0]);
    // What comes before it in its own block counts.
    node.mine(vec![
        call(&node, (4, 1), contract, &asked(address(2), id), 0),
        node.sign(2, 0, Action::Propose(proposal.clone())),
        call(&node, (4, 2), contract, &asked(address(2), id), 0),
    ]);
    assert_eq!(stands(&node), [[0, 0], [0, 1]]);
    let sign = Action::Respond {
        agreement: id,
        document: proposal.document,
        response: crate::ledger::Response::Sign,
    };
    node.mine(vec![node.sign(3, 0, sign), call(&node, (4, 3), contract, &asked(boss(), id), 0)]);
    assert_eq!(stands(&node), [[1, 2]]);
    assert_sound(&node);
}

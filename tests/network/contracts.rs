//! A member whose disk has changed a row computes a contract differently: it says so and stops, the others go on without it, and it is mended.

use std::path::Path;

use bouya::http::views::{
    BlacklistEntry, ContractOutcome, Finality, NodeState, Page, PeerStatus, Transaction, Voting,
};
use bouya_core::codec::{Bounded, encode};
use bouya_core::ledger::contract::{Call, Deploy};
use bouya_core::ledger::{self, Address, Key};
use bouya_core::testing::contract::module;
use bouya_core::testing::{governor, key};
use redb::{Database, ReadableDatabase, TableDefinition};

use super::daemon::{Consortium, Daemon, RESTS, bootstrap, network_of, until};

const MINES: &str = "when = \"pending\"\nshare = 0.2";
const FEE: u64 = 50_000;

/// Counts in the slot "h", and gives the number back.
const COUNTS: &str = "(drop (call $get (i32.const 0) (i32.const 1) (i32.const 100) (i32.const 8)))
    (i64.store (i32.const 100) (i64.add (i64.load (i32.const 100)) (i64.const 1)))
    (call $set (i32.const 0) (i32.const 1) (i32.const 100) (i32.const 8)) (call $output (i32.const 100) (i32.const 8))";

/// The contract, and what its code is.
struct Counter {
    contract: Address,
    code: bouya_core::crypto::Hash,
    size: u32,
}

fn send(daemon: &Daemon, transaction: &ledger::Transaction) {
    let (status, said) = daemon.send("POST", "/v1/transactions", false, &encode(transaction));
    assert_eq!(status, 202, "{said}");
}

/// What a transaction has led to, once it is final at this node.
fn led(daemon: &Daemon, transaction: &ledger::Transaction) -> Option<ContractOutcome> {
    let path = format!("/v1/transactions/{}", transaction.id());
    until(&format!("it is final at {}", daemon.id), || {
        daemon.get::<Transaction>(&path).filter(|found| found.finalized)
    })
    .outcome
}

impl Counter {
    /// Deploys it at this node.
    fn deploy(consortium: &Consortium, at: &Daemon) -> Self {
        let network = consortium.genesis.id();
        let boss = Address::of(&governor(1).public());
        let outputs = Bounded::truncated([ledger::Output { to: boss, amount: 10 * FEE }]);
        let paid = ledger::Action::Transfer { outputs, memo: bouya_core::testing::text("for the fee") };
        send(at, &ledger::Transaction::sign(&network, &key(1), 0, FEE, u64::MAX, paid));
        let code = wat::parse_str(module(COUNTS)).unwrap();
        let (hash, size) = (bouya_core::crypto::sha256(&code), code.len() as u32);
        let deploy =
            Deploy { code: code.try_into().unwrap(), input: Bounded::default(), value: 0, gas: 1_000_000 };
        let deploy = ledger::Transaction::sign(&network, &governor(1), 0, FEE, u64::MAX, deploy.into());
        until("the governor has coins", || {
            (at.send("POST", "/v1/transactions", false, &encode(&deploy)).0 == 202).then_some(())
        });
        assert!(led(at, &deploy).unwrap().done);
        Self { contract: deploy.contract().unwrap(), code: hash, size }
    }

    fn call(&self, consortium: &Consortium, nonce: u64) -> ledger::Transaction {
        let Self { contract, code, size } = *self;
        let call = Call { contract, code, size, input: Bounded::default(), value: 0, gas: 1_000_000 };
        ledger::Transaction::sign(&consortium.genesis.id(), &key(2), nonce, FEE, u64::MAX, call.into())
    }

    /// Changes what it has counted, in the store of a node that is down.
    fn spoil(&self, data: &Path) {
        const STATE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("state");
        let store = Database::open(data.join("chain.redb")).unwrap();
        let slot = Key::Slot { contract: self.contract, key: Bounded::truncated(*b"h") };
        let slot = encode(&slot);
        let mut row = {
            let reading = store.begin_read().unwrap();
            let table = reading.open_table(STATE).unwrap();
            table.get(slot.as_slice()).unwrap().expect("the contract's slot").value().to_vec()
        };
        *row.last_mut().unwrap() ^= 1;
        let writing = store.begin_write().unwrap();
        writing.open_table(STATE).unwrap().insert(slot.as_slice(), row.as_slice()).unwrap();
        writing.commit().unwrap();
    }
}

fn voting(daemon: &Daemon) -> Option<Voting> {
    Some(daemon.get::<Finality>("/v1/finality")?.voting)
}

#[test]
fn who_computes_a_contract_differently_says_so_and_stops_and_is_mended() {
    let mut consortium = Consortium::new();
    let four = consortium.listed(&["a", "b", "c", "d"]);
    consortium.genesis = network_of("acme", 40_000.0, 250, four);
    let consortium = &consortium;
    let mut a = consortium.member("a", "", MINES);
    let mut b = consortium.member("b", &bootstrap(&[&a]), RESTS);
    let mut c = consortium.member("c", &bootstrap(&[&a]), RESTS);
    let mut d = consortium.member("d", &bootstrap(&[&a, &b, &c]), MINES);
    for daemon in [&mut a, &mut b, &mut c, &mut d] {
        daemon.start();
    }
    let counter = Counter::deploy(consortium, &a);
    let first = counter.call(consortium, 0);
    send(&a, &first);
    for daemon in [&a, &d] {
        assert_eq!(led(daemon, &first).unwrap().output, "0100000000000000");
    }
    d.stop();
    counter.spoil(&d.member.data());
    d.start();
    until("d is back", || d.status().state.name.eq(&NodeState::Ready).then_some(()));

    let second = counter.call(consortium, 1);
    send(&a, &second);
    for daemon in [&a, &b, &c] {
        assert_eq!(led(daemon, &second).unwrap().output, "0200000000000000", "{}", daemon.id);
    }
    let state =
        until("d says so", || Some(d.status().state).filter(|state| state.name == NodeState::RefusesFinal));
    assert!(!state.ready, "{state:?}");
    let status = d.command(&["status"]);
    let said = [status.stdout, status.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert_eq!(status.status.code(), Some(1), "{said}");
    for words in ["refuses-final", "finds it or one below it invalid", "bouya verify --repair"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(voting(&d), Some(Voting::RefusesFinal), "it votes no more");
    let log = d.log();
    assert!(log.contains("states other results than this node computes"), "{log}");
    // The others go on, and nobody is blamed: neither d by them nor they by d.
    let third = counter.call(consortium, 2);
    send(&b, &third);
    assert_eq!(led(&a, &third).unwrap().output, "0300000000000000");
    for daemon in [&a, &b, &c, &d] {
        let banned: Page<BlacklistEntry> = daemon.get("/v1/blacklist").unwrap();
        assert!(banned.items.is_empty(), "{}: {:?}", daemon.id, banned.items);
    }
    assert!(a.peer("d").is_some_and(|peer| peer.status == PeerStatus::Connected));
    // It may have been ahead when it stopped.
    let height = d.height();
    until("the others pass it", || (a.height() > height).then_some(()));
    assert_eq!(d.height(), height, "it neither mines nor follows");

    d.stop();
    let verified = d.command(&["verify"]);
    assert_eq!(verified.status.code(), Some(1), "{}", String::from_utf8_lossy(&verified.stdout));
    let repaired = d.command(&["verify", "--repair", "--yes"]);
    assert!(repaired.status.success(), "{}", String::from_utf8_lossy(&repaired.stderr));
    d.start();
    assert_eq!(led(&d, &third).unwrap().output, "0300000000000000");
    until("d is well again", || {
        (d.status().state.name == NodeState::Ready && voting(&d) == Some(Voting::Votes)).then_some(())
    });
    for daemon in [&mut a, &mut b, &mut c, &mut d] {
        daemon.stop();
    }
}
